package dev.gatun.oci;

import org.jspecify.annotations.Nullable;

/** A capability, capabilities(7); the ordinal is the kernel's number. */
public enum Capability {
  /** {@code CAP_CHOWN}. */
  CAP_CHOWN,
  /** {@code CAP_DAC_OVERRIDE}. */
  CAP_DAC_OVERRIDE,
  /** {@code CAP_DAC_READ_SEARCH}. */
  CAP_DAC_READ_SEARCH,
  /** {@code CAP_FOWNER}. */
  CAP_FOWNER,
  /** {@code CAP_FSETID}. */
  CAP_FSETID,
  /** {@code CAP_KILL}. */
  CAP_KILL,
  /** {@code CAP_SETGID}. */
  CAP_SETGID,
  /** {@code CAP_SETUID}. */
  CAP_SETUID,
  /** {@code CAP_SETPCAP}. */
  CAP_SETPCAP,
  /** {@code CAP_LINUX_IMMUTABLE}. */
  CAP_LINUX_IMMUTABLE,
  /** {@code CAP_NET_BIND_SERVICE}. */
  CAP_NET_BIND_SERVICE,
  /** {@code CAP_NET_BROADCAST}. */
  CAP_NET_BROADCAST,
  /** {@code CAP_NET_ADMIN}. */
  CAP_NET_ADMIN,
  /** {@code CAP_NET_RAW}. */
  CAP_NET_RAW,
  /** {@code CAP_IPC_LOCK}. */
  CAP_IPC_LOCK,
  /** {@code CAP_IPC_OWNER}. */
  CAP_IPC_OWNER,
  /** {@code CAP_SYS_MODULE}. */
  CAP_SYS_MODULE,
  /** {@code CAP_SYS_RAWIO}. */
  CAP_SYS_RAWIO,
  /** {@code CAP_SYS_CHROOT}. */
  CAP_SYS_CHROOT,
  /** {@code CAP_SYS_PTRACE}. */
  CAP_SYS_PTRACE,
  /** {@code CAP_SYS_PACCT}. */
  CAP_SYS_PACCT,
  /** {@code CAP_SYS_ADMIN}. */
  CAP_SYS_ADMIN,
  /** {@code CAP_SYS_BOOT}. */
  CAP_SYS_BOOT,
  /** {@code CAP_SYS_NICE}. */
  CAP_SYS_NICE,
  /** {@code CAP_SYS_RESOURCE}. */
  CAP_SYS_RESOURCE,
  /** {@code CAP_SYS_TIME}. */
  CAP_SYS_TIME,
  /** {@code CAP_SYS_TTY_CONFIG}. */
  CAP_SYS_TTY_CONFIG,
  /** {@code CAP_MKNOD}. */
  CAP_MKNOD,
  /** {@code CAP_LEASE}. */
  CAP_LEASE,
  /** {@code CAP_AUDIT_WRITE}. */
  CAP_AUDIT_WRITE,
  /** {@code CAP_AUDIT_CONTROL}. */
  CAP_AUDIT_CONTROL,
  /** {@code CAP_SETFCAP}. */
  CAP_SETFCAP,
  /** {@code CAP_MAC_OVERRIDE}. */
  CAP_MAC_OVERRIDE,
  /** {@code CAP_MAC_ADMIN}. */
  CAP_MAC_ADMIN,
  /** {@code CAP_SYSLOG}. */
  CAP_SYSLOG,
  /** {@code CAP_WAKE_ALARM}. */
  CAP_WAKE_ALARM,
  /** {@code CAP_BLOCK_SUSPEND}. */
  CAP_BLOCK_SUSPEND,
  /** {@code CAP_AUDIT_READ}. */
  CAP_AUDIT_READ,
  /** {@code CAP_PERFMON}. */
  CAP_PERFMON,
  /** {@code CAP_BPF}. */
  CAP_BPF,
  /** {@code CAP_CHECKPOINT_RESTORE}. */
  CAP_CHECKPOINT_RESTORE;

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
  public static @Nullable Capability named(String name) {
    return switch (name) {
      case "CAP_CHOWN" -> CAP_CHOWN;
      case "CAP_DAC_OVERRIDE" -> CAP_DAC_OVERRIDE;
      case "CAP_DAC_READ_SEARCH" -> CAP_DAC_READ_SEARCH;
      case "CAP_FOWNER" -> CAP_FOWNER;
      case "CAP_FSETID" -> CAP_FSETID;
      case "CAP_KILL" -> CAP_KILL;
      case "CAP_SETGID" -> CAP_SETGID;
      case "CAP_SETUID" -> CAP_SETUID;
      case "CAP_SETPCAP" -> CAP_SETPCAP;
      case "CAP_LINUX_IMMUTABLE" -> CAP_LINUX_IMMUTABLE;
      case "CAP_NET_BIND_SERVICE" -> CAP_NET_BIND_SERVICE;
      case "CAP_NET_BROADCAST" -> CAP_NET_BROADCAST;
      case "CAP_NET_ADMIN" -> CAP_NET_ADMIN;
      case "CAP_NET_RAW" -> CAP_NET_RAW;
      case "CAP_IPC_LOCK" -> CAP_IPC_LOCK;
      case "CAP_IPC_OWNER" -> CAP_IPC_OWNER;
      case "CAP_SYS_MODULE" -> CAP_SYS_MODULE;
      case "CAP_SYS_RAWIO" -> CAP_SYS_RAWIO;
      case "CAP_SYS_CHROOT" -> CAP_SYS_CHROOT;
      case "CAP_SYS_PTRACE" -> CAP_SYS_PTRACE;
      case "CAP_SYS_PACCT" -> CAP_SYS_PACCT;
      case "CAP_SYS_ADMIN" -> CAP_SYS_ADMIN;
      case "CAP_SYS_BOOT" -> CAP_SYS_BOOT;
      case "CAP_SYS_NICE" -> CAP_SYS_NICE;
      case "CAP_SYS_RESOURCE" -> CAP_SYS_RESOURCE;
      case "CAP_SYS_TIME" -> CAP_SYS_TIME;
      case "CAP_SYS_TTY_CONFIG" -> CAP_SYS_TTY_CONFIG;
      case "CAP_MKNOD" -> CAP_MKNOD;
      case "CAP_LEASE" -> CAP_LEASE;
      case "CAP_AUDIT_WRITE" -> CAP_AUDIT_WRITE;
      case "CAP_AUDIT_CONTROL" -> CAP_AUDIT_CONTROL;
      case "CAP_SETFCAP" -> CAP_SETFCAP;
      case "CAP_MAC_OVERRIDE" -> CAP_MAC_OVERRIDE;
      case "CAP_MAC_ADMIN" -> CAP_MAC_ADMIN;
      case "CAP_SYSLOG" -> CAP_SYSLOG;
      case "CAP_WAKE_ALARM" -> CAP_WAKE_ALARM;
      case "CAP_BLOCK_SUSPEND" -> CAP_BLOCK_SUSPEND;
      case "CAP_AUDIT_READ" -> CAP_AUDIT_READ;
      case "CAP_PERFMON" -> CAP_PERFMON;
      case "CAP_BPF" -> CAP_BPF;
      case "CAP_CHECKPOINT_RESTORE" -> CAP_CHECKPOINT_RESTORE;
      default -> null;
    };
  }
}
