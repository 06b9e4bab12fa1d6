package dev.gatun.oci;

import java.util.Map;

/** Reads state documents. */
final class StateParser {
  private StateParser() {}

  static State state(JsonInput in) {
    String ociVersion = null;
    String id = null;
    State.Status status = null;
    int pid = 0;
    String bundle = null;
    Map<String, String> annotations = Map.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "ociVersion" -> ociVersion = in.string();
        case "id" -> id = in.string();
        case "status" -> status = status(in);
        case "pid" -> pid = in.int32();
        case "bundle" -> bundle = in.string();
        case "annotations" -> annotations = in.stringMap();
        default -> in.skipUnknown();
      }
    }
    if (ociVersion == null) {
      throw in.missing("ociVersion");
    }
    if (id == null) {
      throw in.missing("id");
    }
    if (status == null) {
      throw in.missing("status");
    }
    if (bundle == null) {
      throw in.missing("bundle");
    }
    return new State(ociVersion, id, status, pid, bundle, annotations);
  }

  private static State.Status status(JsonInput in) {
    String name = in.string();
    State.Status value = State.Status.named(name);
    if (value == null) {
      throw in.error("unknown container status " + JsonInput.quoted(name));
    }
    return value;
  }
}
