package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Mounts that show other owners than their files have; crun is the oracle, runc 1.1 has none. */
class IdmappedMountTest {
  private static final String SHIFT = "[{'containerID': 0, 'hostID': 100000, 'size': 65536}]";

  /** Lists owners in a mount, a line for each file. */
  private static final String LIST = "cd /mnt && stat -c '%n %u:%g' * */* 2>/dev/null; true";

  /**
   * crun knows cgroup v2 only, so it is given a mount table that has nothing else. It gives its
   * standard input to the container's user whatever it is, so that must not be the host's {@code
   * /dev/null}.
   */
  private static String crun(Box box, Bundle bundle) {
    String script =
        "umount -R -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup"
            + " && true | crun --root \"$1\" --cgroup-manager=disabled run -b \"$2\" \"$3\"";
    return box.launch(
            box.directory(),
            Map.of(),
            List.of(
                "unshare",
                "-m",
                "--propagation",
                "private",
                "sh",
                "-c",
                script,
                "sh",
                box.directory().resolve("crun").toString(),
                bundle.write(),
                box.newId()))
        .await()
        .expectSuccess()
        .out();
  }

  private static void expectBoth(Box box, Bundle bundle, String expected) {
    assertEquals(expected, crun(box, bundle), "crun");
    assertEquals(expected, box.output(bundle), "gatun");
  }

  /** Files of users 0 and 5, and one of user 5 on a file system of its own. */
  private static Path source(Box box) throws IOException {
    Path source = box.hostDirectory("source");
    Files.writeString(source.resolve("five"), "");
    Files.writeString(source.resolve("root"), "");
    Host.run("chown", "5:6", source.resolve("five").toString());
    Host.run("chmod", "0777", source.toString());
    return source;
  }

  private static Bundle withMaps(Bundle bundle, String maps) {
    int last = bundle.mounts().size() - 1;
    return bundle.setMount(last, "uidMappings", maps).setMount(last, "gidMappings", maps);
  }

  @OnGatun
  void aBindMountShowsMappedOwners(Box box) throws IOException {
    for (String option : List.of("idmap", "ridmap", "ro")) {
      Bundle bundle = box.bundle().mount("/mnt", "bind", source(box), "rbind", option);
      expectBoth(
          box, withMaps(bundle, SHIFT).script(LIST), "five 100005:100006\nroot 100000:100000");
    }
  }

  @OnGatun
  void theContainersOwnIdsAreTheDefault(Box box) throws IOException {
    Path source = source(box);
    Bundle bundle = UserNamespaceTest.mapped(box).mount("/mnt", "bind", source, "rbind", "idmap");
    expectBoth(box, bundle.script(LIST), "five 5:6\nroot 0:0");
    box.output(bundle, "touch /mnt/new");
    assertEquals("0:0", Host.run("stat", "-c", "%u:%g", source.resolve("new").toString()));
  }

  @OnGatun
  void mapsOfTheMountWinOverThoseOfTheContainer(Box box) throws IOException {
    Bundle bundle =
        UserNamespaceTest.mapped(box).mount("/mnt", "bind", source(box), "rbind", "idmap");
    String one = "[{'containerID': 5, 'hostID': 100000, 'size': 2}]";
    assertEquals("five 0:1\nroot 65534:65534", box.output(withMaps(bundle, one), LIST));
    // The same as the container's, said again.
    Bundle same =
        UserNamespaceTest.mapped(box).mount("/mnt", "bind", source(box), "rbind", "idmap");
    expectBoth(box, withMaps(same, UserNamespaceTest.MAPS).script(LIST), "five 5:6\nroot 0:0");
  }

  @OnGatun
  void aJoinedUserNamespaceHasIdsToo(Box box) throws IOException {
    Path source = source(box);
    String holder = box.start(UserNamespaceTest.mapped(box).args("/bin/sleep", "1000"));
    Bundle bundle =
        UserNamespaceTest.owned(box.bundle())
            .join("user", "/proc/" + box.pid(holder) + "/ns/user")
            .mount("/mnt", "bind", source, "rbind", "idmap");
    assertEquals("five 5:6\nroot 0:0", box.output(bundle, LIST));
  }

