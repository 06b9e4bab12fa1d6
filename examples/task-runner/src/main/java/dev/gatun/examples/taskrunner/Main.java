package dev.gatun.examples.taskrunner;

import dev.gatun.runtime.GatunException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/** The runner for one task, from a command line. */
public final class Main {
  private static final int USAGE = 125;
  private static final int TIMED_OUT = 124;
  private static final int ARGUMENTS = 6;

  private Main() {}

  /**
   * Runs {@code WORK NAME SOURCES OUTPUT SECONDS MEGABYTES COMMAND...} and exits with the status of
   * the command, 124 when it took too long, 125 when it could not be run. No megabytes are no
   * limit.
   *
   * @param args the arguments
   */
  public static void main(String[] args) throws Exception {
    System.exit(run(List.of(args)));
  }

  private static int run(List<String> args) throws Exception {
    if (args.size() <= ARGUMENTS) {
      System.err.println("usage: WORK NAME SOURCES OUTPUT SECONDS MEGABYTES COMMAND...");
      return USAGE;
    }
    long megabytes = Long.parseLong(args.get(5));
    Task task =
        new Task(
            args.get(1),
            args.subList(ARGUMENTS, args.size()),
            Path.of(args.get(2)),
            Path.of(args.get(3)),
            Duration.ofSeconds(Long.parseLong(args.get(4))),
            megabytes == 0 ? OptionalLong.empty() : OptionalLong.of(megabytes << 20));
    Result result;
    try {
      result = new TaskRunner(Path.of(args.get(0))).run(task, System.out);
    } catch (GatunException e) {
      System.err.println("task-runner: " + e.getMessage());
      return USAGE;
    }
    for (String note : result.notes()) {
      System.err.println("task-runner: " + note);
    }
    return switch (result.outcome()) {
      case Result.Outcome.Ended(var status) -> status.shellCode().orElse(USAGE);
      case Result.Outcome.TimedOut() -> {
        System.err.println("task-runner: " + task.name() + " took too long");
        yield TIMED_OUT;
      }
    };
  }
}
