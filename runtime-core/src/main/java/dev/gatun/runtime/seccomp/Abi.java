package dev.gatun.runtime.seccomp;

import dev.gatun.linux.Arch;
import dev.gatun.oci.Seccomp;
import org.jspecify.annotations.Nullable;

/** A set of system call numbers that a process of this machine may use. */
enum Abi {
  /** 64-bit x86. */
  X86_64(0xc000_003e, true, 0),
  /** 32-bit x86. */
  X86(0x4000_0003, false, 0),
  /** 64-bit x86 with 32-bit pointers: {@code __X32_SYSCALL_BIT} on top of its numbers. */
  X32(0xc000_003e, false, 0x4000_0000),
  /** 64-bit Arm. */
  AARCH64(0xc000_00b7, true, 0),
  /** 32-bit Arm, EABI. */
  ARM(0x4000_0028, false, 0);

  /** {@code __ARM_NR_BASE}. */
  static final int ARM_PRIVATE = 0xf_0000;

  private final int audit;
  private final boolean wide;
  private final int base;

  Abi(int audit, boolean wide, int base) {
    this.audit = audit;
    this.wide = wide;
    this.base = base;
  }

  /** The {@code AUDIT_ARCH_*} number of linux/audit.h, which {@code seccomp_data} has. */
  int audit() {
    return audit;
  }

  /** Whether all 64 bits of an argument are compared; else only the low 32 are. */
  boolean wide() {
    return wide;
  }

  /** What {@code seccomp_data.nr} has for the call whose number in the table is 0. */
  int base() {
    return base;
  }

  /** The ABI of an architecture's own programs. */
  static Abi of(Arch arch) {
    return switch (arch) {
      case X86_64 -> X86_64;
      case AARCH64 -> AARCH64;
    };
  }

  /**
   * The ABI that a profile names.
   *
   * @param arch the machine
   * @param name the profile's name for it
   * @return null for an ABI that this machine does not run, whose calls never come
   */
  static @Nullable Abi of(Arch arch, Seccomp.Arch name) {
    Abi abi =
        switch (name) {
          case SCMP_ARCH_X86_64 -> X86_64;
          case SCMP_ARCH_X86 -> X86;
          case SCMP_ARCH_X32 -> X32;
          case SCMP_ARCH_AARCH64 -> AARCH64;
          case SCMP_ARCH_ARM -> ARM;
          default -> null;
        };
    boolean arm = abi == AARCH64 || abi == ARM;
    return abi != null && arm == (arch == Arch.AARCH64) ? abi : null;
  }

  /**
   * The first argument of {@code socketcall(2)} or {@code ipc(2)} that does what a call of its own
   * does, linux/net.h and linux/ipc.h; {@code ipc}'s have 256 added.
   *
   * @param name the call
   * @return 0 for a call that is not among them
   */
  static int multiplexed(String name) {
    return switch (name) {
      case "socket" -> 1;
      case "bind" -> 2;
      case "connect" -> 3;
      case "listen" -> 4;
      case "accept" -> 5;
      case "getsockname" -> 6;
      case "getpeername" -> 7;
      case "socketpair" -> 8;
      case "send" -> 9;
      case "recv" -> 10;
      case "sendto" -> 11;
      case "recvfrom" -> 12;
      case "shutdown" -> 13;
      case "setsockopt" -> 14;
      case "getsockopt" -> 15;
      case "sendmsg" -> 16;
      case "recvmsg" -> 17;
      case "accept4" -> 18;
      case "recvmmsg" -> 19;
      case "sendmmsg" -> 20;
      case "semop" -> 256 + 1;
      case "semget" -> 256 + 2;
      case "semctl" -> 256 + 3;
      case "semtimedop" -> 256 + 4;
      case "msgsnd" -> 256 + 11;
      case "msgrcv" -> 256 + 12;
      case "msgget" -> 256 + 13;
      case "msgctl" -> 256 + 14;
      case "shmat" -> 256 + 21;
      case "shmdt" -> 256 + 22;
      case "shmget" -> 256 + 23;
      case "shmctl" -> 256 + 24;
      default -> 0;
    };
  }
}
