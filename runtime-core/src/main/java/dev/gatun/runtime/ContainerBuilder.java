package dev.gatun.runtime;

import dev.gatun.oci.JsonWriter;
import dev.gatun.oci.Root;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecWriter;
import dev.gatun.runtime.embedded.StandardStreams;
import dev.gatun.runtime.lifecycle.CgroupDriver;
import dev.gatun.runtime.lifecycle.ContainerId;
import dev.gatun.runtime.lifecycle.Create;
import dev.gatun.runtime.lifecycle.Delete;
import dev.gatun.runtime.lifecycle.Embedding;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a new container is made from: a bundle's directory, or a configuration in memory and a root
 * file system. One container is made by one builder, on one thread.
 */
public final class ContainerBuilder {
  private final Gatun gatun;
  private final String id;
  private @Nullable Path bundle;
  private @Nullable Spec spec;
  private final StdioChoices stdio = new StdioChoices();
  private @Nullable String pod;
  private boolean pivot = true;
  private boolean keyring = true;

  ContainerBuilder(Gatun gatun, String id) {
    this.gatun = gatun;
    this.id = id;
  }

  /**
   * Takes the configuration of a bundle.
   *
   * @param directory the bundle's directory, with {@code config.json} in it
   * @return this builder
   */
  public ContainerBuilder bundle(Path directory) {
    bundle = directory.toAbsolutePath();
    spec = null;
    return this;
  }

  /**
   * Takes a configuration that is in no file.
   *
   * @param spec the configuration, as {@link SpecBuilder} or {@code dev.gatun.oci.SpecReader} makes
   *     it
   * @param rootfs the root file system's directory, which takes the place of {@code root.path};
   *     {@code root.readonly} stays as the configuration says
   * @return this builder
   */
  public ContainerBuilder spec(Spec spec, Path rootfs) {
    Root root = spec.root();
    this.spec =
        new Spec(
            spec.ociVersion(),
            new Root(rootfs.toAbsolutePath().toString(), root != null && root.readonly()),
            spec.hostname(),
            spec.domainname(),
            spec.mounts(),
            spec.process(),
            spec.hooks(),
            spec.annotations(),
            spec.linux(),
            spec.unknownProperties());
    bundle = null;
    return this;
  }

  /**
   * Where standard input comes from; {@link Stdio#none} unless it is said.
   *
   * @param choice anything but what is written to
   * @return this builder
   */
  public ContainerBuilder stdin(Stdio choice) {
    stdio.stdin(choice);
    return this;
  }

  /**
   * Where standard output goes; {@link Stdio#none} unless it is said.
   *
   * @param choice anything but what is read from
   * @return this builder
   */
  public ContainerBuilder stdout(Stdio choice) {
    stdio.stdout(choice);
    return this;
  }

  /**
   * Where standard error goes; {@link Stdio#none} unless it is said.
   *
   * @param choice anything but what is read from
   * @return this builder
   */
  public ContainerBuilder stderr(Stdio choice) {
    stdio.stderr(choice);
    return this;
  }

  /**
   * Puts the container into a pod: it joins the pod's namespaces, and what the configuration says
   * of them does not count.
   *
   * @param podId the id of a pod in the same state root
   * @return this builder
   */
  public ContainerBuilder pod(String podId) {
    pod = podId;
    return this;
  }

  /**
   * Moves the root instead of {@code pivot_root(2)}, for a host whose root is a ramfs.
   *
   * @return this builder
   */
  public ContainerBuilder withoutPivot() {
    pivot = false;
    return this;
  }

  /**
   * Leaves the JVM's session keyring to the container, {@code session-keyring(7)}.
   *
   * @return this builder
   */
  public ContainerBuilder withoutNewKeyring() {
    keyring = false;
    return this;
  }

  /**
   * Creates the container: everything is made and its process waits for {@link Container#start}.
   *
   * @return the container, which ends and is deleted when it is closed
   * @throws ConfigException when the configuration asks for what cannot be done
   * @throws ContainerException when there is a container of this id
   * @throws KernelException when the kernel refuses something; nothing is left behind, whatever is
   *     thrown
   */
  public Container create() {
    return Gatun.run(this::make);
  }

  /**
   * Creates the container and starts it.
   *
   * @return the container, which ends and is deleted when it is closed
   * @throws GatunException as {@link #create} and {@link Container#start} throw; nothing is left
   *     behind then
   */
  public Container start() {
    Container container = create();
    try {
      container.start();
    } catch (RuntimeException e) {
      try {
        container.close();
      } catch (RuntimeException cleanup) {
        e.addSuppressed(cleanup);
      }
      throw e;
    }
    return container;
  }

  private Container make() {
    ContainerId.check(id);
    StandardStreams streams = StandardStreams.open(Gatun.kernel(), stdio.all());
    Create.Created created;
    try {
      created = Create.run(Gatun.kernel(), gatun.root(), request(streams));
    } catch (RuntimeException | Error e) {
      StandardStreams.close(Gatun.kernel(), streams.descriptors());
      streams.close();
      throw e;
    }
    CompletableFuture<ExitStatus> exit;
    try {
      exit = Gatun.exits().ofChild(created.state().pid(), streams.descriptors());
    } catch (RuntimeException | Error e) {
      streams.close();
      try {
        Delete.run(Gatun.kernel(), gatun.root(), id, true);
        Gatun.exits().reap(created.state().pid());
      } catch (RuntimeException cleanup) {
        e.addSuppressed(cleanup);
      }
      throw e;
    }
    return new Container(gatun, created.state(), created.warnings(), streams, exit);
  }

  private Create.Request request(StandardStreams streams) {
    byte[] config = null;
    Path directory = bundle;
    if (spec != null) {
      config = SpecWriter.write(JsonWriter.compact(), spec).toByteArray();
      // Its configuration is kept there, so that is its bundle.
      directory = gatun.stateRoot().resolve(id);
    }
    if (directory == null) {
      throw new ContainerException(
          "create container \"" + id + "\": there is neither a bundle nor a configuration");
    }
    return new Create.Request(
        id,
        directory.toString(),
        null,
        null,
        0,
        0,
        !pivot,
        !keyring,
        false,
        null,
        false,
        Create.Rootless.AUTO,
        new Embedding(streams.container(), config),
        CgroupDriver.CGROUPFS,
        pod);
  }
}
