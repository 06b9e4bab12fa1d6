package dev.gatun.runtime.lifecycle;

import dev.gatun.cgroups.Pressure;
import dev.gatun.cgroups.Statistics;
import dev.gatun.oci.JsonWriter;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Statistics as {@code runc events} writes them: the names are those of cgroup v1, swap counts
 * memory too, and a number that is 0 is often left out.
 */
final class StatisticsJson {
  private StatisticsJson() {}

  /** A line with statistics. */
  static byte[] line(String id, Statistics statistics) {
    JsonWriter out = JsonWriter.compact().beginObject().member("type", "stats").member("id", id);
    out.name("data").beginObject();
    cpu(out, statistics.cpu());
    memory(out, statistics.memory());
    out.name("pids").beginObject();
    optional(out, "current", statistics.pids().current());
    // Here, no limit is 0.
    optional(out, "limit", statistics.pids().limit() == -1 ? 0 : statistics.pids().limit());
    out.endObject();
    io(out, statistics);
    out.name("hugetlb").beginObject();
    for (Map.Entry<String, Statistics.Hugetlb> size : statistics.hugetlb().entrySet()) {
      out.name(size.getKey()).beginObject();
      optional(out, "usage", size.getValue().usage());
      out.unsignedMember("failcnt", size.getValue().failures()).endObject();
    }
    out.endObject();
    out.name("intel_rdt").beginObject().endObject();
    out.name("network_interfaces").nullValue();
    return end(out.endObject().endObject());
  }

  /** A line that says that something in the container was killed for want of memory. */
  static byte[] outOfMemory(String id) {
    return end(
        JsonWriter.compact().beginObject().member("type", "oom").member("id", id).endObject());
  }

  private static byte[] end(JsonWriter out) {
    byte[] text = out.toByteArray();
    byte[] line = Arrays.copyOf(text, text.length + 1);
    line[text.length] = '\n';
    return line;
  }

  private static void cpu(JsonWriter out, Statistics.Cpu cpu) {
    out.name("cpu").beginObject();
    out.name("usage").beginObject();
    optional(out, "total", cpu.total());
    out.unsignedMember("kernel", cpu.kernel()).unsignedMember("user", cpu.user()).endObject();
    out.name("throttling").beginObject();
    optional(out, "periods", cpu.periods());
    optional(out, "throttledPeriods", cpu.throttledPeriods());
    optional(out, "throttledTime", cpu.throttledTime());
    out.endObject();
    pressure(out, cpu.pressure());
    out.endObject();
    out.name("cpuset").beginObject();
    list(out, "cpus", cpu.cpus());
    out.member("cpu_exclusive", 0);
    list(out, "mems", cpu.mems());
    for (String name :
        new String[] {
          "mem_hardwall",
          "mem_exclusive",
          "memory_migrate",
          "memory_spread_page",
          "memory_spread_slab",
          "memory_pressure",
          "sched_load_balance",
          "sched_relax_domain_level"
        }) {
      out.member(name, 0);
    }
    out.endObject();
  }

  /** Numbers of a list such as {@code 0-3,7}. */
  private static void list(JsonWriter out, String name, String ranges) {
    if (ranges.isEmpty()) {
      return;
    }
    out.name(name).beginArray();
    int from = 0;
    while (from < ranges.length()) {
      int end = ranges.indexOf(',', from);
      end = end < 0 ? ranges.length() : end;
      String range = ranges.substring(from, end);
      int dash = range.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
      int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1));
      for (int number = first; number <= last; number++) {
        out.value(number);
      }
      from = end + 1;
    }
    out.endArray();
  }

  private static void memory(JsonWriter out, Statistics.Memory memory) {
    out.name("memory").beginObject();
    Long cache = memory.stat().get("file");
    optional(out, "cache", cache == null ? 0 : cache);
    entry(out, "usage", memory.limit(), memory.usage(), memory.peak(), memory.failures());
    boolean endless = memory.limit() == -1 || memory.swapLimit() == -1;
    entry(
        out,
        "swap",
        endless ? -1 : memory.limit() + memory.swapLimit(),
        memory.usage() + memory.swap(),
        memory.swapPeak(),
        0);
    entry(out, "kernel", 0, memory.kernel(), 0, 0);
    entry(out, "kernelTCP", 0, memory.sock(), 0, 0);
    out.name("raw").beginObject();
    for (Map.Entry<String, Long> stat : memory.stat().entrySet()) {
      out.unsignedMember(stat.getKey(), stat.getValue());
    }
    out.endObject();
    pressure(out, memory.pressure());
    out.endObject();
  }

  private static void entry(
      JsonWriter out, String name, long limit, long usage, long max, long failures) {
    out.name(name).beginObject().unsignedMember("limit", limit);
    optional(out, "usage", usage);
    optional(out, "max", max);
    out.unsignedMember("failcnt", failures).endObject();
  }

  private static void io(JsonWriter out, Statistics statistics) {
    out.name("blkio").beginObject();
    if (!statistics.io().isEmpty()) {
      out.name("ioServiceBytesRecursive").beginArray();
      for (Statistics.Io io : statistics.io()) {
        operation(out, io, "Read", io.readBytes());
        operation(out, io, "Write", io.writtenBytes());
      }
      out.endArray();
      out.name("ioServicedRecursive").beginArray();
      for (Statistics.Io io : statistics.io()) {
        operation(out, io, "Read", io.reads());
        operation(out, io, "Write", io.writes());
      }
      out.endArray();
    }
    pressure(out, statistics.ioPressure());
    out.endObject();
  }

  private static void operation(JsonWriter out, Statistics.Io io, String operation, long value) {
    out.beginObject();
    optional(out, "major", io.major());
    optional(out, "minor", io.minor());
    out.member("op", operation);
    optional(out, "value", value);
    out.endObject();
  }

  private static void pressure(JsonWriter out, @Nullable Pressure pressure) {
    if (pressure != null) {
      out.name("psi").beginObject();
      stall(out, "some", pressure.some());
      stall(out, "full", pressure.full());
      out.endObject();
    }
  }

  private static void stall(JsonWriter out, String name, Pressure.Stall stall) {
    out.name(name)
        .beginObject()
        .hundredthsMember("avg10", stall.avg10())
        .hundredthsMember("avg60", stall.avg60())
        .hundredthsMember("avg300", stall.avg300())
        .unsignedMember("total", stall.total())
        .endObject();
  }

  private static void optional(JsonWriter out, String name, long value) {
    if (value != 0) {
      out.unsignedMember(name, value);
    }
  }
}
