package dev.gatun.cgroups;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A cgroup: the cgroup2 mount and a path below it, without {@code .}, {@code ..} or empty parts. It
 * is never the mount's root.
 *
 * @param mountPoint where cgroup2 is mounted
 * @param path the path below it, beginning with a slash
 * @param delegated the path of the cgroup above it from which on cgroups are the runtime's to
 *     change, since another manager owns what is above; empty when that is the mount's root
 */
public record CgroupPath(String mountPoint, String path, String delegated) {
  /** The place in {@code config.json} that asks for a path. */
  public static final String PLACE = "/linux/cgroupsPath";

  private static final int NAME_MAX = 255;

  /**
   * Checks a path that was stored before.
   *
   * @throws CgroupException if it is no such path
   */
  public CgroupPath {
    List<String> parts = parts(path);
    if (parts.isEmpty() || !join(parts, parts.size()).equals(path)) {
      throw refuse(path, "is not a path of a cgroup below the root");
    }
    if (!delegated.isEmpty() && !path.startsWith(delegated + "/")) {
      throw refuse(path, "is not below \"" + delegated + "\"");
    }
  }

  /**
   * A cgroup in a hierarchy that is the runtime's own.
   *
   * @param mountPoint where cgroup2 is mounted
   * @param path the path below it, beginning with a slash
   * @throws CgroupException if it is no such path
   */
  public CgroupPath(String mountPoint, String path) {
    this(mountPoint, path, "");
  }

  /**
   * Finds the cgroup for a container, as runc's cgroupfs driver does: an absolute path is below the
   * cgroup2 mount; a relative one is below the parent of the caller's own cgroup, since a cgroup
   * with processes of its own cannot hand controllers to its children; without one the container's
   * id is the relative path.
   *
   * @param root where cgroup v2 is
   * @param cgroupsPath {@code linux.cgroupsPath}, or null
   * @param id the container's id
   * @return the cgroup, or null when no cgroup2 is mounted: the container then has none
   * @throws CgroupException if the path is malformed, leaves the hierarchy, or is its root
   */
  public static @Nullable CgroupPath of(CgroupRoot root, @Nullable String cgroupsPath, String id) {
    String asked = cgroupsPath == null || cgroupsPath.isEmpty() ? id : cgroupsPath;
    List<String> parts = parts(asked);
    if (parts.isEmpty()) {
      throw refuse(asked, "is the root of the hierarchy, which no container may have");
    }
    if (isSystemdForm(asked)) {
      throw refuse(
          asked, "has the form slice:prefix:name of the systemd driver, which is not in use");
    }
    String mountPoint = root.mountPoint();
    if (mountPoint == null) {
      return null;
    }
    if (asked.charAt(0) != '/') {
      String own = root.own();
      if (own == null) {
        throw refuse(asked, "is relative, but the caller's own cgroup is not below " + mountPoint);
      }
      List<String> base = parts(own);
      if (!base.isEmpty()) {
        base.removeLast();
      }
      base.addAll(parts);
      parts = base;
    }
    return new CgroupPath(mountPoint, join(parts, parts.size()));
  }

  /** The directory, for people and for {@code state.json}. */
  public String directory() {
    return mountPoint.equals("/") ? path : mountPoint + path;
  }

  /** How many of the parts {@link #above} are another manager's. */
  int foreign() {
    return delegated.isEmpty() ? 0 : parts(delegated).size();
  }

  /** The last part of the path. */
  String leaf() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** The parts of the path above the last one, from the top; empty below the root. */
  List<String> above() {
    List<String> parts = parts(path);
    parts.removeLast();
    return parts;
  }

  private static boolean isSystemdForm(String path) {
    int first = path.indexOf(':');
    int second = path.indexOf(':', first + 1);
    return path.indexOf('/') < 0 && first >= 0 && second >= 0 && path.indexOf(':', second + 1) < 0;
  }

  private static List<String> parts(String path) {
    List<String> parts = new ArrayList<>(8);
    int at = 0;
    int length = path.length();
    while (at < length) {
      int end = path.indexOf('/', at);
      if (end < 0) {
        end = length;
      }
      String part = path.substring(at, end);
      if (part.equals("..")) {
        throw refuse(path, "holds \"..\"");
      }
      for (int i = 0; i < part.length(); i++) {
        if (part.charAt(i) < ' ' || part.charAt(i) == 0x7f) {
          throw refuse(path, "holds a control character");
        }
      }
      if (part.length() > NAME_MAX || part.getBytes(StandardCharsets.UTF_8).length > NAME_MAX) {
        throw refuse(path, "has a part longer than 255 bytes");
      }
      if (!part.isEmpty() && !part.equals(".")) {
        parts.add(part);
      }
      at = end + 1;
    }
    return parts;
  }

  /** The first parts with a slash before each. */
  static String join(List<String> parts, int count) {
    StringBuilder path = new StringBuilder(64);
    for (int i = 0; i < count; i++) {
      path.append('/').append(parts.get(i));
    }
    return path.toString();
  }

  private static CgroupException refuse(String path, String why) {
    StringBuilder message = new StringBuilder(80).append("find the cgroup: path \"");
    for (int i = 0; i < path.length() && i < 512; i++) {
      char c = path.charAt(i);
      message.append(c < ' ' || c == 0x7f ? '?' : c);
    }
    return new CgroupException(message.append("\" ").append(why).toString(), PLACE);
  }
}
