package dev.gatun.linux;

/**
 * The kernel's and the C library's constants, with the names and values of the headers, for
 * everything that has the same value on x86-64 and on aarch64. What differs is a method of {@link
 * Arch}: {@code O_DIRECT}, {@code O_DIRECTORY}, {@code O_LARGEFILE}, {@code O_NOFOLLOW}, {@code
 * O_TMPFILE}.
 *
 * <p>All fields are compile-time constants, so using one loads no class. A value that does not fit
 * a positive {@code int} is a {@code long} and never sign-extended; the few negative ones ({@code
 * AT_FDCWD}, {@code KEY_SPEC_*}) are negative {@code int}s. A test compares each with what jextract
 * and the C compiler read from the headers of both architectures. The man page of the call that
 * takes a constant says what it means.
 */
public final class Constants {
  private Constants() {}

  // open(2), openat2(2): flags equal on both architectures

  public static final int O_RDONLY = 0;
  public static final int O_WRONLY = 01;
  public static final int O_RDWR = 02;
  public static final int O_ACCMODE = 03;
  public static final int O_CREAT = 0100;
  public static final int O_EXCL = 0200;
  public static final int O_NOCTTY = 0400;
  public static final int O_TRUNC = 01000;
  public static final int O_APPEND = 02000;
  public static final int O_NONBLOCK = 04000;
  public static final int O_DSYNC = 010000;
  public static final int O_SYNC = 04010000;
  public static final int O_NOATIME = 01000000;
  public static final int O_CLOEXEC = 02000000;
  public static final int O_PATH = 010000000;

  public static final int RESOLVE_NO_XDEV = 0x1;
  public static final int RESOLVE_NO_MAGICLINKS = 0x2;
  public static final int RESOLVE_NO_SYMLINKS = 0x4;
  public static final int RESOLVE_BENEATH = 0x8;
  public static final int RESOLVE_IN_ROOT = 0x10;
  public static final int RESOLVE_CACHED = 0x20;

  // The *at calls: directory and flags

  public static final int AT_FDCWD = -100;

  public static final int AT_SYMLINK_NOFOLLOW = 0x100;
  public static final int AT_EACCESS = 0x200;
  public static final int AT_REMOVEDIR = 0x200;
  public static final int AT_SYMLINK_FOLLOW = 0x400;
  public static final int AT_NO_AUTOMOUNT = 0x800;
  public static final int AT_EMPTY_PATH = 0x1000;
  public static final int AT_STATX_SYNC_TYPE = 0x6000;
  public static final int AT_STATX_SYNC_AS_STAT = 0x0;
  public static final int AT_STATX_FORCE_SYNC = 0x2000;
  public static final int AT_STATX_DONT_SYNC = 0x4000;
  public static final int AT_RECURSIVE = 0x8000;

  public static final int F_OK = 0;
  public static final int X_OK = 1;
  public static final int W_OK = 2;
  public static final int R_OK = 4;
  public static final int SEEK_SET = 0;
  public static final int SEEK_CUR = 1;
  public static final int SEEK_END = 2;

  public static final int RENAME_NOREPLACE = 0x1;
  public static final int RENAME_EXCHANGE = 0x2;
  public static final int RENAME_WHITEOUT = 0x4;

  // fcntl(2), flock(2)

  public static final int F_DUPFD = 0;
  public static final int F_GETFD = 1;
  public static final int F_SETFD = 2;
  public static final int F_GETFL = 3;
  public static final int F_SETFL = 4;
  public static final int F_GETLK = 5;
  public static final int F_SETLK = 6;
  public static final int F_SETLKW = 7;
  public static final int F_OFD_GETLK = 36;
  public static final int F_OFD_SETLK = 37;
  public static final int F_OFD_SETLKW = 38;
  public static final int F_DUPFD_CLOEXEC = 1030;
  public static final int F_SETPIPE_SZ = 1031;
  public static final int F_GETPIPE_SZ = 1032;
  public static final int F_ADD_SEALS = 1033;
  public static final int F_GET_SEALS = 1034;
  public static final int F_RDLCK = 0;
  public static final int F_WRLCK = 1;
  public static final int F_UNLCK = 2;
  public static final int FD_CLOEXEC = 1;

  public static final int F_SEAL_SEAL = 0x1;
  public static final int F_SEAL_SHRINK = 0x2;
  public static final int F_SEAL_GROW = 0x4;
  public static final int F_SEAL_WRITE = 0x8;
  public static final int F_SEAL_FUTURE_WRITE = 0x10;
  public static final int F_SEAL_EXEC = 0x20;

  public static final int LOCK_SH = 1;
  public static final int LOCK_EX = 2;
  public static final int LOCK_NB = 4;
  public static final int LOCK_UN = 8;

  public static final int CLOSE_RANGE_UNSHARE = 0x2;
  public static final int CLOSE_RANGE_CLOEXEC = 0x4;

  public static final int FALLOC_FL_KEEP_SIZE = 0x1;
  public static final int FALLOC_FL_PUNCH_HOLE = 0x2;
  public static final int SYNC_FILE_RANGE_WAIT_BEFORE = 0x1;
  public static final int SYNC_FILE_RANGE_WRITE = 0x2;
  public static final int SYNC_FILE_RANGE_WAIT_AFTER = 0x4;
  public static final int SPLICE_F_MOVE = 0x1;
  public static final int SPLICE_F_NONBLOCK = 0x2;
  public static final int SPLICE_F_MORE = 0x4;
  public static final int SPLICE_F_GIFT = 0x8;
  public static final int XATTR_CREATE = 0x1;
  public static final int XATTR_REPLACE = 0x2;

  // File types and permission bits

  public static final int S_IFMT = 0170000;
  public static final int S_IFSOCK = 0140000;
  public static final int S_IFLNK = 0120000;
  public static final int S_IFREG = 0100000;
  public static final int S_IFBLK = 060000;
  public static final int S_IFDIR = 040000;
  public static final int S_IFCHR = 020000;
  public static final int S_IFIFO = 010000;
  public static final int S_ISUID = 04000;
  public static final int S_ISGID = 02000;
  public static final int S_ISVTX = 01000;
  public static final int S_IRWXU = 0700;
  public static final int S_IRUSR = 0400;
  public static final int S_IWUSR = 0200;
  public static final int S_IXUSR = 0100;
  public static final int S_IRWXG = 070;
  public static final int S_IRGRP = 040;
  public static final int S_IWGRP = 020;
  public static final int S_IXGRP = 010;
  public static final int S_IRWXO = 07;
  public static final int S_IROTH = 04;
  public static final int S_IWOTH = 02;
  public static final int S_IXOTH = 01;

