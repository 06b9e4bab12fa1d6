package dev.gatun.oci;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ids of a process, in the container's user namespace.
 *
 * @param uid user id, 0 to 4294967295
 * @param gid group id, 0 to 4294967295
 * @param umask file mode creation mask; absent keeps the caller's
 * @param additionalGids supplementary group ids
 */
public record User(long uid, long gid, @Nullable Long umask, List<Long> additionalGids) {
  /** Checks ranges and copies collections. */
  public User {
    Values.uint32("uid", uid);
    Values.uint32("gid", gid);
    Values.uint32("umask", umask);
    additionalGids = Values.uint32s("additionalGids", additionalGids);
  }

  /** User and group 0 without supplementary groups: what a process without a user runs as. */
  public static final User ROOT = new User(0, 0, null, List.of());
}
