package dev.gatun.runtime.seccomp;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.oci.Seccomp;
import dev.gatun.runtime.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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

  private final byte[] bpf;
  private final int flags;
  private final boolean notifies;
  private final boolean listens;
  private final List<String> unknown;
  private final Rules own;

  private SeccompFilter(
      byte[] bpf, int flags, boolean notifies, boolean listens, List<String> unknown, Rules own) {
    this.bpf = bpf;
    this.flags = flags;
    this.notifies = notifies;
    this.listens = listens;
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
    return new SeccompFilter(
        out.bytes(),
        flags(seccomp, notifies),
        notifies,
        seccomp.listenerPath() != null,
        unknown,
        own);
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
   * Adds the records that load the filter; the process has {@code CAP_SYS_ADMIN} or no_new_privs.
   *
   * @param b the program
   * @param place the JSON pointer of the profile
   * @throws ConfigException when the profile asks for a listener
   */
  public void emit(ProgramBuilder b, String place) {
    if (notifies || listens) {
      throw new ConfigException(
          place + "/listenerPath",
          "the configuration asks for a seccomp listener, which this version of gatun cannot give");
    }
    b.step("seccomp filter", place);
    Data filter = b.constant("filter", bpf.length).put(0, bpf);
    Data program =
        b.variable("sock_fprog", Structs.SIZEOF_SOCK_FPROG)
            .u16(Structs.SOCK_FPROG_LEN, bpf.length / Structs.SIZEOF_SOCK_FILTER)
            .address(Structs.SOCK_FPROG_FILTER, filter.address());
    b.sys(Syscall.SECCOMP, imm(Constants.SECCOMP_SET_MODE_FILTER), imm(flags), program.address());
  }

  /**
   * Checks that the filter lets calls pass that still have to be made when it is there.
   *
   * @param calls the calls
   * @param place the JSON pointer of the profile
   * @throws ConfigException naming the first call that it forbids whatever the arguments are, and
   *     the rule
   */
  public void require(List<Syscall> calls, String place) {
    for (int i = 0; i < calls.size(); i++) {
      Syscall call = calls.get(i);
      long row = SyscallNumbers.of(call.kernelName());
      int number = SyscallNumbers.number(row, own.abi());
      Decision decision = own.decision(number);
      if (!mayPass(decision)) {
        String where =
            decision.rule() == Decision.DEFAULT
                ? place + "/defaultAction"
                : place + "/syscalls/" + decision.rule();
        throw new ConfigException(
            where,
            "the seccomp filter forbids "
                + call.kernelName()
                + ", which is needed to start the container's process");
      }
    }
  }

  private static boolean mayPass(Decision decision) {
    if (passes(decision.value())) {
      return true;
    }
    List<Decision.Clause> clauses = decision.clauses();
    if (clauses != null) {
      for (int i = 0; i < clauses.size(); i++) {
        if (passes(Objects.requireNonNull(clauses.get(i)).value())) {
          return true;
        }
      }
    }
    return false;
  }

  /** Without a tracer or a listener only these two let a call pass. */
  private static boolean passes(int value) {
    return value == Constants.SECCOMP_RET_ALLOW || value == Constants.SECCOMP_RET_LOG;
  }
}
