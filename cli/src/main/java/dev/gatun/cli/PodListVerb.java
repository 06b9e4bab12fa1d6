package dev.gatun.cli;

import dev.gatun.netns.IpAddress;
import dev.gatun.oci.JsonWriter;
import dev.gatun.pods.lifecycle.PodView;
import java.util.ArrayList;
import java.util.List;

/** {@code gatun pod list}. */
final class PodListVerb implements Verb {
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
    return "list the pods of the state root";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {0, 0};
  }

  @Override
  public Outcome run(Invocation call) {
    List<PodView> all = PodView.all(call.pods());
    if (call.options().has("quiet")) {
      StringBuilder ids = new StringBuilder();
      for (PodView pod : all) {
        ids.append(pod.sandbox().state().id()).append('\n');
      }
      return Outcome.print(ids.toString());
    }
    String format = call.options().get("format", "table");
    return switch (format) {
      case "json" -> {
        JsonWriter out = JsonWriter.compact().beginArray();
        for (PodView pod : all) {
          PodDescription.write(out, pod);
        }
        yield Outcome.print(Description.line(out.endArray()));
      }
      case "table" -> Outcome.print(table(all));
      default ->
          throw new UsageException("invalid format \"" + format + "\": it must be table or json");
    };
  }

  private static String table(List<PodView> all) {
    List<String[]> rows = new ArrayList<>();
    rows.add(new String[] {"ID", "PID", "STATUS", "CONTAINERS", "ADDRESSES", "CREATED"});
    for (PodView pod : all) {
      StringBuilder addresses = new StringBuilder();
      for (IpAddress address : pod.network().addresses()) {
        addresses.append(addresses.isEmpty() ? "" : ",").append(address);
      }
      rows.add(
          new String[] {
            pod.sandbox().state().id(),
            Integer.toString(pod.pid()),
            pod.sandbox().status().word(),
            Integer.toString(pod.containers().size()),
            addresses.toString(),
            pod.sandbox().state().created()
          });
    }
    return Table.of(rows);
  }
}
