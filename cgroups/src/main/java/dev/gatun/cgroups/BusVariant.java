package dev.gatun.cgroups;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A value of D-Bus that a person wrote: GLib's "GVariant Text Format", as annotations give
 * properties of systemd. Types that are not said are taken from the elements beside, and else are
 * those of the format: {@code i} for a number, {@code d} for one with a point or an exponent,
 * {@code s} for a string.
 *
 * <p>Of the format, {@code maybe} types are refused, which D-Bus does not have.
 */
final class BusVariant {
  private static final int NESTED_MAX = 32;
  private static final int SIGNATURE_MAX = 255;
  private static final long MICROSECONDS = 1_000_000;

  /** The keywords of the format and their types. */
  private static final String[] KEYWORDS = {
    "boolean",
    "b",
    "byte",
    "y",
    "int16",
    "n",
    "uint16",
    "q",
    "int32",
    "i",
    "uint32",
    "u",
    "int64",
    "x",
    "uint64",
    "t",
    "double",
    "d",
    "string",
    "s",
    "objectpath",
    "o",
    "signature",
    "g"
  };

  private enum Kind {
    BOOLEAN,
    NUMBER,
    STRING,
    BYTES,
    ARRAY,
    DICTIONARY,
    TUPLE,
    VARIANT
  }

  /**
   * A part of the text.
   *
   * @param said the type that the text says it has, or null
   * @param text of a value without children
   * @param children of an array, tuple or variant; of a dictionary its keys and values by turns
   */
  private record Node(Kind kind, @Nullable String said, String text, List<Node> children) {}

  private final String text;
  private int at;

  private BusVariant(String text) {
    this.text = text;
  }

  /**
   * A value.
   *
   * @param signature its type, of D-Bus
   * @param node what it is made of
   */
  record Value(String signature, Node node) {
    /** Appends it to a message. */
    void put(BusMessage message) {
      BusVariant.put(message, signature, node);
    }

    /**
     * A number of seconds as one of microseconds, whose type is {@code t}.
     *
     * @throws IllegalArgumentException if it is no number, or less than 0 or too large
     */
    Value inMicroseconds() {
      if (node.kind() != Kind.NUMBER) {
        throw new IllegalArgumentException("is no number of seconds");
      }
      long micros;
      if (signature.equals("d")) {
        double number = Double.parseDouble(node.text()) * MICROSECONDS;
        if (!(number >= 0 && number < 0x1p63)) {
          throw new IllegalArgumentException("is no time that systemd can have");
        }
        micros = (long) number;
      } else {
        long number = integer(node.text(), signature);
        // A number of type t above the largest long is negative here, and too large by far.
        if (number < 0 || number > Long.MAX_VALUE / MICROSECONDS) {
          throw new IllegalArgumentException("is no time that systemd can have");
        }
        micros = number * MICROSECONDS;
      }
      return new Value("t", new Node(Kind.NUMBER, "t", "" + micros, List.of()));
    }
  }

  /**
   * Reads a value.
   *
   * @param text the value
   * @return it
   * @throws IllegalArgumentException saying what is wrong, as the end of a sentence
   */
  static Value parse(String text) {
    BusVariant parser = new BusVariant(text);
    Node node = parser.node(0);
    parser.blanks();
    if (parser.at < text.length()) {
      throw parser.wrong("something behind the value");
    }
    String signature = definite(node);
    if (signature == null) {
      signature = usual(node);
    }
    if (signature.length() > SIGNATURE_MAX) {
      throw new IllegalArgumentException("has too long a type");
    }
    Value value = new Value(signature, node);
    // What does not fit its type is found by trying.
    value.put(new BusMessage(1, "a", "/", "a", "a", ""));
    return value;
  }

