package dev.gatun.netns;

import org.jspecify.annotations.Nullable;

/**
 * A port of the host that leads to a port of a pod.
 *
 * @param hostIp the address of the host that it is for; null for all of them, and {@code 0.0.0.0}
 *     or {@code ::} for all of one family
 * @param hostPort from 1 to 65535
 * @param podPort from 1 to 65535
 * @param protocol {@code tcp}, {@code udp} or {@code sctp}
 */
public record PortMapping(@Nullable IpAddress hostIp, int hostPort, int podPort, String protocol) {
  private static final int MAX_PORT = 65535;
  private static final int MAX_DIGITS = 5;
  private static final String FORM = "[IP:]HOSTPORT:PODPORT[/tcp|udp|sctp]";

  /**
   * A port mapping.
   *
   * @throws IllegalArgumentException with one sentence, when a port or the protocol is none
   */
  public PortMapping {
    checkPort(hostPort);
    checkPort(podPort);
    number(protocol);
  }

  /**
   * Reads a mapping.
   *
   * @param text {@code [IP:]HOSTPORT:PODPORT[/PROTOCOL]}, an IPv6 address in brackets; the protocol
   *     is {@code tcp} unless it is said
   * @return the mapping
   * @throws IllegalArgumentException with one sentence, when it is none
   */
  public static PortMapping parse(String text) {
    int slash = text.indexOf('/');
    String protocol = slash < 0 ? "tcp" : text.substring(slash + 1);
    String ports = slash < 0 ? text : text.substring(0, slash);
    int last = ports.lastIndexOf(':');
    if (last < 0) {
      throw none(text);
    }
    int podPort = port(text, ports.substring(last + 1));
    String host = ports.substring(0, last);
    int split = host.lastIndexOf(':');
    int hostPort = port(text, host.substring(split + 1));
    return new PortMapping(
        split < 0 ? null : address(text, host.substring(0, split)), hostPort, podPort, protocol);
  }

  /** The mapping as {@link #parse} reads it. */
  @Override
  public String toString() {
    return hostPort(hostIp, hostPort, podPort + "/" + protocol);
  }

  /** The host's side of the mapping, as messages name it: {@code 192.0.2.1:8080/tcp}. */
  public String hostSide() {
    return hostPort(isWildcard() ? null : hostIp, hostPort, null) + "/" + protocol;
  }

  /** Whether it is for all addresses of the host, of one family or both. */
  public boolean isWildcard() {
    IpAddress ip = hostIp;
    if (ip == null) {
      return true;
    }
    for (byte b : ip.bytes()) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether addresses of a family are meant.
   *
   * @param ipv6 whether IPv6 is asked about
   */
  public boolean isFor(boolean ipv6) {
    return hostIp == null || hostIp.isIpv6() == ipv6;
  }

  /** The number of the protocol, {@code protocols(5)}. */
  public int protocolNumber() {
    return number(protocol);
  }

  private static String hostPort(@Nullable IpAddress ip, int port, @Nullable String behind) {
    String before = ip == null ? "" : ip.isIpv6() ? "[" + ip + "]:" : ip + ":";
    return before + port + (behind == null ? "" : ":" + behind);
  }

  private static void checkPort(int port) {
    if (port < 1 || port > MAX_PORT) {
      throw new IllegalArgumentException("port " + port + " is not from 1 to 65535");
    }
  }

  private static int number(String protocol) {
    return switch (protocol) {
      case "tcp" -> 6;
      case "udp" -> 17;
      case "sctp" -> 132;
      default ->
          throw new IllegalArgumentException(
              "protocol " + IpAddress.quoted(protocol) + " is not one of tcp, udp and sctp");
    };
  }

  private static IpAddress address(String text, String host) {
    boolean brackets = host.length() > 2 && host.charAt(0) == '[' && host.endsWith("]");
    String inner = brackets ? host.substring(1, host.length() - 1) : host;
    // Without brackets nobody can say where an IPv6 address ends.
    if (brackets != (inner.indexOf(':') >= 0)) {
      throw none(text);
    }
    return IpAddress.parse(inner);
  }

  private static int port(String text, String digits) {
    int value = 0;
    for (int i = 0; i < digits.length() && i < MAX_DIGITS; i++) {
      char c = digits.charAt(i);
      if (c < '0' || c > '9') {
        throw none(text);
      }
      value = 10 * value + c - '0';
    }
    if (digits.isEmpty() || digits.length() > MAX_DIGITS || digits.charAt(0) == '0') {
      throw none(text);
    }
    return value;
  }

  private static IllegalArgumentException none(String text) {
    return new IllegalArgumentException(
        IpAddress.quoted(text) + " is not a port mapping: " + FORM + ", ports from 1 to 65535");
  }
}
