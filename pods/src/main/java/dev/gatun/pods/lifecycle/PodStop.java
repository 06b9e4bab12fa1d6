package dev.gatun.pods.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.sandbox.Sandbox;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.Status;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code pod stop} and {@code pod kill}. To stop is to ask the first process of every container to
 * end, to kill those that have not after a while, and then to end the pause process. The pod stays,
 * stopped, until it is deleted.
 */
public final class PodStop {
  /** How long a killed process may take to end, in seconds. */
  private static final int KILL_SECONDS = 10;

  /** How long the pause process may take: it ends at once, unless somebody has stopped it. */
  private static final int PAUSE_SECONDS = 2;

  private PodStop() {}

  /**
   * Stops a pod.
   *
   * @param root where
   * @param id the pod's id
   * @param seconds how long all containers together may take
   * @return what callers should be told: plugins that failed, and what could not be read
   * @throws RuntimeException with one sentence as its message
   */
  public static List<String> run(PodRoot root, String id, int seconds) {
    Sandbox sandbox = Sandbox.find(root.kernel(), root.path(), id, Sandbox.Purpose.CHANGE);
    try {
      end(root.kernel(), containers(root, sandbox), seconds);
      if (sandbox.status() != Sandbox.Status.RUNNING) {
        return List.of();
      }
      List<String> warnings = Networking.leftOf(root, sandbox).ending();
      sandbox.kill(Constants.SIGTERM);
      if (!sandbox.end(PAUSE_SECONDS)) {
        sandbox.kill(Constants.SIGKILL);
      }
      if (!sandbox.end(KILL_SECONDS)) {
        throw new ContainerException(
            "pod \""
                + id
                + "\": its pause process has not ended "
                + KILL_SECONDS
                + " s after KILL");
      }
      return warnings;
    } finally {
      sandbox.close();
    }
  }

  /**
   * Sends a signal to the first process of every container that has one, and then to the pause
   * process.
   *
   * @param root where
   * @param id the pod's id
   * @param signal the signal's number
   * @throws RuntimeException with one sentence as its message
   */
  public static void signal(PodRoot root, String id, int signal) {
    Sandbox sandbox = Sandbox.find(root.kernel(), root.path(), id, Sandbox.Purpose.CHANGE);
    try {
      if (sandbox.status() == Sandbox.Status.STOPPED) {
        throw new ContainerException("pod not running: \"" + id + "\" is stopped");
      }
      List<Look.Found> containers = containers(root, sandbox);
      ProgramBuilder b = new ProgramBuilder(root.kernel().arch());
      Descriptors descriptors = new Descriptors(b);
      for (Look.Found found : containers) {
        found.handOver(descriptors);
        send(b, found, signal);
      }
      descriptors.closeAll();
      root.kernel().run(b.build()).orThrow();
      sandbox.kill(signal);
    } finally {
      sandbox.close();
    }
  }

  /** Those whose first process lives, with its pidfd. */
  private static List<Look.Found> containers(PodRoot root, Sandbox sandbox) {
    List<Look.Found> all = new ArrayList<>();
    for (String id : sandbox.containers()) {
      try {
        Look.Found found = container(root, sandbox, id);
        if (found.pidfd() < 0 || !found.isOf(sandbox.id())) {
          found.close(root.kernel());
        } else {
          all.add(found);
        }
      } catch (ContainerException e) {
        if (!e.isMissing()) {
          for (Look.Found found : all) {
            found.close(root.kernel());
          }
          throw e;
        }
      }
    }
    return all;
  }

  /**
   * A container as it is once its create, which held on to the pod while its first process was
   * made, has written that down or taken it back. That needs nothing that is held here.
   */
  private static Look.Found container(PodRoot root, Sandbox sandbox, String id) {
    Look.Found found = Look.at(root.kernel(), root.path(), id, Look.Purpose.ACT);
    if (found.status() != Status.CREATING || !found.isOf(sandbox.id())) {
      return found;
    }
    found.close(root.kernel());
    Look.at(root.kernel(), root.path(), id, Look.Purpose.CHANGE).close(root.kernel());
    return Look.at(root.kernel(), root.path(), id, Look.Purpose.ACT);
  }

  private static void send(ProgramBuilder b, Look.Found found, int signal) {
    b.step("send signal " + signal + " to container \"" + found.id() + "\"", "");
    b.sys(Syscall.PIDFD_SEND_SIGNAL, imm(found.pidfd()), imm(signal), imm(0), imm(0))
        .tolerate(Errno.ESRCH);
  }

  private static void end(Kernel kernel, List<Look.Found> containers, int seconds) {
    if (containers.isEmpty()) {
      return;
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    for (Look.Found found : containers) {
      found.handOver(descriptors);
    }
    for (Look.Found found : containers) {
      send(b, found, Constants.SIGTERM);
    }
    Label late = b.label("late");
    Label ended = b.label("ended");
    await(b, containers, seconds, late);
    b.jump(ended);
    b.bind(late);
    for (Look.Found found : containers) {
      send(b, found, Constants.SIGKILL);
    }
    Label never = b.label("never");
    await(b, containers, KILL_SECONDS, never);
    b.bind(ended);
    descriptors.closeAll();
    b.outOfLine(() -> {
      b.bind(never);
      b.fail(Errno.ETIMEDOUT);
    });
    kernel.run(b.build()).orThrow();
  }

  /** Waits for the ends of all; the kernel keeps account of the time that they share. */
  private static void await(
      ProgramBuilder b, List<Look.Found> containers, int seconds, Label late) {
    Data time =
        b.variable("time left", Structs.SIZEOF_KERNEL_TIMESPEC)
            .u64(Structs.KERNEL_TIMESPEC_TV_SEC, seconds);
    for (Look.Found found : containers) {
      b.step("wait for the end of container \"" + found.id() + "\"", "");
      Data poll =
          b.variable("pollfd", Structs.SIZEOF_POLLFD)
              .u32(Structs.POLLFD_FD, (int) found.pidfd())
              .u16(Structs.POLLFD_EVENTS, Constants.POLLIN);
      Slot ready = b.slot("ready");
      Label wait = b.loop("wait");
      b.sys(Syscall.PPOLL, poll.address(), imm(1), time.address(), imm(0), imm(0))
          .into(ready)
          .tolerate(Errno.EINTR, wait);
      b.branch(Condition.EQ, ready, imm(0), late);
    }
  }
}
