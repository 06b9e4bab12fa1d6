package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;

/** Which file descriptors of the caller a container gets, and which it must not. */
class FdTest {
  private static final String LIST = "ls /proc/$$/fd; true";

  @OnEveryRuntime
  void aContainerHasTheStandardThreeAlone(Box box) {
    Path secret = box.hostFile("secret", "host");
    Command run =
        box.launchFromShell(
            "exec 3<" + secret + " 4<" + secret + " 9</; exec \"$@\"",
            Map.of(),
            "run",
            "--bundle",
            box.bundle().script(LIST).write(),
            box.newId());
    assertEquals("0\n1\n2", run.await().expectSuccess().out());
  }

  @OnEveryRuntime
  void aCreatedContainerKeepsTheCallersDescriptorsFromTheProgram(Box box) {
    String id = box.newId();
    Command create =
        box.launchFromShell(
            "exec 3</ 7</etc; exec \"$@\"",
            Map.of(),
            "create",
            "--bundle",
            box.bundle().script(LIST).write(),
            id);
    create.await().expectSuccess();
    box.call("start", id).expectSuccess();
    box.awaitStatus(id, "stopped");
    assertEquals("0\n1\n2", create.out());
  }

  @OnEveryRuntime
  void preservedDescriptorsArrive(Box box) {
    Path three = box.hostFile("three", "third");
    Path four = box.hostFile("four", "fourth");
    Command run =
        box.launchFromShell(
            "exec 3<" + three + " 4<" + four + " 5</; exec \"$@\"",
            Map.of(),
            "run",
            "--preserve-fds",
            "2",
            "--bundle",
            box.bundle().script("cat <&3; echo; cat <&4; echo; " + LIST).write(),
            box.newId());
    assertEquals("third\nfourth\n0\n1\n2\n3\n4", run.await().expectSuccess().out());
  }

  @OnEveryRuntime
  void aPreservedDescriptorHasToBeOpen(Box box) {
    String bundle = box.bundle().args("/bin/true").write();
    // runc counts descriptors of its own as the caller's, so only a large number fails there.
    box.call("run", "--preserve-fds", "40", "--bundle", bundle, box.newId()).expectFailure();
    if (!box.isRunc()) {
      box.call("run", "--preserve-fds", "1", "--bundle", bundle, box.newId()).expectFailure("3");
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void socketsOfASocketUnitAreKeptAndNumberedForTheContainer(Box box) {
    Path three = box.hostFile("three", "third");
    Command run =
        box.launchFromShell(
            "exec 3<" + three + "; LISTEN_PID=$$; export LISTEN_PID; exec \"$@\"",
            Map.of("LISTEN_FDS", "1"),
            "run",
            "--bundle",
            box.bundle().script("cat <&3; echo; echo $LISTEN_FDS $LISTEN_PID").write(),
            box.newId());
    assertEquals("third\n1 1", run.await().expectSuccess().out());
  }

  @OnEveryRuntime
  void theEnvironmentOfTheCallerStaysOutside(Box box) {
    Command run =
        box.launchFromShell(
            "exec \"$@\"",
            Map.of("CALLERS_SECRET", "x"),
            "run",
            "--bundle",
            box.bundle().args("env").write(),
            box.newId());
    assertFalse(run.await().expectSuccess().out().contains("CALLERS_SECRET"));
  }

  @OnGatun
  void closedStandardDescriptorsDoNotConfuseTheRuntime(Box box) {
    for (String closed : new String[] {"0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"}) {
      Path proof = box.hostDirectory("proof" + closed.length());
      Command run =
          box.launchFromShell(
              "exec " + closed + "; exec \"$@\"",
              Map.of(),
              "run",
              "--bundle",
              box.bundle().bind(proof, "/mnt").script("ls /proc/$$/fd > /mnt/fds; true").write(),
              box.newId());
      run.await().expectSuccess();
      assertTrue(proof.resolve("fds").toFile().length() > 0, closed);
    }
  }

  @OnGatun
  void theCreatedInitHoldsNoDirectoryOfTheHost(Box box) {
    String id = box.create(box.bundle().args("/bin/sleep", "1000"));
    long pid = box.pid(id);
    String fds = Host.run("ls", "-l", "/proc/" + pid + "/fd");
    for (String line : fds.split("\n", -1)) {
      int arrow = line.indexOf(" -> ");
      if (arrow > 0) {
        Path target = Path.of(line.substring(arrow + 4));
        assertFalse(target.isAbsolute() && target.toFile().isDirectory(), fds);
      }
    }
  }
}
