package dev.gatun.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the tokens with Jackson's. */
class JsonTokensTest {
  private static final String[] PIECES = {
    "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\"", "1", "-0", "01", "1.", "1.5e+3", ".5",
    "-", "1E", "true", "fals", "null", " ", "\n", "\\", "\\n", "\\x", "\\u00e9", "\\u00g0",
    "\u00e9", "\t", "//"
  };

  @Test
  void fixturesHaveJacksonsTokens() throws IOException {
    for (String name : Fixtures.CONFIGS) {
      byte[] utf8 = Fixtures.bytes(name);
      assertEquals(jackson(utf8), own(utf8), name);
    }
  }

  /** Damaged documents and random pieces: both accept, with the same tokens, or both refuse. */
  @Test
  void damagedDocumentsAreJudgedAsByJackson() throws IOException {
    Random random = new Random(25);
    long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
    int accepted = 0;
    for (int run = 0; run < 3000 || System.nanoTime() < end; run++) {
      byte[] utf8 = run % 2 == 0 ? pieces(random) : damaged(random);
      List<String> expected = tokensOrNone(utf8, true);
      List<String> found = tokensOrNone(utf8, false);
      accepted += expected.isEmpty() ? 0 : 1;
      assertEquals(expected, found, () -> new String(utf8, StandardCharsets.UTF_8));
    }
    assertTrue(accepted > 100, () -> "too few documents were whole");
  }

  private static byte[] damaged(Random random) throws IOException {
    byte[] utf8 = Fixtures.bytes("runc-spec.json");
    int at = random.nextInt(utf8.length);
    // printable ASCII: what Jackson makes of bad UTF-8 is its own affair
    utf8[at] = (byte) (' ' + random.nextInt(95));
    return utf8;
  }

  private static byte[] pieces(Random random) {
    StringBuilder text = new StringBuilder("[");
    for (int i = random.nextInt(6); i > 0; i--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.append("]").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static List<String> tokensOrNone(byte[] utf8, boolean jackson) {
    try {
      return jackson ? jackson(utf8) : own(utf8);
    } catch (IOException | SpecException e) {
      return List.of();
    }
  }

  private static List<String> jackson(byte[] utf8) throws IOException {
    List<String> list = new ArrayList<>();
    JsonFactory factory =
        JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    boolean ended = false;
    try (JsonParser parser = factory.createParser(utf8)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (ended) {
          throw new IOException("Jackson reads sequences of documents");
        }
        ended = token.isStructEnd() && parser.getParsingContext().inRoot();
        list.add(
            token.isStructStart() || token.isStructEnd() || token == JsonToken.FIELD_NAME
                ? parser.currentToken() + parser.currentName()
                : parser.getText());
        if (!token.isStructEnd()) {
          list.add(parser.getParsingContext().pathAsPointer().toString());
        }
      }
    }
    return normal(list);
  }

  /** Jackson's names of tokens in the place of ours. */
  private static List<String> normal(List<String> list) {
    List<String> result = new ArrayList<>();
    for (String text : list) {
      if (text.startsWith("FIELD_NAME")) {
        result.add("name " + text.substring("FIELD_NAME".length()));
      } else if (text.startsWith("START_OBJECT")) {
        result.add("BEGIN_OBJECT");
      } else if (text.startsWith("START_ARRAY")) {
        result.add("BEGIN_ARRAY");
      } else if (text.startsWith("END_OBJECT")) {
        result.add("END_OBJECT");
      } else if (text.startsWith("END_ARRAY")) {
        result.add("END_ARRAY");
      } else {
        result.add(text);
      }
    }
    return result;
  }

  private static List<String> own(byte[] utf8) {
    List<String> list = new ArrayList<>();
    JsonTokens tokens = new JsonTokens(utf8, "c");
    int depth = 0;
    do {
      JsonTokens.Token token = tokens.next();
      switch (token) {
        case BEGIN_OBJECT, BEGIN_ARRAY -> {
          depth++;
          list.add(token.name());
        }
        case END_OBJECT, END_ARRAY -> {
          depth--;
          list.add(token.name());
        }
        case NAME -> list.add("name " + tokens.text());
        case STRING, NUMBER -> list.add(tokens.text());
        case TRUE -> list.add("true");
        case FALSE -> list.add("false");
        case NULL -> list.add("null");
      }
      if (token != JsonTokens.Token.END_OBJECT && token != JsonTokens.Token.END_ARRAY) {
        list.add(tokens.pointer());
      }
    } while (depth > 0);
    tokens.end();
    return list;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 40})
  void duplicatesAreFoundInObjectsOfAnySize(int names) {
    StringBuilder text = new StringBuilder("{");
    for (int i = 0; i < names; i++) {
      text.append("\"n").append(i).append("\":").append(i).append(',');
    }
    own((text + "\"last\":0}").getBytes(StandardCharsets.UTF_8));
    for (int i = 0; i < names; i++) {
      byte[] utf8 = (text + "\"n" + i + "\":0}").getBytes(StandardCharsets.UTF_8);
      SpecException e = assertThrows(SpecException.class, () -> own(utf8));
      assertEquals(
          "/n" + i + ": malformed JSON: a duplicate name", e.pointer() + ": " + e.problem());
    }
  }

  @Test
  void encodingIsStrict() {
    int[][] bad = {
      {0xc0, 0x80}, {0xed, 0xa0, 0x80}, {0xff}, {0xe2, 0x82}, {0xf5, 0x80, 0x80, 0x80}, {0}, {0x80}
    };
    for (int[] bytes : bad) {
      byte[] utf8 = new byte[bytes.length + 2];
      utf8[0] = '"';
      utf8[utf8.length - 1] = '"';
      for (int i = 0; i < bytes.length; i++) {
        utf8[i + 1] = (byte) bytes[i];
      }
      SpecException e = assertThrows(SpecException.class, () -> own(utf8));
      assertEquals("1:2", e.line() + ":" + e.column());
    }
    byte[] mark = "\ufeff{}".getBytes(StandardCharsets.UTF_8);
    assertThrows(SpecException.class, () -> own(mark));
  }
}
