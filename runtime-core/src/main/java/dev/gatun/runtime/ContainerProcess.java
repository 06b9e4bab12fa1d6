package dev.gatun.runtime;

import dev.gatun.runtime.embedded.StandardStreams;
import dev.gatun.runtime.lifecycle.Exec;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A process that was executed in a container, {@link Container#exec}. It ends with the container at
 * the latest, when that has a PID namespace of its own.
 */
public final class ContainerProcess implements AutoCloseable {
  private final String container;
  private final int pid;
  private final List<String> warnings;
  private final StandardStreams streams;
  private final CompletableFuture<ExitStatus> exit;
  private long pidfd;

  ContainerProcess(String container, Exec.Executed executed, StandardStreams streams) {
    this.container = container;
    this.pid = executed.pid();
    this.warnings = executed.warnings();
    this.streams = streams;
    this.pidfd = executed.pidfd();
    try {
      exit = Gatun.exits().ofChild(pid, streams.descriptors()).whenComplete((_, _) -> release());
    } catch (RuntimeException | Error e) {
      streams.close();
      Gatun.exits().kill((int) pidfd, Signal.SIGKILL);
      Gatun.exits().reap(pid);
      release();
      throw e;
    }
  }

  private synchronized void release() {
    if (pidfd >= 0) {
      StandardStreams.close(Gatun.kernel(), List.of((int) pidfd));
      pidfd = -1;
    }
  }

  /** Its pid, as this JVM sees it. */
  public int pid() {
    return pid;
  }

  /** What could not be given to it, each one sentence. */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * Its end, as {@link Container#exit} tells the container's.
   *
   * @return how it will have ended
   */
  public CompletableFuture<ExitStatus> exit() {
    return exit.copy();
  }

  /**
   * Sends it a signal.
   *
   * @param signal the signal
   * @throws ContainerException when it has ended
   */
  public void kill(Signal signal) {
    Gatun.perform(() -> {
      if (!send(signal)) {
        throw new ContainerException(
            "process " + pid + " of container \"" + container + "\" has ended");
      }
    });
  }

  private synchronized boolean send(Signal signal) {
    return pidfd >= 0 && Gatun.exits().kill((int) pidfd, signal);
  }

  /**
   * Its standard input, of {@link Stdio#pipe}.
   *
   * @throws IllegalStateException when it is no pipe of this JVM
   */
  public OutputStream stdin() {
    return pipe(streams.stdin(), "input");
  }

  /**
   * Its standard output, of {@link Stdio#pipe}.
   *
   * @throws IllegalStateException when it is no pipe of this JVM
   */
  public InputStream stdout() {
    return pipe(streams.stdout(), "output");
  }

  /**
   * Its standard error, of {@link Stdio#pipe}.
   *
   * @throws IllegalStateException when it is no pipe of this JVM
   */
  public InputStream stderr() {
    return pipe(streams.stderr(), "error");
  }

  private <T> T pipe(@Nullable T stream, String name) {
    return StdioChoices.pipe(stream, name, "process " + pid);
  }

  /** Kills it if it runs, waits for its end, and closes its streams. */
  @Override
  public void close() {
    try {
      Gatun.perform(() -> send(Signal.SIGKILL));
      exit.join();
    } finally {
      streams.close();
    }
  }

  @Override
  public String toString() {
    return "ContainerProcess[" + pid + " of " + container + "]";
  }
}
