package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** create, start, state, kill, delete and run, and what they refuse. */
class LifecycleTest {
  @OnEveryRuntime
  void aContainerGoesThroughItsStates(Box box) {
    Bundle bundle = box.bundle().args("/bin/sleep", "1000");
    String id = box.create(bundle);
    assertEquals("created", box.status(id));
    long pid = box.pid(id);
    assertTrue(ProcFs.runs(pid));
    box.call("start", id).expectSuccess();
    assertEquals("running", box.status(id));
    assertEquals(pid, box.pid(id), "the process keeps its pid");
    Wait.until("the program", () -> ProcFs.read(pid, "cmdline").equals("/bin/sleep\0" + "1000\0"));
    box.call("kill", id, "KILL").expectSuccess();
    box.awaitStatus(id, "stopped");
    assertEquals(0, box.pid(id));
    box.call("delete", id).expectSuccess();
    box.call("state", id).expectFailure("does not exist");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void theProgramDoesNotRunBeforeStart(Box box) throws IOException {
    Path shared = box.hostDirectory("shared");
    Bundle bundle = box.bundle().bind(shared, "/mnt").script("echo done > /mnt/proof");
    String id = box.create(bundle);
    assertFalse(Files.exists(shared.resolve("proof")));
    box.call("start", id).expectSuccess();
    Wait.until("the program's file", () -> Files.exists(shared.resolve("proof")));
    box.awaitStatus(id, "stopped");
    assertEquals("done\n", Files.readString(shared.resolve("proof")));
    box.call("delete", id).expectSuccess();
  }

  @OnEveryRuntime
  void aSecondStartIsRefused(Box box) {
    String id = box.start(box.bundle().args("/bin/sleep", "1000"));
    box.call("start", id).expectFailure();
    assertEquals("running", box.status(id));
    box.call("kill", id, "KILL").expectSuccess();
    box.awaitStatus(id, "stopped");
    box.call("start", id).expectFailure("stopped");
  }

  @OnEveryRuntime
  void anIdIsTakenOnce(Box box) {
    Bundle bundle = box.bundle().args("/bin/sleep", "1000");
    String id = box.create(bundle);
    long pid = box.pid(id);
    box.call("create", "--bundle", bundle.write(), id).expectFailure("exists");
    box.call("run", "--bundle", bundle.write(), id).expectFailure("exists");
    assertEquals("created", box.status(id), "the first container is untouched");
    assertEquals(pid, box.pid(id));
  }

  @OnEveryRuntime
  void deletingARunningContainerNeedsForce(Box box) {
    String id = box.start(box.bundle().args("/bin/sleep", "1000"));
    box.call("delete", id).expectFailure("not stopped");
    assertEquals("running", box.status(id));
    box.call("delete", "--force", id).expectSuccess();
    box.call("state", id).expectFailure("does not exist");
  }

  @OnEveryRuntime
  void deleteForceIsIdempotent(Box box) {
    String id = box.create(box.bundle());
    box.call("delete", "-f", id).expectSuccess();
    box.call("delete", "-f", id).expectSuccess();
    box.call("delete", "--force", box.newId()).expectSuccess();
    box.call("delete", id).expectFailure("does not exist");
  }

  @OnEveryRuntime
  void aContainerThatDoesNotExistIsSaidNotToExist(Box box) {
    for (String command : new String[] {"state", "start", "kill", "delete", "ps"}) {
      box.call(command, box.newId()).expectFailure("does not exist");
    }
  }

  @OnEveryRuntime
  void killOfAStoppedContainerSaysNotRunning(Box box) {
    String id = box.start(box.bundle().args("/bin/true"));
    box.awaitStatus(id, "stopped");
    box.call("kill", id, "TERM").expectFailure("container not running");
  }

  @OnEveryRuntime
  void runRemovesTheContainerAtItsEndUnlessTold(Box box) {
    String id = box.newId();
    String bundle = box.bundle().args("/bin/true").write();
    box.call("run", "--bundle", bundle, id).expectSuccess();
    box.call("state", id).expectFailure("does not exist");
    box.call("run", "--keep", "--bundle", bundle, id).expectSuccess();
    assertEquals("stopped", box.status(id));
    box.call("delete", id).expectSuccess();
  }

  @OnEveryRuntime
  void aDetachedRunReturnsWhileTheProcessGoesOn(Box box) {
    String id = box.newId();
    box.call("run", "-d", "--bundle", box.bundle().args("/bin/sleep", "1000").write(), id)
        .expectSuccess();
    assertEquals("running", box.status(id));
    assertTrue(ProcFs.runs(box.pid(id)));
  }

  @OnEveryRuntime
  void theBundleIsTheWorkingDirectoryByDefault(Box box) {
    Bundle bundle = box.bundle().script("echo here");
    bundle.write();
    Command run =
        box.launch(
            bundle.directory(),
            java.util.Map.of(),
            java.util.List.of(
                box.runtime().binary().toString(),
                "--root",
                box.stateRoot().toString(),
                "run",
                box.newId()));
    assertEquals("here", run.await().expectSuccess().out());
  }

  @OnEveryRuntime
  void flagsAreReadAsGoReadsThem(Box box) {
    Bundle bundle = box.bundle().args("/bin/true");
    box.call("run", "--bundle=" + bundle.write(), box.newId()).expectSuccess();
    box.call("run", "-bundle", bundle.write(), box.newId()).expectSuccess();
    box.call("run", "-b", bundle.write(), "-no-subreaper", box.newId()).expectSuccess();
    box.call("run", "--no-such-flag", "-b", bundle.write(), box.newId()).expectExit(1);
  }

  @OnEveryRuntime
  void thePidFileHoldsDigitsOnly(Box box) throws IOException {
    Path file = box.directory().resolve("pid");
    String id = box.newId();
    Bundle bundle = box.bundle().args("/bin/sleep", "1000");
    box.call("create", "--bundle", bundle.write(), "--pid-file", file.toString(), id)
        .expectSuccess();
    assertEquals(Long.toString(box.pid(id)), Files.readString(file));
    String other = box.newId();
    box.call("run", "-d", "--bundle", bundle.write(), "--pid-file", file.toString(), other)
        .expectSuccess();
    assertEquals(Long.toString(box.pid(other)), Files.readString(file));
  }

  @OnEveryRuntime
  void aContainerWhoseProcessDiedIsStopped(Box box) {
    for (boolean started : new boolean[] {false, true}) {
      Bundle bundle = box.bundle().args("/bin/sleep", "1000");
      String id = started ? box.start(bundle) : box.create(bundle);
      long pid = box.pid(id);
      Host.signal(pid, "KILL");
      Box.awaitEnd(pid);
      assertEquals("stopped", box.status(id));
      assertEquals(0, box.pid(id));
      box.call("start", id).expectFailure();
      box.call("delete", id).expectSuccess();
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void anotherProcessWithTheSamePidIsNotTheContainers(Box box) throws IOException {
    String id = box.start(box.bundle().args("/bin/sleep", "1000"));
    long pid = box.pid(id);
    Host.signal(pid, "KILL");
    Wait.until("the end of " + pid, () -> !Files.exists(Path.of("/proc/" + pid)));
    Command heir = takePid(box, pid);
    try {
      assertEquals("stopped", box.status(id));
      box.call("kill", id, "KILL").expectFailure("container not running");
      box.call("delete", "--force", id).expectSuccess();
      assertTrue(ProcFs.runs(pid), "a stranger was killed");
    } finally {
      heir.kill();
    }
  }

  /** A process that gets a certain pid: the kernel gives out the one after the last. */
  private static Command takePid(Box box, long pid) {
    for (int attempt = 0; attempt < 200; attempt++) {
      Command shell =
          box.launch(
              box.directory(),
              java.util.Map.of(),
              java.util.List.of(
                  "/bin/sh",
                  "-c",
                  "echo "
                      + (pid - 1)
                      + " > /proc/sys/kernel/ns_last_pid; /bin/sleep 30 & echo $!; wait"));
      Wait.until("a pid", () -> !shell.out().isEmpty());
      if (shell.out().equals(Long.toString(pid))) {
        return shell;
      }
      shell.kill();
    }
    throw new AssertionError("could not make a process with pid " + pid);
  }
}
