package dev.gatun.cli;

import dev.gatun.runtime.lifecycle.CgroupDriver;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The options that say who makes cgroups. */
final class CgroupOptions {
  private CgroupOptions() {}

  /**
   * What they say.
   *
   * @param global the options before the command
   * @param environment the caller's, {@code NAME=value} each
   * @return who makes cgroups
   */
  static CgroupDriver driver(Options global, List<String> environment) {
    String name = global.get("cgroup-manager", "cgroupfs");
    CgroupDriver.Kind kind =
        switch (name) {
          case "cgroupfs" -> CgroupDriver.Kind.CGROUPFS;
          case "systemd" -> CgroupDriver.Kind.SYSTEMD;
          case "disabled" -> CgroupDriver.Kind.DISABLED;
          default ->
              throw new UsageException(
                  "invalid value \""
                      + name
                      + "\" for --cgroup-manager: it must be cgroupfs, systemd or disabled");
        };
    if (global.has("systemd-cgroup")) {
      kind = CgroupDriver.Kind.SYSTEMD;
    }
    return switch (kind) {
      case CGROUPFS -> CgroupDriver.CGROUPFS;
      case SYSTEMD -> new CgroupDriver(kind, userBus(environment));
      case DISABLED -> new CgroupDriver(kind, null);
    };
  }

  /** Where the caller's own bus is, as D-Bus clients find it. */
  private static @Nullable String userBus(List<String> environment) {
    String address = variable(environment, "DBUS_SESSION_BUS_ADDRESS=");
    if (address != null) {
      int path = address.indexOf("unix:path=");
      if (path >= 0) {
        int from = path + "unix:path=".length();
        int end = from;
        while (end < address.length() && address.charAt(end) != ',' && address.charAt(end) != ';') {
          end++;
        }
        return address.substring(from, end);
      }
    }
    String directory = variable(environment, "XDG_RUNTIME_DIR=");
    return directory == null ? null : directory + "/bus";
  }

  private static @Nullable String variable(List<String> environment, String prefix) {
    for (String variable : environment) {
      if (variable.startsWith(prefix) && variable.length() > prefix.length()) {
        return variable.substring(prefix.length());
      }
    }
    return null;
  }
}
