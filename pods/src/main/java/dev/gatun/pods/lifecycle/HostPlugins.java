package dev.gatun.pods.lifecycle;

import dev.gatun.linux.program.Kernel;
import dev.gatun.netns.cni.PluginRunner;
import dev.gatun.runtime.lifecycle.HostCommand;
import java.util.ArrayList;
import java.util.List;

/** Runs CNI plugins as programs of the host, where the kernel runs programs. */
final class HostPlugins implements PluginRunner {
  /** How much time a plugin has, in seconds: DHCP takes its time, and so do locks of iptables. */
  static final int SECONDS = 120;

  /** How long an answer may be, in bytes. */
  private static final int ANSWER = 1 << 20;

  /** Where plugins find {@code iptables} and the like when the caller has no PATH. */
  private static final String PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final Kernel kernel;
  private final String path;
  private final int seconds;

  /**
   * Runs plugins.
   *
   * @param kernel where
   * @param environment the caller's, of which plugins get PATH
   */
  HostPlugins(Kernel kernel, List<String> environment) {
    this(kernel, environment, SECONDS);
  }

  HostPlugins(Kernel kernel, List<String> environment, int seconds) {
    this.kernel = kernel;
    this.seconds = seconds;
    String found = PATH;
    for (String variable : environment) {
      if (variable.startsWith("PATH=")) {
        found = variable;
      }
    }
    path = found;
  }

  @Override
  public Ending run(String file, List<String> environment, byte[] input) {
    List<String> all = new ArrayList<>(environment.size() + 1);
    all.addAll(environment);
    all.add(path);
    HostCommand.Answer answer =
        HostCommand.ask(
            kernel, file, List.of(file), all, new HostCommand.Question(input, ANSWER, seconds));
    int number = answer.number();
    return switch (answer.cause()) {
      case EXITED -> new Ending.Exited(number, answer.output(), answer.errors());
      case SIGNALLED -> new Ending.Killed(number, answer.errors());
      case TIMED_OUT -> new Ending.TimedOut(number, answer.errors());
      case WROTE_TOO_MUCH -> new Ending.TooMuch(number);
      case NOT_EXECUTED -> new Ending.NotExecuted(number);
    };
  }
}
