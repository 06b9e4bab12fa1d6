package dev.gatun.oci;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A document that is being read: a cursor over Jackson's tokens which hands out values of the
 * specification's types and turns every failure into a {@link SpecException}.
 *
 * <p>A method that reads a value is called with the cursor on the value's first token, and leaves
 * it on the last one.
 */
public final class JsonInput {
  /** A config is trusted, but a runaway generator must not take the machine's memory. */
  private static final int MAX_DOCUMENT_BYTES = 16 << 20;

  private static final int MAX_STRING_CHARS = 4 << 20;
  private static final int MAX_NAME_CHARS = 64 << 10;
  private static final int MAX_DEPTH = 64;
  private static final int MAX_NUMBER_CHARS = 64;
  private static final int MAX_QUOTED_CHARS = 60;

  private static final JsonFactory FACTORY = factory();

  private final String fileName;
  private final byte[] utf8;
  private final JsonParser parser;
  private final boolean checksText;
  private final List<String> unknownProperties = new ArrayList<>();

  /**
   * Puts the cursor on the first token.
   *
   * @param utf8 the document
   * @param fileName what messages call it
   * @throws SpecException when it is empty, too large, or does not begin like JSON
   */
  public JsonInput(byte[] utf8, String fileName) {
    this.fileName = fileName;
    this.utf8 = utf8;
    if (utf8.length > MAX_DOCUMENT_BYTES) {
      throw new SpecException(
          fileName, 0, 0, "", "larger than " + MAX_DOCUMENT_BYTES + " bytes: " + utf8.length);
    }
    this.checksText = mayHoldUnsafeText(utf8);
    try {
      this.parser = FACTORY.createParser(utf8);
    } catch (IOException e) {
      throw new SpecException(fileName, 1, 1, "", "malformed JSON: " + e.getMessage());
    }
    if (next() == null) {
      throw new SpecException(fileName, 1, 1, "", "malformed JSON: the document is empty");
    }
  }

