package dev.gatun.netns.netfilter;

import static dev.gatun.netns.netfilter.NfTables.NFTA_DATA_VALUE;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_ELEM_DATA;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_ELEM_FLAGS;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_ELEM_KEY;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_ELEM_USERDATA;
import static dev.gatun.netns.netfilter.NfTables.NFT_SET_ELEM_INTERVAL_END;

import dev.gatun.netns.IpAddress;
import dev.gatun.netns.PortMapping;
import dev.gatun.netns.Subnet;
import dev.gatun.netns.netlink.Attributes;
import dev.gatun.netns.netlink.Requests;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An element of a set or a map.
 *
 * <p>Parts of keys and values begin at multiples of four bytes, as registers do.
 */
final class Element {
  /** Of what {@code nft} keeps in user data: type and length, each of a byte, and contents. */
  private static final int COMMENT = 0;

  /** The longest that {@code nft} reads; of more than 252 characters the kernel keeps none. */
  private static final int MOST_COMMENT = 128;

  /** The longest state root that is not hashed. */
  private static final int MOST_ROOT = 64;

  /** What stands between a pod's id, which has no spaces, and its state root. */
  private static final String OF = " of ";

  private static final int HASH_DIGITS = 16;
  private static final int WORD = 4;

  private final NamedSet set;
  private final byte[] key;
  private final byte[] data;
  private final String comment;
  private final boolean isEnd;

  private Element(NamedSet set, byte[] key, byte[] data, String comment, boolean isEnd) {
    this.set = set;
    this.key = key;
    this.data = data;
    this.comment = comment;
    this.isEnd = isEnd;
  }

  /**
   * A pod's address.
   *
   * @param address the address
   * @param owner whose it is
   */
  static Element pod(IpAddress address, String owner) {
    return new Element(
        NamedSet.pods(Family.of(address)), address.bytes(), new byte[0], comment(owner), false);
  }

  /**
   * A bridge.
   *
   * @param name its name
   */
  static Element bridge(String name) {
    byte[] key = new byte[NamedSet.BRIDGES.key.length];
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(text, 0, key, 0, text.length);
    return new Element(NamedSet.BRIDGES, key, new byte[0], "", false);
  }

  /**
   * A port of the host.
   *
   * @param mapping the mapping
   * @param address the pod's address
   * @param owner the pod
   */
  static Element port(PortMapping mapping, IpAddress address, String owner) {
    Family family = Family.of(address);
    IpAddress host = mapping.isWildcard() ? null : mapping.hostIp();
    NamedSet set = host == null ? NamedSet.ports(family) : NamedSet.addressPorts(family);
    byte[] key = new byte[set.key.length];
    if (host != null) {
      System.arraycopy(host.bytes(), 0, key, 0, family.length);
    }
    key[key.length - 2 * WORD] = (byte) mapping.protocolNumber();
    port(key, mapping.hostPort());
    byte[] data = new byte[set.data.length];
    System.arraycopy(address.bytes(), 0, data, 0, family.length);
    port(data, mapping.podPort());
    return new Element(set, key, data, comment(owner), false);
  }

  private static void port(byte[] bytes, int port) {
    bytes[bytes.length - WORD] = (byte) (port >> 8);
    bytes[bytes.length - WORD + 1] = (byte) port;
  }

  /**
   * The first address of a range.
   *
   * @param set the set
   * @param range the range
   */
  static Element first(NamedSet set, Subnet range) {
    return new Element(set, range.network().bytes(), new byte[0], "", false);
  }

  /**
   * The address behind a range.
   *
   * @param set the set
   * @param last its last address
   * @return the element; null if there is no address behind
   */
  static @Nullable Element end(NamedSet set, IpAddress last) {
    byte[] key = last.bytes();
    for (int i = key.length - 1; i >= 0; i--) {
      key[i]++;
      if (key[i] != 0) {
        return new Element(set, key, new byte[0], "", true);
      }
    }
    return null;
  }

  /**
   * Reads one.
   *
   * @param set the set that it is from
   * @param attributes what the kernel tells of it
   */
  static Element read(NamedSet set, Attributes attributes) {
    byte[] key = attributes.nested(NFTA_SET_ELEM_KEY).bytes(NFTA_DATA_VALUE);
    byte[] data =
        set.isMap() ? attributes.nested(NFTA_SET_ELEM_DATA).bytes(NFTA_DATA_VALUE) : new byte[0];
    int flags = attributes.has(NFTA_SET_ELEM_FLAGS) ? attributes.be32(NFTA_SET_ELEM_FLAGS) : 0;
    byte[] userdata =
        attributes.has(NFTA_SET_ELEM_USERDATA)
            ? attributes.bytes(NFTA_SET_ELEM_USERDATA)
            : new byte[0];
    return new Element(
        set, key, data, readComment(userdata), (flags & NFT_SET_ELEM_INTERVAL_END) != 0);
  }

  private static String readComment(byte[] userdata) {
    int at = 0;
    while (at + 2 <= userdata.length) {
      int length = userdata[at + 1] & 0xff;
      int end = Math.min(at + 2 + length, userdata.length);
      if (userdata[at] == COMMENT && length > 0) {
        return new String(userdata, at + 2, end - at - 3, StandardCharsets.UTF_8);
      }
      at = end;
    }
    return "";
  }

  /**
   * What stands for a pod in a comment: its id, or for the few that are too long the beginning of
   * it with a hash behind a character that ids do not have; and its state root if that is named.
   */
  static String comment(String owner) {
    String id = podId(owner);
    String root = root(owner);
    int most = MOST_COMMENT - root.length();
    return (id.length() <= most ? id : id.substring(0, most - HASH_DIGITS - 1) + "#" + hash(id))
        + root;
  }

