package dev.gatun.oci;

import org.jspecify.annotations.Nullable;

/**
 * A network device that moves into the container's network namespace.
 *
 * @param name its name in there; absent keeps the host's
 */
public record NetDevice(@Nullable String name) {
  /** Takes an empty optional string for an absent one. */
  public NetDevice {
    name = Values.absentIfEmpty(name);
  }
}