  public static final int DT_UNKNOWN = 0;
  public static final int DT_FIFO = 1;
  public static final int DT_CHR = 2;
  public static final int DT_DIR = 4;
  public static final int DT_BLK = 6;
  public static final int DT_REG = 8;
  public static final int DT_LNK = 10;
  public static final int DT_SOCK = 12;

  // statx(2)

  public static final int STATX_TYPE = 0x1;
  public static final int STATX_MODE = 0x2;
  public static final int STATX_NLINK = 0x4;
  public static final int STATX_UID = 0x8;
  public static final int STATX_GID = 0x10;
  public static final int STATX_ATIME = 0x20;
  public static final int STATX_MTIME = 0x40;
  public static final int STATX_CTIME = 0x80;
  public static final int STATX_INO = 0x100;
  public static final int STATX_SIZE = 0x200;
  public static final int STATX_BLOCKS = 0x400;
  public static final int STATX_BASIC_STATS = 0x7ff;
  public static final int STATX_BTIME = 0x800;
  public static final int STATX_MNT_ID = 0x1000;
  public static final int STATX_DIOALIGN = 0x2000;
  public static final int STATX_MNT_ID_UNIQUE = 0x4000;
  public static final int STATX_ATTR_COMPRESSED = 0x4;
  public static final int STATX_ATTR_IMMUTABLE = 0x10;
  public static final int STATX_ATTR_APPEND = 0x20;
  public static final int STATX_ATTR_NODUMP = 0x40;
  public static final int STATX_ATTR_ENCRYPTED = 0x800;
  public static final int STATX_ATTR_AUTOMOUNT = 0x1000;
  public static final int STATX_ATTR_MOUNT_ROOT = 0x2000;
  public static final int STATX_ATTR_VERITY = 0x100000;
  public static final int STATX_ATTR_DAX = 0x200000;

  // mount(2), umount2(2)

  public static final int MS_RDONLY = 0x1;
  public static final int MS_NOSUID = 0x2;
  public static final int MS_NODEV = 0x4;
  public static final int MS_NOEXEC = 0x8;
  public static final int MS_SYNCHRONOUS = 0x10;
  public static final int MS_REMOUNT = 0x20;
  public static final int MS_MANDLOCK = 0x40;
  public static final int MS_DIRSYNC = 0x80;
  public static final int MS_NOSYMFOLLOW = 0x100;
  public static final int MS_NOATIME = 0x400;
  public static final int MS_NODIRATIME = 0x800;
  public static final int MS_BIND = 0x1000;
  public static final int MS_MOVE = 0x2000;
  public static final int MS_REC = 0x4000;
  public static final int MS_SILENT = 0x8000;
  public static final int MS_POSIXACL = 0x10000;
  public static final int MS_UNBINDABLE = 0x20000;
  public static final int MS_PRIVATE = 0x40000;
  public static final int MS_SLAVE = 0x80000;
  public static final int MS_SHARED = 0x100000;
  public static final int MS_RELATIME = 0x200000;
  public static final int MS_KERNMOUNT = 0x400000;
  public static final int MS_I_VERSION = 0x800000;
  public static final int MS_STRICTATIME = 0x1000000;
  public static final int MS_LAZYTIME = 0x2000000;

  public static final int MNT_FORCE = 0x1;
  public static final int MNT_DETACH = 0x2;
  public static final int MNT_EXPIRE = 0x4;
  public static final int UMOUNT_NOFOLLOW = 0x8;

  // The mount calls by fd: open_tree(2), move_mount(2), fsopen(2), fsconfig(2), fsmount(2),
  // fspick(2), mount_setattr(2), statmount(2), listmount(2)

  public static final int OPEN_TREE_CLONE = 0x1;
  public static final int OPEN_TREE_CLOEXEC = 0x80000;

  public static final int MOVE_MOUNT_F_SYMLINKS = 0x1;
  public static final int MOVE_MOUNT_F_AUTOMOUNTS = 0x2;
  public static final int MOVE_MOUNT_F_EMPTY_PATH = 0x4;
  public static final int MOVE_MOUNT_T_SYMLINKS = 0x10;
  public static final int MOVE_MOUNT_T_AUTOMOUNTS = 0x20;
  public static final int MOVE_MOUNT_T_EMPTY_PATH = 0x40;
  public static final int MOVE_MOUNT_SET_GROUP = 0x100;
  public static final int MOVE_MOUNT_BENEATH = 0x200;

  public static final int FSOPEN_CLOEXEC = 0x1;
  public static final int FSPICK_CLOEXEC = 0x1;
  public static final int FSPICK_SYMLINK_NOFOLLOW = 0x2;
  public static final int FSPICK_NO_AUTOMOUNT = 0x4;
  public static final int FSPICK_EMPTY_PATH = 0x8;
  public static final int FSMOUNT_CLOEXEC = 0x1;

  public static final int FSCONFIG_SET_FLAG = 0;
  public static final int FSCONFIG_SET_STRING = 1;
  public static final int FSCONFIG_SET_BINARY = 2;
  public static final int FSCONFIG_SET_PATH = 3;
  public static final int FSCONFIG_SET_PATH_EMPTY = 4;
  public static final int FSCONFIG_SET_FD = 5;
  public static final int FSCONFIG_CMD_CREATE = 6;
  public static final int FSCONFIG_CMD_RECONFIGURE = 7;
  public static final int FSCONFIG_CMD_CREATE_EXCL = 8;

