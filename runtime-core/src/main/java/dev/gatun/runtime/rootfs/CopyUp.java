package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.DirectoryScan;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.Origin;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;

/**
 * {@code tmpcopyup}: copies what is in a directory into the tmpfs that is about to cover it, in
 * records (docs/adr/0009), depth first with a stack of descriptors.
 *
 * <p>Types, modes and owners are kept; times, extended attributes and hard links are not, as in
 * runc. The directory may be hostile and change meanwhile: every entry is opened once, O_PATH and
 * without following, and what it is, is asked of that descriptor. Only a regular file is really
 * opened, through the descriptor that said that it is one. The tmpfs is attached nowhere yet, so
 * nobody else is in it.
 */
final class CopyUp {
  /** What a mode has beside the type of the file. */
  static final int PERMISSIONS = 07777;

  /** How deep directories may be nested: each one that is entered takes two descriptors. */
  private static final int DEEPEST = 64;

  /** Of a directory that was left for one in it: its two descriptors, the position in it. */
  private static final int LEVEL = 24;

  private static final int LONGEST_LINK = 4095;

  private final RootDirectory in;
  private final ProgramBuilder b;
  private final Slot procfs;
  private final Data levels;
  private final Data link;
  private final Slot from;
  private final Slot to;
  private final DirectoryScan scan;
  private final Slot depth;
  private final Slot entry;
  private final Slot type;
  private final Slot mode;
  private final Slot uid;
  private final Slot gid;

  /** Makes room for it, once per program. */
  CopyUp(RootDirectory in, Slot procfs) {
    this.in = in;
    this.b = in.b;
    this.procfs = procfs;
    levels = b.buffer("levels", DEEPEST * LEVEL);
    link = b.buffer("link", LONGEST_LINK + 1);
    from = b.slot("from");
    to = b.slot("to");
    scan = new DirectoryScan(b, from);
    depth = b.slot("depth");
    entry = b.slot("entry");
    type = b.slot("type");
    mode = b.slot("mode");
    uid = b.slot("uid");
    gid = b.slot("gid");
  }

  /**
   * Copies the contents of one directory.
   *
   * @param directory its descriptor, O_PATH, which stays open
   * @param tmpfs the descriptor of a detached mount, which stays open; its root keeps its own mode
   *     and owner
   */
  void copy(Slot directory, Slot tmpfs) {
    Origin mount = b.origin();
    b.step(mount.step() + ": copy up", mount.place());
    b.set(depth, imm(0));
    openDirectory(directory, b.string("."), from);
    openDirectory(tmpfs, b.string("."), to);
    scan.forget();
    Label next = b.loop("next entry");
    Label leave = b.label("leave");
    Label subdirectory = b.label("subdirectory");
    Label regular = b.label("regular file");
    Label symbolic = b.label("symbolic link");
    scan.next(leave);
    b.sys(
            Syscall.OPENAT,
            from,
            scan.name(),
            imm(Constants.O_PATH | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC))
        .into(entry)
        .tolerate(Errno.ENOENT, next);
    look();
    b.branch(Condition.EQ, type, imm(Constants.S_IFREG), regular);
    b.branch(Condition.EQ, type, imm(Constants.S_IFDIR), subdirectory);
    b.branch(Condition.EQ, type, imm(Constants.S_IFLNK), symbolic);
    special();
    b.jump(next);
    b.bind(regular);
    regular();
    b.jump(next);
    b.bind(symbolic);
    symbolic();
    b.jump(next);
    b.bind(subdirectory);
    enter();
    b.jump(next);
    b.bind(leave);
    leave(next);
    b.step(mount);
  }

  private void openDirectory(Slot parent, Arg name, Slot into) {
    b.sys(
            Syscall.OPENAT,
            parent,
            name,
            imm(
                Constants.O_RDONLY
                    | b.arch().O_DIRECTORY()
                    | b.arch().O_NOFOLLOW()
                    | Constants.O_CLOEXEC))
        .into(into);
  }

  /** Reads what the entry is. */
  private void look() {
    Addr statx = in.statx.address();
    b.sys(
        Syscall.STATX,
        entry,
        in.empty,
        imm(Constants.AT_EMPTY_PATH),
        imm(Constants.STATX_BASIC_STATS),
        statx);
    b.load(2, mode, statx, imm(Structs.STATX_STX_MODE));
    b.load(4, uid, statx, imm(Structs.STATX_STX_UID));
    b.load(4, gid, statx, imm(Structs.STATX_STX_GID));
    b.alu(Function.AND, type, mode, imm(Constants.S_IFMT));
    b.alu(Function.AND, mode, mode, imm(PERMISSIONS));
  }

  /** Owner first: a change of it takes the set-user-ID bit away. */
  private void finish(Slot copy) {
    b.sys(Syscall.FCHOWN, copy, uid, gid);
    b.sys(Syscall.FCHMOD, copy, mode);
  }

