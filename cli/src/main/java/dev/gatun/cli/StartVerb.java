package dev.gatun.cli;

import dev.gatun.runtime.lifecycle.Start;

/** {@code gatun start}. */
final class StartVerb implements Verb {
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
    return "start a created container";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    Start.run(call.kernel(), call.root(), call.id(), ContainerOptions.notify(call, false));
    return Outcome.DONE;
  }
}
