package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.Origin;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Mount;
import dev.gatun.runtime.ConfigException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Compiles the {@code mounts} of a configuration (runtime-spec <em>Configuration</em>). */
final class MountCompiler {
  /** What {@code fsconfig(2)} takes of a string, its NUL not counted. */
  private static final int LONGEST_PARAMETER = 255;

  /** Room for {@code /proc/self/cgroup}: twelve hierarchies of version 1 before the line of v2. */
  private static final int CGROUP_FILE_SIZE = 8192;

  /** {@code "\n0::"} as a little-endian number: how the line of cgroup v2 begins. */
  private static final int CGROUP_LINE = 0x3a3a300a;

  /** What a mount forbids stays forbidden in a user namespace, mount_namespaces(7). */
  private static final long LOCKED =
      Constants.MOUNT_ATTR_RDONLY
          | Constants.MOUNT_ATTR_NOSUID
          | Constants.MOUNT_ATTR_NODEV
          | Constants.MOUNT_ATTR_NOEXEC;

  private final RootDirectory in;
  private final HostSources sources;
  private final ProgramBuilder b;
  private final @Nullable String label;
  private final boolean cgroupNamespace;
  private final Slot procfs;
  private final List<Late> late = new ArrayList<>(2);
  private @Nullable CopyUp copyUp;

  /** A mount that becomes read-only when everything below it is made. */
  private record Late(Slot mount, Origin origin) {}

  MountCompiler(
      RootDirectory in,
      HostSources sources,
      @Nullable String label,
      boolean cgroupNamespace,
      Slot procfs) {
    this.in = in;
    this.sources = sources;
    this.b = in.b;
    this.label = label;
    this.cgroupNamespace = cgroupNamespace;
    this.procfs = procfs;
  }

  void mount(Mount mount, String place) {
    String path = ContainerPath.clean(mount.destination());
    b.step("mount " + path, place);
    if (path.equals("/")) {
      throw new ConfigException(
          place + "/destination", "mount /: the root file system is what \"root\" names");
    }
    MountOptions options = MountOptions.of(mount, place);
    String type = mount.type();
    if (options.copyUp() != null
        && (options.isBind() || options.isRemount() || !"tmpfs".equals(type))) {
      throw new ConfigException(
          options.copyUp(), "mount " + path + ": tmpcopyup is for a new tmpfs only");
    }
    if (options.isRemount()) {
      remount(path, options);
      return;
    }
    if (options.isBind()) {
      checkProc(path, true, place);
      bind(mount, path, options, place);
      return;
    }
    if (type == null) {
      throw new ConfigException(place, "mount " + path + ": it has no type and is no bind mount");
    }
    checkProc(path, type.equals("proc"), place);
    if (type.equals("cgroup") || type.equals("cgroup2")) {
      if (cgroupNamespace) {
        fileSystem(mount, "cgroup2", path, options, false, place);
      } else {
        ownCgroup(path, options);
      }
    } else {
      fileSystem(mount, type, path, options, isLate(type, path), place);
    }
  }

  /**
   * Mounts a file or directory of the pod. Where the container's root file system has no place for
   * it, and none can be made, it is left out.
   *
   * @param bit what is added to {@code leftOut} then
   */
  void mountOfPod(Mount mount, String place, Slot leftOut, long bit) {
    String path = ContainerPath.clean(mount.destination());
    b.step(stepOfPod(path), "");
    MountOptions options = MountOptions.of(mount, place);
    Slot tree = sources.bindTree(mount, options, path, place);
    in.setAttributes(tree, 0, options.attributesSet(), options.attributesCleared());
    Label without = b.label("no place for it");
    Label done = b.label("mounted or left out");
    Slot target = in.like(path, tree, without);
    place(tree, target, path, options, false);
    b.bind(done);
    b.outOfLine(() -> {
      b.bind(without);
      Idioms.close(b, tree);
      b.alu(Function.OR, leftOut, leftOut, imm(bit));
      b.jump(done);
    });
  }

