package dev.gatun.oci;

import java.util.List;
import java.util.Map;

/** Writes the Linux section of {@code config.json}. */
final class LinuxEncoder {
  private LinuxEncoder() {}

  static void linux(JsonWriter out, Linux value) {
    out.beginObject();
    idMappings(out, "uidMappings", value.uidMappings());
    idMappings(out, "gidMappings", value.gidMappings());
    if (!value.timeOffsets().isEmpty()) {
      out.name("timeOffsets").beginObject();
      for (Map.Entry<TimeOffset.Clock, TimeOffset> entry : value.timeOffsets().entrySet()) {
        timeOffset(out.name(entry.getKey().specName()), entry.getValue());
      }
      out.endObject();
    }
    out.unlessEmpty("sysctl", value.sysctl());
    Resources resources = value.resources();
    if (resources != null) {
      ResourcesEncoder.resources(out.name("resources"), resources);
    }
    out.optional("cgroupsPath", value.cgroupsPath());
    namespaces(out, "namespaces", value.namespaces());
    devices(out, "devices", value.devices());
    if (!value.netDevices().isEmpty()) {
      out.name("netDevices").beginObject();
      for (Map.Entry<String, NetDevice> entry : value.netDevices().entrySet()) {
        netDevice(out.name(entry.getKey()), entry.getValue());
      }
      out.endObject();
    }
    Seccomp seccomp = value.seccomp();
    if (seccomp != null) {
      SeccompEncoder.seccomp(out.name("seccomp"), seccomp);
    }
    RootfsPropagation rootfsPropagation = value.rootfsPropagation();
    if (rootfsPropagation != null) {
      out.member("rootfsPropagation", rootfsPropagation.specName());
    }
    out.optional("maskedPaths", value.maskedPaths());
    out.optional("readonlyPaths", value.readonlyPaths());
    out.optional("mountLabel", value.mountLabel());
    IntelRdt intelRdt = value.intelRdt();
    if (intelRdt != null) {
      intelRdt(out.name("intelRdt"), intelRdt);
    }
    MemoryPolicy memoryPolicy = value.memoryPolicy();
    if (memoryPolicy != null) {
      memoryPolicy(out.name("memoryPolicy"), memoryPolicy);
    }
    Personality personality = value.personality();
    if (personality != null) {
      personality(out.name("personality"), personality);
    }
    out.endObject();
  }

  static void namespace(JsonWriter out, Namespace value) {
    out.beginObject();
    out.member("type", value.type().specName());
    out.optional("path", value.path());
    out.endObject();
  }

  static void idMapping(JsonWriter out, IdMapping value) {
    out.beginObject();
    out.member("containerID", value.containerID());
    out.member("hostID", value.hostID());
    out.member("size", value.size());
    out.endObject();
  }

  static void timeOffset(JsonWriter out, TimeOffset value) {
    out.beginObject();
    if (value.secs() != 0) {
      out.member("secs", value.secs());
    }
    if (value.nanosecs() != 0) {
      out.member("nanosecs", value.nanosecs());
    }
    out.endObject();
  }

  static void device(JsonWriter out, Device value) {
    out.beginObject();
    out.member("path", value.path());
    out.member("type", value.type().specName());
    out.optional("major", value.major());
    out.optional("minor", value.minor());
    out.optional("fileMode", value.fileMode());
    out.optional("uid", value.uid());
    out.optional("gid", value.gid());
    out.endObject();
  }

  static void netDevice(JsonWriter out, NetDevice value) {
    out.beginObject();
    out.optional("name", value.name());
    out.endObject();
  }

  static void intelRdt(JsonWriter out, IntelRdt value) {
    out.beginObject();
    out.optional("closID", value.closID());
    out.unlessEmpty("schemata", value.schemata());
    out.optional("l3CacheSchema", value.l3CacheSchema());
    out.optional("memBwSchema", value.memBwSchema());
    if (value.enableMonitoring()) {
      out.member("enableMonitoring", true);
    }
    out.endObject();
  }

  static void memoryPolicy(JsonWriter out, MemoryPolicy value) {
    out.beginObject();
    out.member("mode", value.mode().name());
    out.optional("nodes", value.nodes());
    if (!value.flags().isEmpty()) {
      out.name("flags").beginArray();
      for (MemoryPolicy.Flag element : value.flags()) {
        out.value(element.name());
      }
      out.endArray();
    }
    out.endObject();
  }

  static void personality(JsonWriter out, Personality value) {
    out.beginObject();
    out.member("domain", value.domain().name());
    out.unlessEmpty("flags", value.flags());
    out.endObject();
  }

  static void idMappings(JsonWriter out, String name, List<IdMapping> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (IdMapping element : list) {
      idMapping(out, element);
    }
    out.endArray();
  }

  static void namespaces(JsonWriter out, String name, List<Namespace> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (Namespace element : list) {
      namespace(out, element);
    }
    out.endArray();
  }

  static void devices(JsonWriter out, String name, List<Device> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (Device element : list) {
      device(out, element);
    }
    out.endArray();
  }
}
