package dev.gatun.linux.image;

import static dev.gatun.linux.image.X86_64Assembler.Reg.R10;
import static dev.gatun.linux.image.X86_64Assembler.Reg.R12;
import static dev.gatun.linux.image.X86_64Assembler.Reg.R8;
import static dev.gatun.linux.image.X86_64Assembler.Reg.R9;
import static dev.gatun.linux.image.X86_64Assembler.Reg.RAX;
import static dev.gatun.linux.image.X86_64Assembler.Reg.RBP;
import static dev.gatun.linux.image.X86_64Assembler.Reg.RBX;
import static dev.gatun.linux.image.X86_64Assembler.Reg.RCX;
import static dev.gatun.linux.image.X86_64Assembler.Reg.RDI;
import static dev.gatun.linux.image.X86_64Assembler.Reg.RDX;
import static dev.gatun.linux.image.X86_64Assembler.Reg.RSI;
import static dev.gatun.linux.image.X86_64Assembler.Reg.RSP;
import static dev.gatun.linux.image.X86_64Assembler.at;

import dev.gatun.linux.Arch;
import dev.gatun.linux.image.Assembler.Label;
import dev.gatun.linux.image.X86_64Assembler.Alu;
import dev.gatun.linux.image.X86_64Assembler.Condition;
import dev.gatun.linux.image.X86_64Assembler.Mem;
import dev.gatun.linux.image.X86_64Assembler.Reg;

/**
 * The interpreter: position-independent machine code that walks 64-byte records.
 *
 * <p>A record, little endian: op (u8: 0 END, 1 SYS, 2 BR, 3 ALU, 4 LD, 5 ST), mask (u8, bit i:
 * argument i is the number of the slot whose value is used), result slot (u16), tolerated errno
 * (u16, 0 none, ffff any), target record (u16), system call number or condition or function or size
 * (u64), six arguments (u64).
 *
 * <p>The loop uses no stack and keeps its state in three registers that the kernel preserves, so a
 * child of {@code clone3(CLONE_VM | CLONE_VFORK)} runs on in it with its parent's stack pointer.
 * Where the two processors differ, the result is the same: shifts count modulo 64, a division by
 * zero gives quotient 0 and the dividend as remainder.
 *
 * <p>There are two forms. The <em>callable</em> one is a C function {@code long run(const void
 * *records, u64 *slots, u64 first)} that returns END's value. The <em>start</em> form is the entry
 * of an ELF file: it takes addresses and first record from the three words behind the code, keeps
 * the initial stack pointer in slot 4, and END is {@code exit_group(2)}.
 */
final class Interpreter {
  private static final int OP = 0;
  private static final int MASK = 1;
  private static final int RESULT = 2;
  private static final int TOLERATED = 4;
  private static final int TARGET = 6;
  private static final int NUMBER = 8;
  private static final int ARGUMENTS = 16;

  private static final int SLOT_ERRNO = 8;
  private static final int SLOT_FAIL_RECORD = 16;
  private static final int SLOT_STACK_POINTER = 32;

  /** Where the code begins and what END does. */
  enum Form {
    /** A C function. */
    CALLABLE,
    /** The entry of an ELF file. */
    START
  }

  private Interpreter() {}

  /** Assembles the interpreter; the caller asks the result for its bytes and its listing. */
  static Assembler assemble(Arch arch, Form form) {
    return switch (arch) {
      case X86_64 -> x86(form);
      case AARCH64 -> aarch64(form);
    };
  }

