package dev.gatun.runtime.process;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A child that executes a file. Until then it shares the memory of the process that runs the
 * program, which waits for it, and arranges what is its own alone: descriptors, working directory,
 * umask, signals. It touches no credentials, namespaces or cgroups, rule 17 of the security
 * checklist.
 *
 * <p>Of the parent's descriptors it keeps 0 to 2, or what was put in their place.
 */
public final class Child {
  private static final int LAST_SIGNAL = 64;

  private final ProgramBuilder b;
  private final Slot pidfd;
  private final Slot error;
  private final Label execution;
  private @Nullable Arg in;
  private @Nullable Arg out;
  private @Nullable Arg err;
  private @Nullable Addr directory;
  private @Nullable Slot directoryFd;
  private boolean freshSignals;
  private boolean contained;
  private boolean ownGroup;
  private boolean withParent;
  private @Nullable Slot pid;
  private @Nullable Instruction exec;

  /**
   * Begins.
   *
   * @param b the program
   * @param pidfd takes a descriptor of the child, which whoever asks for it closes
   * @param error takes −errno when nothing was executed, else 0
   */
  public Child(ProgramBuilder b, Slot pidfd, Slot error) {
    this.b = b;
    this.pidfd = pidfd;
    this.error = error;
    execution = b.label("execution");
  }

  /**
   * Gives it a standard input of its own.
   *
   * @param fd a descriptor
   * @return this child
   */
  public Child input(Arg fd) {
    in = fd;
    return this;
  }

  /**
   * Gives it one descriptor as standard output and standard error.
   *
   * @param fd a descriptor
   * @return this child
   */
  public Child output(Arg fd) {
    out = fd;
    return this;
  }

  /**
   * Gives it a descriptor of its own as standard error, in the place of the one of {@link #output}.
   *
   * @param fd a descriptor
   * @return this child
   */
  public Child errors(Arg fd) {
    err = fd;
    return this;
  }

  /**
   * Makes it the leader of a process group, so that it can be killed with all that it starts.
   *
   * @return this child
   */
  public Child ownGroup() {
    ownGroup = true;
    return this;
  }

  /**
   * Lets it be killed when the thread that makes it ends: for one that waits for it. What it starts
   * itself is not.
   *
   * @return this child
   */
  public Child withParent() {
    withParent = true;
    return this;
  }

  /**
   * Gives it a working directory, if that can be entered.
   *
   * @param path the directory's path
   * @return this child
   */
  public Child directory(String path) {
    directory = b.string(path);
    return this;
  }

  /**
   * Gives it a working directory.
   *
   * @param fd a descriptor of the directory
   * @return this child
   */
  public Child directory(Slot fd) {
    directoryFd = fd;
    return this;
  }

  /**
   * Lets it begin without blocked or ignored signals, whatever the parent does with them. They are
   * let in directly before the execution, when none of them has a handler any more.
   *
   * @return this child
   */
  public Child freshSignals() {
    freshSignals = true;
    return this;
  }

  /**
   * Makes it by {@code clone(2)}, which seccomp filters of containers let pass where they do not
   * let {@code clone3(2)}: for a process that has no signal handlers.
   *
   * @return this child
   */
  public Child contained() {
    contained = true;
    return this;
  }

  /**
   * Adds the records.
   *
   * @param paths where its file may be; the first that can be executed is
   * @param argv its arguments, a NULL-terminated array
   * @param envp its environment, a NULL-terminated array
   * @param refused where to go when nothing could be executed; the child has been reaped by then
   */
  public void start(List<String> paths, Addr argv, Addr envp, Label refused) {
    if (paths.isEmpty()) {
      throw new IllegalArgumentException("no path");
    }
    Data pidfdAt = b.buffer("pidfd", 8);
    Slot child = b.slot("child");
    pid = child;
    Label parent = b.label("parent");
    Label failed = b.label("no exec");
    Label executed = b.label("executed");
    b.set(error, imm(0));
    Slot parentPid = withParent ? b.slot("parent's pid") : null;
    if (parentPid != null) {
      b.sys(Syscall.GETPID).into(parentPid);
    }
    clone(pidfdAt.address()).into(child);
    b.branch(Condition.NE, child, imm(0), parent);
    if (parentPid != null) {
      endWith(parentPid, failed);
    }
    arrange(failed);
    for (int i = 0; i < paths.size(); i++) {
      b.set(error, imm(0));
      if (i == paths.size() - 1) {
        b.bind(execution);
      }
      exec = b.sys(Syscall.EXECVE, b.string(paths.get(i)), argv, envp).into(error).tolerateAny();
    }
    b.bind(failed);
    b.sys(Syscall.EXIT_GROUP, imm(127));
    b.bind(parent);
    b.load(4, pidfd, pidfdAt.address(), imm(0));
    b.branch(Condition.EQ, error, imm(0), executed);
    b.sys(Syscall.WAITID, imm(Constants.P_PIDFD), pidfd, imm(0), imm(Constants.WEXITED), imm(0))
        .tolerateAny();
    b.jump(refused);
    b.bind(executed);
  }

