package dev.gatun.runtime.rootfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.oci.Mount;
import dev.gatun.oci.RootfsPropagation;
import dev.gatun.runtime.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.classfile.constantpool.StringEntry;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The features document names the options that are known, all of them and no others. */
class MountOptionNamesTest {
  private static final Set<String> OF_ALL_FILE_SYSTEMS =
      Set.of("async", "dirsync", "lazytime", "mand", "nolazytime", "nomand", "sync");

  @Test
  void allNamesAreKnown() {
    List<String> names = MountOptions.names();
    for (String name : names) {
      assertTrue(isKnown(name) || OF_ALL_FILE_SYSTEMS.contains(name), name);
    }
    assertEquals(names.size(), Set.copyOf(names).size());
    assertEquals(names, names.stream().sorted().toList());
  }

  /** Every text in the class that is known as an option is among the names. */
  @Test
  void nothingElseIsKnown() throws IOException {
    Set<String> candidates = new TreeSet<>();
    try (InputStream in = MountOptions.class.getResourceAsStream("MountOptions.class")) {
      for (PoolEntry entry : ClassFile.of().parse(in.readAllBytes()).constantPool()) {
        if (entry instanceof StringEntry text) {
          candidates.add(text.stringValue());
        }
      }
    }
    Arrays.stream(RootfsPropagation.values()).forEach(p -> candidates.add(p.specName()));
    assertTrue(candidates.contains("rnosymfollow"), "the class has its options as constants");
    Set<String> names = Set.copyOf(MountOptions.names());
    for (String candidate : candidates) {
      if (candidate.matches("[a-z]+") && isKnown(candidate)) {
        assertTrue(names.contains(candidate), candidate);
      }
    }
  }

  private static boolean isKnown(String option) {
    Mount mount = new Mount("/x", "tmpfs", "x", List.of(option), List.of(), List.of());
    try {
      return MountOptions.of(mount, "/mounts/0").parameters().isEmpty();
    } catch (ConfigException e) {
      return false;
    }
  }
}
