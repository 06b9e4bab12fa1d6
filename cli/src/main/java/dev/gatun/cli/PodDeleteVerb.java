package dev.gatun.cli;

import dev.gatun.pods.lifecycle.PodDelete;

/** {@code gatun pod delete}. */
final class PodDeleteVerb implements Verb {
  @Override
  public Option[] options() {
    return new Option[] {
      Option.flag("force", 'f', "kill what runs first; no error if it does not exist")
    };
  }

  @Override
  public String arguments() {
    return "<pod-id>";
  }

  @Override
  public String summary() {
    return "delete a pod with its containers, its network and its cgroup";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    boolean force = call.options().has("force");
    for (String warning : PodDelete.run(call.pods(), call.id(), force)) {
      call.notes().warn(warning);
    }
    return Outcome.DONE;
  }
}