  private Instruction clone(Addr pidfdAt) {
    int flags = Constants.CLONE_VM | Constants.CLONE_VFORK | Constants.CLONE_PIDFD;
    if (contained) {
      // The place of the parent's tid takes the pidfd; stack, child's tid and TLS are none.
      return b.sys(Syscall.CLONE, imm(flags | Constants.SIGCHLD), imm(0), pidfdAt, imm(0), imm(0));
    }
    Data clone =
        b.variable("clone_args", Structs.SIZEOF_CLONE_ARGS)
            .u64(Structs.CLONE_ARGS_FLAGS, flags | Constants.CLONE_CLEAR_SIGHAND)
            .u64(Structs.CLONE_ARGS_EXIT_SIGNAL, Constants.SIGCHLD)
            .address(Structs.CLONE_ARGS_PIDFD, pidfdAt);
    return b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS));
  }

  private void endWith(Slot parentPid, Label failed) {
    b.sys(
            Syscall.PRCTL,
            imm(Constants.PR_SET_PDEATHSIG),
            imm(Constants.SIGKILL),
            imm(0),
            imm(0),
            imm(0))
        .into(error)
        .tolerateAny(failed);
    // A parent that ended before that sends no signal any more.
    Slot found = b.slot("parent found");
    b.sys(Syscall.GETPPID).into(found);
    b.set(error, imm(-Errno.ESRCH));
    b.branch(Condition.NE, found, parentPid, failed);
    b.set(error, imm(0));
  }

  private void arrange(Label failed) {
    if (in != null) {
      b.sys(Syscall.DUP3, in, imm(0), imm(0)).into(error).tolerateAny(failed);
    }
    for (int fd = 1; out != null && fd <= 2; fd++) {
      Arg from = fd == 2 && err != null ? err : out;
      b.sys(Syscall.DUP3, from, imm(fd), imm(0)).into(error).tolerateAny(failed);
    }
    if (ownGroup) {
      b.sys(Syscall.SETPGID, imm(0), imm(0)).into(error).tolerateAny(failed);
    }
    if (directory != null) {
      b.sys(Syscall.CHDIR, directory).tolerateAny();
    }
    if (directoryFd != null) {
      b.sys(Syscall.FCHDIR, directoryFd).into(error).tolerateAny(failed);
    }
    b.sys(Syscall.CLOSE_RANGE, imm(3), imm(0xffff_ffffL), imm(Constants.CLOSE_RANGE_CLOEXEC))
        .into(error)
        .tolerateAny(failed);
    if (freshSignals) {
      Data action = b.constant("SIG_DFL", Structs.SIZEOF_SIGACTION);
      Slot signal = b.slot("signal");
      b.set(signal, imm(1));
      Label next = b.loop("next signal");
      // KILL and STOP cannot be set, and need not be.
      b.sys(Syscall.RT_SIGACTION, signal, action.address(), imm(0), imm(Structs.SIZEOF_SIGSET))
          .tolerateAny();
      b.alu(Function.ADD, signal, signal, imm(1));
      b.branch(Condition.LTU, signal, imm(LAST_SIGNAL + 1), next);
      Data none = b.constant("no signals", Structs.SIZEOF_SIGSET);
      b.sys(
              Syscall.RT_SIGPROCMASK,
              imm(Constants.SIG_SETMASK),
              none.address(),
              imm(0),
              imm(Structs.SIZEOF_SIGSET))
          .tolerateAny();
    }
  }

  /** Its pid, which is nobody else's until it has been waited for. */
  public Slot pid() {
    return Objects.requireNonNull(pid, "not started");
  }

  /** The last execution that is tried: the record that messages show when all of them failed. */
  public Instruction execution() {
    return Objects.requireNonNull(exec, "not started");
  }

  /** That record's number, as an operand. */
  public Label number() {
    return execution;
  }

  /**
   * An array of strings.
   *
   * @param b the program
   * @param name what listings call it
   * @param texts its elements
   * @return its address
   */
  public static Addr strings(ProgramBuilder b, String name, List<String> texts) {
    List<Addr> pointers = new ArrayList<>(texts.size());
    for (int i = 0; i < texts.size(); i++) {
      pointers.add(b.string(texts.get(i)));
    }
    return b.pointers(name, pointers).address();
  }
}
