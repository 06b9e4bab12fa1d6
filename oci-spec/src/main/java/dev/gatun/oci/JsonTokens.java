package dev.gatun.oci;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a JSON document, RFC 8259, one after the other.
 *
 * <p>Strict: UTF-8 without a byte order mark, no duplicate names, no NUL and no half of a surrogate
 * pair in a string, nothing after the document's value. It is not Jackson's parser, because
 * initializing that initializes {@link java.math.BigDecimal}, and JDK 25's raises 5 to the 65536th
 * power there: 34 ms in interpreted mode, more than all else that a short command does.
 */
final class JsonTokens {
  /** Kinds of tokens. */
  enum Token {
    BEGIN_OBJECT,
    END_OBJECT,
    BEGIN_ARRAY,
    END_ARRAY,
    NAME,
    STRING,
    NUMBER,
    TRUE,
    FALSE,
    NULL
  }

  private static final int MAX_STRING_BYTES = 4 << 20;
  private static final int MAX_DEPTH = 64;
  private static final int MAX_NUMBER_BYTES = 64;

  /** From so many names on, a level's names are looked up by hash. */
  private static final int FEW_NAMES = 16;

  private final byte[] utf8;
  private final String fileName;
  private final Level[] levels = new Level[MAX_DEPTH + 1];
  private int depth;
  private int at;
  private int start;
  private @Nullable Token token;
  private String text = "";

  /** An object or array that is open. */
  private static final class Level {
    boolean array;
    int count;
    String name = "";
    String[] names = new String[8];
    @Nullable Set<String> manyNames;

    boolean isDuplicate(String name) {
      if (manyNames != null) {
        return !manyNames.add(name);
      }
      for (int i = 0; i < count; i++) {
        if (names[i].equals(name)) {
          return true;
        }
      }
      if (count == FEW_NAMES) {
        manyNames = new HashSet<>(Arrays.asList(names).subList(0, count));
        manyNames.add(name);
      }
      return false;
    }
  }

  /** The cursor stands before the first token. */
  JsonTokens(byte[] utf8, String fileName) {
    this.utf8 = utf8;
    this.fileName = fileName;
    for (byte b : utf8) {
      if (b < 0) {
        checkEncoding();
        break;
      }
    }
  }

  @Nullable Token token() {
    return token;
  }

  /** The characters of a name, string or number. */
  String text() {
    return text;
  }

  /** Moves to the next token; there has to be one. */
  Token next() {
    token = read();
    return token;
  }

  /** Checks that nothing follows the document's value. */
  void end() {
    skipSpaces();
    if (at < utf8.length) {
      throw malformed("text after the end of the document");
    }
  }

  /** Moves to the end of the object or array that the cursor is at the beginning of, if it is. */
  void skip() {
    if (token == Token.BEGIN_OBJECT || token == Token.BEGIN_ARRAY) {
      int outer = depth - 1;
      while (depth > outer) {
        next();
      }
    }
  }

  /** Makes an error about the current token. */
  SpecException error(String problem) {
    return at(start, pointer(), problem);
  }

  /** Makes an error about a place in the document. */
  SpecException at(int offset, String pointer, String problem) {
    int line = 1;
    int lineStart = 0;
    for (int i = 0; i < offset; i++) {
      if (utf8[i] == '\n') {
        line++;
        lineStart = i + 1;
      }
    }
    return new SpecException(fileName, line, offset - lineStart + 1, pointer, problem);
  }

  /** Where the current token begins. */
  int offset() {
    return start;
  }

  /** Where what follows the current token begins, white space perhaps. */
  int position() {
    return at;
  }

  /** The JSON pointer of the current value, name, or structure that begins or ended. */
  String pointer() {
    StringBuilder pointer = new StringBuilder();
    for (int i = 1; i <= depth; i++) {
      Level level = levels[i];
      if (level.count == 0) {
        continue;
      }
      if (level.array) {
        pointer.append('/').append(level.count - 1);
      } else {
        pointer.append(Rules.pointerPart(level.name));
      }
    }
    return pointer.toString();
  }

