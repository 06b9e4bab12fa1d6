package dev.gatun.runtime.lifecycle;

import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an embedding JVM says of a container and a command line does not: the container's own
 * standard streams, since those of the JVM are not meant for it, and a configuration that is in no
 * file.
 *
 * @param stdio descriptors of standard input, output and error, above 2 and open in the process
 *     that runs the programs; {@link #INHERITED} for that process's own
 * @param config the configuration, or null when it is the bundle's
 */
@SuppressWarnings("ArrayRecordComponent") // carried to the exchange that writes it, never compared
public record Embedding(List<Integer> stdio, byte @Nullable [] config) {
  /** Stands for the process's own stream. */
  public static final int INHERITED = -1;

  /** Checks the numbers. */
  public Embedding {
    stdio = List.copyOf(stdio);
    if (stdio.size() != 3) {
      throw new IllegalArgumentException(stdio.size() + " standard streams");
    }
    for (int fd : stdio) {
      if (fd != INHERITED && fd < 3) {
        throw new IllegalArgumentException("descriptor " + fd + " is a standard stream itself");
      }
    }
  }

  /**
   * Adds records that put the streams in their places: run by the process that shares the JVM's
   * memory and has a table of descriptors of its own.
   *
   * @param b the program
   * @param error takes −errno
   * @param failed where to go then
   */
  void arrange(ProgramBuilder b, Slot error, Label failed) {
    for (int stream = 0; stream < 3; stream++) {
      if (stdio.get(stream) != INHERITED) {
        b.sys(Syscall.DUP3, Arg.imm(stdio.get(stream)), Arg.imm(stream), Arg.imm(0))
            .into(error)
            .tolerateAny(failed);
      }
    }
  }
}
