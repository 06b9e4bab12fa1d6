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
 * without conditions comes before all that have some; of those the first that holds decides.
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

  /** Whether conditions of several rules for a number can hold in part for one call. */
  boolean overlaps(Abi abi, int number) {
    List<Rule> several = table(abi).getOrDefault(number, List.of());
    boolean ranges = false;
    for (Rule rule : several) {
      for (Seccomp.Arg condition : rule.conditions()) {
        ranges |= condition.op() != Seccomp.Operator.SCMP_CMP_EQ || rule.conditions().size() > 1;
      }
    }
    return ranges && several.size() > 1;
  }

  /** The rules for a number, to be shown. */
  String rules(Abi abi, int number) {
    StringBuilder text = new StringBuilder();
    for (Rule rule : table(abi).getOrDefault(number, List.of())) {
      text.append(Integer.toHexString(rule.value())).append(rule.conditions()).append(' ');
    }
    return text + "or " + Integer.toHexString(fallback);
  }

  /** The value of the rule that decides. */
  int value(Abi abi, int number, long... args) {
    Rule first = null;
    for (Rule rule : table(abi).getOrDefault(number, List.of())) {
      // A rule that says what happens anyway counts for nothing, in runc too.
      if (rule.value() == fallback) {
        continue;
      }
      if (rule.conditions().isEmpty()) {
        return rule.value();
      }
      boolean all = true;
      for (Seccomp.Arg condition : rule.conditions()) {
        all &= holds(condition, abi, args[(int) condition.index()]);
      }
      if (all && first == null) {
        first = rule;
      }
    }
    return first == null ? fallback : first.value();
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
