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
 *               clones the holder as its sibling
 */
#include "kernel.h"

#define IMAGE_SIZE 65536
#define MAP "0 100000 65536"

enum { PID = 1, READY = 2 };

struct message {
  word kind, value, record, error;
};

/* What the image is given; it is found in the file by its first words. */
static volatile struct {
  char mark[16];
  word is_image, flags, report, wait, go;
} given = {"gatun-benchmark", 0, 0, 0, 0, 0};

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

static void map(long pid, const char *name) {
  char path[40];
  char *at = path + 16;
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
  long fd = checked("open map", sys_4(__NR_openat, AT_FDCWD, at, 01 | 02000000, 0));
  checked("write map", sys_3(__NR_write, fd, MAP, sizeof MAP - 1));
  sys_1(__NR_close, fd);
}

static void be_mapped(long pid, word go) {
  map(pid, "/uid_map");
  map(pid, "/gid_map");
  checked("write go", sys_3(__NR_write, go, "g", 1));
}

__attribute__((noreturn)) static void hold(word flags, word report, word wait) {
  checked("setsid", sys_0(__NR_setsid));
  if (flags & CLONE_NEWUSER) {
    char byte;
    checked("read go", sys_3(__NR_read, wait, &byte, 1));
    checked("setresgid", sys_3(__NR_setresgid, 0, 0, 0));
    checked("setresuid", sys_3(__NR_setresuid, 0, 0, 0));
  }
  send(report, READY, 0);
  sys_3(__NR_close_range, 0, 0xffffffffUL, 0);
  sys_4(__NR_rt_sigtimedwait, &all, 0, 0, sizeof all);
  for (;;) {
    sys_1(__NR_exit_group, 1);
  }
}

/* The image's beginning: the intermediate. */
__attribute__((noreturn)) static void intermediate(void) {
  sys_2(__NR_prctl, PR_SET_NAME, "holder");
  struct clone_args clone = {.flags = given.flags | CLONE_PARENT};
  long pid = checked("clone3", sys_2(__NR_clone3, &clone, sizeof clone));
  if (pid == 0) {
    hold(given.flags, given.report, given.wait);
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
  checked("pipe2", sys_2(__NR_pipe2, report, 02000000));
  if (flags & CLONE_NEWUSER) {
    checked("pipe2", sys_2(__NR_pipe2, go, 02000000));
  }
  if (stages == 1) {
    struct clone_args clone = {.flags = flags, .exit_signal = SIGCHLD};
    pid = checked("clone3", sys_2(__NR_clone3, &clone, sizeof clone));
    if (pid == 0) {
      sys_2(__NR_prctl, PR_SET_NAME, "holder");
      hold(flags, (word)report[1], (word)go[0]);
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

static void end(long pid) {
  checked("kill", sys_2(__NR_kill, pid, SIGKILL));
  wait_for(P_PID, pid);
}

static void read_image(void) {
  long fd = checked("open", sys_4(__NR_openat, AT_FDCWD, "/proc/self/exe", 02000000, 0));
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

static void serve(const char *line) {
  int stages = line[0] == 'o' ? 1 : 2;
  word flags = 0;
  for (const char *at = line + 4; *at >= '0' && *at <= '9'; at++) {
    flags = flags * 10 + (word)(*at - '0');
  }
  word before = now();
  long pid = start(stages, flags);
  word ready = now();
  end(pid);
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