  private void ownByName() {
    b.sys(Syscall.FCHOWNAT, to, scan.name(), uid, gid, imm(Constants.AT_SYMLINK_NOFOLLOW));
  }

  private void special() {
    Slot device = b.slot("device");
    Slot minor = b.slot("minor");
    Slot high = b.slot("high");
    Slot typeAndMode = b.slot("type and mode");
    Addr statx = in.statx.address();
    b.load(4, device, statx, imm(Structs.STATX_STX_RDEV_MAJOR));
    b.load(4, minor, statx, imm(Structs.STATX_STX_RDEV_MINOR));
    // As makedev(3) puts 12 bits of major between the low 8 and the high 12 of minor.
    b.alu(Function.SHL, device, device, imm(8));
    b.alu(Function.SHR, high, minor, imm(8));
    b.alu(Function.SHL, high, high, imm(20));
    b.alu(Function.AND, minor, minor, imm(0xff));
    b.alu(Function.OR, device, device, minor);
    b.alu(Function.OR, device, device, high);
    b.alu(Function.OR, typeAndMode, type, mode);
    b.sys(Syscall.MKNODAT, to, scan.name(), typeAndMode, device);
    ownByName();
    b.sys(Syscall.FCHMODAT, to, scan.name(), mode);
    Idioms.close(b, entry);
  }

  private void symbolic() {
    Slot length = b.slot("length");
    b.sys(Syscall.READLINKAT, entry, in.empty, link.address(), imm(LONGEST_LINK)).into(length);
    b.store(1, link.address(), length, imm(0));
    b.sys(Syscall.SYMLINKAT, link.address(), to, scan.name());
    ownByName();
    Idioms.close(b, entry);
  }

  private void regular() {
    Slot source = b.slot("source");
    Slot copy = b.slot("copy");
    Slot left = b.slot("left");
    Slot sent = b.slot("sent");
    Label copied = b.label("copied");
    b.sys(
            Syscall.OPENAT,
            procfs,
            Idioms.pidPath(b, "self/fd/", entry, ""),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC))
        .into(source);
    Idioms.close(b, entry);
    b.sys(
            Syscall.OPENAT,
            to,
            scan.name(),
            imm(
                Constants.O_WRONLY
                    | Constants.O_CREAT
                    | Constants.O_EXCL
                    | b.arch().O_NOFOLLOW()
                    | Constants.O_CLOEXEC),
            imm(0600))
        .into(copy);
    // No more than it had: a file that somebody keeps writing to does not keep this going.
    b.load(8, left, in.statx.address(), imm(Structs.STATX_STX_SIZE));
    Label more = b.loop("copy on");
    b.branch(Condition.EQ, left, imm(0), copied);
    b.sys(Syscall.SENDFILE, copy, source, imm(0), left).into(sent);
    b.alu(Function.SUB, left, left, sent);
    b.branch(Condition.NE, sent, imm(0), more);
    b.bind(copied);
    finish(copy);
    Idioms.close(b, source);
    Idioms.close(b, copy);
  }

  private void enter() {
    Slot source = b.slot("source");
    Slot copy = b.slot("copy");
    Slot level = b.slot("level");
    Label deep =
        in.failure(
            b.origin().step() + ": directories are nested more than " + DEEPEST + " deep",
            Errno.ELOOP);
    b.branch(Condition.EQ, depth, imm(DEEPEST * LEVEL), deep);
    openDirectory(entry, b.string("."), source);
    Idioms.close(b, entry);
    b.sys(Syscall.MKDIRAT, to, scan.name(), imm(0700));
    openDirectory(to, scan.name(), copy);
    finish(copy);
    b.alu(Function.ADD, level, levels.address(), depth);
    b.store(8, level, imm(0), from);
    b.store(8, level, imm(8), to);
    b.store(8, level, imm(16), scan.offset());
    b.alu(Function.ADD, depth, depth, imm(LEVEL));
    b.set(from, source);
    b.set(to, copy);
    scan.forget();
  }

  private void leave(Label next) {
    Slot level = b.slot("level");
    Slot position = b.slot("position");
    Label done = b.label("copied up");
    Idioms.close(b, from);
    Idioms.close(b, to);
    b.branch(Condition.EQ, depth, imm(0), done);
    b.alu(Function.SUB, depth, depth, imm(LEVEL));
    b.alu(Function.ADD, level, levels.address(), depth);
    b.load(8, from, level, imm(0));
    b.load(8, to, level, imm(8));
    b.load(8, position, level, imm(16));
    // Entries behind the subdirectory that had been read already are read again.
    b.sys(Syscall.LSEEK, from, position, imm(Constants.SEEK_SET));
    scan.forget();
    b.jump(next);
    b.bind(done);
  }
}
