package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.process.Child;
import java.util.List;

/**
 * A program of the host, executed as a child of the process that the kernel runs programs in, in
 * one exchange. It gets that process's standard input and working directory, and no other
 * descriptor of it.
 */
public final class HostCommand {
  /** How much a command may write, in bytes. */
  public static final int MAX_OUTPUT = 8 << 20;

  /** {@code si_code} of a child that exited by itself, from asm-generic/siginfo.h. */
  private static final int CLD_EXITED = 1;

  private HostCommand() {}

  /**
   * How a command ended.
   *
   * @param status its exit status, or 128 and the number of the signal that ended it
   * @param output what it wrote to standard output and standard error, in the order of writing
   */
  @SuppressWarnings("ArrayRecordComponent") // carried to who reads it, never compared
  public record Result(int status, byte[] output) {}

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
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    b.step("execute \"" + arguments.getFirst() + "\"", "");
    Slot total = b.slot("total");
    Slot status = b.slot("status");
    Slot code = b.slot("code");
    Data output = b.output("output", MAX_OUTPUT);
    b.replyUpTo(output, imm(0));
    b.set(total, imm(0));
    Data ends = b.buffer("pipe", 8);
    Slot read = b.slot("read end");
    Slot write = b.slot("write end");
    b.sys(Syscall.PIPE2, ends.address(), imm(Constants.O_CLOEXEC));
    b.load(4, read, ends.address(), imm(0));
    b.load(4, write, ends.address(), imm(4));
    Slot pidfd = b.slot("pidfd");
    Slot error = b.slot("exec error");
    Label refused = b.label("not executed");
    Child child = new Child(b, pidfd, error).output(write);
    child.start(
        paths, Child.strings(b, "argv", arguments), Child.strings(b, "envp", environment), refused);
    b.outOfLine(() -> {
      b.bind(refused);
      b.fail(child.execution(), error);
    });
    Idioms.close(b, write);
    Idioms.append(b, read, output, total);
    // One that wants to write still more is told so by SIGPIPE.
    Idioms.close(b, read);
    Data info = b.buffer("siginfo", Structs.SIZEOF_SIGINFO_T);
    Label gone = b.label("gone");
    Slot waited = b.slot("waited");
    b.set(status, imm(0));
    b.set(code, imm(CLD_EXITED));
    Label again = b.loop("again");
    // ECHILD: the caller ignores SIGCHLD, and nobody knows the status.
    b.sys(
            Syscall.WAITID,
            imm(Constants.P_PIDFD),
            pidfd,
            info.address(),
            imm(Constants.WEXITED),
            imm(0))
        .into(waited)
        .tolerateAny();
    b.branch(Condition.EQ, waited, imm(-Errno.EINTR), again);
    b.branch(Condition.NE, waited, imm(0), gone);
    b.load(4, status, info.address(), imm(Structs.SIGINFO_T_SI_STATUS));
    b.load(4, code, info.address(), imm(Structs.SIGINFO_T_SI_CODE));
    b.bind(gone);
    Idioms.close(b, pidfd);
    b.replyUpTo(output, total);
    Kernel.Result result = kernel.run(b.build()).orThrow();
    if (result.slot(total) == MAX_OUTPUT) {
      throw new ContainerException(
          "execute \"" + arguments.getFirst() + "\": it wrote more than " + MAX_OUTPUT + " bytes");
    }
    int ended = (int) result.slot(status);
    return new Result(result.slot(code) == CLD_EXITED ? ended : 128 + ended, result.bytes(output));
  }
}
