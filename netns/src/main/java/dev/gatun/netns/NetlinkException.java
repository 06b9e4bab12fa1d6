package dev.gatun.netns;

import dev.gatun.linux.Errno;
import org.jspecify.annotations.Nullable;

/**
 * The kernel refused what it was asked over netlink, or answered what makes no sense. The message
 * names the operation, the type of the message, the error and what the kernel said about it:
 *
 * <pre>create link "gt12ab": RTM_NEWLINK: EEXIST (file exists): …</pre>
 */
public final class NetlinkException extends RuntimeException {
  private final String operation;
  private final String type;
  private final int errno;
  private final String explanation;

  /**
   * Describes what the kernel refused.
   *
   * @param operation what was to be done, as {@code create link "gt12ab"}
   * @param type the name of the message's type, as {@code RTM_NEWLINK}
   * @param errno the positive error number
   * @param explanation the kernel's text, its extended acknowledgement, or empty
   */
  public NetlinkException(String operation, String type, int errno, String explanation) {
    super(
        operation
            + ": "
            + type
            + ": "
            + Errno.name(errno)
            + " ("
            + Errno.message(errno)
            + ")"
            + (explanation.isEmpty() ? "" : ": " + explanation));
    this.operation = operation;
    this.type = type;
    this.errno = errno;
    this.explanation = explanation;
  }

  /**
   * Describes what is wrong without an error number.
   *
   * @param message the whole sentence
   */
  public NetlinkException(String message) {
    this(message, 0, null);
  }

  /**
   * Describes in a sentence what an error of the kernel comes from.
   *
   * @param message the whole sentence
   * @param errno the positive error number, or 0
   * @param cause what the kernel said, or null
   */
  public NetlinkException(String message, int errno, @Nullable Throwable cause) {
    super(message, cause);
    this.operation = "";
    this.type = "";
    this.errno = errno;
    this.explanation = "";
  }

  /** What was to be done; empty when the message is a sentence of its own. */
  public String operation() {
    return operation;
  }

  /** The name of the message's type; empty when the message is a sentence of its own. */
  public String type() {
    return type;
  }

  /** The error number, positive; 0 when the kernel gave none. */
  public int errno() {
    return errno;
  }

  /** The kernel's own text; empty when it had none. */
  public String explanation() {
    return explanation;
  }
}
