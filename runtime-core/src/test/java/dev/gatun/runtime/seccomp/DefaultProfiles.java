package dev.gatun.runtime.seccomp;

import dev.gatun.oci.Seccomp;
import dev.gatun.oci.Seccomp.Action;
import dev.gatun.oci.Seccomp.Operator;
import java.util.ArrayList;
import java.util.List;

/**
 * Profiles like those that docker and containerd give a container: what their documentation says is
 * allowed, by capability, in the shapes that their configurations have.
 */
final class DefaultProfiles {
  private static final String ALLOWED =
      """
      accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown
      chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime
      clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range connect
      copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old
      epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit
      exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod
      fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr
      flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate
      ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat
      getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32
      getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority
      getrandom getresgid getresgid32 getresuid getresuid32 getrlimit get_robust_list getrusage
      getsid getsockname getsockopt get_thread_area gettid gettimeofday getuid getuid32 getxattr
      getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel ioctl
      io_destroy io_getevents io_pgetevents io_pgetevents_time64 ioprio_get ioprio_set io_setup
      io_submit ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown
      lchown32 lgetxattr link linkat listen listmount listxattr listxattrat llistxattr _llseek
      lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create
      memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mprotect
      mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
      mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock
      munlockall munmap name_to_handle_at nanosleep newfstatat _newselect open openat openat2 pause
      pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll
      ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease pselect6
      pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv
      recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename
      renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask
      rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
      rt_tgsigqueueinfo sched_getaffinity sched_getattr sched_getparam sched_get_priority_max
      sched_get_priority_min sched_getscheduler sched_rr_get_interval
      sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
      sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop
      semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto setfsgid setfsgid32
      setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority
      setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit
      set_robust_list setsid setsockopt set_thread_area set_tid_address setuid setuid32 setxattr
      setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask
      sigreturn socketcall socketpair splice stat stat64 statfs statfs64 statmount statx symlink
      symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete
      timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create
      timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate
      truncate64 ugetrlimit umask uname unlink unlinkat utime utimensat utimensat_time64 utimes
      vfork vmsplice wait4 waitid waitpid write writev arch_prctl modify_ldt sync_file_range2
      arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls
      """;

  private static final String TRACING = "process_vm_readv process_vm_writev ptrace";

  private static final String ADMINISTRATION =
      """
      bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount
      mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname
      sethostname setns syslog umount umount2 unshare
      """;

  /** The flags of {@code clone} that make a namespace. */
  private static final long NAMESPACES = 0x7e02_0000L;

  private DefaultProfiles() {}

  private static Seccomp.Syscall allow(String names, Seccomp.Arg... args) {
    return new Seccomp.Syscall(
        List.of(names.strip().split("\\s+", -1)), Action.SCMP_ACT_ALLOW, null, List.of(args));
  }

  private static Seccomp profile(List<Seccomp.Arch> arches, List<Seccomp.Syscall> rules) {
    return new Seccomp(Action.SCMP_ACT_ERRNO, 1L, arches, List.of(), null, null, rules);
  }

  private static void common(List<Seccomp.Syscall> rules) {
    rules.add(allow("socket", new Seccomp.Arg(0, 40, 0, Operator.SCMP_CMP_NE)));
    for (long persona : new long[] {0, 8, 0x20000, 0x20008, 0xffff_ffffL}) {
      rules.add(allow("personality", new Seccomp.Arg(0, persona, 0, Operator.SCMP_CMP_EQ)));
    }
  }

  /** As docker's for a container without capabilities. */
  static Seccomp docker(List<Seccomp.Arch> arches) {
    List<Seccomp.Syscall> rules = new ArrayList<>();
    rules.add(allow(ALLOWED));
    rules.add(allow(TRACING));
    common(rules);
    rules.add(allow("clone", new Seccomp.Arg(0, NAMESPACES, 0, Operator.SCMP_CMP_MASKED_EQ)));
    rules.add(new Seccomp.Syscall(List.of("clone3"), Action.SCMP_ACT_ERRNO, 38L, List.of()));
    return profile(arches, rules);
  }

  /** As containerd's for a container with CAP_SYS_ADMIN: a rule for each name. */
  static Seccomp containerd(List<Seccomp.Arch> arches) {
    List<Seccomp.Syscall> rules = new ArrayList<>();
    for (String name : (ALLOWED + TRACING).split("\\s+", -1)) {
      rules.add(allow(name));
    }
    common(rules);
    rules.add(allow(ADMINISTRATION));
    return profile(arches, rules);
  }
}
