package dev.gatun.linux.program;

import dev.gatun.linux.Arch;
import dev.gatun.linux.CallFormat;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import org.jspecify.annotations.Nullable;

/** Prints programs, and the calls in them, for people. */
public final class Listing {
  private Listing() {}

  /**
   * The whole program, a line for each record, under the steps that it belongs to.
   *
   * @param program the program
   * @return its text
   */
  public static String of(Program program) {
    StringBuilder out = new StringBuilder(program.size() * 80);
    Origin last = Origin.NONE;
    for (int i = 0; i < program.size(); i++) {
      Instruction record = program.record(i);
      if (!record.origin().equals(last)) {
        last = record.origin();
        out.append(last.step());
        if (!last.place().isEmpty()) {
          out.append(" [").append(last.place()).append(']');
        }
        out.append('\n');
      }
      String number = Integer.toString(i);
      for (int pad = number.length(); pad < 6; pad++) {
        out.append(' ');
      }
      out.append(number).append("  ").append(line(program, i)).append('\n');
    }
    return out.toString();
  }

  /**
   * One record as text.
   *
   * @param program the program
   * @param number the record's number
   * @return its text, without its number and step
   */
  public static String line(Program program, int number) {
    Instruction record = program.record(number);
    StringBuilder out = new StringBuilder(80);
    switch (record.op()) {
      case END -> out.append("end ").append(operand(record.arg(0), null));
      case SYS -> {
        if (record.result() != Slot.SCRAP) {
          out.append(record.result().name()).append(" = ");
        }
        out.append(call(program.arch(), record, null));
        if (record.tolerated() != 0) {
          out.append(" or ");
          out.append(
              record.tolerated() == Instruction.TOLERATE_ANY
                  ? "any error"
                  : Errno.name(record.tolerated()));
        }
      }
      case BR -> {
        if (record.arg(0).equals(Imm.ZERO) && record.arg(1).equals(Imm.ZERO)) {
          out.append("go");
        } else {
          out.append("if ")
              .append(operand(record.arg(0), null))
              .append(condition(record.code()))
              .append(operand(record.arg(1), null));
        }
      }
      case ALU -> {
        out.append(record.result().name()).append(" = ").append(operand(record.arg(0), null));
        if (record.code() != 0 || !record.arg(1).equals(Imm.ZERO)) {
          out.append(function(record.code())).append(operand(record.arg(1), null));
        }
      }
      case LD ->
          out.append(record.result().name())
              .append(" = ")
              .append(memory(record))
              .append(" : ")
              .append(record.code());
      case ST ->
          out.append(memory(record))
              .append(" : ")
              .append(record.code())
              .append(" = ")
              .append(operand(record.arg(2), null));
    }
    Label target = record.target();
    if (target != null) {
      out.append(" -> ").append(target.name()).append(" (").append(target.record()).append(')');
    }
    return out.toString();
  }

  private static String memory(Instruction record) {
    String base = operand(record.arg(0), null);
    return record.arg(1).equals(Imm.ZERO)
        ? "[" + base + "]"
        : "[" + base + " + " + operand(record.arg(1), null) + "]";
  }

  private static String condition(long code) {
    return switch (Op.Condition.values()[(int) code]) {
      case EQ -> " == ";
      case NE -> " != ";
      case LT -> " < ";
      case LTU -> " <u ";
      case TEST -> " & ";
    };
  }

  private static String function(long code) {
    return switch (Op.Function.values()[(int) code]) {
      case ADD -> " + ";
      case SUB -> " - ";
      case AND -> " & ";
      case OR -> " | ";
      case SHL -> " << ";
      case SHR -> " >> ";
      case UDIV -> " / ";
      case UREM -> " % ";
    };
  }

  private static String operand(Arg arg, long @Nullable [] slots) {
    return switch (arg) {
      case Imm imm -> {
        long value = imm.value();
        yield value > -4096 && value < 65536
            ? Long.toString(value)
            : "0x" + Long.toHexString(value);
      }
      case Slot slot -> slots == null ? slot.name() : Long.toString(slots[slot.number()]);
      case Addr addr -> {
        String text = addr.data().text(addr.offset());
        if (text != null && addr.data().name().isEmpty()) {
          yield CallFormat.quote(text);
        }
        String name = "&" + addr.data().name();
        yield addr.offset() == 0 ? name : name + "+" + addr.offset();
      }
      case Label label -> label.name() + " (" + label.record() + ")";
    };
  }

  /**
   * A record's system call as {@code strace(1)} would show it.
   *
   * @param arch the architecture
   * @param record a record with a system call
   * @param slots the values of slots, or null to show their names
   * @return the call
   */
  public static String call(Arch arch, Instruction record, long @Nullable [] slots) {
    Syscall syscall = java.util.Objects.requireNonNull(record.syscall());
    int count = syscall.parameters().size();
    long[] values = new long[Math.min(Math.max(count, record.argCount()), 6)];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (record.arg(i)) {
            case Imm imm -> imm.value();
            case Slot slot -> slots == null ? 0 : slots[slot.number()];
            case Addr addr -> 1;
            case Label label -> label.record();
          };
    }
    return CallFormat.format(syscall, values, arch, new Operands(record, slots));
  }

  /** Shows what a record's operands are instead of their bare numbers. */
  private static final class Operands implements CallFormat.Resolver {
    private final Instruction record;
    private final long @Nullable [] slots;

    Operands(Instruction record, long @Nullable [] slots) {
      this.record = record;
      this.slots = slots;
    }

    @Override
    public @Nullable String fd(int index, long value) {
      return record.arg(index) instanceof Slot slot ? slot.path() : null;
    }

    @Override
    public @Nullable String text(int index, long value) {
      Arg arg = record.arg(index);
      return arg instanceof Slot && slots != null ? null : name(arg);
    }
  }

  /**
   * What stands for an argument that has no value before the program runs.
   *
   * @param arg the argument of a system call
   * @return a text for it, or null when its number has to do
   */
  public static @Nullable String name(Arg arg) {
    // No pattern switch: see Program.
    if (arg instanceof Slot slot) {
      String path = slot.path();
      return path == null ? slot.name() : slot.name() + "<" + path + ">";
    }
    if (arg instanceof Addr addr) {
      String text = addr.data().text(addr.offset());
      if (text != null && addr.data().name().isEmpty()) {
        return CallFormat.quote(text);
      }
      String place = "&" + addr.data().name();
      if (addr.offset() != 0) {
        place += "+" + addr.offset();
      }
      return addr.data().name().isEmpty() ? null : place;
    }
    return arg instanceof Label label ? label.name() : null;
  }

  /**
   * The failure of a program as an exception.
   *
   * @param program the program
   * @param number the record that failed
   * @param errno the error number
   * @param slots the values of its slots when it failed
   * @return the exception, naming step, call, errno and place
   */
  public static SyscallException failure(Program program, int number, int errno, long[] slots) {
    if (number < 0 || number >= program.size()) {
      return new SyscallException(
          "record " + number + ", which the program has not", "", errno, "");
    }
    Instruction record = program.record(number);
    String call = record.syscall() == null ? "" : call(program.arch(), record, slots);
    return new SyscallException(record.origin().step(), call, errno, record.origin().place());
  }
}
