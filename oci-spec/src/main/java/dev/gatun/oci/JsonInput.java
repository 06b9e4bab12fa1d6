package dev.gatun.oci;

import dev.gatun.oci.JsonTokens.Token;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A document that is being read: a cursor over its tokens which hands out values of the
 * specification's types and turns every failure into a {@link SpecException}.
 *
 * <p>A method that reads a value is called with the cursor on the value's first token, and leaves
 * it on the last one.
 */
public final class JsonInput {
  /** A config is trusted, but a runaway generator must not take the machine's memory. */
  private static final int MAX_DOCUMENT_BYTES = 16 << 20;

  private static final int MAX_QUOTED_CHARS = 60;

  private static final String UINT64_MAX = "18446744073709551615";
  private static final String INT64_MAX_DIGITS = "9223372036854775807";
  private static final String INT64_MIN_DIGITS = "9223372036854775808";

  private final byte[] utf8;
  private final JsonTokens tokens;
  private final List<String> unknownProperties = new ArrayList<>();

  /**
   * Puts the cursor on the first token.
   *
   * @param utf8 the document
   * @param fileName what messages call it
   * @throws SpecException when it is empty, too large, or does not begin like JSON
   */
  public JsonInput(byte[] utf8, String fileName) {
    if (utf8.length > MAX_DOCUMENT_BYTES) {
      throw new SpecException(
          fileName, 0, 0, "", "larger than " + MAX_DOCUMENT_BYTES + " bytes: " + utf8.length);
    }
    this.utf8 = utf8;
    this.tokens = new JsonTokens(utf8, fileName);
    tokens.next();
  }

  /** Checks that nothing follows the document's value. */
  public void end() {
    tokens.end();
  }

  List<String> unknownProperties() {
    return unknownProperties;
  }

  // --- structure