  /** What is said of a mount that the configuration does not have. */
  static String stepOfPod(String path) {
    return "mount the pod's " + path;
  }

  /** Makes read-only what had to stay writable until everything in it was made. */
  void finish() {
    for (int i = 0; i < late.size(); i++) {
      Late mount = late.get(i);
      b.step(mount.origin());
      in.setAttributes(mount.mount(), 0, Constants.MOUNT_ATTR_RDONLY, 0);
      Idioms.close(b, mount.mount());
    }
  }

  // --- what may be mounted on /proc

  /** Files under {@code /proc} that lxcfs and its like replace; nothing depends on their truth. */
  private static boolean isKnownProcFile(String path) {
    return switch (path) {
      case "/proc/cpuinfo",
          "/proc/diskstats",
          "/proc/loadavg",
          "/proc/meminfo",
          "/proc/net/dev",
          "/proc/slabinfo",
          "/proc/stat",
          "/proc/swaps",
          "/proc/sys/crypto/fips_enabled",
          "/proc/sys/kernel/ns_last_pid",
          "/proc/uptime" ->
          true;
      default -> false;
    };
  }

  private static void checkProc(String path, boolean mayBeProc, String place) {
    if (path.equals("/proc")) {
      if (!mayBeProc) {
        throw new ConfigException(
            place + "/type", "mount /proc: nothing but a proc file system may be mounted there");
      }
    } else if (ContainerPath.isIn(path, "/proc") && !isKnownProcFile(path)) {
      throw new ConfigException(
          place + "/destination",
          "mount " + path + ": a mount inside /proc could fake what the runtime relies on");
    }
  }

  /** Whatever a path in the rootfs leads to: nothing of a procfs is mounted upon. */
  private void refuseProc(Slot target, String path) {
    if (ContainerPath.isIn(path, "/proc")) {
      return;
    }
    String step = b.origin().step();
    Label wrong = in.failure(step + ", which leads into a procfs", Errno.EPERM);
    b.branch(Condition.EQ, in.fileSystemType(target), imm(Constants.PROC_SUPER_MAGIC), wrong);
  }

  // --- kinds of mounts

  private void bind(Mount mount, String path, MountOptions options, String place) {
    refuseParameters(path, options);
    Slot tree = sources.bindTree(mount, options, path, place);
    if (path.equals("/proc")) {
      String step = b.origin().step();
      Label wrong =
          in.failure(step + " from " + mount.source() + ", which is no procfs", Errno.EPERM);
      b.branch(Condition.NE, in.fileSystemType(tree), imm(Constants.PROC_SUPER_MAGIC), wrong);
    }
    boolean readOnlyLate = path.equals("/dev") && options.isReadOnly();
    long set = options.attributesSet();
    Origin origin = b.origin();
    if (sources.isLimited() && (options.attributesCleared() & LOCKED) != 0) {
      b.step(
          origin.step() + " with rw, suid, dev or exec, which its source must have here",
          origin.place());
    }
    in.setAttributes(
        tree,
        0,
        readOnlyLate ? set & ~Constants.MOUNT_ATTR_RDONLY : set,
        options.attributesCleared());
    b.step(origin);
    place(tree, in.like(path, tree), path, options, readOnlyLate);
  }

  private void refuseParameters(String path, MountOptions options) {
    if (options.iversion() != null) {
      throw ofFileSystem(path, "iversion", options.iversion());
    }
    for (int i = 0; i < options.parameters().size(); i++) {
      MountOptions.Parameter parameter = options.parameters().get(i);
      switch (parameter.key()) {
        case "async", "nolazytime", "nomand" -> {
          // What a file system does unless it was asked for more when it was first mounted.
        }
        default -> throw ofFileSystem(path, parameter.key(), parameter.place());
      }
    }
  }

