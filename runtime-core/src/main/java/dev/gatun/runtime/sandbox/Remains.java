package dev.gatun.runtime.sandbox;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.cgroups.CgroupDirectory;
import dev.gatun.cgroups.CgroupPath;
import dev.gatun.cgroups.SystemdScope;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.DirectoryScan;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.StateRoot;
import java.nio.charset.StandardCharsets;

/** Records that take away what is left of a pod; each of them is content when it is gone. */
final class Remains {
  /** The tmpfs of a pod, in its directory. */
  static final String SHM = "shm";

  /** The directory of a pod's directory with an entry for each container. */
  static final String CONTAINERS = StateRoot.CONTAINERS;

  private static final long BENEATH =
      Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_SYMLINKS | Constants.RESOLVE_NO_XDEV;

  /** The name of a directory that is moved to be removed, with room for a number; no file's. */
  private static final byte[] MOVED = ".moved-0000000000\0".getBytes(StandardCharsets.US_ASCII);

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
   * that is not empty, and begins again at the top. Each round removes or moves something, or the
   * call that does not is the failure.
   *
   * <p>Containers have written there, and what they have taken away from an ordinary user's
   * directories the user gives back. A directory further down is moved to the top before anything
   * else: from the top it would take longer to come to the deeper it is.
   */
  private static void empty(ProgramBuilder b, Arg top) {
    Slot here = b.fd("here", null);
    Slot child = b.fd("child", null);
    Slot result = b.slot("removed");
    Slot below = b.slot("below top");
    Slot given = b.slot("given back");
    Slot number = b.slot("number");
    b.set(number, imm(0));
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
    b.set(given, imm(0));
    DirectoryScan scan = new DirectoryScan(b, here);
    Label next = b.loop("next of it");
    Label none = b.label("no more");
    Label directory = b.label("directory");
    Label full = b.label("full");
    Label stuck = b.label("stuck");
    scan.next(none);
    b.branch(Condition.EQ, scan.type(), imm(Constants.DT_DIR), directory);
    Label unlinkAgain = b.loop("unlink again");
    Instruction unlink =
        b.sys(Syscall.UNLINKAT, here, scan.name(), imm(0)).into(result).tolerateAny(stuck);
    b.jump(next);
    b.bind(stuck);
    b.branch(Condition.EQ, result, imm(-Errno.ENOENT), next);
    giveBack(b, here, result, given, unlinkAgain);
    Idioms.close(b, here);
    b.fail(unlink, result);
    b.bind(directory);
    Label rmdirAgain = b.loop("rmdir again");
    Instruction rmdir =
        b.sys(Syscall.UNLINKAT, here, scan.name(), imm(Constants.AT_REMOVEDIR))
            .into(result)
            .tolerateAny(full);
    b.jump(next);
    b.bind(full);
    b.branch(Condition.EQ, result, imm(-Errno.ENOENT), next);
    Label enter = b.label("enter");
    b.branch(Condition.EQ, result, imm(-Errno.ENOTEMPTY), enter);
    giveBack(b, here, result, given, rmdirAgain);
    Idioms.close(b, here);
    b.fail(rmdir, result);
    b.bind(enter);
    Label opened = b.loopAhead("opened");
    Label closed = b.label("closed");
    Label unreadable = b.label("unreadable");
    Idioms.open(b, here, scan.name(), b.arch().O_DIRECTORY(), 0, BENEATH)
        .into(child)
        .tolerateAny(closed);
    b.bind(opened);
    Label down = b.label("down");
    b.branch(Condition.EQ, below, imm(0), down);
    // Who moves a directory has to be able to write to it.
    b.sys(Syscall.FCHMOD, child, imm(0700)).tolerateAny();
    b.alu(Function.ADD, number, number, imm(1));
    Data moved = b.variable("moved", MOVED.length).put(0, MOVED);
    Idioms.formatDecimal(b, number, moved.at(MOVED.length - 1));
    b.sys(Syscall.RENAMEAT2, here, scan.name(), top, moved.address(), imm(0)).tolerateAny(down);
    Idioms.close(b, child);
    b.jump(next);
    b.bind(down);
    Idioms.close(b, here);
    b.set(here, child);
    b.set(below, imm(1));
    b.jump(descend);
    b.outOfLine(() -> {
      b.bind(closed);
      b.branch(Condition.EQ, child, imm(-Errno.ENOENT), next);
      b.branch(Condition.NE, child, imm(-Errno.EACCES), unreadable);
      Slot handle = b.fd("handle", null);
      Label lost = b.label("lost");
      int path = Constants.O_PATH | b.arch().O_DIRECTORY();
      Idioms.open(b, here, scan.name(), path, 0, BENEATH).into(handle).tolerateAny(lost);
      b.sys(
              Syscall.FCHMODAT,
              imm(Constants.AT_FDCWD),
              Idioms.pidPath(b, "/proc/self/fd/", handle, ""),
              imm(0700))
          .tolerateAny();
      Idioms.close(b, handle);
      b.bind(lost);
      Instruction again =
          Idioms.open(b, here, scan.name(), b.arch().O_DIRECTORY(), 0, BENEATH)
              .into(child)
              .tolerateAny(unreadable);
      b.jump(opened);
      b.bind(unreadable);
      b.branch(Condition.EQ, child, imm(-Errno.ENOENT), next);
      Idioms.close(b, here);
      b.fail(again, child);
    });
    b.bind(none);
    Idioms.close(b, here);
    b.branch(Condition.NE, below, imm(0), restart);
  }

  /**
   * Tries a call once more, with a directory's owner's rights, if it had failed for want of them.
   */
  private static void giveBack(
      ProgramBuilder b, Slot directory, Slot result, Slot given, Label again) {
    Label not = b.label("not for want of rights");
    b.branch(Condition.NE, result, imm(-Errno.EACCES), not);
    b.branch(Condition.NE, given, imm(0), not);
    b.set(given, imm(1));
    b.sys(Syscall.FCHMOD, directory, imm(0700)).tolerateAny();
    b.jump(again);
    b.bind(not);
  }
}
