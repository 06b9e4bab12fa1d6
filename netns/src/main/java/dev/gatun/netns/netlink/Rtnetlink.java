package dev.gatun.netns.netlink;

/**
 * The constants of {@code rtnetlink(7)} that are used here: of {@code linux/rtnetlink.h}, {@code
 * if_link.h}, {@code if_addr.h}, {@code neighbour.h} and {@code veth.h}.
 */
public final class Rtnetlink {
  private Rtnetlink() {}

  public static final int RTM_NEWLINK = 16;
  public static final int RTM_DELLINK = 17;
  public static final int RTM_GETLINK = 18;
  public static final int RTM_SETLINK = 19;
  public static final int RTM_NEWADDR = 20;
  public static final int RTM_DELADDR = 21;
  public static final int RTM_GETADDR = 22;
  public static final int RTM_NEWROUTE = 24;
  public static final int RTM_DELROUTE = 25;
  public static final int RTM_GETROUTE = 26;
  public static final int RTM_NEWNEIGH = 28;
  public static final int RTM_DELNEIGH = 29;
  public static final int RTM_GETNEIGH = 30;

  public static final int IFLA_ADDRESS = 1;
  public static final int IFLA_IFNAME = 3;
  public static final int IFLA_MTU = 4;
  public static final int IFLA_LINK = 5;
  public static final int IFLA_MASTER = 10;
  public static final int IFLA_LINKINFO = 18;
  public static final int IFLA_NET_NS_PID = 19;
  public static final int IFLA_EXT_MASK = 29;
  public static final int IFLA_NUM_TX_QUEUES = 31;
  public static final int IFLA_NUM_RX_QUEUES = 32;
  public static final int IFLA_INFO_KIND = 1;
  public static final int IFLA_INFO_DATA = 2;
  public static final int IFLA_INFO_SLAVE_KIND = 4;
  public static final int IFLA_INFO_SLAVE_DATA = 5;
  public static final int IFLA_BRPORT_MODE = 4;
  public static final int VETH_INFO_PEER = 1;
  public static final int RTEXT_FILTER_SKIP_STATS = 8;

  public static final int IFA_ADDRESS = 1;
  public static final int IFA_LOCAL = 2;
  public static final int IFA_BROADCAST = 4;
  public static final int IFA_FLAGS = 8;
  public static final int IFA_F_NODAD = 0x2;
  public static final int IFA_F_TENTATIVE = 0x40;
  public static final int IFA_F_PERMANENT = 0x80;

  public static final int RTA_DST = 1;
  public static final int RTA_OIF = 4;
  public static final int RTA_GATEWAY = 5;
  public static final int RTA_PRIORITY = 6;
  public static final int RTA_PREFSRC = 7;
  public static final int RTA_TABLE = 15;
  public static final int RTN_UNSPEC = 0;
  public static final int RTN_UNICAST = 1;
  public static final int RTPROT_STATIC = 4;
  public static final int RT_SCOPE_UNIVERSE = 0;
  public static final int RT_SCOPE_LINK = 253;
  public static final int RT_SCOPE_HOST = 254;
  public static final int RT_SCOPE_NOWHERE = 255;
  public static final int RT_TABLE_MAIN = 254;
  public static final int RT_TABLE_LOCAL = 255;
  public static final int RTNH_F_ONLINK = 4;

  public static final int NDA_DST = 1;
  public static final int NDA_LLADDR = 2;
  public static final int NUD_REACHABLE = 0x2;
  public static final int NUD_NOARP = 0x40;
  public static final int NUD_PERMANENT = 0x80;

  /** {@code struct ifinfomsg}. */
  public static final int SIZEOF_IFINFOMSG = 16;

  public static final int IFINFOMSG_IFI_INDEX = 4;
  public static final int IFINFOMSG_IFI_FLAGS = 8;

  /** {@code struct ifaddrmsg}. */
  public static final int SIZEOF_IFADDRMSG = 8;

  public static final int IFADDRMSG_IFA_FAMILY = 0;
  public static final int IFADDRMSG_IFA_PREFIXLEN = 1;
  public static final int IFADDRMSG_IFA_FLAGS = 2;
  public static final int IFADDRMSG_IFA_SCOPE = 3;
  public static final int IFADDRMSG_IFA_INDEX = 4;

  /** {@code struct rtmsg}. */
  public static final int SIZEOF_RTMSG = 12;

  public static final int RTMSG_RTM_FAMILY = 0;
  public static final int RTMSG_RTM_DST_LEN = 1;
  public static final int RTMSG_RTM_TABLE = 4;
  public static final int RTMSG_RTM_PROTOCOL = 5;
  public static final int RTMSG_RTM_SCOPE = 6;
  public static final int RTMSG_RTM_TYPE = 7;
  public static final int RTMSG_RTM_FLAGS = 8;

  /** {@code struct ndmsg}. */
  public static final int SIZEOF_NDMSG = 12;

  public static final int NDMSG_NDM_FAMILY = 0;
  public static final int NDMSG_NDM_IFINDEX = 4;
  public static final int NDMSG_NDM_STATE = 8;
}
