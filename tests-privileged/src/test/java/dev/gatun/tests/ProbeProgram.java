package dev.gatun.tests;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A program that makes one system call and exits with its errno, 0 when it succeeds: nothing but
 * that call and {@code exit_group} is ever seen of it.
 */
final class ProbeProgram {
  private static final boolean X86 = System.getProperty("os.arch").equals("amd64");
  private static final long ADDRESS = 0x40_0000;
  private static final int HEADERS = 64 + 56;

  private ProbeProgram() {}

  /** Puts the program into a root file system, as {@code /probe}. */
  static Bundle in(Bundle bundle, int number, long... args) {
    return write(bundle, X86 ? x86(number, args) : aarch64(number, args));
  }

  /** The same by the 32-bit ABI of x86, whose arguments are not passed. */
  static Bundle in32(Bundle bundle, int number) {
    ByteBuffer code = buffer();
    code.put((byte) 0xb8).putInt(number); // mov eax, number
    code.put(new byte[] {(byte) 0xcd, (byte) 0x80}); // int 0x80
    return write(bundle, leave(code));
  }

  private static ByteBuffer buffer() {
    return ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] x86(int number, long[] args) {
    byte[][] registers = {
      {0x48, (byte) 0xbf}, {0x48, (byte) 0xbe}, {0x48, (byte) 0xba},
      {0x49, (byte) 0xba}, {0x49, (byte) 0xb8}, {0x49, (byte) 0xb9}
    };
    ByteBuffer code = buffer();
    for (int i = 0; i < args.length; i++) {
      code.put(registers[i]).putLong(args[i]); // movabs register, argument
    }
    code.put((byte) 0xb8).putInt(number); // mov eax, number
    code.put(new byte[] {0x0f, 0x05}); // syscall
    return leave(code);
  }

  /** {@code exit_group(-result)}, and 0 for what is no error. */
  private static byte[] leave(ByteBuffer code) {
    code.put(new byte[] {0x31, (byte) 0xff}); // xor edi, edi
    code.put(new byte[] {(byte) 0x85, (byte) 0xc0}); // test eax, eax
    code.put(new byte[] {0x79, 0x04}); // jns past the next two
    code.put(new byte[] {(byte) 0xf7, (byte) 0xd8}); // neg eax
    code.put(new byte[] {(byte) 0x89, (byte) 0xc7}); // mov edi, eax
    code.put((byte) 0xb8).putInt(231); // mov eax, exit_group
    code.put(new byte[] {0x0f, 0x05});
    return taken(code);
  }

  private static byte[] aarch64(int number, long[] args) {
    ByteBuffer code = buffer();
    for (int i = 0; i < args.length; i++) {
      for (int j = 0; j < 4; j++) {
        int part = (int) (args[i] >>> (16 * j)) & 0xffff;
        // movz or movk xi, part, lsl 16 j
        code.putInt((j == 0 ? 0xd280_0000 : 0xf280_0000) | j << 21 | part << 5 | i);
      }
    }
    code.putInt(0xd280_0000 | number << 5 | 8); // movz x8, number
    code.putInt(0xd400_0001); // svc 0
    code.putInt(0xf100_001f); // cmp x0, 0
    code.putInt(0xda80_5400); // cneg x0, x0, mi
    code.putInt(0x9a9f_4000); // csel x0, x0, xzr, mi
    code.putInt(0xd280_0000 | 94 << 5 | 8); // movz x8, exit_group
    code.putInt(0xd400_0001);
    return taken(code);
  }

  private static byte[] taken(ByteBuffer code) {
    byte[] bytes = new byte[code.position()];
    code.get(0, bytes);
    return bytes;
  }

  private static Bundle write(Bundle bundle, byte[] code) {
    int size = HEADERS + code.length;
    ByteBuffer elf = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
    elf.position(16);
    elf.putShort((short) 2).putShort((short) (X86 ? 62 : 183)).putInt(1);
    elf.putLong(ADDRESS + HEADERS).putLong(64).putLong(0);
    elf.putInt(0).putShort((short) 64).putShort((short) 56).putShort((short) 1);
    elf.position(64);
    elf.putInt(1).putInt(5).putLong(0).putLong(ADDRESS).putLong(ADDRESS);
    elf.putLong(size).putLong(size).putLong(0x1000);
    elf.put(code);
    Path file = bundle.rootfs().resolve("probe");
    try {
      Files.write(file, elf.array());
    } catch (IOException e) {
      throw new AssertionError("cannot write " + file, e);
    }
    Host.run("chmod", "755", file.toString());
    return bundle.args("/probe");
  }
}