  /**
   * Names a pod and its state root.
   *
   * @param podId the pod's id
   * @param stateRoot the state root; what is long, or would not be one word for {@code nft}, is
   *     hashed
   */
  static String owner(String podId, String stateRoot) {
    boolean isPlain = stateRoot.length() <= MOST_ROOT;
    for (int i = 0; i < stateRoot.length() && isPlain; i++) {
      char c = stateRoot.charAt(i);
      isPlain = c > ' ' && c < 0x7f && c != '"' && c != '\\';
    }
    return podId + OF + (isPlain ? stateRoot : "#" + hash(stateRoot));
  }

  /** The pod's id in a comment, or in what {@link #owner} made. */
  static String podId(String owner) {
    int of = owner.indexOf(OF);
    return of < 0 ? owner : owner.substring(0, of);
  }

  /** All behind the pod's id; it is the same for pods of one state root. */
  static String root(String owner) {
    int of = owner.indexOf(OF);
    return of < 0 ? "" : owner.substring(of);
  }

  private static String hash(String text) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    String digits = Long.toHexString(hash);
    return "0".repeat(HASH_DIGITS - digits.length()) + digits;
  }

  /** Writes it, as a member of a list of elements; a key is all that is needed to delete it. */
  void write(Requests to, boolean onlyKey) {
    int element = to.nest(NfTables.NFTA_LIST_ELEM);
    if (isEnd) {
      to.be32(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
    }
    value(to, NFTA_SET_ELEM_KEY, key);
    if (!onlyKey) {
      if (set.isMap()) {
        value(to, NFTA_SET_ELEM_DATA, data);
      }
      if (!comment.isEmpty()) {
        byte[] text = comment.getBytes(StandardCharsets.UTF_8);
        byte[] userdata = new byte[text.length + 3];
        userdata[0] = COMMENT;
        userdata[1] = (byte) (text.length + 1);
        System.arraycopy(text, 0, userdata, 2, text.length);
        to.attribute(NFTA_SET_ELEM_USERDATA, userdata);
      }
    }
    to.end(element);
  }

  private static void value(Requests to, int type, byte[] bytes) {
    int nest = to.nest(type);
    to.attribute(NFTA_DATA_VALUE, bytes).end(nest);
  }

  /** The set that it is in. */
  NamedSet set() {
    return set;
  }

  /** The pod that it is for, see {@link #comment(String)}; empty for none. */
  String comment() {
    return comment;
  }

  /** Whether it stands behind an interval. */
  boolean isEnd() {
    return isEnd;
  }

  /** Whether it is in the way of another: in one set they have one key. */
  boolean isAt(Element other) {
    return set == other.set && isEnd == other.isEnd && Arrays.equals(key, other.key);
  }

  /** Whether nothing about it differs from another. */
  boolean isSame(Element other) {
    return isAt(other) && Arrays.equals(data, other.data) && comment.equals(other.comment);
  }

  /** The address that it begins with: of a pod, or of an interval's end. */
  IpAddress address() {
    return IpAddress.of(key);
  }

  /** The address of the pod that it is about: its key, or what a port leads to. */
  IpAddress podAddress() {
    return set.isMap() ? IpAddress.of(Arrays.copyOf(data, data.length - WORD)) : address();
  }

  /** The port of the pod that a port of the host leads to. */
  int podPort() {
    return port(data);
  }

  /** The port of the host, of a map's element. */
  int hostPort() {
    return port(key);
  }

  /** Its protocol, of a map's element. */
  int protocol() {
    return key[key.length - 2 * WORD] & 0xff;
  }

  /** The address of the host that it is for, of a map's element; null for all of them. */
  @Nullable IpAddress hostAddress() {
    return key.length == 2 * WORD ? null : IpAddress.of(Arrays.copyOf(key, key.length - 2 * WORD));
  }

  private static int port(byte[] bytes) {
    return (bytes[bytes.length - WORD] & 0xff) << 8 | (bytes[bytes.length - WORD + 1] & 0xff);
  }

  /** The name of a bridge. */
  String name() {
    int end = 0;
    while (end < key.length && key[end] != 0) {
      end++;
    }
    return new String(key, 0, end, StandardCharsets.UTF_8);
  }

  /** Whether it is for one pod. */
  boolean isAboutPod() {
    return !set.isInterval() && set != NamedSet.BRIDGES;
  }

  /**
   * Whether it is about a pod whose address is in an interval.
   *
   * @param first where the interval begins
   * @param end what is behind it; null if nothing is
   */
  boolean isBetween(Element first, @Nullable Element end) {
    return first.reaches(end, podAddress());
  }

  /**
   * Whether a range is in the interval that begins with this.
   *
   * @param end what is behind the interval; null if nothing is
   * @param range the range
   */
  boolean covers(@Nullable Element end, Subnet range) {
    return reaches(end, range.network()) && reaches(end, range.broadcast());
  }

  /**
   * Whether a range is just the interval that begins with this.
   *
   * @param end what is behind the interval; null if nothing is
   * @param range the range
   */
  boolean isBeginOf(@Nullable Element end, Subnet range) {
    Element itsEnd = end(set, range.broadcast());
    return isAt(first(set, range))
        && (end == null ? itsEnd == null : itsEnd != null && end.isAt(itsEnd));
  }

  private boolean reaches(@Nullable Element end, IpAddress address) {
    byte[] bytes = address.bytes();
    return bytes.length == key.length
        && Arrays.compareUnsigned(bytes, key) >= 0
        && (end == null || Arrays.compareUnsigned(bytes, end.key) < 0);
  }

  /**
   * Whether its key is behind another's of the same set.
   *
   * @param other the other
   */
  boolean isBehind(Element other) {
    return set == other.set && Arrays.compareUnsigned(key, other.key) > 0;
  }
}
