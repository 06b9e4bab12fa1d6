package dev.gatun.runtime;

import org.jspecify.annotations.Nullable;

/**
 * A container is not what a command needs: it does not exist, exists already, or is in another
 * state. The message is one sentence with the words that callers of an OCI runtime look for.
 */
public final class ContainerException extends GatunException {
  private static final long serialVersionUID = 1L;

  private final boolean missing;

  /**
   * Reports it.
   *
   * @param message one sentence, in lower case, without a full stop
   */
  public ContainerException(String message) {
    this(message, null);
  }

  /**
   * Reports it, with what led to it.
   *
   * @param message one sentence, in lower case, without a full stop
   * @param cause what led to it, or null
   */
  public ContainerException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  private ContainerException(String message, @Nullable Throwable cause, boolean missing) {
    super(message, cause);
    this.missing = missing;
  }

  /** Whether there is no container, or pod, of that id. */
  public boolean isMissing() {
    return missing;
  }

  /**
   * There is no container of that id.
   *
   * @param id the id
   * @return the exception
   */
  public static ContainerException doesNotExist(String id) {
    return new ContainerException("container \"" + id + "\" does not exist", null, true);
  }

  /**
   * There is no pod of that id.
   *
   * @param id the id
   * @return the exception
   */
  public static ContainerException podDoesNotExist(String id) {
    return new ContainerException("pod does not exist: \"" + id + "\"", null, true);
  }
}
