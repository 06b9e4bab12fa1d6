package dev.gatun.cli;

import dev.gatun.linux.Arch;
import dev.gatun.linux.image.ElfImage;
import dev.gatun.linux.image.InterpreterCode;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Program;
import dev.gatun.runtime.caller.Protocol;
import dev.gatun.runtime.caller.Resident;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Writes the {@code gatun} binary: the interpreter and the resident program as a static ELF. The
 * build runs it; no command does.
 */
public final class EmitCaller {
  private EmitCaller() {}

  /**
   * Writes the binary.
   *
   * @param args the architecture, {@code x86_64} or {@code aarch64}, and the file
   * @throws IOException when it cannot be written
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      throw new IllegalArgumentException("usage: EmitCaller x86_64|aarch64 FILE");
    }
    byte[] elf = elf(Arch.valueOf(args[0].toUpperCase(Locale.ROOT)));
    try (FileOutputStream out = new FileOutputStream(args[1])) {
      out.write(elf);
    }
  }

  /**
   * The binary of an architecture, laid out as {@link Protocol} says.
   *
   * @param arch the architecture
   * @return the file's bytes
   */
  static byte[] elf(Arch arch) {
    Program program = Resident.build(arch);
    byte[] linked = new byte[program.linkedSize()];
    program.link(
        new Program.Addresses(
            0,
            Protocol.RESIDENT_CONSTANTS,
            Protocol.RESIDENT_VARIABLES,
            Protocol.RESIDENT_ZEROES,
            0),
        linked,
        0);
    byte[] text = InterpreterCode.start(arch);
    ByteBuffer.wrap(text)
        .order(ByteOrder.LITTLE_ENDIAN)
        .position(text.length - 24)
        .putLong(Protocol.RECORDS)
        .putLong(Protocol.SLOTS)
        .putLong(0);
    int records = program.size() * Instruction.SIZE;
    int variables = records + program.constantSize();
    long zeroes = Protocol.RESIDENT_ZEROES + program.zeroSize() - Protocol.ARENA;
    return ElfImage.write(
            arch,
            Protocol.TEXT,
            List.of(
                segment(Protocol.TEXT, ElfImage.PF_R | ElfImage.PF_X, text, 0, text.length),
                segment(Protocol.RESIDENT_CONSTANTS, ElfImage.PF_R, linked, records, variables),
                segment(
                    Protocol.RESIDENT_VARIABLES,
                    ElfImage.PF_R | ElfImage.PF_W,
                    linked,
                    variables,
                    linked.length),
                segment(Protocol.RECORDS, ElfImage.PF_R, linked, 0, records),
                new ElfImage.Segment(
                    Protocol.ARENA, ElfImage.PF_R | ElfImage.PF_W, new byte[8], zeroes)))
        .toByteArray();
  }

  private static ElfImage.Segment segment(long address, int flags, byte[] bytes, int from, int to) {
    return new ElfImage.Segment(address, flags, Arrays.copyOfRange(bytes, from, to), to - from);
  }
}
