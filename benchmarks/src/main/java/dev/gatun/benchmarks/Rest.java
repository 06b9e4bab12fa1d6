package dev.gatun.benchmarks;

import java.io.File;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Waits until the kernel has taken apart the network namespaces of those that have ended.
 *
 * <p>It does so behind the back of whoever ended them: a worker of its queue {@code netns} runs
 * {@code cleanup_net} for tens of milliseconds, in which it takes the lock of all interfaces again
 * and again and waits for all processors. Whoever makes an interface meanwhile waits for the
 * worker: what he is seen to take depends on who was there before him, and on how long ago. A
 * worker shows what it is at in its name, {@code kworker/u8:2+netns}.
 *
 * <p>Other namespaces of the machine are waited for as well. Where workers are not seen, as in a
 * PID namespace, a time stands in for them.
 */
final class Rest {
  /** Longer than a worker needs to begin with what it was given. */
  private static final int BETWEEN_LOOKS_MILLIS = 10;

  private static final int LOOKS_IN_A_ROW = 2;
  private static final int BLIND_MILLIS = 60;
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(10);

  private enum Look {
    BUSY,
    IDLE,
    NO_WORKERS
  }

  private Rest() {}

  /**
   * Waits, for some 20 milliseconds at the least.
   *
   * @throws IOException if the kernel is not done within ten seconds
   */
  static void await() throws IOException {
    long begin = System.nanoTime();
    int idle = 0;
    while (idle < LOOKS_IN_A_ROW) {
      sleep(BETWEEN_LOOKS_MILLIS);
      switch (look()) {
        case BUSY -> idle = 0;
        case IDLE -> idle++;
        case NO_WORKERS -> {
          sleep(BLIND_MILLIS);
          return;
        }
      }
      if (System.nanoTime() - begin > MOST_NANOS) {
        throw new IOException("the kernel takes network namespaces apart for more than 10 s");
      }
    }
  }

  private static void sleep(int millis) throws IOException {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted at rest").initCause(e);
    }
  }

  private static Look look() throws IOException {
    String[] entries = new File("/proc").list();
    if (entries == null) {
      throw new IOException("/proc cannot be read");
    }
    Look look = Look.NO_WORKERS;
    for (String entry : entries) {
      if (Character.isDigit(entry.charAt(0))) {
        String name = name(entry);
        if (name.startsWith("kworker/")) {
          look = Look.IDLE;
          if (name.endsWith("+netns\n")) {
            return Look.BUSY;
          }
        }
      }
    }
    return look;
  }

  /** A process's name; empty if it is gone. */
  private static String name(String pid) throws IOException {
    try (InputStream in = new FileInputStream("/proc/" + pid + "/comm")) {
      return new String(in.readNBytes(64), StandardCharsets.US_ASCII);
    } catch (FileNotFoundException e) {
      return "";
    } catch (IOException e) {
      // ESRCH: it went after it was opened.
      if (new File("/proc/" + pid).exists()) {
        throw e;
      }
      return "";
    }
  }
}
