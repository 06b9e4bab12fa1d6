package dev.gatun.netns.netfilter;

import dev.gatun.linux.Errno;
import dev.gatun.linux.program.Kernel;
import dev.gatun.netns.AddressPool;
import dev.gatun.netns.IpAddress;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.NetworkConfig;
import dev.gatun.netns.NetworkNamespace;
import dev.gatun.netns.PortMapping;
import dev.gatun.netns.Subnet;
import dev.gatun.netns.netlink.Requests;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the host's packet filter does for pods; {@link dev.gatun.netns.Nftables} tells what.
 *
 * <p>Adding a pod needs to know little of what is there: its elements are added, and if a set is
 * missing the whole table is, in one transaction, where what is there already does not matter. Only
 * a conflict is looked at, and only what is taken away depends on what others have: these
 * transactions name the generation that they were thought out for, and the kernel refuses them when
 * anything was changed since.
 */
public final class PodRules {
  /** A sequence number above those of any transaction. */
  public static final int MEANWHILE = 1 << 24;

  private static final int MOST_TRIES = 256;

  private final Kernel kernel;
  private final NetworkNamespace host;

  /**
   * Rules of a host.
   *
   * @param kernel the kernel
   * @param host the host's network namespace
   */
  public PodRules(Kernel kernel, NetworkNamespace host) {
    this.kernel = kernel;
    this.host = host;
  }

  /**
   * Names a pod of a state root that is not the default one.
   *
   * @param podId the pod's id
   * @param stateRoot the state root's path
   * @return what the other methods are to be given
   */
  public static String owner(String podId, String stateRoot) {
    return Element.owner(podId, stateRoot);
  }

  /**
   * Adds what a pod needs.
   *
   * @param config whether to masquerade, and the bridge
   * @param owner the pod, from {@link dev.gatun.netns.Nftables#owner}
   * @param leases its addresses
   * @param mappings ports of the host that lead to it
   */
  public void add(
      NetworkConfig config,
      String owner,
      List<AddressPool.Lease> leases,
      List<PortMapping> mappings) {
    List<Element> ports = ports(owner, leases, mappings);
    if (leases.isEmpty() || (ports.isEmpty() && !config.masquerade())) {
      return;
    }
    boolean isIpv4 = false;
    for (int i = 0; i < ports.size(); i++) {
      isIpv4 |= !ports.get(i).podAddress().isIpv6();
    }
    NamedSet[] ranges =
        !config.masquerade()
            ? new NamedSet[] {NamedSet.RANGES4, NamedSet.RANGES6}
            : ports.isEmpty()
                ? new NamedSet[] {NamedSet.OUTBOUND4, NamedSet.OUTBOUND6}
                : new NamedSet[] {
                  NamedSet.OUTBOUND4, NamedSet.OUTBOUND6, NamedSet.RANGES4, NamedSet.RANGES6
                };
    // A transaction that fails makes its caller wait for all processors, so none is risked.
    Snapshot seen = Snapshot.take(kernel, host, ranges);
    boolean whole = seen == null || !seen.isWhole();
    boolean conflict = false;
    for (int i = 0; i < MOST_TRIES; i++) {
      boolean depends = false;
      Transaction transaction = new Transaction();
      if (seen != null && (conflict || mindsRanges(seen, ranges, leases))) {
        depends = true;
        transaction = new Transaction(seen.generation());
      }
      if (whole) {
        GatunTable.add(transaction);
        if (config.masquerade()) {
          GatunTable.addOutbound(transaction);
        }
        if (!ports.isEmpty()) {
          GatunTable.addPorts(transaction);
        }
      }
      List<Element> stale = List.of();
      if (seen != null && conflict) {
        stale = deleteStale(transaction, seen, owner, leases, ports, mappings);
      }
      addElements(transaction, seen, config, owner, leases, ports);
      Transaction.Failure failure = transaction.attempt(kernel, host, null);
      if (failure == null) {
        if (!ports.isEmpty() || !stale.isEmpty()) {
          complete(isIpv4 ? config.bridge() : null, owner, leases, ports, stale);
        }
        return;
      }
      int errno = failure.error().errno();
      if (failure.element() != null && errno == Errno.EEXIST) {
        conflict = true;
      } else if (errno == Errno.ENOENT ? whole && !depends : !isRace(failure.error())) {
        throw failure.error();
      }
      seen = conflict ? Snapshot.take(kernel, host) : Snapshot.take(kernel, host, ranges);
      // If all of it is there, some of it may be without what this pod needs.
      whole |= seen == null || !seen.isWhole() || errno == Errno.ENOENT;
    }
    throw tooBusy("add the rules of pod \"" + Element.podId(owner) + "\"");
  }