  private static JsonFactory factory() {
    JsonFactory factory = new JsonFactory();
    factory.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION.mappedFeature());
    factory.setStreamReadConstraints(
        StreamReadConstraints.builder()
            .maxNestingDepth(MAX_DEPTH)
            .maxStringLength(MAX_STRING_CHARS)
            .maxNameLength(MAX_NAME_CHARS)
            .maxNumberLength(MAX_NUMBER_CHARS)
            .build());
    return factory;
  }

  /**
   * Tells whether strings have to be looked at one by one. NUL and lone surrogates can come only
   * from an escape or from bytes outside of ASCII, and nearly no config has either.
   */
  private static boolean mayHoldUnsafeText(byte[] utf8) {
    for (int i = 0; i < utf8.length; i++) {
      byte b = utf8[i];
      if (b <= 0 || (b == '\\' && i + 1 < utf8.length && utf8[i + 1] == 'u')) {
        return true;
      }
    }
    return false;
  }

  /** Checks that nothing follows the document's value. */
  public void end() {
    if (next() != null) {
      throw error("malformed JSON: text after the end of the document");
    }
  }

  List<String> unknownProperties() {
    return unknownProperties;
  }

  // --- structure

  /** Enters an object. */
  public void beginObject() {
    expect(JsonToken.START_OBJECT, "an object");
  }

  /**
   * Moves to the value of the object's next property. A property that is null counts as absent, as
   * for every caller written in Go.
   *
   * @return the property's name, or null at the end of the object
   */
  public @Nullable String nextField() {
    while (true) {
      String name = nextEntry();
      if (name == null || parser.currentToken() != JsonToken.VALUE_NULL) {
        return name;
      }
    }
  }

  /** Moves to the value of the map's next entry, which may be null. */
  @Nullable String nextEntry() {
    if (next() == JsonToken.END_OBJECT) {
      return null;
    }
    String name = fieldName();
    next();
    return name;
  }

  private String fieldName() {
    try {
      String name = parser.currentName();
      if (checksText) {
        checkText(name);
      }
      return name;
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  void beginArray(String of) {
    expect(JsonToken.START_ARRAY, "an array of " + of);
  }

  /**
   * Moves to the array's next element.
   *
   * @return false at the end of the array
   */
  boolean nextElement() {
    return next() != JsonToken.END_ARRAY;
  }

  /** Passes over a property that the specification does not define for Linux, and remembers it. */
  public void skipUnknown() {
    unknownProperties.add(pointer());
    try {
      parser.skipChildren();
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  // --- values

  /**
   * A string.
   *
   * @return its text
   */
  public String string() {
    expect(JsonToken.VALUE_STRING, "a string");
    try {
      String text = parser.getText();
      if (checksText) {
        checkText(text);
      }
      return text;
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  boolean bool() {
    JsonToken token = parser.currentToken();
    if (token != JsonToken.VALUE_TRUE && token != JsonToken.VALUE_FALSE) {
      throw unexpected("true or false");
    }
    return token == JsonToken.VALUE_TRUE;
  }

  /**
   * A number of 32 bits with a sign.
   *
   * @return its value
   */
  public int int32() {
    return (int) integer(Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /**
   * A number of 64 bits with a sign.
   *
   * @return its value
   */
  public long int64() {
    return integer(Long.MIN_VALUE, Long.MAX_VALUE);
  }

  int uint16() {
    return (int) integer(0, 0xffff);
  }

  long uint32() {
    return integer(0, 0xffff_ffffL);
  }

  /** Reads a uint64; from 2^63 on the result is negative. */
  long uint64() {
    expectInteger();
    try {
      if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
        String digits = parser.getText();
        if (digits.charAt(0) != '-' && parser.getBigIntegerValue().bitLength() <= 64) {
          return Long.parseUnsignedLong(digits);
        }
      } else {
        long value = parser.getLongValue();
        if (value >= 0) {
          return value;
        }
      }
    } catch (IOException e) {
      throw malformed(e);
    }
    throw outOfRange("0", "18446744073709551615");
  }

  private long integer(long min, long max) {
    expectInteger();
    try {
      if (parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
        long value = parser.getLongValue();
        if (value >= min && value <= max) {
          return value;
        }
      }
    } catch (IOException e) {
      throw malformed(e);
    }
    throw outOfRange(Long.toString(min), Long.toString(max));
  }

  List<String> strings() {
    beginArray("strings");
    List<String> list = new ArrayList<>();
    while (nextElement()) {
      list.add(string());
    }
    return list;
  }

  List<Long> uint32s() {
    beginArray("numbers");
    List<Long> list = new ArrayList<>();
    while (nextElement()) {
      list.add(uint32());
    }
    return list;
  }

  /**
   * An object of strings.
   *
   * @return its entries, in their order
   */
  public Map<String, String> stringMap() {
    beginObject();
    Map<String, String> map = new LinkedHashMap<>();
    for (String name = nextEntry(); name != null; name = nextEntry()) {
      map.put(name, string());
    }
    return map;
  }

  // --- errors

  /** Makes an error about the current token. */
  SpecException error(String problem) {
    JsonLocation location = parser.currentTokenLocation();
    return new SpecException(
        fileName, location.getLineNr(), location.getColumnNr(), pointer(), problem);
  }

  /** Makes an error about the object that just ended. */
  SpecException missing(String name) {
    String pointer = pointer();
    String problem = "missing property " + quoted(name);
    JsonLocation location = locate(utf8, pointer);
    return location == null
        ? error(problem)
        : new SpecException(
            fileName, location.getLineNr(), location.getColumnNr(), pointer, problem);
  }

  /** Puts a name from the document into a message: bounded, on one line. */
  static String quoted(String name) {
    StringBuilder text = new StringBuilder("\"");
    for (int i = 0; i < name.length() && i < MAX_QUOTED_CHARS; i++) {
      char c = name.charAt(i);
      text.append(c < ' ' || c == 0x7f || Character.isSurrogate(c) ? '?' : c);
    }
    return text.append(name.length() > MAX_QUOTED_CHARS ? "…\"" : "\"").toString();
  }

  /**
   * Finds the value that a JSON pointer names, or the nearest value around it. Reads the document
   * once more, so that only failures pay for it.
   *
   * @return the place, or null when the document cannot be read
   */
  static @Nullable JsonLocation locate(byte[] utf8, String pointer) {
    JsonLocation found = null;
    int length = -1;
    try (JsonParser parser = FACTORY.createParser(utf8)) {
      while (true) {
        JsonToken token = parser.nextToken();
        if (token == null) {
          return found;
        }
        if (token == JsonToken.FIELD_NAME || token.isStructEnd()) {
          continue;
        }
        String here = parser.getParsingContext().pathAsPointer().toString();
        boolean around =
            pointer.startsWith(here)
                && (pointer.length() == here.length() || pointer.charAt(here.length()) == '/');
        if (around && here.length() > length) {
          found = parser.currentTokenLocation();
          length = here.length();
        }
      }
    } catch (IOException e) {
      return null;
    }
  }

  private String pointer() {
    StringBuilder text = new StringBuilder();
    String raw = parser.getParsingContext().pathAsPointer().toString();
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      text.append(c < ' ' || Character.isSurrogate(c) ? '?' : c);
    }
    return text.toString();
  }

  private @Nullable JsonToken next() {
    try {
      return parser.nextToken();
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  private void expect(JsonToken token, String what) {
    if (parser.currentToken() != token) {
      throw unexpected(what);
    }
  }

  private void expectInteger() {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.VALUE_NUMBER_FLOAT) {
      throw error("expected an integer, found " + numberText());
    }
    expect(JsonToken.VALUE_NUMBER_INT, "an integer");
  }

  private SpecException outOfRange(String min, String max) {
    return error("expected an integer from " + min + " to " + max + ", found " + numberText());
  }

  private String numberText() {
    try {
      String text = parser.getText();
      return text.length() <= MAX_QUOTED_CHARS ? text : text.substring(0, MAX_QUOTED_CHARS) + "…";
    } catch (IOException e) {
      throw malformed(e);
    }
  }

  private SpecException unexpected(String expected) {
    return error("expected " + expected + ", found " + found());
  }

  private String found() {
    JsonToken token = parser.currentToken();
    if (token == null) {
      return "nothing";
    }
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
      case VALUE_TRUE, VALUE_FALSE -> "a boolean";
      case VALUE_NULL -> "null";
      case END_OBJECT, END_ARRAY, FIELD_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
          "the end of a structure";
    };
  }

  /** What the kernel takes ends at NUL, and what cannot be encoded would be changed in silence. */
  private void checkText(String text) {
    int length = text.length();
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c == 0) {
        throw error("a string contains a NUL character");
      }
      if (Character.isSurrogate(c)) {
        if (Character.isLowSurrogate(c)
            || i + 1 == length
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          throw error("a string contains half of a surrogate pair");
        }
        i++;
      }
    }
  }

  private SpecException malformed(IOException e) {
    int line = 0;
    int column = 0;
    String reason = e.getMessage();
    if (e instanceof JsonProcessingException json) {
      reason = json.getOriginalMessage();
      JsonLocation location = json.getLocation();
      if (location != null) {
        line = Math.max(location.getLineNr(), 0);
        column = Math.max(location.getColumnNr(), 0);
      }
    }
    if (line == 0) {
      JsonLocation location = parser.currentLocation();
      line = location.getLineNr();
      column = location.getColumnNr();
    }
    return new SpecException(
        fileName, line, column, pointer(), "malformed JSON: " + oneLine(String.valueOf(reason)));
  }

  private static String oneLine(String text) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      line.append(c < ' ' || Character.isSurrogate(c) ? ' ' : c);
    }
    return line.toString();
  }
}
