package dev.gatun.linux.image;

import java.util.Locale;

/**
 * The instructions of A64 that the interpreter needs (Arm ARM, chapter C6, has the encodings).
 *
 * <p>Registers are given by number; 31 is {@code sp} or {@code xzr} as the instruction has it. The
 * listing is what {@code objdump} prints.
 */
final class Aarch64Assembler extends Assembler {

  /** The stack pointer, where an instruction takes one. */
  static final int SP = 31;

  /** Conditions of branches, with their encoding. */
  enum Condition {
    EQ(0),
    NE(1),
    CC(3),
    LT(11);

    final int code;

    Condition(int code) {
      this.code = code;
    }

    String text() {
      return "b." + name().toLowerCase(Locale.ROOT);
    }
  }

  /** Operations of three 64-bit registers. */
  enum Alu {
    ADD(0x8b000000),
    SUB(0xcb000000),
    AND(0x8a000000),
    ORR(0xaa000000),
    LSL(0x9ac02000),
    LSR(0x9ac02400),
    UDIV(0x9ac00800);

    final int opcode;
    final String text = name().toLowerCase(Locale.ROOT);

    Alu(int opcode) {
      this.opcode = opcode;
    }
  }

  @Override
  byte[] padding() {
    return word(0);
  }

  @Override
  String paddingText() {
    return "udf\t#0";
  }

  @Override
  boolean shortReaches(int distance) {
    return true;
  }

  void alu(Alu operation, int to, int first, int second) {
    emit(
        word(operation.opcode | second << 16 | first << 5 | to),
        operation.text + "\t" + x(to) + ", " + x(first) + ", " + x(second));
  }

  /** {@code to = first + (second << shift)}. */
  void addShifted(int to, int first, int second, int shift) {
    emit(
        word(0x8b000000 | second << 16 | shift << 10 | first << 5 | to),
        "add\t" + x(to) + ", " + x(first) + ", " + x(second) + ", lsl #" + shift);
  }

  void addConstant(int to, int from, int value) {
    emit(
        word(0x91000000 | unsigned(value, 12) << 10 | from << 5 | to),
        "add\t" + x(to) + ", " + x(from) + ", " + hex(value));
  }

  void lsrConstant(int to, int from, int count) {
    emit(
        word(0xd340fc00 | count << 16 | from << 5 | to),
        "lsr\t" + x(to) + ", " + x(from) + ", #" + count);
  }

  /** {@code to = from - first * second}. */
  void msub(int to, int first, int second, int from) {
    emit(
        word(0x9b008000 | second << 16 | from << 10 | first << 5 | to),
        "msub\t" + x(to) + ", " + x(first) + ", " + x(second) + ", " + x(from));
  }

  void mov(int to, int from) {
    emit(word(0xaa0003e0 | from << 16 | to), "mov\t" + x(to) + ", " + x(from));
  }

  void movSpTo(int to) {
    emit(word(0x910003e0 | to), "mov\t" + x(to) + ", sp");
  }

  /** Sets a 32-bit register to a constant of 16 bits; the upper half becomes zero. */
  void movConstant(int to, int value) {
    emit(word(0x52800000 | unsigned(value, 16) << 5 | to), "mov\t" + w(to) + ", " + hex(value));
  }

  void cmp(int first, int second) {
    emit(word(0xeb00001f | second << 16 | first << 5), "cmp\t" + x(first) + ", " + x(second));
  }

  void cmp32(int first, int second) {
    emit(word(0x6b00001f | second << 16 | first << 5), "cmp\t" + w(first) + ", " + w(second));
  }

  void cmp32Constant(int register, int value) {
    emit(
        word(0x7100001f | unsigned(value, 12) << 10 | register << 5),
        "cmp\t" + w(register) + ", " + hex(value));
  }

  /** Compares with the negative of the constant: carry is set when the sum overflows. */
  void cmnConstant(int register, int value) {
    emit(
        word(0xb100001f | unsigned(value, 12) << 10 | register << 5),
        "cmn\t" + x(register) + ", " + hex(value));
  }

  void cmn(int first, int second) {
    emit(word(0xab00001f | second << 16 | first << 5), "cmn\t" + x(first) + ", " + x(second));
  }

  void tst(int first, int second) {
    emit(word(0xea00001f | second << 16 | first << 5), "tst\t" + x(first) + ", " + x(second));
  }

  void ldr(int to, int base, int offset) {
    access(0xf9400000, 3, "ldr\t" + x(to), to, base, offset);
  }

  void ldr32(int to, int base, int offset) {
    access(0xb9400000, 2, "ldr\t" + w(to), to, base, offset);
  }

  void ldrh(int to, int base, int offset) {
    access(0x79400000, 1, "ldrh\t" + w(to), to, base, offset);
  }

  void ldrb(int to, int base, int offset) {
    access(0x39400000, 0, "ldrb\t" + w(to), to, base, offset);
  }

  void str(int from, int base, int offset) {
    access(0xf9000000, 3, "str\t" + x(from), from, base, offset);
  }

  void str32(int from, int base, int offset) {
    access(0xb9000000, 2, "str\t" + w(from), from, base, offset);
  }

  void strb(int from, int base, int offset) {
    access(0x39000000, 0, "strb\t" + w(from), from, base, offset);
  }

