package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.image.ImageLayout;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Listing;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Executes what {@link RootfsCompiler} makes of a bundle, and then a shell in the new root. */
final class RootfsRun {
  private static final int FAILED = 99;
  private static final int HEAD = 16;

  private RootfsRun() {}

  /**
   * What came of it.
   *
   * @param status the shell's exit status
   * @param out what it wrote to standard output
   * @param err what it wrote to standard error, or the message of the record that failed
   */
  record Result(int status, String out, String err) {
    String succeeded() {
      if (status != 0 || !err.isEmpty()) {
        throw new AssertionError("status " + status + ": " + err + "\n" + out);
      }
      return out;
    }

    String failed() {
      if (status != FAILED) {
        throw new AssertionError("no record failed: status " + status + ": " + err + "\n" + out);
      }
      return err;
    }
  }

  static Spec spec(String json) {
    return SpecReader.readValid(json.getBytes(UTF_8), "config.json");
  }

  /** The records, a private procfs before them and a shell behind them. */
  static Program program(Spec spec, String bundle, boolean noPivot, String script) {
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    Label failed = b.label("failed");
    b.onFailure(failed);
    b.step("open a private procfs", "");
    Slot context = b.slot("context");
    Slot procfs = b.fd("procfs", "/proc");
    b.sys(Syscall.FSOPEN, b.string("proc"), imm(Constants.FSOPEN_CLOEXEC)).into(context);
    b.sys(Syscall.FSCONFIG, context, imm(Constants.FSCONFIG_CMD_CREATE));
    b.sys(Syscall.FSMOUNT, context, imm(Constants.FSMOUNT_CLOEXEC), imm(0)).into(procfs);
    Idioms.close(b, context);
    new RootfsCompiler(b, spec, bundle, noPivot).compile(procfs);
    Idioms.close(b, procfs);
    b.step("execute a shell", "");
    Addr shell = b.string("/bin/busybox");
    List<Addr> argv = List.of(b.string("sh"), b.string("-c"), b.string(script));
    List<Addr> envp = List.of(b.string("PATH=/bin"));
    b.sys(
        Syscall.EXECVE,
        shell,
        b.pointers("argv", argv).address(),
        b.pointers("envp", envp).address());
    b.bind(failed);
    Data report = b.buffer("report", HEAD);
    b.store(8, report.address(), imm(0), Slot.FAILED_RECORD);
    b.store(8, report.address(), imm(8), Slot.FAILED_ERRNO);
    b.sys(Syscall.WRITE, imm(2), report.address(), imm(HEAD));
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

  /** The message of a failure that a program reported on its standard error. */
  static String failure(Program program, byte[] report) {
    ByteBuffer words = ByteBuffer.wrap(report).order(ByteOrder.LITTLE_ENDIAN);
    SyscallException failure =
        Listing.failure(
            program,
            (int) words.getLong(0),
            (int) -words.getLong(8),
            new long[program.slotCount()]);
    return String.valueOf(failure.getMessage());
  }

  /**
   * Runs a program in new namespaces.
   *
   * @param program the program
   * @param unshare options of unshare(1), beside {@code -m}, or none for a new PID, IPC, network,
   *     UTS and cgroup namespace
   */
  static Result run(Program program, String... unshare) throws IOException, InterruptedException {
    Path image = Files.createTempFile("gatun", "image");
    Path out = Files.createTempFile("gatun", "out");
    Path err = Files.createTempFile("gatun", "err");
    try {
      Files.write(image, elf(program));
      if (!image.toFile().setExecutable(true)) {
        throw new IOException("no execute permission for " + image);
      }
      List<String> command = new ArrayList<>(List.of("unshare", "-m", "--propagation"));
      command.add("unchanged");
      command.addAll(
          unshare.length > 0
              ? Arrays.asList(unshare)
              : List.of("-p", "-f", "-i", "-n", "-u", "-C"));
      command.add("--");
      command.add(image.toString());
      Process process =
          new ProcessBuilder(command)
              .redirectInput(Path.of("/dev/null").toFile())
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("it still runs after a minute");
      }
      byte[] errors = Files.readAllBytes(err);
      String message = new String(errors, UTF_8);
      if (process.exitValue() == FAILED && errors.length == HEAD) {
        message = failure(program, errors);
      }
      return new Result(process.exitValue(), Files.readString(out), message);
    } finally {
      Files.delete(image);
      Files.delete(out);
      Files.delete(err);
    }
  }
}
