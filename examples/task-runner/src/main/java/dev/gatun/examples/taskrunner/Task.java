package dev.gatun.examples.taskrunner;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/**
 * A command of a build.
 *
 * @param name what it is called; its container has this id
 * @param command the program and its arguments
 * @param sources a directory that it sees at {@code /src} and cannot change
 * @param output a directory that it may write to, at {@code /out}
 * @param limit how long it may take
 * @param memory how many bytes it may use, if it is limited
 */
public record Task(
    String name,
    List<String> command,
    Path sources,
    Path output,
    Duration limit,
    OptionalLong memory) {
  /** Copies the command. */
  public Task {
    command = List.copyOf(command);
  }
}
