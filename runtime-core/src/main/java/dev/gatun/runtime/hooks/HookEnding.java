package dev.gatun.runtime.hooks;

import java.nio.charset.StandardCharsets;

/**
 * How a hook ended, as one number that records can compute: its exit status; {@link #SIGNAL} and
 * the number of the signal that ended it; or {@link #TIMED_OUT} and the seconds that it was given.
 */
public final class HookEnding {
  /** What is added to a signal's number. */
  public static final long SIGNAL = 1L << 16;

  /** What is added to a timeout. */
  public static final long TIMED_OUT = 1L << 32;

  /** How much of what a hook has written is told, in characters. */
  private static final int MOST = 1000;

  private HookEnding() {}

  /**
   * Says how a hook ended.
   *
   * @param step the hook, as its step names it
   * @param ending how it ended, not 0
   * @param output the last of what it wrote to standard output and standard error
   * @param place the JSON pointer of the hook
   * @return one sentence
   */
  public static String text(String step, long ending, byte[] output, String place) {
    StringBuilder out = new StringBuilder(step).append(": ");
    if (ending >= TIMED_OUT) {
      long seconds = ending - TIMED_OUT;
      out.append("ran past its timeout of ")
          .append(seconds)
          .append(seconds == 1 ? " second" : " seconds")
          .append(" and was killed");
    } else if (ending >= SIGNAL) {
      out.append("ended by signal ").append(ending - SIGNAL);
    } else {
      out.append("exit status ").append(ending);
    }
    String said = oneLine(new String(output, StandardCharsets.UTF_8));
    if (!said.isEmpty()) {
      out.append(", having written: ").append(said);
    }
    return out.append(" [config.json ").append(place).append(']').toString();
  }

  /** The end of a text, where programs say what went wrong, without what would spoil a line. */
  private static String oneLine(String text) {
    StringBuilder line = new StringBuilder(Math.min(text.length(), MOST) + 3);
    boolean space = false;
    for (int i = Math.max(0, text.length() - MOST); i < text.length(); i++) {
      char c = text.charAt(i);
      if (c <= ' ' || c == '\u007f') {
        space = !line.isEmpty();
        continue;
      }
      if (space) {
        line.append(' ');
        space = false;
      }
      line.append(c);
    }
    if (text.length() > MOST) {
      line.insert(0, "…");
    }
    return line.toString();
  }

  /**
   * Puts the contents of a ring in order.
   *
   * @param ring its bytes
   * @param at where the next byte would have gone
   * @param wrapped whether it has been full
   * @return the last bytes that were written, in order
   */
  public static byte[] unroll(byte[] ring, int at, boolean wrapped) {
    byte[] all = new byte[wrapped ? ring.length : at];
    int older = wrapped ? ring.length - at : 0;
    System.arraycopy(ring, ring.length - older, all, 0, older);
    System.arraycopy(ring, 0, all, older, at);
    return all;
  }
}
