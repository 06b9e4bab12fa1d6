package dev.gatun.cli;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a command says besides its result, for the log file. With {@code --debug} it says what it
 * does, and says it on standard error when there is no log file.
 *
 * <p>podman reads the whole log as one JSON object when a command has failed: then an error is all
 * that is in it, unless {@code --debug} was asked for.
 */
final class Notes {
  private final @Nullable String log;
  private final boolean json;
  private final boolean debug;
  private final List<byte[]> lines = new ArrayList<>();

  Notes(@Nullable String log, boolean json, boolean debug) {
    this.log = log;
    this.json = json;
    this.debug = debug;
  }

  /** Whether {@link #debug} keeps anything. */
  boolean debugs() {
    return debug;
  }

  /** Something that the configuration asks for does not apply. */
  void warn(String message) {
    if (debug || log != null) {
      add("warning", message);
    }
  }

  /** Something was done. */
  void debug(String message) {
    if (debug) {
      add("debug", message);
    }
  }

  /** The command failed. */
  void error(String message) {
    if (!debug) {
      lines.clear();
    }
    if (log != null) {
      add("error", message);
    }
  }

  private void add(String level, String message) {
    lines.add(LogLine.of(level, message, System.currentTimeMillis(), json));
  }

  /** Writes what there is so far, for a command that will not come back. */
  void flush(Kernel kernel) {
    if (!lines.isEmpty()) {
      ProgramBuilder b = new ProgramBuilder(kernel.arch());
      write(b);
      kernel.run(b.build());
    }
  }

  /** Adds records that write all of it. A log that cannot be written is no reason to fail. */
  void write(ProgramBuilder b) {
    if (lines.isEmpty()) {
      return;
    }
    String path = log;
    Label failed = b.label("log failed");
    Label done = b.label("logged");
    Slot file = b.fd("log", path);
    if (path == null) {
      b.set(file, imm(2));
    } else {
      b.sys(
              Syscall.OPENAT,
              imm(Constants.AT_FDCWD),
              b.string(path),
              imm(
                  Constants.O_WRONLY
                      | Constants.O_CREAT
                      | Constants.O_APPEND
                      | Constants.O_CLOEXEC),
              imm(0644))
          .into(file)
          .tolerateAny(failed);
    }
    for (byte[] line : lines) {
      // A line is one write, so that lines of several commands are not mixed.
      write(b, file, line).tolerateAny(failed);
    }
    if (path != null) {
      Idioms.close(b, file);
    }
    b.jump(done);
    b.bind(failed);
    String sorry = "gatun: cannot write log \"" + path + "\"\n";
    write(b, imm(2), sorry.getBytes(StandardCharsets.UTF_8)).tolerateAny();
    b.bind(done);
    lines.clear();
  }

  private static Instruction write(ProgramBuilder b, Arg file, byte[] line) {
    Addr text = b.constant("line", line.length).put(0, line).address();
    return b.sys(Syscall.WRITE, file, text, imm(line.length));
  }
}
