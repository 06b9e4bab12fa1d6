/*
 * A fixture of the benchmarks, never a part of Gatun: system calls without a C library, for the
 * programs that Gatun is measured beside. Compiled with gcc by benchmarks/namespaces and
 * benchmarks/pause, and by nothing else.
 */
#include <asm/signal.h>
#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/wait.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

typedef unsigned long word;

#define INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
INLINE long sys6(long nr, word a, word b, word c, word d, word e, word f) {
  register word r10 __asm__("r10") = d;
  register word r8 __asm__("r8") = e;
  register word r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
#define START                                                                                     \
  __asm__(".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call begin\n")
#elif defined(__aarch64__)
INLINE long sys6(long nr, word a, word b, word c, word d, word e, word f) {
  register word x8 __asm__("x8") = (word)nr;
  register word x0 __asm__("x0") = a;
  register word x1 __asm__("x1") = b;
  register word x2 __asm__("x2") = c;
  register word x3 __asm__("x3") = d;
  register word x4 __asm__("x4") = e;
  register word x5 __asm__("x5") = f;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return (long)x0;
}
#define START __asm__(".globl _start\n_start:\n mov x29,0\n mov x30,0\n mov x0,sp\n bl begin\n")
#else
#error "no system calls for this architecture"
#endif

#define W(x) ((word)(x))
#define sys_0(n) sys6(n, 0, 0, 0, 0, 0, 0)
#define sys_1(n, a) sys6(n, W(a), 0, 0, 0, 0, 0)
#define sys_2(n, a, b) sys6(n, W(a), W(b), 0, 0, 0, 0)
#define sys_3(n, a, b, c) sys6(n, W(a), W(b), W(c), 0, 0, 0)
#define sys_4(n, a, b, c, d) sys6(n, W(a), W(b), W(c), W(d), 0, 0)
#define sys_5(n, a, b, c, d, e) sys6(n, W(a), W(b), W(c), W(d), W(e), 0)
#define sys_6(n, a, b, c, d, e, f) sys6(n, W(a), W(b), W(c), W(d), W(e), W(f))
