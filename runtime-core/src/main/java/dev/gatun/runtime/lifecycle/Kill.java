package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.Status;

/** {@code kill}: sends a signal to a container's first process, or to all of its processes. */
public final class Kill {
  private static final int MAX_ROUNDS = 100;

  private Kill() {}

  /**
   * Sends a signal.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @param signal the signal's number
   * @param all whether every process of the container gets it
   * @throws RuntimeException with one sentence as its message
   */
  public static void run(Kernel kernel, String root, String id, int signal, boolean all) {
    ContainerId.check(id);
    Look.Found found = Look.at(kernel, root, id, Look.Purpose.ACT);
    if (all && Cgroups.of(found) != null) {
      all(kernel, found, signal);
      return;
    }
    if (found.pidfd() < 0) {
      found.close(kernel);
      if (all) {
        return;
      }
      throw new ContainerException(
          "container not running: \"" + id + "\" is " + found.status().word());
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    found.handOver(descriptors);
    b.step("container \"" + id + "\": os: process already finished", "");
    b.sys(Syscall.PIDFD_SEND_SIGNAL, imm(found.pidfd()), imm(signal), imm(0), imm(0));
    if (found.status() == Status.PAUSED && signal == Constants.SIGKILL) {
      Cgroups.release(b, descriptors, found);
    }
    descriptors.closeAll();
    kernel.run(b.build()).orThrow();
  }

  /** By the cgroup: {@code SIGKILL} through cgroup.kill, others one by one. */
  private static void all(Kernel kernel, Look.Found found, int signal) {
    if (signal == Constants.SIGKILL) {
      ProgramBuilder b = new ProgramBuilder(kernel.arch());
      Descriptors descriptors = new Descriptors(b);
      found.handOver(descriptors);
      Label missing = b.label("missing");
      Cgroups.kill(b, descriptors, found, missing);
      b.bind(missing);
      descriptors.closeAll();
      kernel.run(b.build()).orThrow();
      return;
    }
    found.close(kernel);
    int[] pids = Cgroups.pids(kernel, found);
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    for (int i = 0; i < Math.min(pids.length, MAX_ROUNDS * MAX_ROUNDS); i++) {
      b.step("send signal " + signal + " to process " + pids[i], "");
      b.sys(Syscall.KILL, imm(pids[i]), imm(signal)).tolerate(Errno.ESRCH);
    }
    kernel.run(b.build()).orThrow();
  }
}
