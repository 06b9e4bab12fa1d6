package dev.gatun.netns;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.netns.netfilter.RulesCheck;
import dev.gatun.netns.netlink.Conversation;
import dev.gatun.netns.netlink.Rtnetlink;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Compares what a pod has on its bridge with what {@link BridgeNetwork.Attach} and {@link
 * Nftables#publish} gave it. What others have added meanwhile is no difference.
 */
public final class BridgeCheck {
  private final Kernel kernel;
  private final NetworkNamespace host;
  private final NetworkNamespace pod;
  private final BridgeNetwork.Attachment made;
  private final List<String> differences = new ArrayList<>();

  private BridgeCheck(
      Kernel kernel, NetworkNamespace host, NetworkNamespace pod, BridgeNetwork.Attachment made) {
    this.kernel = kernel;
    this.host = host;
    this.pod = pod;
    this.made = made;
  }

  /**
   * What the packet filter does for a pod.
   *
   * @param owner the pod, from {@link Nftables#owner}
   * @param masquerade whether it reaches the world under the host's addresses
   * @param ports ports of the host that lead to it
   */
  public record Rules(String owner, boolean masquerade, List<PortMapping> ports) {
    /** Copies the ports. */
    public Rules {
      ports = List.copyOf(ports);
    }
  }

  /**
   * Compares.
   *
   * @param kernel runs the programs
   * @param host where the bridge is
   * @param pod the pod's namespace
   * @param made what the pod was given
   * @param rules what the packet filter was told
   * @return what is not as it was made, each as a part of a sentence; nothing when all of it is
   * @throws NetlinkException when the kernel refuses to show it
   */
  public static List<String> differences(
      Kernel kernel,
      NetworkNamespace host,
      NetworkNamespace pod,
      BridgeNetwork.Attachment made,
      Rules rules) {
    BridgeCheck check = new BridgeCheck(kernel, host, pod, made);
    check.inPod();
    Link bridge = check.onHost();
    check.settings(rules.ports(), bridge);
    check.differences.addAll(
        RulesCheck.differences(
            kernel,
            host,
            rules.owner(),
            check.leases(),
            rules.masquerade(),
            rules.ports(),
            bridge == null ? null : bridge.name()));
    return check.differences;
  }

  private void inPod() {
    String name = "interface \"" + made.name() + "\"";
    Interfaces there = new Interfaces(kernel, pod);
    Link link = there.link(made.name());
    if (link == null) {
      differences.add(name + " is gone");
      return;
    }
    if (!link.isUp()) {
      differences.add(name + " is down");
    }
    if (!link.address().equals(made.mac())) {
      differences.add(
          name + " has the link-layer address " + link.address() + " instead of " + made.mac());
    }
    if (link.mtu() != made.mtu()) {
      differences.add(name + " has the MTU " + link.mtu() + " instead of " + made.mtu());
    }
    List<LinkAddress> addresses = there.addresses();
    for (AddressPool.Lease lease : leases()) {
      if (!has(addresses, link, lease.address(), lease.range().prefix())) {
        differences.add(name + " has lost the address " + text(lease, lease.address()));
      }
    }
    List<Route> routes = there.routes();
    for (IpAddress gateway : made.gateways()) {
      if (!leadsBy(routes, link, gateway)) {
        differences.add(name + " has lost the default route by " + gateway);
      }
    }
  }

  private static boolean has(List<LinkAddress> addresses, Link link, IpAddress wanted, int prefix) {
    for (LinkAddress address : addresses) {
      if (address.link() == link.index()
          && address.address().equals(wanted)
          && address.prefix() == prefix) {
        return true;
      }
    }
    return false;
  }

  private static boolean leadsBy(List<Route> routes, Link link, IpAddress gateway) {
    for (Route route : routes) {
      IpAddress by = route.gateway();
      if (route.destination() == null
          && route.prefix() == 0
          && by != null
          && by.equals(gateway)
          && route.link() == link.index()
          && route.table() == Rtnetlink.RT_TABLE_MAIN
          && route.type() == Rtnetlink.RTN_UNICAST) {
        return true;
      }
    }
    return false;
  }

  /** Compares the other end and the bridge, which is known by what it does for the pod. */
  private @Nullable Link onHost() {
    String name = "interface \"" + made.host() + "\" of the host";
    Interfaces there = new Interfaces(kernel, host);
    List<Link> links = there.links();
    Link end = null;
    for (Link link : links) {
      if (link.name().equals(made.host())) {
        end = link;
      }
    }
    if (end == null) {
      differences.add(name + " is gone");
      return null;
    }
    if (!end.isUp()) {
      differences.add(name + " is down");
    }
    Link bridge = null;
    for (Link link : links) {
      if (link.index() == end.master() && link.kind().equals("bridge")) {
        bridge = link;
      }
    }
    if (bridge == null) {
      differences.add(name + " is not a port of a bridge");
      return null;
    }
    String master = "bridge \"" + bridge.name() + "\"";
    if (!bridge.isUp()) {
      differences.add(master + " is down");
    }
    List<LinkAddress> addresses = there.addresses();
    for (AddressPool.Lease lease : leases()) {
      IpAddress gateway = lease.range().gateway();
      if (!has(addresses, bridge, gateway, lease.range().prefix())) {
        differences.add(master + " lacks the gateway's address " + text(lease, gateway));
      }
    }
    return bridge;
  }

  private static String text(AddressPool.Lease lease, IpAddress address) {
    return address + "/" + lease.range().prefix();
  }

  private List<AddressPool.Lease> leases() {
    List<AddressPool.Lease> leases = new ArrayList<>(made.addresses().size());
    for (String text : made.addresses()) {
      int slash = text.indexOf('/');
      IpAddress address = IpAddress.parse(text.substring(0, slash));
      int prefix = Integer.parseInt(text.substring(slash + 1));
      leases.add(new AddressPool.Lease(Subnet.around(address, prefix), address));
    }
    return leases;
  }

  /** Without these switches of the host the pod is cut off from all but its bridge. */
  private void settings(List<PortMapping> ports, @Nullable Link bridge) {
    boolean isIpv4 = false;
    boolean isIpv6 = false;
    for (AddressPool.Lease lease : leases()) {
      isIpv4 |= !lease.address().isIpv6();
      isIpv6 |= lease.address().isIpv6();
    }
    boolean isPublished = false;
    for (PortMapping port : ports) {
      isPublished |= isIpv4 && port.isFor(false);
    }
    List<String> wanted = new ArrayList<>();
    if (isIpv4) {
      wanted.add("/proc/sys/net/ipv4/ip_forward");
    }
    if (isIpv6) {
      wanted.add("/proc/sys/net/ipv6/conf/all/forwarding");
    }
    if (isPublished && bridge != null) {
      wanted.add("/proc/sys/net/ipv4/conf/" + bridge.name() + "/route_localnet");
    }
    Slot[] values = new Slot[wanted.size()];
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Conversation conversation = new Conversation(b, Conversation.SMALL);
    // What a path below /proc/sys/net means is decided when it is opened.
    conversation.inside(
        host,
        () -> {
          for (int i = 0; i < values.length; i++) {
            values[i] = read(conversation, wanted.get(i));
          }
        });
    Kernel.Result result = conversation.run(kernel).result().orThrow();
    for (int i = 0; i < values.length; i++) {
      if (result.slot(values[i]) == '0') {
        differences.add("\"" + wanted.get(i) + "\" of the host is 0");
      }
    }
  }

  /** Adds records that read the first byte of a switch; −1 is what one that is not there has. */
  private static Slot read(Conversation conversation, String path) {
    ProgramBuilder b = conversation.program();
    b.step("read " + path, "");
    Slot file = conversation.descriptors().fd("switch", path);
    Slot value = b.slot("value");
    Data digit = b.buffer("digit", 1);
    Label missing = b.label("no such switch");
    b.set(value, imm(-1));
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(path),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(file)
        .tolerate(Errno.ENOENT, missing);
    b.sys(Syscall.READ, file, digit.address(), imm(1));
    conversation.descriptors().close(file);
    b.load(1, value, digit.address(), imm(0));
    b.bind(missing);
    return value;
  }
}
