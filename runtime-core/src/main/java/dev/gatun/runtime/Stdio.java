package dev.gatun.runtime;

import java.nio.file.Path;

/** Where one of a container's standard streams comes from or goes to. */
public sealed interface Stdio {
  /** {@code /dev/null}: nothing to read, and what is written is gone. The default. */
  static Stdio none() {
    return new None();
  }

  /**
   * The JVM's own stream. A pipe or a file is given to the user of the container's process, as
   * every OCI runtime does.
   */
  static Stdio inherit() {
    return new Inherit();
  }

  /**
   * A pipe to this JVM: {@link Container#stdin}, {@link Container#stdout}, {@link
   * Container#stderr}. A process that writes more than fits, 64 kB, waits until it is read.
   */
  static Stdio pipe() {
    return new Pipe();
  }

  /**
   * A file that the container reads.
   *
   * @param file the file
   */
  static Stdio from(Path file) {
    return new Read(file);
  }

  /**
   * A file that the container writes; it is made, and what it holds is gone.
   *
   * @param file the file
   */
  static Stdio to(Path file) {
    return new Write(file, false);
  }

  /**
   * A file that the container writes behind what it holds; it is made when it is missing.
   *
   * @param file the file
   */
  static Stdio appendTo(Path file) {
    return new Write(file, true);
  }

  /** Standard error goes where standard output goes, in the order of writing. */
  static Stdio asStdout() {
    return new AsStdout();
  }

  /** See {@link #none}. */
  record None() implements Stdio {}

  /** See {@link #inherit}. */
  record Inherit() implements Stdio {}

  /** See {@link #pipe}. */
  record Pipe() implements Stdio {}

  /** See {@link #asStdout}. */
  record AsStdout() implements Stdio {}

  /**
   * See {@link #from}.
   *
   * @param file the file
   */
  record Read(Path file) implements Stdio {
    /** Makes the path absolute. */
    public Read {
      file = file.toAbsolutePath();
    }
  }

  /**
   * See {@link #to} and {@link #appendTo}.
   *
   * @param file the file
   * @param append whether what it holds stays
   */
  record Write(Path file, boolean append) implements Stdio {
    /** Makes the path absolute. */
    public Write {
      file = file.toAbsolutePath();
    }
  }
}
