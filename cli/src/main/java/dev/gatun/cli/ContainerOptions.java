package dev.gatun.cli;

import dev.gatun.runtime.lifecycle.Create;
import dev.gatun.runtime.lifecycle.Notify;
import org.jspecify.annotations.Nullable;

/** The options that create and run share. */
final class ContainerOptions {
  static final Option[] TABLE = {
    Option.value("bundle", 'b', "DIR", "the bundle's directory (default: the working directory)"),
    Option.value("console-socket", (char) 0, "PATH", "where the terminal is sent to"),
    Option.value("pidfd-socket", (char) 0, "PATH", "where a pidfd of the process is sent to"),
    Option.value("pid-file", (char) 0, "FILE", "where the process's pid is written to"),
    Option.flag("no-pivot", (char) 0, "move the root instead of pivot_root(2)"),
    Option.flag("no-new-keyring", (char) 0, "keep the session keyring"),
    Option.value("pod", (char) 0, "POD", "put the container into a pod"),
    Option.value("preserve-fds", (char) 0, "N", "keep N descriptors behind stdio and LISTEN_FDS"),
  };

  private ContainerOptions() {}

  /** The table with more options behind it. */
  static Option[] with(Option... more) {
    Option[] all = java.util.Arrays.copyOf(TABLE, TABLE.length + more.length);
    System.arraycopy(more, 0, all, TABLE.length, more.length);
    return all;
  }

  /** What is asked for. */
  static Create.Request request(Invocation call, boolean attended) {
    Options options = call.options();
    return new Create.Request(
        call.id(),
        options.get("bundle"),
        options.get("console-socket"),
        options.get("pid-file"),
        options.number("preserve-fds"),
        listenFds(call.variable("LISTEN_FDS")),
        options.has("no-pivot"),
        options.has("no-new-keyring"),
        attended,
        options.get("pidfd-socket"),
        notify(call, attended) != null,
        call.rootless(),
        null,
        call.cgroups(),
        options.get("pod"));
  }

  /** Who is told when the container is ready, null when nobody is. */
  static @Nullable Notify notify(Invocation call, boolean attended) {
    return Notify.of(call.variable("NOTIFY_SOCKET"), attended);
  }

  private static int listenFds(@Nullable String variable) {
    return variable == null ? 0 : Math.max(0, Options.parseNumber(variable));
  }
}
