package dev.gatun.linux.program;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the builder makes, by running it in this process. */
class ProgramBuilderTest {
  private final LocalKernel kernel = new LocalKernel();
  private final ProgramBuilder b = new ProgramBuilder(Arch.host());

  private Kernel.Result run() {
    return kernel.run(b.build());
  }

  /** A call that fails with EBADF. */
  private Instruction bad() {
    return b.sys(Syscall.CLOSE, imm(-1));
  }

  @Test
  void anEmptyProgramSucceedsAndSetsTheReservedSlots() {
    Kernel.Result result = run();
    assertFalse(result.failed());
    assertEquals(0, result.errno());
    assertEquals(-1, result.slot(Slot.FAILED_RECORD));
    assertEquals(0, result.slot(Slot.RETRIES));
    assertEquals(result.slot(Slot.REPLY_START), result.slot(Slot.REPLY_END));
    assertEquals(8L * Slot.FIRST, result.slot(Slot.REPLY_SLOTS));
    assertEquals(ProgramBuilder.PROLOGUE, result.slot(Slot.ON_FAILURE));
  }

  @Test
  void branchesGoForwardToLabels() {
    Slot taken = b.slot("taken");
    b.set(taken, imm(0));
    Label over = b.label("over");
    b.branch(Condition.NE, taken, imm(0), over);
    b.alu(Function.OR, taken, taken, imm(1));
    b.branch(Condition.EQ, taken, imm(1), over);
    b.alu(Function.OR, taken, taken, imm(2));
    b.bind(over);
    b.alu(Function.OR, taken, taken, imm(4));
    assertEquals(5, run().slot(taken));
  }

  @Test
  void aLabelIsBoundOnce() {
    Label label = b.label("place");
    b.bind(label);
    assertThrows(IllegalStateException.class, () -> b.bind(label));
  }

  @Test
  void aLabelThatIsUsedMustBeBound() {
    b.jump(b.label("nowhere"));
    IllegalStateException e = assertThrows(IllegalStateException.class, b::build);
    assertTrue(String.valueOf(e.getMessage()).contains("nowhere"), e.getMessage());
  }

  @Test
  void goingBackIsForLoopsOnly() {
    Label place = b.label("place");
    b.bind(place);
    b.set(Slot.SCRAP, imm(1));
    b.jump(place);
    IllegalStateException e = assertThrows(IllegalStateException.class, b::build);
    assertTrue(
        String.valueOf(e.getMessage()).endsWith("goes back to place, which is no loop"),
        e.getMessage());
  }

  @Test
  void aBranchToItselfIsGoingBack() {
    Label place = b.label("place");
    b.bind(place);
    b.jump(place);
    assertThrows(IllegalStateException.class, b::build);
  }

  @Test
  void loopsAreGoneBackTo() {
    Slot count = b.slot("count");
    b.set(count, imm(0));
    Label again = b.loop("again");
    b.alu(Function.ADD, count, count, imm(1));
    b.branch(Condition.LTU, count, imm(1000), again);
    assertEquals(1000, run().slot(count));
  }

  @Test
  void outOfLineRecordsCountAsStandingWhereTheyWerePut() {
    Slot seen = b.slot("seen");
    b.set(seen, imm(0));
    Label away = b.label("away");
    Label back = b.label("back");
    b.step("in line", "/place");
    b.jump(away);
    b.outOfLine(() -> {
      b.bind(away);
      b.alu(Function.OR, seen, seen, imm(1));
      b.jump(back);
    });
    b.step("behind", "");
    b.alu(Function.OR, seen, seen, imm(2));
    b.bind(back);
    b.alu(Function.OR, seen, seen, imm(4));
    Program program = b.build();
    assertEquals(5, kernel.run(program).slot(seen));
    Instruction last = program.record(program.size() - 1);
    assertEquals(new Origin("in line", "/place"), last.origin());
    assertTrue(last.position() < program.size() - 2, "position " + last.position());
  }

  @Test
  void outOfLineRecordsDoNotGoBackBeforeWhereTheyWerePut() {
    Label before = b.label("before");
    b.bind(before);
    Label away = b.label("away");
    b.jump(away);
    b.outOfLine(() -> {
      b.bind(away);
      b.jump(before);
    });
    assertThrows(IllegalStateException.class, b::build);
  }

  @Test
  void outOfLineWithinOutOfLineStandsAtTheSamePlace() {
    Slot seen = b.slot("seen");
    b.set(seen, imm(0));
    Label first = b.label("first");
    Label back = b.label("back");
    b.jump(first);
    b.outOfLine(() -> {
      b.bind(first);
      Label second = b.label("second");
      b.jump(second);
      b.outOfLine(() -> {
        b.bind(second);
        b.set(seen, imm(7));
        b.jump(back);
      });
      b.set(seen, imm(99));
    });
    b.bind(back);
    assertEquals(7, run().slot(seen));
  }