  // --- the text

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException("has " + what + " at character " + (at + 1));
  }

  private void blanks() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  /** The next character that is no blank, 0 at the end. */
  private char peek() {
    blanks();
    return at < text.length() ? text.charAt(at) : 0;
  }

  private void expect(char mark) {
    if (peek() != mark) {
      throw wrong("no '" + mark + "'");
    }
    at++;
  }

  private Node node(int depth) {
    if (depth > NESTED_MAX) {
      throw wrong("too many values in each other");
    }
    char first = peek();
    String said = null;
    if (first == '@') {
      int from = ++at;
      while (at < text.length() && !Character.isWhitespace(text.charAt(at))) {
        at++;
      }
      said = text.substring(from, at);
      if (said.isEmpty() || end(said, 0) != said.length()) {
        throw wrong("no type of D-Bus");
      }
      first = peek();
    } else if (isLetter(first) && !isBytes()) {
      said = keyword();
      if (said != null) {
        first = peek();
      }
    }
    return value(first, said, depth);
  }

  /** The type that a keyword stands for; null, and nothing is read, for the two truth values. */
  private @Nullable String keyword() {
    int end = at;
    while (end < text.length() && (isLetter(text.charAt(end)) || isDigit(text.charAt(end)))) {
      end++;
    }
    String word = text.substring(at, end);
    if (word.equals("true") || word.equals("false")) {
      return null;
    }
    for (int i = 0; i < KEYWORDS.length; i += 2) {
      if (KEYWORDS[i].equals(word)) {
        at = end;
        return KEYWORDS[i + 1];
      }
    }
    throw wrong("no value");
  }

  private Node value(char first, @Nullable String said, int depth) {
    return switch (first) {
      case '[' -> new Node(Kind.ARRAY, said, "", elements(']', depth));
      case '(' -> {
        List<Node> children = elements(')', depth);
        if (children.isEmpty()) {
          throw wrong("an empty structure");
        }
        yield new Node(Kind.TUPLE, said, "", children);
      }
      case '{' -> new Node(Kind.DICTIONARY, said, "", entries(depth));
      case '<' -> {
        at++;
        Node child = node(depth + 1);
        expect('>');
        yield new Node(Kind.VARIANT, said, "", List.of(child));
      }
      case '\'', '"' -> new Node(Kind.STRING, said, quoted(), List.of());
      default -> {
        if (isBytes()) {
          at++;
          yield new Node(Kind.BYTES, said, quotedBytes(), List.of());
        }
        yield word(first, said);
      }
    };
  }

  private Node word(char first, @Nullable String said) {
    int from = at;
    while (at < text.length() && isOfWord(text.charAt(at))) {
      at++;
    }
    String word = text.substring(from, at);
    if (word.equals("true") || word.equals("false")) {
      return new Node(Kind.BOOLEAN, said, word, List.of());
    }
    if (isDigit(first) || first == '-' || first == '+' || first == '.') {
      return new Node(Kind.NUMBER, said, word, List.of());
    }
    at = from;
    throw wrong("no value");
  }

  private List<Node> elements(char end, int depth) {
    at++;
    List<Node> children = new ArrayList<>();
    while (peek() != end) {
      children.add(node(depth + 1));
      if (peek() != end) {
        expect(',');
      }
    }
    at++;
    return children;
  }

  private List<Node> entries(int depth) {
    at++;
    List<Node> children = new ArrayList<>();
    while (peek() != '}') {
      children.add(node(depth + 1));
      expect(':');
      children.add(node(depth + 1));
      if (peek() != '}') {
        expect(',');
      }
    }
    at++;
    return children;
  }

  private boolean isBytes() {
    return at + 1 < text.length()
        && text.charAt(at) == 'b'
        && (text.charAt(at + 1) == '\'' || text.charAt(at + 1) == '"');
  }

  private String quoted() {
    char quote = text.charAt(at++);
    StringBuilder out = new StringBuilder();
    while (at < text.length() && text.charAt(at) != quote) {
      char c = text.charAt(at++);
      if (c != '\\') {
        out.append(c);
        continue;
      }
      if (at == text.length()) {
        break;
      }
      escape(out, text.charAt(at++));
    }
    if (at == text.length()) {
      throw wrong("no end of a string");
    }
    at++;
    return out.toString();
  }

  /** Bytes, each as the character of its number. */
  private String quotedBytes() {
    char quote = text.charAt(at++);
    StringBuilder out = new StringBuilder();
    while (at < text.length() && text.charAt(at) != quote) {
      int c = text.codePointAt(at);
      at += Character.charCount(c);
      if (c == '\\' && at < text.length()) {
        c = text.charAt(at++);
        if (c == 'x') {
          out.append((char) digits(16, 2));
        } else if (c >= '0' && c <= '3') {
          at--;
          out.append((char) digits(8, 3));
        } else if (c == 'u' || c == 'U') {
          throw wrong("a bad escape");
        } else {
          escape(out, (char) c);
        }
        continue;
      }
      for (byte one : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
        out.append((char) (one & 0xff));
      }
    }
    if (at == text.length()) {
      throw wrong("no end of a string");
    }
    at++;
    return out.toString();
  }

  private void escape(StringBuilder out, char c) {
    switch (c) {
      case 'a' -> out.append('\u0007');
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'n' -> out.append('\n');
      case 'r' -> out.append('\r');
      case 't' -> out.append('\t');
      case 'v' -> out.append('\u000b');
      case '\n' -> {
        // Continues a line.
      }
      case 'u' -> out.appendCodePoint(codePoint(4));
      case 'U' -> out.appendCodePoint(codePoint(8));
      default -> out.append(c);
    }
  }

  private int codePoint(int digits) {
    int code = digits(16, digits);
    if (!Character.isValidCodePoint(code) || code == 0) {
      throw wrong("a bad escape");
    }
    return code;
  }

  private int digits(int base, int count) {
    if (at + count > text.length()) {
      throw wrong("a short escape");
    }
    int code = 0;
    for (int i = 0; i < count; i++) {
      int digit = Character.digit(text.charAt(at), base);
      if (digit < 0 || code >>> 24 != 0) {
        throw wrong("a bad escape");
      }
      code = code * base + digit;
      at++;
    }
    return code;
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isOfWord(char c) {
    return isLetter(c) || isDigit(c) || c == '+' || c == '-' || c == '.';
  }

  // --- types

  /** The type that is said, by the value or by one in it; null when none is. */
  private static @Nullable String definite(Node node) {
    if (node.said() != null) {
      return node.said();
    }
    return switch (node.kind()) {
      case BOOLEAN -> "b";
      case BYTES -> "ay";
      case VARIANT -> "v";
      case STRING -> null;
      case NUMBER -> isDouble(node.text()) ? "d" : null;
      case ARRAY -> {
        String element = definite(node.children(), 0, 1);
        yield element == null ? null : "a" + element;
      }
      case DICTIONARY -> {
        String key = definite(node.children(), 0, 2);
        String value = definite(node.children(), 1, 2);
        yield key == null && value == null
            ? null
            : "a{"
                + (key == null ? usual(first(node, 0)) : key)
                + (value == null ? usual(first(node, 1)) : value)
                + "}";
      }
      case TUPLE -> {
        boolean said = false;
        for (Node child : node.children()) {
          said |= definite(child) != null;
        }
        yield said ? tuple(node) : null;
      }
    };
  }

  private static @Nullable String definite(List<Node> nodes, int from, int step) {
    for (int i = from; i < nodes.size(); i += step) {
      String type = definite(nodes.get(i));
      if (type != null) {
        return type;
      }
    }
    return null;
  }

  /** The type that a value has when none is said. */
  private static String usual(Node node) {
    String said = definite(node);
    if (said != null) {
      return said;
    }
    return switch (node.kind()) {
      case NUMBER -> "i";
      case STRING -> "s";
      case ARRAY -> "a" + usual(first(node, 0));
      case DICTIONARY -> "a{" + usual(first(node, 0)) + usual(first(node, 1)) + "}";
      case TUPLE -> tuple(node);
      case BOOLEAN, BYTES, VARIANT -> throw new IllegalStateException("these say their type");
    };
  }

  private static Node first(Node node, int index) {
    if (node.children().size() <= index) {
      throw new IllegalArgumentException("is empty and does not say its type");
    }
    return node.children().get(index);
  }

  private static String tuple(Node node) {
    StringBuilder type = new StringBuilder("(");
    for (Node child : node.children()) {
      type.append(usual(child));
    }
    return type.append(')').toString();
  }

  private static boolean isDouble(String number) {
    boolean hexadecimal = number.indexOf('x') >= 0;
    return !hexadecimal
        && (number.indexOf('.') >= 0 || number.indexOf('e') >= 0 || number.indexOf('E') >= 0);
  }

  /** Where the complete type ends that begins at an index, or -1. */
  private static int end(String type, int from) {
    if (from >= type.length()) {
      return -1;
    }
    char c = type.charAt(from);
    if ("bynqiuxtdsogv".indexOf(c) >= 0) {
      return from + 1;
    }
    if (c == '(') {
      int next = from + 1;
      while (next > 0 && next < type.length() && type.charAt(next) != ')') {
        next = end(type, next);
      }
      return next > from + 1 && next < type.length() ? next + 1 : -1;
    }
    if (c != 'a') {
      return -1;
    }
    if (from + 1 < type.length() && type.charAt(from + 1) == '{') {
      int value = end(type, from + 2) == from + 3 ? end(type, from + 3) : -1;
      return value > 0 && value < type.length() && type.charAt(value) == '}' ? value + 1 : -1;
    }
    return end(type, from + 1);
  }

  // --- bytes

  private static void put(BusMessage out, String type, Node node) {
    if (node.said() != null && !node.said().equals(type)) {
      throw misfit(node, type);
    }
    char c = type.charAt(0);
    switch (node.kind()) {
      case BOOLEAN -> {
        fit(type.equals("b"), node, type);
        out.u32(node.text().equals("true") ? 1 : 0);
      }
      case NUMBER -> number(out, type, node);
      case STRING -> string(out, type, node);
      case BYTES -> {
        fit(type.equals("ay"), node, type);
        byte[] bytes = node.text().getBytes(StandardCharsets.ISO_8859_1);
        int array = out.begin(1);
        for (byte one : bytes) {
          out.number(one, 1);
        }
        // Byte strings end with a zero.
        out.number(0, 1);
        out.end(array, 1);
      }
      case ARRAY -> {
        fit(c == 'a' && type.charAt(1) != '{', node, type);
        String element = type.substring(1);
        int array = out.begin(alignment(element));
        for (Node child : node.children()) {
          put(out, element, child);
        }
        out.end(array, alignment(element));
      }
      case DICTIONARY -> {
        fit(c == 'a' && type.charAt(1) == '{', node, type);
        String key = type.substring(2, 3);
        String value = type.substring(3, type.length() - 1);
        fit("ayv({".indexOf(key.charAt(0)) < 0 || key.equals("y"), node, type);
        int array = out.begin(8);
        for (int i = 0; i < node.children().size(); i += 2) {
          out.align(8);
          put(out, key, node.children().get(i));
          put(out, value, node.children().get(i + 1));
        }
        out.end(array, 8);
      }
      case TUPLE -> tuple(out, type, node);
      case VARIANT -> {
        fit(c == 'v', node, type);
        Node child = node.children().getFirst();
        String own = usual(child);
        fit(own.length() <= SIGNATURE_MAX, node, type);
        out.signature(own);
        put(out, own, child);
      }
    }
  }

  private static void tuple(BusMessage out, String type, Node node) {
    fit(type.charAt(0) == '(', node, type);
    out.align(8);
    int from = 1;
    for (Node child : node.children()) {
      int to = end(type, from);
      fit(to > 0, node, type);
      put(out, type.substring(from, to), child);
      from = to;
    }
    fit(from == type.length() - 1, node, type);
  }

  private static void string(BusMessage out, String type, Node node) {
    String text = node.text();
    fit(text.indexOf('\0') < 0, node, type);
    switch (type) {
      case "s" -> out.string(text);
      case "o" -> {
        fit(isPath(text), node, type);
        out.string(text);
      }
      case "g" -> {
        int at = 0;
        while (at >= 0 && at < text.length()) {
          at = end(text, at);
        }
        fit(at >= 0 && text.length() <= SIGNATURE_MAX, node, type);
        out.signature(text);
      }
      default -> throw misfit(node, type);
    }
  }

  private static boolean isPath(String text) {
    if (text.equals("/")) {
      return true;
    }
    boolean good = text.startsWith("/") && !text.endsWith("/") && !text.contains("//");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      good &= isLetter(c) || isDigit(c) || c == '_' || c == '/';
    }
    return good;
  }

  private static void number(BusMessage out, String type, Node node) {
    switch (type) {
      case "d" -> {
        try {
          out.number(Double.doubleToRawLongBits(Double.parseDouble(node.text())), 8);
        } catch (NumberFormatException e) {
          throw misfit(node, type);
        }
      }
      case "y" -> out.number(integer(node.text(), type), 1);
      case "n", "q" -> out.number(integer(node.text(), type), 2);
      case "i", "u" -> out.number(integer(node.text(), type), 4);
      case "x", "t" -> out.number(integer(node.text(), type), 8);
      default -> throw misfit(node, type);
    }
  }

  /** A whole number, decimal, hexadecimal or octal, in the range of its type. */
  private static long integer(String word, String type) {
    boolean negative = word.startsWith("-");
    String digits = negative || word.startsWith("+") ? word.substring(1) : word;
    int base = 10;
    if (digits.startsWith("0x")) {
      base = 16;
      digits = digits.substring(2);
    } else if (digits.length() > 1 && digits.startsWith("0")) {
      base = 8;
    }
    boolean good = !digits.isEmpty() && Character.digit(digits.charAt(0), base) >= 0;
    long number = 0;
    try {
      number = good ? Long.parseUnsignedLong(digits, base) : 0;
    } catch (NumberFormatException e) {
      good = false;
    }
    int bits =
        switch (type) {
          case "y" -> 8;
          case "n", "q" -> 16;
          case "i", "u" -> 32;
          default -> 64;
        };
    if ("yqut".contains(type)) {
      good &= !negative || number == 0;
      good &= bits == 64 || number >>> bits == 0;
    } else {
      // The largest magnitude: one more below zero than above.
      long most = (1L << (bits - 1)) - (negative ? 0 : 1);
      good &= Long.compareUnsigned(number, most) <= 0;
    }
    if (!good) {
      throw new IllegalArgumentException("has " + word + " where type " + type + " is to be");
    }
    return negative ? -number : number;
  }

  private static int alignment(String type) {
    return switch (type.charAt(0)) {
      case 'y', 'g', 'v' -> 1;
      case 'n', 'q' -> 2;
      case 'x', 't', 'd', '(' -> 8;
      default -> 4;
    };
  }

  private static void fit(boolean fits, Node node, String type) {
    if (!fits) {
      throw misfit(node, type);
    }
  }

  private static IllegalArgumentException misfit(Node node, String type) {
    String what =
        switch (node.kind()) {
          case BOOLEAN -> "a truth value";
          case NUMBER -> "a number";
          case STRING -> "a string";
          case BYTES -> "a string of bytes";
          case ARRAY -> "an array";
          case DICTIONARY -> "a dictionary";
          case TUPLE -> "a structure";
          case VARIANT -> "a variant";
        };
    return new IllegalArgumentException("has " + what + " where type " + type + " is to be");
  }
}
