package dev.gatun.runtime.sandbox;

import dev.gatun.oci.IdMapping;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Sysctl;
import dev.gatun.runtime.ConfigException;
import dev.gatun.runtime.lifecycle.CgroupDriver;
import dev.gatun.runtime.userns.IdMaps;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a pod is to be.
 *
 * @param id the pod's id, not checked yet
 * @param hostname its host name, or null for as much of its id as a host name can hold
 * @param sysctls kernel parameters of its namespaces, by name
 * @param sharePid whether its containers share a PID namespace
 * @param idMappings the map of users and of groups of its user namespace; empty for none
 * @param hostNetwork whether it has the host's network namespace
 * @param annotations what callers want to find again
 * @param cgroupParent the cgroup above the pod's, as a container's {@code cgroupsPath} is read;
 *     with the systemd driver the slice; null for where a container's goes that names none
 * @param cgroups who makes the cgroup
 * @param embedded whether the caller is a JVM that lives on, whose own limits are not the pod's
 */
public record SandboxRequest(
    String id,
    @Nullable String hostname,
    Map<String, String> sysctls,
    boolean sharePid,
    List<IdMapping> idMappings,
    boolean hostNetwork,
    Map<String, String> annotations,
    @Nullable String cgroupParent,
    CgroupDriver cgroups,
    boolean embedded) {
  /** {@code __NEW_UTS_LEN} of linux/utsname.h. */
  private static final int HOSTNAME_MAX = 64;

  /** Copies collections: in their order, unlike {@link Map#copyOf}. */
  public SandboxRequest {
    sysctls = Collections.unmodifiableMap(new LinkedHashMap<>(sysctls));
    idMappings = List.copyOf(idMappings);
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
  }

  /** The host name that the pod gets. */
  String effectiveHostname() {
    String name = hostname;
    return name == null ? id.substring(0, Math.min(id.length(), HOSTNAME_MAX)) : name;
  }

  /**
   * Checks what can be checked without asking the kernel.
   *
   * @throws ConfigException naming the option
   */
  void check() {
    String name = hostname;
    if (name != null) {
      int length = name.getBytes(StandardCharsets.UTF_8).length;
      if (length == 0 || length > HOSTNAME_MAX || name.indexOf('\n') >= 0) {
        throw new ConfigException(
            "", "--hostname: a host name has 1 to " + HOSTNAME_MAX + " bytes on one line");
      }
    }
    for (Map.Entry<String, String> entry : sysctls.entrySet()) {
      String sysctl = entry.getKey();
      String path = Sysctl.path(sysctl);
      if (path == null) {
        throw refuse(sysctl, "not the name of a kernel parameter");
      }
      NamespaceType type = Sysctl.namespaceOf(path);
      if (type == null) {
        throw refuse(sysctl, "not a parameter of a namespace, so it would change the host");
      }
      if (type == NamespaceType.NETWORK && hostNetwork) {
        throw refuse(
            sysctl, "the pod has the host's network namespace, so it would change the host");
      }
      if (path.equals("kernel/hostname")) {
        throw refuse(sysctl, "the pod's host name is said with --hostname");
      }
      if (entry.getValue().isEmpty()) {
        throw refuse(sysctl, "no value");
      }
    }
    if (!idMappings.isEmpty()) {
      IdMaps.check(idMappings);
    }
  }

  private static ConfigException refuse(String sysctl, String why) {
    return new ConfigException("", "--sysctl " + sysctl + ": " + why);
  }
}
