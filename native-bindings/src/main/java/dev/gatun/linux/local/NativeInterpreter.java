package dev.gatun.linux.local;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.image.InterpreterCode;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The interpreter as machine code in this process, and the downcall into it.
 *
 * <p>One page is mapped when the class is first used and stays for the life of the JVM. It is
 * written while it is writable and not executable, and then made executable for good: on aarch64 it
 * is this change that makes the kernel bring the instruction cache up to date.
 *
 * <p>Any number of threads may be in the code at once; what a run needs is in registers and in its
 * own memory. The call is not {@code critical}: the thread counts as being in native code, and a
 * program that blocks holds up no garbage collection.
 */
final class NativeInterpreter {
  private static final MethodHandle RUN = bind();

  private NativeInterpreter() {}

  /**
   * Runs records until END.
   *
   * @param records record 0 and those behind it, off-heap, 8-byte aligned; only read
   * @param slots slot 0 and those behind it, off-heap, 8-byte aligned
   * @param first number of the record to begin with
   * @return END's value
   */
  static long run(MemorySegment records, MemorySegment slots, long first) {
    try {
      return (long) RUN.invokeExact(records, slots, first);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }

  // SAFETY: the signatures are those of mmap(2) and mprotect(2), and the code is called with the
  // three
  // arguments it is written for. The mapping is never undone, so the handle never dangles.
  @SuppressWarnings("restricted")
  private static MethodHandle bind() {
    Linker linker = Linker.nativeLinker();
    Linker.Option errno = Linker.Option.captureCallState("errno");
    MethodHandle mmap =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("mmap"),
            FunctionDescriptor.of(
                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG),
            errno);
    MethodHandle mprotect =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("mprotect"),
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT),
            errno);
    byte[] code = InterpreterCode.callable(Arch.host());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
      long page =
          (long)
              mmap.invokeExact(
                  state,
                  0L,
                  (long) code.length,
                  Constants.PROT_READ | Constants.PROT_WRITE,
                  Constants.MAP_PRIVATE | Constants.MAP_ANONYMOUS,
                  -1,
                  0L);
      if (page == -1) {
        throw failed(
            "mmap(NULL, "
                + code.length
                + ", PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)",
            state);
      }
      MemorySegment memory = MemorySegment.ofAddress(page).reinterpret(code.length);
      MemorySegment.copy(code, 0, memory, JAVA_BYTE, 0, code.length);
      int result =
          (int)
              mprotect.invokeExact(
                  state, page, (long) code.length, Constants.PROT_READ | Constants.PROT_EXEC);
      if (result != 0) {
        throw failed("mprotect(…, " + code.length + ", PROT_READ|PROT_EXEC)", state);
      }
      return linker.downcallHandle(
          memory, FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }

  private static SyscallException failed(String call, MemorySegment state) {
    VarHandle errno =
        Linker.Option.captureStateLayout()
            .varHandle(MemoryLayout.PathElement.groupElement("errno"));
    return new SyscallException("map the interpreter", call, (int) errno.get(state, 0L), "");
  }
}
