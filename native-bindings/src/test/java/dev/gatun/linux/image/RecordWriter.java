package dev.gatun.linux.image;

import dev.gatun.linux.Arch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Writes records as the binary contract has them, without the program builder. */
public final class RecordWriter {
  public static final int END = 0;
  public static final int SYS = 1;
  public static final int BR = 2;
  public static final int ALU = 3;
  public static final int LD = 4;
  public static final int ST = 5;

  public static final int EQ = 0;
  public static final int NE = 1;
  public static final int LT = 2;
  public static final int LTU = 3;
  public static final int TEST = 4;

  public static final int ADD = 0;
  public static final int SUB = 1;
  public static final int UREM = 7;

  public static final int ANY = 0xffff;
  public static final int SCRAP = 3;

  /** System calls of the tests: their numbers on x86-64 and aarch64. */
  public enum Call {
    CLOSE(3, 57),
    GETPID(39, 172),
    OPENAT(257, 56),
    LSEEK(8, 62),
    WRITE(1, 64),
    MEMFD_CREATE(319, 279),
    DUP3(292, 24),
    COPY_FILE_RANGE(326, 285),
    PREAD64(17, 67),
    RT_SIGPROCMASK(14, 135),
    CLONE3(435, 435),
    EXECVEAT(322, 281),
    EXIT(60, 93),
    WAITID(247, 95),
    PPOLL(271, 73),
    MADVISE(28, 233);

    private final int x86;
    private final int aarch64;

    Call(int x86, int aarch64) {
      this.x86 = x86;
      this.aarch64 = aarch64;
    }

    public int number(Arch arch) {
      return switch (arch) {
        case X86_64 -> x86;
        case AARCH64 -> aarch64;
      };
    }
  }

  private final Arch arch;
  private ByteBuffer out = ByteBuffer.allocate(64 * 64).order(ByteOrder.LITTLE_ENDIAN);

  public RecordWriter(Arch arch) {
    this.arch = arch;
  }

  /** Number of the next record. */
  public int next() {
    return out.position() / 64;
  }

  public RecordWriter record(
      int op, int mask, int result, int tolerated, int target, long code, long... arguments) {
    if (out.remaining() < 64) {
      ByteBuffer larger = ByteBuffer.allocate(out.capacity() * 2).order(ByteOrder.LITTLE_ENDIAN);
      out = larger.put(out.flip());
    }
    int position = out.position();
    out.put((byte) op).put((byte) mask).putShort((short) result);
    out.putShort((short) tolerated).putShort((short) target).putLong(code);
    for (long argument : arguments) {
      out.putLong(argument);
    }
    out.position(position + 64);
    return this;
  }

  public RecordWriter set(int slot, long value) {
    return record(ALU, 0, slot, 0, 0, ADD, value, 0);
  }

  public RecordWriter copy(int slot, int from) {
    return record(ALU, 1, slot, 0, 0, ADD, from, 0);
  }

  public RecordWriter jump(int target) {
    return record(BR, 0, 0, 0, target, EQ);
  }

  /** A call whose arguments are constants but for those in the mask. */
  public RecordWriter call(Call call, int mask, int result, long... arguments) {
    return record(SYS, mask, result, 0, 0, call.number(arch), arguments);
  }

  public RecordWriter end(long value) {
    return record(END, 0, 0, 0, 0, 0, value);
  }

  public byte[] bytes() {
    return Arrays.copyOf(out.array(), out.position());
  }
}
