package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ConfigException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compiles {@code linux.maskedPaths} and {@code linux.readonlyPaths}.
 *
 * <p>A masked file is covered by the host's own {@code /dev/null}, opened and verified before
 * anything of the container is there (CVE-2025-31133). All masked directories are covered by one
 * read-only tmpfs with room for nothing.
 */
final class HiddenPaths {
  private final RootDirectory in;
  private final ProgramBuilder b;
  private final Slot nothing;
  private final Slot emptyDirectory;
  private final @Nullable String label;

  HiddenPaths(RootDirectory in, @Nullable String label) {
    this.in = in;
    this.label = label;
    this.b = in.b;
    nothing = b.fd("null", "/dev/null");
    emptyDirectory = b.fd("mask", "mask");
  }

  /** Opens the host's null device, while {@code /} is still the host's. */
  void openNull() {
    b.step("open the host's /dev/null", "/linux/maskedPaths");
    Label wrong = in.failure("the host's /dev/null is not the null device", Errno.ENODEV);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string("/dev/null"),
            imm(Constants.O_PATH | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC))
        .into(nothing);
    in.requireCharacterDevice(nothing, 1, 3, wrong);
  }

  /**
   * Makes the tmpfs that covers directories. Only an attached mount can be cloned, so it has to be
   * attached somewhere the container never sees.
   *
   * @param somewhere a directory outside the container, in a mount that does not propagate
   */
  void makeEmptyDirectory(Slot somewhere) {
    b.step("make the mask for directories", "/linux/maskedPaths");
    Slot context = b.fd("context", "tmpfs");
    b.sys(Syscall.FSOPEN, b.string("tmpfs"), imm(Constants.FSOPEN_CLOEXEC)).into(context);
    in.configure(context, "source", "tmpfs");
    in.configure(context, "ro", null);
    in.configure(context, "nr_blocks", "1");
    in.configure(context, "nr_inodes", "1");
    in.label(context, label);
    b.sys(Syscall.FSCONFIG, context, imm(Constants.FSCONFIG_CMD_CREATE));
    b.sys(
            Syscall.FSMOUNT,
            context,
            imm(Constants.FSMOUNT_CLOEXEC),
            imm(Constants.MOUNT_ATTR_RDONLY))
        .into(emptyDirectory);
    Idioms.close(b, context);
    in.attach(emptyDirectory, somewhere);
    Slot flags = b.slot("flags");
    Label readOnly = b.label("read-only");
    b.sys(Syscall.FSTATFS, emptyDirectory, in.statfs.address());
    b.load(8, flags, in.statfs.address(), imm(Structs.STATFS_F_FLAGS));
    b.branch(Condition.TEST, flags, imm(Constants.ST_RDONLY), readOnly);
    b.step("the mask for directories is not read-only", "/linux/maskedPaths");
    b.fail(Errno.EROFS);
    b.bind(readOnly);
  }

  void readOnly(List<String> paths) {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < paths.size(); i++) {
      String path = ContainerPath.clean(paths.get(i));
      if (!seen.add(path)) {
        continue;
      }
      b.step("make " + path + " read-only", "/linux/readonlyPaths/" + i);
      Label absent = b.label("absent");
      Slot target = in.open(path, absent, Errno.ENOENT, Errno.ENOTDIR);
      Slot tree = in.clone(target, Constants.AT_RECURSIVE, "tree", path);
      // Only the one bit is set: nosuid, nodev and noexec stay, and what is locked stays locked.
      in.setAttributes(tree, 0, Constants.MOUNT_ATTR_RDONLY, 0);
      in.attach(tree, target);
      Idioms.close(b, tree);
      Idioms.close(b, target);
      b.bind(absent);
    }
  }

  void mask(List<String> paths) {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < paths.size(); i++) {
      String path = ContainerPath.clean(paths.get(i));
      if (path.equals("/")) {
        throw new ConfigException("/linux/maskedPaths/" + i, "the root cannot be masked");
      }
      if (!seen.add(path)) {
        continue;
      }
      b.step("mask " + path, "/linux/maskedPaths/" + i);
      Label absent = b.label("absent");
      Label file = b.label("file");
      Slot with = b.slot("with");
      Slot target = in.open(path, absent, Errno.ENOENT, Errno.ENOTDIR);
      b.set(with, nothing);
      in.skipUnlessDirectory(target, file);
      b.set(with, emptyDirectory);
      b.bind(file);
      Slot tree = in.clone(with, 0, "tree", path);
      in.attach(tree, target);
      Idioms.close(b, tree);
      Idioms.close(b, target);
      b.bind(absent);
    }
  }

  /** Covers a directory outside the container. */
  void cover(Slot target) {
    Slot tree = in.clone(emptyDirectory, 0, "tree", "mask");
    in.attach(tree, target);
    Idioms.close(b, tree);
  }

  void closeNull() {
    Idioms.close(b, nothing);
  }

  void closeEmptyDirectory() {
    Idioms.close(b, emptyDirectory);
  }
}
