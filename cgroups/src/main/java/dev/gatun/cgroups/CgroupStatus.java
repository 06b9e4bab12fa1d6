package dev.gatun.cgroups;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;

/**
 * What {@code cgroup.events} says of a cgroup.
 *
 * @param populated whether a living process is in it or below it
 * @param frozen whether all of them are frozen, by itself or by a cgroup above: what the runtime
 *     calls paused
 */
public record CgroupStatus(boolean populated, boolean frozen) {
  private static final int SIZE = 64;

  /**
   * Adds records that read the file.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   * @return an output, for {@link #parse}
   */
  public static Data read(ProgramBuilder b, Slot cgroup) {
    b.step("read the state of the cgroup", "");
    Slot fd = b.fd("events", "cgroup.events");
    b.sys(
            Syscall.OPENAT,
            cgroup,
            b.string("cgroup.events"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(fd);
    Data text = b.output("cgroup.events", SIZE);
    b.sys(Syscall.READ, fd, text.address(), imm(SIZE));
    Idioms.close(b, fd);
    return text;
  }

  /**
   * Reads the file's contents.
   *
   * @param text the contents, which may be followed by NUL bytes; empty when the cgroup is gone
   * @return what they say
   */
  public static CgroupStatus parse(byte[] text) {
    String lines = new String(text, StandardCharsets.UTF_8);
    return new CgroupStatus(lines.contains("populated 1\n"), lines.contains("frozen 1\n"));
  }
}
