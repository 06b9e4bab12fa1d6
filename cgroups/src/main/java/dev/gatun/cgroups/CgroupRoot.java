package dev.gatun.cgroups;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where cgroup v2 is, as one process sees it: {@code cgroups(7)}, {@code proc_pid_mountinfo(5)} and
 * {@code proc_pid_cgroup(5)}.
 *
 * @param mountPoint where a cgroup2 file system is mounted, or null when it is nowhere
 * @param own the process's own cgroup as a path below the mount point, beginning with a slash; null
 *     when it is not below it
 * @param legacyControllers the controllers that are bound to version 1 hierarchies, so that version
 *     2 does not have them
 */
public record CgroupRoot(
    @Nullable String mountPoint, @Nullable String own, List<String> legacyControllers) {
  /** Where version 2 alone is mounted. */
  static final String UNIFIED = "/sys/fs/cgroup";

  /** Where version 2 is mounted beside version 1. */
  static final String HYBRID = "/sys/fs/cgroup/unified";

  /** Copies the list. */
  public CgroupRoot {
    legacyControllers = List.copyOf(legacyControllers);
  }

  /**
   * Reads the two files that say it. What does not look like a line of them is passed over.
   *
   * @param mountinfo the contents of {@code /proc/self/mountinfo}
   * @param cgroup the contents of {@code /proc/self/cgroup}
   * @return where cgroup v2 is
   */
  public static CgroupRoot parse(byte[] mountinfo, byte[] cgroup) {
    String mountPoint = null;
    String root = "/";
    int line = 0;
    while (line < mountinfo.length) {
      int end = endOf(mountinfo, line, '\n');
      int type = fileSystemType(mountinfo, line, end);
      if (type >= 0 && is(mountinfo, type, endOfField(mountinfo, type, end), "cgroup2")) {
        int at = field(mountinfo, line, end, 4);
        String here = unescape(mountinfo, at, endOfField(mountinfo, at, end));
        if (mountPoint == null || rank(here) >= rank(mountPoint)) {
          int below = field(mountinfo, line, end, 3);
          mountPoint = here;
          root = unescape(mountinfo, below, endOfField(mountinfo, below, end));
        }
      }
      line = end + 1;
    }
    List<String> legacy = new ArrayList<>();
    String own = null;
    line = 0;
    while (line < cgroup.length) {
      int end = endOf(cgroup, line, '\n');
      int controllers = endOf(cgroup, line, ':') + 1;
      int path = endOf(cgroup, controllers, ':') + 1;
      if (path <= end) {
        if (path == controllers + 1 && is(cgroup, line, controllers - 1, "0")) {
          own = new String(cgroup, path, end - path, StandardCharsets.UTF_8);
        } else {
          legacy(cgroup, controllers, path - 1, legacy);
        }
      }
      line = end + 1;
    }
    return new CgroupRoot(mountPoint, own == null ? null : below(root, own), legacy);
  }

  /** Whether a controller is bound to a version 1 hierarchy. */
  boolean isLegacy(String controller) {
    return legacyControllers.contains(controller);
  }

  /** The usual places are preferred; between equal ones the later mount covers the earlier. */
  private static int rank(String mountPoint) {
    return switch (mountPoint) {
      case UNIFIED -> 2;
      case HYBRID -> 1;
      default -> 0;
    };
  }

  private static void legacy(byte[] text, int from, int to, List<String> controllers) {
    int at = from;
    while (at < to) {
      int end = Math.min(endOf(text, at, ','), to);
      String name = new String(text, at, end - at, StandardCharsets.UTF_8);
      // "name=systemd" is a hierarchy without a controller.
      if (!name.isEmpty() && name.indexOf('=') < 0) {
        controllers.add(name);
      }
      at = end + 1;
    }
  }

  /** The path below a mount whose root is {@code root}, or null when it is elsewhere. */
  private static @Nullable String below(String root, String path) {
    if (!path.startsWith("/")) {
      return null;
    }
    if (root.equals("/")) {
      return path;
    }
    if (path.equals(root)) {
      return "/";
    }
    return path.startsWith(root + "/") ? path.substring(root.length()) : null;
  }

  private static int endOf(byte[] text, int from, char mark) {
    int at = from;
    while (at < text.length && text[at] != mark) {
      at++;
    }
    return at;
  }

  private static int endOfField(byte[] text, int from, int end) {
    int at = from;
    while (at < end && text[at] != ' ') {
      at++;
    }
    return at;
  }

  private static int field(byte[] text, int line, int end, int number) {
    int at = line;
    for (int i = 0; i < number; i++) {
      at = endOfField(text, at, end) + 1;
    }
    return Math.min(at, end);
  }

  /** Where the type begins: behind the field "-", which ends the optional ones. */
  private static int fileSystemType(byte[] text, int line, int end) {
    int at = field(text, line, end, 6);
    while (at < end) {
      int stop = endOfField(text, at, end);
      if (stop == at + 1 && text[at] == '-') {
        return stop + 1 < end ? stop + 1 : -1;
      }
      at = stop + 1;
    }
    return -1;
  }

  private static boolean is(byte[] text, int from, int to, String word) {
    if (to - from != word.length()) {
      return false;
    }
    for (int i = from; i < to; i++) {
      if (text[i] != word.charAt(i - from)) {
        return false;
      }
    }
    return true;
  }

  /** Blanks and backslashes stand there as three octal digits. */
  private static String unescape(byte[] text, int from, int to) {
    byte[] out = new byte[to - from];
    int length = 0;
    for (int i = from; i < to; i++) {
      if (text[i] == '\\' && i + 3 < to) {
        int code = octal(text[i + 1]) * 64 + octal(text[i + 2]) * 8 + octal(text[i + 3]);
        if (code > 0 && code < 256) {
          out[length++] = (byte) code;
          i += 3;
          continue;
        }
      }
      out[length++] = text[i];
    }
    return new String(out, 0, length, StandardCharsets.UTF_8);
  }

  private static int octal(byte digit) {
    return digit >= '0' && digit <= '7' ? digit - '0' : -512;
  }
}
