package dev.gatun.runtime;

import dev.gatun.runtime.embedded.StandardStreams;
import dev.gatun.runtime.lifecycle.Delete;
import dev.gatun.runtime.lifecycle.Inventory;
import dev.gatun.runtime.lifecycle.Kill;
import dev.gatun.runtime.lifecycle.Pause;
import dev.gatun.runtime.lifecycle.Start;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.Status;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A container. One that this JVM created belongs to this object, which deletes it when it is
 * closed; one that was found is left alone.
 *
 * <p>All methods may be called by any thread at any time, and say in one sentence why they cannot.
 */
public final class Container implements AutoCloseable {
  private static final int REAP_SECONDS = 5;

  private final Gatun gatun;
  private final String id;
  private final @Nullable ContainerState state;
  private final List<String> warnings;
  private final StandardStreams streams;
  private final boolean mine;
  private @Nullable CompletableFuture<ExitStatus> exit;
  private volatile boolean deleted;

  /** One that was found. */
  Container(Gatun gatun, String id, @Nullable ContainerState state) {
    this.gatun = gatun;
    this.id = id;
    this.state = state;
    this.warnings = List.of();
    this.streams = StandardStreams.none();
    this.mine = false;
  }

  /** One that was made. */
  Container(
      Gatun gatun,
      ContainerState state,
      List<String> warnings,
      StandardStreams streams,
      CompletableFuture<ExitStatus> exit) {
    this.gatun = gatun;
    this.id = state.id();
    this.state = state;
    this.warnings = warnings;
    this.streams = streams;
    this.mine = true;
    this.exit = exit;
    gatun.made(this);
  }

  /** Whether a state is that of this very container, and not of another that got its id later. */
  boolean isSame(ContainerState other) {
    ContainerState own = state;
    return own != null && own.pid() == other.pid() && own.startTime() == other.startTime();
  }

  /** Its id. */
  public String id() {
    return id;
  }

  /**
   * What the configuration asks for and does not get, each one sentence: capabilities that cannot
   * be granted, properties that nobody knows. Empty for a container that was found.
   */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * Looks at it.
   *
   * @return what it is doing, and where it comes from
   * @throws ContainerException when it does not exist any more
   */
  public ContainerInfo info() {
    return Gatun.run(() -> info(Inventory.state(Gatun.kernel(), gatun.root(), id)));
  }

  /**
   * Looks at what it is doing.
   *
   * @return its status
   * @throws ContainerException when it does not exist any more
   */
  public ContainerStatus status() {
    return Gatun.run(() -> status(Inventory.state(Gatun.kernel(), gatun.root(), id).status()));
  }

  private static ContainerStatus status(Status status) {
    return switch (status) {
      case CREATING -> ContainerStatus.CREATING;
      case CREATED -> ContainerStatus.CREATED;
      case RUNNING -> ContainerStatus.RUNNING;
      case PAUSED -> ContainerStatus.PAUSED;
      case STOPPED -> ContainerStatus.STOPPED;
    };
  }

  private ContainerInfo info(Look.Found found) {
    ContainerState recorded = found.state();
    if (recorded == null) {
      throw new ContainerException("container \"" + id + "\" is being created");
    }
    return new ContainerInfo(
        id,
        status(found.status()),
        found.pid(),
        Path.of(recorded.bundle()),
        Path.of(recorded.rootfs()),
        Instant.parse(recorded.created()),
        recorded.uid(),
        recorded.annotations());
  }

  /**
   * Starts it: its program is executed. When this returns, it has been.
   *
   * @throws ContainerException when it is not waiting to be started
   * @throws KernelException when the program cannot be executed
   */
  public void start() {
    Gatun.perform(() -> Start.run(Gatun.kernel(), gatun.root(), id));
  }

  /**
   * Begins a process in it, besides its own: in its namespaces and its cgroup, with what its
   * configuration says of its process unless it is said otherwise.
   *
   * @param args the program and its arguments
   * @return what to say about it
   */
  public ExecBuilder exec(String... args) {
    return exec(List.of(args));
  }

  /**
   * Begins a process in it, see {@link #exec(String...)}.
   *
   * @param args the program and its arguments
   * @return what to say about it
   */
  public ExecBuilder exec(List<String> args) {
    return new ExecBuilder(gatun, id, args);
  }

  /**
   * Freezes all of its processes, and returns when they are at rest. Needs a cgroup of its own.
   *
   * @throws ContainerException when it is neither created nor running
   */
  public void pause() {
    Gatun.perform(() -> Pause.pause(Gatun.kernel(), gatun.root(), id));
  }

  /**
   * Lets its processes go on.
   *
   * @throws ContainerException when it is not paused
   */
  public void resume() {
    Gatun.perform(() -> Pause.resume(Gatun.kernel(), gatun.root(), id));
  }

