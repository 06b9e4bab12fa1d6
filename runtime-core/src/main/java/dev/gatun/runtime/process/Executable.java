package dev.gatun.runtime.process;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import org.jspecify.annotations.Nullable;

/**
 * Finds what {@code args[0]} names, as callers know it from Go's {@code exec.LookPath}: a name with
 * a slash is a path, any other is looked for in the directories of the container's own PATH. What
 * is found is an executable that the process may execute with the credentials it has by then, and
 * no directory.
 *
 * <p>Texts that callers match come out as step names and errno texts:
 *
 * <ul>
 *   <li>{@code exec: "NAME": executable file not found in $PATH} — the whole is the step's name,
 *       and the errno is ENOENT: see {@link #NOT_FOUND};
 *   <li>{@code exec: "/NAME"} with the errno of what failed: ENOENT, EACCES, EISDIR, ENOTDIR;
 *   <li>{@code exec: "NAME": cannot run executable found relative to current directory}, ENOENT:
 *       found through a PATH entry that is empty or relative.
 * </ul>
 */
final class Executable {
  /** How the name of the step that fails for want of an executable ends. */
  static final String NOT_FOUND = ": executable file not found in $PATH";

  private Executable() {}

  /**
   * Adds the records.
   *
   * @param b the program
   * @param name {@code args[0]}
   * @param path the process's PATH, null when it has none
   * @param place the JSON pointer of the name
   * @return the path to execute
   */
  static Arg resolve(ProgramBuilder b, String name, @Nullable String path, String place) {
    String step = step(name);
    b.step(step, place);
    if (name.indexOf('/') >= 0) {
      return explicit(b, name);
    }
    Slot found = b.slot("executable");
    Slot why = b.slot("why");
    Label done = b.label("executable found");
    Instruction last = null;
    Label relative = b.label("relative");
    boolean anyRelative = false;
    int from = 0;
    while (path != null && !path.isEmpty() && from <= path.length()) {
      int colon = path.indexOf(':', from);
      int to = colon < 0 ? path.length() : colon;
      String directory = path.substring(from, to);
      from = to + 1;
      boolean absolute = directory.startsWith("/");
      anyRelative |= !absolute;
      last = candidate(b, directory, name, why, found, absolute ? done : relative);
    }
    if (last != null) {
      Label known = b.label("faccessat2 is known");
      b.branch(Condition.NE, why, imm(-Errno.ENOSYS), known);
      b.fail(last, why);
      b.bind(known);
    }
    b.step(step + NOT_FOUND, place);
    b.fail(Errno.ENOENT);
    if (anyRelative) {
      b.bind(relative);
      b.step(step + ": cannot run executable found relative to current directory", place);
      b.fail(Errno.ENOENT);
    }
    b.bind(done);
    return found;
  }

  /**
   * The name of the step that looks for an executable or executes it.
   *
   * @param name {@code args[0]}
   * @return the step's name
   */
  static String step(String name) {
    return "exec: \"" + name + "\"";
  }

  private static Addr explicit(ProgramBuilder b, String name) {
    Addr path = b.string(name);
    Label file = b.label("is no directory");
    directory(b, name, file);
    b.fail(Errno.EISDIR);
    b.bind(file);
    access(b, path);
    return path;
  }

  private static Instruction candidate(
      ProgramBuilder b, String directory, String name, Slot why, Slot found, Label goTo) {
    String candidate =
        directory.isEmpty() || directory.endsWith("/") ? directory + name : directory + "/" + name;
    Addr path = b.string(candidate);
    Label next = b.label("next in PATH");
    Label file = b.label("is a file");
    Instruction call = access(b, path).into(why).tolerateAny(next);
    directory(b, candidate, file);
    b.bind(next);
    b.outOfLine(() -> {
      b.bind(file);
      b.set(found, path);
      b.jump(goTo);
    });
    return call;
  }

  private static Instruction access(ProgramBuilder b, Addr path) {
    return b.sys(
        Syscall.FACCESSAT2,
        imm(Constants.AT_FDCWD),
        path,
        imm(Constants.X_OK),
        imm(Constants.AT_EACCESS));
  }

  /** Only a directory, or a link to one, can have a slash behind it. */
  private static void directory(ProgramBuilder b, String path, Label file) {
    b.sys(
            Syscall.FACCESSAT2,
            imm(Constants.AT_FDCWD),
            b.string(path + "/"),
            imm(Constants.F_OK),
            imm(0))
        .tolerateAny(file);
  }
}
