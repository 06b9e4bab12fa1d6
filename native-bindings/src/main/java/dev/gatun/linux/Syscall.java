package dev.gatun.linux;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The system calls that Gatun's programs use, or have to know by name, with their numbers on each
 * architecture. Only calls that both architectures have are here: no {@code open}, {@code fork},
 * {@code pipe} or {@code chown}, since aarch64 has their newer forms alone.
 *
 * <p>Each is described by the man page of its name in section 2.
 */
public enum Syscall {
  /** {@code read(2)}. */
  READ(0, 63),
  /** {@code write(2)}. */
  WRITE(1, 64),
  /** {@code close(2)}. */
  CLOSE(3, 57),
  /** {@code openat(2)}. */
  OPENAT(257, 56),
  /** {@code openat2(2)}. */
  OPENAT2(437, 437, "5.6"),
  /** {@code dup(2)}. */
  DUP(32, 23),
  /** {@code dup3(2)}. */
  DUP3(292, 24),
  /** {@code fcntl(2)}. */
  FCNTL(72, 25),
  /** {@code ioctl(2)}. */
  IOCTL(16, 29),
  /** {@code lseek(2)}. */
  LSEEK(8, 62),
  /** {@code readv(2)}. */
  READV(19, 65),
  /** {@code writev(2)}. */
  WRITEV(20, 66),
  /** {@code pread64(2)}. */
  PREAD64(17, 67),
  /** {@code pwrite64(2)}. */
  PWRITE64(18, 68),
  /** {@code statx(2)}. */
  STATX(332, 291),
  /** {@code newfstatat(2)}. */
  NEWFSTATAT(262, 79),
  /** {@code fstat(2)}. */
  FSTAT(5, 80),
  /** {@code statfs(2)}. */
  STATFS(137, 43),
  /** {@code fstatfs(2)}. */
  FSTATFS(138, 44),
  /** {@code faccessat(2)}. */
  FACCESSAT(269, 48),
  /** {@code faccessat2(2)}. */
  FACCESSAT2(439, 439, "5.8"),
  /** {@code readlinkat(2)}. */
  READLINKAT(267, 78),
  /** {@code mkdirat(2)}. */
  MKDIRAT(258, 34),
  /** {@code mknodat(2)}. */
  MKNODAT(259, 33),
  /** {@code symlinkat(2)}. */
  SYMLINKAT(266, 36),
  /** {@code linkat(2)}. */
  LINKAT(265, 37),
  /** {@code unlinkat(2)}. */
  UNLINKAT(263, 35),
  /** {@code renameat2(2)}. */
  RENAMEAT2(316, 276),
  /** {@code fchmod(2)}. */
  FCHMOD(91, 52),
  /** {@code fchmodat(2)}. */
  FCHMODAT(268, 53),
  /** {@code fchmodat2(2)}. */
  FCHMODAT2(452, 452, "6.6"),
  /** {@code fchown(2)}. */
  FCHOWN(93, 55),
  /** {@code fchownat(2)}. */
  FCHOWNAT(260, 54),
  /** {@code utimensat(2)}. */
  UTIMENSAT(280, 88),
  /** {@code truncate(2)}. */
  TRUNCATE(76, 45),
  /** {@code ftruncate(2)}. */
  FTRUNCATE(77, 46),
  /** {@code fallocate(2)}. */
  FALLOCATE(285, 47),
  /** {@code chdir(2)}. */
  CHDIR(80, 49),
  /** {@code fchdir(2)}. */
  FCHDIR(81, 50),
  /** {@code getcwd(2)}. */
  GETCWD(79, 17),
  /** {@code chroot(2)}. */
  CHROOT(161, 51),
  /** {@code getdents64(2)}. */
  GETDENTS64(217, 61),
  /** {@code flock(2)}. */
  FLOCK(73, 32),
  /** {@code fsync(2)}. */
  FSYNC(74, 82),
  /** {@code fdatasync(2)}. */
  FDATASYNC(75, 83),
  /** {@code sync_file_range(2)}. */
  SYNC_FILE_RANGE(277, 84),
  /** {@code syncfs(2)}. */
  SYNCFS(306, 267),
  /** {@code sendfile(2)}. */
  SENDFILE(40, 71),
  /** {@code copy_file_range(2)}. */
  COPY_FILE_RANGE(326, 285),
  /** {@code splice(2)}. */
  SPLICE(275, 76),
  /** {@code tee(2)}. */
  TEE(276, 77),
  /** {@code vmsplice(2)}. */
  VMSPLICE(278, 75),
  /** {@code close_range(2)}. */
  CLOSE_RANGE(436, 436, "5.9"),
  /** {@code setxattr(2)}. */
  SETXATTR(188, 5),
  /** {@code lsetxattr(2)}. */
  LSETXATTR(189, 6),
  /** {@code fsetxattr(2)}. */
  FSETXATTR(190, 7),
  /** {@code getxattr(2)}. */
  GETXATTR(191, 8),
  /** {@code lgetxattr(2)}. */
  LGETXATTR(192, 9),
  /** {@code fgetxattr(2)}. */
  FGETXATTR(193, 10),
  /** {@code listxattr(2)}. */
  LISTXATTR(194, 11),
  /** {@code flistxattr(2)}. */
  FLISTXATTR(196, 13),
  /** {@code removexattr(2)}. */
  REMOVEXATTR(197, 14),
  /** {@code fremovexattr(2)}. */
  FREMOVEXATTR(199, 16),
  /** {@code mount(2)}. */
  MOUNT(165, 40),
  /** {@code umount2(2)}. */
  UMOUNT2(166, 39),
  /** {@code pivot_root(2)}. */
  PIVOT_ROOT(155, 41),
  /** {@code fsopen(2)}. */
  FSOPEN(430, 430, "5.2"),
  /** {@code fsconfig(2)}. */
  FSCONFIG(431, 431, "5.2"),
  /** {@code fsmount(2)}. */
  FSMOUNT(432, 432, "5.2"),
  /** {@code fspick(2)}. */
  FSPICK(433, 433, "5.2"),
  /** {@code open_tree(2)}. */
  OPEN_TREE(428, 428, "5.2"),
  /** {@code move_mount(2)}. */
  MOVE_MOUNT(429, 429, "5.2"),
  /** {@code mount_setattr(2)}. */
  MOUNT_SETATTR(442, 442, "5.12"),
  /** {@code statmount(2)}. */
  STATMOUNT(457, 457, "6.8"),
  /** {@code listmount(2)}. */
  LISTMOUNT(458, 458, "6.8"),
  /** {@code clone(2)}. */
  CLONE(56, 220),
  /** {@code clone3(2)}. */
  CLONE3(435, 435, "5.3"),
  /** {@code execve(2)}. */
  EXECVE(59, 221),
  /** {@code execveat(2)}. */
  EXECVEAT(322, 281),
  /** {@code exit(2)}. */
  EXIT(60, 93),
  /** {@code exit_group(2)}. */
  EXIT_GROUP(231, 94),
  /** {@code wait4(2)}. */
  WAIT4(61, 260),
  /** {@code waitid(2)}. */
  WAITID(247, 95),
  /** {@code pidfd_open(2)}. */
  PIDFD_OPEN(434, 434, "5.3"),
  /** {@code pidfd_send_signal(2)}. */
  PIDFD_SEND_SIGNAL(424, 424, "5.1"),
  /** {@code pidfd_getfd(2)}. */
  PIDFD_GETFD(438, 438, "5.6"),
  /** {@code kill(2)}. */
  KILL(62, 129),
  /** {@code tkill(2)}. */
  TKILL(200, 130),
  /** {@code tgkill(2)}. */
  TGKILL(234, 131),
  /** {@code getpid(2)}. */
  GETPID(39, 172),
  /** {@code getppid(2)}. */
  GETPPID(110, 173),
  /** {@code gettid(2)}. */
  GETTID(186, 178),
  /** {@code setns(2)}. */
  SETNS(308, 268),
  /** {@code unshare(2)}. */
  UNSHARE(272, 97),
  /** {@code prctl(2)}. */
  PRCTL(157, 167),
  /** {@code capget(2)}. */
  CAPGET(125, 90),
  /** {@code capset(2)}. */
  CAPSET(126, 91),
  /** {@code setuid(2)}. */
  SETUID(105, 146),
  /** {@code setgid(2)}. */
  SETGID(106, 144),
  /** {@code setresuid(2)}. */
  SETRESUID(117, 147),
  /** {@code setresgid(2)}. */
  SETRESGID(119, 149),
  /** {@code getresuid(2)}. */
  GETRESUID(118, 148),
  /** {@code getresgid(2)}. */
  GETRESGID(120, 150),
  /** {@code setfsuid(2)}. */
  SETFSUID(122, 151),
  /** {@code setfsgid(2)}. */
  SETFSGID(123, 152),
  /** {@code setgroups(2)}. */
  SETGROUPS(116, 159),
  /** {@code getgroups(2)}. */
  GETGROUPS(115, 158),
  /** {@code getuid(2)}. */
  GETUID(102, 174),
  /** {@code geteuid(2)}. */
  GETEUID(107, 175),
  /** {@code getgid(2)}. */
  GETGID(104, 176),
  /** {@code getegid(2)}. */
  GETEGID(108, 177),
  /** {@code setsid(2)}. */
  SETSID(112, 157),
  /** {@code getsid(2)}. */
  GETSID(124, 156),
  /** {@code setpgid(2)}. */
  SETPGID(109, 154),
  /** {@code getpgid(2)}. */
  GETPGID(121, 155),
  /** {@code umask(2)}. */
  UMASK(95, 166),
  /** {@code sethostname(2)}. */
  SETHOSTNAME(170, 161),
  /** {@code setdomainname(2)}. */
  SETDOMAINNAME(171, 162),
  /** {@code uname(2)}. */
  UNAME(63, 160),
  /** {@code sysinfo(2)}. */
  SYSINFO(99, 179),
  /** {@code prlimit64(2)}. */
  PRLIMIT64(302, 261),
  /** {@code getrlimit(2)}. */
  GETRLIMIT(97, 163),
  /** {@code setrlimit(2)}. */
  SETRLIMIT(160, 164),
  /** {@code getrusage(2)}. */
  GETRUSAGE(98, 165),
  /** {@code setpriority(2)}. */
  SETPRIORITY(141, 140),
  /** {@code getpriority(2)}. */
  GETPRIORITY(140, 141),
  /** {@code ioprio_set(2)}. */
  IOPRIO_SET(251, 30),
  /** {@code ioprio_get(2)}. */
  IOPRIO_GET(252, 31),
  /** {@code sched_setattr(2)}. */
  SCHED_SETATTR(314, 274),
  /** {@code sched_getattr(2)}. */
  SCHED_GETATTR(315, 275),
  /** {@code sched_setscheduler(2)}. */
  SCHED_SETSCHEDULER(144, 119),
  /** {@code sched_setaffinity(2)}. */
  SCHED_SETAFFINITY(203, 122),
  /** {@code sched_getaffinity(2)}. */
  SCHED_GETAFFINITY(204, 123),
  /** {@code sched_yield(2)}. */
  SCHED_YIELD(24, 124),
  /** {@code personality(2)}. */
  PERSONALITY(135, 92),
  /** {@code keyctl(2)}. */
  KEYCTL(250, 219),
  /** {@code add_key(2)}. */
  ADD_KEY(248, 217),
  /** {@code request_key(2)}. */
  REQUEST_KEY(249, 218),
  /** {@code seccomp(2)}. */
  SECCOMP(317, 277),
  /** {@code bpf(2)}. */
  BPF(321, 280),
  /** {@code rt_sigaction(2)}. */
  RT_SIGACTION(13, 134),
  /** {@code rt_sigprocmask(2)}. */
  RT_SIGPROCMASK(14, 135),
  /** {@code rt_sigpending(2)}. */
  RT_SIGPENDING(127, 136),
  /** {@code rt_sigsuspend(2)}. */
  RT_SIGSUSPEND(130, 133),
  /** {@code rt_sigtimedwait(2)}. */
  RT_SIGTIMEDWAIT(128, 137),
  /** {@code rt_sigqueueinfo(2)}. */
  RT_SIGQUEUEINFO(129, 138),
  /** {@code rt_sigreturn(2)}. */
  RT_SIGRETURN(15, 139),
  /** {@code sigaltstack(2)}. */
  SIGALTSTACK(131, 132),
  /** {@code signalfd4(2)}. */
  SIGNALFD4(289, 74),
  /** {@code ppoll(2)}. */
  PPOLL(271, 73),
  /** {@code pselect6(2)}. */
  PSELECT6(270, 72),
  /** {@code eventfd2(2)}. */
  EVENTFD2(290, 19),
  /** {@code timerfd_create(2)}. */
  TIMERFD_CREATE(283, 85),
  /** {@code timerfd_settime(2)}. */
  TIMERFD_SETTIME(286, 86),
  /** {@code timerfd_gettime(2)}. */
  TIMERFD_GETTIME(287, 87),
  /** {@code epoll_create1(2)}. */
  EPOLL_CREATE1(291, 20),
  /** {@code epoll_ctl(2)}. */
  EPOLL_CTL(233, 21),
  /** {@code epoll_pwait(2)}. */
  EPOLL_PWAIT(281, 22),
  /** {@code inotify_init1(2)}. */
  INOTIFY_INIT1(294, 26),
  /** {@code inotify_add_watch(2)}. */
  INOTIFY_ADD_WATCH(254, 27),
  /** {@code inotify_rm_watch(2)}. */
  INOTIFY_RM_WATCH(255, 28),
  /** {@code pipe2(2)}. */
  PIPE2(293, 59),
  /** {@code socket(2)}. */
  SOCKET(41, 198),
  /** {@code socketpair(2)}. */
  SOCKETPAIR(53, 199),
  /** {@code bind(2)}. */
  BIND(49, 200),
  /** {@code listen(2)}. */
  LISTEN(50, 201),
  /** {@code accept(2)}. */
  ACCEPT(43, 202),
  /** {@code accept4(2)}. */
  ACCEPT4(288, 242),
  /** {@code connect(2)}. */
  CONNECT(42, 203),
  /** {@code sendto(2)}. */
  SENDTO(44, 206),
  /** {@code recvfrom(2)}. */
  RECVFROM(45, 207),
  /** {@code sendmsg(2)}. */
  SENDMSG(46, 211),
  /** {@code recvmsg(2)}. */
  RECVMSG(47, 212),
  /** {@code sendmmsg(2)}. */
  SENDMMSG(307, 269),
  /** {@code recvmmsg(2)}. */
  RECVMMSG(299, 243),
  /** {@code setsockopt(2)}. */
  SETSOCKOPT(54, 208),
  /** {@code getsockopt(2)}. */
  GETSOCKOPT(55, 209),
  /** {@code getsockname(2)}. */
  GETSOCKNAME(51, 204),
  /** {@code getpeername(2)}. */
  GETPEERNAME(52, 205),
  /** {@code shutdown(2)}. */
  SHUTDOWN(48, 210),
  /** {@code memfd_create(2)}. */
  MEMFD_CREATE(319, 279),
  /** {@code mmap(2)}. */
  MMAP(9, 222),
  /** {@code munmap(2)}. */
  MUNMAP(11, 215),
  /** {@code mprotect(2)}. */
  MPROTECT(10, 226),
  /** {@code mremap(2)}. */
  MREMAP(25, 216),
  /** {@code madvise(2)}. */
  MADVISE(28, 233),
  /** {@code process_madvise(2)}. */
  PROCESS_MADVISE(440, 440, "5.10"),
  /** {@code mlock(2)}. */
  MLOCK(149, 228),
  /** {@code munlock(2)}. */
  MUNLOCK(150, 229),
  /** {@code mincore(2)}. */
  MINCORE(27, 232),
  /** {@code brk(2)}. */
  BRK(12, 214),
  /** {@code mbind(2)}. */
  MBIND(237, 235),
  /** {@code set_mempolicy(2)}. */
  SET_MEMPOLICY(238, 237),
  /** {@code get_mempolicy(2)}. */
  GET_MEMPOLICY(239, 236),
  /** {@code clock_gettime(2)}. */
  CLOCK_GETTIME(228, 113),
  /** {@code clock_nanosleep(2)}. */
  CLOCK_NANOSLEEP(230, 115),
  /** {@code nanosleep(2)}. */
  NANOSLEEP(35, 101),
  /** {@code gettimeofday(2)}. */
  GETTIMEOFDAY(96, 169),
  /** {@code getrandom(2)}. */
  GETRANDOM(318, 278),
  /** {@code futex(2)}. */
  FUTEX(202, 98),
  /** {@code set_tid_address(2)}. */
  SET_TID_ADDRESS(218, 96),
  /** {@code set_robust_list(2)}. */
  SET_ROBUST_LIST(273, 99),
  /** {@code rseq(2)}. */
  RSEQ(334, 293),
  /** {@code membarrier(2)}. */
  MEMBARRIER(324, 283),
  /** {@code ptrace(2)}. */
  PTRACE(101, 117),
  /** {@code syslog(2)}. */
  SYSLOG(103, 116),
  /** {@code sync(2)}. */
  SYNC(162, 81),
  /** {@code reboot(2)}. */
  REBOOT(169, 142),
  /** {@code swapoff(2)}. */
  SWAPOFF(168, 225),
  /** {@code kcmp(2)}. */
  KCMP(312, 272);