  public static final int MOUNT_ATTR_RDONLY = 0x1;
  public static final int MOUNT_ATTR_NOSUID = 0x2;
  public static final int MOUNT_ATTR_NODEV = 0x4;
  public static final int MOUNT_ATTR_NOEXEC = 0x8;
  public static final int MOUNT_ATTR__ATIME = 0x70;
  public static final int MOUNT_ATTR_RELATIME = 0x0;
  public static final int MOUNT_ATTR_NOATIME = 0x10;
  public static final int MOUNT_ATTR_STRICTATIME = 0x20;
  public static final int MOUNT_ATTR_NODIRATIME = 0x80;
  public static final int MOUNT_ATTR_IDMAP = 0x100000;
  public static final int MOUNT_ATTR_NOSYMFOLLOW = 0x200000;
  public static final int MOUNT_ATTR_SIZE_VER0 = 0x20;

  public static final int STATMOUNT_SB_BASIC = 0x1;
  public static final int STATMOUNT_MNT_BASIC = 0x2;
  public static final int STATMOUNT_PROPAGATE_FROM = 0x4;
  public static final int STATMOUNT_MNT_ROOT = 0x8;
  public static final int STATMOUNT_MNT_POINT = 0x10;
  public static final int STATMOUNT_FS_TYPE = 0x20;
  public static final long LSMT_ROOT = 0xffffffffffffffffL;
  public static final int MNT_ID_REQ_SIZE_VER0 = 0x18;

  // File system types, statfs(2)

  public static final int ST_RDONLY = 0x1;
  public static final int ST_NOSUID = 0x2;
  public static final int ST_NODEV = 0x4;
  public static final int ST_NOEXEC = 0x8;
  public static final int ST_SYNCHRONOUS = 0x10;
  public static final int ST_MANDLOCK = 0x40;
  public static final int ST_NOATIME = 0x400;
  public static final int ST_NODIRATIME = 0x800;
  public static final int ST_RELATIME = 0x1000;
  public static final int ST_NOSYMFOLLOW = 0x2000;

  public static final int CGROUP_SUPER_MAGIC = 0x27e0eb;
  public static final int CGROUP2_SUPER_MAGIC = 0x63677270;
  public static final int PROC_SUPER_MAGIC = 0x9fa0;
  public static final int SYSFS_MAGIC = 0x62656572;
  public static final int TMPFS_MAGIC = 0x1021994;
  public static final long RAMFS_MAGIC = 0x858458f6L;
  public static final int DEVPTS_SUPER_MAGIC = 0x1cd1;
  public static final int MQUEUE_MAGIC = 0x19800202;
  public static final int NSFS_MAGIC = 0x6e736673;
  public static final int PIPEFS_MAGIC = 0x50495045;
  public static final int SOCKFS_MAGIC = 0x534f434b;
  public static final int EXT4_SUPER_MAGIC = 0xef53;
  public static final int XFS_SUPER_MAGIC = 0x58465342;
  public static final long BTRFS_SUPER_MAGIC = 0x9123683eL;
  public static final int OVERLAYFS_SUPER_MAGIC = 0x794c7630;
  public static final int NFS_SUPER_MAGIC = 0x6969;
  public static final int FUSE_SUPER_MAGIC = 0x65735546;
  public static final int SQUASHFS_MAGIC = 0x73717368;
  public static final long EROFS_SUPER_MAGIC_V1 = 0xe0f5e1e2L;
  public static final long F2FS_SUPER_MAGIC = 0xf2f52010L;
  public static final int DEBUGFS_MAGIC = 0x64626720;
  public static final int TRACEFS_MAGIC = 0x74726163;
  public static final int SECURITYFS_MAGIC = 0x73636673;
  public static final long SELINUX_MAGIC = 0xf97cff8cL;
  public static final long BPF_FS_MAGIC = 0xcafe4a11L;
  public static final long HUGETLBFS_MAGIC = 0x958458f6L;
  public static final int BINFMTFS_MAGIC = 0x42494e4d;
  public static final int PID_FS_MAGIC = 0x50494446;
  public static final int ANON_INODE_FS_MAGIC = 0x9041934;

  // clone3(2), unshare(2), setns(2)

  public static final int CSIGNAL = 0xff;
  public static final int CLONE_VM = 0x100;
  public static final int CLONE_FS = 0x200;
  public static final int CLONE_FILES = 0x400;
  public static final int CLONE_SIGHAND = 0x800;
  public static final int CLONE_PIDFD = 0x1000;
  public static final int CLONE_PTRACE = 0x2000;
  public static final int CLONE_VFORK = 0x4000;
  public static final int CLONE_PARENT = 0x8000;
  public static final int CLONE_THREAD = 0x10000;
  public static final int CLONE_NEWNS = 0x20000;
  public static final int CLONE_SYSVSEM = 0x40000;
  public static final int CLONE_SETTLS = 0x80000;
  public static final int CLONE_PARENT_SETTID = 0x100000;
  public static final int CLONE_CHILD_CLEARTID = 0x200000;
  public static final int CLONE_UNTRACED = 0x800000;
  public static final int CLONE_CHILD_SETTID = 0x1000000;
  public static final int CLONE_NEWCGROUP = 0x2000000;
  public static final int CLONE_NEWUTS = 0x4000000;
  public static final int CLONE_NEWIPC = 0x8000000;
  public static final int CLONE_NEWUSER = 0x10000000;
  public static final int CLONE_NEWPID = 0x20000000;
  public static final int CLONE_NEWNET = 0x40000000;
  public static final long CLONE_IO = 0x80000000L;
  public static final int CLONE_NEWTIME = 0x80;
  public static final long CLONE_CLEAR_SIGHAND = 0x100000000L;
  public static final long CLONE_INTO_CGROUP = 0x200000000L;

  // wait(2), waitid(2), pidfd_open(2)

  public static final int P_ALL = 0;
  public static final int P_PID = 1;
  public static final int P_PGID = 2;
  public static final int P_PIDFD = 3;

  public static final int WNOHANG = 0x1;
  public static final int WUNTRACED = 0x2;
  public static final int WSTOPPED = 0x2;
  public static final int WEXITED = 0x4;
  public static final int WCONTINUED = 0x8;
  public static final int WNOWAIT = 0x1000000;
  public static final int __WNOTHREAD = 0x20000000;
  public static final int __WALL = 0x40000000;
  public static final long __WCLONE = 0x80000000L;

