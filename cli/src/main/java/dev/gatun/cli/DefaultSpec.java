package dev.gatun.cli;

import dev.gatun.oci.Capabilities;
import dev.gatun.oci.Capability;
import dev.gatun.oci.IdMapping;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The configuration to begin with: what {@code runc spec} writes, in this runtime's version of the
 * specification.
 */
final class DefaultSpec {
  private static final int OPEN_FILES = 1024;

  private DefaultSpec() {}

  /**
   * For root.
   *
   * @param unified whether cgroup v2 is the host's only hierarchy: a cgroup namespace is usual then
   */
  static Spec rootful(boolean unified) {
    List<Mount> mounts = new ArrayList<>();
    mounts.add(mount("/proc", "proc", "proc"));
    mounts.add(mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"));
    mounts.add(
        mount(
            "/dev/pts",
            "devpts",
            "devpts",
            "nosuid",
            "noexec",
            "newinstance",
            "ptmxmode=0666",
            "mode=0620",
            "gid=5"));
    shared(mounts);
    mounts.add(mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"));
    cgroup(mounts);
    Resources.DeviceRule nothing = new Resources.DeviceRule(false, null, null, null, "rwm");
    Resources resources =
        new Resources(
            List.of(nothing), null, null, null, null, List.of(), null, Map.of(), Map.of());
    return spec(
        mounts,
        linux(
            List.of(),
            List.of(),
            resources,
            NamespaceType.PID,
            NamespaceType.NETWORK,
            NamespaceType.IPC,
            NamespaceType.UTS,
            NamespaceType.MOUNT,
            unified ? NamespaceType.CGROUP : null));
  }

  /**
   * For a user without privileges, who is root in a user namespace.
   *
   * @param uid the user
   * @param gid the user's group
   * @param unified whether cgroup v2 is the host's only hierarchy: a cgroup namespace is usual then
   */
  static Spec rootless(long uid, long gid, boolean unified) {
    List<Mount> mounts = new ArrayList<>();
    mounts.add(mount("/proc", "proc", "proc"));
    mounts.add(mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"));
    mounts.add(
        mount(
            "/dev/pts",
            "devpts",
            "devpts",
            "nosuid",
            "noexec",
            "newinstance",
            "ptmxmode=0666",
            "mode=0620"));
    shared(mounts);
    mounts.add(mount("/sys", "none", "/sys", "rbind", "nosuid", "noexec", "nodev", "ro"));
    cgroup(mounts);
    return spec(
        mounts,
        linux(
            List.of(new IdMapping(0, uid, 1)),
            List.of(new IdMapping(0, gid, 1)),
            null,
            NamespaceType.PID,
            NamespaceType.IPC,
            NamespaceType.UTS,
            NamespaceType.MOUNT,
            unified ? NamespaceType.CGROUP : null,
            NamespaceType.USER));
  }

  private static void shared(List<Mount> mounts) {
    mounts.add(
        mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"));
    mounts.add(mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"));
  }

  private static void cgroup(List<Mount> mounts) {
    mounts.add(
        mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro"));
  }

  private static Mount mount(String destination, String type, String source, String... options) {
    return new Mount(destination, type, source, List.of(options), List.of(), List.of());
  }

  private static Spec spec(List<Mount> mounts, Linux linux) {
    List<Capability> capabilities =
        List.of(Capability.CAP_AUDIT_WRITE, Capability.CAP_KILL, Capability.CAP_NET_BIND_SERVICE);
    Process process =
        new Process(
            true,
            null,
            User.ROOT,
            List.of("sh"),
            List.of(
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"),
            "/",
            new Capabilities(capabilities, capabilities, List.of(), capabilities, capabilities),
            List.of(new Rlimit(Rlimit.Type.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)),
            true,
            null,
            null,
            null,
            null,
            null,
            null);
    return new Spec(
        Version.SPEC,
        new Root("rootfs", true),
        "runc",
        null,
        mounts,
        process,
        null,
        Map.of(),
        linux,
        List.of());
  }

  private static Linux linux(
      List<IdMapping> uids,
      List<IdMapping> gids,
      @Nullable Resources resources,
      @Nullable NamespaceType... types) {
    List<Namespace> namespaces = new ArrayList<>();
    for (NamespaceType type : types) {
      if (type != null) {
        namespaces.add(new Namespace(type, null));
      }
    }
    return new Linux(
        uids,
        gids,
        Map.of(),
        Map.of(),
        resources,
        null,
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
}
