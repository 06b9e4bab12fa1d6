package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** Hostile root file systems and configs: each test fails when its rule is taken out. */
class SecurityTest {
  /** What a bad resolution would find or make on the host. */
  private static Path trap(Box box) {
    return box.hostDirectory("trap");
  }

  private static List<String> names(Path directory) throws IOException {
    try (var entries = Files.list(directory)) {
      return entries.map(entry -> String.valueOf(entry.getFileName())).sorted().toList();
    }
  }

  @OnEveryRuntime
  void aLinkAsMountTargetStaysInTheRoot(Box box) throws IOException {
    Path source = box.hostDirectory("source");
    Files.writeString(source.resolve("f"), "mounted");
    // An absolute link means the same path inside the root, so it is there that the mount goes.
    Bundle bundle = box.bundle().symlink("mnt/link", trap(box).toString());
    bundle.bind(source, "/mnt/link/deep");
    assertEquals("mounted", box.output(bundle, "cat " + trap(box) + "/deep/f"));
    assertEquals(List.of(), names(trap(box)));

    Bundle climbing = box.bundle().symlink("mnt/up", "../../../../../../../../home");
    climbing.bind(source, "/mnt/up");
    assertEquals("mounted", box.output(climbing, "cat /home/f"));
  }

  @OnEveryRuntime
  void aFileTargetBehindALinkIsMadeInTheRoot(Box box) throws IOException {
    Path file = box.hostFile("file", "bound");
    Bundle bundle = box.bundle().symlink("etc/resolv.conf", trap(box) + "/resolv.conf");
    bundle.bind(file, "/etc/resolv.conf");
    Command run = box.run(bundle.script("cat " + trap(box) + "/resolv.conf"));
    assertEquals(List.of(), names(trap(box)), run::toString);
    if (!box.isRunc()) {
      assertEquals("bound", run.expectSuccess().out());
    }
  }

  @OnGatun
  void dotsInATargetDoNotClimb(Box box) throws IOException {
    Path source = box.hostDirectory("source");
    Files.writeString(source.resolve("f"), "mounted");
    Bundle bundle = box.bundle().bind(source, "/mnt/../../../../../home");
    assertEquals("mounted", box.output(bundle, "cat /home/f"));
  }

  @OnGatun
  void devAsALinkTouchesNothingOfTheHost(Box box) throws IOException {
    // CVE-2026-41579: the default devices were made behind the link.
    Bundle bundle = box.bundle().removeMount("/dev/pts").removeMount("/dev/shm");
    bundle.removeMount("/dev/mqueue").removeMount("/dev").writable();
    bundle.symlink("dev", trap(box).toString());
    Command run = box.run(bundle.script("true"));
    assertEquals(List.of(), names(trap(box)), run::toString);
    if (run.exit() != 0) {
      run.expectFailure("/dev");
    }
  }

  @OnGatun
  void devAsALinkWithItsMountTouchesNothingOfTheHost(Box box) throws IOException {
    Bundle bundle = box.bundle().symlink("dev", trap(box).toString()).args("/bin/true");
    Command run = box.run(bundle);
    assertEquals(List.of(), names(trap(box)), run::toString);
    if (run.exit() != 0) {
      run.expectFailure("/dev");
    }
    for (Host.Mount mount : Host.mounts()) {
      assertFalse(mount.line().contains(box.token()), mount::line);
    }
  }

