package dev.gatun.linux.local;

import java.util.concurrent.atomic.AtomicBoolean;

/** Starts processes while other threads fill the heap; the test runs it in a JVM of its own. */
final class StartUnderLoad {
  private static final AtomicBoolean DONE = new AtomicBoolean();
  private static volatile byte[] last = new byte[0];

  private StartUnderLoad() {}

  public static void main(String[] args) throws InterruptedException {
    int count = Integer.parseInt(args[0]);
    Thread[] load = new Thread[2];
    for (int i = 0; i < load.length; i++) {
      load[i] =
          new Thread(() -> {
            byte[][] kept = new byte[64][];
            int next = 0;
            while (!DONE.get()) {
              last = new byte[10_000];
              kept[next++ % kept.length] = last;
            }
          });
      load[i].start();
    }
    int started = 0;
    for (int i = 0; i < count; i++) {
      if (Spawn.run(-1, "/bin/true", true) == 0) {
        started++;
      }
    }
    DONE.set(true);
    for (Thread thread : load) {
      thread.join();
    }
    System.out.println(started + " processes");
    if (started != count) {
      System.exit(1);
    }
  }
}
