package dev.gatun.linux.image;

import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The instructions of x86-64 that the interpreter needs (Intel SDM volume 2 has the encodings).
 *
 * <p>Operands are in Intel's order, destination first, and the listing is what {@code objdump -M
 * intel} prints, with {@code byte} and {@code word} for its {@code BYTE PTR} and nothing for wider
 * operands.
 */
final class X86_64Assembler extends Assembler {

  /** The general registers, in the order of their encoding. */
  enum Reg {
    RAX(0, "eax", "al"),
    RCX(1, "ecx", "cl"),
    RDX(2, "edx", "dl"),
    RBX(3, "ebx", "bl"),
    RSP(4, "esp", "spl"),
    RBP(5, "ebp", "bpl"),
    RSI(6, "esi", "sil"),
    RDI(7, "edi", "dil"),
    R8(8, "r8d", "r8b"),
    R9(9, "r9d", "r9b"),
    R10(10, "r10d", "r10b"),
    R11(11, "r11d", "r11b"),
    R12(12, "r12d", "r12b"),
    R13(13, "r13d", "r13b"),
    R14(14, "r14d", "r14b"),
    R15(15, "r15d", "r15b");

    private final int number;
    final String name64 = name().toLowerCase(java.util.Locale.ROOT);
    final String name32;
    final String name8;

    Reg(int number, String name32, String name8) {
      this.number = number;
      this.name32 = name32;
      this.name8 = name8;
    }

    int low() {
      return number & 7;
    }

    int high() {
      return number >> 3;
    }
  }

  /**
   * A memory operand {@code [base+index*scale+displacement]}.
   *
   * @param base the base register
   * @param index the index register, or null
   * @param scale 1, 2, 4 or 8
   * @param displacement -128 to 127
   */
  record Mem(Reg base, @Nullable Reg index, int scale, int displacement) {
    Mem {
      if (index == Reg.RSP || Integer.bitCount(scale) != 1 || (byte) displacement != displacement) {
        throw new IllegalArgumentException("no encoding");
      }
    }

    @Override
    public String toString() {
      String text = "[" + base.name64;
      if (index != null) {
        text += "+" + index.name64 + "*" + scale;
      }
      if (displacement != 0) {
        text += "+0x" + Integer.toHexString(displacement);
      }
      return text + "]";
    }
  }

  /** Conditions of jumps, with the number that the opcode holds. */
  enum Condition {
    B(2),
    AE(3),
    E(4),
    NE(5),
    S(8),
    L(12);

    final int code;

    Condition(int code) {
      this.code = code;
    }
  }

  /** Operations of two registers or a register and a small constant. */
  enum Alu {
    ADD(0),
    OR(1),
    AND(4),
    SUB(5),
    XOR(6),
    CMP(7);

    final int code;
    final String text = name().toLowerCase(java.util.Locale.ROOT);

    Alu(int code) {
      this.code = code;
    }
  }

  static Mem at(Reg base, int displacement) {
    return new Mem(base, null, 1, displacement);
  }

  static Mem at(Reg base, Reg index, int scale) {
    return new Mem(base, index, scale, 0);
  }

  @Override
  byte[] padding() {
    return new byte[] {(byte) 0xcc};
  }

  @Override
  String paddingText() {
    return "int3";
  }

  @Override
  boolean shortReaches(int distance) {
    return (byte) distance == distance;
  }

  void mov(Reg to, Mem from) {
    emit(memory(1, bytes(0x8b), to.number, from, false), "mov    " + to.name64 + "," + from);
  }

  void mov32(Reg to, Mem from) {
    emit(memory(0, bytes(0x8b), to.number, from, false), "mov    " + to.name32 + "," + from);
  }

  void mov(Mem to, Reg from) {
    emit(memory(1, bytes(0x89), from.number, to, false), "mov    " + to + "," + from.name64);
  }

  void mov32(Mem to, Reg from) {
    emit(memory(0, bytes(0x89), from.number, to, false), "mov    " + to + "," + from.name32);
  }

  void mov8(Mem to, Reg from) {
    emit(memory(0, bytes(0x88), from.number, to, true), "mov    byte " + to + "," + from.name8);
  }

  void movzx8(Reg to, Mem from) {
    emit(
        memory(0, bytes(0x0f, 0xb6), to.number, from, false),
        "movzx  " + to.name32 + ",byte " + from);
  }

