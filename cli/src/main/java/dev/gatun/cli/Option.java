package dev.gatun.cli;

/**
 * An option of the command line.
 *
 * @param name its long name, without dashes
 * @param letter its short name, or 0
 * @param value what its value is called in the help, or empty for a flag
 * @param repeatable whether it can be given more than once
 * @param help what it does, in a few words
 */
record Option(String name, char letter, String value, boolean repeatable, String help) {

  /** An option that is there or not. */
  static Option flag(String name, char letter, String help) {
    return new Option(name, letter, "", false, help);
  }

  /** An option with a value; the last one counts. */
  static Option value(String name, char letter, String value, String help) {
    return new Option(name, letter, value, false, help);
  }

  /** An option with a value that can be given more than once; all of them count. */
  static Option values(String name, char letter, String value, String help) {
    return new Option(name, letter, value, true, help);
  }

  boolean isFlag() {
    return value.isEmpty();
  }

  boolean isNamed(String text) {
    return text.equals(name) || (letter != 0 && text.length() == 1 && text.charAt(0) == letter);
  }
}
