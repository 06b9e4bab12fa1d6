package dev.gatun.linux.program;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Syscall;
import java.util.List;

/**
 * A finished program: a flat list of records and the memory they work with.
 *
 * <p>It knows nothing of addresses until {@link #link} is given them, so the same program can be
 * printed, checked by rules, run in this process, sent to another one, or put into an image.
 *
 * <p>Its memory is three regions: constants, variables, and zeroed space with the outputs first.
 * Positions in a region are fixed when the program is built.
 */
public final class Program {
  private final Arch arch;
  private final Instruction[] records;
  private final int firstSlot;
  private final List<Slot> slots;
  private final List<Data> data;
  private final List<Data> outputs;
  private final List<Label> labels;
  private final int constantSize;
  private final int variableSize;
  private final int zeroSize;
  private final int outputSize;

  Program(
      Arch arch,
      Instruction[] records,
      int firstSlot,
      List<Slot> slots,
      List<Data> data,
      List<Data> outputs,
      List<Label> labels) {
    this.arch = arch;
    this.records = records;
    this.firstSlot = firstSlot;
    this.slots = slots;
    this.data = data;
    this.outputs = outputs;
    this.labels = labels;
    int zero = 0;
    for (Data piece : outputs) {
      piece.position = align(zero, piece.alignment());
      zero = piece.position + piece.size();
    }
    outputSize = zero;
    int constant = 0;
    int variable = 0;
    for (Data piece : data) {
      switch (piece.kind()) {
        case CONSTANT -> {
          piece.position = align(constant, piece.alignment());
          constant = piece.position + piece.size();
        }
        case VARIABLE -> {
          piece.position = align(variable, piece.alignment());
          variable = piece.position + piece.size();
        }
        case ZERO -> {
          piece.position = align(zero, piece.alignment());
          zero = piece.position + piece.size();
        }
      }
    }
    constantSize = align(constant, 8);
    variableSize = align(variable, 8);
    zeroSize = align(zero, 8);
  }

  static int align(int value, int alignment) {
    return (value + alignment - 1) & -alignment;
  }

  /** The architecture it runs on. */
  public Arch arch() {
    return arch;
  }

  /** The number of its records. */
  public int size() {
    return records.length;
  }

  /**
   * One record.
   *
   * @param number counted from the program's first
   * @return the record
   */
  public Instruction record(int number) {
    return records[number];
  }

  /** How many slots there are, the reserved ones included. */
  public int slotCount() {
    return firstSlot + slots.size();
  }

  /**
   * Its own slots, in order; the first has number {@link Slot#FIRST} unless the builder was told
   * another.
   */
  public List<Slot> slots() {
    return slots;
  }

  /** Its labels, in the order in which they were made. */
  public List<Label> labels() {
    return labels;
  }

  /** Size of the constants, in bytes, a multiple of 8. */
  public int constantSize() {
    return constantSize;
  }

  /** Size of the initialised variables, in bytes, a multiple of 8. */
  public int variableSize() {
    return variableSize;
  }

  /** Size of the zeroed memory, in bytes, a multiple of 8; the outputs come first in it. */
  public int zeroSize() {
    return zeroSize;
  }

  /** Size of the outputs together, in bytes. */
  public int outputSize() {
    return outputSize;
  }

  /** The pieces whose contents a result carries. */
  public List<Data> outputs() {
    return outputs;
  }

  /**
   * Where a piece lies in its region.
   *
   * @param piece a piece of this program
   * @return bytes from the region's beginning
   */
  public int position(Data piece) {
    return piece.position;
  }

  /**
   * Where a program is put.
   *
   * @param firstRecord the number that the program's first record gets
   * @param constants address of the constants
   * @param variables address of the variables
   * @param zeroes address of the zeroed memory
   * @param endRecord the number of a record that takes the place of every {@link Op#END}, or 0 to
   *     leave them as they are
   */
  public record Addresses(
      int firstRecord, long constants, long variables, long zeroes, int endRecord) {}

  /**
   * Encodes the program for the addresses it will have.
   *
   * @param at the addresses, each 8-byte aligned
   * @param target an array, zero where it is written to, that gets the records, then the constants,
   *     then the variables, without gaps between them
   * @param offset where in it to begin
   */
  public void link(Addresses at, byte[] target, int offset) {
    if (at.firstRecord() + records.length > 0xffff) {
      throw new IllegalStateException(records.length + " records are more than a program may have");
    }
    int position = offset;
    for (Instruction record : records) {
      encode(record, at, target, position);
      position += Instruction.SIZE;
    }
    int constants = position;
    int variables = position + constantSize;
    for (Data piece : data) {
      if (piece.kind() == Data.Kind.ZERO) {
        continue;
      }
      int to = piece.position + (piece.kind() == Data.Kind.CONSTANT ? constants : variables);
      System.arraycopy(piece.bytes(), 0, target, to, piece.size());
      for (int i = 0; i < piece.addressCount(); i++) {
        u64(target, to + piece.addressOffset(i), address(piece.addressAt(i), at));
      }
    }
  }

  /** The number of bytes that {@link #link} writes. */
  public int linkedSize() {
    return records.length * Instruction.SIZE + constantSize + variableSize;
  }

  private void encode(Instruction record, Addresses at, byte[] target, int position) {
    Op op = record.op;
    long code = record.code;
    Label label = record.target;
    int goesTo = label == null ? 0 : label.record() + at.firstRecord();
    Arg[] args = record.args;
    if (op == Op.END && at.endRecord() != 0) {
      op = Op.BR;
      code = Op.Condition.EQ.ordinal();
      goesTo = at.endRecord();
      args = new Arg[0];
    }
    Syscall syscall = record.syscall;
    if (syscall != null) {
      code = syscall.number(arch);
    }
    int mask = 0;
    for (int i = 0; i < args.length; i++) {
      Arg arg = args[i];
      if (arg instanceof Slot) {
        mask |= 1 << i;
      }
      long value = value(arg, at);
      u64(target, position + 16 + 8 * i, value);
    }
    target[position] = (byte) op.ordinal();
    target[position + 1] = (byte) mask;
    u16(target, position + 2, record.result.number());
    u16(target, position + 4, record.tolerated);
    u16(target, position + 6, goesTo);
    u64(target, position + 8, code);
  }

  /**
   * What a record holds for an operand. Not a pattern switch: the JVM makes those when they are
   * first used, which costs a command that starts a JVM milliseconds.
   */
  private static long value(Arg arg, Addresses at) {
    if (arg instanceof Imm imm) {
      return imm.value();
    }
    if (arg instanceof Slot slot) {
      return slot.number();
    }
    if (arg instanceof Addr addr) {
      return address(addr, at);
    }
    return (long) ((Label) arg).record() + at.firstRecord();
  }

  private static long address(Addr addr, Addresses at) {
    long base =
        switch (addr.data().kind()) {
          case CONSTANT -> at.constants();
          case VARIABLE -> at.variables();
          case ZERO -> at.zeroes();
        };
    return base + addr.data().position + addr.offset();
  }

  private static void u16(byte[] target, int position, int value) {
    target[position] = (byte) value;
    target[position + 1] = (byte) (value >>> 8);
  }

  private static void u64(byte[] target, int position, long value) {
    int i = position;
    for (long rest = value; rest != 0; rest >>>= 8) {
      target[i++] = (byte) rest;
    }
  }
}
