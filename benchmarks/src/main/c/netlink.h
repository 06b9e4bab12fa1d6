/*
 * A fixture of the benchmarks, never a part of Gatun: netlink(7) for namespaces.c. Requests are
 * collected and go in one datagram; an error in what the kernel answers ends the program.
 */
#include <linux/netlink.h>

#define AF_NETLINK 16
#define SOCK_RAW 3
#define MSG_DONTWAIT 0x40

static struct {
  unsigned char bytes[4096];
  word size, message;
  unsigned sequence;
} requests __attribute__((aligned(8)));

static unsigned char answers[32768] __attribute__((aligned(8)));

/* --- the one writer */

static struct nlmsghdr *last_message(void) {
  return (struct nlmsghdr *)(requests.bytes + requests.message);
}

/* Adds bytes to the last message, which ends at a multiple of four. */
static void put(const void *bytes, word size) {
  memcpy(requests.bytes + requests.size, bytes, size);
  requests.size += size;
  while (requests.size % NLMSG_ALIGNTO) {
    requests.bytes[requests.size++] = 0;
  }
  last_message()->nlmsg_len = (unsigned)(requests.size - requests.message);
}

/* Begins a message with the header of its family. */
static void begin_message(int type, int flags, const void *header, word size) {
  struct nlmsghdr message = {0, (unsigned short)type, (unsigned short)(NLM_F_REQUEST | flags),
                             ++requests.sequence, 0};
  requests.message = requests.size;
  put(&message, sizeof message);
  put(header, size);
}

/* Asks for an answer to the last message also when all is well. */
static void acknowledge(void) {
  last_message()->nlmsg_flags |= NLM_F_ACK;
}

static void attribute(int type, const void *value, word size) {
  struct nlattr header = {(unsigned short)(sizeof header + size), (unsigned short)type};
  put(&header, sizeof header);
  put(value, size);
}

static void number(int type, unsigned value) {
  attribute(type, &value, sizeof value);
}

/* nf_tables has its numbers in network order. */
static void number_be(int type, unsigned value) {
  number(type, __builtin_bswap32(value));
}

static word length(const char *text) {
  word size = 0;
  while (text[size]) {
    size++;
  }
  return size;
}

static void string(int type, const char *text) {
  attribute(type, text, length(text) + 1);
}

/* Begins an attribute that has attributes; it is given to end_nest behind them. */
static word nest(int type) {
  word at = requests.size;
  attribute(type | NLA_F_NESTED, 0, 0);
  return at;
}

static void end_nest(word at) {
  ((struct nlattr *)(requests.bytes + at))->nla_len = (unsigned short)(requests.size - at);
}

/* --- the conversation */

static long netlink_socket(int protocol) {
  return checked("socket", sys_3(__NR_socket, AF_NETLINK, SOCK_RAW | O_CLOEXEC, protocol));
}

static void send_requests(const char *what, long socket) {
  checked(what, sys_6(__NR_sendto, socket, requests.bytes, requests.size, 0, 0, 0));
  requests.size = 0;
}

/* The kernel has answered when it returns from the sending, so nothing is waited for. */
static word receive_answers(const char *what, long socket) {
  return (word)checked(what, sys_6(__NR_recvfrom, socket, answers, sizeof answers, MSG_DONTWAIT, 0, 0));
}

/* Errors come before the acknowledgement of what was sent behind. */
static void check_answer(const char *what, const struct nlmsghdr *message) {
  if (message->nlmsg_type == NLMSG_ERROR) {
    checked(what, *(const int *)NLMSG_DATA(message));
  }
}

/* Sends what was collected, the last of which, or the one of a sequence number, is acknowledged. */
static void exchange_until(const char *what, long socket, unsigned acknowledged) {
  send_requests(what, socket);
  for (;;) {
    word size = receive_answers(what, socket);
    for (struct nlmsghdr *at = (struct nlmsghdr *)answers; NLMSG_OK(at, size);
         at = NLMSG_NEXT(at, size)) {
      check_answer(what, at);
      if (at->nlmsg_type == NLMSG_ERROR && at->nlmsg_seq == acknowledged) {
        return;
      }
    }
  }
}

static void exchange(const char *what, long socket) {
  exchange_until(what, socket, requests.sequence);
}
