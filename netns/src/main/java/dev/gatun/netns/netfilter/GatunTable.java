package dev.gatun.netns.netfilter;

import static dev.gatun.netns.netfilter.NfTables.NFT_META_IIFNAME;
import static dev.gatun.netns.netfilter.NfTables.NFT_META_L4PROTO;
import static dev.gatun.netns.netfilter.NfTables.NFT_PAYLOAD_NETWORK_HEADER;
import static dev.gatun.netns.netfilter.NfTables.NFT_PAYLOAD_TRANSPORT_HEADER;
import static dev.gatun.netns.netfilter.NfTables.NFT_REG32_01;
import static dev.gatun.netns.netfilter.NfTables.NFT_REG32_02;
import static dev.gatun.netns.netfilter.NfTables.NFT_REG32_05;
import static dev.gatun.netns.netfilter.NfTables.NFT_REG_1;
import static dev.gatun.netns.netfilter.NfTables.NFT_REG_2;
import static dev.gatun.netns.netfilter.NfTables.NFT_RETURN;
import static dev.gatun.netns.netfilter.NfTables.NF_DROP;
import static dev.gatun.netns.netfilter.NfTables.NF_INET_LOCAL_OUT;
import static dev.gatun.netns.netfilter.NfTables.NF_INET_POST_ROUTING;
import static dev.gatun.netns.netfilter.NfTables.NF_INET_PRE_ROUTING;
import static dev.gatun.netns.netfilter.NfTables.NF_IP_PRI_NAT_DST;
import static dev.gatun.netns.netfilter.NfTables.NF_IP_PRI_NAT_SRC;
import static dev.gatun.netns.netfilter.NfTables.NF_IP_PRI_RAW;

/**
 * What Gatun's table consists of. Its rules are always the same; what they apply to is in sets, so
 * that pods come and go by elements alone:
 *
 * <pre>
 * chain outbound {                  # packets of pods that leave their range
 *   type nat hook postrouting priority srcnat
 *   ip saddr @outbound4 ip daddr != @outbound4 masquerade
 * }
 * chain localnet {                  # what no wire may carry, and route_localnet would let in
 *   type filter hook prerouting priority raw
 *   iifname @bridges ip saddr 127.0.0.0/8 drop
 *   iifname @bridges ip daddr 127.0.0.0/8 drop
 * }
 * chain ports {                     # jumped to from prerouting and output
 *   ip6 daddr ::1 return            # there is no way from there to elsewhere
 *   dnat ip to ip daddr . meta l4proto . th dport map @address_ports4
 *   meta nfproto ipv4 dnat ip to meta l4proto . th dport map @ports4
 * }
 * chain hairpin {                   # answers have to come back through the host
 *   type nat hook postrouting priority srcnat
 *   ip saddr 127.0.0.0/8 ip daddr @ranges4 ct status dnat masquerade
 *   ip saddr @ranges4 ip daddr @ranges4 ct status dnat masquerade
 * }
 * </pre>
 *
 * <p>and the same for IPv6.
 */
final class GatunTable {
  private static final byte LOOPBACK_NET = 127;
  private static final byte[] IPV6_LOOPBACK = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  private static final int PORT_LENGTH = 2;

  /** Where TCP, UDP and SCTP have the destination port. */
  private static final int PORT_AT = 2;

  private GatunTable() {}

  /** Adds the table with the sets that are always there. */
  static void add(Transaction to) {
    to.addTable();
    to.addSet(NamedSet.PODS4);
    to.addSet(NamedSet.PODS6);
  }

  /** Adds what hides the addresses of pods from the world. */
  static void addOutbound(Transaction to) {
    to.addSet(NamedSet.OUTBOUND4);
    to.addSet(NamedSet.OUTBOUND6);
    to.addChain("outbound", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC);
    for (Family family : Family.values()) {
      String name = family.name;
      to.beginRule("outbound", name + " saddr @outbound daddr != @outbound masquerade")
          .family(family)
          .source(family)
          .in(NamedSet.outbound(family))
          .destination(family)
          .notIn(NamedSet.outbound(family))
          .masquerade();
      to.endRule();
    }
  }

