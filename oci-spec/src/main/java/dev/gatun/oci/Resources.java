package dev.gatun.oci;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Limits of the container's cgroup, cgroups(7).
 *
 * @param devices device access rules, in order
 * @param memory the memory controller
 * @param cpu the cpu and cpuset controllers
 * @param pids the pids controller
 * @param blockIO the io controller
 * @param hugepageLimits the hugetlb controller
 * @param network net_cls and net_prio
 * @param rdma the rdma controller, by device
 * @param unified files of the unified hierarchy and what is written to them
 */
public record Resources(
    List<DeviceRule> devices,
    @Nullable Memory memory,
    @Nullable Cpu cpu,
    @Nullable Pids pids,
    @Nullable BlockIo blockIO,
    List<HugepageLimit> hugepageLimits,
    @Nullable Network network,
    Map<String, Rdma> rdma,
    Map<String, String> unified) {
  /** Copies collections. */
  public Resources {
    devices = List.copyOf(devices);
    hugepageLimits = List.copyOf(hugepageLimits);
    rdma = Values.copy(rdma);
    unified = Values.copy(unified);
  }

  /**
   * Allows or denies access to devices.
   *
   * @param allow whether access is allowed
   * @param type kind of device; absent is all
   * @param major major number; absent is all
   * @param minor minor number; absent is all
   * @param access composition of {@code r}, {@code w} and {@code m}
   */
  public record DeviceRule(
      boolean allow,
      @Nullable Type type,
      @Nullable Long major,
      @Nullable Long minor,
      @Nullable String access) {
    /** Takes an empty optional string for an absent one. */
    public DeviceRule {
      access = Values.absentIfEmpty(access);
    }

    /** Kind of device that a rule is for. */
    public enum Type {
      /** {@code a}. */
      ALL("a"),
      /** {@code c}. */
      CHARACTER("c"),
      /** {@code b}. */
      BLOCK("b");
      private final String specName;

      Type(String specName) {
        this.specName = specName;
      }

      /**
       * Returns the name that documents use.
       *
       * @return the name
       */
      public String specName() {
        return specName;
      }

      /**
       * Finds a constant by the name that documents use.
       *
       * @param name the name
       * @return the constant, or null if there is none of that name
       */
      public static @Nullable Type named(String name) {
        return switch (name) {
          case "a" -> ALL;
          case "c" -> CHARACTER;
          case "b" -> BLOCK;
          default -> null;
        };
      }
    }
  }

  /**
   * The memory controller. Values are bytes, -1 is unlimited.
   *
   * @param limit memory limit
   * @param reservation soft limit
   * @param swap limit of memory and swap together
   * @param kernel kernel memory limit, not recommended
   * @param kernelTCP kernel TCP buffer limit, not recommended
   * @param swappiness 0 to 100
   * @param disableOOMKiller whether the OOM killer is off
   * @param useHierarchy whether accounting is hierarchical
   * @param checkBeforeUpdate whether a limit below the present usage is refused
   */
  public record Memory(
      @Nullable Long limit,
      @Nullable Long reservation,
      @Nullable Long swap,
      @Nullable Long kernel,
      @Nullable Long kernelTCP,
      @Nullable Long swappiness,
      @Nullable Boolean disableOOMKiller,
      @Nullable Boolean useHierarchy,
      @Nullable Boolean checkBeforeUpdate) {}

  /**
   * The cpu and cpuset controllers. Times are microseconds.
   *
   * @param shares relative share
   * @param quota run time per period
   * @param burst additional accumulated run time
   * @param period length of a period
   * @param realtimeRuntime real-time run time per period
   * @param realtimePeriod length of a real-time period
   * @param cpus CPU list such as {@code 0-3,7}
   * @param mems memory node list
   * @param idle 1 for {@code SCHED_IDLE}, 0 for the default
   */
  public record Cpu(
      @Nullable Long shares,
      @Nullable Long quota,
      @Nullable Long burst,
      @Nullable Long period,
      @Nullable Long realtimeRuntime,
      @Nullable Long realtimePeriod,
      @Nullable String cpus,
      @Nullable String mems,
      @Nullable Long idle) {
    /** Takes an empty optional string for an absent one. */
    public Cpu {
      cpus = Values.absentIfEmpty(cpus);
      mems = Values.absentIfEmpty(mems);
    }
  }

  /**
   * The pids controller.
   *
   * @param limit maximum number of tasks; -1 is no limit, 0 is a limit of none
   */
  public record Pids(@Nullable Long limit) {}

  /**
   * The io controller.
   *
   * @param weight weight
   * @param leafWeight weight against child cgroups
   * @param weightDevice weights by device
   * @param throttleReadBpsDevice read limits in bytes per second
   * @param throttleWriteBpsDevice write limits in bytes per second
   * @param throttleReadIOPSDevice read limits in operations per second
   * @param throttleWriteIOPSDevice write limits in operations per second
   */
  public record BlockIo(
      @Nullable Integer weight,
      @Nullable Integer leafWeight,
      List<WeightDevice> weightDevice,
      List<ThrottleDevice> throttleReadBpsDevice,
      List<ThrottleDevice> throttleWriteBpsDevice,
      List<ThrottleDevice> throttleReadIOPSDevice,
      List<ThrottleDevice> throttleWriteIOPSDevice) {
    /** Checks ranges and copies collections. */
    public BlockIo {
      Values.uint16("weight", weight);
      Values.uint16("leafWeight", leafWeight);
      weightDevice = List.copyOf(weightDevice);
      throttleReadBpsDevice = List.copyOf(throttleReadBpsDevice);
      throttleWriteBpsDevice = List.copyOf(throttleWriteBpsDevice);
      throttleReadIOPSDevice = List.copyOf(throttleReadIOPSDevice);
      throttleWriteIOPSDevice = List.copyOf(throttleWriteIOPSDevice);
    }
  }

  /**
   * The weight of one block device.
   *
   * @param major major number
   * @param minor minor number
   * @param weight weight
   * @param leafWeight weight against child cgroups
   */
  public record WeightDevice(
      long major, long minor, @Nullable Integer weight, @Nullable Integer leafWeight) {
    /** Checks ranges. */
    public WeightDevice {
      Values.uint16("weight", weight);
      Values.uint16("leafWeight", leafWeight);
    }
  }

  /**
   * The rate limit of one block device.
   *
   * @param major major number
   * @param minor minor number
   * @param rate bytes or operations per second, unsigned
   */
  public record ThrottleDevice(long major, long minor, long rate) {}

  /**
   * The limit for one size of huge pages.
   *
   * @param pageSize size such as {@code 2MB}
   * @param limit bytes, unsigned
   */
  public record HugepageLimit(String pageSize, long limit) {
    /** Refuses null. */
    public HugepageLimit {
      Objects.requireNonNull(pageSize, "pageSize");
    }
  }

  /**
   * The net_cls and net_prio controllers.
   *
   * @param classID class of the packets
   * @param priorities priorities by interface
   */
  public record Network(@Nullable Long classID, List<NetworkPriority> priorities) {
    /** Checks ranges and copies collections. */
    public Network {
      Values.uint32("classID", classID);
      priorities = List.copyOf(priorities);
    }
  }

  /**
   * The priority of traffic over an interface.
   *
   * @param name interface in the runtime's network namespace
   * @param priority the priority
   */
  public record NetworkPriority(String name, long priority) {
    /** Checks ranges. */
    public NetworkPriority {
      Objects.requireNonNull(name, "name");
      Values.uint32("priority", priority);
    }
  }

  /**
   * Limits for one RDMA device; at least one is given.
   *
   * @param hcaHandles maximum number of handles
   * @param hcaObjects maximum number of objects
   */
  public record Rdma(@Nullable Long hcaHandles, @Nullable Long hcaObjects) {
    /** Checks ranges. */
    public Rdma {
      Values.uint32("hcaHandles", hcaHandles);
      Values.uint32("hcaObjects", hcaObjects);
    }
  }
}
