package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The {@code root} and {@code mounts} sections of the config. */
class MountTest {
  /** The line of mountinfo of a mount point: of several, the one on top. */
  private static String mountinfo(String table, String target) {
    String found = "";
    for (String line : table.split("\n", -1)) {
      String[] fields = line.split(" ", -1);
      if (fields.length > 6 && fields[4].equals(target)) {
        found = line;
      }
    }
    assertFalse(found.isEmpty(), () -> "nothing on " + target + "\n" + table);
    return found;
  }

  private static List<String> options(String line) {
    return List.of(line.split(" ", -1)[5].split(",", -1));
  }

  private static String optionalFields(String line) {
    String head = line.substring(0, line.indexOf(" - "));
    String[] fields = head.split(" ", 7);
    return fields.length < 7 ? "" : fields[6];
  }

  @OnEveryRuntime
  void theMountsOfADefaultConfigAreThere(Box box) {
    String table = box.output(box.bundle(), "cat /proc/self/mountinfo");
    assertTrue(mountinfo(table, "/proc").contains(" - proc "));
    assertTrue(mountinfo(table, "/dev").contains(" - tmpfs "));
    assertTrue(mountinfo(table, "/dev").contains("mode=755"));
    assertTrue(mountinfo(table, "/dev").contains("size=65536k"));
    assertTrue(options(mountinfo(table, "/dev")).contains("nosuid"));
    assertTrue(mountinfo(table, "/dev/pts").contains(" - devpts "));
    assertTrue(mountinfo(table, "/dev/pts").contains("gid=5,mode=620,ptmxmode=666"));
    assertTrue(mountinfo(table, "/dev/shm").contains(" - tmpfs "));
    assertTrue(mountinfo(table, "/dev/mqueue").contains(" - mqueue "));
    assertTrue(mountinfo(table, "/sys").contains(" - sysfs "));
    assertTrue(options(mountinfo(table, "/sys")).containsAll(List.of("ro", "nosuid", "noexec")));
    assertTrue(options(mountinfo(table, "/")).contains("ro"));
  }

  @OnEveryRuntime
  void theRootIsReadOnlyOrNot(Box box) throws IOException {
    box.output(box.bundle(), "! touch /new 2>/dev/null && touch /dev/shm/new");
    Bundle bundle = box.bundle().writable();
    box.output(bundle, "touch /new");
    assertTrue(Files.exists(bundle.rootfs().resolve("new")));
  }

  @OnEveryRuntime
  void theRootCanBeAnAbsolutePathElsewhere(Box box) {
    Bundle other = box.bundle();
    other.file("etc/here", "other root", "644");
    Bundle bundle = box.bundle().set("/root/path", "'" + other.rootfs() + "'");
    assertEquals("other root", box.output(bundle, "cat /etc/here"));
  }

  @OnEveryRuntime
  void theRootIsTheOldRootNoMore(Box box) {
    String table = box.output(box.bundle(), "cat /proc/self/mountinfo");
    // The masks of files are the host's null device, not what the container calls /dev/null.
    for (String line : table.split("\n", -1)) {
      assertTrue(!line.contains(" - devtmpfs ") || line.split(" ", -1)[3].equals("/null"), table);
    }
    assertEquals(".\n..", box.output(box.bundle(), "cd /; cd ..; cd ..; ls -a | grep '^[.]'"));
    assertEquals("/", box.output(box.bundle(), "readlink /proc/1/root"));
  }

  @OnEveryRuntime
  void bindMountsReadAndWrite(Box box) throws IOException {
    Path source = box.hostDirectory("source");
    Bundle bundle = box.bundle().bind(source, "/mnt/rw").bind(source, "/mnt/ro", "ro");
    String out =
        box.output(
            bundle,
            "echo x > /mnt/rw/file && cat /mnt/ro/file && ! touch /mnt/ro/file 2>/dev/null");
    assertEquals("x", out);
    assertEquals("x\n", Files.readString(source.resolve("file")));
  }

