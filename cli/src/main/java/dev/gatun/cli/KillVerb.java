package dev.gatun.cli;

import dev.gatun.runtime.lifecycle.Kill;

/** {@code gatun kill}. */
final class KillVerb implements Verb {
  @Override
  public Option[] options() {
    return new Option[] {Option.flag("all", 'a', "send it to all processes of the container")};
  }

  @Override
  public String arguments() {
    return "<container-id> [signal]";
  }

  @Override
  public String summary() {
    return "send a signal to a container, TERM unless another is given";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 2};
  }

  @Override
  public Outcome run(Invocation call) {
    String signal =
        call.options().arguments().size() > 1 ? call.options().arguments().get(1) : "TERM";
    Kill.run(
        call.kernel(), call.root(), call.id(), Signals.parse(signal), call.options().has("all"));
    return Outcome.DONE;
  }
}
