package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** The control files of a container's cgroup. */
record ControlFiles(Path directory) {
  /** Those of the cgroup that a process is in. */
  static ControlFiles of(long pid) {
    for (String line : ProcFs.read(pid, "cgroup").split("\n", -1)) {
      if (line.startsWith("0::")) {
        return new ControlFiles(Path.of(Host.cgroup2() + line.substring(3)));
      }
    }
    throw new AssertionError("no v2 cgroup of " + pid);
  }

  String read(String file) {
    try {
      return Files.readString(directory.resolve(file)).strip();
    } catch (IOException e) {
      throw new AssertionError("cannot read " + directory.resolve(file), e);
    }
  }

  /** The number of a line {@code key number}. */
  long entry(String file, String key) {
    for (String line : read(file).split("\n", -1)) {
      if (line.startsWith(key + " ")) {
        return Long.parseLong(line.substring(key.length() + 1).strip());
      }
    }
    throw new AssertionError("no " + key + " in " + file + ": " + read(file));
  }

  /** Fails unless each file reads as is said, all of them shown. */
  void expect(Map<String, String> values) {
    Map<String, String> found = new TreeMap<>();
    for (String file : values.keySet()) {
      found.put(file, read(file));
    }
    assertEquals(new TreeMap<>(values), found);
  }
}
