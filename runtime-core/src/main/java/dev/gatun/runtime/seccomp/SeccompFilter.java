package dev.gatun.runtime.seccomp;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Imm;
import dev.gatun.linux.program.Instruction;
import dev.gatun.oci.Seccomp;
import dev.gatun.runtime.ConfigException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A filter of seccomp(2), compiled from {@code linux.seccomp}.
 *
 * <p>The native ABI is always covered. A call of an ABI that the profile does not list kills, as
 * libseccomp's filters do. Names that no ABI of the machine has are passed over: {@link #unknown}
 * has them. Unless the default action lets calls pass, a call that is newer than the newest one
 * that the profile names gets {@code ENOSYS}, so that programs fall back to what they knew before.
 */
public final class SeccompFilter {
  /** {@code BPF_MAXINSNS} of linux/bpf_common.h. */
  private static final int MAX_INSTRUCTIONS = 4096;

  private static final String PLACE = "/linux/seccomp";

  /** {@link Instruction#tolerated()} of a record that accepts every errno. */
  private static final int ANY_ERRNO = 0xffff;

  /** No rule forbids it. */
  private static final int PASSES = -2;

  private final byte[] bpf;
  private final int flags;
  private final boolean notifies;
  private final List<String> unknown;
  private final Rules own;

  private SeccompFilter(byte[] bpf, int flags, boolean notifies, List<String> unknown, Rules own) {
    this.bpf = bpf;
    this.flags = flags;
    this.notifies = notifies;
    this.unknown = unknown;
    this.own = own;
  }

  /**
   * Compiles.
   *
   * @param seccomp a validated profile
   * @param arch the machine
   * @return the filter
   * @throws ConfigException when the kernel would not take so long a filter
   */
  public static SeccompFilter compile(Seccomp seccomp, Arch arch) {
    return compile(seccomp, arch, !passes(seccomp.defaultAction()));
  }

  /**
   * Compiles, with or without {@code ENOSYS} for calls that are newer than the profile.
   *
   * @param seccomp a validated profile
   * @param arch the machine
   * @param strict whether they get {@code ENOSYS}
   * @return the filter
   */
  static SeccompFilter compile(Seccomp seccomp, Arch arch, boolean strict) {
    int fallback = value(seccomp.defaultAction(), seccomp.defaultErrnoRet());
    Rules own = new Rules(Abi.of(arch), fallback);
    Rules x32 = null;
    List<Rules> abis = new ArrayList<>(3);
    abis.add(own);
    for (int i = 0; i < seccomp.architectures().size(); i++) {
      Abi abi = Abi.of(arch, seccomp.architectures().get(i));
      if (abi != null && !has(abis, abi)) {
        Rules rules = new Rules(abi, fallback);
        abis.add(rules);
        x32 = abi == Abi.X32 ? rules : x32;
      }
    }
    List<String> unknown = new ArrayList<>(0);
    boolean notifies = addRules(seccomp, fallback, abis, unknown);
    FilterWriter out = new FilterWriter();
    // SCMP_ACT_KILL is what libseccomp decides about an architecture that it was not told of.
    int badArch = Constants.SECCOMP_RET_KILL_THREAD;
    int at = out.give(badArch);
    for (int i = abis.size() - 1; i >= 0; i--) {
      Rules rules = abis.get(i);
      if (rules != x32) {
        rules.layOut(rules == own ? x32 : null, strict, badArch);
        int calls = rules.write(out);
        at = out.branch(FilterWriter.JEQ, rules.abi().audit(), calls, at);
      }
    }
    out.load(FilterWriter.ARCH);
    if (out.size() > MAX_INSTRUCTIONS) {
      throw new ConfigException(
          PLACE,
          "the filter needs "
              + out.size()
              + " instructions, of which the kernel takes at most "
              + MAX_INSTRUCTIONS);
    }
    return new SeccompFilter(out.bytes(), flags(seccomp, notifies), notifies, unknown, own);
  }