  @OnEveryRuntime
  void procIsMountedOnAnOrdinaryDirectoryAlone(Box box) {
    // CVE-2019-19921, CVE-2023-27561: a link made the runtime write to a fake /proc.
    for (String name : List.of("proc", "sys")) {
      Bundle bundle = box.bundle().symlink(name, "tmp");
      box.run(bundle.args("/bin/true")).expectFailure("/" + name);
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void nothingIsMountedBelowProc(Box box) {
    // CVE-2019-16884.
    Path fake = box.hostDirectory("fake");
    for (String target : List.of("/proc/self", "/proc/sys", "/proc/1/attr", "/tmp/../proc/sys")) {
      box.run(box.bundle().bind(fake, target).args("/bin/true")).expectFailure("/proc");
    }
    Bundle link = box.bundle().symlink("mnt/p", "/proc/sys").bind(fake, "/mnt/p");
    box.run(link.args("/bin/true")).expectFailure();
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void filesOfLxcfsMayCoverThoseOfProc(Box box) {
    Path file = box.hostFile("meminfo", "MemTotal: 1 kB\n");
    Bundle bundle = box.bundle().bind(file, "/proc/meminfo");
    assertEquals("MemTotal: 1 kB", box.output(bundle, "cat /proc/meminfo"));
  }

  @OnEveryRuntime
  void aWorkingDirectoryBehindADescriptorIsRefused(Box box) {
    // CVE-2024-21626.
    for (int fd = 3; fd < 14; fd++) {
      Bundle bundle = box.bundle().set("/process/cwd", "'/proc/self/fd/" + fd + "'");
      Command run =
          box.launchFromShell(
              "exec 3</ 5</etc 7</ 9</; exec \"$@\"",
              java.util.Map.of(),
              "run",
              "--bundle",
              bundle.args("/bin/ls", "../../../../..").write(),
              box.newId());
      run.await().expectFailure("/proc/self/fd/" + fd);
      assertEquals("", run.out());
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void aWorkingDirectoryBehindALinkIsInTheRoot(Box box) {
    Bundle bundle = box.bundle().symlink("mnt/w", "../../../../../tmp");
    assertEquals("/tmp", box.output(bundle.set("/process/cwd", "'/mnt/w'"), "pwd -P"));
  }

  @OnGatun
  void theImageOfInitIsSealedAndNoFileOfTheHost(Box box) throws IOException {
    // CVE-2019-5736.
    String id = box.create(box.bundle().args("/bin/sleep", "1000"));
    long pid = box.pid(id);
    String exe = ProcFs.link(pid, "exe");
    assertTrue(exe.startsWith("/memfd:"), exe);
    Path image = Path.of("/proc/" + pid + "/exe");
    byte[] before = Files.readAllBytes(image);
    assertTrue(before.length < 1 << 20, "a small image, not a JVM: " + before.length);
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.write(0);
      throw new AssertionError("the image of init could be written");
    } catch (IOException expected) {
      assertTrue(String.valueOf(expected.getMessage()).length() > 0);
    }
    assertEquals(before.length, Files.readAllBytes(image).length);
  }

  @OnGatun
  void aCreatedInitIsNotDumpable(Box box) throws IOException {
    // Files of a process that is not dumpable belong to root whatever user it has.
    Bundle bundle =
        box.bundle().set("/process/user", "{'uid': 1000, 'gid': 1000}").args("/bin/sleep", "1000");
    String id = box.create(bundle);
    long pid = box.pid(id);
    for (String name : List.of("mem", "maps", "fd")) {
      assertEquals("root", Files.getOwner(Path.of("/proc/" + pid + "/" + name)).getName());
    }
    box.call("start", id).expectSuccess();
    Wait.until(
        "the program to be dumpable again",
        () -> Host.run("stat", "-c", "%u", "/proc/" + pid + "/mem").equals("1000"));
  }

  @OnGatun
  void aCreatedInitMapsNoLibraryAndNoFileOfTheHost(Box box) {
    long pid = box.pid(box.create(box.bundle().args("/bin/sleep", "1000")));
    for (String line : ProcFs.read(pid, "maps").split("\n", -1)) {
      String[] fields = line.split(" +", 6);
      // Anonymous memory has no name: the image's zeroed memory is that.
      if (fields.length == 6 && !fields[5].isEmpty()) {
        assertTrue(fields[5].startsWith("[") || fields[5].startsWith("/memfd:"), line);
      }
    }
  }

  @OnEveryRuntime
  void capabilitiesAreNotInheritable(Box box) {
    // CVE-2022-27650.
    Bundle bundle = box.bundle().script("cat /proc/self/status");
    bundle.remove("/process/capabilities/inheritable");
    bundle.config().withObject("/process/capabilities").remove("ambient");
    String status = box.output(bundle);
    assertEquals("0000000000000000", ProcFs.field(status, "CapInh"));
    assertEquals("0000000000000000", ProcFs.field(status, "CapAmb"));
  }

  @OnGatun
  void aMaskIsTheHostsNullDevice(Box box) {
    // CVE-2025-31133: what the container calls /dev/null is not trusted.
    Path evil = box.hostFile("evil", "swapped");
    Bundle bundle =
        box.bundle()
            .set("/linux/maskedPaths", "['/etc/secret']")
            .bind(evil, "/dev/null")
            .script("stat -c '%t:%T' /etc/secret");
    bundle.file("etc/secret", "key", "600");
    Command run = box.run(bundle);
    assertEquals("1:3", run.expectSuccess().out());
    Bundle link = box.bundle().removeMount("/dev/pts").removeMount("/dev/shm");
    link.removeMount("/dev/mqueue").removeMount("/dev").writable();
    link.set("/linux/maskedPaths", "['/etc/secret']").makeDirectory("dev");
    link.symlink("dev/null", "/etc/passwd").file("etc/secret", "key", "600");
    Command linked = box.run(link.script("wc -c < /etc/secret; stat -c '%t:%T' /etc/secret"));
    if (linked.exit() == 0) {
      assertEquals("0\n1:3", linked.out());
    } else {
      linked.expectFailure("dev/null");
    }
  }

  @OnEveryRuntime
  void aMaskedPathBehindALinkHidesNothingOfTheHost(Box box) throws IOException {
    Path secret = Files.writeString(trap(box).resolve("file"), "host's");
    Bundle bundle = box.bundle().symlink("mnt/m", trap(box).toString());
    bundle.set("/linux/maskedPaths", "['/mnt/m/file', '/mnt/m']");
    box.run(bundle.args("/bin/true")).expectSuccess();
    assertEquals("host's", Files.readString(secret));
  }

  @OnGatun
  void aMaskedDirectoryIsReadOnlyAndSmall(Box box) {
    Bundle bundle =
        box.bundle()
            .set("/linux/maskedPaths", "['/home', '/var', '/home']")
            .script("grep -E ' /(home|var) ' /proc/self/mountinfo; ! touch /home/x /var/x");
    bundle.file("var/x", "", "644");
    Command run = box.run(bundle).expectSuccess();
    List<String> lines = run.out().lines().toList();
    assertEquals(2, lines.size(), run::toString);
    // The device number is the third field: one tmpfs serves all.
    assertEquals(lines.get(0).split(" ", 4)[2], lines.get(1).split(" ", 4)[2]);
  }

  @OnEveryRuntime
  void theStateIsForRootAlone(Box box) throws IOException {
    String id = box.create(box.bundle().args("/bin/sleep", "1000"));
    String mode =
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(box.stateRoot().resolve(id), LinkOption.NOFOLLOW_LINKS));
    assertTrue(mode.endsWith("--x") || mode.endsWith("---"), mode);
  }

  @OnEveryRuntime
  void processesOfTheRuntimeAreInvisibleInside(Box box) {
    assertEquals(
        "1",
        box.output(
            box.bundle(), "ls -d /proc/[0-9]* | grep -vc \"^/proc/$$$\" |" + " sed 's/.*/1/'"));
    String id = box.start(box.bundle().args("/bin/sleep", "1000"));
    assertEquals(1, Box.parse(box.call("ps", "-f", "json", id).out()).size());
  }

  @OnEveryRuntime
  void aRootThatIsALinkIsTheDirectoryItNames(Box box) throws IOException {
    Bundle bundle = box.bundle();
    Files.createSymbolicLink(bundle.directory().resolve("link"), Path.of("rootfs"));
    Command run = box.run(bundle.set("/root/path", "'link'").script("echo in"));
    if (!box.isRunc()) {
      assertEquals("in", run.expectSuccess().out());
    }
    assertTrue(run.exit() == 0 || run.exit() == 1, run::toString);
  }

  @OnEveryRuntime
  void aContainerCannotChangeTheHostsMounts(Box box) {
    Bundle bundle =
        box.bundle()
            .set("/process/capabilities/bounding", "['CAP_SYS_ADMIN']")
            .set("/process/capabilities/permitted", "['CAP_SYS_ADMIN']")
            .set("/process/capabilities/effective", "['CAP_SYS_ADMIN']")
            .script("mount -t tmpfs tmpfs /mnt && echo mounted; sleep 1000");
    String id = box.newId();
    box.call("run", "-d", "-b", bundle.write(), id).awaitOutput("mounted");
    for (Host.Mount mount : Host.mounts()) {
      assertFalse(mount.line().contains(box.token()), mount::line);
    }
  }

  @OnEveryRuntime
  void withoutAPivotTheRootIsTheContainersAndTheHostsProcAndSysAreHidden(Box box) {
    // A user namespace may mount procfs and sysfs when the masks of another one are no obstacle.
    String mount = "unshare -U -r -p -f -m mount -t TYPE TYPE /mnt && echo TYPE";
    Path secret = box.hostFile("secret", "of the host");
    Bundle bundle =
        box.bundle()
            .writable()
            .script(
                "cat /mark "
                    + secret
                    + "; cd ../../../../..; pwd -P; unshare -U -r echo nested; "
                    + mount.replace("TYPE", "proc")
                    + "; "
                    + mount.replace("TYPE", "sysfs")
                    + "; exit 0");
    bundle.file("mark", "of the container\n", "644");
    for (String set : List.of("bounding", "effective", "permitted")) {
      // Who maps user 0 has to have it.
      ((ArrayNode) bundle.config().at("/process/capabilities/" + set)).add("CAP_SETFCAP");
    }
    String path = bundle.write();
    String expected = "of the container\n/\nnested";
    // The container's own are masked, and nothing of the host's is there to be compared with.
    Command run = box.call("run", "--no-pivot", "--bundle", path, box.newId());
    assertEquals(expected, run.out(), run::toString);
    String id = box.newId();
    Command create = box.call("create", "--no-pivot", "--bundle", path, id).expectSuccess();
    box.call("start", id).expectSuccess();
    box.awaitStatus(id, "stopped");
    assertEquals(expected, create.out(), create::toString);
    box.call("delete", id).expectSuccess();
  }
}
