package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.StateRoot;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code run}: create and start in one, and in the foreground also wait and delete.
 *
 * <p>The waiting is a program compiled beforehand, so no JVM is there while the container runs: it
 * forwards signals, reaps, and when the container has ended removes it. Where it meets something
 * unexpected, it executes {@code gatun delete --force} and keeps the status.
 */
public final class Run {
  private final Kernel kernel;
  private final String root;
  private final String id;

  private Run(Kernel kernel, String root, String id) {
    this.kernel = kernel;
    this.root = root;
    this.id = id;
  }

  /**
   * Creates and starts a container.
   *
   * @param kernel where
   * @param root the state root's path, absolute
   * @param request what
   * @param notify who is told that the container is ready, or null
   * @return what was created
   * @throws RuntimeException with one sentence as its message; nothing is left behind then
   */
  public static Create.Created start(
      Kernel kernel, String root, Create.Request request, @Nullable Notify notify) {
    Create.Created created = Create.run(kernel, root, request);
    try {
      Start.run(kernel, root, request.id(), notify);
    } catch (RuntimeException e) {
      try {
        for (String warning : Delete.run(kernel, root, request.id(), true)) {
          e.addSuppressed(new ContainerException(warning));
        }
      } catch (RuntimeException cleanup) {
        e.addSuppressed(cleanup);
      }
      throw e;
    }
    return created;
  }

  /**
   * Waits for a started container in the process that called {@code gatun}, which ends with its
   * status. Does not return to the caller's own work: the JVM should leave.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @param terminal the descriptor of its terminal, or −1
   * @param keep whether the container's state stays
   * @param subreaper whether orphans of the container become children of this process
   * @param notify who is told that the container is ready, or null
   */
  public static void attend(
      Kernel kernel,
      String root,
      String id,
      long terminal,
      boolean keep,
      boolean subreaper,
      @Nullable Notify notify) {
    new Run(kernel, root, id).attend(terminal, keep, subreaper, notify);
  }

  private void attend(long terminal, boolean keep, boolean subreaper, @Nullable Notify notify) {
    Look.Found found = Look.at(kernel, root, id, Look.Purpose.ACT);
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot status = b.slot("status");
    Label unexpected = b.label("unexpected");
    b.set(status, imm(255));
    TerminalRelay relay = terminal < 0 ? null : new TerminalRelay(b, imm(terminal));
    b.onFailure(unexpected);
    if (subreaper) {
      b.sys(Syscall.PRCTL, imm(Constants.PR_SET_CHILD_SUBREAPER), imm(1)).tolerateAny();
    }
    b.step("wait for container \"" + id + "\"", "");
    int pid = found.state() == null ? 0 : found.state().pid();
    Attend.untilEnd(b, pid, found.pidfd(), status, relay, notify);
    if (!keep) {
      Label deleted = b.label("deleted");
      // Another command may have deleted the container, and made a new one of the same id.
      StateRoot.lock(b, imm(found.directory()), deleted);
      Delete.remove(b, found);
      Poststop.runAlone(b, found.state());
      b.bind(deleted);
    }
    b.sys(Syscall.EXIT_GROUP, status);
    b.bind(unexpected);
    if (relay != null) {
      relay.restore();
    }
    if (!keep) {
      deleteByCommand(b);
    }
    b.sys(Syscall.EXIT_GROUP, status);
    kernel.finish(b.build());
  }

  private void deleteByCommand(ProgramBuilder b) {
    b.step("delete container \"" + id + "\" by another command", "");
    Label exit = b.label("exit");
    b.onFailure(exit);
    List<Addr> argv = new ArrayList<>();
    for (String argument : List.of("gatun", "--root", root, "delete", "--force", id)) {
      argv.add(b.string(argument));
    }
    Addr arguments = b.pointers("argv", argv).address();
    Addr environment = b.pointers("envp", List.of()).address();
    Data clone =
        b.variable("clone_args", Structs.SIZEOF_CLONE_ARGS)
            .u64(Structs.CLONE_ARGS_FLAGS, Constants.CLONE_VM | Constants.CLONE_VFORK)
            .u64(Structs.CLONE_ARGS_EXIT_SIGNAL, Constants.SIGCHLD);
    Slot pid = b.slot("pid");
    Label parent = b.label("parent");
    b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(pid);
    b.branch(Condition.NE, pid, imm(0), parent);
    b.sys(Syscall.EXECVE, b.string("/proc/self/exe"), arguments, environment).tolerateAny();
    b.sys(Syscall.EXIT_GROUP, imm(127));
    b.bind(parent);
    Label again = b.loop("again");
    b.sys(Syscall.WAITID, imm(Constants.P_PID), pid, imm(0), imm(Constants.WEXITED), imm(0))
        .tolerate(Errno.EINTR, again);
    b.bind(exit);
  }
}
