package dev.gatun.oci;

/**
 * One line of a uid or gid map, user_namespaces(7).
 *
 * @param containerID first id in the container
 * @param hostID first id on the host
 * @param size number of ids
 */
public record IdMapping(long containerID, long hostID, long size) {
  /** Checks ranges. */
  public IdMapping {
    Values.uint32("containerID", containerID);
    Values.uint32("hostID", hostID);
    Values.uint32("size", size);
  }
}
