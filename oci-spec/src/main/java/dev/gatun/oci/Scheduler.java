package dev.gatun.oci;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Scheduling attributes of a process, sched_setattr(2).
 *
 * @param policy the policy
 * @param nice nice value, 0 when absent
 * @param priority static priority of a real-time policy, 0 when absent
 * @param flags scheduling flags
 * @param runtime run time in nanoseconds for {@code SCHED_DEADLINE}, unsigned, 0 when absent
 * @param deadline deadline in nanoseconds, unsigned, 0 when absent
 * @param period period in nanoseconds, unsigned, 0 when absent
 */
public record Scheduler(
    Scheduler.Policy policy,
    int nice,
    int priority,
    List<Scheduler.Flag> flags,
    long runtime,
    long deadline,
    long period) {
  /** Copies collections. */
  public Scheduler {
    Objects.requireNonNull(policy, "policy");
    flags = List.copyOf(flags);
  }

  /** A scheduling policy, sched(7). */
  public enum Policy {
    /** {@code SCHED_OTHER}. */
    SCHED_OTHER(0),
    /** {@code SCHED_FIFO}. */
    SCHED_FIFO(1),
    /** {@code SCHED_RR}. */
    SCHED_RR(2),
    /** {@code SCHED_BATCH}. */
    SCHED_BATCH(3),
    /** {@code SCHED_ISO}. */
    SCHED_ISO(4),
    /** {@code SCHED_IDLE}. */
    SCHED_IDLE(5),
    /** {@code SCHED_DEADLINE}. */
    SCHED_DEADLINE(6);
    private final int value;

    Policy(int value) {
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
    public static @Nullable Policy named(String name) {
      return switch (name) {
        case "SCHED_OTHER" -> SCHED_OTHER;
        case "SCHED_FIFO" -> SCHED_FIFO;
        case "SCHED_RR" -> SCHED_RR;
        case "SCHED_BATCH" -> SCHED_BATCH;
        case "SCHED_ISO" -> SCHED_ISO;
        case "SCHED_IDLE" -> SCHED_IDLE;
        case "SCHED_DEADLINE" -> SCHED_DEADLINE;
        default -> null;
      };
    }
  }

  /** A scheduling flag, sched_setattr(2). */
  public enum Flag {
    /** {@code SCHED_FLAG_RESET_ON_FORK}. */
    SCHED_FLAG_RESET_ON_FORK(0x01),
    /** {@code SCHED_FLAG_RECLAIM}. */
    SCHED_FLAG_RECLAIM(0x02),
    /** {@code SCHED_FLAG_DL_OVERRUN}. */
    SCHED_FLAG_DL_OVERRUN(0x04),
    /** {@code SCHED_FLAG_KEEP_POLICY}. */
    SCHED_FLAG_KEEP_POLICY(0x08),
    /** {@code SCHED_FLAG_KEEP_PARAMS}. */
    SCHED_FLAG_KEEP_PARAMS(0x10),
    /** {@code SCHED_FLAG_UTIL_CLAMP_MIN}. */
    SCHED_FLAG_UTIL_CLAMP_MIN(0x20),
    /** {@code SCHED_FLAG_UTIL_CLAMP_MAX}. */
    SCHED_FLAG_UTIL_CLAMP_MAX(0x40);
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
        case "SCHED_FLAG_RESET_ON_FORK" -> SCHED_FLAG_RESET_ON_FORK;
        case "SCHED_FLAG_RECLAIM" -> SCHED_FLAG_RECLAIM;
        case "SCHED_FLAG_DL_OVERRUN" -> SCHED_FLAG_DL_OVERRUN;
        case "SCHED_FLAG_KEEP_POLICY" -> SCHED_FLAG_KEEP_POLICY;
        case "SCHED_FLAG_KEEP_PARAMS" -> SCHED_FLAG_KEEP_PARAMS;
        case "SCHED_FLAG_UTIL_CLAMP_MIN" -> SCHED_FLAG_UTIL_CLAMP_MIN;
        case "SCHED_FLAG_UTIL_CLAMP_MAX" -> SCHED_FLAG_UTIL_CLAMP_MAX;
        default -> null;
      };
    }
  }
}
