package dev.gatun.netns.netfilter;

/** Constants of linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h and linux/netfilter.h. */
final class NfTables {
  static final int NFNL_MSG_BATCH_BEGIN = 0x10;
  static final int NFNL_MSG_BATCH_END = 0x11;
  static final int NFNL_SUBSYS_NFTABLES = 10;
  static final int NFNL_BATCH_GENID = 1;

  /** {@code struct nfgenmsg}: family, version, and a resource id in network order. */
  static final int SIZEOF_NFGENMSG = 4;

  static final int NFPROTO_UNSPEC = 0;
  static final int NFPROTO_INET = 1;
  static final int NFPROTO_IPV4 = 2;
  static final int NFPROTO_IPV6 = 10;

  static final int NF_INET_PRE_ROUTING = 0;
  static final int NF_INET_LOCAL_OUT = 3;
  static final int NF_INET_POST_ROUTING = 4;

  static final int NF_IP_PRI_RAW = -300;
  static final int NF_IP_PRI_NAT_DST = -100;
  static final int NF_IP_PRI_NAT_SRC = 100;

  static final int NF_DROP = 0;
  static final int NF_ACCEPT = 1;
  static final int NFT_JUMP = -3;
  static final int NFT_RETURN = -5;

  static final int NFT_MSG_NEWTABLE = 0;
  static final int NFT_MSG_DELTABLE = 2;
  static final int NFT_MSG_NEWCHAIN = 3;
  static final int NFT_MSG_NEWRULE = 6;
  static final int NFT_MSG_GETRULE = 7;
  static final int NFT_MSG_DELRULE = 8;
  static final int NFT_MSG_NEWSET = 9;
  static final int NFT_MSG_NEWSETELEM = 12;
  static final int NFT_MSG_GETSETELEM = 13;
  static final int NFT_MSG_DELSETELEM = 14;
  static final int NFT_MSG_NEWGEN = 15;
  static final int NFT_MSG_GETGEN = 16;

  static final int NFTA_LIST_ELEM = 1;

  static final int NFTA_TABLE_NAME = 1;
  static final int NFTA_TABLE_FLAGS = 2;

  static final int NFTA_CHAIN_TABLE = 1;
  static final int NFTA_CHAIN_NAME = 3;
  static final int NFTA_CHAIN_HOOK = 4;
  static final int NFTA_CHAIN_POLICY = 5;
  static final int NFTA_CHAIN_TYPE = 7;
  static final int NFTA_HOOK_HOOKNUM = 1;
  static final int NFTA_HOOK_PRIORITY = 2;

  static final int NFTA_RULE_TABLE = 1;
  static final int NFTA_RULE_CHAIN = 2;
  static final int NFTA_RULE_EXPRESSIONS = 4;

  static final int NFTA_SET_TABLE = 1;
  static final int NFTA_SET_NAME = 2;
  static final int NFTA_SET_FLAGS = 3;
  static final int NFTA_SET_KEY_TYPE = 4;
  static final int NFTA_SET_KEY_LEN = 5;
  static final int NFTA_SET_DATA_TYPE = 6;
  static final int NFTA_SET_DATA_LEN = 7;
  static final int NFTA_SET_ID = 10;
  static final int NFTA_SET_USERDATA = 13;
  static final int NFT_SET_INTERVAL = 0x4;
  static final int NFT_SET_MAP = 0x8;

  static final int NFTA_SET_ELEM_KEY = 1;
  static final int NFTA_SET_ELEM_DATA = 2;
  static final int NFTA_SET_ELEM_FLAGS = 3;
  static final int NFTA_SET_ELEM_USERDATA = 6;
  static final int NFT_SET_ELEM_INTERVAL_END = 0x1;

  static final int NFTA_SET_ELEM_LIST_TABLE = 1;
  static final int NFTA_SET_ELEM_LIST_SET = 2;
  static final int NFTA_SET_ELEM_LIST_ELEMENTS = 3;
  static final int NFTA_SET_ELEM_LIST_SET_ID = 4;

  static final int NFTA_GEN_ID = 1;

  static final int NFTA_DATA_VALUE = 1;
  static final int NFTA_DATA_VERDICT = 2;
  static final int NFTA_VERDICT_CODE = 1;
  static final int NFTA_VERDICT_CHAIN = 2;

  static final int NFTA_EXPR_NAME = 1;
  static final int NFTA_EXPR_DATA = 2;

  static final int NFT_REG_VERDICT = 0;
  static final int NFT_REG_1 = 1;
  static final int NFT_REG_2 = 2;
  static final int NFT_REG32_01 = 9;
  static final int NFT_REG32_02 = 10;
  static final int NFT_REG32_05 = 13;

  static final int NFTA_META_DREG = 1;
  static final int NFTA_META_KEY = 2;
  static final int NFT_META_IIFNAME = 6;
  static final int NFT_META_NFPROTO = 15;
  static final int NFT_META_L4PROTO = 16;

  static final int NFTA_CMP_SREG = 1;
  static final int NFTA_CMP_OP = 2;
  static final int NFTA_CMP_DATA = 3;
  static final int NFT_CMP_EQ = 0;
  static final int NFT_CMP_NEQ = 1;

  static final int NFTA_PAYLOAD_DREG = 1;
  static final int NFTA_PAYLOAD_BASE = 2;
  static final int NFTA_PAYLOAD_OFFSET = 3;
  static final int NFTA_PAYLOAD_LEN = 4;
  static final int NFT_PAYLOAD_NETWORK_HEADER = 1;
  static final int NFT_PAYLOAD_TRANSPORT_HEADER = 2;

  static final int NFTA_LOOKUP_SET = 1;
  static final int NFTA_LOOKUP_SREG = 2;
  static final int NFTA_LOOKUP_DREG = 3;
  static final int NFTA_LOOKUP_SET_ID = 4;
  static final int NFTA_LOOKUP_FLAGS = 5;
  static final int NFT_LOOKUP_F_INV = 0x1;

  static final int NFTA_BITWISE_SREG = 1;
  static final int NFTA_BITWISE_DREG = 2;
  static final int NFTA_BITWISE_LEN = 3;
  static final int NFTA_BITWISE_MASK = 4;
  static final int NFTA_BITWISE_XOR = 5;
  static final int NFTA_BITWISE_OP = 6;
  static final int NFT_BITWISE_MASK_XOR = 0;

  static final int NFTA_CT_DREG = 1;
  static final int NFTA_CT_KEY = 2;
  static final int NFT_CT_STATUS = 2;
  static final int IPS_DST_NAT = 0x20;

  static final int NFTA_FIB_DREG = 1;
  static final int NFTA_FIB_RESULT = 2;
  static final int NFTA_FIB_FLAGS = 3;
  static final int NFT_FIB_RESULT_ADDRTYPE = 3;
  static final int NFTA_FIB_F_DADDR = 0x2;
  static final int RTN_LOCAL = 2;

  static final int NFTA_IMMEDIATE_DREG = 1;
  static final int NFTA_IMMEDIATE_DATA = 2;

  static final int NFTA_NAT_TYPE = 1;
  static final int NFTA_NAT_FAMILY = 2;
  static final int NFTA_NAT_REG_ADDR_MIN = 3;
  static final int NFTA_NAT_REG_PROTO_MIN = 5;
  static final int NFT_NAT_DNAT = 1;

  private NfTables() {}
}