  private static ConfigException ofFileSystem(String path, String option, String place) {
    return new ConfigException(
        place,
        "mount "
            + path
            + ": "
            + option
            + " belongs to a file system, a bind mount cannot change it");
  }

  private void fileSystem(
      Mount mount,
      String type,
      String path,
      MountOptions options,
      boolean writableAtFirst,
      String place) {
    Slot handed = sources.handed(path, place);
    Slot tree =
        handed == null ? newFileSystem(mount, type, path, options, writableAtFirst, place) : handed;
    boolean readOnlyLate = options.isReadOnly() && writableAtFirst;
    boolean ordinary = type.equals("proc") || type.equals("sysfs");
    if (type.equals("tmpfs")) {
      placeTmpfs(tree, path, options, readOnlyLate);
    } else {
      Slot target = ordinary ? in.ordinaryDirectory(path) : in.directory(path);
      place(tree, target, path, options, readOnlyLate);
    }
  }

  /** Whether what is mounted is filled before it may become read-only. */
  static boolean isLate(String type, String path) {
    return type.equals("tmpfs") || path.equals("/dev");
  }

  /** Makes a file system and a detached mount of it. */
  Slot newFileSystem(
      Mount mount,
      String type,
      String path,
      MountOptions options,
      boolean writableAtFirst,
      String place) {
    boolean readOnly = options.isReadOnly();
    boolean readOnlyLate = readOnly && writableAtFirst;
    Slot context = b.fd("context", type);
    Slot tree = b.fd("tree", path);
    Label refused = b.label("refused");
    Label made = b.label("made");
    boolean hostsSys = type.equals("sysfs") && sources.isLimited();
    Instruction open =
        b.sys(Syscall.FSOPEN, b.string(type), imm(Constants.FSOPEN_CLOEXEC)).into(context);
    if (mount.source() != null) {
      in.configure(context, "source", mount.source());
    }
    if (readOnly && !readOnlyLate) {
      in.configure(context, "ro", null);
    }
    parameters(context, type, path, options);
    if (!hasOwnLabel(type)) {
      in.label(context, label);
    }
    Instruction create = b.sys(Syscall.FSCONFIG, context, imm(Constants.FSCONFIG_CMD_CREATE));
    long set = options.attributesSet();
    Instruction mounting =
        b.sys(
                Syscall.FSMOUNT,
                context,
                imm(Constants.FSMOUNT_CLOEXEC),
                imm(readOnlyLate ? set & ~Constants.MOUNT_ATTR_RDONLY : set))
            .into(tree);
    b.bind(made);
    if (type.equals("proc") && sources.isLimited()) {
      String step = b.origin().step();
      create.tolerate(
          Errno.EPERM,
          in.failure(
              step
                  + ": a proc is given to who owns the PID namespace, which is not the container's",
              Errno.EPERM));
      mounting.tolerate(
          Errno.EPERM,
          in.failure(
              step
                  + ": the kernel gives a new proc only where all of the runtime's own is to be seen,"
                  + " and something is mounted over a part of it",
              Errno.EPERM));
    }
    if (hostsSys) {
      open.tolerate(Errno.EPERM, refused);
      create.tolerate(Errno.EPERM, refused);
      mounting.tolerate(Errno.EPERM, refused);
      b.outOfLine(() -> {
        b.bind(refused);
        hostsSys(tree, options);
        b.jump(made);
      });
    }
    Idioms.close(b, context);
    if (type.equals("mqueue")) {
      labelRoot(tree, path);
    }
    sources.map(tree, options, path, place);
    return tree;
  }

