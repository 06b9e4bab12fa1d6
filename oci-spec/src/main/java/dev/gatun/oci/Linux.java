package dev.gatun.oci;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The Linux section of {@code config.json}, runtime-spec <em>Linux Container Configuration</em>.
 *
 * @param uidMappings uid map of the user namespace
 * @param gidMappings gid map of the user namespace
 * @param timeOffsets clock offsets of the time namespace
 * @param sysctl kernel parameters by dotted (or slashed) name
 * @param resources cgroup limits
 * @param cgroupsPath place in the cgroup hierarchy
 * @param namespaces namespaces that are created or joined
 * @param devices device nodes that the container gets beside the default ones
 * @param netDevices network devices that move into the container, by their name on the host
 * @param seccomp system call filter
 * @param rootfsPropagation mount propagation of the root file system
 * @param maskedPaths absolute paths that are hidden in the container
 * @param readonlyPaths absolute paths that are read-only in the container
 * @param mountLabel SELinux context of the container's mounts
 * @param intelRdt Resource Director Technology, resctrl
 * @param memoryPolicy NUMA memory policy, set_mempolicy(2)
 * @param personality execution domain, personality(2)
 */
public record Linux(
    List<IdMapping> uidMappings,
    List<IdMapping> gidMappings,
    Map<TimeOffset.Clock, TimeOffset> timeOffsets,
    Map<String, String> sysctl,
    @Nullable Resources resources,
    @Nullable String cgroupsPath,
    List<Namespace> namespaces,
    List<Device> devices,
    Map<String, NetDevice> netDevices,
    @Nullable Seccomp seccomp,
    @Nullable RootfsPropagation rootfsPropagation,
    @Nullable List<String> maskedPaths,
    @Nullable List<String> readonlyPaths,
    @Nullable String mountLabel,
    @Nullable IntelRdt intelRdt,
    @Nullable MemoryPolicy memoryPolicy,
    @Nullable Personality personality) {
  /** Copies collections and takes an empty optional string for an absent one. */
  public Linux {
    uidMappings = List.copyOf(uidMappings);
    gidMappings = List.copyOf(gidMappings);
    timeOffsets = Values.copy(timeOffsets);
    sysctl = Values.copy(sysctl);
    cgroupsPath = Values.absentIfEmpty(cgroupsPath);
    namespaces = List.copyOf(namespaces);
    devices = List.copyOf(devices);
    netDevices = Values.copy(netDevices);
    maskedPaths = Values.copy(maskedPaths);
    readonlyPaths = Values.copy(readonlyPaths);
    mountLabel = Values.absentIfEmpty(mountLabel);
  }

  /** The section of a document that has none: nothing is created, joined or limited. */
  public static final Linux NONE =
      new Linux(
          List.of(), List.of(), Map.of(), Map.of(), null, null, List.of(), List.of(), Map.of(),
          null, null, null, null, null, null, null, null);

  /**
   * Finds the entry for a namespace type.
   *
   * @param type the type
   * @return its entry, or null when the container stays in the runtime's namespace of that type
   */
  public @Nullable Namespace namespace(NamespaceType type) {
    for (Namespace namespace : namespaces) {
      if (namespace.type() == type) {
        return namespace;
      }
    }
    return null;
  }
}
