package dev.gatun.runtime.lifecycle;

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
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.Status;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code delete}, in two exchanges: look at the container; end what is left of it and remove its
 * cgroup and its state, in this order, so that whoever is interrupted can be called again.
 */
public final class Delete {
  /** How long a killed process may take to end, in seconds. */
  private static final int KILL_SECONDS = 10;

  private Delete() {}

  /**
   * Deletes a container.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @param force whether a running container is killed, and a missing one is no error
   * @return what callers should be told: poststop hooks that failed
   * @throws RuntimeException with one sentence as its message
   */
  public static List<String> run(Kernel kernel, String root, String id, boolean force) {
    return run(kernel, root, id, force, null);
  }

  /**
   * Deletes a container with its pod, whatever it does; what is not there, or is not the pod's,
   * stays as it is.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id, of an entry of the pod
   * @param pod the pod's id
   * @return what callers should be told: poststop hooks that failed
   * @throws RuntimeException with one sentence as its message
   */
  public static List<String> withPod(Kernel kernel, String root, String id, String pod) {
    return run(kernel, root, id, true, pod);
  }

  private static List<String> run(
      Kernel kernel, String root, String id, boolean force, @Nullable String pod) {
    ContainerId.check(id);
    Look.Found found;
    try {
      found = Look.at(kernel, root, id, Look.Purpose.CHANGE);
    } catch (ContainerException e) {
      if (force && e.isMissing()) {
        return List.of();
      }
      throw e;
    }
    if (pod != null && !found.isOf(pod)) {
      found.close(kernel);
      return List.of();
    }
    if ((found.status() == Status.RUNNING || found.status() == Status.PAUSED) && !force) {
      found.close(kernel);
      throw new ContainerException(
          "cannot delete container \"" + id + "\" that is not stopped: " + found.status().word());
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    found.handOver(descriptors);
    end(b, found);
    remove(b, found);
    Poststop poststop = Poststop.run(b, descriptors, found.state());
    descriptors.closeAll();
    return poststop.warnings(kernel.run(b.build()).orThrow());
  }

  /** Adds records that kill init and wait for its end. */
  private static void end(ProgramBuilder b, Look.Found found) {
    if (found.pidfd() < 0) {
      return;
    }
    b.step("kill container \"" + found.id() + "\"", "");
    b.sys(Syscall.PIDFD_SEND_SIGNAL, imm(found.pidfd()), imm(Constants.SIGKILL), imm(0), imm(0))
        .tolerate(Errno.ESRCH);
    Data poll =
        b.variable("pollfd", Structs.SIZEOF_POLLFD)
            .u32(Structs.POLLFD_FD, (int) found.pidfd())
            .u16(Structs.POLLFD_EVENTS, Constants.POLLIN);
    Data time =
        b.variable("timeout", Structs.SIZEOF_KERNEL_TIMESPEC)
            .u64(Structs.KERNEL_TIMESPEC_TV_SEC, KILL_SECONDS);
    Slot ready = b.slot("ready");
    Label ended = b.label("ended");
    Label wait = b.loop("wait");
    b.sys(Syscall.PPOLL, poll.address(), imm(1), time.address(), imm(0), imm(0))
        .into(ready)
        .tolerate(Errno.EINTR, wait);
    b.branch(Condition.NE, ready, imm(0), ended);
    b.fail(Errno.ETIMEDOUT);
    b.bind(ended);
  }

  /** Adds records that remove the cgroup and the state of a container without processes. */
  static void remove(ProgramBuilder b, Look.Found found) {
    Cgroups.remove(b, found);
    ContainerState state = found.state();
    PodJoin.remove(
        b,
        imm(found.root()),
        imm(found.directory()),
        found.id(),
        state == null ? null : state.pod());
  }
}
