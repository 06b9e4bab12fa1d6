package dev.gatun.runtime;

import org.jspecify.annotations.Nullable;

/**
 * Whatever the library reports: unchecked, with one sentence as its message that names the
 * operation and the whole cause. What was begun has been taken back; when that failed too, it is
 * among the suppressed exceptions.
 */
public abstract sealed class GatunException extends RuntimeException
    permits ConfigException, ContainerException, KernelException {
  private static final long serialVersionUID = 1L;

  GatunException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
