package dev.gatun.runtime;

import dev.gatun.linux.Errno;
import dev.gatun.linux.SyscallException;

/**
 * The kernel refused something. The message names the step, the system call with its arguments, the
 * error, and the place in {@code config.json} that asked for it:
 *
 * <pre>mount /data: open_tree(AT_FDCWD, "/nowhere", …): ENOENT (no such file or directory)
 * [config.json /mounts/7]</pre>
 */
public final class KernelException extends GatunException {
  private static final long serialVersionUID = 1L;

  private final String step;
  private final String call;
  private final int errno;
  private final String place;

  /** Says the same as what the kernel interface said. */
  KernelException(SyscallException cause) {
    super(String.valueOf(cause.getMessage()), cause);
    step = cause.step();
    call = cause.call();
    errno = cause.errno();
    place = cause.place();
  }

  /** What was being done, in a few words, or empty. */
  public String step() {
    return step;
  }

  /** The system call with its arguments, as {@code strace(1)} shows it, or empty. */
  public String call() {
    return call;
  }

  /** The error's number, {@code errno(3)}. */
  public int errno() {
    return errno;
  }

  /** The error's name, as {@code ENOENT}. */
  public String errorName() {
    return Errno.name(errno);
  }

  /** The JSON pointer into {@code config.json} that asked for it, or empty. */
  public String place() {
    return place;
  }
}
