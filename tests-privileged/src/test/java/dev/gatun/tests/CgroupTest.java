package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The container's directory in the cgroup v2 tree, with or without controllers in it. */
class CgroupTest {
  /** The path in the v2 tree of a process. */
  private static String cgroupOf(long pid) {
    for (String line : ProcFs.read(pid, "cgroup").split("\n", -1)) {
      if (line.startsWith("0::")) {
        return line.substring(3);
      }
    }
    throw new AssertionError("no v2 cgroup of " + pid);
  }

  @OnEveryRuntime
  void aContainerHasACgroupOfItsOwn(Box box) {
    String id = box.create(box.bundle().args("/bin/sleep", "1000"));
    String path = cgroupOf(box.pid(id));
    assertTrue(path.contains(id), path);
    Path directory = Path.of(Host.cgroup2() + path);
    assertTrue(Files.isDirectory(directory));
    box.call("delete", "--force", id).expectSuccess();
    assertFalse(Files.exists(directory));
  }

  @OnEveryRuntime
  void theCgroupsPathIsTheConfigs(Box box) {
    String path = "/" + box.token() + "-parent/child";
    Bundle bundle =
        box.bundle().set("/linux/cgroupsPath", "'" + path + "'").args("/bin/sleep", "1000");
    String id = box.create(bundle);
    assertEquals(path, cgroupOf(box.pid(id)));
    box.call("delete", "--force", id).expectSuccess();
    assertFalse(Files.exists(Path.of(Host.cgroup2() + path)));
    // The parent may hold others: whoever made it for several containers removes it.
    new Leftovers(
            List.of(), List.of(), Leftovers.of(box.token(), box.stateRoot()).cgroups(), List.of())
        .remove();
  }

