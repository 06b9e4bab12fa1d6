package dev.gatun.cli;

import dev.gatun.runtime.lifecycle.Create;

/** {@code gatun create}. */
final class CreateVerb implements Verb {
  @Override
  public Option[] options() {
    return ContainerOptions.TABLE;
  }

  @Override
  public String arguments() {
    return "<container-id>";
  }

  @Override
  public String summary() {
    return "create a container from a bundle; its process waits for start";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    call.warn(Create.run(call.kernel(), call.root(), ContainerOptions.request(call, false)));
    return Outcome.DONE;
  }
}
