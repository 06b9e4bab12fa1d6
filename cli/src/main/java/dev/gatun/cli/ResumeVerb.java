package dev.gatun.cli;

import dev.gatun.runtime.lifecycle.Pause;

/** {@code gatun resume}. */
final class ResumeVerb implements Verb {
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
    return "let a paused container go on";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    Pause.resume(call.kernel(), call.root(), call.id());
    return Outcome.DONE;
  }
}
