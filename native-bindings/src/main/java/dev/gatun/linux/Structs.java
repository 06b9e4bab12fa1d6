package dev.gatun.linux;

/**
 * Sizes and field offsets, in bytes, of the structures that go to the kernel in byte buffers, for
 * those that are the same on x86-64 and on aarch64.
 *
 * <p>{@code SIZEOF_CLONE_ARGS} is the size of {@code struct clone_args} and {@code
 * CLONE_ARGS_PIDFD} the offset of its field {@code pidfd}: the header's names in upper case,
 * without leading underscores, a dot of a nested field as underscore. The fields are compile-time
 * constants, so using one loads no class. Where a structure grew over time the size is that of the
 * newest version named here, which the calls that take a size accept on every kernel from 5.14 on.
 * A test compares all of it with the layouts that jextract generated and with the C compiler, for
 * both architectures.
 */
public final class Structs {
  private Structs() {}

  // The kernel's sigset_t: the size that rt_sigprocmask(2), signalfd4 and ppoll want

  public static final int SIZEOF_SIGSET = 8;

  // struct clone_args: clone3(2)

  public static final int SIZEOF_CLONE_ARGS = 88;
  public static final int CLONE_ARGS_FLAGS = 0;
  public static final int CLONE_ARGS_PIDFD = 8;
  public static final int CLONE_ARGS_CHILD_TID = 16;
  public static final int CLONE_ARGS_PARENT_TID = 24;
  public static final int CLONE_ARGS_EXIT_SIGNAL = 32;
  public static final int CLONE_ARGS_STACK = 40;
  public static final int CLONE_ARGS_STACK_SIZE = 48;
  public static final int CLONE_ARGS_TLS = 56;
  public static final int CLONE_ARGS_SET_TID = 64;
  public static final int CLONE_ARGS_SET_TID_SIZE = 72;
  public static final int CLONE_ARGS_CGROUP = 80;

  // struct open_how: openat2(2)

  public static final int SIZEOF_OPEN_HOW = 24;
  public static final int OPEN_HOW_FLAGS = 0;
  public static final int OPEN_HOW_MODE = 8;
  public static final int OPEN_HOW_RESOLVE = 16;

  // struct mount_attr: mount_setattr(2)

  public static final int SIZEOF_MOUNT_ATTR = 32;
  public static final int MOUNT_ATTR_ATTR_SET = 0;
  public static final int MOUNT_ATTR_ATTR_CLR = 8;
  public static final int MOUNT_ATTR_PROPAGATION = 16;
  public static final int MOUNT_ATTR_USERNS_FD = 24;

  // struct statx: statx(2)

  public static final int SIZEOF_STATX = 256;
  public static final int STATX_STX_MASK = 0;
  public static final int STATX_STX_BLKSIZE = 4;
  public static final int STATX_STX_ATTRIBUTES = 8;
  public static final int STATX_STX_NLINK = 16;
  public static final int STATX_STX_UID = 20;
  public static final int STATX_STX_GID = 24;
  public static final int STATX_STX_MODE = 28;
  public static final int STATX_STX_INO = 32;
  public static final int STATX_STX_SIZE = 40;
  public static final int STATX_STX_BLOCKS = 48;
  public static final int STATX_STX_ATTRIBUTES_MASK = 56;
  public static final int STATX_STX_ATIME = 64;
  public static final int STATX_STX_BTIME = 80;
  public static final int STATX_STX_CTIME = 96;
  public static final int STATX_STX_MTIME = 112;
  public static final int STATX_STX_RDEV_MAJOR = 128;
  public static final int STATX_STX_RDEV_MINOR = 132;
  public static final int STATX_STX_DEV_MAJOR = 136;
  public static final int STATX_STX_DEV_MINOR = 140;
  public static final int STATX_STX_MNT_ID = 144;

  // struct statx_timestamp: statx(2)

  public static final int SIZEOF_STATX_TIMESTAMP = 16;
  public static final int STATX_TIMESTAMP_TV_SEC = 0;
  public static final int STATX_TIMESTAMP_TV_NSEC = 8;

  // struct statfs: statfs(2)

