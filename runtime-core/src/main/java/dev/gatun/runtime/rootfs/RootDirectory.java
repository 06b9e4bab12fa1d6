package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Origin;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import org.jspecify.annotations.Nullable;

/**
 * The container's root directory as a descriptor, and the few ways in which records reach what is
 * in it.
 *
 * <p>Nothing in here opens a file other than with O_PATH, but for a bind mount's target that it
 * creates: a FIFO or a device in the rootfs is never really opened.
 */
final class RootDirectory {
  /** How every path with more than one name is resolved. */
  static final long IN_ROOT = Constants.RESOLVE_IN_ROOT | Constants.RESOLVE_NO_MAGICLINKS;

  final ProgramBuilder b;
  final Slot root;
  final Addr empty;

  /** Two buffers that are read right after the call that fills them. */
  final Data statfs;

  final Data statx;

  private final int oDirectory;
  private final int oNofollow;
  private final MissingPath missing;

  RootDirectory(ProgramBuilder b) {
    this.b = b;
    root = b.fd("root", "rootfs");
    empty = b.string("");
    statfs = b.buffer("statfs", Structs.SIZEOF_STATFS);
    statx = b.buffer("statx", Structs.SIZEOF_STATX);
    oDirectory = b.arch().O_DIRECTORY();
    oNofollow = b.arch().O_NOFOLLOW();
    missing = new MissingPath(this);
  }

  int pathDirectory() {
    return Constants.O_PATH | oDirectory;
  }

  /** Resolves a clean path that may be missing; links are followed within the root. */
  Slot open(String path, Label missing, int... errnos) {
    Slot fd = b.fd("target", path);
    Idioms.openat2(
        b,
        root,
        b.string(ContainerPath.relative(path)),
        Constants.O_PATH,
        0,
        IN_ROOT,
        fd,
        missing,
        errnos);
    return fd;
  }

  /** Resolves a clean path that must be there; links are followed within the root. */
  Slot open(String path) {
    Slot fd = b.fd("target", path);
    Idioms.openat2(
        b, root, b.string(ContainerPath.relative(path)), Constants.O_PATH, 0, IN_ROOT, fd);
    return fd;
  }

  /** Resolves a directory, which is made with all it is in when it is missing. */
  Slot directory(String path) {
    return target(path, pathDirectory(), root, null);
  }

  /**
   * Resolves what is mounted upon with proc and sysfs: a directory itself, not a link to one
   * (CVE-2019-19921, CVE-2023-27561). It is made when it is missing.
   */
  Slot ordinaryDirectory(String path) {
    return target(path, pathDirectory() | oNofollow, root, null);
  }

  /**
   * Resolves a mount's target. When it is missing it is made: a directory or a file, as the source
   * is one.
   */
  Slot like(String path, Slot source) {
    return target(path, Constants.O_PATH, source, null);
  }

  /**
   * As above, and goes elsewhere when the target is missing and cannot be made: where the file
   * system is read-only, or not this process's to write.
   */
  Slot like(String path, Slot source, Label without) {
    return target(path, Constants.O_PATH, source, without);
  }

  private Slot target(String path, int flags, Slot like, @Nullable Label without) {
    Slot fd = b.fd("target", path);
    Label again = b.loop("again");
    Label failed = b.label("missing?");
    Addr name = b.string(ContainerPath.relative(path));
    Idioms.open(b, root, name, flags, 0, IN_ROOT).into(fd).tolerateAny(failed);
    missing.make(again, failed, name, fd, like, without);
    return fd;
  }

  /**
   * Makes a directory, and all it is in, when nothing is there. Whatever is wrong with what is
   * there is left to the one who uses it.
   */
  void makeDirectory(String path) {
    Slot fd = b.fd("directory", path);
    Label again = b.loop("again");
    Label failed = b.label("missing?");
    Label done = b.label("done");
    Addr name = b.string(ContainerPath.relative(path));
    Idioms.open(b, root, name, Constants.O_PATH, 0, IN_ROOT).into(fd).tolerateAny(failed);
    Idioms.close(b, fd);
    b.bind(done);
    Label nothing = b.label("nothing");
    b.outOfLine(() -> {
      b.bind(failed);
      b.branch(Condition.EQ, fd, imm(-Errno.ENOENT), nothing);
      b.branch(Condition.NE, fd, imm(-Errno.EAGAIN), done);
      b.jump(nothing);
    });
    missing.make(again, nothing, name, fd, root, null);
  }

  /** Opens one name in a directory, whatever it is, a link too. */
  Slot child(Slot directory, String name, String path) {
    Slot fd = b.fd("node", path);
    b.sys(
            Syscall.OPENAT,
            directory,
            b.string(name),
            imm(Constants.O_PATH | oNofollow | Constants.O_CLOEXEC))
        .into(fd);
    return fd;
  }

  /** Goes elsewhere when a descriptor is open on anything but a directory. */
  void skipUnlessDirectory(Slot fd, Label elsewhere) {
    b.sys(Syscall.FACCESSAT, fd, b.string("."), imm(Constants.F_OK))
        .tolerate(Errno.ENOTDIR, elsewhere);
  }

