package dev.gatun.runtime.lifecycle;

import dev.gatun.linux.Arch;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import java.util.ArrayList;
import java.util.List;

/** Runs programs in another kernel, counts them and keeps them. */
public final class CountingKernel implements Kernel {
  private final Kernel kernel;
  private final List<Program> programs = new ArrayList<>();

  public CountingKernel(Kernel kernel) {
    this.kernel = kernel;
  }

  /** The programs since the last time that this was asked. */
  public List<Program> take() {
    List<Program> taken = List.copyOf(programs);
    programs.clear();
    return taken;
  }

  @Override
  public Arch arch() {
    return kernel.arch();
  }

  @Override
  public Result run(Program program) {
    programs.add(program);
    return kernel.run(program);
  }

  @Override
  public void finish(Program program) {
    programs.add(program);
    kernel.finish(program);
  }
}