  public static final int SIZEOF_STATFS = 120;
  public static final int STATFS_F_TYPE = 0;
  public static final int STATFS_F_BSIZE = 8;
  public static final int STATFS_F_BLOCKS = 16;
  public static final int STATFS_F_BFREE = 24;
  public static final int STATFS_F_BAVAIL = 32;
  public static final int STATFS_F_FILES = 40;
  public static final int STATFS_F_FFREE = 48;
  public static final int STATFS_F_FSID = 56;
  public static final int STATFS_F_NAMELEN = 64;
  public static final int STATFS_F_FRSIZE = 72;
  public static final int STATFS_F_FLAGS = 80;

  // struct dirent64: the record of getdents64(2), which the C library calls dirent64

  public static final int SIZEOF_DIRENT64 = 280;
  public static final int DIRENT64_D_INO = 0;
  public static final int DIRENT64_D_OFF = 8;
  public static final int DIRENT64_D_RECLEN = 16;
  public static final int DIRENT64_D_TYPE = 18;
  public static final int DIRENT64_D_NAME = 19;

  // struct signalfd_siginfo: signalfd(2)

  public static final int SIZEOF_SIGNALFD_SIGINFO = 128;
  public static final int SIGNALFD_SIGINFO_SSI_SIGNO = 0;
  public static final int SIGNALFD_SIGINFO_SSI_ERRNO = 4;
  public static final int SIGNALFD_SIGINFO_SSI_CODE = 8;
  public static final int SIGNALFD_SIGINFO_SSI_PID = 12;
  public static final int SIGNALFD_SIGINFO_SSI_UID = 16;
  public static final int SIGNALFD_SIGINFO_SSI_FD = 20;
  public static final int SIGNALFD_SIGINFO_SSI_STATUS = 40;
  public static final int SIGNALFD_SIGINFO_SSI_INT = 44;
  public static final int SIGNALFD_SIGINFO_SSI_PTR = 48;

  // siginfo_t: waitid(2), sigaction(2)

  public static final int SIZEOF_SIGINFO_T = 128;
  public static final int SIGINFO_T_SI_SIGNO = 0;
  public static final int SIGINFO_T_SI_ERRNO = 4;
  public static final int SIGINFO_T_SI_CODE = 8;
  public static final int SIGINFO_T_SI_PID = 16;
  public static final int SIGINFO_T_SI_UID = 20;
  public static final int SIGINFO_T_SI_STATUS = 24;
  public static final int SIGINFO_T_SI_VALUE = 24;

  // struct sigaction: the kernel's form for rt_sigaction(2), not the C library's

  public static final int SIZEOF_SIGACTION = 32;
  public static final int SIGACTION_SA_HANDLER = 0;
  public static final int SIGACTION_SA_FLAGS = 8;
  public static final int SIGACTION_SA_RESTORER = 16;
  public static final int SIGACTION_SA_MASK = 24;

  // struct pollfd: poll(2)

  public static final int SIZEOF_POLLFD = 8;
  public static final int POLLFD_FD = 0;
  public static final int POLLFD_EVENTS = 4;
  public static final int POLLFD_REVENTS = 6;

  // struct inotify_event: inotify(7)

  public static final int SIZEOF_INOTIFY_EVENT = 16;
  public static final int INOTIFY_EVENT_WD = 0;
  public static final int INOTIFY_EVENT_MASK = 4;
  public static final int INOTIFY_EVENT_COOKIE = 8;
  public static final int INOTIFY_EVENT_LEN = 12;
  public static final int INOTIFY_EVENT_NAME = 16;

  // struct iovec: readv(2)

  public static final int SIZEOF_IOVEC = 16;
  public static final int IOVEC_IOV_BASE = 0;
  public static final int IOVEC_IOV_LEN = 8;

  // struct msghdr: sendmsg(2)

  public static final int SIZEOF_MSGHDR = 56;
  public static final int MSGHDR_MSG_NAME = 0;
  public static final int MSGHDR_MSG_NAMELEN = 8;
  public static final int MSGHDR_MSG_IOV = 16;
  public static final int MSGHDR_MSG_IOVLEN = 24;
  public static final int MSGHDR_MSG_CONTROL = 32;
  public static final int MSGHDR_MSG_CONTROLLEN = 40;
  public static final int MSGHDR_MSG_FLAGS = 48;

  // struct cmsghdr: cmsg(3)

