/*
 * A fixture of the benchmarks, never a part of Gatun: starts processes that hold new namespaces, by
 * the system calls that Gatun makes, as one would write it in C; static and without a C library.
 * benchmarks/namespaces compiles it, NamespaceBenchmark runs it.
 *
 * It reads requests, one to a line, and answers each with two numbers: the nanoseconds until the
 * holder was ready, and those that its end took.
 *
 *   one FLAGS   the holder is cloned directly, with CLONE_NEW* as FLAGS say
 *   two FLAGS   this program's own image, in a sealed memfd, is executed as an intermediate, which
 *               clones the holder as its sibling; UTS, IPC, cgroup and network namespaces that one
 *               makes itself
 *   one pod DIRECTORY, two pod DIRECTORY
 *               the same with all that Gatun does for a pod with loopback alone: its directory with
 *               its files and shared memory, its cgroup, and a pause process; its end removes them
 *   one bridge DIRECTORY, two bridge DIRECTORY
 *               a pod on a bridge, with addresses, routes and masquerading: see bridge.h. These are
 *               for the program that bridge.c makes of this
 *   beside another
 *               the host's packet filter is for good as if there were another pod on the bridge
 */
#include "kernel.h"

#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/resource.h>
#include <linux/stat.h>

#define IMAGE_SIZE 65536
#define MAP "0 100000 65536"

enum { PID = 1, READY = 2 };

struct message {
  word kind, value, record, error;
};

/* What the image is given; it is found in the file by its first words. */
static volatile struct {
  char mark[16];
  word is_image, flags, report, wait, go, is_pod, cgroup;
} given = {"gatun-benchmark", 0, 0, 0, 0, 0, 0, 0};

static unsigned char image[IMAGE_SIZE];
static word image_size, given_at;

/* What a process that shares this one's memory reads: no local variable may be written by it. */
static volatile int fd_image, fd_pidfd;
static volatile long exec_error;
static int inherited[3], inherited_count;
static const char empty[] = "";
static char *const argv[] = {"holder", 0};
static char *const envp[] = {0};
static const word all = ~0UL;

static void die(const char *what, long error) {
  char text[96];
  int at = 0;
  while (*what) {
    text[at++] = *what++;
  }
  text[at++] = ' ';
  word number = (word)-error;
  for (word scale = 1000; scale; scale /= 10) {
    text[at++] = (char)('0' + number / scale % 10);
  }
  text[at++] = '\n';
  sys_3(__NR_write, 2, text, at);
  for (;;) {
    sys_1(__NR_exit_group, 1);
  }
}

static long checked(const char *what, long result) {
  if (result < 0) {
    die(what, result);
  }
  return result;
}

static word now(void) {
  long time[2];
  sys_2(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, time);
  return (word)time[0] * 1000000000 + (word)time[1];
}

/* Built without a library, so gcc wants these of us. */
void *memcpy(void *to, const void *from, word size) {
  for (word i = 0; i < size; i++) {
    ((volatile char *)to)[i] = ((const char *)from)[i];
  }
  return to;
}

void *memset(void *to, int value, word size) {
  for (word i = 0; i < size; i++) {
    ((volatile char *)to)[i] = (char)value;
  }
  return to;
}

static void send(word report, word kind, word value) {
  struct message message = {kind, value, 0, 0};
  checked("write", sys_3(__NR_write, report, &message, sizeof message));
}

/* The path of a process's file below /proc, inside 64 bytes; the name is of at most 16. */
static const char *of_process(char *path, long pid, const char *name) {
  char *at = path + 32;
  int i = 0;
  for (; name[i]; i++) {
    at[i] = name[i];
  }
  at[i] = 0;
  for (; pid; pid /= 10) {
    *--at = (char)('0' + pid % 10);
  }
  static const char proc[] = "/proc/";
  for (i = sizeof proc - 2; i >= 0; i--) {
    *--at = proc[i];
  }
  return at;
}

