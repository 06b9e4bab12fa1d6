package dev.gatun.pods.lifecycle;

import static java.util.Objects.requireNonNull;

import dev.gatun.linux.Errno;
import dev.gatun.linux.program.Kernel;
import dev.gatun.netns.AddressPool;
import dev.gatun.netns.BridgeNetwork;
import dev.gatun.netns.IpAddress;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.NetworkConfig;
import dev.gatun.netns.NetworkNamespace;
import dev.gatun.netns.Nftables;
import dev.gatun.netns.PortMapping;
import dev.gatun.netns.Subnet;
import dev.gatun.pods.PodNetwork;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.sandbox.Sandbox;
import dev.gatun.runtime.sandbox.SandboxCreate;
import dev.gatun.runtime.sandbox.SandboxState;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A pod's network, made and taken back. What is taken back can be taken back again, and what was
 * never made is no error: whoever died in the middle is cleaned up after by the pod's id alone.
 */
abstract class Networking {
  final Kernel kernel;
  final String root;
  final String id;

  Networking(PodRoot root, String id) {
    this.kernel = root.kernel();
    this.root = root.path();
    this.id = id;
  }

  /**
   * Reads what the network is made from, and makes nothing.
   *
   * @throws RuntimeException when that is wrong
   */
  static Networking prepare(PodRoot root, String id, PodNetwork network, List<PortMapping> ports) {
    return switch (network) {
      case PodNetwork.None none -> new Nothing(root, id);
      case PodNetwork.Host host -> new Nothing(root, id);
      case PodNetwork.Bridge bridge ->
          new Bridge(root, id, NetworkConfig.read(root.kernel(), bridge.config()), ports, false);
      case PodNetwork.Cni cni -> CniNetworking.prepare(root, id, cni.name(), ports);
    };
  }

  /**
   * The network of a pod that exists, to be taken back.
   *
   * @throws ContainerException when what the pod's directory says of it cannot be read
   */
  static Networking of(PodRoot root, Sandbox sandbox) {
    String id = sandbox.id();
    String mode = PodView.network(sandbox).mode();
    if (mode.equals("bridge")) {
      return new Bridge(root, id, NetworkConfig.DEFAULT, List.of(), true);
    }
    return mode.startsWith("cni:") ? CniNetworking.of(root, sandbox) : new Nothing(root, id);
  }

  /**
   * The same for who cannot be kept from it: where a file of the pod's directory cannot be read, as
   * after a power cut, it is what the other files and the pod's id tell of the network.
   */
  static Networking leftOf(PodRoot root, Sandbox sandbox) {
    try {
      return of(root, sandbox);
    } catch (ContainerException e) {
      return new Damaged(root, sandbox, String.valueOf(e.getMessage()));
    }
  }

  /**
   * What the pod's directory says of it from the beginning: enough to take it back whatever
   * happens.
   *
   * @return contents of files by their names
   */
  abstract Map<String, byte[]> begun();

  /**
   * Makes what does not need the pod's namespace, while the pause process makes that.
   *
   * @param sandbox whose pause process exists
   */
  void prepare(SandboxCreate sandbox) {}

  /**
   * Makes the rest.
   *
   * @param sandbox whose pause process is ready
   * @return what the pod's directory says of it once everything is made: contents of files
   */
  abstract Map<String, byte[]> connect(SandboxCreate sandbox);

  /**
   * Takes back what can only be taken back while the pause process holds the namespace. What a pod
   * keeps until it is deleted stays.
   *
   * @return what failed
   */
  List<String> ending() {
    return List.of();
  }

  /**
   * Takes it back.
   *
   * @param force whether what fails is passed over
   * @return what was passed over
   */
  abstract List<String> disconnect(boolean force);

