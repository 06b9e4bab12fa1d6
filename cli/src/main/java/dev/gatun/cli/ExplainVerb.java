package dev.gatun.cli;

import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Listing;
import dev.gatun.linux.program.Origin;
import dev.gatun.linux.program.Program;
import dev.gatun.oci.JsonWriter;
import dev.gatun.runtime.lifecycle.Explanation;
import java.util.List;

/** {@code gatun explain}. */
final class ExplainVerb implements Verb {
  /** The id that is shown; it is nobody's. */
  private static final String ID = "ID";

  private static final int NUMBER_WIDTH = 6;

  @Override
  public Option[] options() {
    return new Option[] {
      Option.flag("exec", (char) 0, "show what exec would do in a container of the bundle"),
      Option.value("pod", (char) 0, "POD", "in a pod, which must be there"),
      Option.value("format", (char) 0, "FORMAT", "text or json (default text)"),
    };
  }

  @Override
  public String arguments() {
    return "<bundle>";
  }

  @Override
  public String summary() {
    return "print the system calls that create and start would make for a bundle";
  }

  @Override
  public String details() {
    return """
    Prints the programs of create and start, process by process and step by step,
    each step with the place in config.json that asked for it. The bundle is read,
    nothing is made, and root is not needed. ID stands for the container's id.

    A line is a record of a program: a system call, "or" the errors that do not end
    the program, "->" where it goes on then; a condition; or a computation on slots,
    which have names. &name is memory, ": 4" behind it is a size in bytes.
    """;
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    String format = call.options().get("format", "text");
    if (!format.equals("text") && !format.equals("json")) {
      throw new UsageException("invalid format \"" + format + "\": it must be text or json");
    }
    String bundle = call.options().arguments().getFirst();
    String pod = call.options().get("pod");
    List<Explanation.Part> parts =
        call.options().has("exec")
            ? Explanation.ofExec(call.kernel(), call.root(), bundle, ID, pod)
            : Explanation.of(call.kernel(), call.root(), bundle, ID, pod);
    return format.equals("json") ? Outcome.print(json(parts)) : Outcome.print(text(parts));
  }

  /** As a story: processes, their steps, and what each consists of. */
  static String text(List<Explanation.Part> parts) {
    StringBuilder out = new StringBuilder(128 << 10);
    for (Explanation.Part part : parts) {
      if (!out.isEmpty()) {
        out.append('\n');
      }
      out.append("=== ").append(part.process()).append(": ").append(part.about()).append(" ===\n");
      Origin last = Origin.NONE;
      for (int number : part.records()) {
        Program program = part.program();
        Origin origin = program.record(number).origin();
        if (origin.step().isEmpty()) {
          // What every program begins and ends with.
          continue;
        }
        if (!origin.equals(last)) {
          last = origin;
          out.append("\n  ").append(origin.step());
          if (!origin.place().isEmpty()) {
            out.append(" [config.json ").append(origin.place()).append(']');
          }
          out.append('\n');
        }
        String digits = Integer.toString(number);
        for (int pad = digits.length(); pad < NUMBER_WIDTH; pad++) {
          out.append(' ');
        }
        out.append(digits).append("  ").append(Listing.line(program, number)).append('\n');
      }
    }
    return out.toString();
  }

  private static byte[] json(List<Explanation.Part> parts) {
    JsonWriter out = JsonWriter.pretty("  ").beginArray();
    for (Explanation.Part part : parts) {
      out.beginObject()
          .member("process", part.process())
          .member("about", part.about())
          .name("steps")
          .beginArray();
      Origin last = null;
      for (int number : part.records()) {
        Instruction record = part.program().record(number);
        Origin origin = record.origin();
        if (!origin.equals(last)) {
          if (last != null) {
            out.endArray().endObject();
          }
          last = origin;
          out.beginObject()
              .member("step", origin.step())
              .member("place", origin.place())
              .name("records")
              .beginArray();
        }
        out.beginObject()
            .member("number", number)
            .member("op", record.op().name())
            .member("text", Listing.line(part.program(), number))
            .member("step", origin.step())
            .member("place", origin.place())
            .endObject();
      }
      if (last != null) {
        out.endArray().endObject();
      }
      out.endArray().endObject();
    }
    return out.endArray().toByteArray();
  }
}
