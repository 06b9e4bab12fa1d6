package dev.gatun.runtime.embedded;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.Stdio;
import dev.gatun.runtime.lifecycle.Embedding;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A container's standard streams: descriptors for the container, and Java's streams at the other
 * ends of pipes.
 *
 * <p>Everything is close-on-exec from its birth, so that no child of {@link ProcessBuilder}, and no
 * other container, holds a pipe open. Java makes a stream only from a path, and {@code
 * /proc/self/fd/N} opens the pipe's end anew; it is opened before the container exists, since the
 * pipe is given to the container's user then.
 */
public final class StandardStreams {
  private static final int FILE_MODE = 0666;

  private final List<Integer> container = new ArrayList<>();
  private final List<Integer> open = new ArrayList<>();
  private @Nullable OutputStream stdin;
  private @Nullable InputStream stdout;
  private @Nullable InputStream stderr;

  private StandardStreams() {}

  /**
   * No streams: those of a container that somebody else has created.
   *
   * @return streams of which there is none
   */
  public static StandardStreams none() {
    return new StandardStreams();
  }

  /**
   * Opens {@code /dev/null} in the place of a standard stream that this process does not have, so
   * that nothing that is opened later gets such a number and is taken for one.
   *
   * @param kernel this process's
   */
  public static void fill(Kernel kernel) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot fd = b.fd("null", "/dev/null");
    Label all = b.label("all there");
    b.step("fill the standard streams", "");
    for (int i = 0; i <= 3; i++) {
      // Not close-on-exec: these three are what an execve(2) keeps.
      b.sys(
              Syscall.OPENAT,
              imm(Constants.AT_FDCWD),
              b.string("/dev/null"),
              imm(Constants.O_RDWR),
              imm(0))
          .into(fd);
      b.branch(Condition.LTU, imm(2), fd, all);
    }
    b.bind(all);
    Idioms.close(b, fd);
    kernel.run(b.build()).orThrow();
  }

  /**
   * Opens what was chosen.
   *
   * @param kernel where
   * @param choices for standard input, output and error
   * @return the streams; {@link #descriptors} are to be closed once the container has them, and
   *     {@link #close} closes Java's
   * @throws RuntimeException with one sentence as its message; nothing is open then
   */
  public static StandardStreams open(Kernel kernel, List<Stdio> choices) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    List<@Nullable Slot> theirs = new ArrayList<>();
    List<@Nullable Slot> ours = new ArrayList<>();
    for (int stream = 0; stream < 3; stream++) {
      add(b, descriptors, stream, choices.get(stream), theirs, ours);
    }
    Kernel.Result result = kernel.run(b.build()).orThrow();
    StandardStreams streams = new StandardStreams();
    for (int stream = 0; stream < 3; stream++) {
      Slot fd = theirs.get(stream);
      int number = fd == null ? Embedding.INHERITED : (int) result.slot(fd);
      streams.container.add(number);
      if (fd != null && !streams.open.contains(number)) {
        streams.open.add(number);
      }
    }
    try {
      for (int stream = 0; stream < 3; stream++) {
        Slot fd = ours.get(stream);
        if (fd != null) {
          streams.open.add((int) result.slot(fd));
        }
      }
      for (int stream = 0; stream < 3; stream++) {
        Slot fd = ours.get(stream);
        if (fd != null) {
          streams.connect(stream, "/proc/self/fd/" + result.slot(fd));
        }
      }
    } catch (IOException e) {
      close(kernel, streams.open);
      streams.close();
      throw new ContainerException(
          "open a pipe to the container: " + String.valueOf(e.getMessage()), e);
    }
    return streams;
  }

  private static void add(
      ProgramBuilder b,
      Descriptors descriptors,
      int stream,
      Stdio choice,
      List<@Nullable Slot> theirs,
      List<@Nullable Slot> ours) {
    Slot fd = null;
    Slot own = null;
    b.step("open the container's " + name(stream), "");
    switch (choice) {
      case Stdio.Inherit() -> {}
      case Stdio.None() -> {
        fd = descriptors.fd(name(stream), "/dev/null");
        open(b, "/dev/null", Constants.O_RDWR, fd);
      }
      case Stdio.Read(var file) -> {
        fd = descriptors.fd(name(stream), file.toString());
        open(b, file.toString(), Constants.O_RDONLY, fd);
      }
      case Stdio.Write(var file, var append) -> {
        fd = descriptors.fd(name(stream), file.toString());
        int end = append ? Constants.O_APPEND : Constants.O_TRUNC;
        open(b, file.toString(), Constants.O_WRONLY | Constants.O_CREAT | end, fd);
      }
      case Stdio.Pipe() -> {
        Slot read = descriptors.fd("read end", null);
        Slot write = descriptors.fd("write end", null);
        Data ends = b.buffer("pipe", 8);
        b.sys(Syscall.PIPE2, ends.address(), imm(Constants.O_CLOEXEC));
        b.load(4, read, ends.address(), imm(0));
        b.load(4, write, ends.address(), imm(4));
        fd = stream == 0 ? read : write;
        own = stream == 0 ? write : read;
      }
      case Stdio.AsStdout() -> {
        fd = theirs.get(1);
        if (fd == null) {
          fd = descriptors.fd(name(stream), "standard output");
          b.sys(Syscall.FCNTL, imm(1), imm(Constants.F_DUPFD_CLOEXEC), imm(3)).into(fd);
        }
      }
    }
    theirs.add(fd);
    ours.add(own);
  }

  private static String name(int stream) {
    return switch (stream) {
      case 0 -> "standard input";
      case 1 -> "standard output";
      default -> "standard error";
    };
  }

  private static void open(ProgramBuilder b, String path, int flags, Slot fd) {
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(path),
            imm(flags | Constants.O_NOCTTY | Constants.O_CLOEXEC),
            imm(FILE_MODE))
        .into(fd);
  }

  // The streams go to whoever made the container, who closes them.
  private void connect(int stream, String path) throws IOException {
    switch (stream) {
      case 0 -> stdin = new FileOutputStream(path);
      case 1 -> stdout = new FileInputStream(path);
      default -> stderr = new FileInputStream(path);
    }
  }

  /** What the container is given, for {@link Embedding}. */
  public List<Integer> container() {
    return List.copyOf(container);
  }

  /** Every descriptor that is open beside Java's streams: whoever asks closes them. */
  public List<Integer> descriptors() {
    return List.copyOf(open);
  }

  /**
   * Closes descriptors.
   *
   * @param kernel where they are open
   * @param fds which
   */
  public static void close(Kernel kernel, List<Integer> fds) {
    if (fds.isEmpty()) {
      return;
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    for (int fd : fds) {
      b.sys(Syscall.CLOSE, imm(fd)).tolerateAny();
    }
    kernel.run(b.build());
  }

  /** This JVM's end of the container's standard input, null unless it is a pipe. */
  public @Nullable OutputStream stdin() {
    return stdin;
  }

  /** This JVM's end of the container's standard output, null unless it is a pipe. */
  public @Nullable InputStream stdout() {
    return stdout;
  }

  /** This JVM's end of the container's standard error, null unless it is a pipe. */
  public @Nullable InputStream stderr() {
    return stderr;
  }

  /** Closes Java's streams. They hold nothing back, so that nothing can fail. */
  public void close() {
    close(stdin);
    close(stdout);
    close(stderr);
  }

  private static void close(@Nullable Closeable stream) {
    if (stream != null) {
      try {
        stream.close();
      } catch (IOException e) {
        throw new ContainerException("close a pipe to a container: " + e.getMessage(), e);
      }
    }
  }
}