  private static Assembler x86(Form form) {
    X86_64Assembler asm = new X86_64Assembler();
    Label go = new Label("go");
    Label functions = new Label("functions");
    Label divide = new Label("divide");
    Label divided = new Label("divided");
    Label store = new Label("store");
    Label next = new Label("next");
    Label fetch = new Label("fetch");
    Label conditions = new Label("conditions");
    Label taken = new Label("taken");
    Label other = new Label("other");
    Label load = new Label("load");
    Label load1 = new Label("load1");
    Label load2 = new Label("load2");
    Label load4 = new Label("load4");
    Label storeToMemory = new Label("store_to_memory");
    Label store1 = new Label("store1");
    Label store4 = new Label("store4");
    Label alu = new Label("alu");
    Label sys = new Label("sys");
    Label tolerated = new Label("tolerated");
    Label end = new Label("end");
    Label records = new Label("records");
    Label slots = new Label("slots");
    Label first = new Label("first");

    // rbx = record, rbp = record 0, r12 = slot 0: a system call clobbers rax, rcx and r11 only.
    switch (form) {
      case CALLABLE -> {
        asm.push(RBX);
        asm.push(RBP);
        asm.push(R12);
        asm.mov(RBP, RDI);
        asm.mov(R12, RSI);
        asm.mov(RAX, RDX);
      }
      case START -> {
        asm.mov(RBP, records);
        asm.mov(R12, slots);
        asm.mov(RAX, first);
        asm.comment("argc, argv, environment, auxv");
        asm.mov(at(R12, SLOT_STACK_POINTER), RSP);
      }
    }
    asm.bind(go);
    asm.comment("rax: number of a record");
    asm.mov(RBX, RAX);
    asm.shl(RBX, 6);
    asm.alu(Alu.ADD, RBX, RBP);
    asm.jmp(fetch);

    // Functions of ALU, eight bytes each: rax = a0 = rax, rsi = a1, edi = function.
    asm.bind(functions);
    asm.alu(Alu.ADD, RAX, RSI);
    asm.jmp(store);
    asm.entry(functions, 8);
    asm.alu(Alu.SUB, RAX, RSI);
    asm.jmp(store);
    asm.entry(functions, 16);
    asm.alu(Alu.AND, RAX, RSI);
    asm.jmp(store);
    asm.entry(functions, 24);
    asm.alu(Alu.OR, RAX, RSI);
    asm.jmp(store);
    asm.entry(functions, 32);
    asm.mov32(RCX, RSI);
    asm.shlByCl(RAX);
    asm.jmp(store);
    asm.entry(functions, 40);
    asm.mov32(RCX, RSI);
    asm.shrByCl(RAX);
    asm.jmp(store);
    asm.entry(functions, 48);
    asm.jmp(divide);
    asm.entry(functions, 56);
    asm.bind(divide);
    asm.alu32(Alu.XOR, RDX, RDX);
    asm.test(RSI, RSI);
    asm.comment("a1 = 0: the quotient is 0 and a0 the remainder, as on aarch64");
    asm.j(Condition.E, divided);
    asm.div(RSI);
    asm.comment("swapped, so that both ways meet");
    asm.xchgRaxRdx();
    asm.bind(divided);
    asm.comment("rax = remainder, rdx = quotient; bit 0 of the function: urem");
    asm.shr32By1(RDI);
    asm.j(Condition.B, store);
    asm.xchgRaxRdx();

    asm.bind(store);
    asm.movzx16(RCX, at(RBX, RESULT));
    asm.mov(at(R12, RCX, 8), RAX);
    asm.bind(next);
    asm.alu(Alu.ADD, RBX, 64);
    asm.bind(fetch);
    asm.movzx8(RAX, at(RBX, MASK));
    x86Argument(asm, RDI, 0);
    x86Argument(asm, RSI, 1);
    x86Argument(asm, RDX, 2);
    asm.movzx8(RCX, at(RBX, OP));
    asm.dec32(RCX);
    asm.j(Condition.S, end);
    asm.j(Condition.E, sys);
    asm.mov32(RAX, at(RBX, NUMBER));
    asm.dec32(RCX);
    asm.j(Condition.NE, other);

    // BR: conditions of four bytes each; lea leaves the flags alone, so one cmp serves all.
    asm.lea(RCX, conditions);
    asm.lea(RCX, at(RCX, RAX, 4));
    asm.alu(Alu.CMP, RDI, RSI);
    asm.jmp(RCX);
    asm.bind(conditions);
    asm.j(Condition.E, taken);
    asm.jmp(next);
    asm.entry(conditions, 4);
    asm.j(Condition.NE, taken);
    asm.jmp(next);
    asm.entry(conditions, 8);
    asm.j(Condition.L, taken);
    asm.jmp(next);
    asm.entry(conditions, 12);
    asm.j(Condition.B, taken);
    asm.jmp(next);
    asm.entry(conditions, 16);
    asm.test(RDI, RSI);
    asm.j(Condition.E, next);
    asm.bind(taken);
    asm.movzx16(RAX, at(RBX, TARGET));
    asm.jmp(go);

    asm.bind(other);
    asm.dec32(RCX);
    asm.j(Condition.E, alu);
    asm.alu(Alu.ADD, RDI, RSI);
    asm.dec32(RCX);
    asm.j(Condition.NE, storeToMemory);
    asm.bind(load);
    asm.comment("eax: size");
    asm.alu32(Alu.CMP, RAX, 2);
    asm.j(Condition.B, load1);
    asm.j(Condition.E, load2);
    asm.alu32(Alu.CMP, RAX, 4);
    asm.j(Condition.E, load4);
    asm.mov(RAX, at(RDI, 0));
    asm.jmp(store);
    asm.bind(load1);
    asm.movzx8(RAX, at(RDI, 0));
    asm.jmp(store);
    asm.bind(load2);
    asm.movzx16(RAX, at(RDI, 0));
    asm.jmp(store);
    asm.bind(load4);
    asm.mov32(RAX, at(RDI, 0));
    asm.jmp(store);

    asm.bind(storeToMemory);
    asm.alu32(Alu.CMP, RAX, 4);
    asm.j(Condition.B, store1);
    asm.j(Condition.E, store4);
    asm.mov(at(RDI, 0), RDX);
    asm.jmp(next);
    asm.bind(store1);
    asm.mov8(at(RDI, 0), RDX);
    asm.jmp(next);
    asm.bind(store4);
    asm.mov32(at(RDI, 0), RDX);
    asm.jmp(next);

    asm.bind(alu);
    asm.lea(RCX, functions);
    asm.lea(RCX, at(RCX, RAX, 8));
    asm.comment("rax = a0, edi = function");
    asm.xchgRax(RDI);
    asm.jmp(RCX);

    asm.bind(sys);
    x86Argument(asm, R10, 3);
    x86Argument(asm, R8, 4);
    x86Argument(asm, R9, 5);
    asm.mov(RAX, at(RBX, NUMBER));
    asm.syscall();
    asm.cmpRax(-4095);
    asm.j(Condition.B, store);
    asm.movzx16(RCX, at(RBX, TOLERATED));
    asm.comment("zero when tolerated = -r");
    asm.mov32(RDX, RAX);
    asm.alu32(Alu.ADD, RDX, RCX);
    asm.j(Condition.E, tolerated);
    asm.comment("zero when any is tolerated");
    asm.inc16(RCX);
    asm.j(Condition.E, tolerated);
    asm.mov(at(R12, SLOT_ERRNO), RAX);
    asm.alu(Alu.SUB, RBX, RBP);
    asm.shr(RBX, 6);
    asm.comment("number of this record");
    asm.mov(at(R12, 0), RBX);
    asm.mov(RAX, at(R12, SLOT_FAIL_RECORD));
    asm.jmp(go);
    asm.bind(tolerated);
    asm.movzx16(RCX, at(RBX, TARGET));
    asm.test32(RCX, RCX);
    asm.comment("no target: as if it had succeeded");
    asm.j(Condition.E, store);
    asm.movzx16(RDX, at(RBX, RESULT));
    asm.mov(at(R12, RDX, 8), RAX);
    asm.mov32(RAX, RCX);
    asm.jmp(go);

    asm.bind(end);
    switch (form) {
      case CALLABLE -> {
        asm.mov(RAX, RDI);
        asm.pop(R12);
        asm.pop(RBP);
        asm.pop(RBX);
        asm.ret();
      }
      case START -> {
        asm.comment("exit_group");
        asm.mov32(RAX, 231);
        asm.syscall();
        asm.bind(records);
        asm.word("address of record 0");
        asm.bind(slots);
        asm.word("address of slot 0");
        asm.bind(first);
        asm.word("first record");
      }
    }
    return asm;
  }

