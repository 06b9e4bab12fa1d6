package dev.gatun.cli;

import dev.gatun.oci.JsonWriter;
import dev.gatun.runtime.lifecycle.Inventory;

/** {@code gatun state}. */
final class StateVerb implements Verb {
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
    return "print what a container is doing, as JSON";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    JsonWriter out = JsonWriter.pretty("  ");
    Description.write(out, Inventory.state(call.kernel(), call.root(), call.id()), "");
    return Outcome.print(Description.line(out));
  }
}