static void map(long pid, const char *name) {
  char path[64];
  long fd = checked("open map", sys_4(__NR_openat, AT_FDCWD, of_process(path, pid, name),
                                      O_WRONLY | O_CLOEXEC, 0));
  checked("write map", sys_3(__NR_write, fd, MAP, sizeof MAP - 1));
  sys_1(__NR_close, fd);
}

static void be_mapped(long pid, word go) {
  map(pid, "/uid_map");
  map(pid, "/gid_map");
  checked("write go", sys_3(__NR_write, go, "g", 1));
}

/* What a process makes for itself, so that the one that cloned it need not wait for it. */
static void make(word namespaces) {
  if (namespaces) {
    checked("unshare", sys_1(__NR_unshare, namespaces));
  }
}

__attribute__((noreturn)) static void hold(word flags, word made, word report, word wait) {
  checked("setsid", sys_0(__NR_setsid));
  if (flags & CLONE_NEWUSER) {
    char byte;
    checked("read go", sys_3(__NR_read, wait, &byte, 1));
    checked("setresgid", sys_3(__NR_setresgid, 0, 0, 0));
    checked("setresuid", sys_3(__NR_setresuid, 0, 0, 0));
  }
  make(made);
  send(report, READY, 0);
  sys_3(__NR_close_range, 0, 0xffffffffUL, 0);
  sys_4(__NR_rt_sigtimedwait, &all, 0, 0, sizeof all);
  for (;;) {
    sys_1(__NR_exit_group, 1);
  }
}

static void write_file(const char *path, const char *text, word size) {
  long fd = checked("open", sys_4(__NR_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0));
  sys_3(__NR_write, fd, text, size);
  sys_1(__NR_close, fd);
}

/* What every process of a pod's image does first. */
static void prepare_pause(void) {
  static const word none[4];
  word limit[2];
  sys_2(__NR_prctl, PR_SET_NAME, "pause");
  for (word signal = 1; signal <= 64; signal++) {
    sys_4(__NR_rt_sigaction, signal, none, 0, sizeof all);
  }
  sys_4(__NR_prlimit64, 0, 7 /* RLIMIT_NOFILE */, 0, limit);
  sys_4(__NR_prlimit64, 0, 7, limit, 0);
  write_file("/proc/self/coredump_filter", "0x33", 4);
  write_file("/proc/self/oom_score_adj", "-998", 4);
  sys_2(__NR_prctl, PR_SET_DUMPABLE, 0);
}

__attribute__((noreturn)) static void pause(word made, word report, word cgroup, word go) {
  checked("setsid", sys_0(__NR_setsid));
  sys_1(__NR_close, cgroup);
  make(made);
  struct {
    char name[16];
    short flags;
    char rest[22];
  } interface = {"lo", 1 | 0x40, {0}};
  long fd = checked("socket", sys_3(__NR_socket, 2, 2 | O_CLOEXEC, 0));
  checked("SIOCSIFFLAGS", sys_3(__NR_ioctl, fd, 0x8914, &interface));
  sys_1(__NR_close, fd);
  checked("sethostname", sys_2(__NR_sethostname, "pod", 3));
  checked("chdir", sys_1(__NR_chdir, "/"));
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  checked("capset", sys_2(__NR_capset, &header, none));
  sys_2(__NR_prctl, PR_SET_DUMPABLE, 0);
  sys_3(__NR_close_range, 0, 2, 0);
  send(report, READY, 0);
  char byte;
  if (sys_3(__NR_read, go, &byte, 1) != 1) {
    sys_1(__NR_exit_group, 1);
  }
  sys_3(__NR_close_range, 0, 0xffffffffUL, 0);
  sys_4(__NR_rt_sigtimedwait, &all, 0, 0, sizeof all);
  for (;;) {
    sys_1(__NR_exit_group, 0);
  }
}

