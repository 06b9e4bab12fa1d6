package dev.gatun.netns.netlink;

import dev.gatun.linux.Structs;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes netlink messages, one behind the other, to be sent in one datagram.
 *
 * <p>A message is begun, then its family's header is written field by field, then its attributes:
 *
 * <pre>{@code
 * requests.begin("create link \"br0\"", "RTM_NEWLINK", RTM_NEWLINK, NLM_F_REQUEST | NLM_F_CREATE);
 * requests.u8(AF_UNSPEC).u8(0).u16(0).u32(0).u32(0).u32(0);
 * requests.string(IFLA_IFNAME, "br0");
 * int info = requests.nest(IFLA_LINKINFO);
 * requests.string(IFLA_INFO_KIND, "bridge");
 * requests.end(info);
 * }</pre>
 *
 * <p>Sequence numbers count the messages, so that answers find their request. Numbers are little
 * endian where the name does not begin with {@code be}. What is known only when the program runs,
 * as an interface's index, is given as a slot.
 */
public final class Requests {
  /** What a message is for, in errors. */
  static final class Request {
    final String operation;
    final String name;
    final int at;
    final int sequence;
    int tolerated;
    boolean due;

    Request(String operation, String name, int at, int sequence) {
      this.operation = operation;
      this.name = name;
      this.at = at;
      this.sequence = sequence;
    }
  }

  private static final int ATTRIBUTE = 4;
  private static final int MOST_ATTRIBUTE = 0xffff;

  private final int firstSequence;
  private final List<Request> requests = new ArrayList<>(8);
  private final List<Slot> slots = new ArrayList<>(4);
  private int[] slotsAt = new int[4];
  private byte[] bytes = new byte[512];
  private int size;
  private int nesting;

  /** Begins with no message. */
  public Requests() {
    this(1);
  }

  /**
   * Begins with no message, in a conversation that has had others.
   *
   * @param firstSequence the sequence number of the first message
   */
  public Requests(int firstSequence) {
    this.firstSequence = firstSequence;
  }

  /**
   * Begins a message, which ends the one before.
   *
   * @param operation what errors say that was done, as {@code create link "br0"}
   * @param name the name of the type, as {@code RTM_NEWLINK}
   * @param type the message's type
   * @param flags {@code NLM_F_*}
   * @return its number, from 0, in {@link Replies}
   */
  public int begin(String operation, String name, int type, int flags) {
    if (nesting != 0) {
      throw new IllegalStateException("an attribute of the message before is open");
    }
    align();
    int sequence = firstSequence + requests.size();
    requests.add(new Request(operation, name, size, sequence));
    requests.getLast().due = (flags & Netlink.NLM_F_ACK) != 0;
    u32(0).u16(type).u16(flags).u32(sequence).u32(0);
    return requests.size() - 1;
  }

  /**
   * Lets the kernel acknowledge the message that was begun last. Failures come back in any case, so
   * it does for the last of many.
   *
   * @return these requests
   */
  public Requests acknowledge() {
    int flags = requests.getLast().at + Structs.NLMSGHDR_NLMSG_FLAGS;
    bytes[flags] |= (byte) Netlink.NLM_F_ACK;
    requests.getLast().due = true;
    return this;
  }

  /**
   * Says that the message that was begun last may fail in one way.
   *
   * @param errno the positive error number
   * @return these requests
   */
  public Requests tolerate(int errno) {
    requests.getLast().tolerated = errno;
    return this;
  }

  /**
   * Says that the message that was begun last asks for a dump, which has an end.
   *
   * @return these requests
   */
  public Requests dump() {
    int flags = requests.getLast().at + Structs.NLMSGHDR_NLMSG_FLAGS;
    bytes[flags + 1] |= (byte) (Netlink.NLM_F_DUMP >>> 8);
    requests.getLast().due = true;
    return this;
  }

  /** How many messages there are. */
  public int count() {
    return requests.size();
  }

  /** The sequence number that the next message would have. */
  public int nextSequence() {
    return firstSequence + requests.size();
  }

  List<Request> list() {
    return requests;
  }

  // --- fields, at the place where the message has come to

  /**
   * Writes a field of one byte.
   *
   * @param value its low 8 bits are written
   * @return these requests
   */
  public Requests u8(int value) {
    room(1);
    bytes[size++] = (byte) value;
    return this;
  }

  /**
   * Writes a field of two bytes.
   *
   * @param value its low 16 bits are written
   * @return these requests
   */
  public Requests u16(int value) {
    return u8(value).u8(value >>> 8);
  }

  /**
   * Writes a field of four bytes.
   *
   * @param value the number
   * @return these requests
   */
  public Requests u32(int value) {
    room(4);
    for (int i = 0; i < 4; i++) {
      bytes[size++] = (byte) (value >>> (8 * i));
    }
    return this;
  }

  /**
   * Writes a field of four bytes that a slot has when the program runs.
   *
   * @param value the slot
   * @return these requests
   */
  public Requests u32(Slot value) {
    if (slots.size() == slotsAt.length) {
      slotsAt = Arrays.copyOf(slotsAt, 2 * slotsAt.length);
    }
    slotsAt[slots.size()] = size;
    slots.add(value);
    return u32(0);
  }

  /**
   * Writes a field of eight bytes.
   *
   * @param value the number
   * @return these requests
   */
  public Requests u64(long value) {
    return u32((int) value).u32((int) (value >>> 32));
  }

