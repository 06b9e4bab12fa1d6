package dev.gatun.runtime.lifecycle;

/** Prints times, without the classes of {@code java.time}, which cost a start milliseconds. */
public final class Timestamp {
  private static final int SECONDS_A_DAY = 86_400;
  private static final int DAYS_BEFORE_1970 = 719_468;
  private static final int DAYS_OF_ERA = 146_097;

  private Timestamp() {}

  /**
   * A time as RFC 3339 has it, in UTC.
   *
   * @param seconds since the epoch, not negative
   * @param nanoseconds below a second
   * @return as {@code 2026-11-21T03:04:05.000000006Z}
   */
  public static String rfc3339(long seconds, long nanoseconds) {
    // Days to a date: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days,
    // where years begin in March so that the leap day is the last.
    long days = seconds / SECONDS_A_DAY + DAYS_BEFORE_1970;
    long era = days / DAYS_OF_ERA;
    long dayOfEra = days - era * DAYS_OF_ERA;
    long yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
    long dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    long march = (5 * dayOfYear + 2) / 153;
    long day = dayOfYear - (153 * march + 2) / 5 + 1;
    long month = march < 10 ? march + 3 : march - 9;
    long year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
    long second = seconds % SECONDS_A_DAY;
    StringBuilder out = new StringBuilder(30);
    digits(out, year, 4).append('-');
    digits(out, month, 2).append('-');
    digits(out, day, 2).append('T');
    digits(out, second / 3600, 2).append(':');
    digits(out, second / 60 % 60, 2).append(':');
    digits(out, second % 60, 2).append('.');
    return digits(out, nanoseconds, 9).append('Z').toString();
  }

  private static StringBuilder digits(StringBuilder out, long value, int count) {
    String text = Long.toString(value);
    for (int i = text.length(); i < count; i++) {
      out.append('0');
    }
    return out.append(text);
  }
}
