package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import org.jspecify.annotations.Nullable;

/**
 * The foreground: records of the process that called {@code gatun} while it stands for a process in
 * a container, after {@code run} and after {@code exec}. No JVM is there while they run.
 *
 * <p>What comes is read from a signalfd, and children are looked for each time.
 */
final class Attend {
  /** {@code si_code} of a child that exited by itself, from asm-generic/siginfo.h. */
  private static final int CLD_EXITED = 1;

  /** What is waited for: a signal, the end of who shows the terminal, a word to the manager. */
  private static final int POLLED = 3;

  private static final int THIRD = 2 * Structs.SIZEOF_POLLFD;

  private Attend() {}

  /** The descriptors that are polled, none of them open yet: a negative one is passed over. */
  static Data polls(ProgramBuilder b) {
    Data polls = b.variable("pollfds", POLLED * Structs.SIZEOF_POLLFD);
    for (int i = 0; i < POLLED; i++) {
      int at = i * Structs.SIZEOF_POLLFD;
      polls.u32(at + Structs.POLLFD_FD, -1).u16(at + Structs.POLLFD_EVENTS, Constants.POLLIN);
    }
    return polls;
  }

  /**
   * Adds records that wait for the end of a child and forward to it what signals come. Other
   * children are reaped as they end. All signals have to be blocked.
   *
   * @param b the program
   * @param pid the child
   * @param pidfd a descriptor of the child, open in the process that runs the program
   * @param status takes the child's exit status, or 128 and the number of the signal that ended it;
   *     it keeps its value when somebody else has reaped the child
   * @param relay shows the child's terminal meanwhile, null when it has none
   * @param notify is told when the child is ready, null when nobody wants to know
   */
  static void untilEnd(
      ProgramBuilder b,
      int pid,
      long pidfd,
      Slot status,
      @Nullable TerminalRelay relay,
      @Nullable Notify notify) {
    Data all = b.constant("all signals", Structs.SIZEOF_SIGSET).u64(0, -1L);
    Slot signals = b.slot("signals");
    b.sys(
            Syscall.SIGNALFD4,
            imm(-1),
            all.address(),
            imm(Structs.SIZEOF_SIGSET),
            imm(Constants.SFD_CLOEXEC))
        .into(signals);
    Data info = b.variable("siginfo", Structs.SIZEOF_SIGINFO_T);
    Data message = b.buffer("signal", Structs.SIZEOF_SIGNALFD_SIGINFO);
    Data polls = relay == null ? polls(b) : relay.polls();
    b.store(4, polls.address(), imm(Structs.POLLFD_FD), signals);
    if (relay != null) {
      relay.begin();
    }
    if (notify != null) {
      notify.begin(b, polls.at(THIRD));
    }
    Slot ended = b.slot("ended");
    Slot signal = b.slot("signal");
    Slot code = b.slot("code");
    Label children = b.loop("children");
    Label listen = b.loopAhead("listen");
    Label gone = b.label("gone");
    // waitid with WNOHANG leaves si_pid 0 when nobody has ended.
    b.store(4, info.address(), imm(Structs.SIGINFO_T_SI_PID), imm(0));
    b.sys(
            Syscall.WAITID,
            imm(Constants.P_ALL),
            imm(0),
            info.address(),
            imm(Constants.WEXITED | Constants.WNOHANG),
            imm(0))
        .tolerate(Errno.ECHILD, gone);
    b.load(4, ended, info.address(), imm(Structs.SIGINFO_T_SI_PID));
    b.branch(Condition.EQ, ended, imm(0), listen);
    b.branch(Condition.NE, ended, imm(pid), children);
    b.load(4, status, info.address(), imm(Structs.SIGINFO_T_SI_STATUS));
    b.load(4, code, info.address(), imm(Structs.SIGINFO_T_SI_CODE));
    b.branch(Condition.EQ, code, imm(CLD_EXITED), gone);
    b.alu(Function.ADD, status, status, imm(128));
    b.jump(gone);
    b.bind(listen);
    if (relay != null || notify != null) {
      b.sys(Syscall.PPOLL, polls.address(), imm(POLLED), imm(0), imm(0), imm(0))
          .tolerateAny(listen);
      if (relay != null) {
        relay.polled(listen);
      }
      if (notify != null) {
        notify.polled(b, polls.at(THIRD), listen);
      }
      b.load(2, ended, polls.address(), imm(Structs.POLLFD_REVENTS));
      b.branch(Condition.EQ, ended, imm(0), listen);
    }
    b.sys(Syscall.READ, signals, message.address(), imm(Structs.SIZEOF_SIGNALFD_SIGINFO))
        .tolerate(Errno.EINTR, listen);
    b.load(4, signal, message.address(), imm(Structs.SIGNALFD_SIGINFO_SSI_SIGNO));
    b.branch(Condition.EQ, signal, imm(Constants.SIGCHLD), children);
    if (relay != null) {
      relay.signalled(signal, listen);
    }
    b.sys(Syscall.PIDFD_SEND_SIGNAL, imm(pidfd), signal, imm(0), imm(0)).tolerateAny();
    b.jump(listen);
    b.bind(gone);
    if (relay != null) {
      relay.end(signals, message);
    }
    if (notify != null) {
      notify.end(b, polls.at(THIRD));
    }
  }
}