  private Token read() {
    if (token == Token.NAME) {
      skipSpaces();
      expect(':', "a colon");
      return value();
    }
    if (depth == 0) {
      return value();
    }
    skipSpaces();
    Level level = levels[depth];
    byte b = at < utf8.length ? utf8[at] : 0;
    if (b == (level.array ? ']' : '}')) {
      start = at++;
      depth--;
      return level.array ? Token.END_ARRAY : Token.END_OBJECT;
    }
    if (level.count > 0) {
      expect(',', level.array ? "a comma or ]" : "a comma or }");
    }
    if (level.array) {
      level.count++;
      return value();
    }
    return name(level);
  }

  private Token name(Level level) {
    skipSpaces();
    if (at == utf8.length || utf8[at] != '"') {
      throw malformed("expected a name in quotation marks");
    }
    string();
    boolean duplicate = level.isDuplicate(text);
    if (level.count < FEW_NAMES) {
      if (level.count == level.names.length) {
        level.names = Arrays.copyOf(level.names, FEW_NAMES);
      }
      level.names[level.count] = text;
    }
    level.name = text;
    level.count++;
    if (duplicate) {
      throw at(start, pointer(), "malformed JSON: a duplicate name");
    }
    return Token.NAME;
  }

  private Token value() {
    skipSpaces();
    if (at == utf8.length) {
      throw malformed("expected a value");
    }
    start = at;
    return switch (utf8[at]) {
      case '"' -> string();
      case '{' -> open(false);
      case '[' -> open(true);
      case 't' -> word("true", Token.TRUE);
      case 'f' -> word("false", Token.FALSE);
      case 'n' -> word("null", Token.NULL);
      default -> number();
    };
  }

  private Token open(boolean array) {
    if (depth == MAX_DEPTH) {
      throw malformed("nested deeper than " + MAX_DEPTH + " levels");
    }
    at++;
    depth++;
    Level level = levels[depth];
    if (level == null) {
      level = new Level();
      levels[depth] = level;
    }
    level.array = array;
    level.count = 0;
    level.manyNames = null;
    return array ? Token.BEGIN_ARRAY : Token.BEGIN_OBJECT;
  }

  private Token word(String word, Token kind) {
    for (int i = 0; i < word.length(); i++) {
      if (at + i == utf8.length || utf8[at + i] != word.charAt(i)) {
        throw malformed("expected a value");
      }
    }
    at += word.length();
    return kind;
  }

  private Token number() {
    int i = at;
    if (byteAt(i) == '-') {
      i++;
    }
    int digits = i;
    i = digitsEnd(i);
    if (i == digits || (utf8[digits] == '0' && i - digits > 1)) {
      throw malformed("expected a value");
    }
    if (byteAt(i) == '.') {
      int fraction = i + 1;
      i = digitsEnd(fraction);
      if (i == fraction) {
        throw malformed("expected a number");
      }
    }
    if (byteAt(i) == 'e' || byteAt(i) == 'E') {
      i++;
      if (byteAt(i) == '+' || byteAt(i) == '-') {
        i++;
      }
      int exponent = i;
      i = digitsEnd(i);
      if (i == exponent) {
        throw malformed("expected a number");
      }
    }
    if (i - at > MAX_NUMBER_BYTES) {
      throw malformed("a number longer than " + MAX_NUMBER_BYTES + " characters");
    }
    text = new String(utf8, at, i - at, StandardCharsets.ISO_8859_1);
    at = i;
    return Token.NUMBER;
  }

  private int digitsEnd(int from) {
    int i = from;
    while (byteAt(i) >= '0' && byteAt(i) <= '9') {
      i++;
    }
    return i;
  }

  private byte byteAt(int i) {
    return i < utf8.length ? utf8[i] : 0;
  }

