package dev.gatun.runtime.lifecycle;

import dev.gatun.cgroups.CgroupDirectory;
import dev.gatun.cgroups.CgroupException;
import dev.gatun.cgroups.CgroupPath;
import dev.gatun.cgroups.CgroupRoot;
import dev.gatun.cgroups.ControlFiles;
import dev.gatun.cgroups.DeviceFilter;
import dev.gatun.cgroups.ResourcePlan;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Resources;
import dev.gatun.oci.SpecReader;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.Status;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code update}, in four exchanges: look at the container, read what is asked for, read what is
 * set now, set what is asked for. What is not asked for stays as it is.
 */
public final class Update {
  private static final int ROOM = 4096;
  private static final int DEFAULT_PERIOD = 100_000;
  private static final String BFQ = "io.bfq.weight";

  private Update() {}

  /**
   * Changes the limits of a container.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @param file the path of a document with resources, {@code -} for standard input, or null
   * @param resources what is asked for when there is no file
   * @throws RuntimeException with one sentence as its message
   */
  public static void run(
      Kernel kernel, String root, String id, @Nullable String file, Resources resources) {
    ContainerId.check(id);
    Look.Found found = Look.at(kernel, root, id, Look.Purpose.CHANGE);
    try {
      update(kernel, found, file, resources);
    } catch (CgroupException e) {
      throw new ContainerException("update container \"" + id + "\": " + e.problem(), e);
    } finally {
      found.close(kernel);
    }
  }

  private static void update(
      Kernel kernel, Look.Found found, @Nullable String file, Resources flags) {
    if (found.status() == Status.CREATING || found.status() == Status.STOPPED) {
      throw new ContainerException(
          "container not running: \"" + found.id() + "\" is " + found.status().word());
    }
    CgroupPath path = Cgroups.of(found);
    if (path == null) {
      throw new ContainerException(
          "update container \"" + found.id() + "\": it has no cgroup that could have limits");
    }
    List<String> paths = new ArrayList<>(3);
    paths.add("/proc/self/mountinfo");
    paths.add("/proc/self/cgroup");
    if (file != null) {
      paths.add(file);
    }
    List<byte[]> contents = HostFiles.read(kernel, paths);
    CgroupRoot cgroups = HostFiles.cgroups(contents, 0);
    Resources asked = flags;
    if (file != null) {
      asked =
          SpecReader.readValidResources(
              contents.get(2), file.equals("-") ? "standard input" : file);
    }
    Resources whole = completed(kernel, path, asked);
    ResourcePlan plan = ResourcePlan.ofUpdate(whole, cgroups);
    DeviceFilter devices = whole.devices().isEmpty() ? null : DeviceFilter.of(whole.devices());
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    CgroupDirectory directory = new CgroupDirectory(b, path);
    Slot cgroup = Cgroups.open(b, descriptors, directory);
    directory.enable(plan);
    plan.apply(b, cgroup);
    plan.applyLate(b, cgroup);
    if (devices != null) {
      devices.attach(b, cgroup);
    }
    descriptors.closeAll();
    kernel.run(b.build()).orThrow();
  }

  /**
   * Adds what one file of cgroup v2 holds together and the document only half of: a quota or a
   * period alone, memory with swap, whose limit counts both, and bfq's weights of devices, which
   * its default weight overwrites.
   */
  private static Resources completed(Kernel kernel, CgroupPath path, Resources asked) {
    Resources.Cpu cpu = asked.cpu();
    Resources.Memory memory = asked.memory();
    boolean half = cpu != null && isSet(cpu.quota()) != isSet(cpu.period());
    Long swap = memory == null ? null : memory.swap();
    boolean swapAlone = memory != null && swap != null && swap > 0 && !isSet(memory.limit());
    Resources.BlockIo io = asked.blockIO();
    boolean weighs = io != null && io.weight() != null && io.weight() != 0;
    if (!half && !swapAlone && !weighs) {
      return asked;
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Slot cgroup = Cgroups.open(b, descriptors, new CgroupDirectory(b, path));
    ControlFiles files = ControlFiles.read(b, cgroup, ROOM, "cpu.max", "memory.max", BFQ);
    descriptors.closeAll();
    Kernel.Result now = kernel.run(b.build()).orThrow();
    if (half && cpu != null) {
      String max = files.text(now, "cpu.max");
      int blank = max == null ? -1 : max.indexOf(' ');
      long quota = max == null ? -1 : number(max.substring(0, blank));
      long period = max == null ? DEFAULT_PERIOD : number(max.substring(blank + 1));
      cpu =
          new Resources.Cpu(
              cpu.shares(),
              isSet(cpu.quota()) ? cpu.quota() : Long.valueOf(quota),
              cpu.burst(),
              isSet(cpu.period()) ? cpu.period() : Long.valueOf(period),
              cpu.realtimeRuntime(),
              cpu.realtimePeriod(),
              cpu.cpus(),
              cpu.mems(),
              cpu.idle());
    }
    if (swapAlone && memory != null) {
      String max = files.text(now, "memory.max");
      long limit = max == null ? -1 : number(max);
      memory =
          new Resources.Memory(
              limit < 0 ? null : limit,
              memory.reservation(),
              memory.swap(),
              memory.kernel(),
              memory.kernelTCP(),
              memory.swappiness(),
              memory.disableOOMKiller(),
              memory.useHierarchy(),
              memory.checkBeforeUpdate());
    }
    if (weighs && io != null) {
      io = withWeights(io, files.text(now, BFQ));
    }
    return new Resources(
        asked.devices(),
        memory,
        cpu,
        asked.pids(),
        io,
        asked.hugepageLimits(),
        asked.network(),
        asked.rdma(),
        asked.unified());
  }

  /**
   * With the weights that devices have now, in lines {@code major:minor weight} behind that of the
   * default; those that are asked for come later and win.
   */
  private static Resources.BlockIo withWeights(Resources.BlockIo io, @Nullable String text) {
    List<Resources.WeightDevice> weights = new ArrayList<>();
    int from = text == null ? -1 : text.indexOf('\n') + 1;
    while (text != null && from > 0 && from < text.length()) {
      int colon = text.indexOf(':', from);
      int blank = text.indexOf(' ', from);
      int end = text.indexOf('\n', from);
      if (colon < from || blank < colon || end < blank) {
        break;
      }
      weights.add(
          new Resources.WeightDevice(
              Long.parseLong(text.substring(from, colon)),
              Long.parseLong(text.substring(colon + 1, blank)),
              Integer.parseInt(text.substring(blank + 1, end)),
              null));
      from = end + 1;
    }
    weights.addAll(io.weightDevice());
    return new Resources.BlockIo(
        io.weight(),
        io.leafWeight(),
        weights,
        io.throttleReadBpsDevice(),
        io.throttleWriteBpsDevice(),
        io.throttleReadIOPSDevice(),
        io.throttleWriteIOPSDevice());
  }

  /** As elsewhere in resources, 0 stands for what is absent. */
  private static boolean isSet(@Nullable Long number) {
    return number != null && number != 0;
  }

  /** The number of a control file, −1 for "max". */
  private static long number(String text) {
    String digits = text.strip();
    return digits.equals("max") ? -1 : Long.parseLong(digits);
  }
}
