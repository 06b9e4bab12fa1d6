package dev.gatun.pods.lifecycle;

import dev.gatun.oci.SpecException;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.lifecycle.Inventory;
import dev.gatun.runtime.sandbox.Sandbox;
import dev.gatun.runtime.state.Look;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pod as it was found at one moment.
 *
 * @param sandbox its pause process and state
 * @param network its network, of the mode {@code unknown} when nothing is known of it
 * @param containers its containers, in the order of their ids
 * @param problem which of its files cannot be read and why, as one sentence; null when all can
 */
public record PodView(
    Sandbox sandbox, NetworkState network, List<Look.Found> containers, @Nullable String problem) {
  /** Copies the list. */
  public PodView {
    containers = List.copyOf(containers);
  }

  /**
   * Looks at one pod.
   *
   * @param root where
   * @param id the pod's id
   * @return the pod
   * @throws ContainerException when there is none
   */
  public static PodView of(PodRoot root, String id) {
    return of(root, Sandbox.find(root.kernel(), root.path(), id, Sandbox.Purpose.READ));
  }

  /**
   * Looks at all pods.
   *
   * @param root where
   * @return the pods, in the order of their ids
   */
  public static List<PodView> all(PodRoot root) {
    List<PodView> all = new ArrayList<>();
    for (Sandbox sandbox : Sandbox.list(root.kernel(), root.path())) {
      all.add(of(root, sandbox));
    }
    return all;
  }

  private static PodView of(PodRoot root, Sandbox sandbox) {
    List<Look.Found> containers = new ArrayList<>();
    for (String id : sandbox.containers()) {
      try {
        Look.Found found = Inventory.state(root.kernel(), root.path(), id);
        if (found.isOf(sandbox.id())) {
          containers.add(found);
        }
      } catch (ContainerException e) {
        if (!e.isMissing()) {
          throw e;
        }
      }
    }
    String problem = sandbox.problem();
    NetworkState network;
    try {
      network = network(sandbox);
    } catch (ContainerException e) {
      // Whoever looks at all pods has to see the others.
      network = NetworkState.begun("unknown", List.of());
      problem = problem == null ? e.getMessage() : problem + "; " + e.getMessage();
    }
    return new PodView(sandbox, network, containers, problem);
  }

  /** The pid of its pause process as the caller sees it, 0 when that has ended. */
  public int pid() {
    return pid(sandbox);
  }

  static int pid(Sandbox sandbox) {
    return sandbox.status() == Sandbox.Status.RUNNING ? sandbox.state().pid() : 0;
  }

  /**
   * What a pod's directory says of its network.
   *
   * @throws ContainerException when that cannot be read
   */
  static NetworkState network(Sandbox sandbox) {
    try {
      return written(sandbox);
    } catch (SpecException e) {
      throw new ContainerException("pod \"" + sandbox.id() + "\": " + e.getMessage(), e);
    }
  }

  /**
   * The same.
   *
   * @throws SpecException when it cannot be read; the pod is not named
   */
  static NetworkState written(Sandbox sandbox) {
    byte[] bytes = sandbox.file(NetworkState.FILE);
    return bytes == null
        ? NetworkState.begun(sandbox.state().hostNetwork() ? "host" : "none", List.of())
        : NetworkState.of(bytes);
  }
}
