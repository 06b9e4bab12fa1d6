package dev.gatun.netns;

/** Link-layer addresses, as text of hexadecimal bytes with colons in between. */
final class LinkLayerAddress {
  /** Locally administered and of one interface; the rest of it tells who made it. */
  private static final byte[] PREFIX = {0x02, 'g'};

  private static final int BYTES = 6;

  private LinkLayerAddress() {}

  /**
   * The address that an interface with an IP address is given: an address that comes back has the
   * same, so that neighbours that remember it are right. It ends as the IP address does, with a
   * hash of what an IPv6 address has before that: of one range no two are the same, and ranges that
   * differ in their beginning only are told apart.
   *
   * @param address the IP address
   * @return 6 bytes, in the range that is administered locally
   */
  static byte[] of(IpAddress address) {
    byte[] ip = address.bytes();
    byte[] bytes = new byte[BYTES];
    System.arraycopy(PREFIX, 0, bytes, 0, PREFIX.length);
    int rest = BYTES - PREFIX.length;
    int hash = ip.length == rest ? 0 : hash(ip, ip.length - rest);
    for (int i = 0; i < rest; i++) {
      int octet = hash >>> (Byte.SIZE * (rest - 1 - i));
      bytes[PREFIX.length + i] = (byte) (ip[ip.length - rest + i] ^ octet);
    }
    return bytes;
  }

  /** FNV-1a of the first bytes. */
  private static int hash(byte[] bytes, int length) {
    int hash = 0x811c9dc5;
    for (int i = 0; i < length; i++) {
      hash = (hash ^ (bytes[i] & 0xff)) * 0x01000193;
    }
    return hash;
  }

  static String text(byte[] bytes) {
    StringBuilder text = new StringBuilder(3 * bytes.length);
    for (byte b : bytes) {
      if (!text.isEmpty()) {
        text.append(':');
      }
      text.append(Character.forDigit((b >> 4) & 0xf, 16)).append(Character.forDigit(b & 0xf, 16));
    }
    return text.toString();
  }

  /**
   * Reads the address of an Ethernet interface.
   *
   * @param text as {@code 02:67:0a:cf:00:02}
   * @return 6 bytes
   * @throws IllegalArgumentException if the text is none
   */
  static byte[] parse(String text) {
    byte[] bytes = new byte[BYTES];
    boolean good = text.length() == 3 * BYTES - 1;
    for (int i = 0; good && i < text.length(); i++) {
      char c = text.charAt(i);
      if (i % 3 == 2) {
        good = c == ':';
      } else {
        int digit = c < 0x80 ? Character.digit(c, 16) : -1;
        good = digit >= 0;
        bytes[i / 3] = (byte) (bytes[i / 3] << 4 | (digit & 0xf));
      }
    }
    if (!good) {
      throw new IllegalArgumentException("\"" + text + "\" is no link-layer address");
    }
    return bytes;
  }
}