  @OnEveryRuntime
  void aBindSourceMayBeRelativeToTheBundle(Box box) throws IOException {
    Bundle bundle = box.bundle();
    Files.createDirectory(bundle.directory().resolve("data"));
    Files.writeString(bundle.directory().resolve("data/f"), "relative");
    bundle.bind(Path.of("data"), "/mnt/data");
    assertEquals("relative", box.output(bundle, "cat /mnt/data/f"));
  }

  @OnEveryRuntime
  void aFileIsBoundOnAFileThatIsMadeForIt(Box box) throws IOException {
    Path file = box.hostFile("resolv.conf", "nameserver 192.0.2.1\n");
    Bundle bundle = box.bundle().bind(file, "/etc/new/deep/resolv.conf", "ro");
    assertEquals("nameserver 192.0.2.1", box.output(bundle, "cat /etc/new/deep/resolv.conf"));
    assertTrue(Files.isRegularFile(bundle.rootfs().resolve("etc/new/deep/resolv.conf")));
  }

  @OnEveryRuntime
  void aDirectoryIsMadeForAMount(Box box) {
    Bundle bundle = box.bundle().mount("/new/deep/dir", "tmpfs", "tmpfs", "nodev");
    assertEquals("ok", box.output(bundle, "touch /new/deep/dir/x && echo ok"));
    assertTrue(Files.isDirectory(bundle.rootfs().resolve("new/deep/dir")));
  }

  @OnEveryRuntime
  void tmpfsTakesItsOptions(Box box) {
    Bundle bundle =
        box.bundle()
            .mount(
                "/mnt/new",
                "tmpfs",
                "tmpfs",
                "nosuid",
                "nodev",
                "noexec",
                "size=64k",
                "mode=1770",
                "uid=5",
                "gid=6",
                "noatime");
    String out = box.output(bundle, "stat -c '%a %u %g' /mnt/new; cat /proc/self/mountinfo");
    assertTrue(out.startsWith("1770 5 6\n"), out);
    String line = mountinfo(out, "/mnt/new");
    assertTrue(options(line).containsAll(List.of("nosuid", "nodev", "noexec", "noatime")), line);
    assertTrue(line.contains("size=64k"), line);
  }

  @OnEveryRuntime
  void aReadOnlyTmpfsIsReadOnly(Box box) {
    Bundle bundle = box.bundle().mount("/mnt", "tmpfs", "tmpfs", "ro", "nosuid");
    assertEquals("ro", box.output(bundle, "touch /mnt/x 2>/dev/null || echo ro"));
  }

  @OnGatun
  void aReadOnlyBindKeepsTheFlagsOfItsSource(Box box) {
    Path source = box.hostDirectory("flags");
    Host.run("mount", "-t", "tmpfs", "-o", "nosuid,nodev,noexec", box.token(), source + "");
    try {
      String line =
          mountinfo(
              box.output(box.bundle().bind(source, "/mnt", "ro"), "cat /proc/self/mountinfo"),
              "/mnt");
      assertTrue(options(line).containsAll(List.of("ro", "nosuid", "nodev", "noexec")), line);
    } finally {
      Host.run("umount", source.toString());
    }
  }

  @OnEveryRuntime
  void recursiveOptionsReachTheMountsBelow(Box box) throws IOException {
    Path source = box.hostDirectory("tree");
    Path below = Files.createDirectory(source.resolve("below"));
    Host.run("mount", "-t", "tmpfs", box.token(), below.toString());
    try {
      Bundle recursive = box.bundle().bind(source, "/mnt", "rro");
      assertEquals(
          "ro ro",
          box.output(
              recursive,
              "touch /mnt/x 2>/dev/null || echo -n 'ro ';"
                  + " touch /mnt/below/x 2>/dev/null || echo ro"));
      Bundle plain = box.bundle().bind(source, "/mnt", "ro");
      assertEquals("ok", box.output(plain, "touch /mnt/below/x && echo ok"));
      Bundle shallow = box.bundle().mount("/mnt", "bind", source, "bind");
      assertEquals("", box.output(shallow, "ls /mnt/below"));
      Bundle attributes = box.bundle().bind(source, "/mnt", "rnosuid", "rnoexec");
      String table = box.output(attributes, "cat /proc/self/mountinfo");
      assertTrue(options(mountinfo(table, "/mnt/below")).containsAll(List.of("nosuid", "noexec")));
    } finally {
      Host.run("umount", below.toString());
    }
  }

