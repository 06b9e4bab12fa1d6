package dev.gatun.runtime.lifecycle;

import org.jspecify.annotations.Nullable;

/**
 * Who makes the cgroup of a new container.
 *
 * @param kind who
 * @param userBus the path of the socket of the user's own bus, for {@link Kind#SYSTEMD} and users
 *     other than root; null when it is not known
 */
public record CgroupDriver(Kind kind, @Nullable String userBus) {
  /** Who makes it. */
  public enum Kind {
    /** The runtime, by directories. */
    CGROUPFS,
    /** systemd, a scope, and the runtime below that. */
    SYSTEMD,
    /** Nobody: the container stays in the caller's cgroup, without limits. */
    DISABLED
  }

  /** The runtime itself. */
  public static final CgroupDriver CGROUPFS = new CgroupDriver(Kind.CGROUPFS, null);
}