  /** Adds what leads ports of the host to pods. */
  static void addPorts(Transaction to) {
    to.addSet(NamedSet.RANGES4);
    to.addSet(NamedSet.RANGES6);
    to.addSet(NamedSet.BRIDGES);
    to.addSet(NamedSet.PORTS4);
    to.addSet(NamedSet.PORTS6);
    to.addSet(NamedSet.ADDRESS_PORTS4);
    to.addSet(NamedSet.ADDRESS_PORTS6);
    to.addChain("localnet", "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW);
    to.addChain("ports");
    to.addChain("prerouting", "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST);
    to.addChain("output", "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST);
    to.addChain("hairpin", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC);
    addLocalnetRule(to, "saddr", Family.IPV4.source);
    addLocalnetRule(to, "daddr", Family.IPV4.destination);
    to.beginRule("ports", "ip6 daddr ::1 return")
        .family(Family.IPV6)
        .destination(Family.IPV6)
        .equal(IPV6_LOOPBACK)
        .verdict(NFT_RETURN);
    to.endRule();
    addPortRules(to, Family.IPV4, NFT_REG32_01, NFT_REG32_02);
    addPortRules(to, Family.IPV6, NFT_REG_2, NFT_REG32_05);
    addJump(to, "prerouting");
    addJump(to, "output");
    to.beginRule("hairpin", "ip saddr 127.0.0.0/8 ip daddr @ranges4 ct status dnat masquerade")
        .family(Family.IPV4)
        .payload(NFT_PAYLOAD_NETWORK_HEADER, Family.IPV4.source, 1, NFT_REG_1)
        .equal(LOOPBACK_NET)
        .destination(Family.IPV4)
        .in(NamedSet.RANGES4)
        .translated()
        .masquerade();
    to.endRule();
    for (Family family : Family.values()) {
      to.beginRule(
              "hairpin", family.name + " saddr @ranges daddr @ranges ct status dnat masquerade")
          .family(family)
          .source(family)
          .in(NamedSet.ranges(family))
          .destination(family)
          .in(NamedSet.ranges(family))
          .translated()
          .masquerade();
      to.endRule();
    }
  }

  private static void addLocalnetRule(Transaction to, String field, int offset) {
    to.beginRule("localnet", "iifname @bridges ip " + field + " 127.0.0.0/8 drop")
        .meta(NFT_META_IIFNAME, NFT_REG_1)
        .in(NamedSet.BRIDGES)
        .family(Family.IPV4)
        .payload(NFT_PAYLOAD_NETWORK_HEADER, offset, 1, NFT_REG_1)
        .equal(LOOPBACK_NET)
        .verdict(NF_DROP);
    to.endRule();
  }

  /** A map's value is address and port, in registers side by side; the address has the first. */
  private static void addPortRules(
      Transaction to, Family family, int behindAddress, int behindProtocol) {
    NamedSet addressPorts = NamedSet.addressPorts(family);
    to.beginRule("ports", "dnat to " + family.name + " daddr . meta l4proto . th dport map")
        .family(family)
        .destination(family)
        .meta(NFT_META_L4PROTO, behindAddress)
        .payload(NFT_PAYLOAD_TRANSPORT_HEADER, PORT_AT, PORT_LENGTH, behindProtocol)
        .in(addressPorts)
        .destinationNat(family, behindAddress);
    to.endRule();
    to.beginRule("ports", "dnat " + family.name + " to meta l4proto . th dport map")
        .family(family)
        .meta(NFT_META_L4PROTO, NFT_REG_1)
        .payload(NFT_PAYLOAD_TRANSPORT_HEADER, PORT_AT, PORT_LENGTH, NFT_REG32_01)
        .in(NamedSet.ports(family))
        .destinationNat(family, behindAddress);
    to.endRule();
  }

  private static void addJump(Transaction to, String chain) {
    to.beginRule(chain, "fib daddr type local jump ports").toLocal().jump("ports");
    to.endRule();
  }
}
