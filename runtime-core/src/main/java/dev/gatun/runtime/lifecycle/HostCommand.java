package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ContainerException;
import java.util.ArrayList;
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
    Slot pid = execute(b, paths, arguments, environment, write);
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
    b.sys(Syscall.WAITID, imm(Constants.P_PID), pid, info.address(), imm(Constants.WEXITED), imm(0))
        .into(waited)
        .tolerateAny();
    b.branch(Condition.EQ, waited, imm(-Errno.EINTR), again);
    b.branch(Condition.NE, waited, imm(0), gone);
    b.load(4, status, info.address(), imm(Structs.SIGINFO_T_SI_STATUS));
    b.load(4, code, info.address(), imm(Structs.SIGINFO_T_SI_CODE));
    b.bind(gone);
    b.replyUpTo(output, total);
    Kernel.Result result = kernel.run(b.build()).orThrow();
    if (result.slot(total) == MAX_OUTPUT) {
      throw new ContainerException(
          "execute \"" + arguments.getFirst() + "\": it wrote more than " + MAX_OUTPUT + " bytes");
    }
    int ended = (int) result.slot(status);
    return new Result(result.slot(code) == CLD_EXITED ? ended : 128 + ended, result.bytes(output));
  }

  /** A child that shares this memory arranges its descriptors and executes, nothing else. */
  private static Slot execute(
      ProgramBuilder b,
      List<String> paths,
      List<String> arguments,
      List<String> environment,
      Slot out) {
    Addr argv = strings(b, "argv", arguments);
    Addr envp = strings(b, "envp", environment);
    Data clone =
        b.variable("clone_args", Structs.SIZEOF_CLONE_ARGS)
            .u64(
                Structs.CLONE_ARGS_FLAGS,
                Constants.CLONE_VM | Constants.CLONE_VFORK | Constants.CLONE_CLEAR_SIGHAND)
            .u64(Structs.CLONE_ARGS_EXIT_SIGNAL, Constants.SIGCHLD);
    Slot pid = b.slot("pid");
    Slot error = b.slot("exec error");
    Label parent = b.label("parent");
    Label failed = b.label("no exec");
    Label executed = b.label("executed");
    b.set(error, imm(0));
    b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(pid);
    b.branch(Condition.NE, pid, imm(0), parent);
    for (int fd = 1; fd <= 2; fd++) {
      b.sys(Syscall.DUP3, out, imm(fd), imm(0)).into(error).tolerateAny(failed);
    }
    b.sys(Syscall.CLOSE_RANGE, imm(3), imm(0xffff_ffffL), imm(Constants.CLOSE_RANGE_CLOEXEC))
        .into(error)
        .tolerateAny(failed);
    Instruction last = null;
    for (String path : paths) {
      b.set(error, imm(0));
      last = b.sys(Syscall.EXECVE, b.string(path), argv, envp).into(error).tolerateAny();
    }
    if (last == null) {
      throw new IllegalArgumentException("no path");
    }
    b.bind(failed);
    b.sys(Syscall.EXIT_GROUP, imm(127));
    b.bind(parent);
    b.branch(Condition.EQ, error, imm(0), executed);
    b.sys(Syscall.WAITID, imm(Constants.P_PID), pid, imm(0), imm(Constants.WEXITED), imm(0))
        .tolerateAny();
    b.fail(last, error);
    b.bind(executed);
    return pid;
  }

  private static Addr strings(ProgramBuilder b, String name, List<String> texts) {
    List<Addr> pointers = new ArrayList<>(texts.size());
    for (String text : texts) {
      pointers.add(b.string(text));
    }
    return b.pointers(name, pointers).address();
  }
}
