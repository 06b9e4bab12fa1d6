package dev.gatun.netns.cni;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.DirectoryScan;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** The files that networks are configured in, where the kernel runs programs. */
final class ConfigurationFiles {
  /** All names of a directory. */
  private static final int NAMES = 256 << 10;

  /** All files that are read together. */
  private static final int ROOM = 4 << 20;

  private ConfigurationFiles() {}

  /**
   * A file's contents.
   *
   * @param path where it is
   */
  @SuppressWarnings("ArrayRecordComponent") // carried to its parser, never compared
  record Text(String path, byte[] bytes) {}

  /**
   * Reads files of a directory.
   *
   * @param kernel where
   * @param directory the directory; one that does not exist is empty
   * @param endings what a name has to end with, one of them
   * @return the files, ordered by their names
   * @throws dev.gatun.linux.SyscallException when one of them cannot be read
   */
  static List<Text> read(Kernel kernel, String directory, String... endings) {
    List<String> names = new ArrayList<>();
    for (String name : names(kernel, directory)) {
      for (String ending : endings) {
        if (name.endsWith(ending)) {
          names.add(name);
          break;
        }
      }
    }
    Collections.sort(names);
    return names.isEmpty() ? List.of() : texts(kernel, directory, names);
  }

  /** All names in a directory but those of directories. */
  private static List<String> names(Kernel kernel, String path) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    b.step("read the directory \"" + path + "\"", "");
    Descriptors descriptors = new Descriptors(b);
    Slot directory = descriptors.fd("directory", path);
    Slot length = b.slot("names' length");
    Slot at = b.slot("at");
    Slot letter = b.slot("letter");
    Slot from = b.slot("from");
    Label done = b.label("all names");
    Data names = b.output("names", NAMES);
    b.replyUpTo(names, imm(0));
    b.set(length, imm(0));
    Label failed = b.label("not opened");
    Instruction open =
        b.sys(
                Syscall.OPENAT,
                imm(Constants.AT_FDCWD),
                b.string(path),
                imm(Constants.O_RDONLY | b.arch().O_DIRECTORY() | Constants.O_CLOEXEC),
                imm(0))
            .into(directory)
            .tolerateAny(failed);
    b.outOfLine(() -> {
      b.bind(failed);
      b.branch(Condition.EQ, directory, imm(-Errno.ENOENT), done);
      b.fail(open, directory);
    });
    DirectoryScan scan = new DirectoryScan(b, directory);
    Label next = b.loop("next name");
    scan.next(done);
    b.branch(Condition.EQ, scan.type(), imm(Constants.DT_DIR), next);
    b.set(from, scan.name());
    b.alu(Function.ADD, at, names.address(), length);
    Label copy = b.loop("copy");
    Label room = b.label("room");
    b.branch(Condition.LTU, length, imm(NAMES), room);
    b.fail(Errno.E2BIG);
    b.bind(room);
    b.load(1, letter, from, imm(0));
    b.store(1, at, imm(0), letter);
    b.alu(Function.ADD, from, from, imm(1));
    b.alu(Function.ADD, at, at, imm(1));
    b.alu(Function.ADD, length, length, imm(1));
    b.branch(Condition.NE, letter, imm(0), copy);
    b.jump(next);
    b.bind(done);
    descriptors.closeAll();
    b.replyUpTo(names, length);
    byte[] all = kernel.run(b.build()).orThrow().bytes(names);
    List<String> list = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < all.length; i++) {
      if (all[i] == 0) {
        list.add(new String(all, start, i - start, StandardCharsets.UTF_8));
        start = i + 1;
      }
    }
    return list;
  }

  /** The contents of files; one that has gone meanwhile is left out. */
  private static List<Text> texts(Kernel kernel, String directory, List<String> names) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Data files = b.output("files", ROOM);
    Slot total = b.slot("total");
    Slot[] ends = new Slot[names.size()];
    b.replyUpTo(files, imm(0));
    b.set(total, imm(0));
    for (int i = 0; i < ends.length; i++) {
      String path = path(directory, names.get(i));
      b.step("read \"" + path + "\"", "");
      ends[i] = b.slot("end");
      b.set(ends[i], imm(-1));
      Slot file = descriptors.fd("file", path);
      Label next = b.label("next file");
      // A name may be a FIFO's; an open that waits for its writer would wait for ever.
      b.sys(
              Syscall.OPENAT,
              imm(Constants.AT_FDCWD),
              b.string(path),
              imm(Constants.O_RDONLY | Constants.O_NONBLOCK | Constants.O_CLOEXEC),
              imm(0))
          .into(file)
          .tolerate(Errno.ENOENT, next);
      Idioms.append(b, file, files, total);
      descriptors.close(file);
      b.set(ends[i], total);
      b.bind(next);
    }
    b.replyUpTo(files, total);
    Kernel.Result result = kernel.run(b.build()).orThrow();
    if (result.slot(total) == ROOM) {
      throw new SyscallException("read the files of \"" + directory + "\"", "", Errno.EFBIG, "");
    }
    byte[] all = result.bytes(files);
    List<Text> texts = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < ends.length; i++) {
      int end = (int) result.slot(ends[i]);
      if (end >= 0) {
        texts.add(new Text(path(directory, names.get(i)), Arrays.copyOfRange(all, from, end)));
        from = end;
      }
    }
    return texts;
  }

  private static String path(String directory, String name) {
    return directory.endsWith("/") ? directory + name : directory + "/" + name;
  }
}
