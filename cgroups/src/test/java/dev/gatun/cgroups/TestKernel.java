package dev.gatun.cgroups;

import dev.gatun.linux.Arch;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Runs programs in this JVM, record by record in Java, and makes their system calls through the C
 * library: a second reading of the instruction set, independent of the assembled interpreter. It
 * counts the records it runs.
 */
@SuppressWarnings("restricted") // this JVM's memory is read and written as programs ask
final class TestKernel implements Kernel {
  private static final MethodHandle SYSCALL;
  private static final VarHandle ERRNO;
  private static final MemoryLayout STATE = Linker.Option.captureStateLayout();

  static {
    Linker linker = Linker.nativeLinker();
    SYSCALL =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("syscall"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG),
            Linker.Option.firstVariadicArg(1),
            Linker.Option.captureCallState("errno"));
    ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  }

  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private long steps;

  /** How many records have been run. */
  long steps() {
    return steps;
  }

  @Override
  public Arch arch() {
    return Arch.host();
  }

  @Override
  public Result run(Program program) {
    try (Arena arena = Arena.ofConfined()) {
      long records = (long) program.size() * Instruction.SIZE;
      MemorySegment memory = arena.allocate(program.linkedSize() + 8L, 8);
      MemorySegment zeroes = arena.allocate(program.zeroSize() + 8L, 8);
      long base = memory.address();
      byte[] linked = new byte[program.linkedSize()];
      program.link(
          new Program.Addresses(
              0, base + records, base + records + program.constantSize(), zeroes.address(), 0),
          linked,
          0);
      MemorySegment.copy(linked, 0, memory, ValueLayout.JAVA_BYTE, 0, linked.length);
      long[] slots = new long[program.slotCount()];
      interpret(memory, slots, arena);
      byte[] outputs = zeroes.asSlice(0, program.outputSize()).toArray(ValueLayout.JAVA_BYTE);
      int end = program.outputSize();
      if (slots[6] != 0) {
        end = (int) (slots[6] - zeroes.address());
      }
      return new Result(program, 0, slots, outputs, 0, end);
    }
  }

  @Override
  public void finish(Program program) {
    throw new UnsupportedOperationException("this process stays");
  }

  private void interpret(MemorySegment records, long[] slots, Arena arena) {
    MemorySegment state = arena.allocate(STATE);
    int at = 0;
    while (true) {
      steps++;
      long r = (long) at * Instruction.SIZE;
      int op = records.get(ValueLayout.JAVA_BYTE, r);
      int mask = records.get(ValueLayout.JAVA_BYTE, r + 1);
      int result = records.get(ValueLayout.JAVA_SHORT, r + 2) & 0xffff;
      int tolerated = records.get(ValueLayout.JAVA_SHORT, r + 4) & 0xffff;
      int target = records.get(ValueLayout.JAVA_SHORT, r + 6) & 0xffff;
      long code = records.get(ValueLayout.JAVA_LONG, r + 8);
      long[] a = new long[6];
      for (int i = 0; i < 6; i++) {
        a[i] = records.get(ValueLayout.JAVA_LONG, r + 16 + 8L * i);
        if (((mask >> i) & 1) != 0) {
          a[i] = slots[(int) a[i]];
        }
      }
      at++;
      switch (op) {
        case 0 -> {
          return;
        }
        case 1 -> {
          long value = call(state, code, a);
          if (value < 0 && value >= -4095) {
            if (tolerated == 0xffff || tolerated == -value) {
              slots[result] = value;
              at = target == 0 ? at : target;
            } else {
              slots[0] = at - 1L;
              slots[1] = value;
              at = (int) slots[2];
            }
          } else {
            slots[result] = value;
          }
        }
        case 2 -> {
          boolean taken =
              switch ((int) code) {
                case 0 -> a[0] == a[1];
                case 1 -> a[0] != a[1];
                case 2 -> a[0] < a[1];
                case 3 -> Long.compareUnsigned(a[0], a[1]) < 0;
                case 4 -> (a[0] & a[1]) != 0;
                default -> throw new IllegalStateException("condition " + code);
              };
          if (taken) {
            at = target;
          }
        }
        case 3 ->
            slots[result] =
                switch ((int) code) {
                  case 0 -> a[0] + a[1];
                  case 1 -> a[0] - a[1];
                  case 2 -> a[0] & a[1];
                  case 3 -> a[0] | a[1];
                  case 4 -> a[0] << a[1];
                  case 5 -> a[0] >>> a[1];
                  case 6 -> Long.divideUnsigned(a[0], a[1]);
                  case 7 -> Long.remainderUnsigned(a[0], a[1]);
                  default -> throw new IllegalStateException("function " + code);
                };
        case 4 -> {
          long value = 0;
          for (int i = (int) code - 1; i >= 0; i--) {
            value = (value << 8) | (ALL.get(ValueLayout.JAVA_BYTE, a[0] + a[1] + i) & 0xff);
          }
          slots[result] = value;
        }
        case 5 -> {
          for (int i = 0; i < code; i++) {
            ALL.set(ValueLayout.JAVA_BYTE, a[0] + a[1] + i, (byte) (a[2] >>> (8 * i)));
          }
        }
        default -> throw new IllegalStateException("op " + op);
      }
    }
  }

  private static long call(MemorySegment state, long number, long[] a) {
    try {
      long value = (long) SYSCALL.invokeExact(state, number, a[0], a[1], a[2], a[3], a[4], a[5]);
      return value == -1 ? -(long) (int) ERRNO.get(state, 0L) : value;
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
