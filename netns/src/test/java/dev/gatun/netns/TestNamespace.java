package dev.gatun.netns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A network namespace of a test, which a process holds until it is closed. */
public final class TestNamespace implements AutoCloseable {
  private final Process holder;

  private TestNamespace(Process holder) {
    this.holder = holder;
  }

  /** A new one, with a loopback that is down. */
  public static TestNamespace create() throws IOException {
    assumeTrue(
        Files.isWritable(Path.of("/proc/sys/kernel/ns_last_pid")),
        "only root makes network namespaces");
    Process holder =
        new ProcessBuilder("unshare", "--net", "sh", "-c", "echo made; exec sleep 300").start();
    BufferedReader output = holder.inputReader(StandardCharsets.UTF_8);
    if (!"made".equals(output.readLine())) {
      holder.destroyForcibly();
      String error = new String(holder.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
      throw new IOException("unshare: " + error);
    }
    return new TestNamespace(holder);
  }

  public int pid() {
    return (int) holder.pid();
  }

  public NetworkNamespace namespace() {
    return NetworkNamespace.of("/proc/" + pid() + "/ns/net", pid());
  }

  /** Runs a command in it, which must succeed, and returns what it prints. */
  public String run(String... command) throws IOException, InterruptedException {
    List<String> words =
        new ArrayList<>(List.of("nsenter", "-t", Integer.toString(pid()), "--net", "--"));
    words.addAll(List.of(command));
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertEquals(0, process.waitFor(), () -> String.join(" ", command) + ": " + output);
    return output;
  }

  /** Runs a script in it, which must succeed. */
  public String script(String script) throws IOException, InterruptedException {
    return run("sh", "-ec", script);
  }

  @Override
  public void close() {
    holder.destroyForcibly();
    boolean interrupted = false;
    while (holder.isAlive()) {
      try {
        holder.waitFor();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
