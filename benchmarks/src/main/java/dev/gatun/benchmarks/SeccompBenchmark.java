package dev.gatun.benchmarks;

import dev.gatun.linux.Arch;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Seccomp;
import dev.gatun.oci.SpecReader;
import dev.gatun.runtime.seccomp.SeccompFilter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Podman's profile: what its compilation costs, and what its filter costs a call. Samples are
 * taken, whose least values and medians mean something on a busy machine too.
 */
@BenchmarkMode(Mode.SampleTime)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SeccompBenchmark {
  private static final String PROFILE = "oci-spec/src/test/resources/dev/gatun/oci/podman-4.3.json";

  /** The profile. */
  @State(Scope.Benchmark)
  public static class Profile {
    private final Seccomp seccomp;

    /** Reads it; the working directory is the project's or the module's. */
    public Profile() {
      Path file = Path.of(PROFILE);
      try {
        byte[] bytes = Files.readAllBytes(Files.exists(file) ? file : Path.of("..", PROFILE));
        Linux linux = SpecReader.read(bytes, PROFILE).linux();
        seccomp = Objects.requireNonNull(Objects.requireNonNull(linux).seccomp());
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  /** A thread with a filter. */
  @State(Scope.Thread)
  public static class Filtered {
    /** Whose filter. */
    @Param({"none", "gatun", "libseccomp"})
    public String filter = "";

    /** Loads it into the thread that measures; it ends with the forked JVM. */
    @Setup(Level.Trial)
    public void load(Profile profile) {
      switch (filter) {
        case "gatun" -> LibSeccomp.load(compiled(profile));
        case "libseccomp" -> LibSeccomp.load(LibSeccomp.compile(profile.seccomp));
        default -> {}
      }
    }
  }

  private static byte[] compiled(Profile profile) {
    return SeccompFilter.compile(profile.seccomp, Arch.X86_64).bpf();
  }

  /** Compilation by Gatun. */
  @Benchmark
  @OutputTimeUnit(TimeUnit.MICROSECONDS)
  public byte[] compileByGatun(Profile profile) {
    return compiled(profile);
  }

  /** Compilation by libseccomp. */
  @Benchmark
  @OutputTimeUnit(TimeUnit.MICROSECONDS)
  public byte[] compileByLibseccomp(Profile profile) {
    return LibSeccomp.compile(profile.seccomp);
  }

  /** A call that the filter has to be run for. */
  @Benchmark
  @OutputTimeUnit(TimeUnit.NANOSECONDS)
  public int personality(Filtered filtered) {
    return LibSeccomp.personality();
  }

  /** A call whose decision the kernel remembers, since Linux 5.11. */
  @Benchmark
  @OutputTimeUnit(TimeUnit.NANOSECONDS)
  public int getppid(Filtered filtered) {
    return LibSeccomp.getppid();
  }
}
