package dev.gatun.oci;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A resource limit, getrlimit(2).
 *
 * @param type the resource
 * @param soft the limit that is enforced, unsigned; all bits set is {@code RLIM_INFINITY}
 * @param hard the ceiling for the soft limit, unsigned
 */
public record Rlimit(Rlimit.Type type, long soft, long hard) {
  /** Refuses null. */
  public Rlimit {
    Objects.requireNonNull(type, "type");
  }

  /** A resource, getrlimit(2), in the order of the kernel's numbers. */
  public enum Type {
    /** {@code RLIMIT_CPU}. */
    RLIMIT_CPU,
    /** {@code RLIMIT_FSIZE}. */
    RLIMIT_FSIZE,
    /** {@code RLIMIT_DATA}. */
    RLIMIT_DATA,
    /** {@code RLIMIT_STACK}. */
    RLIMIT_STACK,
    /** {@code RLIMIT_CORE}. */
    RLIMIT_CORE,
    /** {@code RLIMIT_RSS}. */
    RLIMIT_RSS,
    /** {@code RLIMIT_NPROC}. */
    RLIMIT_NPROC,
    /** {@code RLIMIT_NOFILE}. */
    RLIMIT_NOFILE,
    /** {@code RLIMIT_MEMLOCK}. */
    RLIMIT_MEMLOCK,
    /** {@code RLIMIT_AS}. */
    RLIMIT_AS,
    /** {@code RLIMIT_LOCKS}. */
    RLIMIT_LOCKS,
    /** {@code RLIMIT_SIGPENDING}. */
    RLIMIT_SIGPENDING,
    /** {@code RLIMIT_MSGQUEUE}. */
    RLIMIT_MSGQUEUE,
    /** {@code RLIMIT_NICE}. */
    RLIMIT_NICE,
    /** {@code RLIMIT_RTPRIO}. */
    RLIMIT_RTPRIO,
    /** {@code RLIMIT_RTTIME}. */
    RLIMIT_RTTIME;

    /**
     * Returns the kernel's number of this constant.
     *
     * @return the number
     */
    @SuppressWarnings(
        "EnumOrdinal") // the constants stand in the kernel's order; a test compares them
    public int number() {
      return ordinal();
    }

    /**
     * Finds a constant by the name that documents use.
     *
     * @param name the name
     * @return the constant, or null if there is none of that name
     */
    public static @Nullable Type named(String name) {
      return switch (name) {
        case "RLIMIT_CPU" -> RLIMIT_CPU;
        case "RLIMIT_FSIZE" -> RLIMIT_FSIZE;
        case "RLIMIT_DATA" -> RLIMIT_DATA;
        case "RLIMIT_STACK" -> RLIMIT_STACK;
        case "RLIMIT_CORE" -> RLIMIT_CORE;
        case "RLIMIT_RSS" -> RLIMIT_RSS;
        case "RLIMIT_NPROC" -> RLIMIT_NPROC;
        case "RLIMIT_NOFILE" -> RLIMIT_NOFILE;
        case "RLIMIT_MEMLOCK" -> RLIMIT_MEMLOCK;
        case "RLIMIT_AS" -> RLIMIT_AS;
        case "RLIMIT_LOCKS" -> RLIMIT_LOCKS;
        case "RLIMIT_SIGPENDING" -> RLIMIT_SIGPENDING;
        case "RLIMIT_MSGQUEUE" -> RLIMIT_MSGQUEUE;
        case "RLIMIT_NICE" -> RLIMIT_NICE;
        case "RLIMIT_RTPRIO" -> RLIMIT_RTPRIO;
        case "RLIMIT_RTTIME" -> RLIMIT_RTTIME;
        default -> null;
      };
    }
  }
}
