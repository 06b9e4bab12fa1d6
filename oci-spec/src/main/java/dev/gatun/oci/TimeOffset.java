package dev.gatun.oci;

import org.jspecify.annotations.Nullable;

/**
 * Offset of a clock in a time namespace, time_namespaces(7).
 *
 * @param secs seconds, 0 when absent
 * @param nanosecs nanoseconds, 0 when absent
 */
public record TimeOffset(long secs, long nanosecs) {
  /** Checks ranges. */
  public TimeOffset {
    Values.uint32("nanosecs", nanosecs);
  }

  /** A clock that a time namespace can offset. */
  public enum Clock {
    /** {@code monotonic}. */
    MONOTONIC("monotonic"),
    /** {@code boottime}. */
    BOOTTIME("boottime");
    private final String specName;

    Clock(String specName) {
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
    public static @Nullable Clock named(String name) {
      return switch (name) {
        case "monotonic" -> MONOTONIC;
        case "boottime" -> BOOTTIME;
        default -> null;
      };
    }
  }
}
