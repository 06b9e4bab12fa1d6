package dev.gatun.oci;

import org.jspecify.annotations.Nullable;

/**
 * Mount propagation of the root file system, mount_namespaces(7). The recursive forms are not in
 * the specification; callers write them.
 */
public enum RootfsPropagation {
  /** {@code private}. */
  PRIVATE("private"),
  /** {@code rprivate}. */
  RPRIVATE("rprivate"),
  /** {@code shared}. */
  SHARED("shared"),
  /** {@code rshared}. */
  RSHARED("rshared"),
  /** {@code slave}. */
  SLAVE("slave"),
  /** {@code rslave}. */
  RSLAVE("rslave"),
  /** {@code unbindable}. */
  UNBINDABLE("unbindable"),
  /** {@code runbindable}. */
  RUNBINDABLE("runbindable");
  private final String specName;

  RootfsPropagation(String specName) {
    this.specName = specName;
  }

  /**
   * Returns the name that documents use.
   *
   * @return the name
   */
  public String specName() {
    return specName;
  }

  /**
   * Finds a constant by the name that documents use.
   *
   * @param name the name
   * @return the constant, or null if there is none of that name
   */
  public static @Nullable RootfsPropagation named(String name) {
    return switch (name) {
      case "private" -> PRIVATE;
      case "rprivate" -> RPRIVATE;
      case "shared" -> SHARED;
      case "rshared" -> RSHARED;
      case "slave" -> SLAVE;
      case "rslave" -> RSLAVE;
      case "unbindable" -> UNBINDABLE;
      case "runbindable" -> RUNBINDABLE;
      default -> null;
    };
  }
}
