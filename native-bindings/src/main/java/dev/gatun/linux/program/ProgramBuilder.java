package dev.gatun.linux.program;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Syscall;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a {@link Program}, record by record.
 *
 * <p>Records run in the order in which they were added. A failing system call goes to the label
 * given to {@link #onFailure}, or ends the program. Branches go forward; going back is possible
 * only to a label that {@link #loop} made, so that every loop is declared where it stands.
 */
public final class ProgramBuilder {
  private final Arch arch;
  private final int firstSlot;
  private final List<Instruction> records = new ArrayList<>(256);
  private final List<Data> data = new ArrayList<>(128);
  private final List<Data> outputs = new ArrayList<>(4);
  private final Map<String, Data> strings = new HashMap<>(128);
  private final List<Slot> slots = new ArrayList<>(64);
  private final List<Label> labels = new ArrayList<>(64);
  private final List<Runnable> outOfLine = new ArrayList<>(32);
  private final Label finish = new Label("finish", false);
  private Label handler = finish;
  private Origin origin = Origin.NONE;
  private int place = -1;

  /** Records that {@link #build()} puts before the first one added. */
  static final int PROLOGUE = 4;

  /**
   * Begins an empty program.
   *
   * @param arch the architecture it will run on
   */
  public ProgramBuilder(Arch arch) {
    this(arch, Slot.FIRST);
  }

  /**
   * Begins an empty program that leaves the first slots to others.
   *
   * @param arch the architecture it will run on
   * @param firstSlot the number of its first own slot, {@link Slot#FIRST} or more
   */
  public ProgramBuilder(Arch arch, int firstSlot) {
    this.arch = arch;
    this.firstSlot = firstSlot;
  }

  /** The architecture that the program will run on. */
  public Arch arch() {
    return arch;
  }

  /**
   * Names what the records that follow are doing.
   *
   * @param step a few words, in lower case
   * @param place the JSON pointer into {@code config.json} that asked for it, or empty
   */
  public void step(String step, String place) {
    origin = new Origin(step, place);
  }

  /** The origin that records are given now. */
  public Origin origin() {
    return origin;
  }

  /**
   * Goes back to an origin that was read by {@link #origin()}, for records out of line.
   *
   * @param origin the origin to give
   */
  public void step(Origin origin) {
    this.origin = origin;
  }

  // --- operands

  /**
   * A new slot.
   *
   * @param name what listings call it
   * @return the slot
   */
  public Slot slot(String name) {
    return fd(name, null);
  }

  /**
   * A new slot for a file descriptor.
   *
   * @param name what listings call it
   * @param path the path it stands for, which messages show, or null
   * @return the slot
   */
  public Slot fd(String name, @Nullable String path) {
    Slot slot = new Slot(firstSlot + slots.size(), name, path);
    slots.add(slot);
    return slot;
  }

  /**
   * A NUL-terminated constant string; equal strings share their memory.
   *
   * @param text the text, which must not hold a NUL
   * @return its address
   */
  public Addr string(String text) {
    Data known = strings.get(text);
    if (known == null) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      for (byte b : utf8) {
        if (b == 0) {
          throw new IllegalArgumentException("a NUL byte in \"" + text + "\"");
        }
      }
      known = constant("", utf8.length + 1, 1).put(0, utf8);
      strings.put(text, known);
    }
    return known.address();
  }

  /**
   * A constant, to be filled by the caller.
   *
   * @param name what listings call it
   * @param size in bytes
   * @return the piece, 8-byte aligned
   */
  public Data constant(String name, int size) {
    return constant(name, size, 8);
  }

  private Data constant(String name, int size, int alignment) {
    Data piece = new Data(Data.Kind.CONSTANT, name, size, alignment);
    data.add(piece);
    return piece;
  }

  /**
   * A NULL-terminated array of pointers, as {@code execve(2)} takes.
   *
   * @param name what listings call it
   * @param pointers its elements
   * @return the array
   */
  public Data pointers(String name, List<Addr> pointers) {
    Data array = constant(name, 8 * (pointers.size() + 1));
    for (int i = 0; i < pointers.size(); i++) {
      array.address(8 * i, pointers.get(i));
    }
    return array;
  }

  /**
   * Variable memory that begins with contents, to be filled by the caller.
   *
   * @param name what listings call it
   * @param size in bytes
   * @return the piece, 8-byte aligned
   */
  public Data variable(String name, int size) {
    Data piece = new Data(Data.Kind.VARIABLE, name, size, 8);
    data.add(piece);
    return piece;
  }

  /**
   * Zeroed memory.
   *
   * @param name what listings call it
   * @param size in bytes
   * @return the piece, 8-byte aligned
   */
  public Data buffer(String name, int size) {
    Data piece = new Data(Data.Kind.ZERO, name, size, 8);
    data.add(piece);
    return piece;
  }

  /**
   * Zeroed memory whose contents the program's {@link Kernel.Result} carries at the end.
   *
   * @param name what listings call it
   * @param size in bytes
   * @return the piece, 8-byte aligned
   */
  public Data output(String name, int size) {
    Data piece = new Data(Data.Kind.ZERO, name, size, 8);
    outputs.add(piece);
    return piece;
  }

  /**
   * Says how much of the last output is worth carrying; without this all of it is. Outputs made
   * before it are carried whole.
   *
   * @param last the output that was made last
   * @param length how many bytes of it, at the time when the program runs
   */
  public void replyUpTo(Data last, Arg length) {
    if (outputs.isEmpty() || outputs.getLast() != last) {
      throw new IllegalArgumentException(last.name() + " is not the last output");
    }
    alu(Op.Function.ADD, Slot.REPLY_END, last.address(), length);
  }

  // --- places

  /**
   * A place ahead, to be bound once.
   *
   * @param name what listings call it
   * @return the label
   */
  public Label label(String name) {
    Label label = new Label(name, false);
    labels.add(label);
    return label;
  }

  /**
   * Binds a label to the record that is added next.
   *
   * @param label the label
   */
  public void bind(Label label) {
    if (label.record != Label.UNBOUND) {
      throw new IllegalStateException("label " + label.name() + " is bound twice");
    }
    label.record = records.size() + PROLOGUE;
  }

  /**
   * Begins a loop here: a label that branches may go back to. The code in between must end it by a
   * count, or wait for something whose death or time-out ends it.
   *
   * @param name what listings call it
   * @return the label, bound to the record that is added next
   */
  public Label loop(String name) {
    Label label = new Label(name, true);
    labels.add(label);
    bind(label);
    return label;
  }

  /**
   * The head of a loop whose place comes later; see {@link #loop(String)}.
   *
   * @param name what listings call it
   * @return the label, to be bound
   */
  public Label loopAhead(String name) {
    Label label = new Label(name, true);
    labels.add(label);
    return label;
  }

  /**
   * A record outside this program, by its number: where programs that are put behind it begin.
   *
   * @param number counted from this program's first record
   * @return a label that stands there
   */
  public Label recordAt(int number) {
    Label label = new Label("record " + number, true);
    label.record = number;
    return label;
  }

  // --- records

  /**
   * Adds a system call.
   *
   * @param call which
   * @param args its arguments, at most six; what is missing is zero
   * @return the record, for its result and what it tolerates
   */
  public Instruction sys(Syscall call, Arg... args) {
    if (args.length > 6) {
      throw new IllegalArgumentException("too many arguments");
    }
    return add(new Instruction(Op.SYS, 0, call, args, origin));
  }

  /**
   * Adds a branch.
   *
   * @param condition when it is taken
   * @param a first operand
   * @param b second operand
   * @param target where it goes
   */
  public void branch(Op.Condition condition, Arg a, Arg b, Label target) {
    add(new Instruction(Op.BR, condition.ordinal(), null, new Arg[] {a, b}, origin)).target =
        target;
  }

  /**
   * Adds a branch that is always taken.
   *
   * @param target where it goes
   */
  public void jump(Label target) {
    branch(Op.Condition.EQ, Imm.ZERO, Imm.ZERO, target);
  }

  /**
   * Adds a computation.
   *
   * @param function what is computed
   * @param result where it goes
   * @param a first operand
   * @param b second operand; as a divisor it must not be zero
   */
  public void alu(Op.Function function, Slot result, Arg a, Arg b) {
    if ((function == Op.Function.UDIV || function == Op.Function.UREM)
        && !(b instanceof Imm divisor && divisor.value() != 0)) {
      throw new IllegalArgumentException("a divisor must be a number other than zero");
    }
    add(new Instruction(Op.ALU, function.ordinal(), null, new Arg[] {a, b}, origin)).result =
        result;
  }

  /**
   * Sets a slot.
   *
   * @param slot which
   * @param value to what
   */
  public void set(Slot slot, Arg value) {
    alu(Op.Function.ADD, slot, value, Imm.ZERO);
  }

  /**
   * Adds a read of memory.
   *
   * @param size 1, 2, 4 or 8 bytes, zero-extended
   * @param result where it goes
   * @param base an address
   * @param offset what is added to it
   */
  public void load(int size, Slot result, Arg base, Arg offset) {
    if (size != 1 && size != 2 && size != 4 && size != 8) {
      throw new IllegalArgumentException("size " + size);
    }
    add(new Instruction(Op.LD, size, null, new Arg[] {base, offset}, origin)).result = result;
  }

  /**
   * Adds a write of memory.
   *
   * @param size 1, 4 or 8 bytes
   * @param base an address
   * @param offset what is added to it
   * @param value whose low bytes are written
   */
  public void store(int size, Arg base, Arg offset, Arg value) {
    if (size != 1 && size != 4 && size != 8) {
      throw new IllegalArgumentException("size " + size);
    }
    add(new Instruction(Op.ST, size, null, new Arg[] {base, offset, value}, origin));
  }

  /**
   * Ends the program.
   *
   * @param value an image's exit status; elsewhere of no use
   */
  public void end(Arg value) {
    add(new Instruction(Op.END, 0, null, new Arg[] {value}, origin));
  }

  /**
   * Says where failures go from here on, in the order in which records run and were added.
   *
   * @param handler the place
   */
  public void onFailure(Label handler) {
    set(Slot.ON_FAILURE, handler);
    this.handler = handler;
  }

  /** Where failures go now, to be gone to from another handler. */
  public Label failureHandler() {
    return handler;
  }

  /**
   * Fails as if the given record's call had failed: for errors that were tolerated to be looked at
   * first.
   *
   * @param call the record that messages will show
   * @param error a slot with −errno, or a negative number
   */
  public void fail(Instruction call, Arg error) {
    fail(call.number, error);
  }

  /**
   * Fails without a call of its own: messages show the step and the errno.
   *
   * @param errno what messages say
   */
  public void fail(int errno) {
    fail(records.size() + PROLOGUE, Arg.imm(-errno));
  }

  private void fail(int record, Arg error) {
    Label there = new Label("failed", true);
    there.record = record;
    fail(there, error);
  }

  /**
   * Fails as if the call of a record had failed that is known only when the program runs: for
   * records that several places share.
   *
   * @param record the number of the record that messages will show, as labels are as operands
   * @param error a slot with −errno, or a negative number
   */
  public void fail(Arg record, Arg error) {
    set(Slot.FAILED_RECORD, record);
    set(Slot.FAILED_ERRNO, error);
    jump(handler);
  }

  /**
   * Puts rarely used records behind the end of the program, with the origin and the failure handler
   * of this place.
   *
   * @param code adds the records; it must end in a branch. They count as standing here for the rule
   *     that only loops are gone back to, so this is called right after the branch that leads there
   */
  public void outOfLine(Runnable code) {
    Origin originHere = origin;
    Label handlerHere = handler;
    int placeHere = place >= 0 ? place : size() - 1;
    outOfLine.add(() -> {
      place = placeHere;
      origin = originHere;
      handler = handlerHere;
      code.run();
    });
  }

  /** How many records the program has so far. */
  public int size() {
    return records.size() + PROLOGUE;
  }

  private Instruction add(Instruction record) {
    record.number = records.size() + PROLOGUE;
    record.position = place >= 0 ? place : record.number;
    records.add(record);
    return record;
  }

  /**
   * Finishes the program. The builder must not be used any more.
   *
   * @return the program
   */
  public Program build() {
    bind(finish);
    step(Origin.NONE);
    end(Imm.ZERO);
    for (int i = 0; i < outOfLine.size(); i++) {
      outOfLine.get(i).run();
    }
    int count = records.size();
    Instruction[] all = new Instruction[count + PROLOGUE];
    for (int i = 0; i < count; i++) {
      Instruction record = records.get(i);
      all[i + PROLOGUE] = record;
      Label target = record.target;
      if (target != null) {
        int to = target.record();
        if (to <= record.position && !target.isLoop()) {
          throw new IllegalStateException(
              "record " + (i + PROLOGUE) + " goes back to " + target.name() + ", which is no loop");
        }
      }
    }
    Data last = outputs.isEmpty() ? null : outputs.getLast();
    Arg replyEnd = last == null ? Slot.REPLY_START : last.at(last.size());
    all[0] = prologue(Slot.ON_FAILURE, finish);
    all[1] = prologue(Slot.FAILED_RECORD, Arg.imm(-1));
    all[2] = prologue(Slot.REPLY_END, replyEnd);
    all[3] = prologue(Slot.RETRIES, Imm.ZERO);
    return new Program(arch, all, firstSlot, slots, data, outputs, labels);
  }

  private static Instruction prologue(Slot slot, Arg value) {
    return new Instruction(
            Op.ALU, Op.Function.ADD.ordinal(), null, new Arg[] {value, Imm.ZERO}, Origin.NONE)
        .into(slot);
  }
}