  private static boolean has(List<Rules> abis, Abi abi) {
    for (int i = 0; i < abis.size(); i++) {
      if (abis.get(i).abi() == abi) {
        return true;
      }
    }
    return false;
  }

  private static boolean addRules(
      Seccomp seccomp, int fallback, List<Rules> abis, List<String> unknown) {
    boolean notifies = seccomp.defaultAction() == Seccomp.Action.SCMP_ACT_NOTIFY;
    List<Seccomp.Syscall> rules = seccomp.syscalls();
    for (int i = 0; i < rules.size(); i++) {
      Seccomp.Syscall rule = rules.get(i);
      notifies |= rule.action() == Seccomp.Action.SCMP_ACT_NOTIFY;
      int value = value(rule.action(), rule.errnoRet());
      Decision decision = Decision.always(value, i);
      boolean apart = sharesArgument(rule.args());
      for (int j = 0; j < rule.names().size(); j++) {
        String name = rule.names().get(j);
        long row = SyscallNumbers.of(name);
        if (row == SyscallNumbers.UNKNOWN) {
          unknown.add(name);
          continue;
        }
        for (int k = 0; k < abis.size(); k++) {
          Rules abi = abis.get(k);
          abi.knows(row);
          if (value == fallback) {
            continue;
          }
          if (apart) {
            for (int m = 0; m < rule.args().size(); m++) {
              abi.add(name, row, List.of(rule.args().get(m)), decision);
            }
          } else {
            abi.add(name, row, rule.args(), decision);
          }
        }
      }
    }
    return notifies;
  }

  /** Conditions on one argument that do not exclude each other were alternatives before 1.0. */
  private static boolean sharesArgument(List<Seccomp.Arg> args) {
    int seen = 0;
    for (int i = 0; i < args.size(); i++) {
      int bit = 1 << (int) args.get(i).index();
      if ((seen & bit) != 0) {
        return true;
      }
      seen |= bit;
    }
    return false;
  }

  /** Whether an action lets a call go to the kernel; a tracer is taken to know what is new. */
  private static boolean passes(Seccomp.Action action) {
    return action == Seccomp.Action.SCMP_ACT_ALLOW
        || action == Seccomp.Action.SCMP_ACT_LOG
        || action == Seccomp.Action.SCMP_ACT_TRACE;
  }

  private static int value(Seccomp.Action action, @Nullable Long errno) {
    int data = errno == null ? Errno.EPERM : errno.intValue();
    return switch (action) {
      case SCMP_ACT_KILL, SCMP_ACT_KILL_THREAD -> Constants.SECCOMP_RET_KILL_THREAD;
      case SCMP_ACT_KILL_PROCESS -> (int) Constants.SECCOMP_RET_KILL_PROCESS;
      case SCMP_ACT_TRAP -> Constants.SECCOMP_RET_TRAP;
      case SCMP_ACT_ERRNO -> Constants.SECCOMP_RET_ERRNO | (data & Constants.SECCOMP_RET_DATA);
      case SCMP_ACT_TRACE -> Constants.SECCOMP_RET_TRACE | (data & Constants.SECCOMP_RET_DATA);
      case SCMP_ACT_ALLOW -> Constants.SECCOMP_RET_ALLOW;
      case SCMP_ACT_LOG -> Constants.SECCOMP_RET_LOG;
      case SCMP_ACT_NOTIFY -> Constants.SECCOMP_RET_USER_NOTIF;
    };
  }

  private static int flags(Seccomp seccomp, boolean notifies) {
    int flags = 0;
    for (int i = 0; i < seccomp.flags().size(); i++) {
      flags |= seccomp.flags().get(i).value();
    }
    // The kernel refuses this one where there is no listener whose receiving could be waited for.
    return notifies ? flags : flags & ~Constants.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
  }

  /** The filter: an array of {@code struct sock_filter}. */
  public byte[] bpf() {
    return bpf.clone();
  }

