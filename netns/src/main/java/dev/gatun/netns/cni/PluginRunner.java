package dev.gatun.netns.cni;

import java.util.List;

/**
 * Runs plugins, one at a time, in the network namespace of the host.
 *
 * <p>It bounds the time that a plugin takes, and what it writes; and it gives it the caller's
 * {@code PATH}.
 */
public interface PluginRunner {
  /**
   * Executes a plugin without arguments and waits for its end.
   *
   * @param path the plugin's file
   * @param environment {@code NAME=value} each; what the runner adds has other names
   * @param input what the plugin reads from its standard input
   * @return how it ended
   */
  Ending run(String path, List<String> environment, byte[] input);

  /** How a plugin ended. */
  @SuppressWarnings("ArrayRecordComponent") // carried to who reads it, never compared
  sealed interface Ending {
    /**
     * It exited.
     *
     * @param status its exit status
     * @param output all that it wrote to standard output
     * @param errors the last of what it wrote to standard error
     */
    record Exited(int status, byte[] output, byte[] errors) implements Ending {}

    /**
     * A signal ended it.
     *
     * @param signal the signal's number
     * @param errors the last of what it wrote to standard error
     */
    record Killed(int signal, byte[] errors) implements Ending {}

    /**
     * Its time was up, and it was killed with all that it had started.
     *
     * @param seconds how much time it had
     * @param errors the last of what it wrote to standard error
     */
    record TimedOut(int seconds, byte[] errors) implements Ending {}

    /**
     * It wrote too much to standard output, and was killed with all that it had started.
     *
     * @param bytes how much it may write
     */
    record TooMuch(int bytes) implements Ending {}

    /**
     * It could not be executed.
     *
     * @param errno why; ENOENT when there is no such file
     */
    record NotExecuted(int errno) implements Ending {}
  }
}
