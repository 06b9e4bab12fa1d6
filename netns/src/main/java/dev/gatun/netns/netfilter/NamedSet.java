package dev.gatun.netns.netfilter;

import static dev.gatun.netns.netfilter.NfTables.NFT_SET_INTERVAL;
import static dev.gatun.netns.netfilter.NfTables.NFT_SET_MAP;

import dev.gatun.netns.Subnet;

/**
 * The sets and maps of Gatun's table. They hold all that differs from one pod to another: the rules
 * are always the same.
 */
enum NamedSet {
  /** Addresses of pods; the comment is the pod's id. */
  PODS4("pods4", 0, Type.IPV4, Type.NONE),
  PODS6("pods6", 0, Type.IPV6, Type.NONE),

  /** Ranges whose addresses are hidden from everybody outside them. */
  OUTBOUND4("outbound4", NFT_SET_INTERVAL, Type.IPV4, Type.NONE),
  OUTBOUND6("outbound6", NFT_SET_INTERVAL, Type.IPV6, Type.NONE),

  /** Ranges with pods that host ports lead to. */
  RANGES4("ranges4", NFT_SET_INTERVAL, Type.IPV4, Type.NONE),
  RANGES6("ranges6", NFT_SET_INTERVAL, Type.IPV6, Type.NONE),

  /** Bridges that take packets from the host's loopback addresses. */
  BRIDGES("bridges", 0, Type.INTERFACE, Type.NONE),

  /** Protocol and port of the host, to address and port of a pod; the comment is the pod's id. */
  PORTS4("ports4", NFT_SET_MAP, Type.PROTOCOL_PORT, Type.IPV4_PORT),
  PORTS6("ports6", NFT_SET_MAP, Type.PROTOCOL_PORT, Type.IPV6_PORT),

  /** The same for one address of the host. */
  ADDRESS_PORTS4("address_ports4", NFT_SET_MAP, Type.IPV4_PROTOCOL_PORT, Type.IPV4_PORT),
  ADDRESS_PORTS6("address_ports6", NFT_SET_MAP, Type.IPV6_PROTOCOL_PORT, Type.IPV6_PORT);

  /** Its name in the table. */
  final String label;

  /** {@code NFT_SET_*}. */
  final int flags;

  final Type key;
  final Type data;

  NamedSet(String label, int flags, Type key, Type data) {
    this.label = label;
    this.flags = flags;
    this.key = key;
    this.data = data;
  }

  /** What names it inside a transaction. */
  int id() {
    return ordinal() + 1;
  }

  /** Whether its elements are intervals. */
  boolean isInterval() {
    return (flags & NFT_SET_INTERVAL) != 0;
  }

  /** Whether it is a map. */
  boolean isMap() {
    return (flags & NFT_SET_MAP) != 0;
  }

  /**
   * What {@code nft} keeps of a set for itself: that what it is made of is in network order, or in
   * the host's where that is how interface names are printed. Type, length, number.
   */
  byte[] userdata() {
    return new byte[] {
      0, 4, (byte) (key == Type.INTERFACE ? 1 : key.number > 0x3f ? 0 : 2), 0, 0, 0
    };
  }

  /**
   * Whether addresses of a range are keys of it.
   *
   * @param range the range
   */
  boolean isOf(Subnet range) {
    return key == (range.isIpv6() ? Type.IPV6 : Type.IPV4);
  }

  static NamedSet pods(Family family) {
    return family == Family.IPV6 ? PODS6 : PODS4;
  }

  static NamedSet outbound(Family family) {
    return family == Family.IPV6 ? OUTBOUND6 : OUTBOUND4;
  }

  static NamedSet ranges(Family family) {
    return family == Family.IPV6 ? RANGES6 : RANGES4;
  }

  static NamedSet ports(Family family) {
    return family == Family.IPV6 ? PORTS6 : PORTS4;
  }

  static NamedSet addressPorts(Family family) {
    return family == Family.IPV6 ? ADDRESS_PORTS6 : ADDRESS_PORTS4;
  }

  /**
   * What keys and data are. The kernel knows only their length; the numbers are those by which
   * {@code nft} tells how to print them, six bits for each part.
   */
  enum Type {
    NONE(0, 0),
    IPV4(7, 4),
    IPV6(8, 16),
    INTERFACE(41, 16),
    PROTOCOL_PORT(12 << 6 | 13, 8),
    IPV4_PORT(7 << 6 | 13, 8),
    IPV6_PORT(8 << 6 | 13, 20),
    IPV4_PROTOCOL_PORT((7 << 6 | 12) << 6 | 13, 12),
    IPV6_PROTOCOL_PORT((8 << 6 | 12) << 6 | 13, 24);

    final int number;
    final int length;

    Type(int number, int length) {
      this.number = number;
      this.length = length;
    }
  }
}