  /** How many instructions the filter has. */
  public int size() {
    return bpf.length / Structs.SIZEOF_SOCK_FILTER;
  }

  /** The {@code SECCOMP_FILTER_FLAG_*} bits that the profile asks for. */
  public int flags() {
    return flags;
  }

  /** Whether an action is {@code SCMP_ACT_NOTIFY}. */
  public boolean notifies() {
    return notifies;
  }

  /** Names of the profile that are no system calls of this machine. */
  public List<String> unknown() {
    return List.copyOf(unknown);
  }

  /**
   * Checks that the filter lets a call pass that has to be made when it is there. What is not known
   * of its arguments is taken for what the filter wants them to be.
   *
   * @param call a record
   * @param place the JSON pointer of the profile
   * @throws ConfigException naming the call, and the rule that forbids it
   */
  void require(Instruction call, String place) {
    Syscall syscall = call.syscall();
    // Forbidden to exit or killed for it, a process ends all the same.
    if (syscall == null || syscall == Syscall.EXIT_GROUP) {
      return;
    }
    int number = SyscallNumbers.number(SyscallNumbers.of(syscall.kernelName()), own.abi());
    Decision decision = own.decision(number);
    int rule = forbidding(decision, call);
    if (rule == PASSES) {
      return;
    }
    throw new ConfigException(
        rule == Decision.DEFAULT ? place + "/defaultAction" : place + "/syscalls/" + rule,
        "the seccomp filter forbids "
            + syscall.kernelName()
            + ", which is called to start the container's process after the filter is loaded");
  }

  private static int forbidding(Decision decision, Instruction call) {
    int rule = PASSES;
    List<Decision.Clause> clauses = decision.clauses();
    for (int i = 0; clauses != null && i < clauses.size(); i++) {
      Decision.Clause clause = clauses.get(i);
      Holds holds = holds(clause, call);
      if (holds == Holds.NO) {
        continue;
      }
      if (passes(clause.value(), call)) {
        return PASSES;
      }
      rule = rule == PASSES ? clause.rule() : rule;
      if (holds == Holds.YES) {
        return rule;
      }
    }
    if (passes(decision.value(), call)) {
      return PASSES;
    }
    return rule == PASSES ? decision.rule() : rule;
  }

  private enum Holds {
    YES,
    MAYBE,
    NO
  }

  private static Holds holds(Decision.Clause clause, Instruction call) {
    Holds all = Holds.YES;
    for (int i = 0; i < clause.conditions().size(); i++) {
      Seccomp.Arg condition = clause.conditions().get(i);
      if (!(call.arg((int) condition.index()) instanceof Imm known)) {
        all = Holds.MAYBE;
      } else if (!holds(condition, known.value())) {
        return Holds.NO;
      }
    }
    return all;
  }

  private static boolean holds(Seccomp.Arg condition, long argument) {
    int order = Long.compareUnsigned(argument, condition.value());
    return switch (condition.op()) {
      case SCMP_CMP_EQ -> order == 0;
      case SCMP_CMP_NE -> order != 0;
      case SCMP_CMP_GT -> order > 0;
      case SCMP_CMP_LE -> order <= 0;
      case SCMP_CMP_GE -> order >= 0;
      case SCMP_CMP_LT -> order < 0;
      case SCMP_CMP_MASKED_EQ -> ((argument ^ condition.valueTwo()) & condition.value()) == 0;
    };
  }

  /** Without a tracer only these let a call pass; some calls may fail, but not end the process. */
  private static boolean passes(int value, Instruction call) {
    return value == Constants.SECCOMP_RET_ALLOW
        || value == Constants.SECCOMP_RET_LOG
        || value == Constants.SECCOMP_RET_USER_NOTIF
        || (call.tolerated() == ANY_ERRNO
            && (value & (int) Constants.SECCOMP_RET_ACTION_FULL) == Constants.SECCOMP_RET_ERRNO);
  }
}
