package dev.gatun.netns.netlink;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.netns.NetlinkException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Messages as bytes, and back. */
class CodecTest {
  private static final HexFormat HEX = HexFormat.of();

  /** What {@code strace -e trace=sendto ip link add br0 type bridge} shows, without its padding. */
  @Test
  void aMessageIsWhatIproute2Sends() {
    Requests requests = new Requests();
    requests.begin("create link \"br0\"", "RTM_NEWLINK", 16, 0x605);
    requests.u8(0).u8(0).u16(0).u32(0).u32(0).u32(0);
    requests.string(3, "br0");
    int info = requests.nest(18);
    requests.string(1, "bridge");
    requests.end(info);
    assertEquals(
        "38000000"
            + "1000"
            + "0506"
            + "01000000"
            + "00000000"
            + "00000000000000000000000000000000"
            + "08000300"
            + "62723000"
            + "10001280"
            + "0b000100"
            + "627269646765"
            + "0000",
        HEX.formatHex(requests.bytes()));
  }

  @Test
  void fieldsAndAttributesComeBack() {
    Requests requests = new Requests(7);
    requests.begin("a", "A", 100, 1);
    requests.u8(0xab).u8(0).be16(0x1234);
    requests.u8(1, 0xfe).u16(2, 0xfedc).u32(3, 0xfedcba98).u64(4, 0xfedcba9876543210L);
    requests.be16(5, 0xfedc).be32(6, 0xfedcba98).be64(7, 0xfedcba9876543210L);
    requests.string(8, "häuser").flag(9).attribute(10, new byte[] {1, 2, 3});
    int outer = requests.nest(11);
    int inner = requests.nest(12);
    requests.u32(1, 5);
    requests.end(inner);
    requests.u32(1, 6);
    requests.end(outer);
    requests.begin("b", "B", 101, 1);
    assertEquals(9, requests.nextSequence());

    List<Message> messages = Message.parse(requests.bytes());
    assertEquals(2, messages.size());
    Message message = messages.getFirst();
    assertEquals(100, message.type());
    assertEquals(7, message.sequence());
    assertEquals(8, messages.getLast().sequence());
    assertEquals(0, messages.getLast().size());
    assertEquals(0xab, message.u8(0));
    assertEquals(0x3412, message.u16(2));
    Attributes attributes = message.attributes(4);
    assertEquals(0xfe, attributes.u8(1));
    assertEquals(0xfedc, attributes.u16(2));
    assertEquals(0xfedcba98, attributes.u32(3));
    assertEquals(0xfedcba9876543210L, attributes.u64(4));
    assertEquals(0xfedc, attributes.be16(5));
    assertEquals(0xfedcba98, attributes.be32(6));
    assertEquals(0xfedcba9876543210L, attributes.be64(7));
    assertEquals("häuser", attributes.string(8));
    assertTrue(attributes.has(9));
    assertFalse(attributes.has(99));
    assertEquals(17, attributes.u32(99, 17));
    assertArrayEquals(new byte[] {1, 2, 3}, attributes.bytes(10));
    assertEquals(6, attributes.nested(11).u32(1));
    assertEquals(5, attributes.nested(11).nested(12).u32(1));
    assertEquals(11, attributes.count());
    assertEquals(11, attributes.type(10));
    assertEquals(
        "01020304", HEX.formatHex(new Requests().be32(1, 0x01020304).bytes()).substring(8));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Requests requests = new Requests();
    requests.begin("a", "A", 100, 1);
    assertThrows(IllegalArgumentException.class, () -> requests.string(1, "a\0b"));
    assertThrows(IllegalArgumentException.class, () -> requests.attribute(1, new byte[65532]));
    int nest = requests.nest(1);
    assertThrows(IllegalStateException.class, requests::bytes);
    assertThrows(IllegalStateException.class, () -> requests.begin("b", "B", 100, 1));
    requests.attribute(2, new byte[40000]).attribute(3, new byte[40000]);
    assertThrows(IllegalArgumentException.class, () -> requests.end(nest));
  }

  @Test
  void errorsTellWhatTheKernelSays() {
    // -17, the capped header, NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS.
    String header = "14000000100005060100000000000000";
    byte[] bytes =
        HEX.parseHex(
            "380000000200000301000000"
                + "00000000"
                + "efffffff"
                + header
                + "0c000100"
                + "6e6f206a6f790a00"
                + "08000200"
                + "2c000000");
    Message message = Message.parse(bytes).getFirst();
    assertEquals(17, message.errno());
    assertEquals("no joy, at byte 44 of the request", message.explanation());

    // The same, not capped: the request, of 20 bytes, comes before the attributes.
    byte[] whole =
        HEX.parseHex(
            "340000000200000201000000"
                + "00000000"
                + "efffffff"
                + header
                + "01020304"
                + "0c000100"
                + "6e6f206a6f790a00");
    assertEquals("no joy", Message.parse(whole).getFirst().explanation());

    byte[] without = HEX.parseHex("240000000200000101000000" + "00000000" + "efffffff" + header);
    assertEquals("", Message.parse(without).getFirst().explanation());
    assertEquals(
        "create link \"x\": RTM_NEWLINK: EEXIST (file exists): no joy",
        new NetlinkException("create link \"x\"", "RTM_NEWLINK", 17, "no joy").getMessage());
    assertEquals(
        "create link \"x\": RTM_NEWLINK: EEXIST (file exists)",
        new NetlinkException("create link \"x\"", "RTM_NEWLINK", 17, "").getMessage());
  }

