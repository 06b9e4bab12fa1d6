package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Origin;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.IdMapping;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Mount;
import dev.gatun.oci.Namespace;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Root;
import dev.gatun.oci.Spec;
import dev.gatun.runtime.ConfigException;
import dev.gatun.runtime.userns.IdMaps;
import dev.gatun.runtime.userns.Privileges;
import dev.gatun.runtime.userns.UserNamespace;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What of a configuration is opened on the host: the root file system and the sources of mounts,
 * and the ids of mounts that are mapped.
 *
 * <p>Init opens it all itself, unless it is in a user namespace of which the host's root had the
 * making: mapped to somebody else, it cannot pass directories that only their owner may enter. Then
 * a process with the host's credentials opens everything, in init's mount namespace, where what the
 * host's mounts forbid is locked, and hands it over.
 */
public final class HostSources implements UserNamespace.Opener {
  private final ProgramBuilder b;
  private final Spec spec;
  private final Linux linux;
  private final String bundle;
  private final boolean handedOver;
  private final boolean newUserNamespace;
  private final boolean limited;

  /** For each mount the number of its descriptor among those handed over, or −1. */
  private final int[] numbers;

  private int count = 1;

  /** The number of the first mount that the configuration does not have: the pod's come last. */
  private int firstOfPod = Integer.MAX_VALUE;

  /** For each mount the mapping that it is given, or null. */
  private final @Nullable Mapping[] mappings;

  private final List<Mapping> distinct = new ArrayList<>(1);
  private @Nullable UserNamespace userNamespace;

  /** Ids of mounts; {@code own} stands for those of the container's user namespace. */
  private static final class Mapping {
    final List<IdMapping> uids;
    final List<IdMapping> gids;
    final boolean own;
    final String place;
    @Nullable Slot namespace;

    Mapping(List<IdMapping> uids, List<IdMapping> gids, boolean own, String place) {
      this.uids = uids;
      this.gids = gids;
      this.own = own;
      this.place = place;
    }
  }

  /**
   * Looks at a configuration.
   *
   * @param b the image's program
   * @param spec a validated configuration
   * @param bundle the bundle's absolute path
   * @param privileges who asks
   * @throws ConfigException when ids of a mount cannot be mapped
   */
  public HostSources(ProgramBuilder b, Spec spec, String bundle, Privileges privileges) {
    this.b = b;
    this.spec = spec;
    this.bundle = bundle;
    linux = spec.linux() == null ? Linux.NONE : spec.linux();
    Namespace user = linux.namespace(NamespaceType.USER);
    handedOver = user != null && privileges.isRoot();
    newUserNamespace = user != null && user.path() == null;
    limited = user != null || privileges.inUserNamespace();
    int mounts = spec.mounts().size();
    numbers = new int[mounts];
    mappings = new @Nullable Mapping[mounts];
    for (int i = 0; i < mounts; i++) {
      Mount mount = spec.mounts().get(i);
      String place = "/mounts/" + i;
      MountOptions options = MountOptions.of(mount, place);
      mappings[i] = mapping(mount, options, place, privileges);
      checkGroup(mount, options);
      boolean opened = handedOver && !options.isRemount();
      numbers[i] = opened && (options.isBind() || mappings[i] != null) ? count++ : -1;
    }
  }

  /**
   * Whether it all happens in another user namespace than the initial one: device nodes are the
   * host's own then, and where the kernel refuses a new sysfs it is the host's too.
   */
  boolean isLimited() {
    return limited;
  }

  /** The configurations of most callers ask for {@code gid=5}, which a small map does not have. */
  private void checkGroup(Mount mount, MountOptions options) {
    if (!newUserNamespace || !"devpts".equals(mount.type())) {
      return;
    }
    for (MountOptions.Parameter parameter : options.parameters()) {
      String value = parameter.value();
      if (parameter.key().equals("gid")
          && value != null
          && !value.isEmpty()
          && value.length() < 10
          && isNumber(value)
          && !IdMaps.maps(linux.gidMappings(), Long.parseLong(value))) {
        throw new ConfigException(
            parameter.place(),
            "mount "
                + mount.destination()
                + ": group "
                + value
                + " is not mapped in the user namespace of the container");
      }
    }
  }