  void movzx16(Reg to, Mem from) {
    emit(
        memory(0, bytes(0x0f, 0xb7), to.number, from, false),
        "movzx  " + to.name32 + ",word " + from);
  }

  void mov(Reg to, Reg from) {
    emit(registers(1, 0x89, from.number, to), "mov    " + to.name64 + "," + from.name64);
  }

  void mov32(Reg to, Reg from) {
    emit(registers(0, 0x89, from.number, to), "mov    " + to.name32 + "," + from.name32);
  }

  /** Sets a register to a constant of up to 31 bits; the upper half becomes zero. */
  void mov32(Reg to, int value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (to.high() != 0) {
      out.write(0x41);
    }
    out.write(0xb8 | to.low());
    int32(out, value);
    emit(out.toByteArray(), "mov    " + to.name32 + ",0x" + Integer.toHexString(value));
  }

  void alu(Alu operation, Reg to, Reg from) {
    emit(
        registers(1, operation.code << 3 | 1, from.number, to),
        pad(operation.text) + to.name64 + "," + from.name64);
  }

  void alu32(Alu operation, Reg to, Reg from) {
    emit(
        registers(0, operation.code << 3 | 1, from.number, to),
        pad(operation.text) + to.name32 + "," + from.name32);
  }

  void alu(Alu operation, Reg to, int value) {
    emit(
        constant(1, operation.code, to, value), pad(operation.text) + to.name64 + "," + hex(value));
  }

  void alu32(Alu operation, Reg to, int value) {
    emit(
        constant(0, operation.code, to, value),
        pad(operation.text)
            + to.name32
            + ","
            + (value < 0 ? "0x" + Integer.toHexString(value) : hex(value)));
  }

  /** {@code cmp rax,value} with a constant of 32 bits, sign extended. */
  void cmpRax(int value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(0x48);
    out.write(0x3d);
    int32(out, value);
    emit(out.toByteArray(), "cmp    rax," + hex(value));
  }

  void test(Reg first, Reg second) {
    emit(registers(1, 0x85, second.number, first), "test   " + first.name64 + "," + second.name64);
  }

  void test32(Reg first, Reg second) {
    emit(registers(0, 0x85, second.number, first), "test   " + first.name32 + "," + second.name32);
  }

  void dec32(Reg register) {
    emit(registers(0, 0xff, 1, register), "dec    " + register.name32);
  }

  /** Increments the low 16 bits. */
  void inc16(Reg register) {
    byte[] rest = registers(0, 0xff, 0, register);
    byte[] all = new byte[rest.length + 1];
    all[0] = 0x66;
    System.arraycopy(rest, 0, all, 1, rest.length);
    emit(all, "inc    " + register.name32.substring(1));
  }

  /** Shifts right by one; the bit that leaves is the carry. */
  void shr32By1(Reg register) {
    emit(registers(0, 0xd1, 5, register), "shr    " + register.name32 + ",1");
  }

  void shl(Reg register, int count) {
    emit(shift(4, register, count), "shl    " + register.name64 + "," + hex(count));
  }

  void shr(Reg register, int count) {
    emit(shift(5, register, count), "shr    " + register.name64 + "," + hex(count));
  }

  void shlByCl(Reg register) {
    emit(registers(1, 0xd3, 4, register), "shl    " + register.name64 + ",cl");
  }

  void shrByCl(Reg register) {
    emit(registers(1, 0xd3, 5, register), "shr    " + register.name64 + ",cl");
  }

  /** Divides {@code rdx:rax}: quotient to rax, remainder to rdx. */
  void div(Reg by) {
    emit(registers(1, 0xf7, 6, by), "div    " + by.name64);
  }

  /** Exchanges rax and another register. */
  void xchgRax(Reg other) {
    emit(bytes(0x48 | other.high(), 0x90 | other.low()), "xchg   " + other.name64 + ",rax");
  }

  /** Exchanges rax and rdx. */
  void xchgRaxRdx() {
    xchgRax(Reg.RDX);
  }

  void lea(Reg to, Mem of) {
    emit(memory(1, bytes(0x8d), to.number, of, false), "lea    " + to.name64 + "," + of);
  }

  void lea(Reg to, Label label) {
    relative(0x8d, to, label, "lea    ");
  }

  /** Loads the eight bytes at a label. */
  void mov(Reg to, Label label) {
    relative(0x8b, to, label, "mov    ");
  }

