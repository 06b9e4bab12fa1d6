package dev.gatun.cli;

import dev.gatun.runtime.lifecycle.Delete;

/** {@code gatun delete}. */
final class DeleteVerb implements Verb {
  @Override
  public Option[] options() {
    return new Option[] {
      Option.flag("force", 'f', "kill it first if it runs; no error if it does not exist")
    };
  }

  @Override
  public String arguments() {
    return "<container-id>";
  }

  @Override
  public String summary() {
    return "delete a container";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    boolean force = call.options().has("force");
    for (String warning : Delete.run(call.kernel(), call.root(), call.id(), force)) {
      call.notes().warn(warning);
    }
    return Outcome.DONE;
  }
}
