package dev.gatun.linux.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What the interpreter does with everything but SYS, in Java. */
public final class Model {
  private final ByteBuffer records;
  private final long[] slots;
  private final ByteBuffer memory;
  private final long memoryAddress;

  public Model(byte[] records, long[] slots, byte[] memory, long memoryAddress) {
    this.records = ByteBuffer.wrap(records).order(ByteOrder.LITTLE_ENDIAN);
    this.slots = slots;
    this.memory = ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN);
    this.memoryAddress = memoryAddress;
  }

  private long argument(int record, int number) {
    long value = records.getLong(record + 16 + 8 * number);
    boolean slot = (records.get(record + 1) >> number & 1) != 0;
    return slot ? slots[(int) value] : value;
  }

  public long run(int first) {
    int record = 64 * first;
    while (true) {
      long a0 = argument(record, 0);
      long a1 = argument(record, 1);
      int code = (int) records.getLong(record + 8);
      int result = Short.toUnsignedInt(records.getShort(record + 2));
      int target = 64 * Short.toUnsignedInt(records.getShort(record + 6));
      int at = (int) (a0 + a1 - memoryAddress);
      int following = record + 64;
      switch (records.get(record)) {
        case RecordWriter.END -> {
          return a0;
        }
        case RecordWriter.BR -> following = holds(code, a0, a1) ? target : following;
        case RecordWriter.ALU -> slots[result] = compute(code, a0, a1);
        case RecordWriter.LD ->
            slots[result] =
                switch (code) {
                  case 1 -> Byte.toUnsignedLong(memory.get(at));
                  case 2 -> Short.toUnsignedLong(memory.getShort(at));
                  case 4 -> Integer.toUnsignedLong(memory.getInt(at));
                  case 8 -> memory.getLong(at);
                  default -> throw new IllegalArgumentException("size " + code);
                };
        case RecordWriter.ST -> {
          long a2 = argument(record, 2);
          switch (code) {
            case 1 -> memory.put(at, (byte) a2);
            case 4 -> memory.putInt(at, (int) a2);
            case 8 -> memory.putLong(at, a2);
            default -> throw new IllegalArgumentException("size " + code);
          }
        }
        default -> throw new IllegalArgumentException("op " + records.get(record));
      }
      record = following;
    }
  }

  public static boolean holds(int condition, long a0, long a1) {
    return switch (condition) {
      case RecordWriter.EQ -> a0 == a1;
      case RecordWriter.NE -> a0 != a1;
      case RecordWriter.LT -> a0 < a1;
      case RecordWriter.LTU -> Long.compareUnsigned(a0, a1) < 0;
      case RecordWriter.TEST -> (a0 & a1) != 0;
      default -> throw new IllegalArgumentException("condition " + condition);
    };
  }

  public static long compute(int function, long a0, long a1) {
    return switch (function) {
      case 0 -> a0 + a1;
      case 1 -> a0 - a1;
      case 2 -> a0 & a1;
      case 3 -> a0 | a1;
      case 4 -> a0 << a1;
      case 5 -> a0 >>> a1;
      case 6 -> a1 == 0 ? 0 : Long.divideUnsigned(a0, a1);
      case 7 -> a1 == 0 ? a0 : Long.remainderUnsigned(a0, a1);
      default -> throw new IllegalArgumentException("function " + function);
    };
  }
}
