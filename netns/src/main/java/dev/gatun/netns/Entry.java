package dev.gatun.netns;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A lease as it is on disk: a symbolic link {@code HEX -> PODID/HEX/PREFIX/TIME}, where HEX is the
 * address in hexadecimal. The time makes the target of no two leases the same, so that who has
 * found one to be a dead pod's cannot remove another by mistake.
 *
 * @param target the link's target
 * @param podId for whom
 * @param name the link's name
 * @param address the same as an address
 * @param prefix that of the range it was leased of
 */
record Entry(String target, String podId, String name, IpAddress address, int prefix) {
  /** Digits of the time. */
  static final int TIME_DIGITS = 16;

  static final String DIGITS = "0123456789abcdef";

  /** The name of an address's lease. */
  static String name(IpAddress address) {
    int bytes = address.bits() / Byte.SIZE;
    StringBuilder name = new StringBuilder(2 * bytes);
    for (int i = 0; i < bytes; i++) {
      int octet = address.octet(i);
      name.append(DIGITS.charAt(octet >> 4)).append(DIGITS.charAt(octet & 0xf));
    }
    return name.toString();
  }

  /** What stands before the time in the target of an address's lease. */
  static String head(String podId, IpAddress address, int prefix) {
    return podId + "/" + name(address) + "/" + prefix + "/";
  }

  /** Reads targets, one a line. What is no lease is somebody else's, and is passed over. */
  static List<Entry> parse(byte[] lines) {
    List<Entry> entries = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < lines.length; i++) {
      if (lines[i] == '\n') {
        Entry entry = entry(new String(lines, from, i - from, StandardCharsets.UTF_8));
        if (entry != null) {
          entries.add(entry);
        }
        from = i + 1;
      }
    }
    return entries;
  }

  private static @Nullable Entry entry(String target) {
    int id = target.indexOf('/');
    int hex = target.indexOf('/', id + 1);
    int prefix = target.indexOf('/', hex + 1);
    if (id < 1 || hex < 0 || prefix < 0) {
      return null;
    }
    String name = target.substring(id + 1, hex);
    byte[] bytes = bytes(name);
    if (bytes.length == 0) {
      return null;
    }
    IpAddress address = IpAddress.of(bytes);
    int bits = 0;
    for (int i = hex + 1; i < prefix; i++) {
      bits = Math.min(10 * bits + target.charAt(i) - '0', 999);
    }
    if (bits < 0
        || bits > address.bits()
        || !target.startsWith(head(target.substring(0, id), address, bits))
        || target.length() != prefix + 1 + TIME_DIGITS) {
      return null;
    }
    return new Entry(target, target.substring(0, id), name, address, bits);
  }

  /** 4 or 16 bytes, or none. */
  private static byte[] bytes(String hex) {
    byte[] bytes = new byte[hex.length() == 8 || hex.length() == 32 ? hex.length() / 2 : 0];
    for (int i = 0; i < bytes.length; i++) {
      int high = DIGITS.indexOf(hex.charAt(2 * i));
      int low = DIGITS.indexOf(hex.charAt(2 * i + 1));
      if (high < 0 || low < 0) {
        return new byte[0];
      }
      bytes[i] = (byte) (high << 4 | low);
    }
    return bytes;
  }
}
