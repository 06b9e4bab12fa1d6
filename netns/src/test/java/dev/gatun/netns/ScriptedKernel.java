package dev.gatun.netns;

import dev.gatun.linux.Arch;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.Slot;
import java.util.ArrayDeque;
import java.util.Deque;

/** Runs nothing, and answers conversations as told: one set of answers for each program. */
public final class ScriptedKernel implements Kernel {
  private static final class Answer {
    private final byte[] bytes;
    private final String slot;

    Answer(byte[] bytes, String slot) {
      this.bytes = bytes;
      this.slot = slot;
    }
  }

  private final Deque<Answer> answers = new ArrayDeque<>();
  private int runs;

  /** Adds the answers of one program. */
  public ScriptedKernel answer(byte[] bytes) {
    return answer(bytes, "");
  }

  /** Adds the answers of one program, with one slot of it set to 1. */
  public ScriptedKernel answer(byte[] bytes, String slot) {
    answers.add(new Answer(bytes, slot));
    return this;
  }

  /** How many programs were run. */
  public int runs() {
    return runs;
  }

  @Override
  public Arch arch() {
    return Arch.X86_64;
  }

  @Override
  public Result run(Program program) {
    runs++;
    Answer answer = answers.size() > 1 ? answers.remove() : answers.element();
    long[] slots = new long[program.slotCount()];
    slots[Slot.FAILED_RECORD.number()] = -1;
    for (Slot slot : program.slots()) {
      if (slot.name().equals("answered")) {
        slots[slot.number()] = answer.bytes.length;
      } else if (slot.name().equals("sent")) {
        slots[slot.number()] = -1;
      } else if (slot.name().equals(answer.slot)) {
        slots[slot.number()] = 1;
      }
    }
    return new Result(program, 0, slots, answer.bytes, 0, answer.bytes.length);
  }

  @Override
  public void finish(Program program) {
    throw new UnsupportedOperationException("nothing is run");
  }
}
