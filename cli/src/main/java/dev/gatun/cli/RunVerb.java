package dev.gatun.cli;

import dev.gatun.runtime.lifecycle.Create;
import dev.gatun.runtime.lifecycle.Notify;
import dev.gatun.runtime.lifecycle.Run;

/** {@code gatun run}. */
final class RunVerb implements Verb {
  @Override
  public Option[] options() {
    return ContainerOptions.with(
        Option.flag("detach", 'd', "do not wait for the container"),
        Option.flag("keep", (char) 0, "do not delete the container when it has ended"),
        Option.flag("no-subreaper", (char) 0, "do not take in the container's orphans"));
  }

  @Override
  public String arguments() {
    return "<container-id>";
  }

  @Override
  public String summary() {
    return "create a container, start it and wait for its end";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    Options options = call.options();
    boolean attended = !options.has("detach");
    Notify notify = ContainerOptions.notify(call, attended);
    Create.Created created =
        Run.start(call.kernel(), call.root(), ContainerOptions.request(call, attended), notify);
    call.warn(created);
    if (!attended) {
      return Outcome.DONE;
    }
    call.notes().flush(call.kernel());
    Run.attend(
        call.kernel(),
        call.root(),
        call.id(),
        created.terminal(),
        options.has("keep"),
        !options.has("no-subreaper"),
        notify);
    return Outcome.LEFT;
  }
}
