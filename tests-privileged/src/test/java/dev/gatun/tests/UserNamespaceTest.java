package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Containers of root whose users are others on the host. */
class UserNamespaceTest {
  static final String MAPS =
      "[{'containerID': 0, 'hostID': 100000, 'size': 1000},"
          + " {'containerID': 1000, 'hostID': 200000, 'size': 64536}]";

  private static String host(String name) {
    return ProcFs.link(ProcessHandle.current().pid(), "ns/" + name);
  }

  /** A bundle with a user namespace of two ranges. */
  static Bundle mapped(Box box) {
    Bundle bundle = owned(box.bundle());
    bundle.namespaces().addObject().put("type", "user");
    return bundle.set("/linux/uidMappings", MAPS).set("/linux/gidMappings", MAPS);
  }

  /** Lets the container's root make what mounts need in its root file system. */
  static Bundle owned(Bundle bundle) {
    Host.run("chown", "100000:100000", bundle.rootfs().toString());
    return bundle;
  }

  private static String squeeze(String text) {
    return text.replaceAll(" +", " ").trim();
  }

  @OnEveryRuntime
  void theMapsAreThoseOfTheConfig(Box box) {
    assertEquals(
        "0 100000 1000\n 1000 200000 64536\n 0 100000 1000\n 1000 200000 64536\nallow",
        squeeze(
            box.output(
                mapped(box), "cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups")));
  }

  @OnEveryRuntime
  void everyNewNamespaceBelongsToTheNewUserNamespace(Box box) {
    Bundle bundle = mapped(box).args("/bin/sleep", "1000");
    bundle.removeNamespace("cgroup").namespaces().addObject().put("type", "cgroup");
    String id = box.start(bundle);
    long pid = box.pid(id);
    for (String name : List.of("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")) {
      assertNotEquals(host(name), ProcFs.link(pid, "ns/" + name), name);
    }
    String status = ProcFs.read(pid, "status");
    assertTrue(status.contains("Uid:\t100000\t100000\t100000\t100000"), status);
    assertTrue(status.contains("Gid:\t100000\t100000\t100000\t100000"), status);
    assertTrue(status.contains("Groups:\t \n"), "no group of the host's root is kept: " + status);
    assertEquals("running", box.status(id));
    box.call("kill", id, "KILL").expectSuccess();
    box.awaitStatus(id, "stopped");
    box.call("delete", id).expectSuccess();
  }

  @OnEveryRuntime
  void whatOnlyTheOwnerOfNamespacesMayDoIsDone(Box box) {
    Bundle bundle =
        mapped(box)
            .set("/linux/sysctl", "{'net.ipv4.ip_forward': '1', 'kernel.msgmax': '4321'}")
            .set("/process/oomScoreAdj", "300")
            .set("/hostname", "'inner'");
    assertEquals(
        "inner 1 4321 300 UP 0:0",
        box.output(
            bundle,
            "echo $(hostname) $(cat /proc/sys/net/ipv4/ip_forward) $(cat /proc/sys/kernel/msgmax)"
                + " $(cat /proc/self/oom_score_adj) $(ip link show lo | grep -o -w UP | head -1)"
                + " $(stat -c %u:%g /dev/shm)"));
  }

  @OnGatun
  void messageQueuesBelongToTheContainersRoot(Box box) {
    // runc leaves them to the host's root group.
    assertEquals("0:0", box.output(mapped(box), "stat -c %u:%g /dev/mqueue"));
  }

  @OnEveryRuntime
  void aUserOfTheSecondRangeWithGroups(Box box) {
    Bundle bundle =
        mapped(box)
            .set("/process/user", "{'uid': 1001, 'gid': 5, 'additionalGids': [7, 1002]}")
            .args("/bin/sleep", "1000");
    String status = ProcFs.read(box.pid(box.start(bundle)), "status");
    assertTrue(status.contains("Uid:\t200001\t"), status);
    assertTrue(status.contains("Gid:\t100005\t"), status);
    assertTrue(status.contains("Groups:\t100007 200002"), status);
  }

  @OnEveryRuntime
  void sourcesAreOpenedWithTheHostsPrivileges(Box box) throws IOException {
    Path home = box.hostDirectory("home");
    Path data = Files.createDirectories(home.resolve("data"));
    Files.writeString(data.resolve("file"), "mine");
    Host.run("chown", "-R", "100000:100000", data.toString());
    Host.run("chown", "1234:1234", home.toString());
    Host.run("chmod", "0700", home.toString());
    Bundle bundle = mapped(box).bind(data, "/mnt").writable();
    assertEquals("mine", box.output(bundle, "cat /mnt/file; touch /mnt/new"));
    assertEquals("100000", Host.run("stat", "-c", "%u", data.resolve("new").toString()));
  }

