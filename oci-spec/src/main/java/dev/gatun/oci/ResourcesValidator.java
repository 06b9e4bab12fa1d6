package dev.gatun.oci;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rules for {@code linux.resources}. */
final class ResourcesValidator {
  private final String fileName;

  ResourcesValidator(String fileName) {
    this.fileName = fileName;
  }

  void resources(Resources resources, String pointer) {
    for (int i = 0; i < resources.devices().size(); i++) {
      deviceRule(resources.devices().get(i), pointer + "/devices/" + i);
    }
    Resources.Memory memory = resources.memory();
    if (memory != null) {
      memory(memory, pointer + "/memory");
    }
    Resources.Cpu cpu = resources.cpu();
    if (cpu != null) {
      cpu(cpu, pointer + "/cpu");
    }
    Resources.Pids pids = resources.pids();
    if (pids != null) {
      limit(pids.limit(), pointer, "/pids/limit");
    }
    Resources.BlockIo blockIO = resources.blockIO();
    if (blockIO != null) {
      blockIO(blockIO, pointer + "/blockIO");
    }
    for (int i = 0; i < resources.hugepageLimits().size(); i++) {
      String size = resources.hugepageLimits().get(i).pageSize();
      if (!isPageSize(size)) {
        throw error(
            pointer + "/hugepageLimits/" + i + "/pageSize",
            "expected a size such as 2MB, found " + JsonInput.quoted(size));
      }
    }
    Resources.Network network = resources.network();
    if (network != null) {
      for (int i = 0; i < network.priorities().size(); i++) {
        if (network.priorities().get(i).name().isEmpty()) {
          throw error(pointer + "/network/priorities/" + i + "/name", "the name is empty");
        }
      }
    }
    for (Map.Entry<String, Resources.Rdma> entry : resources.rdma().entrySet()) {
      if (entry.getValue().hcaHandles() == null && entry.getValue().hcaObjects() == null) {
        throw error(
            pointer + "/rdma" + Rules.pointerPart(entry.getKey()),
            "needs hcaHandles or hcaObjects");
      }
    }
    for (String file : resources.unified().keySet()) {
      if (file.indexOf('/') >= 0 || file.indexOf('.') <= 0) {
        throw error(
            pointer + "/unified" + Rules.pointerPart(file),
            "expected a file's name such as memory.high, found " + JsonInput.quoted(file));
      }
    }
  }

  private void deviceRule(Resources.DeviceRule rule, String pointer) {
    String access = rule.access();
    if (access != null) {
      for (int i = 0; i < access.length(); i++) {
        if ("rwm".indexOf(access.charAt(i)) < 0) {
          throw error(
              pointer + "/access", "expected letters of rwm, found " + JsonInput.quoted(access));
        }
      }
    }
    // callers write -1 for all, as for an absent number
    limit(rule.major(), pointer, "/major");
    limit(rule.minor(), pointer, "/minor");
  }

  private void memory(Resources.Memory memory, String pointer) {
    limit(memory.limit(), pointer, "/limit");
    limit(memory.reservation(), pointer, "/reservation");
    limit(memory.swap(), pointer, "/swap");
    limit(memory.kernel(), pointer, "/kernel");
    limit(memory.kernelTCP(), pointer, "/kernelTCP");
    Long swappiness = memory.swappiness();
    if (swappiness != null && (swappiness < 0 || swappiness > 100)) {
      throw error(
          pointer + "/swappiness", "expected 0 to 100, found " + Long.toUnsignedString(swappiness));
    }
  }

  private void cpu(Resources.Cpu cpu, String pointer) {
    Long burst = cpu.burst();
    Long quota = cpu.quota();
    if (burst != null && quota != null && quota > 0 && Long.compareUnsigned(burst, quota) > 0) {
      throw error(pointer + "/burst", "larger than the quota");
    }
    Long idle = cpu.idle();
    if (idle != null && idle != 0 && idle != 1) {
      throw error(pointer + "/idle", "expected 0 or 1, found " + idle);
    }
    Rules.numberList(fileName, pointer, "/cpus", cpu.cpus());
    Rules.numberList(fileName, pointer, "/mems", cpu.mems());
  }

  private void blockIO(Resources.BlockIo blockIO, String pointer) {
    for (int i = 0; i < blockIO.weightDevice().size(); i++) {
      Resources.WeightDevice device = blockIO.weightDevice().get(i);
      String place = pointer + "/weightDevice/" + i;
      Rules.deviceNumber(fileName, place, device.major(), device.minor());
      if (device.weight() == null && device.leafWeight() == null) {
        throw error(place, "needs weight or leafWeight");
      }
    }
    throttles(blockIO.throttleReadBpsDevice(), pointer + "/throttleReadBpsDevice/");
    throttles(blockIO.throttleWriteBpsDevice(), pointer + "/throttleWriteBpsDevice/");
    throttles(blockIO.throttleReadIOPSDevice(), pointer + "/throttleReadIOPSDevice/");
    throttles(blockIO.throttleWriteIOPSDevice(), pointer + "/throttleWriteIOPSDevice/");
  }

  private void throttles(List<Resources.ThrottleDevice> devices, String pointer) {
    for (int i = 0; i < devices.size(); i++) {
      Rules.deviceNumber(fileName, pointer + i, devices.get(i).major(), devices.get(i).minor());
    }
  }

  /** A number of something, or -1 for no limit. */
  private void limit(@Nullable Long value, String pointer, String name) {
    if (value != null && value < -1) {
      throw error(pointer + name, "expected -1 or more, found " + value);
    }
  }

  private static boolean isPageSize(String size) {
    int digits = size.length() - 2;
    if (digits < 1 || size.charAt(0) == '0' || size.charAt(digits + 1) != 'B') {
      return false;
    }
    if ("KMG".indexOf(size.charAt(digits)) < 0) {
      return false;
    }
    for (int i = 0; i < digits; i++) {
      if (size.charAt(i) < '0' || size.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }

  private SpecException error(String pointer, String problem) {
    return new SpecException(fileName, 0, 0, pointer, problem);
  }
}
