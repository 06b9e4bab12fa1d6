package dev.gatun.cgroups;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Kernel.Result;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Statistics from files as a kernel writes them, in a directory that is no cgroup. */
class StatisticsTest {
  private static Statistics read(Path directory) {
    TestKernel kernel = new TestKernel();
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot fd = b.fd("cgroup", directory.toString());
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(directory.toString()),
            imm(Constants.O_PATH | Constants.O_CLOEXEC),
            imm(0))
        .into(fd);
    ControlFiles files = Statistics.read(b, fd);
    b.sys(Syscall.CLOSE, fd);
    Result result = kernel.run(b.build()).orThrow();
    return Statistics.of(files, result);
  }

  @Test
  void everyController(@TempDir Path directory) throws IOException {
    Map<String, String> files =
        Map.ofEntries(
            Map.entry(
                "cpu.stat",
                """
                usage_usec 30
                user_usec 20
                system_usec 10
                nr_periods 7
                nr_throttled 3
                throttled_usec 5
                """),
            Map.entry(
                "cpu.pressure",
                """
                some avg10=1.05 avg60=0.00 avg300=12.30 total=77
                full avg10=0.50 avg60=0.01 avg300=0.00 total=5
                """),
            Map.entry("cpuset.cpus.effective", "0-1,3\n"),
            Map.entry("cpuset.mems.effective", "0\n"),
            Map.entry("memory.current", "4096\n"),
            Map.entry("memory.peak", "8192\n"),
            Map.entry("memory.max", "max\n"),
            Map.entry("memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\n"),
            Map.entry("memory.swap.current", "1\n"),
            Map.entry("memory.swap.max", "2\n"),
            Map.entry("memory.stat", "anon 1\nfile 2\nkernel 3\nsock 4\nfile_mapped 5\n"),
            Map.entry("pids.current", "6\n"),
            Map.entry("pids.max", "100\n"),
            Map.entry(
                "io.stat", "7:0 \n8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n8:32\n"),
            Map.entry("hugetlb.2MB.current", "2097152\n"),
            Map.entry("hugetlb.2MB.events", "max 4\n"));
    for (Map.Entry<String, String> file : files.entrySet()) {
      Files.writeString(directory.resolve(file.getKey()), file.getValue());
    }
    Statistics statistics = read(directory);
    assertEquals(
        new Statistics.Cpu(
            30_000,
            20_000,
            10_000,
            7,
            3,
            5_000,
            "0-1,3",
            "0",
            new Pressure(new Pressure.Stall(105, 0, 1230, 77), new Pressure.Stall(50, 1, 0, 5))),
        statistics.cpu());
    Statistics.Memory memory = statistics.memory();
    assertEquals(
        List.of(4096L, 8192L, -1L, 9L, 1L, 0L, 2L, 3L, 4L, 1L),
        List.of(
            memory.usage(),
            memory.peak(),
            memory.limit(),
            memory.failures(),
            memory.swap(),
            memory.swapPeak(),
            memory.swapLimit(),
            memory.kernel(),
            memory.sock(),
            memory.oomKills()));
    assertEquals(5, memory.stat().size());
    assertEquals(2, memory.stat().get("file"));
    assertNull(memory.pressure());
    assertEquals(new Statistics.Pids(6, 100), statistics.pids());
    assertEquals(List.of(new Statistics.Io(8, 16, 1, 2, 5, 3, 4, 6)), statistics.io());
    assertEquals(Map.of("2MB", new Statistics.Hugetlb(2_097_152, 4)), statistics.hugetlb());
  }

  @Test
  void withoutControllersNothingIsCounted(@TempDir Path directory) {
    Statistics statistics = read(directory);
    assertNotNull(statistics.cpu());
    assertEquals(0, statistics.cpu().total());
    assertEquals(new Statistics.Pids(0, 0), statistics.pids());
    assertEquals(List.of(), statistics.io());
    assertEquals(Map.of(), statistics.hugetlb());
    assertNull(statistics.ioPressure());
  }
}