  /** What no transaction can have; if it fails, what the transaction did is taken back. */
  private void complete(
      @Nullable String bridge,
      String owner,
      List<AddressPool.Lease> leases,
      List<Element> ports,
      List<Element> stale) {
    try {
      if (bridge != null) {
        Sysctls.setRouteLocalnet(kernel, host, bridge, true);
      }
      Flows.end(kernel, host, stale);
      Flows.lead(kernel, host, ports);
    } catch (RuntimeException e) {
      List<IpAddress> addresses = new ArrayList<>();
      for (int i = 0; i < leases.size(); i++) {
        addresses.add(leases.get(i).address());
      }
      try {
        remove(owner, addresses, null);
      } catch (RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /** Whether it may go well if what is there is looked at once more. */
  private static boolean isRace(NetlinkException error) {
    return switch (error.errno()) {
      case Errno.ERESTART, Errno.EBUSY, Errno.EAGAIN -> true;
      case Errno.EEXIST, Errno.ENOTEMPTY -> error.operation().startsWith(Transaction.ADD_RANGE);
      default -> false;
    };
  }

  /** Whether ranges of other configurations are in those of the pod, or they in one of these. */
  private static boolean mindsRanges(
      Snapshot seen, NamedSet[] sets, List<AddressPool.Lease> leases) {
    for (int i = 0; i < leases.size(); i++) {
      Subnet range = leases.get(i).range();
      for (NamedSet set : sets) {
        if (set.isOf(range) && !seen.has(set, range) && seen.overlaps(set, range)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Of two ranges that overlap one is in the other, and the wider one stands for both. */
  private static void addRange(
      Transaction transaction, @Nullable Snapshot seen, NamedSet set, Subnet range) {
    if (seen == null || seen.has(set, range)) {
      transaction.addRange(set, range, false);
      return;
    }
    List<Element> elements = seen.elements();
    boolean others = false;
    for (int i = 0; i < elements.size(); i++) {
      Element first = elements.get(i);
      if (first.set() != set || first.isEnd()) {
        continue;
      }
      others = true;
      Element end = seen.endOf(first);
      if (first.covers(end, range)) {
        return;
      }
      if (range.contains(first.address())) {
        transaction.deleteRange(first, end);
      }
    }
    transaction.addRange(set, range, others);
  }

  private static NetlinkException tooBusy(String operation) {
    return new NetlinkException(
        operation + ": others changed the packet filter each of " + MOST_TRIES + " times meanwhile",
        Errno.ERESTART,
        null);
  }

  /** The elements of all port mappings, for each address of the pod that they are for. */
  private static List<Element> ports(
      String owner, List<AddressPool.Lease> leases, List<PortMapping> mappings) {
    List<Element> ports = new ArrayList<>();
    for (int i = 0; i < mappings.size(); i++) {
      PortMapping mapping = mappings.get(i);
      boolean leads = false;
      for (int k = 0; k < leases.size(); k++) {
        IpAddress address = leases.get(k).address();
        if (!mapping.isFor(address.isIpv6())) {
          continue;
        }
        leads = true;
        Element port = Element.port(mapping, address, owner);
        for (int n = 0; n < ports.size(); n++) {
          if (ports.get(n).isAt(port)) {
            throw new NetlinkException("host port " + mapping.hostSide() + " is published twice");
          }
        }
        ports.add(port);
      }
      if (!leads) {
        throw new NetlinkException(
            "host port "
                + mapping.hostSide()
                + " cannot be published: the pod has no "
                + (mapping.isFor(true) ? "IPv6" : "IPv4")
                + " address");
      }
    }
    return ports;
  }

  private static void addElements(
      Transaction transaction,
      @Nullable Snapshot seen,
      NetworkConfig config,
      String owner,
      List<AddressPool.Lease> leases,
      List<Element> ports) {
    for (int i = 0; i < leases.size(); i++) {
      AddressPool.Lease lease = leases.get(i);
      Family family = Family.of(lease.address());
      transaction.addOwn(
          Element.pod(lease.address(), owner),
          "add address " + lease.address() + " of pod \"" + Element.podId(owner) + "\"");
      if (config.masquerade()) {
        addRange(transaction, seen, NamedSet.outbound(family), lease.range());
      }
      if (!ports.isEmpty()) {
        addRange(transaction, seen, NamedSet.ranges(family), lease.range());
      }
    }
    if (!ports.isEmpty()) {
      transaction.addShared(
          Element.bridge(config.bridge()), "add bridge \"" + config.bridge() + "\"");
    }
    for (int i = 0; i < ports.size(); i++) {
      transaction.addOwn(ports.get(i), "publish ports of pod \"" + Element.podId(owner) + "\"");
    }
  }

  /**
   * Deletes what is in the way. An address was leased to this pod and is nobody else's of its state
   * root, so that what is there for it is left from a pod that died.
   *
   * @return what is deleted
   * @throws NetlinkException when an address is a pod's of another state root, or a port leads to a
   *     pod that has another address
   */
  private static List<Element> deleteStale(
      Transaction transaction,
      Snapshot seen,
      String owner,
      List<AddressPool.Lease> leases,
      List<Element> ports,
      List<PortMapping> mappings) {
    List<Element> stale = new ArrayList<>();
    List<Element> elements = seen.elements();
    for (int i = 0; i < elements.size(); i++) {
      Element element = elements.get(i);
      if (element.isAboutPod()) {
        if (isAbout(element, leases)) {
          if (!isOfRoot(element, owner)) {
            throw new NetlinkException(
                element.podAddress() + " is in use by " + whose(element, owner),
                Errno.EADDRINUSE,
                null);
          }
          transaction.delete(element);
          stale.add(element);
        } else {
          for (int k = 0; k < ports.size(); k++) {
            if (ports.get(k).isAt(element)) {
              throw taken(element, mappings, owner);
            }
          }
        }
      }
    }
    return stale;
  }

  private static boolean isAbout(Element element, List<AddressPool.Lease> leases) {
    for (int i = 0; i < leases.size(); i++) {
      if (leases.get(i).address().equals(element.podAddress())) {
        return true;
      }
    }
    return false;
  }

  private static NetlinkException taken(Element element, List<PortMapping> mappings, String owner) {
    String port = "";
    for (int i = 0; i < mappings.size(); i++) {
      PortMapping mapping = mappings.get(i);
      IpAddress address = element.podAddress();
      if (mapping.isFor(address.isIpv6()) && Element.port(mapping, address, owner).isAt(element)) {
        port = mapping.hostSide();
      }
    }
    return new NetlinkException(
        "host port " + port + " is taken by " + whose(element, owner), Errno.EEXIST, null);
  }

  private static boolean isOfRoot(Element element, String owner) {
    return Element.root(element.comment()).equals(Element.root(owner));
  }

  private static String whose(Element element, String owner) {
    String pod = "pod \"" + Element.podId(element.comment()) + "\"";
    return isOfRoot(element, owner) ? pod : pod + " of another state root";
  }

  /**
   * Takes away what there is for a pod, and what nobody needs then.
   *
   * @param owner the pod, from {@link dev.gatun.netns.Nftables#owner}
   * @param addresses its addresses; none if they are not known
   * @param meanwhile what is said to rtnetlink while the kernel frees what was there, or null; not
   *     said if there was nothing. Its sequence numbers begin with {@link #MEANWHILE}
   */
  public void remove(String owner, List<IpAddress> addresses, @Nullable Requests meanwhile) {
    String comment = Element.comment(owner);
    for (int i = 0; i < MOST_TRIES; i++) {
      // Where others change the packet filter all the time, the empty table waits for the next one.
      boolean mayStay = i >= MOST_TRIES / 2;
      Snapshot seen = Snapshot.take(kernel, host);
      if (seen == null) {
        return;
      }
      List<Element> own = new ArrayList<>();
      List<Element> others = new ArrayList<>();
      for (int k = 0; k < seen.elements().size(); k++) {
        Element element = seen.elements().get(k);
        if (element.isAboutPod()) {
          boolean isOwn =
              element.comment().equals(comment)
                  && (addresses.isEmpty() || addresses.contains(element.podAddress()));
          (isOwn ? own : others).add(element);
        }
      }
      Transaction.Failure failure;
      if (others.isEmpty() && !mayStay) {
        setRouteLocalnet(seen, false);
        Transaction transaction = new Transaction(seen.generation());
        transaction.deleteTable();
        failure = transaction.attempt(kernel, host, meanwhile);
        if (failure == null) {
          Flows.end(kernel, host, own);
          return;
        }
        // It stands as it is: somebody came who needs it.
        restoreRouteLocalnet();
      } else {
        List<Element> unused = mayStay ? List.of() : unusedRanges(seen, others);
        List<Element> bridges = mayStay ? List.of() : unusedBridges(seen, others);
        if (own.isEmpty() && unused.isEmpty() && bridges.isEmpty()) {
          return;
        }
        boolean lastIpv4 =
            !mayStay
                && (Snapshot.hasIpv4Ports(own) || !bridges.isEmpty())
                && !Snapshot.hasIpv4Ports(others);
        if (lastIpv4) {
          setRouteLocalnet(seen, false);
        }
        // What is the pod's own goes whatever others do. Who is the last to take away his own sees
        // that nothing is left.
        Transaction transaction =
            unused.isEmpty() && bridges.isEmpty() && !lastIpv4
                ? new Transaction()
                : new Transaction(seen.generation());
        for (int k = 0; k < own.size(); k++) {
          transaction.delete(own.get(k));
        }
        for (int k = 0; k < unused.size(); k++) {
          transaction.deleteRange(unused.get(k), seen.endOf(unused.get(k)));
        }
        for (int k = 0; k < bridges.size(); k++) {
          transaction.delete(bridges.get(k));
        }
        failure = transaction.attempt(kernel, host, meanwhile);
        if (failure == null) {
          Flows.end(kernel, host, own);
          if (mayStay) {
            return;
          }
        }
        if (failure != null && lastIpv4) {
          restoreRouteLocalnet();
        }
      }
      if (failure != null) {
        int errno = failure.error().errno();
        if (errno != Errno.ERESTART
            && errno != Errno.EBUSY
            && errno != Errno.EAGAIN
            && errno != Errno.ENOENT) {
          throw failure.error();
        }
      }
    }
    throw tooBusy("delete the rules of pod \"" + Element.podId(owner) + "\"");
  }

  /** The first elements of the ranges that have no pods any more. */
  private static List<Element> unusedRanges(Snapshot seen, List<Element> pods) {
    List<Element> unused = new ArrayList<>();
    for (int i = 0; i < seen.elements().size(); i++) {
      Element first = seen.elements().get(i);
      if (!first.set().isInterval() || first.isEnd()) {
        continue;
      }
      Element end = seen.endOf(first);
      boolean isUsed = false;
      for (int k = 0; k < pods.size() && !isUsed; k++) {
        isUsed = pods.get(k).isBetween(first, end);
      }
      if (!isUsed) {
        unused.add(first);
      }
    }
    return unused;
  }

  /** The bridges, if there are no ports any more. */
  private static List<Element> unusedBridges(Snapshot seen, List<Element> pods) {
    List<Element> unused = new ArrayList<>();
    for (int i = 0; i < seen.elements().size() && !Snapshot.hasPorts(pods); i++) {
      Element element = seen.elements().get(i);
      if (element.set() == NamedSet.BRIDGES) {
        unused.add(element);
      }
    }
    return unused;
  }

  /** What was turned off for a transaction that was not made is as others need it now. */
  private void restoreRouteLocalnet() {
    Snapshot now = Snapshot.take(kernel, host);
    if (now != null && now.hasIpv4Ports()) {
      setRouteLocalnet(now, true);
    }
  }

  private void setRouteLocalnet(Snapshot seen, boolean on) {
    for (int i = 0; i < seen.elements().size(); i++) {
      Element element = seen.elements().get(i);
      if (element.set() == NamedSet.BRIDGES) {
        Sysctls.setRouteLocalnet(kernel, host, element.name(), on);
      }
    }
  }
}
