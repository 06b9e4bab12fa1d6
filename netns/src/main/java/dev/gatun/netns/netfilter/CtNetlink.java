package dev.gatun.netns.netfilter;

/** Constants of linux/netfilter/nfnetlink.h and linux/netfilter/nfnetlink_conntrack.h. */
final class CtNetlink {
  static final int NFNL_SUBSYS_CTNETLINK = 1;

  static final int IPCTNL_MSG_CT_GET = 1;
  static final int IPCTNL_MSG_CT_DELETE = 2;

  static final int CTA_TUPLE_ORIG = 1;
  static final int CTA_TUPLE_REPLY = 2;
  static final int CTA_ID = 12;
  static final int CTA_ZONE = 18;
  static final int CTA_FILTER = 25;

  static final int CTA_TUPLE_IP = 1;
  static final int CTA_TUPLE_PROTO = 2;

  static final int CTA_IP_V4_SRC = 1;
  static final int CTA_IP_V4_DST = 2;
  static final int CTA_IP_V6_SRC = 3;
  static final int CTA_IP_V6_DST = 4;

  static final int CTA_PROTO_NUM = 1;
  static final int CTA_PROTO_SRC_PORT = 2;
  static final int CTA_PROTO_DST_PORT = 3;

  static final int CTA_FILTER_ORIG_FLAGS = 1;
  static final int CTA_FILTER_REPLY_FLAGS = 2;

  // What of a tuple is compared: net/netfilter/nf_internals.h, which no header for programs has.
  static final int CTA_FILTER_F_CTA_IP_SRC = 1 << 0;
  static final int CTA_FILTER_F_CTA_PROTO_NUM = 1 << 3;
  static final int CTA_FILTER_F_CTA_PROTO_SRC_PORT = 1 << 4;
  static final int CTA_FILTER_F_CTA_PROTO_DST_PORT = 1 << 5;

  private CtNetlink() {}
}
