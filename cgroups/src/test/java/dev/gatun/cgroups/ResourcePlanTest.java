package dev.gatun.cgroups;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Errno;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Resources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ResourcePlanTest {
  private static final CgroupRoot ALL = new CgroupRoot("/cg", "/", List.of());

  private static Resources resources(
      Resources.@Nullable Memory memory,
      Resources.@Nullable Cpu cpu,
      Resources.@Nullable Pids pids,
      Resources.@Nullable BlockIo io,
      List<Resources.HugepageLimit> hugetlb,
      Map<String, Resources.Rdma> rdma,
      Map<String, String> unified) {
    return new Resources(List.of(), memory, cpu, pids, io, hugetlb, null, rdma, unified);
  }

  private static Resources memory(@Nullable Long limit, @Nullable Long low, @Nullable Long swap) {
    return resources(
        new Resources.Memory(limit, low, swap, null, null, null, null, null, null),
        null,
        null,
        null,
        List.of(),
        Map.of(),
        Map.of());
  }

  private static Resources cpu(
      @Nullable Long shares,
      @Nullable Long quota,
      @Nullable Long burst,
      @Nullable Long period,
      @Nullable String cpus,
      @Nullable Long idle) {
    return resources(
        null,
        new Resources.Cpu(shares, quota, burst, period, null, null, cpus, null, idle),
        null,
        null,
        List.of(),
        Map.of(),
        Map.of());
  }

  private static Resources pids(long limit) {
    return resources(null, null, new Resources.Pids(limit), null, List.of(), Map.of(), Map.of());
  }

  private static Resources unified(String file, String value) {
    return resources(null, null, null, null, List.of(), Map.of(), Map.of(file, value));
  }

  private static String text(List<ResourcePlan.Write> writes) {
    StringBuilder out = new StringBuilder();
    for (ResourcePlan.Write write : writes) {
      out.append(out.isEmpty() ? "" : "; ").append(write.file()).append('=').append(write.value());
      ResourcePlan.Write otherwise = write.otherwise();
      if (otherwise != null) {
        out.append(" or ").append(otherwise.file()).append('=').append(otherwise.value());
      }
    }
    return out.toString();
  }

  private static String plan(Resources resources) {
    return text(ResourcePlan.of(resources, ALL).writes());
  }

  private static void refused(Resources resources, String place) {
    CgroupException e = assertThrows(CgroupException.class, () -> ResourcePlan.of(resources, ALL));
    assertEquals("/linux/resources" + place, e.place(), e.getMessage());
  }

  @Test
  void sharesBecomeWeight() {
    assertEquals(17, ResourcePlan.weight(102));
    assertEquals(35, ResourcePlan.weight(256));
    assertEquals(59, ResourcePlan.weight(512));
    assertEquals(100, ResourcePlan.weight(1024));
    assertEquals(174, ResourcePlan.weight(2048));
    assertEquals(303, ResourcePlan.weight(4096));
    assertEquals(1, ResourcePlan.weight(1));
    assertEquals(1, ResourcePlan.weight(2));
    assertEquals(10_000, ResourcePlan.weight(262_144));
    assertEquals(10_000, ResourcePlan.weight(-1));
    long before = 1;
    for (long shares = 2; shares <= 262_144; shares++) {
      long weight = ResourcePlan.weight(shares);
      assertTrue(weight >= before && weight <= 10_000, "shares " + shares);
      before = weight;
    }
  }

  @Test
  void cpuFiles() {
    assertEquals("", plan(cpu(0L, 0L, null, 0L, null, null)));
    assertEquals("cpu.weight=100", plan(cpu(1024L, null, null, null, null, null)));
    assertEquals("cpu.max=50000 100000", plan(cpu(null, 50_000L, null, null, null, null)));
    assertEquals("cpu.max=max 20000", plan(cpu(null, -1L, null, 20_000L, null, null)));
    assertEquals(
        "cpu.max.burst=0; cpu.max=5 10; cpu.max.burst=3", plan(cpu(null, 5L, 3L, 10L, null, null)));
    assertEquals("cpu.idle=1", plan(cpu(1024L, null, null, null, null, 1L)));
    assertEquals("cpu.idle=0; cpu.weight=100", plan(cpu(1024L, null, null, null, null, 0L)));
    ResourcePlan set = ResourcePlan.of(cpu(null, null, null, null, "0-1", null), ALL);
    assertEquals("cpuset.cpus=0-1", text(set.writes()));
    assertEquals(List.of("cpuset"), set.controllers());
    refused(cpu(null, null, null, null, null, 2L), "/cpu/idle");
  }

  @Test
  void memoryFiles() {
    assertEquals("", plan(memory(0L, null, null)));
    assertEquals("memory.max=1000; memory.oom.group=1", plan(memory(1000L, null, null)));
    assertEquals(
        "memory.swap.max=500; memory.max=1000; memory.low=7; memory.oom.group=1",
        plan(memory(1000L, 7L, 1500L)));
    assertEquals(
        "memory.swap.max=0; memory.max=1000; memory.oom.group=1", plan(memory(1000L, null, 1000L)));
    assertEquals(
        "memory.swap.max=max; memory.max=max; memory.oom.group=1", plan(memory(-1L, null, null)));
    assertEquals(
        "memory.swap.max=max; memory.max=1000; memory.oom.group=1", plan(memory(1000L, null, -1L)));
    refused(memory(null, null, 10L), "/memory/swap");
    refused(memory(100L, null, 10L), "/memory/swap");
    refused(memory(-2L, null, null), "/memory/limit");
  }

  @Test
  void pidsFiles() {
    assertEquals("pids.max=5", plan(pids(5)));
    assertEquals("pids.max=max", plan(pids(-1)));
    refused(pids(-2), "/pids/limit");
    ResourcePlan zero = ResourcePlan.of(pids(0), ALL);
    assertEquals("", text(zero.writes()));
    assertEquals("pids.max=0", text(zero.late()));
    assertEquals(List.of("pids"), zero.controllers());
  }

  @Test
  void ioFiles() {
    Resources.BlockIo io =
        new Resources.BlockIo(
            500,
            null,
            List.of(new Resources.WeightDevice(8, 0, 10, null)),
            List.of(new Resources.ThrottleDevice(8, 0, 1024)),
            List.of(),
            List.of(),
            List.of(new Resources.ThrottleDevice(8, 16, 0)));
    assertEquals(
        "io.bfq.weight=500 or io.weight=default 4950; io.bfq.weight=8:0 10 or io.weight=8:0 1;"
            + " io.max=8:0 rbps=1024; io.max=8:16 wiops=max",
        plan(resources(null, null, null, io, List.of(), Map.of(), Map.of())));
  }

  @Test
  void hugetlbRdmaAndUnified() {
    assertEquals(
        "hugetlb.2MB.rsvd.max=4096; hugetlb.2MB.max=4096; rdma.max=mlx hca_handle=3; pids.max=9",
        plan(
            resources(
                null,
                null,
                null,
                null,
                List.of(new Resources.HugepageLimit("2MB", 4096)),
                Map.of("mlx", new Resources.Rdma(3L, null)),
                Map.of("pids.max", "9"))));
    assertEquals("io.max=a; io.max=b", plan(unified("io.max", "a\nb\n")));
    refused(unified("memory.high", ""), "/unified/memory.high");
    refused(unified("../memory.high", "1"), "/unified/..~1memory.high");
    refused(unified("cgroup.procs", "1"), "/unified/cgroup.procs");
    refused(unified("nonsense", "1"), "/unified/nonsense");
    refused(unified("..", "1"), "/unified/..");
  }

  @Test
  void aControllerOfVersion1IsNamed() {
    CgroupRoot hybrid = new CgroupRoot("/cg", "/", List.of("pids", "blkio"));
    CgroupException e = assertThrows(CgroupException.class, () -> ResourcePlan.of(pids(5), hybrid));
    assertEquals(
        "limit pids: the controller is bound to cgroup v1; boot with cgroup_no_v1=pids or"
            + " systemd.unified_cgroup_hierarchy=1 to have it in cgroup v2"
            + " [config.json /linux/resources/pids/limit]",
        e.getMessage());
    assertThrows(CgroupException.class, () -> ResourcePlan.of(unified("io.max", "a"), hybrid));
    assertThrows(
        CgroupException.class,
        () -> ResourcePlan.of(pids(5), new CgroupRoot(null, null, List.of())));
    assertEquals("", text(ResourcePlan.of(null, hybrid).writes()));
  }

  @Test
  @Tag("root")
  @Timeout(60)
  void limitsAreInTheFilesAndMissingControllersAreNamed() throws Exception {
    TestCgroups cgroups = new TestCgroups();
    Path control = cgroups.mount.resolve("cgroup.subtree_control");
    String before = Files.readString(control);
    try {
      Kernel.Result result = apply(cgroups, "/no", unified("nosuch.max", "1"));
      assertEquals(Errno.ENOENT, result.errno());
      assertTrue(
          String.valueOf(result.failure()).contains("does not have the controller nosuch"),
          String.valueOf(result.failure()));
      assumeTrue(
          Files.readString(cgroups.mount.resolve("cgroup.controllers")).contains("hugetlb")
              && Files.exists(Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB")),
          "skipped: this cgroup2 has no hugetlb controller");
      apply(
              cgroups,
              "/a/b",
              resources(
                  null,
                  null,
                  null,
                  null,
                  List.of(new Resources.HugepageLimit("2MB", 4L << 20)),
                  Map.of(),
                  Map.of()))
          .orThrow();
      for (String file : List.of("hugetlb.2MB.max", "hugetlb.2MB.rsvd.max")) {
        assertEquals(
            (4L << 20) + "\n", Files.readString(cgroups.directory("/a/b").resolve(file)), file);
      }
      Files.createDirectory(cgroups.directory("/busy"));
      cgroups.start("/busy", "exec sleep 1000");
      result = apply(cgroups, "/busy/x", unified("hugetlb.2MB.max", "0"));
      assertEquals(Errno.EBUSY, result.errno());
      assertTrue(
          String.valueOf(result.failure()).contains("which has processes"),
          String.valueOf(result.failure()));
    } finally {
      cgroups.close();
      if (!before.contains("hugetlb")) {
        Files.writeString(control, "-hugetlb");
      }
    }
  }

  private static Kernel.Result apply(TestCgroups cgroups, String below, Resources resources) {
    ResourcePlan plan =
        ResourcePlan.of(resources, new CgroupRoot(cgroups.mount.toString(), "/", List.of()));
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    CgroupDirectory directory = new CgroupDirectory(b, cgroups.path(below));
    Slot fd = directory.make();
    directory.enable(plan);
    plan.apply(b, fd);
    plan.applyLate(b, fd);
    Idioms.close(b, fd);
    return new TestKernel().run(b.build());
  }
}
