package dev.gatun.netns;

import static dev.gatun.netns.RouteMessages.checkName;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.netns.netlink.Attributes;
import dev.gatun.netns.netlink.Conversation;
import dev.gatun.netns.netlink.Message;
import dev.gatun.netns.netlink.Netlink;
import dev.gatun.netns.netlink.Requests;
import dev.gatun.netns.netlink.Rtnetlink;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The interfaces of a network namespace with their addresses, routes and neighbours, {@code
 * rtnetlink(7)}. Each method is one program.
 *
 * <p>What the kernel refuses is a {@link NetlinkException} with the kernel's own text; a namespace
 * that cannot be entered is a {@link dev.gatun.linux.SyscallException}. Names that no interface can
 * have are an {@link IllegalArgumentException}.
 */
public final class Interfaces {
  private final Kernel kernel;
  private final NetworkNamespace namespace;

  /**
   * The interfaces of a namespace.
   *
   * @param kernel runs the programs
   * @param namespace the namespace
   */
  public Interfaces(Kernel kernel, NetworkNamespace namespace) {
    this.kernel = kernel;
    this.namespace = namespace;
  }

  // --- what there is

  private Requests dump(String what, String name, int type) {
    Requests r = new Requests();
    r.begin("list " + what, name, type, Netlink.NLM_F_REQUEST);
    return r.dump();
  }

  private List<Message> dump(Requests requests) {
    return Conversation.dump(kernel, namespace, Constants.NETLINK_ROUTE, requests);
  }

  /** All interfaces. */
  public List<Link> links() {
    Requests r = dump("links", "RTM_GETLINK", Rtnetlink.RTM_GETLINK);
    r.u32(0).u32(0).u32(0).u32(0);
    r.u32(Rtnetlink.IFLA_EXT_MASK, Rtnetlink.RTEXT_FILTER_SKIP_STATS);
    List<Link> links = new ArrayList<>();
    for (Message message : dump(r)) {
      if (message.type() != Rtnetlink.RTM_NEWLINK) {
        continue;
      }
      Attributes a = message.attributes(Rtnetlink.SIZEOF_IFINFOMSG);
      String kind = "";
      if (a.has(Rtnetlink.IFLA_LINKINFO)) {
        kind = a.nested(Rtnetlink.IFLA_LINKINFO).string(Rtnetlink.IFLA_INFO_KIND, "");
      }
      links.add(
          new Link(
              message.u32(Rtnetlink.IFINFOMSG_IFI_INDEX),
              a.string(Rtnetlink.IFLA_IFNAME),
              message.u32(Rtnetlink.IFINFOMSG_IFI_FLAGS),
              a.u32(Rtnetlink.IFLA_MTU, 0),
              a.has(Rtnetlink.IFLA_ADDRESS)
                  ? LinkLayerAddress.text(a.bytes(Rtnetlink.IFLA_ADDRESS))
                  : "",
              a.u32(Rtnetlink.IFLA_MASTER, 0),
              kind));
    }
    return links;
  }

  /**
   * An interface.
   *
   * @param name its name
   * @return the interface, null if there is none of that name
   */
  public @Nullable Link link(String name) {
    for (Link link : links()) {
      if (link.name().equals(name)) {
        return link;
      }
    }
    return null;
  }

