package dev.gatun.netns;

/**
 * A range of addresses with a common prefix, such as {@code 10.207.0.0/16}.
 *
 * @param network its first address; no bit behind the prefix is set
 * @param prefix how many bits its addresses have in common, from 0 to 32 or 128
 */
public record Subnet(IpAddress network, int prefix) {

  /** How many bits of a place in a range are used: more than any range is ever filled. */
  private static final int MAX_OFFSET_BITS = Long.SIZE - 2;

  /**
   * A range.
   *
   * @param network its first address
   * @param prefix how many bits its addresses have in common
   * @throws IllegalArgumentException when a bit behind the prefix is set, or there is no such
   *     prefix
   */
  public Subnet {
    if (prefix < 0 || prefix > network.bits()) {
      throw new IllegalArgumentException(
          network + "/" + prefix + " is not a range: the prefix is from 0 to " + network.bits());
    }
    IpAddress first = masked(network, prefix);
    if (!first.equals(network)) {
      throw new IllegalArgumentException(
          network
              + "/"
              + prefix
              + " has bits behind its prefix: the range is "
              + first
              + "/"
              + prefix);
    }
  }

  /**
   * Reads a range.
   *
   * @param text an address, a slash and the prefix in decimal
   * @return the range
   * @throws IllegalArgumentException with one sentence, when it is none
   */
  public static Subnet parse(String text) {
    int slash = text.indexOf('/');
    int prefix = slash < 0 ? -1 : decimal(text, slash + 1);
    if (prefix < 0) {
      throw new IllegalArgumentException(
          IpAddress.quoted(text) + " is not a range: an address, a slash and a number of bits");
    }
    return new Subnet(IpAddress.parse(text.substring(0, slash)), prefix);
  }

  /** The range of a prefix that an address is in. */
  static Subnet around(IpAddress address, int prefix) {
    return new Subnet(masked(address, prefix), prefix);
  }

  /** One to three digits without a leading zero, up to the end; or −1. */
  private static int decimal(String text, int from) {
    int length = text.length() - from;
    if (length < 1 || length > 3 || (length > 1 && text.charAt(from) == '0')) {
      return -1;
    }
    int value = 0;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      value = 10 * value + c - '0';
    }
    return value;
  }

  private static IpAddress masked(IpAddress address, int prefix) {
    byte[] bytes = address.bytes();
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] &= (byte) mask(prefix, i);
    }
    return IpAddress.of(bytes);
  }

  private static int mask(int prefix, int octet) {
    int bits = Math.clamp(prefix - Byte.SIZE * octet, 0, Byte.SIZE);
    return 0xff << (Byte.SIZE - bits) & 0xff;
  }

  /** Whether it is a range of IPv6 addresses. */
  public boolean isIpv6() {
    return network.isIpv6();
  }

  /**
   * Whether an address is in the range.
   *
   * @param address any address; one of the other family never is
   * @return whether it is
   */
  public boolean contains(IpAddress address) {
    if (address.bits() != network.bits()) {
      return false;
    }
    for (int i = 0; Byte.SIZE * i < prefix; i++) {
      if ((address.octet(i) & mask(prefix, i)) != network.octet(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether two ranges have an address in common.
   *
   * @param other the other range
   * @return whether they have
   */
  public boolean overlaps(Subnet other) {
    return contains(other.network) || other.contains(network);
  }

  /**
   * The address behind the first one, which the bridge has. A range of one address has none.
   *
   * @return the second address of the range
   */
  public IpAddress gateway() {
    return address(1);
  }

  /** The last address, which in IPv4 stands for all hosts of the range; IPv6 has no such. */
  public IpAddress broadcast() {
    byte[] bytes = network.bytes();
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] |= (byte) ~mask(prefix, i);
    }
    return IpAddress.of(bytes);
  }

  /**
   * How many addresses there are for pods: all but the network's own, the gateway's and, in IPv4,
   * the broadcast address. Of a range of more than 2^62 addresses, as many as of one of 2^62.
   *
   * @return how many, 0 or more
   */
  public long usable() {
    int bits = Math.min(network.bits() - prefix, MAX_OFFSET_BITS);
    return Math.max((1L << bits) - (isIpv6() ? 2 : 3), 0);
  }

  /**
   * The address at a place in the range.
   *
   * @param offset how far behind the first address, 0 or more
   * @return the address
   * @throws IllegalArgumentException when the range ends before
   */
  public IpAddress address(long offset) {
    int bits = network.bits() - prefix;
    if (offset < 0 || (bits < Long.SIZE - 1 && offset >>> bits != 0)) {
      throw new IllegalArgumentException("there is no address " + offset + " in " + this);
    }
    byte[] bytes = network.bytes();
    long rest = offset;
    for (int i = bytes.length - 1; rest != 0; i--) {
      bytes[i] |= (byte) rest;
      rest >>>= Byte.SIZE;
    }
    return IpAddress.of(bytes);
  }

  /**
   * How far an address is behind the first one.
   *
   * @param address an address
   * @return how far; −1 when it is not in the range or 2^62 or more behind
   */
  public long offset(IpAddress address) {
    if (!contains(address)) {
      return -1;
    }
    long offset = 0;
    int length = address.bits() / Byte.SIZE;
    for (int i = 0; i < length; i++) {
      if (offset >>> (MAX_OFFSET_BITS - Byte.SIZE) != 0) {
        return -1;
      }
      offset = offset << Byte.SIZE | (address.octet(i) & ~mask(prefix, i) & 0xff);
    }
    return offset;
  }

  @Override
  public String toString() {
    return network + "/" + prefix;
  }
}
