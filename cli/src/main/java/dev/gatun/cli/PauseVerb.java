package dev.gatun.cli;

import dev.gatun.runtime.lifecycle.Pause;

/** {@code gatun pause}. */
final class PauseVerb implements Verb {
  @Override
  public Option[] options() {
    return new Option[] {};
  }

  @Override
  public String arguments() {
    return "<container-id>";
  }

  @Override
  public String summary() {
    return "freeze all processes of a container";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    Pause.pause(call.kernel(), call.root(), call.id());
    return Outcome.DONE;
  }
}