  /** Loads an argument; the mask's bits leave eax in order. */
  private static void x86Argument(X86_64Assembler asm, Reg to, int number) {
    Label done = new Label("a" + number);
    asm.comment("argument " + number);
    asm.mov(to, at(RBX, ARGUMENTS + 8 * number));
    asm.shr32By1(RAX);
    asm.j(Condition.AE, done);
    asm.comment("of a slot");
    asm.mov(to, new Mem(R12, to, 8, 0));
    asm.bind(done);
  }

  private static final int X_RECORD = 19;
  private static final int X_RECORDS = 20;
  private static final int X_SLOTS = 21;
  private static final int X_NUMBER = 8;
  private static final int X_MASK = 9;
  private static final int X_OP = 10;
  private static final int X_RESULT = 11;

  private static Assembler aarch64(Form form) {
    Aarch64Assembler asm = new Aarch64Assembler();
    Label go = new Label("go");
    Label functions = new Label("functions");
    Label store = new Label("store");
    Label next = new Label("next");
    Label fetch = new Label("fetch");
    Label conditions = new Label("conditions");
    Label taken = new Label("taken");
    Label other = new Label("other");
    Label load1 = new Label("load1");
    Label load2 = new Label("load2");
    Label load4 = new Label("load4");
    Label storeToMemory = new Label("store_to_memory");
    Label store1 = new Label("store1");
    Label store4 = new Label("store4");
    Label alu = new Label("alu");
    Label sys = new Label("sys");
    Label tolerated = new Label("tolerated");
    Label end = new Label("end");
    Label records = new Label("records");
    Label slots = new Label("slots");
    Label first = new Label("first");

    // A system call changes x0 only; x19 to x21 are callee-saved besides.
    switch (form) {
      case CALLABLE -> {
        asm.stpBefore(19, 20, Aarch64Assembler.SP, -32);
        asm.str(21, Aarch64Assembler.SP, 16);
        asm.mov(X_RECORDS, 0);
        asm.mov(X_SLOTS, 1);
      }
      case START -> {
        asm.ldr(X_RECORDS, records);
        asm.ldr(X_SLOTS, slots);
        asm.ldr(2, first);
        asm.movSpTo(9);
        asm.comment("argc, argv, environment, auxv");
        asm.str(9, X_SLOTS, SLOT_STACK_POINTER);
      }
    }
    asm.bind(go);
    asm.comment("x2: number of a record");
    asm.addShifted(X_RECORD, X_RECORDS, 2, 6);
    asm.b(fetch);

    // Functions of ALU, eight bytes each: x0 = a0, x1 = a1. A shift counts modulo 64, x / 0 = 0.
    asm.bind(functions);
    Aarch64Assembler.Alu[] operations = Aarch64Assembler.Alu.values();
    for (int i = 0; i < operations.length; i++) {
      asm.entry(functions, 8 * i);
      asm.alu(operations[i], 0, 0, 1);
      asm.b(store);
    }
    asm.entry(functions, 8 * operations.length);
    asm.alu(Aarch64Assembler.Alu.UDIV, 2, 0, 1);
    asm.msub(0, 2, 1, 0);

    asm.bind(store);
    asm.strIndexed(0, X_SLOTS, X_RESULT);
    asm.bind(next);
    asm.addConstant(X_RECORD, X_RECORD, 64);
    asm.bind(fetch);
    asm.ldrb(X_OP, X_RECORD, OP);
    asm.ldrb(X_MASK, X_RECORD, MASK);
    asm.ldrh(X_RESULT, X_RECORD, RESULT);
    asm.ldr(X_NUMBER, X_RECORD, NUMBER);
    asm.ldp(0, 1, X_RECORD, ARGUMENTS);
    asm.ldp(2, 3, X_RECORD, ARGUMENTS + 16);
    aarch64Argument(asm, 0);
    aarch64Argument(asm, 1);
    aarch64Argument(asm, 2);
    asm.cbz32(X_OP, end);
    asm.cmp32Constant(X_OP, 2);
    asm.b(Aarch64Assembler.Condition.CC, sys);
    asm.b(Aarch64Assembler.Condition.NE, other);

    // BR: conditions of eight bytes each.
    asm.adr(9, conditions);
    asm.addShifted(9, 9, X_NUMBER, 3);
    asm.cmp(0, 1);
    asm.br(9);
    asm.bind(conditions);
    asm.b(Aarch64Assembler.Condition.EQ, taken);
    asm.b(next);
    asm.entry(conditions, 8);
    asm.b(Aarch64Assembler.Condition.NE, taken);
    asm.b(next);
    asm.entry(conditions, 16);
    asm.b(Aarch64Assembler.Condition.LT, taken);
    asm.b(next);
    asm.entry(conditions, 24);
    asm.b(Aarch64Assembler.Condition.CC, taken);
    asm.b(next);
    asm.entry(conditions, 32);
    asm.tst(0, 1);
    asm.b(Aarch64Assembler.Condition.EQ, next);
    asm.bind(taken);
    asm.ldrh(2, X_RECORD, TARGET);
    asm.b(go);

    asm.bind(other);
    asm.cmp32Constant(X_OP, 4);
    asm.b(Aarch64Assembler.Condition.CC, alu);
    asm.alu(Aarch64Assembler.Alu.ADD, 1, 0, 1);
    asm.b(Aarch64Assembler.Condition.NE, storeToMemory);
    asm.comment("w8: size");
    asm.cmp32Constant(X_NUMBER, 2);
    asm.b(Aarch64Assembler.Condition.CC, load1);
    asm.b(Aarch64Assembler.Condition.EQ, load2);
    asm.cmp32Constant(X_NUMBER, 4);
    asm.b(Aarch64Assembler.Condition.EQ, load4);
    asm.ldr(0, 1, 0);
    asm.b(store);
    asm.bind(load1);
    asm.ldrb(0, 1, 0);
    asm.b(store);
    asm.bind(load2);
    asm.ldrh(0, 1, 0);
    asm.b(store);
    asm.bind(load4);
    asm.ldr32(0, 1, 0);
    asm.b(store);

    asm.bind(storeToMemory);
    asm.cmp32Constant(X_NUMBER, 4);
    asm.b(Aarch64Assembler.Condition.CC, store1);
    asm.b(Aarch64Assembler.Condition.EQ, store4);
    asm.str(2, 1, 0);
    asm.b(next);
    asm.bind(store1);
    asm.strb(2, 1, 0);
    asm.b(next);
    asm.bind(store4);
    asm.str32(2, 1, 0);
    asm.b(next);

    asm.bind(alu);
    asm.adr(9, functions);
    asm.addShifted(9, 9, X_NUMBER, 3);
    asm.br(9);

    asm.bind(sys);
    asm.ldp(4, 5, X_RECORD, ARGUMENTS + 32);
    aarch64Argument(asm, 3);
    aarch64Argument(asm, 4);
    aarch64Argument(asm, 5);
    asm.svc();
    asm.comment("carry when r is in -4095 to -1");
    asm.cmnConstant(0, 4095);
    asm.b(Aarch64Assembler.Condition.CC, store);
    asm.ldrh(9, X_RECORD, TOLERATED);
    asm.comment("zero when tolerated = -r");
    asm.cmn(0, 9);
    asm.b(Aarch64Assembler.Condition.EQ, tolerated);
    asm.comment("any");
    asm.movConstant(10, 0xffff);
    asm.cmp32(9, 10);
    asm.b(Aarch64Assembler.Condition.EQ, tolerated);
    asm.alu(Aarch64Assembler.Alu.SUB, 9, X_RECORD, X_RECORDS);
    asm.comment("number of this record");
    asm.lsrConstant(9, 9, 6);
    asm.stp(9, 0, X_SLOTS, 0);
    asm.ldr(2, X_SLOTS, SLOT_FAIL_RECORD);
    asm.b(go);
    asm.bind(tolerated);
    asm.ldrh(2, X_RECORD, TARGET);
    asm.comment("no target: as if it had succeeded");
    asm.cbz32(2, store);
    asm.strIndexed(0, X_SLOTS, X_RESULT);
    asm.b(go);

    asm.bind(end);
    switch (form) {
      case CALLABLE -> {
        asm.ldr(21, Aarch64Assembler.SP, 16);
        asm.ldpAfter(19, 20, Aarch64Assembler.SP, 32);
        asm.ret();
      }
      case START -> {
        asm.comment("exit_group");
        asm.movConstant(8, 94);
        asm.svc();
        asm.bind(records);
        asm.word("address of record 0");
        asm.bind(slots);
        asm.word("address of slot 0");
        asm.bind(first);
        asm.word("first record");
      }
    }
    return asm;
  }

  /** Loads an argument that is a slot; the immediate one is in its register already. */
  private static void aarch64Argument(Aarch64Assembler asm, int number) {
    Label done = new Label("a" + number);
    asm.comment("argument " + number);
    asm.tbz(X_MASK, number, done);
    asm.comment("of a slot");
    asm.ldrIndexed(number, X_SLOTS, number);
    asm.bind(done);
  }
}
