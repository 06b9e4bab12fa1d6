package dev.gatun.cli;

import dev.gatun.oci.JsonWriter;
import dev.gatun.runtime.lifecycle.Inventory;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.Look;
import java.util.ArrayList;
import java.util.List;

/** {@code gatun list}. */
final class ListVerb implements Verb {
  @Override
  public Option[] options() {
    return new Option[] {
      Option.value("format", 'f', "FORMAT", "table or json (default table)"),
      Option.flag("quiet", 'q', "print the ids alone"),
    };
  }

  @Override
  public String arguments() {
    return "";
  }

  @Override
  public String summary() {
    return "list the containers of the state root";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {0, 0};
  }

  @Override
  public Outcome run(Invocation call) {
    List<Look.Found> all = Inventory.list(call.kernel(), call.root());
    if (call.options().has("quiet")) {
      StringBuilder ids = new StringBuilder();
      for (Look.Found found : all) {
        ids.append(found.id()).append('\n');
      }
      return Outcome.print(ids.toString());
    }
    String format = call.options().get("format", "table");
    return switch (format) {
      case "json" -> {
        JsonWriter out = JsonWriter.compact().beginArray();
        for (Look.Found found : all) {
          Description.write(out, found, owner(found));
        }
        yield Outcome.print(Description.line(out.endArray()));
      }
      case "table" -> Outcome.print(table(all));
      default ->
          throw new UsageException("invalid format \"" + format + "\": it must be table or json");
    };
  }

  private static String table(List<Look.Found> all) {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"});
    for (Look.Found found : all) {
      ContainerState state = found.state();
      rows.add(
          new String[] {
            found.id(),
            Integer.toString(found.pid()),
            found.status().word(),
            state == null ? "" : state.bundle(),
            Description.created(found),
            owner(found)
          });
    }
    return Table.of(rows);
  }

  private static String owner(Look.Found found) {
    ContainerState state = found.state();
    int uid = state == null ? 0 : state.uid();
    return uid == 0 ? "root" : "#" + uid;
  }
}
