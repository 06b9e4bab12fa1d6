package dev.gatun.cgroups;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Control files of a cgroup, read in one program. A file that is not there has no text. */
public final class ControlFiles {
  private final String[] names;
  private final Data texts;
  private final Slot[] ends;

  private ControlFiles(String[] names, Data texts, Slot[] ends) {
    this.names = names;
    this.texts = texts;
    this.ends = ends;
  }

  /**
   * Adds records that read files. What is read is the program's last output. A file that cannot be
   * read counts as missing: which files there are, and which of them answer, depends on the
   * controllers and on the kernel.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor; when it holds a negative number, no file
   *     has a text
   * @param room how many bytes they may have together; what is beyond is cut off
   * @param names the files' names
   * @return where they are
   */
  public static ControlFiles read(ProgramBuilder b, Slot cgroup, int room, String... names) {
    b.step("read the cgroup's files", "");
    Data texts = b.output("control files", room);
    Slot at = b.slot("at");
    Slot left = b.slot("left");
    Slot got = b.slot("got");
    Slot file = b.fd("control file", null);
    Slot[] ends = new Slot[names.length];
    b.set(at, texts.address());
    for (int i = 0; i < names.length; i++) {
      ends[i] = b.slot(names[i]);
      Label missing = b.label("no " + names[i]);
      Label unread = b.label("unread");
      b.sys(
              Syscall.OPENAT,
              cgroup,
              b.string(names[i]),
              imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
              imm(0))
          .into(file)
          .tolerateAny(missing);
      b.alu(Op.Function.SUB, left, texts.at(room), at);
      b.sys(Syscall.READ, file, at, left).into(got).tolerateAny(unread);
      b.alu(Op.Function.ADD, at, at, got);
      b.bind(unread);
      Idioms.close(b, file);
      b.bind(missing);
      b.alu(Op.Function.SUB, ends[i], at, texts.address());
    }
    b.alu(Op.Function.SUB, left, at, texts.address());
    b.replyUpTo(texts, left);
    return new ControlFiles(names.clone(), texts, ends);
  }

  /**
   * What a file held.
   *
   * @param result of the program
   * @param name the file's name, one of those that were read
   * @return its text, or null when it is not there or empty
   */
  public @Nullable String text(Kernel.Result result, String name) {
    long from = 0;
    for (int i = 0; i < names.length; i++) {
      long end = result.slot(ends[i]);
      if (names[i].equals(name)) {
        byte[] all = result.bytes(texts, end);
        return end <= from || all.length < end
            ? null
            : new String(all, (int) from, (int) (end - from), StandardCharsets.UTF_8);
      }
      from = end;
    }
    throw new IllegalArgumentException(name + " was not read");
  }
}
