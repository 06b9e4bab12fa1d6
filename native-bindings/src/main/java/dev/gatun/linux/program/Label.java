package dev.gatun.linux.program;

/** A place in a program that branches go to; as an operand, the number of the record there. */
public final class Label implements Arg {
  static final int UNBOUND = -1;

  private final String name;
  private final boolean loop;
  int record = UNBOUND;

  Label(String name, boolean loop) {
    this.name = name;
    this.loop = loop;
  }

  /** The name that listings show. */
  public String name() {
    return name;
  }

  /** Whether branches may go back to it: the head of a declared loop. */
  public boolean isLoop() {
    return loop;
  }

  /** The number of the record it stands before, counted from the program's first. */
  public int record() {
    if (record == UNBOUND) {
      throw new IllegalStateException("label " + name + " is not bound");
    }
    return record;
  }

  @Override
  public String toString() {
    return name;
  }
}
