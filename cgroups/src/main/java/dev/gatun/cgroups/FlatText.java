package dev.gatun.cgroups;

import org.jspecify.annotations.Nullable;

/** Numbers in the texts of control files. */
final class FlatText {
  private FlatText() {}

  /**
   * The number behind the first occurrence of a key.
   *
   * @param text the text
   * @param key with what separates it from the number, and what makes it begin a word
   * @return the number, 0 when there is none
   */
  static long number(String text, String key) {
    int at = text.indexOf(key);
    return at < 0 ? 0 : digits(text, at + key.length());
  }

  /** The number of a line {@code key number}. */
  static long entry(@Nullable String text, String key) {
    if (text == null) {
      return 0;
    }
    return text.startsWith(key + " ")
        ? digits(text, key.length() + 1)
        : number(text, "\n" + key + " ");
  }

  /** A file that is one number, or "max", which is all ones; 0 without a file. */
  static long whole(@Nullable String text) {
    if (text == null) {
      return 0;
    }
    return text.startsWith("max") ? -1 : digits(text, 0);
  }

  /** The digits that begin at a place, as an unsigned number. */
  static long digits(String text, int from) {
    long number = 0;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        break;
      }
      number = number * 10 + c - '0';
    }
    return number;
  }
}
