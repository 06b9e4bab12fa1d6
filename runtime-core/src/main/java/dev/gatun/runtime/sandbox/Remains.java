package dev.gatun.runtime.sandbox;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.cgroups.CgroupDirectory;
import dev.gatun.cgroups.CgroupPath;
import dev.gatun.cgroups.SystemdScope;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.DirectoryScan;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.StateRoot;

/** Records that take away what is left of a pod; each of them is content when it is gone. */
final class Remains {
  /** The tmpfs of a pod, in its directory. */
  static final String SHM = "shm";

  /** The directory of a pod's directory with an entry for each container. */
  static final String CONTAINERS = StateRoot.CONTAINERS;

  private static final long BENEATH =
      Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_SYMLINKS | Constants.RESOLVE_NO_XDEV;

  private Remains() {}

  /**
   * Adds records that end everything in the pod's cgroup and remove it.
   *
   * @param b the program
   * @param state what is known of the pod
   */
  static void removeCgroup(ProgramBuilder b, SandboxState state) {
    CgroupPath path = state.podCgroup();
    ContainerState.Cgroup cgroup = state.cgroup();
    if (path == null || cgroup == null) {
      return;
    }
    if (!cgroup.bus().isEmpty()) {
      CgroupPath pause = state.cgroupOf(SandboxCreate.PAUSE);
      if (pause != null) {
        SystemdScope.of(pause, cgroup.bus()).stop(b);
      }
      return;
    }
    new CgroupDirectory(b, path).remove();
  }

  /**
   * Adds records that unmount what the runtime mounted and remove the pod's directory.
   *
   * @param b the program
   * @param root the state root's path
   * @param pods the directory that pods are in
   * @param directory the pod's directory
   * @param id the pod's id
   */
  static void removeDirectory(ProgramBuilder b, String root, Arg pods, Arg directory, String id) {
    String path = root + "/" + StateRoot.PODS + "/" + id + "/" + SHM;
    b.step("unmount \"" + path + "\"", "");
    Label missing = b.label("not mounted");
    // EINVAL: no mount. EPERM: who may not unmount could not mount either.
    Slot result = b.slot("umount2");
    Label refused = b.label("umount2 refused");
    Instruction unmount =
        b.sys(
                Syscall.UMOUNT2,
                b.string(path),
                imm(Constants.MNT_DETACH | Constants.UMOUNT_NOFOLLOW))
            .into(result)
            .tolerateAny(refused);
    b.bind(missing);
    b.outOfLine(() -> {
      b.bind(refused);
      for (int errno : new int[] {Errno.EINVAL, Errno.ENOENT, Errno.EPERM}) {
        b.branch(Condition.EQ, result, imm(-errno), missing);
      }
      b.fail(unmount, result);
    });
    b.step("remove the directory of pod \"" + id + "\"", "");
    empty(b, directory);
    b.sys(Syscall.UNLINKAT, pods, b.string(id), imm(Constants.AT_REMOVEDIR)).tolerate(Errno.ENOENT);
  }

  /**
   * Removes everything in a directory, depth first: goes down to a directory that has none in it
   * that is not empty, and begins again at the top. Each round removes something, or the call that
   * does not is the failure.
   */
  private static void empty(ProgramBuilder b, Arg top) {
    Slot here = b.fd("here", null);
    Slot child = b.fd("child", null);
    Slot result = b.slot("removed");
    Slot below = b.slot("below top");
    Label restart = b.loop("from the top");
    b.set(below, imm(0));
    b.sys(
            Syscall.OPENAT,
            top,
            b.string("."),
            imm(b.arch().O_DIRECTORY() | Constants.O_CLOEXEC),
            imm(0))
        .into(here);
    Label descend = b.loop("descend");
    DirectoryScan scan = new DirectoryScan(b, here);
    Label next = b.loop("next of it");
    Label none = b.label("no more");
    Label directory = b.label("directory");
    Label full = b.label("full");
    Label stuck = b.label("stuck");
    Label vanished = b.label("vanished");
    scan.next(none);
    b.branch(Condition.EQ, scan.type(), imm(Constants.DT_DIR), directory);
    Instruction unlink =
        b.sys(Syscall.UNLINKAT, here, scan.name(), imm(0)).into(result).tolerateAny(stuck);
    b.jump(next);
    b.bind(stuck);
    b.branch(Condition.EQ, result, imm(-Errno.ENOENT), next);
    Idioms.close(b, here);
    b.fail(unlink, result);
    b.bind(directory);
    Instruction rmdir =
        b.sys(Syscall.UNLINKAT, here, scan.name(), imm(Constants.AT_REMOVEDIR))
            .into(result)
            .tolerateAny(full);
    b.jump(next);
    b.bind(full);
    b.branch(Condition.EQ, result, imm(-Errno.ENOENT), next);
    Label enter = b.label("enter");
    b.branch(Condition.EQ, result, imm(-Errno.ENOTEMPTY), enter);
    Idioms.close(b, here);
    b.fail(rmdir, result);
    b.bind(enter);
    Idioms.openat2(
        b, here, scan.name(), b.arch().O_DIRECTORY(), 0, BENEATH, child, vanished, Errno.ENOENT);
    Idioms.close(b, here);
    b.set(here, child);
    b.set(below, imm(1));
    b.jump(descend);
    b.bind(vanished);
    b.jump(next);
    b.bind(none);
    Idioms.close(b, here);
    b.branch(Condition.NE, below, imm(0), restart);
  }
}