  @Test
  void theEndOfADumpMayBeAnError() {
    byte[] bytes = HEX.parseHex("14000000030002000100000000000000" + "fcffffff");
    assertEquals(4, Message.parse(bytes).getFirst().errno());
    byte[] plain = HEX.parseHex("10000000030002000100000000000000");
    assertEquals(0, Message.parse(plain).getFirst().errno());
  }

  @Test
  void malformedMessagesAreRefusedInASentence() {
    assertMalformed("message of 3 bytes is shorter than its header", "000000");
    assertMalformed("message of 15 bytes where there are 16", "0f000000100000000000000000000000");
    assertMalformed(
        "message of 4294967295 bytes where there are 16", "ffffffff100000000000000000000000");
    assertMalformed("message of 17 bytes where there are 16", "11000000100000000000000000000000");
    String header = "18000000100000000000000000000000";
    assertMalformed("attribute of 3 bytes where there are 8", header + "0300010000000000");
    assertMalformed("attribute of 9 bytes where there are 8", header + "0900010000000000");
    assertMalformed("attribute 1 has 2 bytes where 4 are due", header + "0600010000000000");
    assertMalformed("attribute 1 is missing", header + "0800020000000000");
  }

  private static void assertMalformed(String message, String hex) {
    NetlinkException thrown =
        assertThrows(
            NetlinkException.class,
            () -> Message.parse(HEX.parseHex(hex)).getFirst().attributes(0).u32(1));
    assertEquals(message, thrown.getMessage());
  }

  /** Damaged messages and noise are read to their end or refused; nothing else is ever thrown. */
  @Test
  void hostileBytesAreReadOrRefused() {
    long seed = 15;
    Random random = new Random(seed);
    int read = 0;
    int refused = 0;
    for (int run = 0; run < 200_000; run++) {
      byte[] bytes = run % 3 == 0 ? noise(random) : damaged(random);
      try {
        for (Message message : Message.parse(bytes)) {
          read += walk(message.attributes(Math.min(4, message.size())), 0);
          if (message.isEnd()) {
            assertTrue(message.errno() >= 0);
            read += message.explanation().length();
          }
        }
      } catch (NetlinkException e) {
        assertFalse(String.valueOf(e.getMessage()).isEmpty());
        refused++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + ", run " + run + ": " + HEX.formatHex(bytes), e);
      }
    }
    assertTrue(read > 10_000 && refused > 10_000, read + " read, " + refused + " refused");
  }

  private static int walk(Attributes attributes, int depth) {
    int found = attributes.count();
    for (int i = 0; i < attributes.count(); i++) {
      int type = attributes.type(i);
      found += attributes.bytes(type).length;
      assertFalse(attributes.string(type).indexOf('\0') >= 0);
      if (depth < 4 && type % 3 == 0) {
        found += walk(attributes.nestedAt(i), depth + 1);
      }
    }
    return found;
  }

  private static byte[] noise(Random random) {
    byte[] bytes = new byte[random.nextInt(64)];
    random.nextBytes(bytes);
    for (int i = 0; i < bytes.length; i++) {
      // Small numbers make lengths that nearly fit.
      bytes[i] = random.nextInt(3) == 0 ? bytes[i] : (byte) random.nextInt(24);
    }
    return bytes;
  }

  private static byte[] damaged(Random random) {
    Requests requests = new Requests();
    for (int i = random.nextInt(3); i >= 0; i--) {
      requests.begin("a", "A", random.nextBoolean() ? 2 + random.nextInt(2) : 16, 0x300);
      requests.u32(-random.nextInt(200));
      if (random.nextBoolean()) {
        requests.u32(16).u32(0).u32(0).u32(0);
      }
      requests.string(1, "text").u32(2, random.nextInt());
      int nest = requests.nest(3);
      requests.u16(6, 1).string(3, "abc");
      requests.end(nest);
    }
    byte[] bytes = requests.bytes();
    for (int i = random.nextInt(3); i > 0; i--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return random.nextInt(4) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)) : bytes;
  }

  /** Any tree of attributes comes back as it was written. */
  @Test
  void whatIsWrittenIsRead() {
    Random random = new Random(51);
    for (int run = 0; run < 5_000; run++) {
      Requests requests = new Requests();
      requests.begin("a", "A", 16, 1);
      long seed = random.nextLong();
      write(requests, new Random(seed), 0);
      check(Message.parse(requests.bytes()).getFirst().attributes(0), new Random(seed), 0);
    }
  }

  private static void write(Requests requests, Random random, int depth) {
    int count = random.nextInt(5);
    for (int i = 0; i < count; i++) {
      if (depth < 3 && random.nextInt(3) == 0) {
        int nest = requests.nest(i + 1);
        write(requests, random, depth + 1);
        requests.end(nest);
      } else {
        byte[] bytes = new byte[random.nextInt(9)];
        random.nextBytes(bytes);
        requests.attribute(i + 1, bytes);
      }
    }
  }

  private static void check(Attributes attributes, Random random, int depth) {
    int count = random.nextInt(5);
    assertEquals(count, attributes.count());
    for (int i = 0; i < count; i++) {
      assertEquals(i + 1, attributes.type(i));
      if (depth < 3 && random.nextInt(3) == 0) {
        check(attributes.nestedAt(i), random, depth + 1);
      } else {
        byte[] bytes = new byte[random.nextInt(9)];
        random.nextBytes(bytes);
        assertArrayEquals(bytes, attributes.bytes(i + 1));
      }
    }
  }
}
