package dev.gatun.cli;

import dev.gatun.pods.lifecycle.PodStop;

/** {@code gatun pod kill}. */
final class PodKillVerb implements Verb {
  @Override
  public Option[] options() {
    return new Option[] {};
  }

  @Override
  public String arguments() {
    return "<pod-id> [signal]";
  }

  @Override
  public String summary() {
    return "send a signal to all of a pod, TERM unless another is given";
  }

  @Override
  public String details() {
    return """
    The first process of every container gets it, and then the pause process, which
    TERM and INT end.
    """;
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 2};
  }

  @Override
  public Outcome run(Invocation call) {
    String signal =
        call.options().arguments().size() > 1 ? call.options().arguments().get(1) : "TERM";
    PodStop.signal(call.pods(), call.id(), Signals.parse(signal));
    return Outcome.DONE;
  }
}
