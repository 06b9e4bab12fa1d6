package dev.gatun.netns.netfilter;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.netns.TestNamespace;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs Java in network namespaces: sockets belong where they were made. */
final class Inside {
  private static final int SECONDS = 20;

  private Inside() {}

  /** Runs something on a thread that ends there. */
  static <T> T inside(TestNamespace where, Callable<T> action) throws Exception {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                enter(where);
                result.complete(action.call());
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            },
            "in the namespace of " + where.pid());
    thread.setDaemon(true);
    thread.start();
    try {
      return result.get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    } catch (TimeoutException e) {
      throw new IllegalStateException("it takes more than " + SECONDS + " s", e);
    }
  }

  private static void enter(TestNamespace where) {
    LocalKernel kernel = new LocalKernel();
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot fd = b.slot("namespace");
    b.sys(
            Syscall.OPENAT,
            Arg.imm(Constants.AT_FDCWD),
            b.string("/proc/" + where.pid() + "/ns/net"),
            Arg.imm(Constants.O_RDONLY | Constants.O_CLOEXEC))
        .into(fd);
    b.sys(Syscall.SETNS, fd, Arg.imm(Constants.CLONE_NEWNET));
    b.sys(Syscall.CLOSE, fd);
    kernel.run(b.build()).orThrow();
  }
}
