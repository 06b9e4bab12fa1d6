package dev.gatun.oci;

/** Writes features documents. */
final class FeaturesEncoder {
  private FeaturesEncoder() {}

  static void features(JsonWriter out, Features value) {
    out.beginObject();
    out.member("ociVersionMin", value.ociVersionMin());
    out.member("ociVersionMax", value.ociVersionMax());
    out.optional("hooks", value.hooks());
    out.optional("mountOptions", value.mountOptions());
    Features.Linux linux = value.linux();
    if (linux != null) {
      linux(out.name("linux"), linux);
    }
    out.unlessEmpty("annotations", value.annotations());
    out.optional("potentiallyUnsafeConfigAnnotations", value.potentiallyUnsafeConfigAnnotations());
    out.endObject();
  }

  static void linux(JsonWriter out, Features.Linux value) {
    out.beginObject();
    out.optional("namespaces", value.namespaces());
    out.optional("capabilities", value.capabilities());
    Features.Cgroup cgroup = value.cgroup();
    if (cgroup != null) {
      cgroup(out.name("cgroup"), cgroup);
    }
    Features.Seccomp seccomp = value.seccomp();
    if (seccomp != null) {
      seccomp(out.name("seccomp"), seccomp);
    }
    Features.Enabled apparmor = value.apparmor();
    if (apparmor != null) {
      enabled(out.name("apparmor"), apparmor);
    }
    Features.Enabled selinux = value.selinux();
    if (selinux != null) {
      enabled(out.name("selinux"), selinux);
    }
    Features.IntelRdt intelRdt = value.intelRdt();
    if (intelRdt != null) {
      intelRdt(out.name("intelRdt"), intelRdt);
    }
    Features.MemoryPolicy memoryPolicy = value.memoryPolicy();
    if (memoryPolicy != null) {
      memoryPolicy(out.name("memoryPolicy"), memoryPolicy);
    }
    Features.MountExtensions mountExtensions = value.mountExtensions();
    if (mountExtensions != null) {
      mountExtensions(out.name("mountExtensions"), mountExtensions);
    }
    Features.Enabled netDevices = value.netDevices();
    if (netDevices != null) {
      enabled(out.name("netDevices"), netDevices);
    }
    out.endObject();
  }

  static void cgroup(JsonWriter out, Features.Cgroup value) {
    out.beginObject();
    out.optional("v1", value.v1());
    out.optional("v2", value.v2());
    out.optional("systemd", value.systemd());
    out.optional("systemdUser", value.systemdUser());
    out.optional("rdma", value.rdma());
    out.endObject();
  }

  static void seccomp(JsonWriter out, Features.Seccomp value) {
    out.beginObject();
    out.optional("enabled", value.enabled());
    out.optional("actions", value.actions());
    out.optional("operators", value.operators());
    out.optional("archs", value.archs());
    out.optional("knownFlags", value.knownFlags());
    out.optional("supportedFlags", value.supportedFlags());
    out.endObject();
  }

  static void intelRdt(JsonWriter out, Features.IntelRdt value) {
    out.beginObject();
    out.optional("enabled", value.enabled());
    out.optional("schemata", value.schemata());
    out.optional("monitoring", value.monitoring());
    out.endObject();
  }

  static void memoryPolicy(JsonWriter out, Features.MemoryPolicy value) {
    out.beginObject();
    out.optional("modes", value.modes());
    out.optional("flags", value.flags());
    out.endObject();
  }

  static void mountExtensions(JsonWriter out, Features.MountExtensions value) {
    out.beginObject();
    Features.Enabled idmap = value.idmap();
    if (idmap != null) {
      enabled(out.name("idmap"), idmap);
    }
    out.endObject();
  }

  static void enabled(JsonWriter out, Features.Enabled value) {
    out.beginObject();
    out.optional("enabled", value.enabled());
    out.endObject();
  }
}
