package dev.gatun.runtime.process;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;

/**
 * Finds a user's home directory in the container's {@code /etc/passwd} while the program runs.
 *
 * <p>The file is read piece by piece, a byte at a time through a small state machine, so it may be
 * of any size up to {@value #MOST_PIECES} pieces of {@value #PIECE} bytes. What counts as an entry
 * is what callers know from runc: the first line that is not blank and whose third field is the
 * user's number; a third field that is missing or no number counts as 0; blanks around a line do
 * not belong to it. Without such a line, or without a file that can be read, the home is {@code /}.
 *
 * <p>A home that is longer than {@value #LONGEST} bytes, or that holds a NUL, is an error, as is a
 * file that does not end.
 */
final class HomeLookup {
  /** The longest home directory, in bytes. */
  static final int LONGEST = 1023;

  /** Bytes that are read at a time; few, since each page that is touched stays resident. */
  static final int PIECE = 1024;

  /** How many pieces are read before the file counts as endless: 16 MiB. */
  static final int MOST_PIECES = 16 * 1024;

  private static final String NAME = "HOME=";
  private static final int START = NAME.length();
  private static final String PASSWD = "/etc/passwd";

  /** Fields of a line, counted from 0. */
  private static final int UID = 2;

  private static final int HOME = 5;

  /** A field number for lines of other users; higher than that of any field that matters. */
  private static final int OTHERS = 1 << 16;

  // States of the third field. From BAD on the rest of the field means nothing.
  private static final int EMPTY = 0;
  private static final int SIGN = 1;
  private static final int DIGITS = 2;
  private static final int BLANKS = 3;
  private static final int BAD = 4;
  private static final int HUGE = 5;

  /** The least number that has more than 64 bits when it is multiplied by ten. */
  private static final long TENFOLD_OVERFLOW = Long.divideUnsigned(-1L, 10) + 1;

  private final ProgramBuilder b;
  private final Arg root;
  private final long uid;
  private final Data scratch;
  private final Data variable;
  private final Slot passwd;
  private final Slot c;
  private final Slot t;
  private final Slot field;
  private final Slot seen;
  private final Slot state;
  private final Slot number;
  private final Slot negative;
  private final Slot to;
  private final Label next;
  private final Label found;

  private HomeLookup(ProgramBuilder b, Arg root, long uid, Data scratch) {
    this.b = b;
    this.root = root;
    this.uid = uid;
    this.scratch = scratch;
    variable = b.buffer("HOME", START + LONGEST + 1);
    passwd = b.fd("passwd", PASSWD);
    c = b.slot("char");
    t = b.slot("t");
    field = b.slot("field");
    seen = b.slot("seen");
    state = b.slot("state");
    number = b.slot("number");
    negative = b.slot("negative");
    to = b.slot("to");
    next = b.loopAhead("next byte");
    found = b.label("found");
  }

  /**
   * Adds the records.
   *
   * @param b the program
   * @param root the container's root directory: a descriptor, or AT_FDCWD when the process is in it
   * @param uid the user
   * @param scratch memory of at least {@value #PIECE} bytes
   * @return the address of the string {@code HOME=…}
   */
  static Addr compile(ProgramBuilder b, Arg root, long uid, Data scratch) {
    HomeLookup lookup = new HomeLookup(b, root, uid, scratch);
    lookup.compile();
    return lookup.variable.address();
  }

  private void compile() {
    Addr home = variable.address();
    b.store(4, home, imm(0), imm('H' | 'O' << 8 | 'M' << 16 | 'E' << 24));
    b.store(1, home, imm(4), imm('='));
    b.store(1, home, imm(START), imm('/'));
    Label done = b.label("home known");
    Label close = b.label("close");
    open(done);
    // A FIFO or a device is no list of users, and reading it might never end.
    b.sys(
        Syscall.STATX,
        passwd,
        b.string(""),
        imm(Constants.AT_EMPTY_PATH),
        imm(Constants.STATX_TYPE),
        scratch.address());
    b.load(2, t, scratch.address(), imm(Structs.STATX_STX_MODE));
    b.alu(Function.AND, t, t, imm(Constants.S_IFMT));
    b.branch(Condition.NE, t, imm(Constants.S_IFREG), close);
    scan(close);
    b.bind(found);
    b.store(1, to, imm(0), imm(0));
    b.bind(close);
    Idioms.close(b, passwd);
    b.bind(done);
  }