  /**
   * Sends a signal to its first process.
   *
   * @param signal the signal
   * @throws ContainerException when that has ended
   */
  public void kill(Signal signal) {
    Gatun.perform(() -> Kill.run(Gatun.kernel(), gatun.root(), id, signal.number(), false));
  }

  /**
   * Sends a signal to all of its processes.
   *
   * @param signal the signal
   */
  public void killAll(Signal signal) {
    Gatun.perform(() -> Kill.run(Gatun.kernel(), gatun.root(), id, signal.number(), true));
  }

  /**
   * The pids of its processes, as this JVM sees them.
   *
   * @return the pids, empty when there are none
   */
  public List<Integer> processes() {
    return Gatun.run(() -> {
      List<Integer> pids = new ArrayList<>();
      for (int pid : Inventory.processes(Gatun.kernel(), gatun.root(), id)) {
        pids.add(pid);
      }
      return List.copyOf(pids);
    });
  }

  /**
   * The end of its first process. No thread waits for it. The future is the caller's own: to
   * complete it, to cancel it or to give it a time limit ends nothing but that.
   *
   * <p>It is completed on a thread of the library that is there for it alone, so what depends on it
   * may take its time and may use the container, as to delete it.
   *
   * @return how it will have ended; {@link ExitStatus.Unknown} for a container that this JVM did
   *     not create
   * @throws ContainerException when it does not exist any more and its end was not asked for before
   */
  public CompletableFuture<ExitStatus> exit() {
    return Gatun.run(this::watched).copy();
  }

  private synchronized CompletableFuture<ExitStatus> watched() {
    CompletableFuture<ExitStatus> known = exit;
    if (known != null) {
      return known;
    }
    Look.Found found = Look.at(Gatun.kernel(), gatun.root(), id, Look.Purpose.ACT);
    List<Integer> others = new ArrayList<>();
    for (long fd : found.open()) {
      if (fd != found.pidfd()) {
        others.add((int) fd);
      }
    }
    CompletableFuture<ExitStatus> asked;
    if (found.pidfd() < 0) {
      StandardStreams.close(Gatun.kernel(), others);
      asked = CompletableFuture.completedFuture(new ExitStatus.Unknown());
    } else {
      asked = Gatun.exits().of((int) found.pidfd(), others);
    }
    exit = asked;
    return asked;
  }

  /**
   * The container's standard input, of {@link Stdio#pipe}. Closing it is the end of its input.
   *
   * @throws IllegalStateException when it is no pipe of this JVM
   */
  public OutputStream stdin() {
    return pipe(streams.stdin(), "input");
  }

  /**
   * The container's standard output, of {@link Stdio#pipe}. It ends when no process of the
   * container has it open any more.
   *
   * @throws IllegalStateException when it is no pipe of this JVM
   */
  public InputStream stdout() {
    return pipe(streams.stdout(), "output");
  }

  /**
   * The container's standard error, of {@link Stdio#pipe}. It ends when no process of the container
   * has it open any more.
   *
   * @throws IllegalStateException when it is no pipe of this JVM
   */
  public InputStream stderr() {
    return pipe(streams.stderr(), "error");
  }

  private <T> T pipe(@Nullable T stream, String name) {
    return StdioChoices.pipe(stream, name, "container \"" + id + "\"");
  }

  /**
   * Deletes it, when its process has ended: its cgroup with what is left in it, and its state.
   * Streams stay open, so that what it wrote last can be read.
   *
   * @throws ContainerException when it is running, or does not exist any more
   */
  public void delete() {
    delete(false);
  }

  /** Kills it if it runs and deletes it; when it does not exist any more nothing happens. */
  public void deleteForcibly() {
    delete(true);
  }

  private void delete(boolean force) {
    Gatun.perform(() -> Delete.run(Gatun.kernel(), gatun.root(), id, force));
    deleted = true;
    gatun.deleted(this);
    if (mine) {
      // It has ended; when this returns it is reaped too, unless a debugger holds it back.
      ExitStatus unknown = new ExitStatus.Unknown();
      exit()
          .completeOnTimeout(unknown, REAP_SECONDS, TimeUnit.SECONDS)
          .exceptionally(e -> unknown)
          .join();
    }
  }

  /**
   * Undoes what made this object: a container that it created is killed, deleted, and its streams
   * are closed; one that was found is left alone.
   */
  @Override
  public void close() {
    if (!mine) {
      return;
    }
    try {
      if (!deleted) {
        delete(true);
      }
    } finally {
      streams.close();
    }
  }

  @Override
  public String toString() {
    return "Container[" + id + "]";
  }
}
