package dev.gatun.cli;

import dev.gatun.oci.JsonWriter;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.lifecycle.HostCommand;
import dev.gatun.runtime.lifecycle.Inventory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code gatun ps}. */
final class PsVerb implements Verb {
  private static final List<String> FILES = List.of("/bin/ps", "/usr/bin/ps");

  @Override
  public Option[] options() {
    return new Option[] {
      Option.value("format", 'f', "FORMAT", "table or json (default table)"),
    };
  }

  @Override
  public String arguments() {
    return "<container-id> [ps options]";
  }

  @Override
  public String summary() {
    return "list the processes of a container";
  }

  @Override
  public String details() {
    return """
    The table is what the host's ps prints, by itself called with -ef, less the
    processes that are not the container's; its columns must have PID among them.
    JSON is an array of pids.
    """;
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, Integer.MAX_VALUE};
  }

  @Override
  public boolean stopsAtArgument() {
    return true;
  }

  @Override
  public Outcome run(Invocation call) {
    String format = call.options().get("format", "table");
    if (!format.equals("table") && !format.equals("json")) {
      throw new UsageException("invalid format \"" + format + "\": it must be table or json");
    }
    int[] pids = Inventory.processes(call.kernel(), call.root(), call.id());
    if (format.equals("json")) {
      JsonWriter out = JsonWriter.compact().beginArray();
      for (int pid : pids) {
        out.value(pid);
      }
      return Outcome.print(Description.line(out.endArray()));
    }
    List<String> words = call.options().arguments();
    List<String> command = new ArrayList<>();
    command.add("ps");
    if (words.size() == 1) {
      command.add("-ef");
    } else {
      command.addAll(words.subList(1, words.size()));
    }
    HostCommand.Result ps = HostCommand.run(call.kernel(), FILES, command, call.environment());
    String output = new String(ps.output(), StandardCharsets.UTF_8);
    if (ps.status() != 0) {
      throw new ContainerException(
          "ps: "
              + (ps.status() > 128 ? "signal " + (ps.status() - 128) : "exit status " + ps.status())
              + ": "
              + output.strip());
    }
    return Outcome.print(filter(output, pids));
  }

  /**
   * Leaves the lines of some processes.
   *
   * @param output what ps printed, its heading first
   * @param pids the processes
   * @return the heading and their lines
   */
  static String filter(String output, int[] pids) {
    StringBuilder out = new StringBuilder();
    int column = -1;
    int at = 0;
    while (at < output.length()) {
      int end = output.indexOf('\n', at);
      if (end < 0) {
        end = output.length();
      }
      String line = output.substring(at, end);
      at = end + 1;
      if (column < 0) {
        column = pidColumn(line);
        out.append(line).append('\n');
      } else if (!line.isEmpty() && contains(pids, pid(line, column))) {
        out.append(line).append('\n');
      }
    }
    if (column < 0) {
      throw noPidColumn();
    }
    return out.toString();
  }

  private static int pidColumn(String heading) {
    int column = 0;
    for (String title = field(heading, 0); title != null; title = field(heading, column)) {
      if (title.equals("PID")) {
        return column;
      }
      column++;
    }
    throw noPidColumn();
  }

  private static ContainerException noPidColumn() {
    return new ContainerException("couldn't find PID field in ps output");
  }

  private static int pid(String line, int column) {
    String field = field(line, column);
    int pid = field == null ? -1 : Options.parseNumber(field);
    if (pid < 0) {
      throw new ContainerException(
          "unable to parse pid: \"" + (field == null ? line : field) + "\" in ps output");
    }
    return pid;
  }

  private static boolean contains(int[] pids, int wanted) {
    for (int pid : pids) {
      if (pid == wanted) {
        return true;
      }
    }
    return false;
  }

  /** A field of a line whose fields are separated by blanks, or null. */
  private static @Nullable String field(String line, int index) {
    int at = 0;
    for (int i = 0; ; i++) {
      while (at < line.length() && isBlank(line.charAt(at))) {
        at++;
      }
      if (at == line.length()) {
        return null;
      }
      int end = at;
      while (end < line.length() && !isBlank(line.charAt(end))) {
        end++;
      }
      if (i == index) {
        return line.substring(at, end);
      }
      at = end;
    }
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }
}
