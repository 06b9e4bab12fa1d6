package dev.gatun.runtime.caller;

/**
 * Addresses and frames that the caller and the JVM agree on.
 *
 * <p>A frame is a header of {@link #HEADER} bytes and a body: u32 length of the body, u32 kind, and
 * two u64 that mean something for {@link #RUN} alone. All numbers are little endian. A length above
 * {@link #MAX_BODY} ends the conversation.
 */
public final class Protocol {
  private Protocol() {}

  /** Where the interpreter's code is. */
  public static final long TEXT = 0x1000_0000L;

  /** The resident program's constants. */
  public static final long RESIDENT_CONSTANTS = 0x1010_0000L;

  /** The resident program's variables. */
  public static final long RESIDENT_VARIABLES = 0x1020_0000L;

  /** Where the caller's records begin; the resident program is the first of them. */
  public static final long RECORDS = 0x1100_0000L;

  /** How many records the resident program may have: 64 kB, a page of any architecture. */
  public static final int RESIDENT_RECORDS = 1024;

  /** Where the body of a RUN frame is put: its records then follow the resident ones. */
  public static final long ARENA = RECORDS + RESIDENT_RECORDS * 64L;

  /** Size of the arena: a program's records, constants, variables and zeroed memory. */
  public static final int ARENA_SIZE = 32 << 20;

  /** Where the slots are. */
  public static final long SLOTS = ARENA + ARENA_SIZE;

  /** How many slots there are. */
  public static final int MAX_SLOTS = 8192;

  /** The first slot of the resident program; received programs may use those below. */
  public static final int RESIDENT_SLOTS = 8000;

  /** The resident program's zeroed memory. */
  public static final long RESIDENT_ZEROES = SLOTS + MAX_SLOTS * 8L;

  /** The record that takes the place of a received program's END: it sends the reply. */
  public static final int REPLY_RECORD = 5;

  /** Size of a frame's header, in bytes. */
  public static final int HEADER = 24;

  /** The largest body of a frame, in bytes. */
  public static final int MAX_BODY = 16 << 20;

  /**
   * From the caller, first of all. Body: u32 the machine number of its ELF file, u32 argc, the
   * arguments, then the environment, each ended by a NUL.
   */
  public static final int HELLO = 0x4b43_4f4c;

  /**
   * To the caller. Body: a linked program. The header's first u64 is the address of the outputs,
   * its second the size of the slots to send back, in bytes.
   */
  public static final int RUN = 1;

  /** From the caller, after a program ended. Body: slots, then outputs. */
  public static final int REPLY = 2;
}
