package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.cgroups.CgroupDirectory;
import dev.gatun.cgroups.CgroupFreezer;
import dev.gatun.cgroups.CgroupPath;
import dev.gatun.cgroups.CgroupProcesses;
import dev.gatun.cgroups.SystemdScope;
import dev.gatun.linux.Errno;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.Look;
import org.jspecify.annotations.Nullable;

/** The cgroup of a container that exists. */
final class Cgroups {
  private static final int MAX_PIDS = 1 << 20;

  private Cgroups() {}

  /** The cgroup that the container was created in, null when it has none. */
  static @Nullable CgroupPath of(Look.Found found) {
    ContainerState state = found.state();
    if (state == null) {
      return null;
    }
    ContainerState.Cgroup cgroup = state.cgroup();
    return cgroup == null
        ? null
        : new CgroupPath(cgroup.mountPoint(), cgroup.path(), cgroup.delegated());
  }

  /** Adds records that open it; without it they fail with ENOENT. */
  static Slot open(ProgramBuilder b, Descriptors descriptors, CgroupDirectory directory) {
    Label missing = b.label("missing");
    Slot cgroup = directory.open(missing);
    descriptors.add(cgroup);
    b.outOfLine(() -> {
      b.bind(missing);
      b.step("the container's cgroup is not there any more", "");
      b.fail(Errno.ENOENT);
    });
    return cgroup;
  }

  /** Adds records that remove it, with everything in it, and systemd's scope around it. */
  static void remove(ProgramBuilder b, Look.Found found) {
    CgroupPath path = of(found);
    if (path == null) {
      return;
    }
    new CgroupDirectory(b, path).remove();
    ContainerState state = found.state();
    ContainerState.Cgroup cgroup = state == null ? null : state.cgroup();
    if (cgroup != null && !cgroup.bus().isEmpty()) {
      SystemdScope.of(path, cgroup.bus()).stop(b);
    }
  }

  /** Adds records that kill everything in it without waiting; to {@code missing} if it is gone. */
  static void kill(ProgramBuilder b, Descriptors descriptors, Look.Found found, Label missing) {
    CgroupPath path = of(found);
    if (path != null) {
      Slot cgroup = new CgroupDirectory(b, path).open(missing);
      descriptors.add(cgroup);
      CgroupProcesses.kill(b, cgroup, 0);
    }
  }

  /** Adds records that thaw it, as far as it is there. */
  static void release(ProgramBuilder b, Descriptors descriptors, Look.Found found) {
    CgroupPath path = of(found);
    if (path != null) {
      Label missing = b.label("missing");
      Slot cgroup = new CgroupDirectory(b, path).open(missing);
      descriptors.add(cgroup);
      CgroupFreezer.release(b, cgroup);
      b.bind(missing);
    }
  }

  /** The processes in it, as pids of the process that runs the program. */
  static int[] pids(Kernel kernel, Look.Found found) {
    CgroupPath path = of(found);
    if (path == null) {
      return found.pid() == 0 ? new int[0] : new int[] {found.pid()};
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Label missing = b.label("missing");
    Slot exists = b.slot("exists");
    b.set(exists, imm(0));
    Slot cgroup = new CgroupDirectory(b, path).open(missing);
    descriptors.add(cgroup);
    Data list = CgroupProcesses.list(b, cgroup, MAX_PIDS);
    b.set(exists, imm(1));
    b.bind(missing);
    descriptors.closeAll();
    Kernel.Result result = kernel.run(b.build()).orThrow();
    return result.slot(exists) == 0 ? new int[0] : CgroupProcesses.parse(result.bytes(list));
  }
}
