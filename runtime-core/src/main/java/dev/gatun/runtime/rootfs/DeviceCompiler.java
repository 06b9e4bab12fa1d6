package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Device;
import dev.gatun.oci.Mount;
import dev.gatun.runtime.ConfigException;
import java.util.ArrayList;
import java.util.List;

/**
 * Compiles {@code linux.devices}, the default devices and the links in {@code /dev} (runtime-spec
 * <em>Linux Container Configuration</em>, "Default Devices"; <em>Linux Runtime</em>, "Dev symbolic
 * links").
 *
 * <p>A node is made with {@code mknodat(2)} under a umask of 0, so its mode is right at once; then
 * it is opened again without following links, and its type and numbers are verified before its
 * owner is set through the descriptor. A node that is there already must be the one that is asked
 * for; where its mode differs, {@code fchmodat2(2)} sets it, and before Linux 6.6 that is an error:
 * no other call changes the mode of what an O_PATH descriptor stands for without a path. Where the
 * configuration mounts something on a device's path, that is left alone, as runc does.
 *
 * <p>In a user namespace nobody may make device nodes: the host's own are mounted there.
 */
final class DeviceCompiler {
  private static final int DEFAULT_MODE = 0666;
  private static final int PERMISSIONS = 07777;

  /** Name, major and minor number. */
  private static final Object[][] DEFAULTS = {
    {"null", 1, 3},
    {"zero", 1, 5},
    {"full", 1, 7},
    {"random", 1, 8},
    {"urandom", 1, 9},
    {"tty", 5, 0},
  };

  private final RootDirectory in;
  private final ProgramBuilder b;
  private final Slot procfs;

  /** Whether the kernel lets nobody make device nodes here, so that the host's own are mounted. */
  private final boolean binds;

  /** The mounts of the configuration that no later one covers. */
  private final List<String> mounted = new ArrayList<>();

  DeviceCompiler(RootDirectory in, Slot procfs, List<Mount> mounts, boolean binds) {
    this.in = in;
    this.binds = binds;
    this.b = in.b;
    this.procfs = procfs;
    for (int i = 0; i < mounts.size(); i++) {
      String path = ContainerPath.clean(mounts.get(i).destination());
      for (int k = mounted.size() - 1; k >= 0; k--) {
        if (ContainerPath.isIn(mounted.get(k), path)) {
          mounted.remove(k);
        }
      }
      mounted.add(path);
    }
  }

  /**
   * Adds the nodes and links.
   *
   * @param devices {@code linux.devices}
   * @param devIsHosts whether {@code /dev} is a bind mount or the host's devtmpfs: then nothing is
   *     made in it, and what it holds is not touched
   */
  void compile(List<Device> devices, boolean devIsHosts) {
    if (!devIsHosts) {
      b.step("open /dev", "");
      Slot dev = in.directory("/dev");
      for (Object[] node : DEFAULTS) {
        String path = "/dev/" + node[0];
        if (!contains(devices, path) && !isMount(path)) {
          b.step("create device " + path, "");
          node(dev, path, Constants.S_IFCHR, (int) node[1], (int) node[2], DEFAULT_MODE, 0, 0);
        }
      }
      configured(devices, dev);
      links(dev);
      Idioms.close(b, dev);
      return;
    }
    for (int i = 0; i < devices.size(); i++) {
      String path = ContainerPath.clean(devices.get(i).path());
      if (!ContainerPath.isIn(path, "/dev") && !isMount(path)) {
        elsewhere(devices.get(i), path, i);
      }
    }
  }

  /** Whether the configuration mounts something on a device's path, which stands for it then. */
  private boolean isMount(String path) {
    return mounted.contains(path);
  }

  private static boolean contains(List<Device> devices, String path) {
    for (int i = 0; i < devices.size(); i++) {
      if (ContainerPath.clean(devices.get(i).path()).equals(path)) {
        return true;
      }
    }
    return false;
  }

  private void configured(List<Device> devices, Slot dev) {
    for (int i = 0; i < devices.size(); i++) {
      String path = ContainerPath.clean(devices.get(i).path());
      if (path.equals("/")) {
        throw new ConfigException("/linux/devices/" + i + "/path", "a device cannot be /");
      }
      if (isMount(path)) {
        continue;
      }
      if (ContainerPath.parent(path).equals("/dev")) {
        b.step("create device " + path, "/linux/devices/" + i);
        node(dev, path, devices.get(i), i);
      } else {
        elsewhere(devices.get(i), path, i);
      }
    }
  }

  private void elsewhere(Device device, String path, int i) {
    b.step("create device " + path, "/linux/devices/" + i);
    String parent = ContainerPath.parent(path);
    if (parent.equals("/")) {
      node(in.root, path, device, i);
      return;
    }
    Slot directory = in.directory(parent);
    node(directory, path, device, i);
    Idioms.close(b, directory);
  }

