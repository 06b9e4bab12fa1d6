package dev.gatun.oci;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a runtime supports, runtime-spec <em>Features Structure</em>. Absent lists and flags mean
 * "unknown".
 *
 * @param ociVersionMin lowest version of the specification that is recognised
 * @param ociVersionMax highest version of the specification that is recognised
 * @param hooks recognised hooks
 * @param mountOptions recognised mount options
 * @param linux Linux features
 * @param annotations implementation-specific annotations
 * @param potentiallyUnsafeConfigAnnotations annotations of a config that may be unsafe; a trailing
 *     dot makes a prefix
 */
public record Features(
    String ociVersionMin,
    String ociVersionMax,
    @Nullable List<String> hooks,
    @Nullable List<String> mountOptions,
    @Nullable Linux linux,
    Map<String, String> annotations,
    @Nullable List<String> potentiallyUnsafeConfigAnnotations) {
  /** Copies collections. */
  public Features {
    Objects.requireNonNull(ociVersionMin, "ociVersionMin");
    Objects.requireNonNull(ociVersionMax, "ociVersionMax");
    hooks = Values.copy(hooks);
    mountOptions = Values.copy(mountOptions);
    annotations = Values.copy(annotations);
    potentiallyUnsafeConfigAnnotations = Values.copy(potentiallyUnsafeConfigAnnotations);
  }

  /**
   * Features that are specific to Linux.
   *
   * @param namespaces recognised namespaces
   * @param capabilities recognised capabilities
   * @param cgroup cgroup support
   * @param seccomp seccomp support
   * @param apparmor AppArmor support
   * @param selinux SELinux support
   * @param intelRdt Intel RDT support
   * @param memoryPolicy memory policy support
   * @param mountExtensions extensions of mounts
   * @param netDevices support for moving network devices
   */
  public record Linux(
      @Nullable List<String> namespaces,
      @Nullable List<String> capabilities,
      @Nullable Cgroup cgroup,
      @Nullable Seccomp seccomp,
      @Nullable Enabled apparmor,
      @Nullable Enabled selinux,
      @Nullable IntelRdt intelRdt,
      @Nullable MemoryPolicy memoryPolicy,
      @Nullable MountExtensions mountExtensions,
      @Nullable Enabled netDevices) {
    /** Copies collections. */
    public Linux {
      namespaces = Values.copy(namespaces);
      capabilities = Values.copy(capabilities);
    }
  }

  /**
   * Which cgroup drivers and versions a runtime has.
   *
   * @param v1 cgroup v1
   * @param v2 cgroup v2
   * @param systemd systemd's system manager
   * @param systemdUser systemd's user manager
   * @param rdma the rdma controller
   */
  public record Cgroup(
      @Nullable Boolean v1,
      @Nullable Boolean v2,
      @Nullable Boolean systemd,
      @Nullable Boolean systemdUser,
      @Nullable Boolean rdma) {}

  /**
   * What a runtime's seccomp support covers.
   *
   * @param enabled whether it is there
   * @param actions recognised actions
   * @param operators recognised operators
   * @param archs recognised architectures
   * @param knownFlags recognised filter flags
   * @param supportedFlags filter flags that work here
   */
  public record Seccomp(
      @Nullable Boolean enabled,
      @Nullable List<String> actions,
      @Nullable List<String> operators,
      @Nullable List<String> archs,
      @Nullable List<String> knownFlags,
      @Nullable List<String> supportedFlags) {
    /** Copies collections. */
    public Seccomp {
      actions = Values.copy(actions);
      operators = Values.copy(operators);
      archs = Values.copy(archs);
      knownFlags = Values.copy(knownFlags);
      supportedFlags = Values.copy(supportedFlags);
    }
  }

  /**
   * What a runtime's resctrl support covers.
   *
   * @param enabled whether it is there
   * @param schemata {@code linux.intelRdt.schemata}
   * @param monitoring {@code linux.intelRdt.enableMonitoring}
   */
  public record IntelRdt(
      @Nullable Boolean enabled, @Nullable Boolean schemata, @Nullable Boolean monitoring) {}

  /**
   * Memory policies that a runtime knows.
   *
   * @param modes recognised modes
   * @param flags recognised flags
   */
  public record MemoryPolicy(@Nullable List<String> modes, @Nullable List<String> flags) {
    /** Copies collections. */
    public MemoryPolicy {
      modes = Values.copy(modes);
      flags = Values.copy(flags);
    }
  }

  /**
   * Extensions of mounts.
   *
   * @param idmap idmapped mounts
   */
  public record MountExtensions(@Nullable Enabled idmap) {}

  /**
   * A feature that is there or not.
   *
   * @param enabled whether it is there; absent is unknown
   */
  public record Enabled(@Nullable Boolean enabled) {}
}
