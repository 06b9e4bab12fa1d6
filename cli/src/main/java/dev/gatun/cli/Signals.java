package dev.gatun.cli;

import dev.gatun.linux.Flags;

/** Signals as people write them: {@code 9}, {@code KILL}, {@code SIGKILL}, {@code sigkill}. */
final class Signals {
  private static final int LAST = 64;

  private Signals() {}

  /** The number of a signal. */
  static int parse(String text) {
    int number = Options.parseNumber(text);
    if (number >= 1 && number <= LAST) {
      return number;
    }
    if (number < 0) {
      String name = text.toUpperCase(java.util.Locale.ROOT);
      String full = name.startsWith("SIG") ? name : "SIG" + name;
      for (int signal = 1; signal <= LAST; signal++) {
        if (full.equals(Flags.signalName(signal))) {
          return signal;
        }
      }
    }
    throw new UsageException("unknown signal \"" + text + "\"");
  }
}
