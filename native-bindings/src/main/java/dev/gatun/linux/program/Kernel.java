package dev.gatun.linux.program;

import dev.gatun.linux.Arch;
import dev.gatun.linux.SyscallException;
import org.jspecify.annotations.Nullable;

/**
 * Runs programs: in this process, or in the process that called {@code gatun}.
 *
 * <p>Everything that the runtime does to the system goes through here, in few exchanges. File
 * descriptors that a program opens belong to the process that runs it, and stay open for the next
 * program.
 */
public interface Kernel {

  /** The architecture that programs have to be built for. */
  Arch arch();

  /**
   * Runs a program to its end.
   *
   * @param program the program
   * @return its slots and outputs; a failed system call is part of the result, not an exception
   */
  Result run(Program program);

  /**
   * Sends a program that never comes back: it ends its process itself.
   *
   * @param program the program
   */
  void finish(Program program);

  /** What a program left behind. */
  final class Result {
    private final Program program;
    private final int firstRecord;
    private final long[] slots;
    private final byte[] outputs;
    private final int outputsAt;
    private final int outputsEnd;

    /**
     * A result, as kernels make it.
     *
     * @param program the program that ran
     * @param firstRecord the number its first record had
     * @param slots all slots
     * @param outputs an array that holds the outputs' memory; it is not copied
     * @param outputsAt where in it they begin
     * @param outputsEnd where in it they end
     */
    public Result(
        Program program,
        int firstRecord,
        long[] slots,
        byte[] outputs,
        int outputsAt,
        int outputsEnd) {
      this.program = program;
      this.firstRecord = firstRecord;
      this.slots = slots;
      this.outputs = outputs;
      this.outputsAt = outputsAt;
      this.outputsEnd = outputsEnd;
    }

    /**
     * The last value of a slot.
     *
     * @param slot which
     * @return the value
     */
    public long slot(Slot slot) {
      return slots[slot.number()];
    }

    /**
     * The last contents of an output, as far as the program let it be carried.
     *
     * @param output a piece made by {@link ProgramBuilder#output}
     * @return a copy
     */
    public byte[] bytes(Data output) {
      return bytes(output, output.size());
    }

    /**
     * The first bytes of an output.
     *
     * @param output a piece made by {@link ProgramBuilder#output}
     * @param length at most so many
     * @return a copy
     */
    public byte[] bytes(Data output, long length) {
      int from = Math.min(outputsAt + program.position(output), outputsEnd);
      int to = (int) Math.min(from + Math.max(length, 0), outputsEnd);
      return java.util.Arrays.copyOfRange(outputs, from, to);
    }

    /** Whether a system call failed that was not tolerated. */
    public boolean failed() {
      return slots[Slot.FAILED_RECORD.number()] != -1;
    }

    /** The errno of the failed call; 0 when none failed. */
    public int errno() {
      return failed() ? (int) -slots[Slot.FAILED_ERRNO.number()] : 0;
    }

    /** The failed call as an exception, null when none failed. */
    public @Nullable SyscallException failure() {
      if (!failed()) {
        return null;
      }
      int record = (int) slots[Slot.FAILED_RECORD.number()];
      return Listing.failure(program, record - firstRecord, errno(), slots);
    }

    /**
     * Throws when a system call failed.
     *
     * @return this result
     * @throws SyscallException naming the step, the call, the errno and the place
     */
    public Result orThrow() {
      SyscallException failure = failure();
      if (failure != null) {
        throw failure;
      }
      return this;
    }
  }
}
