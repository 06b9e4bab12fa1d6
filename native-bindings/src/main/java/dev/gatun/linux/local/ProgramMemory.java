package dev.gatun.linux.local;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.gatun.linux.Constants;
import dev.gatun.linux.SyscallException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Native memory for one run of a program in this process: records, constants, slots, variables and
 * zeroed memory, at addresses that the program is linked for.
 *
 * <p>It belongs to the thread that made it and is freed by {@link #close()}. Addresses are those of
 * this process, so a program that holds any of them is worth nothing elsewhere.
 */
final class ProgramMemory implements AutoCloseable {
  private static final int RECORD = 64;

  private static final String STEP = "make room for a program";

  /** The size of the piece that is kept for the next program, of which most is never touched. */
  private static final long SPARE_SIZE = 24 << 20;

  /** How much of that stays in memory, a multiple of every page size; most programs need less. */
  private static final long RESIDENT_SIZE = 64 << 10;

  /**
   * The address of a mapping that nobody uses, all zero, or 0. Mapping, its page faults and
   * unmapping take as long as the rest of a small program.
   */
  private static final AtomicLong SPARE = new AtomicLong();

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment memory;
  private final int recordsSize;
  private final int constantsSize;
  private final int slotCount;
  private final int variablesSize;
  private final int zeroesSize;

  /**
   * Allocates it, all zero but slot 0, which is all ones.
   *
   * @param records how many records there are
   * @param constants size of the constants, in bytes, a multiple of 8
   * @param variables size of the variables, in bytes, a multiple of 8
   * @param slots how many slots there are
   * @param zeroes size of the zeroed memory, in bytes
   */
  ProgramMemory(int records, int constants, int variables, int slots, int zeroes) {
    recordsSize = records * RECORD;
    constantsSize = constants;
    variablesSize = variables;
    slotCount = slots;
    zeroesSize = zeroes;
    memory = map(arena, slotsOffset() + 8L * slots + zeroes);
    slots().set(JAVA_LONG, 0, -1);
  }

  // SAFETY: the mapping is at least as large as the segment, and nobody else's until the arena is
  // closed.
  @SuppressWarnings("restricted")
  private static MemorySegment map(Arena arena, long size) {
    // Not the arena's own memory: that is zeroed byte by byte, and most of the megabytes that a
    // program may fill are never touched.
    if (size > SPARE_SIZE) {
      long address = Mapping.map(STEP, size);
      return MemorySegment.ofAddress(address)
          .reinterpret(size, arena, segment -> Mapping.unmap(STEP, address, size));
    }
    long spare = SPARE.getAndSet(0);
    long address = spare == 0 ? newSpare() : spare;
    return MemorySegment.ofAddress(address)
        .reinterpret(size, arena, segment -> giveBack(address, size));
  }

  private static long newSpare() {
    long address = Mapping.map(STEP, SPARE_SIZE);
    try {
      // A huge page would be zeroed for the few bytes that are touched of it.
      Mapping.advise(STEP, address, SPARE_SIZE, Constants.MADV_NOHUGEPAGE);
    } catch (SyscallException e) {
      // A kernel without huge pages does not know the word.
    }
    return address;
  }

  // SAFETY: the mapping is the caller's until it is the spare one or unmapped.
  @SuppressWarnings("restricted")
  private static void giveBack(long address, long used) {
    MemorySegment.ofAddress(address).reinterpret(Math.min(used, RESIDENT_SIZE)).fill((byte) 0);
    if (!isZero(address, used) || !SPARE.compareAndSet(0, address)) {
      Mapping.unmap(STEP, address, SPARE_SIZE);
    }
  }

  private static boolean isZero(long address, long used) {
    if (used <= RESIDENT_SIZE) {
      return true;
    }
    try {
      Mapping.advise(STEP, address + RESIDENT_SIZE, used - RESIDENT_SIZE, Constants.MADV_DONTNEED);
      return true;
    } catch (SyscallException e) {
      // Of a process that keeps all its memory locked nothing is given back so.
      return false;
    }
  }

  private long slotsOffset() {
    return (long) recordsSize + constantsSize + variablesSize;
  }

  /** Address of the constants. */
  long constantsAddress() {
    return memory.address() + recordsSize;
  }

  /** Address of the variables. */
  long variablesAddress() {
    return constantsAddress() + constantsSize;
  }

  /** Address of slot 0. */
  long slotsAddress() {
    return memory.address() + slotsOffset();
  }

  /** Address of the zeroed memory. */
  long zeroesAddress() {
    return slotsAddress() + 8L * slotCount;
  }

  /**
   * Copies a linked program in.
   *
   * @param program the records, then the constants, then the variables, without gaps between them
   */
  void load(byte[] program) {
    if (program.length != slotsOffset()) {
      throw new IllegalArgumentException(
          "a program of " + program.length + " bytes is not one of " + slotsOffset());
    }
    MemorySegment.copy(program, 0, memory, JAVA_BYTE, 0, program.length);
  }

  /**
   * Runs it.
   *
   * @param first number of the record to begin with
   * @return END's value
   */
  long run(long first) {
    return NativeInterpreter.run(memory, slots(), first);
  }

  /**
   * Sets a slot.
   *
   * @param number its number
   * @param value its value
   */
  void slot(int number, long value) {
    slots().setAtIndex(JAVA_LONG, number, value);
  }

  private MemorySegment slots() {
    return memory.asSlice(slotsOffset(), 8L * slotCount);
  }

  /** A copy of the slots. */
  long[] copyOfSlots() {
    return slots().toArray(JAVA_LONG);
  }

  /** A copy of the variables. */
  byte[] copyOfVariables() {
    return memory.asSlice((long) recordsSize + constantsSize, variablesSize).toArray(JAVA_BYTE);
  }

  /**
   * A copy of the first bytes of the zeroed memory.
   *
   * @param size how many
   */
  byte[] copyOfZeroes(int size) {
    if (size > zeroesSize) {
      throw new IndexOutOfBoundsException(size);
    }
    return memory.asSlice(slotsOffset() + 8L * slotCount, size).toArray(JAVA_BYTE);
  }

  /** Frees it; no address of it may be used any more. */
  @Override
  public void close() {
    arena.close();
  }
}
