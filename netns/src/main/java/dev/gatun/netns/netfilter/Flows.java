package dev.gatun.netns.netfilter;

import static dev.gatun.netns.netfilter.CtNetlink.CTA_FILTER;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_FILTER_F_CTA_IP_SRC;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_FILTER_F_CTA_PROTO_DST_PORT;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_FILTER_F_CTA_PROTO_NUM;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_FILTER_F_CTA_PROTO_SRC_PORT;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_FILTER_ORIG_FLAGS;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_FILTER_REPLY_FLAGS;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_ID;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_IP_V4_DST;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_IP_V4_SRC;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_IP_V6_DST;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_IP_V6_SRC;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_PROTO_DST_PORT;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_PROTO_NUM;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_PROTO_SRC_PORT;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_TUPLE_IP;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_TUPLE_ORIG;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_TUPLE_PROTO;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_TUPLE_REPLY;
import static dev.gatun.netns.netfilter.CtNetlink.CTA_ZONE;
import static dev.gatun.netns.netfilter.CtNetlink.IPCTNL_MSG_CT_DELETE;
import static dev.gatun.netns.netfilter.CtNetlink.IPCTNL_MSG_CT_GET;
import static dev.gatun.netns.netfilter.CtNetlink.NFNL_SUBSYS_CTNETLINK;
import static dev.gatun.netns.netfilter.NfTables.SIZEOF_NFGENMSG;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.netns.Interfaces;
import dev.gatun.netns.IpAddress;
import dev.gatun.netns.LinkAddress;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.NetworkNamespace;
import dev.gatun.netns.netlink.Attributes;
import dev.gatun.netns.netlink.Conversation;
import dev.gatun.netns.netlink.Message;
import dev.gatun.netns.netlink.Netlink;
import dev.gatun.netns.netlink.Replies;
import dev.gatun.netns.netlink.Requests;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel remembers of datagrams to ports of the host. Rules are asked only about the first
 * packet of a flow, and as long as a client keeps sending from one port of its own its flow goes
 * where it went before: to a pod that is gone, or to the host before there was a pod. So flows that
 * the rules would lead elsewhere now are forgotten, and the next packet is a first one. TCP and
 * SCTP need nothing of it: their connections end with the pod.
 */
final class Flows {
  private static final int FIRST_ROOM = 64 << 10;
  private static final int MOST_ROOM = 8 << 20;
  private static final int MOST_ROUNDS = 64;

  /** So many that errors of all of them fit into what a socket has. */
  private static final int MOST_AT_ONCE = 100;

  private static final int UDP = 17;
  private static final int LOOPBACK_NET = 127;

  private final Kernel kernel;
  private final NetworkNamespace host;

  /** The port that is published or was; its element says where it leads, or led. */
  private final Element port;

  /** Addresses of the host; null when it is flows to the pod that are to be forgotten. */
  private final @Nullable List<LinkAddress> local;

  private Flows(
      Kernel kernel, NetworkNamespace host, Element port, @Nullable List<LinkAddress> local) {
    this.kernel = kernel;
    this.host = host;
    this.port = port;
    this.local = local;
  }

  /**
   * Forgets flows to ports of the host that do not go where these lead.
   *
   * @param kernel the kernel
   * @param host the host's network namespace
   * @param published elements that were added
   * @throws NetlinkException when the kernel refuses
   */
  static void lead(Kernel kernel, NetworkNamespace host, List<Element> published) {
    List<LinkAddress> local = null;
    for (int i = 0; i < published.size(); i++) {
      Element port = published.get(i);
      if (isUdp(port)) {
        if (local == null) {
          local = new Interfaces(kernel, host).addresses();
        }
        new Flows(kernel, host, port, local).forget();
      }
    }
  }

  /**
   * Forgets flows that go where these led.
   *
   * @param kernel the kernel
   * @param host the host's network namespace
   * @param unpublished elements that were deleted
   * @throws NetlinkException when the kernel refuses
   */
  static void end(Kernel kernel, NetworkNamespace host, List<Element> unpublished) {
    for (int i = 0; i < unpublished.size(); i++) {
      if (isUdp(unpublished.get(i))) {
        new Flows(kernel, host, unpublished.get(i), null).forget();
      }
    }
  }

  private static boolean isUdp(Element element) {
    return element.set().isMap() && element.protocol() == UDP;
  }

  /**
   * Forgets them, with more room for the list if there is not enough: what was forgotten is not in
   * the next one. What is new goes by the rules, so that this comes to an end.
   */
  private void forget() {
    int room = FIRST_ROOM;
    for (int i = 0; i < MOST_ROUNDS; i++) {
      Conversation conversation = new Conversation(new ProgramBuilder(kernel.arch()), room);
      Slot socket = conversation.socket(host, Constants.NETLINK_NETFILTER);
      Requests list = list();
      conversation.exchange(socket, list);
      Replies replies = conversation.run(kernel);
      NetlinkException failure = replies.failure(list, 0);
      if (failure != null && isMissing(failure.errno())) {
        return;
      }
      boolean whole = !replies.isFull() && !replies.isInterrupted();
      if (whole || failure != null) {
        replies.orThrow();
      }
      boolean some = delete(replies.messages());
      // Flows of others that fill all the room to the same port elsewhere hide ours: they end by
      // themselves when their clients are silent.
      if (whole || (!some && room == MOST_ROOM)) {
        return;
      }
      room = Math.min(MOST_ROOM, 8 * room);
    }
  }

