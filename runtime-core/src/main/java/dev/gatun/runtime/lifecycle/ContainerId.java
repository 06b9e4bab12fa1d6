package dev.gatun.runtime.lifecycle;

import dev.gatun.runtime.ContainerException;

/** The rule for container ids, runc's: they become names of directories. */
public final class ContainerId {
  private static final int NAME_MAX = 255;

  private ContainerId() {}

  /**
   * Checks an id.
   *
   * @param id the id
   * @return the id
   * @throws ContainerException unless it has only letters, digits and {@code _+-.}, and is neither
   *     empty, too long, nor begins with a dot
   */
  public static String check(String id) {
    return check(id, "container");
  }

  /** As above, of something else that has ids of the same kind. */
  static String check(String id, String what) {
    boolean good = !id.isEmpty() && id.length() <= NAME_MAX && id.charAt(0) != '.';
    for (int i = 0; good && i < id.length(); i++) {
      char c = id.charAt(i);
      good =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '_'
              || c == '+'
              || c == '-'
              || c == '.';
    }
    if (!good) {
      throw new ContainerException(
          "invalid "
              + what
              + " id \""
              + id
              + "\": it must have 1 to 255 of the characters A-Z a-z 0-9 _ + - . and no dot first");
    }
    return id;
  }
}
