package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
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
  void isThere() {
    needsSystemd();
  }

  static void needsSystemd() {
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

  static String property(String unit, String name) {
    return Host.run("systemctl", "show", "--property", name, "--value", unit);
  }

  static void awaitNoUnit(String unit) {
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

  /** Whose systemd is asked: the user's own, which runs as long as this class. */
  private static final String USER_MANAGER = "user@65534.service";

  private static final String BUS = "/run/user/65534";

  static final String USER_CGROUP = "/user.slice/user-65534.slice/user@65534.service/user.slice";

  @AfterAll
  static void endTheUsersManager() {
    if (Files.isDirectory(Path.of("/run/systemd/system"))) {
      Host.run("systemctl", "stop", USER_MANAGER);
    }
  }

  /** Runs the runtime as an ordinary user who has a systemd of their own. */
  static Command asUser(Box box, String... words) {
    Host.run("systemctl", "start", USER_MANAGER);
    List<String> all = new ArrayList<>(List.of("--systemd-cgroup"));
    all.addAll(List.of(words));
    return RootlessTest.as(
        box,
        List.of("XDG_RUNTIME_DIR=" + BUS, "DBUS_SESSION_BUS_ADDRESS=unix:path=" + BUS + "/bus"),
        all.toArray(String[]::new));
  }

  /** The same from a scope of the user's manager, as a shell or podman is in one. */
  static Command asUserInScope(Box box, String... words) {
    Host.run("systemctl", "start", USER_MANAGER);
    List<String> all = new ArrayList<>(List.of("--systemd-cgroup"));
    all.addAll(List.of(words));
    return RootlessTest.as(
        box,
        List.of("XDG_RUNTIME_DIR=" + BUS, "systemd-run", "--user", "--scope", "--quiet"),
        all.toArray(String[]::new));
  }

  static String userProperty(String unit, String name) {
    return Host.run(
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "env",
        "XDG_RUNTIME_DIR=" + BUS,
        "systemctl",
        "--user",
        "show",
        "--property",
        name,
        "--value",
        unit);
  }

  /**
   * The limits of an ordinary user are in a subtree that systemd has delegated to that user, who
   * may change nothing above it.
   */
  @OnEveryRuntime
  void anOrdinaryUserHasLimitsByTheirOwnSystemd(Box box) throws IOException {
    String unit = "pre-" + box.token() + ".scope";
    String id = box.newId();
    Bundle bundle =
        RootlessTest.bundle(box)
            .set("/linux/cgroupsPath", "'user.slice:pre:" + box.token() + "'")
            .set("/linux/resources", RESOURCES)
            .args("/bin/sleep", "1000");
    bundle.removeNamespace("cgroup").namespaces().addObject().put("type", "cgroup");
    asUser(box, "create", "--bundle", bundle.write(), id).expectSuccess();
    try {
      JsonNode state = Box.parse(asUser(box, "state", id).expectSuccess().out());
      ControlFiles files = ControlFiles.of(state.get("pid").asLong());
      String below = USER_CGROUP + "/" + unit + (box.isRunc() ? "" : "/container");
      assertEquals(Path.of(Host.cgroup2() + below), files.directory());
      assertEquals("65534", Files.getAttribute(files.directory(), "unix:uid").toString());
      assertEquals("yes", userProperty(unit, "Delegate"));
      assertEquals("active", userProperty(unit, "ActiveState"));
      files.expect(
          Map.of(
              "cpu.max", "50000 100000",
              "cpu.weight", box.runtime() == OciRuntime.GATUN ? "59" : "20",
              "memory.max", "67108864",
              "pids.max", "100"));
      asUser(box, "start", id).expectSuccess();
      asUser(box, "update", "--pids-limit", "70", "--cpu-quota", "20000", id).expectSuccess();
      files.expect(Map.of("cpu.max", "20000 100000", "pids.max", "70", "memory.max", "67108864"));
      // In the container's own, whose namespace it sees.
      Command exec = asUserInScope(box, "exec", id, "cat", "/proc/self/cgroup");
      assertEquals("0::/", exec.expectSuccess().out());
    } finally {
      asUser(box, "delete", "--force", id).expectSuccess();
    }
    JsonNode features = Box.parse(box.call("features").expectSuccess().out());
    assertTrue(features.at("/linux/cgroup/systemdUser").asBoolean(), features::toString);
    Wait.until("the end of " + unit, () -> userProperty(unit, "LoadState").equals("not-found"));
    assertFalse(Files.exists(Path.of(Host.cgroup2() + USER_CGROUP + "/" + unit)));
    assertFalse(Files.exists(Path.of(BUS, box.runtime().toString(), id)));
    box.expectNothingLeft();
  }

  /** A process that is in no cgroup of the user's own cannot be moved into one by that user. */
  @OnGatun
  void whatAnOrdinaryUsersSystemdCannotDoIsOneSentence(Box box) {
    Bundle bundle =
        RootlessTest.bundle(box)
            .set("/linux/cgroupsPath", "':pre:" + box.token() + "'")
            .set("/linux/resources", RESOURCES)
            .args("/bin/sleep", "1000");
    String id = box.newId();
    asUser(box, "create", "--bundle", bundle.write(), id).expectSuccess();
    asUser(box, "start", id).expectSuccess();
    Command exec = asUser(box, "exec", id, "/bin/true");
    assertTrue(
        exec.exit() != 0 && exec.lastErrorLine().contains("enter the container's cgroup"),
        exec::toString);
    asUser(box, "delete", "--force", id).expectSuccess();
    // The user's manager was not given this controller.
    bundle.set("/linux/resources", "{'blockIO': {'weight': 100}}");
    asUser(box, "create", "--bundle", bundle.write(), box.newId())
        .expectFailure("does not have the controller io", "/linux/resources/blockIO/weight");
    RootlessTest.as(
            box,
            List.of("XDG_RUNTIME_DIR=" + box.directory() + "/home"),
            "--systemd-cgroup",
            "create",
            "--bundle",
            bundle.write(),
            box.newId())
        .expectFailure("nobody is at the bus \"" + box.directory() + "/home/bus\"");
    Wait.until(
        "the end of the scope",
        () -> userProperty("pre-" + box.token() + ".scope", "LoadState").equals("not-found"));
    box.expectNothingLeft();
  }

  /** As runc has it: systemd's own names and types, in annotations. */
  @OnEveryRuntimeAndCrun
  void annotationsAreProperties(Box box) {
    String unit = "pre-" + box.token() + ".scope";
    Bundle bundle = sleeping(box, "gttest.slice:pre:" + box.token());
    bundle
        .config()
        .putObject("annotations")
        .put("org.systemd.property.TimeoutStopUSec", "uint64 7000000")
        .put("org.systemd.property.CollectMode", "'inactive-or-failed'")
        .put("org.systemd.property.RuntimeMaxSec", "uint64 3600")
        .put("org.systemd.property.Before", "['shutdown.target']")
        .put("org.example.other", "nonsense");
    String id = create(box, bundle);
    assertEquals("7s", property(unit, "TimeoutStopUSec"));
    assertEquals("inactive-or-failed", property(unit, "CollectMode"));
    assertEquals("1h", property(unit, "RuntimeMaxUSec"));
    assertTrue(property(unit, "Before").contains("shutdown.target"));
    box.call("--systemd-cgroup", "delete", "--force", id).expectSuccess();
    awaitNoUnit(unit);
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void annotationsThatAreNoPropertiesAreRefused(Box box) {
    Bundle bundle = sleeping(box, "gttest.slice:pre:" + box.token());
    Map<String, String> annotations = new LinkedHashMap<>();
    annotations.put("org.systemd.property.A1", "1");
    annotations.put("org.systemd.property.TasksMax", "nonsense");
    annotations.put("org.systemd.property.TimeoutStopSec", "true");
    annotations.put("org.systemd.property.NoSuchThing", "1");
    annotations.forEach((name, value) -> {
      bundle.config().putObject("annotations").put(name, value);
      Command call =
          box.call("--systemd-cgroup", "create", "--bundle", bundle.write(), box.newId());
      call.expectFailure(name.substring("org.systemd.property.".length()));
    });
    box.expectNothingLeft();
    // The other driver has no scope whose properties they could be.
    bundle.remove("/linux/cgroupsPath");
    box.create(bundle);
  }

  @OnGatun
  void aPathThatIsNoneIsOneSentence(Box box) {
    for (String path :
        List.of(
            "gttest.slice:pre:",
            "gttest.slice:pre",
            "/absolute/path",
            "../x.slice:pre:x",
            "nonsense:pre:x",
            "a--b.slice:pre:x",
            "gttest.slice:pre:../../x",
            "gttest.slice:pre:x y",
            "gttest.slice:pre:" + "x".repeat(300))) {
      Command call =
          box.call(
              "--systemd-cgroup", "create", "--bundle", sleeping(box, path).write(), box.newId());
      call.expectFailure("/linux/cgroupsPath");
      assertEquals(1, call.err().lines().count(), call::toString);
    }
    box.expectNothingLeft();
  }
}
