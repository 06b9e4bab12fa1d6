package dev.gatun.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** A C program of {@code benchmarks/src/main/c}, which takes one turn per line. */
final class CProgram implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;
  private final OutputStream requests;

  /** Starts the program without pods on a bridge. */
  CProgram() throws IOException {
    this("namespaces");
  }

  /**
   * Starts what {@code benchmarks/namespaces} compiled.
   *
   * @param name the program's: {@code namespaces}, or {@code bridge} for pods on a bridge as well
   */
  CProgram(String name) throws IOException {
    String directory = System.getProperty("gatun.benchmarks.c", "");
    if (directory.isEmpty()) {
      throw new IllegalStateException(
          "no C program to compare with: benchmarks/namespaces compiles it");
    }
    process =
        new ProcessBuilder(directory + "/" + name)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    answers =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    requests = process.getOutputStream();
  }

  /**
   * One turn.
   *
   * @param request a line that it understands
   * @return what it took by its own clock
   */
  Turns.Times take(String request) throws IOException {
    requests.write((request + "\n").getBytes(StandardCharsets.US_ASCII));
    requests.flush();
    String answer = answers.readLine();
    if (answer == null) {
      throw new IOException("the C program ended at \"" + request + "\"");
    }
    int blank = answer.indexOf(' ');
    if (blank < 0) {
      throw new IOException("the C program says \"" + answer + "\" to \"" + request + "\"");
    }
    return new Turns.Times(
        Long.parseLong(answer.substring(0, blank)), Long.parseLong(answer.substring(blank + 1)));
  }

  @Override
  public void close() throws IOException {
    requests.close();
    answers.close();
    process.onExit().join();
  }
}
