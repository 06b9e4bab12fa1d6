package dev.gatun.linux.local;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.gatun.linux.Arch;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.image.InterpreterCode;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

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
  private static final String STEP = "map the interpreter";
  private static final @Nullable MethodHandle RUN;
  private static final @Nullable SyscallException FAILURE;

  static {
    MethodHandle run = null;
    SyscallException failure = null;
    try {
      run = bind();
    } catch (SyscallException e) {
      // Thrown from here it would be an ExceptionInInitializerError, once, and then another one.
      failure = e;
    }
    RUN = run;
    FAILURE = failure;
  }

  private NativeInterpreter() {}

  /**
   * Checks that the interpreter is there.
   *
   * @throws SyscallException when it could not be mapped, as where executable memory is forbidden
   */
  static void check() {
    SyscallException failure = FAILURE;
    if (failure != null) {
      throw new SyscallException(STEP, failure.call(), failure.errno(), "", failure);
    }
  }

  /**
   * Runs records until END.
   *
   * @param records record 0 and those behind it, off-heap, 8-byte aligned; only read
   * @param slots slot 0 and those behind it, off-heap, 8-byte aligned
   * @param first number of the record to begin with
   * @return END's value
   * @throws SyscallException when the interpreter could not be mapped
   */
  static long run(MemorySegment records, MemorySegment slots, long first) {
    MethodHandle run = RUN;
    if (run == null) {
      check();
      throw new AssertionError("neither an interpreter nor why there is none");
    }
    try {
      return (long) run.invokeExact(records, slots, first);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }

  // SAFETY: the code is called with the three arguments it is written for. The mapping is never
  // undone once it is executable, so the handle never dangles.
  @SuppressWarnings("restricted")
  private static MethodHandle bind() {
    byte[] code = InterpreterCode.callable(Arch.host());
    long page = Mapping.map(STEP, code.length);
    MemorySegment memory = MemorySegment.ofAddress(page).reinterpret(code.length);
    MemorySegment.copy(code, 0, memory, JAVA_BYTE, 0, code.length);
    try {
      Mapping.makeExecutable(STEP, page, code.length);
    } catch (SyscallException e) {
      Mapping.unmap(STEP, page, code.length);
      throw e;
    }
    return Linker.nativeLinker()
        .downcallHandle(memory, FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG));
  }
}
