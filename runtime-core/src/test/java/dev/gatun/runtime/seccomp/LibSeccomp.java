package dev.gatun.runtime.seccomp;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.gatun.oci.Seccomp;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The oracle: libseccomp.so.2, used as runc uses it. */
@SuppressWarnings("restricted")
final class LibSeccomp {
  private static final SymbolLookup LIBRARY =
      SymbolLookup.libraryLookup("libseccomp.so.2", Arena.global());

  private LibSeccomp() {}

  private static Object call(String name, @Nullable MemoryLayout result, Object... args) {
    MemoryLayout[] layouts = new MemoryLayout[args.length];
    for (int i = 0; i < args.length; i++) {
      layouts[i] =
          args[i] instanceof Integer ? JAVA_INT : args[i] instanceof Long ? JAVA_LONG : ADDRESS;
    }
    MemorySegment function =
        LIBRARY
            .find(name)
            .or(() -> Linker.nativeLinker().defaultLookup().find(name))
            .orElseThrow(() -> new AssertionError(name));
    MethodHandle handle =
        Linker.nativeLinker()
            .downcallHandle(
                function,
                result == null
                    ? FunctionDescriptor.ofVoid(layouts)
                    : FunctionDescriptor.of(result, layouts));
    try {
      Object value = handle.invokeWithArguments(args);
      return value == null ? 0 : value;
    } catch (Throwable e) {
      throw new AssertionError(name, e);
    }
  }

  /** The tokens of seccomp.h. */
  static int token(Abi abi) {
    return abi == Abi.X32 ? 0x4000003e : abi.audit();
  }

  /** The name of a number, null when there is none. */
  static @Nullable String name(Abi abi, int number) {
    MemorySegment name =
        (MemorySegment) call("seccomp_syscall_resolve_num_arch", ADDRESS, token(abi), number);
    if (name.address() == 0) {
      return null;
    }
    String text = name.reinterpret(100).getString(0);
    call("free", null, name);
    return text;
  }

  /** The number of a name, negative when there is none. */
  static int number(Abi abi, String name) {
    try (Arena arena = Arena.ofConfined()) {
      return (int)
          call("seccomp_syscall_resolve_name_arch", JAVA_INT, token(abi), arena.allocateFrom(name));
    }
  }

  /** Compiles rules whose values are known. */
  static Bpf compile(int fallback, List<Abi> abis, List<Seccomp.Syscall> rules, int[] values)
      throws IOException {
    Path file = Files.createTempFile("gatun", "bpf");
    try (Arena arena = Arena.ofConfined()) {
      call("seccomp_api_set", JAVA_INT, 6);
      MemorySegment filter = (MemorySegment) call("seccomp_init", ADDRESS, fallback);
      for (Abi abi : abis) {
        int added = (int) call("seccomp_arch_add", JAVA_INT, filter, token(abi));
        check(added == 0 || added == -17, "seccomp_arch_add", added);
      }
      if (!abis.contains(Abi.X86_64)) {
        int removed = (int) call("seccomp_arch_remove", JAVA_INT, filter, token(Abi.X86_64));
        check(removed == 0, "seccomp_arch_remove", removed);
      }
      for (int i = 0; i < rules.size(); i++) {
        if (values[i] != fallback) {
          for (String name : rules.get(i).names()) {
            add(arena, filter, values[i], name, rules.get(i).args());
          }
        }
      }
      int fd = (int) call("creat", JAVA_INT, arena.allocateFrom(file.toString()), 0600);
      int written = (int) call("seccomp_export_bpf", JAVA_INT, filter, fd);
      check(written == 0, "seccomp_export_bpf", written);
      call("close", JAVA_INT, fd);
      call("seccomp_release", null, filter);
      return new Bpf(Files.readAllBytes(file));
    } finally {
      Files.delete(file);
    }
  }

  private static void add(
      Arena arena, MemorySegment filter, int value, String name, List<Seccomp.Arg> args) {
    int number = (int) call("seccomp_syscall_resolve_name", JAVA_INT, arena.allocateFrom(name));
    if (number == -1) {
      return;
    }
    MemorySegment conditions = arena.allocate(24L * args.size() + 24, 8);
    for (int i = 0; i < args.size(); i++) {
      Seccomp.Arg arg = args.get(i);
      conditions.set(JAVA_INT, 24L * i, (int) arg.index());
      // enum scmp_compare has the order of the specification, from 1 on.
      conditions.set(JAVA_INT, 24L * i + 4, arg.op().ordinal() + 1);
      conditions.set(JAVA_LONG, 24L * i + 8, arg.value());
      conditions.set(JAVA_LONG, 24L * i + 16, arg.valueTwo());
    }
    int added =
        (int)
            call(
                "seccomp_rule_add_array", JAVA_INT, filter, value, number, args.size(), conditions);
    check(added == 0, "seccomp_rule_add_array " + name, added);
  }

  private static void check(boolean good, String what, int result) {
    if (!good) {
      throw new AssertionError(what + ": " + result);
    }
  }
}
