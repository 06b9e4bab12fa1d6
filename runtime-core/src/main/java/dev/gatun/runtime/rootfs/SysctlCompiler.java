package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Compiles {@code linux.sysctl}: writes below {@code sys} of the private procfs, which nothing in
 * the container can stand in for (CVE-2025-52881). That each one belongs to a namespace of the
 * container is a rule of the configuration, which was validated.
 */
final class SysctlCompiler {
  private static final long BENEATH =
      Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_SYMLINKS | Constants.RESOLVE_NO_XDEV;

  private final ProgramBuilder b;

  SysctlCompiler(ProgramBuilder b) {
    this.b = b;
  }

  void compile(Map<String, String> sysctl, Slot procfs) {
    for (Map.Entry<String, String> entry : sysctl.entrySet()) {
      String key = entry.getKey();
      String place = "/linux/sysctl/" + key.replace("~", "~0").replace("/", "~1");
      String path = path(key);
      b.step("set sysctl " + key, place);
      Slot fd = b.fd("sysctl", "/proc/sys/" + path);
      Idioms.openat2(b, procfs, b.string("sys/" + path), Constants.O_WRONLY, 0, BENEATH, fd);
      // A sysctl takes its value in one write.
      byte[] value = entry.getValue().getBytes(StandardCharsets.UTF_8);
      b.sys(
          Syscall.WRITE,
          fd,
          b.constant("value", Math.max(value.length, 1)).put(0, value).address(),
          imm(value.length));
      Idioms.close(b, fd);
    }
  }

  /**
   * Dots separate, and a slash stands for a dot in a name, unless the first of both is a slash:
   * then it is a path already ({@code sysctl(8)}).
   */
  static String path(String key) {
    int dot = key.indexOf('.');
    int slash = key.indexOf('/');
    if (dot < 0 || (slash >= 0 && slash < dot)) {
      return key;
    }
    char[] path = key.toCharArray();
    for (int i = 0; i < path.length; i++) {
      if (path[i] == '.') {
        path[i] = '/';
      } else if (path[i] == '/') {
        path[i] = '.';
      }
    }
    return new String(path);
  }
}