  public static final int SIZEOF_CMSGHDR = 16;
  public static final int CMSGHDR_CMSG_LEN = 0;
  public static final int CMSGHDR_CMSG_LEVEL = 8;
  public static final int CMSGHDR_CMSG_TYPE = 12;

  // struct ucred: unix(7), SO_PEERCRED

  public static final int SIZEOF_UCRED = 12;
  public static final int UCRED_PID = 0;
  public static final int UCRED_UID = 4;
  public static final int UCRED_GID = 8;

  // struct sockaddr_un: unix(7)

  public static final int SIZEOF_SOCKADDR_UN = 110;
  public static final int SOCKADDR_UN_SUN_FAMILY = 0;
  public static final int SOCKADDR_UN_SUN_PATH = 2;

  // struct sockaddr_nl: netlink(7)

  public static final int SIZEOF_SOCKADDR_NL = 12;
  public static final int SOCKADDR_NL_NL_FAMILY = 0;
  public static final int SOCKADDR_NL_NL_PID = 4;
  public static final int SOCKADDR_NL_NL_GROUPS = 8;

  // struct nlmsghdr: netlink(7)

  public static final int SIZEOF_NLMSGHDR = 16;
  public static final int NLMSGHDR_NLMSG_LEN = 0;
  public static final int NLMSGHDR_NLMSG_TYPE = 4;
  public static final int NLMSGHDR_NLMSG_FLAGS = 6;
  public static final int NLMSGHDR_NLMSG_SEQ = 8;
  public static final int NLMSGHDR_NLMSG_PID = 12;

  // struct ifreq: netdevice(7)

  public static final int SIZEOF_IFREQ = 40;
  public static final int IFREQ_IFR_NAME = 0;
  public static final int IFREQ_IFR_FLAGS = 16;
  public static final int IFREQ_IFR_IFINDEX = 16;
  public static final int IFREQ_IFR_HWADDR = 16;
  public static final int IFREQ_IFR_NEWNAME = 16;

  // struct rlimit64: prlimit(2)

  public static final int SIZEOF_RLIMIT64 = 16;
  public static final int RLIMIT64_RLIM_CUR = 0;
  public static final int RLIMIT64_RLIM_MAX = 8;

  // struct __user_cap_header_struct: capset(2)

  public static final int SIZEOF_USER_CAP_HEADER_STRUCT = 8;
  public static final int USER_CAP_HEADER_STRUCT_VERSION = 0;
  public static final int USER_CAP_HEADER_STRUCT_PID = 4;

  // struct __user_cap_data_struct: capset(2); two of them for version 3

  public static final int SIZEOF_USER_CAP_DATA_STRUCT = 12;
  public static final int USER_CAP_DATA_STRUCT_EFFECTIVE = 0;
  public static final int USER_CAP_DATA_STRUCT_PERMITTED = 4;
  public static final int USER_CAP_DATA_STRUCT_INHERITABLE = 8;

  // struct sched_attr: sched_setattr(2)

  public static final int SIZEOF_SCHED_ATTR = 56;
  public static final int SCHED_ATTR_SIZE = 0;
  public static final int SCHED_ATTR_SCHED_POLICY = 4;
  public static final int SCHED_ATTR_SCHED_FLAGS = 8;
  public static final int SCHED_ATTR_SCHED_NICE = 16;
  public static final int SCHED_ATTR_SCHED_PRIORITY = 20;
  public static final int SCHED_ATTR_SCHED_RUNTIME = 24;
  public static final int SCHED_ATTR_SCHED_DEADLINE = 32;
  public static final int SCHED_ATTR_SCHED_PERIOD = 40;
  public static final int SCHED_ATTR_SCHED_UTIL_MIN = 48;
  public static final int SCHED_ATTR_SCHED_UTIL_MAX = 52;

  // struct __kernel_timespec: the kernel's timespec, clock_gettime(2)

  public static final int SIZEOF_KERNEL_TIMESPEC = 16;
  public static final int KERNEL_TIMESPEC_TV_SEC = 0;
  public static final int KERNEL_TIMESPEC_TV_NSEC = 8;

  // struct __kernel_itimerspec: timerfd_settime(2)

  public static final int SIZEOF_KERNEL_ITIMERSPEC = 32;
  public static final int KERNEL_ITIMERSPEC_IT_INTERVAL = 0;
  public static final int KERNEL_ITIMERSPEC_IT_VALUE = 16;