  /** The names that every pod knows, and its own at its addresses. */
  static byte[] hosts(SandboxCreate sandbox, List<IpAddress> addresses) {
    SandboxState state = sandbox.state();
    String hostname = state.hostname();
    StringBuilder hosts =
        new StringBuilder("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
    for (IpAddress address : addresses) {
      hosts.append(address).append('\t').append(hostname == null ? state.id() : hostname);
      hosts.append('\n');
    }
    return hosts.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Nothing but a loopback interface, or the host's network. */
  private static final class Nothing extends Networking {
    Nothing(PodRoot root, String id) {
      super(root, id);
    }

    @Override
    Map<String, byte[]> begun() {
      return Map.of();
    }

    @Override
    Map<String, byte[]> connect(SandboxCreate sandbox) {
      return Map.of();
    }

    @Override
    List<String> disconnect(boolean force) {
      return List.of();
    }
  }

  /** One whose kind or whose making is not known, since files cannot be read. */
  private static final class Damaged extends Networking {
    private final List<String> problems = new ArrayList<>();
    private final List<Networking> parts = new ArrayList<>(2);

    Damaged(PodRoot root, Sandbox sandbox, String problem) {
      super(root, sandbox.id());
      problems.add(problem);
      try {
        parts.add(CniNetworking.of(root, sandbox));
      } catch (ContainerException e) {
        String other = String.valueOf(e.getMessage());
        if (!other.equals(problem)) {
          problems.add(other);
        }
      }
      // Leases tell whether there is anything.
      parts.add(new Bridge(root, id, NetworkConfig.DEFAULT, List.of(), true));
    }

    @Override
    Map<String, byte[]> begun() {
      throw new IllegalStateException("a network that has been connected");
    }

    @Override
    Map<String, byte[]> connect(SandboxCreate sandbox) {
      throw new IllegalStateException("a network that has been connected");
    }

    @Override
    List<String> ending() {
      List<String> failed = new ArrayList<>(problems);
      for (Networking part : parts) {
        failed.addAll(part.ending());
      }
      return failed;
    }

    @Override
    List<String> disconnect(boolean force) {
      List<String> failed = new ArrayList<>(problems);
      for (Networking part : parts) {
        failed.addAll(part.disconnect(force));
      }
      return failed;
    }
  }

  /** On Gatun's own bridge. */
  private static final class Bridge extends Networking {
    /** How many addresses pods of other state roots may have before one is found. */
    private static final int MOST_TRIES = 256;

    private final NetworkConfig config;
    private final List<PortMapping> ports;
    private BridgeNetwork.@Nullable Attach attach;
    private Map<String, byte[]> files = Map.of();

    /** Whether there may be more of the pod than leases. */
    private boolean made;

    Bridge(PodRoot root, String id, NetworkConfig config, List<PortMapping> ports, boolean made) {
      super(root, id);
      this.config = config;
      this.ports = ports;
      this.made = made;
    }

    @Override
    Map<String, byte[]> begun() {
      return Map.of(NetworkState.FILE, NetworkState.begun("bridge", ports).toBytes());
    }

    @Override
    void prepare(SandboxCreate sandbox) {
      List<AddressPool.Lease> leases = lease();
      made = true;
      attach =
          new BridgeNetwork.Attach(
              kernel,
              NetworkNamespace.own(),
              config,
              NetworkNamespace.of(sandbox.networkNamespace(), sandbox.pid()),
              BridgeNetwork.hostLink(root, id),
              leases,
              !ports.isEmpty());
      BridgeNetwork.Attachment attached = attach.attachment();
      List<String> addresses = new ArrayList<>();
      List<IpAddress> own = new ArrayList<>();
      for (AddressPool.Lease lease : leases) {
        addresses.add(lease.address() + "/" + lease.range().prefix());
        own.add(lease.address());
      }
      List<String> gateways = new ArrayList<>();
      for (IpAddress gateway : attached.gateways()) {
        gateways.add(gateway.toString());
      }
      NetworkState state =
          new NetworkState(
              "bridge",
              true,
              List.of(
                  new NetworkState.Interface(
                      attached.name(), attached.host(), attached.mac(), attached.mtu(), addresses)),
              gateways,
              ports,
              config.masquerade());
      files = Map.of(NetworkState.FILE, state.toBytes(), SandboxCreate.HOSTS, hosts(sandbox, own));
    }

    @Override
    Map<String, byte[]> connect(SandboxCreate sandbox) {
      requireNonNull(attach).run();
      return files;
    }

    @Override
    List<String> disconnect(boolean force) {
      if (made) {
        disconnect(id);
      }
      // What could not be taken back is found by them the next time.
      new AddressPool(kernel, root).release(id);
      return List.of();
    }

    /**
     * Leases addresses that no pod of another state root has, as far as the packet filter tells,
     * which now has what the pod needs.
     */
    private List<AddressPool.Lease> lease() {
      String first = null;
      for (int i = 1; ; i++) {
        List<AddressPool.Lease> leases =
            new AddressPool(kernel, root).lease(ranges(), id, this::isAlive);
        BridgeNetwork.prepare(kernel, NetworkNamespace.own(), config, leases);
        try {
          if (config.masquerade() || !ports.isEmpty()) {
            Nftables.publish(kernel, NetworkNamespace.own(), config, owner(id), leases, ports);
          }
          return leases;
        } catch (NetlinkException e) {
          String message = String.valueOf(e.getMessage());
          // A range whose first address comes again has no other one.
          if (e.errno() != Errno.EADDRINUSE || i == MOST_TRIES || message.equals(first)) {
            throw e;
          }
          first = first == null ? message : first;
          disconnect(true);
        }
      }
    }

    private String owner(String pod) {
      return Nftables.owner(root, pod);
    }

    private List<Subnet> ranges() {
      List<Subnet> ranges = new ArrayList<>(2);
      for (Subnet range : new @Nullable Subnet[] {config.ipv4(), config.ipv6()}) {
        if (range != null) {
          ranges.add(range);
        }
      }
      return ranges;
    }

    /** Its addresses are given back last, and by whoever calls this: so they tell what was made. */
    private void disconnect(String pod) {
      List<IpAddress> held = new ArrayList<>(2);
      for (AddressPool.Owned lease : new AddressPool(kernel, root).leases()) {
        if (lease.podId().equals(pod)) {
          held.add(lease.address());
        }
      }
      if (held.isEmpty()) {
        return;
      }
      NetworkNamespace host = NetworkNamespace.own();
      String link = BridgeNetwork.hostLink(root, pod);
      RuntimeException failure =
          attempt(null, () -> Nftables.unpublish(kernel, host, owner(pod), held, link));
      failure = attempt(failure, () -> BridgeNetwork.detach(kernel, host, link));
      if (failure != null) {
        throw failure;
      }
    }

    /** Does one thing of several that are all done, also when some fail. */
    private static @Nullable RuntimeException attempt(
        @Nullable RuntimeException earlier, Runnable work) {
      try {
        work.run();
        return earlier;
      } catch (RuntimeException e) {
        if (earlier == null) {
          return e;
        }
        earlier.addSuppressed(e);
        return earlier;
      }
    }

    /** Whether a pod needs the address that it holds; what else a dead one holds goes with it. */
    private boolean isAlive(String pod) {
      if (pod.equals(id)) {
        // What an earlier pod of this id held: this one has just been begun.
        disconnect(pod);
        return false;
      }
      Sandbox.Status status;
      try {
        status = Sandbox.find(kernel, root, pod, Sandbox.Purpose.READ).status();
      } catch (ContainerException e) {
        if (!e.isMissing()) {
          throw e;
        }
        status = Sandbox.Status.STOPPED;
      }
      if (status == Sandbox.Status.STOPPED) {
        disconnect(pod);
        return false;
      }
      return true;
    }
  }
}
