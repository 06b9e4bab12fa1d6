package dev.gatun.benchmarks;

import dev.gatun.linux.Constants;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Kernel;
import java.io.IOException;
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
 * What a process with new namespaces costs a JVM that is warm, beside what it costs in C: in two
 * stages as Gatun starts it, and by one clone. JMH's score is a whole round of the three in turns;
 * the table that is printed behind it has each by itself, and how they compare.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@State(Scope.Benchmark)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 4, time = 2)
public class NamespaceBenchmark {
  private static final int WARM_UP = 12_000;

  private static final int FIVE =
      Constants.CLONE_NEWUTS
          | Constants.CLONE_NEWIPC
          | Constants.CLONE_NEWNS
          | Constants.CLONE_NEWPID
          | Constants.CLONE_NEWNET;

  /** Which are new; {@code five} are those of an ordinary container. */
  @Param({"none", "uts", "ipc", "user", "cgroup", "mount", "pid", "net", "five"})
  public String namespaces = "";

  /**
   * Whether Gatun's programs are built {@code once}, as C's are compiled once, or {@code anew} for
   * each start, as those of a container are.
   */
  @Param("once")
  public String built = "";

  private final Kernel kernel = new LocalKernel();
  private @Nullable CProgram program;
  private @Nullable Turns turns;

  private long flags() {
    return switch (namespaces) {
      case "none" -> 0;
      case "uts" -> Constants.CLONE_NEWUTS;
      case "ipc" -> Constants.CLONE_NEWIPC;
      case "user" -> Constants.CLONE_NEWUSER;
      case "cgroup" -> Constants.CLONE_NEWCGROUP;
      case "mount" -> Constants.CLONE_NEWNS;
      case "pid" -> Constants.CLONE_NEWPID;
      case "net" -> Constants.CLONE_NEWNET;
      case "five" -> FIVE;
      default -> throw new IllegalArgumentException(namespaces);
    };
  }

  /** Starts the C program. */
  @Setup(Level.Trial)
  public void start() throws IOException {
    long flags = flags();
    // Rounds alone are too few for the compilers to be done.
    for (int i = 0; i < WARM_UP; i++) {
      hold(NamespaceHolder.of(kernel, flags & Constants.CLONE_NEWUSER));
    }
    NamespaceHolder holder = NamespaceHolder.of(kernel, flags);
    boolean anew = built.equals("anew");
    CProgram c = new CProgram();
    program = c;
    turns =
        new Turns()
            .add("Gatun", anew ? () -> holdAnew(flags) : () -> hold(holder))
            .add("C, two stages", () -> c.take("two " + flags))
            .add("C, one stage", () -> c.take("one " + flags));
  }

  private Turns.Times hold(NamespaceHolder holder) {
    return hold(System.nanoTime(), holder);
  }

  private Turns.Times holdAnew(long flags) {
    return hold(System.nanoTime(), NamespaceHolder.of(kernel, flags));
  }

  private Turns.Times hold(long before, NamespaceHolder holder) {
    long pid = holder.start(kernel);
    long ready = System.nanoTime();
    NamespaceHolder.end(kernel, pid);
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

  /** Says what came out. */
  @TearDown(Level.Trial)
  public void report() throws IOException {
    Objects.requireNonNull(program).close();
    System.out.println("\n" + Objects.requireNonNull(turns).report(namespaces));
  }
}
