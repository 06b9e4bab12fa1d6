package dev.gatun.cli;

import dev.gatun.linux.Arch;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;

/** A kernel for command lines that must not do anything. */
final class NoKernel implements Kernel {
  @Override
  public Arch arch() {
    return Arch.X86_64;
  }

  @Override
  public Result run(Program program) {
    throw new AssertionError("a program was run");
  }

  @Override
  public void finish(Program program) {
    throw new AssertionError("a program was run");
  }
}
