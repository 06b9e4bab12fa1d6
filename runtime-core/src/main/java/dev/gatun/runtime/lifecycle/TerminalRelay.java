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
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.Origin;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;

/**
 * Shows a container's terminal on the standard streams of a foreground command: records for the
 * program that waits for the process.
 *
 * <pre>{@code
 * standard input ──▶ reader ──▶ ptmx ──▶ writer ──▶ standard output
 *                      ▲                    ▲
 *                      └── end of file ─────┘ on a pipe that the command holds
 * }</pre>
 *
 * <p>Reader and writer are copies of the command, made without sharing its memory, so that a slow
 * terminal holds up neither signals nor the process's end. Their exit signal is none: they are not
 * seen where the command waits for its children. The pipe ends when the command lets go of it or
 * dies, however that is: the writer then writes what is there and leaves, and the reader, which is
 * killed before in the ordinary case, restores the terminal's modes.
 *
 * <p>All signals are blocked in all of them, but for SIGTTOU while the modes are changed: a command
 * in the background stops there until it is brought to the foreground, as it should.
 */
final class TerminalRelay {
  /** Index of the end-of-file character, asm-generic/termbits-common.h. */
  private static final int VEOF = 4;

  private static final int BUFFER = 16 << 10;

  /**
   * How much is still shown once the process has ended, while others go on writing: more than a
   * pseudoterminal holds.
   */
  private static final int LAST = 256 << 10;

  /** How long to wait before a terminal that nobody has open is looked at again: 100 ms. */
  private static final long PAUSE = 100_000_000;

  private static final int SECOND = Structs.SIZEOF_POLLFD;
  private static final int REVENTS = Structs.POLLFD_REVENTS;

  private final ProgramBuilder b;
  private final Slot terminal;
  private final Slot raw;
  private final Slot reader;
  private final Slot writer;
  private final Slot pipe;
  private final Slot pipeWrite;
  private final Slot t;
  private final Data saved;
  private final Data modes;
  private final Data number;
  private final Data polls;
  private final Data copied;
  private final Data everySignal;
  private final Data pause;

  /**
   * Begins, before anything can fail.
   *
   * @param b the program
   * @param terminal the descriptor of the ptmx
   */
  TerminalRelay(ProgramBuilder b, Arg terminal) {
    this.b = b;
    this.terminal = b.fd("terminal", "ptmx");
    raw = b.slot("raw");
    reader = b.slot("reader");
    writer = b.slot("writer");
    pipe = b.slot("pipe read");
    pipeWrite = b.slot("pipe write");
    t = b.slot("t");
    saved = b.buffer("termios", Structs.SIZEOF_TERMIOS);
    modes = b.buffer("raw termios", Structs.SIZEOF_TERMIOS);
    number = b.buffer("number", 8);
    polls = Attend.polls(b);
    copied = b.buffer("copied", BUFFER);
    everySignal = b.constant("all signals", Structs.SIZEOF_SIGSET).u64(0, -1L);
    pause =
        b.constant("100 ms", Structs.SIZEOF_KERNEL_TIMESPEC)
            .u64(Structs.KERNEL_TIMESPEC_TV_NSEC, PAUSE);
    b.set(this.terminal, terminal);
    b.set(raw, imm(0));
    b.set(reader, imm(-1));
    b.set(writer, imm(-1));
  }

  /**
   * What is polled while the process runs: the first is the signalfd that all signals come to, the
   * second is the relay's own.
   */
  Data polls() {
    return polls;
  }

  /** Adds the beginning: the caller's terminal becomes raw, and the copying begins. */
  void begin() {
    Origin before = b.origin();
    b.step("make the terminal raw", "/process/terminal");
    makeRaw();
    b.step("copy the terminal", "/process/terminal");
    b.sys(
        Syscall.FCNTL,
        terminal,
        imm(Constants.F_SETFL),
        imm(Constants.O_RDWR | Constants.O_NONBLOCK));
    Data ends = b.buffer("pipe", 8);
    b.sys(Syscall.PIPE2, ends.address(), imm(Constants.O_CLOEXEC));
    b.load(4, pipe, ends.address(), imm(0));
    b.load(4, pipeWrite, ends.address(), imm(4));
    Label reads = b.label("reader");
    Label writes = b.label("writer");
    copy(reader, reads);
    b.outOfLine(() -> read(reads));
    copy(writer, writes);
    b.outOfLine(() -> write(writes));
    Idioms.close(b, pipe);
    b.store(4, polls.address(), imm(SECOND + Structs.POLLFD_FD), writer);
    b.step(before);
  }