  @OnGatun
  void theRootFileSystemMayLieBehindAPrivateDirectory(Box box) {
    // runc enters every directory above it as the container's root.
    Bundle bundle = mapped(box);
    Host.run("chown", "1234", bundle.directory().toString());
    Host.run("chmod", "0700", bundle.directory().toString());
    assertEquals("in", box.output(bundle, "echo in"));
  }

  @OnEveryRuntime
  void devicesAreTheHostsOwn(Box box) {
    assertEquals(
        "1:3 1:5 1:7 1:8 1:9 5:0 0 full",
        box.output(
            mapped(box),
            "cd /dev; echo x > null;"
                + " echo $(stat -c %t:%T null zero full random urandom tty)"
                + " $(head -c 4 zero | tr -d '\\000' | wc -c)"
                + " $( (echo x > full) 2>/dev/null || echo full)"));
  }

  @OnGatun
  void aDeviceIsOnlyTheOneThatIsAskedFor(Box box) {
    String device = "[{'path': '/dev/zero', 'type': 'c', 'major': 1, 'minor': 3}]";
    box.run(mapped(box).set("/linux/devices", device))
        .expectFailure("the host's /dev/zero is not this device", "[config.json /linux/devices/0]");
    Bundle link = mapped(box).removeMount("/dev/mqueue");
    link.removeMount("/dev/pts").removeMount("/dev/shm").removeMount("/dev").writable();
    Host.run("chown", "100000:100000", link.makeDirectory("dev").toString());
    link.symlink("dev/zero", "/etc/passwd");
    box.run(link).expectFailure("create device /dev/zero", "a link is there");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void whatTheHostsMountsForbidStaysForbidden(Box box) {
    Path disk = box.hostDirectory("disk");
    Host.run("mount", "-t", "tmpfs", "-o", "ro,nosuid,nodev", box.token(), disk.toString());
    try {
      Bundle bundle = mapped(box).mount("/mnt", "bind", disk, "rbind");
      for (String set : List.of("bounding", "effective", "permitted")) {
        bundle.set("/process/capabilities/" + set, "['CAP_SYS_ADMIN']");
      }
      assertEquals(
          "ro,nosuid,nodev,relatime",
          box.output(
              bundle,
              "mount -o remount,bind,rw,nosuid,nodev /mnt 2>/dev/null;"
                  + " mount -o remount,bind,ro,suid,dev /mnt 2>/dev/null;"
                  + " grep ' /mnt ' /proc/self/mountinfo | cut -d' ' -f6"));
    } finally {
      Host.run("umount", disk.toString());
    }
  }

  @OnGatun
  void whatAMountForbidsCannotBeAskedFor(Box box) {
    Path disk = box.hostDirectory("disk");
    Host.run("mount", "-t", "tmpfs", "-o", "ro", box.token(), disk.toString());
    try {
      box.run(mapped(box).mount("/mnt", "bind", disk, "rbind", "rw"))
          .expectFailure("mount /mnt with rw, suid, dev or exec", "EPERM");
    } finally {
      Host.run("umount", disk.toString());
    }
    box.expectNothingLeft();
  }

  /** A process in new namespaces, with maps. */
  private static Command holder(Box box) throws IOException {
    Command holder =
        box.launch(
            box.directory(),
            java.util.Map.of(),
            List.of("unshare", "-U", "-n", "-u", "/bin/sleep", "1000"));
    Wait.until("a user namespace", () -> !ProcFs.link(holder.pid(), "ns/uts").equals(host("uts")));
    for (String file : List.of("uid_map", "gid_map")) {
      Files.writeString(Path.of("/proc/" + holder.pid() + "/" + file), "0 100000 65536\n");
    }
    return holder;
  }

  @OnEveryRuntime
  void aUserNamespaceIsJoinedWithThoseThatItOwns(Box box) throws IOException {
    Path home = box.hostDirectory("home");
    Files.writeString(Files.createDirectories(home.resolve("data")).resolve("file"), "mine");
    Host.run("chown", "1234", home.toString());
    Host.run("chmod", "0700", home.toString());
    long pid = holder(box).pid();
    String map = "[{'containerID': 0, 'hostID': 100000, 'size': 65536}]";
    // runc wants to be told the maps, although they are what they are.
    Bundle bundle =
        owned(box.bundle())
            .remove("/hostname")
            .bind(home.resolve("data"), "/mnt")
            .set("/linux/uidMappings", map)
            .set("/linux/gidMappings", map)
            .join("user", "/proc/" + pid + "/ns/user")
            .join("network", "/proc/" + pid + "/ns/net")
            .join("uts", "/proc/" + pid + "/ns/uts");
    if (box.isRunc()) {
      // It opens sources with less privileges then.
      Host.run("chmod", "0755", home.toString());
    }
    assertEquals(
        ProcFs.link(pid, "ns/user")
            + "\n"
            + ProcFs.link(pid, "ns/net")
            + "\n"
            + ProcFs.link(pid, "ns/uts")
            + "\n0 100000 65536\nmine\n0",
        squeeze(
            box.output(
                bundle,
                "cd /proc/self/ns; readlink user; readlink net; readlink uts;"
                    + " tr -s ' ' < /proc/self/uid_map | cut -c2-; cat /mnt/file; echo; id -u")));
  }

  @OnGatun
  void theOwnUserNamespaceIsNotJoined(Box box) {
    Bundle bundle = box.bundle().join("user", "/proc/self/ns/user");
    assertEquals(host("user"), box.output(bundle, "readlink /proc/self/ns/user"));
  }

  @OnGatun
  void aTimeNamespaceBelongsToTheUserNamespace(Box box) {
    Bundle bundle =
        mapped(box).set("/linux/timeOffsets", "{'boottime': {'secs': 864000, 'nanosecs': 5}}");
    bundle.namespaces().addObject().put("type", "time");
    String[] out =
        box.output(bundle, "readlink /proc/self/ns/time; cut -d. -f1 /proc/uptime").split("\n", -1);
    assertNotEquals(host("time"), out[0]);
    double uptime =
        Double.parseDouble(
            ProcFs.read(ProcessHandle.current().pid(), "../uptime").split(" ", -1)[0]);
    assertTrue(Math.abs(Double.parseDouble(out[1]) - uptime - 864000) < 60, out[1]);
  }

  @OnGatun
  void nothingOfTheHandOverStaysOpen(Box box) throws IOException {
    String id = box.create(mapped(box).bind(box.hostDirectory("data"), "/mnt").script("true"));
    long pid = box.pid(id);
    try (var entries = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      for (Path fd : entries.toList()) {
        String target = Files.readSymbolicLink(fd).toString();
        assertFalse(target.startsWith("socket:"), target);
        assertFalse(target.contains("ns/") || target.startsWith("user:"), target);
        assertFalse(target.endsWith("/data") || target.endsWith("/rootfs"), target);
      }
    }
    // Its memory, environment and descriptors are the runtime's until it executes.
    assertEquals("0", Host.run("stat", "-c", "%u", "/proc/" + pid + "/environ"));
  }

  @OnGatun
  void manyRangesAndManySources(Box box) {
    StringBuilder ranges = new StringBuilder("[");
    for (int i = 0; i < 200; i++) {
      ranges
          .append(i == 0 ? "" : ", ")
          .append("{'containerID': " + 2 * i + ", 'hostID': " + (100000 + 3 * i) + ", 'size': 1}");
    }
    Bundle bundle = mapped(box).set("/linux/uidMappings", ranges + "]").mount("/mnt", "tmpfs", "t");
    Path source = box.hostFile("source", "x");
    // More than one message can carry.
    for (int i = 0; i < 260; i++) {
      bundle.mount("/mnt/" + i, "bind", source, "bind");
    }
    assertEquals(
        "200 260",
        box.output(
            bundle, "echo $(wc -l < /proc/self/uid_map) $(cat /mnt/* | tr -d '\\n' | wc -c)"));
  }

  @OnGatun
  void whatGoesWrongIsOneSentence(Box box) {
    box.run(mapped(box).mount("/mnt", "bind", box.directory().resolve("missing"), "rbind"))
        .expectFailure("mount /mnt: open_tree(", "ENOENT", "[config.json /mounts/");
    String overlap =
        "[{'containerID': 0, 'hostID': 1, 'size': 9}, {'containerID': 5, 'hostID': 99, 'size': 9}]";
    box.run(mapped(box).set("/linux/uidMappings", overlap))
        .expectFailure(
            "write the map of users: write(", "EINVAL", "[config.json /linux/uidMappings]");
    box.run(mapped(box).set("/process/user", "{'uid': 99999, 'gid': 0}"))
        .expectFailure("user 99999 is not mapped", "[config.json /process/user/uid]");
    box.run(mapped(box).set("/linux/uidMappings", "[{'containerID': 1, 'hostID': 1, 'size': 9}]"))
        .expectFailure("the container's user 0 is not mapped", "[config.json /linux/uidMappings]");
    ObjectNode pts = (ObjectNode) mapped(box).mounts().get(2);
    assertEquals("/dev/pts", pts.get("destination").asText());
    box.run(mapped(box).set("/linux/gidMappings", "[{'containerID': 0, 'hostID': 1, 'size': 5}]"))
        .expectFailure(
            "mount /dev/pts: group 5 is not mapped", "[config.json /mounts/2/options/5]");
    box.run(mapped(box).removeNamespace("pid"))
        .expectFailure("mount /proc: a proc is given to who owns the PID namespace");
    box.run(box.bundle().join("user", "/proc/self/ns/net"))
        .expectFailure("\"/proc/self/ns/net\" is not a user namespace");
    box.expectNothingLeft();
  }
}