  @Test
  void aFailureEndsTheProgram() {
    Slot after = b.slot("after");
    b.set(after, imm(0));
    b.step("close nothing", "/x");
    bad();
    b.set(after, imm(1));
    Kernel.Result result = run();
    assertTrue(result.failed());
    assertEquals(Errno.EBADF, result.errno());
    assertEquals(0, result.slot(after));
    assertEquals(
        "close nothing: close(-1): EBADF (bad file descriptor) [config.json /x]",
        assertThrows(SyscallException.class, result::orThrow).getMessage());
  }

  @Test
  void aHandlerTakesFailuresFromWhereItWasSet() {
    Slot seen = b.slot("seen");
    b.set(seen, imm(0));
    Label first = b.label("first");
    Label second = b.label("second");
    Label end = b.label("end");
    b.onFailure(first);
    assertEquals(first, b.failureHandler());
    b.onFailure(second);
    bad();
    b.bind(first);
    b.set(seen, imm(1));
    b.jump(end);
    b.bind(second);
    b.set(seen, imm(2));
    b.bind(end);
    Kernel.Result result = run();
    assertEquals(2, result.slot(seen));
    assertTrue(result.failed());
  }

  @Test
  void failGoesToTheHandlerOfItsPlaceAlsoOutOfLine() {
    Slot seen = b.slot("seen");
    b.set(seen, imm(0));
    Label first = b.label("first");
    Label second = b.label("second");
    Label end = b.label("end");
    Label odd = b.label("odd");
    b.onFailure(first);
    b.step("look", "/odd");
    b.jump(odd);
    b.outOfLine(() -> {
      b.bind(odd);
      b.fail(Errno.ESTALE);
    });
    b.onFailure(second);
    b.bind(first);
    b.set(seen, imm(1));
    b.jump(end);
    b.bind(second);
    b.set(seen, imm(2));
    b.bind(end);
    Kernel.Result result = run();
    assertEquals(1, result.slot(seen));
    assertEquals(Errno.ESTALE, result.errno());
    SyscallException failure = result.failure();
    assertTrue(failure != null && String.valueOf(failure.getMessage()).startsWith("look: ESTALE"));
  }

  @Test
  void failNamesTheCallThatWasTolerated() {
    Slot result = b.slot("result");
    b.step("close it", "");
    Instruction call = bad().into(result).tolerateAny();
    b.step("something else", "");
    b.set(Slot.SCRAP, imm(0));
    b.fail(call, result);
    assertEquals(
        "close it: close(-1): EBADF (bad file descriptor)",
        assertThrows(SyscallException.class, () -> run().orThrow()).getMessage());
  }

  @Test
  void toleratedErrorsGoOnOrElsewhere() {
    Slot one = b.slot("one");
    Slot seen = b.slot("seen");
    b.set(seen, imm(0));
    bad().into(one).tolerate(Errno.EBADF);
    Label there = b.label("there");
    bad().tolerate(Errno.EBADF, there);
    b.set(seen, imm(1));
    b.bind(there);
    Label any = b.label("any");
    bad().tolerateAny(any);
    b.set(seen, imm(2));
    b.bind(any);
    bad().tolerateAny();
    bad().tolerate(Errno.ENOENT);
    Kernel.Result result = run();
    assertEquals(-Errno.EBADF, result.slot(one));
    assertEquals(0, result.slot(seen));
    assertTrue(result.failed());
  }

  @Test
  void outputsAreCarriedUpToWhereTheProgramSays() {
    Data first = b.output("first", 3);
    Data last = b.output("last", 16);
    b.buffer("behind", 64);
    b.store(1, first.at(2), imm(0), imm('c'));
    b.store(8, last.address(), imm(0), imm(0x0807060504030201L));
    Slot length = b.slot("length");
    b.set(length, imm(5));
    b.replyUpTo(last, length);
    Kernel.Result result = run();
    assertArrayEquals(new byte[] {0, 0, 'c'}, result.bytes(first));
    assertArrayEquals(new byte[] {1, 2, 3, 4, 5}, result.bytes(last));
    assertArrayEquals(new byte[] {1, 2}, result.bytes(last, 2));
    assertArrayEquals(new byte[] {1, 2, 3, 4, 5}, result.bytes(last, 1000));
    assertArrayEquals(new byte[0], result.bytes(last, -3));
  }

  @Test
  void onlyTheLastOutputIsCut() {
    Data first = b.output("first", 8);
    b.output("last", 8);
    assertThrows(IllegalArgumentException.class, () -> b.replyUpTo(first, imm(1)));
  }

  @Test
  void outputsAreCarriedWholeOtherwise() {
    Data output = b.output("output", 24);
    assertEquals(24, run().bytes(output).length);
  }

