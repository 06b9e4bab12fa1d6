package dev.gatun.oci;

import java.util.List;

/** Writes {@code linux.seccomp}. */
final class SeccompEncoder {
  private SeccompEncoder() {}

  static void seccomp(JsonWriter out, Seccomp value) {
    out.beginObject();
    out.member("defaultAction", value.defaultAction().name());
    out.optional("defaultErrnoRet", value.defaultErrnoRet());
    if (!value.architectures().isEmpty()) {
      out.name("architectures").beginArray();
      for (Seccomp.Arch element : value.architectures()) {
        out.value(element.name());
      }
      out.endArray();
    }
    if (!value.flags().isEmpty()) {
      out.name("flags").beginArray();
      for (Seccomp.Flag element : value.flags()) {
        out.value(element.name());
      }
      out.endArray();
    }
    out.optional("listenerPath", value.listenerPath());
    out.optional("listenerMetadata", value.listenerMetadata());
    syscalls(out, "syscalls", value.syscalls());
    out.endObject();
  }

  static void syscall(JsonWriter out, Seccomp.Syscall value) {
    out.beginObject();
    out.optional("names", value.names());
    out.member("action", value.action().name());
    out.optional("errnoRet", value.errnoRet());
    args(out, "args", value.args());
    out.endObject();
  }

  static void arg(JsonWriter out, Seccomp.Arg value) {
    out.beginObject();
    out.member("index", value.index());
    out.unsignedMember("value", value.value());
    if (value.valueTwo() != 0) {
      out.unsignedMember("valueTwo", value.valueTwo());
    }
    out.member("op", value.op().name());
    out.endObject();
  }

  static void syscalls(JsonWriter out, String name, List<Seccomp.Syscall> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (Seccomp.Syscall element : list) {
      syscall(out, element);
    }
    out.endArray();
  }

  static void args(JsonWriter out, String name, List<Seccomp.Arg> list) {
    if (list.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    for (Seccomp.Arg element : list) {
      arg(out, element);
    }
    out.endArray();
  }
}
