package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Mount;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Process;
import dev.gatun.oci.Root;
import dev.gatun.oci.RootfsPropagation;
import dev.gatun.oci.Spec;
import dev.gatun.runtime.ConfigException;
import dev.gatun.runtime.userns.Privileges;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Compiles everything between a fresh mount namespace and a process whose root is the container's.
 *
 * <p>All of it happens before the pivot, through the descriptor of the container's root. The order
 * is: the host's mounts stop to send events back, the root is cloned and attached, mounts, devices,
 * read-only and masked paths, sysctls, and at last the pivot.
 */
public final class RootfsCompiler {
  /** More directories than a path can have. */
  private static final int DEEPEST = 4096;

  private final ProgramBuilder b;
  private final Spec spec;
  private final Linux linux;
  private final boolean noPivot;
  private final RootDirectory in;
  private final HostSources sources;
  private final Slot hostRoot;
  private @Nullable TerminalCompiler terminal;
  private @Nullable Consumer<Slot> mounted;
  private @Nullable Slot leftOut;

  /**
   * Prepares to compile.
   *
   * @param b takes the records
   * @param spec a validated configuration
   * @param bundle the bundle's absolute path, on the host
   * @param noPivot move the root over the host's instead of {@code pivot_root(2)}, for hosts whose
   *     root is an initramfs
   */
  public RootfsCompiler(ProgramBuilder b, Spec spec, String bundle, boolean noPivot) {
    this(b, spec, noPivot, new HostSources(b, spec, bundle, Privileges.ROOT));
  }

  /**
   * Prepares to compile, with what is opened on the host by somebody else.
   *
   * @param b takes the records
   * @param spec a validated configuration
   * @param noPivot move the root over the host's instead of {@code pivot_root(2)}
   * @param sources what is opened on the host
   */
  public RootfsCompiler(ProgramBuilder b, Spec spec, boolean noPivot, HostSources sources) {
    this.b = b;
    this.sources = sources;
    this.spec = spec;
    this.linux = spec.linux() == null ? Linux.NONE : spec.linux();
    this.noPivot = noPivot;
    in = new RootDirectory(b);
    hostRoot = b.fd("hostroot", "/");
  }

  /**
   * Gives the process a terminal.
   *
   * @param terminal its compiler, null for none
   * @return this compiler
   */
  public RootfsCompiler terminal(@Nullable TerminalCompiler terminal) {
    this.terminal = terminal;
    return this;
  }

  /**
   * Says what becomes of the pod's mounts, which {@link HostSources#ofPod} tells from others: where
   * there is no place for one and none can be made, it is left out.
   *
   * @param leftOut takes a bit for each that is left out, the first one's lowest; it holds 0
   */
  public void ofPod(Slot leftOut) {
    this.leftOut = leftOut;
  }

  /**
   * Adds records of somebody else's in between: when everything is mounted, what is to be read-only
   * can still be written, and the host's root is still there. They run with the umask that init
   * began with.
   *
   * @param records adds them, and is given the slot with the root file system's descriptor
   */
  public void whenMounted(Consumer<Slot> records) {
    mounted = records;
  }

