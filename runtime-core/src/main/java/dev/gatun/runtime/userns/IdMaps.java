package dev.gatun.runtime.userns;

import dev.gatun.oci.IdMapping;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Namespace;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Process;
import dev.gatun.oci.Spec;
import dev.gatun.oci.User;
import dev.gatun.runtime.ConfigException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Id maps as {@code user_namespaces(7)} has them. */
public final class IdMaps {
  /** {@code UID_GID_MAP_MAX_EXTENTS} of linux/user_namespace.h. */
  private static final int MOST_RANGES = 340;

  /** A map is written in one piece, which must be smaller than a page. */
  private static final int MOST_BYTES = 4095;

  private IdMaps() {}

  /**
   * Checks what a configuration says of its user namespace.
   *
   * @param spec the configuration
   * @param privileges who asks
   * @throws ConfigException naming what cannot be had
   */
  public static void check(Spec spec, Privileges privileges) {
    Linux linux = spec.linux() == null ? Linux.NONE : spec.linux();
    Namespace user = linux.namespace(NamespaceType.USER);
    if (user == null) {
      if (!privileges.isRoot()) {
        throw new ConfigException(
            "/linux/namespaces",
            "user "
                + privileges.uid()
                + " is not root and needs a user namespace for a container, which the"
                + " configuration does not have: see gatun spec --rootless");
      }
      return;
    }
    if (user.path() != null) {
      return;
    }
    if (linux.uidMappings().isEmpty()) {
      throw new ConfigException("/linux", "a new user namespace needs uidMappings and gidMappings");
    }
    check(linux.uidMappings(), "/linux/uidMappings", "user");
    check(linux.gidMappings(), "/linux/gidMappings", "group");
    Process process = spec.process();
    if (process != null) {
      check(process.user(), linux, privileges);
    }
  }

  private static void check(User user, Linux linux, Privileges privileges) {
    checkMapped(linux.uidMappings(), user.uid(), "/process/user/uid", "user ");
    checkMapped(linux.gidMappings(), user.gid(), "/process/user/gid", "group ");
    List<Long> groups = user.additionalGids();
    for (int i = 0; i < groups.size(); i++) {
      String place = "/process/user/additionalGids/" + i;
      if (!privileges.isRoot() && isOwn(linux.gidMappings(), privileges.gid())) {
        throw new ConfigException(
            place,
            "additional groups need a map that newgidmap writes: with nothing but their own group"
                + " mapped, an ordinary user loses setgroups(2)");
      }
      checkMapped(linux.gidMappings(), groups.get(i), place, "group ");
    }
  }

  private static void checkMapped(List<IdMapping> mappings, long id, String place, String what) {
    if (!maps(mappings, id)) {
      throw new ConfigException(
          place, what + id + " is not mapped in the user namespace of the container");
    }
  }

  private static void check(List<IdMapping> mappings, String place, String what) {
    checkSize(mappings, place);
    if (!maps(mappings, 0)) {
      throw new ConfigException(
          place,
          "the container's " + what + " 0 is not mapped, and its first process begins as it");
    }
  }

  /**
   * Checks what the kernel takes at most.
   *
   * @param mappings the ranges
   * @param place their JSON pointer
   * @throws ConfigException when they are too many
   */
  public static void checkSize(List<IdMapping> mappings, String place) {
    if (mappings.size() > MOST_RANGES) {
      throw new ConfigException(
          place, mappings.size() + " ranges: the kernel takes " + MOST_RANGES + " at most");
    }
    if (text(mappings).length > MOST_BYTES) {
      throw new ConfigException(
          place,
          "the ranges take "
              + text(mappings).length
              + " bytes as the kernel reads them, and "
              + MOST_BYTES
              + " is the most");
    }
  }

  /**
   * The contents of {@code uid_map} or {@code gid_map}.
   *
   * @param mappings the ranges
   * @return a line for each
   */
  public static byte[] text(List<IdMapping> mappings) {
    StringBuilder text = new StringBuilder(24 * mappings.size());
    for (int i = 0; i < mappings.size(); i++) {
      IdMapping mapping = mappings.get(i);
      text.append(mapping.containerID())
          .append(' ')
          .append(mapping.hostID())
          .append(' ')
          .append(mapping.size())
          .append('\n');
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Checks the map of a user namespace that no configuration asks for.
   *
   * @param mappings the ranges
   * @throws ConfigException when the kernel takes no such map, or 0 is not in it
   */
  public static void check(List<IdMapping> mappings) {
    checkSize(mappings, "");
    if (!maps(mappings, 0)) {
      throw new ConfigException(
          "", "id 0 is not mapped, and who makes a user namespace begins as it");
    }
  }

  /** A configuration that has nothing but the map, for users and for groups. */
  static Linux both(List<IdMapping> mappings) {
    return new Linux(
        mappings, mappings, Map.of(), Map.of(), null, null, List.of(), List.of(), Map.of(), null,
        null, null, null, null, null, null, null);
  }

  /**
   * Whether an id of the container is mapped.
   *
   * @param mappings the ranges
   * @param id an id in the container
   */
  public static boolean maps(List<IdMapping> mappings, long id) {
    for (int i = 0; i < mappings.size(); i++) {
      IdMapping mapping = mappings.get(i);
      if (id >= mapping.containerID() && id < mapping.containerID() + mapping.size()) {
        return true;
      }
    }
    return false;
  }

  /** Whether the map is one that anybody may write for a user or group of their own. */
  static boolean isOwn(List<IdMapping> mappings, long id) {
    return mappings.size() == 1
        && mappings.getFirst().size() == 1
        && mappings.getFirst().hostID() == id;
  }
}
