package dev.gatun.cli;

import dev.gatun.oci.JsonWriter;
import dev.gatun.pods.lifecycle.PodView;

/** {@code gatun pod state}. */
final class PodStateVerb implements Verb {
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
    return "print what a pod and its containers are doing, as JSON";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    JsonWriter out = JsonWriter.pretty("  ");
    PodDescription.write(out, PodView.of(call.pods(), call.id()));
    return Outcome.print(Description.line(out));
  }
}
