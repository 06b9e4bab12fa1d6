package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/**
 * Pods whose cgroups systemd makes. {@code ./test} runs it in a machine that systemd is the first
 * process of.
 */
@Tag("systemd")
@SystemdDriver
class PodSystemdTest {
  private static final String SLICE = "gttest-inner.slice";
  private static final String ABOVE = "/gttest.slice/gttest-inner.slice/";

  /** Takes 48 MiB at once. */
  private static final String GREEDY =
      "dd if=/dev/zero of=/dev/null bs=48M count=1 2>/dev/null && echo enough";

  @BeforeEach
  void isThere() {
    SystemdTest.needsSystemd();
  }

  @AfterAll
  static void endTheUsersManager() {
    SystemdTest.endTheUsersManager();
  }

  private static String pod(Box box) {
    String id = box.newId();
    box.call("pod", "create", "--cgroup-parent", SLICE, id).expectSuccess();
    return id;
  }

  private static String unit(String pod) {
    return "gatun_pod-" + pod + ".scope";
  }

  private static Path cgroup(String pod) {
    return Path.of(Host.cgroup2() + ABOVE + unit(pod));
  }

  private static JsonNode state(Box box, String pod) {
    return Box.parse(box.call("pod", "state", pod).expectSuccess().out());
  }

  private static long pause(Box box, String pod) {
    return state(box, pod).get("pid").asLong();
  }

  private static String status(Box box, String pod) {
    return state(box, pod).get("status").asText();
  }

  private static Bundle limited(Bundle bundle, int mebibytes) {
    long bytes = (long) mebibytes << 20;
    return bundle.set(
        "/linux/resources",
        "{'memory': {'limit': " + bytes + ", 'swap': " + bytes + "}, 'pids': {'limit': 50}}");
  }

  private static Bundle sleeping(Box box) {
    return limited(box.bundle(), 16).args("/bin/sleep", "1000");
  }

  private static String start(Box box, String pod, Bundle bundle) {
    String id = box.newId();
    box.call("create", "--pod", pod, "--bundle", bundle.write(), id).expectSuccess();
    box.call("start", id).expectSuccess();
    return id;
  }

