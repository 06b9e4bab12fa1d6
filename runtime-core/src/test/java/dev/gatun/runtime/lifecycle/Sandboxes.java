package dev.gatun.runtime.lifecycle;

import dev.gatun.oci.IdMapping;
import dev.gatun.runtime.sandbox.SandboxState;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.StateRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** States of pods that nobody made. */
final class Sandboxes {
  static final String HOSTNAME = "pod";
  static final String SYSCTL = "net.ipv4.ip_unprivileged_port_start";
  static final String SYSCTL_VALUE = "80";
  static final String CGROUP = "/pods/web";

  private Sandboxes() {}

  static SandboxState state(int pid) {
    return state(pid, 0, false, List.of());
  }

  static SandboxState sharingPid(int pid) {
    return state(pid, 0, true, List.of());
  }

  static SandboxState mapped(int pid, List<IdMapping> maps) {
    return state(pid, 0, false, maps);
  }

  /** Writes down a pod "web" that has all its files. */
  static Path write(String root) throws IOException {
    Path directory = Files.createDirectories(Path.of(root, StateRoot.PODS, "web"));
    Files.write(directory.resolve(StateRoot.STATE), state(77).toBytes());
    for (String file : PodSpec.FILES) {
      Files.write(directory.resolve(file), new byte[0]);
    }
    return directory;
  }

  static SandboxState state(int pid, long startTime, boolean sharePid, List<IdMapping> maps) {
    return new SandboxState(
        "web",
        pid,
        startTime,
        "2026-11-21T03:44:05Z",
        HOSTNAME,
        Map.of(SYSCTL, SYSCTL_VALUE),
        sharePid,
        false,
        maps,
        0,
        new ContainerState.Cgroup("/sys/fs/cgroup", CGROUP, "", ""),
        Map.of());
  }
}
