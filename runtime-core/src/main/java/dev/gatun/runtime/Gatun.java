package dev.gatun.runtime;

import dev.gatun.cgroups.CgroupException;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Kernel;
import dev.gatun.oci.SpecException;
import dev.gatun.runtime.embedded.Embedded;
import dev.gatun.runtime.embedded.Exits;
import dev.gatun.runtime.embedded.StandardStreams;
import dev.gatun.runtime.embedded.Threads;
import dev.gatun.runtime.lifecycle.Inventory;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.Look;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The container runtime, embedded: the containers of one state root.
 *
 * {@snippet :
 * Gatun gatun = Gatun.open(Path.of("/run/gatun"));
 * try (Container web = gatun.container("web").bundle(Path.of("/bundles/web")).create()) {
 *   web.start();
 *   System.out.println(web.exit().join());
 * }
 * }
 *
 * <p>The state on disk is that of the command {@code gatun --root}, so either sees the containers
 * of the other. Nothing is started to serve a container: the calls are made by the thread that asks
 * (or, for a virtual thread, by a platform thread in its place), and one daemon thread waits for
 * the ends of all containers. There is nothing to close.
 *
 * <p>Any number of threads may use one instance, and instances, at once. Whatever goes wrong is a
 * {@link GatunException}. The JVM needs {@code --enable-native-access=dev.gatun.linux}, or {@code
 * ALL-UNNAMED} when Gatun is on the class path.
 */
public final class Gatun {
  /** Who made a container in this JVM, by state root and id: its streams and its exit are there. */
  private static final Map<String, Container> MADE_HERE = new ConcurrentHashMap<>();

  private final Path stateRoot;

  static {
    Embedded.offer(
        new Embedded() {
          @Override
          public Kernel kernel() {
            return Gatun.kernel();
          }

          @Override
          public Exits exits() {
            return Gatun.exits();
          }

          @Override
          public <T> T run(Supplier<T> work) {
            return Gatun.run(work);
          }
        });
  }

  private Gatun(Path stateRoot) {
    this.stateRoot = stateRoot;
  }

  /** What all instances share; made when the first is opened. */
  private static final class Shared {
    static final LocalKernel KERNEL = new LocalKernel();
    static final Exits EXITS = new Exits(KERNEL);
  }

  /**
   * Opens a state root. Nothing is made or read before it is needed.
   *
   * @param stateRoot a directory that only its user can write to, as {@code /run/gatun}
   * @return the containers there
   * @throws GatunException when this JVM may not call native code or not map memory executable
   */
  public static Gatun open(Path stateRoot) {
    try {
      return run(() -> {
        // Here, and not in what is initialized once, since that would fail differently each time.
        StandardStreams.fill(new LocalKernel());
        return new Gatun(stateRoot.toAbsolutePath().normalize());
      });
    } catch (ExceptionInInitializerError | NoClassDefFoundError e) {
      if (!LocalKernel.class.getModule().isNativeAccessEnabled()) {
        throw new ContainerException(
            "open \""
                + stateRoot
                + "\": this JVM may not call native code: start it with"
                + " --enable-native-access=dev.gatun.linux, or with"
                + " --enable-native-access=ALL-UNNAMED when Gatun is on the class path",
            e);
      }
      throw e;
    }
  }

  /** The directory that the containers' states are in. */
  public Path stateRoot() {
    return stateRoot;
  }

  /**
   * Begins a new container.
   *
   * @param id its id: letters, digits and {@code _+.-}, not beginning with a dot
   * @return what to say about it
   */
  public ContainerBuilder container(String id) {
    return new ContainerBuilder(this, id);
  }

  /**
   * Finds a container, whoever created it.
   *
   * @param id its id
   * @return the container
   * @throws ContainerException when there is none, see {@link ContainerException#isMissing}
   */
  public Container get(String id) {
    return run(() -> container(Inventory.state(kernel(), root(), id)));
  }

  /**
   * Finds a container, whoever created it.
   *
   * @param id its id
   * @return the container, or nothing when there is none
   */
  public Optional<Container> find(String id) {
    try {
      return Optional.of(get(id));
    } catch (ContainerException e) {
      if (e.isMissing()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /**
   * Finds all containers, whoever created them.
   *
   * @return the containers, in the order of their ids
   */
  public List<Container> list() {
    return run(() -> {
      List<Container> all = new ArrayList<>();
      for (Look.Found found : Inventory.list(kernel(), root())) {
        all.add(container(found));
      }
      return List.copyOf(all);
    });
  }

  private Container container(Look.Found found) {
    Container made = MADE_HERE.get(key(found.id()));
    ContainerState state = found.state();
    if (made != null && state != null && made.isSame(state)) {
      return made;
    }
    return new Container(this, found.id(), state);
  }

  // --- for the classes of this package

  static LocalKernel kernel() {
    return Shared.KERNEL;
  }

  static Exits exits() {
    return Shared.EXITS;
  }

  String root() {
    return stateRoot.toString();
  }

  private String key(String id) {
    return stateRoot + "/" + id;
  }

  void made(Container container) {
    MADE_HERE.put(key(container.id()), container);
  }

  void deleted(Container container) {
    MADE_HERE.remove(key(container.id()), container);
  }

  /**
   * Does something on a thread that may, and says what goes wrong in this package's words.
   *
   * @param <T> what it gives
   * @param work what is done
   * @return what it gave
   */
  static <T extends @Nullable Object> T run(Supplier<T> work) {
    try {
      return Threads.call(work);
    } catch (SyscallException e) {
      throw new KernelException(e);
    } catch (SpecException e) {
      throw new ConfigException(e.pointer(), e);
    } catch (CgroupException e) {
      throw new ConfigException(e.place(), e);
    }
  }

  /**
   * As {@link #run}.
   *
   * @param work what is done
   */
  static void perform(Runnable work) {
    run(() -> {
      work.run();
      return null;
    });
  }

  @Override
  public String toString() {
    return "Gatun[" + stateRoot + "]";
  }
}