  @OnEveryRuntime
  void propagationIsTheConfigs(Box box) {
    Path source = box.hostDirectory("shared");
    Host.run("mount", "-t", "tmpfs", box.token(), source.toString());
    Host.run("mount", "--make-shared", source.toString());
    try {
      Bundle bundle =
          box.bundle()
              .set("/linux/rootfsPropagation", "'slave'")
              .bind(source, "/mnt/private", "rprivate")
              .bind(source, "/mnt/slave", "rslave")
              .bind(source, "/mnt/shared", "rshared")
              .bind(source, "/mnt/unbindable", "runbindable");
      String table = box.output(bundle, "cat /proc/self/mountinfo");
      assertEquals("", optionalFields(mountinfo(table, "/mnt/private")));
      String slave = optionalFields(mountinfo(table, "/mnt/slave"));
      assertTrue(slave.startsWith("master:"), slave);
      String shared = optionalFields(mountinfo(table, "/mnt/shared"));
      assertTrue(shared.contains("shared:"), shared);
      assertEquals("unbindable", optionalFields(mountinfo(table, "/mnt/unbindable")));
    } finally {
      Host.run("umount", source.toString());
    }
  }

  @OnEveryRuntime
  void aSlaveSeesWhatTheHostMountsLater(Box box) throws IOException {
    Path source = box.hostDirectory("live");
    Host.run("mount", "-t", "tmpfs", box.token(), source.toString());
    Host.run("mount", "--make-shared", source.toString());
    Path later = Files.createDirectory(source.resolve("later"));
    try {
      Bundle bundle =
          box.bundle()
              .set("/linux/rootfsPropagation", "'slave'")
              .bind(source, "/mnt", "rslave")
              .script("echo ready; until test -e /mnt/later/proof; do sleep 0.02; done; echo seen");
      Command run = box.launch("run", "--bundle", bundle.write(), box.newId());
      run.awaitOutput("ready");
      Host.run("mount", "-t", "tmpfs", box.token(), later.toString());
      Files.writeString(later.resolve("proof"), "");
      run.await().expectSuccess();
      assertTrue(run.out().endsWith("seen"));
    } finally {
      Host.run("umount", "-R", source.toString());
    }
  }

  @OnEveryRuntime
  void theRootIsPrivateUnlessToldOtherwise(Box box) {
    for (String kind : List.of("", "private", "slave")) {
      Bundle bundle = box.bundle();
      if (!kind.isEmpty()) {
        bundle.set("/linux/rootfsPropagation", "'" + kind + "'");
      }
      String table = box.output(bundle, "cat /proc/self/mountinfo");
      assertFalse(table.contains(" shared:"), kind + "\n" + table);
    }
  }

  @OnGatun
  void thePropagationOfTheRootIsTheConfigs(Box box) {
    // runc 1.1 sets it on the old root and leaves the new one private.
    Bundle shared = box.bundle().set("/linux/rootfsPropagation", "'shared'");
    String root = mountinfo(box.output(shared, "cat /proc/self/mountinfo"), "/");
    assertTrue(optionalFields(root).contains("shared:"), root);
    Bundle unbindable = box.bundle().set("/linux/rootfsPropagation", "'unbindable'");
    root = mountinfo(box.output(unbindable, "cat /proc/self/mountinfo"), "/");
    assertEquals("unbindable", optionalFields(root));
  }

