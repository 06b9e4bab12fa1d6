package dev.gatun.linux.program;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The encoding, against a decoder that was written for itself. */
class LinkTest {
  private static final long CONSTANTS = 0x7f12_3456_7000L;
  private static final long VARIABLES = 0x1020_0000L;
  private static final long ZEROES = 0xffff_8000_0000_1000L;

  /** One record as it is described on paper. */
  private record Decoded(
      int op, int mask, int result, int tolerated, int target, long code, List<Long> args) {
    static Decoded at(ByteBuffer bytes, int record) {
      int at = record * 64;
      List<Long> args = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        args.add(bytes.getLong(at + 16 + 8 * i));
      }
      return new Decoded(
          bytes.get(at) & 0xff,
          bytes.get(at + 1) & 0xff,
          bytes.getShort(at + 2) & 0xffff,
          bytes.getShort(at + 4) & 0xffff,
          bytes.getShort(at + 6) & 0xffff,
          bytes.getLong(at + 8),
          args);
    }
  }

  private static ByteBuffer link(Program program, int first, int end) {
    byte[] bytes = new byte[program.linkedSize()];
    program.link(new Program.Addresses(first, CONSTANTS, VARIABLES, ZEROES, end), bytes, 0);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Random records, and what each of them should be. */
  private static final class Writer {
    private final Random random;
    private final Arch arch;
    private final int first;
    private final ProgramBuilder b;
    private final List<Decoded> expected = new ArrayList<>();
    private final List<Slot> slots = new ArrayList<>();
    private final List<Data> data = new ArrayList<>();
    private final List<Label> loops = new ArrayList<>();
    private @Nullable Program program;

    Program program() {
      return Objects.requireNonNull(program, "not written yet");
    }

    Writer(long seed, Arch arch, int first) {
      this.random = new Random(seed);
      this.arch = arch;
      this.first = first;
      this.b = new ProgramBuilder(arch);
      for (int i = 0; i < 20; i++) {
        slots.add(b.slot("s" + i));
      }
      for (int i = 0; i < 10; i++) {
        int size = 1 + random.nextInt(40);
        data.add(
            switch (random.nextInt(4)) {
              case 0 -> b.constant("c", size);
              case 1 -> b.variable("v", size);
              case 2 -> b.buffer("z", size);
              default -> b.output("o", size);
            });
      }
    }

    private Slot slot() {
      return slots.get(random.nextInt(slots.size()));
    }

    private Arg arg() {
      return switch (random.nextInt(5)) {
        case 0 -> imm(random.nextLong() >> random.nextInt(64));
        case 1 -> imm(0);
        case 2 -> slot();
        case 3 -> {
          Data piece = data.get(random.nextInt(data.size()));
          yield piece.at(random.nextInt(piece.size() + 1));
        }
        default -> loops.isEmpty() ? imm(-1) : loops.get(random.nextInt(loops.size()));
      };
    }

    private record Want(int op, int result, int tolerated, int target, long code, List<Arg> args) {}

    private final List<Want> wants = new ArrayList<>();

    void write(int count) {
      Syscall[] calls = Syscall.values();
      for (int i = 0; i < count; i++) {
        if (random.nextInt(10) == 0) {
          loops.add(b.loop("loop"));
        }
        Label back = loops.isEmpty() ? null : loops.get(random.nextInt(loops.size()));
        Slot result = slot();
        int target = back == null ? 0 : back.record() + first;
        switch (random.nextInt(6)) {
          case 0 -> {
            Arg value = arg();
            b.end(value);
            wants.add(new Want(0, 3, 0, 0, 0, List.of(value)));
          }
          case 1 -> {
            Syscall call = calls[random.nextInt(calls.length)];
            if (call.number(arch) < 0) {
              continue;
            }
            Arg[] args = new Arg[random.nextInt(7)];
            Arrays.setAll(args, n -> arg());
            Instruction record = b.sys(call, args).into(result);
            int tolerated = 0;
            int goesTo = 0;
            switch (random.nextInt(4)) {
              case 0 -> {
                tolerated = 1 + random.nextInt(133);
                record.tolerate(tolerated);
              }
              case 1 -> {
                tolerated = 0xffff;
                record.tolerateAny();
              }
              case 2 -> {
                if (back != null) {
                  tolerated = Errno.EAGAIN;
                  goesTo = target;
                  record.tolerate(tolerated, back);
                }
              }
              default -> {
                // Nothing is tolerated.
              }
            }
            wants.add(
                new Want(1, result.number(), tolerated, goesTo, call.number(arch), List.of(args)));
          }
          case 2 -> {
            if (back != null) {
              Condition condition = Condition.values()[random.nextInt(5)];
              Arg x = arg();
              Arg y = arg();
              b.branch(condition, x, y, back);
              wants.add(new Want(2, 3, 0, target, condition.ordinal(), List.of(x, y)));
            }
          }
          case 3 -> {
            Function function = Function.values()[random.nextInt(6)];
            Arg x = arg();
            Arg y = arg();
            b.alu(function, result, x, y);
            wants.add(new Want(3, result.number(), 0, 0, function.ordinal(), List.of(x, y)));
          }
          case 4 -> {
            int size = 1 << random.nextInt(4);
            Arg x = arg();
            Arg y = arg();
            b.load(size, result, x, y);
            wants.add(new Want(4, result.number(), 0, 0, size, List.of(x, y)));
          }
          default -> {
            int size = new int[] {1, 4, 8}[random.nextInt(3)];
            Arg x = arg();
            Arg y = arg();
            Arg z = arg();
            b.store(size, x, y, z);
            wants.add(new Want(5, 3, 0, 0, size, List.of(x, y, z)));
          }
        }
      }
      program = b.build();
      for (Want want : wants) {
        int mask = 0;
        List<Long> values = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
          Arg arg = i < want.args().size() ? want.args().get(i) : imm(0);
          values.add(value(arg));
          mask |= arg instanceof Slot ? 1 << i : 0;
        }
        expected.add(
            new Decoded(
                want.op(),
                mask,
                want.result(),
                want.tolerated(),
                want.target(),
                want.code(),
                values));
      }
    }

    private long value(Arg arg) {
      return switch (arg) {
        case Imm number -> number.value();
        case Slot slot -> slot.number();
        case Label label -> label.record() + first;
        case Addr addr -> {
          long base =
              switch (addr.data().kind()) {
                case CONSTANT -> CONSTANTS;
                case VARIABLE -> VARIABLES;
                case ZERO -> ZEROES;
              };
          yield base + program().position(addr.data()) + addr.offset();
        }
      };
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void everyRecordIsEncodedAsDescribed(long seed) {
    Arch arch = Arch.values()[(int) (seed % Arch.values().length)];
    int first = (int) (seed * 111);
    Writer writer = new Writer(seed, arch, first);
    writer.write(500);
    ByteBuffer bytes = link(writer.program(), first, 0);
    for (int i = 0; i < writer.expected.size(); i++) {
      int record = ProgramBuilder.PROLOGUE + i;
      assertEquals(
          writer.expected.get(i),
          Decoded.at(bytes, record),
          Listing.line(writer.program(), record));
    }
  }

  @Test
  void thePrologueSetsTheReservedSlots() {
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    Data output = b.output("output", 12);
    ByteBuffer bytes = link(b.build(), 1024, 0);
    assertEquals(new Decoded(3, 0, 2, 0, 0, 0, args(1024 + 4, 0)), Decoded.at(bytes, 0));
    assertEquals(new Decoded(3, 0, 0, 0, 0, 0, args(-1, 0)), Decoded.at(bytes, 1));
    assertEquals(
        new Decoded(3, 0, 6, 0, 0, 0, args(ZEROES + output.size(), 0)), Decoded.at(bytes, 2));
    assertEquals(new Decoded(3, 0, 8, 0, 0, 0, args(0, 0)), Decoded.at(bytes, 3));
    assertEquals(new Decoded(0, 0, 3, 0, 0, 0, args(0, 0)), Decoded.at(bytes, 4));
  }

  private static List<Long> args(long first, long second) {
    return List.of(first, second, 0L, 0L, 0L, 0L);
  }

  @Test
  void endBecomesABranchWhereTheKernelWantsIt() {
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    b.end(imm(7));
    b.set(b.slot("x"), imm(1));
    Program program = b.build();
    ByteBuffer bytes = link(program, 1024, 5);
    Decoded go = new Decoded(2, 0, 3, 0, 5, 0, args(0, 0));
    assertEquals(go, Decoded.at(bytes, 4));
    assertEquals(3, Decoded.at(bytes, 5).op());
    assertEquals(go, Decoded.at(bytes, 6));
    assertEquals(0, Decoded.at(link(program, 1024, 0), 4).op());
  }

  @Test
  void dataFollowsTheRecords() {
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    b.string("ab");
    Data variable = b.variable("variable", 16).u64(0, 0x1122334455667788L);
    Data constant = b.constant("constant", 16).address(8, variable.at(3));
    Data zero = b.buffer("zero", 8);
    variable.address(8, zero.at(1));
    Program program = b.build();
    ByteBuffer bytes = link(program, 0, 0);
    int constants = program.size() * Instruction.SIZE;
    int variables = constants + program.constantSize();
    byte[] text = new byte[4];
    bytes.get(constants, text);
    assertArrayEquals(new byte[] {'a', 'b', 0, 0}, text);
    assertEquals(VARIABLES + 3, bytes.getLong(constants + program.position(constant) + 8));
    assertEquals(0x1122334455667788L, bytes.getLong(variables));
    assertEquals(ZEROES + program.position(zero) + 1, bytes.getLong(variables + 8));
    assertEquals(bytes.capacity(), variables + program.variableSize());
  }

  @Test
  void whatIsLinkedTwiceIsTheSame() {
    Writer writer = new Writer(77, Arch.host(), 9);
    writer.write(200);
    assertArrayEquals(link(writer.program(), 9, 0).array(), link(writer.program(), 9, 0).array());
  }

  @Test
  void moreRecordsThanABranchCanNameAreRefused() {
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    b.set(b.slot("x"), imm(1));
    Program program = b.build();
    assertThrows(IllegalStateException.class, () -> link(program, 0xffff - 2, 0));
  }
}