  private static Set<String> below(Path cgroup) throws IOException {
    Set<String> names = new TreeSet<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(cgroup, Files::isDirectory)) {
      all.forEach(entry -> names.add(String.valueOf(entry.getFileName())));
    }
    return names;
  }

  /** Nothing of the pod is there: no unit, no cgroup, no state, no process. */
  private static void assertGone(Box box, String pod) {
    SystemdTest.awaitNoUnit(unit(pod));
    assertFalse(Files.exists(cgroup(pod)), () -> cgroup(pod).toString());
    box.call("pod", "state", pod).expectFailure("does not exist");
    box.expectNothingLeft();
  }

  @OnGatun
  void aPodIsAScopeWithACgroupForEachOfItsProcesses(Box box) throws IOException {
    String pod = pod(box);
    Path scope = cgroup(pod);
    assertEquals(ABOVE + unit(pod), state(box, pod).get("cgroup").asText());
    for (String[] expected :
        new String[][] {
          {"ActiveState", "active"},
          {"SubState", "running"},
          {"Slice", SLICE},
          {"Delegate", "yes"},
          {"Transient", "yes"},
          {"ControlGroup", ABOVE + unit(pod)}
        }) {
      assertEquals(expected[1], SystemdTest.property(unit(pod), expected[0]), expected[0]);
    }
    long pause = pause(box, pod);
    assertEquals(scope.resolve("pause"), ControlFiles.of(pause).directory());
    assertEquals("", new ControlFiles(scope).read("cgroup.procs"));
    assertEquals(Set.of("pause"), below(scope), "the cgroup of the first process is left");

    String first = start(box, pod, sleeping(box));
    ControlFiles files = ControlFiles.of(box.pid(first));
    assertEquals(scope.resolve(first), files.directory());
    files.expect(Map.of("memory.max", "16777216", "memory.swap.max", "0", "pids.max", "50"));
    // Who makes the cgroup is settled by the pod.
    String second = box.newId();
    String bundle = sleeping(box).write();
    box.call("--cgroup-manager", "cgroupfs", "create", "--pod", pod, "--bundle", bundle, second)
        .expectSuccess();
    assertEquals(scope.resolve(second), ControlFiles.of(box.pid(second)).directory());
    assertEquals(Set.of("pause", first, second), below(scope));
    assertEquals("not-found", SystemdTest.property("gatun-" + first + ".scope", "LoadState"));
    Host.run("systemctl", "daemon-reload");
    files.expect(Map.of("memory.max", "16777216", "pids.max", "50"));
    box.call("update", "--pids-limit", "40", first).expectSuccess();
    files.expect(Map.of("memory.max", "16777216", "pids.max", "40"));
    assertEquals("", box.call("exec", first, "true").expectSuccess().out());
    box.call("delete", "--force", first).expectSuccess();
    assertEquals(Set.of("pause", second), below(scope));
    assertTrue(ProcFs.runs(pause));

    box.call("pod", "stop", "--time", "0", pod).expectSuccess();
    SystemdTest.awaitNoUnit(unit(pod));
    assertEquals("stopped", status(box, pod));
    assertEquals("stopped", box.status(second));
    box.call("pod", "stop", pod).expectSuccess();
    box.call("pod", "delete", pod).expectSuccess();
    assertGone(box, pod);
  }

  @OnGatun
  void aLimitIsInEffectInAPod(Box box) {
    String pod = pod(box);
    Bundle enough = limited(box.bundle(), 256).script(GREEDY);
    assertEquals(
        "enough",
        box.call("run", "--pod", pod, "--bundle", enough.write(), box.newId())
            .expectSuccess()
            .out());
    Bundle tooLittle = limited(box.bundle(), 16).script(GREEDY);
    box.call("run", "--pod", pod, "--bundle", tooLittle.write(), box.newId()).expectExit(137);
    assertEquals("running", status(box, pod), "the pod ended with its container");
    box.call("pod", "delete", "--force", pod).expectSuccess();
    assertGone(box, pod);
  }

  @OnGatun
  void whatRunsIsDeletedByForceAlone(Box box) {
    String pod = pod(box);
    String container = start(box, pod, sleeping(box));
    long pid = box.pid(container);
    long pause = pause(box, pod);
    box.call("pod", "delete", pod).expectFailure(container, "running");
    assertTrue(ProcFs.runs(pid) && ProcFs.runs(pause));
    assertEquals("active", SystemdTest.property(unit(pod), "ActiveState"));
    box.call("pod", "delete", "--force", pod).expectSuccess();
    assertFalse(ProcFs.runs(pid) || ProcFs.runs(pause));
    box.call("state", container).expectFailure("does not exist");
    assertGone(box, pod);
    // The name is free again at once.
    box.call("pod", "create", "--cgroup-parent", SLICE, pod).expectSuccess();
    assertEquals("active", SystemdTest.property(unit(pod), "ActiveState"));
    box.call("pod", "delete", "--force", pod).expectSuccess();
    assertGone(box, pod);
  }

  /** systemd takes a scope away that nothing runs in. */
  @OnGatun
  void aPodWhosePauseProcessWasKilledIsStopped(Box box) {
    for (boolean force : new boolean[] {false, true}) {
      String pod = pod(box);
      String container = start(box, pod, sleeping(box));
      box.call("kill", container, "KILL").expectSuccess();
      box.awaitStatus(container, "stopped");
      long pause = pause(box, pod);
      Host.signal(pause, "KILL");
      Box.awaitEnd(pause);
      SystemdTest.awaitNoUnit(unit(pod));
      assertFalse(Files.exists(cgroup(pod)));
      assertEquals("stopped", status(box, pod));
      JsonNode list = Box.parse(box.call("pod", "list", "-f", "json").expectSuccess().out());
      assertEquals("stopped", list.get(0).get("status").asText());
      assertEquals(1, list.size());
      assertEquals("stopped", box.status(container));
      box.call("create", "--pod", pod, "--bundle", sleeping(box).write(), box.newId())
          .expectFailure("pod \"" + pod + "\"", "stopped");
      box.call("pod", "stop", pod).expectSuccess();
      String[] delete = {"pod", "delete", "--force", pod};
      String[] plainly = {"pod", "delete", pod};
      box.call(force ? delete : plainly).expectSuccess();
      assertGone(box, pod);
    }
  }

  @OnGatun
  void aContainerThatIsLeftKeepsTheScope(Box box) {
    String pod = pod(box);
    String container = start(box, pod, sleeping(box));
    long pause = pause(box, pod);
    Host.signal(pause, "KILL");
    Box.awaitEnd(pause);
    assertEquals("stopped", status(box, pod));
    assertEquals("running", box.status(container));
    assertEquals("active", SystemdTest.property(unit(pod), "ActiveState"));
    assertEquals(cgroup(pod).resolve(container), ControlFiles.of(box.pid(container)).directory());
    box.call("pod", "delete", pod).expectFailure(container, "running");
    box.call("pod", "delete", "--force", pod).expectSuccess();
    assertGone(box, pod);
  }

  /** A container's own path of systemd's form puts it into a scope of its own, as without a pod. */
  @OnGatun
  void aContainerMayHaveAScopeOfItsOwn(Box box) {
    String pod = pod(box);
    String own = "pre-" + box.token() + ".scope";
    Bundle bundle =
        sleeping(box).set("/linux/cgroupsPath", "'" + SLICE + ":pre:" + box.token() + "'");
    String container = start(box, pod, bundle);
    assertEquals(
        Path.of(Host.cgroup2() + ABOVE + own + "/container"),
        ControlFiles.of(box.pid(container)).directory());
    box.call("pod", "delete", "--force", pod).expectSuccess();
    SystemdTest.awaitNoUnit(own);
    assertGone(box, pod);
  }

  /** Neither its scope nor that of a container with the name of the pod's is in the other's way. */
  @OnGatun
  void aContainerOutsideMayHaveThePodsId(Box box) {
    String pod = pod(box);
    Bundle bundle = sleeping(box);
    for (String id : List.of(pod, "pod-" + pod)) {
      box.call("create", "--bundle", bundle.write(), id).expectSuccess();
      assertEquals("active", SystemdTest.property("gatun-" + id + ".scope", "ActiveState"));
    }
    box.call("pod", "stop", pod).expectSuccess();
    box.call("pod", "delete", pod).expectSuccess();
    SystemdTest.awaitNoUnit(unit(pod));
    for (String id : List.of(pod, "pod-" + pod)) {
      assertEquals("created", box.status(id));
      box.call("delete", "--force", id).expectSuccess();
    }
    assertGone(box, pod);
  }

  @OnGatun
  void whatCannotBeIsSaidAndLeavesNothing(Box box) {
    String pod = pod(box);
    String other = box.hostDirectory("other").toString();
    box.call("--root", other, "pod", "create", "--cgroup-parent", SLICE, pod)
        .expectFailure("start unit " + unit(pod), "already");
    assertEquals("active", SystemdTest.property(unit(pod), "ActiveState"));
    assertEquals("running", status(box, pod));
    assertEquals("", box.call("--root", other, "pod", "list", "-q").expectSuccess().out());
    box.call("pod", "delete", "--force", pod).expectSuccess();
    String id = box.newId();
    box.call("pod", "create", "--sysctl", "net.ipv4.nonsense=1", id).expectFailure("nonsense");
    SystemdTest.awaitNoUnit(unit(id));
    box.call("pod", "create", "--cgroup-parent", "/a/path", id)
        .expectFailure("--cgroup-parent", "/a/path", "no name of a unit");
    box.call("pod", "create", "--cgroup-parent", "a--b.slice", id)
        .expectFailure("--cgroup-parent", "a--b.slice", "which is no slice");
    assertGone(box, pod);
  }

  @OnGatun
  void interruptedAtAnyMomentItCanBeDeleted(Box box) {
    for (int millis : List.of(300, 700, 1200)) {
      String pod = box.newId();
      Command create = box.launch("pod", "create", "--cgroup-parent", SLICE, pod);
      Wait.pause(Duration.ofMillis(millis));
      create.killOnlyThis();
      create.await();
      box.call("pod", "delete", "--force", pod).expectSuccess();
      assertGone(box, pod);
    }
  }

  /** The user's own systemd makes it, in what it was delegated. */
  @OnGatun
  void aPodOfAnOrdinaryUser(Box box) throws IOException {
    String pod = box.newId();
    Path scope = Path.of(Host.cgroup2() + SystemdTest.USER_CGROUP + "/" + unit(pod));
    create(box, pod);
    try {
      assertEquals("active", SystemdTest.userProperty(unit(pod), "ActiveState"));
      assertEquals("yes", SystemdTest.userProperty(unit(pod), "Delegate"));
      JsonNode state =
          Box.parse(SystemdTest.asUser(box, "pod", "state", pod).expectSuccess().out());
      assertEquals("running", state.get("status").asText());
      long pause = state.get("pid").asLong();
      assertEquals(scope.resolve("pause"), ControlFiles.of(pause).directory());
      assertEquals(Set.of("pause"), below(scope));
      String container = box.newId();
      SystemdTest.asUserInScope(
              box,
              "create",
              "--pod",
              pod,
              "--bundle",
              users(box, 16).args("/bin/sleep", "1000").write(),
              container)
          .expectSuccess();
      JsonNode created =
          Box.parse(SystemdTest.asUser(box, "state", container).expectSuccess().out());
      ControlFiles files = ControlFiles.of(created.get("pid").asLong());
      assertEquals(scope.resolve(container), files.directory());
      files.expect(Map.of("memory.max", "16777216", "pids.max", "50"));
      SystemdTest.asUserInScope(
              box,
              "run",
              "--pod",
              pod,
              "--bundle",
              users(box, 16).script(GREEDY).write(),
              box.newId())
          .expectExit(137);
      SystemdTest.asUser(box, "pod", "stop", "--time", "0", pod).expectSuccess();
      Box.awaitEnd(pause);
      SystemdTest.asUser(box, "pod", "delete", pod).expectSuccess();
    } finally {
      SystemdTest.asUser(box, "pod", "delete", "--force", pod).expectSuccess();
    }
    awaitNoUserUnit(unit(pod));
    assertFalse(Files.exists(scope));
    assertEquals("", SystemdTest.asUser(box, "pod", "list", "-q").expectSuccess().out());
    box.expectNothingLeft();
  }

  @OnGatun
  void anOrdinaryUsersPodWhosePauseProcessWasKilled(Box box) {
    String pod = box.newId();
    create(box, pod);
    try {
      long pause =
          Box.parse(SystemdTest.asUser(box, "pod", "state", pod).expectSuccess().out())
              .get("pid")
              .asLong();
      Host.signal(pause, "KILL");
      Box.awaitEnd(pause);
      awaitNoUserUnit(unit(pod));
      JsonNode list =
          Box.parse(SystemdTest.asUser(box, "pod", "list", "-f", "json").expectSuccess().out());
      assertEquals("stopped", list.get(0).get("status").asText());
      SystemdTest.asUser(box, "pod", "delete", pod).expectSuccess();
    } finally {
      SystemdTest.asUser(box, "pod", "delete", "--force", pod).expectSuccess();
    }
    box.expectNothingLeft();
  }

  private static void create(Box box, String pod) {
    SystemdTest.asUser(box, "pod", "create", "--userns", "0:65534:1", pod).expectSuccess();
  }

  private static Bundle users(Box box, int mebibytes) {
    Bundle bundle = RootlessTest.bundle(box).removeNamespace("user");
    return limited(bundle.remove("/linux/uidMappings").remove("/linux/gidMappings"), mebibytes);
  }

  private static void awaitNoUserUnit(String unit) {
    Wait.until(
        "the end of " + unit,
        () -> SystemdTest.userProperty(unit, "LoadState").equals("not-found"));
  }
}
