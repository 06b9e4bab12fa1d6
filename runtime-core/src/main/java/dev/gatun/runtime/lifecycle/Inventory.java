package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.StateRoot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** {@code state}, {@code list} and {@code ps}: what there is, without changing anything. */
public final class Inventory {
  private static final int MAX_ENTRIES = 4 << 20;

  private Inventory() {}

  /**
   * Looks at one container, in one exchange.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @return what was found
   * @throws RuntimeException with one sentence as its message
   */
  public static Look.Found state(Kernel kernel, String root, String id) {
    return Look.at(kernel, root, ContainerId.check(id), Look.Purpose.READ);
  }

  /**
   * Looks at all containers, one exchange for each.
   *
   * @param kernel where
   * @param root the state root's path
   * @return what was found, in the order of their ids
   */
  public static List<Look.Found> list(Kernel kernel, String root) {
    List<Look.Found> all = new ArrayList<>();
    for (String id : names(kernel, root, Constants.DT_DIR)) {
      try {
        all.add(Look.at(kernel, root, id, Look.Purpose.READ));
      } catch (ContainerException e) {
        if (!e.isMissing()) {
          throw e;
        }
      }
    }
    return all;
  }

  /**
   * Lists a directory of the state root, or the state root itself.
   *
   * @param kernel where
   * @param root the directory's path
   * @param type the type of what is listed, {@code DT_*}
   * @return names without a dot first, sorted; none when there is no such directory
   */
  public static List<String> names(Kernel kernel, String root, int type) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Label missing = b.label("missing");
    Slot total = b.slot("total");
    Slot at = b.slot("at");
    Slot room = b.slot("room");
    Slot got = b.slot("got");
    Data entries = b.output("entries", MAX_ENTRIES);
    b.replyUpTo(entries, imm(0));
    b.set(total, imm(0));
    Slot directory = StateRoot.open(b, root, missing);
    descriptors.add(directory);
    b.step("list \"" + root + "\"", "");
    Label next = b.loop("next");
    b.alu(Function.SUB, room, imm(MAX_ENTRIES), total);
    b.alu(Function.ADD, at, entries.address(), total);
    b.sys(Syscall.GETDENTS64, directory, at, room).into(got);
    b.alu(Function.ADD, total, total, got);
    b.branch(Condition.NE, got, imm(0), next);
    b.replyUpTo(entries, total);
    b.bind(missing);
    descriptors.closeAll();
    byte[] bytes = kernel.run(b.build()).orThrow().bytes(entries);
    List<String> ids = new ArrayList<>();
    int position = 0;
    while (position + Structs.DIRENT64_D_NAME < bytes.length) {
      int length =
          (bytes[position + Structs.DIRENT64_D_RECLEN] & 0xff)
              | (bytes[position + Structs.DIRENT64_D_RECLEN + 1] & 0xff) << 8;
      if (length == 0) {
        break;
      }
      int name = position + Structs.DIRENT64_D_NAME;
      int end = name;
      while (bytes[end] != 0) {
        end++;
      }
      if (bytes[position + Structs.DIRENT64_D_TYPE] == type && bytes[name] != '.') {
        ids.add(new String(bytes, name, end - name, StandardCharsets.UTF_8));
      }
      position += length;
    }
    Collections.sort(ids);
    return ids;
  }

  /**
   * The processes of a container.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @return their pids as the caller sees them
   * @throws RuntimeException with one sentence as its message
   */
  public static int[] processes(Kernel kernel, String root, String id) {
    return Cgroups.pids(kernel, state(kernel, root, id));
  }
}