  /**
   * Adds, behind the polling, that the terminal is hung up when nobody takes what it shows any
   * more.
   *
   * @param listen the loop's head, to wait again
   */
  void polled(Label listen) {
    Label closed = b.label("terminal closed");
    revents(polls, SECOND);
    b.branch(Condition.NE, t, imm(0), closed);
    b.outOfLine(() -> {
      b.bind(closed);
      endReader();
      reap(writer);
      Idioms.close(b, terminal);
      b.set(terminal, imm(-1));
      b.store(4, polls.address(), imm(SECOND + Structs.POLLFD_FD), imm(-1));
      b.jump(listen);
    });
  }

  /**
   * Adds what a signal means for the terminal; others, and SIGCONT after that, go on.
   *
   * @param signal a slot with the signal's number
   * @param listen where to go when the signal is dealt with
   */
  void signalled(Slot signal, Label listen) {
    Label other = b.label("other signal");
    Label resized = b.label("resize");
    Label continued = b.label("continued");
    b.branch(Condition.EQ, signal, imm(Constants.SIGWINCH), resized);
    b.outOfLine(() -> {
      b.bind(resized);
      ConsoleSocket.resize(b, terminal);
      b.jump(listen);
    });
    b.branch(Condition.EQ, signal, imm(Constants.SIGCONT), continued);
    b.outOfLine(() -> {
      // Whoever stopped this command has set modes of its own.
      b.bind(continued);
      ConsoleSocket.resize(b, terminal);
      b.branch(Condition.EQ, raw, imm(0), other);
      setModes(modes, other);
      b.jump(other);
    });
    b.bind(other);
  }

  /**
   * Adds the end, when the process has ended: what it has written is shown, and the caller's
   * terminal gets its modes back. A terminal that takes nothing is waited for until a signal comes
   * that ends commands.
   *
   * @param signals a slot with the signalfd
   * @param message takes what is read from it
   */
  void end(Slot signals, Data message) {
    Origin before = b.origin();
    b.step("show what the terminal still has", "/process/terminal");
    Label shown = b.label("shown");
    Label ended = b.label("writer ended");
    Slot signal = b.slot("signal");
    endReader();
    Idioms.close(b, pipeWrite);
    b.branch(Condition.EQ, writer, imm(-1), shown);
    Label last = b.loop("last output");
    b.sys(Syscall.PPOLL, polls.address(), imm(2), imm(0), imm(0), imm(0)).tolerateAny(last);
    revents(polls, SECOND);
    b.branch(Condition.NE, t, imm(0), ended);
    b.sys(Syscall.READ, signals, message.address(), imm(message.size())).tolerateAny(last);
    b.load(4, signal, message.address(), imm(Structs.SIGNALFD_SIGINFO_SSI_SIGNO));
    Label enough = b.label("enough");
    int[] ending = {Constants.SIGTERM, Constants.SIGINT, Constants.SIGHUP, Constants.SIGQUIT};
    for (int number : ending) {
      b.branch(Condition.EQ, signal, imm(number), enough);
    }
    b.jump(last);
    b.bind(enough);
    b.sys(Syscall.PIDFD_SEND_SIGNAL, writer, imm(Constants.SIGKILL), imm(0), imm(0)).tolerateAny();
    b.bind(ended);
    reap(writer);
    b.bind(shown);
    restore();
    b.step(before);
  }

  /** Adds the restoring of the modes, if they were changed and are still this command's to set. */
  void restore() {
    b.step("restore the terminal", "/process/terminal");
    Label restored = b.label("restored");
    b.branch(Condition.EQ, raw, imm(0), restored);
    setModes(saved, restored);
    b.set(raw, imm(0));
    b.bind(restored);
  }

  // --- the caller's terminal

