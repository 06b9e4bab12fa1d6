package dev.gatun.runtime.init;

import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Listing;
import dev.gatun.linux.program.Origin;
import dev.gatun.linux.program.Program;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.hooks.HookEnding;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the image's processes tell the runtime: {@link #SIZE} bytes, four little-endian u64.
 *
 * <pre>
 *  kind      value            record            −errno
 *  PID       pid of init      -                 -
 *  READY     capabilities     mounts of a pod   -
 *  STARTED   capabilities     -                 -             (those only of an exec)
 *  MIDDLE    pid              -                 -
 *  FAILED    bytes of slots   number of record  −errno      then the first slots themselves
 *  HOOKS     -                -                 -
 *  HOOK      bytes of output  number of record  ending      then the end of what it wrote
 * </pre>
 */
public final class Message {
  private Message() {}

  /** Bytes of a message, without the slots that follow a FAILED one. */
  public static final int SIZE = 32;

  /** The most bytes of slots that follow: with the message itself they are PIPE_BUF. */
  public static final int MAX_SLOTS = 4096 - SIZE;

  /** Offset of the kind. */
  public static final int KIND = 0;

  /** Offset of the value. */
  public static final int VALUE = 8;

  /** Offset of the record's number. */
  public static final int RECORD = 16;

  /** Offset of −errno. */
  public static final int ERRNO = 24;

  /** Init, or the process of an exec, exists. */
  public static final int PID = 1;

  /**
   * Init waits to be told to go on; a bit for each capability that it could not be given, and one
   * for each mount of its pod that was left out.
   */
  public static final int READY = 2;

  /** The next thing is {@code execve(2)}. */
  public static final int STARTED = 3;

  /** A call failed. */
  public static final int FAILED = 4;

  /** An exec's middle process exists. */
  public static final int MIDDLE = 5;

  /** Everything is mounted: init waits for the hooks that the runtime has to run. */
  public static final int HOOKS = 6;

  /** A hook that init ran did not end well; see {@link dev.gatun.runtime.hooks.HookEnding}. */
  public static final int HOOK = 7;

  /** The most bytes of output that follow. */
  public static final int MAX_OUTPUT = 2048;

  /**
   * Finds a message in what was received.
   *
   * @param received the bytes of a channel from its beginning
   * @param kind the kind that is looked for
   * @return its offset, or −1
   */
  public static int find(byte[] received, int kind) {
    int at = 0;
    while (at + SIZE <= received.length) {
      if (u64(received, at + KIND) == kind) {
        return at;
      }
      at += SIZE;
      if (isFollowed(u64(received, at - SIZE + KIND))) {
        at += (int) u64(received, at - SIZE + VALUE);
      }
    }
    return -1;
  }

  private static boolean isFollowed(long kind) {
    return kind == FAILED || kind == HOOK;
  }

  /**
   * What a hook had written before it failed.
   *
   * @param received the bytes of a channel
   * @param at the offset of a {@link #HOOK}
   * @return the end of its output
   */
  private static byte[] output(byte[] received, int at) {
    int from = at + SIZE;
    long size = u64(received, at + VALUE);
    return Arrays.copyOfRange(received, from, (int) Math.min(received.length, from + size));
  }

  /**
   * The failure that was reported, if one was.
   *
   * @param program the image's program
   * @param received the bytes of a channel from its beginning
   * @return the failure, or null
   */
  public static @Nullable RuntimeException failure(Program program, byte[] received) {
    int hook = find(received, HOOK);
    if (hook >= 0) {
      Origin origin = program.record((int) u64(received, hook + RECORD)).origin();
      return hook(origin.step(), origin.place(), received, hook);
    }
    return failedCall(program, received);
  }

  /**
   * The system call that was reported as failed, if one was.
   *
   * @param program the image's program
   * @param received the bytes of a channel from its beginning
   * @return the failure, or null
   */
  public static @Nullable SyscallException failedCall(Program program, byte[] received) {
    int at = find(received, FAILED);
    if (at < 0) {
      return null;
    }
    long[] slots = new long[program.slotCount()];
    for (int i = 0; i < slots.length; i++) {
      int from = at + SIZE + 8 * i;
      slots[i] = from + 8 <= received.length ? u64(received, from) : 0;
    }
    return Listing.failure(
        program, (int) u64(received, at + RECORD), (int) -u64(received, at + ERRNO), slots);
  }

  /**
   * The failure of a hook.
   *
   * @param step the hook, as its step names it
   * @param place its JSON pointer
   * @param received the bytes of a channel
   * @param at the offset of the message
   * @return the failure
   */
  public static RuntimeException hook(String step, String place, byte[] received, int at) {
    return new ContainerException(
        HookEnding.text(step, u64(received, at + ERRNO), output(received, at), place));
  }

  /**
   * Reads a number.
   *
   * @param bytes where it is
   * @param at its offset
   * @return its value
   */
  public static long u64(byte[] bytes, int at) {
    long value = 0;
    for (int i = 7; i >= 0; i--) {
      value = value << 8 | (bytes[at + i] & 0xff);
    }
    return value;
  }
}
