package dev.gatun.runtime.hooks;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Hook;
import dev.gatun.runtime.process.Child;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Compiles hooks: each is executed with the state as its standard input, and waited for.
 *
 * <p>What it writes goes into a ring that keeps the end of it, so that it may write as much as it
 * likes. It has ended when its process has: whoever it left behind with its standard output open is
 * not waited for. When its time is up it is killed, and only it.
 */
public final class HookRecords {
  /** How often a pipe is read whose writer has ended: a pipe that is full is empty by then. */
  private static final int LAST_READS = 64;

  private final ProgramBuilder b;
  private final @Nullable Descriptors descriptors;
  private final Slot state;
  private final Slot read;
  private final Slot write;
  private final Slot pidfd;
  private final Slot error;
  private final Slot ending;
  private final Slot got;
  private final Slot ready;
  private final Slot room;
  private final Slot reads;
  private final Data ends;
  private final Data polls;
  private final Data time;
  private final Data info;
  private @Nullable String directory;
  private @Nullable Slot directoryFd;
  private @Nullable Slot peer;
  private boolean contained;

  /**
   * Where a hook's output goes.
   *
   * @param bytes the ring
   * @param at where in it the next byte goes
   * @param wrapped not 0 once it has been full
   */
  public record Ring(Data bytes, Slot at, Slot wrapped) {
    /**
     * Makes one.
     *
     * @param b the program
     * @param bytes its memory
     * @return the ring
     */
    public static Ring of(ProgramBuilder b, Data bytes) {
      return new Ring(bytes, b.slot("ring at"), b.slot("ring wrapped"));
    }
  }

  /** What becomes of a hook that did not end well. */
  public interface Failure {
    /**
     * Adds records for a hook that was not executed; the slot {@link #error} says why. They have to
     * go elsewhere.
     *
     * @param exec the execution that was refused
     * @param next where the next hook begins
     */
    void refused(Instruction exec, Label next);

    /**
     * Adds records for a hook that ended otherwise than by status 0; the slot {@link #ending} says
     * how. They have to go elsewhere.
     *
     * @param exec the number of the hook's execution
     * @param next where the next hook begins
     */
    void ended(Label exec, Label next);
  }

  /**
   * Begins.
   *
   * @param b the program
   * @param descriptors closes what is open when the program fails; null in a process that ends then
   */
  public HookRecords(ProgramBuilder b, @Nullable Descriptors descriptors) {
    this.b = b;
    this.descriptors = descriptors;
    state = fd("state");
    read = fd("output read");
    write = fd("output write");
    pidfd = fd("hook");
    error = b.slot("exec error");
    ending = b.slot("ending");
    got = b.slot("got");
    ready = b.slot("ready");
    room = b.slot("room");
    reads = b.slot("last reads");
    ends = b.buffer("pipe", 8);
    polls =
        b.variable("pollfds", 3 * Structs.SIZEOF_POLLFD)
            .u16(Structs.POLLFD_EVENTS, Constants.POLLIN)
            .u16(Structs.SIZEOF_POLLFD + Structs.POLLFD_EVENTS, Constants.POLLIN);
    time = b.variable("timeout", Structs.SIZEOF_KERNEL_TIMESPEC);
    info = b.buffer("siginfo", Structs.SIZEOF_SIGINFO_T);
  }

  private Slot fd(String name) {
    return descriptors == null ? b.slot(name) : descriptors.fd(name, null);
  }

  private void close(Slot fd) {
    if (descriptors == null) {
      Idioms.close(b, fd);
    } else {
      descriptors.close(fd);
    }
  }

  /** Holds −errno when a hook was not executed. */
  public Slot error() {
    return error;
  }

  /** Holds how a hook ended, see {@link HookEnding}. */
  public Slot ending() {
    return ending;
  }

  /** Takes the state's descriptor: {@link HookState#open}. */
  public Slot state() {
    return state;
  }

  /**
   * Gives hooks a working directory, if it can be entered.
   *
   * @param path its path
   */
  public void directory(String path) {
    directory = path;
    directoryFd = null;
  }

  /**
   * Gives hooks a working directory.
   *
   * @param fd a descriptor of it
   */
  public void directory(Slot fd) {
    directory = null;
    directoryFd = fd;
  }

  /** Says that init runs them, under the container's seccomp filter perhaps. */
  public void contained() {
    contained = true;
  }

  /**
   * Names a pipe whose other end is the runtime's: when it closes, nobody waits for the hooks any
   * more, and they and this process end.
   *
   * @param fd the reading end, from which nothing is expected while hooks are run
   */
  public void endWith(Slot fd) {
    peer = fd;
  }

  /**
   * Adds records that run one hook.
   *
   * @param kind its kind
   * @param index its place in the list of its kind
   * @param hook the hook
   * @param inherited the environment of a hook that has none of its own
   * @param ring takes what it writes
   * @param failure what becomes of it when it does not end well
   */
  public void run(HookKind kind, int index, Hook hook, Addr inherited, Ring ring, Failure failure) {
    b.step(kind.step(hook), kind.place(index));
    Label next = b.label("next hook");
    HookState.rewind(b, state);
    b.sys(Syscall.PIPE2, ends.address(), imm(Constants.O_CLOEXEC));
    b.load(4, read, ends.address(), imm(0));
    b.load(4, write, ends.address(), imm(4));
    Child child = new Child(b, pidfd, error).input(state).output(write).freshSignals();
    if (contained) {
      child.contained();
    }
    if (directory != null) {
      child.directory(directory);
    }
    if (directoryFd != null) {
      child.directory(directoryFd);
    }
    List<String> env = hook.env();
    Label refused = b.label("not executed");
    child.start(
        List.of(hook.path()),
        Child.strings(b, "argv", hook.args().isEmpty() ? List.of(hook.path()) : hook.args()),
        env == null ? inherited : Child.strings(b, "envp", env),
        refused);
    b.outOfLine(() -> {
      b.bind(refused);
      close(read);
      close(write);
      close(pidfd);
      failure.refused(child.execution(), next);
    });
    close(write);
    Integer timeout = hook.timeout();
    await(timeout == null ? 0 : timeout, ring);
    close(read);
    close(pidfd);
    Label bad = b.label("ended badly");
    b.branch(Condition.NE, ending, imm(0), bad);
    b.outOfLine(() -> {
      b.bind(bad);
      failure.ended(child.number(), next);
    });
    b.bind(next);
  }

