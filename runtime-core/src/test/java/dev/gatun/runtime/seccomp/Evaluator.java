package dev.gatun.runtime.seccomp;

import dev.gatun.oci.Seccomp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a profile says, read rule by rule and without a filter: the arbiter between the compiler and
 * libseccomp.
 *
 * <p>The specification does not say which of several rules decides that hold for a call. A rule
 * without conditions comes before all that have some; of those the first decides. libseccomp has
 * the former too, but of several conditions on different arguments it asks in an order of its own.
 */
final class Evaluator {
  /** A rule for one call. */
  private record Rule(List<Seccomp.Arg> conditions, int value) {}

  private final int fallback;
  private final Map<Abi, Map<Integer, List<Rule>>> rules = new HashMap<>();

  /**
   * Takes a profile.
   *
   * @param fallback the value of the default action
   * @param syscalls the rules
   * @param values their values
   */
  Evaluator(int fallback, List<Seccomp.Syscall> syscalls, int[] values) {
    this.fallback = fallback;
    for (Abi abi : Abi.values()) {
      Map<Integer, List<Rule>> table = new HashMap<>();
      rules.put(abi, table);
      for (int i = 0; i < values.length; i++) {
        for (String name : syscalls.get(i).names()) {
          int number = SyscallNumbers.number(SyscallNumbers.of(name), abi);
          if (number >= 0) {
            table
                .computeIfAbsent(number, _ -> new ArrayList<>())
                .add(new Rule(syscalls.get(i).args(), values[i]));
          }
        }
      }
    }
  }

  /** The newest call of an ABI that a rule names, −1 when there is none. */
  int newest(Abi abi) {
    int newest = -1;
    for (int number : table(abi).keySet()) {
      if (number < SyscallNumbers.PRIVATE) {
        newest = Math.max(newest, number);
      }
    }
    return newest;
  }

  private Map<Integer, List<Rule>> table(Abi abi) {
    return rules.getOrDefault(abi, Map.of());
  }

  /** Whether there is a rule for a number. */
  boolean knows(Abi abi, int number) {
    return table(abi).containsKey(number);
  }

  /**
   * The values of all rules that hold, the one that decides first; a rule without conditions rules
   * out the others.
   */
  List<Integer> values(Abi abi, int number, long... args) {
    List<Integer> conditional = new ArrayList<>();
    for (Rule rule : table(abi).getOrDefault(number, List.of())) {
      // A rule that says what happens anyway counts for nothing, in runc too.
      if (rule.value() == fallback) {
        continue;
      }
      if (rule.conditions().isEmpty()) {
        return List.of(rule.value());
      }
      boolean all = true;
      for (Seccomp.Arg condition : rule.conditions()) {
        all &= holds(condition, abi, args[(int) condition.index()]);
      }
      if (all) {
        conditional.add(rule.value());
      }
    }
    for (Rule rule : table(abi).getOrDefault(number, List.of())) {
      if (rule.conditions().isEmpty() && rule.value() != fallback) {
        return List.of(rule.value());
      }
    }
    return conditional.isEmpty() ? List.of(fallback) : conditional;
  }

  private static boolean holds(Seccomp.Arg condition, Abi abi, long argument) {
    long mask = abi.wide() ? -1 : 0xffff_ffffL;
    long value = condition.value() & mask;
    long given = argument & mask;
    return switch (condition.op()) {
      case SCMP_CMP_EQ -> given == value;
      case SCMP_CMP_NE -> given != value;
      case SCMP_CMP_LT -> Long.compareUnsigned(given, value) < 0;
      case SCMP_CMP_LE -> Long.compareUnsigned(given, value) <= 0;
      case SCMP_CMP_GE -> Long.compareUnsigned(given, value) >= 0;
      case SCMP_CMP_GT -> Long.compareUnsigned(given, value) > 0;
      case SCMP_CMP_MASKED_EQ -> (given & value) == (condition.valueTwo() & value);
    };
  }
}