  /** All IPv4 and IPv6 addresses. */
  public List<LinkAddress> addresses() {
    Requests r = dump("addresses", "RTM_GETADDR", Rtnetlink.RTM_GETADDR);
    r.u32(0).u32(0);
    List<LinkAddress> addresses = new ArrayList<>();
    for (Message message : dump(r)) {
      if (message.type() != Rtnetlink.RTM_NEWADDR
          || !isIp(message.u8(Rtnetlink.IFADDRMSG_IFA_FAMILY))) {
        continue;
      }
      Attributes a = message.attributes(Rtnetlink.SIZEOF_IFADDRMSG);
      // Where the two differ, IFA_ADDRESS is that of the other end.
      IpAddress address =
          ip(a, a.has(Rtnetlink.IFA_LOCAL) ? Rtnetlink.IFA_LOCAL : Rtnetlink.IFA_ADDRESS);
      if (address != null) {
        addresses.add(
            new LinkAddress(
                message.u32(Rtnetlink.IFADDRMSG_IFA_INDEX),
                address,
                message.u8(Rtnetlink.IFADDRMSG_IFA_PREFIXLEN),
                ip(a, Rtnetlink.IFA_BROADCAST),
                message.u8(Rtnetlink.IFADDRMSG_IFA_SCOPE),
                a.u32(Rtnetlink.IFA_FLAGS, message.u8(Rtnetlink.IFADDRMSG_IFA_FLAGS))));
      }
    }
    return addresses;
  }

  /** All IPv4 and IPv6 routes of all tables, the kernel's own among them. */
  public List<Route> routes() {
    Requests r = dump("routes", "RTM_GETROUTE", Rtnetlink.RTM_GETROUTE);
    r.u32(0).u32(0).u32(0);
    List<Route> routes = new ArrayList<>();
    for (Message message : dump(r)) {
      int family = message.type() == Rtnetlink.RTM_NEWROUTE ? message.u8(0) : 0;
      if (!isIp(family)) {
        continue;
      }
      Attributes a = message.attributes(Rtnetlink.SIZEOF_RTMSG);
      routes.add(
          new Route(
              family == Constants.AF_INET6,
              ip(a, Rtnetlink.RTA_DST),
              message.u8(Rtnetlink.RTMSG_RTM_DST_LEN),
              ip(a, Rtnetlink.RTA_GATEWAY),
              a.u32(Rtnetlink.RTA_OIF, 0),
              ip(a, Rtnetlink.RTA_PREFSRC),
              a.u32(Rtnetlink.RTA_TABLE, message.u8(Rtnetlink.RTMSG_RTM_TABLE)),
              message.u8(Rtnetlink.RTMSG_RTM_TYPE),
              message.u8(Rtnetlink.RTMSG_RTM_SCOPE),
              message.u32(Rtnetlink.RTMSG_RTM_FLAGS)));
    }
    return routes;
  }

  /** All neighbours. */
  public List<Neighbour> neighbours() {
    Requests r = dump("neighbours", "RTM_GETNEIGH", Rtnetlink.RTM_GETNEIGH);
    r.u32(0).u32(0).u32(0);
    List<Neighbour> neighbours = new ArrayList<>();
    for (Message message : dump(r)) {
      if (message.type() != Rtnetlink.RTM_NEWNEIGH
          || !isIp(message.u8(Rtnetlink.NDMSG_NDM_FAMILY))) {
        continue;
      }
      Attributes a = message.attributes(Rtnetlink.SIZEOF_NDMSG);
      IpAddress address = ip(a, Rtnetlink.NDA_DST);
      if (address != null) {
        neighbours.add(
            new Neighbour(
                message.u32(Rtnetlink.NDMSG_NDM_IFINDEX),
                address,
                a.has(Rtnetlink.NDA_LLADDR)
                    ? LinkLayerAddress.text(a.bytes(Rtnetlink.NDA_LLADDR))
                    : "",
                message.u16(Rtnetlink.NDMSG_NDM_STATE)));
      }
    }
    return neighbours;
  }

  private static boolean isIp(int family) {
    return family == Constants.AF_INET || family == Constants.AF_INET6;
  }

  private static @Nullable IpAddress ip(Attributes attributes, int type) {
    return attributes.has(type) ? IpAddress.of(attributes.bytes(type)) : null;
  }

  // --- links

  private void talk(Requests requests) {
    requests.acknowledge();
    Conversation.talk(kernel, namespace, Constants.NETLINK_ROUTE, requests);
  }

