package dev.gatun.linux.image;

import dev.gatun.linux.Arch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A static executable, {@code ET_EXEC} of {@code elf(5)}: headers, segments, and nothing else.
 *
 * <p>A segment lies in the file at the first offset that is congruent with its address modulo the
 * largest page that the architecture's kernels use (4 kB on x86-64, 64 kB on aarch64). What lies
 * between is a hole: an image is written as {@linkplain #extent(int) extents}, so a hole costs
 * neither time nor memory. The stack is not executable.
 */
public final class ElfImage {
  private static final int HEADER_SIZE = 64;
  private static final int PROGRAM_HEADER_SIZE = 56;
  private static final int HOLE = 4096;

  private static final int PT_LOAD = 1;
  private static final int PT_GNU_STACK = 0x6474e551;

  /** Segment may be executed, {@code PF_X}. */
  public static final int PF_X = 1;

  /** Segment may be written, {@code PF_W}. */
  public static final int PF_W = 2;

  /** Segment may be read, {@code PF_R}. */
  public static final int PF_R = 4;

  /**
   * A part of memory.
   *
   * @param address its virtual address
   * @param flags {@link #PF_R} and others
   * @param bytes its contents; not copied
   * @param memorySize its size in memory, at least {@code bytes.length}; the rest is zero
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared; copies of images cost
  public record Segment(long address, int flags, byte[] bytes, long memorySize) {
    /** Checks the sizes. */
    public Segment {
      if (memorySize < bytes.length) {
        throw new IllegalArgumentException(
            "a segment of " + memorySize + " bytes holds fewer than its contents");
      }
    }
  }

  /**
   * A part of the file.
   *
   * @param offset where it begins
   * @param bytes what is written there; not copied
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared; copies of images cost
  public record Extent(long offset, byte[] bytes) {}

  private final Extent[] extents;

  private ElfImage(Extent[] extents) {
    this.extents = extents;
  }

  /**
   * Makes an image.
   *
   * @param arch the architecture
   * @param entry address of the first instruction
   * @param segments in ascending order of address, on pages of their own; the first may begin right
   *     behind the headers of {@link #headerSize} bytes, which are then mapped with it. Only the
   *     last may be larger in memory than in the file, as old kernels zero only that one's rest
   * @return the image
   * @throws IllegalArgumentException if segments overlap or are out of order
   */
  public static ElfImage write(Arch arch, long entry, List<Segment> segments) {
    int count = segments.size();
    long[] offsets = new long[count];
    long pageSize = pageSize(arch);
    long end = headerSize(count);
    long lastAddress = 0;
    int holes = 0;
    for (int i = 0; i < count; i++) {
      Segment segment = segments.get(i);
      if (segment.address() < lastAddress) {
        throw new IllegalArgumentException(
            "segment " + i + " begins before the page after its predecessor");
      }
      if (i < count - 1 && segment.memorySize() != segment.bytes().length) {
        throw new IllegalArgumentException(
            "segment " + i + " has zeroed memory and is not the last");
      }
      lastAddress = (segment.address() + segment.memorySize() + pageSize - 1) & -pageSize;
      offsets[i] = end + ((segment.address() - end) & (pageSize - 1));
      if (offsets[i] - end >= HOLE) {
        holes++;
      }
      end = offsets[i] + segment.bytes().length;
    }

    Extent[] extents = new Extent[holes + 1];
    int from = 0;
    long start = 0;
    long at = headerSize(count);
    int extent = 0;
    for (int i = 0; i <= count; i++) {
      if (i < count && offsets[i] - at < HOLE) {
        at = offsets[i] + segments.get(i).bytes().length;
        continue;
      }
      byte[] bytes = new byte[(int) (at - start)];
      if (start == 0) {
        headers(
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), arch, entry, segments, offsets);
      }
      for (int j = from; j < i; j++) {
        byte[] contents = segments.get(j).bytes();
        System.arraycopy(contents, 0, bytes, (int) (offsets[j] - start), contents.length);
      }
      extents[extent++] = new Extent(start, bytes);
      if (i < count) {
        from = i;
        start = offsets[i];
        at = start + segments.get(i).bytes().length;
      }
    }
    return new ElfImage(extents);
  }

  private static void headers(
      ByteBuffer out, Arch arch, long entry, List<Segment> segments, long[] offsets) {
    int count = segments.size();
    out.putInt(0x464c457f); // "\x7fELF"
    out.put((byte) 2).put((byte) 1).put((byte) 1); // ELFCLASS64, ELFDATA2LSB, EV_CURRENT
    out.position(16);
    out.putShort((short) 2).putShort((short) arch.elfMachine()).putInt(1); // ET_EXEC
    out.putLong(entry).putLong(HEADER_SIZE).putLong(0).putInt(0);
    out.putShort((short) HEADER_SIZE);
    out.putShort((short) PROGRAM_HEADER_SIZE).putShort((short) (count + 1));
    out.putShort((short) 0).putShort((short) 0).putShort((short) 0);
    for (int i = 0; i < count; i++) {
      Segment segment = segments.get(i);
      programHeader(
          out,
          PT_LOAD,
          segment.flags(),
          offsets[i],
          segment.address(),
          segment.bytes().length,
          segment.memorySize(),
          pageSize(arch));
    }
    programHeader(out, PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 16);
  }

  private static void programHeader(
      ByteBuffer out,
      int type,
      int flags,
      long offset,
      long address,
      long fileSize,
      long memorySize,
      long alignment) {
    out.putInt(type).putInt(flags).putLong(offset).putLong(address).putLong(address);
    out.putLong(fileSize).putLong(memorySize).putLong(alignment);
  }

  /**
   * Size of the headers at the beginning of the file.
   *
   * @param segments how many segments there are
   * @return bytes
   */
  public static int headerSize(int segments) {
    return HEADER_SIZE + PROGRAM_HEADER_SIZE * (segments + 1);
  }

  /**
   * The largest page that kernels of an architecture use.
   *
   * @param arch the architecture
   * @return bytes
   */
  public static int pageSize(Arch arch) {
    return switch (arch) {
      case X86_64 -> 4096;
      case AARCH64 -> 65536;
    };
  }

  /** The number of parts that have to be written. */
  public int extents() {
    return extents.length;
  }

  /**
   * A part that has to be written.
   *
   * @param number from 0
   * @return the part; they are in ascending order, and the last one ends the file
   */
  public Extent extent(int number) {
    return extents[number];
  }

  /** Size of the file, holes included, in bytes. */
  public long size() {
    Extent last = extents[extents.length - 1];
    return last.offset() + last.bytes().length;
  }

  /** The whole file, with zeroes for the holes. */
  public byte[] toByteArray() {
    byte[] file = new byte[(int) size()];
    for (Extent extent : extents) {
      System.arraycopy(extent.bytes(), 0, file, (int) extent.offset(), extent.bytes().length);
    }
    return file;
  }
}
