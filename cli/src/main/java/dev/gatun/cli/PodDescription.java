package dev.gatun.cli;

import dev.gatun.oci.JsonWriter;
import dev.gatun.pods.lifecycle.PodView;
import dev.gatun.runtime.sandbox.SandboxState;
import dev.gatun.runtime.state.Look;
import java.util.Map;

/** A pod as {@code pod state} and {@code pod list} print it. */
final class PodDescription {
  private PodDescription() {}

  static void write(JsonWriter out, PodView pod) {
    SandboxState state = pod.sandbox().state();
    int pid = pod.pid();
    out.beginObject()
        .member("id", state.id())
        .member("pid", pid)
        .member("status", pod.sandbox().status().word())
        .member("hostname", state.hostname() == null ? state.id() : state.hostname())
        .member("created", state.created());
    String problem = pod.problem();
    if (problem != null) {
      out.member("problem", problem);
    }
    out.name("namespaces").beginObject();
    if (pid != 0) {
      namespace(out, pid, "net", !state.hostNetwork());
      namespace(out, pid, "ipc", true);
      namespace(out, pid, "uts", true);
      namespace(out, pid, "pid", state.sharePid());
      namespace(out, pid, "user", !state.idMappings().isEmpty());
    }
    out.endObject();
    if (state.cgroup() != null) {
      out.member("cgroup", state.cgroup().path());
    }
    out.name("network").beginObject();
    pod.network().write(out);
    out.endObject();
    out.name("containers").beginArray();
    for (Look.Found container : pod.containers()) {
      out.beginObject()
          .member("id", container.id())
          .member("pid", container.pid())
          .member("status", container.status().word())
          .endObject();
    }
    out.endArray();
    if (!state.annotations().isEmpty()) {
      out.name("annotations").beginObject();
      for (Map.Entry<String, String> annotation : state.annotations().entrySet()) {
        out.member(annotation.getKey(), annotation.getValue());
      }
      out.endObject();
    }
    out.endObject();
  }

  private static void namespace(JsonWriter out, int pid, String type, boolean held) {
    if (held) {
      out.member(type, "/proc/" + pid + "/ns/" + type);
    }
  }
}
