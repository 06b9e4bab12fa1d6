package dev.gatun.runtime.state;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import org.jspecify.annotations.Nullable;

/**
 * What {@code /proc/PID/stat} says, {@code proc_pid_stat(5)}.
 *
 * @param state the letter of the process's state
 * @param startTime when it started, in clock ticks since boot
 */
public record ProcessStat(char state, long startTime) {
  private static final int START_TIME_FIELD = 22;
  private static final int STATE_FIELD = 3;

  /** Whether only its exit status is left. */
  public boolean dead() {
    return state == 'Z' || state == 'X';
  }

  /**
   * Reads it. The name in parentheses is the process's own choice, so fields are counted from the
   * last parenthesis.
   *
   * @param bytes the file's contents
   * @return what it says, or null when the process is gone
   */
  public static @Nullable ProcessStat of(byte[] bytes) {
    int at = bytes.length - 1;
    while (at >= 0 && bytes[at] != ')') {
      at--;
    }
    if (at < 0 || at + 2 >= bytes.length) {
      return null;
    }
    at += 2;
    char state = (char) bytes[at];
    int field = STATE_FIELD;
    while (at < bytes.length && field < START_TIME_FIELD) {
      if (bytes[at] == ' ') {
        field++;
      }
      at++;
    }
    long startTime = 0;
    while (at < bytes.length && bytes[at] >= '0' && bytes[at] <= '9') {
      startTime = startTime * 10 + (bytes[at] - '0');
      at++;
    }
    return field == START_TIME_FIELD ? new ProcessStat(state, startTime) : null;
  }

  /**
   * Adds records that do the same where the answer is needed, and compare.
   *
   * @param b the program
   * @param stat holds the file's contents, and zeros behind them
   * @param size a slot with their length, more than 0
   * @param startTime when the process started that is looked for
   * @param other where to go when this is another one, or a dead one
   */
  public static void unlessStarted(
      ProgramBuilder b, Data stat, Slot size, long startTime, Label other) {
    Slot at = b.slot("at");
    Slot c = b.slot("c");
    Slot field = b.slot("field");
    Slot time = b.slot("start time");
    Slot times = b.slot("tenfold");
    Label name = b.loop("name's end?");
    b.branch(Condition.EQ, size, imm(0), other);
    b.alu(Function.SUB, size, size, imm(1));
    b.alu(Function.ADD, at, stat.address(), size);
    b.load(1, c, at, imm(0));
    b.branch(Condition.NE, c, imm(')'), name);
    b.load(1, c, at, imm(2));
    b.branch(Condition.EQ, c, imm('Z'), other);
    b.branch(Condition.EQ, c, imm('X'), other);
    // One space is before the state; the name's end is no part of the third field.
    b.set(field, imm(STATE_FIELD - 1));
    Label next = b.loop("next letter");
    b.alu(Function.ADD, at, at, imm(1));
    b.load(1, c, at, imm(0));
    b.branch(Condition.EQ, c, imm(0), other);
    b.branch(Condition.NE, c, imm(' '), next);
    b.alu(Function.ADD, field, field, imm(1));
    b.branch(Condition.LTU, field, imm(START_TIME_FIELD), next);
    b.set(time, imm(0));
    Label digit = b.loop("digit");
    Label end = b.label("end of digits");
    b.alu(Function.ADD, at, at, imm(1));
    b.load(1, c, at, imm(0));
    b.alu(Function.SUB, c, c, imm('0'));
    b.branch(Condition.LTU, imm(9), c, end);
    b.alu(Function.SHL, times, time, imm(3));
    b.alu(Function.ADD, times, times, time);
    b.alu(Function.ADD, time, times, time);
    b.alu(Function.ADD, time, time, c);
    b.jump(digit);
    b.bind(end);
    b.branch(Condition.NE, time, imm(startTime), other);
  }
}
