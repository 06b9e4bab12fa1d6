package dev.gatun.netns;

import java.util.Arrays;

/**
 * An IPv4 or IPv6 address.
 *
 * <p>Its own class, since {@code java.net.InetAddress} loads a native library and asks name
 * servers. Text is read strictly: IPv4 as four decimal numbers without leading zeros (which others
 * take for octal), IPv6 as in RFC 4291 section 2.2, without a zone.
 */
public final class IpAddress {
  private static final int IPV4_BYTES = 4;
  private static final int IPV6_BYTES = 16;
  private static final int GROUPS = 8;
  private static final int MAX_QUOTED_CHARS = 60;

  private final byte[] bytes;

  private IpAddress(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * An address from its bytes.
   *
   * @param bytes 4 for IPv4 or 16 for IPv6, in network order; they are copied
   * @return the address
   * @throws IllegalArgumentException when it is another number of bytes
   */
  public static IpAddress of(byte[] bytes) {
    if (bytes.length != IPV4_BYTES && bytes.length != IPV6_BYTES) {
      throw new IllegalArgumentException("an IP address of " + bytes.length + " bytes");
    }
    return new IpAddress(bytes.clone());
  }

  /**
   * Reads an address.
   *
   * @param text such as {@code 10.207.0.2} or {@code fd67:6174:756e::2}
   * @return the address
   * @throws IllegalArgumentException with one sentence, when it is none
   */
  public static IpAddress parse(String text) {
    byte[] bytes = text.indexOf(':') >= 0 ? ipv6(text) : ipv4(text, 0);
    if (bytes.length == 0) {
      throw new IllegalArgumentException(quoted(text) + " is not an IP address");
    }
    return new IpAddress(bytes);
  }

  /** Its bytes in network order, 4 or 16 of them; a copy. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Whether it is an IPv6 address; also those that stand for IPv4 ones are. */
  public boolean isIpv6() {
    return bytes.length == IPV6_BYTES;
  }

  /** How many bits it has: 32 or 128. */
  public int bits() {
    return Byte.SIZE * bytes.length;
  }

  int octet(int index) {
    return bytes[index] & 0xff;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IpAddress address && Arrays.equals(bytes, address.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** The address as text: an IPv6 one in the one form that RFC 5952 recommends. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(45);
    if (isIpv6()) {
      appendIpv6(text);
    } else {
      appendIpv4(text, 0);
    }
    return text.toString();
  }

  private void appendIpv4(StringBuilder text, int from) {
    for (int i = from; i < from + IPV4_BYTES; i++) {
      if (i > from) {
        text.append('.');
      }
      text.append(octet(i));
    }
  }

  private void appendIpv6(StringBuilder text) {
    if (isMapped()) {
      text.append("::ffff:");
      appendIpv4(text, IPV6_BYTES - IPV4_BYTES);
      return;
    }
    int longest = 0;
    int runAt = -1;
    for (int i = 0; i < GROUPS; i++) {
      int end = i;
      while (end < GROUPS && group(end) == 0) {
        end++;
      }
      // The first of equal ones, and never a single group: RFC 5952 section 4.2.
      if (end - i > Math.max(longest, 1)) {
        longest = end - i;
        runAt = i;
      }
    }
    for (int i = 0; i < GROUPS; i++) {
      if (i == runAt) {
        text.append("::");
        i += longest - 1;
      } else {
        if (i > 0 && i != runAt + longest) {
          text.append(':');
        }
        text.append(Integer.toHexString(group(i)));
      }
    }
  }

  private int group(int index) {
    return octet(2 * index) << 8 | octet(2 * index + 1);
  }

  /** Whether it is one of {@code ::ffff:0:0/96}. */
  private boolean isMapped() {
    for (int i = 0; i < 5; i++) {
      if (group(i) != 0) {
        return false;
      }
    }
    return group(5) == 0xffff;
  }

  /** Four bytes, or none when the text from a place to its end is no IPv4 address. */
  private static byte[] ipv4(String text, int from) {
    byte[] address = new byte[IPV4_BYTES];
    int at = from;
    for (int i = 0; i < IPV4_BYTES; i++) {
      if (i > 0) {
        if (at == text.length() || text.charAt(at) != '.') {
          return new byte[0];
        }
        at++;
      }
      int start = at;
      int value = 0;
      while (at < text.length() && at - start < 3 && isDigit(text.charAt(at))) {
        value = 10 * value + text.charAt(at) - '0';
        at++;
      }
      if (at == start || value > 255 || (at - start > 1 && text.charAt(start) == '0')) {
        return new byte[0];
      }
      address[i] = (byte) value;
    }
    return at == text.length() ? address : new byte[0];
  }

  /** Sixteen bytes, or none when the text is no IPv6 address. */
  private static byte[] ipv6(String text) {
    byte[] address = new byte[IPV6_BYTES];
    int have = 0;
    int gap = -1;
    int at = 0;
    if (text.startsWith("::")) {
      gap = 0;
      at = 2;
    }
    // Here a group begins, or the text ends behind a "::".
    while (at < text.length()) {
      int end = text.indexOf(':', at);
      if (end < 0) {
        end = text.length();
      }
      if (end == text.length() && text.indexOf('.', at) >= 0) {
        byte[] tail = ipv4(text, at);
        if (tail.length == 0 || have > IPV6_BYTES - IPV4_BYTES) {
          return tail.length == 0 ? tail : new byte[0];
        }
        System.arraycopy(tail, 0, address, have, IPV4_BYTES);
        have += IPV4_BYTES;
        at = end;
        break;
      }
      int value = hex(text, at, end);
      if (value < 0 || have == IPV6_BYTES) {
        return new byte[0];
      }
      address[have++] = (byte) (value >> 8);
      address[have++] = (byte) value;
      at = end;
      if (at == text.length()) {
        break;
      }
      at++;
      if (at == text.length()) {
        return new byte[0];
      }
      if (text.charAt(at) == ':') {
        if (gap >= 0) {
          return new byte[0];
        }
        gap = have;
        at++;
      }
    }
    if (gap < 0) {
      return have == IPV6_BYTES ? address : new byte[0];
    }
    if (have == IPV6_BYTES) {
      return new byte[0];
    }
    int behind = have - gap;
    System.arraycopy(address, gap, address, IPV6_BYTES - behind, behind);
    Arrays.fill(address, gap, IPV6_BYTES - behind, (byte) 0);
    return address;
  }

  /** A group of one to four hexadecimal digits, or −1. */
  private static int hex(String text, int from, int to) {
    if (to == from || to - from > 4) {
      return -1;
    }
    int value = 0;
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      int digit;
      if (isDigit(c)) {
        digit = c - '0';
      } else if (c >= 'a' && c <= 'f') {
        digit = c - 'a' + 10;
      } else if (c >= 'A' && c <= 'F') {
        digit = c - 'A' + 10;
      } else {
        return -1;
      }
      value = value << 4 | digit;
    }
    return value;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** Puts somebody's text into a message: bounded, on one line. */
  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length() && i < MAX_QUOTED_CHARS; i++) {
      char c = text.charAt(i);
      quoted.append(c < ' ' || c == 0x7f || Character.isSurrogate(c) ? '?' : c);
    }
    return quoted.append(text.length() > MAX_QUOTED_CHARS ? "…\"" : "\"").toString();
  }
}
