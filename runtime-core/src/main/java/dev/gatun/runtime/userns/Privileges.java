package dev.gatun.runtime.userns;

/**
 * Who runs the runtime, as far as that decides what their containers can have.
 *
 * @param uid effective user id, in the caller's user namespace
 * @param gid effective group id
 * @param inUserNamespace whether the caller's user namespace is not the initial one
 * @param path the caller's PATH, where {@code newuidmap(1)} is looked for; empty when it has none
 */
public record Privileges(long uid, long gid, boolean inUserNamespace, String path) {
  /** Root of the initial user namespace. */
  public static final Privileges ROOT = new Privileges(0, 0, false, "");

  /** What {@code /proc/self/uid_map} of the initial user namespace says, without its blanks. */
  private static final String EVERYTHING = "004294967295";

  /**
   * Whether a map is not that of the initial user namespace.
   *
   * @param uidMap the contents of {@code /proc/self/uid_map}
   * @return false also when it is empty, as on a kernel without user namespaces
   */
  public static boolean isNested(String uidMap) {
    StringBuilder digits = new StringBuilder(EVERYTHING.length());
    for (int i = 0; i < uidMap.length(); i++) {
      char c = uidMap.charAt(i);
      if (c > ' ') {
        digits.append(c);
      }
    }
    return !digits.isEmpty() && !EVERYTHING.contentEquals(digits);
  }

  /** Whether the caller is root in its user namespace. */
  public boolean isRoot() {
    return uid == 0;
  }

  /** Whether the caller has less than root of the host has. */
  public boolean isLimited() {
    return uid != 0 || inUserNamespace;
  }
}
