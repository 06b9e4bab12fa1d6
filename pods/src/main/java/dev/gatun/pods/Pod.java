package dev.gatun.pods;

import dev.gatun.netns.IpAddress;
import dev.gatun.pods.lifecycle.PodCheck;
import dev.gatun.pods.lifecycle.PodDelete;
import dev.gatun.pods.lifecycle.PodStop;
import dev.gatun.pods.lifecycle.PodView;
import dev.gatun.runtime.Container;
import dev.gatun.runtime.ContainerBuilder;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.ContainerStatus;
import dev.gatun.runtime.ExitStatus;
import dev.gatun.runtime.Signal;
import dev.gatun.runtime.sandbox.SandboxState;
import dev.gatun.runtime.state.Look;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A pod. One that this JVM created belongs to this object, which deletes it, with all of its
 * containers, when it is closed; one that was found is left alone.
 *
 * <p>All methods may be called by any thread at any time, and say in one sentence why they cannot.
 */
public final class Pod implements AutoCloseable {
  private static final int REAP_SECONDS = 5;

  private final Pods pods;
  private final String id;
  private final @Nullable CompletableFuture<ExitStatus> exit;
  private final List<Container> made;
  private volatile boolean deleted;

  Pod(Pods pods, String id, @Nullable CompletableFuture<ExitStatus> exit, List<Container> made) {
    this.pods = pods;
    this.id = id;
    this.exit = exit;
    this.made = List.copyOf(made);
  }

  /** Its id. */
  public String id() {
    return id;
  }

  /**
   * Looks at it.
   *
   * @return what it is doing and what it has
   * @throws ContainerException when it does not exist any more
   */
  public PodInfo info() {
    return pods.run(() -> {
      PodView view = PodView.of(pods.root(), id);
      SandboxState state = view.sandbox().state();
      List<String> addresses = new ArrayList<>();
      for (IpAddress address : view.network().addresses()) {
        addresses.add(address.toString());
      }
      List<String> containers = new ArrayList<>();
      for (Look.Found found : view.containers()) {
        containers.add(found.id());
      }
      String hostname = state.hostname();
      return new PodInfo(
          id,
          ContainerStatus.valueOf(view.sandbox().status().name()),
          view.pid(),
          hostname == null ? id : hostname,
          addresses,
          containers,
          created(state),
          state.annotations());
    });
  }

  /** A pod that is being made, or whose state cannot be read, says nothing. */
  private static Instant created(SandboxState state) {
    try {
      return Instant.parse(state.created());
    } catch (DateTimeParseException e) {
      return Instant.EPOCH;
    }
  }

  /**
   * Begins a new container in it.
   *
   * @param containerId the container's id, which no other container of the state root has
   * @return what to say about it
   */
  public ContainerBuilder container(String containerId) {
    return pods.gatun().container(containerId).pod(id);
  }

  /**
   * Its containers, whoever created them.
   *
   * @return the containers, in the order of their ids
   */
  public List<Container> containers() {
    List<Container> all = new ArrayList<>();
    for (String container : info().containers()) {
      Optional<Container> found = pods.gatun().find(container);
      found.ifPresent(all::add);
    }
    return List.copyOf(all);
  }

  /**
   * Checks that its network is what was made when it was created: on the bridge, its interface with
   * addresses and routes, the other end, leases, and rules of the packet filter; with CNI, what
   * CHECK of the network's plugins finds; the loopback in any case, unless it is the host's.
   *
   * @return what could not be checked, each one sentence: a CNI network whose configuration forbids
   *     it, or is of a version before 0.4.0
   * @throws ContainerException all that is not as it was made; or that the pod is stopped
   */
  public List<String> check() {
    return pods.run(() -> PodCheck.run(pods.root(), id));
  }

  /**
   * Asks its containers to end, kills those that have not after a while, and ends the pod. It can
   * be looked at until it is deleted.
   *
   * @param time how long all containers together may take, to the second
   * @return what failed besides, each one sentence: CNI plugins
   * @throws IllegalArgumentException when the time is negative
   */
  public List<String> stop(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("a negative time: " + time);
    }
    int seconds = (int) Math.min(time.toSeconds(), Integer.MAX_VALUE);
    return pods.run(() -> PodStop.run(pods.root(), id, seconds));
  }

  /**
   * Sends a signal to the first process of every container and to the pause process.
   *
   * @param signal the signal
   * @throws ContainerException when the pod is stopped
   */
  public void kill(Signal signal) {
    pods.run(() -> {
      PodStop.signal(pods.root(), id, signal.number());
      return id;
    });
  }

  /**
   * The end of its pause process, which is the pod's. No thread waits for it.
   *
   * @return how it will have ended
   * @throws IllegalStateException for a pod that this JVM did not create
   */
  public CompletableFuture<ExitStatus> exit() {
    CompletableFuture<ExitStatus> watched = exit;
    if (watched == null) {
      throw new IllegalStateException("pod \"" + id + "\" was not created by this JVM");
    }
    return watched.copy();
  }

  /**
   * Deletes it and its containers, when all of them have ended.
   *
   * @return what failed besides, each one sentence: poststop hooks
   * @throws ContainerException when something of it runs, or it does not exist any more
   */
  public List<String> delete() {
    return delete(false);
  }

  /**
   * Kills it and its containers and deletes them; when it does not exist nothing happens.
   *
   * @return what failed besides, each one sentence: poststop hooks and CNI plugins
   */
  public List<String> deleteForcibly() {
    return delete(true);
  }

  private List<String> delete(boolean force) {
    List<String> warnings = pods.run(() -> PodDelete.run(pods.root(), id, force));
    deleted = true;
    CompletableFuture<ExitStatus> watched = exit;
    if (watched != null) {
      ExitStatus unknown = new ExitStatus.Unknown();
      watched
          .copy()
          .completeOnTimeout(unknown, REAP_SECONDS, TimeUnit.SECONDS)
          .exceptionally(e -> unknown)
          .join();
    }
    return warnings;
  }

  /**
   * Undoes what made this object: a pod that it created is deleted with its containers, and their
   * streams are closed; one that was found is left alone.
   */
  @Override
  public void close() {
    if (exit == null) {
      return;
    }
    RuntimeException failure = null;
    for (Container container : made) {
      try {
        container.close();
      } catch (RuntimeException e) {
        failure = e;
      }
    }
    if (!deleted) {
      delete(true);
    }
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public String toString() {
    return "Pod[" + id + "]";
  }
}
