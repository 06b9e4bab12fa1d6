package dev.gatun.netns.netfilter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.gatun.linux.Errno;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.netlink.Requests;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a kernel lacks is one sentence. */
class LackTest {

  @ParameterizedTest
  @CsvSource({
    "NFNL_MSG_BATCH_BEGIN, 95, the kernel has no nf_tables",
    "NFT_MSG_GETGEN, 95, the kernel has no nf_tables",
    "NFT_MSG_GETGEN, 22, the kernel has no nf_tables",
    "NFT_MSG_NEWTABLE, 97, the kernel has no nf_tables for IPv4 and IPv6 together",
    "NFT_MSG_NEWCHAIN, 2, do it: the kernel has no nf_tables chains for address translation",
    "NFNL_MSG_BATCH_BEGIN, 1, do it: changing nftables needs CAP_NET_ADMIN"
  })
  void isNamed(String type, int errno, String sentence) {
    NetlinkException failure = new NetlinkException("do it", type, errno, "");
    NetlinkException lack = Lack.of(failure, new Requests(), -1);
    String message = lack == null ? "" : String.valueOf(lack.getMessage());
    assertEquals(sentence, message.substring(0, Math.min(sentence.length(), message.length())));
    assertEquals(failure, lack == null ? null : lack.getCause());
  }

  @Test
  void otherErrorsAreWhatTheyAre() {
    assertNull(
        Lack.of(
            new NetlinkException("do it", "NFT_MSG_NEWRULE", Errno.EINVAL, ""),
            new Requests(),
            -1));
    assertNull(
        Lack.of(
            new NetlinkException("do it", "NFT_MSG_NEWRULE", Errno.ENOENT, ""),
            new Requests(),
            -1));
  }

  @Test
  void anExpressionIsFoundWhereTheKernelPoints() {
    Transaction transaction = new Transaction();
    transaction.beginRule("prerouting", "fib daddr type local").toLocal();
    transaction.endRule();
    byte[] bytes = transaction.requests().bytes();
    int name = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("fib\0");
    NetlinkException lack =
        Lack.of(
            new NetlinkException("do it", "NFT_MSG_NEWRULE", Errno.ENOENT, ""),
            transaction.requests(),
            name - 8);
    assertEquals(
        "do it: the kernel has no nf_tables expression \"fib\" (CONFIG_NFT_FIB_INET, module"
            + " nft_fib_inet; it needs IPv6)",
        lack == null ? null : lack.getMessage());
  }
}
