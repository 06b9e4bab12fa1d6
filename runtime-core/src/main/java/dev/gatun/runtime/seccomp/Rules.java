package dev.gatun.runtime.seccomp;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.oci.Seccomp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a profile decides about the calls of one ABI.
 *
 * <p>Of the rules for a call, the first without conditions decides; when all have conditions, the
 * first of them that holds. A rule that says what happens anyway counts for nothing, as in runc.
 */
final class Rules {
  /** Number of {@code socketcall(2)} on 32-bit x86. */
  private static final int SOCKETCALL = 102;

  /** Number of {@code ipc(2)} on 32-bit x86. */
  private static final int IPC = 117;

  private static final int ENOSYS = Constants.SECCOMP_RET_ERRNO | Errno.ENOSYS;

  private final Abi abi;
  private final Decision fallback;
  private final @Nullable Decision[] decisions = new @Nullable Decision[SyscallNumbers.SIZE];
  private int newest = -1;
  private int highest = -1;
  private int newestPrivate = -1;

  // The unsigned number from which on a decision holds, in rising order.
  private final int[] starts = new int[2 * SyscallNumbers.SIZE];
  private final Decision[] ranges = new Decision[2 * SyscallNumbers.SIZE];
  private int count;

  /**
   * Begins without rules.
   *
   * @param abi the ABI
   * @param fallback what is decided when no rule holds
   */
  Rules(Abi abi, int fallback) {
    this.abi = abi;
    this.fallback = Decision.always(fallback, Decision.DEFAULT);
  }

  Abi abi() {
    return abi;
  }

  /** Says that a profile knows a call, whether its rule counts or not. */
  void knows(long row) {
    int number = SyscallNumbers.number(row, abi);
    if (number >= SyscallNumbers.PRIVATE) {
      newestPrivate = Math.max(newestPrivate, number);
    } else {
      newest = Math.max(newest, number);
    }
  }

  /**
   * Adds a rule.
   *
   * @param name the call
   * @param row its numbers
   * @param conditions what has to hold together
   * @param decision what is decided then
   */
  void add(String name, long row, List<Seccomp.Arg> conditions, Decision decision) {
    int number = SyscallNumbers.number(row, abi);
    if (number >= 0) {
      add(number, conditions, decision);
    }
    int multiplexed = abi == Abi.X86 ? Abi.multiplexed(name) : 0;
    if (multiplexed > 0) {
      // Its own arguments are in memory, where no filter sees them; as libseccomp has it.
      Seccomp.Arg call = new Seccomp.Arg(0, multiplexed & 0xff, 0, Seccomp.Operator.SCMP_CMP_EQ);
      add(multiplexed < 256 ? SOCKETCALL : IPC, withFirst(call, conditions), decision);
    }
  }

  private static List<Seccomp.Arg> withFirst(Seccomp.Arg first, List<Seccomp.Arg> conditions) {
    if (conditions.isEmpty()) {
      return List.of(first);
    }
    List<Seccomp.Arg> all = new java.util.ArrayList<>();
    all.add(first);
    for (int i = 0; i < conditions.size(); i++) {
      if (conditions.get(i).index() != 0) {
        all.add(conditions.get(i));
      }
    }
    return all;
  }

  private void add(int number, List<Seccomp.Arg> conditions, Decision decision) {
    if (number < SyscallNumbers.PRIVATE) {
      highest = Math.max(highest, number);
    }
    Decision known = decisions[number];
    List<Decision.Clause> clauses = known == null ? null : known.clauses();
    if (known != null && clauses == null) {
      return;
    }
    if (conditions.isEmpty()) {
      decisions[number] = decision;
      return;
    }
    if (clauses == null) {
      Decision conditional = Decision.conditional(fallback.value());
      decisions[number] = conditional;
      clauses = java.util.Objects.requireNonNull(conditional.clauses());
    }
    clauses.add(new Decision.Clause(conditions, decision.value(), decision.rule()));
  }

  /** What is decided about a call of this ABI's table. */
  Decision decision(int number) {
    Decision decision = decisions[number];
    return decision == null ? fallback : decision;
  }

  /**
   * Lays out the ranges of an audit architecture's numbers.
   *
   * @param x32 the rules of that ABI when this is 64-bit x86 and the profile has it
   * @param strict whether calls that are newer than the profile get {@code ENOSYS}
   * @param badArch what is decided about an ABI that the profile does not have
   */
  void layOut(@Nullable Rules x32, boolean strict, int badArch) {
    count = 0;
    Decision enosys = Decision.always(ENOSYS, Decision.DEFAULT);
    Decision after = strict && newest > 0 ? enosys : fallback;
    calls(this, 0, 0, highest + 1);
    range(highest + 1, fallback);
    if (after == enosys) {
      range(newest + 1, after);
    }
    if (abi == Abi.ARM) {
      if (newestPrivate >= 0) {
        int base = Abi.ARM_PRIVATE - SyscallNumbers.PRIVATE;
        calls(this, base, SyscallNumbers.PRIVATE, newestPrivate + 1);
        range(base + newestPrivate + 1, after);
      }
    } else if (abi == Abi.X86_64) {
      int bit = Abi.X32.base();
      if (x32 == null) {
        Decision bad = Decision.always(badArch, Decision.DEFAULT);
        range(bit, bad);
        if (after == enosys) {
          range(Integer.MIN_VALUE, after);
          range(Integer.MIN_VALUE | bit, bad);
        }
        // A tracer's −1 is no call.
        range(-1, fallback);
      } else {
        Decision afterX32 = strict && x32.newest > 0 ? enosys : fallback;
        calls(x32, bit, 0, x32.highest + 1);
        range(bit + x32.highest + 1, fallback);
        if (afterX32 == enosys) {
          range(bit + x32.newest + 1, afterX32);
        }
        range(Integer.MIN_VALUE, after);
        range(Integer.MIN_VALUE | bit, afterX32);
      }
    }
  }

  private void calls(Rules rules, int base, int begin, int end) {
    for (int i = begin; i < end; i++) {
      Decision decision = rules.decisions[i];
      range(base + i, decision == null ? rules.fallback : decision);
    }
  }

  private void range(int start, Decision decision) {
    // What begins here overrides what was said about later numbers.
    while (count > 0 && Integer.compareUnsigned(starts[count - 1], start) >= 0) {
      count--;
    }
    if (count > 0 && ranges[count - 1].same(decision)) {
      return;
    }
    starts[count] = start;
    ranges[count++] = decision;
  }

  /**
   * Writes the search for a number, and what is decided about it.
   *
   * @param out the filter
   * @return the position of the first instruction
   */
  int write(FilterWriter out) {
    int at = write(out, 0, count);
    return count == 1 && ranges[0].clauses() == null ? at : out.load(FilterWriter.NR);
  }

  private int write(FilterWriter out, int from, int to) {
    if (to - from == 1) {
      boolean wide = abi.wide() && Integer.compareUnsigned(starts[from], Abi.X32.base()) < 0;
      return out.decide(ranges[from], wide);
    }
    int middle = (from + to) >>> 1;
    int above = write(out, middle, to);
    int below = write(out, from, middle);
    return out.branch(FilterWriter.JGE, starts[middle], above, below);
  }
}
