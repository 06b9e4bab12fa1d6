package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Linux;
import dev.gatun.oci.NamespaceType;
import dev.gatun.runtime.ConfigException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Compiles {@code linux.sysctl}: writes below {@code sys} of the private procfs, which nothing in
 * the container can stand in for (CVE-2025-52881). Only parameters of the container's own
 * namespaces are accepted.
 */
final class SysctlCompiler {
  private static final long BENEATH =
      Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_SYMLINKS | Constants.RESOLVE_NO_XDEV;

  private final ProgramBuilder b;
  private final Linux linux;

  SysctlCompiler(ProgramBuilder b, Linux linux) {
    this.b = b;
    this.linux = linux;
  }

  void compile(Slot procfs) {
    for (Map.Entry<String, String> entry : linux.sysctl().entrySet()) {
      String key = entry.getKey();
      String place = "/linux/sysctl/" + key.replace("~", "~0").replace("/", "~1");
      String path = path(key);
      if (ContainerPath.clean(path).length() != path.length() + 1) {
        throw new ConfigException(place, "sysctl \"" + key + "\" is no name of a parameter");
      }
      checkNamespace(key, path.replace('/', '.'), place);
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
    if (dot < 0 || slash >= 0 && slash < dot) {
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

  private void checkNamespace(String key, String dotted, String place) {
    NamespaceType type;
    if (dotted.startsWith("net.")) {
      type = NamespaceType.NETWORK;
    } else if (dotted.startsWith("fs.mqueue.")) {
      type = NamespaceType.IPC;
    } else {
      type =
          switch (dotted) {
            case "kernel.msgmax",
                "kernel.msgmnb",
                "kernel.msgmni",
                "kernel.sem",
                "kernel.shmall",
                "kernel.shmmax",
                "kernel.shmmni",
                "kernel.shm_rmid_forced" ->
                NamespaceType.IPC;
            case "kernel.domainname" -> NamespaceType.UTS;
            case "kernel.hostname" ->
                throw new ConfigException(place, "sysctl " + key + " is what hostname is for");
            default ->
                throw new ConfigException(
                    place, "sysctl " + key + " is not in a namespace, it would change the host");
          };
    }
    if (linux.namespace(type) == null) {
      throw new ConfigException(
          place,
          "sysctl "
              + key
              + " needs a "
              + type.specName()
              + " namespace of the container's own, it would change the host");
    }
  }
}
