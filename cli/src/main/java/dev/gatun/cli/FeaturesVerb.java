package dev.gatun.cli;

import dev.gatun.oci.JsonWriter;
import dev.gatun.oci.SpecWriter;
import dev.gatun.runtime.lifecycle.Abilities;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code gatun features}: the features document of the runtime specification. */
final class FeaturesVerb implements Verb {
  @Override
  public Option[] options() {
    return new Option[] {};
  }

  @Override
  public String arguments() {
    return "";
  }

  @Override
  public String summary() {
    return "print what of the specification is supported, as JSON";
  }

  @Override
  public int[] argumentCount() {
    return new int[] {0, 0};
  }

  @Override
  public Outcome run(Invocation call) {
    Map<String, String> annotations = new LinkedHashMap<>();
    annotations.put("dev.gatun.version", Version.VERSION);
    annotations.put("dev.gatun.commit", Version.commit());
    JsonWriter out = JsonWriter.pretty("    ");
    SpecWriter.write(out, Abilities.features(call.kernel(), Version.SPEC, annotations));
    return Outcome.print(out.toByteArray());
  }
}
