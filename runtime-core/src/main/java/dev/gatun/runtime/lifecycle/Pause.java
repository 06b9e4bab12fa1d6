package dev.gatun.runtime.lifecycle;

import dev.gatun.cgroups.CgroupDirectory;
import dev.gatun.cgroups.CgroupFreezer;
import dev.gatun.cgroups.CgroupPath;
import dev.gatun.linux.Errno;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.Status;

/**
 * {@code pause} and {@code resume}, in two exchanges: look at the container; freeze or thaw its
 * cgroup and wait until that is so.
 *
 * <p>A cgroup that does not come to rest in time is thawed again, so nobody is left half frozen.
 */
public final class Pause {
  /** How long everything in a cgroup may take to come to rest, in milliseconds. */
  private static final long FREEZE = 10_000;

  /** A thaw is done at once, or never when a cgroup above is frozen; in milliseconds. */
  private static final long THAW = 1_000;

  private Pause() {}

  /**
   * Freezes all processes of a created or running container.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @throws RuntimeException with one sentence as its message
   */
  public static void pause(Kernel kernel, String root, String id) {
    ContainerId.check(id);
    Look.Found found = Look.at(kernel, root, id, Look.Purpose.CHANGE);
    if (found.status() != Status.CREATED && found.status() != Status.RUNNING) {
      found.close(kernel);
      throw new ContainerException(
          "container not running: cannot pause \"" + id + "\", it is " + found.status().word());
    }
    change(kernel, found, true);
  }

  /**
   * Lets a paused container go on.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @throws RuntimeException with one sentence as its message
   */
  public static void resume(Kernel kernel, String root, String id) {
    ContainerId.check(id);
    Look.Found found = Look.at(kernel, root, id, Look.Purpose.CHANGE);
    if (found.status() != Status.PAUSED) {
      found.close(kernel);
      throw new ContainerException(
          "container not paused: cannot resume \"" + id + "\", it is " + found.status().word());
    }
    change(kernel, found, false);
  }

  private static void change(Kernel kernel, Look.Found found, boolean freeze) {
    CgroupPath path = Cgroups.of(found);
    String what = (freeze ? "pause" : "resume") + " container \"" + found.id() + "\"";
    if (path == null) {
      found.close(kernel);
      throw new ContainerException(what + ": it has no cgroup of its own");
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    found.handOver(descriptors);
    Label missing = b.label("missing");
    Slot cgroup = new CgroupDirectory(b, path).open(missing);
    descriptors.add(cgroup);
    b.outOfLine(() -> {
      b.bind(missing);
      b.step(what + ": its cgroup is gone", "");
      b.fail(Errno.ENOENT);
    });
    if (freeze) {
      CgroupFreezer.freeze(b, cgroup, FREEZE);
    } else {
      CgroupFreezer.thaw(b, cgroup, THAW);
    }
    descriptors.closeAll();
    kernel.run(b.build()).orThrow();
  }
}
