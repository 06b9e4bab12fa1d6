package dev.gatun.runtime.process;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.oci.IoPriority;
import dev.gatun.oci.MemoryPolicy;
import dev.gatun.oci.Personality;
import dev.gatun.oci.Scheduler;
import dev.gatun.runtime.ConfigException;

/** What a process takes with it on how it is scheduled, and where its memory comes from. */
final class Scheduling {
  /** The most CPUs, and NUMA nodes, that a list may name. */
  private static final int MOST = 8192;

  private Scheduling() {}

  /** Adds {@code sched_setattr(2)}. */
  static void scheduler(ProgramBuilder b, Scheduler scheduler, String place) {
    b.step("scheduler " + scheduler.policy().name(), place);
    long flags = 0;
    for (Scheduler.Flag flag : scheduler.flags()) {
      flags |= flag.value();
    }
    Data attributes =
        b.constant("sched_attr", Structs.SIZEOF_SCHED_ATTR)
            .u32(Structs.SCHED_ATTR_SIZE, Structs.SIZEOF_SCHED_ATTR)
            .u32(Structs.SCHED_ATTR_SCHED_POLICY, scheduler.policy().value())
            .u64(Structs.SCHED_ATTR_SCHED_FLAGS, flags)
            .u32(Structs.SCHED_ATTR_SCHED_NICE, scheduler.nice())
            .u32(Structs.SCHED_ATTR_SCHED_PRIORITY, scheduler.priority())
            .u64(Structs.SCHED_ATTR_SCHED_RUNTIME, scheduler.runtime())
            .u64(Structs.SCHED_ATTR_SCHED_DEADLINE, scheduler.deadline())
            .u64(Structs.SCHED_ATTR_SCHED_PERIOD, scheduler.period());
    b.sys(Syscall.SCHED_SETATTR, imm(0), attributes.address(), imm(0));
  }

  /** Adds {@code ioprio_set(2)}. */
  static void ioPriority(ProgramBuilder b, IoPriority priority, String place) {
    b.step("I/O priority " + priority.priorityClass().name() + " " + priority.priority(), place);
    b.sys(
        Syscall.IOPRIO_SET,
        imm(Constants.IOPRIO_WHO_PROCESS),
        imm(0),
        imm(
            (long) priority.priorityClass().value() << Constants.IOPRIO_CLASS_SHIFT
                | priority.priority()));
  }

  /** Adds {@code personality(2)}. */
  static void personality(ProgramBuilder b, Personality personality, String place) {
    if (!personality.flags().isEmpty()) {
      throw new ConfigException(
          place + "/flags/0",
          "unknown personality flag " + Environment.quote(personality.flags().getFirst()));
    }
    b.step("personality " + personality.domain().name(), place);
    b.sys(Syscall.PERSONALITY, imm(personality.domain().value()));
  }

  /** Adds {@code set_mempolicy(2)}. */
  static void memoryPolicy(ProgramBuilder b, MemoryPolicy policy, String place) {
    b.step("memory policy " + policy.mode().name(), place);
    long mode = policy.mode().value();
    for (MemoryPolicy.Flag flag : policy.flags()) {
      mode |= flag.value();
    }
    String nodes = policy.nodes();
    if (nodes == null) {
      b.sys(Syscall.SET_MEMPOLICY, imm(mode), imm(0), imm(0));
      return;
    }
    long[] mask = mask(nodes, place + "/nodes");
    // The kernel counts one bit less than it is told, mm/mempolicy.c.
    b.sys(
        Syscall.SET_MEMPOLICY,
        imm(mode),
        words(b, "nodes", mask).address(),
        imm(mask.length * 64L + 1));
  }

  /** Adds {@code sched_setaffinity(2)}. */
  static void affinity(ProgramBuilder b, String cpus, String place) {
    b.step("CPU affinity " + cpus, place);
    long[] mask = mask(cpus, place);
    b.sys(
        Syscall.SCHED_SETAFFINITY, imm(0), imm(mask.length * 8L), words(b, "cpus", mask).address());
  }

  private static Data words(ProgramBuilder b, String name, long[] mask) {
    Data data = b.constant(name, mask.length * 8);
    for (int i = 0; i < mask.length; i++) {
      data.u64(i * 8, mask[i]);
    }
    return data;
  }

  /**
   * The bits of a list such as {@code 0-3,7}, cpuset(7) <em>List format</em>.
   *
   * @param list the list
   * @param place the JSON pointer, for errors
   * @return as few words as hold the bits
   */
  static long[] mask(String list, String place) {
    long[] mask = new long[MOST / 64];
    int highest = 0;
    int at = 0;
    boolean more = true;
    while (more) {
      int from = number(list, at, place);
      at = afterNumber(list, at);
      int to = from;
      if (at < list.length() && list.charAt(at) == '-') {
        to = number(list, at + 1, place);
        at = afterNumber(list, at + 1);
      }
      if (to < from) {
        throw noList(list, place);
      }
      for (int i = from; i <= to; i++) {
        mask[i / 64] |= 1L << i;
      }
      highest = Math.max(highest, to);
      more = at < list.length();
      if (more && list.charAt(at++) != ',') {
        throw noList(list, place);
      }
    }
    return java.util.Arrays.copyOf(mask, highest / 64 + 1);
  }

  private static int number(String list, int from, String place) {
    int value = 0;
    int end = afterNumber(list, from);
    for (int i = from; i < end; i++) {
      value = value * 10 + list.charAt(i) - '0';
      if (value >= MOST) {
        throw noList(list, place);
      }
    }
    if (end == from) {
      throw noList(list, place);
    }
    return value;
  }

  private static int afterNumber(String list, int from) {
    int at = from;
    while (at < list.length() && list.charAt(at) >= '0' && list.charAt(at) <= '9') {
      at++;
    }
    return at;
  }

  private static ConfigException noList(String list, String place) {
    return new ConfigException(
        place, "not a list of numbers below " + MOST + ": " + Environment.quote(list));
  }
}
