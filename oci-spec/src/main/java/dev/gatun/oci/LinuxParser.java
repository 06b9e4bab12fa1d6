package dev.gatun.oci;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the Linux section of {@code config.json}. */
final class LinuxParser {
  private LinuxParser() {}

  static Linux linux(JsonInput in) {
    List<IdMapping> uidMappings = List.of();
    List<IdMapping> gidMappings = List.of();
    Map<TimeOffset.Clock, TimeOffset> timeOffsets = Map.of();
    Map<String, String> sysctl = Map.of();
    Resources resources = null;
    String cgroupsPath = null;
    List<Namespace> namespaces = List.of();
    List<Device> devices = List.of();
    Map<String, NetDevice> netDevices = Map.of();
    Seccomp seccomp = null;
    RootfsPropagation rootfsPropagation = null;
    List<String> maskedPaths = null;
    List<String> readonlyPaths = null;
    String mountLabel = null;
    IntelRdt intelRdt = null;
    MemoryPolicy memoryPolicy = null;
    Personality personality = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "uidMappings" -> uidMappings = idMappings(in);
        case "gidMappings" -> gidMappings = idMappings(in);
        case "timeOffsets" -> timeOffsets = timeOffsets(in);
        case "sysctl" -> sysctl = in.stringMap();
        case "resources" -> resources = ResourcesParser.resources(in);
        case "cgroupsPath" -> cgroupsPath = in.string();
        case "namespaces" -> namespaces = namespaces(in);
        case "devices" -> devices = devices(in);
        case "netDevices" -> netDevices = netDevices(in);
        case "seccomp" -> seccomp = SeccompParser.seccomp(in);
        case "rootfsPropagation" -> rootfsPropagation = rootfsPropagation(in);
        case "maskedPaths" -> maskedPaths = in.strings();
        case "readonlyPaths" -> readonlyPaths = in.strings();
        case "mountLabel" -> mountLabel = in.string();
        case "intelRdt" -> intelRdt = intelRdt(in);
        case "memoryPolicy" -> memoryPolicy = memoryPolicy(in);
        case "personality" -> personality = personality(in);
        default -> in.skipUnknown();
      }
    }
    return new Linux(
        uidMappings,
        gidMappings,
        timeOffsets,
        sysctl,
        resources,
        cgroupsPath,
        namespaces,
        devices,
        netDevices,
        seccomp,
        rootfsPropagation,
        maskedPaths,
        readonlyPaths,
        mountLabel,
        intelRdt,
        memoryPolicy,
        personality);
  }

  static Namespace namespace(JsonInput in) {
    NamespaceType type = null;
    String path = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "type" -> type = namespaceType(in);
        case "path" -> path = in.string();
        default -> in.skipUnknown();
      }
    }
    if (type == null) {
      throw in.missing("type");
    }
    return new Namespace(type, path);
  }

  static IdMapping idMapping(JsonInput in) {
    Long containerID = null;
    Long hostID = null;
    Long size = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "containerID" -> containerID = in.uint32();
        case "hostID" -> hostID = in.uint32();
        case "size" -> size = in.uint32();
        default -> in.skipUnknown();
      }
    }
    if (containerID == null) {
      throw in.missing("containerID");
    }
    if (hostID == null) {
      throw in.missing("hostID");
    }
    if (size == null) {
      throw in.missing("size");
    }
    return new IdMapping(containerID, hostID, size);
  }

  static TimeOffset timeOffset(JsonInput in) {
    long secs = 0;
    long nanosecs = 0;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "secs" -> secs = in.int64();
        case "nanosecs" -> nanosecs = in.uint32();
        default -> in.skipUnknown();
      }
    }
    return new TimeOffset(secs, nanosecs);
  }

  static Device device(JsonInput in) {
    String path = null;
    Device.Type type = null;
    Long major = null;
    Long minor = null;
    Long fileMode = null;
    Long uid = null;
    Long gid = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "path" -> path = in.string();
        case "type" -> type = deviceType(in);
        case "major" -> major = in.int64();
        case "minor" -> minor = in.int64();
        case "fileMode" -> fileMode = in.uint32();
        case "uid" -> uid = in.uint32();
        case "gid" -> gid = in.uint32();
        default -> in.skipUnknown();
      }
    }
    if (path == null) {
      throw in.missing("path");
    }
    if (type == null) {
      throw in.missing("type");
    }
    return new Device(path, type, major, minor, fileMode, uid, gid);
  }

  static NetDevice netDevice(JsonInput in) {
    String name = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "name" -> name = in.string();
        default -> in.skipUnknown();
      }
    }
    return new NetDevice(name);
  }

  static IntelRdt intelRdt(JsonInput in) {
    String closID = null;
    List<String> schemata = List.of();
    String l3CacheSchema = null;
    String memBwSchema = null;
    boolean enableMonitoring = false;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "closID" -> closID = in.string();
        case "schemata" -> schemata = in.strings();
        case "l3CacheSchema" -> l3CacheSchema = in.string();
        case "memBwSchema" -> memBwSchema = in.string();
        case "enableMonitoring" -> enableMonitoring = in.bool();
        default -> in.skipUnknown();
      }
    }
    return new IntelRdt(closID, schemata, l3CacheSchema, memBwSchema, enableMonitoring);
  }

  static MemoryPolicy memoryPolicy(JsonInput in) {
    MemoryPolicy.Mode mode = null;
    String nodes = null;
    List<MemoryPolicy.Flag> flags = List.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "mode" -> mode = mode(in);
        case "nodes" -> nodes = in.string();
        case "flags" -> flags = memoryPolicyFlags(in);
        default -> in.skipUnknown();
      }
    }
    if (mode == null) {
      throw in.missing("mode");
    }
    return new MemoryPolicy(mode, nodes, flags);
  }

  static Personality personality(JsonInput in) {
    Personality.Domain domain = null;
    List<String> flags = List.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "domain" -> domain = domain(in);
        case "flags" -> flags = in.strings();
        default -> in.skipUnknown();
      }
    }
    if (domain == null) {
      throw in.missing("domain");
    }
    return new Personality(domain, flags);
  }

  static List<IdMapping> idMappings(JsonInput in) {
    List<IdMapping> list = new ArrayList<>();
    in.beginArray("id mappings");
    while (in.nextElement()) {
      list.add(idMapping(in));
    }
    return list;
  }

  static List<Namespace> namespaces(JsonInput in) {
    List<Namespace> list = new ArrayList<>();
    in.beginArray("namespaces");
    while (in.nextElement()) {
      list.add(namespace(in));
    }
    return list;
  }

  static List<Device> devices(JsonInput in) {
    List<Device> list = new ArrayList<>();
    in.beginArray("devices");
    while (in.nextElement()) {
      list.add(device(in));
    }
    return list;
  }

  private static List<MemoryPolicy.Flag> memoryPolicyFlags(JsonInput in) {
    List<MemoryPolicy.Flag> list = new ArrayList<>();
    in.beginArray("strings");
    while (in.nextElement()) {
      list.add(memoryPolicyFlag(in));
    }
    return list;
  }

  private static Map<TimeOffset.Clock, TimeOffset> timeOffsets(JsonInput in) {
    Map<TimeOffset.Clock, TimeOffset> map = new LinkedHashMap<>();
    in.beginObject();
    for (String name = in.nextEntry(); name != null; name = in.nextEntry()) {
      TimeOffset.Clock key = TimeOffset.Clock.named(name);
      if (key == null) {
        throw in.error("unknown clock " + JsonInput.quoted(name));
      }
      map.put(key, timeOffset(in));
    }
    return map;
  }

  private static Map<String, NetDevice> netDevices(JsonInput in) {
    Map<String, NetDevice> map = new LinkedHashMap<>();
    in.beginObject();
    for (String name = in.nextEntry(); name != null; name = in.nextEntry()) {
      map.put(name, netDevice(in));
    }
    return map;
  }

  private static RootfsPropagation rootfsPropagation(JsonInput in) {
    String name = in.string();
    RootfsPropagation value = RootfsPropagation.named(name);
    if (value == null) {
      throw in.error("unknown rootfsPropagation " + JsonInput.quoted(name));
    }
    return value;
  }

  private static NamespaceType namespaceType(JsonInput in) {
    String name = in.string();
    NamespaceType value = NamespaceType.named(name);
    if (value == null) {
      throw in.error("unknown namespace type " + JsonInput.quoted(name));
    }
    return value;
  }

  private static Device.Type deviceType(JsonInput in) {
    String name = in.string();
    Device.Type value = Device.Type.named(name);
    if (value == null) {
      throw in.error("unknown device type " + JsonInput.quoted(name));
    }
    return value;
  }

  private static MemoryPolicy.Mode mode(JsonInput in) {
    String name = in.string();
    MemoryPolicy.Mode value = MemoryPolicy.Mode.named(name);
    if (value == null) {
      throw in.error("unknown memory policy mode " + JsonInput.quoted(name));
    }
    return value;
  }

  private static MemoryPolicy.Flag memoryPolicyFlag(JsonInput in) {
    String name = in.string();
    MemoryPolicy.Flag value = MemoryPolicy.Flag.named(name);
    if (value == null) {
      throw in.error("unknown memory policy flag " + JsonInput.quoted(name));
    }
    return value;
  }

  private static Personality.Domain domain(JsonInput in) {
    String name = in.string();
    Personality.Domain value = Personality.Domain.named(name);
    if (value == null) {
      throw in.error("unknown personality domain " + JsonInput.quoted(name));
    }
    return value;
  }
}
