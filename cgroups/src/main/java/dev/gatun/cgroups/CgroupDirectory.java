package dev.gatun.cgroups;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.DirectoryScan;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.util.List;

/**
 * The directory of one container's cgroup, in one program: made, opened, removed.
 *
 * <p>The mount is opened by its path and verified to be cgroup2; everything below it is resolved
 * from that descriptor, beneath it, without symbolic links and without leaving the file system.
 * Directories above the container's own stay when it goes, as runc leaves them.
 */
public final class CgroupDirectory {
  /** How long processes that were killed may take to end, in milliseconds. */
  public static final long KILL_TIMEOUT = 10_000;

  private static final long RESOLVE =
      Constants.RESOLVE_BENEATH
          | Constants.RESOLVE_NO_SYMLINKS
          | Constants.RESOLVE_NO_MAGICLINKS
          | Constants.RESOLVE_NO_XDEV;

  /** How often, 10 ms apart, a directory is tried to be removed that nothing keeps any more. */
  private static final int REMOVALS = 100;

  /** How cgroup.type begins where there are only threads, against "domain\n" and its like. */
  private static final long THREADED = word("threaded");

  private static final long DOMAIN_INVALID = word("domain i");

  private final ProgramBuilder b;
  private final CgroupPath path;
  private final Slot made;

  /**
   * Begins work on a cgroup in a program.
   *
   * @param b the program
   * @param path the cgroup
   */
  public CgroupDirectory(ProgramBuilder b, CgroupPath path) {
    this.b = b;
    this.path = path;
    this.made = b.slot("cgroup made");
  }

  /**
   * A slot with 1 once {@link #make} has made the container's own directory, else 0: what a failing
   * create has to {@link #removeIfMade}.
   */
  public Slot made() {
    return made;
  }

  /**
   * Makes the directory, and those above it that are missing, and opens it. A directory that is
   * there already is taken when it is empty. One with processes in it fails with EBUSY; a frozen
   * one with EAGAIN, since a process that is cloned into it would not run.
   *
   * @return a slot with its descriptor, O_PATH, owned by the program: for {@code
   *     CLONE_INTO_CGROUP}, the other classes of this package, and attaching BPF programs
   */
  public Slot make() {
    b.step("make cgroup \"" + path.directory() + "\"", CgroupPath.PLACE);
    b.set(made, imm(0));
    Slot parent = openParent(true);
    Slot directory = b.fd("cgroup", path.directory());
    Label there = b.label("cgroup exists");
    b.sys(Syscall.MKDIRAT, parent, b.string(path.leaf()), imm(0755)).tolerate(Errno.EEXIST, there);
    b.set(made, imm(1));
    b.bind(there);
    Idioms.openat2(
        b,
        parent,
        b.string(path.leaf()),
        Constants.O_PATH | b.arch().O_DIRECTORY(),
        0,
        RESOLVE,
        directory);
    Idioms.close(b, parent);
    checkType(directory);
    CgroupEvents events = CgroupEvents.open(b, directory);
    events.read();
    Label populated = b.label("populated");
    Label frozen = b.label("frozen");
    events.unless(CgroupEvents.EMPTY, populated);
    events.unless(CgroupEvents.THAWED, frozen);
    events.close();
    b.outOfLine(() -> {
      b.bind(populated);
      b.step(
          "container's cgroup is not empty: there are processes in \"" + path.directory() + "\"",
          CgroupPath.PLACE);
      b.fail(Errno.EBUSY);
      b.bind(frozen);
      b.step(
          "container's cgroup is frozen: thaw \"" + path.directory() + "\" or what is above it",
          CgroupPath.PLACE);
      b.fail(Errno.EAGAIN);
    });
    return directory;
  }

