package dev.gatun.netns.netfilter;

import static dev.gatun.netns.netfilter.NfTables.NFPROTO_INET;
import static dev.gatun.netns.netfilter.NfTables.NFPROTO_UNSPEC;
import static dev.gatun.netns.netfilter.NfTables.NFTA_GEN_ID;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_ELEM_LIST_ELEMENTS;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_ELEM_LIST_SET;
import static dev.gatun.netns.netfilter.NfTables.NFTA_SET_ELEM_LIST_TABLE;
import static dev.gatun.netns.netfilter.NfTables.NFT_MSG_GETGEN;
import static dev.gatun.netns.netfilter.NfTables.NFT_MSG_GETSETELEM;
import static dev.gatun.netns.netfilter.NfTables.SIZEOF_NFGENMSG;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.NetworkNamespace;
import dev.gatun.netns.Subnet;
import dev.gatun.netns.netlink.Attributes;
import dev.gatun.netns.netlink.Conversation;
import dev.gatun.netns.netlink.Message;
import dev.gatun.netns.netlink.Netlink;
import dev.gatun.netns.netlink.Replies;
import dev.gatun.netns.netlink.Requests;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Elements of Gatun's table at one time: of all sets, or of those that were asked for. */
final class Snapshot {
  private static final int FIRST_ROOM = 64 << 10;
  private static final int MOST_ROOM = 8 << 20;
  private static final int MOST_TRIES = 64;

  private final int generation;
  private final List<Element> elements;
  private final boolean isWhole;

  private Snapshot(int generation, List<Element> elements, boolean isWhole) {
    this.generation = generation;
    this.elements = elements;
    this.isWhole = isWhole;
  }

  /** Whether all sets were there that were asked for. */
  boolean isWhole() {
    return isWhole;
  }

  /** The generation of all tables that these elements are of. */
  int generation() {
    return generation;
  }

  /** The elements. */
  List<Element> elements() {
    return elements;
  }

  /** Whether an IPv4 port of the host leads to a pod. */
  boolean hasIpv4Ports() {
    return hasIpv4Ports(elements);
  }

  /** Whether some of these elements are IPv4 ports of the host. */
  static boolean hasIpv4Ports(List<Element> elements) {
    for (int i = 0; i < elements.size(); i++) {
      Element element = elements.get(i);
      if (element.set().isMap() && !element.podAddress().isIpv6()) {
        return true;
      }
    }
    return false;
  }