  public static final int CLD_EXITED = 1;
  public static final int CLD_KILLED = 2;
  public static final int CLD_DUMPED = 3;
  public static final int CLD_TRAPPED = 4;
  public static final int CLD_STOPPED = 5;
  public static final int CLD_CONTINUED = 6;

  public static final int PIDFD_NONBLOCK = 0x800;
  public static final int PIDFD_THREAD = 0x80;
  public static final int PIDFD_SIGNAL_THREAD = 0x1;
  public static final int PIDFD_SIGNAL_THREAD_GROUP = 0x2;
  public static final int PIDFD_SIGNAL_PROCESS_GROUP = 0x4;

  // Signals

  public static final int SIGHUP = 1;
  public static final int SIGINT = 2;
  public static final int SIGQUIT = 3;
  public static final int SIGILL = 4;
  public static final int SIGTRAP = 5;
  public static final int SIGABRT = 6;
  public static final int SIGIOT = 6;
  public static final int SIGBUS = 7;
  public static final int SIGFPE = 8;
  public static final int SIGKILL = 9;
  public static final int SIGUSR1 = 10;
  public static final int SIGSEGV = 11;
  public static final int SIGUSR2 = 12;
  public static final int SIGPIPE = 13;
  public static final int SIGALRM = 14;
  public static final int SIGTERM = 15;
  public static final int SIGSTKFLT = 16;
  public static final int SIGCHLD = 17;
  public static final int SIGCONT = 18;
  public static final int SIGSTOP = 19;
  public static final int SIGTSTP = 20;
  public static final int SIGTTIN = 21;
  public static final int SIGTTOU = 22;
  public static final int SIGURG = 23;
  public static final int SIGXCPU = 24;
  public static final int SIGXFSZ = 25;
  public static final int SIGVTALRM = 26;
  public static final int SIGPROF = 27;
  public static final int SIGWINCH = 28;
  public static final int SIGIO = 29;
  public static final int SIGPOLL = 29;
  public static final int SIGPWR = 30;
  public static final int SIGSYS = 31;

  public static final int SIG_BLOCK = 0;
  public static final int SIG_UNBLOCK = 1;
  public static final int SIG_SETMASK = 2;
  public static final int SIG_DFL = 0;
  public static final int SIG_IGN = 1;
  public static final int SI_USER = 0;
  public static final int SI_KERNEL = 128;
  public static final long SI_QUEUE = 4294967295L;

  public static final int SA_NOCLDSTOP = 0x1;
  public static final int SA_NOCLDWAIT = 0x2;
  public static final int SA_SIGINFO = 0x4;
  public static final int SA_ONSTACK = 0x8000000;
  public static final int SA_RESTART = 0x10000000;
  public static final int SA_NODEFER = 0x40000000;
  public static final long SA_RESETHAND = 0x80000000L;
  public static final int SA_RESTORER = 0x4000000;
  public static final int SFD_CLOEXEC = 0x80000;
  public static final int SFD_NONBLOCK = 0x800;

  // poll(2), epoll(7), eventfd(2), inotify(7)

  public static final int POLLIN = 0x1;
  public static final int POLLPRI = 0x2;
  public static final int POLLOUT = 0x4;
  public static final int POLLERR = 0x8;
  public static final int POLLHUP = 0x10;
  public static final int POLLNVAL = 0x20;
  public static final int POLLRDHUP = 0x2000;

  public static final int EPOLLIN = 0x1;
  public static final int EPOLLPRI = 0x2;
  public static final int EPOLLOUT = 0x4;
  public static final int EPOLLERR = 0x8;
  public static final int EPOLLHUP = 0x10;
  public static final int EPOLLRDHUP = 0x2000;
  public static final int EPOLLEXCLUSIVE = 0x10000000;
  public static final int EPOLLONESHOT = 0x40000000;
  public static final long EPOLLET = 0x80000000L;
  public static final int EPOLL_CLOEXEC = 0x80000;

  public static final int EPOLL_CTL_ADD = 1;
  public static final int EPOLL_CTL_DEL = 2;
  public static final int EPOLL_CTL_MOD = 3;

  public static final int EFD_SEMAPHORE = 0x1;
  public static final int EFD_CLOEXEC = 0x80000;
  public static final int EFD_NONBLOCK = 0x800;

  public static final int IN_ACCESS = 0x1;
  public static final int IN_MODIFY = 0x2;
  public static final int IN_ATTRIB = 0x4;
  public static final int IN_CLOSE_WRITE = 0x8;
  public static final int IN_CLOSE_NOWRITE = 0x10;
  public static final int IN_OPEN = 0x20;
  public static final int IN_MOVED_FROM = 0x40;
  public static final int IN_MOVED_TO = 0x80;
  public static final int IN_CREATE = 0x100;
  public static final int IN_DELETE = 0x200;
  public static final int IN_DELETE_SELF = 0x400;
  public static final int IN_MOVE_SELF = 0x800;
  public static final int IN_UNMOUNT = 0x2000;
  public static final int IN_Q_OVERFLOW = 0x4000;
  public static final int IN_IGNORED = 0x8000;
  public static final int IN_ONLYDIR = 0x1000000;
  public static final int IN_DONT_FOLLOW = 0x2000000;
  public static final int IN_MASK_ADD = 0x20000000;
  public static final int IN_ISDIR = 0x40000000;
  public static final int IN_CLOEXEC = 0x80000;
  public static final int IN_NONBLOCK = 0x800;

  // Clocks and timers

  public static final int CLOCK_REALTIME = 0;
  public static final int CLOCK_MONOTONIC = 1;
  public static final int CLOCK_PROCESS_CPUTIME_ID = 2;
  public static final int CLOCK_THREAD_CPUTIME_ID = 3;
  public static final int CLOCK_MONOTONIC_RAW = 4;
  public static final int CLOCK_REALTIME_COARSE = 5;
  public static final int CLOCK_MONOTONIC_COARSE = 6;
  public static final int CLOCK_BOOTTIME = 7;

  public static final int TIMER_ABSTIME = 0x1;
  public static final int TFD_TIMER_ABSTIME = 0x1;
  public static final int TFD_TIMER_CANCEL_ON_SET = 0x2;
  public static final int TFD_CLOEXEC = 0x80000;
  public static final int TFD_NONBLOCK = 0x800;

