package dev.gatun.linux.local;

import dev.gatun.linux.Arch;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.Slot;

/**
 * Runs programs in this process, on the thread that asks: each is one downcall into the
 * interpreter.
 *
 * <p>A program acts with this process's credentials, working directory, umask and descriptors, and
 * the children it makes are this JVM's children. What belongs to a thread alone, as its signal
 * mask, changes for the calling thread, so programs are best run on platform threads. Any number of
 * threads may run programs at once; a program that blocks holds up nobody but its own thread.
 */
public final class LocalKernel implements Kernel {
  private final Arch arch = Arch.host();

  /**
   * The kernel of this process.
   *
   * @throws SyscallException when the interpreter cannot be mapped, as where executable memory is
   *     forbidden
   */
  public LocalKernel() {
    NativeInterpreter.check();
  }

  @Override
  public Arch arch() {
    return arch;
  }

  /**
   * {@inheritDoc}
   *
   * @throws SyscallException when there is no memory for the program
   */
  @Override
  public Result run(Program program) {
    if (program.arch() != arch) {
      throw new IllegalArgumentException(
          "a program for " + program.arch() + " cannot run on " + arch);
    }
    try (ProgramMemory memory =
        new ProgramMemory(
            program.size(),
            program.constantSize(),
            program.variableSize(),
            program.slotCount(),
            program.zeroSize())) {
      long zeroes = memory.zeroesAddress();
      byte[] linked = new byte[program.linkedSize()];
      program.link(
          new Program.Addresses(0, memory.constantsAddress(), memory.variablesAddress(), zeroes, 0),
          linked,
          0);
      memory.load(linked);
      memory.slot(Slot.REPLY_START.number(), zeroes);
      memory.slot(Slot.REPLY_SLOTS.number(), 8L * program.slotCount());
      memory.run(0);
      long[] slots = memory.copyOfSlots();
      int size = Math.toIntExact(slots[Slot.REPLY_END.number()] - zeroes);
      return new Result(program, 0, slots, memory.copyOfZeroes(size), 0, size);
    }
  }

  /**
   * Runs a program that is the last one. A program that ends its process, or puts another in its
   * place, would do that to this JVM, and is refused.
   *
   * @param program the program
   * @throws UnsupportedOperationException when the program can end its process
   * @throws SyscallException when there is no memory for the program, or one of its calls fails
   */
  @Override
  public void finish(Program program) {
    for (int i = 0; i < program.size(); i++) {
      Instruction record = program.record(i);
      if (record.syscall() == null) {
        continue;
      }
      switch (record.syscall()) {
        case EXIT, EXIT_GROUP, EXECVE, EXECVEAT ->
            throw new UnsupportedOperationException(
                record.origin().step()
                    + ": a program that ends its process cannot run in a JVM that goes on");
        default -> {
          // Any other call comes back.
        }
      }
    }
    run(program).orThrow();
  }
}
