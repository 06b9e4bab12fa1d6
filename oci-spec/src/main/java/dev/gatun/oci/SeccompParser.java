package dev.gatun.oci;

import java.util.ArrayList;
import java.util.List;

/** Reads {@code linux.seccomp}; its own class, so that a config without it does not load it. */
final class SeccompParser {
  private SeccompParser() {}

  static Seccomp seccomp(JsonInput in) {
    Seccomp.Action defaultAction = null;
    Long defaultErrnoRet = null;
    List<Seccomp.Arch> architectures = List.of();
    List<Seccomp.Flag> flags = List.of();
    String listenerPath = null;
    String listenerMetadata = null;
    List<Seccomp.Syscall> syscalls = List.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "defaultAction" -> defaultAction = action(in);
        case "defaultErrnoRet" -> defaultErrnoRet = in.uint32();
        case "architectures" -> architectures = architectures(in);
        case "flags" -> flags = seccompFlags(in);
        case "listenerPath" -> listenerPath = in.string();
        case "listenerMetadata" -> listenerMetadata = in.string();
        case "syscalls" -> syscalls = syscalls(in);
        default -> in.skipUnknown();
      }
    }
    if (defaultAction == null) {
      throw in.missing("defaultAction");
    }
    return new Seccomp(
        defaultAction,
        defaultErrnoRet,
        architectures,
        flags,
        listenerPath,
        listenerMetadata,
        syscalls);
  }

  static Seccomp.Syscall syscall(JsonInput in) {
    List<String> names = null;
    Seccomp.Action action = null;
    Long errnoRet = null;
    List<Seccomp.Arg> args = List.of();
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "names" -> names = in.strings();
        case "action" -> action = action(in);
        case "errnoRet" -> errnoRet = in.uint32();
        case "args" -> args = args(in);
        default -> in.skipUnknown();
      }
    }
    if (names == null) {
      throw in.missing("names");
    }
    if (action == null) {
      throw in.missing("action");
    }
    return new Seccomp.Syscall(names, action, errnoRet, args);
  }

  static Seccomp.Arg arg(JsonInput in) {
    Long index = null;
    Long value = null;
    long valueTwo = 0;
    Seccomp.Operator op = null;
    in.beginObject();
    for (String field = in.nextField(); field != null; field = in.nextField()) {
      switch (field) {
        case "index" -> index = in.uint32();
        case "value" -> value = in.uint64();
        case "valueTwo" -> valueTwo = in.uint64();
        case "op" -> op = operator(in);
        default -> in.skipUnknown();
      }
    }
    if (index == null) {
      throw in.missing("index");
    }
    if (value == null) {
      throw in.missing("value");
    }
    if (op == null) {
      throw in.missing("op");
    }
    return new Seccomp.Arg(index, value, valueTwo, op);
  }

  static List<Seccomp.Syscall> syscalls(JsonInput in) {
    List<Seccomp.Syscall> list = new ArrayList<>();
    in.beginArray("syscall rules");
    while (in.nextElement()) {
      list.add(syscall(in));
    }
    return list;
  }

  static List<Seccomp.Arg> args(JsonInput in) {
    List<Seccomp.Arg> list = new ArrayList<>();
    in.beginArray("syscall argument conditions");
    while (in.nextElement()) {
      list.add(arg(in));
    }
    return list;
  }

  private static List<Seccomp.Arch> architectures(JsonInput in) {
    List<Seccomp.Arch> list = new ArrayList<>();
    in.beginArray("strings");
    while (in.nextElement()) {
      list.add(arch(in));
    }
    return list;
  }

  private static List<Seccomp.Flag> seccompFlags(JsonInput in) {
    List<Seccomp.Flag> list = new ArrayList<>();
    in.beginArray("strings");
    while (in.nextElement()) {
      list.add(seccompFlag(in));
    }
    return list;
  }

  private static Seccomp.Action action(JsonInput in) {
    String name = in.string();
    Seccomp.Action value = Seccomp.Action.named(name);
    if (value == null) {
      throw in.error("unknown seccomp action " + JsonInput.quoted(name));
    }
    return value;
  }

  private static Seccomp.Arch arch(JsonInput in) {
    String name = in.string();
    Seccomp.Arch value = Seccomp.Arch.named(name);
    if (value == null) {
      throw in.error("unknown seccomp architecture " + JsonInput.quoted(name));
    }
    return value;
  }

  private static Seccomp.Flag seccompFlag(JsonInput in) {
    String name = in.string();
    Seccomp.Flag value = Seccomp.Flag.named(name);
    if (value == null) {
      throw in.error("unknown seccomp flag " + JsonInput.quoted(name));
    }
    return value;
  }

  private static Seccomp.Operator operator(JsonInput in) {
    String name = in.string();
    Seccomp.Operator value = Seccomp.Operator.named(name);
    if (value == null) {
      throw in.error("unknown seccomp operator " + JsonInput.quoted(name));
    }
    return value;
  }
}
