package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** {@code --pidfd-socket}, which runc has from 1.2 on: not the one that is the oracle here. */
class PidfdSocketTest {
  @OnGatun
  void createSendsThePidfdOfTheFirstProcess(Box box) {
    Path socket = box.directory().resolve("pidfd.sock");
    Command receiver = Peer.listen(box, "pidfd", socket.toString(), "9");
    String id = box.newId();
    Bundle bundle = box.bundle().args("/bin/sleep", "1000");
    Path pidFile = box.directory().resolve("pid");
    box.call(
            "create",
            "--bundle",
            bundle.write(),
            "--pidfd-socket",
            socket.toString(),
            "--pid-file",
            pidFile.toString(),
            id)
        .expectSuccess();
    receiver.await().expectSuccess();
    assertEquals("word standard", receiver.out().lines().skip(1).findFirst().orElse(""));
    try {
      assertEquals("pid " + Files.readString(pidFile), receiver.out().lines().toList().getLast());
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
    box.awaitStatus(id, "stopped");
  }

  @OnGatun
  void runSendsItToo(Box box) {
    Path socket = box.directory().resolve("pidfd.sock");
    Command receiver = Peer.listen(box, "pidfd", socket.toString(), "9");
    Bundle bundle = box.bundle().args("/bin/sleep", "1000");
    Command run =
        box.call(
            "run", "--bundle", bundle.write(), "--pidfd-socket", socket.toString(), box.newId());
    receiver.await().expectSuccess();
    // A signal that comes before the gate is opened is a failure of run.
    assertTrue(run.exit() == 137 || run.exit() == 1, run::toString);
    box.expectNothingLeft();
  }

  @OnGatun
  void execSendsThatOfItsProcess(Box box) {
    Path socket = box.directory().resolve("pidfd.sock");
    String id = box.start(box.bundle().args("/bin/sleep", "1000"));
    Command receiver = Peer.listen(box, "pidfd", socket.toString(), "9");
    box.call("exec", "--pidfd-socket", socket.toString(), id, "/bin/sleep", "1000").expectExit(137);
    receiver.await().expectSuccess();
    assertEquals("word setns", receiver.out().lines().skip(1).findFirst().orElse(""));
    box.call("exec", "--pidfd-socket", box.directory() + "/nobody", id, "/bin/true")
        .expectExit(255);
  }

  @OnGatun
  void aSocketThatIsNotThereFailsBeforeAnythingIsMade(Box box) {
    String bundle = box.bundle().args("/bin/true").write();
    String missing = box.directory().resolve("nobody").toString();
    for (String command : new String[] {"create", "run"}) {
      box.call(command, "-b", bundle, "--pidfd-socket", missing, box.newId())
          .expectFailure("pidfd socket \"" + missing + "\"", "connect(", "ENOENT");
    }
    assertFalse(Files.exists(box.stateRoot()), "the state root was made");
    Path file = box.hostFile("file", "");
    box.call("create", "-b", bundle, "--pidfd-socket", file.toString(), box.newId())
        .expectFailure("ECONNREFUSED");
    box.call("create", "-b", bundle, "--pidfd-socket", "/tmp/" + "x".repeat(110), box.newId())
        .expectFailure("pidfd socket", "ENOENT");
    box.expectNothingLeft();
  }

  @OnGatun
  void aReceiverThatHangsUpFailsCreateWithASentence(Box box) {
    Path socket = box.directory().resolve("pidfd.sock");
    Command receiver = Peer.listen(box, "pidfd", socket.toString(), "-1");
    // Between the connecting and the sending, until the other end is gone.
    String wait = "while [ -d /proc/" + receiver.pid() + " ]; do sleep 0.01; done";
    Bundle bundle =
        box.bundle()
            .set(
                "/hooks/createRuntime",
                "[{'path': '/bin/sh', 'args': ['sh', '-c', '" + wait + "']}]");
    box.call(
            "create",
            "-b",
            bundle.args("/bin/true").write(),
            "--pidfd-socket",
            socket.toString(),
            box.newId())
        .expectFailure("send a pidfd", "sendmsg(", "EPIPE");
    box.expectNothingLeft();
  }

  @OnGatun
  void aReceiverThatIsSlowHoldsUpNothing(Box box) {
    Path socket = box.directory().resolve("pidfd.sock");
    Command receiver = Peer.listen(box, "pidfd", socket.toString(), "9");
    Host.signal(receiver.pid(), "STOP");
    String id = box.newId();
    box.call(
            "create",
            "-b",
            box.bundle().args("/bin/true").write(),
            "--pidfd-socket",
            socket.toString(),
            id)
        .expectSuccess();
    Host.signal(receiver.pid(), "CONT");
    receiver.await().expectSuccess();
    box.awaitStatus(id, "stopped");
  }
}
