package dev.gatun.runtime;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;

/**
 * A container as it was found at one moment.
 *
 * @param id its id
 * @param status what it is doing
 * @param pid the pid of its first process as this JVM sees it, 0 when that has ended
 * @param bundle the bundle's directory; for a container without one, where the library keeps its
 *     configuration
 * @param rootfs the root file system's directory
 * @param created when it was created
 * @param uid the user that created it
 * @param annotations of its configuration
 */
public record ContainerInfo(
    String id,
    ContainerStatus status,
    int pid,
    Path bundle,
    Path rootfs,
    Instant created,
    int uid,
    Map<String, String> annotations) {
  /** Copies the annotations. */
  public ContainerInfo {
    annotations = Map.copyOf(annotations);
  }
}
