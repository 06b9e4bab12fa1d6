package dev.gatun.cli;

import dev.gatun.oci.Resources;
import dev.gatun.runtime.lifecycle.Update;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code gatun update}. */
final class UpdateVerb implements Verb {
  @Override
  public Option[] options() {
    return new Option[] {
      Option.value("resources", 'r', "FILE", "a document as linux.resources; - is standard input"),
      Option.value("blkio-weight", (char) 0, "N", "share of block devices, 10 to 1000"),
      Option.value("cpu-period", (char) 0, "N", "length of a period, in microseconds"),
      Option.value("cpu-quota", (char) 0, "N", "processor time in a period, in microseconds"),
      Option.value("cpu-burst", (char) 0, "N", "time that may be saved up, in microseconds"),
      Option.value("cpu-share", (char) 0, "N", "share of the processors, 2 to 262144"),
      Option.value("cpu-rt-period", (char) 0, "N", "cgroup v2 has no such thing"),
      Option.value("cpu-rt-runtime", (char) 0, "N", "cgroup v2 has no such thing"),
      Option.value("cpu-idle", (char) 0, "N", "1 runs when nothing else does"),
      Option.value("cpuset-cpus", (char) 0, "LIST", "the processors, such as 0-3,7"),
      Option.value("cpuset-mems", (char) 0, "LIST", "the memory nodes"),
      Option.value("kernel-memory", (char) 0, "SIZE", "obsolete, without effect"),
      Option.value("kernel-memory-tcp", (char) 0, "SIZE", "obsolete, without effect"),
      Option.value("memory", (char) 0, "SIZE", "limit of memory; -1 is none"),
      Option.value("memory-reservation", (char) 0, "SIZE", "memory that is kept for it"),
      Option.value("memory-swap", (char) 0, "SIZE", "limit of memory and swap together"),
      Option.value("pids-limit", (char) 0, "N", "limit of tasks; -1 is none"),
      Option.value("l3-cache-schema", (char) 0, "TEXT", "Intel RDT is not used"),
      Option.value("mem-bw-schema", (char) 0, "TEXT", "Intel RDT is not used"),
    };
  }

  @Override
  public String arguments() {
    return "<container-id>";
  }

  @Override
  public String summary() {
    return "change the limits of a container";
  }

  @Override
  public String details() {
    return """
    What is not asked for stays as it is. With --resources the other options are
    not looked at. A size may end in k, m, g or t.
    """;
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    Options options = call.options();
    for (String name : new String[] {"l3-cache-schema", "mem-bw-schema"}) {
      if (options.get(name) != null) {
        throw new UsageException("--" + name + ": no container of this runtime uses Intel RDT");
      }
    }
    for (String name : new String[] {"kernel-memory", "kernel-memory-tcp"}) {
      if (options.get(name) != null) {
        call.notes().warn("--" + name + " has no effect: the kernel has no such limit any more");
      }
    }
    Update.run(call.kernel(), call.root(), call.id(), options.get("resources"), resources(options));
    return Outcome.DONE;
  }

  private static Resources resources(Options options) {
    Integer weight = null;
    Long asked = number(options, "blkio-weight");
    if (asked != null) {
      weight = Math.clamp(asked, 0, 1_000_000);
    }
    return new Resources(
        List.of(),
        new Resources.Memory(
            size(options, "memory"),
            size(options, "memory-reservation"),
            size(options, "memory-swap"),
            null,
            null,
            null,
            null,
            null,
            null),
        new Resources.Cpu(
            number(options, "cpu-share"),
            number(options, "cpu-quota"),
            number(options, "cpu-burst"),
            number(options, "cpu-period"),
            number(options, "cpu-rt-runtime"),
            number(options, "cpu-rt-period"),
            options.get("cpuset-cpus"),
            options.get("cpuset-mems"),
            number(options, "cpu-idle")),
        new Resources.Pids(number(options, "pids-limit")),
        weight == null
            ? null
            : new Resources.BlockIo(
                weight, null, List.of(), List.of(), List.of(), List.of(), List.of()),
        List.of(),
        null,
        Map.of(),
        Map.of());
  }

  private static @Nullable Long number(Options options, String name) {
    String text = options.get(name);
    if (text == null) {
      return null;
    }
    long number = 0;
    boolean minus = text.startsWith("-");
    int from = minus ? 1 : 0;
    if (from == text.length() || text.length() > 18) {
      throw invalid(name, text, "a number");
    }
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        throw invalid(name, text, "a number");
      }
      number = number * 10 + c - '0';
    }
    if (minus && number != 1) {
      throw invalid(name, text, "-1 or more");
    }
    return minus ? -number : number;
  }

  private static @Nullable Long size(Options options, String name) {
    String text = options.get(name);
    return text == null ? null : Long.valueOf(size(name, text));
  }

  /** A size as docker and runc take it: digits, perhaps with a fraction, and a unit. */
  static long size(String name, String text) {
    if (text.equals("-1")) {
      return -1;
    }
    long number = 0;
    long fraction = 1;
    int at = 0;
    boolean point = false;
    for (; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c == '.' && !point && at > 0) {
        point = true;
      } else if (c >= '0' && c <= '9' && number < Long.MAX_VALUE / 10 - 10) {
        number = number * 10 + c - '0';
        fraction = point ? fraction * 10 : fraction;
      } else {
        break;
      }
    }
    if (at == 0) {
      throw invalid(name, text, "a size such as 64m");
    }
    String unit = text.substring(at).strip().toLowerCase(java.util.Locale.ROOT);
    int shift =
        switch (unit) {
          case "", "b" -> 0;
          case "k", "kb", "kib" -> 10;
          case "m", "mb", "mib" -> 20;
          case "g", "gb", "gib" -> 30;
          case "t", "tb", "tib" -> 40;
          case "p", "pb", "pib" -> 50;
          default -> throw invalid(name, text, "a size such as 64m");
        };
    if (number > Long.MAX_VALUE >> shift) {
      throw invalid(name, text, "a size such as 64m");
    }
    return (number << shift) / fraction;
  }

  private static UsageException invalid(String name, String text, String what) {
    return new UsageException(
        "invalid value \"" + text + "\" for --" + name + ": it must be " + what);
  }
}
