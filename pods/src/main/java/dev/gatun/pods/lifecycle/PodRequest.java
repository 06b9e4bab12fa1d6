package dev.gatun.pods.lifecycle;

import dev.gatun.netns.PortMapping;
import dev.gatun.pods.PodNetwork;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.sandbox.SandboxRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a new pod is.
 *
 * @param sandbox its pause process and what that holds
 * @param network its network
 * @param ports ports of the host that lead into it
 * @param pidFile where the pid of its pause process is written to, or null
 */
public record PodRequest(
    SandboxRequest sandbox, PodNetwork network, List<PortMapping> ports, @Nullable String pidFile) {
  /**
   * Checks that they fit together.
   *
   * @throws ContainerException when ports are asked for that nothing could lead to
   */
  public PodRequest {
    ports = List.copyOf(ports);
    boolean reachable = network instanceof PodNetwork.Bridge || network instanceof PodNetwork.Cni;
    if (!ports.isEmpty() && !reachable) {
      throw new ContainerException(
          "--publish needs a network of the pod's own: --network bridge or cni:NAME, and not "
              + network.word());
    }
  }
}
