package dev.gatun.benchmarks;

import dev.gatun.oci.Spec;
import dev.gatun.runtime.Container;
import dev.gatun.runtime.ContainerProcess;
import dev.gatun.runtime.ExitStatus;
import dev.gatun.runtime.Gatun;
import dev.gatun.runtime.SpecBuilder;
import dev.gatun.runtime.Stdio;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a container costs a JVM that is warm, beside what a process costs it. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 4, time = 3)
@Measurement(iterations = 5, time = 3)
public class LibraryBenchmark {
  private static final Path BUSYBOX = Path.of("/usr/bin/busybox");
  private static final AtomicLong NEXT = new AtomicLong();

  private Path directory = Path.of("");
  private Path rootfs = Path.of("");
  private Gatun gatun = Gatun.open(Path.of("/nowhere"));
  private Spec isolated = SpecBuilder.isolated("true").build();
  private Spec plain = isolated;

  /** Makes a root file system and a state root. */
  @Setup(Level.Trial)
  public void make() throws IOException {
    directory = Files.createTempDirectory("gatun-benchmark");
    rootfs = directory.resolve("rootfs");
    for (String name : List.of("bin", "proc", "sys", "dev")) {
      Files.createDirectories(rootfs.resolve(name));
    }
    for (String name : List.of("true", "sleep")) {
      Files.copy(BUSYBOX, rootfs.resolve("bin").resolve(name));
    }
    gatun = Gatun.open(directory.resolve("state"));
    isolated = SpecBuilder.isolated("/bin/true").build();
    Spec spec = isolated;
    // Namespaces and a cgroup, and nothing in them: what the kernel needs for any container.
    plain =
        new Spec(
            spec.ociVersion(),
            spec.root(),
            null,
            null,
            List.of(),
            spec.process(),
            null,
            spec.annotations(),
            spec.linux() == null ? null : Namespaces.only(spec.linux()),
            List.of());
  }

  /** Removes them. */
  @TearDown(Level.Trial)
  public void remove() throws IOException {
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private ExitStatus live(Spec spec, Stdio stdout) {
    try (Container container =
        gatun.container("b" + NEXT.incrementAndGet()).spec(spec, rootfs).stdout(stdout).create()) {
      container.start();
      ExitStatus status = container.exit().join();
      if (!status.isSuccess()) {
        throw new IllegalStateException(status.toString());
      }
      return status;
    }
  }

  /** A whole life, with all that {@link SpecBuilder#isolated} mounts and hides. */
  @Benchmark
  public ExitStatus isolated() {
    return live(isolated, Stdio.none());
  }

  /** The same, with its output read from a pipe. */
  @Benchmark
  public ExitStatus isolatedWithPipe() {
    return live(isolated, Stdio.pipe());
  }

  /** A whole life with namespaces, a cgroup and a root, and no mounts in it. */
  @Benchmark
  public ExitStatus namespacesOnly() {
    return live(plain, Stdio.none());
  }

  /** A container that runs meanwhile. */
  @State(Scope.Benchmark)
  public static class Running {
    private @Nullable Container container;

    /** Starts it. */
    @Setup(Level.Trial)
    public void start(LibraryBenchmark benchmark) {
      Container made =
          benchmark
              .gatun
              .container("running")
              .spec(SpecBuilder.isolated("/bin/sleep", "100000").build(), benchmark.rootfs)
              .stdout(Stdio.none())
              .create();
      made.start();
      container = made;
    }

    /** Ends it. */
    @TearDown(Level.Trial)
    public void end() {
      Objects.requireNonNull(container).deleteForcibly();
    }
  }

  /** A process in a container that runs, as a probe is: started, and waited for. */
  @Benchmark
  public ExitStatus exec(Running running) {
    try (ContainerProcess process =
        Objects.requireNonNull(running.container).exec("/bin/true").stdout(Stdio.none()).start()) {
      return process.exit().join();
    }
  }

  /** No container at all: what the same program costs by {@link ProcessBuilder}. */
  @Benchmark
  public int processBuilder() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(rootfs.resolve("bin/true").toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.getOutputStream().close();
    return process.waitFor();
  }
}
