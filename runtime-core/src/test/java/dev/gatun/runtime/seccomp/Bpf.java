package dev.gatun.runtime.seccomp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Runs a classic BPF filter on a {@code struct seccomp_data}, as the kernel would. */
final class Bpf {
  private final ByteBuffer program;

  /** How many instructions the last run took. */
  int steps;

  Bpf(byte[] program) {
    this.program = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
  }

  int run(int arch, int nr, long... args) {
    ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    data.putInt(0, nr).putInt(4, arch);
    for (int i = 0; i < args.length; i++) {
      data.putLong(16 + 8 * i, args[i]);
    }
    int a = 0;
    steps = 0;
    for (int pc = 0; ; pc++) {
      steps++;
      int code = program.getShort(8 * pc) & 0xffff;
      int jt = program.get(8 * pc + 2) & 0xff;
      int jf = program.get(8 * pc + 3) & 0xff;
      int k = program.getInt(8 * pc + 4);
      switch (code) {
        case 0x20 -> a = data.getInt(k);
        case 0x54 -> a &= k;
        case 0x05 -> pc += k;
        case 0x15 -> pc += a == k ? jt : jf;
        case 0x25 -> pc += Integer.compareUnsigned(a, k) > 0 ? jt : jf;
        case 0x35 -> pc += Integer.compareUnsigned(a, k) >= 0 ? jt : jf;
        case 0x45 -> pc += (a & k) != 0 ? jt : jf;
        case 0x06 -> {
          return k;
        }
        default -> throw new AssertionError("instruction " + pc + " has code " + code);
      }
    }
  }
}
