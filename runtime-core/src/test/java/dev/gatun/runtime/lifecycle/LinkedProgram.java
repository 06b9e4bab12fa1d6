package dev.gatun.runtime.lifecycle;

import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Imm;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Listing;
import dev.gatun.linux.program.Op;
import dev.gatun.linux.program.Program;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** A program to be checked by rules, with what its arguments point to. */
public final class LinkedProgram {
  public final String name;
  public final Program program;
  private final ByteBuffer bytes;

  public LinkedProgram(String name, Program program) {
    this.name = name;
    this.program = program;
    byte[] linked = new byte[program.linkedSize()];
    program.link(new Program.Addresses(0, 0x1000_0000, 0x2000_0000, 0x3000_0000, 0), linked, 0);
    bytes = ByteBuffer.wrap(linked).order(ByteOrder.LITTLE_ENDIAN);
  }

  public int size() {
    return program.size();
  }

  public Instruction at(int record) {
    return program.record(record);
  }

  public boolean is(int record, Syscall call) {
    return at(record).syscall() == call;
  }

  public String line(int record) {
    return name
        + " "
        + record
        + " ("
        + at(record).origin().step()
        + "): "
        + Listing.line(program, record);
  }

  /** A number that is known beforehand. */
  public long number(Arg arg, String line) {
    if (arg instanceof Imm imm) {
      return imm.value();
    }
    throw new AssertionError("not a constant: " + line);
  }

  /** A 64-bit field of what an argument points to. */
  public long field(Arg arg, int offset) {
    Addr addr = (Addr) arg;
    Data data = addr.data();
    int at = program.size() * Instruction.SIZE + program.position(data) + addr.offset() + offset;
    return switch (data.kind()) {
      case CONSTANT -> bytes.getLong(at);
      case VARIABLE -> bytes.getLong(at + program.constantSize());
      case ZERO -> 0;
    };
  }

  public String text(Arg arg) {
    String text = arg instanceof Addr addr ? addr.data().text(addr.offset()) : null;
    return text == null ? "?" : text;
  }

  /** The place in line that a record belongs to. */
  public int position(int record) {
    int position = at(record).position();
    return position == 0 ? record : position;
  }

  /** Whether a record stores a number in a field of a piece of that name. */
  public boolean stores(int record, String piece, int offset, long value) {
    Instruction store = at(record);
    return store.op() == Op.ST
        && store.arg(0) instanceof Addr addr
        && addr.data().name().equals(piece)
        && store.arg(1) instanceof Imm imm
        && addr.offset() + imm.value() == offset
        && store.arg(2) instanceof Imm stored
        && stored.value() == value;
  }

  public List<Integer> all(IntPredicate which) {
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < size(); i++) {
      if (which.test(i)) {
        found.add(i);
      }
    }
    return found;
  }

  public List<Integer> all(Syscall call) {
    return all(i -> is(i, call));
  }

  public int only(String what, List<Integer> found) {
    if (found.size() != 1) {
      throw new AssertionError(name + ": " + what + " is at " + found);
    }
    return found.getFirst();
  }
}
