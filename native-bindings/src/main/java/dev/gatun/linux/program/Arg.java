package dev.gatun.linux.program;

/** One operand of an {@link Instruction}: a number, the value of a slot, or an address. */
public sealed interface Arg permits Imm, Slot, Addr, Label {

  /**
   * An immediate number.
   *
   * @param value the number; flags words and sizes are passed as they are
   * @return the operand
   */
  static Imm imm(long value) {
    return value == 0 ? Imm.ZERO : new Imm(value);
  }
}