  /** As {@code cfmakeraw(3)} does, once this command is in the foreground. */
  private void makeRaw() {
    Label no = b.label("no terminal");
    Label done = b.label("raw or not");
    Data ttou = b.constant("SIGTTOU", Structs.SIZEOF_SIGSET).u64(0, 1L << (Constants.SIGTTOU - 1));
    b.sys(Syscall.IOCTL, imm(0), imm(Constants.TCGETS), saved.address()).tolerateAny(done);
    b.sys(Syscall.GETPGID, imm(0)).into(t);
    b.store(4, number.address(), imm(0), t);
    mask(Constants.SIG_UNBLOCK, ttou);
    // Says nothing new in the foreground, and stops this command in the background. What the modes
    // are there is the shell's business, so they are read afterwards.
    b.sys(Syscall.IOCTL, imm(0), imm(Constants.TIOCSPGRP), number.address()).into(t).tolerateAny();
    b.branch(Condition.EQ, t, imm(-Errno.EIO), no);
    b.sys(Syscall.IOCTL, imm(0), imm(Constants.TCGETS), saved.address()).tolerateAny(no);
    b.sys(Syscall.IOCTL, imm(0), imm(Constants.TCGETS), modes.address()).tolerateAny(no);
    change(
        Structs.TERMIOS_C_IFLAG,
        Constants.IGNBRK
            | Constants.BRKINT
            | Constants.PARMRK
            | Constants.ISTRIP
            | Constants.INLCR
            | Constants.IGNCR
            | Constants.ICRNL
            | Constants.IXON,
        0);
    change(Structs.TERMIOS_C_OFLAG, Constants.OPOST, 0);
    change(
        Structs.TERMIOS_C_LFLAG,
        Constants.ECHO | Constants.ECHONL | Constants.ICANON | Constants.ISIG | Constants.IEXTEN,
        0);
    change(Structs.TERMIOS_C_CFLAG, Constants.CSIZE | Constants.PARENB, Constants.CS8);
    b.store(1, modes.address(), imm(Structs.TERMIOS_C_CC + Constants.VMIN), imm(1));
    b.store(1, modes.address(), imm(Structs.TERMIOS_C_CC + Constants.VTIME), imm(0));
    b.set(raw, imm(1));
    b.sys(Syscall.IOCTL, imm(0), imm(Constants.TCSETS), modes.address()).tolerateAny();
    b.bind(no);
    mask(Constants.SIG_SETMASK, everySignal);
    b.bind(done);
  }

  private void change(int field, int clear, int set) {
    b.load(4, t, modes.address(), imm(field));
    b.alu(Function.AND, t, t, imm(~clear & 0xffff_ffffL));
    b.alu(Function.OR, t, t, imm(set));
    b.store(4, modes.address(), imm(field), t);
  }

  private void mask(int how, Data set) {
    b.sys(Syscall.RT_SIGPROCMASK, imm(how), set.address(), imm(0), imm(Structs.SIZEOF_SIGSET))
        .tolerateAny();
  }

  /** With SIGTTOU blocked the kernel lets the background do it too, so that is asked first. */
  private void setModes(Data to, Label background) {
    Label mine = b.label("not the controlling terminal");
    Slot group = b.slot("group");
    b.sys(Syscall.IOCTL, imm(0), imm(Constants.TIOCGPGRP), number.address()).tolerateAny(mine);
    b.sys(Syscall.GETPGID, imm(0)).into(group);
    b.load(4, t, number.address(), imm(0));
    b.branch(Condition.NE, t, group, background);
    b.bind(mine);
    b.sys(Syscall.IOCTL, imm(0), imm(Constants.TCSETS), to.address()).tolerateAny();
  }

  // --- the copies of the command

  private void copy(Slot pidfd, Label child) {
    Data at = b.buffer("pidfd", 8);
    // No exit signal: such a child is waited for with __WALL alone.
    Data clone =
        b.variable("clone_args", Structs.SIZEOF_CLONE_ARGS)
            .u64(Structs.CLONE_ARGS_FLAGS, Constants.CLONE_PIDFD)
            .address(Structs.CLONE_ARGS_PIDFD, at.address());
    b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(t);
    b.branch(Condition.EQ, t, imm(0), child);
    b.load(4, pidfd, at.address(), imm(0));
  }

  private void endReader() {
    b.sys(Syscall.PIDFD_SEND_SIGNAL, reader, imm(Constants.SIGKILL), imm(0), imm(0)).tolerateAny();
    reap(reader);
  }

