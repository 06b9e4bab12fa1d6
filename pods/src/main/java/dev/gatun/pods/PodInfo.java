package dev.gatun.pods;

import dev.gatun.runtime.ContainerStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A pod as it was found at one moment.
 *
 * @param id its id
 * @param status what its pause process is doing: creating, running or stopped
 * @param pid the pid of its pause process as this JVM sees it, 0 when that has ended
 * @param hostname its host name
 * @param addresses its addresses, none for the host's network and for no network
 * @param containers the ids of its containers
 * @param created when it was created; {@link Instant#EPOCH} when that is not known, since it is
 *     being created or its state cannot be read
 * @param annotations of the pod
 */
public record PodInfo(
    String id,
    ContainerStatus status,
    int pid,
    String hostname,
    List<String> addresses,
    List<String> containers,
    Instant created,
    Map<String, String> annotations) {
  /** Copies the collections. */
  public PodInfo {
    addresses = List.copyOf(addresses);
    containers = List.copyOf(containers);
    annotations = Map.copyOf(annotations);
  }
}
