package dev.gatun.runtime.process;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;

/**
 * A file in memory, {@code memfd_create(2)}, that a child reads as its standard input: unlike a
 * pipe it takes all that is written, whether the child reads it or not.
 */
public final class MemoryFile {
  private MemoryFile() {}

  /**
   * Adds records that make one. It can be sealed, and not be executed.
   *
   * @param b the program
   * @param name what {@code /proc} calls it
   * @param fd takes the descriptor, which is closed on execution
   */
  public static void open(ProgramBuilder b, String name, Slot fd) {
    int flags = Constants.MFD_CLOEXEC | Constants.MFD_ALLOW_SEALING;
    Label old = b.label("MFD_NOEXEC_SEAL unknown");
    Label made = b.label(name + " made");
    b.sys(Syscall.MEMFD_CREATE, b.string(name), imm(flags | Constants.MFD_NOEXEC_SEAL))
        .into(fd)
        .tolerate(Errno.EINVAL, old);
    b.outOfLine(() -> {
      // Before Linux 6.3.
      b.bind(old);
      b.sys(Syscall.MEMFD_CREATE, b.string(name), imm(flags)).into(fd);
      b.jump(made);
    });
    b.bind(made);
  }
}
