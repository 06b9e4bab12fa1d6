package dev.gatun.runtime.lifecycle;

import dev.gatun.cgroups.CgroupDirectory;
import dev.gatun.cgroups.CgroupPath;
import dev.gatun.cgroups.CgroupRoot;
import dev.gatun.cgroups.DeviceFilter;
import dev.gatun.cgroups.ResourcePlan;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Resources;
import dev.gatun.runtime.ConfigException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code linux.resources} asks of a container's cgroup: set before init is born in it. */
final class Limits {
  private static final Limits NONE = new Limits(null, null);

  private final @Nullable ResourcePlan plan;
  private final @Nullable DeviceFilter devices;

  private Limits(@Nullable ResourcePlan plan, @Nullable DeviceFilter devices) {
    this.plan = plan;
    this.devices = devices;
  }

  /**
   * Plans the limits.
   *
   * @param resources what the configuration asks for, or null
   * @param root where cgroup v2 is
   * @param cgroup the container's cgroup, or null
   * @return the plan
   * @throws RuntimeException naming what cannot be had
   */
  static Limits of(@Nullable Resources resources, CgroupRoot root, @Nullable CgroupPath cgroup) {
    if (resources == null) {
      return NONE;
    }
    ResourcePlan plan = ResourcePlan.of(resources, root);
    DeviceFilter devices = DeviceFilter.of(resources.devices());
    if (cgroup == null && !resources.devices().isEmpty()) {
      throw new ConfigException(
          DeviceFilter.PLACE, "device rules need cgroup v2, which is not mounted here");
    }
    return new Limits(plan, resources.devices().isEmpty() ? null : devices);
  }

  /**
   * Plans nothing, for a container without a cgroup of its own.
   *
   * @param resources what the configuration asks for, or null
   * @param root where cgroup v2 is
   * @param warnings takes what does not apply
   * @return the plan
   * @throws RuntimeException naming a limit that the configuration asks for
   */
  static Limits disabled(@Nullable Resources resources, CgroupRoot root, List<String> warnings) {
    if (resources == null) {
      return NONE;
    }
    List<String> controllers = ResourcePlan.of(resources, root).controllers();
    if (!controllers.isEmpty()) {
      throw new ConfigException(
          "/linux/resources",
          "limit "
              + controllers.getFirst()
              + ": --cgroup-manager disabled makes no cgroup that could have limits");
    }
    if (!resources.devices().isEmpty()) {
      warnings.add(
          "device rules do not apply: --cgroup-manager disabled makes no cgroup [config.json "
              + DeviceFilter.PLACE
              + "]");
    }
    return NONE;
  }

  /** Sets what has to be there before the first process. */
  void apply(ProgramBuilder b, CgroupDirectory directory, Slot cgroup) {
    if (plan != null) {
      directory.enable(plan);
      plan.apply(b, cgroup);
    }
    if (devices != null && !devices.allowsEverything()) {
      devices.attach(b, cgroup);
    }
  }

  /** Sets what would keep the first process out. */
  void applyLate(ProgramBuilder b, Slot cgroup) {
    if (plan != null) {
      plan.applyLate(b, cgroup);
    }
  }
}
