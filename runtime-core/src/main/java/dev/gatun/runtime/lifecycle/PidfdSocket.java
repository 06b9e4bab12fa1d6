package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import org.jspecify.annotations.Nullable;

/**
 * {@code --pidfd-socket}: a pidfd of a process is sent to a Unix stream socket, with the word that
 * runc sends beside it.
 */
final class PidfdSocket {
  /** The word for a container's first process. */
  static final String INIT = "standard";

  /** The word for a process that enters a container. */
  static final String EXEC = "setns";

  private PidfdSocket() {}

  /**
   * Connects, as the first thing that a command does: a bad path fails before anything is made.
   *
   * @param b the program
   * @param path the socket's path, or null when nobody asked
   * @param into takes the socket
   */
  static void connect(ProgramBuilder b, @Nullable String path, Slot into) {
    if (path != null) {
      b.step("connect to pidfd socket \"" + path + "\"", "");
      UnixSocket.connect(b, Constants.SOCK_STREAM, path, into);
    }
  }

  /**
   * Sends the pidfd of a child that has not been waited for; the socket stays open.
   *
   * @param b the program
   * @param socket the socket
   * @param pid the child's pid
   * @param word {@link #INIT} or {@link #EXEC}
   */
  static void send(ProgramBuilder b, Arg socket, Arg pid, String word) {
    b.step("send a pidfd to the pidfd socket", "");
    Slot pidfd = b.slot("sent pidfd");
    Slot sent = b.slot("sent");
    Label failed = b.label("not sent");
    b.sys(Syscall.PIDFD_OPEN, pid, imm(0)).into(pidfd);
    Instruction call = UnixSocket.send(b, socket, word, pidfd).into(sent).tolerateAny(failed);
    Idioms.close(b, pidfd);
    b.outOfLine(() -> {
      b.bind(failed);
      Idioms.close(b, pidfd);
      b.fail(call, sent);
    });
  }
}