  @OnEveryRuntime
  void nothingOfTheContainerIsMountedOnTheHost(Box box) {
    String id = box.start(box.bundle().mount("/mnt", "tmpfs", box.token()).args("sleep", "1000"));
    for (Host.Mount mount : Host.mounts()) {
      assertFalse(mount.line().contains(box.token()), mount::line);
    }
    box.call("delete", "--force", id).expectSuccess();
  }

  @OnEveryRuntime
  void maskedPathsAreEmptyAndReadOnlyPathsCannotBeWritten(Box box) {
    Bundle bundle =
        box.bundle()
            .set("/linux/maskedPaths", "['/proc/kcore', '/etc/secret', '/home', '/nonexistent']")
            .set("/linux/readonlyPaths", "['/proc/sys', '/var', '/nonexistent']")
            .writable();
    bundle.file("etc/secret", "key", "644");
    bundle.file("home/diary", "dear", "644");
    assertEquals(
        "0 0 ro ro",
        box.output(
            bundle,
            "echo -n \"$(cat /etc/secret | wc -c) $(ls /home | wc -l) \";"
                + " (echo 1 > /proc/sys/kernel/msgmax) 2>/dev/null || echo -n 'ro ';"
                + " touch /var/x 2>/dev/null || echo ro"));
    assertEquals("1:3", box.output(bundle, "stat -c %t:%T /etc/secret"));
    box.output(bundle, "! touch /home/x 2>/dev/null");
  }

  @OnEveryRuntime
  void aMountMayCoverAnother(Box box) throws IOException {
    Path inner = box.hostDirectory("inner");
    Files.writeString(inner.resolve("f"), "inner");
    Bundle bundle = box.bundle().mount("/mnt", "tmpfs", "tmpfs").bind(inner, "/mnt/a/b");
    assertEquals("inner", box.output(bundle, "cat /mnt/a/b/f"));
    assertFalse(Files.exists(bundle.rootfs().resolve("mnt/a")), "made in the tmpfs, not below it");
  }

  @OnGatun
  void theCgroupMountIsVersionTwoAndShowsTheOwnCgroupOnly(Box box) {
    // runc mounts the v1 hierarchies here where the host has them.
    for (boolean namespace : new boolean[] {true, false}) {
      // runc spec leaves the cgroup namespace out where the host has cgroup v1.
      Bundle bundle = box.bundle().removeNamespace("cgroup");
      if (namespace) {
        bundle.namespaces().addObject().put("type", "cgroup");
      }
      String out =
          box.output(
              bundle,
              "cat /proc/self/mountinfo; echo cgroup $(grep ^0:: /proc/self/cgroup);"
                  + " grep -x 1 /sys/fs/cgroup/cgroup.procs");
      String line = mountinfo(out, "/sys/fs/cgroup");
      assertTrue(line.contains(" - cgroup2 "), line);
      assertTrue(options(line).containsAll(List.of("ro", "nosuid", "noexec", "nodev")), line);
      String root = line.split(" ", -1)[3];
      assertEquals(namespace, root.equals("/"), "the cgroup namespace hides what is above");
      assertTrue(out.endsWith("cgroup 0::" + root + "\n1"), out);
    }
  }

  @OnGatun
  void everyMountOptionOfTheSpecIsTaken(Box box) {
    Bundle bundle =
        box.bundle()
            .mount("/mnt", "tmpfs", "tmpfs", "strictatime", "nodiratime", "lazytime", "nosymfollow")
            .mount("/var", "tmpfs", "tmpfs", "relatime", "diratime", "silent", "symfollow", "sync");
    String table = box.output(bundle, "cat /proc/self/mountinfo");
    String line = mountinfo(table, "/mnt");
    assertTrue(options(line).containsAll(List.of("nodiratime", "nosymfollow")), line);
    assertTrue(mountinfo(table, "/var").contains("sync"), table);
  }
}
