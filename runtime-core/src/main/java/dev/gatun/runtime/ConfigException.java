package dev.gatun.runtime;

/**
 * A configuration asks for something that cannot be done, found before anything was touched.
 *
 * <p>The message is one sentence and ends in the place, as {@code [config.json /mounts/3]}.
 */
public final class ConfigException extends GatunException {
  private static final long serialVersionUID = 1L;

  private final String place;
  private final String problem;

  /**
   * Refuses a configuration.
   *
   * @param place the JSON pointer into {@code config.json}, or empty
   * @param message one sentence, in lower case, without a full stop
   */
  public ConfigException(String place, String message) {
    super(place.isEmpty() ? message : message + " [config.json " + place + "]", null);
    this.place = place;
    this.problem = message;
  }

  /** Says the same as what another part of the runtime said of the configuration. */
  ConfigException(String place, RuntimeException cause) {
    super(String.valueOf(cause.getMessage()), cause);
    this.place = place;
    this.problem = String.valueOf(cause.getMessage());
  }

  /** The message without the place, for what was not asked for by {@code config.json}. */
  public String problem() {
    return problem;
  }

  /** The JSON pointer into {@code config.json}, or empty. */
  public String place() {
    return place;
  }
}