  // prctl(2)

  public static final int PR_SET_PDEATHSIG = 1;
  public static final int PR_GET_PDEATHSIG = 2;
  public static final int PR_GET_DUMPABLE = 3;
  public static final int PR_SET_DUMPABLE = 4;
  public static final int PR_GET_KEEPCAPS = 7;
  public static final int PR_SET_KEEPCAPS = 8;
  public static final int PR_SET_NAME = 15;
  public static final int PR_GET_NAME = 16;
  public static final int PR_GET_SECCOMP = 21;
  public static final int PR_SET_SECCOMP = 22;
  public static final int PR_CAPBSET_READ = 23;
  public static final int PR_CAPBSET_DROP = 24;
  public static final int PR_GET_SECUREBITS = 27;
  public static final int PR_SET_SECUREBITS = 28;
  public static final int PR_SET_TIMERSLACK = 29;
  public static final int PR_GET_TIMERSLACK = 30;
  public static final int PR_SET_MM = 35;
  public static final int PR_SET_CHILD_SUBREAPER = 36;
  public static final int PR_GET_CHILD_SUBREAPER = 37;
  public static final int PR_SET_NO_NEW_PRIVS = 38;
  public static final int PR_GET_NO_NEW_PRIVS = 39;
  public static final int PR_SET_THP_DISABLE = 41;
  public static final int PR_GET_THP_DISABLE = 42;
  public static final int PR_CAP_AMBIENT = 47;
  public static final int PR_CAP_AMBIENT_IS_SET = 1;
  public static final int PR_CAP_AMBIENT_RAISE = 2;
  public static final int PR_CAP_AMBIENT_LOWER = 3;
  public static final int PR_CAP_AMBIENT_CLEAR_ALL = 4;
  public static final int PR_GET_SPECULATION_CTRL = 52;
  public static final int PR_SET_SPECULATION_CTRL = 53;
  public static final int PR_SET_IO_FLUSHER = 57;
  public static final int PR_SCHED_CORE = 62;
  public static final int PR_SET_MDWE = 65;
  public static final int PR_SET_VMA = 1398164801;

  public static final int SECBIT_NOROOT = 0x1;
  public static final int SECBIT_NOROOT_LOCKED = 0x2;
  public static final int SECBIT_NO_SETUID_FIXUP = 0x4;
  public static final int SECBIT_NO_SETUID_FIXUP_LOCKED = 0x8;
  public static final int SECBIT_KEEP_CAPS = 0x10;
  public static final int SECBIT_KEEP_CAPS_LOCKED = 0x20;
  public static final int SECBIT_NO_CAP_AMBIENT_RAISE = 0x40;
  public static final int SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED = 0x80;

  public static final int SUID_DUMP_DISABLE = 0;
  public static final int SUID_DUMP_USER = 1;
  public static final int SUID_DUMP_ROOT = 2;

  // capabilities(7)

  public static final int CAP_CHOWN = 0;
  public static final int CAP_DAC_OVERRIDE = 1;
  public static final int CAP_DAC_READ_SEARCH = 2;
  public static final int CAP_FOWNER = 3;
  public static final int CAP_FSETID = 4;
  public static final int CAP_KILL = 5;
  public static final int CAP_SETGID = 6;
  public static final int CAP_SETUID = 7;
  public static final int CAP_SETPCAP = 8;
  public static final int CAP_LINUX_IMMUTABLE = 9;
  public static final int CAP_NET_BIND_SERVICE = 10;
  public static final int CAP_NET_BROADCAST = 11;
  public static final int CAP_NET_ADMIN = 12;
  public static final int CAP_NET_RAW = 13;
  public static final int CAP_IPC_LOCK = 14;
  public static final int CAP_IPC_OWNER = 15;
  public static final int CAP_SYS_MODULE = 16;
  public static final int CAP_SYS_RAWIO = 17;
  public static final int CAP_SYS_CHROOT = 18;
  public static final int CAP_SYS_PTRACE = 19;
  public static final int CAP_SYS_PACCT = 20;
  public static final int CAP_SYS_ADMIN = 21;
  public static final int CAP_SYS_BOOT = 22;
  public static final int CAP_SYS_NICE = 23;
  public static final int CAP_SYS_RESOURCE = 24;
  public static final int CAP_SYS_TIME = 25;
  public static final int CAP_SYS_TTY_CONFIG = 26;
  public static final int CAP_MKNOD = 27;
  public static final int CAP_LEASE = 28;
  public static final int CAP_AUDIT_WRITE = 29;
  public static final int CAP_AUDIT_CONTROL = 30;
  public static final int CAP_SETFCAP = 31;
  public static final int CAP_MAC_OVERRIDE = 32;
  public static final int CAP_MAC_ADMIN = 33;
  public static final int CAP_SYSLOG = 34;
  public static final int CAP_WAKE_ALARM = 35;
  public static final int CAP_BLOCK_SUSPEND = 36;
  public static final int CAP_AUDIT_READ = 37;
  public static final int CAP_PERFMON = 38;
  public static final int CAP_BPF = 39;
  public static final int CAP_CHECKPOINT_RESTORE = 40;
  public static final int CAP_LAST_CAP = 40;

  public static final int _LINUX_CAPABILITY_VERSION_3 = 0x20080522;
  public static final int _LINUX_CAPABILITY_U32S_3 = 0x2;

  // prlimit(2)

  public static final int RLIMIT_CPU = 0;
  public static final int RLIMIT_FSIZE = 1;
  public static final int RLIMIT_DATA = 2;
  public static final int RLIMIT_STACK = 3;
  public static final int RLIMIT_CORE = 4;
  public static final int RLIMIT_RSS = 5;
  public static final int RLIMIT_NPROC = 6;
  public static final int RLIMIT_NOFILE = 7;
  public static final int RLIMIT_MEMLOCK = 8;
  public static final int RLIMIT_AS = 9;
  public static final int RLIMIT_LOCKS = 10;
  public static final int RLIMIT_SIGPENDING = 11;
  public static final int RLIMIT_MSGQUEUE = 12;
  public static final int RLIMIT_NICE = 13;
  public static final int RLIMIT_RTPRIO = 14;
  public static final int RLIMIT_RTTIME = 15;
  public static final int RLIM_NLIMITS = 16;

