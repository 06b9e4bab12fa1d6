package dev.gatun.oci;

import java.util.List;

/**
 * Writes the documents of the specification. What is absent is left out, and so is an optional
 * property with its default value.
 *
 * <p>The writer decides about white space: {@link JsonWriter#compact} or {@link JsonWriter#pretty}.
 * A document can also become a part of a larger one: begin that one, call {@link JsonWriter#name},
 * then a method of this class.
 */
public final class SpecWriter {
  private SpecWriter() {}

  /**
   * Writes a {@code config.json}. Unknown properties that the reader met are not written.
   *
   * @param out where to
   * @param spec the config
   * @return {@code out}
   */
  public static JsonWriter write(JsonWriter out, Spec spec) {
    ConfigEncoder.spec(out, spec);
    return out;
  }

  /**
   * Writes a process.
   *
   * @param out where to
   * @param process the process
   * @return {@code out}
   */
  public static JsonWriter write(JsonWriter out, Process process) {
    ConfigEncoder.process(out, process);
    return out;
  }

  /**
   * Writes resources.
   *
   * @param out where to
   * @param resources the resources
   * @return {@code out}
   */
  public static JsonWriter write(JsonWriter out, Resources resources) {
    ResourcesEncoder.resources(out, resources);
    return out;
  }

  /**
   * Writes hooks.
   *
   * @param out where to
   * @param hooks the hooks
   * @return {@code out}
   */
  public static JsonWriter write(JsonWriter out, Hooks hooks) {
    ConfigEncoder.hooks(out, hooks);
    return out;
  }

  /**
   * Writes id mappings as a member of an object that is open, unless there are none.
   *
   * @param out where to
   * @param name the member's name
   * @param mappings the mappings
   */
  public static void write(JsonWriter out, String name, List<IdMapping> mappings) {
    LinuxEncoder.idMappings(out, name, mappings);
  }

  /**
   * Writes a state.
   *
   * @param out where to
   * @param state the state
   * @return {@code out}
   */
  public static JsonWriter write(JsonWriter out, State state) {
    StateEncoder.state(out, state);
    return out;
  }

  /**
   * Writes what a seccomp listener is told.
   *
   * @param out where to
   * @param state the container process state
   * @return {@code out}
   */
  public static JsonWriter write(JsonWriter out, ContainerProcessState state) {
    StateEncoder.containerProcessState(out, state);
    return out;
  }

  /**
   * Writes features.
   *
   * @param out where to
   * @param features the features
   * @return {@code out}
   */
  public static JsonWriter write(JsonWriter out, Features features) {
    FeaturesEncoder.features(out, features);
    return out;
  }
}
