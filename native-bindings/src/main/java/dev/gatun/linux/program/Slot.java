package dev.gatun.linux.program;

import org.jspecify.annotations.Nullable;

/**
 * A 64-bit variable of a program. Results of system calls land in slots, and any argument can be
 * read from one.
 *
 * <p>Slots 0 to 31 are reserved: see the constants here. A program's own slots begin at {@link
 * #FIRST}.
 */
public final class Slot implements Arg {
  /** Holds the number of the record whose system call failed; all ones when none did. */
  public static final Slot FAILED_RECORD = new Slot(0, "failed", null);

  /** Holds −errno of the failed system call. */
  public static final Slot FAILED_ERRNO = new Slot(1, "errno", null);

  /** Holds the number of the record that a failure jumps to. */
  public static final Slot ON_FAILURE = new Slot(2, "onfail", null);

  /** Takes the results that nobody wants. */
  public static final Slot SCRAP = new Slot(3, "_", null);

  /** Holds the initial stack pointer of an ELF image: argc, argv, environment and auxv. */
  public static final Slot STACK = new Slot(4, "sp", null);

  /** Holds the address of the first byte of a program's outputs. */
  public static final Slot REPLY_START = new Slot(5, "reply", null);

  /** Holds the address behind the last byte of a program's outputs. */
  public static final Slot REPLY_END = new Slot(6, "replyend", null);

  /** Holds the number of bytes of the slots that a reply carries. */
  public static final Slot REPLY_SLOTS = new Slot(7, "replyslots", null);

  /** Counts what was tried again in the whole run of a program; see {@link Idioms}. */
  public static final Slot RETRIES = new Slot(8, "retries", null);

  /** The first slot that the caller's resident program may use for itself. */
  public static final int RESIDENT = 9;

  /** In an image, holds the address of the records and constants that are not resident. */
  public static final Slot IMAGE_REST = new Slot(11, "rest", null);

  /** In an image, holds the size of the records and constants that are not resident, in bytes. */
  public static final Slot IMAGE_REST_SIZE = new Slot(12, "restsize", null);

  /** In an image, holds the address of its slots. */
  public static final Slot IMAGE_SLOTS = new Slot(13, "slots", null);

  /** In an image, holds the address behind its slots. */
  public static final Slot IMAGE_SLOTS_END = new Slot(14, "slotsend", null);

  /** The number of a program's first own slot. */
  public static final int FIRST = 32;

  private final int number;
  private final String name;
  private final @Nullable String path;

  Slot(int number, String name, @Nullable String path) {
    this.number = number;
    this.name = name;
    this.path = path;
  }

  /**
   * A reserved slot of the caller's resident program.
   *
   * @param number the slot's number, {@link #RESIDENT} or more and below {@link #FIRST}
   * @param name the name that listings show
   * @return the slot
   */
  public static Slot resident(int number, String name) {
    if (number < RESIDENT || number >= FIRST) {
      throw new IllegalArgumentException("slot " + number + " is not a resident one");
    }
    return new Slot(number, name, null);
  }

  /** The slot's number. */
  public int number() {
    return number;
  }

  /** The name that listings and messages show. */
  public String name() {
    return name;
  }

  /** The path that the descriptor in this slot stands for, for messages; null when unknown. */
  public @Nullable String path() {
    return path;
  }

  @Override
  public String toString() {
    return name;
  }
}
