package dev.gatun.benchmarks;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.gatun.oci.Seccomp;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** libseccomp as runc uses it, and the system calls that a filter is loaded and tried with. */
@SuppressWarnings("restricted") // there is no other way to a C library
final class LibSeccomp {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LIBRARY =
      SymbolLookup.libraryLookup("libseccomp.so.2", Arena.global());

  private static final MethodHandle INIT = library("seccomp_init", ADDRESS, JAVA_INT);
  private static final MethodHandle RELEASE =
      LINKER.downcallHandle(
          LIBRARY.findOrThrow("seccomp_release"), FunctionDescriptor.ofVoid(ADDRESS));
  private static final MethodHandle ARCH_ADD =
      library("seccomp_arch_add", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle RESOLVE =
      library("seccomp_syscall_resolve_name", JAVA_INT, ADDRESS);
  private static final MethodHandle ADD =
      library("seccomp_rule_add_array", JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
  private static final MethodHandle EXPORT =
      library("seccomp_export_bpf", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle MEMFD = libc("memfd_create", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle PREAD =
      libc("pread", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle CLOSE = libc("close", JAVA_INT, JAVA_INT);
  private static final MethodHandle SYSCALL =
      LINKER.downcallHandle(
          LINKER.defaultLookup().findOrThrow("syscall"),
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG),
          Linker.Option.firstVariadicArg(1));
  private static final MethodHandle PERSONALITY = libc("personality", JAVA_INT, JAVA_LONG);
  private static final MethodHandle GETPPID = libc("getppid", JAVA_INT);

  private static final int SCMP_ARCH_X86 = 0x4000_0003;
  private static final int SCMP_ARCH_X32 = 0x4000_003e;
  private static final int LONGEST = 4096 * 8;

  private LibSeccomp() {}

  private static MethodHandle library(String name, MemoryLayout result, MemoryLayout... args) {
    return LINKER.downcallHandle(LIBRARY.findOrThrow(name), FunctionDescriptor.of(result, args));
  }

  private static MethodHandle libc(String name, MemoryLayout result, MemoryLayout... args) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, args));
  }

  private static int value(Seccomp.Action action, Long errno) {
    return switch (action) {
      case SCMP_ACT_ALLOW -> 0x7fff_0000;
      case SCMP_ACT_ERRNO -> 0x5_0000 | (errno == null ? 1 : errno.intValue());
      default -> throw new IllegalArgumentException(action.name());
    };
  }

  /** Compiles a profile for x86-64 with its two other ABIs. */
  static byte[] compile(Seccomp seccomp) {
    try (Arena arena = Arena.ofConfined()) {
      int fallback = value(seccomp.defaultAction(), seccomp.defaultErrnoRet());
      MemorySegment filter = (MemorySegment) INIT.invokeExact(fallback);
      check((int) ARCH_ADD.invokeExact(filter, SCMP_ARCH_X86));
      check((int) ARCH_ADD.invokeExact(filter, SCMP_ARCH_X32));
      for (Seccomp.Syscall rule : seccomp.syscalls()) {
        int value = value(rule.action(), rule.errnoRet());
        if (value == fallback) {
          continue;
        }
        int count = rule.args().size();
        MemorySegment conditions = arena.allocate(24L * (count + 1), 8);
        for (int i = 0; i < count; i++) {
          Seccomp.Arg arg = rule.args().get(i);
          conditions.set(JAVA_INT, 24L * i, (int) arg.index());
          conditions.set(JAVA_INT, 24L * i + 4, arg.op().ordinal() + 1);
          conditions.set(JAVA_LONG, 24L * i + 8, arg.value());
          conditions.set(JAVA_LONG, 24L * i + 16, arg.valueTwo());
        }
        for (String name : rule.names()) {
          int number = (int) RESOLVE.invokeExact(arena.allocateFrom(name));
          if (number != -1) {
            check((int) ADD.invokeExact(filter, value, number, count, conditions));
          }
        }
      }
      int fd = (int) MEMFD.invokeExact(arena.allocateFrom("filter"), 0);
      check(fd);
      check((int) EXPORT.invokeExact(filter, fd));
      MemorySegment bytes = arena.allocate(LONGEST);
      long size = (long) PREAD.invokeExact(fd, bytes, (long) LONGEST, 0L);
      check((int) CLOSE.invokeExact(fd));
      RELEASE.invokeExact(filter);
      return bytes.asSlice(0, size).toArray(JAVA_BYTE);
    } catch (Throwable e) {
      throw new IllegalStateException("libseccomp", e);
    }
  }

  private static void check(int result) {
    if (result < 0) {
      throw new IllegalStateException("result " + result);
    }
  }

  /** Loads a filter into the calling thread. */
  static void load(byte[] filter) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment program = arena.allocate(16, 8);
      program.set(JAVA_SHORT, 0, (short) (filter.length / 8));
      MemorySegment code = arena.allocate(filter.length, 8);
      code.copyFrom(MemorySegment.ofArray(filter));
      program.set(ADDRESS, 8, code);
      // prctl(PR_SET_NO_NEW_PRIVS) and seccomp(SECCOMP_SET_MODE_FILTER) of x86-64.
      long none = (long) SYSCALL.invokeExact(157L, 38L, 1L, MemorySegment.NULL, 0L, 0L);
      long loaded = (long) SYSCALL.invokeExact(317L, 1L, 0L, program, 0L, 0L);
      check((int) none);
      check((int) loaded);
    } catch (Throwable e) {
      throw new IllegalStateException("seccomp", e);
    }
  }

  /** A call whose argument the filter looks at. */
  static int personality() {
    try {
      return (int) PERSONALITY.invokeExact(0xffff_ffffL);
    } catch (Throwable e) {
      throw new IllegalStateException("personality", e);
    }
  }

  /** A call that a filter always allows: the kernel remembers that, and does not run it. */
  static int getppid() {
    try {
      return (int) GETPPID.invokeExact();
    } catch (Throwable e) {
      throw new IllegalStateException("getppid", e);
    }
  }
}
