package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.hooks.HookEnding;
import dev.gatun.runtime.hooks.HookRecords.Ring;
import dev.gatun.runtime.process.Child;
import dev.gatun.runtime.process.MemoryFile;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program of the host, executed as a child of the process that the kernel runs programs in, in
 * one exchange. It gets that process's working directory, and no descriptor of it but for the
 * standard input of one that is only {@link #run}.
 *
 * <p>It has ended when its process has: whoever it left behind with its output open is not waited
 * for.
 */
public final class HostCommand {
  /** How much a command may write, in bytes. */
  public static final int MAX_OUTPUT = 8 << 20;

  /** How much of what is written to standard error is kept when it is read apart, in bytes. */
  public static final int ERRORS = 4096;

  /** How often pipes are read whose writer has ended: pipes that are full are empty by then. */
  private static final int LAST_READS = 64;

  /** {@code si_code} of a child that exited by itself, from asm-generic/siginfo.h. */
  private static final int CLD_EXITED = 1;

  private static final int PROCESS = 0;
  private static final int OUTPUT = Structs.SIZEOF_POLLFD;
  private static final int OTHER = 2 * Structs.SIZEOF_POLLFD;

  private final ProgramBuilder b;
  private final Descriptors descriptors;
  private final @Nullable Question question;
  private final @Nullable Ring errors;
  private final Data output;
  private final Slot total;
  private final Slot cause;
  private final Slot number;
  private final Slot got;
  private final Slot ready;
  private final Slot at;
  private final Slot room;
  private final Slot busy;
  private final Slot reads;
  private final Data polls;

  /**
   * How a command ended.
   *
   * @param status its exit status, or 128 and the number of the signal that ended it
   * @param output what it wrote to standard output and standard error, in the order of writing
   */
  @SuppressWarnings("ArrayRecordComponent") // carried to who reads it, never compared
  public record Result(int status, byte[] output) {}

  /**
   * What a command is asked.
   *
   * @param input its standard input
   * @param maxOutput how much it may write to standard output, in bytes
   * @param seconds how much time it has
   */
  @SuppressWarnings("ArrayRecordComponent") // carried to the program, never compared
  public record Question(byte[] input, int maxOutput, int seconds) {
    /** Checks the limits. */
    public Question {
      if (maxOutput < 1 || maxOutput > MAX_OUTPUT || seconds < 1) {
        throw new IllegalArgumentException(maxOutput + " bytes in " + seconds + " seconds");
      }
    }
  }

  /** What ended a command. */
  public enum Cause {
    /** It exited; the number is its exit status, 0 where the caller ignores SIGCHLD. */
    EXITED,
    /** A signal did, whose number it is. */
    SIGNALLED,
    /** Its time was up; the number is that of seconds. It was killed with its process group. */
    TIMED_OUT,
    /** It wrote more than the number of bytes. It was killed with its process group. */
    WROTE_TOO_MUCH,
    /** It never began; the number is the errno. */
    NOT_EXECUTED
  }

  /**
   * What a command answered.
   *
   * @param cause what ended it
   * @param number see there
   * @param output what it wrote to standard output
   * @param errors the last {@link #ERRORS} bytes of what it wrote to standard error
   */
  @SuppressWarnings("ArrayRecordComponent") // carried to who reads it, never compared
  public record Answer(Cause cause, int number, byte[] output, byte[] errors) {}

  private HostCommand(Kernel kernel, String name, @Nullable Question question) {
    this.question = question;
    b = new ProgramBuilder(kernel.arch());
    descriptors = new Descriptors(b);
    b.step("execute \"" + name + "\"", "");
    errors = question == null ? null : Ring.of(b, b.output("errors", ERRORS));
    // The last output, of which only as much is carried as there is.
    output = b.output("output", question == null ? MAX_OUTPUT : question.maxOutput());
    total = b.slot("total");
    cause = b.slot("cause");
    number = b.slot("number");
    got = b.slot("got");
    ready = b.slot("ready");
    at = b.slot("at");
    room = b.slot("room");
    busy = b.slot("busy");
    reads = b.slot("last reads");
    polls = b.variable("pollfds", 3 * Structs.SIZEOF_POLLFD);
    for (int i = PROCESS; i <= OTHER; i += Structs.SIZEOF_POLLFD) {
      polls.u32(i + Structs.POLLFD_FD, -1).u16(i + Structs.POLLFD_EVENTS, Constants.POLLIN);
    }
  }

  /**
   * Executes a command and waits for its end.
   *
   * @param kernel where
   * @param paths where its file may be; the first that can be executed is
   * @param arguments its arguments, its name first
   * @param environment {@code NAME=value} each
   * @return how it ended
   * @throws ContainerException when it writes more than {@link #MAX_OUTPUT}
   * @throws dev.gatun.linux.SyscallException when it cannot be executed
   */
  public static Result run(
      Kernel kernel, List<String> paths, List<String> arguments, List<String> environment) {
    String name = arguments.getFirst();
    HostCommand command = new HostCommand(kernel, name, null);
    Answer answer = command.execute(kernel, paths, arguments, environment);
    return switch (answer.cause()) {
      case EXITED -> new Result(answer.number(), answer.output());
      case SIGNALLED -> new Result(128 + answer.number(), answer.output());
      case WROTE_TOO_MUCH ->
          throw new ContainerException(
              "execute \"" + name + "\": it wrote more than " + MAX_OUTPUT + " bytes");
      case TIMED_OUT, NOT_EXECUTED -> throw new IllegalStateException(answer.cause().name());
    };
  }

  /**
   * Executes a command in a process group of its own, without signals blocked or ignored, lets it
   * read its standard input, and keeps its standard output and standard error apart. It is killed
   * when whoever waits for it is.
   *
   * @param kernel where
   * @param path its file
   * @param arguments its arguments, its name first
   * @param environment {@code NAME=value} each
   * @param question what it reads, and its limits
   * @return how it ended, and what it wrote; that it could not be executed is an answer too
   */
  public static Answer ask(
      Kernel kernel,
      String path,
      List<String> arguments,
      List<String> environment,
      Question question) {
    HostCommand command = new HostCommand(kernel, arguments.getFirst(), question);
    return command.execute(kernel, List.of(path), arguments, environment);
  }

  private Answer execute(
      Kernel kernel, List<String> paths, List<String> arguments, List<String> environment) {
    Label done = b.label("done");
    b.replyUpTo(output, imm(0));
    b.set(total, imm(0));
    b.set(number, imm(0));
    b.set(cause, imm(Cause.EXITED.ordinal()));
    Slot pidfd = descriptors.fd("pidfd", null);
    Slot error = b.slot("exec error");
    Child child = new Child(b, pidfd, error);
    Slot input = question == null ? null : input(question);
    Slot read = descriptors.fd("output read", null);
    Slot write = descriptors.fd("output write", null);
    pipe(read, write, OUTPUT);
    child.output(write);
    Slot otherRead = null;
    Slot otherWrite = null;
    if (input != null && errors != null) {
      b.set(errors.at(), imm(0));
      b.set(errors.wrapped(), imm(0));
      otherRead = descriptors.fd("errors read", null);
      otherWrite = descriptors.fd("errors write", null);
      pipe(otherRead, otherWrite, OTHER);
      child.input(input).errors(otherWrite).ownGroup().withParent().freshSignals();
    }
    Label refused = b.label("not executed");
    child.start(
        paths, Child.strings(b, "argv", arguments), Child.strings(b, "envp", environment), refused);
    b.outOfLine(() -> {
      b.bind(refused);
      if (question == null) {
        b.fail(child.execution(), error);
      } else {
        b.set(cause, imm(Cause.NOT_EXECUTED.ordinal()));
        b.alu(Function.SUB, number, imm(0), error);
        b.jump(done);
      }
    });
    descriptors.close(write);
    if (otherWrite != null) {
      descriptors.close(otherWrite);
    }
    await(child, pidfd, read, otherRead);
    b.bind(done);
    descriptors.closeAll();
    b.replyUpTo(output, total);
    return answer(kernel.run(b.build()).orThrow());
  }

  private Slot input(Question question) {
    Slot input = descriptors.fd("input", null);
    MemoryFile.open(b, "input", input);
    Idioms.writeAll(b, input, question.input());
    b.sys(Syscall.LSEEK, input, imm(0), imm(Constants.SEEK_SET));
    return input;
  }

  private void pipe(Slot read, Slot write, int poll) {
    Data ends = b.buffer("pipe", 8);
    b.sys(Syscall.PIPE2, ends.address(), imm(Constants.O_CLOEXEC));
    b.load(4, read, ends.address(), imm(0));
    b.load(4, write, ends.address(), imm(4));
    b.store(4, polls.address(), imm(poll + Structs.POLLFD_FD), read);
  }

  /**
   * Waits for the end of the process, and reads what it writes meanwhile. The pipes are polled
   * together with the process: what it has written before its end is there when its end is seen.
   */
  private void await(Child child, Slot pidfd, Slot read, @Nullable Slot otherRead) {
    Label wait = b.loopAhead("wait");
    Label late = b.label("late");
    Label tooMuch = b.label("too much");
    Label reap = b.loopAhead("reap");
    b.set(reads, imm(LAST_READS));
    b.store(4, polls.address(), imm(PROCESS + Structs.POLLFD_FD), pidfd);
    Data time = b.variable("time", Structs.SIZEOF_KERNEL_TIMESPEC);
    if (question != null) {
      time.u64(Structs.KERNEL_TIMESPEC_TV_SEC, question.seconds());
    }
    b.bind(wait);
    // The kernel writes the time that is left back into the timeout.
    b.sys(
            Syscall.PPOLL,
            polls.address(),
            imm(3),
            question == null ? imm(0) : time.address(),
            imm(0),
            imm(0))
        .into(got)
        .tolerate(Errno.EINTR, wait);
    if (question != null) {
      b.branch(Condition.EQ, got, imm(0), late);
      end(late, child, pidfd, Cause.TIMED_OUT, question.seconds(), reap);
    }
    b.set(busy, imm(0));
    readable(
        OUTPUT,
        () -> {
          b.alu(Function.SUB, room, imm(output.size()), total);
          b.alu(Function.ADD, at, output.address(), total);
          b.sys(Syscall.READ, read, at, room).into(got);
          b.alu(Function.ADD, total, total, got);
          b.branch(Condition.EQ, total, imm(output.size()), tooMuch);
          end(tooMuch, child, pidfd, Cause.WROTE_TOO_MUCH, output.size(), reap);
        });
    if (otherRead != null && errors != null) {
      Ring ring = errors;
      readable(OTHER, () -> keep(otherRead, ring));
    }
    revents(PROCESS);
    b.branch(Condition.EQ, ready, imm(0), wait);
    b.branch(Condition.EQ, busy, imm(0), reap);
    b.alu(Function.SUB, reads, reads, imm(1));
    b.branch(Condition.NE, reads, imm(0), wait);
    reap(pidfd, reap);
  }

  /** What happens when there is something to read, or nobody left to write. */
  private void readable(int poll, Runnable take) {
    Label taken = b.label("taken");
    Label some = b.label("some");
    revents(poll);
    b.branch(Condition.EQ, ready, imm(0), taken);
    b.branch(Condition.TEST, ready, imm(Constants.POLLIN), some);
    b.store(4, polls.address(), imm(poll + Structs.POLLFD_FD), imm(-1));
    b.jump(taken);
    b.bind(some);
    b.set(busy, imm(1));
    take.run();
    b.bind(taken);
  }

  /** What poll says of one of the descriptors. */
  private void revents(int poll) {
    b.load(4, ready, polls.address(), imm(poll + Structs.POLLFD_EVENTS));
    b.alu(Function.SHR, ready, ready, imm(16));
  }

  private void keep(Slot from, Ring ring) {
    Label kept = b.label("kept");
    b.alu(Function.SUB, room, imm(ERRORS), ring.at());
    b.alu(Function.ADD, at, ring.bytes().address(), ring.at());
    b.sys(Syscall.READ, from, at, room).into(got);
    b.alu(Function.ADD, ring.at(), ring.at(), got);
    b.branch(Condition.NE, ring.at(), imm(ERRORS), kept);
    b.set(ring.at(), imm(0));
    b.set(ring.wrapped(), imm(1));
    b.bind(kept);
  }

  /** Kills it, with its process group where that is its own. */
  private void end(Label when, Child child, Slot pidfd, Cause why, int limit, Label reap) {
    b.outOfLine(() -> {
      b.bind(when);
      b.set(cause, imm(why.ordinal()));
      b.set(number, imm(limit));
      if (question != null) {
        Slot group = b.slot("group");
        b.alu(Function.SUB, group, imm(0), child.pid());
        b.sys(Syscall.KILL, group, imm(Constants.SIGKILL)).tolerateAny();
      }
      b.sys(Syscall.PIDFD_SEND_SIGNAL, pidfd, imm(Constants.SIGKILL), imm(0), imm(0)).tolerateAny();
      b.jump(reap);
    });
  }

  private void reap(Slot pidfd, Label reap) {
    Data info = b.buffer("siginfo", Structs.SIZEOF_SIGINFO_T);
    Label gone = b.label("gone");
    b.bind(reap);
    b.sys(
            Syscall.WAITID,
            imm(Constants.P_PIDFD),
            pidfd,
            info.address(),
            imm(Constants.WEXITED),
            imm(0))
        .into(got)
        .tolerateAny();
    b.branch(Condition.EQ, got, imm(-Errno.EINTR), reap);
    // ECHILD: the caller ignores SIGCHLD, and nobody knows the status.
    b.branch(Condition.NE, got, imm(0), gone);
    b.branch(Condition.NE, cause, imm(Cause.EXITED.ordinal()), gone);
    b.load(4, number, info.address(), imm(Structs.SIGINFO_T_SI_STATUS));
    b.load(4, got, info.address(), imm(Structs.SIGINFO_T_SI_CODE));
    b.branch(Condition.EQ, got, imm(CLD_EXITED), gone);
    b.set(cause, imm(Cause.SIGNALLED.ordinal()));
    b.bind(gone);
  }

  private Answer answer(Kernel.Result result) {
    byte[] wrote = result.bytes(output, result.slot(total));
    byte[] complained =
        errors == null
            ? new byte[0]
            : HookEnding.unroll(
                result.bytes(errors.bytes()),
                (int) result.slot(errors.at()),
                result.slot(errors.wrapped()) != 0);
    Cause why = Cause.values()[(int) result.slot(cause)];
    return new Answer(why, (int) result.slot(number), wrote, complained);
  }
}