  private void access(int opcode, int scale, String text, int register, int base, int offset) {
    emit(
        word(opcode | unsigned(scaled(offset, scale), 12) << 10 | base << 5 | register),
        text + ", " + address(base, offset));
  }

  /** Loads from {@code [base + index * 8]}. */
  void ldrIndexed(int to, int base, int index) {
    emit(
        word(0xf8607800 | index << 16 | base << 5 | to),
        "ldr\t" + x(to) + ", [" + xOrSp(base) + ", " + x(index) + ", lsl #3]");
  }

  /** Stores to {@code [base + index * 8]}. */
  void strIndexed(int from, int base, int index) {
    emit(
        word(0xf8207800 | index << 16 | base << 5 | from),
        "str\t" + x(from) + ", [" + xOrSp(base) + ", " + x(index) + ", lsl #3]");
  }

  void ldp(int first, int second, int base, int offset) {
    emit(
        pair(0xa9400000, first, second, base, offset),
        "ldp\t" + x(first) + ", " + x(second) + ", " + address(base, offset));
  }

  void stp(int first, int second, int base, int offset) {
    emit(
        pair(0xa9000000, first, second, base, offset),
        "stp\t" + x(first) + ", " + x(second) + ", " + address(base, offset));
  }

  /** Stores a pair below {@code base} and leaves {@code base} there. */
  void stpBefore(int first, int second, int base, int offset) {
    emit(
        pair(0xa9800000, first, second, base, offset),
        "stp\t" + x(first) + ", " + x(second) + ", [" + xOrSp(base) + ", #" + offset + "]!");
  }

  /** Loads a pair and then adds {@code offset} to {@code base}. */
  void ldpAfter(int first, int second, int base, int offset) {
    emit(
        pair(0xa8c00000, first, second, base, offset),
        "ldp\t" + x(first) + ", " + x(second) + ", [" + xOrSp(base) + "], #" + offset);
  }

  /** Loads the eight bytes at a label. */
  void ldr(int to, Label label) {
    emit(
        label,
        4,
        4,
        "ldr\t" + x(to) + ", " + label,
        (from, target, wide) -> word(0x58000000 | words(from, target, 19) << 5 | to));
  }

  void adr(int to, Label label) {
    emit(
        label,
        4,
        4,
        "adr\t" + x(to) + ", " + label,
        (from, target, wide) -> {
          int distance = target - from;
          return word(0x10000000 | (distance & 3) << 29 | ((distance >> 2) & 0x7ffff) << 5 | to);
        });
  }

  void b(Label to) {
    emit(to, 4, 4, "b\t" + to, (from, target, wide) -> word(0x14000000 | words(from, target, 26)));
  }

  void b(Condition condition, Label to) {
    emit(
        to,
        4,
        4,
        condition.text() + "\t" + to,
        (from, target, wide) -> word(0x54000000 | words(from, target, 19) << 5 | condition.code));
  }

  void cbz32(int register, Label to) {
    emit(
        to,
        4,
        4,
        "cbz\t" + w(register) + ", " + to,
        (from, target, wide) -> word(0x34000000 | words(from, target, 19) << 5 | register));
  }

  /** Branches if a bit (below 32) is zero. */
  void tbz(int register, int bit, Label to) {
    emit(
        to,
        4,
        4,
        "tbz\t" + w(register) + ", #" + bit + ", " + to,
        (from, target, wide) ->
            word(0x36000000 | bit << 19 | words(from, target, 14) << 5 | register));
  }

  void br(int register) {
    emit(word(0xd61f0000 | register << 5), "br\t" + x(register));
  }

  void ret() {
    emit(word(0xd65f03c0), "ret");
  }

  void svc() {
    emit(word(0xd4000001), "svc\t#0x0");
  }

  private static byte[] pair(int opcode, int first, int second, int base, int offset) {
    int words = offset >> 3;
    if ((offset & 7) != 0 || words < -64 || words > 63) {
      throw new IllegalArgumentException("no encoding");
    }
    return word(opcode | (words & 0x7f) << 15 | second << 10 | base << 5 | first);
  }

  private static int words(int from, int target, int bits) {
    int distance = target - from;
    int words = distance >> 2;
    if ((distance & 3) != 0 || words >= 1 << (bits - 1) || words < -(1 << (bits - 1))) {
      throw new IllegalStateException("branch out of reach");
    }
    return words & ((1 << bits) - 1);
  }

  private static int scaled(int offset, int scale) {
    if ((offset & ((1 << scale) - 1)) != 0) {
      throw new IllegalArgumentException("no encoding");
    }
    return offset >> scale;
  }

  private static int unsigned(int value, int bits) {
    if (value < 0 || value >= 1 << bits) {
      throw new IllegalArgumentException("no encoding");
    }
    return value;
  }

  private static byte[] word(int value) {
    return new byte[] {
      (byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)
    };
  }

  private static String address(int base, int offset) {
    return offset == 0 ? "[" + xOrSp(base) + "]" : "[" + xOrSp(base) + ", #" + offset + "]";
  }

  private static String hex(int value) {
    return "#0x" + Integer.toHexString(value);
  }

  private static String xOrSp(int register) {
    return register == SP ? "sp" : x(register);
  }

  private static String x(int register) {
    return "x" + register;
  }

  private static String w(int register) {
    return "w" + register;
  }
}