  private final int x86Number;
  private final int aarch64Number;
  private final String minimumKernel;

  Syscall(int x86Number, int aarch64Number) {
    this(x86Number, aarch64Number, "");
  }

  Syscall(int x86Number, int aarch64Number, String minimumKernel) {
    this.x86Number = x86Number;
    this.aarch64Number = aarch64Number;
    this.minimumKernel = minimumKernel;
  }

  /**
   * Returns the number that goes into the system call register.
   *
   * @param arch the architecture of the program
   * @return the kernel's number
   */
  public int number(Arch arch) {
    return arch == Arch.X86_64 ? x86Number : aarch64Number;
  }

  /**
   * Returns the call's name in the kernel's headers, which is also that of its man page.
   *
   * @return the name in lower case, as {@code mount_setattr}
   */
  public String kernelName() {
    String name = name();
    char[] lower = new char[name.length()];
    for (int i = 0; i < lower.length; i++) {
      char c = name.charAt(i);
      lower[i] = c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
    }
    return new String(lower);
  }

  /**
   * Returns what the call's parameters mean.
   *
   * @return the parameters in their order, at most six
   */
  public List<Parameter> parameters() {
    return List.of(Signatures.of(this));
  }

  /**
   * Returns the first kernel that has the call, where it is younger than 5.0.
   *
   * @return a version as {@code "6.6"}, or the empty string
   */
  public String minimumKernel() {
    return minimumKernel;
  }

  /**
   * Finds the call that a number means.
   *
   * @param arch the architecture whose number it is
   * @param number a system call number
   * @return the call, or null if it is none of these
   */
  public static @Nullable Syscall of(Arch arch, long number) {
    for (Syscall call : values()) {
      if (call.number(arch) == number) {
        return call;
      }
    }
    return null;
  }
}
