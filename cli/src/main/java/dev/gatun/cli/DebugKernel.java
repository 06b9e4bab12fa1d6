package dev.gatun.cli;

import dev.gatun.linux.Arch;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;

/** Notes each exchange. */
final class DebugKernel implements Kernel {
  private final Kernel kernel;
  private final Notes notes;
  private int exchanges;

  DebugKernel(Kernel kernel, Notes notes) {
    this.kernel = kernel;
    this.notes = notes;
  }

  @Override
  public Arch arch() {
    return kernel.arch();
  }

  @Override
  public Result run(Program program) {
    long begin = System.nanoTime();
    Result result = kernel.run(program);
    long micros = (System.nanoTime() - begin) / 1000;
    exchanges++;
    notes.debug(
        "exchange "
            + exchanges
            + ": "
            + program.size()
            + " records, "
            + program.linkedSize()
            + " bytes, "
            + micros
            + " us"
            + (result.failed() ? ", failed" : ""));
    return result;
  }

  @Override
  public void finish(Program program) {
    kernel.finish(program);
  }
}
