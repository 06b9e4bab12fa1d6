package dev.gatun.netns.netlink;

import dev.gatun.netns.NetlinkException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The attributes of a message, or those in an attribute.
 *
 * <p>What is read is in bounds; where bytes do not make sense, or an attribute has another size
 * than is asked for, there is a {@link NetlinkException}. Of several of one type the last counts,
 * as in the kernel; lists are walked by {@link #count}.
 */
public final class Attributes {
  private static final int HEADER = 4;

  private final byte[] bytes;
  private int[] type = new int[16];
  private int[] at = new int[16];
  private int[] length = new int[16];
  private int count;

  /**
   * Reads them.
   *
   * @param bytes an array, which is not copied
   * @param from where the first begins
   * @param to where the last ends
   * @throws NetlinkException if one ends before its header or behind {@code to}
   */
  public Attributes(byte[] bytes, int from, int to) {
    if (from < 0 || to < from || to > bytes.length) {
      throw new NetlinkException("attributes do not fit into the message");
    }
    this.bytes = bytes;
    int next = from;
    // Less than a header at the end is padding.
    while (to - next >= HEADER) {
      int size = word(next);
      if (size < HEADER || size > to - next) {
        throw new NetlinkException(
            "attribute of " + size + " bytes where there are " + (to - next));
      }
      if (count == type.length) {
        type = Arrays.copyOf(type, 2 * count);
        at = Arrays.copyOf(at, 2 * count);
        length = Arrays.copyOf(length, 2 * count);
      }
      type[count] = word(next + 2) & Netlink.NLA_TYPE_MASK;
      at[count] = next + HEADER;
      length[count] = size - HEADER;
      count++;
      // In an array of the largest size the padding could leave the range of int.
      next = (int) Math.min(((long) next + size + 3) & ~3L, to);
    }
  }

  private int word(int offset) {
    return (bytes[offset] & 0xff) | (bytes[offset + 1] & 0xff) << 8;
  }

  /** How many there are. */
  public int count() {
    return count;
  }

  /**
   * The type of one.
   *
   * @param i its number, from 0
   * @return the type without flags
   */
  public int type(int i) {
    return type[i];
  }

  /**
   * The attributes in one.
   *
   * @param i its number, from 0
   * @return what it holds
   */
  public Attributes nestedAt(int i) {
    return new Attributes(bytes, at[i], at[i] + length[i]);
  }

  /**
   * Whether there is one of a type.
   *
   * @param wanted the type
   * @return whether
   */
  public boolean has(int wanted) {
    return find(wanted) >= 0;
  }

  private int find(int wanted) {
    for (int i = count - 1; i >= 0; i--) {
      if (type[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  private int get(int wanted) {
    int i = find(wanted);
    if (i < 0) {
      throw new NetlinkException("attribute " + wanted + " is missing");
    }
    return i;
  }

  private long number(int wanted, int size, boolean bigEndian) {
    int i = get(wanted);
    if (length[i] != size) {
      throw new NetlinkException(
          "attribute " + wanted + " has " + length[i] + " bytes where " + size + " are due");
    }
    long value = 0;
    for (int k = 0; k < size; k++) {
      int from = bigEndian ? at[i] + k : at[i] + size - 1 - k;
      value = value << 8 | (bytes[from] & 0xff);
    }
    return value;
  }

  /**
   * The bytes of an attribute.
   *
   * @param wanted its type
   * @return a copy
   */
  public byte[] bytes(int wanted) {
    int i = get(wanted);
    return Arrays.copyOfRange(bytes, at[i], at[i] + length[i]);
  }

  /**
   * The text of an attribute, up to its NUL.
   *
   * @param wanted its type
   * @return the text
   */
  public String string(int wanted) {
    int i = get(wanted);
    int end = 0;
    while (end < length[i] && bytes[at[i] + end] != 0) {
      end++;
    }
    return new String(bytes, at[i], end, StandardCharsets.UTF_8);
  }

  /**
   * The text of an attribute that need not be there.
   *
   * @param wanted its type
   * @param otherwise what is returned without it
   * @return the text
   */
  public String string(int wanted, String otherwise) {
    return has(wanted) ? string(wanted) : otherwise;
  }

  /**
   * An attribute of one byte.
   *
   * @param wanted its type
   * @return the number
   */
  public int u8(int wanted) {
    return (int) number(wanted, 1, false);
  }

  /**
   * An attribute of two bytes.
   *
   * @param wanted its type
   * @return the number
   */
  public int u16(int wanted) {
    return (int) number(wanted, 2, false);
  }

  /**
   * An attribute of four bytes.
   *
   * @param wanted its type
   * @return the number, above {@link Integer#MAX_VALUE} as a negative one
   */
  public int u32(int wanted) {
    return (int) number(wanted, 4, false);
  }

  /**
   * An attribute of four bytes that need not be there.
   *
   * @param wanted its type
   * @param otherwise what is returned without it
   * @return the number
   */
  public int u32(int wanted, int otherwise) {
    return has(wanted) ? u32(wanted) : otherwise;
  }

  /**
   * An attribute of eight bytes.
   *
   * @param wanted its type
   * @return the number
   */
  public long u64(int wanted) {
    return number(wanted, 8, false);
  }

  /**
   * A big endian attribute of two bytes.
   *
   * @param wanted its type
   * @return the number
   */
  public int be16(int wanted) {
    return (int) number(wanted, 2, true);
  }

  /**
   * A big endian attribute of four bytes.
   *
   * @param wanted its type
   * @return the number, above {@link Integer#MAX_VALUE} as a negative one
   */
  public int be32(int wanted) {
    return (int) number(wanted, 4, true);
  }

  /**
   * A big endian attribute of eight bytes.
   *
   * @param wanted its type
   * @return the number
   */
  public long be64(int wanted) {
    return number(wanted, 8, true);
  }

  /**
   * The attributes in an attribute.
   *
   * @param wanted its type
   * @return what it holds
   */
  public Attributes nested(int wanted) {
    return nestedAt(get(wanted));
  }
}