  /** Reads a string into {@link #text}, from its quotation mark on. */
  private Token string() {
    start = at;
    int i = at + 1;
    int from = i;
    boolean ascii = true;
    while (true) {
      if (i == utf8.length) {
        at = i;
        throw malformed("a string has no end");
      }
      byte b = utf8[i];
      if (b == '"') {
        break;
      }
      if (b == '\\') {
        return escaped(from, i);
      }
      if (b < 0) {
        ascii = false;
      } else if (b < ' ') {
        at = i;
        throw malformed("a control character in a string");
      }
      i++;
    }
    at = i + 1;
    checkLength(i - from);
    text =
        new String(
            utf8, from, i - from, ascii ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8);
    return Token.STRING;
  }

  /** Reads a string with escapes; the first one is at {@code i}. */
  private Token escaped(int from, int i) {
    StringBuilder result = new StringBuilder();
    int plain = from;
    boolean checks = false;
    while (true) {
      if (i == utf8.length) {
        at = i;
        throw malformed("a string has no end");
      }
      byte b = utf8[i];
      if (b == '"') {
        break;
      }
      if (b >= 0 && b < ' ') {
        at = i;
        throw malformed("a control character in a string");
      }
      if (b != '\\') {
        i++;
        continue;
      }
      result.append(new String(utf8, plain, i - plain, StandardCharsets.UTF_8));
      at = i;
      switch (byteAt(i + 1)) {
        case '"' -> result.append('"');
        case '\\' -> result.append('\\');
        case '/' -> result.append('/');
        case 'b' -> result.append('\b');
        case 'f' -> result.append('\f');
        case 'n' -> result.append('\n');
        case 'r' -> result.append('\r');
        case 't' -> result.append('\t');
        case 'u' -> {
          char c = hex(i + 2);
          checks |= c == 0 || Character.isSurrogate(c);
          result.append(c);
          i += 4;
        }
        default -> throw malformed("an unknown escape in a string");
      }
      i += 2;
      plain = i;
    }
    result.append(new String(utf8, plain, i - plain, StandardCharsets.UTF_8));
    at = i + 1;
    checkLength(i - from);
    text = result.toString();
    if (checks) {
      checkText();
    }
    return Token.STRING;
  }

  private char hex(int from) {
    int value = 0;
    for (int i = from; i < from + 4; i++) {
      int digit = Character.digit(byteAt(i), 16);
      if (digit < 0) {
        throw malformed("an escape without four digits in a string");
      }
      value = value << 4 | digit;
    }
    return (char) value;
  }

  private void checkLength(int length) {
    if (length > MAX_STRING_BYTES) {
      at = start;
      throw malformed("a string longer than " + MAX_STRING_BYTES + " bytes");
    }
  }

  /** What the kernel takes ends at NUL, and what cannot be encoded would be changed in silence. */
  private void checkText() {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0) {
        throw error("a string contains a NUL character");
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        throw error("a string contains half of a surrogate pair");
      }
    }
  }

  private void checkEncoding() {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(utf8);
    CharBuffer out = CharBuffer.allocate(1024);
    while (true) {
      CoderResult result = decoder.decode(in, out, true);
      if (result.isError()) {
        throw at(in.position(), "", "malformed JSON: not UTF-8");
      }
      if (result.isUnderflow()) {
        return;
      }
      out.clear();
    }
  }

  private void expect(char wanted, String what) {
    if (at == utf8.length || utf8[at] != wanted) {
      throw malformed("expected " + what);
    }
    at++;
  }

  private void skipSpaces() {
    while (at < utf8.length) {
      byte b = utf8[at];
      if (b != ' ' && b != '\n' && b != '\t' && b != '\r') {
        return;
      }
      at++;
    }
  }

  /** Makes an error about the byte that the reader stopped at. */
  private SpecException malformed(String problem) {
    String where = at < utf8.length ? "" : ", found the end of the document";
    return at(at, pointer(), "malformed JSON: " + problem + where);
  }
}
