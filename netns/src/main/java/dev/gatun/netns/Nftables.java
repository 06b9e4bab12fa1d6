package dev.gatun.netns;

import dev.gatun.linux.program.Kernel;
import dev.gatun.netns.netfilter.PodRules;
import dev.gatun.netns.netlink.Requests;
import java.util.List;

/**
 * What the host's packet filter does for pods: masquerading and host ports, in the table {@code
 * inet gatun}. It is there as long as a pod needs it, and no other table, chain or rule is touched:
 * where another table drops what is forwarded, as firewalls do, that remains so.
 *
 * <ul>
 *   <li>Packets that leave a pod's range get an address of the host as their source.
 *   <li>Connections to a published port of any address of the host, or of one address, are led to
 *       the pod: from elsewhere, from the host, and from pods, also from the pod itself. A mapping
 *       for one address goes before one for all of them. The pod sees who connects, but for pods of
 *       its range and the host's loopback, which the host stands in for: answers have to come back
 *       through it.
 *   <li>From 127.0.0.1 a packet may leave the host only where {@code route_localnet} is set. It is
 *       set on the bridge while ports are published, and rules drop what comes in from there with
 *       such an address, so that pods do not reach what listens on the host's loopback. IPv6 has no
 *       such thing: {@code [::1]} leads to no pod.
 *   <li>A pod that sends to a host port that leads to itself gets its packets back by the bridge's
 *       port that they came in by. Where {@code br_netfilter} shows bridged packets to the packet
 *       filter, as is the default when it is loaded, that needs the port's hairpin mode, which a
 *       pod with ports gets.
 * </ul>
 *
 * <p>All changes are made as a whole or not at all, so that nothing is half there when the caller
 * is killed. Any number of callers may make theirs at once. Elements carry the pod's id as their
 * comment, and with it the state root where it is not the default one, as {@code nft list table
 * inet gatun} shows.
 */
public final class Nftables {
  /** Pods of this state root are named by their ids alone. */
  private static final String DEFAULT_ROOT = "/run/gatun";

  private Nftables() {}

  /**
   * What a pod is called in the packet filter, which pods of all state roots share: each state root
   * leases addresses and gives ids on its own.
   *
   * @param stateRoot the state root's path
   * @param podId the pod's id
   * @return what the other methods are to be given
   */
  public static String owner(String stateRoot, String podId) {
    return stateRoot.equals(DEFAULT_ROOT) ? podId : PodRules.owner(podId, stateRoot);
  }

  /**
   * Lets a pod reach the world under the host's addresses, if the configuration says so, and
   * publishes ports, in one transaction. What another pod of the same state root has at one of the
   * addresses is taken away: it died, or the address would be its own.
   *
   * @param kernel the kernel
   * @param host the host's network namespace, with the bridge in it
   * @param config how pods are connected
   * @param owner the pod, from {@link #owner}
   * @param addresses what it leased
   * @param mappings the ports; one without an address of the host is published for each family that
   *     the pod has an address of
   * @throws NetlinkException with EADDRINUSE when an address is a pod's of another state root; when
   *     a port is another pod's, with its id; when the pod has no address of a family that is asked
   *     for; when the kernel refuses, or lacks what is needed
   */
  public static void publish(
      Kernel kernel,
      NetworkNamespace host,
      NetworkConfig config,
      String owner,
      List<AddressPool.Lease> addresses,
      List<PortMapping> mappings) {
    new PodRules(kernel, host).add(config, owner, addresses, mappings);
  }

  /**
   * Takes away all that there is for a pod, and with the last pod the table. Nothing is wrong if
   * there is nothing.
   *
   * @param kernel the kernel
   * @param host the host's network namespace
   * @param owner the pod, from {@link #owner}
   * @param addresses its addresses, so that of two pods with one id the right one is meant; none if
   *     they are not known, and the id decides
   * @param hostLink the pod's interface on the host, from {@link BridgeNetwork#hostLink}. It is
   *     deleted as well if there is something to take away: the kernel frees rules and interfaces
   *     some ten milliseconds later, for which one waits once so. To be sure, {@link
   *     BridgeNetwork#detach} is called behind this
   * @throws NetlinkException when the kernel refuses
   */
  public static void unpublish(
      Kernel kernel,
      NetworkNamespace host,
      String owner,
      List<IpAddress> addresses,
      String hostLink) {
    Requests detaching = new Requests(PodRules.MEANWHILE);
    BridgeNetwork.deleteLink(detaching, hostLink);
    new PodRules(kernel, host).remove(owner, addresses, detaching);
  }
}
