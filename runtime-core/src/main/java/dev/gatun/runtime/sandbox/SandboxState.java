package dev.gatun.runtime.sandbox;

import dev.gatun.cgroups.CgroupPath;
import dev.gatun.oci.IdMapping;
import dev.gatun.oci.JsonInput;
import dev.gatun.oci.JsonWriter;
import dev.gatun.oci.SpecReader;
import dev.gatun.oci.SpecWriter;
import dev.gatun.runtime.state.ContainerState;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The contents of a pod's {@code state.json}.
 *
 * @param id the pod's id
 * @param pid of the pause process as the runtime sees it, 0 before it may go on
 * @param startTime when that started, in clock ticks since boot, from {@code proc_pid_stat(5)}
 * @param created when the pod was created, RFC 3339 in UTC
 * @param hostname its host name; null when nothing is known of the pod
 * @param sysctls kernel parameters that were set
 * @param sharePid whether its containers share a PID namespace
 * @param hostNetwork whether it has the host's network namespace
 * @param idMappings the map of users and of groups of its user namespace; empty for none
 * @param uid the user that created it
 * @param cgroup the pod's cgroup, null without one; what is below it is the runtime's to change.
 *     {@code delegated} is that cgroup itself when systemd made it, else empty
 * @param annotations of the request
 */
public record SandboxState(
    String id,
    int pid,
    long startTime,
    String created,
    @Nullable String hostname,
    Map<String, String> sysctls,
    boolean sharePid,
    boolean hostNetwork,
    List<IdMapping> idMappings,
    int uid,
    ContainerState.@Nullable Cgroup cgroup,
    Map<String, String> annotations) {
  /** Copies collections: in their order, unlike {@link Map#copyOf}. */
  public SandboxState {
    sysctls = Collections.unmodifiableMap(new LinkedHashMap<>(sysctls));
    idMappings = List.copyOf(idMappings);
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
  }

  /** What is known of a pod whose {@code state.json} was not written yet, or cannot be read. */
  static SandboxState unknown(String id) {
    return new SandboxState(
        id, 0, 0, "", null, Map.of(), false, false, List.of(), 0, null, Map.of());
  }

  /** The same pod once its pause process exists. */
  SandboxState withPause(int pausePid, long pauseStartTime) {
    return new SandboxState(
        id,
        pausePid,
        pauseStartTime,
        created,
        hostname,
        sysctls,
        sharePid,
        hostNetwork,
        idMappings,
        uid,
        cgroup,
        annotations);
  }

  /** The pod's cgroup, null without one. Nothing but cgroups is in it. */
  public @Nullable CgroupPath podCgroup() {
    ContainerState.Cgroup at = cgroup;
    return at == null ? null : new CgroupPath(at.mountPoint(), at.path());
  }

  /**
   * The cgroup of one of the pod's processes or containers, null without one.
   *
   * @param name its name in the pod's cgroup
   */
  public @Nullable CgroupPath cgroupOf(String name) {
    ContainerState.Cgroup at = cgroup;
    return at == null
        ? null
        : new CgroupPath(at.mountPoint(), at.path() + "/" + name, at.delegated());
  }

  /** The file's contents, with the pid at {@link ContainerState#PID_OFFSET}. */
  public byte[] toBytes() {
    JsonWriter out = JsonWriter.compact();
    out.beginObject()
        .member("startTime", startTime)
        .member("id", id)
        .member("created", created)
        .member("uid", uid);
    if (hostname != null) {
      out.member("hostname", hostname);
    }
    out.member("sharePid", sharePid).member("hostNetwork", hostNetwork);
    ContainerState.write(out, "sysctls", sysctls);
    SpecWriter.write(out, "idMappings", idMappings);
    ContainerState.write(out, cgroup);
    ContainerState.write(out, "annotations", annotations);
    out.endObject();
    return ContainerState.withPid(pid, out.toByteArray());
  }

  /**
   * Reads the file.
   *
   * @param bytes its contents
   * @return the state
   * @throws dev.gatun.oci.SpecException when it is none
   */
  public static SandboxState of(byte[] bytes) {
    JsonInput in = new JsonInput(bytes, "state.json");
    int pid = 0;
    long startTime = 0;
    String id = "";
    String created = "";
    int uid = 0;
    String hostname = null;
    boolean sharePid = false;
    boolean hostNetwork = false;
    Map<String, String> sysctls = Map.of();
    List<IdMapping> idMappings = List.of();
    String mountPoint = null;
    String path = "/";
    String delegated = "";
    String bus = "";
    Map<String, String> annotations = Map.of();
    in.beginObject();
    for (String name = in.nextField(); name != null; name = in.nextField()) {
      switch (name) {
        case "pid" -> pid = in.int32();
        case "startTime" -> startTime = in.int64();
        case "id" -> id = in.string();
        case "created" -> created = in.string();
        case "uid" -> uid = in.int32();
        case "hostname" -> hostname = in.string();
        case "sharePid" -> sharePid = in.bool();
        case "hostNetwork" -> hostNetwork = in.bool();
        case "sysctls" -> sysctls = in.stringMap();
        case "idMappings" -> idMappings = SpecReader.readIdMappings(in);
        case "cgroupMount" -> mountPoint = in.string();
        case "cgroup" -> path = in.string();
        case "scope" -> delegated = in.string();
        case "bus" -> bus = in.string();
        case "annotations" -> annotations = in.stringMap();
        default -> in.skipUnknown();
      }
    }
    in.end();
    return new SandboxState(
        id,
        pid,
        startTime,
        created,
        hostname,
        sysctls,
        sharePid,
        hostNetwork,
        idMappings,
        uid,
        mountPoint == null ? null : new ContainerState.Cgroup(mountPoint, path, delegated, bus),
        annotations);
  }
}
