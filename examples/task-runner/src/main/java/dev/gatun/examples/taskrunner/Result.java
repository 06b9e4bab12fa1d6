package dev.gatun.examples.taskrunner;

import dev.gatun.runtime.ExitStatus;
import java.util.List;

/**
 * What became of a task.
 *
 * @param outcome how it ended
 * @param notes what it could not be given, each one sentence
 */
public record Result(Outcome outcome, List<String> notes) {
  /** Copies the notes. */
  public Result {
    notes = List.copyOf(notes);
  }

  /** How a task ends. */
  public sealed interface Outcome {
    /**
     * By itself, or by a signal from elsewhere.
     *
     * @param status how
     */
    record Ended(ExitStatus status) implements Outcome {}

    /** It took too long and was killed. */
    record TimedOut() implements Outcome {}
  }
}
