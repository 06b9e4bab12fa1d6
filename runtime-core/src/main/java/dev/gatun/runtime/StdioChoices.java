package dev.gatun.runtime;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The standard streams of a process that is not there yet. */
final class StdioChoices {
  private Stdio stdin = Stdio.none();
  private Stdio stdout = Stdio.none();
  private Stdio stderr = Stdio.none();

  void stdin(Stdio choice) {
    if (choice instanceof Stdio.Write || choice instanceof Stdio.AsStdout) {
      throw new IllegalArgumentException("standard input cannot be " + choice);
    }
    stdin = choice;
  }

  void stdout(Stdio choice) {
    if (choice instanceof Stdio.Read || choice instanceof Stdio.AsStdout) {
      throw new IllegalArgumentException("standard output cannot be " + choice);
    }
    stdout = choice;
  }

  void stderr(Stdio choice) {
    if (choice instanceof Stdio.Read) {
      throw new IllegalArgumentException("standard error cannot be " + choice);
    }
    stderr = choice;
  }

  List<Stdio> all() {
    return List.of(stdin, stdout, stderr);
  }

  static <T> T pipe(@Nullable T stream, String name, String whose) {
    if (stream == null) {
      throw new IllegalStateException(
          "standard " + name + " of " + whose + " is no pipe of this JVM");
    }
    return stream;
  }
}
