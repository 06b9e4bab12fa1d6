package dev.gatun.cgroups;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Cgroups of a test on this host, and processes in them; everything goes when it is closed. */
final class TestCgroups {
  private static int number;

  final CgroupRoot root;
  final Path mount;
  final String name;
  private final List<Process> processes = new ArrayList<>();

  TestCgroups() throws IOException {
    assumeTrue(
        ((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid")) == 0,
        "skipped: making cgroups needs root");
    root =
        CgroupRoot.parse(
            Files.readAllBytes(Path.of("/proc/self/mountinfo")),
            Files.readAllBytes(Path.of("/proc/self/cgroup")));
    String at = root.mountPoint();
    assumeTrue(at != null, "skipped: no cgroup2 is mounted");
    mount = Path.of(String.valueOf(at));
    name = "gatun-test-" + ProcessHandle.current().pid() + "-" + number++;
  }

  CgroupPath path(String below) {
    return new CgroupPath(mount.toString(), "/" + name + below);
  }

  Path directory(String below) {
    return mount.resolve(name + below);
  }

  /** Starts a shell command that is inside a cgroup before it does anything. */
  Process start(String below, String command) throws IOException {
    Process process =
        new ProcessBuilder(
                "/bin/sh",
                "-c",
                "echo $$ > \"$0/cgroup.procs\" && echo in && " + command,
                directory(below).toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    processes.add(process);
    assertTrue(process.getInputStream().read() == 'i', "the process did not enter its cgroup");
    return process;
  }

  void close() throws IOException, InterruptedException {
    Path top = directory("");
    if (Files.exists(top)) {
      Files.writeString(top.resolve("cgroup.kill"), "1");
    }
    for (Process process : processes) {
      process.destroyForcibly();
      assertTrue(process.waitFor(10, TimeUnit.SECONDS));
    }
    long deadline = System.nanoTime() + 5_000_000_000L;
    while (Files.exists(top)) {
      try {
        removeAll(top);
      } catch (IOException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        Thread.sleep(10);
      }
    }
  }

  private static void removeAll(Path directory) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, Files::isDirectory)) {
      for (Path entry : entries) {
        removeAll(entry);
      }
    }
    Files.delete(directory);
  }
}