  /** Enters an object. */
  public void beginObject() {
    expect(Token.BEGIN_OBJECT, "an object");
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
      if (name == null || tokens.token() != Token.NULL) {
        return name;
      }
    }
  }

  /**
   * Moves to the value of the map's next entry, which may be null.
   *
   * @return the entry's name, or null at the end of the object
   */
  public @Nullable String nextEntry() {
    if (tokens.next() == Token.END_OBJECT) {
      return null;
    }
    String name = tokens.text();
    tokens.next();
    return name;
  }

  /**
   * Enters an array.
   *
   * @param of what it is of, for messages
   */
  public void beginArray(String of) {
    expect(Token.BEGIN_ARRAY, "an array of " + of);
  }

  /**
   * Moves to the array's next element.
   *
   * @return false at the end of the array
   */
  public boolean nextElement() {
    return tokens.next() != Token.END_ARRAY;
  }

  /** Passes over a property that the specification does not define for Linux, and remembers it. */
  public void skipUnknown() {
    unknownProperties.add(tokens.pointer());
    tokens.skip();
  }

  /**
   * Any value, passed over, as it is written in the document: for who hands it on and needs to know
   * nothing of it but that it is well-formed.
   *
   * @return its UTF-8, from its first byte to its last
   */
  public byte[] raw() {
    int start = tokens.offset();
    tokens.skip();
    return Arrays.copyOfRange(utf8, start, tokens.position());
  }

  /** Whether the value is null. */
  public boolean isNull() {
    return tokens.token() == Token.NULL;
  }

  // --- values

  /**
   * A string.
   *
   * @return its text
   */
  public String string() {
    expect(Token.STRING, "a string");
    return tokens.text();
  }

  /**
   * True or false.
   *
   * @return which
   */
  public boolean bool() {
    Token token = tokens.token();
    if (token != Token.TRUE && token != Token.FALSE) {
      throw unexpected("true or false");
    }
    return token == Token.TRUE;
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
    String digits = integerDigits();
    if (digits.charAt(0) != '-' && fits(digits, 0, UINT64_MAX)) {
      return magnitude(digits, 0);
    }
    if (digits.equals("-0")) {
      return 0;
    }
    throw outOfRange("0", UINT64_MAX);
  }

  private long integer(long min, long max) {
    String digits = integerDigits();
    boolean negative = digits.charAt(0) == '-';
    if (fits(digits, negative ? 1 : 0, negative ? INT64_MIN_DIGITS : INT64_MAX_DIGITS)) {
      long value = negative ? -magnitude(digits, 1) : magnitude(digits, 0);
      if (value >= min && value <= max) {
        return value;
      }
    }
    throw outOfRange(Long.toString(min), Long.toString(max));
  }

  /** Compares digits, which have no leading zeros, with those of a maximum. */
  private static boolean fits(String digits, int start, String max) {
    int length = digits.length() - start;
    return length < max.length()
        || (length == max.length() && digits.substring(start).compareTo(max) <= 0);
  }

  /** Reads digits that fit into 64 bits; they wrap around as a uint64 does. */
  private static long magnitude(String digits, int start) {
    long value = 0;
    for (int i = start; i < digits.length(); i++) {
      value = value * 10 + (digits.charAt(i) - '0');
    }
    return value;
  }

  /**
   * An array of strings.
   *
   * @return its elements
   */
  public List<String> strings() {
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

  /**
   * Makes an error about the current token.
   *
   * @param problem what is wrong with it, in lower case, without a full stop
   * @return the error, to be thrown
   */
  public SpecException error(String problem) {
    return tokens.error(problem);
  }

  /**
   * Makes an error about a value that was passed already, for rules that join several.
   *
   * @param pointer the value's JSON pointer
   * @param problem what is wrong with it, in lower case, without a full stop
   * @return the error, to be thrown
   */
  public SpecException error(String pointer, String problem) {
    return tokens.at(locate(utf8, pointer), pointer, problem);
  }

  /**
   * Makes an error about the object that just ended.
   *
   * @param name the property that is not in it
   * @return the error, to be thrown
   */
  public SpecException missing(String name) {
    return error(tokens.pointer(), "missing property " + quoted(name));
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
   * Adds line and column to an error, those of the value that its JSON pointer names or of the
   * nearest value around it. Reads the document once more, so that only failures pay for it.
   */
  static SpecException located(byte[] utf8, SpecException e) {
    return new JsonTokens(utf8, e.fileName())
        .at(locate(utf8, e.pointer()), e.pointer(), e.problem());
  }

  private static int locate(byte[] utf8, String pointer) {
    JsonTokens tokens = new JsonTokens(utf8, "");
    int found = 0;
    int length = -1;
    int depth = 0;
    do {
      Token token = tokens.next();
      if (token == Token.END_OBJECT || token == Token.END_ARRAY) {
        depth--;
        continue;
      }
      if (token == Token.NAME) {
        continue;
      }
      if (token == Token.BEGIN_OBJECT || token == Token.BEGIN_ARRAY) {
        depth++;
      }
      String here = tokens.pointer();
      boolean around =
          pointer.startsWith(here)
              && (pointer.length() == here.length() || pointer.charAt(here.length()) == '/');
      if (around && here.length() > length) {
        found = tokens.offset();
        length = here.length();
      }
    } while (depth > 0 && length < pointer.length());
    return found;
  }

  private void expect(Token token, String what) {
    if (tokens.token() != token) {
      throw unexpected(what);
    }
  }

  private String integerDigits() {
    expect(Token.NUMBER, "an integer");
    String text = tokens.text();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '-' && (c < '0' || c > '9')) {
        throw error("expected an integer, found " + text);
      }
    }
    return text;
  }

  private SpecException outOfRange(String min, String max) {
    return error("expected an integer from " + min + " to " + max + ", found " + tokens.text());
  }

  private SpecException unexpected(String expected) {
    return error("expected " + expected + ", found " + found());
  }

  private String found() {
    Token token = tokens.token();
    if (token == null) {
      return "nothing";
    }
    return switch (token) {
      case BEGIN_OBJECT -> "an object";
      case BEGIN_ARRAY -> "an array";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case TRUE, FALSE -> "a boolean";
      case NULL -> "null";
      case END_OBJECT, END_ARRAY, NAME -> "the end of a structure";
    };
  }
}