  /**
   * Adds the records. They run in init, in the container's mount, PID, network, IPC and cgroup
   * namespaces as far as it has them, with all capabilities. At their end the working directory is
   * {@code /} of the container and every descriptor that they opened is closed.
   *
   * @param procfs a descriptor of a procfs of the container's PID namespace that nobody else can
   *     reach; it stays open
   * @throws ConfigException if the configuration asks for what cannot be done
   */
  public void compile(Slot procfs) {
    Root root = spec.root();
    if (root == null) {
      throw new ConfigException("", "the configuration has no root");
    }
    if (linux.namespace(NamespaceType.MOUNT) == null) {
      throw new ConfigException(
          "/linux/namespaces", "a container needs a mount namespace, new or joined");
    }
    List<String> masked = linux.maskedPaths() == null ? List.of() : linux.maskedPaths();
    List<String> readOnly = linux.readonlyPaths() == null ? List.of() : linux.readonlyPaths();
    String label = linux.mountLabel();
    HiddenPaths hidden = new HiddenPaths(in, label);
    Slot umask = b.slot("umask");
    b.step("prepare the root file system", "/root");
    b.sys(Syscall.UMASK, imm(0)).into(umask);
    Idioms.openat2(b, imm(Constants.AT_FDCWD), b.string("/"), in.pathDirectory(), 0, 0, hostRoot);
    if (!masked.isEmpty()) {
      hidden.openNull();
    }
    Propagation propagation = hostPropagation();
    boolean needsMask = !masked.isEmpty() || noPivot;
    openRoot(root, propagation, needsMask ? hidden : null);
    MountCompiler mounts =
        new MountCompiler(
            in, sources, label, linux.namespace(NamespaceType.CGROUP) != null, procfs);
    boolean devIsHosts = false;
    int ofPod = 0;
    for (int i = 0; i < spec.mounts().size(); i++) {
      Mount mount = spec.mounts().get(i);
      if (sources.isOfPod(i) && leftOut != null) {
        mounts.mountOfPod(mount, "/mounts/" + i, leftOut, 1L << ofPod++);
      } else {
        mounts.mount(mount, "/mounts/" + i);
      }
      devIsHosts |= isHostsDev(mount);
    }
    sources.close();
    new DeviceCompiler(in, procfs, spec.mounts(), sources.isLimited())
        .compile(linux.devices(), devIsHosts);
    if (terminal != null) {
      terminal.create(in);
    }
    workingDirectory();
    if (mounted != null) {
      b.sys(Syscall.UMASK, umask);
      mounted.accept(in.root);
      b.step("prepare the root file system", "/root");
      b.sys(Syscall.UMASK, imm(0));
    }
    mounts.finish();
    hidden.readOnly(readOnly);
    hidden.mask(masked);
    if (!masked.isEmpty()) {
      hidden.closeNull();
    }
    if (root.readonly()) {
      b.step("make the root file system read-only", "/root/readonly");
      in.setAttributes(in.root, 0, Constants.MOUNT_ATTR_RDONLY, 0);
    }
    new SysctlCompiler(b).compile(linux.sysctl(), "/linux/sysctl", procfs);
    if (noPivot) {
      hideHost(hidden);
    }
    if (needsMask) {
      hidden.closeEmptyDirectory();
    }
    if (noPivot) {
      moveRoot();
    } else {
      pivot();
    }
    rootPropagation();
    Idioms.close(b, in.root);
    b.step("prepare the root file system", "/root");
    b.sys(Syscall.UMASK, umask);
  }

  /**
   * Makes the process's working directory when it is missing, while the root may still be written.
   * Its {@code ..} are left to the walk: what is before them may be a link.
   */
  private void workingDirectory() {
    Process process = spec.process();
    if (process != null && process.cwd().length() > 1) {
      b.step("create working directory " + process.cwd(), "/process/cwd");
      in.makeDirectory(process.cwd());
    }
  }

  /** Whether what {@code /dev} shows is the host's: a bind mount, or the only devtmpfs there is. */
  private static boolean isHostsDev(Mount mount) {
    if (!ContainerPath.clean(mount.destination()).equals("/dev")) {
      return false;
    }
    return "bind".equals(mount.type())
        || "devtmpfs".equals(mount.type())
        || mount.options().contains("bind")
        || mount.options().contains("rbind");
  }

  /**
   * From here on no mount made in this namespace shows up in the host's: its mounts become slaves
   * unless the configuration wants otherwise.
   */
  private Propagation hostPropagation() {
    RootfsPropagation asked = linux.rootfsPropagation();
    Propagation propagation =
        asked == null
            ? new Propagation(Constants.MS_SLAVE, Constants.AT_RECURSIVE)
            : Propagation.of(asked);
    b.step("set how the host's mounts propagate", "/linux/rootfsPropagation");
    in.setPropagation(hostRoot, propagation.recursive(), propagation.type());
    return propagation;
  }

  /**
   * Opens the rootfs, the only time that its path is used, and puts a clone of its mounts over it:
   * {@code pivot_root(2)} needs a mount of its own.
   */
  private void openRoot(Root root, Propagation propagation, @Nullable HiddenPaths hidden) {
    Slot directory = sources.rootfs(root);
    if (propagation.recursive() == 0 || propagation.type() == Constants.MS_SHARED) {
      keepToItself(directory);
    }
    b.step("mount the root file system", "/root/path");
    b.sys(
            Syscall.OPEN_TREE,
            directory,
            in.empty,
            imm(
                Constants.OPEN_TREE_CLONE
                    | Constants.OPEN_TREE_CLOEXEC
                    | Constants.AT_EMPTY_PATH
                    | Constants.AT_RECURSIVE))
        .into(in.root);
    if (hidden != null) {
      // The mask lies between the rootfs on the host and the container's root, and goes with the
      // host's root. On the container's root it would be in the way of "..".
      hidden.makeEmptyDirectory(directory);
      b.step("mount the root file system", "/root/path");
    }
    in.attach(in.root, directory);
    Idioms.close(b, directory);
  }

