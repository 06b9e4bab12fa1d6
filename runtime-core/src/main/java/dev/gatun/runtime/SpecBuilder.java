package dev.gatun.runtime;

import dev.gatun.oci.Capabilities;
import dev.gatun.oci.Capability;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Mount;
import dev.gatun.oci.Namespace;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Process;
import dev.gatun.oci.Resources;
import dev.gatun.oci.Rlimit;
import dev.gatun.oci.Root;
import dev.gatun.oci.Spec;
import dev.gatun.oci.User;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a configuration that shuts a program in: namespaces of its own, the network's among them;
 * no capabilities and no way to get any; a private {@code /proc}, {@code /dev}, {@code /dev/shm}; a
 * read-only {@code /sys}; no device but the harmless ones; what tells of the host hidden. What it
 * says loosens that, one thing at a time.
 *
 * <p>It makes the records of {@code dev.gatun.oci} and nothing else: whatever it does not know can
 * be put into those.
 */
public final class SpecBuilder {
  private static final String VERSION = "1.3.0";
  private static final String PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final List<String> args;
  private final List<String> env = new ArrayList<>();
  private final List<Mount> mounts = new ArrayList<>();
  private final List<Rlimit> rlimits = new ArrayList<>();
  private final List<Capability> capabilities = new ArrayList<>();
  private String cwd = "/";
  private User user = User.ROOT;
  private boolean readonly = true;
  private boolean network;
  private boolean devices = true;
  private @Nullable String hostname;
  private @Nullable String cgroupsPath;
  private @Nullable Long memory;
  private @Nullable Long pids;

  private SpecBuilder(List<String> args) {
    this.args = List.copyOf(args);
    add("/proc", "proc", "proc");
    add("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k");
    add(
        "/dev/pts",
        "devpts",
        "devpts",
        "nosuid",
        "noexec",
        "newinstance",
        "ptmxmode=0666",
        "mode=0620");
    add("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k");
    add("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev");
    add("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro");
  }

  private void add(String destination, String type, String source, String... options) {
    mounts.add(new Mount(destination, type, source, List.of(options), List.of(), List.of()));
  }

  /**
   * Begins.
   *
   * @param args the program and its arguments; a program without a slash is looked for in PATH
   * @return a configuration that runs it, shut in
   */
  public static SpecBuilder isolated(String... args) {
    return isolated(List.of(args));
  }

  /**
   * Begins.
   *
   * @param args the program and its arguments; a program without a slash is looked for in PATH
   * @return a configuration that runs it, shut in
   */
  public static SpecBuilder isolated(List<String> args) {
    return new SpecBuilder(args);
  }

  /**
   * Sets a variable of the environment, which has nothing but PATH otherwise.
   *
   * @param name its name
   * @param value its value
   * @return this builder
   */
  public SpecBuilder env(String name, String value) {
    env.add(name + "=" + value);
    return this;
  }

  /**
   * Sets the working directory.
   *
   * @param directory an absolute path in the container, made when it is missing and can be
   * @return this builder
   */
  public SpecBuilder cwd(String directory) {
    cwd = directory;
    return this;
  }

  /**
   * Sets the user, 0 otherwise.
   *
   * @param uid the user's number
   * @param gid the group's number
   * @return this builder
   */
  public SpecBuilder user(long uid, long gid) {
    user = new User(uid, gid, null, List.of());
    return this;
  }

  /**
   * Sets the host name, the host's otherwise.
   *
   * @param name the name
   * @return this builder
   */
  public SpecBuilder hostname(String name) {
    hostname = name;
    return this;
  }

  /**
   * Lets the container write to its root file system.
   *
   * @return this builder
   */
  public SpecBuilder writableRoot() {
    readonly = false;
    return this;
  }

  /**
   * Shows a file or directory of the host that cannot be written to, with everything that is
   * mounted below it.
   *
   * @param source on the host
   * @param destination an absolute path in the container
   * @return this builder
   */
  public SpecBuilder readOnly(Path source, String destination) {
    return bind(source, destination, "rro");
  }

  /**
   * Shows a file or directory of the host that can be written to.
   *
   * @param source on the host
   * @param destination an absolute path in the container
   * @return this builder
   */
  public SpecBuilder writable(Path source, String destination) {
    return bind(source, destination, "rw");
  }

  private SpecBuilder bind(Path source, String destination, String access) {
    add(
        destination,
        "bind",
        source.toAbsolutePath().toString(),
        "rbind",
        "rprivate",
        "nosuid",
        "nodev",
        access);
    return this;
  }

