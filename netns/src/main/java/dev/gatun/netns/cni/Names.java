package dev.gatun.netns.cni;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What names have to look like, and how they and the words of others are put into messages. */
final class Names {
  /** IFNAMSIZ without the NUL. */
  private static final int MAX_INTERFACE_BYTES = 15;

  private static final int MAX_WORDS = 1000;
  private static final int MAX_QUOTED = 60;

  private Names() {}

  /** Whether a text is a name of a network or of a container: they end up in paths. */
  static boolean isName(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c);
      if (!alphanumeric && (i == 0 || (c != '_' && c != '.' && c != '-'))) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  /** Whether a text is a plugin's type: the name of a file in a directory. */
  static boolean isType(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '/' || c == '\\' || c <= ' ' || c == 0x7f) {
        return false;
      }
    }
    return !text.isEmpty() && !text.equals(".") && !text.equals("..");
  }

  /** Whether the kernel takes a text as an interface's name. */
  static boolean isInterface(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '/' || c == ':' || c <= ' ' || c == 0x7f) {
        return false;
      }
    }
    return !text.isEmpty()
        && text.getBytes(StandardCharsets.UTF_8).length <= MAX_INTERFACE_BYTES
        && !text.equals(".")
        && !text.equals("..");
  }

  /** Whether a text is three numbers with points between them. */
  static boolean isVersion(String text) {
    int points = 0;
    boolean number = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '.' && number) {
        points++;
        number = false;
      } else if (isDigit(c)) {
        number = true;
      } else {
        return false;
      }
    }
    return number && points == 2;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** A text of somebody's in quotation marks: bounded, and on one line. */
  static String quoted(String text) {
    StringBuilder line = new StringBuilder("\"");
    for (int i = 0; i < text.length() && i < MAX_QUOTED; i++) {
      char c = text.charAt(i);
      line.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '?' : c);
    }
    return line.append(text.length() > MAX_QUOTED ? "…\"" : "\"").toString();
  }

  /** Words of a plugin: bounded, on one line, and without a full stop at their end. */
  static String words(@Nullable String text) {
    if (text == null) {
      return "";
    }
    StringBuilder line = new StringBuilder(Math.min(text.length(), MAX_WORDS) + 1);
    boolean space = false;
    int from = Math.max(0, text.length() - MAX_WORDS);
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c <= ' ' || Character.isISOControl(c)) {
        space = !line.isEmpty();
        continue;
      }
      if (space) {
        line.append(' ');
        space = false;
      }
      line.append(c);
    }
    if (from > 0) {
      line.insert(0, '…');
    }
    int end = line.length();
    if (end > 0 && line.charAt(end - 1) == '.') {
      line.setLength(end - 1);
    }
    return line.toString();
  }

  static String words(byte[] utf8) {
    return words(new String(utf8, StandardCharsets.UTF_8));
  }
}
