package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** pause and resume, and what other commands do with a paused container. */
class PauseTest {
  private static final String COUNT = "i=0; while :; do i=$((i+1)); echo $i > /mnt/count; done";

  @OnEveryRuntime
  void aPausedContainerStandsStillUntilItIsResumed(Box box) throws IOException {
    Path shared = box.hostDirectory("shared");
    Path count = shared.resolve("count");
    String id = box.start(box.bundle().bind(shared, "/mnt").script(COUNT));
    Wait.until("a count", () -> Files.exists(count));
    box.call("pause", id).expectSuccess();
    assertEquals("paused", box.status(id));
    assertTrue(box.pid(id) > 0, "it is there still");
    assertTrue(box.call("list").expectSuccess().out().contains("paused"));
    assertEquals("[" + box.pid(id) + "]", box.call("ps", "-f", "json", id).expectSuccess().out());
    String before = Files.readString(count);
    Wait.pause(Duration.ofMillis(200));
    assertEquals(before, Files.readString(count), "it goes on while it is paused");
    box.call("resume", id).expectSuccess();
    assertEquals("running", box.status(id));
    Wait.until("another count", () -> changed(count, before));
  }

  private static boolean changed(Path file, String before) {
    try {
      String now = Files.exists(file) ? Files.readString(file) : "";
      return !now.isEmpty() && !now.equals(before);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @OnEveryRuntime
  void onlyWhatRunsIsPausedAndOnlyWhatIsPausedResumed(Box box) {
    String id = box.start(box.bundle().args("/bin/sleep", "1000"));
    box.call("resume", id).expectFailure("container not paused");
    box.call("pause", id).expectSuccess();
    box.call("pause", id).expectFailure("container not running");
    assertEquals("paused", box.status(id), "a refused pause changes nothing");
    box.call("resume", id).expectSuccess();
    box.call("kill", id, "KILL").expectSuccess();
    box.awaitStatus(id, "stopped");
    box.call("pause", id).expectFailure("container not running");
    box.call("resume", id).expectFailure("container not paused");
    box.call("pause", box.newId()).expectFailure("does not exist");
    box.call("resume", box.newId()).expectFailure("does not exist");
  }

  @OnEveryRuntime
  void aCreatedContainerIsPausedBeforeItStarts(Box box) {
    String id = box.create(box.bundle().args("/bin/sleep", "1000"));
    box.call("pause", id).expectSuccess();
    assertEquals("paused", box.status(id));
    box.call("start", id).expectFailure("paused");
    box.call("resume", id).expectSuccess();
    assertEquals("created", box.status(id));
    box.call("start", id).expectSuccess();
    assertEquals("running", box.status(id));
  }

  @OnEveryRuntime
  void killEndsAPausedContainerAndOtherSignalsWait(Box box) {
    String script = "trap 'exit 7' TERM; while :; do sleep 0.01; done";
    String id = box.start(box.bundle().script(script));
    long pid = box.pid(id);
    box.call("pause", id).expectSuccess();
    box.call("kill", id, "TERM").expectSuccess();
    Wait.pause(Duration.ofMillis(100));
    assertTrue(ProcFs.runs(pid), "TERM reached a paused process");
    assertEquals("paused", box.status(id));
    box.call("kill", id, "KILL").expectSuccess();
    box.awaitStatus(id, "stopped");
    box.call("delete", id).expectSuccess();
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void everythingInAPausedCgroupGoesOnWhenItsFirstProcessIsKilled(Box box) throws IOException {
    // Without a PID namespace of its own nothing ends the others with it.
    Path shared = box.hostDirectory("shared");
    Bundle bundle = box.bundle().removeNamespace("pid").bind(shared, "/mnt");
    String id = box.start(bundle.script("sleep 1000 & echo $! > /mnt/pid; wait"));
    Wait.until("the second process", () -> changed(shared.resolve("pid"), ""));
    long second = Long.parseLong(Files.readString(shared.resolve("pid")).strip());
    box.call("pause", id).expectSuccess();
    box.call("kill", id, "KILL").expectSuccess();
    box.awaitStatus(id, "stopped");
    assertTrue(ProcFs.runs(second));
    Host.signal(second, "TERM");
    Box.awaitEnd(second);
  }

  @OnEveryRuntime
  void deletingAPausedContainerNeedsForce(Box box) {
    String id = box.start(box.bundle().script("sleep 1000 & sleep 1000"));
    long pid = box.pid(id);
    box.call("pause", id).expectSuccess();
    box.call("delete", id).expectFailure("not stopped", "paused");
    box.call("delete", "--force", id).expectSuccess();
    assertFalse(ProcFs.runs(pid));
    box.expectNothingLeft();
  }

  @OnGatun
  void cgroupsThatTheContainerMadeArePausedWithIt(Box box) throws IOException {
    String id = box.start(box.bundle().script("while :; do :; done"));
    Path cgroup = cgroup(box.pid(id));
    Path below = Files.createDirectory(cgroup.resolve("below"));
    try {
      box.call("pause", id).expectSuccess();
      assertTrue(Files.readString(below.resolve("cgroup.events")).contains("frozen 1"));
      box.call("resume", id).expectSuccess();
      assertTrue(Files.readString(below.resolve("cgroup.events")).contains("frozen 0"));
    } finally {
      Files.delete(below);
    }
  }

  @OnGatun
  void aContainerBelowAFrozenCgroupIsNotPausedItself(Box box) throws IOException {
    Path above = Files.createDirectory(Host.cgroup2().resolve(box.token() + "-above"));
    try {
      Bundle bundle =
          box.bundle()
              .args("/bin/sleep", "1000")
              .set("/linux/cgroupsPath", "'/" + box.token() + "-above/in'");
      String id = box.start(bundle);
      Files.writeString(above.resolve("cgroup.freeze"), "1");
      assertEquals("running", box.status(id));
      box.call("resume", id).expectFailure("container not paused");
      box.call("pause", id).expectSuccess();
      assertEquals("paused", box.status(id));
      // It cannot be thawed from here, and says so before long.
      box.call("resume", id).expectFailure("a cgroup above it is frozen", "ETIMEDOUT");
      Files.writeString(above.resolve("cgroup.freeze"), "0");
      assertEquals("running", box.status(id));
      box.call("delete", "--force", id).expectSuccess();
    } finally {
      Files.writeString(above.resolve("cgroup.freeze"), "0");
      Files.deleteIfExists(above);
    }
  }

  private static Path cgroup(long pid) {
    for (String line : ProcFs.read(pid, "cgroup").split("\n", -1)) {
      if (line.startsWith("0::")) {
        return Path.of(Host.cgroup2() + line.substring(3));
      }
    }
    throw new AssertionError("process " + pid + " is in no cgroup v2");
  }
}