  // struct termios: the kernel's form for TCGETS, ioctl_tty(2)

  public static final int SIZEOF_TERMIOS = 36;
  public static final int TERMIOS_C_IFLAG = 0;
  public static final int TERMIOS_C_OFLAG = 4;
  public static final int TERMIOS_C_CFLAG = 8;
  public static final int TERMIOS_C_LFLAG = 12;
  public static final int TERMIOS_C_LINE = 16;
  public static final int TERMIOS_C_CC = 17;

  // struct winsize: ioctl_tty(2)

  public static final int SIZEOF_WINSIZE = 8;
  public static final int WINSIZE_WS_ROW = 0;
  public static final int WINSIZE_WS_COL = 2;
  public static final int WINSIZE_WS_XPIXEL = 4;
  public static final int WINSIZE_WS_YPIXEL = 6;

  // struct flock: fcntl(2)

  public static final int SIZEOF_FLOCK = 32;
  public static final int FLOCK_L_TYPE = 0;
  public static final int FLOCK_L_WHENCE = 2;
  public static final int FLOCK_L_START = 8;
  public static final int FLOCK_L_LEN = 16;
  public static final int FLOCK_L_PID = 24;

  // struct sock_filter: classic BPF, seccomp(2)

  public static final int SIZEOF_SOCK_FILTER = 8;
  public static final int SOCK_FILTER_CODE = 0;
  public static final int SOCK_FILTER_JT = 2;
  public static final int SOCK_FILTER_JF = 3;
  public static final int SOCK_FILTER_K = 4;

  // struct sock_fprog: classic BPF, seccomp(2)

  public static final int SIZEOF_SOCK_FPROG = 16;
  public static final int SOCK_FPROG_LEN = 0;
  public static final int SOCK_FPROG_FILTER = 8;

  // struct seccomp_data: seccomp(2)

  public static final int SIZEOF_SECCOMP_DATA = 64;
  public static final int SECCOMP_DATA_NR = 0;
  public static final int SECCOMP_DATA_ARCH = 4;
  public static final int SECCOMP_DATA_INSTRUCTION_POINTER = 8;
  public static final int SECCOMP_DATA_ARGS = 16;

  // struct bpf_insn: bpf(2); the byte after code holds dst_reg (low four bits) and src_reg

  public static final int SIZEOF_BPF_INSN = 8;
  public static final int BPF_INSN_CODE = 0;
  public static final int BPF_INSN_OFF = 2;
  public static final int BPF_INSN_IMM = 4;

  // union bpf_attr: bpf(2): program load; attach and detach; query; pin and get

  public static final int SIZEOF_BPF_ATTR = 144;
  public static final int BPF_ATTR_PROG_TYPE = 0;
  public static final int BPF_ATTR_INSN_CNT = 4;
  public static final int BPF_ATTR_INSNS = 8;
  public static final int BPF_ATTR_LICENSE = 16;
  public static final int BPF_ATTR_LOG_LEVEL = 24;
  public static final int BPF_ATTR_LOG_SIZE = 28;
  public static final int BPF_ATTR_LOG_BUF = 32;
  public static final int BPF_ATTR_KERN_VERSION = 40;
  public static final int BPF_ATTR_PROG_FLAGS = 44;
  public static final int BPF_ATTR_PROG_NAME = 48;
  public static final int BPF_ATTR_EXPECTED_ATTACH_TYPE = 68;
  public static final int BPF_ATTR_TARGET_FD = 0;
  public static final int BPF_ATTR_ATTACH_BPF_FD = 4;
  public static final int BPF_ATTR_ATTACH_TYPE = 8;
  public static final int BPF_ATTR_ATTACH_FLAGS = 12;
  public static final int BPF_ATTR_REPLACE_BPF_FD = 16;
  public static final int BPF_ATTR_QUERY_TARGET_FD = 0;
  public static final int BPF_ATTR_QUERY_ATTACH_TYPE = 4;
  public static final int BPF_ATTR_QUERY_QUERY_FLAGS = 8;
  public static final int BPF_ATTR_QUERY_ATTACH_FLAGS = 12;
  public static final int BPF_ATTR_QUERY_PROG_IDS = 16;
  public static final int BPF_ATTR_QUERY_PROG_CNT = 24;
  public static final int BPF_ATTR_START_ID = 0;
  public static final int BPF_ATTR_PROG_ID = 0;
  public static final int BPF_ATTR_NEXT_ID = 4;
  public static final int BPF_ATTR_OPEN_FLAGS = 8;
  public static final int BPF_ATTR_PATHNAME = 0;
  public static final int BPF_ATTR_BPF_FD = 8;
  public static final int BPF_ATTR_FILE_FLAGS = 12;
  public static final int BPF_ATTR_INFO_BPF_FD = 0;
  public static final int BPF_ATTR_INFO_INFO_LEN = 4;
  public static final int BPF_ATTR_INFO_INFO = 8;

