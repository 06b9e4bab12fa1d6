package dev.gatun.linux;

import static dev.gatun.linux.Constants.*;

import org.jspecify.annotations.Nullable;

/**
 * Prints flag words and closed sets of numbers with the headers' names, as {@code strace(1)} does:
 * {@code O_PATH|O_CLOEXEC}. Bits and numbers without a name are printed as a hexadecimal rest.
 */
public final class Flags {
  private Flags() {}

  /**
   * Prints an argument.
   *
   * @param kind what the argument means; kinds that are no flags and no closed set are printed as
   *     hexadecimal numbers
   * @param value the argument
   * @param arch the architecture of the call
   * @return the names joined by {@code |}, or a number
   */
  public static String format(Parameter kind, long value, Arch arch) {
    return switch (kind) {
      case OPEN_FLAGS -> openFlags(value, arch);
      case DESCRIPTOR_FLAGS ->
          new Words(value)
              .bit(O_CLOEXEC, "O_CLOEXEC")
              .bit(O_NONBLOCK, "O_NONBLOCK")
              .bit(arch.O_DIRECT(), "O_DIRECT")
              .toString();
      case ACCESS_MODE ->
          value == F_OK
              ? "F_OK"
              : new Words(value).bit(R_OK, "R_OK").bit(W_OK, "W_OK").bit(X_OK, "X_OK").toString();
      case CLONE_FLAGS -> cloneFlags(value);
      case SIGNAL -> signal(value);
      case SOCKET_TYPE -> socketType(value);
      case PROT ->
          value == PROT_NONE
              ? "PROT_NONE"
              : new Words(value)
                  .bit(PROT_READ, "PROT_READ")
                  .bit(PROT_WRITE, "PROT_WRITE")
                  .bit(PROT_EXEC, "PROT_EXEC")
                  .toString();
      case MAP_FLAGS -> mapFlags(value);
      case MEMPOLICY_MODE -> mempolicy(value);
      case AT_FLAGS ->
          new Words(value)
              .bit(AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW")
              .bit(AT_SYMLINK_FOLLOW, "AT_SYMLINK_FOLLOW")
              .bit(AT_NO_AUTOMOUNT, "AT_NO_AUTOMOUNT")
              .bit(AT_EMPTY_PATH, "AT_EMPTY_PATH")
              .bit(AT_STATX_FORCE_SYNC, "AT_STATX_FORCE_SYNC")
              .bit(AT_STATX_DONT_SYNC, "AT_STATX_DONT_SYNC")
              .bit(AT_RECURSIVE, "AT_RECURSIVE")
              .toString();
      case UNLINK_FLAGS -> new Words(value).bit(AT_REMOVEDIR, "AT_REMOVEDIR").toString();
      case ACCESS_FLAGS ->
          new Words(value)
              .bit(AT_EACCESS, "AT_EACCESS")
              .bit(AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW")
              .bit(AT_EMPTY_PATH, "AT_EMPTY_PATH")
              .toString();
      case RENAME_FLAGS ->
          new Words(value)
              .bit(RENAME_NOREPLACE, "RENAME_NOREPLACE")
              .bit(RENAME_EXCHANGE, "RENAME_EXCHANGE")
              .bit(RENAME_WHITEOUT, "RENAME_WHITEOUT")
              .toString();
      case STATX_MASK ->
          new Words(value)
              .bit(STATX_BASIC_STATS, "STATX_BASIC_STATS")
              .bit(STATX_TYPE, "STATX_TYPE")
              .bit(STATX_MODE, "STATX_MODE")
              .bit(STATX_NLINK, "STATX_NLINK")
              .bit(STATX_UID, "STATX_UID")
              .bit(STATX_GID, "STATX_GID")
              .bit(STATX_ATIME, "STATX_ATIME")
              .bit(STATX_MTIME, "STATX_MTIME")
              .bit(STATX_CTIME, "STATX_CTIME")
              .bit(STATX_INO, "STATX_INO")
              .bit(STATX_SIZE, "STATX_SIZE")
              .bit(STATX_BLOCKS, "STATX_BLOCKS")
              .bit(STATX_BTIME, "STATX_BTIME")
              .bit(STATX_MNT_ID, "STATX_MNT_ID")
              .bit(STATX_DIOALIGN, "STATX_DIOALIGN")
              .bit(STATX_MNT_ID_UNIQUE, "STATX_MNT_ID_UNIQUE")
              .toString();
      case MOUNT_FLAGS ->
          new Words(value)
              .bit(MS_RDONLY, "MS_RDONLY")
              .bit(MS_NOSUID, "MS_NOSUID")
              .bit(MS_NODEV, "MS_NODEV")
              .bit(MS_NOEXEC, "MS_NOEXEC")
              .bit(MS_SYNCHRONOUS, "MS_SYNCHRONOUS")
              .bit(MS_REMOUNT, "MS_REMOUNT")
              .bit(MS_MANDLOCK, "MS_MANDLOCK")
              .bit(MS_DIRSYNC, "MS_DIRSYNC")
              .bit(MS_NOSYMFOLLOW, "MS_NOSYMFOLLOW")
              .bit(MS_NOATIME, "MS_NOATIME")
              .bit(MS_NODIRATIME, "MS_NODIRATIME")
              .bit(MS_BIND, "MS_BIND")
              .bit(MS_MOVE, "MS_MOVE")
              .bit(MS_REC, "MS_REC")
              .bit(MS_SILENT, "MS_SILENT")
              .bit(MS_POSIXACL, "MS_POSIXACL")
              .bit(MS_UNBINDABLE, "MS_UNBINDABLE")
              .bit(MS_PRIVATE, "MS_PRIVATE")
              .bit(MS_SLAVE, "MS_SLAVE")
              .bit(MS_SHARED, "MS_SHARED")
              .bit(MS_RELATIME, "MS_RELATIME")
              .bit(MS_KERNMOUNT, "MS_KERNMOUNT")
              .bit(MS_I_VERSION, "MS_I_VERSION")
              .bit(MS_STRICTATIME, "MS_STRICTATIME")
              .bit(MS_LAZYTIME, "MS_LAZYTIME")
              .toString();
      case UMOUNT_FLAGS ->
          new Words(value)
              .bit(MNT_FORCE, "MNT_FORCE")
              .bit(MNT_DETACH, "MNT_DETACH")
              .bit(MNT_EXPIRE, "MNT_EXPIRE")
              .bit(UMOUNT_NOFOLLOW, "UMOUNT_NOFOLLOW")
              .toString();
      case OPEN_TREE_FLAGS ->
          new Words(value)
              .bit(OPEN_TREE_CLONE, "OPEN_TREE_CLONE")
              .bit(OPEN_TREE_CLOEXEC, "OPEN_TREE_CLOEXEC")
              .bit(AT_SYMLINK_NOFOLLOW, "AT_SYMLINK_NOFOLLOW")
              .bit(AT_NO_AUTOMOUNT, "AT_NO_AUTOMOUNT")
              .bit(AT_EMPTY_PATH, "AT_EMPTY_PATH")
              .bit(AT_RECURSIVE, "AT_RECURSIVE")
              .toString();
      case MOVE_MOUNT_FLAGS ->
          new Words(value)
              .bit(MOVE_MOUNT_F_SYMLINKS, "MOVE_MOUNT_F_SYMLINKS")
              .bit(MOVE_MOUNT_F_AUTOMOUNTS, "MOVE_MOUNT_F_AUTOMOUNTS")
              .bit(MOVE_MOUNT_F_EMPTY_PATH, "MOVE_MOUNT_F_EMPTY_PATH")
              .bit(MOVE_MOUNT_T_SYMLINKS, "MOVE_MOUNT_T_SYMLINKS")
              .bit(MOVE_MOUNT_T_AUTOMOUNTS, "MOVE_MOUNT_T_AUTOMOUNTS")
              .bit(MOVE_MOUNT_T_EMPTY_PATH, "MOVE_MOUNT_T_EMPTY_PATH")
              .bit(MOVE_MOUNT_SET_GROUP, "MOVE_MOUNT_SET_GROUP")
              .bit(MOVE_MOUNT_BENEATH, "MOVE_MOUNT_BENEATH")
              .toString();
      case FSOPEN_FLAGS -> new Words(value).bit(FSOPEN_CLOEXEC, "FSOPEN_CLOEXEC").toString();
      case FSMOUNT_FLAGS -> new Words(value).bit(FSMOUNT_CLOEXEC, "FSMOUNT_CLOEXEC").toString();
      case FSPICK_FLAGS ->
          new Words(value)
              .bit(FSPICK_CLOEXEC, "FSPICK_CLOEXEC")
              .bit(FSPICK_SYMLINK_NOFOLLOW, "FSPICK_SYMLINK_NOFOLLOW")
              .bit(FSPICK_NO_AUTOMOUNT, "FSPICK_NO_AUTOMOUNT")
              .bit(FSPICK_EMPTY_PATH, "FSPICK_EMPTY_PATH")
              .toString();
      case MOUNT_ATTR_FLAGS ->
          new Words(value)
              .bit(MOUNT_ATTR_RDONLY, "MOUNT_ATTR_RDONLY")
              .bit(MOUNT_ATTR_NOSUID, "MOUNT_ATTR_NOSUID")
              .bit(MOUNT_ATTR_NODEV, "MOUNT_ATTR_NODEV")
              .bit(MOUNT_ATTR_NOEXEC, "MOUNT_ATTR_NOEXEC")
              .bit(MOUNT_ATTR_NOATIME, "MOUNT_ATTR_NOATIME")
              .bit(MOUNT_ATTR_STRICTATIME, "MOUNT_ATTR_STRICTATIME")
              .bit(MOUNT_ATTR_NODIRATIME, "MOUNT_ATTR_NODIRATIME")
              .bit(MOUNT_ATTR_IDMAP, "MOUNT_ATTR_IDMAP")
              .bit(MOUNT_ATTR_NOSYMFOLLOW, "MOUNT_ATTR_NOSYMFOLLOW")
              .toString();
      case CLOSE_RANGE_FLAGS ->
          new Words(value)
              .bit(CLOSE_RANGE_UNSHARE, "CLOSE_RANGE_UNSHARE")
              .bit(CLOSE_RANGE_CLOEXEC, "CLOSE_RANGE_CLOEXEC")
              .toString();
      case WAIT_OPTIONS ->
          new Words(value)
              .bit(WNOHANG, "WNOHANG")
              .bit(WSTOPPED, "WSTOPPED")
              .bit(WEXITED, "WEXITED")
              .bit(WCONTINUED, "WCONTINUED")
              .bit(WNOWAIT, "WNOWAIT")
              .bit(__WNOTHREAD, "__WNOTHREAD")
              .bit(__WALL, "__WALL")
              .bit(__WCLONE, "__WCLONE")
              .toString();
      case PIDFD_FLAGS ->
          new Words(value)
              .bit(PIDFD_NONBLOCK, "PIDFD_NONBLOCK")
              .bit(PIDFD_THREAD, "PIDFD_THREAD")
              .toString();
      case SECCOMP_FLAGS ->
          new Words(value)
              .bit(SECCOMP_FILTER_FLAG_TSYNC, "SECCOMP_FILTER_FLAG_TSYNC")
              .bit(SECCOMP_FILTER_FLAG_LOG, "SECCOMP_FILTER_FLAG_LOG")
              .bit(SECCOMP_FILTER_FLAG_SPEC_ALLOW, "SECCOMP_FILTER_FLAG_SPEC_ALLOW")
              .bit(SECCOMP_FILTER_FLAG_NEW_LISTENER, "SECCOMP_FILTER_FLAG_NEW_LISTENER")
              .bit(SECCOMP_FILTER_FLAG_TSYNC_ESRCH, "SECCOMP_FILTER_FLAG_TSYNC_ESRCH")
              .bit(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")
              .toString();
      case LOCK_OPERATION ->
          new Words(value)
              .bit(LOCK_SH, "LOCK_SH")
              .bit(LOCK_EX, "LOCK_EX")
              .bit(LOCK_NB, "LOCK_NB")
              .bit(LOCK_UN, "LOCK_UN")
              .toString();
      case SIGNALFD_FLAGS ->
          new Words(value)
              .bit(SFD_CLOEXEC, "SFD_CLOEXEC")
              .bit(SFD_NONBLOCK, "SFD_NONBLOCK")
              .toString();
      case EVENTFD_FLAGS ->
          new Words(value)
              .bit(EFD_SEMAPHORE, "EFD_SEMAPHORE")
              .bit(EFD_CLOEXEC, "EFD_CLOEXEC")
              .bit(EFD_NONBLOCK, "EFD_NONBLOCK")
              .toString();
      case EPOLL_FLAGS -> new Words(value).bit(EPOLL_CLOEXEC, "EPOLL_CLOEXEC").toString();
      case TIMERFD_FLAGS ->
          new Words(value)
              .bit(TFD_CLOEXEC, "TFD_CLOEXEC")
              .bit(TFD_NONBLOCK, "TFD_NONBLOCK")
              .toString();
      case MEMFD_FLAGS ->
          new Words(value)
              .bit(MFD_CLOEXEC, "MFD_CLOEXEC")
              .bit(MFD_ALLOW_SEALING, "MFD_ALLOW_SEALING")
              .bit(MFD_HUGETLB, "MFD_HUGETLB")
              .bit(MFD_NOEXEC_SEAL, "MFD_NOEXEC_SEAL")
              .bit(MFD_EXEC, "MFD_EXEC")
              .toString();
      case MSG_FLAGS ->
          new Words(value)
              .bit(MSG_PEEK, "MSG_PEEK")
              .bit(MSG_CTRUNC, "MSG_CTRUNC")
              .bit(MSG_TRUNC, "MSG_TRUNC")
              .bit(MSG_DONTWAIT, "MSG_DONTWAIT")
              .bit(MSG_WAITALL, "MSG_WAITALL")
              .bit(MSG_NOSIGNAL, "MSG_NOSIGNAL")
              .bit(MSG_CMSG_CLOEXEC, "MSG_CMSG_CLOEXEC")
              .toString();
      case INOTIFY_FLAGS ->
          new Words(value).bit(IN_CLOEXEC, "IN_CLOEXEC").bit(IN_NONBLOCK, "IN_NONBLOCK").toString();
      case INOTIFY_MASK ->
          new Words(value)
              .bit(IN_ACCESS, "IN_ACCESS")
              .bit(IN_MODIFY, "IN_MODIFY")
              .bit(IN_ATTRIB, "IN_ATTRIB")
              .bit(IN_CLOSE_WRITE, "IN_CLOSE_WRITE")
              .bit(IN_CLOSE_NOWRITE, "IN_CLOSE_NOWRITE")
              .bit(IN_OPEN, "IN_OPEN")
              .bit(IN_MOVED_FROM, "IN_MOVED_FROM")
              .bit(IN_MOVED_TO, "IN_MOVED_TO")
              .bit(IN_CREATE, "IN_CREATE")
              .bit(IN_DELETE, "IN_DELETE")
              .bit(IN_DELETE_SELF, "IN_DELETE_SELF")
              .bit(IN_MOVE_SELF, "IN_MOVE_SELF")
              .bit(IN_UNMOUNT, "IN_UNMOUNT")
              .bit(IN_Q_OVERFLOW, "IN_Q_OVERFLOW")
              .bit(IN_IGNORED, "IN_IGNORED")
              .bit(IN_ONLYDIR, "IN_ONLYDIR")
              .bit(IN_DONT_FOLLOW, "IN_DONT_FOLLOW")
              .bit(IN_MASK_ADD, "IN_MASK_ADD")
              .bit(IN_ISDIR, "IN_ISDIR")
              .toString();
      case FSCONFIG_CMD -> named(fsconfigCmd(value), value);
      case SIGMASK_HOW -> named(sigmaskHow(value), value);
      case IDTYPE -> named(idtype(value), value);
      case PRCTL_OPTION -> named(prctlOption(value), value);
      case RLIMIT_RESOURCE -> named(rlimitResource(value), value);
      case SCHED_POLICY -> named(schedPolicy(value), value);
      case IOPRIO_WHO -> named(ioprioWho(value), value);
      case PRIO_WHICH -> named(prioWhich(value), value);
      case KEYCTL_OPERATION -> named(keyctlOperation(value), value);
      case BPF_CMD -> named(bpfCmd(value), value);
      case SECCOMP_OPERATION -> named(seccompOperation(value), value);
      case FCNTL_CMD -> named(fcntlCmd(value), value);
      case IOCTL_REQUEST -> named(ioctlRequest(value), value);
      case WHENCE -> named(whence(value), value);
      case EPOLL_OPERATION -> named(epollOperation(value), value);
      case CLOCK -> named(clock(value), value);
      case MADVICE -> named(madvice(value), value);
      case SOCKET_FAMILY -> named(socketFamily(value), value);
      case SOCKET_LEVEL -> named(socketLevel(value), value);
      case SOCKET_OPTION -> named(socketOption(value), value);
      case SHUT_HOW -> named(shutHow(value), value);
      case FD,
          DIRFD,
          PATH,
          STRING,
          BYTES,
          POINTER,
          OPEN_HOW,
          INT,
          UINT,
          HEX,
          SIZE,
          PID,
          ID,
          DEVICE,
          MODE ->
          hex(value);
    };
  }

  /**
   * Prints the {@code resolve} field of a {@code struct open_how}.
   *
   * @param resolve the field
   * @return the names of {@code RESOLVE_*} joined by {@code |}, or a number
   */
  public static String resolve(long resolve) {
    return new Words(resolve)
        .bit(RESOLVE_NO_XDEV, "RESOLVE_NO_XDEV")
        .bit(RESOLVE_NO_MAGICLINKS, "RESOLVE_NO_MAGICLINKS")
        .bit(RESOLVE_NO_SYMLINKS, "RESOLVE_NO_SYMLINKS")
        .bit(RESOLVE_BENEATH, "RESOLVE_BENEATH")
        .bit(RESOLVE_IN_ROOT, "RESOLVE_IN_ROOT")
        .bit(RESOLVE_CACHED, "RESOLVE_CACHED")
        .toString();
  }

  /**
   * Prints a {@code struct open_how} as {@code openat2(2)} takes it.
   *
   * @param flags its field {@code flags}
   * @param mode its field {@code mode}
   * @param resolve its field {@code resolve}
   * @param arch the architecture of the call
   * @return the structure in braces, a mode of 0 left out
   */
  public static String openHow(long flags, long mode, long resolve, Arch arch) {
    StringBuilder out = new StringBuilder(80);
    out.append("{flags=").append(openFlags(flags, arch));
    if (mode != 0) {
      out.append(", mode=0").append(Long.toOctalString(mode));
    }
    return out.append(", resolve=").append(resolve(resolve)).append('}').toString();
  }

  private static String openFlags(long value, Arch arch) {
    Words words = new Words(value & ~O_ACCMODE);
    switch ((int) value & O_ACCMODE) {
      case O_RDONLY -> {
        // O_PATH opens nothing for reading, and O_CREAT alone would read oddly without a mode.
        if ((value & O_PATH) == 0) {
          words.word("O_RDONLY");
        }
      }
      case O_WRONLY -> words.word("O_WRONLY");
      case O_RDWR -> words.word("O_RDWR");
      default -> words.word("O_ACCMODE");
    }
    return words
        .bit(O_PATH, "O_PATH")
        .bit(arch.O_TMPFILE(), "O_TMPFILE")
        .bit(O_CREAT, "O_CREAT")
        .bit(O_EXCL, "O_EXCL")
        .bit(O_TRUNC, "O_TRUNC")
        .bit(O_APPEND, "O_APPEND")
        .bit(O_NONBLOCK, "O_NONBLOCK")
        .bit(O_SYNC, "O_SYNC")
        .bit(O_DSYNC, "O_DSYNC")
        .bit(O_NOATIME, "O_NOATIME")
        .bit(O_NOCTTY, "O_NOCTTY")
        .bit(arch.O_DIRECT(), "O_DIRECT")
        .bit(arch.O_LARGEFILE(), "O_LARGEFILE")
        .bit(arch.O_DIRECTORY(), "O_DIRECTORY")
        .bit(arch.O_NOFOLLOW(), "O_NOFOLLOW")
        .bit(O_CLOEXEC, "O_CLOEXEC")
        .toString();
  }

  /** The low byte of {@code clone(2)} is a signal, except that {@code CLONE_NEWTIME} lies in it. */
  private static String cloneFlags(long value) {
    Words words =
        new Words(value)
            .bit(CLONE_VM, "CLONE_VM")
            .bit(CLONE_FS, "CLONE_FS")
            .bit(CLONE_FILES, "CLONE_FILES")
            .bit(CLONE_SIGHAND, "CLONE_SIGHAND")
            .bit(CLONE_PIDFD, "CLONE_PIDFD")
            .bit(CLONE_PTRACE, "CLONE_PTRACE")
            .bit(CLONE_VFORK, "CLONE_VFORK")
            .bit(CLONE_PARENT, "CLONE_PARENT")
            .bit(CLONE_THREAD, "CLONE_THREAD")
            .bit(CLONE_NEWNS, "CLONE_NEWNS")
            .bit(CLONE_SYSVSEM, "CLONE_SYSVSEM")
            .bit(CLONE_SETTLS, "CLONE_SETTLS")
            .bit(CLONE_PARENT_SETTID, "CLONE_PARENT_SETTID")
            .bit(CLONE_CHILD_CLEARTID, "CLONE_CHILD_CLEARTID")
            .bit(CLONE_UNTRACED, "CLONE_UNTRACED")
            .bit(CLONE_CHILD_SETTID, "CLONE_CHILD_SETTID")
            .bit(CLONE_NEWCGROUP, "CLONE_NEWCGROUP")
            .bit(CLONE_NEWUTS, "CLONE_NEWUTS")
            .bit(CLONE_NEWIPC, "CLONE_NEWIPC")
            .bit(CLONE_NEWUSER, "CLONE_NEWUSER")
            .bit(CLONE_NEWPID, "CLONE_NEWPID")
            .bit(CLONE_NEWNET, "CLONE_NEWNET")
            .bit(CLONE_IO, "CLONE_IO")
            .bit(CLONE_NEWTIME, "CLONE_NEWTIME")
            .bit(CLONE_CLEAR_SIGHAND, "CLONE_CLEAR_SIGHAND")
            .bit(CLONE_INTO_CGROUP, "CLONE_INTO_CGROUP");
    if (words.rest > 0 && words.rest <= SIGSYS) {
      String signal = signalName((int) words.rest);
      if (signal != null) {
        words.rest = 0;
        words.word(signal);
      }
    }
    return words.toString();
  }

  private static String signal(long value) {
    String name = value > 0 && value <= SIGSYS ? signalName((int) value) : null;
    if (name != null) {
      return name;
    }
    return value > SIGSYS && value <= 64 ? "SIGRT_" + (value - 32) : Integer.toString((int) value);
  }

  private static String socketType(long value) {
    Words words = new Words(value & ~0xfL);
    long type = value & 0xf;
    if (type == SOCK_STREAM) {
      words.word("SOCK_STREAM");
    } else if (type == SOCK_DGRAM) {
      words.word("SOCK_DGRAM");
    } else if (type == SOCK_RAW) {
      words.word("SOCK_RAW");
    } else if (type == SOCK_SEQPACKET) {
      words.word("SOCK_SEQPACKET");
    } else {
      words.rest |= type;
    }
    return words.bit(SOCK_CLOEXEC, "SOCK_CLOEXEC").bit(SOCK_NONBLOCK, "SOCK_NONBLOCK").toString();
  }

  private static String mapFlags(long value) {
    return new Words(value)
        .bit(MAP_SHARED_VALIDATE, "MAP_SHARED_VALIDATE")
        .bit(MAP_SHARED, "MAP_SHARED")
        .bit(MAP_PRIVATE, "MAP_PRIVATE")
        .bit(MAP_FIXED, "MAP_FIXED")
        .bit(MAP_ANONYMOUS, "MAP_ANONYMOUS")
        .bit(MAP_GROWSDOWN, "MAP_GROWSDOWN")
        .bit(MAP_LOCKED, "MAP_LOCKED")
        .bit(MAP_NORESERVE, "MAP_NORESERVE")
        .bit(MAP_POPULATE, "MAP_POPULATE")
        .bit(MAP_STACK, "MAP_STACK")
        .bit(MAP_HUGETLB, "MAP_HUGETLB")
        .bit(MAP_FIXED_NOREPLACE, "MAP_FIXED_NOREPLACE")
        .toString();
  }

  private static String mempolicy(long value) {
    long flags = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES | MPOL_F_NUMA_BALANCING;
    Words words = new Words(value & flags);
    String mode = mempolicyMode(value & ~flags);
    words.word(mode != null ? mode : hex(value & ~flags));
    return words
        .bit(MPOL_F_STATIC_NODES, "MPOL_F_STATIC_NODES")
        .bit(MPOL_F_RELATIVE_NODES, "MPOL_F_RELATIVE_NODES")
        .bit(MPOL_F_NUMA_BALANCING, "MPOL_F_NUMA_BALANCING")
        .toString();
  }

  /**
   * Returns the name of a capability, {@code capabilities(7)}.
   *
   * @param capability its number
   * @return a name as {@code "CAP_SYS_ADMIN"}, or null for a number without a name
   */
  public static @Nullable String capability(int capability) {
    return switch (capability) {
      case CAP_CHOWN -> "CAP_CHOWN";
      case CAP_DAC_OVERRIDE -> "CAP_DAC_OVERRIDE";
      case CAP_DAC_READ_SEARCH -> "CAP_DAC_READ_SEARCH";
      case CAP_FOWNER -> "CAP_FOWNER";
      case CAP_FSETID -> "CAP_FSETID";
      case CAP_KILL -> "CAP_KILL";
      case CAP_SETGID -> "CAP_SETGID";
      case CAP_SETUID -> "CAP_SETUID";
      case CAP_SETPCAP -> "CAP_SETPCAP";
      case CAP_LINUX_IMMUTABLE -> "CAP_LINUX_IMMUTABLE";
      case CAP_NET_BIND_SERVICE -> "CAP_NET_BIND_SERVICE";
      case CAP_NET_BROADCAST -> "CAP_NET_BROADCAST";
      case CAP_NET_ADMIN -> "CAP_NET_ADMIN";
      case CAP_NET_RAW -> "CAP_NET_RAW";
      case CAP_IPC_LOCK -> "CAP_IPC_LOCK";
      case CAP_IPC_OWNER -> "CAP_IPC_OWNER";
      case CAP_SYS_MODULE -> "CAP_SYS_MODULE";
      case CAP_SYS_RAWIO -> "CAP_SYS_RAWIO";
      case CAP_SYS_CHROOT -> "CAP_SYS_CHROOT";
      case CAP_SYS_PTRACE -> "CAP_SYS_PTRACE";
      case CAP_SYS_PACCT -> "CAP_SYS_PACCT";
      case CAP_SYS_ADMIN -> "CAP_SYS_ADMIN";
      case CAP_SYS_BOOT -> "CAP_SYS_BOOT";
      case CAP_SYS_NICE -> "CAP_SYS_NICE";
      case CAP_SYS_RESOURCE -> "CAP_SYS_RESOURCE";
      case CAP_SYS_TIME -> "CAP_SYS_TIME";
      case CAP_SYS_TTY_CONFIG -> "CAP_SYS_TTY_CONFIG";
      case CAP_MKNOD -> "CAP_MKNOD";
      case CAP_LEASE -> "CAP_LEASE";
      case CAP_AUDIT_WRITE -> "CAP_AUDIT_WRITE";
      case CAP_AUDIT_CONTROL -> "CAP_AUDIT_CONTROL";
      case CAP_SETFCAP -> "CAP_SETFCAP";
      case CAP_MAC_OVERRIDE -> "CAP_MAC_OVERRIDE";
      case CAP_MAC_ADMIN -> "CAP_MAC_ADMIN";
      case CAP_SYSLOG -> "CAP_SYSLOG";
      case CAP_WAKE_ALARM -> "CAP_WAKE_ALARM";
      case CAP_BLOCK_SUSPEND -> "CAP_BLOCK_SUSPEND";
      case CAP_AUDIT_READ -> "CAP_AUDIT_READ";
      case CAP_PERFMON -> "CAP_PERFMON";
      case CAP_BPF -> "CAP_BPF";
      case CAP_CHECKPOINT_RESTORE -> "CAP_CHECKPOINT_RESTORE";
      default -> null;
    };
  }

  /**
   * Returns the name of a signal, {@code signal(7)}.
   *
   * @param signal its number
   * @return a name as {@code "SIGTERM"}, or null for a real-time signal or none
   */
  public static @Nullable String signalName(int signal) {
    return switch (signal) {
      case SIGHUP -> "SIGHUP";
      case SIGINT -> "SIGINT";
      case SIGQUIT -> "SIGQUIT";
      case SIGILL -> "SIGILL";
      case SIGTRAP -> "SIGTRAP";
      case SIGABRT -> "SIGABRT";
      case SIGBUS -> "SIGBUS";
      case SIGFPE -> "SIGFPE";
      case SIGKILL -> "SIGKILL";
      case SIGUSR1 -> "SIGUSR1";
      case SIGSEGV -> "SIGSEGV";
      case SIGUSR2 -> "SIGUSR2";
      case SIGPIPE -> "SIGPIPE";
      case SIGALRM -> "SIGALRM";
      case SIGTERM -> "SIGTERM";
      case SIGSTKFLT -> "SIGSTKFLT";
      case SIGCHLD -> "SIGCHLD";
      case SIGCONT -> "SIGCONT";
      case SIGSTOP -> "SIGSTOP";
      case SIGTSTP -> "SIGTSTP";
      case SIGTTIN -> "SIGTTIN";
      case SIGTTOU -> "SIGTTOU";
      case SIGURG -> "SIGURG";
      case SIGXCPU -> "SIGXCPU";
      case SIGXFSZ -> "SIGXFSZ";
      case SIGVTALRM -> "SIGVTALRM";
      case SIGPROF -> "SIGPROF";
      case SIGWINCH -> "SIGWINCH";
      case SIGIO -> "SIGIO";
      case SIGPWR -> "SIGPWR";
      case SIGSYS -> "SIGSYS";
      default -> null;
    };
  }

  private static @Nullable String fsconfigCmd(long value) {
    return switch (word(value)) {
      case FSCONFIG_SET_FLAG -> "FSCONFIG_SET_FLAG";
      case FSCONFIG_SET_STRING -> "FSCONFIG_SET_STRING";
      case FSCONFIG_SET_BINARY -> "FSCONFIG_SET_BINARY";
      case FSCONFIG_SET_PATH -> "FSCONFIG_SET_PATH";
      case FSCONFIG_SET_PATH_EMPTY -> "FSCONFIG_SET_PATH_EMPTY";
      case FSCONFIG_SET_FD -> "FSCONFIG_SET_FD";
      case FSCONFIG_CMD_CREATE -> "FSCONFIG_CMD_CREATE";
      case FSCONFIG_CMD_RECONFIGURE -> "FSCONFIG_CMD_RECONFIGURE";
      case FSCONFIG_CMD_CREATE_EXCL -> "FSCONFIG_CMD_CREATE_EXCL";
      default -> null;
    };
  }

  private static @Nullable String sigmaskHow(long value) {
    return switch (word(value)) {
      case SIG_BLOCK -> "SIG_BLOCK";
      case SIG_UNBLOCK -> "SIG_UNBLOCK";
      case SIG_SETMASK -> "SIG_SETMASK";
      default -> null;
    };
  }

  private static @Nullable String idtype(long value) {
    return switch (word(value)) {
      case P_ALL -> "P_ALL";
      case P_PID -> "P_PID";
      case P_PGID -> "P_PGID";
      case P_PIDFD -> "P_PIDFD";
      default -> null;
    };
  }

  private static @Nullable String prctlOption(long value) {
    return switch (word(value)) {
      case PR_SET_PDEATHSIG -> "PR_SET_PDEATHSIG";
      case PR_GET_PDEATHSIG -> "PR_GET_PDEATHSIG";
      case PR_GET_DUMPABLE -> "PR_GET_DUMPABLE";
      case PR_SET_DUMPABLE -> "PR_SET_DUMPABLE";
      case PR_GET_KEEPCAPS -> "PR_GET_KEEPCAPS";
      case PR_SET_KEEPCAPS -> "PR_SET_KEEPCAPS";
      case PR_SET_NAME -> "PR_SET_NAME";
      case PR_GET_NAME -> "PR_GET_NAME";
      case PR_GET_SECCOMP -> "PR_GET_SECCOMP";
      case PR_SET_SECCOMP -> "PR_SET_SECCOMP";
      case PR_CAPBSET_READ -> "PR_CAPBSET_READ";
      case PR_CAPBSET_DROP -> "PR_CAPBSET_DROP";
      case PR_GET_SECUREBITS -> "PR_GET_SECUREBITS";
      case PR_SET_SECUREBITS -> "PR_SET_SECUREBITS";
      case PR_SET_TIMERSLACK -> "PR_SET_TIMERSLACK";
      case PR_GET_TIMERSLACK -> "PR_GET_TIMERSLACK";
      case PR_SET_MM -> "PR_SET_MM";
      case PR_SET_CHILD_SUBREAPER -> "PR_SET_CHILD_SUBREAPER";
      case PR_GET_CHILD_SUBREAPER -> "PR_GET_CHILD_SUBREAPER";
      case PR_SET_NO_NEW_PRIVS -> "PR_SET_NO_NEW_PRIVS";
      case PR_GET_NO_NEW_PRIVS -> "PR_GET_NO_NEW_PRIVS";
      case PR_SET_THP_DISABLE -> "PR_SET_THP_DISABLE";
      case PR_GET_THP_DISABLE -> "PR_GET_THP_DISABLE";
      case PR_CAP_AMBIENT -> "PR_CAP_AMBIENT";
      case PR_GET_SPECULATION_CTRL -> "PR_GET_SPECULATION_CTRL";
      case PR_SET_SPECULATION_CTRL -> "PR_SET_SPECULATION_CTRL";
      case PR_SET_IO_FLUSHER -> "PR_SET_IO_FLUSHER";
      case PR_SCHED_CORE -> "PR_SCHED_CORE";
      case PR_SET_MDWE -> "PR_SET_MDWE";
      case PR_SET_VMA -> "PR_SET_VMA";
      default -> null;
    };
  }

  private static @Nullable String rlimitResource(long value) {
    return switch (word(value)) {
      case RLIMIT_CPU -> "RLIMIT_CPU";
      case RLIMIT_FSIZE -> "RLIMIT_FSIZE";
      case RLIMIT_DATA -> "RLIMIT_DATA";
      case RLIMIT_STACK -> "RLIMIT_STACK";
      case RLIMIT_CORE -> "RLIMIT_CORE";
      case RLIMIT_RSS -> "RLIMIT_RSS";
      case RLIMIT_NPROC -> "RLIMIT_NPROC";
      case RLIMIT_NOFILE -> "RLIMIT_NOFILE";
      case RLIMIT_MEMLOCK -> "RLIMIT_MEMLOCK";
      case RLIMIT_AS -> "RLIMIT_AS";
      case RLIMIT_LOCKS -> "RLIMIT_LOCKS";
      case RLIMIT_SIGPENDING -> "RLIMIT_SIGPENDING";
      case RLIMIT_MSGQUEUE -> "RLIMIT_MSGQUEUE";
      case RLIMIT_NICE -> "RLIMIT_NICE";
      case RLIMIT_RTPRIO -> "RLIMIT_RTPRIO";
      case RLIMIT_RTTIME -> "RLIMIT_RTTIME";
      default -> null;
    };
  }

  private static @Nullable String schedPolicy(long value) {
    return switch (word(value)) {
      case SCHED_NORMAL -> "SCHED_NORMAL";
      case SCHED_FIFO -> "SCHED_FIFO";
      case SCHED_RR -> "SCHED_RR";
      case SCHED_BATCH -> "SCHED_BATCH";
      case SCHED_IDLE -> "SCHED_IDLE";
      case SCHED_DEADLINE -> "SCHED_DEADLINE";
      default -> null;
    };
  }

  private static @Nullable String ioprioWho(long value) {
    return switch (word(value)) {
      case IOPRIO_WHO_PROCESS -> "IOPRIO_WHO_PROCESS";
      case IOPRIO_WHO_PGRP -> "IOPRIO_WHO_PGRP";
      case IOPRIO_WHO_USER -> "IOPRIO_WHO_USER";
      default -> null;
    };
  }

  private static @Nullable String prioWhich(long value) {
    return switch (word(value)) {
      case PRIO_PROCESS -> "PRIO_PROCESS";
      case PRIO_PGRP -> "PRIO_PGRP";
      case PRIO_USER -> "PRIO_USER";
      default -> null;
    };
  }

  private static @Nullable String keyctlOperation(long value) {
    return switch (word(value)) {
      case KEYCTL_GET_KEYRING_ID -> "KEYCTL_GET_KEYRING_ID";
      case KEYCTL_JOIN_SESSION_KEYRING -> "KEYCTL_JOIN_SESSION_KEYRING";
      case KEYCTL_UPDATE -> "KEYCTL_UPDATE";
      case KEYCTL_REVOKE -> "KEYCTL_REVOKE";
      case KEYCTL_CHOWN -> "KEYCTL_CHOWN";
      case KEYCTL_SETPERM -> "KEYCTL_SETPERM";
      case KEYCTL_DESCRIBE -> "KEYCTL_DESCRIBE";
      case KEYCTL_CLEAR -> "KEYCTL_CLEAR";
      case KEYCTL_LINK -> "KEYCTL_LINK";
      case KEYCTL_UNLINK -> "KEYCTL_UNLINK";
      case KEYCTL_SEARCH -> "KEYCTL_SEARCH";
      case KEYCTL_READ -> "KEYCTL_READ";
      default -> null;
    };
  }

  private static @Nullable String bpfCmd(long value) {
    return switch (word(value)) {
      case BPF_PROG_LOAD -> "BPF_PROG_LOAD";
      case BPF_OBJ_PIN -> "BPF_OBJ_PIN";
      case BPF_OBJ_GET -> "BPF_OBJ_GET";
      case BPF_PROG_ATTACH -> "BPF_PROG_ATTACH";
      case BPF_PROG_DETACH -> "BPF_PROG_DETACH";
      case BPF_PROG_GET_NEXT_ID -> "BPF_PROG_GET_NEXT_ID";
      case BPF_PROG_GET_FD_BY_ID -> "BPF_PROG_GET_FD_BY_ID";
      case BPF_OBJ_GET_INFO_BY_FD -> "BPF_OBJ_GET_INFO_BY_FD";
      case BPF_PROG_QUERY -> "BPF_PROG_QUERY";
      case BPF_LINK_CREATE -> "BPF_LINK_CREATE";
      default -> null;
    };
  }

  private static @Nullable String seccompOperation(long value) {
    return switch (word(value)) {
      case SECCOMP_SET_MODE_STRICT -> "SECCOMP_SET_MODE_STRICT";
      case SECCOMP_SET_MODE_FILTER -> "SECCOMP_SET_MODE_FILTER";
      case SECCOMP_GET_ACTION_AVAIL -> "SECCOMP_GET_ACTION_AVAIL";
      case SECCOMP_GET_NOTIF_SIZES -> "SECCOMP_GET_NOTIF_SIZES";
      default -> null;
    };
  }

  private static @Nullable String fcntlCmd(long value) {
    return switch (word(value)) {
      case F_DUPFD -> "F_DUPFD";
      case F_GETFD -> "F_GETFD";
      case F_SETFD -> "F_SETFD";
      case F_GETFL -> "F_GETFL";
      case F_SETFL -> "F_SETFL";
      case F_GETLK -> "F_GETLK";
      case F_SETLK -> "F_SETLK";
      case F_SETLKW -> "F_SETLKW";
      case F_OFD_GETLK -> "F_OFD_GETLK";
      case F_OFD_SETLK -> "F_OFD_SETLK";
      case F_OFD_SETLKW -> "F_OFD_SETLKW";
      case F_DUPFD_CLOEXEC -> "F_DUPFD_CLOEXEC";
      case F_SETPIPE_SZ -> "F_SETPIPE_SZ";
      case F_GETPIPE_SZ -> "F_GETPIPE_SZ";
      case F_ADD_SEALS -> "F_ADD_SEALS";
      case F_GET_SEALS -> "F_GET_SEALS";
      default -> null;
    };
  }

  private static @Nullable String ioctlRequest(long value) {
    return switch (word(value)) {
      case TCGETS -> "TCGETS";
      case TCSETS -> "TCSETS";
      case TCSETSW -> "TCSETSW";
      case TCSETSF -> "TCSETSF";
      case TIOCSCTTY -> "TIOCSCTTY";
      case TIOCNOTTY -> "TIOCNOTTY";
      case TIOCGPGRP -> "TIOCGPGRP";
      case TIOCSPGRP -> "TIOCSPGRP";
      case TIOCGWINSZ -> "TIOCGWINSZ";
      case TIOCSWINSZ -> "TIOCSWINSZ";
      case (int) TIOCGPTN -> "TIOCGPTN";
      case TIOCSPTLCK -> "TIOCSPTLCK";
      case TIOCGPTPEER -> "TIOCGPTPEER";
      case (int) TIOCGPTLCK -> "TIOCGPTLCK";
      case FIONREAD -> "FIONREAD";
      case FIONBIO -> "FIONBIO";
      case FIONCLEX -> "FIONCLEX";
      case FIOCLEX -> "FIOCLEX";
      case FICLONE -> "FICLONE";
      case NS_GET_USERNS -> "NS_GET_USERNS";
      case NS_GET_PARENT -> "NS_GET_PARENT";
      case NS_GET_NSTYPE -> "NS_GET_NSTYPE";
      case NS_GET_OWNER_UID -> "NS_GET_OWNER_UID";
      case SIOCGIFFLAGS -> "SIOCGIFFLAGS";
      case SIOCSIFFLAGS -> "SIOCSIFFLAGS";
      case SIOCGIFINDEX -> "SIOCGIFINDEX";
      case SIOCGIFNAME -> "SIOCGIFNAME";
      case SIOCGIFHWADDR -> "SIOCGIFHWADDR";
      case SIOCSIFNAME -> "SIOCSIFNAME";
      default -> null;
    };
  }

  private static @Nullable String whence(long value) {
    return switch (word(value)) {
      case SEEK_SET -> "SEEK_SET";
      case SEEK_CUR -> "SEEK_CUR";
      case SEEK_END -> "SEEK_END";
      default -> null;
    };
  }

  private static @Nullable String epollOperation(long value) {
    return switch (word(value)) {
      case EPOLL_CTL_ADD -> "EPOLL_CTL_ADD";
      case EPOLL_CTL_DEL -> "EPOLL_CTL_DEL";
      case EPOLL_CTL_MOD -> "EPOLL_CTL_MOD";
      default -> null;
    };
  }

  private static @Nullable String clock(long value) {
    return switch (word(value)) {
      case CLOCK_REALTIME -> "CLOCK_REALTIME";
      case CLOCK_MONOTONIC -> "CLOCK_MONOTONIC";
      case CLOCK_PROCESS_CPUTIME_ID -> "CLOCK_PROCESS_CPUTIME_ID";
      case CLOCK_THREAD_CPUTIME_ID -> "CLOCK_THREAD_CPUTIME_ID";
      case CLOCK_MONOTONIC_RAW -> "CLOCK_MONOTONIC_RAW";
      case CLOCK_REALTIME_COARSE -> "CLOCK_REALTIME_COARSE";
      case CLOCK_MONOTONIC_COARSE -> "CLOCK_MONOTONIC_COARSE";
      case CLOCK_BOOTTIME -> "CLOCK_BOOTTIME";
      default -> null;
    };
  }

  private static @Nullable String madvice(long value) {
    return switch (word(value)) {
      case MADV_NORMAL -> "MADV_NORMAL";
      case MADV_WILLNEED -> "MADV_WILLNEED";
      case MADV_DONTNEED -> "MADV_DONTNEED";
      case MADV_FREE -> "MADV_FREE";
      case MADV_REMOVE -> "MADV_REMOVE";
      case MADV_DONTFORK -> "MADV_DONTFORK";
      case MADV_DOFORK -> "MADV_DOFORK";
      case MADV_HUGEPAGE -> "MADV_HUGEPAGE";
      case MADV_NOHUGEPAGE -> "MADV_NOHUGEPAGE";
      case MADV_DONTDUMP -> "MADV_DONTDUMP";
      case MADV_WIPEONFORK -> "MADV_WIPEONFORK";
      case MADV_COLD -> "MADV_COLD";
      case MADV_PAGEOUT -> "MADV_PAGEOUT";
      case MADV_COLLAPSE -> "MADV_COLLAPSE";
      default -> null;
    };
  }

  private static @Nullable String socketFamily(long value) {
    return switch (word(value)) {
      case AF_UNSPEC -> "AF_UNSPEC";
      case AF_UNIX -> "AF_UNIX";
      case AF_INET -> "AF_INET";
      case AF_INET6 -> "AF_INET6";
      case AF_NETLINK -> "AF_NETLINK";
      case AF_PACKET -> "AF_PACKET";
      case AF_VSOCK -> "AF_VSOCK";
      default -> null;
    };
  }

  private static @Nullable String socketLevel(long value) {
    return switch (word(value)) {
      case SOL_SOCKET -> "SOL_SOCKET";
      case SOL_NETLINK -> "SOL_NETLINK";
      case IPPROTO_TCP -> "IPPROTO_TCP";
      case IPPROTO_UDP -> "IPPROTO_UDP";
      default -> null;
    };
  }

  private static @Nullable String socketOption(long value) {
    return switch (word(value)) {
      case SO_REUSEADDR -> "SO_REUSEADDR";
      case SO_TYPE -> "SO_TYPE";
      case SO_ERROR -> "SO_ERROR";
      case SO_SNDBUF -> "SO_SNDBUF";
      case SO_RCVBUF -> "SO_RCVBUF";
      case SO_PASSCRED -> "SO_PASSCRED";
      case SO_PEERCRED -> "SO_PEERCRED";
      case SO_PEERSEC -> "SO_PEERSEC";
      case SO_PEERGROUPS -> "SO_PEERGROUPS";
      case SO_RCVTIMEO -> "SO_RCVTIMEO";
      case SO_SNDTIMEO -> "SO_SNDTIMEO";
      case SO_PEERPIDFD -> "SO_PEERPIDFD";
      case SO_PASSPIDFD -> "SO_PASSPIDFD";
      default -> null;
    };
  }

  private static @Nullable String shutHow(long value) {
    return switch (word(value)) {
      case SHUT_RD -> "SHUT_RD";
      case SHUT_WR -> "SHUT_WR";
      case SHUT_RDWR -> "SHUT_RDWR";
      default -> null;
    };
  }

  private static @Nullable String mempolicyMode(long value) {
    return switch (word(value)) {
      case MPOL_DEFAULT -> "MPOL_DEFAULT";
      case MPOL_PREFERRED -> "MPOL_PREFERRED";
      case MPOL_BIND -> "MPOL_BIND";
      case MPOL_INTERLEAVE -> "MPOL_INTERLEAVE";
      case MPOL_LOCAL -> "MPOL_LOCAL";
      case MPOL_PREFERRED_MANY -> "MPOL_PREFERRED_MANY";
      case MPOL_WEIGHTED_INTERLEAVE -> "MPOL_WEIGHTED_INTERLEAVE";
      default -> null;
    };
  }

  /** Cuts a word to 32 bits; a larger number has no name and must not get that of its low half. */
  private static int word(long value) {
    return value == (int) value || value >>> 32 == 0 ? (int) value : Integer.MIN_VALUE;
  }

  private static String named(@Nullable String name, long value) {
    return name != null ? name : hex(value);
  }

  private static String hex(long value) {
    return value == 0 ? "0" : "0x" + Long.toHexString(value);
  }

  /** Collects the names of bits and keeps the bits that have none. */
  private static final class Words {
    private long rest;
    private final StringBuilder out = new StringBuilder(48);

    Words(long value) {
      this.rest = value;
    }

    /** Adds a name if all bits of the mask are still there, and takes them away. */
    Words bit(long mask, String name) {
      if ((rest & mask) == mask) {
        rest &= ~mask;
        word(name);
      }
      return this;
    }

    private void word(String name) {
      if (!out.isEmpty()) {
        out.append('|');
      }
      out.append(name);
    }

    @Override
    public String toString() {
      if (rest != 0 || out.isEmpty()) {
        word(hex(rest));
      }
      return out.toString();
    }
  }
}
