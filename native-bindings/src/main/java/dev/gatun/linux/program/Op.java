package dev.gatun.linux.program;

/** The six operations; the ordinal is the code in a record. */
public enum Op {
  /** Leave the interpreter. */
  END,
  /** Make a system call. */
  SYS,
  /** Go to another record when a condition holds. */
  BR,
  /** Compute with two operands. */
  ALU,
  /** Read memory into a slot. */
  LD,
  /** Write memory. */
  ST;

  /** The conditions of {@link #BR}; the ordinal is the code in a record. */
  public enum Condition {
    /** Equal. */
    EQ,
    /** Not equal. */
    NE,
    /** Less, signed. */
    LT,
    /** Less, unsigned. */
    LTU,
    /** Any common bit. */
    TEST
  }

  /** The functions of {@link #ALU}; the ordinal is the code in a record. */
  public enum Function {
    /** Sum. */
    ADD,
    /** Difference. */
    SUB,
    /** Bitwise and. */
    AND,
    /** Bitwise or. */
    OR,
    /** Shift left. */
    SHL,
    /** Logical shift right. */
    SHR,
    /** Unsigned quotient. */
    UDIV,
    /** Unsigned remainder. */
    UREM
  }
}
