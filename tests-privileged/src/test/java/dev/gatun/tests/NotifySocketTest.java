package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** NOTIFY_SOCKET: the container's READY=1 reaches the service manager. */
class NotifySocketTest {
  /** Ready when the test says so. */
  private static final String SERVICE =
      "/bin/peer say STATUS=starting; while ! test -e /mnt/go; do sleep 0.01; done;"
          + " /bin/peer say \"$(printf 'READY=1\\nSTATUS=up')\"; sleep 1000";

  private static Bundle bundle(Box box, Path shared, String script) {
    Bundle bundle = box.bundle().bind(shared, "/mnt").script(script);
    Peer.into(bundle);
    return bundle;
  }

  private static Command call(Box box, Path manager, String... words) {
    return box.launchFromShell("exec \"$@\"", Map.of("NOTIFY_SOCKET", manager.toString()), words);
  }

  private static List<String> heard(Command manager) {
    return manager.out().lines().skip(1).toList();
  }

  @OnEveryRuntime
  void startWaitsUntilTheContainerIsReady(Box box) throws Exception {
    Path socket = box.directory().resolve("manager.sock");
    Command manager = Peer.listen(box, "manager", socket.toString());
    Path shared = box.hostDirectory("shared");
    Bundle bundle = bundle(box, shared, SERVICE);
    String id = box.newId();
    call(box, socket, "create", "-b", bundle.write(), id).await().expectSuccess();
    Command start = call(box, socket, "start", id);
    box.awaitStatus(id, "running");
    Wait.pause(Duration.ofMillis(100));
    assertTrue(start.isAlive(), "start did not wait for READY=1");
    assertEquals(List.of(), heard(manager));
    Files.createFile(shared.resolve("go"));
    start.await().expectSuccess();
    Wait.until("two messages", () -> heard(manager).size() == 2);
    assertEquals(
        List.of("READY=1| from " + start.pid(), "MAINPID=" + box.pid(id) + "| from " + start.pid()),
        heard(manager));
  }

  @OnEveryRuntime
  void aDetachedRunWaitsToo(Box box) throws Exception {
    Path socket = box.directory().resolve("manager.sock");
    Command manager = Peer.listen(box, "manager", socket.toString());
    Path shared = box.hostDirectory("shared");
    String id = box.newId();
    Command run = call(box, socket, "run", "-d", "-b", bundle(box, shared, SERVICE).write(), id);
    Wait.pause(Duration.ofMillis(300));
    assertTrue(run.isAlive(), "run --detach did not wait for READY=1");
    Files.createFile(shared.resolve("go"));
    run.await().expectSuccess();
    Wait.until("two messages", () -> heard(manager).size() == 2);
    assertEquals("MAINPID=" + box.pid(id) + "| from " + run.pid(), heard(manager).getLast());
  }

  @OnEveryRuntime
  void aForegroundRunIsLookedAfterItself(Box box) throws Exception {
    Path socket = box.directory().resolve("manager.sock");
    Command manager = Peer.listen(box, "manager", socket.toString());
    Path shared = box.hostDirectory("shared");
    Files.createFile(shared.resolve("go"));
    Bundle bundle = bundle(box, shared, SERVICE.replace("sleep 1000", "sleep 0.2; exit 9"));
    Command run = call(box, socket, "run", "-b", bundle.write(), box.newId());
    Wait.until("two messages", () -> heard(manager).size() == 2);
    assertEquals(
        List.of("READY=1| from " + run.pid(), "MAINPID=" + run.pid() + "| from " + run.pid()),
        heard(manager));
    run.await().expectExit(9);
    manager.kill();
    box.expectNothingLeft();
  }

  @OnGatun
  void aForegroundRunForwardsSignalsBeforeTheContainerIsReady(Box box) {
    Path socket = box.directory().resolve("manager.sock");
    Command manager = Peer.listen(box, "manager", socket.toString());
    String script =
        "trap 'exit 6' TERM; /bin/peer say STATUS=1 X=READY=1; : > /mnt/there;"
            + " while :; do sleep 0.02; done";
    Path shared = box.hostDirectory("shared");
    Command run = call(box, socket, "run", "-b", bundle(box, shared, script).write(), box.newId());
    Wait.until("the trap", () -> Files.exists(shared.resolve("there")));
    Host.signal(run.pid(), "TERM");
    run.await().expectExit(6);
    assertEquals(List.of(), heard(manager));
    manager.kill();
    box.expectNothingLeft();
  }

