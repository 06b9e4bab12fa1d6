package dev.gatun.linux.program;

/**
 * An immediate operand.
 *
 * @param value the number itself
 */
public record Imm(long value) implements Arg {
  static final Imm ZERO = new Imm(0);
}
