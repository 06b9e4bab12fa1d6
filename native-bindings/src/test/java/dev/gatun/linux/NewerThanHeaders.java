package dev.gatun.linux;

import java.util.Map;

/**
 * What no header of Debian 12 (Linux 6.1, glibc 2.36) says, with where it comes from. Everything
 * else has to be in the generated classes; what appears there has to leave this list.
 */
final class NewerThanHeaders {
  private NewerThanHeaders() {}

  static final Map<String, String> CONSTANTS =
      Map.ofEntries(
          Map.entry("F_SEAL_EXEC", "Linux 6.3"),
          Map.entry("MFD_NOEXEC_SEAL", "Linux 6.3"),
          Map.entry("MFD_EXEC", "Linux 6.3"),
          Map.entry("PR_SET_MDWE", "Linux 6.3"),
          Map.entry("MOVE_MOUNT_BENEATH", "Linux 6.5"),
          Map.entry("SO_PEERPIDFD", "Linux 6.5"),
          Map.entry("SO_PASSPIDFD", "Linux 6.5"),
          Map.entry("FSCONFIG_CMD_CREATE_EXCL", "Linux 6.6"),
          Map.entry("STATX_MNT_ID_UNIQUE", "Linux 6.8"),
          Map.entry("STATMOUNT_SB_BASIC", "Linux 6.8"),
          Map.entry("STATMOUNT_MNT_BASIC", "Linux 6.8"),
          Map.entry("STATMOUNT_PROPAGATE_FROM", "Linux 6.8"),
          Map.entry("STATMOUNT_MNT_ROOT", "Linux 6.8"),
          Map.entry("STATMOUNT_MNT_POINT", "Linux 6.8"),
          Map.entry("STATMOUNT_FS_TYPE", "Linux 6.8"),
          Map.entry("LSMT_ROOT", "Linux 6.8"),
          Map.entry("MNT_ID_REQ_SIZE_VER0", "Linux 6.8"),
          Map.entry("PIDFD_THREAD", "Linux 6.9, equal to O_EXCL"),
          Map.entry("PIDFD_SIGNAL_THREAD", "Linux 6.9"),
          Map.entry("PIDFD_SIGNAL_THREAD_GROUP", "Linux 6.9"),
          Map.entry("PIDFD_SIGNAL_PROCESS_GROUP", "Linux 6.9"),
          Map.entry("PID_FS_MAGIC", "Linux 6.9"),
          Map.entry("MPOL_WEIGHTED_INTERLEAVE", "Linux 6.9"),
          Map.entry("ST_NOSYMFOLLOW", "Linux 5.10, in no exported header; statfs(2)"),
          Map.entry("MQUEUE_MAGIC", "in no exported header; statfs(2)"),
          Map.entry("SUID_DUMP_DISABLE", "in no exported header; PR_SET_DUMPABLE(2const)"),
          Map.entry("SUID_DUMP_USER", "in no exported header; PR_SET_DUMPABLE(2const)"),
          Map.entry("SUID_DUMP_ROOT", "in no exported header; PR_SET_DUMPABLE(2const)"));

  static final Map<Syscall, String> CALLS =
      Map.of(
          Syscall.FCHMODAT2, "Linux 6.6",
          Syscall.STATMOUNT, "Linux 6.8",
          Syscall.LISTMOUNT, "Linux 6.8");

  /** Structures by the prefix of their constants in {@link Structs}. */
  static final Map<String, String> STRUCTS =
      Map.of("MNT_ID_REQ", "Linux 6.8", "STATMOUNT", "Linux 6.8");

  /** Pointers rather than numbers to C, so jextract does not give them for every architecture. */
  static final Map<String, String> POINTERS =
      Map.of("SIG_DFL", "a cast to a function pointer", "SIG_IGN", "a cast to a function pointer");
}