  // Elf64_Ehdr: elf(5)

  public static final int SIZEOF_ELF64_EHDR = 64;
  public static final int ELF64_EHDR_E_IDENT = 0;
  public static final int ELF64_EHDR_E_TYPE = 16;
  public static final int ELF64_EHDR_E_MACHINE = 18;
  public static final int ELF64_EHDR_E_VERSION = 20;
  public static final int ELF64_EHDR_E_ENTRY = 24;
  public static final int ELF64_EHDR_E_PHOFF = 32;
  public static final int ELF64_EHDR_E_SHOFF = 40;
  public static final int ELF64_EHDR_E_FLAGS = 48;
  public static final int ELF64_EHDR_E_EHSIZE = 52;
  public static final int ELF64_EHDR_E_PHENTSIZE = 54;
  public static final int ELF64_EHDR_E_PHNUM = 56;
  public static final int ELF64_EHDR_E_SHENTSIZE = 58;
  public static final int ELF64_EHDR_E_SHNUM = 60;
  public static final int ELF64_EHDR_E_SHSTRNDX = 62;

  // Elf64_Phdr: elf(5)

  public static final int SIZEOF_ELF64_PHDR = 56;
  public static final int ELF64_PHDR_P_TYPE = 0;
  public static final int ELF64_PHDR_P_FLAGS = 4;
  public static final int ELF64_PHDR_P_OFFSET = 8;
  public static final int ELF64_PHDR_P_VADDR = 16;
  public static final int ELF64_PHDR_P_PADDR = 24;
  public static final int ELF64_PHDR_P_FILESZ = 32;
  public static final int ELF64_PHDR_P_MEMSZ = 40;
  public static final int ELF64_PHDR_P_ALIGN = 48;

  // struct mnt_id_req: statmount(2), listmount(2); Linux 6.8

  public static final int SIZEOF_MNT_ID_REQ = 24;
  public static final int MNT_ID_REQ_SIZE = 0;
  public static final int MNT_ID_REQ_SPARE = 4;
  public static final int MNT_ID_REQ_MNT_ID = 8;
  public static final int MNT_ID_REQ_PARAM = 16;

  // struct statmount: statmount(2), the part before the strings; Linux 6.8

  public static final int SIZEOF_STATMOUNT = 512;
  public static final int STATMOUNT_SIZE = 0;
  public static final int STATMOUNT_MASK = 8;
  public static final int STATMOUNT_SB_MAGIC = 24;
  public static final int STATMOUNT_FS_TYPE = 36;
  public static final int STATMOUNT_MNT_ID = 40;
  public static final int STATMOUNT_MNT_PARENT_ID = 48;
  public static final int STATMOUNT_MNT_ATTR = 64;
  public static final int STATMOUNT_MNT_PROPAGATION = 72;
  public static final int STATMOUNT_MNT_ROOT = 104;
  public static final int STATMOUNT_MNT_POINT = 108;
  public static final int STATMOUNT_STR = 512;

  // struct epoll_event: epoll_ctl(2); packed on x86-64 alone

  /**
   * Returns the size of {@code struct epoll_event}.
   *
   * @param arch the architecture of the program
   * @return the size in bytes
   */
  public static int sizeofEpollEvent(Arch arch) {
    return arch == Arch.X86_64 ? 12 : 16;
  }

  /**
   * Returns the offset of the field {@code data} of {@code struct epoll_event}; {@code events} is
   * at 0.
   *
   * @param arch the architecture of the program
   * @return the offset in bytes
   */
  public static int epollEventData(Arch arch) {
    return arch == Arch.X86_64 ? 4 : 8;
  }
}
