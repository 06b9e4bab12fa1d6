package dev.gatun.cli;

/** The command line itself is wrong; the message is one sentence. */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
