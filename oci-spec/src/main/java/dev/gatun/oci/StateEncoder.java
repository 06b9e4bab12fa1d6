package dev.gatun.oci;

/** Writes state documents. */
final class StateEncoder {
  private StateEncoder() {}

  static void state(JsonWriter out, State value) {
    out.beginObject();
    out.member("ociVersion", value.ociVersion());
    out.member("id", value.id());
    out.member("status", value.status().specName());
    if (value.pid() != 0) {
      out.member("pid", value.pid());
    }
    out.member("bundle", value.bundle());
    out.unlessEmpty("annotations", value.annotations());
    out.endObject();
  }

  static void containerProcessState(JsonWriter out, ContainerProcessState value) {
    out.beginObject();
    out.member("ociVersion", value.ociVersion());
    out.unlessEmpty("fds", value.fds());
    out.member("pid", value.pid());
    out.optional("metadata", value.metadata());
    state(out.name("state"), value.state());
    out.endObject();
  }
}
