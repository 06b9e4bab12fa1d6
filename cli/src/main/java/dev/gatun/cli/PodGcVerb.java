package dev.gatun.cli;

import dev.gatun.pods.lifecycle.PodGc;

/** {@code gatun pod gc}. */
final class PodGcVerb implements Verb {
  private static final String CNI = "cni:";

  @Override
  public Option[] options() {
    return new Option[] {
      Option.value("network", (char) 0, "cni:NAME", "the CNI network that is cleaned up"),
    };
  }

  @Override
  public String arguments() {
    return "";
  }

  @Override
  public String summary() {
    return "let a CNI network give back what no pod of this state root has";
  }

  @Override
  public String details() {
    return """
    The plugins are told which attachments are those of the pods of this state root
    (GC, from CNI 1.1.0 on) and free all others: addresses, for example, that are
    still reserved after the host went down.

    What other runtimes, or pods of another state root, have in this network is lost
    to them. Gatun never does this by itself.
    """;
  }

  @Override
  public int[] argumentCount() {
    return new int[] {0, 0};
  }

  @Override
  public Outcome run(Invocation call) {
    String text = call.options().get("network");
    if (text == null) {
      throw new UsageException("--network cni:NAME is missing: see gatun pod gc --help");
    }
    if (!text.startsWith(CNI) || text.length() == CNI.length()) {
      throw new UsageException("invalid value \"" + text + "\" for --network: it must be cni:NAME");
    }
    PodGc.run(call.pods(), text.substring(CNI.length()));
    return Outcome.DONE;
  }
}
