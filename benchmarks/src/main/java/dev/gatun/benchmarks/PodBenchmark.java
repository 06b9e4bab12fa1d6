package dev.gatun.benchmarks;

import dev.gatun.pods.Pod;
import dev.gatun.pods.PodNetwork;
import dev.gatun.pods.Pods;
import dev.gatun.runtime.Gatun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.runner.IterationType;

/**
 * What a pod costs a JVM that is warm: its pause process with network, IPC and UTS namespaces, its
 * directory, shared memory and cgroup, all written down; with loopback alone, and with addresses on
 * the bridge, leased, routed and masqueraded. Beside it C programs that come to the same by the
 * system calls that it takes, the one with a bridge, ranges and a table of its own. As in {@link
 * NamespaceBenchmark} JMH's score is a whole round, and the table has each by itself.
 *
 * <p>Every turn begins at rest, see {@link Rest}: otherwise each would pay for the end of the pod
 * before it, which nobody who makes a pod now and then does. This is not measured, but part of
 * JMH's score.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 2, time = 4)
@Measurement(iterations = 6, time = 5)
public class PodBenchmark {
  private static final int WARM_UP = 2_000;

  /** Fewer, since the end of such a pod takes ten times as long. */
  private static final int BRIDGE_WARM_UP = 400;

  /** The pod's network: {@code loopback} or {@code bridge}. */
  @Param({"loopback", "bridge"})
  public String network = "";

  private Path directory = Path.of("");
  private int number;
  private @Nullable CProgram program;
  private @Nullable Turns turns;

  /** Makes a state root and starts the C program. */
  @Setup(Level.Trial)
  public void start() throws IOException {
    directory = Files.createTempDirectory("gatun-benchmark");
    boolean isOnBridge = network.equals("bridge");
    CProgram c = new CProgram(isOnBridge ? "bridge" : "namespaces");
    program = c;
    Pods pods = Pods.of(Gatun.open(directory.resolve("state")));
    PodNetwork choice = isOnBridge ? PodNetwork.bridge() : PodNetwork.none();
    // Rounds alone are too few for the compilers to be done.
    for (int i = 0; i < WARM_UP; i++) {
      live(pods, PodNetwork.none());
    }
    for (int i = 0; isOnBridge && i < BRIDGE_WARM_UP; i++) {
      live(pods, choice);
    }
    String request = (isOnBridge ? " bridge " : " pod ") + directory;
    turns =
        new Turns()
            .before(Rest::await)
            .add("Gatun", () -> live(pods, choice))
            .add("C, two stages", () -> c.take("two" + request))
            .add("C, one stage", () -> c.take("one" + request));
  }

  private Turns.Times live(Pods pods, PodNetwork choice) {
    String id = "pod" + number++;
    long before = System.nanoTime();
    Pod pod = pods.pod(id).network(choice).create();
    long ready = System.nanoTime();
    pod.deleteForcibly();
    return new Turns.Times(ready - before, System.nanoTime() - ready);
  }

  /** Says whether turns count. */
  @Setup(Level.Iteration)
  public void begin(IterationParams iteration) {
    Objects.requireNonNull(turns).measure(iteration.getType() == IterationType.MEASUREMENT);
  }

  /** One round: a turn of each. */
  @Benchmark
  public void inTurns() throws IOException {
    Objects.requireNonNull(turns).round();
  }

  /** Says what came out, and removes the state root. */
  @TearDown(Level.Trial)
  public void report() throws IOException {
    Objects.requireNonNull(program).close();
    System.out.println("\n" + Objects.requireNonNull(turns).report("pod with " + network));
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
