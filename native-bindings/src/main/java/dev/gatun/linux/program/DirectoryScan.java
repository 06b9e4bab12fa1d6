package dev.gatun.linux.program;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;

/** Walks the entries of a directory, {@code getdents64(2)}, in records. */
public final class DirectoryScan {
  private static final int BUFFER = 4096;

  private final ProgramBuilder b;
  private final Slot directory;
  private final Data buffer;
  private final Slot at;
  private final Slot end;
  private final Slot name;
  private final Slot type;
  private final Slot offset;

  /**
   * Begins a scan, with records that forget what an earlier one had read.
   *
   * @param b the program
   * @param directory the slot with the directory's descriptor
   */
  public DirectoryScan(ProgramBuilder b, Slot directory) {
    this.b = b;
    this.directory = directory;
    this.buffer = b.buffer("dirents", BUFFER);
    this.at = b.slot("dirent");
    this.end = b.slot("dirents end");
    this.name = b.slot("d_name");
    this.type = b.slot("d_type");
    this.offset = b.slot("d_off");
    forget();
  }

  /** A slot with the address of the name that was found last. */
  public Slot name() {
    return name;
  }

  /**
   * A slot with the type of the entry that was found last, {@code DT_*}; file systems may leave it
   * at DT_UNKNOWN.
   */
  public Slot type() {
    return type;
  }

  /** A slot with the position in the directory behind the entry that was found last. */
  public Slot offset() {
    return offset;
  }

  /** Drops what was read of a directory, before another descriptor is scanned. */
  public void forget() {
    b.set(at, imm(0));
    b.set(end, imm(0));
  }

  /**
   * Finds the next entry other than {@code .} and {@code ..}.
   *
   * @param none where to go when there is none left
   */
  public void next(Label none) {
    Slot length = b.slot("d_reclen");
    Slot letter = b.slot("letter");
    Slot read = b.slot("read");
    Label entry = b.loop("entry");
    Label have = b.label("have entry");
    b.branch(Op.Condition.LTU, at, end, have);
    // A directory that was removed meanwhile has none.
    b.sys(Syscall.GETDENTS64, directory, buffer.address(), imm(BUFFER))
        .into(read)
        .tolerate(Errno.ENOENT, none);
    b.branch(Op.Condition.EQ, read, imm(0), none);
    b.set(at, buffer.address());
    b.alu(Op.Function.ADD, end, at, read);
    b.bind(have);
    b.load(1, type, at, imm(Structs.DIRENT64_D_TYPE));
    b.load(8, offset, at, imm(Structs.DIRENT64_D_OFF));
    b.load(2, length, at, imm(Structs.DIRENT64_D_RECLEN));
    b.alu(Op.Function.ADD, name, at, imm(Structs.DIRENT64_D_NAME));
    b.alu(Op.Function.ADD, at, at, length);
    Label found = b.label("found");
    b.load(1, letter, name, imm(0));
    b.branch(Op.Condition.NE, letter, imm('.'), found);
    b.load(1, letter, name, imm(1));
    b.branch(Op.Condition.EQ, letter, imm(0), entry);
    b.branch(Op.Condition.NE, letter, imm('.'), found);
    b.load(1, letter, name, imm(2));
    b.branch(Op.Condition.EQ, letter, imm(0), entry);
    b.bind(found);
  }
}
