package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.cgroups.CgroupRoot;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Files of the caller's, read whole in one exchange. */
final class HostFiles {
  private static final int ROOM = 12 << 20;

  private HostFiles() {}

  /**
   * Reads files.
   *
   * @param kernel where
   * @param paths what; {@code -} is standard input
   * @return their contents, in the same order
   * @throws RuntimeException naming the file that cannot be read
   */
  static List<byte[]> read(Kernel kernel, List<String> paths) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Data files = b.output("files", ROOM);
    Slot total = b.slot("total");
    Slot[] ends = new Slot[paths.size()];
    b.replyUpTo(files, imm(0));
    b.set(total, imm(0));
    for (int i = 0; i < ends.length; i++) {
      String path = paths.get(i);
      ends[i] = b.slot("end");
      if (path.equals("-")) {
        b.step("read standard input", "");
        Slot input = b.fd("stdin", "standard input");
        b.set(input, imm(0));
        Idioms.append(b, input, files, total);
      } else {
        b.step("read \"" + path + "\"", "");
        Slot file = descriptors.fd("file", path);
        b.sys(
                Syscall.OPENAT,
                imm(Constants.AT_FDCWD),
                b.string(path),
                imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
                imm(0))
            .into(file);
        Idioms.append(b, file, files, total);
        descriptors.close(file);
      }
      b.set(ends[i], total);
    }
    b.replyUpTo(files, total);
    Kernel.Result result = kernel.run(b.build()).orThrow();
    byte[] all = result.bytes(files);
    List<byte[]> contents = new ArrayList<>(ends.length);
    int from = 0;
    for (Slot end : ends) {
      int to = (int) result.slot(end);
      contents.add(Arrays.copyOfRange(all, from, to));
      from = to;
    }
    return contents;
  }

  /** Where cgroup v2 is. */
  static CgroupRoot cgroups(List<byte[]> contents, int mountinfo) {
    return CgroupRoot.parse(contents.get(mountinfo), contents.get(mountinfo + 1));
  }
}
