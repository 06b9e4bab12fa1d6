package dev.gatun.oci;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The system call filter, seccomp(2); names are libseccomp's.
 *
 * @param defaultAction action for what no rule matches
 * @param defaultErrnoRet errno of that action; absent is {@code EPERM}
 * @param architectures architectures beside the native one
 * @param flags filter flags
 * @param listenerPath socket that gets the notify descriptor
 * @param listenerMetadata opaque text for that listener
 * @param syscalls the rules
 */
public record Seccomp(
    Seccomp.Action defaultAction,
    @Nullable Long defaultErrnoRet,
    List<Seccomp.Arch> architectures,
    List<Seccomp.Flag> flags,
    @Nullable String listenerPath,
    @Nullable String listenerMetadata,
    List<Seccomp.Syscall> syscalls) {
  /** Checks ranges, copies collections and takes an empty optional string for an absent one. */
  public Seccomp {
    Objects.requireNonNull(defaultAction, "defaultAction");
    Values.uint32("defaultErrnoRet", defaultErrnoRet);
    architectures = List.copyOf(architectures);
    flags = List.copyOf(flags);
    listenerPath = Values.absentIfEmpty(listenerPath);
    listenerMetadata = Values.absentIfEmpty(listenerMetadata);
    syscalls = List.copyOf(syscalls);
  }

  /** What happens to a system call; values are libseccomp's names. */
  public enum Action {
    /** {@code SCMP_ACT_KILL}. */
    SCMP_ACT_KILL,
    /** {@code SCMP_ACT_KILL_PROCESS}. */
    SCMP_ACT_KILL_PROCESS,
    /** {@code SCMP_ACT_KILL_THREAD}. */
    SCMP_ACT_KILL_THREAD,
    /** {@code SCMP_ACT_TRAP}. */
    SCMP_ACT_TRAP,
    /** {@code SCMP_ACT_ERRNO}. */
    SCMP_ACT_ERRNO,
    /** {@code SCMP_ACT_TRACE}. */
    SCMP_ACT_TRACE,
    /** {@code SCMP_ACT_ALLOW}. */
    SCMP_ACT_ALLOW,
    /** {@code SCMP_ACT_LOG}. */
    SCMP_ACT_LOG,
    /** {@code SCMP_ACT_NOTIFY}. */
    SCMP_ACT_NOTIFY;

    /**
     * Finds a constant by the name that documents use.
     *
     * @param name the name
     * @return the constant, or null if there is none of that name
     */
    public static @Nullable Action named(String name) {
      return switch (name) {
        case "SCMP_ACT_KILL" -> SCMP_ACT_KILL;
        case "SCMP_ACT_KILL_PROCESS" -> SCMP_ACT_KILL_PROCESS;
        case "SCMP_ACT_KILL_THREAD" -> SCMP_ACT_KILL_THREAD;
        case "SCMP_ACT_TRAP" -> SCMP_ACT_TRAP;
        case "SCMP_ACT_ERRNO" -> SCMP_ACT_ERRNO;
        case "SCMP_ACT_TRACE" -> SCMP_ACT_TRACE;
        case "SCMP_ACT_ALLOW" -> SCMP_ACT_ALLOW;
        case "SCMP_ACT_LOG" -> SCMP_ACT_LOG;
        case "SCMP_ACT_NOTIFY" -> SCMP_ACT_NOTIFY;
        default -> null;
      };
    }
  }

  /** How an argument of a system call is compared. */
  public enum Operator {
    /** {@code SCMP_CMP_NE}. */
    SCMP_CMP_NE,
    /** {@code SCMP_CMP_LT}. */
    SCMP_CMP_LT,
    /** {@code SCMP_CMP_LE}. */
    SCMP_CMP_LE,
    /** {@code SCMP_CMP_EQ}. */
    SCMP_CMP_EQ,
    /** {@code SCMP_CMP_GE}. */
    SCMP_CMP_GE,
    /** {@code SCMP_CMP_GT}. */
    SCMP_CMP_GT,
    /** {@code SCMP_CMP_MASKED_EQ}. */
    SCMP_CMP_MASKED_EQ;

    /**
     * Finds a constant by the name that documents use.
     *
     * @param name the name
     * @return the constant, or null if there is none of that name
     */
    public static @Nullable Operator named(String name) {
      return switch (name) {
        case "SCMP_CMP_NE" -> SCMP_CMP_NE;
        case "SCMP_CMP_LT" -> SCMP_CMP_LT;
        case "SCMP_CMP_LE" -> SCMP_CMP_LE;
        case "SCMP_CMP_EQ" -> SCMP_CMP_EQ;
        case "SCMP_CMP_GE" -> SCMP_CMP_GE;
        case "SCMP_CMP_GT" -> SCMP_CMP_GT;
        case "SCMP_CMP_MASKED_EQ" -> SCMP_CMP_MASKED_EQ;
        default -> null;
      };
    }
  }

  /** An architecture whose system calls a filter covers. */
  public enum Arch {
    /** {@code SCMP_ARCH_X86}. */
    SCMP_ARCH_X86,
    /** {@code SCMP_ARCH_X86_64}. */
    SCMP_ARCH_X86_64,
    /** {@code SCMP_ARCH_X32}. */
    SCMP_ARCH_X32,
    /** {@code SCMP_ARCH_ARM}. */
    SCMP_ARCH_ARM,
    /** {@code SCMP_ARCH_AARCH64}. */
    SCMP_ARCH_AARCH64,
    /** {@code SCMP_ARCH_MIPS}. */
    SCMP_ARCH_MIPS,
    /** {@code SCMP_ARCH_MIPS64}. */
    SCMP_ARCH_MIPS64,
    /** {@code SCMP_ARCH_MIPS64N32}. */
    SCMP_ARCH_MIPS64N32,
    /** {@code SCMP_ARCH_MIPSEL}. */
    SCMP_ARCH_MIPSEL,
    /** {@code SCMP_ARCH_MIPSEL64}. */
    SCMP_ARCH_MIPSEL64,
    /** {@code SCMP_ARCH_MIPSEL64N32}. */
    SCMP_ARCH_MIPSEL64N32,
    /** {@code SCMP_ARCH_PPC}. */
    SCMP_ARCH_PPC,
    /** {@code SCMP_ARCH_PPC64}. */
    SCMP_ARCH_PPC64,
    /** {@code SCMP_ARCH_PPC64LE}. */
    SCMP_ARCH_PPC64LE,
    /** {@code SCMP_ARCH_S390}. */
    SCMP_ARCH_S390,
    /** {@code SCMP_ARCH_S390X}. */
    SCMP_ARCH_S390X,
    /** {@code SCMP_ARCH_PARISC}. */
    SCMP_ARCH_PARISC,
    /** {@code SCMP_ARCH_PARISC64}. */
    SCMP_ARCH_PARISC64,
    /** {@code SCMP_ARCH_RISCV64}. */
    SCMP_ARCH_RISCV64,
    /** {@code SCMP_ARCH_LOONGARCH64}. */
    SCMP_ARCH_LOONGARCH64,
    /** {@code SCMP_ARCH_M68K}. */
    SCMP_ARCH_M68K,
    /** {@code SCMP_ARCH_SH}. */
    SCMP_ARCH_SH,
    /** {@code SCMP_ARCH_SHEB}. */
    SCMP_ARCH_SHEB;

    /**
     * Finds a constant by the name that documents use.
     *
     * @param name the name
     * @return the constant, or null if there is none of that name
     */
    public static @Nullable Arch named(String name) {
      return switch (name) {
        case "SCMP_ARCH_X86" -> SCMP_ARCH_X86;
        case "SCMP_ARCH_X86_64" -> SCMP_ARCH_X86_64;
        case "SCMP_ARCH_X32" -> SCMP_ARCH_X32;
        case "SCMP_ARCH_ARM" -> SCMP_ARCH_ARM;
        case "SCMP_ARCH_AARCH64" -> SCMP_ARCH_AARCH64;
        case "SCMP_ARCH_MIPS" -> SCMP_ARCH_MIPS;
        case "SCMP_ARCH_MIPS64" -> SCMP_ARCH_MIPS64;
        case "SCMP_ARCH_MIPS64N32" -> SCMP_ARCH_MIPS64N32;
        case "SCMP_ARCH_MIPSEL" -> SCMP_ARCH_MIPSEL;
        case "SCMP_ARCH_MIPSEL64" -> SCMP_ARCH_MIPSEL64;
        case "SCMP_ARCH_MIPSEL64N32" -> SCMP_ARCH_MIPSEL64N32;
        case "SCMP_ARCH_PPC" -> SCMP_ARCH_PPC;
        case "SCMP_ARCH_PPC64" -> SCMP_ARCH_PPC64;
        case "SCMP_ARCH_PPC64LE" -> SCMP_ARCH_PPC64LE;
        case "SCMP_ARCH_S390" -> SCMP_ARCH_S390;
        case "SCMP_ARCH_S390X" -> SCMP_ARCH_S390X;
        case "SCMP_ARCH_PARISC" -> SCMP_ARCH_PARISC;
        case "SCMP_ARCH_PARISC64" -> SCMP_ARCH_PARISC64;
        case "SCMP_ARCH_RISCV64" -> SCMP_ARCH_RISCV64;
        case "SCMP_ARCH_LOONGARCH64" -> SCMP_ARCH_LOONGARCH64;
        case "SCMP_ARCH_M68K" -> SCMP_ARCH_M68K;
        case "SCMP_ARCH_SH" -> SCMP_ARCH_SH;
        case "SCMP_ARCH_SHEB" -> SCMP_ARCH_SHEB;
        default -> null;
      };
    }
  }

  /** A flag of seccomp(2). */
  public enum Flag {
    /** {@code SECCOMP_FILTER_FLAG_TSYNC}. */
    SECCOMP_FILTER_FLAG_TSYNC(0x01),
    /** {@code SECCOMP_FILTER_FLAG_LOG}. */
    SECCOMP_FILTER_FLAG_LOG(0x02),
    /** {@code SECCOMP_FILTER_FLAG_SPEC_ALLOW}. */
    SECCOMP_FILTER_FLAG_SPEC_ALLOW(0x04),
    /** {@code SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV}. */
    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV(0x20);
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
        case "SECCOMP_FILTER_FLAG_TSYNC" -> SECCOMP_FILTER_FLAG_TSYNC;
        case "SECCOMP_FILTER_FLAG_LOG" -> SECCOMP_FILTER_FLAG_LOG;
        case "SECCOMP_FILTER_FLAG_SPEC_ALLOW" -> SECCOMP_FILTER_FLAG_SPEC_ALLOW;
        case "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" -> SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
        default -> null;
      };
    }
  }

  /**
   * A rule for some system calls.
   *
   * @param names names of the calls, at least one
   * @param action what happens
   * @param errnoRet errno of the action; absent is {@code EPERM}
   * @param args conditions on arguments, all of which have to hold
   */
  public record Syscall(
      List<String> names, Seccomp.Action action, @Nullable Long errnoRet, List<Seccomp.Arg> args) {
    /** Checks ranges and copies collections. */
    public Syscall {
      names = List.copyOf(names);
      Objects.requireNonNull(action, "action");
      Values.uint32("errnoRet", errnoRet);
      args = List.copyOf(args);
    }
  }

  /**
   * A condition on one argument of a system call.
   *
   * @param index which argument, 0 to 5
   * @param value value to compare with, unsigned; the mask for {@code SCMP_CMP_MASKED_EQ}
   * @param valueTwo second value, unsigned, 0 when absent
   * @param op the comparison
   */
  public record Arg(long index, long value, long valueTwo, Seccomp.Operator op) {
    /** Checks ranges. */
    public Arg {
      Values.uint32("index", index);
      Objects.requireNonNull(op, "op");
    }
  }
}
