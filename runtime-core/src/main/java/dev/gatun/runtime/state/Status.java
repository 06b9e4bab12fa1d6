package dev.gatun.runtime.state;

/** What a container is doing, with the words of {@code state} and {@code list}. */
public enum Status {
  /** A create is under way. */
  CREATING("creating"),
  /** Init waits at the gate. */
  CREATED("created"),
  /** The container's process runs. */
  RUNNING("running"),
  /** Everything in its cgroup is frozen, be it that it waits at the gate or runs. */
  PAUSED("paused"),
  /** There is no process any more. */
  STOPPED("stopped");

  private final String word;

  Status(String word) {
    this.word = word;
  }

  /** The word that callers parse. */
  public String word() {
    return word;
  }
}
