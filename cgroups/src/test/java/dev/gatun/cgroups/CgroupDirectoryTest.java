package dev.gatun.cgroups;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Errno;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel.Result;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Programs of this package, run on this host's cgroup2. */
@Tag("root")
@Timeout(60)
class CgroupDirectoryTest {
  private final TestKernel kernel = new TestKernel();
  private TestCgroups cgroups;
  private long openBefore;

  @BeforeEach
  void open() throws IOException {
    cgroups = new TestCgroups();
    kernel.run(new ProgramBuilder(kernel.arch()).build());
    openBefore = openFiles();
  }

  @AfterEach
  void close() throws Exception {
    if (cgroups != null) {
      cgroups.close();
      assertEquals(openBefore, openFiles(), "descriptors left open");
    }
  }

  private static long openFiles() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files
          .filter(fd -> {
            try {
              return Files.readSymbolicLink(fd).startsWith("/sys/fs/cgroup");
            } catch (IOException e) {
              return false;
            }
          })
          .count();
    }
  }

  private Result make(String below) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    CgroupDirectory directory = new CgroupDirectory(b, cgroups.path(below));
    Slot fd = directory.make();
    Idioms.close(b, fd);
    return kernel.run(b.build());
  }

  private Result remove(String below) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    new CgroupDirectory(b, cgroups.path(below)).remove();
    return kernel.run(b.build());
  }

  private Result with(String below, Consumer<Inside> records) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Label missing = b.label("missing");
    Slot fd = new CgroupDirectory(b, cgroups.path(below)).open(missing);
    Label failed = b.label("failed");
    b.onFailure(failed);
    records.accept(new Inside(b, fd));
    b.bind(failed);
    Idioms.close(b, fd);
    b.bind(missing);
    return kernel.run(b.build());
  }

  private record Inside(ProgramBuilder b, Slot fd) {}

  private static String message(Result result) {
    SyscallException failure = result.failure();
    assertNotNull(failure);
    return String.valueOf(failure.getMessage());
  }

  @Test
  void madeWithAllAboveItAndRemovedAlone() throws IOException {
    make("/a/b/c/leaf").orThrow();
    assertTrue(Files.isDirectory(cgroups.directory("/a/b/c/leaf")));
    long before = kernel.steps();
    remove("/a/b/c/leaf").orThrow();
    assertTrue(kernel.steps() - before < 20, "removal took " + (kernel.steps() - before));
    assertFalse(Files.exists(cgroups.directory("/a/b/c/leaf")));
    assertTrue(Files.isDirectory(cgroups.directory("/a/b/c")));
    remove("/a/b/c/leaf").orThrow();
    remove("/a/x/y/z").orThrow();
  }

  @Test
  void directlyBelowTheMount() {
    make("").orThrow();
    assertTrue(Files.isDirectory(cgroups.directory("")));
    make("").orThrow();
    remove("").orThrow();
    assertFalse(Files.exists(cgroups.directory("")));
  }

  @Test
  void onlyWhatWasMadeIsTakenBack() throws IOException {
    for (boolean there : new boolean[] {false, true}) {
      if (there) {
        Files.createDirectory(cgroups.directory(""));
      }
      ProgramBuilder b = new ProgramBuilder(kernel.arch());
      CgroupDirectory directory = new CgroupDirectory(b, cgroups.path(""));
      Slot fd = directory.make();
      Idioms.close(b, fd);
      directory.removeIfMade();
      Result result = kernel.run(b.build()).orThrow();
      assertEquals(there ? 0 : 1, result.slot(directory.made()));
      assertEquals(there, Files.exists(cgroups.directory("")));
    }
  }

  @Test
  void aDirectoryWithProcessesIsRefused() throws IOException {
    make("/x").orThrow();
    cgroups.start("/x", "exec sleep 1000");
    Result result = make("/x");
    assertEquals(Errno.EBUSY, result.errno());
    assertTrue(message(result).startsWith("container's cgroup is not empty"), message(result));
    assertTrue(message(result).contains("/linux/cgroupsPath"), message(result));
    closeLeft(result);
  }

  @Test
  void aFrozenDirectoryIsRefusedAlsoWhenOnlyItsParentIsFrozen() throws IOException {
    make("/x").orThrow();
    Files.writeString(cgroups.directory("").resolve("cgroup.freeze"), "1");
    for (String below : new String[] {"/x", "/new"}) {
      Result result = make(below);
      assertEquals(Errno.EAGAIN, result.errno());
      assertTrue(message(result).startsWith("container's cgroup is frozen"), message(result));
      closeLeft(result);
    }
    Files.writeString(cgroups.directory("").resolve("cgroup.freeze"), "0");
  }

  /** A program that fails leaves its descriptors to the failure handler, which these have not. */
  private void closeLeft(Result result) throws IOException {
    assertTrue(result.failed());
    openBefore = openFiles();
  }

  @Test
  void whatIsMountedThereMustBeCgroup2() {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    new CgroupDirectory(b, new CgroupPath("/tmp", "/" + cgroups.name)).make();
    Result result = kernel.run(b.build());
    assertEquals(Errno.EINVAL, result.errno());
    assertTrue(message(result).contains("\"/tmp\" is no cgroup2 file system"), message(result));
    assertFalse(Files.exists(Path.of("/tmp", cgroups.name)));
  }

  @Test
  void everythingInItIsKilledAndRemoved() throws Exception {
    make("/x").orThrow();
    Path top = cgroups.directory("/x");
    for (String below : new String[] {"a", "a/b", "a/b/c", "a/b/c/d", "e", "e/.f", "e/...", "g"}) {
      Files.createDirectory(top.resolve(below));
    }
    for (int i = 0; i < 150; i++) {
      Files.createDirectory(top.resolve("e/many-cgroups-with-long-names-" + i));
    }
    Process inDepth = cgroups.start("/x/a/b/c/d", "trap '' TERM; sleep 1000; sleep 1000");
    Process frozen = cgroups.start("/x/g", "exec sleep 1000");
    Files.writeString(top.resolve("g/cgroup.freeze"), "1");
    remove("/x").orThrow();
    assertFalse(Files.exists(top));
    assertTrue(inDepth.waitFor(10, TimeUnit.SECONDS));
    assertEquals(128 + 9, inDepth.exitValue());
    assertTrue(frozen.waitFor(10, TimeUnit.SECONDS));
    assertEquals(128 + 9, frozen.exitValue());
  }

  /** systemd removes an empty scope's cgroup when it likes, and nobody is in one that is gone. */
  @Test
  void aCgroupThatSomebodyElseRemovesIsEmpty() throws IOException {
    // Gone between the opening and everything else.
    make("/x").orThrow();
    with(
            "/x",
            in -> {
              new CgroupDirectory(in.b, cgroups.path("/x")).remove();
              CgroupProcesses.kill(in.b, in.fd, 5000);
              CgroupProcesses.awaitEmpty(in.b, in.fd, 5000);
            })
        .orThrow();
  }

  @Test
  void aWaitEndsInTimeAndSaysWhatFor() throws IOException {
    make("/x").orThrow();
    cgroups.start("/x", "exec sleep 1000");
    long before = System.nanoTime();
    Result result = with("/x", in -> CgroupProcesses.awaitEmpty(in.b, in.fd, 300));
    long took = System.nanoTime() - before;
    assertEquals(Errno.ETIMEDOUT, result.errno());
    assertTrue(took >= 290_000_000L && took < 5_000_000_000L, "took " + took);
    assertTrue(message(result).contains("wait for the processes"), message(result));
  }

  @Test
  void frozenThawedAndTruthful() throws IOException {
    make("/x").orThrow();
    cgroups.start("/x", "exec sleep 1000");
    assertEquals(new CgroupStatus(true, false), status());
    with("/x", in -> CgroupFreezer.freeze(in.b, in.fd, 5000)).orThrow();
    assertEquals(new CgroupStatus(true, true), status());
    with("/x", in -> CgroupFreezer.thaw(in.b, in.fd, 5000)).orThrow();
    assertEquals(new CgroupStatus(true, false), status());
    with("/x", in -> CgroupFreezer.freeze(in.b, in.fd, 5000)).orThrow();
    with("/x", in -> CgroupProcesses.kill(in.b, in.fd, 5000)).orThrow();
    assertFalse(status().populated());
  }

  @Test
  void aThawBelowAFrozenCgroupIsAnError() throws IOException {
    make("/x").orThrow();
    Files.writeString(cgroups.directory("").resolve("cgroup.freeze"), "1");
    Result result = with("/x", in -> CgroupFreezer.thaw(in.b, in.fd, 100));
    assertEquals(Errno.ETIMEDOUT, result.errno());
    assertTrue(message(result).contains("a cgroup above it is frozen"), message(result));
    Files.writeString(cgroups.directory("").resolve("cgroup.freeze"), "0");
  }

  private CgroupStatus status() {
    Data[] text = new Data[1];
    Result result = with("/x", in -> text[0] = CgroupStatus.read(in.b, in.fd)).orThrow();
    return CgroupStatus.parse(result.bytes(text[0]));
  }

  @Test
  void processesAreListedFromEveryDepth() throws IOException {
    make("/x").orThrow();
    String[] below = {"", "/a", "/a/b", "/c", "/c/d/e"};
    int[] expected = new int[below.length];
    for (int i = 0; i < below.length; i++) {
      Files.createDirectories(cgroups.directory("/x" + below[i]));
    }
    for (int i = 0; i < 120; i++) {
      Files.createDirectory(cgroups.directory("/x/a/empty-cgroup-with-a-long-name-" + i));
    }
    for (int i = 0; i < below.length; i++) {
      expected[i] = (int) cgroups.start("/x" + below[i], "exec sleep 1000").pid();
    }
    int[] pids = list(65536);
    Arrays.sort(pids);
    Arrays.sort(expected);
    assertArrayEquals(expected, pids);
  }

  private int[] list(int size) {
    Data[] text = new Data[1];
    Result result = with("/x", in -> text[0] = CgroupProcesses.list(in.b, in.fd, size)).orThrow();
    return CgroupProcesses.parse(result.bytes(text[0]));
  }

  private void awaitProcesses(String path, int count) throws IOException {
    Path procs = cgroups.directory(path).resolve("cgroup.procs");
    long end = System.nanoTime() + java.time.Duration.ofSeconds(10).toNanos();
    while (Files.readAllLines(procs).size() < count) {
      assertTrue(System.nanoTime() < end, "only " + Files.readAllLines(procs));
      Thread.onSpinWait();
    }
  }

  @Test
  void tooManyProcessesOrTooDeepAreSaid() throws IOException {
    make("/x").orThrow();
    cgroups.start("/x", "{ sleep 1000 & sleep 1000 & sleep 1000 & wait; }");
    awaitProcesses("/x", 4);
    Result result = with("/x", in -> CgroupProcesses.list(in.b, in.fd, 8));
    assertEquals(Errno.E2BIG, result.errno());
    assertTrue(message(result).contains("too many"), message(result));
    StringBuilder deep = new StringBuilder("/x");
    for (int i = 0; i < 260; i++) {
      deep.append("/d");
      Files.createDirectory(cgroups.directory(deep.toString()));
    }
    result = with("/x", in -> CgroupProcesses.list(in.b, in.fd, 65536));
    assertEquals(Errno.ELOOP, result.errno());
    assertTrue(message(result).contains("too deep"), message(result));
    remove("/x").orThrow();
    assertFalse(Files.exists(cgroups.directory("/x")));
  }

  @Test
  void aMissingCgroupIsNoErrorToOpen() {
    with("/not/there", in -> in.b.fail(Errno.EIO)).orThrow();
  }

  @Test
  void pidsAreParsed() {
    assertArrayEquals(
        new int[] {1, 0, 4194304},
        CgroupProcesses.parse("1\n0\n4194304\n".getBytes(StandardCharsets.UTF_8)));
    assertArrayEquals(new int[0], CgroupProcesses.parse(new byte[0]));
  }

  @Test
  void makingIsFewRecords() {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    int before = b.size();
    Slot fd = new CgroupDirectory(b, cgroups.path("/x")).make();
    b.set(Slot.SCRAP, fd);
    assertTrue(b.size() - before < 30, "records of make: " + (b.size() - before));
  }
}
