package dev.gatun.pods.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.state.StateRoot;

/**
 * Keeps GC of CNI networks apart from ADD and DEL, as the specification wants it: GC frees what is
 * in no list, and what a plugin adds meanwhile would be in none. It is {@code flock(2)} on the
 * directory of the state root's pods, which ends with whoever holds it. Nobody has it twice.
 */
final class CniLock implements AutoCloseable {
  private final Kernel kernel;
  private final long directory;

  private CniLock(Kernel kernel, String root, int how) {
    this.kernel = kernel;
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Slot pods = StateRoot.makePods(b, root);
    descriptors.add(pods);
    b.step("wait for those who use the plugins of CNI networks", "");
    b.sys(Syscall.FLOCK, pods, imm(how));
    directory = kernel.run(b.build()).orThrow().slot(pods);
  }

  /** For ADD and DEL, which may be many at once. */
  static CniLock shared(Kernel kernel, String root) {
    return new CniLock(kernel, root, Constants.LOCK_SH);
  }

  /** For GC. */
  static CniLock exclusive(Kernel kernel, String root) {
    return new CniLock(kernel, root, Constants.LOCK_EX);
  }

  @Override
  public void close() {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    b.sys(Syscall.CLOSE, imm(directory)).tolerateAny();
    kernel.run(b.build());
  }
}
