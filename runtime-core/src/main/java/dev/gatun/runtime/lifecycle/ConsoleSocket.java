package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ContainerException;
import org.jspecify.annotations.Nullable;

/**
 * Records of the runtime's side for a process with a terminal: the socket that the image sends the
 * terminal to, which is somebody else's ({@code --console-socket}) or, in the foreground, the
 * runtime's own.
 *
 * @param image the end that the image is given
 * @param own the other end, when the terminal comes back to the runtime; null when it goes
 *     elsewhere
 */
record ConsoleSocket(Slot image, @Nullable Slot own) {
  private static final int NAME_SIZE = 64;
  private static final int CONTROL_SIZE = Structs.SIZEOF_CMSGHDR + 8;

  /**
   * Checks that a terminal and the way in which it is shown go together.
   *
   * @param terminal whether the process has a terminal
   * @param attended whether the runtime stays in the foreground
   * @param path the console socket, or null
   * @param place where the terminal is asked for, for messages, or empty
   * @throws ContainerException when they do not
   */
  static void check(boolean terminal, boolean attended, @Nullable String path, String place) {
    if (path == null) {
      if (terminal && !attended) {
        throw new ContainerException(
            "cannot allocate tty if gatun will detach without setting console socket: give"
                + " --console-socket, or stay in the foreground"
                + place);
      }
    } else if (!terminal || attended) {
      throw new ContainerException(
          "cannot use console socket if gatun will not detach or allocate tty: "
              + (terminal
                  ? "a foreground command shows the terminal itself"
                  : "the process has no terminal" + place));
    }
  }

  /**
   * Opens the socket.
   *
   * @param b the program
   * @param descriptors takes what is opened
   * @param path the console socket, or null for one of the runtime's own
   * @return the socket's ends
   */
  static ConsoleSocket open(ProgramBuilder b, Descriptors descriptors, @Nullable String path) {
    return path == null ? pair(b, descriptors) : connect(b, descriptors, path);
  }

  private static ConsoleSocket pair(ProgramBuilder b, Descriptors descriptors) {
    b.step("make a socket for the terminal", "/process/terminal");
    Slot own = descriptors.fd("own console", null);
    Slot image = descriptors.fd("console", null);
    Idioms.socketPair(b, Constants.SOCK_STREAM, own, image);
    return new ConsoleSocket(image, own);
  }

  private static ConsoleSocket connect(ProgramBuilder b, Descriptors descriptors, String path) {
    b.step("connect to console socket \"" + path + "\"", "");
    Slot socket = descriptors.fd("console", path);
    UnixSocket.connect(b, Constants.SOCK_STREAM, path, socket);
    return new ConsoleSocket(socket, null);
  }

  /**
   * Takes the terminal from the socket, where it is once the image has said that it is ready, and
   * gives it the size of the terminal that the caller has.
   *
   * @param b the program
   * @param descriptors owns the socket
   * @param terminal takes the descriptor
   */
  void receive(ProgramBuilder b, Descriptors descriptors, Slot terminal) {
    if (own == null) {
      return;
    }
    b.step("receive the terminal", "/process/terminal");
    Data part =
        b.constant("iovec", Structs.SIZEOF_IOVEC)
            .address(Structs.IOVEC_IOV_BASE, b.buffer("name", NAME_SIZE).address())
            .u64(Structs.IOVEC_IOV_LEN, NAME_SIZE);
    Data control = b.buffer("cmsg", CONTROL_SIZE);
    Data message =
        b.variable("msghdr", Structs.SIZEOF_MSGHDR)
            .address(Structs.MSGHDR_MSG_IOV, part.address())
            .u64(Structs.MSGHDR_MSG_IOVLEN, 1)
            .address(Structs.MSGHDR_MSG_CONTROL, control.address())
            .u64(Structs.MSGHDR_MSG_CONTROLLEN, CONTROL_SIZE);
    Slot length = b.slot("length");
    Label received = b.label("received");
    b.sys(
        Syscall.RECVMSG,
        own,
        message.address(),
        imm(Constants.MSG_CMSG_CLOEXEC | Constants.MSG_DONTWAIT));
    b.load(8, length, control.address(), imm(Structs.CMSGHDR_CMSG_LEN));
    b.branch(Condition.EQ, length, imm(Structs.SIZEOF_CMSGHDR + 4), received);
    b.fail(Errno.EPROTO);
    b.bind(received);
    b.load(4, terminal, control.address(), imm(Structs.SIZEOF_CMSGHDR));
    descriptors.close(own);
    resize(b, terminal);
  }

  /**
   * Adds records that give a terminal the size of the caller's: of the first of its standard
   * streams that is one. One without a size changes nothing.
   *
   * @param b the program
   * @param terminal a slot with the descriptor
   */
  static void resize(ProgramBuilder b, Slot terminal) {
    Data size = b.buffer("winsize", Structs.SIZEOF_WINSIZE);
    Slot rows = b.slot("rows");
    Label found = b.label("found");
    Label done = b.label("resized");
    for (int fd = 0; fd <= 2; fd++) {
      Label next = b.label("no terminal");
      b.sys(Syscall.IOCTL, imm(fd), imm(Constants.TIOCGWINSZ), size.address()).tolerateAny(next);
      b.jump(found);
      b.bind(next);
    }
    b.jump(done);
    b.bind(found);
    b.load(4, rows, size.address(), imm(Structs.WINSIZE_WS_ROW));
    b.branch(Condition.EQ, rows, imm(0), done);
    b.sys(Syscall.IOCTL, terminal, imm(Constants.TIOCSWINSZ), size.address()).tolerateAny();
    b.bind(done);
  }
}
