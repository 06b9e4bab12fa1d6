package dev.gatun.oci;

import org.jspecify.annotations.Nullable;

/** Names of kernel parameters, {@code sysctl(8)}, and the namespaces that they belong to. */
public final class Sysctl {
  private Sysctl() {}

  /**
   * The path of a parameter below {@code /proc/sys}. A name is written with dots or with slashes:
   * whichever comes first is the separator, and stands for the other one within a part.
   *
   * @param name the parameter's name
   * @return its path, or null when it is none: a part is empty, {@code .} or {@code ..}
   */
  public static @Nullable String path(String name) {
    String path = name;
    int dot = name.indexOf('.');
    int slash = name.indexOf('/');
    if (dot >= 0 && (slash < 0 || dot < slash)) {
      path = name.replace('.', '\n').replace('/', '.').replace('\n', '/');
    }
    return hasBadPart(path) ? null : path;
  }

  private static boolean hasBadPart(String path) {
    int start = 0;
    while (true) {
      int end = path.indexOf('/', start);
      String part = end < 0 ? path.substring(start) : path.substring(start, end);
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        return true;
      }
      if (end < 0) {
        return false;
      }
      start = end + 1;
    }
  }

  /**
   * The kind of namespace that has a parameter of its own.
   *
   * @param path the parameter's path below {@code /proc/sys}
   * @return the kind, or null when there is but one, the host's
   */
  public static @Nullable NamespaceType namespaceOf(String path) {
    if (path.startsWith("net/")) {
      return NamespaceType.NETWORK;
    }
    if (path.startsWith("fs/mqueue/")) {
      return NamespaceType.IPC;
    }
    return switch (path) {
      case "kernel/msgmax",
          "kernel/msgmnb",
          "kernel/msgmni",
          "kernel/sem",
          "kernel/shmall",
          "kernel/shmmax",
          "kernel/shmmni",
          "kernel/shm_rmid_forced" ->
          NamespaceType.IPC;
      case "kernel/domainname", "kernel/hostname" -> NamespaceType.UTS;
      default -> null;
    };
  }
}
