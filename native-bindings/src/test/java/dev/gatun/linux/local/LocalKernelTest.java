package dev.gatun.linux.local;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs in this JVM. */
class LocalKernelTest {
  private final LocalKernel kernel = new LocalKernel();
  private final ProgramBuilder b = new ProgramBuilder(Arch.host());

  @Test
  void aProgramActsAsThisProcess() {
    Slot pid = b.slot("pid");
    b.sys(Syscall.GETPID).into(pid);
    assertEquals(ProcessHandle.current().pid(), kernel.run(b.build()).orThrow().slot(pid));
    assertEquals(Arch.host(), kernel.arch());
  }

  @Test
  void aProgramRunsAgainAsIfItWereNew() {
    Slot seen = b.slot("seen");
    Slot was = b.slot("was");
    Data variable = b.variable("variable", 8).u64(0, 5);
    Data output = b.output("output", 8);
    b.load(8, was, output.address(), imm(0));
    b.load(8, seen, variable.address(), imm(0));
    b.store(8, variable.address(), imm(0), imm(6));
    b.store(8, output.address(), imm(0), imm(7));
    Program program = b.build();
    for (int i = 0; i < 3; i++) {
      Kernel.Result result = kernel.run(program).orThrow();
      assertEquals(5, result.slot(seen));
      assertEquals(0, result.slot(was));
      assertEquals(7, result.bytes(output)[0]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 60_000, 70_000, 5 << 20, 24 << 20, 30 << 20})
  void whatAProgramWroteIsGoneForTheNext(int size) {
    Data room = b.output("room", size);
    Slot[] seen = new Slot[16];
    for (int i = 0; i < seen.length; i++) {
      seen[i] = b.slot("seen");
      int at = (int) ((long) (size - 8) * i / (seen.length - 1)) & -8;
      b.load(8, seen[i], room.address(), imm(at));
      b.store(8, room.address(), imm(at), imm(-1));
    }
    b.replyUpTo(room, imm(0));
    Program program = b.build();
    for (int i = 0; i < 3; i++) {
      Kernel.Result result = kernel.run(program).orThrow();
      for (Slot slot : seen) {
        assertEquals(0, result.slot(slot));
      }
    }
  }

  @Test
  void roomThatIsNotTouchedCostsNothing() throws Exception {
    Data room = b.output("room", 512 << 20);
    b.replyUpTo(room, imm(0));
    Program program = b.build();
    long before = residentKilobytes();
    for (int i = 0; i < 20; i++) {
      assertEquals(0, kernel.run(program).orThrow().bytes(room).length);
    }
    long after = residentKilobytes();
    assertTrue(after - before < 200_000, before + " kB, then " + after + " kB");
  }

  private static long residentKilobytes() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new AssertionError("no VmRSS");
  }

  @Test
  void aProgramForAnotherArchitectureIsRefused() {
    Arch other = Arch.host() == Arch.X86_64 ? Arch.AARCH64 : Arch.X86_64;
    Program program = new ProgramBuilder(other).build();
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> kernel.run(program));
    assertTrue(
        String.valueOf(e.getMessage()).contains("cannot run on " + Arch.host()), e.getMessage());
  }

  @Test
  void aProgramThatWouldEndTheJvmIsRefused() {
    b.step("wait", "");
    b.sys(Syscall.EXIT_GROUP, imm(1));
    Program program = b.build();
    UnsupportedOperationException e =
        assertThrows(UnsupportedOperationException.class, () -> kernel.finish(program));
    assertTrue(String.valueOf(e.getMessage()).startsWith("wait: "), e.getMessage());
  }

  @Test
  void aLastProgramThatComesBackIsRun() {
    kernel.finish(b.build());
    ProgramBuilder failing = new ProgramBuilder(Arch.host());
    failing.sys(Syscall.CLOSE, imm(-1));
    assertThrows(SyscallException.class, () -> kernel.finish(failing.build()));
  }

  @Test
  void memoryThatThereIsNotIsOneClearError() {
    SyscallException e =
        assertThrows(SyscallException.class, () -> Mapping.map("make room", Long.MAX_VALUE - 5000));
    assertTrue(String.valueOf(e.getMessage()).startsWith("make room: mmap(NULL, "), e.getMessage());
    assertTrue(
        String.valueOf(e.getMessage()).endsWith("ENOMEM (cannot allocate memory)"), e.getMessage());
    assertThrows(SyscallException.class, () -> Mapping.makeExecutable("x", 4096, 4096));
    assertThrows(SyscallException.class, () -> Mapping.unmap("x", 1, 4096));
  }
}