  @OnGatun
  void onlyRidmapReachesMountsBelow(Box box) throws IOException {
    Path source = source(box);
    Path below = Files.createDirectories(source.resolve("below"));
    Host.run("mount", "-t", "tmpfs", "-o", "mode=0755", box.token(), below.toString());
    try {
      Files.writeString(below.resolve("file"), "");
      String mapped = "below 100000:100000\nfive 100005:100006\nroot 100000:100000\nbelow/file ";
      Bundle all = box.bundle().mount("/mnt", "bind", source, "rbind", "ridmap");
      // crun 1.8 leaves out what is below.
      assertEquals(mapped + "100000:100000", box.output(withMaps(all, SHIFT), LIST));
      Bundle top = box.bundle().mount("/mnt", "bind", source, "rbind", "idmap");
      assertEquals(
          mapped.replaceFirst("below 100000:100000", "below 0:0") + "0:0",
          box.output(withMaps(top, SHIFT), LIST));
    } finally {
      Host.run("umount", below.toString());
    }
  }

  @OnGatun
  void aNewFileSystemIsMappedToo(Box box) {
    Bundle bundle = box.bundle().mount("/mnt", "tmpfs", "tmpfs", "mode=0755", "idmap");
    assertEquals("100000:100000", box.output(withMaps(bundle, SHIFT), "stat -c %u:%g /mnt"));
    Bundle user = UserNamespaceTest.mapped(box).mount("/mnt", "tmpfs", "tmpfs", "idmap");
    assertEquals(
        "0:0 0:0", box.output(user, "touch /mnt/new; echo $(stat -c %u:%g /mnt /mnt/new)"));
  }

  @OnGatun
  void severalMountsShareOrDifferInTheirMaps(Box box) throws IOException {
    Path source = source(box);
    Bundle bundle = box.bundle().mount("/mnt", "bind", source, "rbind", "idmap");
    withMaps(bundle, SHIFT).mount("/home", "bind", source, "rbind", "idmap");
    withMaps(bundle, "[{'containerID': 0, 'hostID': 300, 'size': 10}]");
    withMaps(bundle.mount("/var", "bind", source, "rbind", "idmap"), SHIFT);
    assertEquals(
        "100005 305 100005",
        box.output(bundle, "echo $(stat -c %u /mnt/five /home/five /var/five)"));
  }

  @OnGatun
  void whatCannotBeMappedIsOneSentence(Box box) throws IOException {
    Bundle sys = box.bundle().mount("/mnt", "bind", "/sys", "bind", "idmap");
    int last = sys.mounts().size() - 1;
    box.run(withMaps(sys, SHIFT))
        .expectFailure(
            "mount /mnt: map its ids, which needs Linux 5.12 and a file system that can be mapped:"
                + " mount_setattr(",
            "EINVAL",
            "[config.json /mounts/" + last + "]");
    box.run(box.bundle().mount("/mnt", "bind", source(box), "rbind", "idmap"))
        .expectFailure("idmap needs uidMappings and gidMappings, or a user namespace");
    Command old =
        SeccompThread.under(
                List.of(SeccompThread.Rule.enosys("mount_setattr")),
                () -> box.launch("run", "-b", withMaps(sys, SHIFT).write(), box.newId()))
            .await();
    old.expectFailure("mount_setattr(", "it needs Linux 5.12");
    box.expectNothingLeft();
  }

  @OnGatun
  void noProcessOfAMapStays(Box box) throws IOException {
    Bundle bundle = box.bundle().mount("/mnt", "bind", source(box), "rbind", "idmap");
    String id = box.create(withMaps(bundle, SHIFT).script("true"));
    long init = box.pid(id);
    for (long pid : ProcFs.pids()) {
      String name = ProcFs.read(pid, "comm").strip();
      assertTrue(pid == init || !name.equals(("gatun:" + id).substring(0, 15)), "process " + pid);
    }
  }
}