  public static final long RLIM64_INFINITY = 0xffffffffffffffffL;

  // sched_setattr(2), ioprio_set(2), setpriority(2)

  public static final int SCHED_NORMAL = 0;
  public static final int SCHED_FIFO = 1;
  public static final int SCHED_RR = 2;
  public static final int SCHED_BATCH = 3;
  public static final int SCHED_IDLE = 5;
  public static final int SCHED_DEADLINE = 6;

  public static final int SCHED_RESET_ON_FORK = 0x40000000;
  public static final int SCHED_FLAG_RESET_ON_FORK = 0x1;
  public static final int SCHED_FLAG_RECLAIM = 0x2;
  public static final int SCHED_FLAG_DL_OVERRUN = 0x4;
  public static final int SCHED_FLAG_KEEP_POLICY = 0x8;
  public static final int SCHED_FLAG_KEEP_PARAMS = 0x10;
  public static final int SCHED_FLAG_UTIL_CLAMP_MIN = 0x20;
  public static final int SCHED_FLAG_UTIL_CLAMP_MAX = 0x40;
  public static final int SCHED_FLAG_ALL = 0x7f;

  public static final int SCHED_ATTR_SIZE_VER0 = 48;
  public static final int SCHED_ATTR_SIZE_VER1 = 56;

  public static final int IOPRIO_CLASS_SHIFT = 13;
  public static final int IOPRIO_CLASS_NONE = 0;
  public static final int IOPRIO_CLASS_RT = 1;
  public static final int IOPRIO_CLASS_BE = 2;
  public static final int IOPRIO_CLASS_IDLE = 3;
  public static final int IOPRIO_WHO_PROCESS = 1;
  public static final int IOPRIO_WHO_PGRP = 2;
  public static final int IOPRIO_WHO_USER = 3;
  public static final int PRIO_PROCESS = 0;
  public static final int PRIO_PGRP = 1;
  public static final int PRIO_USER = 2;

  // set_mempolicy(2), mbind(2)

  public static final int MPOL_DEFAULT = 0;
  public static final int MPOL_PREFERRED = 1;
  public static final int MPOL_BIND = 2;
  public static final int MPOL_INTERLEAVE = 3;
  public static final int MPOL_LOCAL = 4;
  public static final int MPOL_PREFERRED_MANY = 5;
  public static final int MPOL_WEIGHTED_INTERLEAVE = 6;

  public static final int MPOL_F_STATIC_NODES = 0x8000;
  public static final int MPOL_F_RELATIVE_NODES = 0x4000;
  public static final int MPOL_F_NUMA_BALANCING = 0x2000;

  // personality(2)

  public static final int PER_LINUX = 0x0;
  public static final int PER_LINUX32 = 0x8;
  public static final int ADDR_NO_RANDOMIZE = 0x40000;
  public static final int READ_IMPLIES_EXEC = 0x400000;
  public static final int UNAME26 = 0x20000;

  // keyctl(2)

  public static final int KEYCTL_GET_KEYRING_ID = 0;
  public static final int KEYCTL_JOIN_SESSION_KEYRING = 1;
  public static final int KEYCTL_UPDATE = 2;
  public static final int KEYCTL_REVOKE = 3;
  public static final int KEYCTL_CHOWN = 4;
  public static final int KEYCTL_SETPERM = 5;
  public static final int KEYCTL_DESCRIBE = 6;
  public static final int KEYCTL_CLEAR = 7;
  public static final int KEYCTL_LINK = 8;
  public static final int KEYCTL_UNLINK = 9;
  public static final int KEYCTL_SEARCH = 10;
  public static final int KEYCTL_READ = 11;
  public static final int KEY_SPEC_THREAD_KEYRING = -1;
  public static final int KEY_SPEC_PROCESS_KEYRING = -2;
  public static final int KEY_SPEC_SESSION_KEYRING = -3;
  public static final int KEY_SPEC_USER_KEYRING = -4;
  public static final int KEY_SPEC_USER_SESSION_KEYRING = -5;

  // seccomp(2)

  public static final int SECCOMP_MODE_DISABLED = 0;
  public static final int SECCOMP_MODE_STRICT = 1;
  public static final int SECCOMP_MODE_FILTER = 2;
  public static final int SECCOMP_SET_MODE_STRICT = 0;
  public static final int SECCOMP_SET_MODE_FILTER = 1;
  public static final int SECCOMP_GET_ACTION_AVAIL = 2;
  public static final int SECCOMP_GET_NOTIF_SIZES = 3;

  public static final int SECCOMP_FILTER_FLAG_TSYNC = 0x1;
  public static final int SECCOMP_FILTER_FLAG_LOG = 0x2;
  public static final int SECCOMP_FILTER_FLAG_SPEC_ALLOW = 0x4;
  public static final int SECCOMP_FILTER_FLAG_NEW_LISTENER = 0x8;
  public static final int SECCOMP_FILTER_FLAG_TSYNC_ESRCH = 0x10;
  public static final int SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 0x20;
  public static final long SECCOMP_RET_KILL_PROCESS = 0x80000000L;
  public static final int SECCOMP_RET_KILL_THREAD = 0x0;
  public static final int SECCOMP_RET_TRAP = 0x30000;
  public static final int SECCOMP_RET_ERRNO = 0x50000;
  public static final int SECCOMP_RET_USER_NOTIF = 0x7fc00000;
  public static final int SECCOMP_RET_TRACE = 0x7ff00000;
  public static final int SECCOMP_RET_LOG = 0x7ffc0000;
  public static final int SECCOMP_RET_ALLOW = 0x7fff0000;
  public static final long SECCOMP_RET_ACTION_FULL = 0xffff0000L;
  public static final int SECCOMP_RET_DATA = 0xffff;

  public static final long AUDIT_ARCH_X86_64 = 0xc000003eL;
  public static final int AUDIT_ARCH_I386 = 0x40000003;
  public static final long AUDIT_ARCH_AARCH64 = 0xc00000b7L;
  public static final int AUDIT_ARCH_ARM = 0x40000028;

