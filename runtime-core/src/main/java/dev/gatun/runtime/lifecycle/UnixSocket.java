package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ContainerException;
import java.nio.charset.StandardCharsets;

/** Records that speak to Unix sockets of the host, {@code unix(7)}. */
final class UnixSocket {
  /** How long a peer may take before it accepts or reads, in seconds. */
  private static final int SECONDS = 10;

  /** What a path may have in bytes, so that a NUL behind it has room. */
  private static final int LONGEST = Structs.SIZEOF_SOCKADDR_UN - Structs.SOCKADDR_UN_SUN_PATH - 1;

  /** Slashes mean the same as one, so a descriptor's digits are put over the last of them. */
  private static final String BY_DESCRIPTOR = "/proc/self/fd///////////";

  private UnixSocket() {}

  /**
   * Adds a socket that gives up sending after a while, and connects it.
   *
   * @param b the program
   * @param type {@code SOCK_STREAM} or {@code SOCK_DGRAM}
   * @param path the socket's path; an abstract one begins with an at sign, and one that no address
   *     can hold is reached through a descriptor
   * @param into takes the descriptor
   */
  static void connect(ProgramBuilder b, int type, String path, Slot into) {
    b.sys(Syscall.SOCKET, imm(Constants.AF_UNIX), imm(type | Constants.SOCK_CLOEXEC), imm(0))
        .into(into);
    // struct timeval, of the size and with the seconds of a timespec.
    Data time =
        b.constant("timeout", Structs.SIZEOF_KERNEL_TIMESPEC)
            .u64(Structs.KERNEL_TIMESPEC_TV_SEC, SECONDS);
    b.sys(
        Syscall.SETSOCKOPT,
        into,
        imm(Constants.SOL_SOCKET),
        imm(Constants.SO_SNDTIMEO),
        time.address(),
        imm(Structs.SIZEOF_KERNEL_TIMESPEC));
    if (path.getBytes(StandardCharsets.UTF_8).length <= LONGEST) {
      Data address = address(b, path);
      connect(b, into, address);
      return;
    }
    Slot file = b.fd("socket file", path);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(path),
            imm(Constants.O_PATH | Constants.O_CLOEXEC),
            imm(0))
        .into(file);
    int end = Structs.SOCKADDR_UN_SUN_PATH + BY_DESCRIPTOR.length();
    Data address =
        b.variable("unix:" + path, end + 1)
            .u16(Structs.SOCKADDR_UN_SUN_FAMILY, Constants.AF_UNIX)
            .put(Structs.SOCKADDR_UN_SUN_PATH, BY_DESCRIPTOR.getBytes(StandardCharsets.US_ASCII));
    Idioms.formatDecimal(b, file, address.at(end));
    connect(b, into, address);
    Idioms.close(b, file);
  }

  private static void connect(ProgramBuilder b, Slot socket, Data address) {
    // With a time-out, a process that was stopped meanwhile gets EINTR.
    Label again = b.loop("connect");
    b.sys(Syscall.CONNECT, socket, address.address(), imm(address.size()))
        .tolerate(Errno.EINTR, again);
  }

  /**
   * A socket's address.
   *
   * @param b the program
   * @param path the socket's path; an abstract one begins with an at sign
   * @return the address, whose size is the one that calls take
   */
  static Data address(ProgramBuilder b, String path) {
    byte[] bytes = check(path).getBytes(StandardCharsets.UTF_8);
    boolean named = bytes[0] != '@';
    int size = Structs.SOCKADDR_UN_SUN_PATH + bytes.length + (named ? 1 : 0);
    Data address =
        b.constant("unix:" + path, size).u16(Structs.SOCKADDR_UN_SUN_FAMILY, Constants.AF_UNIX);
    if (!named) {
      bytes[0] = 0;
    }
    return address.put(Structs.SOCKADDR_UN_SUN_PATH, bytes);
  }

  /**
   * Checks that a path fits into an address.
   *
   * @param path the socket's path, not empty
   * @return the path
   */
  static String check(String path) {
    int length = path.getBytes(StandardCharsets.UTF_8).length;
    if (length == 0 || length > LONGEST) {
      throw new ContainerException(
          "the path of a Unix socket must have 1 to " + LONGEST + " bytes: \"" + path + "\"");
    }
    return path;
  }

  /**
   * Sends a descriptor with a few words.
   *
   * @param b the program
   * @param socket a connected socket
   * @param words what the message says
   * @param fd the descriptor
   * @return the record, for what it tolerates
   */
  static Instruction send(ProgramBuilder b, Arg socket, String words, Arg fd) {
    int length = Structs.SIZEOF_CMSGHDR + 4;
    Addr text = b.string(words);
    Data part =
        b.constant("iovec", Structs.SIZEOF_IOVEC)
            .address(Structs.IOVEC_IOV_BASE, text)
            .u64(Structs.IOVEC_IOV_LEN, words.getBytes(StandardCharsets.UTF_8).length);
    // Padded to the next multiple of eight bytes, as CMSG_SPACE does.
    Data control =
        b.variable("cmsghdr", length + 4)
            .u64(Structs.CMSGHDR_CMSG_LEN, length)
            .u32(Structs.CMSGHDR_CMSG_LEVEL, Constants.SOL_SOCKET)
            .u32(Structs.CMSGHDR_CMSG_TYPE, Constants.SCM_RIGHTS);
    Data message =
        b.constant("msghdr", Structs.SIZEOF_MSGHDR)
            .address(Structs.MSGHDR_MSG_IOV, part.address())
            .u64(Structs.MSGHDR_MSG_IOVLEN, 1)
            .address(Structs.MSGHDR_MSG_CONTROL, control.address())
            .u64(Structs.MSGHDR_MSG_CONTROLLEN, control.size());
    b.store(4, control.address(), imm(Structs.SIZEOF_CMSGHDR), fd);
    return b.sys(Syscall.SENDMSG, socket, message.address(), imm(Constants.MSG_NOSIGNAL));
  }
}
