package dev.gatun.netns;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {
  private static final int ROUNDS = 20_000;

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, 0.0.0.0",
    "10.207.0.1, 10.207.0.1",
    "255.255.255.255, 255.255.255.255",
    "::, ::",
    "::1, ::1",
    "1::, 1::",
    "FD67:6174:756E::00A, fd67:6174:756e::a",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:db8::1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "0:0:0:0:0:0:0:0, ::",
    "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
    "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
    "1:0:0:4:5:6:0:0, 1::4:5:6:0:0",
    "::ffff:10.0.0.1, ::ffff:10.0.0.1",
    "::ffff:a00:1, ::ffff:10.0.0.1",
    "::10.0.0.1, ::a00:1",
    "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
    "1:2:3:4:5:6:1.2.3.4, 1:2:3:4:5:6:102:304",
  })
  void readsAndWrites(String text, String canonical) {
    IpAddress address = IpAddress.parse(text);
    assertEquals(canonical, address.toString());
    assertEquals(address, IpAddress.parse(canonical));
    assertEquals(text.contains(":"), address.isIpv6());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4.",
        ".1.2.3.4",
        "1..2.3",
        "01.2.3.4",
        "1.2.3.00",
        "1.2.3.256",
        "1.2.3.1000",
        "1.2.3.-4",
        "+1.2.3.4",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.4/24",
        "0x7f.0.0.1",
        "1.2.3.a",
        "١.٢.٣.٤",
        "localhost",
        ":",
        ":::",
        "1",
        "1:",
        ":1",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8",
        "1:2:3:4::5:6:7:8",
        "1::2::3",
        "1:::2",
        "12345::",
        "g::",
        "::-1",
        "::1%eth0",
        "[::1]",
        "::1 ",
        "::1.2.3",
        "::1.2.3.4.5",
        "::1.2.3.04",
        "::1.2.3.4:5",
        "1.2.3.4::",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1/64",
        "::\u0661",
      })
  void refuses(String text) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> IpAddress.parse(text));
    assertEquals("\"" + text + "\" is not an IP address", e.getMessage());
  }

  @Test
  void messagesAreBoundedAndOnOneLine() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> IpAddress.parse("1\n2" + "x".repeat(1000)));
    assertEquals("\"1?2" + "x".repeat(57) + "…\" is not an IP address", e.getMessage());
  }

  @Test
  void bytesAreCopied() {
    byte[] bytes = {10, 0, 0, 1};
    IpAddress address = IpAddress.of(bytes);
    bytes[0] = 11;
    address.bytes()[0] = 12;
    assertEquals("10.0.0.1", address.toString());
    assertThrows(IllegalArgumentException.class, () -> IpAddress.of(new byte[5]));
    assertThrows(IllegalArgumentException.class, () -> IpAddress.of(new byte[0]));
  }

  @Test
  void anIpv4AddressIsNotTheIpv6OneThatStandsForIt() {
    IpAddress ipv4 = IpAddress.parse("10.0.0.1");
    IpAddress mapped = IpAddress.parse("::ffff:10.0.0.1");
    assertNotEquals(ipv4, mapped);
    assertFalse(ipv4.isIpv6());
    assertTrue(mapped.isIpv6());
    assertEquals(32, ipv4.bits());
    assertEquals(128, mapped.bits());
  }

  /** What the JDK writes is read as the JDK means it, and what is written the JDK reads. */
  @Test
  void agreesWithTheJdkAboutAllAddresses() throws UnknownHostException {
    Random random = new Random(1);
    for (int i = 0; i < ROUNDS; i++) {
      byte[] bytes = random(random);
      IpAddress address = IpAddress.of(bytes);
      assertArrayEquals(bytes, IpAddress.parse(jdkText(bytes)).bytes());
      assertArrayEquals(bytes, jdkBytes(address.toString(), bytes.length));
      assertEquals(address, IpAddress.parse(address.toString()));
      assertEquals(address.hashCode(), IpAddress.parse(jdkText(bytes)).hashCode());
      assertEquals(address, IpAddress.parse(address.toString().toUpperCase(Locale.ROOT)));
      assertTrue(address.toString().length() <= jdkText(bytes).length() || isMapped(bytes));
    }
  }

  /** Text that is near an address: where both read it, they read the same. */
  @Test
  void readsNothingOtherThanTheJdkDoes() throws UnknownHostException {
    Random random = new Random(2);
    int valid = 0;
    for (int i = 0; i < ROUNDS; i++) {
      StringBuilder text = new StringBuilder(IpAddress.of(random(random)).toString());
      for (int change = random.nextInt(3); change >= 0; change--) {
        int at = random.nextInt(text.length() + 1);
        String alphabet = "0123456789abcdefF::..gx%/ ";
        char c = alphabet.charAt(random.nextInt(alphabet.length()));
        if (random.nextBoolean()) {
          text.insert(at, c);
        } else if (at < text.length()) {
          text.deleteCharAt(at);
        }
      }
      IpAddress address;
      try {
        address = IpAddress.parse(text.toString());
      } catch (IllegalArgumentException e) {
        continue;
      }
      valid++;
      assertArrayEquals(
          jdkBytes(text.toString(), address.bytes().length), address.bytes(), text.toString());
    }
    assertTrue(valid > ROUNDS / 10, "only " + valid + " texts were addresses");
  }

  private static byte[] random(Random random) {
    byte[] bytes = new byte[random.nextInt(3) == 0 ? 4 : 16];
    random.nextBytes(bytes);
    // Zero groups are what makes IPv6 text difficult.
    for (int i = 0; i < bytes.length; i += 2) {
      if (random.nextBoolean()) {
        bytes[i] = 0;
        bytes[i + 1] = random.nextBoolean() ? 0 : bytes[i + 1];
      }
    }
    if (bytes.length == 16 && random.nextInt(10) == 0) {
      Arrays.fill(bytes, 0, 10, (byte) 0);
      Arrays.fill(bytes, 10, 12, (byte) 0xff);
    }
    return bytes;
  }

  private static boolean isMapped(byte[] bytes) {
    return IpAddress.of(bytes).toString().startsWith("::ffff:")
        && IpAddress.of(bytes).toString().contains(".");
  }

  private static String jdkText(byte[] bytes) throws UnknownHostException {
    return bytes.length == 4
        ? InetAddress.getByAddress(bytes).getHostAddress()
        : Inet6Address.getByAddress("", bytes, -1).getHostAddress();
  }

  /**
   * The bytes that the JDK reads; it takes an IPv6 address that stands for an IPv4 one for that.
   */
  private static byte[] jdkBytes(String text, int length) throws UnknownHostException {
    InetAddress address = InetAddress.getByName(text);
    byte[] bytes = address.getAddress();
    if (address instanceof Inet4Address && length == 16) {
      byte[] mapped = new byte[16];
      Arrays.fill(mapped, 10, 12, (byte) 0xff);
      System.arraycopy(bytes, 0, mapped, 12, 4);
      return mapped;
    }
    return bytes;
  }
}
