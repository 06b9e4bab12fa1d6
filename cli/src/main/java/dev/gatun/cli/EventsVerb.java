package dev.gatun.cli;

import dev.gatun.runtime.lifecycle.Events;

/** {@code gatun events}. */
final class EventsVerb implements Verb {
  @Override
  public Option[] options() {
    return new Option[] {
      Option.value("interval", (char) 0, "TIME", "between two statistics (default 5s)"),
      Option.flag("stats", (char) 0, "print the statistics once, and nothing else"),
    };
  }

  @Override
  public String arguments() {
    return "<container-id>";
  }

  @Override
  public String summary() {
    return "print what a container uses, and when it runs out of memory, as JSON";
  }

  @Override
  public String details() {
    return """
    Prints a line for each, until nothing runs in the container. A time is such as
    500ms, 5s or 1m30s.
    """;
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    if (call.options().has("stats")) {
      return Outcome.print(Events.statistics(call.kernel(), call.root(), call.id()));
    }
    long interval = nanoseconds(call.options().get("interval", "5s"));
    Events.follow(call.kernel(), call.root(), call.id(), interval);
    return Outcome.DONE;
  }

  /** A duration as Go writes it, more than nothing. */
  static long nanoseconds(String text) {
    long total = 0;
    int at = 0;
    while (at < text.length()) {
      long number = 0;
      long fraction = 1;
      boolean point = false;
      int from = at;
      while (at < text.length() && (isDigit(text.charAt(at)) || text.charAt(at) == '.')) {
        char c = text.charAt(at++);
        if (c == '.') {
          if (point) {
            throw invalid(text);
          }
          point = true;
        } else if (number < 1_000_000_000_000L) {
          number = number * 10 + c - '0';
          fraction = point ? fraction * 10 : fraction;
        } else if (!point) {
          throw invalid(text);
        }
      }
      int unitAt = at;
      while (at < text.length() && !isDigit(text.charAt(at)) && text.charAt(at) != '.') {
        at++;
      }
      long unit =
          switch (text.substring(unitAt, at)) {
            case "ns" -> 1;
            case "us", "\u00b5s", "\u03bcs" -> 1_000;
            case "ms" -> 1_000_000;
            case "s" -> 1_000_000_000;
            case "m" -> 60_000_000_000L;
            case "h" -> 3_600_000_000_000L;
            default -> throw invalid(text);
          };
      if (unitAt == from || number > Long.MAX_VALUE / unit / 4) {
        throw invalid(text);
      }
      total += number * unit / fraction;
    }
    if (total <= 0) {
      throw invalid(text);
    }
    return total;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static UsageException invalid(String text) {
    return new UsageException(
        "invalid value \"" + text + "\" for --interval: it must be a time above 0 such as 5s");
  }
}