  /** Links lead to where they lead in the container; what cannot be opened is not there. */
  private void open(Label absent) {
    Data how =
        b.constant("open_how", Structs.SIZEOF_OPEN_HOW)
            .u64(
                Structs.OPEN_HOW_FLAGS,
                Constants.O_RDONLY
                    | Constants.O_NONBLOCK
                    | Constants.O_NOCTTY
                    | Constants.O_CLOEXEC)
            .u64(
                Structs.OPEN_HOW_RESOLVE,
                Constants.RESOLVE_IN_ROOT | Constants.RESOLVE_NO_MAGICLINKS);
    Label again = b.loop("again");
    Label refused = b.label("refused");
    Instruction call =
        b.sys(Syscall.OPENAT2, root, b.string(PASSWD), how.address(), imm(Structs.SIZEOF_OPEN_HOW))
            .into(passwd)
            .tolerateAny(refused);
    Label retry = Idioms.retry(b, again, call, Errno.EAGAIN);
    b.outOfLine(() -> {
      b.bind(refused);
      b.branch(Condition.EQ, passwd, imm(-Errno.EAGAIN), retry);
      b.branch(Condition.NE, passwd, imm(-Errno.ENOSYS), absent);
      b.fail(call, passwd);
    });
  }

  private void scan(Label close) {
    Slot at = b.slot("at");
    Slot end = b.slot("end");
    Slot pieces = b.slot("pieces");
    Slot atEnd = b.slot("end of file");
    Label have = b.label("have");
    Label endOfFile = b.label("end of file");
    Label endOfLine = b.label("end of line");
    Label goOn = b.label("go on");
    Label colon = b.label("colon");
    Label digit = b.label("user number");
    Label copy = b.label("home");
    b.set(at, imm(0));
    b.set(end, imm(0));
    b.set(pieces, imm(0));
    b.set(atEnd, imm(0));
    Label line = b.loop("line");
    b.set(field, imm(0));
    b.set(seen, imm(0));
    b.set(state, imm(EMPTY));
    b.set(number, imm(0));
    b.set(negative, imm(0));
    b.set(to, variable.at(START));
    b.bind(next);
    b.branch(Condition.LTU, at, end, have);
    b.alu(Function.ADD, pieces, pieces, imm(1));
    b.branch(Condition.LTU, pieces, imm(MOST_PIECES), goOn);
    b.fail(Errno.EFBIG);
    b.bind(goOn);
    b.sys(Syscall.READ, passwd, scratch.address(), imm(PIECE)).into(t);
    b.branch(Condition.EQ, t, imm(0), endOfFile);
    b.set(at, scratch.address());
    b.alu(Function.ADD, end, at, t);
    b.bind(have);
    b.load(1, c, at, imm(0));
    b.alu(Function.ADD, at, at, imm(1));
    b.branch(Condition.EQ, c, imm('\n'), endOfLine);
    b.branch(Condition.EQ, c, imm(':'), colon);
    b.branch(Condition.EQ, field, imm(UID), digit);
    b.branch(Condition.EQ, field, imm(HOME), copy);
    b.branch(Condition.NE, field, imm(0), next);
    b.branch(Condition.NE, seen, imm(0), next);
    blank(next);
    b.set(seen, imm(1));
    b.jump(next);

    b.bind(colon);
    Label userEnds = b.label("user number ends");
    b.set(seen, imm(1));
    b.branch(Condition.EQ, field, imm(HOME), found);
    b.branch(Condition.EQ, field, imm(UID), userEnds);
    b.alu(Function.ADD, field, field, imm(1));
    b.jump(next);
    b.bind(userEnds);
    Label compare = b.label("compare");
    // Blanks at the end of a line are not part of it; before a colon they spoil the number.
    b.branch(Condition.NE, state, imm(BLANKS), compare);
    b.set(number, imm(0));
    b.bind(compare);
    Label match = b.label("match");
    matches(match);
    b.set(field, imm(OTHERS));
    b.jump(next);
    b.bind(match);
    b.set(field, imm(UID + 1));
    b.jump(next);

    b.bind(digit);
    userNumber();

    b.bind(copy);
    Label noNul = b.label("no NUL");
    Label room = b.label("room");
    b.branch(Condition.NE, c, imm(0), noNul);
    b.fail(Errno.EINVAL);
    b.bind(noNul);
    b.branch(Condition.NE, to, variable.at(START + LONGEST), room);
    b.fail(Errno.ENAMETOOLONG);
    b.bind(room);
    b.store(1, to, imm(0), c);
    b.alu(Function.ADD, to, to, imm(1));
    b.jump(next);

    b.bind(endOfFile);
    b.set(atEnd, imm(1));
    b.bind(endOfLine);
    Label trim = b.loopAhead("trim");
    Label lineEnds = b.label("line ends");
    Label shortLine = b.label("short line");
    b.branch(Condition.EQ, field, imm(HOME), trim);
    b.branch(Condition.LTU, imm(HOME), field, lineEnds);
    b.branch(Condition.LTU, imm(UID), field, found);
    b.branch(Condition.LTU, field, imm(UID), shortLine);
    matches(found);
    b.jump(lineEnds);
    b.bind(shortLine);
    if (uid == 0) {
      b.branch(Condition.NE, seen, imm(0), found);
    }
    b.bind(lineEnds);
    b.branch(Condition.EQ, atEnd, imm(0), line);
    b.jump(close);
    b.bind(trim);
    Label cut = b.label("cut");
    b.branch(Condition.EQ, to, variable.at(START), found);
    Slot last = b.slot("last");
    b.alu(Function.SUB, last, to, imm(1));
    b.load(1, c, last, imm(0));
    blank(cut);
    b.jump(found);
    b.bind(cut);
    b.set(to, last);
    b.jump(trim);
  }

