package dev.gatun.cli;

import dev.gatun.oci.JsonWriter;
import dev.gatun.runtime.lifecycle.Timestamp;
import java.nio.charset.StandardCharsets;

/** A line of the log file, in the two formats that callers of an OCI runtime read. */
final class LogLine {
  private LogLine() {}

  /**
   * A line.
   *
   * @param level error, warning or debug
   * @param message one sentence
   * @param now milliseconds since the epoch
   * @param json the format: JSON or logrus's text
   * @return the line with its line feed
   */
  static byte[] of(String level, String message, long now, boolean json) {
    String time = Timestamp.rfc3339(now / 1000, now % 1000 * 1_000_000);
    byte[] quoted = JsonWriter.compact().value(message).toByteArray();
    String text = new String(quoted, StandardCharsets.UTF_8);
    String line =
        json
            ? "{\"level\":\"" + level + "\",\"msg\":" + text + ",\"time\":\"" + time + "\"}\n"
            : "time=\"" + time + "\" level=" + level + " msg=" + text + "\n";
    return line.getBytes(StandardCharsets.UTF_8);
  }
}
