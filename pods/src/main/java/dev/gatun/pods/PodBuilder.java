package dev.gatun.pods;

import dev.gatun.netns.PortMapping;
import dev.gatun.oci.IdMapping;
import dev.gatun.pods.lifecycle.PodCreate;
import dev.gatun.pods.lifecycle.PodDelete;
import dev.gatun.pods.lifecycle.PodRequest;
import dev.gatun.runtime.Container;
import dev.gatun.runtime.ContainerBuilder;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.ExitStatus;
import dev.gatun.runtime.lifecycle.CgroupDriver;
import dev.gatun.runtime.sandbox.SandboxRequest;
import dev.gatun.runtime.sandbox.SandboxState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a new pod is made from. One pod is made by one builder, on one thread. */
public final class PodBuilder {
  private final Pods pods;
  private final String id;
  private @Nullable String hostname;
  private PodNetwork network = PodNetwork.none();
  private final List<PortMapping> ports = new ArrayList<>();
  private final Map<String, String> sysctls = new LinkedHashMap<>();
  private final Map<String, String> annotations = new LinkedHashMap<>();
  private final List<IdMapping> mappings = new ArrayList<>();
  private boolean sharePid;
  private @Nullable String cgroupParent;
  private final Map<String, Consumer<ContainerBuilder>> containers = new LinkedHashMap<>();

  PodBuilder(Pods pods, String id) {
    this.pods = pods;
    this.id = id;
  }

  /**
   * Gives it a host name; its id unless it is said.
   *
   * @param name at most 64 bytes, {@code sethostname(2)}
   * @return this builder
   */
  public PodBuilder hostname(String name) {
    hostname = name;
    return this;
  }

  /**
   * Gives it a network; {@link PodNetwork#none} unless it is said.
   *
   * @param choice the network
   * @return this builder
   */
  public PodBuilder network(PodNetwork choice) {
    network = choice;
    return this;
  }

  /**
   * Lets a port of the host lead into it.
   *
   * @param mapping {@code [IP:]HOSTPORT:PODPORT[/tcp|udp|sctp]}
   * @return this builder
   * @throws ContainerException when it is none
   */
  public PodBuilder publish(String mapping) {
    try {
      ports.add(PortMapping.parse(mapping));
    } catch (IllegalArgumentException e) {
      throw new ContainerException(
          "publish \"" + mapping + "\" of pod \"" + id + "\": " + e.getMessage(), e);
    }
    return this;
  }

  /**
   * Sets a kernel parameter of its namespaces, {@code sysctl(8)}.
   *
   * @param name as {@code net.ipv4.ip_unprivileged_port_start}
   * @param value what is written
   * @return this builder
   */
  public PodBuilder sysctl(String name, String value) {
    sysctls.put(name, value);
    return this;
  }

  /**
   * Says something about it, for whoever reads it.
   *
   * @param name the annotation's name
   * @param value its value
   * @return this builder
   */
  public PodBuilder annotation(String name, String value) {
    annotations.put(name, value);
    return this;
  }

  /**
   * Lets its containers share one PID namespace, whose orphans the pause process reaps.
   *
   * @return this builder
   */
  public PodBuilder sharePid() {
    sharePid = true;
    return this;
  }

  /**
   * Gives it a user namespace, for users and groups alike; {@code user_namespaces(7)}.
   *
   * @param mapping ids inside and outside; can be said more than once
   * @return this builder
   */
  public PodBuilder mapIds(IdMapping mapping) {
    mappings.add(mapping);
    return this;
  }

  /**
   * Says where its cgroup is made.
   *
   * @param path the cgroup above it
   * @return this builder
   */
  public PodBuilder cgroupParent(String path) {
    cgroupParent = path;
    return this;
  }

  /**
   * Adds a container, which {@link #create} and {@link #start} make with the pod.
   *
   * @param containerId the container's id, which no other container of the state root has
   * @param choices says what it is made from
   * @return this builder
   */
  public PodBuilder container(String containerId, Consumer<ContainerBuilder> choices) {
    if (containers.put(containerId, choices) != null) {
      throw new ContainerException(
          "pod \"" + id + "\" would have two containers \"" + containerId + "\"");
    }
    return this;
  }

  /**
   * Creates the pod and its containers, whose processes wait for {@link Container#start}.
   *
   * @return the pod, which ends and is deleted when it is closed
   * @throws dev.gatun.runtime.GatunException in one sentence; nothing is left behind then, but for
   *     a stopped pod when CNI plugins can only take its network back later, as it is deleted
   */
  public Pod create() {
    return make(false);
  }

  /**
   * Creates the pod and its containers, and starts them in the order in which they were added.
   *
   * @return the pod, which ends and is deleted when it is closed
   * @throws dev.gatun.runtime.GatunException in one sentence; nothing is left behind then, but for
   *     a stopped pod when CNI plugins can only take its network back later, as it is deleted
   */
  public Pod start() {
    return make(true);
  }

  private Pod make(boolean starts) {
    SandboxRequest sandbox =
        new SandboxRequest(
            id,
            hostname,
            sysctls,
            sharePid,
            mappings,
            network instanceof PodNetwork.Host,
            annotations,
            cgroupParent,
            CgroupDriver.CGROUPFS,
            true);
    PodRequest request = new PodRequest(sandbox, network, ports, null);
    SandboxState state = pods.run(() -> PodCreate.run(pods.root(), request));
    CompletableFuture<ExitStatus> exit;
    List<Container> made = new ArrayList<>();
    try {
      exit = pods.run(() -> pods.embedded().exits().ofChild(state.pid(), List.of()));
      for (Map.Entry<String, Consumer<ContainerBuilder>> container : containers.entrySet()) {
        ContainerBuilder builder = pods.gatun().container(container.getKey()).pod(id);
        container.getValue().accept(builder);
        made.add(builder.create());
      }
      if (starts) {
        for (Container container : made) {
          container.start();
        }
      }
    } catch (RuntimeException | Error e) {
      undo(made, e);
      throw e;
    }
    return new Pod(pods, id, exit, made);
  }

  private void undo(List<Container> made, Throwable failure) {
    for (Container container : made) {
      try {
        container.close();
      } catch (RuntimeException cleanup) {
        failure.addSuppressed(cleanup);
      }
    }
    try {
      pods.run(() -> PodDelete.run(pods.root(), id, true));
    } catch (RuntimeException cleanup) {
      failure.addSuppressed(cleanup);
    }
  }
}
