package dev.gatun.pods;

import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.RangeFullException;
import dev.gatun.netns.cni.CniException;
import dev.gatun.pods.lifecycle.PodGc;
import dev.gatun.pods.lifecycle.PodRoot;
import dev.gatun.pods.lifecycle.PodView;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.Gatun;
import dev.gatun.runtime.embedded.Embedded;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The pods of one state root.
 *
 * {@snippet :
 * Pods pods = Pods.of(Gatun.open(Path.of("/run/gatun")));
 * try (Pod shop = pods.pod("shop")
 *     .network(PodNetwork.bridge())
 *     .container("shop-web", web -> web.bundle(Path.of("/bundles/web")))
 *     .container("shop-db", db -> db.bundle(Path.of("/bundles/db")))
 *     .start()) {
 *   System.out.println(shop.info().addresses());
 * }
 * }
 *
 * <p>As with {@link Gatun}, any number of threads may use one instance, the command {@code gatun
 * pod} sees the same pods, and there is nothing to close.
 */
public final class Pods {
  private final Gatun gatun;
  private final Embedded embedded;

  private Pods(Gatun gatun) {
    this.gatun = gatun;
    this.embedded = Embedded.of(gatun);
  }

  /**
   * The pods beside a runtime's containers.
   *
   * @param gatun the runtime
   * @return its pods
   */
  public static Pods of(Gatun gatun) {
    return new Pods(gatun);
  }

  /** The runtime that makes the containers. */
  public Gatun gatun() {
    return gatun;
  }

  /**
   * Begins a new pod.
   *
   * @param id its id: letters, digits and {@code _+.-}, not beginning with a dot
   * @return what to say about it
   */
  public PodBuilder pod(String id) {
    return new PodBuilder(this, id);
  }

  /**
   * Finds a pod, whoever created it.
   *
   * @param id its id
   * @return the pod
   * @throws ContainerException when there is none, see {@link ContainerException#isMissing}
   */
  public Pod get(String id) {
    run(() -> PodView.of(root(), id));
    return new Pod(this, id, null, List.of());
  }

  /**
   * Finds a pod, whoever created it.
   *
   * @param id its id
   * @return the pod, or nothing when there is none
   */
  public Optional<Pod> find(String id) {
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
   * Finds all pods, whoever created them.
   *
   * @return the pods, in the order of their ids
   */
  public List<Pod> list() {
    return run(() -> {
      List<Pod> all = new ArrayList<>();
      for (PodView view : PodView.all(root())) {
        all.add(new Pod(this, view.sandbox().state().id(), null, List.of()));
      }
      return List.copyOf(all);
    });
  }

  /**
   * Tells the plugins of a CNI network which attachments are those of this state root's pods, so
   * that they give back the rest: as addresses that are still reserved after the host went down
   * without deleting its pods.
   *
   * <p><strong>What other runtimes and other state roots have in the network goes too.</strong>
   * Only who knows that there are none can call this, so Gatun never does by itself. No pod of the
   * state root is attached or detached meanwhile.
   *
   * @param network the network's name in {@code /etc/cni/net.d}
   * @throws ContainerException when there is no such network; when its configuration or its plugins
   *     have no GC, which came with CNI 1.1.0, or the configuration forbids it: nothing was done
   *     then; or what plugins failed with, after all were asked
   */
  public void gc(String network) {
    run(() -> {
      PodGc.run(root(), network);
      return network;
    });
  }

  // --- for the classes of this package

  PodRoot root() {
    String path = System.getenv("PATH");
    return new PodRoot(
        embedded.kernel(),
        gatun.stateRoot().toString(),
        path == null ? List.of() : List.of("PATH=" + path));
  }

  Embedded embedded() {
    return embedded;
  }

  /** Does something, and says what goes wrong in the public API's words. */
  <T> T run(Supplier<T> work) {
    return embedded.run(() -> {
      try {
        return work.get();
      } catch (NetlinkException | CniException | RangeFullException e) {
        throw new ContainerException(String.valueOf(e.getMessage()), e);
      }
    });
  }

  @Override
  public String toString() {
    return "Pods[" + gatun.stateRoot() + "]";
  }
}
