package dev.gatun.linux.program;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;

/**
 * Groups of records that programs use again and again, as a person would write them in C with a
 * loop or a condition.
 */
public final class Idioms {
  /** How often calls are tried again in one run of a program, all together. */
  public static final int MOST_RETRIES = 10_000;

  /** Decimal digits of the largest pid, 2^22, with room to spare. */
  private static final int PID_DIGITS = 10;

  private Idioms() {}

  /**
   * {@code openat2(2)}, tried again on EAGAIN: in-root resolution gives up when it races with a
   * rename or a mount.
   *
   * @param b the program
   * @param dirfd the directory that the path is resolved from
   * @param path the address of the path
   * @param flags {@code O_*} flags; O_CLOEXEC is added
   * @param mode of a file that is created, else 0
   * @param resolve {@code RESOLVE_*} flags
   * @param into takes the descriptor
   */
  public static void openat2(
      ProgramBuilder b, Arg dirfd, Arg path, int flags, int mode, long resolve, Slot into) {
    Label again = b.loop("again");
    Instruction call = open(b, dirfd, path, flags, mode, resolve).into(into);
    call.tolerate(Errno.EAGAIN, retry(b, again, call, Errno.EAGAIN));
  }

  /**
   * {@code openat2(2)} as above, with errors that are no failure.
   *
   * @param b the program
   * @param dirfd the directory that the path is resolved from
   * @param path the address of the path
   * @param flags {@code O_*} flags; O_CLOEXEC is added
   * @param mode of a file that is created, else 0
   * @param resolve {@code RESOLVE_*} flags
   * @param into takes the descriptor, or −errno
   * @param elsewhere where to go on one of the errors
   * @param errnos the errors
   */
  public static void openat2(
      ProgramBuilder b,
      Arg dirfd,
      Arg path,
      int flags,
      int mode,
      long resolve,
      Slot into,
      Label elsewhere,
      int... errnos) {
    Label again = b.loop("again");
    Label failed = b.label("open failed");
    Instruction call = open(b, dirfd, path, flags, mode, resolve).into(into).tolerateAny(failed);
    b.outOfLine(() -> {
      b.bind(failed);
      for (int errno : errnos) {
        b.branch(Op.Condition.EQ, into, imm(-errno), elsewhere);
      }
      Label fatal = b.label("fatal");
      b.branch(Op.Condition.NE, into, imm(-Errno.EAGAIN), fatal);
      b.alu(Op.Function.ADD, Slot.RETRIES, Slot.RETRIES, imm(1));
      b.branch(Op.Condition.LTU, Slot.RETRIES, imm(MOST_RETRIES), again);
      b.bind(fatal);
      b.fail(call, into);
    });
  }

  /**
   * {@code openat2(2)}, once: the caller says what becomes of its errors, EAGAIN among them.
   *
   * @param b the program
   * @param dirfd the directory that the path is resolved from
   * @param path the address of the path
   * @param flags {@code O_*} flags; O_CLOEXEC is added
   * @param mode of a file that is created, else 0
   * @param resolve {@code RESOLVE_*} flags
   * @return the record, for its result and what it tolerates
   */
  public static Instruction open(
      ProgramBuilder b, Arg dirfd, Arg path, int flags, int mode, long resolve) {
    Data how =
        b.constant("open_how", Structs.SIZEOF_OPEN_HOW)
            .u64(Structs.OPEN_HOW_FLAGS, Integer.toUnsignedLong(flags | Constants.O_CLOEXEC))
            .u64(Structs.OPEN_HOW_MODE, mode)
            .u64(Structs.OPEN_HOW_RESOLVE, resolve);
    return b.sys(Syscall.OPENAT2, dirfd, path, how.address(), imm(Structs.SIZEOF_OPEN_HOW));
  }

