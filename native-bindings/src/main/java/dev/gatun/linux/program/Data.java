package dev.gatun.linux.program;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a program's memory: a constant, initialised variable data, or zeroed space.
 *
 * <p>Structs are written field by field at the offsets of {@code dev.gatun.linux.Structs}, in
 * little endian, and may hold addresses of other pieces; those are filled in when the program is
 * linked. A piece must not be changed after {@link ProgramBuilder#build()}.
 */
public final class Data {
  /** Where a piece lives, and what the program may do with it. */
  public enum Kind {
    /** Read-only. */
    CONSTANT,
    /** Writable, with contents of its own to begin with. */
    VARIABLE,
    /** Writable, zero to begin with, and takes no room in an image. */
    ZERO
  }

  private final Kind kind;
  private final String name;
  private final int size;
  private final int alignment;
  private final byte[] bytes;
  private int @Nullable [] addressOffsets;
  private Addr @Nullable [] addresses;
  private int addressCount;
  int position;

  Data(Kind kind, String name, int size, int alignment) {
    this.kind = kind;
    this.name = name;
    this.size = size;
    this.alignment = alignment;
    this.bytes = new byte[kind == Kind.ZERO ? 0 : size];
  }

  /** Where the piece lives. */
  public Kind kind() {
    return kind;
  }

  /** The name that listings show. */
  public String name() {
    return name;
  }

  /** Its size in bytes. */
  public int size() {
    return size;
  }

  int alignment() {
    return alignment;
  }

  byte[] bytes() {
    return bytes;
  }

  /** The address of its first byte. */
  public Addr address() {
    return new Addr(this, 0);
  }

  /**
   * The address of one of its bytes.
   *
   * @param offset bytes from the beginning
   * @return the address
   */
  public Addr at(int offset) {
    return new Addr(this, offset);
  }

  /**
   * Writes a 16-bit field.
   *
   * @param offset of the field
   * @param value its low 16 bits are written
   * @return this piece
   */
  public Data u16(int offset, int value) {
    bytes[offset] = (byte) value;
    bytes[offset + 1] = (byte) (value >>> 8);
    return this;
  }

  /**
   * Writes a 32-bit field.
   *
   * @param offset of the field
   * @param value the value
   * @return this piece
   */
  public Data u32(int offset, int value) {
    for (int i = 0; i < 4; i++) {
      bytes[offset + i] = (byte) (value >>> (8 * i));
    }
    return this;
  }

  /**
   * Writes a 64-bit field.
   *
   * @param offset of the field
   * @param value the value
   * @return this piece
   */
  public Data u64(int offset, long value) {
    for (int i = 0; i < 8; i++) {
      bytes[offset + i] = (byte) (value >>> (8 * i));
    }
    return this;
  }

  /**
   * Copies bytes in.
   *
   * @param offset where they go
   * @param source the bytes
   * @return this piece
   */
  public Data put(int offset, byte[] source) {
    System.arraycopy(source, 0, bytes, offset, source.length);
    return this;
  }

  /**
   * Writes a field that holds an address.
   *
   * @param offset of the 64-bit field
   * @param address what it points to
   * @return this piece
   */
  public Data address(int offset, Addr address) {
    int[] offsets = addressOffsets;
    Addr[] targets = addresses;
    if (offsets == null || targets == null) {
      offsets = new int[4];
      targets = new Addr[4];
    } else if (addressCount == offsets.length) {
      offsets = java.util.Arrays.copyOf(offsets, addressCount * 2);
      targets = java.util.Arrays.copyOf(targets, addressCount * 2);
    }
    offsets[addressCount] = offset;
    targets[addressCount] = address;
    addressCount++;
    addressOffsets = offsets;
    addresses = targets;
    return this;
  }

  int addressCount() {
    return addressCount;
  }

  int addressOffset(int i) {
    return java.util.Objects.requireNonNull(addressOffsets)[i];
  }

  Addr addressAt(int i) {
    return java.util.Objects.requireNonNull(addresses)[i];
  }

  /**
   * The NUL-terminated text at an offset, for messages, which have to quote it; null when there is
   * none.
   *
   * @param offset where the text begins
   * @return the text without its NUL, or null
   */
  public @Nullable String text(int offset) {
    if (kind == Kind.ZERO || addressCount > 0) {
      return null;
    }
    int end = offset;
    while (end < size && bytes[end] != 0) {
      end++;
    }
    return end == size ? null : new String(bytes, offset, end - offset, StandardCharsets.UTF_8);
  }
}
