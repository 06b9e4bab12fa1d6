package dev.gatun.linux.image;

import dev.gatun.linux.Arch;
import java.util.Random;

/** Random programs of ALU, LD, ST and forward branches, one behind the other. */
public final class RandomPrograms {
  private static final int PROGRAMS = 400;
  private static final int LENGTH = 50;
  private static final int OWN_SLOTS = 12;
  private static final int OWN_MEMORY = 64;

  /** How many slots they need. */
  public static final int SLOTS = 32 + PROGRAMS * OWN_SLOTS;

  private RandomPrograms() {}

  /** The memory that they begin with. */
  public static byte[] memory(long seed) {
    byte[] memory = new byte[PROGRAMS * OWN_MEMORY];
    new Random(~seed).nextBytes(memory);
    return memory;
  }

  /** Writes the programs; END is left to the caller. */
  public static RecordWriter write(Arch arch, long seed, long memory) {
    Random random = new Random(seed);
    RecordWriter out = new RecordWriter(arch);
    for (int program = 0; program < PROGRAMS; program++) {
      int slots = 32 + program * OWN_SLOTS;
      long area = memory + (long) program * OWN_MEMORY;
      int end = out.next() + LENGTH;
      // The first slot is never written again: it holds the address of the memory.
      out.set(slots, area);
      while (out.next() < end) {
        int mask = random.nextInt(4);
        long a0 = (mask & 1) == 0 ? value(random) : slots + random.nextInt(OWN_SLOTS);
        long a1 = (mask & 2) == 0 ? value(random) : slots + random.nextInt(OWN_SLOTS);
        int result = slots + 1 + random.nextInt(OWN_SLOTS - 1);
        int kind = random.nextInt(10);
        int size = 1 << random.nextInt(4);
        long offset = random.nextInt(OWN_MEMORY - size + 1);
        boolean bySlot = random.nextBoolean();
        if (kind < 5) {
          // Arguments that a function does not have mean nothing.
          out.record(
              RecordWriter.ALU, mask, result, 0, 0, random.nextInt(8), a0, a1, value(random));
        } else if (kind < 7) {
          int target = out.next() + 1 + random.nextInt(end - out.next());
          out.record(RecordWriter.BR, mask, result, 0, target, random.nextInt(5), a0, a1);
        } else if (kind < 8) {
          out.record(
              RecordWriter.LD, bySlot ? 1 : 0, result, 0, 0, size, bySlot ? slots : area, offset);
        } else if (size != 2) {
          boolean stored = random.nextBoolean();
          out.record(
              RecordWriter.ST,
              (bySlot ? 1 : 0) | (stored ? 4 : 0),
              0,
              0,
              0,
              size,
              bySlot ? slots : area,
              offset,
              stored ? result : value(random));
        }
      }
    }
    return out;
  }

  private static long value(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextLong();
      case 1 -> random.nextInt(70);
      case 2 -> random.nextInt();
      default -> -1L << random.nextInt(64);
    };
  }
}
