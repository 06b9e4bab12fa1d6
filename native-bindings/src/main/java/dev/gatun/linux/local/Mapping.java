package dev.gatun.linux.local;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.gatun.linux.Constants;
import dev.gatun.linux.SyscallException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Anonymous memory of this process: {@code mmap(2)}, {@code mprotect(2)}, {@code madvise(2)},
 * {@code munmap(2)}.
 *
 * <p>It is zero to begin with and costs only what is touched of it.
 */
final class Mapping {
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
  private static final VarHandle ERRNO_VALUE =
      Linker.Option.captureStateLayout().varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle MMAP =
      handle(
          "mmap",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MPROTECT =
      handle("mprotect", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  private static final MethodHandle MADVISE =
      handle("madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  private static final MethodHandle MUNMAP =
      handle("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));

  private Mapping() {}

  // SAFETY: the descriptors are the signatures of mmap(2), mprotect(2), madvise(2) and munmap(2).
  @SuppressWarnings("restricted")
  private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, ERRNO);
  }

  /**
   * Maps memory that can be read and written.
   *
   * @param step what the memory is for, for messages
   * @param size in bytes
   * @return its address; the caller owns it
   * @throws SyscallException when there is none
   */
  static long map(String step, long size) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
      long address =
          (long)
              MMAP.invokeExact(
                  state,
                  0L,
                  size,
                  Constants.PROT_READ | Constants.PROT_WRITE,
                  Constants.MAP_PRIVATE | Constants.MAP_ANONYMOUS,
                  -1,
                  0L);
      if (address == -1) {
        String call =
            "mmap(NULL, " + size + ", PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)";
        throw failed(step, call, state);
      }
      return address;
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }

  /**
   * Makes mapped memory executable, and no longer writable.
   *
   * @param step what the memory is for, for messages
   * @param address of the mapping
   * @param size in bytes
   * @throws SyscallException when that is forbidden
   */
  static void makeExecutable(String step, long address, long size) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
      int result =
          (int)
              MPROTECT.invokeExact(state, address, size, Constants.PROT_READ | Constants.PROT_EXEC);
      if (result != 0) {
        throw failed(step, "mprotect(…, " + size + ", PROT_READ|PROT_EXEC)", state);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }

  /**
   * Says what will become of mapped memory.
   *
   * @param step what the memory is for, for messages
   * @param address page-aligned, in the mapping
   * @param size in bytes
   * @param advice {@code MADV_*}
   */
  static void advise(String step, long address, long size, int advice) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
      int result = (int) MADVISE.invokeExact(state, address, size, advice);
      if (result != 0) {
        throw failed(step, "madvise(…, " + size + ", " + advice + ")", state);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }

  /**
   * Gives mapped memory back; no address of it may be used any more.
   *
   * @param step what the memory was for, for messages
   * @param address of the mapping
   * @param size in bytes
   */
  static void unmap(String step, long address, long size) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
      int result = (int) MUNMAP.invokeExact(state, address, size);
      if (result != 0) {
        throw failed(step, "munmap(…, " + size + ")", state);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a downcall throws nothing checked", e);
    }
  }

  private static SyscallException failed(String step, String call, MemorySegment state) {
    return new SyscallException(step, call, (int) ERRNO_VALUE.get(state, 0L), "");
  }
}
