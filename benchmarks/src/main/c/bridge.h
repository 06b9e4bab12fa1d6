/*
 * A fixture of the benchmarks, never a part of Gatun: what namespaces.c does for a pod on a bridge,
 * with the same outcome as Gatun: leases of two addresses on disk, a pair of virtual Ethernet
 * interfaces with addresses and default routes in the pod, and a table of nf_tables that lets the
 * pod reach the world. Bridge, ranges, table and directories are its own, beside Gatun's.
 *
 * It makes the calls that this needs: one netlink socket for each family and namespace, one datagram
 * for what belongs together, no texts of errors, and nothing that is known is asked for again. What
 * depends on other pods is looked at, as whether the table can go with this one.
 */
#include <asm/errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>

#include "netlink.h"

#define AF_INET 2
#define AF_INET6 10
#define IFF_UP 1

#define BRIDGE "gatunc0"
#define LINK "gtc-pod"
#define TABLE "gatunc"
#define NETWORK "cnetwork"
#define LEASES NETWORK "/leases"
#define OWN "pod/" /* what the targets of the pod's leases begin with */
#define MTU 1500

/* Places in a range: the gateway's is 1. */
enum { FIRST_PLACE = 2, LAST_PLACE = 65534 };

struct range {
  int family, prefix, size;
  const char *cursor, *of_target, *pods, *outbound;
  int key, nfproto, source, destination;
  unsigned char first[16], behind[16], gateway[16];
};