  /**
   * The label to go to when a call should be tried again; after {@value #MOST_RETRIES} of them in
   * one run the call fails.
   *
   * @param b the program
   * @param again a loop's head before the call
   * @param call the call
   * @param errno what it fails with in the end
   * @return the label
   */
  public static Label retry(ProgramBuilder b, Label again, Instruction call, int errno) {
    Label retry = b.label("retry");
    b.outOfLine(() -> {
      b.bind(retry);
      b.alu(Op.Function.ADD, Slot.RETRIES, Slot.RETRIES, imm(1));
      b.branch(Op.Condition.LTU, Slot.RETRIES, imm(MOST_RETRIES), again);
      b.fail(call, imm(-errno));
    });
    return retry;
  }

  /**
   * Opens a directory to be read, in one that nobody else can write to; a link is refused.
   *
   * @param b the program
   * @param dirfd the directory that the path is resolved from
   * @param path its path
   * @return the record, for its result and what it tolerates
   */
  public static Instruction openDirectory(ProgramBuilder b, Arg dirfd, String path) {
    return b.sys(
        Syscall.OPENAT,
        dirfd,
        b.string(path),
        imm(
            Constants.O_RDONLY
                | b.arch().O_DIRECTORY()
                | b.arch().O_NOFOLLOW()
                | Constants.O_CLOEXEC),
        imm(0));
  }

  /**
   * {@code pidfd_open(2)} of a pid that was written down, whose process may have ended. The number
   * may then be nobody's (ESRCH), that of a session or process group whose leader has gone, or a
   * thread's (EINVAL, in newer kernels ENOENT).
   *
   * @param b the program
   * @param pid the pid, above 0
   * @param into takes the descriptor, or −errno
   * @param gone where to go when no process has it
   */
  public static void pidfdOpen(ProgramBuilder b, Arg pid, Slot into, Label gone) {
    Label failed = b.label("pidfd_open failed");
    Instruction call = b.sys(Syscall.PIDFD_OPEN, pid, imm(0)).into(into).tolerateAny(failed);
    b.outOfLine(() -> {
      b.bind(failed);
      for (int errno : new int[] {Errno.ESRCH, Errno.EINVAL, Errno.ENOENT}) {
        b.branch(Op.Condition.EQ, into, imm(-errno), gone);
      }
      b.fail(call, into);
    });
  }

  /**
   * Closes a descriptor; what close says is of no use to anybody.
   *
   * @param b the program
   * @param fd a slot with the descriptor
   */
  public static void close(ProgramBuilder b, Slot fd) {
    b.sys(Syscall.CLOSE, fd).tolerateAny();
  }

  /**
   * A pair of Unix sockets, close-on-exec. Unlike a pipe such a socket says that nobody reads any
   * more without raising SIGPIPE.
   *
   * @param b the program
   * @param type {@code SOCK_STREAM} or {@code SOCK_SEQPACKET}
   * @param one takes one end
   * @param other takes the other end
   */
  public static void socketPair(ProgramBuilder b, int type, Slot one, Slot other) {
    Data ends = b.buffer("socketpair", 8);
    b.sys(
        Syscall.SOCKETPAIR,
        imm(Constants.AF_UNIX),
        imm(type | Constants.SOCK_CLOEXEC),
        imm(0),
        ends.address());
    b.load(4, one, ends.address(), imm(0));
    b.load(4, other, ends.address(), imm(4));
  }

  /**
   * A path with a pid in it, {@code /proc/PID/name}, for a pid that only the program knows. The
   * digits are right-aligned in a row of slashes, which mean the same as one.
   *
   * @param b the program
   * @param before what stands before the pid, with a slash at its end
   * @param pid a slot with a pid above 0
   * @param after what stands behind it, with a slash at its beginning, or empty
   * @return the path's address
   */
  public static Addr pidPath(ProgramBuilder b, String before, Slot pid, String after) {
    byte[] head = bytes(before);
    byte[] tail = bytes(after);
    Data path = b.variable(before + "PID" + after, head.length + PID_DIGITS + tail.length + 1);
    path.put(0, head);
    for (int i = 0; i < PID_DIGITS; i++) {
      path.put(head.length + i, new byte[] {'/'});
    }
    path.put(head.length + PID_DIGITS, tail);
    formatDecimal(b, pid, path.at(head.length + PID_DIGITS));
    return path.address();
  }

