package dev.gatun.linux.program;

import dev.gatun.linux.Syscall;
import org.jspecify.annotations.Nullable;

/**
 * One record of a program, before it is linked.
 *
 * <p>{@link ProgramBuilder#sys} hands out the record it made, so that its result, what it tolerates
 * and where it goes then can be added to it.
 */
public final class Instruction {
  /** The size of a linked record, in bytes. */
  public static final int SIZE = 64;

  static final int TOLERATE_NONE = 0;
  static final int TOLERATE_ANY = 0xffff;

  final Op op;
  final long code;
  final @Nullable Syscall syscall;
  final Arg[] args;
  final Origin origin;
  Slot result = Slot.SCRAP;
  int tolerated = TOLERATE_NONE;
  @Nullable Label target;

  /** Its number in the program. */
  int number;

  /** Its number for the check of backward branches: out of line, the place it was put from. */
  int position;

  Instruction(Op op, long code, @Nullable Syscall syscall, Arg[] args, Origin origin) {
    this.op = op;
    this.code = code;
    this.syscall = syscall;
    this.args = args;
    this.origin = origin;
  }

  /**
   * Keeps the result.
   *
   * @param slot where it goes
   * @return this record
   */
  public Instruction into(Slot slot) {
    result = slot;
    return this;
  }

  /**
   * Accepts one errno as an outcome and goes on with the next record; the result is then −errno.
   *
   * @param errno the error number
   * @return this record
   */
  public Instruction tolerate(int errno) {
    tolerated = errno;
    return this;
  }

  /**
   * Accepts one errno as an outcome and goes elsewhere then; the result is then −errno.
   *
   * @param errno the error number
   * @param elsewhere where to go
   * @return this record
   */
  public Instruction tolerate(int errno, Label elsewhere) {
    tolerated = errno;
    target = elsewhere;
    return this;
  }

  /**
   * Accepts every errno and goes on with the next record; the result is then −errno.
   *
   * @return this record
   */
  public Instruction tolerateAny() {
    tolerated = TOLERATE_ANY;
    return this;
  }

  /**
   * Accepts every errno and goes elsewhere then; the result is then −errno.
   *
   * @param elsewhere where to go
   * @return this record
   */
  public Instruction tolerateAny(Label elsewhere) {
    tolerated = TOLERATE_ANY;
    target = elsewhere;
    return this;
  }

  /** The operation. */
  public Op op() {
    return op;
  }

  /** The system call of a {@link Op#SYS}, null for other operations. */
  public @Nullable Syscall syscall() {
    return syscall;
  }

  /** How many arguments were given. */
  public int argCount() {
    return args.length;
  }

  /**
   * One argument.
   *
   * @param i its index
   * @return the operand; zero when it was not given
   */
  public Arg arg(int i) {
    return i < args.length ? args[i] : Imm.ZERO;
  }

  /** The slot that takes the result; {@link Slot#SCRAP} when nobody wants it. */
  public Slot result() {
    return result;
  }

  /** The tolerated errno: 0 for none, ffff (hexadecimal) for any. */
  public int tolerated() {
    return tolerated;
  }

  /** Where a branch, or a tolerated error, goes; null for the next record. */
  public @Nullable Label target() {
    return target;
  }

  /** The condition, function, or size in bytes, by operation. */
  public long code() {
    return code;
  }

  /** The number of the record that it was put after: out of line, not the one before it. */
  public int position() {
    return position;
  }

  /** Why the record is there. */
  public Origin origin() {
    return origin;
  }
}