  private static boolean isNumber(String value) {
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) < '0' || value.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }

  private @Nullable Mapping mapping(
      Mount mount, MountOptions options, String place, Privileges privileges) {
    boolean given = !mount.uidMappings().isEmpty() || !mount.gidMappings().isEmpty();
    if (!given && !options.isIdmapped()) {
      return null;
    }
    String what = "mount " + mount.destination() + ": ";
    if (options.isRemount()) {
      throw new ConfigException(place, what + "the ids of a mount are mapped when it is made");
    }
    if (!privileges.isRoot()) {
      throw new ConfigException(
          place, what + "the ids of a mount are mapped by root alone, mount_setattr(2)");
    }
    if (!given) {
      if (linux.namespace(NamespaceType.USER) == null) {
        throw new ConfigException(
            place,
            what + "idmap needs uidMappings and gidMappings, or a user namespace of the container");
      }
      return remember(linux.uidMappings(), linux.gidMappings(), true, place);
    }
    if (mount.uidMappings().isEmpty() || mount.gidMappings().isEmpty()) {
      throw new ConfigException(place, what + "uidMappings and gidMappings need each other");
    }
    IdMaps.checkSize(mount.uidMappings(), place + "/uidMappings");
    IdMaps.checkSize(mount.gidMappings(), place + "/gidMappings");
    boolean own =
        newUserNamespace
            && mount.uidMappings().equals(linux.uidMappings())
            && mount.gidMappings().equals(linux.gidMappings());
    return remember(mount.uidMappings(), mount.gidMappings(), own, place);
  }

  private Mapping remember(List<IdMapping> uids, List<IdMapping> gids, boolean own, String place) {
    for (Mapping known : distinct) {
      if (known.own == own && (own || (known.uids.equals(uids) && known.gids.equals(gids)))) {
        return known;
      }
    }
    Mapping mapping = new Mapping(uids, gids, own, place);
    distinct.add(mapping);
    return mapping;
  }

  /** Adds what makes user namespaces for mounts, with the host's privileges. */
  public void prepare() {
    for (Mapping mapping : distinct) {
      if (!mapping.own) {
        mapping.namespace = UserNamespace.make(b, mapping.uids, mapping.gids, mapping.place);
      }
    }
  }

  /**
   * Says which mounts are the pod's, and asked for by no configuration.
   *
   * @param first the number of the first of them; all that follow are too
   */
  public void ofPod(int first) {
    firstOfPod = first;
  }

  /** Whether a mount is the pod's. */
  boolean isOfPod(int number) {
    return number >= firstOfPod;
  }

  /**
   * Says who hands over.
   *
   * @param userNamespace the container's user namespace, or null
   */
  public void from(@Nullable UserNamespace userNamespace) {
    this.userNamespace = userNamespace;
  }

  // --- in the process with the host's privileges

  @Override
  public int count() {
    return count;
  }

  @Override
  public boolean needsUserNamespace() {
    for (Mapping mapping : distinct) {
      if (mapping.own) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void open(Slot namespace, Put put) {
    for (Mapping mapping : distinct) {
      if (mapping.own) {
        mapping.namespace = namespace;
      }
    }
    Root root = spec.root();
    if (root == null) {
      throw new ConfigException("", "the configuration has no root");
    }
    put.put(0, openRootfs(root));
    RootDirectory in = new RootDirectory(b);
    for (int i = 0; i < numbers.length; i++) {
      if (numbers[i] >= 0) {
        Mount mount = spec.mounts().get(i);
        String place = "/mounts/" + i;
        String path = ContainerPath.clean(mount.destination());
        if (i < firstOfPod) {
          b.step("mount " + path, place);
        } else {
          b.step(MountCompiler.stepOfPod(path), "");
        }
        MountOptions options = MountOptions.of(mount, place);
        Slot tree =
            options.isBind()
                ? openTree(mount, options, path, place)
                : newFileSystem(in, mount, options, path, place);
        put.put(numbers[i], tree);
      }
    }
  }

  private Slot newFileSystem(
      RootDirectory in, Mount mount, MountOptions options, String path, String place) {
    String type = mount.type();
    if (type == null) {
      throw new ConfigException(place, "mount " + path + ": it has no type and is no bind mount");
    }
    MountCompiler compiler = new MountCompiler(in, this, linux.mountLabel(), true, in.root);
    return compiler.newFileSystem(
        mount, type, path, options, MountCompiler.isLate(type, path), place);
  }

  /** Opens the root file system, the only time that its path is used. */
  private Slot openRootfs(Root root) {
    String path = root.path().startsWith("/") ? root.path() : bundle + "/" + root.path();
    b.step("open the root file system", "/root/path");
    Slot directory = b.fd("rootfs", path);
    Idioms.openat2(
        b,
        imm(Constants.AT_FDCWD),
        b.string(path),
        Constants.O_PATH | b.arch().O_DIRECTORY(),
        0,
        0,
        directory);
    return directory;
  }

  /** Clones what a bind mount is of. */
  private Slot openTree(Mount mount, MountOptions options, String path, String place) {
    String source = mount.source();
    if (source == null) {
      throw new ConfigException(place, "mount " + path + ": a bind mount needs a source");
    }
    String from = source.startsWith("/") ? source : bundle + "/" + source;
    Slot tree = b.fd("tree", path);
    b.sys(
            Syscall.OPEN_TREE,
            imm(Constants.AT_FDCWD),
            b.string(from),
            imm(Constants.OPEN_TREE_CLONE | Constants.OPEN_TREE_CLOEXEC | options.recursive()))
        .into(tree);
    map(tree, options, path, place);
    return tree;
  }

  /** Gives a detached mount the ids that are asked for. */
  void map(Slot tree, MountOptions options, String path, String place) {
    Mapping mapping = mappings[number(place)];
    if (mapping == null) {
      return;
    }
    Slot namespace = mapping.namespace;
    if (namespace == null) {
      throw new IllegalStateException("no user namespace for the ids of " + place);
    }
    Origin before = b.origin();
    b.step(
        "mount "
            + path
            + ": map its ids, which needs Linux 5.12 and a file system that can be mapped",
        place);
    Data attr =
        b.variable("mount_attr", Structs.SIZEOF_MOUNT_ATTR)
            .u64(Structs.MOUNT_ATTR_ATTR_SET, Constants.MOUNT_ATTR_IDMAP);
    b.store(8, attr.address(), imm(Structs.MOUNT_ATTR_USERNS_FD), namespace);
    b.sys(
        Syscall.MOUNT_SETATTR,
        tree,
        b.string(""),
        imm(
            Constants.AT_EMPTY_PATH
                | (options.isIdmappedRecursively() ? Constants.AT_RECURSIVE : 0)),
        attr.address(),
        imm(Structs.SIZEOF_MOUNT_ATTR));
    b.step(before);
  }

  private static int number(String place) {
    return Integer.parseInt(place.substring(place.lastIndexOf('/') + 1));
  }

  // --- in init

  /** The root file system's directory, opened or handed over. */
  Slot rootfs(Root root) {
    UserNamespace from = userNamespace;
    if (!handedOver || from == null) {
      return openRootfs(root);
    }
    Slot directory = b.fd("rootfs", root.path());
    from.take(0, directory);
    return directory;
  }

  /** What a bind mount is of, cloned or handed over. */
  Slot bindTree(Mount mount, MountOptions options, String path, String place) {
    Slot handed = handed(path, place);
    return handed == null ? openTree(mount, options, path, place) : handed;
  }

  /** A mount that was handed over, or null when init makes it. */
  @Nullable Slot handed(String path, String place) {
    UserNamespace from = userNamespace;
    int number = numbers[number(place)];
    if (number < 0 || from == null) {
      return null;
    }
    Slot tree = b.fd("tree", path);
    from.take(number, tree);
    return tree;
  }

  /** Adds what closes the user namespaces of mounts, in init. */
  void close() {
    for (Mapping mapping : distinct) {
      Slot namespace = mapping.namespace;
      if (!mapping.own && namespace != null) {
        b.step("forget the ids of mounts", mapping.place);
        Idioms.close(b, namespace);
      }
    }
  }
}
