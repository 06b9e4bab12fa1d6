/*
 * A fixture of the benchmarks, never a part of Gatun: a pause process as one would write it in C,
 * static and without a C library. It waits as Gatun's does, for every signal there is, all of them
 * blocked; TERM and INT end it, CHLD makes it reap. benchmarks/pause compiles and measures it.
 */
#include "kernel.h"

#define WNOHANG_ALL (WNOHANG | __WALL)

START;

__attribute__((used, noreturn)) static void begin(word *stack) {
  static const word all = ~0UL;
  (void)stack;
  sys_4(__NR_rt_sigprocmask, SIG_SETMASK, &all, 0, sizeof all);
  for (;;) {
    long signal = sys_4(__NR_rt_sigtimedwait, &all, 0, 0, sizeof all);
    if (signal == SIGTERM || signal == SIGINT) {
      for (;;) {
        sys_1(__NR_exit_group, 0);
      }
    }
    if (signal == SIGCHLD) {
      while (sys_4(__NR_wait4, -1, 0, WNOHANG_ALL, 0) > 0) {
      }
    }
  }
}