  /** runc waits for ever in a run whose container ends without a word. */
  @OnGatun
  void aContainerThatEndsIsNotWaitedFor(Box box) {
    Path socket = box.directory().resolve("manager.sock");
    Command manager = Peer.listen(box, "manager", socket.toString());
    Path shared = box.hostDirectory("shared");
    String silent = bundle(box, shared, "exit 4").write();
    call(box, socket, "run", "-b", silent, box.newId()).await().expectExit(4);
    call(box, socket, "run", "-d", "-b", silent, box.newId()).await().expectSuccess();
    assertEquals(List.of(), heard(manager));
    String last = bundle(box, shared, "/bin/peer say READY=2; exit 4").write();
    Command run = call(box, socket, "run", "-d", "-b", last, box.newId()).await().expectSuccess();
    Wait.until("the message of one that ended", () -> heard(manager).size() == 2);
    assertEquals("READY=2| from " + run.pid(), heard(manager).getFirst());
  }

  @OnEveryRuntime
  void aContainersUserMayNotifyAndCannotChangeTheDirectory(Box box) {
    Path socket = box.directory().resolve("manager.sock");
    Command manager = Peer.listen(box, "manager", socket.toString());
    Path shared = box.hostDirectory("shared");
    Bundle bundle =
        bundle(
            box,
            shared,
            "echo $NOTIFY_SOCKET; touch /run/notify/x 2>&1; mount | grep -o ' on /run/notify.*';"
                + " exec /bin/peer say READY=1");
    bundle.set("/process/user/uid", "1000").set("/process/user/gid", "1000");
    String id = box.newId();
    Command run =
        box.launchFromShell(
            "umask 077; exec \"$@\"",
            Map.of("NOTIFY_SOCKET", socket.toString()),
            "run",
            "-b",
            bundle.write(),
            id);
    if (box.isRunc()) {
      // It makes the directory as the caller's umask says, and then waits for ever. Killed before
      // its state is written, it would leave what its delete does not find.
      Wait.until(
          "the container's start",
          () -> box.call("state", id).out().matches("(?s).*\"status\": \"(running|stopped)\".*"));
      run.kill();
      box.call("delete", "--force", id);
      return;
    }
    run.await().expectSuccess();
    assertTrue(run.out().startsWith("/run/notify/notify.sock\n"), run::toString);
    assertTrue(run.out().contains("Read-only file system"), run::toString);
    assertTrue(run.out().contains("nosuid,nodev,noexec"), run::toString);
    Wait.until("two messages", () -> heard(manager).size() == 2);
  }

  @OnGatun
  void anAbstractSocketIsOneToo(Box box) {
    String name = "@" + box.token();
    Command manager = Peer.listen(box, "manager", name);
    Path shared = box.hostDirectory("shared");
    String ready = bundle(box, shared, "/bin/peer say READY=1").write();
    call(box, Path.of(name), "run", "-d", "-b", ready, box.newId()).await().expectSuccess();
    Wait.until("two messages", () -> heard(manager).size() == 2);
  }

  @OnGatun
  void aManagerThatIsNotThereFailsStartAndNothingRuns(Box box) {
    Path nobody = box.directory().resolve("nobody.sock");
    Path shared = box.hostDirectory("shared");
    Bundle bundle = bundle(box, shared, ": > /mnt/ran");
    String id = box.newId();
    call(box, nobody, "create", "-b", bundle.write(), id).await().expectSuccess();
    call(box, nobody, "start", id)
        .await()
        .expectFailure("NOTIFY_SOCKET \"" + nobody + "\"", "connect(", "ENOENT");
    assertEquals("created", box.status(id));
    assertFalse(Files.exists(shared.resolve("ran")));
    // A second try finds the socket of the first one there.
    Command manager = Peer.listen(box, "manager", nobody.toString());
    call(box, nobody, "start", id).await().expectSuccess();
    box.awaitStatus(id, "stopped");
    assertTrue(Files.exists(shared.resolve("ran")));
    box.call("delete", id).expectSuccess();
    manager.kill();
    box.expectNothingLeft();
  }

  @OnGatun
  void aContainerThatWasCreatedWithoutOneIsJustStarted(Box box) {
    Path socket = box.directory().resolve("manager.sock");
    Command manager = Peer.listen(box, "manager", socket.toString());
    String id = box.create(box.bundle().args("/bin/sleep", "1000"));
    call(box, socket, "start", id).await().expectSuccess();
    assertEquals("running", box.status(id));
    assertEquals(List.of(), heard(manager));
  }
}
