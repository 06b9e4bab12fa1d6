package dev.gatun.oci;

import java.util.List;

/**
 * Reads the documents of the specification.
 *
 * <p>The methods named {@code read} check what can be said of a value by itself: well-formed JSON
 * without duplicate names, types, ranges of numbers, known names of closed sets, required
 * properties. Those named {@code readValid} check {@link SpecValidator}'s rules too. Either way a
 * failure is a {@link SpecException} with line, column and JSON pointer.
 *
 * <p>Bounds: 16 MiB a document, 4 MiB a string, 64 levels. A string that contains NUL or half of a
 * surrogate pair is refused.
 */
public final class SpecReader {
  private SpecReader() {}

  /**
   * Reads a {@code config.json}.
   *
   * @param utf8 the document, which is not kept
   * @param fileName its name, for messages
   * @return the config, not validated
   * @throws SpecException if it is malformed or has a value of a wrong type
   */
  public static Spec read(byte[] utf8, String fileName) {
    JsonInput in = new JsonInput(utf8, fileName);
    Spec spec = ConfigParser.spec(in);
    in.end();
    return spec;
  }

  /**
   * Reads and validates a {@code config.json}.
   *
   * @param utf8 the document, which is not kept
   * @param fileName its name, for messages
   * @return the config
   * @throws SpecException if it is malformed, has a value of a wrong type or breaks a rule
   */
  public static Spec readValid(byte[] utf8, String fileName) {
    Spec spec = read(utf8, fileName);
    try {
      SpecValidator.validate(spec, fileName);
    } catch (SpecException e) {
      throw located(utf8, e);
    }
    return spec;
  }

  /**
   * Reads a process document, as {@code exec --process} takes it.
   *
   * @param utf8 the document, which is not kept
   * @param fileName its name, for messages
   * @return the process, not validated
   * @throws SpecException if it is malformed or has a value of a wrong type
   */
  public static Process readProcess(byte[] utf8, String fileName) {
    JsonInput in = new JsonInput(utf8, fileName);
    Process process = ConfigParser.process(in);
    in.end();
    return process;
  }

  /**
   * Reads and validates a process document, as {@code exec --process} takes it.
   *
   * @param utf8 the document, which is not kept
   * @param fileName its name, for messages
   * @return the process
   * @throws SpecException if it is malformed, has a value of a wrong type or breaks a rule
   */
  public static Process readValidProcess(byte[] utf8, String fileName) {
    Process process = readProcess(utf8, fileName);
    try {
      SpecValidator.validate(process, fileName, "");
    } catch (SpecException e) {
      throw located(utf8, e);
    }
    return process;
  }

  /**
   * Reads a resources document, as {@code update --resources} takes it.
   *
   * @param utf8 the document, which is not kept
   * @param fileName its name, for messages
   * @return the resources, not validated
   * @throws SpecException if it is malformed or has a value of a wrong type
   */
  public static Resources readResources(byte[] utf8, String fileName) {
    JsonInput in = new JsonInput(utf8, fileName);
    Resources resources = ResourcesParser.resources(in);
    in.end();
    return resources;
  }

  /**
   * Reads and validates a resources document, as {@code update --resources} takes it.
   *
   * @param utf8 the document, which is not kept
   * @param fileName its name, for messages
   * @return the resources
   * @throws SpecException if it is malformed, has a value of a wrong type or breaks a rule
   */
  public static Resources readValidResources(byte[] utf8, String fileName) {
    Resources resources = readResources(utf8, fileName);
    try {
      SpecValidator.validate(resources, fileName, "");
    } catch (SpecException e) {
      throw located(utf8, e);
    }
    return resources;
  }

  /**
   * Reads hooks that are part of another document, as {@link SpecWriter#write(JsonWriter, Hooks)}
   * writes them.
   *
   * @param in that document, before the value
   * @return the hooks, not validated
   * @throws SpecException if they are malformed
   */
  public static Hooks readHooks(JsonInput in) {
    return ConfigParser.hooks(in);
  }

  /**
   * Reads id mappings that are part of another document, as {@link SpecWriter#write(JsonWriter,
   * String, List)} writes them.
   *
   * @param in that document, before the value
   * @return the mappings, not validated
   * @throws SpecException if they are malformed
   */
  public static List<IdMapping> readIdMappings(JsonInput in) {
    return LinuxParser.idMappings(in);
  }

  /**
   * Reads a state document. Properties that runtimes add to it are passed over.
   *
   * @param utf8 the document, which is not kept
   * @param fileName its name, for messages
   * @return the state
   * @throws SpecException if it is malformed or has a value of a wrong type
   */
  public static State readState(byte[] utf8, String fileName) {
    JsonInput in = new JsonInput(utf8, fileName);
    State state = StateParser.state(in);
    in.end();
    return state;
  }

  /**
   * Reads a features document. Properties that runtimes add to it are passed over.
   *
   * @param utf8 the document, which is not kept
   * @param fileName its name, for messages
   * @return the features
   * @throws SpecException if it is malformed or has a value of a wrong type
   */
  public static Features readFeatures(byte[] utf8, String fileName) {
    JsonInput in = new JsonInput(utf8, fileName);
    Features features = FeaturesParser.features(in);
    in.end();
    return features;
  }

  /**
   * Adds line and column to an error that was found after reading. It reads the document once more.
   *
   * @param utf8 the document
   * @param e the error, with a JSON pointer into that document
   * @return the error at the value that the pointer names, or at the nearest one around it
   */
  public static SpecException located(byte[] utf8, SpecException e) {
    return e.line() > 0 ? e : JsonInput.located(utf8, e);
  }
}