  private void relative(int opcode, Reg to, Label label, String mnemonic) {
    emit(
        label,
        7,
        7,
        mnemonic + to.name64 + ",[rip+" + label + "]",
        (from, target, wide) -> {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          out.write(0x48 | to.high() << 2);
          out.write(opcode);
          out.write(to.low() << 3 | 5);
          int32(out, target - (from + 7));
          return out.toByteArray();
        });
  }

  void jmp(Reg to) {
    emit(registers(0, 0xff, 4, to), "jmp    " + to.name64);
  }

  void jmp(Label to) {
    emit(
        to,
        2,
        5,
        "jmp    " + to,
        (from, target, wide) -> {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          if (wide) {
            out.write(0xe9);
            int32(out, target - (from + 5));
          } else {
            out.write(0xeb);
            out.write(target - (from + 2));
          }
          return out.toByteArray();
        });
  }

  void j(Condition condition, Label to) {
    emit(
        to,
        2,
        6,
        pad("j" + condition.name().toLowerCase(java.util.Locale.ROOT)) + to,
        (from, target, wide) -> {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          if (wide) {
            out.write(0x0f);
            out.write(0x80 | condition.code);
            int32(out, target - (from + 6));
          } else {
            out.write(0x70 | condition.code);
            out.write(target - (from + 2));
          }
          return out.toByteArray();
        });
  }

  void push(Reg register) {
    emit(stack(0x50, register), "push   " + register.name64);
  }

  void pop(Reg register) {
    emit(stack(0x58, register), "pop    " + register.name64);
  }

  void ret() {
    emit(bytes(0xc3), "ret");
  }

  void syscall() {
    emit(bytes(0x0f, 0x05), "syscall");
  }

  private static byte[] stack(int opcode, Reg register) {
    return register.high() == 0
        ? bytes(opcode | register.low())
        : bytes(0x41, opcode | register.low());
  }

  private static byte[] shift(int extension, Reg register, int count) {
    byte[] head = registers(1, 0xc1, extension, register);
    return append(head, count);
  }

  private static byte[] constant(int w, int extension, Reg to, int value) {
    if ((byte) value != value) {
      throw new IllegalArgumentException("no encoding");
    }
    return append(registers(w, 0x83, extension, to), value);
  }

  private static byte[] append(byte[] head, int last) {
    byte[] all = java.util.Arrays.copyOf(head, head.length + 1);
    all[head.length] = (byte) last;
    return all;
  }

  private static byte[] registers(int w, int opcode, int regField, Reg rm) {
    int rex = w << 3 | (regField >> 3) << 2 | rm.high();
    int modRm = 0xc0 | (regField & 7) << 3 | rm.low();
    return rex == 0 ? bytes(opcode, modRm) : bytes(0x40 | rex, opcode, modRm);
  }

  private static byte[] memory(int w, byte[] opcode, int regField, Mem mem, boolean byteRegister) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int indexHigh = mem.index == null ? 0 : mem.index.high();
    int rex = w << 3 | (regField >> 3) << 2 | indexHigh << 1 | mem.base.high();
    // Without a REX prefix the numbers 4 to 7 mean ah, ch, dh and bh for a byte.
    if (rex != 0 || (byteRegister && regField >= 4)) {
      out.write(0x40 | rex);
    }
    out.writeBytes(opcode);
    boolean sib = mem.index != null || mem.base.low() == 4;
    // rbp and r13 as a base without displacement would mean rip or an absolute address.
    boolean displaced = mem.displacement != 0 || mem.base.low() == 5;
    out.write((displaced ? 0x40 : 0) | (regField & 7) << 3 | (sib ? 4 : mem.base.low()));
    if (sib) {
      int index = mem.index == null ? 4 : mem.index.low();
      out.write(Integer.numberOfTrailingZeros(mem.scale) << 6 | index << 3 | mem.base.low());
    }
    if (displaced) {
      out.write(mem.displacement);
    }
    return out.toByteArray();
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static void int32(ByteArrayOutputStream out, int value) {
    out.write(value);
    out.write(value >> 8);
    out.write(value >> 16);
    out.write(value >> 24);
  }

  private static String hex(int value) {
    return "0x" + Long.toHexString(value);
  }

  private static String pad(String mnemonic) {
    return mnemonic + " ".repeat(Math.max(1, 7 - mnemonic.length()));
  }
}
