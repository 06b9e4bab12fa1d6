package dev.gatun.cgroups;

/**
 * Something about a container's cgroup cannot be done, found out before any system call.
 *
 * <p>Its message is one sentence that ends with the place in {@code config.json}, when there is
 * one.
 */
public final class CgroupException extends RuntimeException {
  private final String problem;
  private final String place;

  /**
   * Describes a failure.
   *
   * @param message the operation and what is wrong, in lower case
   * @param place the JSON pointer into {@code config.json}, or the empty string
   */
  public CgroupException(String message, String place) {
    super(place.isEmpty() ? message : message + " [config.json " + place + "]");
    this.problem = message;
    this.place = place;
  }

  /** The operation and what is wrong, without the place. */
  public String problem() {
    return problem;
  }

  /** The JSON pointer into {@code config.json}, or the empty string. */
  public String place() {
    return place;
  }
}