  /**
   * Writes a big endian field of two bytes.
   *
   * @param value its low 16 bits are written
   * @return these requests
   */
  public Requests be16(int value) {
    return u8(value >>> 8).u8(value);
  }

  /**
   * Writes bytes as they are.
   *
   * @param value the bytes
   * @return these requests
   */
  public Requests put(byte[] value) {
    room(value.length);
    System.arraycopy(value, 0, bytes, size, value.length);
    size += value.length;
    return this;
  }

  // --- attributes

  /**
   * Adds an attribute of bytes.
   *
   * @param type its type
   * @param value the bytes
   * @return these requests
   */
  public Requests attribute(int type, byte[] value) {
    head(type, value.length);
    return put(value);
  }

  /**
   * Adds an attribute without a value.
   *
   * @param type its type
   * @return these requests
   */
  public Requests flag(int type) {
    head(type, 0);
    return this;
  }

  /**
   * Adds an attribute of one byte.
   *
   * @param type its type
   * @param value its low 8 bits are written
   * @return these requests
   */
  public Requests u8(int type, int value) {
    head(type, 1);
    return u8(value);
  }

  /**
   * Adds an attribute of two bytes.
   *
   * @param type its type
   * @param value its low 16 bits are written
   * @return these requests
   */
  public Requests u16(int type, int value) {
    head(type, 2);
    return u16(value);
  }

  /**
   * Adds an attribute of four bytes.
   *
   * @param type its type
   * @param value the number
   * @return these requests
   */
  public Requests u32(int type, int value) {
    head(type, 4);
    return u32(value);
  }

  /**
   * Adds an attribute of four bytes that a slot has when the program runs.
   *
   * @param type its type
   * @param value the slot
   * @return these requests
   */
  public Requests u32(int type, Slot value) {
    head(type, 4);
    return u32(value);
  }

  /**
   * Adds an attribute of eight bytes.
   *
   * @param type its type
   * @param value the number
   * @return these requests
   */
  public Requests u64(int type, long value) {
    head(type, 8);
    return u64(value);
  }

  /**
   * Adds a big endian attribute of two bytes.
   *
   * @param type its type
   * @param value its low 16 bits are written
   * @return these requests
   */
  public Requests be16(int type, int value) {
    head(type, 2);
    return be16(value);
  }

  /**
   * Adds a big endian attribute of four bytes.
   *
   * @param type its type
   * @param value the number
   * @return these requests
   */
  public Requests be32(int type, int value) {
    head(type, 4);
    return be16(value >>> 16).be16(value);
  }

  /**
   * Adds a big endian attribute of eight bytes.
   *
   * @param type its type
   * @param value the number
   * @return these requests
   */
  public Requests be64(int type, long value) {
    head(type, 8);
    for (int shift = 48; shift >= 0; shift -= 16) {
      be16((int) (value >>> shift));
    }
    return this;
  }

  /**
   * Adds an attribute of text, with a NUL at its end.
   *
   * @param type its type
   * @param text the text, which must not hold a NUL
   * @return these requests
   */
  public Requests string(int type, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    for (byte b : utf8) {
      if (b == 0) {
        throw new IllegalArgumentException("a NUL byte in \"" + text + "\"");
      }
    }
    head(type, utf8.length + 1);
    return put(utf8).u8(0);
  }

  /**
   * Begins an attribute that holds attributes, with {@code NLA_F_NESTED}.
   *
   * @param type its type
   * @return what {@link #end} is to be given
   */
  public int nest(int type) {
    head(type | Netlink.NLA_F_NESTED, 0);
    nesting++;
    return size - ATTRIBUTE;
  }

  /**
   * Ends an attribute that holds attributes.
   *
   * @param nest what {@link #nest} gave; those begun later have ended
   * @return these requests
   */
  public Requests end(int nest) {
    align();
    int length = size - nest;
    if (length > MOST_ATTRIBUTE) {
      throw new IllegalArgumentException("an attribute of " + length + " bytes");
    }
    bytes[nest] = (byte) length;
    bytes[nest + 1] = (byte) (length >>> 8);
    nesting--;
    return this;
  }

  private void head(int type, int length) {
    if (length > MOST_ATTRIBUTE - ATTRIBUTE) {
      throw new IllegalArgumentException("an attribute of " + length + " bytes");
    }
    align();
    u16(length + ATTRIBUTE).u16(type);
  }

  /** Attributes and messages begin at multiples of four bytes. */
  private void align() {
    room(3);
    size = (size + 3) & ~3;
  }

  private void room(int more) {
    if (size + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, size + more));
    }
  }

  /**
   * The messages as bytes, with zeroes where slots are.
   *
   * @return a copy
   */
  public byte[] bytes() {
    if (nesting != 0) {
      throw new IllegalStateException("an attribute is open");
    }
    align();
    byte[] copy = Arrays.copyOf(bytes, size);
    for (int i = 0; i < requests.size(); i++) {
      int at = requests.get(i).at;
      int to = i + 1 < requests.size() ? requests.get(i + 1).at : size;
      int length = to - at;
      for (int k = 0; k < 4; k++) {
        copy[at + k] = (byte) (length >>> (8 * k));
      }
    }
    return copy;
  }

  /** How many fields are slots. */
  int slotCount() {
    return slots.size();
  }

  Slot slot(int i) {
    return slots.get(i);
  }

  int slotAt(int i) {
    return slotsAt[i];
  }
}
