package dev.gatun.netns;

import org.jspecify.annotations.Nullable;

/**
 * A network namespace, {@code network_namespaces(7)}: that of whoever runs programs, or one with a
 * path.
 */
public final class NetworkNamespace {
  private static final NetworkNamespace OWN = new NetworkNamespace(null, 0);

  private final @Nullable String path;
  private final int pid;

  private NetworkNamespace(@Nullable String path, int pid) {
    this.path = path;
    this.pid = pid;
  }

  /** The namespace of the process, and of its thread, that runs programs. */
  public static NetworkNamespace own() {
    return OWN;
  }

  /**
   * The namespace of a process.
   *
   * @param path its path, as {@code /proc/PID/ns/net}
   * @param pid the process's pid, which must stay its own as long as this is used
   * @return the namespace
   */
  public static NetworkNamespace of(String path, int pid) {
    return new NetworkNamespace(path, pid);
  }

  /** Its path; null for that of whoever runs programs. */
  public @Nullable String path() {
    return path;
  }

  /** The pid of a process in it; 0 for that of whoever runs programs. */
  public int pid() {
    return pid;
  }

  @Override
  public String toString() {
    return path == null ? "own network namespace" : path;
  }
}
