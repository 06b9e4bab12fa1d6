package dev.gatun.oci;

import java.util.List;
import java.util.Map;

/** Writes {@code linux.resources}. */
final class ResourcesEncoder {
  private ResourcesEncoder() {}

  static void resources(JsonWriter out, Resources value) {
    out.beginObject();
    deviceRules(out, "devices", value.devices());
    Resources.Memory memory = value.memory();
    if (memory != null) {
      memory(out.name("memory"), memory);
    }
    Resources.Cpu cpu = value.cpu();
    if (cpu != null) {
      cpu(out.name("cpu"), cpu);
    }
    Resources.Pids pids = value.pids();
    if (pids != null) {
      pids(out.name("pids"), pids);
    }
    Resources.BlockIo blockIO = value.blockIO();
    if (blockIO != null) {
      blockIo(out.name("blockIO"), blockIO);
    }
    hugepageLimits(out, "hugepageLimits", value.hugepageLimits());
    Resources.Network network = value.network();
    if (network != null) {
      network(out.name("network"), network);
    }
    if (!value.rdma().isEmpty()) {
      out.name("rdma").beginObject();
      for (Map.Entry<String, Resources.Rdma> entry : value.rdma().entrySet()) {
        rdma(out.name(entry.getKey()), entry.getValue());
      }
      out.endObject();
    }
    out.unlessEmpty("unified", value.unified());
    out.endObject();
  }

  static void deviceRule(JsonWriter out, Resources.DeviceRule value) {
    out.beginObject();
    out.member("allow", value.allow());
    Resources.DeviceRule.Type type = value.type();
    if (type != null) {
      out.member("type", type.specName());
    }
    out.optional("major", value.major());
    out.optional("minor", value.minor());
    out.optional("access", value.access());
    out.endObject();
  }

  static void memory(JsonWriter out, Resources.Memory value) {
    out.beginObject();
    out.optional("limit", value.limit());
    out.optional("reservation", value.reservation());
    out.optional("swap", value.swap());
    out.optional("kernel", value.kernel());
    out.optional("kernelTCP", value.kernelTCP());
    out.optionalUnsigned("swappiness", value.swappiness());
    out.optional("disableOOMKiller", value.disableOOMKiller());
    out.optional("useHierarchy", value.useHierarchy());
    out.optional("checkBeforeUpdate", value.checkBeforeUpdate());
    out.endObject();
  }

  static void cpu(JsonWriter out, Resources.Cpu value) {
    out.beginObject();
    out.optionalUnsigned("shares", value.shares());
    out.optional("quota", value.quota());
    out.optionalUnsigned("burst", value.burst());
    out.optionalUnsigned("period", value.period());
    out.optional("realtimeRuntime", value.realtimeRuntime());
    out.optionalUnsigned("realtimePeriod", value.realtimePeriod());
    out.optional("cpus", value.cpus());
    out.optional("mems", value.mems());
    out.optional("idle", value.idle());
    out.endObject();
  }

  static void pids(JsonWriter out, Resources.Pids value) {
    out.beginObject();
    out.optional("limit", value.limit());
    out.endObject();
  }

  static void blockIo(JsonWriter out, Resources.BlockIo value) {
    out.beginObject();
    out.optional("weight", value.weight());
    out.optional("leafWeight", value.leafWeight());
    weightDevices(out, "weightDevice", value.weightDevice());
    throttleDevices(out, "throttleReadBpsDevice", value.throttleReadBpsDevice());
    throttleDevices(out, "throttleWriteBpsDevice", value.throttleWriteBpsDevice());
    throttleDevices(out, "throttleReadIOPSDevice", value.throttleReadIOPSDevice());
    throttleDevices(out, "throttleWriteIOPSDevice", value.throttleWriteIOPSDevice());
    out.endObject();
  }

  static void weightDevice(JsonWriter out, Resources.WeightDevice value) {
    out.beginObject();
    out.member("major", value.major());
    out.member("minor", value.minor());
    out.optional("weight", value.weight());
    out.optional("leafWeight", value.leafWeight());
    out.endObject();
  }

  static void throttleDevice(JsonWriter out, Resources.ThrottleDevice value) {
    out.beginObject();
    out.member("major", value.major());
    out.member("minor", value.minor());
    out.unsignedMember("rate", value.rate());
    out.endObject();
  }

  static void hugepageLimit(JsonWriter out, Resources.HugepageLimit value) {
    out.beginObject();
    out.member("pageSize", value.pageSize());
    out.unsignedMember("limit", value.limit());
    out.endObject();
  }

  static void network(JsonWriter out, Resources.Network value) {
    out.beginObject();
    out.optional("classID", value.classID());
    networkPriorities(out, "priorities", value.priorities());
    out.endObject();
  }

  static void networkPriority(JsonWriter out, Resources.NetworkPriority value) {
    out.beginObject();
    out.member("name", value.name());
    out.member("priority", value.priority());
    out.endObject();
  }

  static void rdma(JsonWriter out, Resources.Rdma value) {
    out.beginObject();
    out.optional("hcaHandles", value.hcaHandles());
    out.optional("hcaObjects", value.hcaObjects());
    out.endObject();
  }

  static void deviceRules(JsonWriter out, String name, List<Resources.DeviceRule> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (Resources.DeviceRule element : list) {
      deviceRule(out, element);
    }
    out.endArray();
  }

  static void hugepageLimits(JsonWriter out, String name, List<Resources.HugepageLimit> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (Resources.HugepageLimit element : list) {
      hugepageLimit(out, element);
    }
    out.endArray();
  }

  static void weightDevices(JsonWriter out, String name, List<Resources.WeightDevice> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (Resources.WeightDevice element : list) {
      weightDevice(out, element);
    }
    out.endArray();
  }

  static void throttleDevices(JsonWriter out, String name, List<Resources.ThrottleDevice> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (Resources.ThrottleDevice element : list) {
      throttleDevice(out, element);
    }
    out.endArray();
  }

  static void networkPriorities(JsonWriter out, String name, List<Resources.NetworkPriority> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (Resources.NetworkPriority element : list) {
      networkPriority(out, element);
    }
    out.endArray();
  }
}