  private void reap(Slot pidfd) {
    b.sys(
            Syscall.WAITID,
            imm(Constants.P_PIDFD),
            pidfd,
            imm(0),
            imm(Constants.WEXITED | Constants.__WALL),
            imm(0))
        .tolerateAny();
    Idioms.close(b, pidfd);
    b.set(pidfd, imm(-1));
  }

  /**
   * A copy's own descriptors are 0 to 2, with the pipe as the last; whatever else the command has
   * open is not its business.
   */
  private Label prepare(int ptmx) {
    Label exit = b.label("copy ends");
    b.onFailure(exit);
    b.sys(Syscall.DUP3, terminal, imm(ptmx), imm(0));
    b.sys(Syscall.DUP3, pipe, imm(2), imm(0));
    b.sys(Syscall.CLOSE_RANGE, imm(3), imm(0xffff_ffffL), imm(0));
    return exit;
  }

  private Data pollOf(int fd, int events) {
    return b.variable("copy's pollfds", 2 * Structs.SIZEOF_POLLFD)
        .u32(Structs.POLLFD_FD, fd)
        .u16(Structs.POLLFD_EVENTS, events)
        .u32(SECOND + Structs.POLLFD_FD, 2);
  }

  private void revents(Data from, int offset) {
    b.load(2, t, from.address(), imm(offset + REVENTS));
  }

  private void sleep(Addr pipeAlone) {
    b.sys(Syscall.PPOLL, pipeAlone, imm(1), pause.address(), imm(0), imm(0)).tolerateAny();
  }

  /** The reader: 0 is standard input, 1 the ptmx, 2 the pipe. */
  private void read(Label begin) {
    b.step("copy standard input to the terminal", "/process/terminal");
    b.bind(begin);
    Slot got = b.slot("got");
    Slot put = b.slot("put");
    Slot at = b.slot("at");
    Slot left = b.slot("left");
    Slot peer = b.slot("peer");
    Data in = pollOf(0, Constants.POLLIN);
    Data out = pollOf(1, Constants.POLLOUT);
    Label exit = prepare(1);
    Label orphan = b.label("orphan");
    Label end = b.label("end of input");
    Label unreadable = b.label("unreadable");
    Label full = b.label("full");
    Label next = b.loop("input");
    b.sys(Syscall.PPOLL, in.address(), imm(2), imm(0), imm(0), imm(0)).tolerateAny(next);
    revents(in, SECOND);
    b.branch(Condition.NE, t, imm(0), orphan);
    b.sys(Syscall.READ, imm(0), copied.address(), imm(BUFFER)).into(got).tolerateAny(unreadable);
    b.branch(Condition.EQ, got, imm(0), end);
    b.set(at, copied.address());
    b.set(left, got);
    Label put1 = b.loop("put");
    b.sys(Syscall.WRITE, imm(1), at, left).into(put).tolerateAny(full);
    b.alu(Function.ADD, at, at, put);
    b.alu(Function.SUB, left, left, put);
    b.branch(Condition.NE, left, imm(0), put1);
    b.jump(next);

    // The process does not read: wait until it does, or is no more. Without a process that has the
    // terminal open, input is lost as it is on any terminal.
    b.bind(full);
    b.branch(Condition.NE, put, imm(-Errno.EAGAIN), next);
    b.sys(Syscall.PPOLL, out.address(), imm(2), imm(0), imm(0), imm(0)).tolerateAny(put1);
    revents(out, SECOND);
    b.branch(Condition.EQ, t, imm(0), put1);
    b.jump(orphan);

    // In the background, where SIGTTIN is blocked, a terminal is not read.
    b.bind(unreadable);
    b.branch(Condition.EQ, got, imm(-Errno.EAGAIN), next);
    b.branch(Condition.EQ, got, imm(-Errno.EINTR), next);
    b.branch(Condition.NE, got, imm(-Errno.EIO), exit);
    b.sys(Syscall.IOCTL, imm(0), imm(Constants.TIOCGPGRP), number.address()).tolerateAny(exit);
    sleep(in.at(SECOND));
    b.jump(next);

    // The end of a file or pipe is said to whoever reads the terminal as a person says it, whenever
    // all that came before is read: who edits lines and runs commands sees it between two of them.
    b.bind(end);
    b.sys(Syscall.IOCTL, imm(0), imm(Constants.TCGETS), modes.address()).into(t).tolerateAny();
    b.branch(Condition.EQ, t, imm(0), exit);
    b.sys(
            Syscall.IOCTL,
            imm(1),
            imm(Constants.TIOCGPTPEER),
            imm(Constants.O_RDWR | Constants.O_NOCTTY | Constants.O_CLOEXEC))
        .into(peer)
        .tolerateAny(exit);
    Data unread =
        b.variable("peer's pollfd", Structs.SIZEOF_POLLFD)
            .u16(Structs.POLLFD_EVENTS, Constants.POLLIN);
    b.store(4, unread.address(), imm(Structs.POLLFD_FD), peer);
    Data now = b.constant("no time", Structs.SIZEOF_KERNEL_TIMESPEC);
    Label again = b.loop("end of file");
    Label later = b.label("later");
    b.sys(Syscall.PPOLL, unread.address(), imm(1), now.address(), imm(0), imm(0))
        .tolerateAny(later);
    revents(unread, 0);
    b.branch(Condition.NE, t, imm(0), later);
    b.sys(Syscall.IOCTL, peer, imm(Constants.TCGETS), modes.address()).tolerateAny(exit);
    b.sys(Syscall.WRITE, imm(1), modes.at(Structs.TERMIOS_C_CC + VEOF), imm(1)).tolerateAny();
    b.bind(later);
    sleep(in.at(SECOND));
    revents(in, SECOND);
    b.branch(Condition.EQ, t, imm(0), again);

    b.bind(orphan);
    restore();
    b.bind(exit);
    b.sys(Syscall.EXIT_GROUP, imm(0));
  }

