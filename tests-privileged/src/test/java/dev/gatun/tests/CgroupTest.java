package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

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
            List.of(),
            List.of(),
            Leftovers.of(box.token(), box.stateRoot()).cgroups(),
            List.of())
        .remove();
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
      create.await(Duration.ofSeconds(20));
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
      for (int attempt = 0; attempt < 10; attempt++) {
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
          create.await(Duration.ofSeconds(5));
        } else {
          Files.writeString(freeze, "0");
          create.await(Duration.ofSeconds(10));
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
