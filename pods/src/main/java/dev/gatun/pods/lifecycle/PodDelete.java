package dev.gatun.pods.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.lifecycle.Delete;
import dev.gatun.runtime.lifecycle.Inventory;
import dev.gatun.runtime.sandbox.Sandbox;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.Status;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code pod delete}: its containers, its network, its pause process with its namespaces, its
 * cgroup and, last, its directory, so that whoever is interrupted can be called again.
 */
public final class PodDelete {
  private PodDelete() {}

  /**
   * Deletes a pod.
   *
   * @param root where
   * @param id the pod's id
   * @param force whether what runs is killed, and a missing pod is no error
   * @return what callers should be told: hooks and plugins that failed, and what could not be read
   * @throws RuntimeException with one sentence as its message
   */
  public static List<String> run(PodRoot root, String id, boolean force) {
    Sandbox sandbox;
    try {
      if (force) {
        endCreates(root, id);
      }
      sandbox = Sandbox.find(root.kernel(), root.path(), id, Sandbox.Purpose.CHANGE);
    } catch (ContainerException e) {
      if (force && e.isMissing()) {
        return List.of();
      }
      throw e;
    }
    try {
      if (!force) {
        check(root, sandbox);
      }
      List<String> warnings = new ArrayList<>();
      for (String container : sandbox.containers()) {
        warnings.addAll(Delete.withPod(root.kernel(), root.path(), container, id));
      }
      Networking networking =
          force ? Networking.leftOf(root, sandbox) : Networking.of(root, sandbox);
      warnings.addAll(networking.disconnect(force));
      sandbox.remove();
      return warnings;
    } finally {
      sandbox.close();
    }
  }

  /**
   * Ends what is being created in a pod with a PID namespace: there others may stop a
   * createContainer hook without a timeout, and its create keeps the pod for as long. No process
   * outlives the first one of such a namespace, and none is made in it any more.
   */
  private static void endCreates(PodRoot root, String id) {
    Sandbox seen = Sandbox.find(root.kernel(), root.path(), id, Sandbox.Purpose.READ);
    if (!seen.state().sharePid() || !isJoined(root, seen)) {
      return;
    }
    Sandbox sandbox = Sandbox.find(root.kernel(), root.path(), id, Sandbox.Purpose.ACT);
    try {
      if (sandbox.pidfd() < 0 || !sandbox.state().sharePid()) {
        return;
      }
      ProgramBuilder b = new ProgramBuilder(root.kernel().arch());
      b.step("kill the pause process of pod \"" + id + "\"", "");
      b.sys(Syscall.PIDFD_SEND_SIGNAL, imm(sandbox.pidfd()), imm(Constants.SIGKILL), imm(0), imm(0))
          .tolerate(Errno.ESRCH);
      root.kernel().run(b.build()).orThrow();
    } finally {
      sandbox.close();
    }
  }

  /** Whether a container is being created in a pod. */
  private static boolean isJoined(PodRoot root, Sandbox sandbox) {
    for (String container : sandbox.containers()) {
      try {
        Look.Found found = Inventory.state(root.kernel(), root.path(), container);
        if (found.status() == Status.CREATING && found.isOf(sandbox.id())) {
          return true;
        }
      } catch (ContainerException e) {
        if (!e.isMissing()) {
          throw e;
        }
      }
    }
    return false;
  }

  private static void check(PodRoot root, Sandbox sandbox) {
    String id = sandbox.state().id();
    for (String container : sandbox.containers()) {
      Status status;
      try {
        Look.Found found = Inventory.state(root.kernel(), root.path(), container);
        if (!found.isOf(id)) {
          continue;
        }
        status = found.status();
      } catch (ContainerException e) {
        if (e.isMissing()) {
          continue;
        }
        throw e;
      }
      if (status != Status.STOPPED) {
        throw new ContainerException(
            "cannot delete pod \""
                + id
                + "\" that is not stopped: its container \""
                + container
                + "\" is "
                + status.word());
      }
    }
    if (sandbox.status() == Sandbox.Status.RUNNING) {
      throw new ContainerException("cannot delete pod \"" + id + "\" that is not stopped: running");
    }
  }
}
