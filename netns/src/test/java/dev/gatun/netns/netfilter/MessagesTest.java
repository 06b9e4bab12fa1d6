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
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Messages are, byte for byte, what {@code nft} 1.0.6 sends for {@code table.nft}: {@code
 * table.messages} was recorded by {@code strace -e trace=sendmsg -e write=3 nft -f table.nft}. Each
 * line is the number of a message of nf_tables, its flags, and what is behind its header.
 */
class MessagesTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final int NLMSGHDR = 16;

  /** NFT_SET_ELEM_INTERVAL_END at an address of zeroes. */
  private static final Pattern NOTHING_FIRST =
      Pattern.compile(" 0800030000000001[0-9a-f]{16}(00000000|0{32})$");

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
        all.add(new Sent(Integer.parseInt(parts[0]), Integer.decode(parts[1]), parts[2]));
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
    IpAddress a4 = IpAddress.parse("10.207.0.2");
    IpAddress b4 = IpAddress.parse("10.207.0.3");
    IpAddress a6 = IpAddress.parse("fd67:6174:756e::2");
    Subnet range4 = Subnet.parse("10.207.0.0/16");
    Subnet range6 = Subnet.parse("fd67:6174:756e::/64");
    Transaction transaction = new Transaction();
    transaction.addOwn(Element.pod(a4, "a"), "");
    transaction.addOwn(Element.pod(b4, "b"), "");
    transaction.addOwn(Element.pod(a6, "a"), "");
    transaction.addRange(NamedSet.OUTBOUND4, range4, false);
    transaction.addRange(NamedSet.OUTBOUND6, range6, false);
    transaction.addRange(NamedSet.RANGES4, range4, false);
    transaction.addRange(NamedSet.RANGES6, range6, false);
    transaction.addShared(Element.bridge("gatun0"), "");
    transaction.addOwn(Element.port(PortMapping.parse("8080:80"), a4, "a"), "");
    transaction.addOwn(Element.port(PortMapping.parse("0.0.0.0:8080:80/udp"), a4, "a"), "");
    transaction.addOwn(Element.port(PortMapping.parse("8080:80"), a6, "a"), "");
    transaction.addOwn(Element.port(PortMapping.parse("192.0.2.1:9090:80"), b4, "b"), "");
    List<String> expected = elements(sentByNft());
    // Before the first interval nft says that from address 0 on there is none.
    int before = expected.size();
    expected.removeIf(element -> NOTHING_FIRST.matcher(element).find());
    assertEquals(4, before - expected.size());
    assertEquals(String.join("\n", expected), String.join("\n", elements(sent(transaction))));
  }

  /** All elements in messages, each behind the set that it is in. */
  private static List<String> elements(List<Sent> messages) {
    List<String> all = new ArrayList<>();
    for (Sent message : messages) {
      if (message.type != NfTables.NFT_MSG_NEWSETELEM) {
        continue;
      }
      byte[] body = HEX.parseHex(message.body);
      String head = "";
      int at = NfTables.SIZEOF_NFGENMSG;
      while (at < body.length) {
        int size = word(body, at);
        if (word(body, at + 2) == (0x8000 | NfTables.NFTA_SET_ELEM_LIST_ELEMENTS)) {
          // nft counts in the types of a list's members.
          for (int in = at + 4; in < at + size; in += (word(body, in) + 3) & ~3) {
            all.add(head + " " + HEX.formatHex(body, in + 4, in + word(body, in)));
          }
        } else {
          head += HEX.formatHex(body, at, at + size);
        }
        at += (size + 3) & ~3;
      }
    }
    return all;
  }

  private static int word(byte[] bytes, int at) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getShort(at) & 0xffff;
  }

  @Test
  void aTransactionBeginsWithTheGenerationItIsFor() throws IOException {
    assertEquals(sentByNft().getFirst().toString(), sent(new Transaction()).getFirst().toString());
    assertEquals(
        "0000000a" + "08000100" + "12345678", sent(new Transaction(0x12345678)).getFirst().body);
  }
}
