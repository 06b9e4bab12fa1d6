package dev.gatun.netns.netfilter;

import dev.gatun.linux.Errno;
import dev.gatun.linux.SyscallException;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.netlink.Attributes;
import dev.gatun.netns.netlink.Requests;
import org.jspecify.annotations.Nullable;

/** Says in one sentence what a kernel lacks, or what its caller may not do. */
final class Lack {
  private static final String TABLES =
      "the kernel has no nf_tables, which masquerading and host ports need (CONFIG_NF_TABLES, module"
          + " nf_tables)";
  private static final int ATTRIBUTE = 4;

  private Lack() {}

  /**
   * What a system call's failure means.
   *
   * @param failure of a socket for nf_tables
   * @return what is to be thrown
   */
  static RuntimeException of(SyscallException failure) {
    return switch (failure.errno()) {
      case Errno.EPROTONOSUPPORT, Errno.EAFNOSUPPORT ->
          new NetlinkException(TABLES, failure.errno(), failure);
      default -> failure;
    };
  }

  /**
   * What the failure of a message means.
   *
   * @param failure the failure
   * @param requests the messages
   * @param offset of what the kernel blames, in their bytes; −1 if it does not say
   * @return the sentence; null if nothing is lacking
   */
  static @Nullable NetlinkException of(NetlinkException failure, Requests requests, int offset) {
    String what =
        switch (failure.errno()) {
          case Errno.EPERM ->
              failure.operation()
                  + ": changing nftables needs CAP_NET_ADMIN in the user namespace"
                  + " that owns the network";
          case Errno.EOPNOTSUPP, Errno.EAFNOSUPPORT, Errno.EPROTONOSUPPORT ->
              switch (failure.type()) {
                case "NFT_MSG_NEWTABLE" ->
                    "the kernel has no nf_tables for IPv4 and IPv6 together (CONFIG_NF_TABLES_INET)";
                case "NFT_MSG_NEWCHAIN" -> chain(failure);
                case "NFNL_MSG_BATCH_BEGIN", "NFT_MSG_GETGEN" -> TABLES;
                default -> null;
              };
          case Errno.EINVAL -> failure.type().equals("NFT_MSG_GETGEN") ? TABLES : null;
          case Errno.ENOENT ->
              switch (failure.type()) {
                case "NFT_MSG_NEWCHAIN" -> chain(failure);
                case "NFT_MSG_NEWRULE" -> expression(failure, requests.bytes(), offset);
                default -> null;
              };
          default -> null;
        };
    return what == null ? null : new NetlinkException(what, failure.errno(), failure);
  }

  private static String chain(NetlinkException failure) {
    return failure.operation()
        + ": the kernel has no nf_tables chains for address translation (CONFIG_NFT_NAT, module"
        + " nft_chain_nat)";
  }

  private static @Nullable String expression(NetlinkException failure, byte[] bytes, int offset) {
    if (offset < 0 || offset > bytes.length - ATTRIBUTE) {
      return null;
    }
    int size = (bytes[offset] & 0xff) | (bytes[offset + 1] & 0xff) << 8;
    if (size > bytes.length - offset) {
      return null;
    }
    Attributes blamed = new Attributes(bytes, offset, offset + size);
    if (blamed.count() == 0 || blamed.type(0) != NfTables.NFTA_LIST_ELEM) {
      return null;
    }
    Attributes expression = blamed.nestedAt(0);
    String name = expression.string(NfTables.NFTA_EXPR_NAME, "");
    return failure.operation()
        + ": the kernel has no nf_tables expression \""
        + name
        + "\" ("
        + switch (name) {
          case "fib" -> "CONFIG_NFT_FIB_INET, module nft_fib_inet; it needs IPv6";
          case "nat" -> "CONFIG_NFT_NAT, module nft_nat";
          case "masq" -> "CONFIG_NFT_MASQ, module nft_masq";
          case "ct" -> "CONFIG_NFT_CT, module nft_ct";
          default -> "module nft_" + name;
        }
        + ")";
  }
}