  /** Whether the kernel has no such thing: nfnetlink without ctnetlink in it, module or not. */
  private static boolean isMissing(int errno) {
    return errno == Errno.EINVAL || errno == Errno.EOPNOTSUPP || errno == Errno.EPROTONOSUPPORT;
  }

  private static int type(int message) {
    return NFNL_SUBSYS_CTNETLINK << 8 | message;
  }

  /** Since Linux 5.8 the kernel looks at the tuples itself; before, it shows all flows. */
  private Requests list() {
    boolean isIpv6 = port.podAddress().isIpv6();
    Requests requests = new Requests();
    requests.begin(
        "list flows of UDP port " + port.hostPort(),
        "IPCTNL_MSG_CT_GET",
        type(IPCTNL_MSG_CT_GET),
        Netlink.NLM_F_REQUEST);
    Transaction.header(requests, Family.of(port.podAddress()).protocol, 0);
    requests.dump();
    boolean toHost = local != null;
    int tuple = requests.nest(toHost ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY);
    if (!toHost) {
      int ip = requests.nest(CTA_TUPLE_IP);
      requests.attribute(isIpv6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, port.podAddress().bytes()).end(ip);
    }
    int proto = requests.nest(CTA_TUPLE_PROTO);
    requests
        .u8(CTA_PROTO_NUM, UDP)
        .be16(
            toHost ? CTA_PROTO_DST_PORT : CTA_PROTO_SRC_PORT,
            toHost ? port.hostPort() : port.podPort())
        .end(proto);
    requests.end(tuple);
    int filter = requests.nest(CTA_FILTER);
    requests
        .u32(
            toHost ? CTA_FILTER_ORIG_FLAGS : CTA_FILTER_REPLY_FLAGS,
            toHost
                ? CTA_FILTER_F_CTA_PROTO_NUM | CTA_FILTER_F_CTA_PROTO_DST_PORT
                : CTA_FILTER_F_CTA_IP_SRC
                    | CTA_FILTER_F_CTA_PROTO_NUM
                    | CTA_FILTER_F_CTA_PROTO_SRC_PORT)
        .end(filter);
    return requests;
  }

  /** Whether there were any. */
  private boolean delete(List<Message> flows) {
    boolean some = false;
    Requests requests = new Requests();
    for (int i = 0; i < flows.size(); i++) {
      Attributes flow = flows.get(i).attributes(SIZEOF_NFGENMSG);
      if (isMeant(flow)) {
        some = true;
        delete(requests, flow);
        if (requests.count() == MOST_AT_ONCE) {
          Conversation.talk(kernel, host, Constants.NETLINK_NETFILTER, requests.acknowledge());
          requests = new Requests();
        }
      }
    }
    if (requests.count() > 0) {
      Conversation.talk(kernel, host, Constants.NETLINK_NETFILTER, requests.acknowledge());
    }
    return some;
  }

  /** One that has ended meanwhile is no error; and its identity is not that of a new one. */
  private void delete(Requests to, Attributes flow) {
    to.begin(
        "forget a flow of UDP port " + port.hostPort(),
        "IPCTNL_MSG_CT_DELETE",
        type(IPCTNL_MSG_CT_DELETE),
        Netlink.NLM_F_REQUEST);
    Transaction.header(to, Family.of(port.podAddress()).protocol, 0);
    to.tolerate(Errno.ENOENT);
    int tuple = to.nest(CTA_TUPLE_ORIG);
    to.put(flow.bytes(CTA_TUPLE_ORIG)).end(tuple);
    if (flow.has(CTA_ZONE)) {
      to.attribute(CTA_ZONE, flow.bytes(CTA_ZONE));
    }
    to.attribute(CTA_ID, flow.bytes(CTA_ID));
  }

  private boolean isMeant(Attributes flow) {
    Attributes there = flow.nested(CTA_TUPLE_ORIG);
    Attributes back = flow.nested(CTA_TUPLE_REPLY);
    Attributes proto = there.nested(CTA_TUPLE_PROTO);
    if (proto.u8(CTA_PROTO_NUM) != UDP) {
      return false;
    }
    boolean leadsToPod =
        address(back, CTA_IP_V4_SRC, CTA_IP_V6_SRC).equals(port.podAddress())
            && back.nested(CTA_TUPLE_PROTO).be16(CTA_PROTO_SRC_PORT) == port.podPort();
    if (local == null) {
      return leadsToPod;
    }
    IpAddress wanted = port.hostAddress();
    IpAddress to = address(there, CTA_IP_V4_DST, CTA_IP_V6_DST);
    return !leadsToPod
        && proto.be16(CTA_PROTO_DST_PORT) == port.hostPort()
        && (wanted == null ? isLocal(local, to) : wanted.equals(to));
  }

  private static IpAddress address(Attributes tuple, int ipv4, int ipv6) {
    Attributes ip = tuple.nested(CTA_TUPLE_IP);
    return IpAddress.of(ip.bytes(ip.has(ipv4) ? ipv4 : ipv6));
  }

  /** What is sent to the same port of other hosts is nothing of ours. */
  private static boolean isLocal(List<LinkAddress> local, IpAddress address) {
    if (!address.isIpv6() && address.bytes()[0] == LOOPBACK_NET) {
      return true;
    }
    for (int i = 0; i < local.size(); i++) {
      if (local.get(i).address().equals(address)) {
        return true;
      }
    }
    return false;
  }
}
