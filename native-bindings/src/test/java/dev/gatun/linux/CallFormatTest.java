package dev.gatun.linux;

import static dev.gatun.linux.Constants.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Calls, flags and failures read as strace prints them. */
class CallFormatTest {
  private static final CallFormat.Resolver RESOLVER =
      new CallFormat.Resolver() {
        @Override
        public @Nullable String fd(int index, long value) {
          return value == 7 ? "/run/x/rootfs" : null;
        }

        @Override
        public @Nullable String text(int index, long value) {
          return value == 4096 ? CallFormat.quote("etc/passwd") : null;
        }
      };

  private static String format(Syscall call, long... arguments) {
    return CallFormat.format(call, arguments, Arch.X86_64, RESOLVER);
  }

  @Test
  void pathsAndDescriptors() {
    assertEquals(
        "openat(7</run/x/rootfs>, \"etc/passwd\", O_PATH|O_NOFOLLOW|O_CLOEXEC, 0)",
        format(Syscall.OPENAT, 7, 4096, O_PATH | O_CLOEXEC | Arch.X86_64.O_NOFOLLOW(), 0, 0, 0));
    assertEquals("fchdir(8)", format(Syscall.FCHDIR, 8));
    assertEquals("mkdirat(AT_FDCWD, …, 0755)", format(Syscall.MKDIRAT, AT_FDCWD, 8192, 0755));
    assertEquals(
        "fsconfig(3, FSCONFIG_CMD_CREATE, NULL, NULL, 0)",
        format(Syscall.FSCONFIG, 3, FSCONFIG_CMD_CREATE, 0, 0, 0));
  }

  @Test
  void theSameBitMeansAnotherFlagOnTheOtherArchitecture() {
    long[] arguments = {7, 4096, O_PATH | Arch.AARCH64.O_NOFOLLOW(), 0};
    assertEquals(
        "openat(7</run/x/rootfs>, \"etc/passwd\", O_PATH|O_NOFOLLOW, 0)",
        CallFormat.format(Syscall.OPENAT, arguments, Arch.AARCH64, RESOLVER));
    assertEquals(
        "openat(7</run/x/rootfs>, \"etc/passwd\", O_PATH|O_LARGEFILE, 0)",
        CallFormat.format(Syscall.OPENAT, arguments, Arch.X86_64, RESOLVER));
  }

