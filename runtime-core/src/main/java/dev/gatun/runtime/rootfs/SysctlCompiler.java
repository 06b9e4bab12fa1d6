package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Sysctl;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Compiles {@code linux.sysctl}: writes below {@code sys} of the private procfs, which nothing in
 * the container can stand in for (CVE-2025-52881). That each one belongs to a namespace of the
 * container is a rule of the configuration, which was validated.
 */
public final class SysctlCompiler {
  private static final long BENEATH =
      Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_SYMLINKS | Constants.RESOLVE_NO_XDEV;

  private final ProgramBuilder b;

  /**
   * Begins.
   *
   * @param b the program
   */
  public SysctlCompiler(ProgramBuilder b) {
    this.b = b;
  }

  /**
   * Adds the records.
   *
   * @param sysctl values by name, checked
   * @param place the JSON pointer that asks for them, or empty when it was no {@code config.json}
   * @param procfs a procfs that nobody else can reach
   */
  public void compile(Map<String, String> sysctl, String place, Slot procfs) {
    for (Map.Entry<String, String> entry : sysctl.entrySet()) {
      String key = entry.getKey();
      String path = Sysctl.path(key);
      if (path == null) {
        throw new IllegalArgumentException("sysctl " + key);
      }
      b.step(
          "set sysctl " + key,
          place.isEmpty() ? "" : place + "/" + key.replace("~", "~0").replace("/", "~1"));
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
}
