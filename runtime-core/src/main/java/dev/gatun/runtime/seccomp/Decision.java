package dev.gatun.runtime.seccomp;

import dev.gatun.oci.Seccomp;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a filter returns for one number: one value, or that of the first clause that holds and
 * otherwise the default one.
 */
final class Decision {
  /** Conditions that have to hold together, and what is returned then. */
  record Clause(List<Seccomp.Arg> conditions, int value, int rule) {}

  /** The rule number of what no rule says. */
  static final int DEFAULT = -1;

  private final int value;
  private final int rule;
  private final @Nullable List<Clause> clauses;

  private Decision(int value, int rule, @Nullable List<Clause> clauses) {
    this.value = value;
    this.rule = rule;
    this.clauses = clauses;
  }

  /**
   * One value whatever the arguments are.
   *
   * @param value a {@code SECCOMP_RET_*} value
   * @param rule the rule that says so, or {@link #DEFAULT}
   */
  static Decision always(int value, int rule) {
    return new Decision(value, rule, null);
  }

  /**
   * A decision without clauses so far.
   *
   * @param value what is returned when no clause holds
   */
  static Decision conditional(int value) {
    return new Decision(value, DEFAULT, new ArrayList<>(4));
  }

  /** The value, or that for when no clause holds. */
  int value() {
    return value;
  }

  /** The rule that gives the value. */
  int rule() {
    return rule;
  }

  /** The clauses, which may be added to; null when there are no conditions. */
  @Nullable List<Clause> clauses() {
    return clauses;
  }

  /** Whether two numbers need no comparison between them. */
  boolean same(Decision other) {
    return this == other || (clauses == null && other.clauses == null && value == other.value);
  }
}
