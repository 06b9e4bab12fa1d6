package dev.gatun.netns.netfilter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.netns.IpAddress;
import dev.gatun.netns.PortMapping;
import dev.gatun.netns.Subnet;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Messages are, byte for byte, what {@code nft} 1.0.6 sends for {@code table.nft}: {@code
 * table.messages} was recorded by {@code strace -e trace=sendmsg -e write=3 nft -f table.nft}. Each
 * line is the number of a message of nf_tables, its flags, and what is behind its header.
 */
class MessagesTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final int NLMSGHDR = 16;
  private static final String TABLE_ATTRIBUTE = "0a000100676174756e000000";

  private record Sent(int type, int flags, String body) {
    @Override
    public String toString() {
      return type + " " + body;
    }
  }

  private static List<Sent> sentByNft() throws IOException {
    List<Sent> all = new ArrayList<>();
    try (InputStream in = MessagesTest.class.getResourceAsStream("table.messages")) {
      String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
      for (String line : text.lines().toList()) {
        String[] parts = line.split(" ", -1);
        all.add(
            new Sent(Integer.parseInt(parts[0]), Integer.decode(parts[1]), parts[2]));
      }
    }
    return all;
  }

  private static List<Sent> sent(Transaction transaction) {
    List<Sent> all = new ArrayList<>();
    byte[] bytes = transaction.requests().bytes();
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (at < bytes.length) {
      int length = buffer.getInt(at);
      int type = buffer.getShort(at + 4);
      all.add(
          new Sent(
              type >> 8 == NfTables.NFNL_SUBSYS_NFTABLES ? type & 0xff : type,
              buffer.getShort(at + 6),
              HEX.formatHex(bytes, at + NLMSGHDR, at + length)));
      at += (length + 3) & ~3;
    }
    return all;
  }

  private static Transaction whole() {
    Transaction transaction = new Transaction();
    GatunTable.add(transaction);
    GatunTable.addOutbound(transaction);
    GatunTable.addPorts(transaction);
    return transaction;
  }

  private static List<String> ofType(List<Sent> messages, int type) {
    return messages.stream().filter(m -> m.type == type).map(Sent::toString).toList();
  }

  private static void assertSame(int type, int count) throws IOException {
    List<String> expected = ofType(sentByNft(), type);
    assertEquals(count, expected.size());
    assertEquals(String.join("\n", expected), String.join("\n", ofType(sent(whole()), type)));
  }

  @Test
  void tableAndChains() throws IOException {
    assertSame(NfTables.NFT_MSG_NEWTABLE, 1);
    assertSame(NfTables.NFT_MSG_NEWCHAIN, 6);
  }

  @Test
  void rules() throws IOException {
    assertSame(NfTables.NFT_MSG_NEWRULE, 14);
  }

  @Test
  void sets() throws IOException {
    // nft keeps for itself how a concatenation was written; it reads what we say without it.
    List<String> expected = new ArrayList<>();
    for (Sent set : sentByNft()) {
      if (set.type == NfTables.NFT_MSG_NEWSET) {
        expected.add(withoutUserdata(set));
      }
    }
    List<String> ours = new ArrayList<>();
    for (Sent set : sent(whole())) {
      if (set.type == NfTables.NFT_MSG_NEWSET) {
        ours.add(withoutUserdata(set));
      }
    }
    assertEquals(NamedSet.values().length, expected.size());
    assertEquals(String.join("\n", expected), String.join("\n", ours));
  }

  /** It is the last attribute. */
  private static String withoutUserdata(Sent set) {
    String hex = set.body;
    int at = hex.lastIndexOf("0d000004");
    assertTrue(at > 0 || hex.contains("2a000d00"), hex);
    int short4 = hex.indexOf("0a000d00");
    int long4 = hex.indexOf("2a000d00");
    return hex.substring(0, short4 > 0 ? short4 : long4);
  }

  @Test
  void elements() throws IOException {
    List<String> nfts = new ArrayList<>();
    for (Sent message : sentByNft()) {
      if (message.type == NfTables.NFT_MSG_NEWSETELEM) {
        nfts.add(message.body);
      }
    }
    IpAddress a4 = IpAddress.parse("10.207.0.2");
    IpAddress a6 = IpAddress.parse("fd67:6174:756e::2");
    Transaction transaction = new Transaction();
    transaction.addOwn(Element.pod(a4, "a"), "");
    transaction.addOwn(Element.pod(IpAddress.parse("10.207.0.3"), "b"), "");
    transaction.addOwn(Element.pod(a6, "a"), "");
    transaction.addOwn(Element.port(PortMapping.parse("8080:80"), a4, "a"), "");
    transaction.addOwn(Element.port(PortMapping.parse("0.0.0.0:8080:80/udp"), a4, "a"), "");
    transaction.addOwn(Element.port(PortMapping.parse("8080:80"), a6, "a"), "");
    transaction.addOwn(
        Element.port(PortMapping.parse("192.0.2.1:9090:80"), IpAddress.parse("10.207.0.3"), "b"),
        "");
    transaction.addShared(Element.bridge("gatun0"), "");
    List<Sent> messages = sent(transaction);
    assertEquals(9, messages.size());
    for (Sent message : messages.subList(1, messages.size())) {
      // The list is the last attribute; what is in it is one element here, and may be more there.
      String hex = message.body;
      String head = hex.substring(0, hex.indexOf("0380") - 4);
      String element = hex.substring(hex.indexOf("0380") + 4);
      assertTrue(
          nfts.stream().anyMatch(nft -> nft.startsWith(head) && nft.contains(element)),
          () -> hex + " is not in\n" + String.join("\n", nfts));
      assertTrue(hex.startsWith("01000000" + TABLE_ATTRIBUTE), hex);
    }
    Transaction ranges = new Transaction();
    ranges.addRange(NamedSet.OUTBOUND4, Subnet.parse("10.207.0.0/16"));
    ranges.addRange(NamedSet.RANGES6, Subnet.parse("fd67:6174:756e::/64"));
    for (Sent message : sent(ranges).subList(1, 3)) {
      String hex = message.body;
      String inside = hex.substring(hex.indexOf("0380") + 4);
      // Before the first interval nft says that there is none from address 0 on.
      assertTrue(
          nfts.stream().anyMatch(nft -> inOrder(nft, inside)),
          () -> hex + " is not in\n" + String.join("\n", nfts));
    }
  }

  /** The start, and the end, whose flags nft writes first as we do. */
  private static boolean inOrder(String nft, String elements) {
    return nft.endsWith(elements);
  }

  @Test
  void aTransactionBeginsWithTheGenerationItIsFor() throws IOException {
    assertEquals(sentByNft().getFirst().toString(), sent(new Transaction()).getFirst().toString());
    assertEquals(
        "0000000a" + "08000100" + "12345678",
        sent(new Transaction(0x12345678)).getFirst().body);
  }
}
