package dev.gatun.runtime.rootfs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.linux.program.Program;
import dev.gatun.runtime.rootfs.RootfsRun.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Executes the records in real namespaces, over friendly and hostile root file systems. */
@Tag("root")
class RootfsExecutionTest {
  private static final Path BUSYBOX = Path.of("/bin/busybox");
  private static final String NAMESPACES =
      "{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},"
          + "{\"type\":\"mount\"},{\"type\":\"cgroup\"}";

  /** The mounts that {@code runc spec} writes, but for the cgroup mount. */
  private static final String PROC =
      "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}";

  private static final String DEV =
      "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":"
          + "[\"nosuid\",\"strictatime\",\"mode=755\",\"size=65536k\"]}";
  private static final String DEFAULT_MOUNTS =
      PROC
          + ","
          + DEV
          + ",{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":"
          + "[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
          + "{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":"
          + "[\"nosuid\",\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"
          + "{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\",\"options\":"
          + "[\"nosuid\",\"noexec\",\"nodev\"]},"
          + "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":"
          + "[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}";
  private static final String HIDDEN =
      "\"maskedPaths\":[\"/proc/acpi\",\"/proc/keys\",\"/proc/timer_list\",\"/sys/firmware\","
          + "\"/proc/none\"],"
          + "\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\"]";

  private Path bundle = Path.of("/nonexistent");
  private Path rootfs = bundle;

  @BeforeEach
  void prepare() throws IOException {
    assumeTrue(
        Files.isReadable(Path.of("/proc/1/environ")), "namespaces and mounts need root: skipped");
    assumeTrue(
        Files.exists(BUSYBOX), "a shell without libraries (busybox-static) is needed: skipped");
    bundle = Files.createTempDirectory("gatun-bundle");
    rootfs = Files.createDirectories(bundle.resolve("rootfs"));
    Path bin = Files.createDirectories(rootfs.resolve("bin"));
    Files.copy(BUSYBOX, bin.resolve("busybox"));
    for (String applet :
        new String[] {"cat", "ls", "mount", "stat", "sh", "touch", "grep", "readlink", "mkdir"}) {
      Files.createSymbolicLink(bin.resolve(applet), Path.of("busybox"));
    }
  }

