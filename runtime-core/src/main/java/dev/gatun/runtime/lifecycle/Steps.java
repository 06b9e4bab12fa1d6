package dev.gatun.runtime.lifecycle;

import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Listing;
import dev.gatun.linux.program.Program;
import dev.gatun.runtime.init.InitCompiler;
import dev.gatun.runtime.init.Message;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The table of what init does after the gate, stored with the container: {@code start} is another
 * process, which has no program to look a failed record up in.
 *
 * <p>A line for each record: its number, the step, the place in {@code config.json} and the call,
 * separated by tabs.
 */
final class Steps {
  private Steps() {}

  /** The table of an image. */
  static byte[] of(InitCompiler.Image image) {
    Program program = image.program();
    StringBuilder out = new StringBuilder();
    for (int i = image.started(); i < program.size(); i++) {
      Instruction record = program.record(i);
      if (record.syscall() == null) {
        continue;
      }
      out.append(i)
          .append('\t')
          .append(oneField(record.origin().step()))
          .append('\t')
          .append(oneField(record.origin().place()))
          .append('\t')
          .append(oneField(Listing.call(program.arch(), record, null)))
          .append('\n');
    }
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String oneField(String text) {
    return text.replace('\t', ' ').replace('\n', ' ');
  }

  /**
   * Explains a failure.
   *
   * @param table the table
   * @param received what init said on the status FIFO
   * @return the failure, or null when none was reported
   */
  static @Nullable SyscallException failure(byte[] table, byte[] received) {
    int at = Message.find(received, Message.FAILED);
    if (at < 0) {
      return null;
    }
    String record = Long.toString(Message.u64(received, at + Message.RECORD)) + "\t";
    int errno = (int) -Message.u64(received, at + Message.ERRNO);
    String lines = new String(table, StandardCharsets.UTF_8);
    int line = 0;
    while (line < lines.length()) {
      int end = lines.indexOf('\n', line);
      if (end < 0) {
        end = lines.length();
      }
      if (lines.startsWith(record, line)) {
        int place = lines.indexOf('\t', line + record.length());
        int call = lines.indexOf('\t', place + 1);
        return new SyscallException(
            lines.substring(line + record.length(), place),
            lines.substring(call + 1, end),
            errno,
            lines.substring(place + 1, call));
      }
      line = end + 1;
    }
    return new SyscallException("start", "", errno, "/process");
  }
}
