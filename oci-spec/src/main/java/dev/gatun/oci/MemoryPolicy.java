package dev.gatun.oci;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * NUMA memory policy, set_mempolicy(2).
 *
 * @param mode the mode
 * @param nodes node list such as {@code 0-3,7}
 * @param flags mode flags
 */
public record MemoryPolicy(
    MemoryPolicy.Mode mode, @Nullable String nodes, List<MemoryPolicy.Flag> flags) {
  /** Copies collections and takes an empty optional string for an absent one. */
  public MemoryPolicy {
    Objects.requireNonNull(mode, "mode");
    nodes = Values.absentIfEmpty(nodes);
    flags = List.copyOf(flags);
  }

  /** A NUMA policy mode, set_mempolicy(2). */
  public enum Mode {
    /** {@code MPOL_DEFAULT}. */
    MPOL_DEFAULT(0),
    /** {@code MPOL_PREFERRED}. */
    MPOL_PREFERRED(1),
    /** {@code MPOL_BIND}. */
    MPOL_BIND(2),
    /** {@code MPOL_INTERLEAVE}. */
    MPOL_INTERLEAVE(3),
    /** {@code MPOL_LOCAL}. */
    MPOL_LOCAL(4),
    /** {@code MPOL_PREFERRED_MANY}. */
    MPOL_PREFERRED_MANY(5),
    /** {@code MPOL_WEIGHTED_INTERLEAVE}. */
    MPOL_WEIGHTED_INTERLEAVE(6);
    private final int value;

    Mode(int value) {
      this.value = value;
    }

    /**
     * Returns the kernel's value of this constant.
     *
     * @return the number
     */
    public int value() {
      return value;
    }

    /**
     * Finds a constant by the name that documents use.
     *
     * @param name the name
     * @return the constant, or null if there is none of that name
     */
    public static @Nullable Mode named(String name) {
      return switch (name) {
        case "MPOL_DEFAULT" -> MPOL_DEFAULT;
        case "MPOL_PREFERRED" -> MPOL_PREFERRED;
        case "MPOL_BIND" -> MPOL_BIND;
        case "MPOL_INTERLEAVE" -> MPOL_INTERLEAVE;
        case "MPOL_LOCAL" -> MPOL_LOCAL;
        case "MPOL_PREFERRED_MANY" -> MPOL_PREFERRED_MANY;
        case "MPOL_WEIGHTED_INTERLEAVE" -> MPOL_WEIGHTED_INTERLEAVE;
        default -> null;
      };
    }
  }

  /** A NUMA mode flag, set_mempolicy(2). */
  public enum Flag {
    /** {@code MPOL_F_NUMA_BALANCING}. */
    MPOL_F_NUMA_BALANCING(0x2000),
    /** {@code MPOL_F_RELATIVE_NODES}. */
    MPOL_F_RELATIVE_NODES(0x4000),
    /** {@code MPOL_F_STATIC_NODES}. */
    MPOL_F_STATIC_NODES(0x8000);
    private final int value;

    Flag(int value) {
      this.value = value;
    }

    /**
     * Returns the kernel's value of this constant.
     *
     * @return the number
     */
    public int value() {
      return value;
    }

    /**
     * Finds a constant by the name that documents use.
     *
     * @param name the name
     * @return the constant, or null if there is none of that name
     */
    public static @Nullable Flag named(String name) {
      return switch (name) {
        case "MPOL_F_NUMA_BALANCING" -> MPOL_F_NUMA_BALANCING;
        case "MPOL_F_RELATIVE_NODES" -> MPOL_F_RELATIVE_NODES;
        case "MPOL_F_STATIC_NODES" -> MPOL_F_STATIC_NODES;
        default -> null;
      };
    }
  }
}
