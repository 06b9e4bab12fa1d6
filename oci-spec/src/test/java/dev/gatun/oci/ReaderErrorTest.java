package dev.gatun.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReaderErrorTest {
  private static final String HEAD = "{\n  \"ociVersion\": \"1.0.0\",\n";

  /** Each row: what follows {@link #HEAD}, and the whole message after the file's name. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"process\": {\"args\": 5}} | 3:21: /process/args: expected an array of strings, found a"
            + " number",
        "\"process\": {\"args\": [\"a\", 5]}} | 3:27: /process/args/1: expected a string, found a"
            + " number",
        "\"process\": []} | 3:12: /process: expected an object, found an array",
        "\"process\": {\"terminal\": \"yes\"}} | 3:25: /process/terminal: expected true or false,"
            + " found a string",
        "\"process\": {\"args\": []}} | 3:12: /process: missing property \"cwd\"",
        "\"mounts\": [{}, {\"type\": \"a\"}]} | 3:12: /mounts/0: missing property \"destination\"",
        "\"root\": {\"path\": true}} | 3:18: /root/path: expected a string, found a boolean",
        "\"root\": {\"path\": \"a\", \"path\": \"b\"}} | 3:23: /root/path: malformed JSON: a duplicate name",
        "\"vm\": {\"a\": 1, \"a\": 2}} | 3:16: /vm/a: malformed JSON: a duplicate name",
        "\"process\": {\"user\": {\"uid\": -1}}} | 3:29: /process/user/uid: expected an integer from 0"
            + " to 4294967295, found -1",
        "\"process\": {\"user\": {\"uid\": 4294967296}}} | 3:29: /process/user/uid: expected an"
            + " integer from 0 to 4294967295, found 4294967296",
        "\"process\": {\"user\": {\"uid\": 1.0}}} | 3:29: /process/user/uid: expected an integer,"
            + " found 1.0",
        "\"process\": {\"user\": {\"uid\": 1e3}}} | 3:29: /process/user/uid: expected an integer,"
            + " found 1e3",
        "\"process\": {\"user\": {\"uid\": \"1\"}}} | 3:29: /process/user/uid: expected an integer,"
            + " found a string",
        "\"process\": {\"user\": {\"uid\": 1}}} | 3:21: /process/user: missing property \"gid\"",
        "\"process\": {\"oomScoreAdj\": 2147483648}} | 3:28: /process/oomScoreAdj: expected an"
            + " integer from -2147483648 to 2147483647, found 2147483648",
        "\"process\": {\"rlimits\": [{\"soft\": 18446744073709551616}]}} | 3:34:"
            + " /process/rlimits/0/soft: expected an integer from 0 to 18446744073709551615, found"
            + " 18446744073709551616",
        "\"process\": {\"rlimits\": [{\"soft\": -1}]}} | 3:34: /process/rlimits/0/soft: expected an"
            + " integer from 0 to 18446744073709551615, found -1",
        "\"process\": {\"rlimits\": [{\"soft\": -99999999999999999999}]}} | 3:34:"
            + " /process/rlimits/0/soft: expected an integer from 0 to 18446744073709551615, found"
            + " -99999999999999999999",
        "\"process\": {\"rlimits\": [{\"type\": \"RLIMIT_X\"}]}} | 3:34: /process/rlimits/0/type:"
            + " unknown rlimit type \"RLIMIT_X\"",
        "\"process\": {\"capabilities\": {\"bounding\": [\"CAP_KILL\", \"CAP_NO\"]}}} | 3:55:"
            + " /process/capabilities/bounding/1: unknown capability \"CAP_NO\"",
        "\"linux\": {\"namespaces\": [{\"type\": \"net\"}]}} | 3:35: /linux/namespaces/0/type:"
            + " unknown namespace type \"net\"",
        "\"linux\": {\"resources\": {\"memory\": {\"limit\": 9223372036854775808}}}} | 3:45:"
            + " /linux/resources/memory/limit: expected an integer from -9223372036854775808 to"
            + " 9223372036854775807, found 9223372036854775808",
        "\"linux\": {\"resources\": {\"blockIO\": {\"weight\": 65536}}}} | 3:47:"
            + " /linux/resources/blockIO/weight: expected an integer from 0 to 65535, found 65536",
        "\"linux\": {\"timeOffsets\": {\"realtime\": {}}}} | 3:39: /linux/timeOffsets/realtime:"
            + " unknown clock \"realtime\"",
        "\"linux\": {\"seccomp\": {\"defaultAction\": \"ALLOW\"}}} | 3:40:"
            + " /linux/seccomp/defaultAction: unknown seccomp action \"ALLOW\"",
        "\"linux\": {\"rootfsPropagation\": \"x\"}} | 3:32: /linux/rootfsPropagation: unknown"
            + " rootfsPropagation \"x\"",
        "\"annotations\": {\"a\": null}} | 3:22: /annotations/a: expected a string, found null",
        "\"annotations\": {\"a\": {}}} | 3:22: /annotations/a: expected a string, found an object",
        "\"hostname\": \"a\\u0000b\"} | 3:13: /hostname: a string contains a NUL character",
        "\"hostname\": \"a\\ud83d\"} | 3:13: /hostname: a string contains half of a surrogate pair",
        "\"hostname\": \"a\\udea2\\ud83d\"} | 3:13: /hostname: a string contains half of a surrogate"
            + " pair",
      })
  void place(String rest, String message) {
    SpecException e = assertThrows(SpecException.class, () -> read(HEAD + rest));
    assertEquals("config.json:" + message, e.getMessage());
    assertEquals(3, e.line());
    assertTrue(message.startsWith("3:" + e.column() + ": " + e.pointer() + ": " + e.problem()));
  }

  @Test
  void malformed() {
    assertPlace("", 1, 1, "");
    assertPlace("  ", 1, 3, "");
    assertPlace("{", 1, 2, "");
    assertPlace("{\n \"linux\": {\n  \"sysctl\" 5", 3, 12, "/linux/sysctl");
    assertPlace("{\"ociVersion\": \"1.0.0\"} x", 1, 25, "");
    assertPlace("{\"ociVersion\": \"1.0.0\"} {}", 1, 25, "");
    assertPlace("{\"mounts\": [{\"options\": [\"a\" \"b\"]}]}", 1, 30, "/mounts/0/options/0");
    assertPlace("{\"ociVersion\": \"1\n0\"}", 1, 18, "/ociVersion");
  }

  private static void assertPlace(String json, int line, int column, String pointer) {
    SpecException e = assertThrows(SpecException.class, () -> read(json));
    assertEquals(
        line + ":" + column + " " + pointer,
        e.line() + ":" + e.column() + " " + e.pointer(),
        e.getMessage());
    assertTrue(e.problem().startsWith("malformed JSON: "), e.getMessage());
    assertTrue(!message(e).contains("\n"));
  }

  @Test
  void missingVersionIsAtTheDocument() {
    SpecException e = assertThrows(SpecException.class, () -> read("\n {}"));
    assertEquals("config.json:2:2: missing property \"ociVersion\"", e.getMessage());
  }

  @Test
  void notAnObject() {
    SpecException e = assertThrows(SpecException.class, () -> read("[1]"));
    assertEquals("config.json:1:1: expected an object, found an array", e.getMessage());
  }

  @Test
  void rawNulAndOverlongNulAreRefused() {
    byte[] raw = bytes("{\"ociVersion\":\"1.0.0\",\"hostname\":\"a?b\"}");
    byte[] overlong = bytes("{\"ociVersion\":\"1.0.0\",\"hostname\":\"a??b\"}");
    int at = new String(raw, StandardCharsets.US_ASCII).indexOf('?');
    raw[at] = 0;
    overlong[at] = (byte) 0xc0;
    overlong[at + 1] = (byte) 0x80;
    assertThrows(SpecException.class, () -> SpecReader.read(raw, "c"));
    assertThrows(SpecException.class, () -> SpecReader.read(overlong, "c"));
  }

  @Test
  void boundsHold() {
    String deep = "[".repeat(100) + "]".repeat(100);
    assertProblem("{\"x\":" + deep + "}", "malformed JSON: ");
    assertProblem("{\"hostname\":\"" + "a".repeat((4 << 20) + 1) + "\"}", "malformed JSON: ");
    assertProblem("{\"process\":{\"oomScoreAdj\":" + "1".repeat(100) + "}}", "malformed JSON: ");
    assertProblem(" ".repeat((16 << 20) + 1), "larger than 16777216 bytes: 16777217");
  }

  private static void assertProblem(String json, String start) {
    SpecException e = assertThrows(SpecException.class, () -> read(json));
    assertTrue(e.problem().startsWith(start), e.getMessage());
  }

  @Test
  void aNameFromTheDocumentStaysShortAndOnOneLine() {
    SpecException e =
        assertThrows(
            SpecException.class,
            () ->
                read("{\"linux\":{\"namespaces\":[{\"type\":\"\\n" + "x".repeat(5000) + "\"}]}}"));
    assertTrue(message(e).length() < 200, message(e));
    assertTrue(!message(e).contains("\n"));
  }

  /** Whatever bytes come, the answer is a document or a {@link SpecException} with a place. */
  @Test
  void damagedDocumentsNeverGiveAnotherException() throws IOException {
    Random random = new Random(20261121);
    long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
    int refused = 0;
    int runs = 0;
    while (System.nanoTime() < end || runs < 2000) {
      String name = Fixtures.CONFIGS.get(random.nextInt(Fixtures.CONFIGS.size()));
      byte[] bytes = damage(Fixtures.bytes(name), random);
      runs++;
      try {
        Spec spec = SpecReader.readValid(bytes, name);
        SpecWriter.write(JsonWriter.compact(), spec);
      } catch (SpecException e) {
        refused++;
        assertTrue(e.line() > 0, e.getMessage());
        assertTrue(!message(e).contains("\n"));
      }
    }
    assertTrue(refused > runs / 4, refused + " of " + runs);
  }

  private static byte[] damage(byte[] good, Random random) {
    byte[] bytes = good;
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      int at = random.nextInt(bytes.length);
      int length = random.nextInt(1 + Math.min(12, bytes.length - at));
      switch (random.nextInt(4)) {
        case 0 -> {
          bytes = bytes.clone();
          bytes[at] = (byte) random.nextInt(256);
        }
        case 1 -> bytes = splice(bytes, at, at + length, new byte[0]);
        case 2 -> {
          int from = random.nextInt(bytes.length - length + 1);
          byte[] part = java.util.Arrays.copyOfRange(bytes, from, from + length);
          bytes = splice(bytes, at, at, part);
        }
        default -> {
          String[] tokens = {
            "null", "-1", "{}", "[]", "\"\"", "1e9", "true", "\"\\u0000\"", ",", "\"", "99999999999"
          };
          // in the place of a value: after the next colon
          while (at < bytes.length - 1 && bytes[at] != ':') {
            at++;
          }
          int stop = at + 1;
          while (stop < bytes.length && ",]}\n".indexOf(bytes[stop]) < 0) {
            stop++;
          }
          bytes = splice(bytes, at + 1, stop, bytes(tokens[random.nextInt(tokens.length)]));
        }
      }
      if (bytes.length < 2) {
        return good;
      }
    }
    return bytes;
  }

  private static byte[] splice(byte[] bytes, int start, int end, byte[] part) {
    byte[] result = new byte[bytes.length - (end - start) + part.length];
    System.arraycopy(bytes, 0, result, 0, start);
    System.arraycopy(part, 0, result, start, part.length);
    System.arraycopy(bytes, end, result, start + part.length, bytes.length - end);
    return result;
  }

  private static String message(SpecException e) {
    return String.valueOf(e.getMessage());
  }

  private static Spec read(String json) {
    return SpecReader.read(bytes(json), "config.json");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
