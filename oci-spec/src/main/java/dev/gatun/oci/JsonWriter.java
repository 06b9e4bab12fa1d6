package dev.gatun.oci;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON into a byte array. It is not Jackson's generator, because a short command writes a
 * few hundred bytes and this is one class to load; and because the reader's tests are then not the
 * writer's own.
 *
 * <p>The caller opens and closes structures in order; the result is well-formed only then. Half of
 * a surrogate pair is written as a question mark.
 */
public final class JsonWriter {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.ISO_8859_1);

  private final byte @Nullable [] indent;
  private byte[] bytes = new byte[1024];
  private int size;
  private int depth;
  private boolean first = true;
  private boolean afterName;

  private JsonWriter(byte @Nullable [] indent) {
    this.indent = indent;
  }

  /**
   * Makes a writer without white space.
   *
   * @return a writer
   */
  public static JsonWriter compact() {
    return new JsonWriter(null);
  }

  /**
   * Makes a writer with a line for each value.
   *
   * @param indent what a level is indented by, such as a tab or two spaces
   * @return a writer
   */
  public static JsonWriter pretty(String indent) {
    return new JsonWriter(indent.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Begins an object.
   *
   * @return this writer
   */
  public JsonWriter beginObject() {
    begin('{');
    return this;
  }

  /**
   * Ends an object.
   *
   * @return this writer
   */
  public JsonWriter endObject() {
    end('}');
    return this;
  }

  /**
   * Begins an array.
   *
   * @return this writer
   */
  public JsonWriter beginArray() {
    begin('[');
    return this;
  }

  /**
   * Ends an array.
   *
   * @return this writer
   */
  public JsonWriter endArray() {
    end(']');
    return this;
  }

  /**
   * Writes the name of an object's next member; a value or structure has to follow.
   *
   * @param name the name
   * @return this writer
   */
  public JsonWriter name(String name) {
    separate();
    text(name);
    put(':');
    if (indent != null) {
      put(' ');
    }
    afterName = true;
    return this;
  }

  /**
   * Writes a string.
   *
   * @param value the string
   * @return this writer
   */
  public JsonWriter value(String value) {
    separate();
    text(value);
    return this;
  }

  /**
   * Writes a number.
   *
   * @param value the number
   * @return this writer
   */
  public JsonWriter value(long value) {
    literal(Long.toString(value));
    return this;
  }

  /**
   * Writes a boolean.
   *
   * @param value the boolean
   * @return this writer
   */
  public JsonWriter value(boolean value) {
    literal(value ? "true" : "false");
    return this;
  }

  /**
   * Writes null.
   *
   * @return this writer
   */
  public JsonWriter nullValue() {
    literal("null");
    return this;
  }

  /**
   * Writes a value that is JSON already, as {@link JsonInput#raw()} gives it.
   *
   * @param json one value, well-formed
   * @return this writer
   */
  public JsonWriter rawValue(byte[] json) {
    separate();
    put(json, 0, json.length);
    return this;
  }

  /**
   * Writes a member that is a string.
   *
   * @param name the name
   * @param value the value
   * @return this writer
   */
  public JsonWriter member(String name, String value) {
    return name(name).value(value);
  }

  /**
   * Writes a member that is a number.
   *
   * @param name the name
   * @param value the value
   * @return this writer
   */
  public JsonWriter member(String name, long value) {
    return name(name).value(value);
  }

  /**
   * Writes a member that is a boolean.
   *
   * @param name the name
   * @param value the value
   * @return this writer
   */
  public JsonWriter member(String name, boolean value) {
    return name(name).value(value);
  }

  /**
   * Writes a member that is a uint64.
   *
   * @param name the name
   * @param value the value, read as unsigned
   * @return this writer
   */
  public JsonWriter unsignedMember(String name, long value) {
    name(name).literal(Long.toUnsignedString(value));
    return this;
  }

  /**
   * Writes a member that is a number with two digits behind the point, as few of them as it takes.
   *
   * @param name the name
   * @param hundredths the number's hundredfold, not negative
   * @return this writer
   */
  public JsonWriter hundredthsMember(String name, long hundredths) {
    long rest = hundredths % 100;
    String digits =
        rest == 0 ? "" : rest % 10 == 0 ? "." + rest / 10 : rest < 10 ? ".0" + rest : "." + rest;
    name(name).literal(hundredths / 100 + digits);
    return this;
  }

  /**
   * Returns what was written; pretty output ends with a newline.
   *
   * @return the document's UTF-8, a new array
   */
  public byte[] toByteArray() {
    if (indent == null) {
      return Arrays.copyOf(bytes, size);
    }
    byte[] copy = Arrays.copyOf(bytes, size + 1);
    copy[size] = '\n';
    return copy;
  }

  void optional(String name, @Nullable String value) {
    if (value != null) {
      member(name, value);
    }
  }

  void optional(String name, @Nullable Boolean value) {
    if (value != null) {
      member(name, value.booleanValue());
    }
  }

  void optional(String name, @Nullable Integer value) {
    if (value != null) {
      member(name, value.longValue());
    }
  }

  void optional(String name, @Nullable Long value) {
    if (value != null) {
      member(name, value.longValue());
    }
  }

  void optionalUnsigned(String name, @Nullable Long value) {
    if (value != null) {
      unsignedMember(name, value);
    }
  }

  void optional(String name, @Nullable List<String> values) {
    if (values != null) {
      name(name).beginArray();
      for (String value : values) {
        value(value);
      }
      endArray();
    }
  }

  void unlessEmpty(String name, List<String> values) {
    if (!values.isEmpty()) {
      optional(name, values);
    }
  }

  void unlessEmpty(String name, Map<String, String> values) {
    if (!values.isEmpty()) {
      name(name).beginObject();
      for (Map.Entry<String, String> entry : values.entrySet()) {
        member(entry.getKey(), entry.getValue());
      }
      endObject();
    }
  }

  private void begin(char bracket) {
    separate();
    put(bracket);
    depth++;
    first = true;
  }

  private void end(char bracket) {
    depth--;
    if (!first) {
      newLine();
    }
    put(bracket);
    first = false;
  }

  /** Puts what belongs between the last value and the next one. */
  private void separate() {
    if (afterName) {
      afterName = false;
      return;
    }
    if (depth > 0) {
      if (!first) {
        put(',');
      }
      newLine();
    }
    first = false;
  }

  private void newLine() {
    if (indent != null) {
      put('\n');
      for (int i = 0; i < depth; i++) {
        put(indent, 0, indent.length);
      }
    }
  }

  private void literal(String text) {
    separate();
    byte[] ascii = text.getBytes(StandardCharsets.ISO_8859_1);
    put(ascii, 0, ascii.length);
  }

  private void text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    put('"');
    int start = 0;
    for (int i = 0; i < utf8.length; i++) {
      byte b = utf8[i];
      if ((b >= 0 && b < ' ') || b == '"' || b == '\\') {
        put(utf8, start, i);
        escape(b);
        start = i + 1;
      }
    }
    put(utf8, start, utf8.length);
    put('"');
  }

  private void escape(byte b) {
    put('\\');
    switch (b) {
      case '"', '\\' -> put((char) b);
      case '\n' -> put('n');
      case '\r' -> put('r');
      case '\t' -> put('t');
      default -> {
        put('u');
        put('0');
        put('0');
        put((char) HEX[b >> 4]);
        put((char) HEX[b & 15]);
      }
    }
  }

  private void put(char ascii) {
    ensure(1);
    bytes[size++] = (byte) ascii;
  }

  private void put(byte[] from, int start, int end) {
    int length = end - start;
    ensure(length);
    System.arraycopy(from, start, bytes, size, length);
    size += length;
  }

  private void ensure(int more) {
    if (bytes.length - size < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
    }
  }
}
