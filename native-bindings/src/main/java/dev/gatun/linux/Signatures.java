package dev.gatun.linux;

import static dev.gatun.linux.Parameter.*;

/**
 * The parameters of every {@link Syscall}: apart from it, since only printing needs them and a
 * command that succeeds prints no call.
 */
final class Signatures {
  private Signatures() {}

  /** Returns the parameters in their order, in a fresh array. */
  static Parameter[] of(Syscall call) {
    return switch (call) {
      case READ, WRITE -> list(FD, BYTES, SIZE);
      case PREAD64, PWRITE64 -> list(FD, BYTES, SIZE, UINT);
      case READV, WRITEV -> list(FD, POINTER, SIZE);
      case CLOSE, FCHDIR, FSYNC, FDATASYNC, SYNCFS, DUP -> list(FD);
      case DUP3 -> list(FD, FD, DESCRIPTOR_FLAGS);
      case OPENAT -> list(DIRFD, PATH, OPEN_FLAGS, MODE);
      case OPENAT2 -> list(DIRFD, PATH, OPEN_HOW, SIZE);
      case FCNTL -> list(FD, FCNTL_CMD, UINT);
      case IOCTL -> list(FD, IOCTL_REQUEST, HEX);
      case LSEEK -> list(FD, INT, WHENCE);
      case STATX -> list(DIRFD, PATH, AT_FLAGS, STATX_MASK, POINTER);
      case NEWFSTATAT -> list(DIRFD, PATH, POINTER, AT_FLAGS);
      case FSTAT, FSTATFS -> list(FD, POINTER);
      case STATFS -> list(PATH, POINTER);
      case FACCESSAT -> list(DIRFD, PATH, ACCESS_MODE);
      case FACCESSAT2 -> list(DIRFD, PATH, ACCESS_MODE, ACCESS_FLAGS);
      case READLINKAT -> list(DIRFD, PATH, POINTER, SIZE);
      case MKDIRAT, FCHMODAT -> list(DIRFD, PATH, MODE);
      case MKNODAT -> list(DIRFD, PATH, MODE, DEVICE);
      case SYMLINKAT -> list(PATH, DIRFD, PATH);
      case LINKAT -> list(DIRFD, PATH, DIRFD, PATH, AT_FLAGS);
      case UNLINKAT -> list(DIRFD, PATH, UNLINK_FLAGS);
      case RENAMEAT2 -> list(DIRFD, PATH, DIRFD, PATH, RENAME_FLAGS);
      case FCHMOD -> list(FD, MODE);
      case FCHMODAT2 -> list(DIRFD, PATH, MODE, AT_FLAGS);
      case FCHOWN -> list(FD, ID, ID);
      case FCHOWNAT -> list(DIRFD, PATH, ID, ID, AT_FLAGS);
      case UTIMENSAT -> list(DIRFD, PATH, POINTER, AT_FLAGS);
      case TRUNCATE -> list(PATH, SIZE);
      case FTRUNCATE -> list(FD, SIZE);
      case FALLOCATE -> list(FD, HEX, UINT, SIZE);
      case CHDIR, CHROOT, SWAPOFF -> list(PATH);
      case GETCWD -> list(POINTER, SIZE);
      case GETDENTS64 -> list(FD, POINTER, SIZE);
      case FLOCK -> list(FD, LOCK_OPERATION);
      case SYNC_FILE_RANGE -> list(FD, UINT, SIZE, HEX);
      case SENDFILE -> list(FD, FD, POINTER, SIZE);
      case COPY_FILE_RANGE, SPLICE -> list(FD, POINTER, FD, POINTER, SIZE, HEX);
      case TEE -> list(FD, FD, SIZE, HEX);
      case VMSPLICE -> list(FD, POINTER, SIZE, HEX);
      case CLOSE_RANGE -> list(UINT, UINT, CLOSE_RANGE_FLAGS);
      case SETXATTR, LSETXATTR -> list(PATH, STRING, BYTES, SIZE, HEX);
      case FSETXATTR -> list(FD, STRING, BYTES, SIZE, HEX);
      case GETXATTR, LGETXATTR -> list(PATH, STRING, POINTER, SIZE);
      case FGETXATTR -> list(FD, STRING, POINTER, SIZE);
      case LISTXATTR -> list(PATH, POINTER, SIZE);
      case FLISTXATTR -> list(FD, POINTER, SIZE);
      case REMOVEXATTR -> list(PATH, STRING);
      case FREMOVEXATTR -> list(FD, STRING);
      case MOUNT -> list(STRING, PATH, STRING, MOUNT_FLAGS, STRING);
      case UMOUNT2 -> list(PATH, UMOUNT_FLAGS);
      case PIVOT_ROOT -> list(PATH, PATH);
      case FSOPEN -> list(STRING, FSOPEN_FLAGS);
      case FSCONFIG -> list(FD, FSCONFIG_CMD, STRING, STRING, INT);
      case FSMOUNT -> list(FD, FSMOUNT_FLAGS, MOUNT_ATTR_FLAGS);
      case FSPICK -> list(DIRFD, PATH, FSPICK_FLAGS);
      case OPEN_TREE -> list(DIRFD, PATH, OPEN_TREE_FLAGS);
      case MOVE_MOUNT -> list(DIRFD, PATH, DIRFD, PATH, MOVE_MOUNT_FLAGS);
      case MOUNT_SETATTR -> list(DIRFD, PATH, AT_FLAGS, POINTER, SIZE);
      case STATMOUNT, LISTMOUNT -> list(POINTER, POINTER, SIZE, HEX);
      case CLONE -> list(CLONE_FLAGS, POINTER, POINTER, POINTER, POINTER);
      case CLONE3 -> list(POINTER, SIZE);
      case EXECVE -> list(PATH, POINTER, POINTER);
      case EXECVEAT -> list(DIRFD, PATH, POINTER, POINTER, AT_FLAGS);
      case EXIT, EXIT_GROUP -> list(INT);
      case WAIT4 -> list(PID, POINTER, WAIT_OPTIONS, POINTER);
      case WAITID -> list(IDTYPE, INT, POINTER, WAIT_OPTIONS, POINTER);
      case PIDFD_OPEN -> list(PID, PIDFD_FLAGS);
      case PIDFD_SEND_SIGNAL -> list(FD, SIGNAL, POINTER, HEX);
      case PIDFD_GETFD -> list(FD, INT, HEX);
      case KILL, TKILL -> list(PID, SIGNAL);
      case TGKILL -> list(PID, PID, SIGNAL);
      case GETPID, GETPPID, GETTID, GETUID, GETEUID, GETGID, GETEGID, SETSID, SCHED_YIELD, SYNC ->
          list();
      case RT_SIGRETURN -> list();
      case SETNS -> list(FD, CLONE_FLAGS);
      case UNSHARE -> list(CLONE_FLAGS);
      case PRCTL -> list(PRCTL_OPTION, HEX, HEX, HEX, HEX);
      case CAPGET, CAPSET -> list(POINTER, POINTER);
      case SETUID, SETGID, SETFSUID, SETFSGID -> list(ID);
      case SETRESUID, SETRESGID -> list(ID, ID, ID);
      case GETRESUID, GETRESGID -> list(POINTER, POINTER, POINTER);
      case SETGROUPS, GETGROUPS -> list(SIZE, POINTER);
      case GETSID, GETPGID -> list(PID);
      case SETPGID -> list(PID, PID);
      case UMASK -> list(MODE);
      case SETHOSTNAME, SETDOMAINNAME -> list(BYTES, SIZE);
      case UNAME, SYSINFO -> list(POINTER);
      case PRLIMIT64 -> list(PID, RLIMIT_RESOURCE, POINTER, POINTER);
      case GETRLIMIT, SETRLIMIT -> list(RLIMIT_RESOURCE, POINTER);
      case GETRUSAGE -> list(INT, POINTER);
      case SETPRIORITY -> list(PRIO_WHICH, PID, INT);
      case GETPRIORITY -> list(PRIO_WHICH, PID);
      case IOPRIO_SET -> list(IOPRIO_WHO, PID, HEX);
      case IOPRIO_GET -> list(IOPRIO_WHO, PID);
      case SCHED_SETATTR -> list(PID, POINTER, HEX);
      case SCHED_GETATTR -> list(PID, POINTER, SIZE, HEX);
      case SCHED_SETSCHEDULER -> list(PID, SCHED_POLICY, POINTER);
      case SCHED_SETAFFINITY, SCHED_GETAFFINITY -> list(PID, SIZE, POINTER);
      case PERSONALITY -> list(HEX);
      case KEYCTL -> list(KEYCTL_OPERATION, HEX, HEX, HEX, HEX);
      case ADD_KEY -> list(STRING, STRING, BYTES, SIZE, INT);
      case REQUEST_KEY -> list(STRING, STRING, STRING, INT);
      case SECCOMP -> list(SECCOMP_OPERATION, SECCOMP_FLAGS, POINTER);
      case BPF -> list(BPF_CMD, POINTER, SIZE);
      case RT_SIGACTION -> list(SIGNAL, POINTER, POINTER, SIZE);
      case RT_SIGPROCMASK -> list(SIGMASK_HOW, POINTER, POINTER, SIZE);
      case RT_SIGPENDING, RT_SIGSUSPEND -> list(POINTER, SIZE);
      case RT_SIGTIMEDWAIT -> list(POINTER, POINTER, POINTER, SIZE);
      case RT_SIGQUEUEINFO -> list(PID, SIGNAL, POINTER);
      case SIGALTSTACK -> list(POINTER, POINTER);
      case SIGNALFD4 -> list(FD, POINTER, SIZE, SIGNALFD_FLAGS);
      case PPOLL -> list(POINTER, SIZE, POINTER, POINTER, SIZE);
      case PSELECT6 -> list(INT, POINTER, POINTER, POINTER, POINTER, POINTER);
      case EVENTFD2 -> list(UINT, EVENTFD_FLAGS);
      case TIMERFD_CREATE -> list(CLOCK, TIMERFD_FLAGS);
      case TIMERFD_SETTIME -> list(FD, HEX, POINTER, POINTER);
      case TIMERFD_GETTIME -> list(FD, POINTER);
      case EPOLL_CREATE1 -> list(EPOLL_FLAGS);
      case EPOLL_CTL -> list(FD, EPOLL_OPERATION, FD, POINTER);
      case EPOLL_PWAIT -> list(FD, POINTER, SIZE, INT, POINTER, SIZE);
      case INOTIFY_INIT1 -> list(INOTIFY_FLAGS);
      case INOTIFY_ADD_WATCH -> list(FD, PATH, INOTIFY_MASK);
      case INOTIFY_RM_WATCH -> list(FD, INT);
      case PIPE2 -> list(POINTER, DESCRIPTOR_FLAGS);
      case SOCKET -> list(SOCKET_FAMILY, SOCKET_TYPE, INT);
      case SOCKETPAIR -> list(SOCKET_FAMILY, SOCKET_TYPE, INT, POINTER);
      case BIND, CONNECT -> list(FD, POINTER, SIZE);
      case LISTEN -> list(FD, INT);
      case ACCEPT, GETSOCKNAME, GETPEERNAME -> list(FD, POINTER, POINTER);
      case ACCEPT4 -> list(FD, POINTER, POINTER, SOCKET_TYPE);
      case SENDTO -> list(FD, BYTES, SIZE, MSG_FLAGS, POINTER, SIZE);
      case RECVFROM -> list(FD, POINTER, SIZE, MSG_FLAGS, POINTER, POINTER);
      case SENDMSG, RECVMSG -> list(FD, POINTER, MSG_FLAGS);
      case SENDMMSG -> list(FD, POINTER, SIZE, MSG_FLAGS);
      case RECVMMSG -> list(FD, POINTER, SIZE, MSG_FLAGS, POINTER);
      case SETSOCKOPT -> list(FD, SOCKET_LEVEL, SOCKET_OPTION, POINTER, SIZE);
      case GETSOCKOPT -> list(FD, SOCKET_LEVEL, SOCKET_OPTION, POINTER, POINTER);
      case SHUTDOWN -> list(FD, SHUT_HOW);
      case MEMFD_CREATE -> list(STRING, MEMFD_FLAGS);
      case MMAP -> list(HEX, SIZE, PROT, MAP_FLAGS, FD, HEX);
      case MUNMAP, MLOCK, MUNLOCK -> list(HEX, SIZE);
      case MPROTECT -> list(HEX, SIZE, PROT);
      case MREMAP -> list(HEX, SIZE, SIZE, HEX, HEX);
      case MADVISE -> list(HEX, SIZE, MADVICE);
      case PROCESS_MADVISE -> list(FD, POINTER, SIZE, MADVICE, HEX);
      case MINCORE -> list(HEX, SIZE, POINTER);
      case BRK -> list(HEX);
      case MBIND -> list(HEX, SIZE, MEMPOLICY_MODE, POINTER, UINT, HEX);
      case SET_MEMPOLICY -> list(MEMPOLICY_MODE, POINTER, UINT);
      case GET_MEMPOLICY -> list(POINTER, POINTER, UINT, HEX, HEX);
      case CLOCK_GETTIME -> list(CLOCK, POINTER);
      case CLOCK_NANOSLEEP -> list(CLOCK, HEX, POINTER, POINTER);
      case NANOSLEEP, GETTIMEOFDAY -> list(POINTER, POINTER);
      case GETRANDOM -> list(POINTER, SIZE, HEX);
      case FUTEX -> list(POINTER, HEX, UINT, POINTER, POINTER, UINT);
      case SET_TID_ADDRESS -> list(POINTER);
      case SET_ROBUST_LIST -> list(POINTER, SIZE);
      case RSEQ -> list(POINTER, SIZE, HEX, HEX);
      case MEMBARRIER -> list(HEX, HEX, INT);
      case PTRACE -> list(HEX, PID, HEX, HEX);
      case SYSLOG -> list(INT, POINTER, SIZE);
      case REBOOT -> list(HEX, HEX, HEX, POINTER);
      case KCMP -> list(PID, PID, INT, UINT, UINT);
    };
  }

  private static Parameter[] list(Parameter... parameters) {
    return parameters;
  }
}
