package dev.gatun.runtime.process;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.image.ImageLayout;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Listing;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Programs as executables, and what came of executing them. */
final class TestImage {
  private static final int FAILED = 99;

  private TestImage() {}

  /**
   * What an executed program did.
   *
   * @param status its exit status
   * @param out what was written to standard output
   * @param failure the system call that failed, null when the program did not fail
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares runs
  record Run(int status, byte[] out, @Nullable SyscallException failure) {
    String text() {
      if (failure != null) {
        throw new AssertionError(failure.getMessage());
      }
      return new String(out, java.nio.charset.StandardCharsets.UTF_8);
    }

    String message() {
      if (failure == null) {
        throw new AssertionError(
            "no failure: " + new String(out, java.nio.charset.StandardCharsets.UTF_8));
      }
      return String.valueOf(failure.getMessage());
    }
  }

  /** A program whose failures can be told from what it writes to standard error. */
  static ProgramBuilder begin(Label[] failed) {
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    failed[0] = b.label("failed");
    b.onFailure(failed[0]);
    return b;
  }

  /** Ends such a program. */
  static Program finish(ProgramBuilder b, Label[] failed) {
    b.bind(failed[0]);
    Data report = b.buffer("report", 16);
    b.store(8, report.address(), imm(0), Slot.FAILED_RECORD);
    b.store(8, report.address(), imm(8), Slot.FAILED_ERRNO);
    b.sys(Syscall.WRITE, imm(2), report.address(), imm(16));
    b.end(imm(FAILED));
    return b.build();
  }

  static byte[] elf(Program program) {
    ImageLayout layout =
        new ImageLayout(
            program.arch(),
            program.size(),
            0,
            program.constantSize(),
            program.slotCount(),
            program.variableSize(),
            program.zeroSize());
    byte[] linked = new byte[program.linkedSize()];
    program.link(
        new Program.Addresses(
            0, layout.constantsAddress(), layout.variablesAddress(), layout.zeroesAddress(), 0),
        linked,
        0);
    return layout.emit(0, linked, 0).toByteArray();
  }

  static void write(Path file, Program program) throws IOException {
    Files.write(file, elf(program));
    assertTrue(file.toFile().setExecutable(true, false));
  }

  /** Writes an executable and runs it behind a command, in a directory, which it may write to. */
  static Run run(Program program, Path directory, Path file, String... command)
      throws IOException, InterruptedException {
    write(file, program);
    Path out = Files.createTempFile("gatun", "out");
    Path err = Files.createTempFile("gatun", "err");
    try {
      List<String> all = new ArrayList<>(Arrays.asList(command));
      if (all.isEmpty()) {
        all.add(file.toString());
      }
      Process process =
          new ProcessBuilder(all)
              .directory(directory.toFile())
              .redirectInput(new java.io.File("/dev/null"))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("it still runs after a minute");
      }
      byte[] errors = Files.readAllBytes(err);
      SyscallException failure = null;
      if (process.exitValue() == FAILED && errors.length == 16) {
        ByteBuffer words = ByteBuffer.wrap(errors).order(ByteOrder.LITTLE_ENDIAN);
        failure =
            Listing.failure(
                program,
                (int) words.getLong(0),
                (int) -words.getLong(8),
                new long[program.slotCount()]);
      } else if (errors.length > 0) {
        throw new AssertionError(new String(errors, java.nio.charset.StandardCharsets.UTF_8));
      }
      return new Run(process.exitValue(), Files.readAllBytes(out), failure);
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** A program that writes its arguments and its environment, each with a NUL behind it. */
  static Program show() {
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    Slot first = b.slot("first");
    Slot at = b.slot("at");
    Slot last = b.slot("last");
    Slot t = b.slot("t");
    Label out = b.label("out");
    b.load(8, first, Slot.STACK, imm(8));
    b.load(8, t, Slot.STACK, imm(0));
    b.alu(dev.gatun.linux.program.Op.Function.SHL, t, t, imm(3));
    b.alu(dev.gatun.linux.program.Op.Function.ADD, at, Slot.STACK, t);
    b.load(8, last, at, imm(0));
    b.alu(dev.gatun.linux.program.Op.Function.ADD, at, at, imm(16));
    Label next = b.loop("next variable");
    Label end = b.label("end");
    b.load(8, t, at, imm(0));
    b.branch(Condition.EQ, t, imm(0), end);
    b.set(last, t);
    b.alu(dev.gatun.linux.program.Op.Function.ADD, at, at, imm(8));
    b.jump(next);
    b.bind(end);
    Label byteLoop = b.loop("next byte");
    b.load(1, t, last, imm(0));
    b.alu(dev.gatun.linux.program.Op.Function.ADD, last, last, imm(1));
    b.branch(Condition.NE, t, imm(0), byteLoop);
    b.bind(out);
    b.alu(dev.gatun.linux.program.Op.Function.SUB, last, last, first);
    b.sys(Syscall.WRITE, imm(1), first, last);
    b.end(imm(0));
    return b.build();
  }

  /** Opens a directory by its path. */
  static Slot open(ProgramBuilder b, String path) {
    Slot fd = b.fd("directory", path);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(path),
            imm(Constants.O_PATH | Constants.O_CLOEXEC))
        .into(fd);
    return fd;
  }
}