  @OnGatun
  void disabledCgroupsLeaveTheContainerInTheCallers(Box box) throws IOException {
    String id = box.newId();
    Path log = box.directory().resolve("log");
    String bundle = box.bundle().args("/bin/sleep", "1000").write();
    box.call("--log", "" + log, "--cgroup-manager", "disabled", "create", "-b", bundle, id)
        .expectSuccess();
    assertEquals(cgroupOf(ProcessHandle.current().pid()), cgroupOf(box.pid(id)));
    assertTrue(Files.readString(log).contains("device rules do not apply"));
    box.call("start", id).expectSuccess();
    box.call("kill", id, "KILL").expectSuccess();
    box.awaitStatus(id, "stopped");
    box.call("delete", id).expectSuccess();
    String limited = box.bundle().set("/linux/resources/pids/limit", "10").write();
    box.call("--cgroup-manager", "disabled", "create", "-b", limited, box.newId())
        .expectFailure("limit pids", "[config.json /linux/resources");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void theCgroupNamespaceHidesThePath(Box box) {
    Bundle bundle = box.bundle().args("/bin/grep", "^0::", "/proc/self/cgroup");
    bundle.removeNamespace("cgroup").namespaces().addObject().put("type", "cgroup");
    String own = box.output(bundle);
    if (!box.isRunc()) {
      assertEquals("0::/", own);
    }
    assertFalse(own.isEmpty());
  }

  @OnGatun
  void everythingInTheCgroupEndsWithTheContainer(Box box) throws IOException {
    // A process that left every namespace but not the cgroup, as a double fork without a pid
    // namespace does.
    Bundle bundle =
        box.bundle().removeNamespace("pid").script("(sleep 1000 &) ; echo ready; sleep 1000");
    String id = box.newId();
    box.call("run", "-d", "-b", bundle.write(), id).awaitOutput("ready");
    Path procs = Path.of(Host.cgroup2() + cgroupOf(box.pid(id)), "cgroup.procs");
    assertEquals(2, Files.readAllLines(procs).size());
    box.call("kill", id, "KILL").expectSuccess();
    box.awaitStatus(id, "stopped");
    box.call("delete", id).expectSuccess();
    box.expectNothingLeft();
  }

  @OnGatun
  void aCgroupsPathThatIsNoneIsOneSentence(Box box) {
    String token = box.token();
    for (String path :
        List.of(
            "/" + token + "/../../up",
            "../" + token,
            "..",
            "/",
            "//./",
            "system.slice:pre:" + token,
            "/" + token + "/new\\nline",
            "/" + token + "/" + "x".repeat(300))) {
      Command run = box.run(box.bundle().set("/linux/cgroupsPath", "'" + path + "'"));
      run.expectFailure("/linux/cgroupsPath");
      assertEquals(1, run.err().lines().count(), run::toString);
      assertEquals("", run.out(), run::toString);
    }
    box.expectNothingLeft();
  }

  /** Runs gatun where pids is bound to version 1: on such a host, or on one that looks like it. */
  private static Command onHybridHost(Box box, String... words) {
    if (ProcFs.read(ProcessHandle.current().pid(), "cgroup").contains(":pids:")) {
      return box.call(words);
    }
    Path looks = box.hostFile("cgroup", "8:pids:/\n0::/\n");
    List<String> all = new ArrayList<>(List.of("unshare", "-m", "--propagation", "private"));
    all.addAll(List.of("sh", "-c", "mount --bind \"$0\" /proc/$$/cgroup && exec \"$@\""));
    all.addAll(List.of(looks.toString(), box.runtime().binary().toString()));
    all.addAll(List.of("--root", box.stateRoot().toString()));
    all.addAll(List.of(words));
    return box.launch(box.directory(), Map.of(), all).await();
  }

  @OnGatun
  void aControllerThatIsBoundToVersion1IsOneSentence(Box box) {
    String sentence =
        "limit pids: the controller is bound to cgroup v1; boot with cgroup_no_v1=pids or"
            + " systemd.unified_cgroup_hierarchy=1 to have it in cgroup v2";
    Bundle bundle = box.bundle().args("/bin/sleep", "1000");
    bundle.set("/linux/resources", "{'pids': {'limit': 9}}");
    Command limit = onHybridHost(box, "create", "--bundle", bundle.write(), box.newId());
    limit.expectFailure(sentence, "[config.json /linux/resources/pids/limit]");
    assertEquals(1, limit.err().lines().count(), limit::toString);
    bundle.set("/linux/resources", "{'unified': {'pids.max': '9'}}");
    onHybridHost(box, "create", "--bundle", bundle.write(), box.newId())
        .expectFailure(sentence, "[config.json /linux/resources/unified/pids.max]");
    box.expectNothingLeft();
    // What needs no controller works, and no limit is what there is anyway.
    String path = "/" + box.token();
    bundle
        .set("/linux/resources", "{'pids': {'limit': -1}}")
        .set("/linux/cgroupsPath", "'" + path + "'");
    String id = box.newId();
    onHybridHost(box, "create", "--bundle", bundle.write(), id).expectSuccess();
    assertEquals(path, cgroupOf(box.pid(id)));
    onHybridHost(box, "update", "--pids-limit=9", id).expectFailure(sentence);
    onHybridHost(box, "start", id).expectSuccess();
    for (String verb : List.of("pause", "resume", "events --stats")) {
      List<String> words = new ArrayList<>(List.of(verb.split(" ", -1)));
      words.add(id);
      onHybridHost(box, words.toArray(String[]::new)).expectSuccess();
    }
    onHybridHost(box, "delete", "--force", id).expectSuccess();
    box.expectNothingLeft();
  }

  @OnGatun
  void aFrozenCgroupDoesNotHangTheRuntime(Box box) throws IOException {
    Path frozen = Host.cgroup2().resolve(box.token() + "-frozen");
    Files.createDirectory(frozen);
    try {
      Files.writeString(frozen.resolve("cgroup.freeze"), "1");
      Bundle bundle =
          box.bundle()
              .set("/linux/cgroupsPath", "'/" + box.token() + "-frozen/child'")
              .args("/bin/true");
      String id = box.newId();
      Command create = box.launch("create", "--bundle", bundle.write(), id);
      create.await();
      if (create.exit() != 0) {
        create.expectFailure("frozen");
      }
      box.call("delete", "--force", id).expectSuccess();
      assertFalse(Files.exists(frozen.resolve("child")));
    } finally {
      Files.writeString(frozen.resolve("cgroup.freeze"), "0");
    }
    Wait.until("the removal of " + frozen, () -> frozen.toFile().delete());
  }

  /** Frozen at any moment of a create: it goes on when thawed, and can be killed and cleaned up. */
  @OnGatun
  void aCgroupThatIsFrozenDuringCreateHangsNothing(Box box) throws IOException {
    Path parent = Host.cgroup2().resolve(box.token() + "-frozen");
    Files.createDirectory(parent);
    Path freeze = parent.resolve("cgroup.freeze");
    String bundle =
        box.bundle()
            .set("/linux/cgroupsPath", "'/" + box.token() + "-frozen/child'")
            .args("/bin/true")
            .write();
    int waited = 0;
    try {
      // A busy machine may let creates end before they can be frozen.
      for (int attempt = 0; attempt < 10 || (waited == 0 && attempt < 100); attempt++) {
        String id = box.newId();
        Command create = box.launch("create", "--bundle", bundle, id);
        // In most attempts init exists by now and in some it is not ready.
        Wait.within(
            Duration.ofSeconds(10),
            () -> Files.exists(parent.resolve("child")) || !create.isAlive());
        Files.writeString(freeze, "1");
        boolean held = !Wait.within(Duration.ofMillis(500), () -> !create.isAlive());
        waited += held ? 1 : 0;
        if (held && attempt % 2 == 0) {
          create.killOnlyThis();
          create.await();
        } else {
          Files.writeString(freeze, "0");
          create.await();
          if (create.exit() != 0) {
            create.expectFailure("frozen");
          }
        }
        box.call("delete", "--force", id).expectSuccess();
        Files.writeString(freeze, "0");
        assertFalse(Files.exists(parent.resolve("child")), create::toString);
      }
      assertTrue(waited > 0, "no create was held up: nothing was tested");
    } finally {
      Files.writeString(freeze, "0");
    }
    Wait.until("the removal of " + parent, () -> parent.toFile().delete());
  }

  @OnEveryRuntime
  void aFrozenContainerIsDeletedByForce(Box box) throws IOException {
    String id = box.start(box.bundle().args("/bin/sleep", "1000"));
    long pid = box.pid(id);
    Path freeze = Path.of(Host.cgroup2() + cgroupOf(pid), "cgroup.freeze");
    Files.writeString(freeze, "1");
    try {
      box.call("delete", "--force", id).expectSuccess();
      Box.awaitEnd(pid);
    } finally {
      if (Files.exists(freeze)) {
        Files.writeString(freeze, "0");
      }
    }
  }
}
