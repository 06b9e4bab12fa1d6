package dev.gatun.netns;

/** Link-layer addresses, as text of hexadecimal bytes with colons in between. */
final class LinkLayerAddress {
  /** Locally administered and of one interface; the rest of it tells who made it. */
  private static final byte[] PREFIX = {0x02, 'g'};

  private static final int BYTES = 6;

  private LinkLayerAddress() {}

  /**
   * The address that an interface with an IP address is given: an address that comes back has the
   * same, so that neighbours that remember it are right.
   *
   * @param address the IP address
   * @return 6 bytes, in the range that is administered locally
   */
  static byte[] of(IpAddress address) {
    byte[] ip = address.bytes();
    byte[] bytes = new byte[BYTES];
    System.arraycopy(PREFIX, 0, bytes, 0, PREFIX.length);
    int rest = BYTES - PREFIX.length;
    System.arraycopy(ip, ip.length - rest, bytes, PREFIX.length, rest);
    return bytes;
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
