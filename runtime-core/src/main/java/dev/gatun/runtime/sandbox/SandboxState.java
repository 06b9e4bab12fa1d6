package dev.gatun.runtime.sandbox;

import dev.gatun.oci.IdMapping;
import dev.gatun.oci.JsonInput;
import dev.gatun.runtime.state.ContainerState;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is on disk of a pod. */
public record SandboxState(
    String id,
    int pid,
    long startTime,
    @Nullable String hostname,
    Map<String, String> sysctls,
    boolean sharePid,
    boolean hostNetwork,
    List<IdMapping> idMappings,
    ContainerState.@Nullable Cgroup cgroup) {
  /** Reads it. */
  public static SandboxState of(byte[] bytes) {
    JsonInput in = new JsonInput(bytes, "state.json");
    int pid = 0;
    long startTime = 0;
    String id = "";
    String hostname = null;
    Map<String, String> sysctls = Map.of();
    boolean sharePid = false;
    String mountPoint = null;
    String path = "/";
    in.beginObject();
    for (String name = in.nextField(); name != null; name = in.nextField()) {
      switch (name) {
        case "pid" -> pid = in.int32();
        case "startTime" -> startTime = in.int64();
        case "id" -> id = in.string();
        case "hostname" -> hostname = in.string();
        case "sysctls" -> sysctls = in.stringMap();
        case "sharePid" -> in.skipUnknown();
        case "cgroupMount" -> mountPoint = in.string();
        case "cgroup" -> path = in.string();
        default -> in.skipUnknown();
      }
    }
    in.end();
    return new SandboxState(
        id,
        pid,
        startTime,
        hostname,
        sysctls,
        sharePid,
        false,
        List.of(),
        mountPoint == null ? null : new ContainerState.Cgroup(mountPoint, path, "", ""));
  }
}