  /** Whether some of these elements are ports of the host. */
  static boolean hasPorts(List<Element> elements) {
    for (int i = 0; i < elements.size(); i++) {
      if (elements.get(i).set().isMap()) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a set has just this range.
   *
   * @param set a set of ranges
   * @param range the range
   */
  boolean has(NamedSet set, Subnet range) {
    for (int i = 0; i < elements.size(); i++) {
      Element first = elements.get(i);
      if (first.set() == set && !first.isEnd() && first.isBeginOf(endOf(first), range)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a set has a range that has an address in common with this.
   *
   * @param set a set of ranges
   * @param range the range
   */
  boolean overlaps(NamedSet set, Subnet range) {
    for (int i = 0; i < elements.size(); i++) {
      Element first = elements.get(i);
      if (first.set() == set
          && !first.isEnd()
          && (range.contains(first.address()) || first.covers(endOf(first), range))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Where an interval ends.
   *
   * @param first the element that it begins with
   * @return the element behind it; null if it goes on to the last address
   */
  @Nullable Element endOf(Element first) {
    Element end = null;
    for (int i = 0; i < elements.size(); i++) {
      Element element = elements.get(i);
      if (element.isEnd() && element.isBehind(first) && (end == null || end.isBehind(element))) {
        end = element;
      }
    }
    return end;
  }

  /**
   * Reads all elements.
   *
   * @param kernel the kernel
   * @param host the namespace that the table is in
   * @return them; null if there is no table of Gatun's, or cannot be
   * @throws NetlinkException when the kernel refuses, or they never come whole
   */
  static @Nullable Snapshot take(Kernel kernel, NetworkNamespace host) {
    return take(kernel, host, NamedSet.values());
  }

  /**
   * Reads the elements of some sets.
   *
   * @param kernel the kernel
   * @param host the namespace that the table is in
   * @param sets which
   * @return them; null if none of the sets is there, or can be
   * @throws NetlinkException when the kernel refuses, or they never come whole
   */
  static @Nullable Snapshot take(Kernel kernel, NetworkNamespace host, NamedSet... sets) {
    int room = FIRST_ROOM;
    for (int i = 0; i < MOST_TRIES; i++) {
      Conversation conversation = new Conversation(new ProgramBuilder(kernel.arch()), room);
      Slot socket = conversation.socket(host, Constants.NETLINK_NETFILTER);
      Requests generation = askForGeneration();
      conversation.exchange(socket, generation);
      Requests[] dumps = new Requests[sets.length];
      int sequence = generation.nextSequence();
      for (int k = 0; k < sets.length; k++) {
        dumps[k] = dump(sets[k], sequence);
        sequence = dumps[k].nextSequence();
        conversation.exchange(socket, dumps[k]);
      }
      Replies replies = conversation.run(kernel);
      if (replies.isFull() && room < MOST_ROOM) {
        room *= 8;
      } else if (!replies.isInterrupted()) {
        return read(replies, generation, sets, dumps);
      }
    }
    throw new NetlinkException(
        "read table inet gatun: it changed each of " + MOST_TRIES + " times while it was read");
  }

  private static void orThrow(Replies replies, Requests requests) {
    try {
      replies.orThrow();
    } catch (SyscallException e) {
      throw Lack.of(e);
    } catch (NetlinkException e) {
      NetlinkException lack = Lack.of(e, requests, -1);
      throw lack == null ? e : lack;
    }
  }

  private static Requests askForGeneration() {
    Requests requests = new Requests();
    requests.begin(
        "read the packet filter's generation",
        "NFT_MSG_GETGEN",
        Transaction.type(NFT_MSG_GETGEN),
        Netlink.NLM_F_REQUEST | Netlink.NLM_F_ACK);
    Transaction.header(requests, NFPROTO_UNSPEC, 0);
    return requests;
  }

  private static Requests dump(NamedSet set, int sequence) {
    Requests requests = new Requests(sequence);
    requests.begin(
        "read set " + set.label + " of table inet gatun",
        "NFT_MSG_GETSETELEM",
        Transaction.type(NFT_MSG_GETSETELEM),
        Netlink.NLM_F_REQUEST);
    Transaction.header(requests, NFPROTO_INET, 0);
    return requests
        .dump()
        .tolerate(Errno.ENOENT)
        .string(NFTA_SET_ELEM_LIST_TABLE, Transaction.TABLE)
        .string(NFTA_SET_ELEM_LIST_SET, set.label);
  }

  private static @Nullable Snapshot read(
      Replies replies, Requests generation, NamedSet[] sets, Requests[] dumps) {
    NetlinkException failure = replies.failure(generation, 0);
    // EINVAL: there is nfnetlink, and nobody in it who knows such messages.
    if (failure != null
        && (failure.errno() == Errno.EOPNOTSUPP || failure.errno() == Errno.EINVAL)) {
      return null;
    }
    SyscallException call = replies.result().failure();
    if (call != null && call.errno() == Errno.EPROTONOSUPPORT) {
      return null;
    }
    orThrow(replies, generation);
    int missing = 0;
    for (Requests dump : dumps) {
      missing += replies.failure(dump, 0) == null ? 0 : 1;
    }
    if (missing == dumps.length) {
      return null;
    }
    int number = 0;
    List<Element> elements = new ArrayList<>();
    List<Message> messages = replies.messages();
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      Attributes attributes = message.attributes(SIZEOF_NFGENMSG);
      int set = message.sequence() - generation.nextSequence();
      if (set < 0) {
        number = attributes.be32(NFTA_GEN_ID);
      } else if (set < sets.length && attributes.has(NFTA_SET_ELEM_LIST_ELEMENTS)) {
        Attributes list = attributes.nested(NFTA_SET_ELEM_LIST_ELEMENTS);
        for (int k = 0; k < list.count(); k++) {
          elements.add(Element.read(sets[set], list.nestedAt(k)));
        }
      }
    }
    return new Snapshot(number, elements, missing == 0);
  }
}
