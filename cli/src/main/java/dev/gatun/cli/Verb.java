package dev.gatun.cli;

/** A command: what it is called, what it takes, and what it does. */
interface Verb {
  /** Its options. */
  Option[] options();

  /** Its arguments, for the help: {@code <container-id>}. */
  String arguments();

  /** What it does, a line for the list of commands. */
  String summary();

  /** What else its help says, whole lines; empty when the summary is enough. */
  default String details() {
    return "";
  }

  /** The fewest and the most arguments. */
  int[] argumentCount();

  /** Whether everything behind the first argument belongs to another program. */
  default boolean stopsAtArgument() {
    return false;
  }

  /**
   * Does it.
   *
   * @param call the command line
   * @return what to print and how to end
   */
  Outcome run(Invocation call);
}