/* The image's beginning: the intermediate. */
__attribute__((noreturn)) static void intermediate(void) {
  if (given.is_pod) {
    prepare_pause();
  } else {
    sys_2(__NR_prctl, PR_SET_NAME, "holder");
  }
  word made = given.flags & (CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP);
  struct clone_args clone = {
      .flags = (given.flags & ~made) | CLONE_PARENT,
      .cgroup = given.cgroup,
  };
  long pid = checked("clone3", sys_2(__NR_clone3, &clone, sizeof clone));
  if (pid == 0) {
    if (given.is_pod) {
      pause(made, given.report, given.cgroup, given.go);
    }
    hold(given.flags, made, given.report, given.wait);
  }
  if (given.flags & CLONE_NEWUSER) {
    be_mapped(pid, given.go);
  }
  send(given.report, PID, (word)pid);
  for (;;) {
    sys_1(__NR_exit_group, 0);
  }
}

static long make_image(void) {
  long fd = checked("memfd_create",
                    sys_2(__NR_memfd_create, "gatun", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC));
  checked("pwrite64", sys_4(__NR_pwrite64, fd, image, image_size, 0));
  checked("fcntl", sys_3(__NR_fcntl, fd, F_ADD_SEALS,
                         F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_EXEC));
  return fd;
}

static void wait_for(int type, long id) {
  checked("waitid", sys_5(__NR_waitid, type, id, 0, WEXITED, 0));
}

/* Executes the image in a process that shares this one's memory until then; returns its pidfd. */
static long execute(long fd) {
  word before;
  struct clone_args clone = {
      .flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
      .pidfd = (word)&fd_pidfd,
      .exit_signal = SIGCHLD,
  };
  fd_image = (int)fd;
  exec_error = 0;
  checked("mask", sys_4(__NR_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all));
  long pid = sys_2(__NR_clone3, &clone, sizeof clone);
  if (pid == 0) {
    sys_3(__NR_close_range, 3, 0xffffffffUL, CLOSE_RANGE_CLOEXEC);
    sys_3(__NR_fcntl, inherited[0], F_SETFD, 0);
    if (inherited_count > 1) {
      sys_3(__NR_fcntl, inherited[1], F_SETFD, 0);
      sys_3(__NR_fcntl, inherited[2], F_SETFD, 0);
    }
    exec_error = sys_5(__NR_execveat, fd_image, empty, argv, envp, AT_EMPTY_PATH);
    for (;;) {
      sys_1(__NR_exit_group, 127);
    }
  }
  checked("clone3", pid);
  checked("execveat", exec_error);
  checked("mask", sys_4(__NR_rt_sigprocmask, SIG_SETMASK, &before, 0, sizeof all));
  return fd_pidfd;
}

static long receive(int report, int messages) {
  long pid = 0;
  for (int i = 0; i < messages; i++) {
    struct message message;
    if (checked("read", sys_3(__NR_read, report, &message, sizeof message)) != sizeof message) {
      die("the holder is gone", 0);
    }
    if (message.kind == PID) {
      pid = (long)message.value;
    }
  }
  return pid;
}

static long start(int stages, word flags) {
  int report[2], go[2] = {-1, -1};
  long pid;
  checked("pipe2", sys_2(__NR_pipe2, report, O_CLOEXEC));
  if (flags & CLONE_NEWUSER) {
    checked("pipe2", sys_2(__NR_pipe2, go, O_CLOEXEC));
  }
  if (stages == 1) {
    struct clone_args clone = {.flags = flags, .exit_signal = SIGCHLD};
    pid = checked("clone3", sys_2(__NR_clone3, &clone, sizeof clone));
    if (pid == 0) {
      sys_2(__NR_prctl, PR_SET_NAME, "holder");
      hold(flags, 0, (word)report[1], (word)go[0]);
    }
    if (flags & CLONE_NEWUSER) {
      be_mapped(pid, (word)go[1]);
    }
    sys_1(__NR_close, report[1]);
    receive(report[0], 1);
  } else {
    word *values = (word *)(image + given_at + sizeof given.mark);
    values[0] = 1;
    values[1] = flags;
    values[2] = (word)report[1];
    values[3] = (word)go[0];
    values[4] = (word)go[1];
    inherited[0] = report[1];
    inherited[1] = go[0];
    inherited[2] = go[1];
    inherited_count = flags & CLONE_NEWUSER ? 3 : 1;
    long fd = make_image();
    long pidfd = execute(fd);
    sys_1(__NR_close, fd);
    sys_1(__NR_close, report[1]);
    pid = receive(report[0], 2);
    wait_for(P_PIDFD, pidfd);
    sys_1(__NR_close, pidfd);
  }
  if (flags & CLONE_NEWUSER) {
    sys_1(__NR_close, go[0]);
    sys_1(__NR_close, go[1]);
  }
  sys_1(__NR_close, report[0]);
  return pid;
}

