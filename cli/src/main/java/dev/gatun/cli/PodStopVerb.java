package dev.gatun.cli;

import dev.gatun.pods.lifecycle.PodStop;

/** {@code gatun pod stop}. */
final class PodStopVerb implements Verb {
  private static final int SECONDS = 10;

  @Override
  public Option[] options() {
    return new Option[] {
      Option.value(
          "time", 't', "SECONDS", "how long the containers may take (default " + SECONDS + ")")
    };
  }

  @Override
  public String arguments() {
    return "<pod-id>";
  }

  @Override
  public String summary() {
    return "end the containers of a pod, and then the pod";
  }

  @Override
  public String details() {
    return """
    The first process of every container gets TERM; those that have not ended when
    the time is up get KILL. What the pod was can be looked at until it is deleted.
    """;
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    int seconds = call.options().get("time") == null ? SECONDS : call.options().number("time");
    for (String warning : PodStop.run(call.pods(), call.id(), seconds)) {
      call.notes().warn(warning);
    }
    return Outcome.DONE;
  }
}
