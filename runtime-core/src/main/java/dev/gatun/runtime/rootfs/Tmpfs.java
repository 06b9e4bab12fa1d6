package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A new tmpfs that is not in {@code config.json}, {@code tmpfs(5)}. */
public final class Tmpfs {
  private Tmpfs() {}

  /**
   * Adds records that make one and mount it nowhere.
   *
   * @param b the program
   * @param context takes a descriptor, and is −1 in the end
   * @param options names, each followed by its value
   * @param attributes {@code MOUNT_ATTR_*}
   * @param into takes the descriptor of the mount
   * @param refused where to go when the caller may not mount, null when that is a failure
   */
  public static void make(
      ProgramBuilder b,
      Slot context,
      List<String> options,
      int attributes,
      Slot into,
      @Nullable Label refused) {
    Instruction open =
        b.sys(Syscall.FSOPEN, b.string("tmpfs"), imm(Constants.FSOPEN_CLOEXEC)).into(context);
    if (refused != null) {
      open.tolerate(Errno.EPERM, refused);
    }
    for (int i = 0; i < options.size(); i += 2) {
      b.sys(
          Syscall.FSCONFIG,
          context,
          imm(Constants.FSCONFIG_SET_STRING),
          b.string(options.get(i)),
          b.string(options.get(i + 1)),
          imm(0));
    }
    b.sys(Syscall.FSCONFIG, context, imm(Constants.FSCONFIG_CMD_CREATE));
    b.sys(Syscall.FSMOUNT, context, imm(Constants.FSMOUNT_CLOEXEC), imm(attributes)).into(into);
    Idioms.close(b, context);
    b.set(context, imm(-1));
  }

  /**
   * Adds a record that mounts it.
   *
   * @param b the program
   * @param mount a slot with the descriptor of the mount
   * @param directory the directory that the name is resolved from
   * @param name where it is mounted; empty for the directory itself
   */
  public static void attach(ProgramBuilder b, Slot mount, Arg directory, String name) {
    b.sys(
        Syscall.MOVE_MOUNT,
        mount,
        b.string(""),
        directory,
        b.string(name),
        imm(
            Constants.MOVE_MOUNT_F_EMPTY_PATH
                | (name.isEmpty() ? Constants.MOVE_MOUNT_T_EMPTY_PATH : 0)));
  }
}
