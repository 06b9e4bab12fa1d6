package dev.gatun.runtime.lifecycle;

import dev.gatun.cgroups.CgroupPath;
import dev.gatun.cgroups.CgroupRoot;
import dev.gatun.oci.IdMapping;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Mount;
import dev.gatun.oci.Namespace;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Spec;
import dev.gatun.runtime.ConfigException;
import dev.gatun.runtime.init.InitCompiler;
import dev.gatun.runtime.rootfs.ContainerPath;
import dev.gatun.runtime.sandbox.SandboxState;
import dev.gatun.runtime.state.ContainerState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a configuration in a pod: the pod's namespaces are joined instead of what it says
 * of them, and the pod's files are mounted where it mounts nothing of its own.
 *
 * <p>The result is a configuration again, with joins by the path of the pause process's namespaces,
 * so that everything that looks at a configuration sees what the container is going to be. How
 * these are joined, {@link InitCompiler.Pod} says.
 */
final class PodSpec {
  /** The names of the pod's files that are mounted into its containers. */
  static final String[] FILES = {"hosts", "resolv.conf", "hostname", "shm"};

  private static final String[] DESTINATIONS = {
    "/etc/hosts", "/etc/resolv.conf", "/etc/hostname", "/dev/shm"
  };
  private static final int SHM = 3;

  /** The name of the cgroup that the pause process has below the pod's. */
  private static final String PAUSE = "pause";

  private static final List<String> FILE_OPTIONS =
      List.of("bind", "rprivate", "nosuid", "nodev", "noexec");

  private final PodJoin.Pod pod;
  private final SandboxState state;
  private final Spec spec;
  private final Linux linux;
  private final List<String> warnings = new ArrayList<>(1);

  /** Bits of {@link #FILES}, in the order in which they are mounted last. */
  private final List<Integer> appended = new ArrayList<>(FILES.length);

  private int joined;

  /**
   * A configuration that fits into its pod.
   *
   * @param spec the configuration
   * @param pod what of it is the pod's
   * @param mounted the destinations of the pod's mounts that come last
   * @param hasUserNamespace whether the pod gave it its user namespace
   * @param warnings what of the configuration is ignored
   */
  record Fitted(
      Spec spec,
      InitCompiler.Pod pod,
      List<String> mounted,
      boolean hasUserNamespace,
      List<String> warnings) {
    /** Copies the lists. */
    Fitted {
      mounted = List.copyOf(mounted);
      warnings = List.copyOf(warnings);
    }

    /**
     * What has to be said of mounts that were left out.
     *
     * @param bits a bit for each of those that come last
     */
    void leftOut(long bits, List<String> into) {
      for (int i = 0; i < mounted.size(); i++) {
        if ((bits & (1L << i)) != 0) {
          into.add(
              "the pod's "
                  + mounted.get(i)
                  + " is left out: the root file system does not have it and cannot be written");
        }
      }
    }
  }

  private PodSpec(Spec spec, PodJoin.Pod pod) {
    this.spec = spec;
    this.pod = pod;
    this.state = pod.state();
    linux = spec.linux() == null ? Linux.NONE : spec.linux();
  }

  /**
   * Fits a configuration into a pod.
   *
   * @param spec a valid configuration
   * @param pod the pod
   * @throws ConfigException when it asks for what the pod has decided otherwise
   */
  static Fitted fit(Spec spec, PodJoin.Pod pod) {
    return new PodSpec(spec, pod).fit();
  }

  /**
   * The cgroup of a container in a pod: below the pod's, unless the configuration names a place of
   * its own in the hierarchy.
   *
   * @param linux the configuration's
   * @param pod the pod
   * @param root where cgroup v2 is
   * @param id the container's id
   * @return null when the ordinary rules hold
   */
  static @Nullable CgroupPath cgroup(
      Linux linux, PodJoin.@Nullable Pod pod, CgroupRoot root, String id) {
    ContainerState.Cgroup above = pod == null ? null : pod.state().cgroup();
    String asked = linux.cgroupsPath();
    boolean named = asked != null && !asked.isEmpty();
    if (above == null || (asked != null && named && (asked.charAt(0) == '/' || isSlice(asked)))) {
      return null;
    }
    String below = asked != null && named ? asked : id;
    if (below.equals(PAUSE) || below.startsWith(PAUSE + "/")) {
      throw new ConfigException(
          named ? CgroupPath.PLACE : "",
          "the cgroup \"" + PAUSE + "\" below that of a pod is its own process's");
    }
    CgroupPath path = CgroupPath.of(root, above.path() + "/" + below, id);
    return path == null ? null : new CgroupPath(path.mountPoint(), path.path(), above.delegated());
  }

  private static boolean isSlice(String path) {
    return path.indexOf(':') >= 0 && path.indexOf('/') < 0;
  }

