package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A first process that is killed between two exchanges of a command: never SIGPIPE, always said.
 */
class DyingInitTest {
  private static final int MOUNTS = 300;
  private static final int TRIES = 20;

  @OnGatun
  void aFirstProcessThatIsKilledBeforeItIsLetGoOnFailsCreateWithASentence(Box box) {
    // Many mounts, so that there is time to stop the JVM while the first process is being made.
    Bundle bundle = box.bundle().args("/bin/true");
    for (int i = 0; i < MOUNTS; i++) {
      bundle.mount("/mnt", "tmpfs", "tmpfs", "size=4k");
    }
    String path = bundle.write();
    for (int i = 0; i < TRIES; i++) {
      String id = box.newId();
      Command create = box.launch("create", "-b", path, id);
      long killed = killInit(create, id);
      create.await();
      if (create.exit() == 0) {
        // The JVM was stopped too late: the container exists.
        box.call("delete", "--force", id).expectSuccess();
        continue;
      }
      Box.awaitEnd(killed);
      create.expectFailure("\"" + id + "\": its first process was killed");
      assertEquals(1, create.err().lines().count(), create::toString);
      box.expectNothingLeft();
      return;
    }
    throw new AssertionError("the JVM could not be stopped in time");
  }

  private static long killInit(Command create, String id) {
    long jvm = 0;
    long init = 0;
    while (init == 0 && create.isAlive()) {
      for (long child : children(create.pid())) {
        String words = ProcFs.read(child, "cmdline");
        if (words.equals("gatun\0" + id + "\0")) {
          init = child;
        } else if (ProcFs.link(child, "exe").endsWith("/java")) {
          jvm = child;
        }
      }
    }
    if (init == 0 || jvm == 0) {
      // Too late. What is more, 0 is the process group of the tests.
      return 0;
    }
    signal(jvm, "STOP");
    try {
      // The second exchange ends without the JVM, the third one cannot begin.
      Wait.pause(Duration.ofMillis(400));
      // The intermediate has the same name, and is gone by now.
      for (long child : children(create.pid())) {
        if (child != jvm) {
          init = child;
          signal(child, "KILL");
        }
      }
    } finally {
      signal(jvm, "CONT");
    }
    return init;
  }

  /** Sends a signal to a process that may be gone by now: then the next try counts. */
  private static void signal(long pid, String name) {
    Host.run("sh", "-c", "kill -s " + name + " " + pid + " 2>/dev/null || true");
  }

  private static List<Long> children(long pid) {
    List<Long> children = new ArrayList<>();
    for (String child : ProcFs.read(pid, "task/" + pid + "/children").trim().split(" ", -1)) {
      if (!child.isEmpty()) {
        children.add(Long.valueOf(child));
      }
    }
    return children;
  }
}
