package dev.gatun.oci;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rules that more than one section has. */
final class Rules {
  private static final long ID_END = 1L << 32;
  private static final long MAX_MAJOR = (1 << 12) - 1;
  private static final long MAX_MINOR = (1 << 20) - 1;

  private Rules() {}

  static boolean has(List<Namespace> namespaces, NamespaceType type) {
    for (Namespace namespace : namespaces) {
      if (namespace.type() == type) {
        return true;
      }
    }
    return false;
  }

  static void absolute(String fileName, String pointer, String name, String path) {
    if (path.isEmpty() || path.charAt(0) != '/') {
      throw new SpecException(
          fileName,
          0,
          0,
          pointer + name,
          "expected an absolute path, found " + JsonInput.quoted(path));
    }
  }

  /** The kernel takes no empty ranges and no ids past the last one, user_namespaces(7). */
  static void idMappings(String fileName, String pointer, String name, List<IdMapping> mappings) {
    for (int i = 0; i < mappings.size(); i++) {
      IdMapping mapping = mappings.get(i);
      if (mapping.size() == 0) {
        throw new SpecException(fileName, 0, 0, pointer + name + i + "/size", "the size is 0");
      }
      if (mapping.containerID() + mapping.size() > ID_END
          || mapping.hostID() + mapping.size() > ID_END) {
        throw new SpecException(
            fileName, 0, 0, pointer + name + i, "the range goes beyond 4294967295");
      }
    }
  }

  /**
   * Checks the numbers of a device that exists. Larger ones do not fit into dev_t, and would become
   * those of another device.
   */
  static void deviceNumber(
      String fileName, String pointer, @Nullable Long major, @Nullable Long minor) {
    if (major == null || major < 0 || major > MAX_MAJOR) {
      throw new SpecException(
          fileName, 0, 0, pointer, "expected a major number from 0 to " + MAX_MAJOR);
    }
    if (minor == null || minor < 0 || minor > MAX_MINOR) {
      throw new SpecException(
          fileName, 0, 0, pointer, "expected a minor number from 0 to " + MAX_MINOR);
    }
  }

  /**
   * Checks a list of CPUs or memory nodes such as {@code 0-3,7}, cpuset(7) <em>List format</em>.
   */
  static void numberList(String fileName, String pointer, String name, @Nullable String list) {
    if (list != null && !isNumberList(list)) {
      throw new SpecException(
          fileName,
          0,
          0,
          pointer + name,
          "expected a list such as 0-3,7, found " + JsonInput.quoted(list));
    }
  }

  private static boolean isNumberList(String list) {
    int at = 0;
    while (true) {
      at = skipSpaces(list, at);
      int end = skipDigits(list, at);
      if (end == at || end - at > 9) {
        return false;
      }
      int low = number(list, at, end);
      at = skipSpaces(list, end);
      if (at < list.length() && list.charAt(at) == '-') {
        at = skipSpaces(list, at + 1);
        end = skipDigits(list, at);
        if (end == at || end - at > 9 || number(list, at, end) < low) {
          return false;
        }
        at = skipSpaces(list, end);
      }
      if (at == list.length()) {
        return true;
      }
      if (list.charAt(at) != ',') {
        return false;
      }
      at++;
    }
  }

  private static int number(String text, int start, int end) {
    return Integer.parseInt(text, start, end, 10);
  }

  private static int skipSpaces(String text, int at) {
    while (at < text.length() && text.charAt(at) == ' ') {
      at++;
    }
    return at;
  }

  private static int skipDigits(String text, int at) {
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    return at;
  }

  /** Tells whether a version is of the form of Semantic Versioning 2.0.0 and has major number 1. */
  static boolean isVersion1(String version) {
    if (!version.startsWith("1.")) {
      return false;
    }
    int minor = numericEnd(version, 2);
    if (minor < 0 || minor == version.length() || version.charAt(minor) != '.') {
      return false;
    }
    int at = numericEnd(version, minor + 1);
    if (at < 0) {
      return false;
    }
    if (at < version.length() && version.charAt(at) == '-') {
      at = identifiersEnd(version, at + 1, true);
    }
    if (at >= 0 && at < version.length() && version.charAt(at) == '+') {
      at = identifiersEnd(version, at + 1, false);
    }
    return at == version.length();
  }

  /** Returns the end of a number without leading zeros, or -1. */
  private static int numericEnd(String text, int start) {
    int end = skipDigits(text, start);
    return end == start || (end - start > 1 && text.charAt(start) == '0') ? -1 : end;
  }

  /** Returns the end of identifiers that are separated by dots, or -1. */
  private static int identifiersEnd(String text, int start, boolean strictNumbers) {
    int at = start;
    while (true) {
      int end = at;
      boolean digits = true;
      while (end < text.length() && isIdentifierPart(text.charAt(end))) {
        digits &= text.charAt(end) >= '0' && text.charAt(end) <= '9';
        end++;
      }
      if (end == at || (strictNumbers && digits && end - at > 1 && text.charAt(at) == '0')) {
        return -1;
      }
      if (end == text.length() || text.charAt(end) != '.') {
        return end;
      }
      at = end + 1;
    }
  }

  private static boolean isIdentifierPart(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  }

  /** Writes a name as a part of a JSON pointer, RFC 6901. */
  static String pointerPart(String name) {
    return "/" + name.replace("~", "~0").replace("/", "~1");
  }
}