  /**
   * Makes a bridge, and brings it up.
   *
   * @param name its name
   */
  public void createBridge(String name) {
    Requests r = new Requests();
    RouteMessages.newBridge(r, checkName(name), null, true);
    talk(r);
  }

  /**
   * Makes a pair of virtual Ethernet interfaces, both down.
   *
   * @param name the name of the end that is in this namespace
   * @param peer the name of the other end
   * @param there where the other end goes
   */
  public void createVeth(String name, String peer, NetworkNamespace there) {
    Requests r = new Requests();
    RouteMessages.newVeth(
        r,
        new RouteMessages.End(checkName(name), 0, null, false),
        null,
        new RouteMessages.End(checkName(peer), 0, null, false),
        there.pid());
    talk(r);
  }

  /**
   * Brings an interface up.
   *
   * @param name its name
   */
  public void setUp(String name) {
    Requests r = new Requests();
    RouteMessages.upLink(r, checkName(name));
    talk(r);
  }

  /**
   * Brings an interface down.
   *
   * @param name its name
   */
  public void setDown(String name) {
    Requests r = new Requests();
    set(r, "bring down link \"", name, Constants.IFF_UP);
    talk(r);
  }

  private static void set(Requests r, String operation, String name, int change) {
    RouteMessages.setLink(r, operation + checkName(name) + "\"", name, 0, change);
  }

  /**
   * Sets the largest packet that an interface sends.
   *
   * @param name its name
   * @param mtu in bytes
   */
  public void setMtu(String name, int mtu) {
    Requests r = new Requests();
    set(r, "set mtu " + mtu + " of link \"", name, 0);
    r.u32(Rtnetlink.IFLA_MTU, mtu);
    talk(r);
  }

  /**
   * Sets the link-layer address of an interface.
   *
   * @param name its name
   * @param address as {@code 02:67:0a:cf:00:02}
   */
  public void setLinkLayerAddress(String name, String address) {
    Requests r = new Requests();
    set(r, "set address " + address + " of link \"", name, 0);
    r.attribute(Rtnetlink.IFLA_ADDRESS, LinkLayerAddress.parse(address));
    talk(r);
  }

  /**
   * Makes an interface a port of another one, or of none.
   *
   * @param name its name
   * @param master the name of the bridge, or null
   */
  public void setMaster(String name, @Nullable String master) {
    Requests r = new Requests();
    if (master == null) {
      set(r, "release link \"", name, 0);
      r.u32(Rtnetlink.IFLA_MASTER, 0);
      talk(r);
      return;
    }
    withIndex(
        checkName(master),
        (more, index) -> {
          set(more, "make a port of \"" + master + "\" of link \"", name, 0);
          more.u32(Rtnetlink.IFLA_MASTER, index);
        });
  }

  /**
   * Renames an interface. Kernels before Linux 6.2 refuse it with EBUSY while the interface is up.
   *
   * @param name its name
   * @param newName the name that it gets
   */
  public void rename(String name, String newName) {
    checkName(newName);
    withIndex(
        checkName(name),
        (r, index) -> {
          r.begin(
              "rename link \"" + name + "\" to \"" + newName + "\"",
              "RTM_NEWLINK",
              Rtnetlink.RTM_NEWLINK,
              Netlink.NLM_F_REQUEST);
          r.u32(0).u32(index).u32(0).u32(0);
          r.string(Rtnetlink.IFLA_IFNAME, newName);
        });
  }

  /**
   * Moves an interface into another namespace. It loses its addresses and is down there.
   *
   * @param name its name
   * @param there where it goes
   */
  public void move(String name, NetworkNamespace there) {
    Requests r = new Requests();
    set(r, "move to " + there + " link \"", name, 0);
    r.u32(Rtnetlink.IFLA_NET_NS_PID, there.pid());
    talk(r);
  }

  /**
   * Deletes an interface, and with a virtual Ethernet interface its other end.
   *
   * @param name its name
   */
  public void delete(String name) {
    Requests r = new Requests();
    RouteMessages.deleteLink(r, checkName(name));
    talk(r);
  }

