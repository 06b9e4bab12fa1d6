package dev.gatun.cli;

import dev.gatun.oci.JsonWriter;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.Look;
import java.util.Map;

/** A container as {@code state} and {@code list} print it, with runc's members in runc's order. */
final class Description {
  private Description() {}

  static void write(JsonWriter out, Look.Found found, String owner) {
    ContainerState state = found.state();
    out.beginObject()
        .member("ociVersion", state == null ? Version.SPEC : state.ociVersion())
        .member("id", found.id())
        .member("pid", found.pid())
        .member("status", found.status().word())
        .member("bundle", state == null ? "" : state.bundle())
        .member("rootfs", state == null ? "" : state.rootfs())
        .member("created", created(found));
    if (state != null && !state.annotations().isEmpty()) {
      out.name("annotations").beginObject();
      for (Map.Entry<String, String> annotation : state.annotations().entrySet()) {
        out.member(annotation.getKey(), annotation.getValue());
      }
      out.endObject();
    }
    out.member("owner", owner);
    if (state != null && state.pod() != null) {
      out.member("pod", state.pod());
    }
    out.endObject();
  }

  static String created(Look.Found found) {
    ContainerState state = found.state();
    return state == null ? "0001-01-01T00:00:00Z" : state.created();
  }

  /** The text with a line feed at its end. */
  static byte[] line(JsonWriter out) {
    byte[] text = out.toByteArray();
    byte[] line = java.util.Arrays.copyOf(text, text.length + 1);
    line[text.length] = '\n';
    return line;
  }
}