  /**
   * The kernel makes a sysfs only for who owns the network namespace, and where all of it may be
   * seen: the host's own stands for it then, with all that is mounted below it.
   */
  private void hostsSys(Slot tree, MountOptions options) {
    b.sys(
            Syscall.OPEN_TREE,
            imm(Constants.AT_FDCWD),
            b.string("/sys"),
            imm(Constants.OPEN_TREE_CLONE | Constants.OPEN_TREE_CLOEXEC | Constants.AT_RECURSIVE))
        .into(tree);
    long restricting =
        Constants.MOUNT_ATTR_RDONLY
            | Constants.MOUNT_ATTR_NOSUID
            | Constants.MOUNT_ATTR_NODEV
            | Constants.MOUNT_ATTR_NOEXEC;
    in.setAttributes(tree, Constants.AT_RECURSIVE, options.attributesSet() & restricting, 0);
  }

  /**
   * A tmpfs takes over the mode of the directory that it covers unless it is given one, and with
   * {@code tmpcopyup} what is in the directory.
   */
  private void placeTmpfs(Slot tree, String path, MountOptions options, boolean readOnlyLate) {
    boolean ownMode = options.hasParameter("mode");
    if (ownMode && options.copyUp() == null) {
      place(tree, in.directory(path), path, options, readOnlyLate);
      return;
    }
    Slot missing = b.slot("missing");
    Label isMissing = b.label("missing");
    Label nothing = b.label("nothing to take over");
    b.set(missing, imm(1));
    Slot there = in.open(path, isMissing, Errno.ENOENT);
    Idioms.close(b, there);
    b.set(missing, imm(0));
    b.bind(isMissing);
    Slot target = in.directory(path);
    refuseProc(target, path);
    b.branch(Condition.NE, missing, imm(0), nothing);
    if (options.copyUp() != null) {
      if (copyUp == null) {
        copyUp = new CopyUp(in, procfs);
      }
      copyUp.copy(target, tree);
    }
    if (!ownMode) {
      Slot mode = b.slot("mode");
      in.statx(target);
      b.load(2, mode, in.statx.address(), imm(Structs.STATX_STX_MODE));
      b.alu(Function.AND, mode, mode, imm(CopyUp.PERMISSIONS));
      b.sys(Syscall.FCHMODAT, tree, b.string("."), mode);
    }
    b.bind(nothing);
    place(tree, target, path, options, readOnlyLate);
  }

  /** File systems whose files the policy labels, whatever the mount says. */
  private static boolean hasOwnLabel(String type) {
    return switch (type) {
      case "proc", "sysfs", "cgroup2", "mqueue" -> true;
      default -> false;
    };
  }

  /** A mqueue file system takes no label as an option: its directory is given one. */
  private void labelRoot(Slot tree, String path) {
    if (label == null) {
      return;
    }
    Origin mount = b.origin();
    in.labelStep();
    Slot directory = b.fd("mqueue", path);
    b.sys(
            Syscall.OPENAT,
            tree,
            b.string("."),
            imm(Constants.O_RDONLY | b.arch().O_DIRECTORY() | Constants.O_CLOEXEC))
        .into(directory);
    b.sys(
        Syscall.FSETXATTR,
        directory,
        b.string("security.selinux"),
        b.string(label),
        imm(label.getBytes(StandardCharsets.UTF_8).length + 1),
        imm(0));
    Idioms.close(b, directory);
    b.step(mount);
  }

  private void parameters(Slot context, String type, String path, MountOptions options) {
    for (int i = 0; i < options.parameters().size(); i++) {
      MountOptions.Parameter parameter = options.parameters().get(i);
      String value = parameter.value();
      if (value != null && value.getBytes(StandardCharsets.UTF_8).length > LONGEST_PARAMETER) {
        layers(context, type, path, parameter, value);
      } else {
        in.configure(context, parameter.key(), value);
      }
    }
  }

