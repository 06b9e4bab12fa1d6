package dev.gatun.cli;

import dev.gatun.pods.lifecycle.PodCheck;

/** {@code gatun pod check}. */
final class PodCheckVerb implements Verb {
  @Override
  public Option[] options() {
    return new Option[] {};
  }

  @Override
  public String arguments() {
    return "<pod-id>";
  }

  @Override
  public String summary() {
    return "check that the network of a running pod is what was made";
  }

  @Override
  public String details() {
    return """
    Nothing is printed when it is; all that is not is the error. On the bridge the
    pod's interface, its addresses and routes, the bridge's port, the leases and the
    rules of the packet filter are looked at; the plugins of a CNI network are asked
    (CHECK). Where its configuration forbids that (disableCheck), or is of a version
    before 0.4.0, that is printed, and is no error.
    """;
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    StringBuilder unchecked = new StringBuilder();
    for (String sentence : PodCheck.run(call.pods(), call.id())) {
      unchecked.append(sentence).append('\n');
    }
    return Outcome.print(unchecked.toString());
  }
}
