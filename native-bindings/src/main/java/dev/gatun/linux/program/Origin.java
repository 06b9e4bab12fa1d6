package dev.gatun.linux.program;

/**
 * Why a record is there: what messages say when its system call fails.
 *
 * @param step what is being done, in a few words: {@code mount /proc}
 * @param place the JSON pointer into {@code config.json} that asked for it, or empty
 */
public record Origin(String step, String place) {
  /** Of records that no step has been named for. */
  public static final Origin NONE = new Origin("", "");
}