  /**
   * Fails with EOPNOTSUPP for a cgroup of threads, which no process can be born in: cgroup.type
   * reads "threaded" or "domain invalid" there.
   */
  private void checkType(Slot directory) {
    Slot file = b.fd("type", "cgroup.type");
    Data text = b.buffer("cgroup.type", 32);
    Slot word = b.slot("type");
    b.sys(
            Syscall.OPENAT,
            directory,
            b.string("cgroup.type"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(file);
    b.sys(Syscall.READ, file, text.address(), imm(text.size()));
    Idioms.close(b, file);
    Label threaded = b.label("cgroup of threads");
    b.load(8, word, text.address(), imm(0));
    b.branch(Op.Condition.EQ, word, imm(THREADED), threaded);
    b.branch(Op.Condition.EQ, word, imm(DOMAIN_INVALID), threaded);
    b.outOfLine(() -> {
      b.bind(threaded);
      b.step(
          "container's cgroup holds threads and no processes: cgroup.type of \""
              + path.directory()
              + "\" is not domain",
          CgroupPath.PLACE);
      b.fail(Errno.EOPNOTSUPP);
    });
  }

  private static long word(String eightBytes) {
    long word = 0;
    for (int i = 7; i >= 0; i--) {
      word = word << 8 | eightBytes.charAt(i);
    }
    return word;
  }

  /**
   * Enables the controllers that a plan needs, in every cgroup from the mount's root down to the
   * one above the container's: their files are in the container's then. The directories must exist.
   * Enabling what is enabled already changes nothing. Above a delegated subtree another manager
   * enables the controllers, except those that systemd knows nothing of, which nobody enables
   * otherwise. Fails with ENOENT when cgroup v2 does not have a controller, and with EBUSY when a
   * cgroup on the way has processes of its own.
   *
   * @param plan the plan
   */
  public void enable(ResourcePlan plan) {
    List<String> controllers = plan.controllers();
    if (controllers.isEmpty()) {
      return;
    }
    List<String> above = path.above();
    b.step("enable controllers", plan.place(0));
    Slot mount = openMount();
    int foreign = path.foreign();
    for (int depth = nobodys(controllers) ? 0 : foreign; depth <= above.size(); depth++) {
      String directory = CgroupPath.join(above, depth);
      String file = directory + "/cgroup.subtree_control";
      b.step("enable controllers in \"" + path.mountPoint() + directory + "\"", plan.place(0));
      Slot control = b.fd("subtree_control", path.mountPoint() + file);
      Label forbidden = b.label("not the caller's");
      Idioms.openat2(
          b,
          mount,
          b.string(file.substring(1)),
          Constants.O_WRONLY,
          0,
          RESOLVE,
          control,
          forbidden,
          Errno.EACCES,
          Errno.EPERM);
      for (int i = 0; i < controllers.size(); i++) {
        String controller = controllers.get(i);
        if (depth < foreign && !isNobodys(controller)) {
          continue;
        }
        String where = " in \"" + path.mountPoint() + directory + "\"";
        String place = plan.place(i);
        b.step("enable controller " + controller + where, place);
        String text = "+" + controller;
        Slot result = b.slot("enabled");
        Label failed = b.label("not enabled");
        Instruction write =
            b.sys(Syscall.WRITE, control, b.string(text), imm(text.length()))
                .into(result)
                .tolerateAny(failed);
        b.outOfLine(() -> {
          b.bind(failed);
          Label busy = b.label("has processes");
          Label missing = b.label("no controller");
          b.branch(Op.Condition.EQ, result, imm(-Errno.EBUSY), busy);
          b.branch(Op.Condition.EQ, result, imm(-Errno.ENOENT), missing);
          // A name that the kernel does not know at all.
          b.branch(Op.Condition.EQ, result, imm(-Errno.EINVAL), missing);
          b.fail(write, result);
          b.bind(busy);
          b.step("enable controller " + controller + where + ", which has processes", place);
          b.fail(Errno.EBUSY);
          b.bind(missing);
          b.step("cgroup v2 does not have the controller " + controller + where, place);
          b.fail(Errno.ENOENT);
        });
      }
      Idioms.close(b, control);
      b.bind(forbidden);
    }
    Idioms.close(b, mount);
  }

  private static boolean nobodys(List<String> controllers) {
    for (String controller : controllers) {
      if (isNobodys(controller)) {
        return true;
      }
    }
    return false;
  }

  /** Whether systemd, which has a mind of its own about the others, never enables a controller. */
  private static boolean isNobodys(String controller) {
    return switch (controller) {
      case "cpu", "cpuset", "io", "memory", "pids" -> false;
      default -> true;
    };
  }

  /**
   * Opens the directory.
   *
   * @param missing where to go when it, or the cgroup2 mount, is not there
   * @return a slot with its descriptor, O_PATH, owned by the program
   */
  public Slot open(Label missing) {
    b.step("open cgroup \"" + path.directory() + "\"", "");
    Slot mount = openMount(missing);
    Slot directory = b.fd("cgroup", path.directory());
    Label gone = b.label("no cgroup");
    Idioms.openat2(
        b,
        mount,
        b.string(path.path().substring(1)),
        Constants.O_PATH | b.arch().O_DIRECTORY(),
        0,
        RESOLVE,
        directory,
        gone,
        Errno.ENOENT);
    Idioms.close(b, mount);
    b.outOfLine(() -> {
      b.bind(gone);
      Idioms.close(b, mount);
      b.jump(missing);
    });
    return directory;
  }

  /**
   * Removes the directory with everything in it: when there are processes or cgroups below it, all
   * of them are killed, their end is awaited, and the cgroups that the container made are removed
   * from the bottom up. A directory that is not there is no error. Fails with ETIMEDOUT when
   * processes do not end within {@link #KILL_TIMEOUT}.
   */
  public void remove() {
    b.step("remove cgroup \"" + path.directory() + "\"", "");
    Label gone = b.label("cgroup gone");
    Slot parent = openParent(gone);
    Label busy = b.label("cgroup busy");
    Label failed = b.label("cgroup stays");
    Label closing = b.label("close parent");
    Slot result = b.slot("rmdir");
    Instruction rmdir =
        b.sys(Syscall.UNLINKAT, parent, b.string(path.leaf()), imm(Constants.AT_REMOVEDIR))
            .into(result)
            .tolerateAny(failed);
    b.outOfLine(() -> {
      b.bind(failed);
      b.branch(Op.Condition.EQ, result, imm(-Errno.ENOENT), closing);
      b.branch(Op.Condition.EQ, result, imm(-Errno.EBUSY), busy);
      b.fail(rmdir, result);
      b.bind(busy);
      removeBusy(parent, closing);
    });
    b.bind(closing);
    Idioms.close(b, parent);
    b.bind(gone);
  }

  /** Removes the directory as {@link #remove} does if this program has made it. */
  public void removeIfMade() {
    Label keep = b.label("keep cgroup");
    b.branch(Op.Condition.EQ, made, imm(0), keep);
    remove();
    b.bind(keep);
  }

  private void removeBusy(Slot parent, Label done) {
    Slot top = b.fd("cgroup", path.directory());
    Label vanished = b.label("vanished");
    Idioms.openat2(
        b,
        parent,
        b.string(path.leaf()),
        b.arch().O_DIRECTORY(),
        0,
        RESOLVE,
        top,
        vanished,
        Errno.ENOENT);
    CgroupProcesses.kill(b, top, KILL_TIMEOUT);
    removeBelow(top);
    Idioms.close(b, top);
    Slot tries = b.slot("tries");
    b.set(tries, imm(REMOVALS));
    Label again = b.loop("rmdir again");
    Label retry = b.label("busy still");
    Label stays = b.label("stays");
    Label ended = b.label("removed");
    Slot result = b.slot("rmdir");
    Instruction rmdir =
        b.sys(Syscall.UNLINKAT, parent, b.string(path.leaf()), imm(Constants.AT_REMOVEDIR))
            .into(result)
            .tolerateAny(stays);
    b.jump(ended);
    b.bind(stays);
    b.branch(Op.Condition.EQ, result, imm(-Errno.ENOENT), ended);
    b.branch(Op.Condition.EQ, result, imm(-Errno.EBUSY), retry);
    b.fail(rmdir, result);
    b.bind(retry);
    pause();
    b.alu(Op.Function.SUB, tries, tries, imm(1));
    b.branch(Op.Condition.NE, tries, imm(0), again);
    b.fail(rmdir, result);
    b.bind(vanished);
    b.bind(ended);
    b.jump(done);
  }

  private void pause() {
    Data time =
        b.constant("10 ms", Structs.SIZEOF_KERNEL_TIMESPEC)
            .u64(Structs.KERNEL_TIMESPEC_TV_NSEC, 10_000_000);
    b.sys(Syscall.CLOCK_NANOSLEEP, imm(Constants.CLOCK_MONOTONIC), imm(0), time.address(), imm(0))
        .tolerate(Errno.EINTR);
  }

  /**
   * Removes all cgroups below a directory, depth first: goes down to a directory that has none in
   * it, and begins again at the top, where it is found removable. It ends since nobody is left who
   * could make new ones; a directory that cannot be removed although nothing is below it is given
   * as much time as {@link #REMOVALS} says.
   */
  private void removeBelow(Slot top) {
    Slot here = b.fd("cgroup below", null);
    Slot child = b.fd("cgroup child", null);
    Slot result = b.slot("rmdir");
    Slot below = b.slot("below top");
    Slot removed = b.slot("some removed");
    Slot tries = b.slot("tries");
    b.set(tries, imm(REMOVALS));
    Label restart = b.loop("from the top");
    Label done = b.label("none below");
    b.set(below, imm(0));
    b.sys(
            Syscall.OPENAT,
            top,
            b.string("."),
            imm(b.arch().O_DIRECTORY() | Constants.O_CLOEXEC),
            imm(0))
        .into(here)
        .tolerate(Errno.ENOENT, done);
    Label descend = b.loop("descend");
    b.set(removed, imm(0));
    DirectoryScan scan = new DirectoryScan(b, here);
    Label next = b.loop("next of it");
    Label stuck = b.label("not removable");
    Label none = b.label("no more");
    scan.next(none);
    b.branch(Op.Condition.NE, scan.type(), imm(Constants.DT_DIR), next);
    Label refused = b.label("rmdir refused");
    Instruction rmdir =
        b.sys(Syscall.UNLINKAT, here, scan.name(), imm(Constants.AT_REMOVEDIR))
            .into(result)
            .tolerateAny(refused);
    b.set(removed, imm(1));
    b.jump(next);
    b.bind(refused);
    b.branch(Op.Condition.EQ, result, imm(-Errno.ENOENT), next);
    b.branch(Op.Condition.NE, result, imm(-Errno.EBUSY), stuck);
    b.sys(
            Syscall.OPENAT,
            here,
            scan.name(),
            imm(b.arch().O_DIRECTORY() | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC),
            imm(0))
        .into(child)
        .tolerate(Errno.ENOENT, next);
    Idioms.close(b, here);
    b.set(here, child);
    b.set(below, imm(1));
    b.jump(descend);
    b.bind(stuck);
    Idioms.close(b, here);
    b.fail(rmdir, result);
    b.bind(none);
    Idioms.close(b, here);
    b.branch(Op.Condition.EQ, below, imm(0), done);
    b.branch(Op.Condition.NE, removed, imm(0), restart);
    pause();
    b.alu(Op.Function.SUB, tries, tries, imm(1));
    b.branch(Op.Condition.NE, tries, imm(0), restart);
    b.fail(rmdir, result);
    b.bind(done);
  }

  private Slot openParent(boolean make) {
    return openParent(make, b.label("unused"));
  }

  private Slot openParent(Label missing) {
    return openParent(false, missing);
  }

  /** Opens the directory above; with {@code make}, all that is missing on the way is made. */
  private Slot openParent(boolean make, Label missing) {
    List<String> above = path.above();
    Slot mount = make ? openMount() : openMount(missing);
    if (above.isEmpty()) {
      return mount;
    }
    String below = CgroupPath.join(above, above.size());
    Slot parent = b.fd("cgroup parent", path.mountPoint() + below);
    Label absent = b.label("parent absent");
    Label done = b.label("parent open");
    Idioms.openat2(
        b,
        mount,
        b.string(below.substring(1)),
        Constants.O_PATH | b.arch().O_DIRECTORY(),
        0,
        RESOLVE,
        parent,
        absent,
        Errno.ENOENT);
    b.outOfLine(() -> {
      b.bind(absent);
      if (!make) {
        Idioms.close(b, mount);
        b.jump(missing);
        return;
      }
      Slot here = mount;
      for (int i = 0; i < above.size(); i++) {
        Slot child =
            i == above.size() - 1
                ? parent
                : b.fd("cgroup above", path.mountPoint() + CgroupPath.join(above, i + 1));
        b.sys(Syscall.MKDIRAT, here, b.string(above.get(i)), imm(0755)).tolerate(Errno.EEXIST);
        Idioms.openat2(
            b,
            here,
            b.string(above.get(i)),
            Constants.O_PATH | b.arch().O_DIRECTORY(),
            0,
            RESOLVE,
            child);
        if (i > 0) {
          Idioms.close(b, here);
        }
        here = child;
      }
      b.jump(done);
    });
    b.bind(done);
    Idioms.close(b, mount);
    return parent;
  }

  private Slot openMount() {
    Slot mount = b.fd("cgroup2", path.mountPoint());
    openMountCall(mount);
    return verified(mount);
  }

  private Slot openMount(Label missing) {
    Slot mount = b.fd("cgroup2", path.mountPoint());
    openMountCall(mount).tolerate(Errno.ENOENT, missing);
    return verified(mount);
  }

  private Instruction openMountCall(Slot mount) {
    return b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(path.mountPoint()),
            imm(Constants.O_PATH | b.arch().O_DIRECTORY() | Constants.O_CLOEXEC),
            imm(0))
        .into(mount);
  }

  private Slot verified(Slot mount) {
    Data statfs = b.buffer("statfs", Structs.SIZEOF_STATFS);
    Slot type = b.slot("file system");
    b.sys(Syscall.FSTATFS, mount, statfs.address());
    b.load(8, type, statfs.address(), imm(Structs.STATFS_F_TYPE));
    Label other = b.label("not cgroup2");
    b.branch(Op.Condition.NE, type, imm(Constants.CGROUP2_SUPER_MAGIC), other);
    b.outOfLine(() -> {
      b.bind(other);
      b.step("\"" + path.mountPoint() + "\" is no cgroup2 file system", b.origin().place());
      b.fail(Errno.EINVAL);
    });
    return mount;
  }
}
