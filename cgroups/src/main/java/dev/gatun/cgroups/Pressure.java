package dev.gatun.cgroups;

import org.jspecify.annotations.Nullable;

/**
 * How long processes waited for a resource, as {@code cpu.pressure} and its like say it: pressure
 * stall information.
 *
 * @param some while at least one waited
 * @param full while all of them did
 */
public record Pressure(Stall some, Stall full) {
  /**
   * One line of the file.
   *
   * @param avg10 per cent of the last ten seconds, in hundredths
   * @param avg60 per cent of the last minute, in hundredths
   * @param avg300 per cent of the last five minutes, in hundredths
   * @param total in microseconds
   */
  public record Stall(long avg10, long avg60, long avg300, long total) {
    static final Stall NONE = new Stall(0, 0, 0, 0);
  }

  /**
   * Reads a file.
   *
   * @param text its contents, or null where the kernel does not keep such information
   * @return what they say, or null
   */
  static @Nullable Pressure parse(@Nullable String text) {
    if (text == null) {
      return null;
    }
    Stall some = Stall.NONE;
    Stall full = Stall.NONE;
    int at = 0;
    while (at < text.length()) {
      int end = text.indexOf('\n', at);
      end = end < 0 ? text.length() : end;
      String line = text.substring(at, end);
      Stall stall =
          new Stall(
              hundredths(line, "avg10="),
              hundredths(line, "avg60="),
              hundredths(line, "avg300="),
              FlatText.number(line, "total="));
      if (line.startsWith("some")) {
        some = stall;
      } else if (line.startsWith("full")) {
        full = stall;
      }
      at = end + 1;
    }
    return new Pressure(some, full);
  }

  /** A number with two digits behind the point, without the point. */
  private static long hundredths(String line, String key) {
    int at = line.indexOf(key);
    long number = 0;
    for (int i = at + key.length(); at >= 0 && i < line.length() && line.charAt(i) != ' '; i++) {
      char c = line.charAt(i);
      if (c >= '0' && c <= '9') {
        number = number * 10 + c - '0';
      }
    }
    return number;
  }
}
