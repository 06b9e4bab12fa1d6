package dev.gatun.linux.image;

import static java.util.Objects.requireNonNull;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the two assemblers share: a list of instructions, labels, and the listing.
 *
 * <p>Instructions are kept as items until {@link #assemble()}. An instruction that refers to a
 * label is encoded there, when all addresses are known; one that has a short and a long form begins
 * short and grows only when its label is out of reach, so the code is as small as its jumps allow.
 */
abstract sealed class Assembler permits X86_64Assembler, Aarch64Assembler {

  /** A place in the code, bound by {@link Assembler#bind}. Its name is what the listing prints. */
  static final class Label {
    final String name;
    private int address = -1;

    Label(String name) {
      this.name = name;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * One line of the finished code.
   *
   * @param address of the first byte, from the start of the code
   * @param bytes the encoding, in memory order
   * @param text the instruction as a disassembler writes it, with label names for addresses
   * @param target the label that {@code text} names, or null
   * @param comment why it is there, or empty
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Line(int address, byte[] bytes, String text, @Nullable Label target, String comment) {}

  /** Encodes an instruction whose label has become an address. */
  @FunctionalInterface
  interface Encoding {
    /**
     * Encodes it.
     *
     * @param from address of the instruction
     * @param to address of the label
     * @param wide whether the long form was chosen
     */
    byte[] encode(int from, int to, boolean wide);
  }

  private static final class Item {
    int address;
    int length;
    boolean wide;
    String text = "";
    String comment = "";
    byte @Nullable [] bytes;
    @Nullable Encoding encoding;
    int wideLength;
    @Nullable Label target;
    @Nullable Label bound;
    @Nullable Label tableStart;
    int tableOffset;
  }

  private final List<Item> items = new ArrayList<>();
  private String pendingComment = "";
  private List<Line> lines = List.of();

  /** Fills the unused end of a table entry; never executed. */
  abstract byte[] padding();

  /** The text that a disassembler shows for {@link #padding()}. */
  abstract String paddingText();

  /** Sets the comment of the next instruction. */
  final void comment(String comment) {
    pendingComment = comment;
  }

  /** Binds a label to the address of the next instruction. */
  final void bind(Label label) {
    Item item = new Item();
    item.bound = label;
    items.add(item);
  }

  /** Pads to {@code offset} bytes after {@code table}, which must be bound already. */
  final void entry(Label table, int offset) {
    Item item = new Item();
    item.tableStart = table;
    item.tableOffset = offset;
    items.add(item);
  }

  /** Adds an instruction whose bytes are known. */
  final void emit(byte[] bytes, String text) {
    Item item = new Item();
    item.bytes = bytes;
    item.length = bytes.length;
    add(item, text);
  }

  /** Adds an instruction that refers to a label; the two lengths are equal when it has one form. */
  final void emit(Label target, int shortLength, int wideLength, String text, Encoding encoding) {
    Item item = new Item();
    item.encoding = encoding;
    item.target = target;
    item.length = shortLength;
    item.wideLength = wideLength;
    add(item, text);
  }

  /** Adds eight bytes of data, zero until the linker writes them. */
  final void word(String comment) {
    comment(comment);
    emit(new byte[8], ".quad 0");
  }

  private void add(Item item, String text) {
    item.text = text;
    item.comment = pendingComment;
    pendingComment = "";
    items.add(item);
  }

  /** Whether the short form of a jump reaches from its end to its label. */
  abstract boolean shortReaches(int distance);

  /**
   * Resolves labels and encodes everything.
   *
   * @return the code
   * @throws IllegalStateException if a label was never bound or a table entry is longer than its
   *     place
   */
  final byte[] assemble() {
    boolean grown = true;
    while (grown) {
      place();
      grown = false;
      for (Item item : items) {
        if (item.target == null || item.wide || item.wideLength == item.length) {
          continue;
        }
        if (!shortReaches(addressOf(item.target) - (item.address + item.length))) {
          item.wide = true;
          item.length = item.wideLength;
          grown = true;
        }
      }
    }
    ByteArrayOutputStream code = new ByteArrayOutputStream();
    List<Line> listing = new ArrayList<>();
    for (Item item : items) {
      if (item.tableStart != null) {
        byte[] filler = padding();
        for (int at = 0; at < item.length; at += filler.length) {
          code.writeBytes(filler);
          listing.add(new Line(item.address + at, filler, paddingText(), null, ""));
        }
      } else if (item.bound == null) {
        byte[] bytes = item.bytes;
        if (bytes == null) {
          bytes =
              requireNonNull(item.encoding)
                  .encode(item.address, addressOf(requireNonNull(item.target)), item.wide);
        }
        if (bytes.length != item.length) {
          throw new IllegalStateException("length of " + item.text + " changed");
        }
        code.writeBytes(bytes);
        listing.add(new Line(item.address, bytes, item.text, item.target, item.comment));
      }
    }
    lines = List.copyOf(listing);
    return code.toByteArray();
  }

  private void place() {
    int address = 0;
    for (Item item : items) {
      item.address = address;
      if (item.bound != null) {
        item.bound.address = address;
      } else if (item.tableStart != null) {
        item.length = addressOf(item.tableStart) + item.tableOffset - address;
        if (item.length < 0 || item.length % padding().length != 0) {
          throw new IllegalStateException(
              "entry at " + item.tableOffset + " of " + item.tableStart + " begins too late");
        }
      }
      address += item.length;
    }
  }

  private static int addressOf(Label label) {
    if (label.address < 0) {
      throw new IllegalStateException("label " + label + " is not bound");
    }
    return label.address;
  }

  /** The lines of the code that {@link #assemble()} made. */
  final List<Line> lines() {
    return lines;
  }

  /** Address of a label after {@link #assemble()}. */
  final int address(Label label) {
    return addressOf(label);
  }

  /** The code as text: labels, address, bytes, instruction, comment. */
  final String listing() {
    Map<Integer, String> names = new HashMap<>();
    for (Item item : items) {
      if (item.bound != null) {
        names.merge(item.address, item.bound.name, (first, second) -> first + ", " + second);
      }
    }
    StringBuilder text = new StringBuilder();
    for (Line line : lines) {
      String name = names.get(line.address());
      if (name != null) {
        text.append(name).append(":\n");
      }
      StringBuilder row = new StringBuilder("  ");
      hex(row, line.address(), 4);
      row.append("  ");
      for (byte b : line.bytes()) {
        hex(row, b & 0xff, 2);
        row.append(' ');
      }
      pad(row, 35);
      row.append(line.text());
      if (!line.comment().isEmpty()) {
        pad(row, 70);
        row.append("; ").append(line.comment());
      }
      text.append(row).append('\n');
    }
    return text.toString();
  }

  private static void hex(StringBuilder row, int value, int digits) {
    String hex = Integer.toHexString(value);
    row.repeat('0', Math.max(0, digits - hex.length())).append(hex);
  }

  private static void pad(StringBuilder row, int column) {
    row.repeat(' ', Math.max(1, column - row.length()));
  }
}
