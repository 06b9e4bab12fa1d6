package dev.gatun.oci;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * I/O priority of a process, ioprio_set(2).
 *
 * @param priorityClass the class, {@code class} in the document
 * @param priority level within the class, 0 (highest) to 7 (lowest)
 */
public record IoPriority(IoPriority.PriorityClass priorityClass, int priority) {
  /** Refuses null. */
  public IoPriority {
    Objects.requireNonNull(priorityClass, "priorityClass");
  }

  /** An I/O scheduling class, ioprio_set(2). */
  public enum PriorityClass {
    /** {@code IOPRIO_CLASS_RT}. */
    IOPRIO_CLASS_RT(1),
    /** {@code IOPRIO_CLASS_BE}. */
    IOPRIO_CLASS_BE(2),
    /** {@code IOPRIO_CLASS_IDLE}. */
    IOPRIO_CLASS_IDLE(3);
    private final int value;

    PriorityClass(int value) {
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
    public static @Nullable PriorityClass named(String name) {
      return switch (name) {
        case "IOPRIO_CLASS_RT" -> IOPRIO_CLASS_RT;
        case "IOPRIO_CLASS_BE" -> IOPRIO_CLASS_BE;
        case "IOPRIO_CLASS_IDLE" -> IOPRIO_CLASS_IDLE;
        default -> null;
      };
    }
  }
}
