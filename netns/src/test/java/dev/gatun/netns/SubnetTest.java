package dev.gatun.netns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubnetTest {
  private static final int ROUNDS = 20_000;

  @ParameterizedTest
  @CsvSource({
    "10.207.0.0/16, 10.207.0.1, 10.207.255.255, 65533",
    "10.0.0.0/8, 10.0.0.1, 10.255.255.255, 16777213",
    "192.168.1.128/25, 192.168.1.129, 192.168.1.255, 125",
    "192.168.1.4/30, 192.168.1.5, 192.168.1.7, 1",
    "192.168.1.4/31, 192.168.1.5, 192.168.1.5, 0",
    "0.0.0.0/0, 0.0.0.1, 255.255.255.255, 4294967293",
    "fd67:6174:756e::/64, fd67:6174:756e::1, fd67:6174:756e:0:ffff:ffff:ffff:ffff,"
        + " 4611686018427387902",
    "fd00::/66, fd00::1, fd00::3fff:ffff:ffff:ffff, 4611686018427387902",
    "fd00::/120, fd00::1, fd00::ff, 254",
    "fd00::10/126, fd00::11, fd00::13, 2",
    "fd00::10/127, fd00::11, fd00::11, 0",
    "::/0, ::1, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 4611686018427387902",
  })
  void isReadAndMeasured(String text, String gateway, String broadcast, long usable) {
    Subnet range = Subnet.parse(text);
    assertEquals(text, range.toString());
    assertEquals(gateway, range.gateway().toString());
    assertEquals(broadcast, range.broadcast().toString());
    assertEquals(usable, range.usable());
    assertEquals(range, Subnet.parse(range.toString()));
    assertEquals(text.contains(":"), range.isIpv6());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/08",
        "10.0.0.0/ 8",
        "10.0.0.0/+8",
        "10.0.0.0/-1",
        "10.0.0.0/8/8",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/1000",
        "10.0.0.0/٨"
      })
  void refusesWhatIsNoRange(String text) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Subnet.parse(text));
    assertEquals(
        "\"" + text + "\" is not a range: an address, a slash and a number of bits",
        e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "10.0.0/8 | \"10.0.0\" is not an IP address",
        "/8 | \"\" is not an IP address",
        "10.0.0.0/33 | 10.0.0.0/33 is not a range: the prefix is from 0 to 32",
        "fd00::/129 | fd00::/129 is not a range: the prefix is from 0 to 128",
        "10.207.1.0/16 | 10.207.1.0/16 has bits behind its prefix: the range is 10.207.0.0/16",
        "fd00::1/64 | fd00::1/64 has bits behind its prefix: the range is fd00::/64",
      })
  void refusesWithTheReason(String text, String message) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Subnet.parse(text));
    assertEquals(message, e.getMessage());
  }

  @Test
  void anAddressOfTheOtherFamilyIsNeverInside() {
    assertFalse(Subnet.parse("0.0.0.0/0").contains(IpAddress.parse("::1")));
    assertFalse(Subnet.parse("::/0").contains(IpAddress.parse("1.2.3.4")));
    assertFalse(Subnet.parse("::/0").overlaps(Subnet.parse("0.0.0.0/0")));
    assertEquals(-1, Subnet.parse("::/0").offset(IpAddress.parse("1.2.3.4")));
  }

  @Test
  void placesEndWithTheRange() {
    Subnet small = Subnet.parse("10.0.0.0/30");
    assertEquals("10.0.0.3", small.address(3).toString());
    assertThrows(IllegalArgumentException.class, () -> small.address(4));
    assertThrows(IllegalArgumentException.class, () -> small.address(-1));
    assertThrows(IllegalArgumentException.class, Subnet.parse("10.0.0.0/32")::gateway);
    Subnet large = Subnet.parse("fd00::/64");
    long last = (1L << 62) - 1;
    assertEquals(last, large.offset(large.address(last)));
    assertEquals(-1, large.offset(large.address(last + 1)));
    assertEquals(-1, large.offset(large.broadcast()));
  }

  /** Against arithmetic on numbers of any size. */
  @Test
  void agreesWithArithmetic() {
    Random random = new Random(3);
    for (int i = 0; i < ROUNDS; i++) {
      int bits = random.nextBoolean() ? 32 : 128;
      int prefix = random.nextInt(bits + 1);
      BigInteger size = BigInteger.ONE.shiftLeft(bits - prefix);
      BigInteger first = new BigInteger(prefix, random).shiftLeft(bits - prefix);
      Subnet range = Subnet.parse(address(first, bits) + "/" + prefix);
      assertEquals(
          address(first.add(size).subtract(BigInteger.ONE), bits), range.broadcast(), "last");

      BigInteger any = new BigInteger(bits, random);
      BigInteger near = first.add(BigInteger.valueOf(random.nextInt(200) - 100L));
      for (BigInteger number : new BigInteger[] {any, near}) {
        if (number.signum() < 0 || number.bitLength() > bits) {
          continue;
        }
        boolean inside = number.compareTo(first) >= 0 && number.compareTo(first.add(size)) < 0;
        IpAddress address = address(number, bits);
        assertEquals(inside, range.contains(address));
        BigInteger offset = number.subtract(first);
        assertEquals(
            inside && offset.bitLength() <= 62 ? offset.longValueExact() : -1,
            range.offset(address));
      }
      long offset = new BigInteger(Math.min(bits - prefix, 63), random).longValueExact();
      assertEquals(address(first.add(BigInteger.valueOf(offset)), bits), range.address(offset));

      int otherPrefix = random.nextInt(prefix + 1);
      BigInteger otherFirst = first.shiftRight(bits - otherPrefix).shiftLeft(bits - otherPrefix);
      Subnet around = new Subnet(address(otherFirst, bits), otherPrefix);
      assertTrue(around.overlaps(range) && range.overlaps(around));
      if (prefix > 0) {
        Subnet beside = new Subnet(address(first.flipBit(bits - prefix), bits), prefix);
        assertFalse(beside.overlaps(range) || range.overlaps(beside));
      }
    }
  }

  private static IpAddress address(BigInteger number, int bits) {
    byte[] bytes = new byte[bits / 8];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = number.shiftRight(bits - 8 - 8 * i).byteValue();
    }
    return IpAddress.of(bytes);
  }
}