  /**
   * Makes the mount that holds the rootfs private, where it might still be shared with the host:
   * only the root of a mount can be asked to, so the way up is searched for it.
   */
  private void keepToItself(Slot directory) {
    b.step("make the mount of the root file system private", "/root/path");
    Slot at = b.fd("up", "rootfs/..");
    Slot up = b.slot("next");
    Slot depth = b.slot("depth");
    b.sys(Syscall.OPENAT, directory, b.string("."), imm(in.pathDirectory() | Constants.O_CLOEXEC))
        .into(at);
    b.set(depth, imm(0));
    Label done = b.label("private");
    Label failed = b.label("no root of a mount");
    Label next = b.loop("up");
    Slot result = b.slot("result");
    var call = in.setPropagation(at, 0, Constants.MS_PRIVATE).into(result);
    call.tolerate(Errno.EINVAL);
    b.branch(Condition.EQ, result, imm(0), done);
    b.alu(Function.ADD, depth, depth, imm(1));
    b.branch(Condition.EQ, depth, imm(DEEPEST), failed);
    b.sys(Syscall.OPENAT, at, b.string(".."), imm(in.pathDirectory() | Constants.O_CLOEXEC))
        .into(up);
    Idioms.close(b, at);
    b.set(at, up);
    b.jump(next);
    b.bind(failed);
    b.fail(call, result);
    b.bind(done);
    Idioms.close(b, at);
  }

  private void pivot() {
    b.step("pivot into the root file system", "/root");
    in.setPropagation(hostRoot, 0, Constants.MS_PRIVATE);
    b.sys(Syscall.FCHDIR, in.root);
    // The old root comes to lie on the new one, so no directory is needed for it.
    b.sys(Syscall.PIVOT_ROOT, b.string("."), b.string("."));
    b.sys(Syscall.FCHDIR, hostRoot);
    in.setPropagation(hostRoot, Constants.AT_RECURSIVE, Constants.MS_SLAVE);
    // What lies on the old root goes first, as the mask does when the rootfs is the host's own
    // root;
    // a root that is detached is no mount of this namespace any more.
    Label detached = b.label("detached");
    b.sys(Syscall.UMOUNT2, b.string("."), imm(Constants.MNT_DETACH));
    Label again = b.loop("detach");
    b.sys(Syscall.UMOUNT2, b.string("."), imm(Constants.MNT_DETACH))
        .tolerate(Errno.EINVAL, detached);
    b.jump(again);
    b.bind(detached);
    Idioms.close(b, hostRoot);
    b.sys(Syscall.CHDIR, b.string("/"));
  }

  /**
   * Without a pivot the host's mounts stay below the container's root, so those of them go that
   * would let a container mount proc and sysfs without the masks of its own.
   */
  private void hideHost(HiddenPaths hidden) {
    b.step("make the host's mounts private", "/root");
    in.setPropagation(hostRoot, Constants.AT_RECURSIVE, Constants.MS_PRIVATE);
    hideHost(hidden, "/proc", Constants.PROC_SUPER_MAGIC);
    hideHost(hidden, "/sys", Constants.SYSFS_MAGIC);
  }

  /**
   * Moves the container's root over the host's, where it lies already when that is what it shows.
   */
  private void moveRoot() {
    b.step("move into the root file system", "/root");
    in.attach(in.root, hostRoot).tolerate(Errno.ELOOP);
    Idioms.close(b, hostRoot);
    b.sys(Syscall.FCHDIR, in.root);
    b.sys(Syscall.CHROOT, b.string("."));
    b.sys(Syscall.CHDIR, b.string("/"));
  }

  private void hideHost(HiddenPaths hidden, String path, long magic) {
    b.step("hide the host's " + path, "/root");
    Label gone = b.label("gone");
    Label absent = b.label("absent");
    Label again = b.loop("unmount");
    Slot result = b.slot("result");
    b.sys(Syscall.UMOUNT2, b.string(path), imm(Constants.MNT_DETACH | Constants.UMOUNT_NOFOLLOW))
        .into(result)
        .tolerateAny(gone);
    b.jump(again);
    // Nothing is mounted there, or it is locked: cover it then.
    b.bind(gone);
    Slot left = b.fd("left", path);
    Data how =
        b.constant("open_how", Structs.SIZEOF_OPEN_HOW)
            .u64(Structs.OPEN_HOW_FLAGS, in.pathDirectory() | Constants.O_CLOEXEC);
    b.sys(
            Syscall.OPENAT2,
            imm(Constants.AT_FDCWD),
            b.string(path),
            how.address(),
            imm(Structs.SIZEOF_OPEN_HOW))
        .into(left)
        .tolerate(Errno.ENOENT, absent);
    Label other = b.label("something else");
    b.branch(Condition.NE, in.fileSystemType(left), imm(magic), other);
    hidden.cover(left);
    b.bind(other);
    Idioms.close(b, left);
    b.bind(absent);
  }

  /** What the configuration says of the root's propagation holds for {@code /} of the container. */
  private void rootPropagation() {
    RootfsPropagation asked = linux.rootfsPropagation();
    if (asked != null) {
      b.step("set how the root file system propagates", "/linux/rootfsPropagation");
      Propagation propagation = Propagation.of(asked);
      in.setPropagation(in.root, propagation.recursive(), propagation.type());
    }
  }
}