  /** Goes elsewhere when the byte is a space, a tab or one of its neighbours in ASCII. */
  private void blank(Label elsewhere) {
    b.branch(Condition.EQ, c, imm(' '), elsewhere);
    b.alu(Function.SUB, t, c, imm('\t'));
    b.branch(Condition.LTU, t, imm('\r' - '\t' + 1), elsewhere);
  }

  private void matches(Label elsewhere) {
    if (uid == 0) {
      b.branch(Condition.EQ, number, imm(0), elsewhere);
      return;
    }
    Label no = b.label("other user");
    b.branch(Condition.NE, negative, imm(0), no);
    b.branch(Condition.EQ, number, imm(uid), elsewhere);
    b.bind(no);
  }

  /** One byte of the third field; goes to the next. */
  private void userNumber() {
    Label isDigit = b.label("digit");
    Label sign = b.label("sign");
    Label plus = b.label("plus");
    Label blanks = b.label("blanks");
    Label times = b.label("times ten");
    Label bad = b.label("no number");
    Label huge = b.label("huge number");
    b.branch(Condition.LTU, imm(BLANKS), state, next);
    b.alu(Function.SUB, t, c, imm('0'));
    b.branch(Condition.LTU, t, imm(10), isDigit);
    b.branch(Condition.LTU, state, imm(DIGITS), sign);
    blank(blanks);
    b.jump(bad);
    b.bind(blanks);
    b.set(state, imm(BLANKS));
    b.jump(next);
    b.bind(sign);
    b.branch(Condition.NE, state, imm(EMPTY), bad);
    b.branch(Condition.EQ, c, imm('+'), plus);
    b.branch(Condition.NE, c, imm('-'), bad);
    b.set(negative, imm(1));
    b.bind(plus);
    b.set(state, imm(SIGN));
    b.jump(next);
    b.bind(isDigit);
    b.branch(Condition.EQ, state, imm(BLANKS), bad);
    b.branch(Condition.LTU, number, imm(TENFOLD_OVERFLOW), times);
    b.jump(huge);
    b.bind(times);
    Slot eightfold = b.slot("eightfold");
    b.alu(Function.SHL, eightfold, number, imm(3));
    b.alu(Function.SHL, number, number, imm(1));
    b.alu(Function.ADD, eightfold, eightfold, number);
    b.alu(Function.ADD, number, eightfold, t);
    b.set(state, imm(DIGITS));
    b.branch(Condition.LTU, number, eightfold, huge);
    b.jump(next);
    b.bind(bad);
    b.set(state, imm(BAD));
    b.set(number, imm(0));
    b.jump(next);
    b.bind(huge);
    b.set(state, imm(HUGE));
    b.set(number, imm(-1));
    b.jump(next);
  }
}
