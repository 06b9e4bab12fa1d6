package dev.gatun.runtime;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.oci.Spec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A root file system with a busybox in it, and the library on a state root of its own. */
final class Box {
  static final Path BUSYBOX = Path.of("/usr/bin/busybox");

  final Path directory;
  final Path rootfs;
  final Gatun gatun;

  Box(Path directory) throws IOException {
    this.directory = directory;
    rootfs = directory.resolve("rootfs");
    for (String name : List.of("bin", "proc", "sys", "dev", "etc", "tmp", "work")) {
      Files.createDirectories(rootfs.resolve(name));
    }
    Path busybox = rootfs.resolve("bin/busybox");
    if (!Files.exists(busybox)) {
      Files.copy(BUSYBOX, busybox);
      for (String name : List.of("sh", "cat", "ls", "sleep", "true", "id", "readlink")) {
        Files.createSymbolicLink(rootfs.resolve("bin").resolve(name), Path.of("busybox"));
      }
    }
    gatun = Gatun.open(directory.resolve("state"));
  }

  static void assume() throws IOException {
    assumeTrue(
        Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)
            && Files.isWritable(Path.of("/proc/sys/kernel/hostname")),
        "containers are made by root");
    assumeTrue(Files.isExecutable(BUSYBOX), "the package busybox-static is missing");
  }

  static Spec shell(String script) {
    return SpecBuilder.isolated("sh", "-c", script).build();
  }

  ContainerBuilder container(String id, String script) {
    return gatun.container(id).spec(shell(script), rootfs);
  }

  static String text(java.io.InputStream in) throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  /** Children of this process, running or not. */
  static List<String> children() throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
      for (Path task : tasks.toList()) {
        found.addAll(children(task.resolve("children")));
      }
    }
    return found;
  }

  private static List<String> children(Path file) throws IOException {
    try {
      String pids = Files.readString(file).strip();
      return pids.isEmpty() ? List.of() : List.of(pids);
    } catch (NoSuchFileException e) {
      // The thread has ended.
      return List.of();
    }
  }

  static List<Thread> threads(String prefix) {
    List<Thread> found = new ArrayList<>();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith(prefix)) {
        found.add(thread);
      }
    }
    return found;
  }

  /** Directories of cgroup v2 whose name begins so. */
  static List<String> cgroups(String prefix) throws IOException {
    List<String> found = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
      if (line.contains(" - cgroup2 ")) {
        try (Stream<Path> list = Files.walk(Path.of(line.split(" ", -1)[4]), 3)) {
          list.filter(path -> path.getFileName().toString().startsWith(prefix))
              .forEach(path -> found.add(path.toString()));
        } catch (UncheckedIOException e) {
          // Somebody else's cgroup went while it was looked at.
          return cgroups(prefix);
        }
      }
    }
    return found;
  }
}