  /** Adds records that close the state. */
  public void end() {
    close(state);
  }

  /**
   * Waits for the end of the process, and reads what it writes meanwhile. The pipe is polled after
   * the process: what it has written before its end is seen when its end is.
   */
  private void await(int timeout, Ring ring) {
    Label wait = b.loopAhead("wait");
    Label output = b.label("output");
    Label check = b.label("check");
    Label late = b.label("late");
    Label ended = b.label("ended");
    Label reap = b.loopAhead("reap");
    b.set(ending, imm(0));
    b.set(reads, imm(LAST_READS));
    b.set(ring.at(), imm(0));
    b.set(ring.wrapped(), imm(0));
    b.store(4, polls.address(), imm(Structs.POLLFD_FD), pidfd);
    b.store(4, polls.address(), imm(Structs.SIZEOF_POLLFD + Structs.POLLFD_FD), read);
    if (peer != null) {
      b.store(4, polls.address(), imm(2 * Structs.SIZEOF_POLLFD + Structs.POLLFD_FD), peer);
    }
    Arg limit = imm(0);
    if (timeout != 0) {
      b.store(8, time.address(), imm(Structs.KERNEL_TIMESPEC_TV_SEC), imm(timeout));
      b.store(8, time.address(), imm(Structs.KERNEL_TIMESPEC_TV_NSEC), imm(0));
      limit = time.address();
    }
    b.bind(wait);
    // The kernel writes the time that is left back into the timeout.
    b.sys(Syscall.PPOLL, polls.address(), imm(peer == null ? 2 : 3), limit, imm(0), imm(0))
        .into(got)
        .tolerate(Errno.EINTR, wait);
    if (peer != null) {
      Label alone = b.label("runtime is gone");
      revents(2 * Structs.SIZEOF_POLLFD);
      b.branch(Condition.NE, ready, imm(0), alone);
      b.outOfLine(() -> {
        b.bind(alone);
        b.sys(Syscall.PIDFD_SEND_SIGNAL, pidfd, imm(Constants.SIGKILL), imm(0), imm(0))
            .tolerateAny();
        b.sys(Syscall.EXIT_GROUP, imm(1));
      });
    }
    if (timeout != 0) {
      b.branch(Condition.EQ, got, imm(0), late);
      b.outOfLine(() -> {
        b.bind(late);
        b.set(ending, imm(HookEnding.TIMED_OUT + timeout));
        b.sys(Syscall.PIDFD_SEND_SIGNAL, pidfd, imm(Constants.SIGKILL), imm(0), imm(0))
            .tolerateAny();
        b.jump(reap);
      });
    }
    revents(Structs.SIZEOF_POLLFD);
    b.branch(Condition.TEST, ready, imm(Constants.POLLIN), output);
    b.branch(Condition.EQ, ready, imm(0), check);
    // Nobody has the other end any more.
    b.store(4, polls.address(), imm(Structs.SIZEOF_POLLFD + Structs.POLLFD_FD), imm(-1));
    b.bind(check);
    revents(0);
    b.branch(Condition.NE, ready, imm(0), reap);
    b.jump(wait);
    b.bind(output);
    keep(ring);
    revents(0);
    b.branch(Condition.EQ, ready, imm(0), wait);
    b.alu(Function.SUB, reads, reads, imm(1));
    b.branch(Condition.NE, reads, imm(0), wait);
    b.bind(reap);
    b.sys(
            Syscall.WAITID,
            imm(Constants.P_PIDFD),
            pidfd,
            info.address(),
            imm(Constants.WEXITED),
            imm(0))
        .tolerate(Errno.EINTR, reap);
    b.branch(Condition.NE, ending, imm(0), ended);
    b.load(4, ending, info.address(), imm(Structs.SIGINFO_T_SI_STATUS));
    b.load(4, ready, info.address(), imm(Structs.SIGINFO_T_SI_CODE));
    b.branch(Condition.EQ, ready, imm(Constants.CLD_EXITED), ended);
    b.alu(Function.ADD, ending, ending, imm(HookEnding.SIGNAL));
    b.bind(ended);
  }

  /** What poll says of one of the two descriptors. */
  private void revents(int offset) {
    b.load(4, ready, polls.address(), imm(offset + Structs.POLLFD_EVENTS));
    b.alu(Function.SHR, ready, ready, imm(16));
  }

  private void keep(Ring ring) {
    int size = ring.bytes().size();
    Label kept = b.label("kept");
    Slot to = b.slot("to");
    b.alu(Function.SUB, room, imm(size), ring.at());
    b.alu(Function.ADD, to, ring.bytes().address(), ring.at());
    b.sys(Syscall.READ, read, to, room).into(got);
    b.alu(Function.ADD, ring.at(), ring.at(), got);
    b.branch(Condition.NE, ring.at(), imm(size), kept);
    b.set(ring.at(), imm(0));
    b.set(ring.wrapped(), imm(1));
    b.bind(kept);
  }
}
