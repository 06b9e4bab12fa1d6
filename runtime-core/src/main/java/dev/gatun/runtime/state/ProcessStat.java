package dev.gatun.runtime.state;

import org.jspecify.annotations.Nullable;

/**
 * What {@code /proc/PID/stat} says, {@code proc_pid_stat(5)}.
 *
 * @param state the letter of the process's state
 * @param startTime when it started, in clock ticks since boot
 */
public record ProcessStat(char state, long startTime) {
  private static final int START_TIME_FIELD = 22;
  private static final int STATE_FIELD = 3;

  /** Whether only its exit status is left. */
  public boolean dead() {
    return state == 'Z' || state == 'X';
  }

  /**
   * Reads it. The name in parentheses is the process's own choice, so fields are counted from the
   * last parenthesis.
   *
   * @param bytes the file's contents
   * @return what it says, or null when the process is gone
   */
  public static @Nullable ProcessStat of(byte[] bytes) {
    int at = bytes.length - 1;
    while (at >= 0 && bytes[at] != ')') {
      at--;
    }
    if (at < 0 || at + 2 >= bytes.length) {
      return null;
    }
    at += 2;
    char state = (char) bytes[at];
    int field = STATE_FIELD;
    while (at < bytes.length && field < START_TIME_FIELD) {
      if (bytes[at] == ' ') {
        field++;
      }
      at++;
    }
    long startTime = 0;
    while (at < bytes.length && bytes[at] >= '0' && bytes[at] <= '9') {
      startTime = startTime * 10 + (bytes[at] - '0');
      at++;
    }
    return field == START_TIME_FIELD ? new ProcessStat(state, startTime) : null;
  }
}
