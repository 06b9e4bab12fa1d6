package dev.gatun.runtime.embedded;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * The threads that programs run on and futures are completed on.
 *
 * <p>A program holds its thread in native code until it ends, and may wait for a lock that another
 * program has. On a virtual thread that would hold the carrier, of which there are as many as
 * processors: all of them waiting for a lock whose owner has no carrier is a deadlock. So what a
 * virtual thread asks for is done by a platform thread. A platform thread does it itself.
 */
public final class Threads {
  /** How many platform threads virtual threads are served by at once. */
  private static final int MOST = 64;

  private static final long IDLE_SECONDS = 2;
  private static final Semaphore SERVED = new Semaphore(MOST);
  private static final AtomicInteger NUMBER = new AtomicInteger();

  /** Completes futures: what depends on them may block without holding up another container. */
  private static final Executor POOL =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          work -> thread("gatun-" + NUMBER.incrementAndGet(), work));

  private Threads() {}

  /** Where what may block for long is done; its threads are daemons and end when idle. */
  public static Executor pool() {
    return POOL;
  }

  /**
   * A thread that does not keep the JVM alive.
   *
   * @param name its name
   * @param work what it does
   * @return the thread, not started
   */
  static Thread thread(String name, Runnable work) {
    return Thread.ofPlatform()
        .daemon()
        .name(name)
        .inheritInheritableThreadLocals(false)
        .unstarted(work);
  }

  /**
   * Does something on a platform thread and waits for its end. An interrupt does not end it, since
   * half a container is none: the thread stays interrupted.
   *
   * @param <T> what it gives
   * @param work what is done
   * @return what it gave
   * @throws RuntimeException as the work does
   */
  public static <T> T call(Supplier<T> work) {
    if (!Thread.currentThread().isVirtual()) {
      return work.get();
    }
    SERVED.acquireUninterruptibly();
    try {
      return CompletableFuture.supplyAsync(work, POOL).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e;
    } finally {
      SERVED.release();
    }
  }
}
