package dev.gatun.netns;

import static dev.gatun.linux.Constants.AF_INET;
import static dev.gatun.linux.Constants.AF_INET6;
import static dev.gatun.linux.Constants.AF_UNSPEC;
import static dev.gatun.linux.Constants.IFF_UP;
import static dev.gatun.netns.netlink.Netlink.NLM_F_CREATE;
import static dev.gatun.netns.netlink.Netlink.NLM_F_EXCL;
import static dev.gatun.netns.netlink.Netlink.NLM_F_REPLACE;
import static dev.gatun.netns.netlink.Netlink.NLM_F_REQUEST;

import dev.gatun.linux.program.Slot;
import dev.gatun.netns.netlink.Requests;
import dev.gatun.netns.netlink.Rtnetlink;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Writes messages of {@code rtnetlink(7)}; what is opened by one of them is open for attributes.
 */
final class RouteMessages {
  /** The most bytes of an interface's name, IFNAMSIZ without its NUL. */
  private static final int MOST_NAME = 15;

  private RouteMessages() {}

  /**
   * Checks the name of an interface, as the kernel does.
   *
   * @param name the name
   * @return the name
   * @throws IllegalArgumentException if no interface can have it
   */
  static String checkName(String name) {
    boolean good =
        !name.isEmpty()
            && name.getBytes(StandardCharsets.UTF_8).length <= MOST_NAME
            && !name.equals(".")
            && !name.equals("..");
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      // A percent sign asks the kernel for a number.
      good &= c > ' ' && c != 0x7f && c != '/' && c != ':' && c != '%';
    }
    if (!good) {
      throw new IllegalArgumentException("\"" + name + "\" is no name of an interface");
    }
    return name;
  }

  /** {@code struct ifinfomsg}. */
  private static void ifinfomsg(Requests r, @Nullable Slot index, int flags, int change) {
    r.u8(AF_UNSPEC).u8(0).u16(0);
    if (index == null) {
      r.u32(0);
    } else {
      r.u32(index);
    }
    r.u32(flags).u32(change);
  }

  /** Begins a change of the interface of a name; attributes may follow. */
  static int setLink(Requests r, String operation, String name, int flags, int change) {
    int number = r.begin(operation, "RTM_NEWLINK", Rtnetlink.RTM_NEWLINK, NLM_F_REQUEST);
    ifinfomsg(r, null, flags, change);
    r.string(Rtnetlink.IFLA_IFNAME, name);
    return number;
  }

  static int upLink(Requests r, String name) {
    return setLink(r, "bring up link \"" + name + "\"", name, IFF_UP, IFF_UP);
  }

  /**
   * Brings up a bridge. The kernel refuses this with EOPNOTSUPP if the interface is no bridge: it
   * is said to have options of one, none of which changes.
   */
  static int upBridge(Requests r, String name, Slot index) {
    int number =
        r.begin(
            "bring up bridge \"" + name + "\"",
            "RTM_NEWLINK",
            Rtnetlink.RTM_NEWLINK,
            NLM_F_REQUEST);
    ifinfomsg(r, index, IFF_UP, IFF_UP);
    int info = r.nest(Rtnetlink.IFLA_LINKINFO);
    r.string(Rtnetlink.IFLA_INFO_KIND, "bridge");
    r.end(r.nest(Rtnetlink.IFLA_INFO_DATA));
    r.end(info);
    return number;
  }

  /** Lets what comes in by a port of a bridge go out by it. */
  static int hairpin(Requests r, String name) {
    int number = setLink(r, "put link \"" + name + "\" into hairpin mode", name, 0, 0);
    int info = r.nest(Rtnetlink.IFLA_LINKINFO);
    r.string(Rtnetlink.IFLA_INFO_SLAVE_KIND, "bridge");
    int port = r.nest(Rtnetlink.IFLA_INFO_SLAVE_DATA);
    r.u8(Rtnetlink.IFLA_BRPORT_MODE, 1).end(port).end(info);
    return number;
  }

  /** Makes a bridge. One that is given its link-layer address does not change it with its ports. */
  static int newBridge(Requests r, String name, byte @Nullable [] address, boolean isUp) {
    int number = newLink(r, "create bridge \"" + name + "\"");
    int up = isUp ? IFF_UP : 0;
    ifinfomsg(r, null, up, up);
    r.string(Rtnetlink.IFLA_IFNAME, name);
    if (address != null) {
      r.attribute(Rtnetlink.IFLA_ADDRESS, address);
    }
    int info = r.nest(Rtnetlink.IFLA_LINKINFO);
    r.string(Rtnetlink.IFLA_INFO_KIND, "bridge");
    r.end(info);
    return number;
  }

  private static int newLink(Requests r, String operation) {
    return r.begin(
        operation, "RTM_NEWLINK", Rtnetlink.RTM_NEWLINK, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
  }

  /** One end of a pair. */
  record End(String name, int mtu, @Nullable String address, boolean isUp) {}

  /**
   * Makes a pair of virtual Ethernet interfaces.
   *
   * @param r the requests
   * @param here the end in the namespace of the socket
   * @param master a slot with the index of the bridge that it becomes a port of, or null
   * @param there the other end
   * @param pid of a process in the namespace where it goes; 0 for the socket's
   * @return the message's number
   */
  static int newVeth(Requests r, End here, @Nullable Slot master, End there, int pid) {
    int number = newLink(r, "create link \"" + here.name() + "\"");
    end(r, here);
    if (master != null) {
      r.u32(Rtnetlink.IFLA_MASTER, master);
    }
    int info = r.nest(Rtnetlink.IFLA_LINKINFO);
    r.string(Rtnetlink.IFLA_INFO_KIND, "veth");
    int data = r.nest(Rtnetlink.IFLA_INFO_DATA);
    int peer = r.nest(Rtnetlink.VETH_INFO_PEER);
    end(r, there);
    if (pid != 0) {
      r.u32(Rtnetlink.IFLA_NET_NS_PID, pid);
    }
    r.end(peer);
    r.end(data);
    r.end(info);
    return number;
  }

  private static void end(Requests r, End end) {
    int up = end.isUp() ? IFF_UP : 0;
    ifinfomsg(r, null, up, up);
    r.string(Rtnetlink.IFLA_IFNAME, end.name());
    if (end.mtu() != 0) {
      r.u32(Rtnetlink.IFLA_MTU, end.mtu());
    }
    String address = end.address();
    if (address != null) {
      r.attribute(Rtnetlink.IFLA_ADDRESS, LinkLayerAddress.parse(address));
    }
    // By default the kernel makes queues for each processor, and then uses one of them.
    r.u32(Rtnetlink.IFLA_NUM_TX_QUEUES, 1).u32(Rtnetlink.IFLA_NUM_RX_QUEUES, 1);
  }

  static int deleteLink(Requests r, String name) {
    int number =
        r.begin(
            "delete link \"" + name + "\"", "RTM_DELLINK", Rtnetlink.RTM_DELLINK, NLM_F_REQUEST);
    ifinfomsg(r, null, 0, 0);
    r.string(Rtnetlink.IFLA_IFNAME, name);
    return number;
  }

  static int family(boolean isIpv6) {
    return isIpv6 ? AF_INET6 : AF_INET;
  }

  /** Adds an address, which is usable at once. */
  static int newAddress(Requests r, String name, Slot index, IpAddress address, int prefix) {
    int number =
        r.begin(
            "add address " + address + "/" + prefix + " to \"" + name + "\"",
            "RTM_NEWADDR",
            Rtnetlink.RTM_NEWADDR,
            NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
    address(r, index, address, prefix);
    // In IPv4, as ip(8) with "broadcast +"; a network of one or two has none.
    if (!address.isIpv6() && prefix < 31) {
      r.attribute(Rtnetlink.IFA_BROADCAST, Subnet.around(address, prefix).broadcast().bytes());
    }
    return number;
  }

  static int deleteAddress(Requests r, String name, Slot index, IpAddress address, int prefix) {
    int number =
        r.begin(
            "delete address " + address + "/" + prefix + " of \"" + name + "\"",
            "RTM_DELADDR",
            Rtnetlink.RTM_DELADDR,
            NLM_F_REQUEST);
    address(r, index, address, prefix);
    return number;
  }

  private static void address(Requests r, Slot index, IpAddress address, int prefix) {
    int flags = address.isIpv6() ? Rtnetlink.IFA_F_NODAD : 0;
    r.u8(family(address.isIpv6())).u8(prefix).u8(flags).u8(Rtnetlink.RT_SCOPE_UNIVERSE).u32(index);
    r.attribute(Rtnetlink.IFA_LOCAL, address.bytes());
    r.attribute(Rtnetlink.IFA_ADDRESS, address.bytes());
  }

  /** Where a route leads: a network, or anywhere without one. */
  record Target(boolean isIpv6, @Nullable Subnet network) {
    @Override
    public String toString() {
      return network == null ? (isIpv6 ? "::/0" : "0.0.0.0/0") : network.toString();
    }
  }

  /**
   * Adds a route.
   *
   * @param r the requests
   * @param target where it leads
   * @param gateway who passes packets on, or null for a network on the link
   * @param name the interface
   * @param index a slot with its index
   * @param isOnLink whether the gateway is on the link although no address of the interface says so
   * @return the message's number
   */
  static int newRoute(
      Requests r,
      Target target,
      @Nullable IpAddress gateway,
      String name,
      Slot index,
      boolean isOnLink) {
    int number =
        r.begin(
            "add route to " + target + " by \"" + name + "\"",
            "RTM_NEWROUTE",
            Rtnetlink.RTM_NEWROUTE,
            NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
    int scope =
        gateway != null || target.isIpv6() ? Rtnetlink.RT_SCOPE_UNIVERSE : Rtnetlink.RT_SCOPE_LINK;
    rtmsg(r, target, Rtnetlink.RTPROT_STATIC, scope, Rtnetlink.RTN_UNICAST, isOnLink);
    destination(r, target, gateway);
    r.u32(Rtnetlink.RTA_OIF, index);
    return number;
  }

  static int deleteRoute(
      Requests r, Target target, @Nullable IpAddress gateway, String name, Slot index) {
    int number =
        r.begin(
            "delete route to " + target + " by \"" + name + "\"",
            "RTM_DELROUTE",
            Rtnetlink.RTM_DELROUTE,
            NLM_F_REQUEST);
    rtmsg(r, target, 0, Rtnetlink.RT_SCOPE_NOWHERE, Rtnetlink.RTN_UNSPEC, false);
    destination(r, target, gateway);
    r.u32(Rtnetlink.RTA_OIF, index);
    return number;
  }

  private static void rtmsg(
      Requests r, Target target, int protocol, int scope, int type, boolean isOnLink) {
    Subnet network = target.network();
    r.u8(family(target.isIpv6())).u8(network == null ? 0 : network.prefix()).u8(0).u8(0);
    r.u8(Rtnetlink.RT_TABLE_MAIN).u8(protocol).u8(scope).u8(type);
    r.u32(isOnLink ? Rtnetlink.RTNH_F_ONLINK : 0);
  }

  private static void destination(Requests r, Target target, @Nullable IpAddress gateway) {
    Subnet network = target.network();
    if (network != null) {
      r.attribute(Rtnetlink.RTA_DST, network.network().bytes());
    }
    if (gateway != null) {
      r.attribute(Rtnetlink.RTA_GATEWAY, gateway.bytes());
    }
  }

  /** Adds or changes a neighbour that is known for ever. */
  static int newNeighbour(
      Requests r, String name, Slot index, IpAddress address, byte[] linkLayerAddress) {
    int number =
        r.begin(
            "add neighbour " + address + " of \"" + name + "\"",
            "RTM_NEWNEIGH",
            Rtnetlink.RTM_NEWNEIGH,
            NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE);
    neighbour(r, index, address);
    r.attribute(Rtnetlink.NDA_LLADDR, linkLayerAddress);
    return number;
  }

  static int deleteNeighbour(Requests r, String name, Slot index, IpAddress address) {
    int number =
        r.begin(
            "delete neighbour " + address + " of \"" + name + "\"",
            "RTM_DELNEIGH",
            Rtnetlink.RTM_DELNEIGH,
            NLM_F_REQUEST);
    neighbour(r, index, address);
    return number;
  }

  private static void neighbour(Requests r, Slot index, IpAddress address) {
    r.u8(family(address.isIpv6())).u8(0).u16(0).u32(index);
    r.u16(Rtnetlink.NUD_PERMANENT).u8(0).u8(0);
    r.attribute(Rtnetlink.NDA_DST, address.bytes());
  }
}