  /** overlay takes its lower layers one by one, which no other long parameter can be. */
  private void layers(
      Slot context, String type, String path, MountOptions.Parameter parameter, String value) {
    boolean plain = value.indexOf('\\') < 0 && !value.contains("::");
    if (!type.equals("overlay") || !parameter.key().equals("lowerdir") || !plain) {
      throw tooLong(path, parameter);
    }
    int begin = 0;
    while (begin <= value.length()) {
      int colon = value.indexOf(':', begin);
      int end = colon < 0 ? value.length() : colon;
      String layer = value.substring(begin, end);
      if (layer.getBytes(StandardCharsets.UTF_8).length > LONGEST_PARAMETER) {
        throw tooLong(path, parameter);
      }
      in.configure(context, "lowerdir+", layer);
      begin = end + 1;
    }
  }

  private static ConfigException tooLong(String path, MountOptions.Parameter parameter) {
    return new ConfigException(
        parameter.place(),
        "mount "
            + path
            + ": the value of "
            + parameter.key()
            + " is longer than the "
            + LONGEST_PARAMETER
            + " bytes that fsconfig takes");
  }

  /**
   * Without a cgroup namespace the container sees its own cgroup and what is below it. Mounting
   * cgroup2 anew would show the host's whole tree, and change the options of the host's mount.
   */
  private void ownCgroup(String path, MountOptions options) {
    refuseParameters(path, options);
    Slot top = b.fd("cgroup2", "/sys/fs/cgroup");
    Slot type = b.slot("fstype");
    Label found = b.label("cgroup2");
    openHost(top, "/sys/fs/cgroup");
    b.set(type, in.fileSystemType(top));
    b.branch(Condition.EQ, type, imm(Constants.CGROUP2_SUPER_MAGIC), found);
    Idioms.close(b, top);
    openHost(top, "/sys/fs/cgroup/unified");
    Label wrong = in.failure("mount " + path + ": the host has no cgroup v2", Errno.ENODEV);
    b.branch(Condition.NE, in.fileSystemType(top), imm(Constants.CGROUP2_SUPER_MAGIC), wrong);
    b.bind(found);
    Slot name = cgroupName(path);
    Slot own = b.fd("cgroup", "own cgroup");
    Label above = b.label("above the mount");
    Label hidden =
        in.failure("mount " + path + ": the container's cgroup is not there", Errno.ENOENT);
    Label again = b.loop("own cgroup");
    Idioms.openat2(
        b, top, name, in.pathDirectory(), 0, RootDirectory.IN_ROOT, own, above, Errno.ENOENT);
    b.outOfLine(() -> {
      // In another container the mount does not begin at the root that the name counts from.
      b.bind(above);
      Slot c = b.slot("c");
      Label next = b.loop("next name");
      b.alu(Function.ADD, name, name, imm(1));
      b.load(1, c, name, imm(0));
      b.branch(Condition.EQ, c, imm(0), hidden);
      b.branch(Condition.NE, c, imm('/'), next);
      b.jump(again);
    });
    Idioms.close(b, top);
    Slot tree = in.clone(own, 0, "tree", path);
    Idioms.close(b, own);
    in.setAttributes(tree, 0, options.attributesSet(), options.attributesCleared());
    place(tree, in.directory(path), path, options, false);
  }

  private void openHost(Slot into, String path) {
    Idioms.openat2(b, imm(Constants.AT_FDCWD), b.string(path), in.pathDirectory(), 0, 0, into);
  }

