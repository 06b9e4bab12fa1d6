package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** The machine that the tests run on. */
final class Host {
  private Host() {}

  /** A line of {@code /proc/self/mountinfo}. */
  record Mount(String line, String target, String type) {}

  /** The host's mount table, oldest mount first. */
  static List<Mount> mounts() {
    List<Mount> mounts = new ArrayList<>();
    for (String line : ProcFs.read(ProcessHandle.current().pid(), "mountinfo").split("\n", -1)) {
      String[] halves = line.split(" - ", 2);
      if (halves.length == 2) {
        mounts.add(new Mount(line, halves[0].split(" ", -1)[4], halves[1].split(" ", 2)[0]));
      }
    }
    return mounts;
  }

  /** Where cgroup v2 is mounted: the whole tree, or beside v1 in hybrid mode. */
  static Path cgroup2() {
    for (Mount mount : mounts()) {
      if (mount.type().equals("cgroup2")) {
        return Path.of(mount.target());
      }
    }
    return fail("cgroup v2 is not mounted");
  }

  /**
   * Says why a test cannot run on this host. Where {@code CI} is set that is a failure, since every
   * test of this suite must run there.
   */
  static void require(boolean condition, String reason) {
    if (!condition && System.getenv("CI") != null) {
      fail("a must-run test cannot run: " + reason);
    }
    Assumptions.assumeTrue(condition, reason);
  }

  /** Runs a command of the host to its end and returns its standard output and error. */
  static String run(String... words) {
    try {
      Path output = Files.createTempFile("gatun-tests-", ".out");
      try {
        Process process =
            new ProcessBuilder(words)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(output.toFile())
                .redirectErrorStream(true)
                .start();
        if (!process.waitFor(10, TimeUnit.MINUTES)) {
          process.destroyForcibly();
          fail("still running: " + String.join(" ", words));
        }
        String text =
            new String(Files.readAllBytes(output), StandardCharsets.UTF_8).stripTrailing();
        if (process.exitValue() != 0) {
          fail(String.join(" ", words) + ": exit " + process.exitValue() + "\n" + text);
        }
        return text;
      } finally {
        Files.delete(output);
      }
    } catch (IOException e) {
      throw new AssertionError("cannot run " + String.join(" ", words), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** Sends a signal by its name. */
  static void signal(long pid, String name) {
    run("kill", "-s", name, Long.toString(pid));
  }
}