  /**
   * Writes a number in decimal, ending at a place.
   *
   * @param b the program
   * @param value a slot with the number, unsigned
   * @param end the address behind the last digit; there must be room before it
   * @return a slot with the address of the first digit
   */
  public static Slot formatDecimal(ProgramBuilder b, Slot value, Addr end) {
    Slot rest = b.slot("rest");
    Slot digit = b.slot("digit");
    Slot at = b.slot("at");
    b.set(rest, value);
    b.set(at, end);
    Label next = b.loop("digit");
    b.alu(Op.Function.UREM, digit, rest, imm(10));
    b.alu(Op.Function.ADD, digit, digit, imm('0'));
    b.alu(Op.Function.SUB, at, at, imm(1));
    b.store(1, at, imm(0), digit);
    b.alu(Op.Function.UDIV, rest, rest, imm(10));
    b.branch(Op.Condition.NE, rest, imm(0), next);
    return at;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  /**
   * Reads a file from its descriptor until its end or until a buffer is full.
   *
   * @param b the program
   * @param fd a slot with the descriptor
   * @param buffer where it goes
   * @return a slot with the number of bytes read
   */
  public static Slot readAll(ProgramBuilder b, Slot fd, Data buffer) {
    Slot total = b.slot("total");
    b.set(total, imm(0));
    append(b, fd, buffer, total);
    return total;
  }

  /**
   * Reads a file from its descriptor until its end or until a buffer is full, behind what the
   * buffer holds already.
   *
   * @param b the program
   * @param fd a slot with the descriptor
   * @param buffer where it goes
   * @param total a slot with the number of bytes in the buffer, which grows
   */
  public static void append(ProgramBuilder b, Slot fd, Data buffer, Slot total) {
    Slot got = b.slot("got");
    Slot at = b.slot("at");
    Slot room = b.slot("room");
    Label done = b.label("read");
    Label next = b.loop("read on");
    b.alu(Op.Function.SUB, room, imm(buffer.size()), total);
    b.alu(Op.Function.ADD, at, buffer.address(), total);
    b.sys(Syscall.READ, fd, at, room).into(got);
    b.alu(Op.Function.ADD, total, total, got);
    b.branch(Op.Condition.EQ, got, imm(0), done);
    b.branch(Op.Condition.NE, total, imm(buffer.size()), next);
    b.bind(done);
  }

  /**
   * Writes bytes to a descriptor, all of them.
   *
   * @param b the program
   * @param fd where they go
   * @param bytes what is written
   */
  public static void writeAll(ProgramBuilder b, Arg fd, byte[] bytes) {
    if (bytes.length == 0) {
      return;
    }
    Data text = b.constant("bytes", bytes.length).put(0, bytes);
    writeAll(b, fd, text.address(), imm(bytes.length));
  }

  /**
   * Writes memory to a descriptor, all of it.
   *
   * @param b the program
   * @param fd where it goes
   * @param from where it begins
   * @param length how many bytes, more than 0
   */
  public static void writeAll(ProgramBuilder b, Arg fd, Addr from, Arg length) {
    Slot left = b.slot("left");
    Slot put = b.slot("put");
    Slot at = b.slot("at");
    b.set(left, length);
    b.set(at, from);
    Label next = b.loop("write on");
    b.sys(Syscall.WRITE, fd, at, left).into(put);
    b.alu(Op.Function.ADD, at, at, put);
    b.alu(Op.Function.SUB, left, left, put);
    b.branch(Op.Condition.NE, left, imm(0), next);
  }
}
