package dev.gatun.runtime.seccomp;

import dev.gatun.oci.Seccomp;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a classic BPF program from its end to its beginning, so that the target of every jump, all
 * of which go forward, is known: a position counts instructions from the end.
 */
final class FilterWriter {
  // linux/bpf_common.h
  private static final int LD_W_ABS = 0x20;
  private static final int ALU_AND_K = 0x54;
  private static final int JMP_JA = 0x05;
  private static final int RET_K = 0x06;

  /** {@code BPF_JMP | BPF_JEQ | BPF_K}. */
  static final int JEQ = 0x15;

  /** {@code BPF_JMP | BPF_JGT | BPF_K}. */
  static final int JGT = 0x25;

  /** {@code BPF_JMP | BPF_JGE | BPF_K}. */
  static final int JGE = 0x35;

  /** The offset of {@code nr} in {@code struct seccomp_data}. */
  static final int NR = 0;

  /** The offset of {@code arch} in {@code struct seccomp_data}. */
  static final int ARCH = 4;

  private static final int ARGS = 16;

  /** Size of {@code struct sock_filter}. */
  private static final int INSTRUCTION = 8;

  /** The largest distance of a conditional jump. */
  private static final int FAR = 255;

  private int[] codes = new int[256];
  private int[] operands = new int[256];
  private int size;
  private int[] returned = new int[8];
  private int[] returns = new int[8];
  private int returnCount;

  /** How many instructions there are. */
  int size() {
    return size;
  }

  private int add(int code, int operand) {
    if (size == codes.length) {
      codes = Arrays.copyOf(codes, size * 2);
      operands = Arrays.copyOf(operands, size * 2);
    }
    codes[size] = code;
    operands[size] = operand;
    return size++;
  }

  /**
   * A place that returns a value, near enough for any jump that is written soon.
   *
   * @param value a {@code SECCOMP_RET_*} value
   * @return its position
   */
  int give(int value) {
    for (int i = 0; i < returnCount; i++) {
      if (returned[i] == value) {
        // A copy costs less than a jump to the original would.
        if (size - returns[i] > FAR - 2) {
          returns[i] = add(RET_K, value);
        }
        return returns[i];
      }
    }
    if (returnCount == returned.length) {
      returned = Arrays.copyOf(returned, returnCount * 2);
      returns = Arrays.copyOf(returns, returnCount * 2);
    }
    returned[returnCount] = value;
    returns[returnCount] = add(RET_K, value);
    return returns[returnCount++];
  }

  /** Loads a word of {@code struct seccomp_data}; what follows is what was written before. */
  int load(int offset) {
    return add(LD_W_ABS, offset);
  }

  /**
   * A branch.
   *
   * @param condition one of the comparisons
   * @param operand what the loaded word is compared with, unsigned
   * @param yes the position to go to when it holds
   * @param no the position to go to otherwise
   * @return the position of the branch
   */
  int branch(int condition, int operand, int yes, int no) {
    int whenTrue = reach(yes, FAR - 1);
    int whenFalse = reach(no, FAR);
    int jumps = (size - 1 - whenTrue) | ((size - 1 - whenFalse) << 8);
    return add(condition | (jumps << 16), operand);
  }

  private int reach(int position, int limit) {
    int distance = size - 1 - position;
    return distance <= limit ? position : add(JMP_JA, distance);
  }

  /**
   * The comparison of an argument.
   *
   * @param arg the condition
   * @param wide whether all 64 bits count
   * @param yes the position to go to when it holds
   * @param no the position to go to otherwise
   * @return the position of its first instruction
   */
  int compare(Seccomp.Arg arg, boolean wide, int yes, int no) {
    int low = ARGS + 8 * (int) arg.index();
    int high = wide ? low + 4 : -1;
    long value = arg.value();
    return switch (arg.op()) {
      case SCMP_CMP_EQ -> equal(low, high, value, yes, no);
      case SCMP_CMP_NE -> equal(low, high, value, no, yes);
      case SCMP_CMP_GT -> above(JGT, low, high, value, yes, no);
      case SCMP_CMP_LE -> above(JGT, low, high, value, no, yes);
      case SCMP_CMP_GE -> above(JGE, low, high, value, yes, no);
      case SCMP_CMP_LT -> above(JGE, low, high, value, no, yes);
      case SCMP_CMP_MASKED_EQ -> masked(low, high, value, arg.valueTwo() & value, yes, no);
    };
  }

  private int equal(int low, int high, long value, int yes, int no) {
    branch(JEQ, (int) value, yes, no);
    int at = load(low);
    if (high >= 0) {
      branch(JEQ, (int) (value >>> 32), at, no);
      at = load(high);
    }
    return at;
  }

  private int above(int condition, int low, int high, long value, int yes, int no) {
    branch(condition, (int) value, yes, no);
    int at = load(low);
    if (high >= 0) {
      int word = (int) (value >>> 32);
      at = branch(JEQ, word, at, no);
      branch(JGT, word, yes, at);
      at = load(high);
    }
    return at;
  }

  private int masked(int low, int high, long mask, long value, int yes, int no) {
    int at = yes;
    if ((int) mask != 0) {
      at = maskedWord(low, (int) mask, (int) value, at, no);
    }
    if (high >= 0 && (int) (mask >>> 32) != 0) {
      at = maskedWord(high, (int) (mask >>> 32), (int) (value >>> 32), at, no);
    }
    return at;
  }

  private int maskedWord(int offset, int mask, int value, int yes, int no) {
    branch(JEQ, value, yes, no);
    if (mask != -1) {
      add(ALU_AND_K, mask);
    }
    return load(offset);
  }

  /**
   * A decision about a number that is known.
   *
   * @param decision the decision
   * @param wide whether all 64 bits of arguments count
   * @return the position of its first instruction
   */
  int decide(Decision decision, boolean wide) {
    int at = give(decision.value());
    List<Decision.Clause> clauses = decision.clauses();
    if (clauses != null) {
      for (int i = clauses.size() - 1; i >= 0; i--) {
        Decision.Clause clause = clauses.get(i);
        int otherwise = at;
        at = give(clause.value());
        for (int j = clause.conditions().size() - 1; j >= 0; j--) {
          at = compare(clause.conditions().get(j), wide, at, otherwise);
        }
      }
    }
    return at;
  }

  /** The program: an array of {@code struct sock_filter}, in little endian. */
  byte[] bytes() {
    byte[] bytes = new byte[size * INSTRUCTION];
    int at = 0;
    for (int i = size - 1; i >= 0; i--) {
      int code = codes[i];
      int operand = operands[i];
      bytes[at] = (byte) code;
      bytes[at + 2] = (byte) (code >>> 16);
      bytes[at + 3] = (byte) (code >>> 24);
      bytes[at + 4] = (byte) operand;
      bytes[at + 5] = (byte) (operand >>> 8);
      bytes[at + 6] = (byte) (operand >>> 16);
      bytes[at + 7] = (byte) (operand >>> 24);
      at += INSTRUCTION;
    }
    return bytes;
  }
}