  /** Reads the type of the file system that a descriptor is open on. */
  Slot fileSystemType(Slot fd) {
    Slot type = b.slot("fstype");
    b.sys(Syscall.FSTATFS, fd, statfs.address());
    b.load(8, type, statfs.address(), imm(Structs.STATFS_F_TYPE));
    return type;
  }

  /** Fails, out of line, with an errno and a step that says what is wrong. */
  Label failure(String what, int errno) {
    Label wrong = b.label("wrong");
    String place = b.origin().place();
    b.outOfLine(() -> {
      b.bind(wrong);
      b.step(what, place);
      b.fail(errno);
    });
    return wrong;
  }

  /** Fails unless a descriptor is open on one character device. */
  void requireCharacterDevice(Slot fd, int major, int minor, Label wrong) {
    requireDevice(fd, Constants.S_IFCHR, major, minor, wrong);
  }

  /** Fails unless a descriptor is open on one device. */
  void requireDevice(Slot fd, int type, long major, long minor, Label wrong) {
    Slot found = b.slot("found");
    statx(fd);
    b.load(2, found, statx.address(), imm(Structs.STATX_STX_MODE));
    b.alu(dev.gatun.linux.program.Op.Function.AND, found, found, imm(Constants.S_IFMT));
    b.branch(Condition.NE, found, imm(type), wrong);
    b.load(8, found, statx.address(), imm(Structs.STATX_STX_RDEV_MAJOR));
    b.branch(Condition.NE, found, imm(rdev(major, minor)), wrong);
  }

  /** The two halves of {@code stx_rdev} as one number. */
  static long rdev(long major, long minor) {
    return (major & 0xffff_ffffL) | (minor << 32);
  }

  void statx(Slot fd) {
    b.sys(
        Syscall.STATX,
        fd,
        empty,
        imm(Constants.AT_EMPTY_PATH | Constants.AT_STATX_DONT_SYNC),
        imm(
            Constants.STATX_TYPE
                | Constants.STATX_MODE
                | Constants.STATX_INO
                | Constants.STATX_UID
                | Constants.STATX_GID),
        statx.address());
  }

  // --- mounts

  /** Clones the mount, or with AT_RECURSIVE the tree of mounts, that a descriptor is open on. */
  Slot clone(Slot fd, int recursive, String name, @Nullable String path) {
    Slot tree = b.fd(name, path);
    b.sys(
            Syscall.OPEN_TREE,
            fd,
            empty,
            imm(
                Constants.OPEN_TREE_CLONE
                    | Constants.OPEN_TREE_CLOEXEC
                    | Constants.AT_EMPTY_PATH
                    | recursive))
        .into(tree);
    return tree;
  }

  /** Attaches a detached mount. */
  Instruction attach(Slot tree, Slot target) {
    return b.sys(
        Syscall.MOVE_MOUNT,
        tree,
        empty,
        target,
        empty,
        imm(Constants.MOVE_MOUNT_F_EMPTY_PATH | Constants.MOVE_MOUNT_T_EMPTY_PATH));
  }

  /**
   * Changes attributes of the mount that a descriptor is open on; nothing else about it changes.
   */
  void setAttributes(Slot mount, int recursive, long set, long clear) {
    if (set != 0 || clear != 0) {
      Data attr =
          b.constant("mount_attr", Structs.SIZEOF_MOUNT_ATTR)
              .u64(Structs.MOUNT_ATTR_ATTR_SET, set)
              .u64(Structs.MOUNT_ATTR_ATTR_CLR, clear);
      setattr(mount, recursive, attr);
    }
  }

  /** Changes how the mount that a descriptor is open on propagates. */
  Instruction setPropagation(Slot mount, int recursive, int propagation) {
    Data attr =
        b.constant("mount_attr", Structs.SIZEOF_MOUNT_ATTR)
            .u64(Structs.MOUNT_ATTR_PROPAGATION, propagation);
    return setattr(mount, recursive, attr);
  }

  private Instruction setattr(Slot mount, int recursive, Data attr) {
    return b.sys(
        Syscall.MOUNT_SETATTR,
        mount,
        empty,
        imm(Constants.AT_EMPTY_PATH | recursive),
        attr.address(),
        imm(Structs.SIZEOF_MOUNT_ATTR));
  }

  /** {@code fsconfig(2)} with a flag (value null) or a string. */
  void configure(Slot context, String key, @Nullable String value) {
    Arg text = value == null ? imm(0) : b.string(value);
    b.sys(
        Syscall.FSCONFIG,
        context,
        imm(value == null ? Constants.FSCONFIG_SET_FLAG : Constants.FSCONFIG_SET_STRING),
        b.string(key),
        text);
  }

  /** Gives the files of a new file system an SELinux label, {@code linux.mountLabel}, if any. */
  void label(Slot context, @Nullable String label) {
    if (label != null) {
      Origin mount = b.origin();
      labelStep();
      configure(context, "context", label);
      b.step(mount);
    }
  }

  /** Says that what follows is asked for by {@code linux.mountLabel}. */
  void labelStep() {
    b.step(
        b.origin().step() + ": an SELinux label, which the host has to have SELinux for",
        "/linux/mountLabel");
  }
}