/* Descriptors of the pod that exists, as Gatun keeps them from one exchange to the next. */
static long pods, directory, go_on;

static const char state[] =
    "{\"pid\":         0,\"startTime\":0,\"id\":\"pod\",\"created\":\"2026-01-01T00:00:00.000000000Z\","
    "\"uid\":0,\"hostname\":\"pod\",\"sharePid\":false,\"hostNetwork\":false,\"sysctls\":{},"
    "\"cgroupMount\":\"/sys/fs/cgroup\",\"cgroup\":\"/pod\",\"annotations\":{}}";
static const char hosts[] = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

#define O_PATH_DIRECTORY (O_PATH | O_DIRECTORY | O_CLOEXEC)

static long open(long at, const char *path, int flags) {
  return checked(path, sys_4(__NR_openat, at, path, flags | O_CLOEXEC, 0));
}

static char contents[65536];

static void read_to_end(long fd) {
  while (checked("read", sys_3(__NR_read, fd, contents, sizeof contents)) > 0) {
  }
  sys_1(__NR_close, fd);
}

static void replace(const char *hidden, const char *text, word size, int mode) {
  long fd = checked("create", sys_4(__NR_openat, directory, hidden,
                                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (mode != 0600) {
    checked("fchmod", sys_2(__NR_fchmod, fd, mode));
  }
  checked("write", sys_3(__NR_write, fd, text, size));
  sys_1(__NR_close, fd);
  checked("rename", sys_5(__NR_renameat2, directory, hidden, directory, hidden + 1, 0));
}

static void look(void) {
  long fd = checked("pidfd_open", sys_2(__NR_pidfd_open, sys_0(__NR_getpid), 0));
  sys_4(__NR_pidfd_send_signal, fd, 0, 0, 0);
  sys_1(__NR_close, fd);
  read_to_end(open(AT_FDCWD, "/etc/resolv.conf", 0));
  word time[2];
  sys_2(__NR_clock_gettime, 0, time);
  sys_0(__NR_geteuid);
  sys_0(__NR_getegid);
  read_to_end(open(AT_FDCWD, "/proc/self/mountinfo", 0));
  read_to_end(open(AT_FDCWD, "/proc/self/cgroup", 0));
  read_to_end(open(AT_FDCWD, "/proc/self/uid_map", 0));
}

static void check_cgroup(long fd) {
  long file = open(fd, "cgroup.type", 0);
  checked("read", sys_3(__NR_read, file, contents, 32));
  sys_1(__NR_close, file);
  file = open(fd, "cgroup.events", 0);
  checked("read", sys_4(__NR_pread64, file, contents, 64, 0));
  sys_1(__NR_close, file);
}

static long open_cgroup(long at, const char *name) {
  static const word how[3] = {O_PATH_DIRECTORY, 0, 0x0f /* no magic links, in its own mount */};
  return checked("openat2", sys_4(__NR_openat2, at, name, how, sizeof how));
}

static long make_cgroup(void) {
  char statfs[256];
  for (int level = 0;; level++) {
    long root = open(AT_FDCWD, "/sys/fs/cgroup", O_PATH_DIRECTORY);
    checked("fstatfs", sys_2(__NR_fstatfs, root, statfs));
    long at = root;
    if (level == 1) {
      at = open_cgroup(root, "cpod");
      sys_1(__NR_close, root);
    }
    const char *name = level == 0 ? "cpod" : "pause";
    checked("mkdir cgroup", sys_3(__NR_mkdirat, at, name, 0755));
    long fd = open_cgroup(at, name);
    sys_1(__NR_close, at);
    check_cgroup(fd);
    if (level == 1) {
      return fd;
    }
    sys_1(__NR_close, fd);
  }
}

static void make_shm(void) {
  checked("mkdir", sys_3(__NR_mkdirat, directory, "shm", 01777));
  checked("fchmod", sys_3(__NR_fchmodat, directory, "shm", 01777));
  long fs = checked("fsopen", sys_2(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC));
  sys_5(__NR_fsconfig, fs, FSCONFIG_SET_STRING, "source", "shm", 0);
  sys_5(__NR_fsconfig, fs, FSCONFIG_SET_STRING, "size", "67108864", 0);
  sys_5(__NR_fsconfig, fs, FSCONFIG_SET_STRING, "mode", "1777", 0);
  checked("fsconfig", sys_5(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0));
  long mount = checked("fsmount", sys_3(__NR_fsmount, fs, FSMOUNT_CLOEXEC,
                                        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  sys_1(__NR_close, fs);
  checked("move_mount",
          sys_5(__NR_move_mount, mount, empty, directory, "shm", MOVE_MOUNT_F_EMPTY_PATH));
  sys_1(__NR_close, mount);
}

static void open_pod(const char *root) {
  checked("chdir", sys_1(__NR_chdir, root));
  pods = open(AT_FDCWD, "cpods", O_DIRECTORY);
  directory = open(pods, "pod", O_DIRECTORY | O_NOFOLLOW);
  checked("flock", sys_2(__NR_flock, directory, 2));
  struct statx status;
  checked("statx", sys_5(__NR_statx, directory, empty, AT_EMPTY_PATH, STATX_NLINK, &status));
}

static void read_stat(long pid) {
  char path[64];
  long fd = open(AT_FDCWD, of_process(path, pid, "/stat"), 0);
  checked("read", sys_3(__NR_read, fd, contents, 1024));
  sys_1(__NR_close, fd);
}

#ifdef POD_ON_BRIDGE
#include "bridge.h"
#else
static void connect_pod(long pid) {
  (void)pid;
  die("bridge.c connects pods", 0);
}

static void disconnect_pod(void) {
  die("bridge.c disconnects pods", 0);
}

static void be_beside_another(void) {
  die("bridge.c has other pods", 0);
}
#endif

static long start_pod(int stages, const char *root, int on_bridge) {
  word flags = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_INTO_CGROUP;
  long pid;
  look();
  sys_3(__NR_mkdirat, AT_FDCWD, root, 0711);
  checked("chdir", sys_1(__NR_chdir, root));
  sys_3(__NR_mkdirat, AT_FDCWD, "cpods", 01711);
  long fd = open(AT_FDCWD, "cpods", O_DIRECTORY);
  checked("mkdir", sys_3(__NR_mkdirat, fd, "pod", 0711));
  sys_1(__NR_close, fd);
  open_pod(root);
  replace(".state.json", state, sizeof state - 1, 0600);
  checked("mkdir", sys_3(__NR_mkdirat, directory, "containers", 0700));
  if (!on_bridge) {
    replace(".hosts", hosts, sizeof hosts - 1, 0644);
  }
  replace(".hostname", "pod\n", 4, 0644);
  replace(".resolv.conf", "nameserver 127.0.0.1\n", 21, 0644);
  make_shm();
  long cgroup = make_cgroup();
  int report[2], go[2];
  checked("pipe2", sys_2(__NR_pipe2, report, O_CLOEXEC));
  checked("socketpair", sys_4(__NR_socketpair, 1, 1 | O_CLOEXEC, 0, go));
  go_on = go[1];
  if (stages == 1) {
    struct clone_args clone = {.flags = flags, .exit_signal = SIGCHLD, .cgroup = (word)cgroup};
    pid = checked("clone3", sys_2(__NR_clone3, &clone, sizeof clone));
    if (pid == 0) {
      prepare_pause();
      pause(0, (word)report[1], (word)cgroup, (word)go[0]);
    }
    sys_1(__NR_close, report[1]);
    sys_1(__NR_close, go[0]);
    sys_1(__NR_close, cgroup);
    receive(report[0], 1);
  } else {
    word *values = (word *)(image + given_at + sizeof given.mark);
    values[0] = 1;
    values[1] = flags;
    values[2] = (word)report[1];
    values[4] = (word)go[0];
    values[5] = 1;
    values[6] = (word)cgroup;
    inherited[0] = report[1];
    inherited[1] = go[0];
    inherited[2] = (int)cgroup;
    inherited_count = 3;
    fd = make_image();
    long pidfd = execute(fd);
    values[5] = 0;
    values[6] = 0;
    sys_1(__NR_close, fd);
    sys_1(__NR_close, report[1]);
    sys_1(__NR_close, go[0]);
    sys_1(__NR_close, cgroup);
    pid = receive(report[0], 2);
    wait_for(P_PIDFD, pidfd);
    sys_1(__NR_close, pidfd);
  }
  sys_1(__NR_close, report[0]);
  if (on_bridge) {
    connect_pod(pid);
  }
  read_stat(pid);
  replace(".state.json", state, sizeof state - 1, 0600);
  checked("sendto", sys_6(__NR_sendto, go_on, "g", 1, 0x4000 /* MSG_NOSIGNAL */, 0, 0));
  sys_1(__NR_close, go_on);
  sys_1(__NR_close, directory);
  sys_1(__NR_close, pods);
  return pid;
}

static void remove_cgroup(void) {
  char statfs[256];
  long root = open(AT_FDCWD, "/sys/fs/cgroup", O_PATH_DIRECTORY);
  checked("fstatfs", sys_2(__NR_fstatfs, root, statfs));
  long fd = open_cgroup(root, "cpod");
  long file = open(fd, "cgroup.kill", O_WRONLY);
  checked("cgroup.kill", sys_3(__NR_write, file, "1", 1));
  sys_1(__NR_close, file);
  file = open(fd, "cgroup.events", 0);
  checked("read", sys_4(__NR_pread64, file, contents, 64, 0));
  sys_1(__NR_close, file);
  long list = open(fd, ".", O_DIRECTORY);
  checked("getdents", sys_3(__NR_getdents64, list, contents, 4096));
  checked("rmdir", sys_3(__NR_unlinkat, list, "pause", AT_REMOVEDIR));
  sys_3(__NR_getdents64, list, contents, 4096);
  sys_1(__NR_close, list);
  sys_1(__NR_close, fd);
  checked("rmdir", sys_3(__NR_unlinkat, root, "cpod", AT_REMOVEDIR));
  sys_1(__NR_close, root);
}

static void end_pod(const char *root, long pid) {
  static const char *const names[] = {
      "state.json", "hosts", "resolv.conf", "hostname", "network.json"};
  open_pod(root);
  read_to_end(open(directory, "state.json", O_NOFOLLOW));
  long pidfd = checked("pidfd_open", sys_2(__NR_pidfd_open, pid, 0));
  read_stat(pid);
  long fd = open(directory, "containers", O_DIRECTORY);
  sys_3(__NR_getdents64, fd, contents, sizeof contents);
  sys_3(__NR_getdents64, fd, contents, sizeof contents);
  sys_1(__NR_close, fd);
  long network = sys_4(__NR_openat, directory, "network.json", O_RDONLY | O_CLOEXEC, 0);
  if (network >= 0) {
    read_to_end(network);
    disconnect_pod();
  }
  checked("kill", sys_4(__NR_pidfd_send_signal, pidfd, SIGKILL, 0, 0));
  struct {
    int fd;
    short events, found;
  } poll = {(int)pidfd, 1, 0};
  checked("ppoll", sys_5(__NR_ppoll, &poll, 1, 0, 0, 0));
  wait_for(P_PIDFD, pidfd);
  remove_cgroup();
  checked("umount", sys_2(__NR_umount2, "cpods/pod/shm", 2 | 8));
  fd = open(directory, ".", O_DIRECTORY);
  sys_3(__NR_getdents64, fd, contents, 4096);
  checked("rmdir", sys_3(__NR_unlinkat, fd, "shm", AT_REMOVEDIR));
  checked("rmdir", sys_3(__NR_unlinkat, fd, "containers", AT_REMOVEDIR));
  for (word i = 0; i < sizeof names / sizeof *names - (network < 0); i++) {
    checked("unlink", sys_3(__NR_unlinkat, fd, names[i], 0));
  }
  sys_3(__NR_getdents64, fd, contents, 4096);
  sys_1(__NR_close, fd);
  checked("rmdir", sys_3(__NR_unlinkat, pods, "pod", AT_REMOVEDIR));
  sys_1(__NR_close, pods);
  sys_1(__NR_close, directory);
  sys_1(__NR_close, pidfd);
}

static void end(long pid) {
  checked("kill", sys_2(__NR_kill, pid, SIGKILL));
  wait_for(P_PID, pid);
}

static void read_image(void) {
  long fd = checked("open", sys_4(__NR_openat, AT_FDCWD, "/proc/self/exe", O_CLOEXEC, 0));
  image_size = (word)checked("read", sys_3(__NR_read, fd, image, IMAGE_SIZE));
  sys_1(__NR_close, fd);
  for (given_at = 0; given_at + sizeof given < image_size; given_at += 8) {
    word i = 0;
    while (i < sizeof given.mark && image[given_at + i] == (unsigned char)given.mark[i]) {
      i++;
    }
    if (i == sizeof given.mark) {
      return;
    }
  }
  die("the image has no mark", 0);
}

static int format(char *to, word number) {
  char digits[24];
  int count = 0;
  do {
    digits[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  for (int i = 0; i < count; i++) {
    to[i] = digits[count - 1 - i];
  }
  return count;
}

static void serve(char *line) {
  int stages = line[0] == 'o' ? 1 : 2;
  const char *root = 0;
  int on_bridge = line[4] == 'b';
  if (line[4] == 'p' || on_bridge) {
    root = line + (on_bridge ? sizeof "two bridge" : sizeof "two pod");
    for (char *at = line; *at; at++) {
      if (*at == '\n') {
        *at = 0;
        break;
      }
    }
  }
  word flags = 0;
  for (const char *at = line + 4; *at >= '0' && *at <= '9'; at++) {
    flags = flags * 10 + (word)(*at - '0');
  }
  word before = now();
  if (line[0] == 'b') {
    be_beside_another();
    sys_3(__NR_write, 1, "0 0\n", 4);
    return;
  }
  long pid = root ? start_pod(stages, root, on_bridge) : start(stages, flags);
  word ready = now();
  if (root) {
    end_pod(root, pid);
  } else {
    end(pid);
  }
  word ended = now();
  char answer[64];
  int size = format(answer, ready - before);
  answer[size++] = ' ';
  size += format(answer + size, ended - ready);
  answer[size++] = '\n';
  sys_3(__NR_write, 1, answer, size);
}

START;

__attribute__((used, noreturn)) static void begin(word *stack) {
  (void)stack;
  if (given.is_image) {
    intermediate();
  }
  read_image();
  static char line[256];
  word size = 0;
  for (;;) {
    long got = checked("read", sys_3(__NR_read, 0, line + size, sizeof line - 1 - size));
    size += (word)got;
    if (size > 0 && line[size - 1] == '\n') {
      line[size] = 0;
      serve(line);
      size = 0;
    } else if (got == 0 || size == sizeof line - 1) {
      for (;;) {
        sys_1(__NR_exit_group, 0);
      }
    }
  }
}
