package dev.gatun.runtime.lifecycle;

/** Paths as text, without asking the file system. */
final class Paths {
  private Paths() {}

  /**
   * A path that does not depend on the working directory.
   *
   * @param cwd the working directory
   * @param path any path
   * @return the absolute path without empty parts and dots; {@code ..} stays, since what it means
   *     depends on symbolic links
   */
  static String absolute(String cwd, String path) {
    return clean(path.startsWith("/") ? path : cwd + "/" + path);
  }

  /**
   * A path below another.
   *
   * @param directory an absolute path
   * @param path a relative one
   * @return both together
   */
  static String join(String directory, String path) {
    return clean(directory + "/" + path);
  }

  private static String clean(String path) {
    StringBuilder out = new StringBuilder(path.length());
    int at = 0;
    while (at < path.length()) {
      int end = path.indexOf('/', at);
      if (end < 0) {
        end = path.length();
      }
      boolean dot = end == at + 1 && path.charAt(at) == '.';
      if (end > at && !dot) {
        out.append('/').append(path, at, end);
      }
      at = end + 1;
    }
    return out.isEmpty() ? "/" : out.toString();
  }
}
