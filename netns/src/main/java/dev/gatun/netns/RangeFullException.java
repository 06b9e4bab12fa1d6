package dev.gatun.netns;

/** Says in one sentence that living pods have all addresses of a range, or one its gateway's. */
public final class RangeFullException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RangeFullException(String message) {
    super(message);
  }
}
