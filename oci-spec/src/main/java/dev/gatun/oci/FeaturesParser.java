package dev.gatun.oci;

import java.util.List;
import java.util.Map;

/** Reads features documents. */
final class FeaturesParser {
  private FeaturesParser() {}

  static Features features(JsonInput in) {
    String ociVersionMin = null;
    String ociVersionMax = null;
    List<String> hooks = null;
    List<String> mountOptions = null;
    Features.Linux linux = null;
    Map<String, String> annotations = Map.of();
    List<String> potentiallyUnsafeConfigAnnotations = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "ociVersionMin" -> ociVersionMin = in.string();
        case "ociVersionMax" -> ociVersionMax = in.string();
        case "hooks" -> hooks = in.strings();
        case "mountOptions" -> mountOptions = in.strings();
        case "linux" -> linux = linux(in);
        case "annotations" -> annotations = in.stringMap();
        case "potentiallyUnsafeConfigAnnotations" ->
            potentiallyUnsafeConfigAnnotations = in.strings();
        default -> in.skipUnknown();
      }
    }
    if (ociVersionMin == null) {
      throw in.missing("ociVersionMin");
    }
    if (ociVersionMax == null) {
      throw in.missing("ociVersionMax");
    }
    return new Features(
        ociVersionMin,
        ociVersionMax,
        hooks,
        mountOptions,
        linux,
        annotations,
        potentiallyUnsafeConfigAnnotations);
  }

  static Features.Linux linux(JsonInput in) {
    List<String> namespaces = null;
    List<String> capabilities = null;
    Features.Cgroup cgroup = null;
    Features.Seccomp seccomp = null;
    Features.Enabled apparmor = null;
    Features.Enabled selinux = null;
    Features.IntelRdt intelRdt = null;
    Features.MemoryPolicy memoryPolicy = null;
    Features.MountExtensions mountExtensions = null;
    Features.Enabled netDevices = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "namespaces" -> namespaces = in.strings();
        case "capabilities" -> capabilities = in.strings();
        case "cgroup" -> cgroup = cgroup(in);
        case "seccomp" -> seccomp = seccomp(in);
        case "apparmor" -> apparmor = enabled(in);
        case "selinux" -> selinux = enabled(in);
        case "intelRdt" -> intelRdt = intelRdt(in);
        case "memoryPolicy" -> memoryPolicy = memoryPolicy(in);
        case "mountExtensions" -> mountExtensions = mountExtensions(in);
        case "netDevices" -> netDevices = enabled(in);
        default -> in.skipUnknown();
      }
    }
    return new Features.Linux(
        namespaces,
        capabilities,
        cgroup,
        seccomp,
        apparmor,
        selinux,
        intelRdt,
        memoryPolicy,
        mountExtensions,
        netDevices);
  }

  static Features.Cgroup cgroup(JsonInput in) {
    Boolean v1 = null;
    Boolean v2 = null;
    Boolean systemd = null;
    Boolean systemdUser = null;
    Boolean rdma = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "v1" -> v1 = in.bool();
        case "v2" -> v2 = in.bool();
        case "systemd" -> systemd = in.bool();
        case "systemdUser" -> systemdUser = in.bool();
        case "rdma" -> rdma = in.bool();
        default -> in.skipUnknown();
      }
    }
    return new Features.Cgroup(v1, v2, systemd, systemdUser, rdma);
  }

  static Features.Seccomp seccomp(JsonInput in) {
    Boolean enabled = null;
    List<String> actions = null;
    List<String> operators = null;
    List<String> archs = null;
    List<String> knownFlags = null;
    List<String> supportedFlags = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "enabled" -> enabled = in.bool();
        case "actions" -> actions = in.strings();
        case "operators" -> operators = in.strings();
        case "archs" -> archs = in.strings();
        case "knownFlags" -> knownFlags = in.strings();
        case "supportedFlags" -> supportedFlags = in.strings();
        default -> in.skipUnknown();
      }
    }
    return new Features.Seccomp(enabled, actions, operators, archs, knownFlags, supportedFlags);
  }

  static Features.IntelRdt intelRdt(JsonInput in) {
    Boolean enabled = null;
    Boolean schemata = null;
    Boolean monitoring = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "enabled" -> enabled = in.bool();
        case "schemata" -> schemata = in.bool();
        case "monitoring" -> monitoring = in.bool();
        default -> in.skipUnknown();
      }
    }
    return new Features.IntelRdt(enabled, schemata, monitoring);
  }

  static Features.MemoryPolicy memoryPolicy(JsonInput in) {
    List<String> modes = null;
    List<String> flags = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "modes" -> modes = in.strings();
        case "flags" -> flags = in.strings();
        default -> in.skipUnknown();
      }
    }
    return new Features.MemoryPolicy(modes, flags);
  }

  static Features.MountExtensions mountExtensions(JsonInput in) {
    Features.Enabled idmap = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "idmap" -> idmap = enabled(in);
        default -> in.skipUnknown();
      }
    }
    return new Features.MountExtensions(idmap);
  }

  static Features.Enabled enabled(JsonInput in) {
    Boolean enabled = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "enabled" -> enabled = in.bool();
        default -> in.skipUnknown();
      }
    }
    return new Features.Enabled(enabled);
  }
}
