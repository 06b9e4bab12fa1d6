package dev.gatun.oci;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads {@code linux.resources}; its own class, so that {@code update} loads nothing else. */
final class ResourcesParser {
  private ResourcesParser() {}

  static Resources resources(JsonInput in) {
    List<Resources.DeviceRule> devices = List.of();
    Resources.Memory memory = null;
    Resources.Cpu cpu = null;
    Resources.Pids pids = null;
    Resources.BlockIo blockIO = null;
    List<Resources.HugepageLimit> hugepageLimits = List.of();
    Resources.Network network = null;
    Map<String, Resources.Rdma> rdma = Map.of();
    Map<String, String> unified = Map.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "devices" -> devices = deviceRules(in);
        case "memory" -> memory = memory(in);
        case "cpu" -> cpu = cpu(in);
        case "pids" -> pids = pids(in);
        case "blockIO" -> blockIO = blockIo(in);
        case "hugepageLimits" -> hugepageLimits = hugepageLimits(in);
        case "network" -> network = network(in);
        case "rdma" -> rdma = rdmaDevices(in);
        case "unified" -> unified = in.stringMap();
        default -> in.skipUnknown();
      }
    }
    return new Resources(
        devices, memory, cpu, pids, blockIO, hugepageLimits, network, rdma, unified);
  }

  static Resources.DeviceRule deviceRule(JsonInput in) {
    Boolean allow = null;
    Resources.DeviceRule.Type type = null;
    Long major = null;
    Long minor = null;
    String access = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "allow" -> allow = in.bool();
        case "type" -> type = deviceRuleType(in);
        case "major" -> major = in.int64();
        case "minor" -> minor = in.int64();
        case "access" -> access = in.string();
        default -> in.skipUnknown();
      }
    }
    if (allow == null) {
      throw in.missing("allow");
    }
    return new Resources.DeviceRule(allow, type, major, minor, access);
  }

  static Resources.Memory memory(JsonInput in) {
    Long limit = null;
    Long reservation = null;
    Long swap = null;
    Long kernel = null;
    Long kernelTCP = null;
    Long swappiness = null;
    Boolean disableOOMKiller = null;
    Boolean useHierarchy = null;
    Boolean checkBeforeUpdate = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "limit" -> limit = in.int64();
        case "reservation" -> reservation = in.int64();
        case "swap" -> swap = in.int64();
        case "kernel" -> kernel = in.int64();
        case "kernelTCP" -> kernelTCP = in.int64();
        case "swappiness" -> swappiness = in.uint64();
        case "disableOOMKiller" -> disableOOMKiller = in.bool();
        case "useHierarchy" -> useHierarchy = in.bool();
        case "checkBeforeUpdate" -> checkBeforeUpdate = in.bool();
        default -> in.skipUnknown();
      }
    }
    return new Resources.Memory(
        limit,
        reservation,
        swap,
        kernel,
        kernelTCP,
        swappiness,
        disableOOMKiller,
        useHierarchy,
        checkBeforeUpdate);
  }

  static Resources.Cpu cpu(JsonInput in) {
    Long shares = null;
    Long quota = null;
    Long burst = null;
    Long period = null;
    Long realtimeRuntime = null;
    Long realtimePeriod = null;
    String cpus = null;
    String mems = null;
    Long idle = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "shares" -> shares = in.uint64();
        case "quota" -> quota = in.int64();
        case "burst" -> burst = in.uint64();
        case "period" -> period = in.uint64();
        case "realtimeRuntime" -> realtimeRuntime = in.int64();
        case "realtimePeriod" -> realtimePeriod = in.uint64();
        case "cpus" -> cpus = in.string();
        case "mems" -> mems = in.string();
        case "idle" -> idle = in.int64();
        default -> in.skipUnknown();
      }
    }
    return new Resources.Cpu(
        shares, quota, burst, period, realtimeRuntime, realtimePeriod, cpus, mems, idle);
  }

  static Resources.Pids pids(JsonInput in) {
    Long limit = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "limit" -> limit = in.int64();
        default -> in.skipUnknown();
      }
    }
    return new Resources.Pids(limit);
  }

  static Resources.BlockIo blockIo(JsonInput in) {
    Integer weight = null;
    Integer leafWeight = null;
    List<Resources.WeightDevice> weightDevice = List.of();
    List<Resources.ThrottleDevice> throttleReadBpsDevice = List.of();
    List<Resources.ThrottleDevice> throttleWriteBpsDevice = List.of();
    List<Resources.ThrottleDevice> throttleReadIOPSDevice = List.of();
    List<Resources.ThrottleDevice> throttleWriteIOPSDevice = List.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "weight" -> weight = in.uint16();
        case "leafWeight" -> leafWeight = in.uint16();
        case "weightDevice" -> weightDevice = weightDevices(in);
        case "throttleReadBpsDevice" -> throttleReadBpsDevice = throttleDevices(in);
        case "throttleWriteBpsDevice" -> throttleWriteBpsDevice = throttleDevices(in);
        case "throttleReadIOPSDevice" -> throttleReadIOPSDevice = throttleDevices(in);
        case "throttleWriteIOPSDevice" -> throttleWriteIOPSDevice = throttleDevices(in);
        default -> in.skipUnknown();
      }
    }
    return new Resources.BlockIo(
        weight,
        leafWeight,
        weightDevice,
        throttleReadBpsDevice,
        throttleWriteBpsDevice,
        throttleReadIOPSDevice,
        throttleWriteIOPSDevice);
  }

  static Resources.WeightDevice weightDevice(JsonInput in) {
    Long major = null;
    Long minor = null;
    Integer weight = null;
    Integer leafWeight = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "major" -> major = in.int64();
        case "minor" -> minor = in.int64();
        case "weight" -> weight = in.uint16();
        case "leafWeight" -> leafWeight = in.uint16();
        default -> in.skipUnknown();
      }
    }
    if (major == null) {
      throw in.missing("major");
    }
    if (minor == null) {
      throw in.missing("minor");
    }
    return new Resources.WeightDevice(major, minor, weight, leafWeight);
  }

  static Resources.ThrottleDevice throttleDevice(JsonInput in) {
    Long major = null;
    Long minor = null;
    Long rate = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "major" -> major = in.int64();
        case "minor" -> minor = in.int64();
        case "rate" -> rate = in.uint64();
        default -> in.skipUnknown();
      }
    }
    if (major == null) {
      throw in.missing("major");
    }
    if (minor == null) {
      throw in.missing("minor");
    }
    if (rate == null) {
      throw in.missing("rate");
    }
    return new Resources.ThrottleDevice(major, minor, rate);
  }

  static Resources.HugepageLimit hugepageLimit(JsonInput in) {
    String pageSize = null;
    Long limit = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "pageSize" -> pageSize = in.string();
        case "limit" -> limit = in.uint64();
        default -> in.skipUnknown();
      }
    }
    if (pageSize == null) {
      throw in.missing("pageSize");
    }
    if (limit == null) {
      throw in.missing("limit");
    }
    return new Resources.HugepageLimit(pageSize, limit);
  }

  static Resources.Network network(JsonInput in) {
    Long classID = null;
    List<Resources.NetworkPriority> priorities = List.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "classID" -> classID = in.uint32();
        case "priorities" -> priorities = networkPriorities(in);
        default -> in.skipUnknown();
      }
    }
    return new Resources.Network(classID, priorities);
  }

  static Resources.NetworkPriority networkPriority(JsonInput in) {
    String name = null;
    Long priority = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "name" -> name = in.string();
        case "priority" -> priority = in.uint32();
        default -> in.skipUnknown();
      }
    }
    if (name == null) {
      throw in.missing("name");
    }
    if (priority == null) {
      throw in.missing("priority");
    }
    return new Resources.NetworkPriority(name, priority);
  }

  static Resources.Rdma rdma(JsonInput in) {
    Long hcaHandles = null;
    Long hcaObjects = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "hcaHandles" -> hcaHandles = in.uint32();
        case "hcaObjects" -> hcaObjects = in.uint32();
        default -> in.skipUnknown();
      }
    }
    return new Resources.Rdma(hcaHandles, hcaObjects);
  }

  static List<Resources.DeviceRule> deviceRules(JsonInput in) {
    List<Resources.DeviceRule> list = new ArrayList<>();
    in.beginArray("device rules");
    while (in.nextElement()) {
      list.add(deviceRule(in));
    }
    return list;
  }

  static List<Resources.HugepageLimit> hugepageLimits(JsonInput in) {
    List<Resources.HugepageLimit> list = new ArrayList<>();
    in.beginArray("huge page limits");
    while (in.nextElement()) {
      list.add(hugepageLimit(in));
    }
    return list;
  }

  static List<Resources.WeightDevice> weightDevices(JsonInput in) {
    List<Resources.WeightDevice> list = new ArrayList<>();
    in.beginArray("device weights");
    while (in.nextElement()) {
      list.add(weightDevice(in));
    }
    return list;
  }

  static List<Resources.ThrottleDevice> throttleDevices(JsonInput in) {
    List<Resources.ThrottleDevice> list = new ArrayList<>();
    in.beginArray("device limits");
    while (in.nextElement()) {
      list.add(throttleDevice(in));
    }
    return list;
  }

  static List<Resources.NetworkPriority> networkPriorities(JsonInput in) {
    List<Resources.NetworkPriority> list = new ArrayList<>();
    in.beginArray("interface priorities");
    while (in.nextElement()) {
      list.add(networkPriority(in));
    }
    return list;
  }

  private static Map<String, Resources.Rdma> rdmaDevices(JsonInput in) {
    Map<String, Resources.Rdma> map = new LinkedHashMap<>();
    in.beginObject();
    for (String name = in.nextEntry(); name != null; name = in.nextEntry()) {
      map.put(name, rdma(in));
    }
    return map;
  }

  private static Resources.DeviceRule.Type deviceRuleType(JsonInput in) {
    String name = in.string();
    Resources.DeviceRule.Type value = Resources.DeviceRule.Type.named(name);
    if (value == null) {
      throw in.error("unknown device rule type " + JsonInput.quoted(name));
    }
    return value;
  }
}
