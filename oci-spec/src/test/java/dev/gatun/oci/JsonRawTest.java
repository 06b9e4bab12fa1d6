package dev.gatun.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is handed on as it stands arrives as it stood. */
class JsonRawTest {
  @Test
  void everyKindOfValueIsCopiedByteForByte() {
    String[] values = {
      "\"a \\u00e9 \\\"q\\\" é\"",
      "-12.50e+03",
      "123456789012345678901234567890",
      "true",
      "false",
      "null",
      "{ }",
      "[ ]",
      "{ \"a\" : [ 1 , { \"b\" : null } ] ,\n\t\"c\":\"}\" }",
      "[ [ ] , [ \"]\" ] ]",
    };
    StringBuilder text = new StringBuilder("{ ");
    for (int i = 0; i < values.length; i++) {
      text.append(i == 0 ? "" : " , ").append("\"v").append(i).append("\" : ").append(values[i]);
    }
    JsonInput in = input(text.append(" } ").toString());
    in.beginObject();
    for (int i = 0; i < values.length; i++) {
      assertEquals("v" + i, in.nextEntry());
      assertEquals(values[i].equals("null"), in.isNull());
      assertEquals(values[i], utf8(in.raw()));
    }
    assertNull(in.nextEntry());
    in.end();
  }

  @Test
  void aWholeDocumentIsAValueToo() {
    JsonInput in = input("  [1, 2]\n");
    assertEquals("[1, 2]", utf8(in.raw()));
    in.end();
    JsonInput more = input("1 2");
    assertEquals("1", utf8(more.raw()));
    assertThrows(SpecException.class, more::end);
  }

  @Test
  void elementsAreCopiedToo() {
    JsonInput in = input("[ {\"a\":1} ,2, [3 ]]");
    List<String> elements = new ArrayList<>();
    in.beginArray("anything");
    while (in.nextElement()) {
      elements.add(utf8(in.raw()));
    }
    in.end();
    assertEquals(List.of("{\"a\":1}", "2", "[3 ]"), elements);
  }

  @Test
  void whatIsMalformedIsNotHandedOn() {
    for (String text : List.of("{\"a\":{\"b\":}}", "{\"a\":[1,]}", "{\"a\":{\"b\":1,\"b\":2}}")) {
      JsonInput in = input(text);
      in.beginObject();
      in.nextEntry();
      assertThrows(SpecException.class, in::raw, text);
    }
  }

  @Test
  void randomDocumentsSurviveBeingTakenApartAndPutTogether() {
    for (int seed = 0; seed < 300; seed++) {
      RandomDocuments random = new RandomDocuments(seed);
      byte[] document =
          seed % 2 == 0
              ? SpecWriter.write(JsonWriter.compact(), random.randomSpec()).toByteArray()
              : SpecWriter.write(JsonWriter.pretty(" "), random.randomSpec()).toByteArray();
      JsonWriter out = JsonWriter.compact().beginObject();
      JsonInput in = new JsonInput(document, "c");
      in.beginObject();
      List<String> names = new ArrayList<>();
      for (String name = in.nextEntry(); name != null; name = in.nextEntry()) {
        names.add(name);
        out.name(name).rawValue(in.raw());
      }
      in.end();
      assertFalse(names.isEmpty());
      byte[] copy = out.endObject().toByteArray();
      assertEquals(SpecReader.read(document, "c"), SpecReader.read(copy, "c"), "" + seed);
    }
  }

  @Test
  void rawValuesAreSeparatedAsOthersAre() {
    byte[] one = "{\"x\": 1}".getBytes(StandardCharsets.UTF_8);
    assertEquals(
        "[{\"x\": 1},true,{\"x\": 1}]",
        utf8(
            JsonWriter.compact()
                .beginArray()
                .rawValue(one)
                .value(true)
                .rawValue(one)
                .endArray()
                .toByteArray()));
  }

  @Test
  void brokenDocumentsNeverGiveMoreThanTheyHold() {
    byte[] document =
        SpecWriter.write(JsonWriter.compact(), new RandomDocuments(7).randomSpec()).toByteArray();
    Random random = new Random(7);
    int rejected = 0;
    for (int i = 0; i < 3000; i++) {
      byte[] broken = document.clone();
      broken[random.nextInt(broken.length)] = (byte) random.nextInt(256);
      try {
        JsonInput in = new JsonInput(broken, "c");
        byte[] raw = in.raw();
        in.end();
        // What was let through is read again in the same way.
        JsonInput again = new JsonInput(raw, "c");
        assertEquals(raw.length, again.raw().length);
        again.end();
      } catch (SpecException e) {
        rejected++;
      }
    }
    assertTrue(rejected > 300, rejected + " rejected");
  }

  private static JsonInput input(String text) {
    return new JsonInput(text.getBytes(StandardCharsets.UTF_8), "c");
  }

  private static String utf8(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