  /** Finds this process's cgroup v2 in {@code /proc/self/cgroup}: the address of its path. */
  private Slot cgroupName(String path) {
    Slot file = b.fd("self/cgroup", "/proc/self/cgroup");
    Idioms.openat2(
        b,
        procfs,
        b.string("self/cgroup"),
        Constants.O_RDONLY,
        0,
        Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_MAGICLINKS | Constants.RESOLVE_NO_XDEV,
        file);
    // A newline before the first line makes all lines alike, a NUL behind the last one ends it.
    Data text = b.buffer("self/cgroup", CGROUP_FILE_SIZE);
    b.store(1, text.address(), imm(0), imm('\n'));
    Slot length = b.slot("length");
    Slot end = b.slot("end");
    Slot at = b.slot("at");
    Slot c = b.slot("c");
    b.sys(Syscall.READ, file, text.at(1), imm(CGROUP_FILE_SIZE - 16)).into(length);
    Idioms.close(b, file);
    b.alu(Function.ADD, end, text.at(1), length);
    b.set(at, text.address());
    Label wrong = in.failure("mount " + path + ": find the container's cgroup", Errno.ENOENT);
    Label line = b.label("line");
    Label next = b.loop("line?");
    b.load(4, c, at, imm(0));
    b.branch(Condition.EQ, c, imm(CGROUP_LINE), line);
    b.alu(Function.ADD, at, at, imm(1));
    b.branch(Condition.LTU, at, end, next);
    b.jump(wrong);
    b.bind(line);
    b.alu(Function.ADD, at, at, imm(4));
    b.set(end, at);
    Label done = b.label("end of line");
    Label more = b.loop("end of line?");
    b.load(1, c, end, imm(0));
    b.branch(Condition.EQ, c, imm(0), done);
    b.branch(Condition.EQ, c, imm('\n'), done);
    b.alu(Function.ADD, end, end, imm(1));
    b.jump(more);
    b.bind(done);
    b.store(1, end, imm(0), imm(0));
    return at;
  }

  /** Attaches a mount, then does what is done to attached mounts only. */
  private void place(
      Slot tree, Slot target, String path, MountOptions options, boolean readOnlyLate) {
    in.setAttributes(
        tree, Constants.AT_RECURSIVE, options.recursivelySet(), options.recursivelyCleared());
    if (!path.equals("/proc")) {
      refuseProc(target, path);
    }
    in.attach(tree, target);
    Idioms.close(b, target);
    countVersions(tree, options);
    for (int i = 0; i < options.propagation().size(); i++) {
      Propagation change = options.propagation().get(i);
      in.setPropagation(tree, change.recursive(), change.type());
    }
    if (readOnlyLate) {
      late.add(new Late(tree, b.origin()));
    } else {
      Idioms.close(b, tree);
    }
  }

  /**
   * {@code iversion}: the one flag of a file system that only {@code mount(2)} sets, and which
   * takes a path. The root of the mount as working directory names it without one.
   */
  private void countVersions(Slot mount, MountOptions options) {
    if (options.iversion() != null) {
      b.sys(Syscall.FCHDIR, mount);
      b.sys(Syscall.MOUNT, imm(0), b.string("."), imm(0), imm(options.remountFlags()), imm(0));
      b.sys(Syscall.FCHDIR, in.root);
    }
  }

  /** {@code remount}: changes what is mounted there already. */
  private void remount(String path, MountOptions options) {
    b.step("remount " + path, b.origin().place());
    Slot target = in.open(path);
    if (options.isBind()) {
      refuseParameters(path, options);
    } else {
      Slot context = b.fd("context", path);
      b.sys(
              Syscall.FSPICK,
              target,
              in.empty,
              imm(Constants.FSPICK_CLOEXEC | Constants.FSPICK_EMPTY_PATH))
          .into(context);
      if (options.isReadOnly() || options.isReadWrite()) {
        in.configure(context, options.isReadOnly() ? "ro" : "rw", null);
      }
      parameters(context, "", path, options);
      b.sys(Syscall.FSCONFIG, context, imm(Constants.FSCONFIG_CMD_RECONFIGURE));
      Idioms.close(b, context);
      countVersions(target, options);
    }
    in.setAttributes(target, 0, options.attributesSet(), options.attributesCleared());
    in.setAttributes(
        target, Constants.AT_RECURSIVE, options.recursivelySet(), options.recursivelyCleared());
    for (int i = 0; i < options.propagation().size(); i++) {
      Propagation change = options.propagation().get(i);
      in.setPropagation(target, change.recursive(), change.type());
    }
    Idioms.close(b, target);
  }
}
