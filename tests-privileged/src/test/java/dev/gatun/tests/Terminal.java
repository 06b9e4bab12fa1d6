package dev.gatun.tests;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A terminal with a person before it: a pseudoterminal of the host, with commands that have it as
 * their controlling terminal and standard streams. What they write is taken only while the test
 * waits for something, as a terminal does that is slow.
 */
final class Terminal implements AutoCloseable {
  private static final int O_RDWR = 02;
  private static final int O_NOCTTY = 0400;
  private static final long TIOCGPTN = 0x80045430L;
  private static final long TIOCSPTLCK = 0x40045431L;

  private final Box box;
  private final int ptmx;
  private final String path;
  private final int kept;
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private int seen;

  Terminal(Box box, int rows, int columns) {
    this.box = box;
    ptmx = Libc.open("/dev/ptmx", O_RDWR | O_NOCTTY);
    Libc.ioctl(ptmx, TIOCSPTLCK, 0);
    path = "/dev/pts/" + Libc.ioctl(ptmx, TIOCGPTN, 0);
    // The terminal stays there between commands.
    kept = Libc.open(path, O_RDWR | O_NOCTTY);
    resize(rows, columns);
  }

  /** Changes the window's size, which its foreground processes are told. */
  void resize(int rows, int columns) {
    Host.run("stty", "-F", path, "rows", rows + "", "cols", columns + "");
  }

  /** The terminal's modes, as {@code stty -g} has them. */
  String modes() {
    return Host.run("stty", "-F", path, "-g");
  }

  boolean isRaw() {
    return Host.run("stty", "-F", path, "-a").contains("-icanon");
  }

  /** Starts the runtime on this terminal. */
  Command launch(String... words) {
    List<String> all = new ArrayList<>();
    all.add(box.runtime().binary().toString());
    all.add("--root");
    all.add(box.stateRoot().toString());
    all.addAll(List.of(words));
    return launch("exec \"$@\"", all);
  }

  /** Starts a shell script, with words as its arguments, in a session on this terminal. */
  Command launch(String script, List<String> words) {
    List<String> all = new ArrayList<>();
    all.add("setsid");
    all.add("sh");
    all.add("-c");
    all.add("exec <>" + path + " >&0 2>&1; " + script);
    all.add("sh");
    all.addAll(words);
    return box.launch(box.directory(), Map.of(), all);
  }

  /** Runs the runtime to its end. */
  Command run(String... words) {
    return await(launch(words));
  }

  /** Waits for the end of a command, while the terminal shows what it writes. */
  Command await(Command command) {
    long end = System.nanoTime() + Command.LIMIT.toNanos();
    while (command.isAlive() && System.nanoTime() < end) {
      take(10);
    }
    return command.await(Duration.ofSeconds(1));
  }

  /** What a person types. */
  Terminal type(String keys) {
    Libc.write(ptmx, keys.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /** Waits until the terminal shows a text, behind what was waited for before. */
  Terminal expect(String text) {
    long end = System.nanoTime() + Command.LIMIT.toNanos();
    while (true) {
      String now = all();
      int at = now.indexOf(text, seen);
      if (at >= 0) {
        seen = at + text.length();
        return this;
      }
      if (System.nanoTime() > end) {
        throw new AssertionError("the terminal does not show '" + text + "' but: " + now);
      }
      take(20);
    }
  }

  private void take(int milliseconds) {
    if (Libc.readable(ptmx, milliseconds)) {
      shown.writeBytes(Libc.read(ptmx, 1 << 16));
    }
  }

  private String all() {
    return shown.toString(StandardCharsets.UTF_8);
  }

  /**
   * All that was ever shown. runc leaves the ends of lines to the caller's terminal, and tells the
   * container's so while the process may write already: both make some then.
   */
  String text() {
    while (Libc.readable(ptmx, 0)) {
      take(0);
    }
    return box.isRunc() ? all().replace("\r\r\n", "\r\n") : all();
  }

  @Override
  public void close() {
    Libc.close(kept);
    Libc.close(ptmx);
  }
}