  // --- addresses, routes, neighbours

  /** Writes requests that need the index of an interface. */
  private interface WithIndex {
    void write(Requests requests, Slot index);
  }

  private void withIndex(String name, WithIndex messages) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Conversation conversation = new Conversation(b, Conversation.SMALL);
    Slot socket = conversation.socket(namespace, Constants.NETLINK_ROUTE);
    Slot index = b.slot("index");
    Requests r = new Requests();
    messages.write(r, index);
    r.acknowledge();
    Label missing = b.label("no such link");
    b.step("find link \"" + name + "\"", "");
    conversation.index(socket, name, index, missing);
    b.outOfLine(() -> {
      b.bind(missing);
      b.fail(Errno.ENODEV);
    });
    conversation.exchange(socket, r);
    conversation.run(kernel).orThrow();
  }

  /**
   * Adds an address, which is usable at once: nobody is asked whether it is a duplicate.
   *
   * @param name the interface
   * @param address the address
   * @param prefix how many bits of it name the network, which gets a route
   */
  public void addAddress(String name, IpAddress address, int prefix) {
    withIndex(
        checkName(name), (r, index) -> RouteMessages.newAddress(r, name, index, address, prefix));
  }

  /**
   * Deletes an address.
   *
   * @param name the interface
   * @param address the address
   * @param prefix how many bits of it name the network
   */
  public void deleteAddress(String name, IpAddress address, int prefix) {
    withIndex(
        checkName(name),
        (r, index) -> RouteMessages.deleteAddress(r, name, index, address, prefix));
  }

  /**
   * Adds a default route.
   *
   * @param name the interface
   * @param gateway who passes packets on
   * @param isOnLink whether the gateway is on the link although no address of the interface says so
   */
  public void addDefaultRoute(String name, IpAddress gateway, boolean isOnLink) {
    RouteMessages.Target target = new RouteMessages.Target(gateway.isIpv6(), null);
    withIndex(
        checkName(name),
        (r, index) -> RouteMessages.newRoute(r, target, gateway, name, index, isOnLink));
  }

  /**
   * Adds a route.
   *
   * @param name the interface
   * @param network where it leads
   * @param gateway who passes packets on, or null if the network is on the link
   */
  public void addRoute(String name, Subnet network, @Nullable IpAddress gateway) {
    RouteMessages.Target target = new RouteMessages.Target(network.isIpv6(), network);
    withIndex(
        checkName(name),
        (r, index) -> RouteMessages.newRoute(r, target, gateway, name, index, false));
  }

  /**
   * Deletes a route.
   *
   * @param name the interface
   * @param network where it leads
   * @param gateway who passes packets on, or null for whoever does
   */
  public void deleteRoute(String name, Subnet network, @Nullable IpAddress gateway) {
    RouteMessages.Target target = new RouteMessages.Target(network.isIpv6(), network);
    withIndex(
        checkName(name), (r, index) -> RouteMessages.deleteRoute(r, target, gateway, name, index));
  }

  /**
   * Adds or changes a neighbour that is known for ever.
   *
   * @param name the interface
   * @param address the neighbour's IP address
   * @param linkLayerAddress its link-layer address, as {@code 02:67:0a:cf:00:02}
   */
  public void addNeighbour(String name, IpAddress address, String linkLayerAddress) {
    byte[] bytes = LinkLayerAddress.parse(linkLayerAddress);
    withIndex(
        checkName(name), (r, index) -> RouteMessages.newNeighbour(r, name, index, address, bytes));
  }

  /**
   * Deletes a neighbour.
   *
   * @param name the interface
   * @param address the neighbour's IP address
   */
  public void deleteNeighbour(String name, IpAddress address) {
    withIndex(
        checkName(name), (r, index) -> RouteMessages.deleteNeighbour(r, name, index, address));
  }
}
