package dev.gatun.netns.netlink;

import dev.gatun.linux.Structs;
import dev.gatun.netns.NetlinkException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A message that the kernel sent. */
public final class Message {
  private static final int HEADER = Structs.SIZEOF_NLMSGHDR;

  private final byte[] bytes;
  private final int at;
  private final int end;

  private Message(byte[] bytes, int at, int end) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /**
   * Finds the messages in bytes, one behind the other.
   *
   * @param bytes an array, which is not copied
   * @return the messages
   * @throws NetlinkException if one ends before its header or behind the array
   */
  public static List<Message> parse(byte[] bytes) {
    List<Message> messages = new ArrayList<>();
    int at = 0;
    while (at < bytes.length) {
      int left = bytes.length - at;
      if (left < HEADER) {
        throw new NetlinkException("message of " + left + " bytes is shorter than its header");
      }
      int length = number(bytes, at + Structs.NLMSGHDR_NLMSG_LEN, 4);
      if (length < HEADER || length > left) {
        throw new NetlinkException(
            "message of " + Integer.toUnsignedString(length) + " bytes where there are " + left);
      }
      messages.add(new Message(bytes, at, at + length));
      at = (int) Math.min(((long) at + length + 3) & ~3L, bytes.length);
    }
    return messages;
  }

  private static int number(byte[] bytes, int at, int size) {
    int value = 0;
    for (int i = size - 1; i >= 0; i--) {
      value = value << 8 | (bytes[at + i] & 0xff);
    }
    return value;
  }

  /** Its type. */
  public int type() {
    return number(bytes, at + Structs.NLMSGHDR_NLMSG_TYPE, 2);
  }

  /** Its flags, {@code NLM_F_*}. */
  public int flags() {
    return number(bytes, at + Structs.NLMSGHDR_NLMSG_FLAGS, 2);
  }

  /** The sequence number of the request that it answers. */
  public int sequence() {
    return number(bytes, at + Structs.NLMSGHDR_NLMSG_SEQ, 4);
  }

  /** The size of what is behind its header, in bytes. */
  public int size() {
    return end - at - HEADER;
  }

  private int field(int offset, int size) {
    if (offset < 0 || offset > size() - size) {
      throw new NetlinkException(
          "message of type " + type() + " has " + size() + " bytes, too few for its fields");
    }
    return at + HEADER + offset;
  }

  /**
   * A field of one byte.
   *
   * @param offset behind the message's header
   * @return the number
   */
  public int u8(int offset) {
    return number(bytes, field(offset, 1), 1);
  }

  /**
   * A field of two bytes.
   *
   * @param offset behind the message's header
   * @return the number
   */
  public int u16(int offset) {
    return number(bytes, field(offset, 2), 2);
  }

  /**
   * A field of four bytes.
   *
   * @param offset behind the message's header
   * @return the number
   */
  public int u32(int offset) {
    return number(bytes, field(offset, 4), 4);
  }

  /**
   * Its attributes.
   *
   * @param offset where they begin behind the message's header: the size of the family's header
   * @return the attributes
   */
  public Attributes attributes(int offset) {
    return new Attributes(bytes, field((offset + 3) & ~3, 0), end);
  }

  /** Whether this says how a request, or a dump, has ended. */
  boolean isEnd() {
    return type() == Netlink.NLMSG_ERROR || type() == Netlink.NLMSG_DONE;
  }

  /** The error that it ends with: 0, or a positive errno. Some dumps end without saying. */
  int errno() {
    if (type() == Netlink.NLMSG_DONE && size() < 4) {
      return 0;
    }
    int error = u32(0);
    if (error > 0 || error < -4095) {
      throw new NetlinkException("error number " + error + " is none");
    }
    return -error;
  }

  /** What the kernel says about the error, the extended acknowledgement; empty if nothing. */
  String explanation() {
    Attributes attributes = acknowledgement();
    if (attributes == null) {
      return "";
    }
    StringBuilder text = new StringBuilder(80);
    text.append(attributes.string(Netlink.NLMSGERR_ATTR_MSG, "").strip());
    if (attributes.has(Netlink.NLMSGERR_ATTR_MISS_TYPE)) {
      text.append(text.isEmpty() ? "" : ", ").append("attribute ");
      text.append(Integer.toUnsignedString(attributes.u32(Netlink.NLMSGERR_ATTR_MISS_TYPE)));
      text.append(" is missing");
    }
    if (attributes.has(Netlink.NLMSGERR_ATTR_OFFS)) {
      text.append(text.isEmpty() ? "" : ", ").append("at byte ");
      text.append(Integer.toUnsignedString(attributes.u32(Netlink.NLMSGERR_ATTR_OFFS)));
      text.append(" of the request");
    }
    return text.toString();
  }

  /** Where in the request the attribute is that the error comes from; −1 if that is not told. */
  int offset() {
    Attributes attributes = acknowledgement();
    return attributes == null ? -1 : attributes.u32(Netlink.NLMSGERR_ATTR_OFFS, -1);
  }

  private @Nullable Attributes acknowledgement() {
    if ((flags() & Netlink.NLM_F_ACK_TLVS) == 0) {
      return null;
    }
    int from = 4;
    if (type() == Netlink.NLMSG_ERROR) {
      // The header of the request, and without NLM_F_CAPPED the rest of it.
      int request = (flags() & Netlink.NLM_F_CAPPED) != 0 ? HEADER : u32(4);
      if (request < HEADER || request > size() - from) {
        throw new NetlinkException("error message holds a request of " + request + " bytes");
      }
      from += (request + 3) & ~3;
    }
    return from > size() ? null : attributes(from);
  }
}