  /** The writer: 0 is the ptmx, 1 standard output, 2 the pipe. */
  private void write(Label begin) {
    b.step("copy the terminal to standard output", "/process/terminal");
    b.bind(begin);
    Slot got = b.slot("got");
    Slot put = b.slot("put");
    Slot at = b.slot("at");
    Slot left = b.slot("left");
    Slot draining = b.slot("draining");
    Slot last = b.slot("last");
    Data in = pollOf(0, Constants.POLLIN);
    Data out = pollOf(1, Constants.POLLOUT);
    Label exit = prepare(0);
    Label drain = b.label("drain");
    Label unreadable = b.label("unreadable");
    Label full = b.label("full");
    b.set(draining, imm(0));
    b.set(last, imm(LAST));
    Label next = b.loop("output");
    b.sys(Syscall.PPOLL, in.address(), imm(2), imm(0), imm(0), imm(0)).tolerateAny(next);
    revents(in, SECOND);
    b.branch(Condition.NE, t, imm(0), drain);
    Label take = b.loop("take");
    // A read looks at all that the process has written before it ended, n_tty(4) flushes for it.
    b.sys(Syscall.READ, imm(0), copied.address(), imm(BUFFER)).into(got).tolerateAny(unreadable);
    b.branch(Condition.EQ, got, imm(0), exit);
    b.set(at, copied.address());
    b.set(left, got);
    Label show = b.loop("show");
    b.sys(Syscall.WRITE, imm(1), at, left).into(put).tolerateAny(full);
    b.alu(Function.ADD, at, at, put);
    b.alu(Function.SUB, left, left, put);
    b.branch(Condition.NE, left, imm(0), show);
    b.branch(Condition.EQ, draining, imm(0), next);
    b.alu(Function.SUB, last, last, got);
    b.branch(Condition.LT, imm(0), last, take);
    b.jump(exit);

    b.bind(drain);
    b.set(draining, imm(1));
    b.jump(take);

    b.bind(full);
    b.branch(Condition.EQ, put, imm(-Errno.EINTR), show);
    b.branch(Condition.NE, put, imm(-Errno.EAGAIN), exit);
    b.sys(Syscall.PPOLL, out.address(), imm(1), imm(0), imm(0), imm(0)).tolerateAny();
    b.jump(show);

    // Nobody has the terminal open now; who runs may open it again.
    b.bind(unreadable);
    b.branch(Condition.NE, draining, imm(0), exit);
    b.branch(Condition.EQ, got, imm(-Errno.EAGAIN), next);
    b.branch(Condition.EQ, got, imm(-Errno.EINTR), next);
    b.branch(Condition.NE, got, imm(-Errno.EIO), exit);
    sleep(in.at(SECOND));
    b.jump(next);

    b.bind(exit);
    b.sys(Syscall.EXIT_GROUP, imm(0));
  }
}
