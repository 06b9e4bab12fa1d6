package dev.gatun.runtime.hooks;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.JsonWriter;
import dev.gatun.oci.State;
import dev.gatun.runtime.process.MemoryFile;
import dev.gatun.runtime.state.ContainerState;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state of the container that a hook reads on its standard input, runtime-spec <em>State</em>.
 *
 * <p>It is a file in memory that cannot be changed any more: hooks that are run one after another
 * read the same file from its beginning. The pid is put into it when it is known. To a hook in the
 * runtime's namespaces it is init's pid as the runtime sees it, to one in the container's the pid
 * as the container sees it; a {@code poststop} hook is told none.
 */
public final class HookState {
  /** More digits than a pid has. */
  private static final int DIGITS = 24;

  private final byte[] before;
  private final byte[] after;

  private HookState(byte[] before, byte[] after) {
    this.before = before;
    this.after = after;
  }

  /**
   * The state of a container.
   *
   * @param ociVersion the version of its configuration
   * @param id its id
   * @param status what it is doing
   * @param bundle the bundle's absolute path
   * @param annotations of the configuration
   * @return the state, whose pid is still to come
   */
  public static HookState of(
      String ociVersion,
      String id,
      State.Status status,
      String bundle,
      Map<String, String> annotations) {
    byte[] first =
        JsonWriter.compact()
            .beginObject()
            .member("ociVersion", ociVersion)
            .member("id", id)
            .member("status", status.specName())
            .endObject()
            .toByteArray();
    JsonWriter rest = JsonWriter.compact().beginObject().member("bundle", bundle);
    if (!annotations.isEmpty()) {
      rest.name("annotations").beginObject();
      for (Map.Entry<String, String> annotation : annotations.entrySet()) {
        rest.member(annotation.getKey(), annotation.getValue());
      }
      rest.endObject();
    }
    byte[] last = rest.endObject().toByteArray();
    // Two objects become one, with a place between them.
    byte[] before = Arrays.copyOf(first, first.length - 1);
    last[0] = ',';
    return new HookState(before, last);
  }

  /**
   * The state of a container that is on disk or about to be.
   *
   * @param state what is known of it
   * @param status what it is doing
   * @return the state, whose pid is still to come
   */
  public static HookState of(ContainerState state, State.Status status) {
    return of(state.ociVersion(), state.id(), status, state.bundle(), state.annotations());
  }

  /**
   * Adds records that make the file.
   *
   * @param b the program
   * @param pid the container's pid, or null to leave it out
   * @param fd takes the descriptor
   */
  public void open(ProgramBuilder b, @Nullable Slot pid, Slot fd) {
    b.step("make the state that hooks read", "");
    MemoryFile.open(b, "state", fd);
    write(b, pid, fd);
    b.sys(
        Syscall.FCNTL,
        fd,
        imm(Constants.F_ADD_SEALS),
        imm(
            Constants.F_SEAL_SEAL
                | Constants.F_SEAL_SHRINK
                | Constants.F_SEAL_GROW
                | Constants.F_SEAL_WRITE));
  }

  private void write(ProgramBuilder b, @Nullable Slot pid, Slot fd) {
    if (pid == null) {
      Idioms.writeAll(b, fd, before);
    } else {
      byte[] name = ",\"pid\":".getBytes(StandardCharsets.US_ASCII);
      byte[] head = Arrays.copyOf(before, before.length + name.length);
      System.arraycopy(name, 0, head, before.length, name.length);
      Idioms.writeAll(b, fd, head);
      Data digits = b.buffer("pid digits", DIGITS);
      Addr end = digits.at(DIGITS);
      Slot first = Idioms.formatDecimal(b, pid, end);
      Slot length = b.slot("length");
      b.alu(Function.SUB, length, end, first);
      b.sys(Syscall.WRITE, fd, first, length);
    }
    Idioms.writeAll(b, fd, after);
  }

  /**
   * Adds records that let the next reader begin at the beginning.
   *
   * @param b the program
   * @param fd the file
   */
  static void rewind(ProgramBuilder b, Slot fd) {
    b.sys(Syscall.LSEEK, fd, imm(0), imm(Constants.SEEK_SET));
  }
}
