package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What happens between two exchanges of a command: a first process that is killed is never SIGPIPE,
 * and always said; a pod that is stopped has nothing that runs.
 */
class DyingInitTest {
  private static final int MOUNTS = 300;
  private static final int TRIES = 20;

  @OnGatun
  void aFirstProcessThatIsKilledBeforeItIsLetGoOnFailsCreateWithASentence(Box box) {
    String path = slow(box).args("/bin/true").write();
    for (int i = 0; i < TRIES; i++) {
      String id = box.newId();
      Path file = box.directory().resolve(id + ".pid");
      Command create = box.launch("create", "-b", path, "--pid-file", file.toString(), id);
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
      assertFalse(Files.exists(file), "the pid file stays");
      box.expectNothingLeft();
      return;
    }
    throw new AssertionError("the JVM could not be stopped in time");
  }

  /** There is time to stop the JVM while the first process is being made. */
  private static Bundle slow(Box box) {
    Bundle bundle = box.bundle();
    for (int i = 0; i < MOUNTS; i++) {
      bundle.mount("/mnt", "tmpfs", "tmpfs", "size=4k");
    }
    return bundle;
  }

  @OnGatun
  void aPodIsStoppedWithAContainerThatHasYetToBeWrittenDown(Box box) {
    String path = slow(box).args("/bin/sleep", "1000").write();
    for (List<String> words :
        List.of(List.of("pod", "stop", "--time", "1"), List.of("pod", "kill"))) {
      boolean inTime = false;
      for (int i = 0; i < TRIES && !inTime; i++) {
        String pod = box.newId();
        box.call("pod", "create", pod).expectSuccess();
        String id = box.newId();
        Command create = box.launch("create", "--pod", pod, "-b", path, id);
        List<String> command = new ArrayList<>(words);
        command.add(pod);
        if (words.contains("kill")) {
          command.add("KILL");
        }
        inTime = endPod(box, create, pod, id, command);
        box.call("pod", "delete", "--force", pod).expectSuccess();
      }
      assertTrue(inTime, "the JVM could not be stopped in time");
    }
    box.expectNothingLeft();
  }

  /** Ends a pod between the exchanges of a create, and returns whether that was where it was. */
  private static boolean endPod(
      Box box, Command create, String pod, String id, List<String> command) {
    long jvm = stopJvm(create, id);
    if (jvm == 0) {
      create.await().expectSuccess();
      return false;
    }
    Path container = box.stateRoot().resolve(id);
    Command ending;
    try {
      Path directory = box.stateRoot().resolve(".pods").resolve(pod);
      Wait.until("the second exchange to end", () -> locks(directory).isEmpty());
      if (!box.status(id).equals("creating")) {
        return false;
      }
      ending = box.launch(command.toArray(String[]::new));
      Wait.until(
          "the pod's end, or somebody who waits for the container",
          () -> !ending.isAlive() || locks(container).contains("->"));
    } finally {
      signal(jvm, "CONT");
      create.await();
    }
    ending.await().expectSuccess();
    create.expectSuccess();
    box.awaitStatus(id, "stopped");
    box.call("start", id).expectFailure("cannot start container \"" + id + "\"");
    assertEquals(
        "stopped",
        Box.parse(box.call("pod", "state", pod).expectSuccess().out()).get("status").asText());
    return true;
  }

  /** The lines of {@code /proc/locks} of a directory. */
  private static String locks(Path directory) {
    try {
      String end = ":" + Files.getAttribute(directory, "unix:ino") + " 0 EOF";
      StringBuilder lines = new StringBuilder();
      for (String line : Files.readAllLines(Path.of("/proc/locks"))) {
        if (line.contains("FLOCK") && line.endsWith(end)) {
          lines.append(line).append('\n');
        }
      }
      return lines.toString();
    } catch (IOException e) {
      throw new AssertionError("cannot find the locks of " + directory, e);
    }
  }

  /**
   * Stops the JVM of a create while the first process is being made.
   *
   * @return its pid, or 0 when it is too late
   */
  private static long stopJvm(Command create, String id) {
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
    return jvm;
  }

  private static long killInit(Command create, String id) {
    long jvm = stopJvm(create, id);
    if (jvm == 0) {
      return 0;
    }
    long init = 0;
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