  @Test
  void numbersOfManyKinds() {
    assertEquals("prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN)", format(Syscall.PRCTL, 24, 21, 0, 0, 0));
    assertEquals("prctl(PR_SET_PDEATHSIG, SIGKILL)", format(Syscall.PRCTL, 1, 9, 0, 0, 0));
    assertEquals("kill(-1, SIGTERM)", format(Syscall.KILL, -1, 15));
    assertEquals("kill(5, SIGRT_2)", format(Syscall.KILL, 5, 34));
    assertEquals("unshare(CLONE_NEWNS|CLONE_NEWTIME)", format(Syscall.UNSHARE, 0x20080));
    assertEquals(
        "mknodat(7</run/x/rootfs>, \"etc/passwd\", 020666, makedev(1, 3))",
        format(Syscall.MKNODAT, 7, 4096, S_IFCHR | 0666, 0x103));
    assertEquals("dup3(1, 2, 0)", format(Syscall.DUP3, 1, 2, 0));
    assertEquals("setresuid(-1, 0, 1000)", format(Syscall.SETRESUID, 0xffffffffL, 0, 1000));
    assertEquals(
        "mmap(0, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)",
        format(Syscall.MMAP, 0, 8192, 3, 0x22, 0xffffffffL, 0));
    assertEquals("ioctl(0, TIOCGPTN, 0x10)", format(Syscall.IOCTL, 0, TIOCGPTN, 16));
    assertEquals(
        "socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0)",
        format(Syscall.SOCKET, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }

  @Test
  void unknownBitsStay() {
    assertEquals(
        "MS_NOATIME|MS_BIND|0x200", Flags.format(Parameter.MOUNT_FLAGS, 0x1600, Arch.X86_64));
    assertEquals("MFD_CLOEXEC|0x100", Flags.format(Parameter.MEMFD_FLAGS, 0x101, Arch.X86_64));
    assertEquals("0x63", Flags.format(Parameter.RLIMIT_RESOURCE, 99, Arch.X86_64));
    assertEquals("0x100000007", Flags.format(Parameter.RLIMIT_RESOURCE, 0x100000007L, Arch.X86_64));
    assertNull(Flags.capability(CAP_LAST_CAP + 1));
    assertNull(Flags.signalName(0));
  }

  @Test
  void openHow() {
    assertEquals(
        "{flags=O_PATH|O_CLOEXEC, resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT}",
        Flags.openHow(O_PATH | O_CLOEXEC, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, Arch.X86_64));
    assertEquals(
        "{flags=O_WRONLY|O_CREAT, mode=0644, resolve=0}",
        Flags.openHow(O_WRONLY | O_CREAT, 0644, 0, Arch.X86_64));
  }

  @Test
  void hostileNamesStayInTheirLine() {
    assertEquals("\"a\\nb\\x1b[2J\\\"\\\\\\u202eé\"", CallFormat.quote("a\nb\u001b[2J\"\\\u202eé"));
  }

  /** A name printed for a value has that value: every bit of every kind. */
  @ParameterizedTest
  @EnumSource(Parameter.class)
  void everyNameIsThatOfItsValue(Parameter kind) throws ReflectiveOperationException {
    Arch arch = Arch.X86_64;
    Set<Long> values = new HashSet<>();
    for (int bit = 0; bit < 64; bit++) {
      values.add(1L << bit);
    }
    for (Field field : Constants.class.getFields()) {
      values.add(field.getLong(null));
    }
    List<String> wrong = new ArrayList<>();
    for (long value : values) {
      String text = Flags.format(kind, value, arch);
      long sum = 0;
      for (String word : text.split("\\|", -1)) {
        sum |= valueOf(word, arch);
      }
      if (sum != value && sum != (int) value) {
        wrong.add(Long.toHexString(value) + " is printed as " + text);
      }
    }
    assertEquals(List.of(), wrong);
  }

  private static long valueOf(String word, Arch arch) throws ReflectiveOperationException {
    if (word.startsWith("0x")) {
      return Long.parseUnsignedLong(word.substring(2), 16);
    }
    if (word.startsWith("SIGRT_")) {
      return 32L + Integer.parseInt(word.substring(6));
    }
    if (Character.isDigit(word.charAt(0)) || word.charAt(0) == '-') {
      return Long.parseLong(word);
    }
    return switch (word) {
      case "O_DIRECT" -> arch.O_DIRECT();
      case "O_DIRECTORY" -> arch.O_DIRECTORY();
      case "O_LARGEFILE" -> arch.O_LARGEFILE();
      case "O_NOFOLLOW" -> arch.O_NOFOLLOW();
      case "O_TMPFILE" -> arch.O_TMPFILE();
      default -> Constants.class.getField(word).getLong(null);
    };
  }

  @ParameterizedTest
  @EnumSource(Syscall.class)
  void everyCallCanBePrinted(Syscall call) {
    assertTrue(call.parameters().size() <= 6);
    String text = CallFormat.format(call, new long[6], Arch.X86_64, CallFormat.Resolver.NONE);
    assertTrue(text.startsWith(call.kernelName() + "(") && text.endsWith(")"), text);
    for (Arch arch : Arch.values()) {
      assertSame(call, Syscall.of(arch, call.number(arch)));
    }
  }

  @Test
  void failuresNameStepCallErrorAndPlace() {
    SyscallException failure =
        new SyscallException(
            "mount /proc", "move_mount(7, \"\", 9</proc>, \"\", …)", Errno.EPERM, "/mounts/0");
    assertEquals(
        "mount /proc: move_mount(7, \"\", 9</proc>, \"\", …): EPERM (operation not permitted)"
            + " [config.json /mounts/0]",
        failure.getMessage());
    assertEquals(
        "ENOENT (no such file or directory)", new SyscallException("", "", 2, "").getMessage());
    assertEquals(
        "errno 4000 (unknown error 4000)", new SyscallException("", "", 4000, "").getMessage());
  }
}
