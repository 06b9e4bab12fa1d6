package dev.gatun.runtime;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Flags;

/**
 * A signal, {@code signal(7)}.
 *
 * @param number 1 to 64
 */
public record Signal(int number) {
  /** Ends a process and cannot be caught. */
  public static final Signal SIGKILL = new Signal(Constants.SIGKILL);

  /** Asks a process to end. */
  public static final Signal SIGTERM = new Signal(Constants.SIGTERM);

  /** Interrupts, as from a keyboard. */
  public static final Signal SIGINT = new Signal(Constants.SIGINT);

  /** Quits, as from a keyboard, with a core dump. */
  public static final Signal SIGQUIT = new Signal(Constants.SIGQUIT);

  /** Hang-up; many services read their configuration again. */
  public static final Signal SIGHUP = new Signal(Constants.SIGHUP);

  /** The program's own. */
  public static final Signal SIGUSR1 = new Signal(Constants.SIGUSR1);

  /** The program's own. */
  public static final Signal SIGUSR2 = new Signal(Constants.SIGUSR2);

  /** Stops a process and cannot be caught. */
  public static final Signal SIGSTOP = new Signal(Constants.SIGSTOP);

  /** Lets a stopped process go on. */
  public static final Signal SIGCONT = new Signal(Constants.SIGCONT);

  private static final int LAST = 64;

  /** Checks the number. */
  public Signal {
    if (number < 1 || number > LAST) {
      throw new IllegalArgumentException("signal " + number + " is not one of 1 to " + LAST);
    }
  }

  /** The kernel's name, as {@code SIGTERM}, or {@code signal 40} for one without. */
  @Override
  public String toString() {
    String name = Flags.signalName(number);
    return name == null ? "signal " + number : name;
  }
}
