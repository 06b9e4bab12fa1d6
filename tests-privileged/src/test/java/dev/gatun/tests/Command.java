package dev.gatun.tests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A process that a test started. Its output goes to files, so that a container which inherits them
 * and stays never holds up the test that waits for the command alone.
 */
final class Command {
  /** No command of this suite takes a tenth of this; only a hang reaches it. */
  static final Duration LIMIT = Duration.ofSeconds(60);

  private final List<String> words;
  private final Process process;
  private final Path out;
  private final Path err;

  private Command(List<String> words, Process process, Path out, Path err) {
    this.words = words;
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /**
   * Starts a command with {@code /dev/null} as its standard input.
   *
   * @param prefix path without its suffix of the two files that take the output
   */
  static Command start(Path directory, Path prefix, Map<String, String> env, List<String> words) {
    Path out = prefix.resolveSibling(prefix.getFileName() + ".out");
    Path err = prefix.resolveSibling(prefix.getFileName() + ".err");
    ProcessBuilder builder =
        new ProcessBuilder(words)
            .directory(directory.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().putAll(env);
    try {
      return new Command(words, builder.start(), out, err);
    } catch (IOException e) {
      throw new AssertionError("cannot start " + words, e);
    }
  }

  /** Waits for the end; a command that outlives the limit is killed and fails the test. */
  Command await() {
    return await(LIMIT);
  }

  Command await(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        kill();
        throw new AssertionError("still running after " + limit + this);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted" + this, e);
    }
    return this;
  }

  /** Kills the process and whatever it has started directly. */
  void kill() {
    List<ProcessHandle> all = process.descendants().toList();
    process.destroyForcibly();
    all.forEach(ProcessHandle::destroyForcibly);
    try {
      process.waitFor(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** SIGKILL to the process alone. */
  void killOnlyThis() {
    process.destroyForcibly();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  long pid() {
    return process.pid();
  }

  int exit() {
    return process.exitValue();
  }

  /** What it (or the container that inherited the file) has written to standard output. */
  String out() {
    return read(out).stripTrailing();
  }

  /** The same to the last byte. */
  String rawOut() {
    return read(out);
  }

  String err() {
    return read(err).stripTrailing();
  }

  String lastErrorLine() {
    String text = err();
    return text.substring(text.lastIndexOf('\n') + 1);
  }

  /** Waits for text on standard output, also of a container that outlives the command. */
  Command awaitOutput(String text) {
    Wait.until(
        () -> "output with " + text + this,
        () -> out().contains(text) || (!isAlive() && exit() != 0));
    if (!out().contains(text)) {
      throw new AssertionError("ended without writing " + text + this);
    }
    return this;
  }

  Command expectExit(int status) {
    if (exit() != status) {
      throw new AssertionError("exit status " + exit() + " instead of " + status + this);
    }
    return this;
  }

  Command expectSuccess() {
    return expectExit(0);
  }

  /** Exit status 1 and a last line of standard error that contains each text. */
  Command expectFailure(String... texts) {
    expectExit(1);
    for (String text : texts) {
      if (!lastErrorLine().contains(text)) {
        throw new AssertionError("last line of standard error lacks '" + text + "'" + this);
      }
    }
    return this;
  }

  /** Everything that a reader of a failure wants to know, beginning with a line break. */
  @Override
  public String toString() {
    return "\n  command: "
        + String.join(" ", words)
        + "\n  exit: "
        + (isAlive() ? "running" : exit())
        + "\n  stdout: "
        + out()
        + "\n  stderr: "
        + err();
  }

  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError("cannot read " + file, e);
    }
  }
}
