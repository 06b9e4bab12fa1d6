package dev.gatun.runtime.rootfs;

import java.util.ArrayList;
import java.util.List;

/** Paths inside the container, handled as text; links in them are the kernel's business. */
public final class ContainerPath {
  private ContainerPath() {}

  /**
   * Makes a path absolute and takes out what means nothing: {@code .}, repeated slashes, and {@code
   * ..} with the name before it.
   *
   * @param path a path, or what is deprecated for one
   * @return the clean path
   */
  public static String clean(String path) {
    List<String> names = new ArrayList<>();
    int at = 0;
    while (at < path.length()) {
      int slash = path.indexOf('/', at);
      int end = slash < 0 ? path.length() : slash;
      String name = path.substring(at, end);
      if (name.equals("..")) {
        if (!names.isEmpty()) {
          names.removeLast();
        }
      } else if (!name.isEmpty() && !name.equals(".")) {
        names.add(name);
      }
      at = end + 1;
    }
    if (names.isEmpty()) {
      return "/";
    }
    StringBuilder clean = new StringBuilder(path.length() + 1);
    for (int i = 0; i < names.size(); i++) {
      clean.append('/').append(names.get(i));
    }
    return clean.toString();
  }

  /** The directory of a clean path that is not {@code /}. */
  static String parent(String clean) {
    int slash = clean.lastIndexOf('/');
    return slash == 0 ? "/" : clean.substring(0, slash);
  }

  /** The last name of a clean path that is not {@code /}. */
  static String name(String clean) {
    return clean.substring(clean.lastIndexOf('/') + 1);
  }

  /**
   * Whether a clean path is a directory or lies under it.
   *
   * @param clean the path
   * @param directory the clean path of the directory
   */
  public static boolean isIn(String clean, String directory) {
    return clean.startsWith(directory)
        && (clean.length() == directory.length() || clean.charAt(directory.length()) == '/');
  }

  /** A clean path as {@code openat2(2)} takes it below the root's descriptor. */
  static String relative(String clean) {
    return clean.length() == 1 ? "." : clean.substring(1);
  }
}
