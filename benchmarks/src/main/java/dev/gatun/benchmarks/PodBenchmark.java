package dev.gatun.benchmarks;

import dev.gatun.pods.Pod;
import dev.gatun.pods.PodNetwork;
import dev.gatun.pods.Pods;
import dev.gatun.runtime.Gatun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
 * <p>There is another pod on the bridge all the time: what the first pod of a host needs, bridge
 * and table, is made once.
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
  /** What the second compiler needs to have seen of a method without loops. */
  private static final int WARM_UP = 12_000;

  /** The end of a pod on the bridge is waiting, for which others need no processor. */
  private static final int WARM_UP_THREADS = 8;

  /** The pod's network: {@code loopback} or {@code bridge}. */
  @Param({"loopback", "bridge"})
  public String network = "";

  private Path directory = Path.of("");
  private int number;
  private @Nullable Pod beside;
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
    if (isOnBridge) {
      // The first pod of a host adds what is there for all of them, bridge and table.
      beside = pods.pod("beside").network(choice).create();
      c.take("beside another");
    }
    warmUp(pods, choice);
    String request = (isOnBridge ? " bridge " : " pod ") + directory;
    turns =
        new Turns()
            .before(Rest::await)
            .add("Gatun", () -> live(pods, choice))
            .add("C, two stages", () -> c.take("two" + request))
            .add("C, one stage", () -> c.take("one" + request));
  }

  /** Rounds alone are too few for the compilers to be done. */
  private static void warmUp(Pods pods, PodNetwork choice) {
    AtomicInteger next = new AtomicInteger();
    try (ExecutorService threads = Executors.newFixedThreadPool(WARM_UP_THREADS)) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < WARM_UP_THREADS; i++) {
        all.add(
            threads.submit(() -> {
              for (int n = next.getAndIncrement(); n < WARM_UP; n = next.getAndIncrement()) {
                pods.pod("warm" + n).network(choice).create().deleteForcibly();
              }
            }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException("warming up", e);
    }
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
    if (beside != null) {
      beside.deleteForcibly();
    }
    System.out.println("\n" + Objects.requireNonNull(turns).report("pod with " + network));
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