  @Test
  void dataIsAlignedAndStringsAreSharedAndPacked() {
    Addr odd = b.string("odd");
    assertEquals(odd, b.string("odd"));
    assertNotEquals(odd, b.string("other"));
    Data constant = b.constant("constant", 5);
    Data variable = b.variable("variable", 3);
    Data second = b.variable("second", 8);
    Data output = b.output("output", 1);
    Data buffer = b.buffer("buffer", 2);
    Data next = b.buffer("next", 2);
    Program program = b.build();
    for (Data piece : List.of(constant, variable, second, output, buffer, next)) {
      assertEquals(0, program.position(piece) % 8, piece.name());
    }
    assertEquals(4, program.position(b.string("other").data()), "strings are packed");
    assertEquals(0, program.position(output), "outputs come first");
    assertEquals(0, program.constantSize() % 8);
    assertEquals(16, program.variableSize());
    assertEquals(24, program.zeroSize());
    assertEquals(1, program.outputSize());
    assertEquals(
        program.size() * Instruction.SIZE + program.constantSize() + program.variableSize(),
        program.linkedSize());
  }

  @Test
  void stringsAreUtf8WithoutNul() {
    assertEquals("naïve", b.string("naïve").data().text(0));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> b.string("a\0b"));
    assertTrue(String.valueOf(e.getMessage()).startsWith("a NUL byte in"), e.getMessage());
  }

  @Test
  void addressesInDataPointToWhatTheySay() {
    Addr text = b.string("pointed at");
    Data array = b.pointers("array", List.of(text, text.plus(8), text, text, text, text));
    Slot pointer = b.slot("pointer");
    Slot letter = b.slot("letter");
    Slot end = b.slot("end");
    b.load(8, pointer, array.address(), imm(8));
    b.load(1, letter, pointer, imm(0));
    b.load(8, end, array.at(48), imm(0));
    Data moved = b.variable("moved", 16).address(8, array.at(8));
    Slot indirect = b.slot("indirect");
    b.load(8, indirect, moved.at(8), imm(0));
    b.load(8, indirect, indirect, imm(0));
    Kernel.Result result = run();
    assertEquals('a', result.slot(letter));
    assertEquals(0, result.slot(end), "NULL at the end");
    assertEquals(result.slot(pointer), result.slot(indirect));
  }

  @Test
  void fieldsTakeNegativeValuesAndReplaceOthers() {
    Data data = b.constant("fields", 24);
    data.u64(0, -1).u64(8, -1).u64(16, -1);
    data.u64(0, -2).u32(8, -3).u32(12, 5).u16(16, -4).u16(18, 1).u32(20, 0);
    Data zero = b.constant("zero", 8).u64(0, -1).u64(0, 0);
    assertArrayEquals(new byte[8], zero.bytes());
    ByteBuffer bytes = ByteBuffer.wrap(data.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(-2, bytes.getLong(0));
    assertEquals(-3, bytes.getInt(8));
    assertEquals(5, bytes.getInt(12));
    assertEquals(-4, bytes.getShort(16));
    assertEquals(1, bytes.getShort(18));
    assertEquals(0, bytes.getInt(20));
    assertThrows(IndexOutOfBoundsException.class, () -> data.u64(17, -1));
    assertThrows(IndexOutOfBoundsException.class, () -> data.u32(21, 0));
  }

  @Test
  void textIsShownWhenThereIsAny() {
    Data data = b.constant("", 6).put(0, "ab\0c".getBytes(StandardCharsets.UTF_8));
    assertEquals("ab", data.text(0));
    assertEquals("b", data.text(1));
    assertEquals("c", data.text(3));
    assertEquals(null, b.constant("", 2).put(0, new byte[] {'a', 'b'}).text(0));
    assertEquals("\u0001", b.constant("", 2).put(0, new byte[] {1, 0}).text(0));
    assertEquals(null, b.buffer("", 2).text(0));
  }

  @Test
  void wrongOperandsAreRefused() {
    Slot slot = b.slot("slot");
    assertThrows(IllegalArgumentException.class, () -> b.alu(Function.UDIV, slot, imm(1), imm(0)));
    assertThrows(IllegalArgumentException.class, () -> b.alu(Function.UREM, slot, imm(1), slot));
    assertThrows(IllegalArgumentException.class, () -> b.load(3, slot, imm(0), imm(0)));
    assertThrows(IllegalArgumentException.class, () -> b.store(2, imm(0), imm(0), imm(0)));
    assertThrows(
        IllegalArgumentException.class,
        () -> b.sys(Syscall.MMAP, imm(0), imm(0), imm(0), imm(0), imm(0), imm(0), imm(0)));
    assertThrows(IllegalArgumentException.class, () -> Slot.resident(Slot.FIRST, "x"));
    assertThrows(IllegalArgumentException.class, () -> Slot.resident(Slot.RESIDENT - 1, "x"));
  }

  @Test
  void endLeavesAtOnce() {
    Slot slot = b.slot("slot");
    b.set(slot, imm(1));
    b.end(imm(3));
    b.set(slot, imm(2));
    assertEquals(1, run().slot(slot));
  }

  @Test
  void slotsOfItsOwnBeginWhereItIsTold() {
    ProgramBuilder late = new ProgramBuilder(Arch.host(), 100);
    Slot slot = late.slot("late");
    late.set(slot, imm(5));
    Program program = late.build();
    assertEquals(100, slot.number());
    assertEquals(101, program.slotCount());
    assertEquals(5, kernel.run(program).slot(slot));
  }
}
