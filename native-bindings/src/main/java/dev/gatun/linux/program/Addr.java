package dev.gatun.linux.program;

/**
 * The address of a byte in a program's {@link Data}; it becomes a number when the program is
 * linked.
 *
 * @param data the piece of memory
 * @param offset bytes from its beginning
 */
public record Addr(Data data, int offset) implements Arg {

  /**
   * The address some bytes further on.
   *
   * @param bytes how far, in bytes
   * @return the moved address
   */
  public Addr plus(int bytes) {
    return new Addr(data, offset + bytes);
  }
}
