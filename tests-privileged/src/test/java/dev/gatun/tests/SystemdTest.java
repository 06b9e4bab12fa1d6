package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/**
 * The systemd driver, with runc and crun as oracles. {@code ./test} runs it in a machine that
 * systemd is the first process of.
 */
@Tag("systemd")
class SystemdTest {
  private static final String RESOURCES =
      "{'cpu': {'shares': 512, 'quota': 50000, 'period': 100000},"
          + " 'memory': {'limit': 67108864}, 'pids': {'limit': 100},"
          + " 'devices': [{'allow': false, 'access': 'rwm'}]}";

  @BeforeEach
  void needsSystemd() {
    Host.require(
        Files.isDirectory(Path.of("/run/systemd/system"))
            && ProcFs.read(1, "comm").startsWith("systemd"),
        "systemd is not the first process here: see vm/boot --systemd");
  }

  private static Bundle sleeping(Box box, String path) {
    return box.bundle()
        .set("/linux/cgroupsPath", "'" + path + "'")
        .set("/linux/resources", RESOURCES)
        .args("/bin/sleep", "1000");
  }

  private static String create(Box box, Bundle bundle) {
    String id = box.newId();
    box.call("--systemd-cgroup", "create", "--bundle", bundle.write(), id).expectSuccess();
    return id;
  }

  private static String property(String unit, String name) {
    return Host.run("systemctl", "show", "--property", name, "--value", unit);
  }

  private static void awaitNoUnit(String unit) {
    Wait.until("the end of " + unit, () -> property(unit, "LoadState").equals("not-found"));
  }

  /** Limits are the container's cgroup's in Gatun and crun; runc has systemd set them too. */
  @OnEveryRuntimeAndCrun
  void aContainerIsInAScopeOfItsSlice(Box box) {
    String unit = "pre-" + box.token() + ".scope";
    String id = create(box, sleeping(box, "gttest-inner.slice:pre:" + box.token()));
    ControlFiles files = ControlFiles.of(box.pid(id));
    String scope = "/gttest.slice/gttest-inner.slice/" + unit;
    assertEquals(
        Path.of(Host.cgroup2() + scope + (box.isRunc() ? "" : "/container")), files.directory());
    assertEquals("active", property(unit, "ActiveState"));
    assertEquals("gttest-inner.slice", property(unit, "Slice"));
    assertEquals("yes", property(unit, "Delegate"));
    assertEquals(scope, property(unit, "ControlGroup"));
    files.expect(
        Map.of(
            "cpu.max", "50000 100000",
            "cpu.weight", box.runtime() == OciRuntime.GATUN ? "59" : "20",
            "memory.max", "67108864",
            "pids.max", "100"));
    box.call("--systemd-cgroup", "update", "--pids-limit", "70", "--cpu-quota", "20000", id)
        .expectSuccess();
    files.expect(Map.of("cpu.max", "20000 100000", "pids.max", "70", "memory.max", "67108864"));
    box.call("--systemd-cgroup", "delete", "--force", id).expectSuccess();
    awaitNoUnit(unit);
    assertFalse(Files.exists(files.directory()));
    assertFalse(Files.exists(Path.of(Host.cgroup2() + scope)));
    box.expectNothingLeft();
  }

  /** Nobody but the runtime writes the container's limits, and none of systemd's applies. */
  @OnGatun
  void theScopeItselfHasNoLimits(Box box) {
    String id = create(box, sleeping(box, "gttest.slice:pre:" + box.token()));
    ControlFiles container = ControlFiles.of(box.pid(id));
    ControlFiles scope = new ControlFiles(container.directory().resolve("..").normalize());
    scope.expect(
        Map.of(
            "memory.max", "max", "pids.max", "max", "cpu.max", "max 100000", "cgroup.procs", ""));
    try (var below = Files.newDirectoryStream(scope.directory(), Files::isDirectory)) {
      for (Path directory : below) {
        assertEquals(container.directory(), directory);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    Host.run("systemctl", "daemon-reload");
    container.expect(Map.of("memory.max", "67108864", "pids.max", "100"));
    // delete knows by itself who made the cgroup.
    box.call("delete", "--force", id).expectSuccess();
    awaitNoUnit("pre-" + box.token() + ".scope");
    box.expectNothingLeft();
  }

  @OnGatun
  void withoutAPathTheNameIsTheContainers(Box box) {
    Bundle bundle = sleeping(box, "");
    bundle.remove("/linux/cgroupsPath");
    String id = create(box, bundle);
    assertEquals(
        "/system.slice/gatun-" + id + ".scope", property("gatun-" + id + ".scope", "ControlGroup"));
    box.call("kill", id, "KILL").expectSuccess();
    box.awaitStatus(id, "stopped");
    awaitNoUnit("gatun-" + id + ".scope");
    box.call("delete", id).expectSuccess();
    box.expectNothingLeft();
  }

  @OnGatun
  void aForegroundContainerLeavesNoScope(Box box) {
    Bundle bundle = sleeping(box, ":pre:" + box.token()).script("echo ran");
    Command run =
        box.call("--cgroup-manager", "systemd", "run", "--bundle", bundle.write(), box.newId());
    assertEquals("ran", run.expectSuccess().out());
    awaitNoUnit("pre-" + box.token() + ".scope");
    box.expectNothingLeft();
  }

  /** What systemd says is in the sentence, and what was there stays. */
  @OnGatun
  void aUnitThatExistsIsRefused(Box box) {
    Bundle bundle = sleeping(box, "gttest.slice:pre:" + box.token());
    String id = create(box, bundle);
    box.call("--systemd-cgroup", "create", "--bundle", bundle.write(), box.newId())
        .expectFailure("pre-" + box.token() + ".scope", "already");
    assertEquals("created", box.status(id));
    assertEquals("active", property("pre-" + box.token() + ".scope", "ActiveState"));
    box.call("delete", "--force", id).expectSuccess();
    box.expectNothingLeft();
  }

  @OnGatun
  void aFailureAfterTheScopeLeavesNothing(Box box) {
    Bundle bundle = sleeping(box, "gttest.slice:pre:" + box.token());
    bundle.set("/linux/resources", "{'unified': {'memory.nonsense': '1'}}");
    box.call("--systemd-cgroup", "create", "--bundle", bundle.write(), box.newId())
        .expectFailure("memory.nonsense");
    awaitNoUnit("pre-" + box.token() + ".scope");
    bundle.set("/linux/resources", RESOURCES).args("/nonexistent");
    box.call("--systemd-cgroup", "run", "--bundle", bundle.write(), box.newId())
        .expectFailure("/nonexistent");
    awaitNoUnit("pre-" + box.token() + ".scope");
    box.expectNothingLeft();
  }

  @OnGatun
  void interruptedAtAnyMomentItCanBeDeleted(Box box) {
    String unit = "pre-" + box.token() + ".scope";
    String bundle = sleeping(box, "gttest.slice:pre:" + box.token()).write();
    for (int millis : List.of(300, 600, 900, 1200)) {
      String id = box.newId();
      Command create = box.launch("--systemd-cgroup", "create", "--bundle", bundle, id);
      Wait.pause(Duration.ofMillis(millis));
      create.killOnlyThis();
      create.await();
      box.call("delete", "--force", id).expectSuccess();
      awaitNoUnit(unit);
      box.expectNothingLeft();
    }
  }
}
