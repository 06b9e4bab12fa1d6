package dev.gatun.runtime;

import java.util.OptionalInt;

/** How a container's first process ended, {@code waitid(2)}. */
public sealed interface ExitStatus {
  /**
   * It exited by itself.
   *
   * @param code what it gave to {@code exit(3)}, 0 to 255
   */
  record Exited(int code) implements ExitStatus {}

  /**
   * A signal ended it.
   *
   * @param signal the signal
   * @param dumped whether it left a core dump
   */
  record Signaled(Signal signal, boolean dumped) implements ExitStatus {}

  /**
   * It has ended and nobody can say how: only the process that created a container is told, so it
   * is another's, or this JVM ignores SIGCHLD.
   */
  record Unknown() implements ExitStatus {}

  /** Whether it exited with 0. */
  default boolean isSuccess() {
    return this instanceof Exited exited && exited.code() == 0;
  }

  /** The number a shell would show: the code, or 128 and the signal's number; empty if unknown. */
  default OptionalInt shellCode() {
    return switch (this) {
      case Exited(int code) -> OptionalInt.of(code);
      case Signaled(Signal signal, _) -> OptionalInt.of(128 + signal.number());
      case Unknown() -> OptionalInt.empty();
    };
  }
}
