package dev.gatun.runtime.state;

import dev.gatun.oci.Hooks;
import dev.gatun.oci.JsonInput;
import dev.gatun.oci.JsonWriter;
import dev.gatun.oci.SpecReader;
import dev.gatun.oci.SpecWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The contents of {@code state.json}.
 *
 * @param pid init's pid as the runtime sees it, 0 before it exists
 * @param startTime when init started, in clock ticks since boot, from {@code proc_pid_stat(5)}
 * @param ociVersion of the configuration
 * @param id the container's id
 * @param bundle the bundle's absolute path
 * @param rootfs the root file system's absolute path
 * @param created when it was created, RFC 3339 in UTC
 * @param uid the user that created it
 * @param cgroup the mount point of cgroup2, a line feed, and the container's path below it; null
 *     without a cgroup
 * @param annotations of the configuration
 * @param hooks those of the configuration that are run once the container has been created
 * @param pod the id of the pod that it is in, or null
 */
public record ContainerState(
    int pid,
    long startTime,
    String ociVersion,
    String id,
    String bundle,
    String rootfs,
    String created,
    int uid,
    @Nullable Cgroup cgroup,
    Map<String, String> annotations,
    Hooks hooks,
    @Nullable String pod) {

  /**
   * Where a container's cgroup is.
   *
   * @param mountPoint the mount point of cgroup2
   * @param path the cgroup's path below it, with a slash first
   * @param delegated the path of the cgroup above that systemd made for it, or empty
   * @param bus the path of the socket over which that is ended, or empty
   */
  public record Cgroup(String mountPoint, String path, String delegated, String bus) {}

  /** Where the digits of the pid begin: programs read them without a JSON parser. */
  public static final int PID_OFFSET = 7;

  /** How many characters the pid has, spaces first. */
  public static final int PID_DIGITS = 10;

  /** Copies the annotations. */
  public ContainerState {
    annotations = Map.copyOf(annotations);
  }

  /**
   * The same container once init exists.
   *
   * @param initPid init's pid
   * @param initStartTime init's start time
   * @return the new state
   */
  public ContainerState withInit(int initPid, long initStartTime) {
    return new ContainerState(
        initPid,
        initStartTime,
        ociVersion,
        id,
        bundle,
        rootfs,
        created,
        uid,
        cgroup,
        annotations,
        hooks,
        pod);
  }

  /** The file's contents, with the pid at {@link #PID_OFFSET}. */
  public byte[] toBytes() {
    JsonWriter out = JsonWriter.compact();
    out.beginObject()
        .member("startTime", startTime)
        .member("ociVersion", ociVersion)
        .member("id", id)
        .member("bundle", bundle)
        .member("rootfs", rootfs)
        .member("created", created)
        .member("uid", uid);
    write(out, cgroup);
    if (pod != null) {
      out.member("pod", pod);
    }
    write(out, "annotations", annotations);
    if (!hooks.isEmpty()) {
      SpecWriter.write(out.name("hooks"), hooks);
    }
    out.endObject();
    return withPid(pid, out.toByteArray());
  }

  /**
   * Writes where a cgroup is, as members of an object that is open.
   *
   * @param out where to
   * @param cgroup the cgroup, or null
   */
  public static void write(JsonWriter out, @Nullable Cgroup cgroup) {
    if (cgroup != null) {
      out.member("cgroupMount", cgroup.mountPoint()).member("cgroup", cgroup.path());
      if (!cgroup.bus().isEmpty()) {
        out.member("scope", cgroup.delegated()).member("bus", cgroup.bus());
      }
    }
  }

  /**
   * Writes an object of strings as a member of an object that is open.
   *
   * @param out where to
   * @param name the member's name
   * @param strings its members
   */
  public static void write(JsonWriter out, String name, Map<String, String> strings) {
    out.name(name).beginObject();
    for (Map.Entry<String, String> entry : strings.entrySet()) {
      out.member(entry.getKey(), entry.getValue());
    }
    out.endObject();
  }

  /**
   * Puts a pid in front of the members of an object, at {@link #PID_OFFSET}.
   *
   * @param pid the pid
   * @param rest an object that is not empty
   * @return the object with it
   */
  public static byte[] withPid(int pid, byte[] rest) {
    StringBuilder head = new StringBuilder("{\"pid\":");
    String digits = Integer.toString(pid);
    for (int i = digits.length(); i < PID_DIGITS; i++) {
      head.append(' ');
    }
    head.append(digits).append(',');
    byte[] first = head.toString().getBytes(StandardCharsets.US_ASCII);
    byte[] all = new byte[first.length + rest.length - 1];
    System.arraycopy(first, 0, all, 0, first.length);
    // The rest begins with its own brace, which the head has already.
    System.arraycopy(rest, 1, all, first.length, rest.length - 1);
    return all;
  }

  /**
   * Reads the file.
   *
   * @param bytes its contents
   * @return the state
   * @throws dev.gatun.oci.SpecException when it is none
   */
  public static ContainerState of(byte[] bytes) {
    JsonInput in = new JsonInput(bytes, "state.json");
    int pid = 0;
    long startTime = 0;
    String ociVersion = "";
    String id = "";
    String bundle = "";
    String rootfs = "";
    String created = "";
    int uid = 0;
    String mountPoint = null;
    String path = "/";
    String delegated = "";
    String bus = "";
    String pod = null;
    Map<String, String> annotations = Map.of();
    Hooks hooks = Hooks.NONE;
    in.beginObject();
    for (String name = in.nextField(); name != null; name = in.nextField()) {
      switch (name) {
        case "pid" -> pid = in.int32();
        case "startTime" -> startTime = in.int64();
        case "ociVersion" -> ociVersion = in.string();
        case "id" -> id = in.string();
        case "bundle" -> bundle = in.string();
        case "rootfs" -> rootfs = in.string();
        case "created" -> created = in.string();
        case "uid" -> uid = in.int32();
        case "cgroupMount" -> mountPoint = in.string();
        case "cgroup" -> path = in.string();
        case "scope" -> delegated = in.string();
        case "bus" -> bus = in.string();
        case "pod" -> pod = in.string();
        case "annotations" -> annotations = in.stringMap();
        case "hooks" -> hooks = SpecReader.readHooks(in);
        default -> in.skipUnknown();
      }
    }
    in.end();
    Cgroup cgroup = mountPoint == null ? null : new Cgroup(mountPoint, path, delegated, bus);
    return new ContainerState(
        pid,
        startTime,
        ociVersion,
        id,
        bundle,
        rootfs,
        created,
        uid,
        cgroup,
        annotations,
        hooks,
        pod);
  }
}
