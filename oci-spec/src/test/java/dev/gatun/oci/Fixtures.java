package dev.gatun.oci;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Documents of other runtimes and callers, and a reader of any JSON that knows no specification.
 */
final class Fixtures {
  /**
   * The spec files were written by runc 1.1.5 and crun 1.8.1, and podman-4.3 by that; the others
   * are made after callers'.
   */
  static final List<String> CONFIGS =
      List.of(
          "runc-spec.json",
          "runc-spec-rootless.json",
          "crun-spec.json",
          "crun-spec-rootless.json",
          "docker.json",
          "podman-4.3.json",
          "podman-rootless.json");

  private Fixtures() {}

  static byte[] bytes(String name) throws IOException {
    try (InputStream in = Fixtures.class.getResourceAsStream(name)) {
      assertNotNull(in, name);
      return in.readAllBytes();
    }
  }

  /** Reads any JSON, leaving out what an absent property means too: false, null and empty ones. */
  static Object significant(byte[] utf8) throws IOException {
    try (JsonParser parser = new JsonFactory().createParser(utf8)) {
      parser.nextToken();
      return value(parser);
    }
  }

  private static Object value(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT) {
      Map<String, Object> map = new LinkedHashMap<>();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        Object value = value(parser);
        boolean explicit = name.equals("allow") || name.equals("disableOOMKiller");
        if (explicit || !(value.equals("false") || value.equals("null") || isEmpty(value))) {
          map.put(name, value);
        }
      }
      return map;
    }
    if (token == JsonToken.START_ARRAY) {
      List<Object> list = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        list.add(value(parser));
      }
      return list;
    }
    return token == JsonToken.VALUE_STRING ? "\"" + parser.getText() : parser.getText();
  }

  private static boolean isEmpty(Object value) {
    return switch (value) {
      case Map<?, ?> map -> map.isEmpty();
      case List<?> list -> list.isEmpty();
      default -> value.equals("\"");
    };
  }
}
