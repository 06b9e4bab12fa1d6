package dev.gatun.runtime.rootfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Imm;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Listing;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Mount;
import dev.gatun.oci.Sysctl;
import dev.gatun.runtime.ConfigException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Rules that hold for every program, checked without running one. */
class RootfsProgramTest {
  private static final long CONSTANTS = 0x10_0000;
  private static final String MOUNT_NAMESPACE = "\"namespaces\":[{\"type\":\"mount\"}]";
  private static final String BUSY =
      """
      {"ociVersion":"1.0.2","root":{"path":"rootfs","readonly":true},
       "process":{"args":["sh"],"cwd":"/","user":{"uid":0,"gid":0}},
       "mounts":[
        {"destination":"/proc","type":"proc","source":"proc"},
        {"destination":"/dev","type":"tmpfs","source":"tmpfs",
         "options":["nosuid","strictatime","mode=755","size=65536k"]},
        {"destination":"/dev/pts","type":"devpts","source":"devpts",
         "options":["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620","gid=5"]},
        {"destination":"/dev/shm","type":"tmpfs","source":"shm",
         "options":["nosuid","noexec","nodev","mode=1777","size=65536k"]},
        {"destination":"/dev/mqueue","type":"mqueue","source":"mqueue",
         "options":["nosuid","noexec","nodev"]},
        {"destination":"/sys","type":"sysfs","source":"sysfs",
         "options":["nosuid","noexec","nodev","ro"]},
        {"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup",
         "options":["nosuid","noexec","nodev","relatime","ro"]}%s],
       "linux":{%s"namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},
        {"type":"mount"},{"type":"cgroup"}],
        "maskedPaths":["/proc/acpi","/proc/asound","/proc/kcore","/proc/keys",
         "/proc/latency_stats","/proc/timer_list","/proc/timer_stats","/proc/sched_debug",
         "/sys/firmware","/proc/scsi"],
        "readonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"]}}
      """;
  private static final String DEFAULT = BUSY.formatted("", "");
  private static final String EVERYTHING =
      BUSY.formatted(
          ",{\"destination\":\"/a/b/c\",\"type\":\"bind\",\"source\":\"data\",\"options\":"
              + "[\"rbind\",\"rro\",\"rslave\"]},"
              + "{\"destination\":\"/a\",\"options\":[\"remount\",\"bind\",\"nosuid\"]}",
          "\"rootfsPropagation\":\"shared\",\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"},"
              + "\"devices\":[{\"path\":\"/dev/net/tun\",\"type\":\"c\",\"major\":10,"
              + "\"minor\":200}],");

  private static Program compile(Arch arch, String config, boolean noPivot) {
    ProgramBuilder b = new ProgramBuilder(arch);
    Slot procfs = b.fd("procfs", "/proc");
    new RootfsCompiler(b, RootfsRun.spec(config), "/bundle", noPivot).compile(procfs);
    return b.build();
  }

  /** A program's records with the strings and structures that their arguments point to. */
  private static final class Linked {
    private final Program program;
    private final ByteBuffer bytes;

    Linked(Program program) {
      this.program = program;
      byte[] linked = new byte[program.linkedSize()];
      program.link(new Program.Addresses(0, CONSTANTS, 0x20_0000, 0x30_0000, 0), linked, 0);
      bytes = ByteBuffer.wrap(linked).order(ByteOrder.LITTLE_ENDIAN);
    }

    private int at(int record, int argument) {
      long address = bytes.getLong(record * Instruction.SIZE + 16 + 8 * argument);
      return (int) (address - CONSTANTS) + program.size() * Instruction.SIZE;
    }

    String string(int record, int argument) {
      int begin = at(record, argument);
      int end = begin;
      while (bytes.get(end) != 0) {
        end++;
      }
      return new String(bytes.array(), begin, end - begin, StandardCharsets.UTF_8);
    }

    long field(int record, int argument, int offset) {
      return bytes.getLong(at(record, argument) + offset);
    }
  }

  private static boolean isFdcwd(Arg arg) {
    return arg instanceof Imm imm && imm.value() == Constants.AT_FDCWD;
  }

  /** What {@link MissingPath} has cut out of a path. */
  private static boolean isOneName(Arg arg) {
    return arg instanceof Slot slot && slot.name().equals("name");
  }

  @ParameterizedTest
  @EnumSource(Arch.class)
  void pathsInTheContainerAreResolvedFromItsRoot(Arch arch) {
    Set<String> hostPaths = Set.of("/", "/bundle/rootfs", "/bundle/data", "/dev/null");
    Set<String> used = new HashSet<>();
    Program program = compile(arch, EVERYTHING, false);
    Linked linked = new Linked(program);
    for (int i = 0; i < program.size(); i++) {
      Instruction record = program.record(i);
      Syscall call = record.syscall();
      if (call == null) {
        continue;
      }
      String line = Listing.line(program, i);
      switch (call) {
        case OPENAT2 -> {
          long resolve = linked.field(i, 2, Structs.OPEN_HOW_RESOLVE);
          if (isFdcwd(record.arg(0))) {
            used.add(linked.string(i, 1));
          } else if (record.arg(0) instanceof Slot slot && slot.name().equals("procfs")) {
            assertTrue((resolve & Constants.RESOLVE_BENEATH) != 0, line);
          } else {
            assertTrue(record.arg(0) instanceof Slot slot && slot.name().equals("root"), line);
            if (record.arg(1) instanceof Addr path && path.data().name().equals("resolved")) {
              assertEquals(
                  Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_SYMLINKS, resolve, line);
            } else {
              assertEquals(RootDirectory.IN_ROOT, resolve, line);
              assertFalse(linked.string(i, 1).startsWith("/"), line);
            }
          }
        }
        case OPENAT -> {
          if (isOneName(record.arg(1))) {
            long flags = ((Imm) record.arg(2)).value();
            assertTrue((flags & arch.O_NOFOLLOW()) != 0, line);
            continue;
          }
          String name = linked.string(i, 1);
          if (isFdcwd(record.arg(0))) {
            used.add(name);
          } else if (!name.equals(".") && !name.equals("..")) {
            long flags = ((Imm) record.arg(2)).value();
            assertFalse(name.contains("/"), line);
            assertTrue((flags & arch.O_NOFOLLOW()) != 0, line);
          }
        }
        case OPEN_TREE -> {
          if (isFdcwd(record.arg(0))) {
            used.add(linked.string(i, 1));
          } else {
            assertEquals("", linked.string(i, 1), line);
          }
        }
        case MKDIRAT -> assertTrue(isOneName(record.arg(1)), line);
        case READLINKAT -> assertEquals("", linked.string(i, 1), line);
        case MKNODAT, UNLINKAT -> assertFalse(linked.string(i, 1).contains("/"), line);
        case SYMLINKAT -> assertFalse(linked.string(i, 2).contains("/"), line);
        case MOVE_MOUNT -> {
          assertEquals("", linked.string(i, 1), line);
          assertEquals("", linked.string(i, 3), line);
        }
        case MOUNT_SETATTR, FSPICK, STATX -> assertEquals("", linked.string(i, 1), line);
        case UMOUNT2, PIVOT_ROOT -> assertEquals(".", linked.string(i, 0), line);
        case MOUNT, CHROOT -> throw new AssertionError(line);
        default -> {
          // Takes no path of the container's.
        }
      }
    }
    assertEquals(hostPaths, used);
  }

  @Test
  void pivotKeepsItsOrder() {
    Program program = compile(Arch.X86_64, DEFAULT, false);
    Linked linked = new Linked(program);
    int pivot = 0;
    while (program.record(pivot).syscall() != Syscall.PIVOT_ROOT) {
      pivot++;
    }
    int field = Structs.MOUNT_ATTR_PROPAGATION;
    assertEquals(Syscall.MOUNT_SETATTR, program.record(pivot - 2).syscall());
    assertEquals(Constants.MS_PRIVATE, linked.field(pivot - 2, 3, field));
    assertEquals(Syscall.FCHDIR, program.record(pivot - 1).syscall());
    assertEquals(Syscall.FCHDIR, program.record(pivot + 1).syscall());
    assertEquals(Syscall.MOUNT_SETATTR, program.record(pivot + 2).syscall());
    assertEquals(Constants.MS_SLAVE, linked.field(pivot + 2, 3, field));
    assertEquals(
        Arg.imm(Constants.AT_EMPTY_PATH | Constants.AT_RECURSIVE),
        program.record(pivot + 2).arg(2));
    assertEquals(Syscall.UMOUNT2, program.record(pivot + 3).syscall());
    assertEquals(Arg.imm(Constants.MNT_DETACH), program.record(pivot + 3).arg(1));
    assertEquals(Syscall.CHDIR, program.record(pivot + 7).syscall());
  }

  @Test
  void devOfTheHostIsLeftAlone() {
    for (String type : new String[] {"bind", "devtmpfs"}) {
      String config =
          """
          {"ociVersion":"1.0.2","root":{"path":"rootfs"},
           "mounts":[{"destination":"/dev/","type":"%s","source":"/dev"}],
           "linux":{"namespaces":[{"type":"mount"}],
            "devices":[{"path":"/dev/fuse","type":"c","major":10,"minor":229},
             {"path":"/fuse","type":"c","major":10,"minor":229}]}}
          """
              .formatted(type);
      Program program = compile(Arch.X86_64, config, false);
      Linked linked = new Linked(program);
      int made = 0;
      for (int i = 0; i < program.size(); i++) {
        Syscall call = program.record(i).syscall();
        assertFalse(
            call == Syscall.UNLINKAT || call == Syscall.SYMLINKAT, Listing.line(program, i));
        if (call == Syscall.MKNODAT) {
          assertEquals("fuse", linked.string(i, 1));
          made++;
        }
      }
      assertEquals(1, made);
    }
  }

  @Test
  void descriptorsAreNotInherited() {
    Program program = compile(Arch.X86_64, EVERYTHING, true);
    Linked linked = new Linked(program);
    for (int i = 0; i < program.size(); i++) {
      Instruction record = program.record(i);
      Syscall call = record.syscall();
      String line = Listing.line(program, i);
      if (call == Syscall.OPENAT2) {
        assertTrue((linked.field(i, 2, 0) & Constants.O_CLOEXEC) != 0, line);
      } else if (call == Syscall.OPENAT || call == Syscall.OPEN_TREE) {
        assertTrue((((Imm) record.arg(2)).value() & Constants.O_CLOEXEC) != 0, line);
      } else if (call == Syscall.FSOPEN || call == Syscall.FSMOUNT) {
        assertEquals(Constants.FSOPEN_CLOEXEC, ((Imm) record.arg(1)).value(), line);
      }
    }
  }

  @Test
  void everySystemCallSaysWhatItIsFor() {
    Program program = compile(Arch.AARCH64, EVERYTHING, false);
    for (int i = 0; i < program.size(); i++) {
      if (program.record(i).syscall() != null) {
        assertFalse(program.record(i).origin().step().isEmpty(), Listing.line(program, i));
      }
    }
    assertTrue(Listing.of(program).contains("/mounts/6"));
  }

  @Test
  void defaultConfigurationIsSmall() {
    int size = compile(Arch.X86_64, DEFAULT, false).size();
    assertTrue(size < 750, size + " records");
  }

  // --- values

  private static MountOptions options(String... options) {
    Mount mount = new Mount("/x", "tmpfs", null, List.of(options), List.of(), List.of());
    return MountOptions.of(mount, "/mounts/3");
  }

  @ParameterizedTest
  @CsvSource({
    "ro, 1, 0",
    "rw, 0, 1",
    "nosuid, 2, 0",
    "suid, 0, 2",
    "nodev, 4, 0",
    "dev, 0, 4",
    "noexec, 8, 0",
    "exec, 0, 8",
    "nodiratime, 0x80, 0",
    "diratime, 0, 0x80",
    "nosymfollow, 0x200000, 0",
    "symfollow, 0, 0x200000",
    "noatime, 0x10, 0x70",
    "strictatime, 0x20, 0x70",
    "relatime, 0, 0x70",
    "atime, 0, 0x70",
    "norelatime, 0, 0x70",
    "nostrictatime, 0, 0x70",
    "defaults, 0, 0",
    "silent, 0, 0",
    "loud, 0, 0",
  })
  void optionsAreAttributesOfTheMount(String option, String set, String clear) {
    MountOptions options = options(option);
    assertEquals(Long.decode(set), options.attributesSet());
    assertEquals(Long.decode(clear), options.attributesCleared());
    assertTrue(options.parameters().isEmpty());
  }

  @ParameterizedTest
  @CsvSource({
    "rro, 1, 0",
    "rrw, 0, 1",
    "rnosuid, 2, 0",
    "rsuid, 0, 2",
    "rnodev, 4, 0",
    "rdev, 0, 4",
    "rnoexec, 8, 0",
    "rexec, 0, 8",
    "rnodiratime, 0x80, 0",
    "rdiratime, 0, 0x80",
    "rnosymfollow, 0x200000, 0",
    "rsymfollow, 0, 0x200000",
    "rnoatime, 0x10, 0x70",
    "rstrictatime, 0x20, 0x70",
    "rrelatime, 0, 0x70",
    "ratime, 0, 0x70",
    "rnorelatime, 0, 0x70",
    "rnostrictatime, 0, 0x70",
  })
  void optionsAreAttributesOfTheTree(String option, String set, String clear) {
    MountOptions options = options(option);
    assertEquals(Long.decode(set), options.recursivelySet());
    assertEquals(Long.decode(clear), options.recursivelyCleared());
    assertEquals(0, options.attributesSet());
    assertTrue(options.parameters().isEmpty());
  }

  @Test
  void laterOptionsWin() {
    MountOptions options = options("ro", "nosuid", "rw", "noatime", "strictatime", "relatime");
    assertEquals(
        Constants.MOUNT_ATTR_NOSUID | Constants.MOUNT_ATTR_STRICTATIME, options.attributesSet());
    assertTrue(options.isReadWrite());
  }

  @Test
  void otherOptionsAreParameters() {
    List<MountOptions.Parameter> parameters =
        options("size=1k,mode=700", "context=\"a:b,c\"", "sync", "lowerdir=/a\\,b:/c").parameters();
    assertEquals(
        List.of(
            new MountOptions.Parameter("size", "1k", "/mounts/3/options/0"),
            new MountOptions.Parameter("mode", "700", "/mounts/3/options/0"),
            new MountOptions.Parameter("context", "a:b,c", "/mounts/3/options/1"),
            new MountOptions.Parameter("sync", null, "/mounts/3/options/2"),
            new MountOptions.Parameter("lowerdir", "/a\\,b:/c", "/mounts/3/options/3")),
        parameters);
  }

  @ParameterizedTest
  @CsvSource({
    "/, /",
    "'', /",
    "a, /a",
    "/a//b/./c/, /a/b/c",
    "/../../a, /a",
    "/a/../../b/.., /",
    "/a/..b, /a/..b",
  })
  void pathsAreCleaned(String path, String clean) {
    assertEquals(clean, ContainerPath.clean(path));
  }

  @ParameterizedTest
  @CsvSource({
    "net.ipv4.ip_forward, net/ipv4/ip_forward",
    "net/ipv4/conf/eth0.100/forwarding, net/ipv4/conf/eth0.100/forwarding",
    "net.ipv4.conf.eth0/100.forwarding, net/ipv4/conf/eth0.100/forwarding",
  })
  void sysctlsAreFiles(String key, String path) {
    assertEquals(path, Sysctl.path(key));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 3, 0x103",
    "10, 229, 0xae5",
    "259, 70000, 0x11110370",
    "4095, 1048575, 0xffffffff"
  })
  void deviceNumbersAreTheKernels(long major, long minor, String device) {
    assertEquals(Long.decode(device), DeviceCompiler.makedev(major, minor));
  }

  // --- refusals

  private static String refusal(String mounts, String linux) {
    String config =
        "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},\"mounts\":["
            + mounts
            + "],\"linux\":{"
            + linux
            + "}}";
    return String.valueOf(
        assertThrows(ConfigException.class, () -> compile(Arch.X86_64, config, false))
            .getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/t|bind|tmpcopyup|mount /t: tmpcopyup is for a new tmpfs only [config.json /mounts/0/options/0]",
        "/t|bind|iversion|mount /t: iversion belongs to a file system, a bind mount cannot change it [config.json /mounts/0/options/0]",
        "/t|bind|size=1k|mount /t: size belongs to a file system, a bind mount cannot change it [config.json /mounts/0/options/0]",
        "/proc/sys|tmpfs|ro|mount /proc/sys: a mount inside /proc could fake what the runtime relies on [config.json /mounts/0/destination]",
        "/x/../proc/self/|proc|ro|mount /proc/self: a mount inside /proc could fake what the runtime relies on [config.json /mounts/0/destination]",
        "/proc|tmpfs|ro|mount /proc: nothing but a proc file system may be mounted there [config.json /mounts/0/type]",
        "/|tmpfs|ro|mount /: the root file system is what \"root\" names [config.json /mounts/0/destination]",
      })
  void mountsThatCannotBeAreRefused(String target, String type, String option, String message) {
    assertEquals(
        message,
        refusal(
            "{\"destination\":\""
                + target
                + "\",\"type\":\""
                + type
                + "\",\"source\":\"/s\",\"options\":[\""
                + option
                + "\"]}",
            MOUNT_NAMESPACE));
  }

  @Test
  void mountNamespaceIsNeeded() {
    assertEquals(
        "a container needs a mount namespace, new or joined [config.json /linux/namespaces]",
        refusal("", "\"namespaces\":[{\"type\":\"pid\"}]"));
  }
}