  /** Not JUnit's own directory, which warns of every link that leads out of it. */
  @AfterEach
  void cleanUp() throws IOException {
    if (Files.exists(bundle)) {
      try (var files = Files.walk(bundle)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static String config(boolean readonly, String mounts, String linux) {
    return "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\",\"readonly\":"
        + readonly
        + "},\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0}},"
        + "\"mounts\":["
        + mounts
        + "],\"linux\":{\"namespaces\":["
        + NAMESPACES
        + "]"
        + (linux.isEmpty() ? "" : "," + linux)
        + "}}";
  }

  private Result run(String config, String script, String... unshare)
      throws IOException, InterruptedException {
    return RootfsRun.run(
        RootfsRun.program(RootfsRun.spec(config), bundle.toString(), false, script), unshare);
  }

  private Result mounts(String mounts, String script) throws IOException, InterruptedException {
    return run(config(false, mounts, ""), script);
  }

  /** Mount point, root, options and file system of each mount: what does not change by the run. */
  private static List<String> mountTable(String mountinfo) {
    List<String> table = new ArrayList<>();
    for (String line : mountinfo.lines().toList()) {
      String[] field = line.split(" ");
      int dash = List.of(field).indexOf("-");
      String options = field[5];
      if (field[4].startsWith("/proc/") && field[3].equals("/null")) {
        // A file mask is the host's null device here and the container's there.
        table.add(field[4] + " null");
        continue;
      }
      // Their mask is a tmpfs with room for nothing, runc's has room without limit.
      String superblock = field[dash + 3].replace(",size=4k,nr_inodes=1", "");
      table.add(
          field[4] + " " + field[3] + " " + options + " " + field[dash + 1] + " " + superblock);
    }
    return table;
  }

  private static String before(String out) {
    return out.substring(0, out.indexOf("---\n"));
  }

  @Test
  void defaultConfigurationLooksAsInRunc() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/sbin/runc")), "runc is the oracle: skipped");
    String script =
        "cat /proc/self/mountinfo; echo ---; cd /dev; for f in *; do"
            + " stat -c '%n %F %a %u:%g %t:%T' $f; readlink $f; done; stat -c '%a %F' /proc/acpi"
            + " /proc/keys; ls /proc/acpi /sys/firmware; umask";
    String config = config(true, DEFAULT_MOUNTS, HIDDEN);
    String ours = run(config, script).succeeded();
    Files.writeString(
        bundle.resolve("config.json"),
        config.replace(
            "\"args\":[\"sh\"]",
            "\"env\":[\"PATH=/bin\"],\"args\":[\"sh\",\"-c\",\"" + script + "\"]"));
    String name = "gatun-rootfs-" + ProcessHandle.current().pid();
    Process runc =
        new ProcessBuilder("runc", "run", "--bundle", bundle.toString(), name)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .start();
    String theirs = new String(runc.getInputStream().readAllBytes(), UTF_8);
    assertTrue(runc.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, runc.exitValue(), theirs);
    assertEquals(
        String.join("\n", mountTable(before(theirs))), String.join("\n", mountTable(before(ours))));
    assertEquals(theirs.substring(before(theirs).length()), ours.substring(before(ours).length()));
  }

  @Test
  void leavesNoDescriptorAndTheCallersUmask() throws Exception {
    String out =
        run(config(false, DEFAULT_MOUNTS, HIDDEN), "ls /proc/self/fd; readlink /proc/self/cwd")
            .succeeded();
    // 3 is the one that ls reads the directory with.
    assertEquals("0\n1\n2\n3\n/\n", out);
  }

  @Test
  void rootIsReadOnlyOnlyWhenAsked() throws Exception {
    mounts(PROC, "touch /there").succeeded();
    assertTrue(Files.exists(rootfs.resolve("there")));
    Result result = run(config(true, PROC, ""), "touch /other");
    assertTrue(result.err().contains("Read-only file system"), result.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable"})
  void hostSeesNoMount(String propagation) throws Exception {
    for (boolean noPivot : new boolean[] {false, true}) {
      String linux =
          HIDDEN + (propagation.isEmpty() ? "" : ",\"rootfsPropagation\":\"" + propagation + "\"");
      if (noPivot && propagation.equals("unbindable")) {
        continue;
      }
      String before = "cat /proc/self/mountinfo | cut -d' ' -f5 | sort > " + bundle + "/before; ";
      Path image = bundle.resolve("image");
      Files.write(
          image,
          RootfsRun.elf(
              RootfsRun.program(
                  RootfsRun.spec(config(false, DEFAULT_MOUNTS, linux)),
                  bundle.toString(),
                  noPivot,
                  "cat /proc/self/mountinfo")));
      assertTrue(image.toFile().setExecutable(true));
      Process host =
          new ProcessBuilder(
                  "unshare",
                  "-m",
                  "--propagation",
                  "shared",
                  "sh",
                  "-c",
                  before
                      + "unshare -m --propagation unchanged -p -f -i -n -u -C "
                      + image
                      + " && cut -d' ' -f5 /proc/self/mountinfo | sort > "
                      + bundle
                      + "/after")
              .redirectErrorStream(true)
              .start();
      String out = new String(host.getInputStream().readAllBytes(), UTF_8);
      assertEquals(0, host.waitFor(), out);
      assertTrue(out.contains(" /dev/mqueue "), out);
      assertEquals(
          Files.readString(bundle.resolve("before")), Files.readString(bundle.resolve("after")));
    }
  }

  @Test
  void rootPropagatesAsAsked() throws Exception {
    String shared =
        run(config(false, PROC, "\"rootfsPropagation\":\"shared\""), "cat /proc/self/mountinfo")
            .succeeded();
    assertTrue(shared.lines().findFirst().orElseThrow().contains(" shared:"), shared);
    String plain =
        run(config(false, PROC, "\"rootfsPropagation\":\"private\""), "cat /proc/self/mountinfo")
            .succeeded();
    assertFalse(plain.contains("shared:"), plain);
  }

  @Test
  void withoutPivotTheHostsProcAndSysAreGone() throws Exception {
    String out =
        RootfsRun.run(
                RootfsRun.program(
                    RootfsRun.spec(config(false, DEFAULT_MOUNTS, HIDDEN)),
                    bundle.toString(),
                    true,
                    "ls /; cat /proc/self/mountinfo; readlink /proc/self/cwd"))
            .succeeded();
    assertTrue(out.startsWith("bin\ndev\nproc\nsys\n"), out);
    assertTrue(out.endsWith("\n/\n"), out);
    // A shell that stays outside, in the same mount namespace, sees what an escape would find.
    Path image = bundle.resolve("image");
    Files.write(
        image,
        RootfsRun.elf(
            RootfsRun.program(
                RootfsRun.spec(config(false, DEFAULT_MOUNTS, HIDDEN)),
                bundle.toString(),
                true,
                "echo inside")));
    assertTrue(image.toFile().setExecutable(true));
    Process outside =
        new ProcessBuilder(
                "unshare",
                "-m",
                "-p",
                "-f",
                "sh",
                "-c",
                "[ -e /proc/version ] && [ -e /sys/kernel ] && echo there; "
                    + image
                    + "; [ -e /proc/version ] || [ -e /sys/kernel ] || echo hidden")
            .redirectErrorStream(true)
            .start();
    assertEquals(
        "there\ninside\nhidden\n", new String(outside.getInputStream().readAllBytes(), UTF_8));
    assertEquals(0, outside.waitFor());
  }

  @Test
  void hostsOwnRootCanBeTheRoot() throws Exception {
    String config = config(true, DEFAULT_MOUNTS, HIDDEN).replace("\"rootfs\"", "\"/\"");
    String script = "cat /proc/self/mountinfo; echo x > /dev/x; echo x > /gatun-root-test";
    for (boolean noPivot : new boolean[] {false, true}) {
      Result result =
          RootfsRun.run(
              RootfsRun.program(RootfsRun.spec(config), bundle.toString(), noPivot, script));
      List<String> root = result.out().lines().filter(line -> line.contains(" / / ")).toList();
      assertEquals(1, root.size(), result.out());
      assertTrue(root.getFirst().contains(" / / ro,"), result.out());
      assertTrue(result.err().contains("gatun-root-test: Read-only file system"), result.err());
      assertFalse(Files.exists(Path.of("/gatun-root-test")));
      assertFalse(Files.exists(Path.of("/dev/x")));
    }
  }

  // --- bind mounts and options

  private String bind(String source, String target, String options) {
    return "{\"destination\":\""
        + target
        + "\",\"type\":\"bind\",\"source\":\""
        + source
        + "\",\"options\":["
        + options
        + "]}";
  }

  @Test
  void bindsFilesAndDirectoriesAndMakesTheirTargets() throws Exception {
    Files.writeString(bundle.resolve("file"), "text\n");
    Files.createDirectories(bundle.resolve("dir/sub"));
    String out =
        mounts(
                PROC
                    + ","
                    + bind("file", "/a/b/c", "\"bind\"")
                    + ","
                    + bind(bundle + "/dir", "/d/e", "\"rbind\",\"ro\",\"nosuid\",\"nodev\""),
                "cat /a/b/c; ls /d/e; grep ' /d/e ' /proc/self/mountinfo")
            .succeeded();
    assertTrue(out.startsWith("text\nsub\n"), out);
    assertTrue(out.contains("/d/e ro,nosuid,nodev,relatime"), out);
    assertTrue(Files.isRegularFile(rootfs.resolve("a/b/c")));
  }

  @Test
  void missingSourceIsNamed() throws Exception {
    assertEquals(
        "mount /x: open_tree(AT_FDCWD, \"/no/such\","
            + " OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_RECURSIVE): ENOENT (no such file or directory)"
            + " [config.json /mounts/0]",
        mounts(bind("/no/such", "/x", "\"rbind\""), "").failed());
  }

  @Test
  void recursiveAttributesReachSubmounts() throws Exception {
    Files.createDirectories(bundle.resolve("dir/sub"));
    String inner = "{\"destination\":\"/d/sub\",\"type\":\"tmpfs\",\"options\":[]},";
    String tree = bind(rootfs + "/d", "/e", "\"rbind\",\"rro\",\"rnoexec\"");
    Files.createDirectories(rootfs.resolve("d/sub"));
    // The source of the second mount is the first one, seen through the host's path.
    String out = mounts(inner + tree + "," + PROC, "grep ' /e' /proc/self/mountinfo").succeeded();
    assertEquals(2, out.lines().filter(line -> line.contains(" ro,noexec")).count(), out);
  }

  @Test
  void optionsOfFileSystemsAreTheKernels() throws Exception {
    String out =
        mounts(
                PROC
                    + ",{\"destination\":\"/t\",\"type\":\"tmpfs\",\"source\":\"t\",\"options\":"
                    + "[\"mode=0711,size=8k\",\"noatime\",\"nosymfollow\",\"ro\",\"shared\"]}",
                "grep ' /t ' /proc/self/mountinfo; stat -c %a /t")
            .succeeded();
    assertTrue(out.contains(" /t ro,noatime,nosymfollow shared:"), out);
    assertTrue(out.endsWith(" - tmpfs t rw,size=8k,mode=711\n711\n"), out);
    String message =
        mounts("{\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"nonsense=1\"]}", "")
            .failed();
    assertTrue(message.startsWith("mount /t: fsconfig("), message);
    assertTrue(message.contains("\"nonsense\", \"1\""), message);
    assertTrue(message.endsWith("EINVAL (invalid argument) [config.json /mounts/0]"), message);
  }

  @Test
  void flagsOfFileSystemsAreHonoured() throws Exception {
    String out =
        mounts(
                PROC
                    + ",{\"destination\":\"/t\",\"type\":\"tmpfs\",\"source\":\"t\",\"options\":"
                    + "[\"iversion\",\"lazytime\",\"sync\",\"dirsync\",\"nosuid\",\"noatime\","
                    + "\"silent\",\"symfollow\",\"mode=700\"]},"
                    + "{\"destination\":\"/t\",\"options\":[\"remount\",\"async\",\"noexec\"]}",
                "grep ' /t ' /proc/self/mountinfo")
            .succeeded();
    assertTrue(
        out.endsWith(" /t rw,nosuid,noexec,noatime - tmpfs t rw,dirsync,lazytime,mode=700\n"), out);
  }

  @Test
  void overlayTakesManyLayers() throws Exception {
    StringBuilder layers = new StringBuilder();
    for (int i = 0; i < 4; i++) {
      Path layer = Files.createDirectories(bundle.resolve("layer-" + "x".repeat(80) + i));
      Files.writeString(layer.resolve("file" + i), "text");
      layers.append(i == 0 ? "" : ":").append(layer);
    }
    String out =
        mounts(
                "{\"destination\":\"/o\",\"type\":\"overlay\",\"options\":[\"lowerdir="
                    + layers
                    + "\"]}",
                "ls /o")
            .succeeded();
    assertEquals("file0\nfile1\nfile2\nfile3\n", out);
  }

  @Test
  void ownCgroupIsBoundWithoutNamespace() throws Exception {
    assumeTrue(
        Files.exists(Path.of("/sys/fs/cgroup/cgroup.procs"))
            || Files.exists(Path.of("/sys/fs/cgroup/unified/cgroup.procs")),
        "cgroup v2 is not mounted: skipped");
    String config =
        config(
                false,
                PROC
                    + ",{\"destination\":\"/cg\",\"type\":\"cgroup\",\"options\":"
                    + "[\"ro\",\"nosuid\"]}",
                "")
            .replace(",{\"type\":\"cgroup\"}", "");
    String out =
        run(config, "grep ' /cg ' /proc/self/mountinfo; cat /cg/cgroup.controllers", "-p", "-f")
            .succeeded();
    assertTrue(out.contains(" /cg ro,nosuid,relatime - cgroup2 "), out);
  }

  // --- devices and sysctls

  @Test
  void devicesHaveTheirModeAndOwner() throws Exception {
    String devices =
        "\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229,"
            + "\"fileMode\":432,\"uid\":7,\"gid\":8},"
            + "{\"path\":\"/dev/net/tun\",\"type\":\"c\",\"major\":10,\"minor\":200},"
            + "{\"path\":\"/pipe\",\"type\":\"p\",\"fileMode\":384},"
            + "{\"path\":\"/dev/big\",\"type\":\"b\",\"major\":259,\"minor\":70000,"
            + "\"fileMode\":33188},"
            + "{\"path\":\"/dev/null\",\"type\":\"c\",\"major\":1,\"minor\":3,\"fileMode\":420}]";
    String out =
        run(
                config(false, DEV, devices),
                "stat -c '%n %F %a %u:%g %t:%T' /dev/fuse /dev/net/tun /pipe /dev/big /dev/null")
            .succeeded();
    assertEquals(
        """
        /dev/fuse character special file 660 7:8 a:e5
        /dev/net/tun character special file 666 0:0 a:c8
        /pipe fifo 600 0:0 0:0
        /dev/big block special file 644 0:0 103:11170
        /dev/null character special file 644 0:0 1:3
        """,
        out);
  }

  @Test
  void sysctlsAreWrittenThroughTheirNamespace() throws Exception {
    String out =
        run(
                config(
                    false,
                    PROC,
                    "\"sysctl\":{\"net.ipv4.ip_forward\":\"1\",\"net/ipv4/conf/lo/forwarding\":\"0\","
                        + "\"kernel.shmmni\":\"77\"}"),
                "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/lo/forwarding"
                    + " /proc/sys/kernel/shmmni")
            .succeeded();
    assertEquals("1\n0\n77\n", out);
    String message = run(config(false, PROC, "\"sysctl\":{\"net.no.such\":\"1\"}"), "").failed();
    assertTrue(message.startsWith("set sysctl net.no.such: openat2("), message);
    assertTrue(message.endsWith("[config.json /linux/sysctl/net.no.such]"), message);
  }

  // --- hostile root file systems

  private Path outside() throws IOException {
    return Files.createDirectories(bundle.resolve("outside"));
  }

  private static void assertEmpty(Path directory) throws IOException {
    try (var names = Files.list(directory)) {
      assertEquals(List.of(), names.toList());
    }
  }

  @Test
  void linkedDevStaysInTheRoot() throws Exception {
    Path outside = outside();
    Files.createSymbolicLink(rootfs.resolve("dev"), outside);
    Path inside = rootfs.resolve(outside.toString().substring(1));
    assertEquals("/dev/null\n", mounts(PROC, "ls /dev/null").succeeded());
    assertTrue(Files.exists(inside.resolve("null")));
    assertEmpty(outside);
  }

  @Test
  void linkedProcIsRefused() throws Exception {
    Files.createDirectories(rootfs.resolve("fake"));
    Files.createSymbolicLink(rootfs.resolve("proc"), Path.of("fake"));
    String message = mounts(PROC, "").failed();
    assertTrue(message.startsWith("mount /proc: openat2("), message);
    assertTrue(message.contains("ENOTDIR"), message);
  }

  @Test
  void targetsNeverLeaveTheRoot() throws Exception {
    Path outside = outside();
    Files.writeString(outside.resolve("victim"), "safe");
    Files.writeString(bundle.resolve("file"), "text\n");
    Files.createSymbolicLink(rootfs.resolve("up"), Path.of("../outside"));
    Files.createSymbolicLink(rootfs.resolve("abs"), outside);
    for (String link : new String[] {"up/victim", "abs/victim"}) {
      assertEquals(
          "text\n", mounts(bind("file", "/" + link, "\"bind\""), "cat " + link).succeeded());
    }
    assertEquals("safe", Files.readString(outside.resolve("victim")));
    // Lexically upwards is just the root.
    assertEquals(
        "text\n", mounts(bind("file", "/../../x/../there", "\"bind\""), "cat /there").succeeded());
    // The same links with something behind them in the root, by now.
    assertEquals(
        "text\n",
        mounts(bind("file", "/up/victim", "\"bind\""), "cat /outside/victim").succeeded());
    assertEquals("safe", Files.readString(outside.resolve("victim")));
    assertTrue(Files.exists(rootfs.resolve("outside/victim")));
  }

  @Test
  void danglingLinkToAFileIsFilledInTheRoot() throws Exception {
    Files.writeString(bundle.resolve("file"), "text\n");
    Path outside = outside();
    Files.createDirectories(rootfs.resolve("etc"));
    Files.createDirectories(rootfs.resolve("run"));
    Files.createSymbolicLink(rootfs.resolve("etc/resolv.conf"), Path.of("../run/stub"));
    assertEquals(
        "text\n",
        mounts(bind("file", "/etc/resolv.conf", "\"bind\""), "cat /run/stub").succeeded());
    Files.createSymbolicLink(rootfs.resolve("etc/hosts"), outside.resolve("new"));
    assertEquals(
        "text\n",
        mounts(bind("file", "/etc/hosts", "\"bind\""), "cat " + outside.resolve("new"))
            .succeeded());
    assertFalse(Files.exists(outside.resolve("new"), LinkOption.NOFOLLOW_LINKS));
  }

  /** Images of Debian and Ubuntu; their /run is empty, and it may be a link itself. */
  @Test
  void targetsBehindLinksAreMade() throws Exception {
    Files.writeString(bundle.resolve("file"), "text\n");
    Files.createDirectories(rootfs.resolve("etc"));
    Files.createDirectories(rootfs.resolve("var"));
    Files.createSymbolicLink(rootfs.resolve("var/run"), Path.of("/run"));
    Files.createSymbolicLink(
        rootfs.resolve("etc/resolv.conf"), Path.of("../var/run/systemd/resolve/stub"));
    Files.createSymbolicLink(rootfs.resolve("link"), Path.of("/var/lib/../opt"));
    String out =
        mounts(
                PROC
                    + ","
                    + bind("file", "/etc/resolv.conf", "\"bind\"")
                    + ",{\"destination\":\"/link/deep\",\"type\":\"tmpfs\"}",
                "cat /run/systemd/resolve/stub; grep -c ' /var/opt/deep ' /proc/self/mountinfo;"
                    + " stat -c %a /run /run/systemd/resolve /var/opt")
            .succeeded();
    assertEquals("text\n1\n755\n755\n755\n", out);
    // Loops that only a path to make leads into.
    Files.createSymbolicLink(rootfs.resolve("loop"), Path.of("new/../loop"));
    String message = mounts(bind("file", "/loop", "\"bind\""), "").failed();
    assertTrue(message.startsWith("mount /loop: openat2("), message);
    assertTrue(
        message.endsWith("ELOOP (too many levels of symbolic links) [config.json /mounts/0]"));
    Files.createSymbolicLink(rootfs.resolve("long"), Path.of("x".repeat(256)));
    message = mounts(bind("file", "/long", "\"bind\""), "").failed();
    assertTrue(message.contains("ENAMETOOLONG"), message);
  }

  @Test
  void missingWorkingDirectoryIsMade() throws Exception {
    Files.createSymbolicLink(rootfs.resolve("srv"), Path.of("/data"));
    String config = config(true, PROC, "").replace("\"cwd\":\"/\"", "\"cwd\":\"/srv/../x/y\"");
    assertEquals("755\n", run(config, "stat -c %a /x/y").succeeded());
    assertTrue(Files.isDirectory(rootfs.resolve("data"), LinkOption.NOFOLLOW_LINKS));
    assertEquals("755\n", run(config, "stat -c %a /x/y").succeeded());
    // What is wrong with one that is there is said when it is entered.
    Files.writeString(rootfs.resolve("file"), "");
    run(config.replace("/srv/../x/y", "/file"), "").succeeded();
    String magic = run(config.replace("/srv/../x/y", "/proc/self/cwd"), "").succeeded();
    assertEquals("", magic);
    String message = run(config.replace("/srv/../x/y", "/proc/none/x"), "").failed();
    assertTrue(message.startsWith("create working directory /proc/none/x: openat2("), message);
    assertTrue(message.endsWith("[config.json /process/cwd]"), message);
  }

  @Test
  void mountOnADevicesPathStandsForIt() throws Exception {
    Files.writeString(bundle.resolve("file"), "text\n");
    String devices =
        "\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229}]";
    String over =
        bind("file", "/dev/null", "\"bind\"") + "," + bind("file", "/dev/fuse", "\"bind\"");
    assertEquals(
        "text\ntext\n",
        run(config(false, DEV + "," + over, devices), "cat /dev/null /dev/fuse").succeeded());
    // A later mount covers it.
    assertEquals(
        "1:3 a:e5\n",
        run(config(false, over + "," + DEV, devices), "echo $(stat -c %t:%T /dev/null /dev/fuse)")
            .succeeded());
  }

  @Test
  void linkIntoProcIsRefused() throws Exception {
    Files.writeString(bundle.resolve("file"), "text\n");
    Files.createSymbolicLink(rootfs.resolve("x"), Path.of("/proc/self/attr/exec"));
    Files.createSymbolicLink(rootfs.resolve("y"), Path.of("/proc/sys"));
    assertEquals(
        "mount /x, which leads into a procfs: EPERM (operation not permitted)"
            + " [config.json /mounts/1]",
        mounts(PROC + "," + bind("file", "/x", "\"bind\""), "").failed());
    assertEquals(
        "mount /y, which leads into a procfs: EPERM (operation not permitted)"
            + " [config.json /mounts/1]",
        mounts(PROC + ",{\"destination\":\"/y\",\"type\":\"tmpfs\"}", "").failed());
    // What lxcfs covers is fine.
    assertEquals(
        "text\n",
        mounts(PROC + "," + bind("file", "/proc/uptime", "\"bind\""), "cat /proc/uptime")
            .succeeded());
  }

  @Test
  void onlyProcIsBoundOnProc() throws Exception {
    String message = mounts(bind(outside().toString(), "/proc", "\"rbind\""), "").failed();
    assertTrue(message.contains("which is no procfs: EPERM"), message);
    String out =
        run(config(false, bind("/proc", "/proc", "\"rbind\",\"rslave\""), ""), "ls /proc/version")
            .succeeded();
    assertEquals("/proc/version\n", out);
  }

  @Test
  void fifoAsTargetDoesNotBlock() throws Exception {
    Files.writeString(bundle.resolve("file"), "text\n");
    assertEquals(0, new ProcessBuilder("mkfifo", rootfs + "/fifo").start().waitFor());
    assertEquals("text\n", mounts(bind("file", "/fifo", "\"bind\""), "cat /fifo").succeeded());
  }

  @Test
  void somethingElseInPlaceOfADeviceIsAnError() throws Exception {
    Path dev = Files.createDirectories(rootfs.resolve("dev"));
    Files.writeString(dev.resolve("null"), "fake");
    assertEquals(
        "create device /dev/null: something else is there: EEXIST (file exists)",
        mounts(PROC, "").failed());
    Files.delete(dev.resolve("null"));
    Files.createSymbolicLink(dev.resolve("null"), Path.of("/bin/busybox"));
    assertEquals(
        "create device /dev/null: something else is there: EEXIST (file exists)",
        mounts(PROC, "").failed());
  }

  @Test
  void swappedNullDeviceIsNoMask() throws Exception {
    Path image = bundle.resolve("image");
    Program program =
        RootfsRun.program(
            RootfsRun.spec(config(false, PROC, HIDDEN)), bundle.toString(), false, "echo inside");
    Files.write(image, RootfsRun.elf(program));
    assertTrue(image.toFile().setExecutable(true));
    String swap = "mount --bind /dev/zero /dev/null && exec " + image;
    Process process =
        new ProcessBuilder("unshare", "-m", "--propagation", "private", "sh", "-c", swap)
            .redirectInput(Path.of("/dev/zero").toFile())
            .redirectError(bundle.resolve("err").toFile())
            .start();
    assertEquals("", new String(process.getInputStream().readAllBytes(), UTF_8));
    assertEquals(99, process.waitFor());
    assertEquals(
        "the host's /dev/null is not the null device: ENODEV (no such device)"
            + " [config.json /linux/maskedPaths]",
        RootfsRun.failure(program, Files.readAllBytes(bundle.resolve("err"))));
  }

  @Test
  void masksFollowLinksInTheRootOnly() throws Exception {
    Path outside = outside();
    Files.writeString(outside.resolve("secret"), "safe\n");
    Files.writeString(rootfs.resolve("secret"), "hidden\n");
    Files.createDirectories(rootfs.resolve("dir/sub"));
    Files.createSymbolicLink(rootfs.resolve("link"), Path.of("../../secret"));
    Files.createSymbolicLink(rootfs.resolve("dirlink"), Path.of("/dir"));
    Files.createSymbolicLink(rootfs.resolve("out"), outside.resolve("secret"));
    String out =
        run(
                config(
                    false,
                    PROC,
                    "\"maskedPaths\":[\"/link\",\"/dirlink\",\"/out\",\"/dir/sub/none\"],"
                        + "\"readonlyPaths\":[\"/bin\",\"/no\"]"),
                "cat /secret; ls /dir; stat -c '%F %t:%T' /secret; touch /dir/x || touch /bin/x"
                    + " || echo none")
            .out();
    assertEquals("character special file 1:3\nnone\n", out);
    assertEquals("safe\n", Files.readString(outside.resolve("secret")));
  }

  @Test
  void pathsListedTwiceAreHiddenOnce() throws Exception {
    String out =
        run(
                config(
                    false,
                    PROC,
                    "\"maskedPaths\":[\"/proc/acpi\",\"/proc//acpi/\"],"
                        + "\"readonlyPaths\":[\"/proc/bus\",\"/proc/bus\"]"),
                "grep -c -e ' /proc/acpi ' -e ' /proc/bus ' /proc/self/mountinfo")
            .succeeded();
    assertEquals("2\n", out);
  }

  @Test
  void readonlyPathsKeepTheirOtherFlags() throws Exception {
    String out =
        run(
                config(
                    false,
                    PROC
                        + ",{\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":"
                        + "[\"nosuid\",\"nodev\",\"noexec\",\"noatime\"]}",
                    "\"readonlyPaths\":[\"/t\"]"),
                "grep ' /t ' /proc/self/mountinfo")
            .succeeded();
    assertTrue(out.contains(" /t ro,nosuid,nodev,noexec,noatime - tmpfs"), out);
  }
}
