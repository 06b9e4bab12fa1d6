package dev.gatun.cgroups;

import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a container uses, as its cgroup counts it. Numbers are unsigned; a limit of all ones is
 * none. A controller that the cgroup does not have counts nothing.
 *
 * @param cpu time
 * @param memory bytes
 * @param pids tasks
 * @param io what went to and from block devices
 * @param ioPressure null when the kernel does not keep it
 * @param hugetlb huge pages by their size, {@code 2MB}
 */
public record Statistics(
    Cpu cpu,
    Memory memory,
    Pids pids,
    List<Io> io,
    @Nullable Pressure ioPressure,
    Map<String, Hugetlb> hugetlb) {

  /**
   * Time of processors.
   *
   * @param total in nanoseconds
   * @param user of it, in nanoseconds
   * @param kernel of it, in nanoseconds
   * @param periods how many have passed, of {@code cpu.max}
   * @param throttledPeriods in how many of them the quota was used up
   * @param throttledTime in nanoseconds
   * @param cpus the processors that it may use, as the kernel lists them, or empty
   * @param mems the memory nodes that it may use, as the kernel lists them, or empty
   * @param pressure null when the kernel does not keep it
   */
  public record Cpu(
      long total,
      long user,
      long kernel,
      long periods,
      long throttledPeriods,
      long throttledTime,
      String cpus,
      String mems,
      @Nullable Pressure pressure) {}

  /**
   * Memory, in bytes.
   *
   * @param usage now
   * @param peak the most so far
   * @param limit {@code memory.max}
   * @param failures how often the limit was met
   * @param swap swapped out now
   * @param swapPeak the most so far
   * @param swapLimit {@code memory.swap.max}
   * @param kernel of the usage
   * @param sock of the usage, buffers of sockets
   * @param stat {@code memory.stat}
   * @param oomKills how many processes were killed for want of memory
   * @param pressure null when the kernel does not keep it
   */
  public record Memory(
      long usage,
      long peak,
      long limit,
      long failures,
      long swap,
      long swapPeak,
      long swapLimit,
      long kernel,
      long sock,
      Map<String, Long> stat,
      long oomKills,
      @Nullable Pressure pressure) {
    /** Keeps the order. */
    public Memory {
      stat = java.util.Collections.unmodifiableMap(stat);
    }
  }

  /**
   * Tasks.
   *
   * @param current how many there are
   * @param limit {@code pids.max}
   */
  public record Pids(long current, long limit) {}

  /**
   * One block device.
   *
   * @param major its number
   * @param minor its number
   * @param readBytes since the cgroup was made
   * @param writtenBytes since the cgroup was made
   * @param discardedBytes since the cgroup was made
   * @param reads operations
   * @param writes operations
   * @param discards operations
   */
  public record Io(
      long major,
      long minor,
      long readBytes,
      long writtenBytes,
      long discardedBytes,
      long reads,
      long writes,
      long discards) {}

  /**
   * Huge pages of one size, in bytes.
   *
   * @param usage now
   * @param failures how often the limit was met
   */
  public record Hugetlb(long usage, long failures) {}

  private static final int ROOM = 256 << 10;

  /** Of x86-64 and of aarch64 with each of its page sizes. */
  private static final String[] PAGE_SIZES = {"64KB", "2MB", "32MB", "512MB", "1GB", "16GB"};

  private static final String[] FILES = {
    "cpu.stat",
    "cpu.pressure",
    "cpuset.cpus.effective",
    "cpuset.mems.effective",
    "memory.current",
    "memory.peak",
    "memory.max",
    "memory.events",
    "memory.swap.current",
    "memory.swap.peak",
    "memory.swap.max",
    "memory.pressure",
    "memory.stat",
    "pids.current",
    "pids.max",
    "io.pressure",
    "io.stat",
  };

  /** Copies the collections. */
  public Statistics {
    io = List.copyOf(io);
    hugetlb = java.util.Collections.unmodifiableMap(hugetlb);
  }

  /**
   * Adds records that read everything that statistics are made of, as the program's last output.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   * @return the files, for {@link #of}
   */
  public static ControlFiles read(ProgramBuilder b, Slot cgroup) {
    String[] names = new String[FILES.length + 2 * PAGE_SIZES.length];
    System.arraycopy(FILES, 0, names, 0, FILES.length);
    for (int i = 0; i < PAGE_SIZES.length; i++) {
      names[FILES.length + 2 * i] = "hugetlb." + PAGE_SIZES[i] + ".current";
      names[FILES.length + 2 * i + 1] = "hugetlb." + PAGE_SIZES[i] + ".events";
    }
    return ControlFiles.read(b, cgroup, ROOM, names);
  }

  /**
   * Makes statistics of what was read.
   *
   * @param files what {@link #read} returned
   * @param result of the program
   * @return the statistics
   */
  public static Statistics of(ControlFiles files, Kernel.Result result) {
    String cpu = files.text(result, "cpu.stat");
    String stat = files.text(result, "memory.stat");
    String events = files.text(result, "memory.events");
    Map<String, Hugetlb> hugetlb = new LinkedHashMap<>();
    for (String size : PAGE_SIZES) {
      String current = files.text(result, "hugetlb." + size + ".current");
      if (current != null) {
        hugetlb.put(
            size,
            new Hugetlb(
                FlatText.whole(current),
                FlatText.entry(files.text(result, "hugetlb." + size + ".events"), "max")));
      }
    }
    return new Statistics(
        new Cpu(
            1000 * FlatText.entry(cpu, "usage_usec"),
            1000 * FlatText.entry(cpu, "user_usec"),
            1000 * FlatText.entry(cpu, "system_usec"),
            FlatText.entry(cpu, "nr_periods"),
            FlatText.entry(cpu, "nr_throttled"),
            1000 * FlatText.entry(cpu, "throttled_usec"),
            line(files.text(result, "cpuset.cpus.effective")),
            line(files.text(result, "cpuset.mems.effective")),
            Pressure.parse(files.text(result, "cpu.pressure"))),
        new Memory(
            FlatText.whole(files.text(result, "memory.current")),
            FlatText.whole(files.text(result, "memory.peak")),
            FlatText.whole(files.text(result, "memory.max")),
            FlatText.entry(events, "max"),
            FlatText.whole(files.text(result, "memory.swap.current")),
            FlatText.whole(files.text(result, "memory.swap.peak")),
            FlatText.whole(files.text(result, "memory.swap.max")),
            FlatText.entry(stat, "kernel"),
            FlatText.entry(stat, "sock"),
            entries(stat),
            FlatText.entry(events, "oom_kill"),
            Pressure.parse(files.text(result, "memory.pressure"))),
        new Pids(
            FlatText.whole(files.text(result, "pids.current")),
            FlatText.whole(files.text(result, "pids.max"))),
        io(files.text(result, "io.stat")),
        Pressure.parse(files.text(result, "io.pressure")),
        hugetlb);
  }

  private static String line(@Nullable String text) {
    return text == null ? "" : text.strip();
  }

  private static Map<String, Long> entries(@Nullable String text) {
    Map<String, Long> entries = new LinkedHashMap<>();
    int at = 0;
    while (text != null && at < text.length()) {
      int end = text.indexOf('\n', at);
      end = end < 0 ? text.length() : end;
      int blank = text.indexOf(' ', at);
      if (blank > at && blank < end) {
        entries.put(text.substring(at, blank), FlatText.digits(text, blank + 1));
      }
      at = end + 1;
    }
    return entries;
  }

  /** Lines such as {@code 8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6}. */
  private static List<Io> io(@Nullable String text) {
    List<Io> devices = new ArrayList<>();
    int at = 0;
    while (text != null && at < text.length()) {
      int end = text.indexOf('\n', at);
      end = end < 0 ? text.length() : end;
      String line = text.substring(at, end);
      int colon = line.indexOf(':');
      // A device that nothing was done with has no counters.
      if (colon > 0 && line.contains("=")) {
        devices.add(
            new Io(
                FlatText.digits(line, 0),
                FlatText.digits(line, colon + 1),
                FlatText.number(line, " rbytes="),
                FlatText.number(line, " wbytes="),
                FlatText.number(line, " dbytes="),
                FlatText.number(line, " rios="),
                FlatText.number(line, " wios="),
                FlatText.number(line, " dios=")));
      }
      at = end + 1;
    }
    return devices;
  }
}
