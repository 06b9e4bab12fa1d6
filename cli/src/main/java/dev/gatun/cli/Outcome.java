package dev.gatun.cli;

import java.nio.charset.StandardCharsets;

/**
 * How a command ends.
 *
 * @param status the exit status
 * @param out what goes to standard output
 * @param error the one sentence for standard error and the log, or empty
 */
@SuppressWarnings("ArrayRecordComponent") // printed and forgotten, never compared
record Outcome(int status, byte[] out, String error) {
  private static final byte[] NOTHING = {};

  /** All is well. */
  static final Outcome DONE = new Outcome(0, NOTHING, "");

  /** The process has been told how to end itself. */
  static final Outcome LEFT = new Outcome(-1, NOTHING, "");

  /** Whether the process already knows how it ends. */
  boolean left() {
    return status < 0;
  }

  static Outcome print(byte[] out) {
    return new Outcome(0, out, "");
  }

  static Outcome print(String out) {
    return print(out.getBytes(StandardCharsets.UTF_8));
  }

  static Outcome fail(int status, String error) {
    return new Outcome(status, NOTHING, error);
  }
}