/* The numbers of keys are those by which nft(8) knows how to print them. */
static const struct range ranges[2] = {
    {AF_INET, 16, 4, NETWORK "/next-10.208.0.0-16", "/16/", "pods4", "outbound4",
     7, NFPROTO_IPV4, 12, 16, {10, 208}, {10, 209}, {10, 208, 0, 1}},
    {AF_INET6, 64, 16, NETWORK "/next-fd67:6174:756f::-64", "/64/", "pods6", "outbound6",
     8, NFPROTO_IPV6, 8, 24,
     {0xfd, 0x67, 0x61, 0x74, 0x75, 0x6f}, {0xfd, 0x67, 0x61, 0x74, 0x75, 0x6f, 0, 1},
     {0xfd, 0x67, 0x61, 0x74, 0x75, 0x6f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
};

/* The pod's lease of each range; the name is the address in hexadecimal. */
static struct {
  unsigned char address[16];
  char name[33];
} leases[2];

/* --- texts */

static char text[1024];
static word text_size;

static void add(const char *more) {
  memcpy(text + text_size, more, length(more) + 1);
  text_size += length(more);
}

static void add_number(word value, word base, int digits) {
  char number[24];
  int at = sizeof number - 1;
  number[at] = 0;
  do {
    number[--at] = "0123456789abcdef"[value % base];
    value /= base;
    digits--;
  } while (value || digits > 0);
  add(number + at);
}

static word place_of(const unsigned char *address, const struct range *range) {
  return (word)address[range->size - 2] << 8 | address[range->size - 1];
}

static void add_address(const unsigned char *address, const struct range *range) {
  if (range->family == AF_INET6) {
    add("fd67:6174:756f::");
    add_number(place_of(address, range), 16, 1);
    return;
  }
  for (int i = 0; i < range->size; i++) {
    add(i == 0 ? "" : ".");
    add_number(address[i], 10, 1);
  }
}

/* --- leases: links named after addresses, whose targets say for whom, of which range and when */

static void name_lease(int i, word place) {
  const struct range *range = &ranges[i];
  memcpy(leases[i].address, range->first, (word)range->size);
  leases[i].address[range->size - 2] = (unsigned char)(place >> 8);
  leases[i].address[range->size - 1] = (unsigned char)place;
  text_size = 0;
  for (int k = 0; k < range->size; k++) {
    add_number(leases[i].address[k], 16, 2);
  }
  memcpy(leases[i].name, text, text_size + 1);
}

/* The search begins behind the address leased last, so that what was given back rests. */
static void lease(long directory_of_leases, int i) {
  word time[2], place = 0;
  sys_2(__NR_clock_gettime, 0 /* CLOCK_REALTIME */, time);
  long cursor = checked("open cursor", sys_4(__NR_openat, AT_FDCWD, ranges[i].cursor,
                                             O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  checked("read", sys_4(__NR_pread64, cursor, &place, sizeof place, 0));
  long result = -EEXIST;
  for (int tries = 0; result == -EEXIST && tries < LAST_PLACE; tries++) {
    place = place < FIRST_PLACE || place >= LAST_PLACE ? FIRST_PLACE : place + 1;
    name_lease(i, place);
    text_size = 0;
    add(OWN);
    add(leases[i].name);
    add(ranges[i].of_target);
    add_number(time[0] << 30 | time[1], 16, 16);
    result = sys_3(__NR_symlinkat, text, directory_of_leases, leases[i].name);
  }
  checked("symlink", result);
  checked("write", sys_4(__NR_pwrite64, cursor, &place, sizeof place, 0));
  sys_1(__NR_close, cursor);
}

static void take_leases(void) {
  sys_3(__NR_mkdirat, AT_FDCWD, NETWORK, 0700);
  sys_3(__NR_mkdirat, AT_FDCWD, LEASES, 0700);
  long list = open(AT_FDCWD, LEASES, O_DIRECTORY);
  checked("flock", sys_2(__NR_flock, list, 2 /* LOCK_EX */));
  lease(list, 0);
  lease(list, 1);
  sys_1(__NR_close, list);
}

static int is_own(long list, const char *name) {
  static const char own[] = OWN;
  char target[128];
  if (sys_4(__NR_readlinkat, list, name, target, sizeof target) < (long)sizeof own) {
    return 0;
  }
  for (word i = 0; i < sizeof own - 1; i++) {
    if (target[i] != own[i]) {
      return 0;
    }
  }
  return 1;
}

static int hexadecimal(char digit) {
  return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

static void find_leases(long list) {
  for (;;) {
    word size = (word)checked("getdents", sys_3(__NR_getdents64, list, contents, sizeof contents));
    if (size == 0) {
      return;
    }
    /* struct linux_dirent64: the size is at 16, the name at 19. */
    for (word at = 0; at < size; at += *(unsigned short *)(contents + at + 16)) {
      const char *name = contents + at + 19;
      int i = length(name) == 8 ? 0 : 1;
      if (name[0] != '.' && length(name) < sizeof leases->name && is_own(list, name)) {
        memcpy(leases[i].name, name, length(name) + 1);
        for (word k = 0; k < length(name); k += 2) {
          leases[i].address[k / 2] =
              (unsigned char)(hexadecimal(name[k]) << 4 | hexadecimal(name[k + 1]));
        }
      }
    }
  }
}

static void give_back_leases(long list) {
  checked("flock", sys_2(__NR_flock, list, 2));
  for (int i = 0; i < 2; i++) {
    if (is_own(list, leases[i].name)) {
      checked("unlink lease", sys_3(__NR_unlinkat, list, leases[i].name, 0));
    }
  }
}

/* --- interfaces */

static int index_of(long socket, const char *name) {
  struct {
    char name[16];
    int index;
    char rest[20];
  } request = {{0}, 0, {0}};
  memcpy(request.name, name, length(name));
  long result = sys_3(__NR_ioctl, socket, SIOCGIFINDEX, &request);
  if (result != -ENODEV) {
    checked(name, result);
  }
  return request.index;
}

static void begin_link(int type, int flags, int index, unsigned up) {
  struct ifinfomsg header = {.ifi_index = index, .ifi_flags = up, .ifi_change = up};
  begin_message(type, flags, &header, sizeof header);
}

static void add_ip(int index, const struct range *range, const unsigned char *address) {
  int is_ipv6 = range->family == AF_INET6;
  struct ifaddrmsg header = {
      (unsigned char)range->family, (unsigned char)range->prefix,
      is_ipv6 ? IFA_F_NODAD : 0, RT_SCOPE_UNIVERSE, (unsigned)index};
  begin_message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
  attribute(IFA_LOCAL, address, (word)range->size);
  attribute(IFA_ADDRESS, address, (word)range->size);
  if (!is_ipv6) {
    attribute(IFA_BROADCAST, (unsigned char[]){range->first[0], range->first[1], 255, 255}, 4);
  }
}

static void add_default_route(int index, const struct range *range) {
  struct rtmsg header = {
      .rtm_family = (unsigned char)range->family,
      .rtm_table = RT_TABLE_MAIN,
      .rtm_protocol = RTPROT_STATIC,
      .rtm_scope = RT_SCOPE_UNIVERSE,
      .rtm_type = RTN_UNICAST,
  };
  begin_message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
  attribute(RTA_GATEWAY, range->gateway, (word)range->size);
  number(RTA_OIF, (unsigned)index);
}

/* Link-layer addresses follow from IPv4 ones, so that neighbours that remember them are right. */
static void link_address(const unsigned char *ip) {
  attribute(IFLA_ADDRESS, (unsigned char[]){0x02, 'g', ip[0], ip[1], ip[2], ip[3]}, 6);
}

static void make_bridge(long socket) {
  begin_link(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, 0, 0);
  string(IFLA_IFNAME, BRIDGE);
  link_address(ranges[0].gateway);
  word info = nest(IFLA_LINKINFO);
  string(IFLA_INFO_KIND, "bridge");
  end_nest(info);
  exchange("make bridge", socket);
}

static void bring_up_bridge(int index) {
  begin_link(RTM_NEWLINK, 0, index, IFF_UP);
  add_ip(index, &ranges[0], ranges[0].gateway);
  add_ip(index, &ranges[1], ranges[1].gateway);
}

static void make_pair(int bridge, long pid) {
  begin_link(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, 0, IFF_UP);
  string(IFLA_IFNAME, LINK);
  number(IFLA_MTU, MTU);
  number(IFLA_MASTER, (unsigned)bridge);
  word info = nest(IFLA_LINKINFO);
  string(IFLA_INFO_KIND, "veth");
  word data = nest(IFLA_INFO_DATA);
  word peer = nest(VETH_INFO_PEER);
  struct ifinfomsg header = {0};
  put(&header, sizeof header);
  string(IFLA_IFNAME, "eth0");
  number(IFLA_MTU, MTU);
  link_address(leases[0].address);
  number(IFLA_NET_NS_PID, (unsigned)pid);
  end_nest(peer);
  end_nest(data);
  end_nest(info);
}

/* Changes a setting if it has one value: it may be read-only, and right. */
static void ensure_sysctl(const char *path, char wrong, const char *right) {
  char value = 0;
  long fd = open(AT_FDCWD, path, 0);
  checked("read", sys_3(__NR_read, fd, &value, 1));
  sys_1(__NR_close, fd);
  if (value == wrong) {
    write_file(path, right, 1);
  }
}

/* A socket stays in the namespace that it was made in. */
static long socket_inside(long pid) {
  char path[64];
  long own = open(AT_FDCWD, "/proc/self/ns/net", 0);
  long there = open(AT_FDCWD, of_process(path, pid, "/ns/net"), 0);
  checked("setns", sys_2(__NR_setns, there, CLONE_NEWNET));
  long socket = netlink_socket(NETLINK_ROUTE);
  checked("setns", sys_2(__NR_setns, own, CLONE_NEWNET));
  sys_1(__NR_close, there);
  sys_1(__NR_close, own);
  return socket;
}

/* The loopback interface was brought up by the pause process. */
static void configure_pod(long pid) {
  long socket = socket_inside(pid);
  int index = index_of(socket, "eth0");
  begin_link(RTM_NEWLINK, 0, index, IFF_UP);
  for (int i = 0; i < 2; i++) {
    add_ip(index, &ranges[i], leases[i].address);
    add_default_route(index, &ranges[i]);
  }
  acknowledge();
  exchange("configure the pod", socket);
  sys_1(__NR_close, socket);
}

static void attach(long pid) {
  long socket = netlink_socket(NETLINK_ROUTE);
  int bridge = index_of(socket, BRIDGE);
  int is_new = !bridge;
  if (is_new) {
    make_bridge(socket);
    bridge = index_of(socket, BRIDGE);
  }
  /* Before the bridge is up: a pod must not configure its host by router advertisements. */
  ensure_sysctl("/proc/sys/net/ipv6/conf/" BRIDGE "/accept_ra", '1', "0");
  ensure_sysctl("/proc/sys/net/ipv4/ip_forward", '0', "1");
  ensure_sysctl("/proc/sys/net/ipv6/conf/all/forwarding", '0', "1");
  if (is_new) {
    bring_up_bridge(bridge);
  }
  make_pair(bridge, pid);
  exchange("make the pair", socket);
  sys_1(__NR_close, socket);
  configure_pod(pid);
}

static void detach(void) {
  long socket = netlink_socket(NETLINK_ROUTE);
  begin_link(RTM_DELLINK, NLM_F_ACK, 0, 0);
  string(IFLA_IFNAME, LINK);
  exchange("delete the pair", socket);
  sys_1(__NR_close, socket);
}

/* --- the table: its rules are always the same, what they apply to is in sets */

static void begin_nft(int message, int flags) {
  struct nfgenmsg header = {NFPROTO_INET, NFNETLINK_V0, 0};
  begin_message(NFNL_SUBSYS_NFTABLES << 8 | message, flags, &header, sizeof header);
}

/* A transaction is between two such messages. */
static void bracket(int type) {
  struct nfgenmsg header = {0, NFNETLINK_V0, __builtin_bswap16(NFNL_SUBSYS_NFTABLES)};
  begin_message(type, 0, &header, sizeof header);
}

/* The last message of the transaction is acknowledged. */
static void commit(const char *what, long socket) {
  acknowledge();
  unsigned last = requests.sequence;
  bracket(NFNL_MSG_BATCH_END);
  exchange_until(what, socket, last);
}

static void add_set(const char *name, const struct range *range, unsigned flags, unsigned id) {
  begin_nft(NFT_MSG_NEWSET, NLM_F_CREATE);
  string(NFTA_SET_TABLE, TABLE);
  string(NFTA_SET_NAME, name);
  number_be(NFTA_SET_FLAGS, flags);
  number_be(NFTA_SET_KEY_TYPE, (unsigned)range->key);
  number_be(NFTA_SET_KEY_LEN, (unsigned)range->size);
  number_be(NFTA_SET_ID, id);
}

static void add_chain(void) {
  begin_nft(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  string(NFTA_CHAIN_TABLE, TABLE);
  string(NFTA_CHAIN_NAME, "outbound");
  string(NFTA_CHAIN_TYPE, "nat");
  number_be(NFTA_CHAIN_POLICY, NF_ACCEPT);
  word hook = nest(NFTA_CHAIN_HOOK);
  number_be(NFTA_HOOK_HOOKNUM, NF_INET_POST_ROUTING);
  number_be(NFTA_HOOK_PRIORITY, 100 /* NF_IP_PRI_NAT_SRC */);
  end_nest(hook);
}

static word expression, expression_data;

static void begin_expression(const char *name) {
  expression = nest(NFTA_LIST_ELEM);
  string(NFTA_EXPR_NAME, name);
  expression_data = nest(NFTA_EXPR_DATA);
}

static void end_expression(void) {
  end_nest(expression_data);
  end_nest(expression);
}

static void value(int type, const void *bytes, word size) {
  word at = nest(type);
  attribute(NFTA_DATA_VALUE, bytes, size);
  end_nest(at);
}

static void match_family(unsigned char nfproto) {
  begin_expression("meta");
  number_be(NFTA_META_KEY, NFT_META_NFPROTO);
  number_be(NFTA_META_DREG, NFT_REG_1);
  end_expression();
  begin_expression("cmp");
  number_be(NFTA_CMP_SREG, NFT_REG_1);
  number_be(NFTA_CMP_OP, NFT_CMP_EQ);
  value(NFTA_CMP_DATA, &nfproto, 1);
  end_expression();
}

/* Whether an address in the packet's header is in a set, or is not. */
static void match_address(int offset, int size, const char *set, unsigned flags) {
  begin_expression("payload");
  number_be(NFTA_PAYLOAD_DREG, NFT_REG_1);
  number_be(NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
  number_be(NFTA_PAYLOAD_OFFSET, (unsigned)offset);
  number_be(NFTA_PAYLOAD_LEN, (unsigned)size);
  end_expression();
  begin_expression("lookup");
  number_be(NFTA_LOOKUP_SREG, NFT_REG_1);
  string(NFTA_LOOKUP_SET, set);
  number_be(NFTA_LOOKUP_FLAGS, flags);
  end_expression();
}

/* ip saddr @outbound ip daddr != @outbound masquerade */
static void add_rule(const struct range *range) {
  begin_nft(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  string(NFTA_RULE_TABLE, TABLE);
  string(NFTA_RULE_CHAIN, "outbound");
  word rule = nest(NFTA_RULE_EXPRESSIONS);
  match_family((unsigned char)range->nfproto);
  match_address(range->source, range->size, range->outbound, 0);
  match_address(range->destination, range->size, range->outbound, NFT_LOOKUP_F_INV);
  begin_expression("masq");
  end_expression();
  end_nest(rule);
}

static void element(const unsigned char *key, int size, unsigned flags) {
  word at = nest(NFTA_LIST_ELEM);
  if (flags) {
    number_be(NFTA_SET_ELEM_FLAGS, flags);
  }
  value(NFTA_SET_ELEM_KEY, key, (word)size);
  end_nest(at);
}

static word begin_elements(int message, int flags, const char *set) {
  begin_nft(message, flags);
  string(NFTA_SET_ELEM_LIST_TABLE, TABLE);
  string(NFTA_SET_ELEM_LIST_SET, set);
  return nest(NFTA_SET_ELEM_LIST_ELEMENTS);
}

static int has_table(long socket) {
  begin_nft(NFT_MSG_GETTABLE, 0);
  string(NFTA_TABLE_NAME, TABLE);
  send_requests("look for the table", socket);
  receive_answers("look for the table", socket);
  const struct nlmsghdr *answer = (const struct nlmsghdr *)answers;
  if (answer->nlmsg_type == NLMSG_ERROR && *(const int *)NLMSG_DATA(answer) == -ENOENT) {
    return 0;
  }
  check_answer("look for the table", answer);
  return 1;
}

static void add_table(void) {
  begin_nft(NFT_MSG_NEWTABLE, 0);
  string(NFTA_TABLE_NAME, TABLE);
  for (unsigned i = 0; i < 2; i++) {
    add_set(ranges[i].pods, &ranges[i], 0, 1 + i);
    add_set(ranges[i].outbound, &ranges[i], NFT_SET_INTERVAL, 3 + i);
  }
  add_chain();
  add_rule(&ranges[0]);
  add_rule(&ranges[1]);
}

static void publish(void) {
  long socket = netlink_socket(NETLINK_NETFILTER);
  int is_there = has_table(socket);
  bracket(NFNL_MSG_BATCH_BEGIN);
  if (!is_there) {
    add_table();
  }
  for (int i = 0; i < 2; i++) {
    const struct range *range = &ranges[i];
    word list = begin_elements(NFT_MSG_NEWSETELEM, NLM_F_CREATE, range->outbound);
    element(range->first, range->size, 0);
    element(range->behind, range->size, NFT_SET_ELEM_INTERVAL_END);
    end_nest(list);
    list = begin_elements(NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, range->pods);
    element(leases[i].address, range->size, 0);
    end_nest(list);
  }
  commit("publish", socket);
  sys_1(__NR_close, socket);
}

/* The table is there as on a host with another pod, whose addresses nobody has. */
static void be_beside_another(void) {
  for (int i = 0; i < 2; i++) {
    unsigned char *address = leases[i].address;
    memcpy(address, ranges[i].gateway, (word)ranges[i].size);
    address[ranges[i].size - 2] = 255;
    address[ranges[i].size - 1] = 254;
  }
  publish();
}

/* An attribute of several, or null; without its flag for those that have attributes. */
static const struct nlattr *find(const void *from, word size, int type) {
  for (word at = 0; at < size;) {
    const struct nlattr *attribute = (const struct nlattr *)((const char *)from + at);
    if ((attribute->nla_type & NLA_TYPE_MASK) == type) {
      return attribute;
    }
    at += NLMSG_ALIGN(attribute->nla_len);
  }
  return 0;
}

static unsigned generation, pods_seen;

static void look_at_answer(const struct nlmsghdr *message) {
  const char *attributes = (const char *)NLMSG_DATA(message) + sizeof(struct nfgenmsg);
  word size = message->nlmsg_len - NLMSG_HDRLEN - sizeof(struct nfgenmsg);
  const struct nlattr *found;
  switch (message->nlmsg_type) {
    case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN:
      found = find(attributes, size, NFTA_GEN_ID);
      generation = *(const unsigned *)(found + 1);
      break;
    case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM:
      found = find(attributes, size, NFTA_SET_ELEM_LIST_ELEMENTS);
      for (word at = sizeof *found; found && at < found->nla_len; pods_seen++) {
        at += NLMSG_ALIGN(((const struct nlattr *)((const char *)found + at))->nla_len);
      }
      break;
  }
}

/* How many pods there are, and of which generation of the tables that is true. */
static void count_pods(long socket) {
  struct nfgenmsg header = {0, NFNETLINK_V0, 0};
  begin_message(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0, &header, sizeof header);
  begin_nft(NFT_MSG_GETSETELEM, NLM_F_DUMP);
  string(NFTA_SET_ELEM_LIST_TABLE, TABLE);
  string(NFTA_SET_ELEM_LIST_SET, ranges[0].pods);
  send_requests("count pods", socket);
  pods_seen = 0;
  for (;;) {
    word size = receive_answers("count pods", socket);
    for (struct nlmsghdr *at = (struct nlmsghdr *)answers; NLMSG_OK(at, size);
         at = NLMSG_NEXT(at, size)) {
      check_answer("count pods", at);
      if (at->nlmsg_type == NLMSG_DONE) {
        return;
      }
      look_at_answer(at);
    }
  }
}

/* The table goes with the last pod, if nothing was changed since that was seen. */
static void unpublish(long socket) {
  count_pods(socket);
  bracket(NFNL_MSG_BATCH_BEGIN);
  if (pods_seen == 1) {
    number(NFNL_BATCH_GENID, generation);
    begin_nft(NFT_MSG_DELTABLE, 0);
    string(NFTA_TABLE_NAME, TABLE);
  } else {
    for (int i = 0; i < 2; i++) {
      word list = begin_elements(NFT_MSG_DELSETELEM, 0, ranges[i].pods);
      element(leases[i].address, ranges[i].size, 0);
      end_nest(list);
    }
  }
  commit("unpublish", socket);
}

/* --- all of it */

static void write_network(void) {
  text_size = 0;
  add("{\"mode\":\"bridge\",\"interfaces\":[{\"name\":\"eth0\",\"host\":\"" LINK "\",\"mac\":\"02:67");
  for (int i = 0; i < 4; i++) {
    add(":");
    add_number(leases[0].address[i], 16, 2);
  }
  add("\",\"mtu\":1500,\"addresses\":[\"");
  add_address(leases[0].address, &ranges[0]);
  add("/16\",\"");
  add_address(leases[1].address, &ranges[1]);
  add("/64\"]}],\"gateways\":[\"");
  add_address(ranges[0].gateway, &ranges[0]);
  add("\",\"");
  add_address(ranges[1].gateway, &ranges[1]);
  add("\"],\"ports\":[],\"complete\":true}");
  replace(".network.json", text, text_size, 0644);
}

static void write_hosts(void) {
  text_size = 0;
  add(hosts);
  for (int i = 0; i < 2; i++) {
    add_address(leases[i].address, &ranges[i]);
    add("\tpod\n");
  }
  replace(".hosts", text, text_size, 0644);
}

static void connect_pod(long pid) {
  static const char begun[] =
      "{\"mode\":\"bridge\",\"interfaces\":[],\"gateways\":[],\"ports\":[],\"complete\":false}";
  replace(".network.json", begun, sizeof begun - 1, 0644);
  take_leases();
  attach(pid);
  publish();
  write_network();
  write_hosts();
}

/*
 * Addresses are given back last: nobody gets one that still leads here. To close a socket of
 * nf_tables waits, some ten milliseconds, until what was deleted is freed; so does the deletion of
 * an interface, and behind that one nothing is left to wait for.
 */
static void disconnect_pod(void) {
  long list = open(AT_FDCWD, LEASES, O_DIRECTORY);
  find_leases(list);
  long filter = netlink_socket(NETLINK_NETFILTER);
  unpublish(filter);
  detach();
  sys_1(__NR_close, filter);
  give_back_leases(list);
  sys_1(__NR_close, list);
}
