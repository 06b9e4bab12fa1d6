package dev.gatun.tests;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * Runs code in a thread whose system calls, and those of the processes that it starts, fail as the
 * rules say: a kernel that lacks them. The filter ends with the thread and those processes.
 *
 * <p>It is also a program of one source file: {@code tests-privileged/enosys} starts it.
 */
final class SeccompThread {
  private static final int SECCOMP_SET_MODE_FILTER = 1;
  private static final int SECCOMP_RET_ALLOW = 0x7fff0000;
  private static final int SECCOMP_RET_ERRNO = 0x00050000;
  private static final int BPF_LD_W_ABS = 0x20;
  private static final int BPF_JEQ = 0x15;
  private static final int BPF_JSET = 0x45;
  private static final int BPF_RET = 0x06;
  private static final int ARGS = 16;
  private static final int ENOSYS = 38;
  private static final boolean X86 = System.getProperty("os.arch").equals("amd64");

  /**
   * A call that fails.
   *
   * @param number its number here
   * @param errno how
   * @param argument the index of the argument that decides, or −1
   * @param mask bits of its low half, of which one must be set
   */
  record Rule(int number, int errno, int argument, int mask) {
    static Rule enosys(String name) {
      return new Rule(numberOf(name), ENOSYS, -1, 0);
    }

    static Rule always(String name, int errno) {
      return new Rule(numberOf(name), errno, -1, 0);
    }
  }

  private SeccompThread() {}

  /** Calls from Linux 5.1 on have one number everywhere. */
  private static int numberOf(String name) {
    return switch (name) {
      case "fcntl" -> X86 ? 72 : 25;
      case "seccomp" -> X86 ? 317 : 277;
      case "memfd_create" -> X86 ? 319 : 279;
      case "execveat" -> X86 ? 322 : 281;
      case "pidfd_send_signal" -> 424;
      case "open_tree" -> 428;
      case "move_mount" -> 429;
      case "fsopen" -> 430;
      case "fsconfig" -> 431;
      case "fsmount" -> 432;
      case "fspick" -> 433;
      case "pidfd_open" -> 434;
      case "clone3" -> 435;
      case "close_range" -> 436;
      case "openat2" -> 437;
      case "pidfd_getfd" -> 438;
      case "faccessat2" -> 439;
      case "mount_setattr" -> 442;
      case "fchmodat2" -> 452;
      default -> throw new IllegalArgumentException("no number is known for " + name);
    };
  }

  /** Runs code in a thread of its own under the rules. */
  static <T> T under(List<Rule> rules, Supplier<T> code) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread =
        Thread.ofPlatform()
            .unstarted(() -> {
              try {
                install(rules);
                result.complete(code.get());
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            });
    thread.start();
    try {
      return result.join();
    } catch (CompletionException e) {
      throw new AssertionError("under " + rules + ": " + e.getCause(), e);
    }
  }

  @SuppressWarnings("restricted") // seccomp(2) has no other way into a test
  private static void install(List<Rule> rules) throws Throwable {
    List<int[]> code = new ArrayList<>();
    for (Rule rule : rules) {
      int rest = rule.argument() < 0 ? 1 : 3;
      code.add(new int[] {BPF_LD_W_ABS, 0, 0, 0});
      code.add(new int[] {BPF_JEQ, 0, rest, rule.number()});
      if (rule.argument() >= 0) {
        code.add(new int[] {BPF_LD_W_ABS, 0, 0, ARGS + 8 * rule.argument()});
        code.add(new int[] {BPF_JSET, 0, 1, rule.mask()});
      }
      code.add(new int[] {BPF_RET, 0, 0, SECCOMP_RET_ERRNO | rule.errno()});
    }
    code.add(new int[] {BPF_RET, 0, 0, SECCOMP_RET_ALLOW});
    Linker linker = Linker.nativeLinker();
    MethodHandle syscall =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("syscall"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS),
            Linker.Option.firstVariadicArg(1));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment filter = arena.allocate(8L * code.size(), 8);
      for (int i = 0; i < code.size(); i++) {
        int[] one = code.get(i);
        filter.set(ValueLayout.JAVA_SHORT, 8L * i, (short) one[0]);
        filter.set(ValueLayout.JAVA_BYTE, 8L * i + 2, (byte) one[1]);
        filter.set(ValueLayout.JAVA_BYTE, 8L * i + 3, (byte) one[2]);
        filter.set(ValueLayout.JAVA_INT, 8L * i + 4, one[3]);
      }
      MemorySegment program = arena.allocate(16, 8);
      program.set(ValueLayout.JAVA_SHORT, 0, (short) code.size());
      program.set(ValueLayout.ADDRESS, 8, filter);
      long number = X86 ? 317 : 277;
      long result = (long) syscall.invokeExact(number, (long) SECCOMP_SET_MODE_FILTER, 0L, program);
      if (result != 0) {
        throw new IOException("seccomp(SECCOMP_SET_MODE_FILTER) is refused: root is needed");
      }
    }
  }

  /** {@code SYSCALL… -- COMMAND…}: runs a command without some system calls. */
  public static void main(String[] args) {
    List<String> words = List.of(args);
    int end = words.indexOf("--");
    if (end < 1 || end == words.size() - 1) {
      System.err.println("usage: tests-privileged/enosys SYSCALL... -- COMMAND...");
      System.exit(2);
    }
    List<Rule> rules = words.subList(0, end).stream().map(Rule::enosys).toList();
    int status =
        under(
            rules,
            () -> {
              try {
                return new ProcessBuilder(words.subList(end + 1, words.size()))
                    .inheritIO()
                    .start()
                    .waitFor();
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    System.exit(status);
  }
}