  private void node(Slot directory, String path, Device device, int i) {
    int type =
        switch (device.type()) {
          case CHARACTER, UNBUFFERED -> Constants.S_IFCHR;
          case BLOCK -> Constants.S_IFBLK;
          case FIFO -> Constants.S_IFIFO;
        };
    Long major = device.major();
    Long minor = device.minor();
    if (type == Constants.S_IFIFO) {
      major = 0L;
      minor = 0L;
    }
    if (major == null || minor == null) {
      throw new ConfigException(
          "/linux/devices/" + i, "device " + path + " needs major and minor numbers");
    }
    if (major < 0 || major > 0xfff || minor < 0 || minor > 0xf_ffff) {
      throw new ConfigException(
          "/linux/devices/" + i,
          "device "
              + path
              + " has numbers that the kernel has no device for: "
              + major
              + ":"
              + minor);
    }
    long mode = device.fileMode() == null ? DEFAULT_MODE : device.fileMode() & PERMISSIONS;
    long uid = device.uid() == null ? 0 : device.uid();
    long gid = device.gid() == null ? 0 : device.gid();
    node(directory, path, type, major, minor, (int) mode, uid, gid);
  }

  private void node(
      Slot directory, String path, int type, long major, long minor, int mode, long uid, long gid) {
    if (binds && type != Constants.S_IFIFO) {
      bind(directory, path, type, major, minor);
      return;
    }
    String name = ContainerPath.name(path);
    Slot found = b.slot("found");
    Slot kind = b.slot("kind");
    b.sys(Syscall.MKNODAT, directory, b.string(name), imm(type | mode), imm(makedev(major, minor)))
        .tolerate(Errno.EEXIST);
    Slot node = in.child(directory, name, path);
    Label wrong = in.failure(b.origin().step() + ": something else is there", Errno.EEXIST);
    in.statx(node);
    if (type != Constants.S_IFIFO) {
      b.load(8, found, in.statx.address(), imm(Structs.STATX_STX_RDEV_MAJOR));
      b.branch(Condition.NE, found, imm(RootDirectory.rdev(major, minor)), wrong);
    }
    b.load(2, found, in.statx.address(), imm(Structs.STATX_STX_MODE));
    b.alu(Function.AND, kind, found, imm(Constants.S_IFMT));
    b.branch(Condition.NE, kind, imm(type), wrong);
    Label owned = b.label("owned");
    Label done = b.label("done");
    b.load(8, kind, in.statx.address(), imm(Structs.STATX_STX_UID));
    b.branch(Condition.EQ, kind, imm(uid | (gid << 32)), owned);
    b.sys(Syscall.FCHOWNAT, node, in.empty, imm(uid), imm(gid), imm(Constants.AT_EMPTY_PATH));
    b.bind(owned);
    b.branch(Condition.EQ, found, imm(type | mode), done);
    b.sys(Syscall.FCHMODAT2, node, in.empty, imm(mode), imm(Constants.AT_EMPTY_PATH));
    b.bind(done);
    Idioms.close(b, node);
  }

  /**
   * Mounts the host's own node of the same path over an empty file, once it is known to be the
   * device. Its mode and owner are the host's.
   */
  private void bind(Slot directory, String path, int type, long major, long minor) {
    String name = ContainerPath.name(path);
    String step = b.origin().step();
    Slot found = b.slot("found");
    Slot source = b.fd("device", path);
    Slot file = b.fd("file", path);
    Label there = b.label("there");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(path),
            imm(Constants.O_PATH | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC))
        .into(source);
    Label other = in.failure(step + ": the host's " + path + " is not this device", Errno.ENODEV);
    in.requireDevice(source, type, major, minor, other);
    b.sys(
            Syscall.OPENAT,
            directory,
            b.string(name),
            imm(Constants.O_CREAT | Constants.O_EXCL | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC),
            imm(0))
        .into(file)
        .tolerate(Errno.EEXIST, there);
    Idioms.close(b, file);
    b.bind(there);
    Slot node = in.child(directory, name, path);
    Label link = in.failure(step + ": a link is there", Errno.EEXIST);
    in.statx(node);
    b.load(2, found, in.statx.address(), imm(Structs.STATX_STX_MODE));
    b.alu(Function.AND, found, found, imm(Constants.S_IFMT));
    b.branch(Condition.EQ, found, imm(Constants.S_IFLNK), link);
    Slot tree = in.clone(source, 0, "tree", path);
    in.attach(tree, node);
    Idioms.close(b, tree);
    Idioms.close(b, node);
    Idioms.close(b, source);
  }

  /** A device number as {@code mknodat(2)} takes it: minor in the low byte and above major. */
  static long makedev(long major, long minor) {
    return (minor & 0xff) | (major << 8) | ((minor & ~0xffL) << 12);
  }

  private void links(Slot dev) {
    b.step("create link /dev/ptmx", "");
    b.sys(Syscall.UNLINKAT, dev, b.string("ptmx"), imm(0)).tolerate(Errno.ENOENT);
    b.sys(Syscall.SYMLINKAT, b.string("pts/ptmx"), dev, b.string("ptmx"));
    link(dev, "fd", "/proc/self/fd");
    link(dev, "stdin", "/proc/self/fd/0");
    link(dev, "stdout", "/proc/self/fd/1");
    link(dev, "stderr", "/proc/self/fd/2");
    b.step("create link /dev/core", "");
    Label none = b.label("no kcore");
    b.sys(Syscall.FACCESSAT, procfs, b.string("kcore"), imm(Constants.F_OK))
        .tolerate(Errno.ENOENT, none);
    link(dev, "core", "/proc/kcore");
    b.bind(none);
  }

  private void link(Slot dev, String name, String target) {
    b.step("create link /dev/" + name, "");
    b.sys(Syscall.SYMLINKAT, b.string(target), dev, b.string(name)).tolerate(Errno.EEXIST);
  }
}
