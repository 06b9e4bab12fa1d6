package dev.gatun.runtime.caller;

import dev.gatun.linux.Arch;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Runs programs in the process that called {@code gatun}. */
public final class CallerKernel implements Kernel {
  private final Arch arch;
  private final InputStream in;
  private final OutputStream out;
  private final List<String> arguments = new ArrayList<>();
  private final List<String> environment = new ArrayList<>();

  /**
   * Takes up the conversation: reads the caller's command line.
   *
   * <p>Programs are built for the caller's architecture, whatever this JVM's is.
   *
   * @param in what the caller says
   * @param out what it hears
   */
  public CallerKernel(InputStream in, OutputStream out) {
    this.in = in;
    this.out = out;
    byte[] hello = receive(Protocol.HELLO);
    arch = Arch.ofElfMachine((int) u64(hello, 0));
    long argc = u64(hello, 0) >>> 32;
    int begin = 8;
    for (int i = begin; i < hello.length; i++) {
      if (hello[i] == 0) {
        String text = new String(hello, begin, i - begin, StandardCharsets.UTF_8);
        (arguments.size() < argc ? arguments : environment).add(text);
        begin = i + 1;
      }
    }
  }

  /** The caller's arguments, with the name it was called by first. */
  public List<String> arguments() {
    return arguments;
  }

  /** The caller's environment, {@code NAME=value} each. */
  public List<String> environment() {
    return environment;
  }

  @Override
  public Arch arch() {
    return arch;
  }

  @Override
  public Result run(Program program) {
    send(program);
    byte[] reply = receive(Protocol.REPLY);
    int slotBytes = program.slotCount() * 8;
    long[] slots = new long[program.slotCount()];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = u64(reply, i * 8);
    }
    return new Result(program, Protocol.RESIDENT_RECORDS, slots, reply, slotBytes, reply.length);
  }

  @Override
  public void finish(Program program) {
    send(program);
  }

  private void send(Program program) {
    if (program.slotCount() > Protocol.RESIDENT_SLOTS) {
      throw new IllegalStateException("a program of " + program.slotCount() + " slots");
    }
    int size = program.linkedSize();
    if (size > Protocol.MAX_BODY || size + (long) program.zeroSize() > Protocol.ARENA_SIZE) {
      throw new IllegalStateException("a program of " + size + " bytes");
    }
    long constants = Protocol.ARENA + (long) program.size() * Instruction.SIZE;
    long variables = constants + program.constantSize();
    long zeroes = variables + program.variableSize();
    byte[] frame = new byte[Protocol.HEADER + size];
    u32(frame, 0, size);
    u32(frame, 4, Protocol.RUN);
    u32(frame, 8, (int) zeroes);
    u32(frame, 16, program.slotCount() * 8);
    program.link(
        new Program.Addresses(
            Protocol.RESIDENT_RECORDS, constants, variables, zeroes, Protocol.REPLY_RECORD),
        frame,
        Protocol.HEADER);
    try {
      out.write(frame);
    } catch (IOException e) {
      throw new UncheckedIOException("the caller is gone", e);
    }
  }

  private byte[] receive(int kind) {
    try {
      byte[] header = new byte[Protocol.HEADER];
      fill(header);
      int length = (int) u64(header, 0);
      int found = (int) (u64(header, 0) >>> 32);
      if (found != kind) {
        throw new IllegalStateException("frame of kind " + found + " instead of " + kind);
      }
      byte[] body = new byte[length];
      fill(body);
      return body;
    } catch (IOException e) {
      throw new UncheckedIOException("the caller is gone", e);
    }
  }

  private void fill(byte[] target) throws IOException {
    if (in.readNBytes(target, 0, target.length) != target.length) {
      throw new EOFException("end of file in a frame");
    }
  }

  private static long u64(byte[] bytes, int position) {
    long value = 0;
    for (int i = 7; i >= 0; i--) {
      value = value << 8 | (bytes[position + i] & 0xff);
    }
    return value;
  }

  private static void u32(byte[] bytes, int position, int value) {
    for (int i = 0; i < 4; i++) {
      bytes[position + i] = (byte) (value >>> (8 * i));
    }
  }
}
