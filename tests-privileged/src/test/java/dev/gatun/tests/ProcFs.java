package dev.gatun.tests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What the host's {@code /proc} says of processes that come and go. */
final class ProcFs {
  private ProcFs() {}

  /** The content of a file of a process, empty when the process is gone. */
  static String read(long pid, String name) {
    try {
      return new String(
          Files.readAllBytes(Path.of("/proc/" + pid + "/" + name)), StandardCharsets.UTF_8);
    } catch (IOException gone) {
      return "";
    }
  }

  /** The target of a link of a process, empty when the process is gone. */
  static String link(long pid, String name) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/" + pid + "/" + name)).toString();
    } catch (IOException gone) {
      return "";
    }
  }

  /** Whether the process runs: a zombie does not. */
  static boolean runs(long pid) {
    String stat = read(pid, "stat");
    if (stat.isEmpty()) {
      return false;
    }
    char state = stat.charAt(stat.lastIndexOf(')') + 2);
    return state != 'Z' && state != 'X';
  }

  /** The value of a line {@code name:<TAB>value} of the process's status. */
  static String status(long pid, String name) {
    return field(read(pid, "status"), name);
  }

  /** The value of a line {@code name:<TAB>value}. */
  static String field(String text, String name) {
    for (String line : text.split("\n", -1)) {
      if (line.startsWith(name + ":")) {
        return line.substring(name.length() + 1).strip();
      }
    }
    throw new AssertionError("no " + name + " in\n" + text);
  }

  /** The numbers of all processes of this pid namespace. */
  static List<Long> pids() {
    List<Long> pids = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path entry : entries) {
        pids.add(Long.valueOf(String.valueOf(entry.getFileName())));
      }
    } catch (IOException e) {
      throw new AssertionError("cannot list /proc", e);
    }
    return pids;
  }
}
