package dev.gatun.linux.image;

import static dev.gatun.linux.image.RecordWriter.ADD;
import static dev.gatun.linux.image.RecordWriter.ALU;
import static dev.gatun.linux.image.RecordWriter.ANY;
import static dev.gatun.linux.image.RecordWriter.BR;
import static dev.gatun.linux.image.RecordWriter.LD;
import static dev.gatun.linux.image.RecordWriter.SCRAP;
import static dev.gatun.linux.image.RecordWriter.ST;
import static dev.gatun.linux.image.RecordWriter.SYS;

import dev.gatun.linux.Arch;
import dev.gatun.linux.image.RecordWriter.Call;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * One program that tries every op and edge and leaves what it saw in slots, with what they must
 * hold.
 *
 * <p>It runs in this process and as an image, so it needs memory of {@link #MEMORY} bytes that is
 * zero at first, at an address it is told, and no file descriptors below 900.
 */
public final class Vectors {
  public static final int MEMORY = 4096;

  private static final int EBADF = 9;
  private static final int EINVAL = 22;
  private static final int FAILED_RECORD = 0;
  private static final int ERRNO = 1;
  private static final int FAIL_RECORD = 2;
  private static final int A = 5;
  private static final int FIRST_RESULT = 32;

  private static final long[] VALUES = {
    0,
    1,
    2,
    7,
    63,
    64,
    0x7fffffffL,
    0x80000000L,
    0xffffffffL,
    0x0123456789abcdefL,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1,
    -2,
    -4095,
    -4096
  };

  private final RecordWriter out;
  private final Arch arch;
  private final long memory;
  private final List<String> names = new ArrayList<>();
  private final List<Long> expected = new ArrayList<>();

  private Vectors(Arch arch, long memory) {
    this.arch = arch;
    this.memory = memory;
    out = new RecordWriter(arch);
    arithmetic();
    branches();
    memoryAccess();
    toleratedErrors();
    failures();
    systemCallArguments();
    largeResults();
    wideSlots();
  }

  /** Writes the records; END is left to the caller. */
  public static Vectors write(Arch arch, long memory) {
    return new Vectors(arch, memory);
  }

  public RecordWriter records() {
    return out;
  }

  public int slotCount() {
    return FIRST_RESULT + expected.size();
  }

  /** Returns a sentence for each vector whose slot holds something else. */
  public List<String> differences(long[] slots) {
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < expected.size(); i++) {
      long seen = slots[FIRST_RESULT + i];
      if (seen != expected.get(i)) {
        differences.add(
            names.get(i)
                + ": "
                + Long.toHexString(seen)
                + " instead of "
                + Long.toHexString(expected.get(i)));
      }
    }
    return differences;
  }

  private int result(String name, long value) {
    names.add(name);
    expected.add(value);
    return FIRST_RESULT + expected.size() - 1;
  }

  private void arithmetic() {
    String[] functions = {"add", "sub", "and", "or", "shl", "shr", "udiv", "urem"};
    for (int function = 0; function < functions.length; function++) {
      for (long a0 : VALUES) {
        for (long a1 : VALUES) {
          for (int mask = 0; mask < 4; mask++) {
            int slot =
                result(
                    functions[function] + " mask " + mask + " " + a0 + " " + a1,
                    Model.compute(function, a0, a1));
            operands(mask, a0, a1);
            out.record(
                ALU,
                mask,
                slot,
                0,
                0,
                function,
                (mask & 1) == 0 ? a0 : A,
                (mask & 2) == 0 ? a1 : A + 1,
                -1,
                -1);
          }
        }
      }
    }
  }

  private void operands(int mask, long a0, long a1) {
    if ((mask & 1) != 0) {
      out.set(A, a0);
    }
    if ((mask & 2) != 0) {
      out.set(A + 1, a1);
    }
  }

  private void branches() {
    String[] conditions = {"eq", "ne", "lt", "ltu", "test"};
    for (int condition = 0; condition < conditions.length; condition++) {
      for (long a0 : VALUES) {
        for (long a1 : VALUES) {
          int mask = (int) (a0 ^ a1) & 3;
          int slot =
              result(
                  conditions[condition] + " mask " + mask + " " + a0 + " " + a1,
                  Model.holds(condition, a0, a1) ? 2 : 1);
          operands(mask, a0, a1);
          out.set(slot, 2);
          out.record(
              BR,
              mask,
              slot,
              0,
              out.next() + 2,
              condition,
              (mask & 1) == 0 ? a0 : A,
              (mask & 2) == 0 ? a1 : A + 1,
              -1,
              -1);
          out.set(slot, 1);
        }
      }
    }
    // A loop: five times from 0.
    int count = result("loop backwards", 5);
    int head = out.next();
    out.record(ALU, 1, count, 0, 0, ADD, count, 1);
    out.record(BR, 1, SCRAP, 0, head, RecordWriter.LT, count, 5);
  }

  private void memoryAccess() {
    ByteBuffer image = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 64; i += 8) {
      image.putLong(i, 0x80f1e2d3c4b5a697L * (i + 1));
      out.record(ST, 0, 0, 0, 0, 8, memory, i, image.getLong(i));
    }
    for (int size = 1; size <= 8; size *= 2) {
      for (int offset = 0; offset < 17; offset++) {
        long value =
            switch (size) {
              case 1 -> Byte.toUnsignedLong(image.get(offset));
              case 2 -> Short.toUnsignedLong(image.getShort(offset));
              case 4 -> Integer.toUnsignedLong(image.getInt(offset));
              default -> image.getLong(offset);
            };
        for (int mask = 0; mask < 4; mask++) {
          int slot = result("load " + size + " at " + offset + " mask " + mask, value);
          operands(mask, memory, offset);
          out.record(
              LD,
              mask,
              slot,
              0,
              0,
              size,
              (mask & 1) == 0 ? memory : A,
              (mask & 2) == 0 ? offset : A + 1);
        }
      }
    }
    int negative = result("load 8 at a negative offset", image.getLong(8));
    out.record(LD, 0, negative, 0, 0, 8, memory + 16, -8);
    long stored = 0x1122334455667788L;
    for (int size : new int[] {1, 4, 8}) {
      for (int offset = 0; offset < 9; offset++) {
        for (int mask = 0; mask < 8; mask++) {
          byte[] area = new byte[24];
          java.util.Arrays.fill(area, (byte) 0xff);
          ByteBuffer seen = ByteBuffer.wrap(area).order(ByteOrder.LITTLE_ENDIAN);
          for (int i = 0; i < size; i++) {
            seen.put(offset + i, (byte) (stored >> (8 * i)));
          }
          for (int i = 0; i < 24; i += 8) {
            out.record(ST, 0, 0, 0, 0, 8, memory, 64 + i, -1);
          }
          operands(mask, memory + 64, offset);
          if ((mask & 4) != 0) {
            out.set(A + 2, stored);
          }
          out.record(
              ST,
              mask,
              0,
              0,
              0,
              size,
              (mask & 1) == 0 ? memory + 64 : A,
              (mask & 2) == 0 ? offset : A + 1,
              (mask & 4) == 0 ? stored : A + 2);
          for (int i = 0; i < 24; i += 8) {
            String name = "store " + size + " at " + offset + " mask " + mask + " word " + i;
            out.record(LD, 0, result(name, seen.getLong(i)), 0, 0, 8, memory, 64 + i);
          }
        }
      }
    }
  }

  /** Calls close(-1), which fails with EBADF, and says where it went on. */
  private void failingClose(String name, int tolerated, boolean target, long way, boolean fails) {
    int went = result(name + ": way", way);
    int value = result(name + ": result", fails ? 77 : -EBADF);
    int failed = out.next() + 4 + 2;
    int failedRecord = result(name + ": failed record", fails ? failed : -1);
    int errno = result(name + ": errno", fails ? -EBADF : 0);
    int after = failed + 7;
    out.set(FAILED_RECORD, -1);
    out.set(ERRNO, 0);
    out.set(FAIL_RECORD, failed + 5);
    out.set(value, 77);
    out.set(went, 0);
    out.set(SCRAP, 0);
    out.record(SYS, 0, value, tolerated, target ? failed + 3 : 0, Call.CLOSE.number(arch), -1);
    out.set(went, 1); // the next record
    out.jump(after);
    out.set(went, 2); // the target
    out.jump(after);
    out.set(went, 3); // the fail record
    out.jump(after);
    out.copy(failedRecord, FAILED_RECORD);
    out.copy(errno, ERRNO);
  }

  private void toleratedErrors() {
    failingClose("the errno is tolerated", EBADF, false, 1, false);
    failingClose("the errno is tolerated, target", EBADF, true, 2, false);
    failingClose("any is tolerated", ANY, false, 1, false);
    failingClose("any is tolerated, target", ANY, true, 2, false);
    // A call that succeeds goes to no target, whatever it tolerates.
    int way = result("success has no target", 1);
    out.set(way, 1);
    out.record(SYS, 0, SCRAP, ANY, out.next() + 2, Call.GETPID.number(arch));
    out.jump(out.next() + 2);
    out.set(way, 2);
    int greater = result("success is the result", 1);
    out.record(ALU, 1, greater, 0, 0, ADD, SCRAP, 0);
    out.record(BR, 2, SCRAP, 0, out.next() + 2, RecordWriter.LT, 0, greater);
    out.set(greater, -1);
    out.record(ALU, 1, greater, 0, 0, 7, greater, 1);
    out.record(ALU, 1, greater, 0, 0, ADD, greater, 1);
  }

  private void failures() {
    failingClose("nothing is tolerated", 0, false, 3, true);
    failingClose("nothing is tolerated, target", 0, true, 3, true);
    failingClose("another errno is tolerated", EINVAL, false, 3, true);
    failingClose("another errno is tolerated, target", EINVAL, true, 3, true);
    failingClose("errno + 256 is tolerated", EBADF + 256, true, 3, true);
    failingClose("fffe is tolerated", 0xfffe, true, 3, true);
  }

  /** copy_file_range looks at all six of its arguments: once with every mask. */
  private void systemCallArguments() {
    int in = 900;
    int copy = 901;
    long name = memory + 256;
    long offsetIn = memory + 264;
    long offsetOut = memory + 272;
    long text = memory + 280;
    long read = memory + 288;
    out.record(ST, 0, 0, 0, 0, 8, name, 0, 'm');
    out.record(ST, 0, 0, 0, 0, 8, text, 0, 0x6867666564636261L);
    for (int fd : new int[] {in, copy}) {
      out.call(Call.MEMFD_CREATE, 0, A, name, 0);
      out.call(Call.DUP3, 1, SCRAP, A, fd, 0);
      out.call(Call.CLOSE, 1, SCRAP, A);
    }
    out.call(Call.WRITE, 0, SCRAP, in, text, 8);
    long[] arguments = {in, offsetIn, copy, offsetOut, 4, 0};
    for (int mask = 0; mask < 64; mask++) {
      out.record(ST, 0, 0, 0, 0, 8, offsetIn, 0, 3);
      out.record(ST, 0, 0, 0, 0, 8, offsetOut, 0, 8L * mask);
      long[] given = arguments.clone();
      for (int i = 0; i < 6; i++) {
        if ((mask >> i & 1) != 0) {
          out.set(A + i, arguments[i]);
          given[i] = (long) A + i;
        } else {
          out.set(A + i, -1);
        }
      }
      out.call(Call.COPY_FILE_RANGE, mask, result("six arguments, mask " + mask, 4), given);
      out.record(ST, 0, 0, 0, 0, 8, read, 0, 0);
      out.call(Call.PREAD64, 0, SCRAP, copy, read, 4, 8L * mask);
      out.record(LD, 0, result("what was copied, mask " + mask, 0x67666564), 0, 0, 8, read, 0);
    }
    for (int fd : new int[] {in, copy}) {
      out.call(Call.CLOSE, 0, result("close " + fd, 0), fd);
    }
  }

  /** /proc/self/mem is a file whose offset may be any number: -4096 is a result, -4095 an error. */
  private void largeResults() {
    long path = memory + 512;
    byte[] name = "/proc/self/mem\0\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    ByteBuffer words = ByteBuffer.wrap(name).order(ByteOrder.LITTLE_ENDIAN);
    out.record(ST, 0, 0, 0, 0, 8, path, 0, words.getLong(0));
    out.record(ST, 0, 0, 0, 0, 8, path, 8, words.getLong(8));
    out.call(Call.OPENAT, 0, A, -100, path, 0);
    for (long offset : new long[] {-4096, Long.MIN_VALUE, 0xfffff001L, 0x7fffffffffffffffL}) {
      int value = result("lseek " + offset, offset);
      out.call(Call.LSEEK, 1, value, A, offset, 0);
    }
    int way = result("lseek -4095: way", 2);
    int value = result("lseek -4095: result", -4095);
    out.set(way, 2);
    out.record(SYS, 1, value, 4095, out.next() + 2, Call.LSEEK.number(arch), A, -4095, 0);
    out.set(way, 1);
    out.call(Call.CLOSE, 1, SCRAP, A);
  }

  /** Slot numbers of sixteen bits, and results in the last one. */
  private void wideSlots() {
    while (expected.size() < 0x8200) {
      result("unused", 0);
    }
    int slot = result("slot " + slotCount(), 0x55);
    out.set(slot, 0x55);
    out.copy(result("copy of it", 0x55), slot);
  }
}
