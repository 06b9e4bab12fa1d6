package dev.gatun.netns.netfilter;

import dev.gatun.netns.IpAddress;

/** What differs between IPv4 and IPv6, in an {@code inet} table that has rules for both. */
enum Family {
  IPV4("ip", NfTables.NFPROTO_IPV4, 4, 12, 16),
  IPV6("ip6", NfTables.NFPROTO_IPV6, 16, 8, 24);

  /** {@code NFPROTO_*}. */
  final int protocol;

  /** Bytes of an address. */
  final int length;

  /** Where in the network header the source address is. */
  final int source;

  /** Where in the network header the destination address is. */
  final int destination;

  /** What it is called in rules. */
  final String name;

  Family(String name, int protocol, int length, int source, int destination) {
    this.protocol = protocol;
    this.length = length;
    this.source = source;
    this.destination = destination;
    this.name = name;
  }

  /**
   * The family of an address.
   *
   * @param address the address
   */
  static Family of(IpAddress address) {
    return address.isIpv6() ? IPV6 : IPV4;
  }
}
