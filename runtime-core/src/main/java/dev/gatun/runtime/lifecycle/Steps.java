package dev.gatun.runtime.lifecycle;

import dev.gatun.linux.Arch;
import dev.gatun.linux.CallFormat;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Imm;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Listing;
import dev.gatun.linux.program.Program;
import dev.gatun.runtime.init.InitCompiler;
import dev.gatun.runtime.init.Message;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The table of what init does after the gate, stored with the container: {@code start} is another
 * process, which has no program to look a failed record up in.
 *
 * <p>A line for each system call: its record's number, the step, the place in {@code config.json},
 * the call's name and its arguments, separated by tabs. An argument is {@value #NUMBER} and a
 * number, or a text that stands for it. How a call is shown is left to {@code start}, which hardly
 * ever has to: whoever creates a container does not load the names of flags.
 */
final class Steps {
  private static final char NUMBER = '=';

  private Steps() {}

  /** The table of an image. */
  static byte[] of(InitCompiler.Image image) {
    Program program = image.program();
    StringBuilder out = new StringBuilder(2048);
    for (int i = image.started(); i < program.size(); i++) {
      Instruction record = program.record(i);
      Syscall syscall = record.syscall();
      // What other steps have put out of line is here too, and never runs after the gate.
      if (syscall == null || record.position() < image.started()) {
        continue;
      }
      out.append(i);
      field(out, record.origin().step());
      field(out, record.origin().place());
      field(out, syscall.name());
      for (int arg = 0; arg < record.argCount(); arg++) {
        String name = Listing.name(record.arg(arg));
        if (name != null) {
          field(out, name);
        } else {
          out.append('\t').append(NUMBER);
          // An address without a name is shown as any pointer that is not NULL.
          out.append(record.arg(arg) instanceof Imm imm ? imm.value() : 1);
        }
      }
      out.append('\n');
    }
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void field(StringBuilder out, String text) {
    out.append('\t').append(text.replace('\t', ' ').replace('\n', ' '));
  }

  /**
   * Explains a failure.
   *
   * @param arch the architecture that the container was created on
   * @param table the table
   * @param received what init said on the status FIFO
   * @return the failure, or null when none was reported
   */
  static @Nullable RuntimeException failure(Arch arch, byte[] table, byte[] received) {
    int hook = Message.find(received, Message.HOOK);
    int at = hook < 0 ? Message.find(received, Message.FAILED) : hook;
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
        List<String> fields = fields(lines.substring(line + record.length(), end));
        if (hook >= 0) {
          return Message.hook(fields.get(0), fields.get(1), received, at);
        }
        String call = call(arch, Syscall.valueOf(fields.get(2)), fields.subList(3, fields.size()));
        return new SyscallException(fields.get(0), call, errno, fields.get(1));
      }
      line = end + 1;
    }
    return new SyscallException("start", "", errno, "/process");
  }

  private static List<String> fields(String line) {
    List<String> fields = new ArrayList<>();
    int begin = 0;
    for (int tab = line.indexOf('\t'); tab >= 0; tab = line.indexOf('\t', begin)) {
      fields.add(line.substring(begin, tab));
      begin = tab + 1;
    }
    fields.add(line.substring(begin));
    return fields;
  }

  private static String call(Arch arch, Syscall syscall, List<String> arguments) {
    long[] values = new long[Math.max(syscall.parameters().size(), arguments.size())];
    for (int i = 0; i < arguments.size(); i++) {
      if (arguments.get(i).charAt(0) == NUMBER) {
        values[i] = Long.parseLong(arguments.get(i), 1, arguments.get(i).length(), 10);
      }
    }
    return CallFormat.format(
        syscall,
        values,
        arch,
        new CallFormat.Resolver() {
          @Override
          public @Nullable String text(int index, long value) {
            return index >= arguments.size() || arguments.get(index).charAt(0) == NUMBER
                ? null
                : arguments.get(index);
          }
        });
  }
}
