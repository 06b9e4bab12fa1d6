package dev.gatun.cgroups;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The text format of GVariant, and D-Bus's bytes of it, worked out by hand from both documents. */
class BusVariantTest {
  private static String bytes(BusVariant.Value value) {
    BusMessage message = new BusMessage(1, "a", "/", "a", "a", "");
    int from = message.length();
    value.put(message);
    return HexFormat.of().formatHex(Arrays.copyOfRange(message.bytes(), from, message.length()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "true | b | 01000000",
        " false  | b | 00000000",
        "boolean true | b | 01000000",
        "5 | i | 05000000",
        "-5 | i | fbffffff",
        "+0x1F | i | 1f000000",
        "017 | i | 0f000000",
        "0 | i | 00000000",
        "byte 255 | y | ff",
        "int16 -32768 | n | 0080",
        "uint16 65535 | q | ffff",
        "int32 -2147483648 | i | 00000080",
        "uint32 4294967295 | u | ffffffff",
        "uint64 18446744073709551615 | t | ffffffffffffffff",
        "int64 -9223372036854775808 | x | 0000000000000080",
        "@t 7 | t | 0700000000000000",
        "1.5 | d | 000000000000f83f",
        "1e0 | d | 000000000000f03f",
        "double 2 | d | 0000000000000040",
        "'inactive' | s | 08000000696e61637469766500",
        "\"it's\" | s | 040000006974277300",
        "'a\\'\\n\\u00e9' | s | 0500000061270ac3a900",
        "objectpath '/a/b_1' | o | 060000002f612f625f3100",
        "signature 'a{sv}' | g | 05617b73767d00",
        "@g 'i' | g | 016900",
        "b'a\\x01\\003' | ay | 0400000061010300",
        "[1, 2] | ai | 080000000100000002000000",
        "[1, uint64 2] | at | 100000000000000001000000000000000200000000000000",
        "[uint64 1, 2,] | at | 100000000000000001000000000000000200000000000000",
        "@as [] | as | 00000000",
        "@at [] | at | 0000000000000000",
        "['a', 'bc'] | as | 0f00000001000000610000000200000062630 0",
        "[['a']] | aas | 0a000000060000000100000061 00",
        "{'k': 1} | a{si} | 0c00000000000000010000006b00000001000000",
        "{'k': <1>} | a{sv} | 1000000000000000010000006b00016900 00000001000000",
        "('a', uint64 5, true) | (stb) | 01000000610000000500000000000000" + "01000000",
        "[('/dev/null', 'rw')] | a(ss) | 170000000000000009000000 2f6465762f6e756c6c00 0000"
            + " 02000000727700",
        "@a(st) [('a', 1)] | a(st) | 1000000000000000010000006100 00000100000000000000",
        "<'x'> | v | 0173000001000000 7800",
      })
  void values(String text, String type, String hex) {
    BusVariant.Value value = BusVariant.parse(text);
    assertEquals(type, value.signature(), text);
    assertEquals(hex.replace(" ", ""), bytes(value), text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "'",
        "'a",
        "\"a'",
        "b'a",
        "[",
        "[1",
        "[1 2]",
        "[]",
        "{",
        "{'a'}",
        "{'a': }",
        "{}",
        "(",
        "()",
        "<",
        "<1",
        "<>",
        "1 2",
        "'a' 'b'",
        "nonsense",
        "truely",
        "uint64",
        "uint64 'a'",
        "uint64 -1",
        "byte 256",
        "int16 40000",
        "2147483648",
        "-2147483649",
        "0x",
        "08",
        "0x1G",
        "1.2.3",
        "--1",
        "12cows",
        "@ 1",
        "@z 1",
        "@a{vs} {}",
        "@ai 1",
        "@i [1]",
        "[1, 'a']",
        "[uint64 1, int32 2]",
        "{'a': 1, 2: 3}",
        "{['a']: 1}",
        "objectpath 'a'",
        "objectpath '/a/'",
        "signature 'z'",
        "@s true",
        "@b 1",
        "just 1",
        "nothing",
        "'\\u12'",
        "'\\u0000'",
        "b'\\xg0'",
        "99999999999999999999",
        "boolean 1",
        "@(ss) ('a', 'b', 'c')",
        "@(ss) ('a',)",
        "{1, 2}",
      })
  void malformed(String text) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> BusVariant.parse(text), text);
    assertTrue(String.valueOf(e.getMessage()).matches("(?s)(has|is) .*"), () -> text + ": " + e);
  }

  @Test
  void deepNestingIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> BusVariant.parse("[".repeat(5000) + "1"));
    assertThrows(IllegalArgumentException.class, () -> BusVariant.parse("<".repeat(5000) + "1"));
  }

  @ParameterizedTest
  @CsvSource({
    "5, 404b4c0000000000",
    "uint64 1, 40420f0000000000",
    "byte 2, 80841e0000000000",
    "1.5, 60e3160000000000",
    "int16 0, 0000000000000000",
  })
  void secondsAreMicroseconds(String text, String hex) {
    BusVariant.Value value = BusVariant.parse(text).inMicroseconds();
    assertEquals("t", value.signature());
    assertEquals(hex, bytes(value));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"'5'", "true", "[5]", "-1", "-0.5", "uint64 18446744073709551615", "1e300", "<5>"})
  void noTimes(String text) {
    BusVariant.Value value = BusVariant.parse(text);
    assertThrows(IllegalArgumentException.class, value::inMicroseconds, text);
  }
}