  // Classic BPF

  public static final int BPF_LD = 0x0;
  public static final int BPF_LDX = 0x1;
  public static final int BPF_ST = 0x2;
  public static final int BPF_STX = 0x3;
  public static final int BPF_ALU = 0x4;
  public static final int BPF_JMP = 0x5;
  public static final int BPF_RET = 0x6;
  public static final int BPF_MISC = 0x7;
  public static final int BPF_W = 0x0;
  public static final int BPF_H = 0x8;
  public static final int BPF_B = 0x10;
  public static final int BPF_IMM = 0x0;
  public static final int BPF_ABS = 0x20;
  public static final int BPF_IND = 0x40;
  public static final int BPF_MEM = 0x60;
  public static final int BPF_ADD = 0x0;
  public static final int BPF_SUB = 0x10;
  public static final int BPF_MUL = 0x20;
  public static final int BPF_DIV = 0x30;
  public static final int BPF_OR = 0x40;
  public static final int BPF_AND = 0x50;
  public static final int BPF_LSH = 0x60;
  public static final int BPF_RSH = 0x70;
  public static final int BPF_NEG = 0x80;
  public static final int BPF_MOD = 0x90;
  public static final int BPF_XOR = 0xa0;
  public static final int BPF_JA = 0x0;
  public static final int BPF_JEQ = 0x10;
  public static final int BPF_JGT = 0x20;
  public static final int BPF_JGE = 0x30;
  public static final int BPF_JSET = 0x40;
  public static final int BPF_K = 0x0;
  public static final int BPF_X = 0x8;
  public static final int BPF_A = 0x10;
  public static final int BPF_MAXINSNS = 0x1000;

  // bpf(2)

  public static final int BPF_DW = 0x18;
  public static final int BPF_ALU64 = 0x7;
  public static final int BPF_JMP32 = 0x6;
  public static final int BPF_MOV = 0xb0;
  public static final int BPF_JNE = 0x50;
  public static final int BPF_CALL = 0x80;
  public static final int BPF_EXIT = 0x90;
  public static final int BPF_REG_0 = 0x0;
  public static final int BPF_REG_1 = 0x1;
  public static final int BPF_REG_2 = 0x2;
  public static final int BPF_REG_3 = 0x3;
  public static final int BPF_REG_4 = 0x4;
  public static final int BPF_REG_5 = 0x5;
  public static final int BPF_REG_6 = 0x6;
  public static final int BPF_REG_10 = 0xa;

  public static final int BPF_PROG_LOAD = 5;
  public static final int BPF_OBJ_PIN = 6;
  public static final int BPF_OBJ_GET = 7;
  public static final int BPF_PROG_ATTACH = 8;
  public static final int BPF_PROG_DETACH = 9;
  public static final int BPF_PROG_GET_NEXT_ID = 11;
  public static final int BPF_PROG_GET_FD_BY_ID = 13;
  public static final int BPF_OBJ_GET_INFO_BY_FD = 15;
  public static final int BPF_PROG_QUERY = 16;
  public static final int BPF_LINK_CREATE = 28;
  public static final int BPF_PROG_TYPE_CGROUP_DEVICE = 15;
  public static final int BPF_CGROUP_DEVICE = 6;

  public static final int BPF_F_ALLOW_OVERRIDE = 0x1;
  public static final int BPF_F_ALLOW_MULTI = 0x2;
  public static final int BPF_F_REPLACE = 0x4;
  public static final int BPF_F_QUERY_EFFECTIVE = 0x1;
  public static final int BPF_DEVCG_ACC_MKNOD = 0x1;
  public static final int BPF_DEVCG_ACC_READ = 0x2;
  public static final int BPF_DEVCG_ACC_WRITE = 0x4;
  public static final int BPF_DEVCG_DEV_BLOCK = 0x1;
  public static final int BPF_DEVCG_DEV_CHAR = 0x2;

  // mmap(2), madvise(2), memfd_create(2), getrandom(2)

  public static final int PROT_NONE = 0x0;
  public static final int PROT_READ = 0x1;
  public static final int PROT_WRITE = 0x2;
  public static final int PROT_EXEC = 0x4;
  public static final int MAP_SHARED = 0x1;
  public static final int MAP_PRIVATE = 0x2;
  public static final int MAP_SHARED_VALIDATE = 0x3;
  public static final int MAP_FIXED = 0x10;
  public static final int MAP_ANONYMOUS = 0x20;
  public static final int MAP_GROWSDOWN = 0x100;
  public static final int MAP_LOCKED = 0x2000;
  public static final int MAP_NORESERVE = 0x4000;
  public static final int MAP_POPULATE = 0x8000;
  public static final int MAP_STACK = 0x20000;
  public static final int MAP_HUGETLB = 0x40000;
  public static final int MAP_FIXED_NOREPLACE = 0x100000;
  public static final int MREMAP_MAYMOVE = 0x1;
  public static final int MREMAP_FIXED = 0x2;

  public static final int MADV_NORMAL = 0;
  public static final int MADV_WILLNEED = 3;
  public static final int MADV_DONTNEED = 4;
  public static final int MADV_FREE = 8;
  public static final int MADV_REMOVE = 9;
  public static final int MADV_DONTFORK = 10;
  public static final int MADV_DOFORK = 11;
  public static final int MADV_HUGEPAGE = 14;
  public static final int MADV_NOHUGEPAGE = 15;
  public static final int MADV_DONTDUMP = 16;
  public static final int MADV_WIPEONFORK = 18;
  public static final int MADV_COLD = 20;
  public static final int MADV_PAGEOUT = 21;
  public static final int MADV_COLLAPSE = 25;

  public static final int MFD_CLOEXEC = 0x1;
  public static final int MFD_ALLOW_SEALING = 0x2;
  public static final int MFD_HUGETLB = 0x4;
  public static final int MFD_NOEXEC_SEAL = 0x8;
  public static final int MFD_EXEC = 0x10;
  public static final int GRND_NONBLOCK = 0x1;
  public static final int GRND_RANDOM = 0x2;

  // Sockets

