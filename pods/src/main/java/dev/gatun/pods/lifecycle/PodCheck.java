package dev.gatun.pods.lifecycle;

import dev.gatun.linux.SyscallException;
import dev.gatun.netns.AddressPool;
import dev.gatun.netns.BridgeCheck;
import dev.gatun.netns.BridgeNetwork;
import dev.gatun.netns.Interfaces;
import dev.gatun.netns.IpAddress;
import dev.gatun.netns.Link;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.NetworkNamespace;
import dev.gatun.netns.Nftables;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.sandbox.Sandbox;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code pod check}: whether the network of a running pod is what was made. The pod is not stopped
 * or deleted meanwhile.
 */
public final class PodCheck {
  private static final String LOOPBACK = "lo";

  private final PodRoot root;
  private final Sandbox sandbox;
  private final NetworkNamespace pod;
  private final List<String> differences = new ArrayList<>();

  private PodCheck(PodRoot root, Sandbox sandbox) {
    this.root = root;
    this.sandbox = sandbox;
    int pid = sandbox.state().pid();
    pod = NetworkNamespace.of("/proc/" + pid + "/ns/net", pid);
  }

  /**
   * Checks a pod's network.
   *
   * @param root where
   * @param id the pod's id
   * @return what could not be checked, each one sentence: a CNI network that has no CHECK
   * @throws RuntimeException with one sentence as its message: all that is not as it was made
   */
  public static List<String> run(PodRoot root, String id) {
    Sandbox sandbox = Sandbox.find(root.kernel(), root.path(), id, Sandbox.Purpose.CHANGE);
    try {
      if (sandbox.status() != Sandbox.Status.RUNNING) {
        throw new ContainerException(
            "pod not running: \"" + id + "\" is " + sandbox.status().word());
      }
      return new PodCheck(root, sandbox).run();
    } catch (SyscallException | NetlinkException e) {
      // An ordinary user's own pod has a network namespace that only root may enter.
      throw new ContainerException("cannot check pod \"" + id + "\": " + e.getMessage(), e);
    } finally {
      sandbox.close();
    }
  }

  private List<String> run() {
    if (sandbox.state().hostNetwork()) {
      return List.of();
    }
    NetworkState network = PodView.network(sandbox);
    loopback();
    if (network.mode().equals("bridge")) {
      bridge(network);
    }
    if (!differences.isEmpty()) {
      throw new ContainerException(
          "pod \"" + sandbox.id() + "\": " + String.join("; ", differences));
    }
    if (network.mode().startsWith("cni:")) {
      String unchecked = CniNetworking.of(root, sandbox).check();
      if (unchecked != null) {
        return List.of("pod \"" + sandbox.id() + "\": " + unchecked);
      }
    }
    return List.of();
  }

  private void loopback() {
    Link link = new Interfaces(root.kernel(), pod).link(LOOPBACK);
    if (link == null || !link.isUp()) {
      differences.add("interface \"" + LOOPBACK + (link == null ? "\" is gone" : "\" is down"));
    }
  }

  private void bridge(NetworkState network) {
    List<IpAddress> gateways = new ArrayList<>();
    for (String gateway : network.gateways()) {
      gateways.add(IpAddress.parse(gateway));
    }
    for (NetworkState.Interface one : network.interfaces()) {
      differences.addAll(
          BridgeCheck.differences(
              root.kernel(),
              NetworkNamespace.own(),
              pod,
              new BridgeNetwork.Attachment(
                  one.name(), one.host(), one.mac(), one.mtu(), one.addresses(), gateways),
              new BridgeCheck.Rules(
                  Nftables.owner(root.path(), sandbox.id()),
                  network.masquerade(),
                  network.ports())));
    }
    List<AddressPool.Owned> leases = new AddressPool(root.kernel(), root.path()).leases();
    for (IpAddress address : network.addresses()) {
      lease(leases, address);
    }
  }

  private void lease(List<AddressPool.Owned> leases, IpAddress address) {
    for (AddressPool.Owned lease : leases) {
      if (lease.address().equals(address)) {
        if (!lease.podId().equals(sandbox.id())) {
          differences.add("address " + address + " is leased to pod \"" + lease.podId() + "\"");
        }
        return;
      }
    }
    differences.add("address " + address + " is leased to nobody");
  }
}
