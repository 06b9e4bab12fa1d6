package dev.gatun.linux.program;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What people are shown. */
class ListingTest {
  private final ProgramBuilder b = new ProgramBuilder(Arch.X86_64);

  @Test
  void aSmallProgram() {
    Slot fd = b.fd("file", "/etc/passwd");
    Slot count = b.slot("count");
    Data buffer = b.buffer("buffer", 16);
    b.step("read it", "/process");
    Label none = b.label("none");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string("/etc/\"passwd\n"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(fd)
        .tolerate(Errno.ENOENT, none);
    Label again = b.loop("again");
    b.sys(Syscall.READ, fd, buffer.at(8), imm(8)).into(count).tolerate(Errno.EINTR, again);
    b.sys(Syscall.CLOSE, fd).tolerateAny();
    b.step("compute", "");
    b.alu(Function.UDIV, count, count, imm(10));
    b.alu(Function.SHL, count, imm(-5000), count);
    b.load(4, count, buffer.address(), imm(4));
    b.store(1, count, imm(0), imm('x'));
    b.branch(Condition.TEST, count, imm(0x10000), none);
    b.branch(Condition.LTU, count, imm(5), again);
    b.jump(none);
    b.bind(none);
    b.end(count);
    assertEquals(
        """
             0  onfail = finish (15)
             1  failed = -1
             2  replyend = reply
             3  retries = 0
        read it [/process]
             4  file = openat(AT_FDCWD, "/etc/\\"passwd\\n", O_RDONLY|O_CLOEXEC, 0) or ENOENT\
         -> none (14)
             5  count = read(file</etc/passwd>, &buffer+8, 8) or EINTR -> again (5)
             6  close(file</etc/passwd>) or any error
        compute
             7  count = count / 10
             8  count = 0xffffffffffffec78 << count
             9  count = [&buffer + 4] : 4
            10  [count] : 1 = 120
            11  if count & 0x10000 -> none (14)
            12  if count <u 5 -> again (5)
            13  go -> none (14)
            14  end count

            15  end 0
        """,
        Listing.of(b.build()));
  }

  @Test
  void everyConditionAndFunction() {
    Slot x = b.slot("x");
    Label end = b.label("end");
    for (Condition condition : Condition.values()) {
      b.branch(condition, x, imm(1), end);
    }
    for (Function function : Function.values()) {
      b.alu(function, x, x, imm(2));
    }
    b.bind(end);
    StringBuilder lines = new StringBuilder();
    Program program = b.build();
    for (int i = ProgramBuilder.PROLOGUE; i < program.size() - 1; i++) {
      lines.append(Listing.line(program, i)).append('\n');
    }
    assertEquals(
        """
        if x == 1 -> end (17)
        if x != 1 -> end (17)
        if x < 1 -> end (17)
        if x <u 1 -> end (17)
        if x & 1 -> end (17)
        x = x + 2
        x = x - 2
        x = x & 2
        x = x | 2
        x = x << 2
        x = x >> 2
        x = x / 2
        x = x % 2
        """,
        lines.toString());
  }

  /** A result as a kernel would make it, of a program of whose records one failed. */
  private static Kernel.Result failed(Program program, int record, int first, int errno, Slot fd) {
    long[] slots = new long[program.slotCount()];
    slots[0] = (long) record + first;
    slots[1] = -errno;
    slots[fd.number()] = 9;
    return new Kernel.Result(program, first, slots, new byte[0], 0, 0);
  }

  @Test
  void failuresAreToldAsStraceWould() {
    Slot fd = b.fd("proc", "/proc");
    b.step("mount /proc", "/mounts/0");
    b.sys(
        Syscall.MOVE_MOUNT,
        imm(7),
        b.string(""),
        fd,
        b.string(""),
        imm(Constants.MOVE_MOUNT_F_EMPTY_PATH | Constants.MOVE_MOUNT_T_EMPTY_PATH));
    Program program = b.build();
    String message =
        "mount /proc: move_mount(7, \"\", 9</proc>, \"\","
            + " MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH): EPERM (operation not permitted)"
            + " [config.json /mounts/0]";
    for (int first : new int[] {0, 1024}) {
      SyscallException failure = failed(program, 4, first, Errno.EPERM, fd).failure();
      assertEquals(message, String.valueOf(failure == null ? null : failure.getMessage()));
    }
  }

  @Test
  void aRecordThatIsNoneIsSaidToBe() {
    Slot fd = b.slot("fd");
    Program program = b.build();
    SyscallException failure = failed(program, 4000, 0, Errno.EIO, fd).failure();
    assertEquals(
        "record 4000, which the program has not: EIO (input/output error)",
        String.valueOf(failure == null ? null : failure.getMessage()));
  }

  @Test
  void resultsWithoutFailureHaveNone() {
    Program program = b.build();
    long[] slots = new long[program.slotCount()];
    slots[0] = -1;
    slots[1] = -5;
    Kernel.Result result = new Kernel.Result(program, 0, slots, new byte[0], 0, 0);
    assertNull(result.failure());
    assertEquals(0, result.errno());
    assertEquals(result, result.orThrow());
  }

  @Test
  void outputsAreFoundWhereTheKernelPutThem() {
    Data first = b.output("first", 2);
    Data last = b.output("last", 8);
    Program program = b.build();
    byte[] frame = "....AB......lasting".getBytes(StandardCharsets.US_ASCII);
    Kernel.Result result =
        new Kernel.Result(program, 0, new long[program.slotCount()], frame, 4, frame.length);
    assertEquals("AB", new String(result.bytes(first), StandardCharsets.US_ASCII));
    assertEquals("lasting", new String(result.bytes(last), StandardCharsets.US_ASCII));
    Kernel.Result cut = new Kernel.Result(program, 0, new long[program.slotCount()], frame, 4, 5);
    assertEquals(1, cut.bytes(first).length);
    assertEquals(0, cut.bytes(last).length);
  }
}