  public static final int AF_UNSPEC = 0;
  public static final int AF_UNIX = 1;
  public static final int AF_INET = 2;
  public static final int AF_INET6 = 10;
  public static final int AF_NETLINK = 16;
  public static final int AF_PACKET = 17;
  public static final int AF_VSOCK = 40;

  public static final int SOCK_STREAM = 0x1;
  public static final int SOCK_DGRAM = 0x2;
  public static final int SOCK_RAW = 0x3;
  public static final int SOCK_SEQPACKET = 0x5;
  public static final int SOCK_CLOEXEC = 0x80000;
  public static final int SOCK_NONBLOCK = 0x800;

  public static final int SOL_SOCKET = 1;
  public static final int SOL_NETLINK = 270;
  public static final int SO_REUSEADDR = 2;
  public static final int SO_TYPE = 3;
  public static final int SO_ERROR = 4;
  public static final int SO_SNDBUF = 7;
  public static final int SO_RCVBUF = 8;
  public static final int SO_PASSCRED = 16;
  public static final int SO_PEERCRED = 17;
  public static final int SO_PEERSEC = 31;
  public static final int SO_PEERGROUPS = 59;
  public static final int SO_RCVTIMEO = 20;
  public static final int SO_SNDTIMEO = 21;
  public static final int SO_PEERPIDFD = 77;
  public static final int SO_PASSPIDFD = 76;
  public static final int SCM_RIGHTS = 1;
  public static final int SCM_CREDENTIALS = 2;
  public static final int SHUT_RD = 0;
  public static final int SHUT_WR = 1;
  public static final int SHUT_RDWR = 2;
  public static final int SOMAXCONN = 4096;

  public static final int MSG_PEEK = 0x2;
  public static final int MSG_CTRUNC = 0x8;
  public static final int MSG_TRUNC = 0x20;
  public static final int MSG_DONTWAIT = 0x40;
  public static final int MSG_WAITALL = 0x100;
  public static final int MSG_NOSIGNAL = 0x4000;
  public static final int MSG_CMSG_CLOEXEC = 0x40000000;

  public static final int IPPROTO_TCP = 6;
  public static final int IPPROTO_UDP = 17;
  public static final int NETLINK_ROUTE = 0;
  public static final int NETLINK_NETFILTER = 12;

  // Network devices

  public static final int IFF_UP = 0x1;
  public static final int IFF_LOOPBACK = 0x8;
  public static final int IFF_RUNNING = 0x40;
  public static final int SIOCGIFFLAGS = 0x8913;
  public static final int SIOCSIFFLAGS = 0x8914;
  public static final int SIOCGIFINDEX = 0x8933;
  public static final int SIOCGIFNAME = 0x8910;
  public static final int SIOCGIFHWADDR = 0x8927;
  public static final int SIOCSIFNAME = 0x8923;

  public static final int IFNAMSIZ = 16;

  // ioctl(2)

  public static final int TCGETS = 0x5401;
  public static final int TCSETS = 0x5402;
  public static final int TCSETSW = 0x5403;
  public static final int TCSETSF = 0x5404;
  public static final int TIOCSCTTY = 0x540e;
  public static final int TIOCNOTTY = 0x5422;
  public static final int TIOCGPGRP = 0x540f;
  public static final int TIOCSPGRP = 0x5410;
  public static final int TIOCGWINSZ = 0x5413;
  public static final int TIOCSWINSZ = 0x5414;
  public static final long TIOCGPTN = 0x80045430L;
  public static final int TIOCSPTLCK = 0x40045431;
  public static final int TIOCGPTPEER = 0x5441;
  public static final long TIOCGPTLCK = 0x80045439L;
  public static final int FIONREAD = 0x541b;
  public static final int FIONBIO = 0x5421;
  public static final int FIOCLEX = 0x5451;
  public static final int FIONCLEX = 0x5450;
  public static final int NS_GET_USERNS = 0xb701;
  public static final int NS_GET_PARENT = 0xb702;
  public static final int NS_GET_NSTYPE = 0xb703;
  public static final int NS_GET_OWNER_UID = 0xb704;
  public static final int FICLONE = 0x40049409;

  // termios(3): bits of a raw terminal

  public static final int IGNBRK = 01;
  public static final int BRKINT = 02;
  public static final int PARMRK = 010;
  public static final int ISTRIP = 040;
  public static final int INLCR = 0100;
  public static final int IGNCR = 0200;
  public static final int ICRNL = 0400;
  public static final int IXON = 02000;
  public static final int OPOST = 01;
  public static final int ONLCR = 04;
  public static final int ECHO = 010;
  public static final int ECHONL = 0100;
  public static final int ICANON = 02;
  public static final int ISIG = 01;
  public static final int IEXTEN = 0100000;
  public static final int CSIZE = 060;
  public static final int PARENB = 0400;
  public static final int CS8 = 060;

  public static final int VMIN = 6;
  public static final int VTIME = 5;

  // ELF and the auxiliary vector

  public static final int ET_EXEC = 2;
  public static final int ET_DYN = 3;
  public static final int EM_X86_64 = 62;
  public static final int EM_AARCH64 = 183;
  public static final int PT_LOAD = 1;
  public static final int PT_GNU_STACK = 1685382481;
  public static final int PF_X = 1;
  public static final int PF_W = 2;
  public static final int PF_R = 4;
  public static final int AT_NULL = 0;
  public static final int AT_PHDR = 3;
  public static final int AT_PAGESZ = 6;
  public static final int AT_BASE = 7;
  public static final int AT_ENTRY = 9;
  public static final int AT_UID = 11;
  public static final int AT_SECURE = 23;
  public static final int AT_RANDOM = 25;
  public static final int AT_EXECFN = 31;
  public static final int AT_SYSINFO_EHDR = 33;

  // futex(2), limits

  public static final int FUTEX_WAIT = 0;
  public static final int FUTEX_WAKE = 1;
  public static final int FUTEX_PRIVATE_FLAG = 128;
  public static final int PATH_MAX = 4096;
  public static final int NAME_MAX = 255;
  public static final int NGROUPS_MAX = 65536;
  public static final int UIO_MAXIOV = 1024;
}
