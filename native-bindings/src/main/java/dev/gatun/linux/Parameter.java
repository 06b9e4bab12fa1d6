package dev.gatun.linux;

/** What a parameter of a system call means: how {@link CallFormat} prints its value. */
public enum Parameter {
  /** A file descriptor. */
  FD,
  /** A directory for a path that follows it: a file descriptor or {@code AT_FDCWD}. */
  DIRFD,
  /** The address of a path. */
  PATH,
  /** The address of a string ended by a zero byte that is no path. */
  STRING,
  /** The address of bytes. */
  BYTES,
  /** The address of a structure, or of memory. */
  POINTER,
  /** A signed number. */
  INT,
  /** An unsigned number. */
  UINT,
  /** An unsigned number best read in hexadecimal. */
  HEX,
  /** A size or a length in bytes, or a count. */
  SIZE,
  /** A process or thread number. */
  PID,
  /** A user or group number, −1 for none. */
  ID,
  /** A device number as the kernel encodes it. */
  DEVICE,
  /** File mode bits, printed in octal. */
  MODE,
  /** {@code O_*}. */
  OPEN_FLAGS,
  /**
   * {@code O_CLOEXEC}, {@code O_NONBLOCK} and {@code O_DIRECT} of {@code dup3(2)} and {@code
   * pipe2(2)}.
   */
  DESCRIPTOR_FLAGS,
  /** The address of a {@code struct open_how}. */
  OPEN_HOW,
  /** {@code AT_*} of calls that take a path. */
  AT_FLAGS,
  /** {@code AT_REMOVEDIR} of {@code unlinkat(2)}. */
  UNLINK_FLAGS,
  /** {@code AT_EACCESS} and others of {@code faccessat2(2)}. */
  ACCESS_FLAGS,
  /** {@code F_OK}, {@code R_OK}, {@code W_OK}, {@code X_OK}. */
  ACCESS_MODE,
  /** {@code RENAME_*}. */
  RENAME_FLAGS,
  /** {@code STATX_*} mask. */
  STATX_MASK,
  /** {@code MS_*} of {@code mount(2)}. */
  MOUNT_FLAGS,
  /** {@code MNT_*} and {@code UMOUNT_NOFOLLOW} of {@code umount2(2)}. */
  UMOUNT_FLAGS,
  /** {@code OPEN_TREE_*} and {@code AT_*}. */
  OPEN_TREE_FLAGS,
  /** {@code MOVE_MOUNT_*}. */
  MOVE_MOUNT_FLAGS,
  /** {@code FSOPEN_*}. */
  FSOPEN_FLAGS,
  /** {@code FSMOUNT_*}. */
  FSMOUNT_FLAGS,
  /** {@code FSPICK_*}. */
  FSPICK_FLAGS,
  /** {@code FSCONFIG_*} commands. */
  FSCONFIG_CMD,
  /** {@code MOUNT_ATTR_*}. */
  MOUNT_ATTR_FLAGS,
  /** {@code CLONE_*} namespace and sharing flags. */
  CLONE_FLAGS,
  /** {@code CLOSE_RANGE_*}. */
  CLOSE_RANGE_FLAGS,
  /** A signal number. */
  SIGNAL,
  /** {@code SIG_BLOCK} and so on. */
  SIGMASK_HOW,
  /** {@code P_*} of {@code waitid(2)}. */
  IDTYPE,
  /** {@code WNOHANG}, {@code WEXITED} and so on. */
  WAIT_OPTIONS,
  /** {@code PIDFD_*} of {@code pidfd_open(2)}. */
  PIDFD_FLAGS,
  /** {@code PR_*}. */
  PRCTL_OPTION,
  /** {@code RLIMIT_*}. */
  RLIMIT_RESOURCE,
  /** {@code SCHED_*} policies. */
  SCHED_POLICY,
  /** {@code IOPRIO_WHO_*}. */
  IOPRIO_WHO,
  /** {@code PRIO_*}. */
  PRIO_WHICH,
  /** {@code KEYCTL_*}. */
  KEYCTL_OPERATION,
  /** {@code BPF_*} commands of {@code bpf(2)}. */
  BPF_CMD,
  /** {@code SECCOMP_SET_MODE_*} and other operations of {@code seccomp(2)}. */
  SECCOMP_OPERATION,
  /** {@code SECCOMP_FILTER_FLAG_*}. */
  SECCOMP_FLAGS,
  /** {@code F_*} of {@code fcntl(2)}. */
  FCNTL_CMD,
  /** Requests of {@code ioctl(2)}. */
  IOCTL_REQUEST,
  /** {@code LOCK_*}. */
  LOCK_OPERATION,
  /** {@code SEEK_*}. */
  WHENCE,
  /** {@code SFD_*}. */
  SIGNALFD_FLAGS,
  /** {@code EFD_*}. */
  EVENTFD_FLAGS,
  /** {@code EPOLL_CLOEXEC}. */
  EPOLL_FLAGS,
  /** {@code EPOLL_CTL_*}. */
  EPOLL_OPERATION,
  /** {@code TFD_CLOEXEC}, {@code TFD_NONBLOCK}. */
  TIMERFD_FLAGS,
  /** {@code CLOCK_*}. */
  CLOCK,
  /** {@code MFD_*}. */
  MEMFD_FLAGS,
  /** {@code PROT_*}. */
  PROT,
  /** {@code MAP_*}. */
  MAP_FLAGS,
  /** {@code MADV_*}. */
  MADVICE,
  /** {@code MPOL_*}. */
  MEMPOLICY_MODE,
  /** {@code AF_*}. */
  SOCKET_FAMILY,
  /** {@code SOCK_*}. */
  SOCKET_TYPE,
  /** {@code SOL_*}. */
  SOCKET_LEVEL,
  /** {@code SO_*}. */
  SOCKET_OPTION,
  /** {@code MSG_*}. */
  MSG_FLAGS,
  /** {@code SHUT_*}. */
  SHUT_HOW,
  /** {@code IN_CLOEXEC}, {@code IN_NONBLOCK}. */
  INOTIFY_FLAGS,
  /** {@code IN_*} events. */
  INOTIFY_MASK
}