  private Fitted fit() {
    List<Namespace> namespaces = namespaces();
    sysctls();
    names();
    List<Mount> mounts = mounts();
    boolean userNamespace = !state.idMappings().isEmpty();
    List<IdMapping> uids = userNamespace ? state.idMappings() : linux.uidMappings();
    List<IdMapping> gids = userNamespace ? state.idMappings() : linux.gidMappings();
    Linux fitted =
        new Linux(
            uids,
            gids,
            linux.timeOffsets(),
            Map.of(),
            linux.resources(),
            linux.cgroupsPath(),
            namespaces,
            linux.devices(),
            linux.netDevices(),
            linux.seccomp(),
            linux.rootfsPropagation(),
            linux.maskedPaths(),
            linux.readonlyPaths(),
            linux.mountLabel(),
            linux.intelRdt(),
            linux.memoryPolicy(),
            linux.personality());
    List<String> last = new ArrayList<>(appended.size());
    for (int file : appended) {
      last.add(DESTINATIONS[file]);
    }
    return new Fitted(
        new Spec(
            spec.ociVersion(),
            spec.root(),
            null,
            null,
            mounts,
            spec.process(),
            spec.hooks(),
            spec.annotations(),
            fitted,
            spec.unknownProperties()),
        new InitCompiler.Pod(
            pod.id(), joined, linux.namespaces().size(), mounts.size() - appended.size()),
        last,
        userNamespace,
        warnings);
  }

  // --- namespaces

  private List<Namespace> namespaces() {
    List<NamespaceType> shared = new ArrayList<>(5);
    shared.add(NamespaceType.NETWORK);
    shared.add(NamespaceType.IPC);
    shared.add(NamespaceType.UTS);
    if (state.sharePid()) {
      shared.add(NamespaceType.PID);
    }
    if (!state.idMappings().isEmpty()) {
      shared.add(NamespaceType.USER);
    }
    List<Namespace> namespaces = new ArrayList<>(linux.namespaces());
    for (NamespaceType type : shared) {
      Namespace ofPod = new Namespace(type, "/proc/" + state.pid() + "/ns/" + type.procName());
      boolean absent = true;
      for (int i = 0; i < namespaces.size(); i++) {
        if (namespaces.get(i).type() == type) {
          check(namespaces.get(i), ofPod, "/linux/namespaces/" + i);
          namespaces.set(i, ofPod);
          absent = false;
        }
      }
      if (absent) {
        namespaces.add(ofPod);
      }
      if (type != NamespaceType.USER) {
        joined |= type.cloneFlag();
      }
    }
    return namespaces;
  }

  private void check(Namespace asked, Namespace ofPod, String place) {
    String path = asked.path();
    String what = asked.type().specName() + " namespace";
    if (path == null && asked.type() == NamespaceType.USER) {
      throw new ConfigException(
          place,
          "a " + what + " of its own cannot be had in pod \"" + pod.id() + "\", which has one");
    }
    if (path != null && !path.equals(ofPod.path())) {
      throw new ConfigException(
          place + "/path",
          "the "
              + what
              + " of pod \""
              + pod.id()
              + "\" is \""
              + ofPod.path()
              + "\", and a container in it cannot join \""
              + path
              + "\"");
    }
  }

  /** A parameter of a namespace is one of network, IPC or UTS, so it is the pod's. */
  private void sysctls() {
    for (Map.Entry<String, String> entry : linux.sysctl().entrySet()) {
      String name = entry.getKey();
      if (!entry.getValue().equals(state.sysctls().get(name))) {
        throw new ConfigException(
            "/linux/sysctl/" + name.replace("~", "~0").replace("/", "~1"),
            "sysctl \""
                + name
                + "\" is not allowed in a container of pod \""
                + pod.id()
                + "\": its namespace is the pod's, see gatun pod create --sysctl");
      }
    }
  }

  private void names() {
    String hostname = spec.hostname();
    if (hostname != null && !hostname.equals(state.hostname())) {
      warnings.add(
          "hostname \""
              + hostname
              + "\" is ignored: the container has that of pod \""
              + pod.id()
              + "\" [config.json /hostname]");
    }
    String domainname = spec.domainname();
    if (domainname != null) {
      warnings.add(
          "domainname \""
              + domainname
              + "\" is ignored: the container has that of pod \""
              + pod.id()
              + "\" [config.json /domainname]");
    }
  }

  // --- mounts

  private List<Mount> mounts() {
    List<Mount> mounts = new ArrayList<>(spec.mounts());
    boolean readOnly = spec.root() != null && spec.root().readonly();
    for (int file = 0; file < FILES.length; file++) {
      if ((pod.files() & (1L << file)) == 0) {
        continue;
      }
      boolean own = false;
      for (int i = 0; i < mounts.size(); i++) {
        Mount mount = mounts.get(i);
        String destination = ContainerPath.clean(mount.destination());
        if (file == SHM && destination.equals(DESTINATIONS[SHM]) && isUsualShm(mount)) {
          mounts.set(i, ofPod(SHM, mount.options().contains("ro")));
          own = true;
        } else if (destination.equals(DESTINATIONS[file])
            || (file != SHM && ContainerPath.isIn(DESTINATIONS[file], destination))) {
          own = true;
        }
      }
      if (!own) {
        mounts.add(ofPod(file, readOnly && file != SHM));
        appended.add(file);
      }
    }
    return mounts;
  }

  /** The memory of its own that any container is given there. */
  private static boolean isUsualShm(Mount mount) {
    return "tmpfs".equals(mount.type())
        && !mount.options().contains("bind")
        && !mount.options().contains("rbind");
  }

  private Mount ofPod(int file, boolean readOnly) {
    List<String> options = FILE_OPTIONS;
    if (readOnly) {
      options = new ArrayList<>(FILE_OPTIONS);
      options.add("ro");
    }
    return new Mount(
        DESTINATIONS[file],
        "bind",
        pod.directory() + "/" + FILES[file],
        options,
        List.of(),
        List.of());
  }
}