  /**
   * Gives the container a directory in memory of its own.
   *
   * @param destination an absolute path in the container
   * @param bytes how much it may hold
   * @return this builder
   */
  public SpecBuilder tmpfs(String destination, long bytes) {
    add(destination, "tmpfs", "tmpfs", "nosuid", "nodev", "mode=1777", "size=" + bytes);
    return this;
  }

  /**
   * Leaves the container in the JVM's network.
   *
   * @return this builder
   */
  public SpecBuilder hostNetwork() {
    network = true;
    return this;
  }

  /**
   * Grants a capability, {@code capabilities(7)}; a user other than 0 keeps it too.
   *
   * @param capability which
   * @return this builder
   */
  public SpecBuilder capability(Capability capability) {
    capabilities.add(capability);
    return this;
  }

  /**
   * Sets a limit of the process, {@code setrlimit(2)}.
   *
   * @param type which
   * @param soft where the process is stopped
   * @param hard up to where it may raise that itself
   * @return this builder
   */
  public SpecBuilder rlimit(Rlimit.Type type, long soft, long hard) {
    rlimits.add(new Rlimit(type, soft, hard));
    return this;
  }

  /**
   * Limits the memory of all of its processes together. Needs the controller {@code memory} of
   * cgroup v2; where that is not to be had, creating the container says so.
   *
   * @param bytes how much
   * @return this builder
   */
  public SpecBuilder memory(long bytes) {
    memory = bytes;
    return this;
  }

  /**
   * Limits how many processes and threads it may have. Needs the controller {@code pids} of cgroup
   * v2; where that is not to be had, creating the container says so.
   *
   * @param count how many
   * @return this builder
   */
  public SpecBuilder pids(long count) {
    pids = count;
    return this;
  }

  /**
   * Puts the container into a cgroup; without it that is one of its id beside the JVM's own.
   *
   * @param path below the mount of cgroup v2 when it begins with a slash, else beside the JVM's own
   * @return this builder
   */
  public SpecBuilder cgroup(String path) {
    cgroupsPath = path;
    return this;
  }

  /**
   * Leaves out the filter that keeps device nodes of the root file system from being opened: for a
   * host without cgroup v2, and a root file system that has none.
   *
   * @return this builder
   */
  public SpecBuilder withoutDeviceFilter() {
    devices = false;
    return this;
  }

  /**
   * The configuration. The root file system is named when the container is made of it.
   *
   * @return its records
   */
  public Spec build() {
    List<String> environment = new ArrayList<>(env);
    boolean searched = false;
    for (String variable : env) {
      searched |= variable.startsWith("PATH=");
    }
    if (!searched) {
      environment.add(PATH);
    }
    // Without these two an execve(2) takes the capabilities of a user other than 0.
    List<Capability> kept = user.uid() == 0 ? List.of() : capabilities;
    Process process =
        new Process(
            false,
            null,
            user,
            args,
            environment,
            cwd,
            new Capabilities(capabilities, capabilities, kept, capabilities, kept),
            rlimits,
            true,
            null,
            null,
            null,
            null,
            null,
            null);
    return new Spec(
        VERSION,
        new Root("rootfs", readonly),
        hostname,
        null,
        mounts,
        process,
        null,
        Map.of(),
        linux(),
        List.of());
  }

  private Linux linux() {
    List<Namespace> namespaces = new ArrayList<>();
    for (NamespaceType type : NamespaceType.values()) {
      boolean joins = type == NamespaceType.USER || type == NamespaceType.TIME;
      if (!joins && !(network && type == NamespaceType.NETWORK)) {
        namespaces.add(new Namespace(type, null));
      }
    }
    return new Linux(
        List.of(),
        List.of(),
        Map.of(),
        Map.of(),
        resources(),
        cgroupsPath,
        namespaces,
        List.of(),
        Map.of(),
        null,
        null,
        List.of(
            "/proc/acpi",
            "/proc/asound",
            "/proc/kcore",
            "/proc/keys",
            "/proc/latency_stats",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/proc/sched_debug",
            "/sys/firmware",
            "/proc/scsi"),
        List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"),
        null,
        null,
        null,
        null);
  }

  private @Nullable Resources resources() {
    if (!devices && memory == null && pids == null) {
      return null;
    }
    return new Resources(
        devices ? List.of(new Resources.DeviceRule(false, null, null, null, "rwm")) : List.of(),
        memory == null
            ? null
            : new Resources.Memory(memory, null, null, null, null, null, null, null, null),
        null,
        pids == null ? null : new Resources.Pids(pids),
        null,
        List.of(),
        null,
        Map.of(),
        Map.of());
  }
}
