package dev.gatun.benchmarks;

import dev.gatun.oci.Linux;
import java.util.List;

/** The part of a configuration that makes namespaces and a cgroup, and nothing else. */
final class Namespaces {
  private Namespaces() {}

  static Linux only(Linux linux) {
    return new Linux(
        List.of(),
        List.of(),
        linux.timeOffsets(),
        linux.sysctl(),
        null,
        linux.cgroupsPath(),
        linux.namespaces(),
        List.of(),
        linux.netDevices(),
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }
}
