package dev.gatun.cgroups;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;

/**
 * The file {@code cgroup.events} of one cgroup, read and awaited in records.
 *
 * <p>It reads {@code "populated 0\nfrozen 0\n"}; each line is compared as the eight bytes that end
 * with its digit.
 */
final class CgroupEvents {
  /** A line of the file with the value that is asked about. */
  record Fact(int offset, String eightBytes) {
    private long word() {
      long word = 0;
      for (int i = 7; i >= 0; i--) {
        word = word << 8 | eightBytes.charAt(i);
      }
      return word;
    }
  }

  /** No process is in the cgroup or below it. */
  static final Fact EMPTY = new Fact(3, "ulated 0");

  /** Not frozen. */
  static final Fact THAWED = new Fact(12, "frozen 0");

  /** Frozen, with everything in it at rest. */
  static final Fact FROZEN = new Fact(12, "frozen 1");

  private static final int BUFFER = 64;

  private final ProgramBuilder b;
  private final Slot fd;
  private final Data buffer;
  private final Slot word;
  private final boolean mayGo;

  private CgroupEvents(ProgramBuilder b, Slot fd, boolean mayGo) {
    this.b = b;
    this.fd = fd;
    this.mayGo = mayGo;
    this.buffer = b.buffer("cgroup.events", BUFFER);
    this.word = b.slot("event");
  }

  /** Opens the file; {@link #close} gives it back. */
  static CgroupEvents open(ProgramBuilder b, Slot cgroup) {
    Slot fd = b.fd("events", "cgroup.events");
    openFile(b, cgroup, fd);
    return new CgroupEvents(b, fd, false);
  }

  /**
   * Opens the file of a cgroup that somebody else, systemd, may remove at any time: all that is
   * awaited holds then.
   *
   * @param gone where to go when it was removed before
   */
  static CgroupEvents open(ProgramBuilder b, Slot cgroup, Label gone) {
    Slot fd = b.fd("events", "cgroup.events");
    openFile(b, cgroup, fd).tolerate(Errno.ENOENT, gone);
    return new CgroupEvents(b, fd, true);
  }

  private static Instruction openFile(ProgramBuilder b, Slot cgroup, Slot fd) {
    return b.sys(
            Syscall.OPENAT,
            cgroup,
            b.string("cgroup.events"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(fd);
  }

  /** Reads the file anew. */
  void read() {
    reading();
  }

  private Instruction reading() {
    return b.sys(Syscall.PREAD64, fd, buffer.address(), imm(BUFFER), imm(0));
  }

  /** Branches when a fact does not hold, as read last. */
  void unless(Fact fact, Label elsewhere) {
    b.load(8, word, buffer.address(), imm(fact.offset()));
    b.branch(Op.Condition.NE, word, imm(fact.word()), elsewhere);
  }

  /**
   * Waits until a fact holds: the kernel announces each change by POLLPRI to who has read the file
   * before.
   *
   * @param fact what is awaited
   * @param timeout in milliseconds, for the whole wait
   * @param late where to go when it has passed
   */
  void await(Fact fact, long timeout, Label late) {
    Slot ready = b.slot("ready");
    Data pollfd =
        b.variable("pollfd", Structs.SIZEOF_POLLFD).u16(Structs.POLLFD_EVENTS, Constants.POLLPRI);
    b.store(4, pollfd.address(), imm(Structs.POLLFD_FD), fd);
    // The kernel leaves in it what remains of the time, so the rounds share it.
    Data left = b.variable("time left", Structs.SIZEOF_KERNEL_TIMESPEC);
    b.store(8, left.address(), imm(Structs.KERNEL_TIMESPEC_TV_SEC), imm(timeout / 1000));
    b.store(
        8, left.address(), imm(Structs.KERNEL_TIMESPEC_TV_NSEC), imm(timeout % 1000 * 1_000_000));
    Label again = b.loop("look again");
    Label done = b.label("seen");
    Instruction read = reading();
    if (mayGo) {
      read.tolerate(Errno.ENODEV, done);
    }
    b.load(8, word, buffer.address(), imm(fact.offset()));
    b.branch(Op.Condition.EQ, word, imm(fact.word()), done);
    b.sys(Syscall.PPOLL, pollfd.address(), imm(1), left.address(), imm(0), imm(0))
        .into(ready)
        .tolerate(Errno.EINTR, again);
    b.branch(Op.Condition.NE, ready, imm(0), again);
    b.jump(late);
    b.bind(done);
  }

  /** Closes the file. */
  void close() {
    Idioms.close(b, fd);
  }
}
