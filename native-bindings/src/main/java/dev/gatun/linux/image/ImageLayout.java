package dev.gatun.linux.image;

import dev.gatun.linux.Arch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a program lies in an image, and the image itself.
 *
 * <pre>
 *              x86-64      aarch64
 *   text  r-x  0x400000    0x40f000   headers (x86-64), interpreter, free space, resident records
 *   rest  r--  0x401000    0x410000   the other records, constants
 *   data  rw-  next page   next 64 kB slots, variables, zeroed memory
 * </pre>
 *
 * <p>Records are numbered without a gap from {@link #recordsAddress()}. The first of them, the
 * <em>resident</em> ones, end where the text page ends. They are for what a process does while it
 * waits: a fault on a file's page maps up to 16 pages of the same mapping around it, all of which
 * count as resident, but the text page is a mapping of its own. A process that gives back the
 * second mapping ({@link #restAddress()}, {@link #restSize()}) by {@code madvise(2)} with {@code
 * MADV_DONTNEED} keeps text, the touched pages of data, and its stack: 12 kB. The call itself must
 * be a resident record, as the next record would bring its neighbours back. The process faults the
 * rest in again when it goes on.
 *
 * <p>Kernels for aarch64 may have pages of 64 kB; then the hole before the text page is mapped with
 * it.
 *
 * @param arch the architecture
 * @param records how many records there are, the resident ones included
 * @param resident how many of them are resident, at most {@link #maxResident}
 * @param constants size of the read-only memory behind the records, in bytes
 * @param slots how many slots there are, the reserved ones included
 * @param variables size of the initialised memory behind the slots, in bytes
 * @param zeroes size of the zeroed memory behind that, in bytes
 */
public record ImageLayout(
    Arch arch, int records, int resident, int constants, int slots, int variables, int zeroes) {
  private static final int RECORD = 64;
  private static final int PAGE = 4096;
  private static final int ALIGNMENT = 16;
  private static final int RESERVED_SLOTS = 32;
  private static final int SEGMENTS = 3;

  /** Checks the sizes. */
  public ImageLayout {
    if (records < 1 || records > 0xffff) {
      throw new IllegalArgumentException("an image cannot hold " + records + " records");
    }
    if (resident < 0 || resident > records || resident > maxResident(arch)) {
      throw new IllegalArgumentException(
          resident + " resident records do not fit on the text page");
    }
    if (slots < RESERVED_SLOTS || slots > 0xffff || constants < 0 || variables < 0 || zeroes < 0) {
      throw new IllegalArgumentException(
          "no layout for negative sizes or fewer slots than are reserved");
    }
  }

  /**
   * How many records fit on the text page, beside the interpreter.
   *
   * @param arch the architecture
   * @return a number of records
   */
  public static int maxResident(Arch arch) {
    return (PAGE - codeOffset(arch) - codeSize(arch)) / RECORD;
  }

  /**
   * Size of the interpreter with the three words behind it.
   *
   * @param arch the architecture
   * @return bytes
   */
  public static int codeSize(Arch arch) {
    return InterpreterCode.start(arch).length;
  }

  /** Where the code begins on the text page. */
  private static int codeOffset(Arch arch) {
    return switch (arch) {
      case X86_64 -> ElfImage.headerSize(SEGMENTS);
      case AARCH64 -> 0;
    };
  }

  private long textPage() {
    return switch (arch) {
      case X86_64 -> 0x400000;
      case AARCH64 -> 0x40f000;
    };
  }

  /** Address of record 0. */
  public long recordsAddress() {
    return restAddress() - (long) resident * RECORD;
  }

  /** Address of the mapping behind the text page, which holds all but the resident records. */
  public long restAddress() {
    return textPage() + PAGE;
  }

  /** Size of what the mapping behind the text page holds, in bytes; 0 when there is none. */
  public int restSize() {
    return (records - resident) * RECORD + constants;
  }

  /** Address of the constants, a multiple of 64. */
  public long constantsAddress() {
    return restAddress() + (long) (records - resident) * RECORD;
  }

  /** Address of slot 0, the beginning of a page. */
  public long slotsAddress() {
    long after = restAddress() + restSize();
    return switch (arch) {
      case X86_64 -> align(after, PAGE);
      case AARCH64 -> {
        // In the file the page follows directly, so it has the same place in its 64 kB.
        int page = ElfImage.pageSize(arch);
        yield align(after, page) + (align(after, PAGE) & (page - 1));
      }
    };
  }

  /** Address of the variables, a multiple of 16. */
  public long variablesAddress() {
    return slotsAddress() + align(8L * slots, ALIGNMENT);
  }

  /** Address of the zeroed memory, a multiple of 16. */
  public long zeroesAddress() {
    return align(variablesAddress() + variables, ALIGNMENT);
  }

  private static long align(long value, long alignment) {
    return (value + alignment - 1) & -alignment;
  }

  /**
   * Makes the image of a program that was linked for these addresses.
   *
   * @param first number of the record to begin with
   * @param program the records, then the constants, then the variables, without gaps between them
   * @param offset where in {@code program} they begin
   * @return the image; slot 0 is all ones in it, the other slots are zero
   */
  public ElfImage emit(int first, byte[] program, int offset) {
    if (first < 0 || first >= records) {
      throw new IllegalArgumentException("there is no record " + first);
    }
    byte[] code = InterpreterCode.start(arch);
    int codeOffset = codeOffset(arch);
    byte[] text = new byte[PAGE - codeOffset];
    System.arraycopy(code, 0, text, 0, code.length);
    ByteBuffer words = ByteBuffer.wrap(text).order(ByteOrder.LITTLE_ENDIAN);
    words.position(code.length - 24);
    words.putLong(recordsAddress()).putLong(slotsAddress()).putLong(first);
    int residentSize = resident * RECORD;
    System.arraycopy(program, offset, text, text.length - residentSize, residentSize);

    byte[] rest = new byte[restSize()];
    System.arraycopy(program, offset + residentSize, rest, 0, rest.length);

    int variablesOffset = (int) (variablesAddress() - slotsAddress());
    byte[] data = new byte[variablesOffset + variables];
    for (int i = 0; i < 8; i++) {
      data[i] = -1;
    }
    System.arraycopy(
        program, offset + residentSize + rest.length, data, variablesOffset, variables);

    long entry = textPage() + codeOffset;
    List<ElfImage.Segment> segments = new ArrayList<>(SEGMENTS);
    segments.add(new ElfImage.Segment(entry, ElfImage.PF_R | ElfImage.PF_X, text, text.length));
    if (rest.length > 0) {
      segments.add(new ElfImage.Segment(restAddress(), ElfImage.PF_R, rest, rest.length));
    }
    segments.add(
        new ElfImage.Segment(
            slotsAddress(),
            ElfImage.PF_R | ElfImage.PF_W,
            data,
            zeroesAddress() + zeroes - slotsAddress()));
    return ElfImage.write(arch, entry, segments);
  }
}
