package dev.gatun.oci;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Execution domain of the process, personality(2).
 *
 * @param domain the domain
 * @param flags flags; the specification defines none yet
 */
public record Personality(Personality.Domain domain, List<String> flags) {
  /** Copies collections. */
  public Personality {
    Objects.requireNonNull(domain, "domain");
    flags = List.copyOf(flags);
  }

  /** An execution domain, personality(2). */
  public enum Domain {
    /** {@code LINUX}. */
    LINUX(0x0000),
    /** {@code LINUX32}. */
    LINUX32(0x0008);
    private final int value;

    Domain(int value) {
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
    public static @Nullable Domain named(String name) {
      return switch (name) {
        case "LINUX" -> LINUX;
        case "LINUX32" -> LINUX32;
        default -> null;
      };
    }
  }
}
