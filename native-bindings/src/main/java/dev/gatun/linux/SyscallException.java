package dev.gatun.linux;

import org.jspecify.annotations.Nullable;

/**
 * A system call of a program failed. The message names the step, the call with its arguments, the
 * error, and the place in {@code config.json} that asked for it:
 *
 * <pre>mount /proc: move_mount(7, "", 9, "proc", …): EPERM (operation not permitted) [config.json
 * /mounts/0]</pre>
 *
 * <p>For ENOSYS it also says which kernel has the call.
 */
public final class SyscallException extends RuntimeException {
  private final String step;
  private final String call;
  private final int errno;
  private final String place;

  /**
   * Describes a failure.
   *
   * @param step what the program was doing, as {@code mount /proc}, or the empty string
   * @param call the call as {@link CallFormat} renders it, or the empty string
   * @param errno the positive error number
   * @param place the JSON pointer into {@code config.json}, or the empty string
   */
  public SyscallException(String step, String call, int errno, String place) {
    this(step, call, errno, place, null);
  }

  /**
   * Describes a failure that another one led to.
   *
   * @param step what the program was doing, as {@code mount /proc}, or the empty string
   * @param call the call as {@link CallFormat} renders it, or the empty string
   * @param errno the positive error number
   * @param place the JSON pointer into {@code config.json}, or the empty string
   * @param cause what led to it, or null
   */
  public SyscallException(
      String step, String call, int errno, String place, @Nullable Throwable cause) {
    super(message(step, call, errno, place), cause);
    this.step = step;
    this.call = call;
    this.errno = errno;
    this.place = place;
  }

  private static String message(String step, String call, int errno, String place) {
    StringBuilder out = new StringBuilder(120);
    if (!step.isEmpty()) {
      out.append(step).append(": ");
    }
    if (!call.isEmpty()) {
      out.append(call).append(": ");
    }
    out.append(Errno.name(errno)).append(" (").append(Errno.message(errno));
    if (errno == Errno.ENOSYS && !call.isEmpty()) {
      missing(out, call);
    }
    out.append(')');
    if (!place.isEmpty()) {
      out.append(" [config.json ").append(place).append(']');
    }
    return out.toString();
  }

  /** Says what a call that is not there needs: a newer kernel, or another filter above gatun. */
  private static void missing(StringBuilder out, String call) {
    int end = call.indexOf('(');
    String name = end < 0 ? call : call.substring(0, end);
    String kernel = "";
    for (Syscall known : Syscall.values()) {
      if (known.kernelName().equals(name)) {
        kernel = known.minimumKernel();
      }
    }
    out.append("; ");
    if (kernel.isEmpty()) {
      out.append("the kernel was built without it");
    } else {
      out.append("it needs Linux ").append(kernel);
    }
    out.append(", or a seccomp filter forbids it");
  }

  /**
   * Returns what the program was doing.
   *
   * @return the step's name, or the empty string
   */
  public String step() {
    return step;
  }

  /**
   * Returns the call that failed.
   *
   * @return the call with its arguments, or the empty string
   */
  public String call() {
    return call;
  }

  /**
   * Returns the error number.
   *
   * @return a positive number, see {@link Errno}
   */
  public int errno() {
    return errno;
  }

  /**
   * Returns the place in {@code config.json} that asked for the call.
   *
   * @return a JSON pointer (RFC 6901), or the empty string
   */
  public String place() {
    return place;
  }
}
