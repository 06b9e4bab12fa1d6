package dev.gatun.linux.program;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Groups of records, run in this process. */
class IdiomsTest {
  private static final int SECCOMP_RET_ERRNO = 0x50000;
  private static final int SECCOMP_RET_ALLOW = 0x7fff0000;
  private static final int LOAD_WORD = 0x20;
  private static final int JUMP_EQUAL = 0x15;
  private static final int RETURN = 0x06;

  @TempDir Path directory;
  private final LocalKernel kernel = new LocalKernel();
  private final ProgramBuilder b = new ProgramBuilder(Arch.host());

  private Kernel.Result run() {
    return kernel.run(b.build());
  }

  // --- openat2

  @Test
  void openat2OpensAndAddsCloexec() {
    Slot fd = b.slot("fd");
    Slot flags = b.slot("flags");
    Idioms.openat2(
        b, imm(Constants.AT_FDCWD), b.string(directory.toString()), Constants.O_PATH, 0, 0, fd);
    b.sys(Syscall.FCNTL, fd, imm(Constants.F_GETFD)).into(flags);
    Idioms.close(b, fd);
    Kernel.Result result = run().orThrow();
    assertEquals(Constants.FD_CLOEXEC, result.slot(flags));
    assertEquals(0, result.slot(Slot.RETRIES));
  }

  @Test
  void openat2GoesElsewhereOnErrorsThatAreNoFailure() {
    Slot fd = b.slot("fd");
    Slot seen = b.slot("seen");
    b.set(seen, imm(0));
    Label missing = b.label("missing");
    Idioms.openat2(
        b,
        imm(Constants.AT_FDCWD),
        b.string(directory + "/none"),
        Constants.O_RDONLY,
        0,
        0,
        fd,
        missing,
        Errno.ELOOP,
        Errno.ENOENT);
    b.set(seen, imm(1));
    b.bind(missing);
    Kernel.Result result = run().orThrow();
    assertEquals(0, result.slot(seen));
    assertEquals(-Errno.ENOENT, result.slot(fd));
  }

  @Test
  void openat2FailsOnOtherErrorsThanThoseNamed() {
    Slot fd = b.slot("fd");
    Label missing = b.label("missing");
    String path = directory + "/none";
    b.step("open it", "/p");
    Idioms.openat2(b, imm(Constants.AT_FDCWD), b.string(path), 0, 0, 0, fd, missing, Errno.ELOOP);
    b.bind(missing);
    SyscallException failure = run().failure();
    assertNotNull(failure);
    assertEquals(
        "open it: openat2(AT_FDCWD, \""
            + path
            + "\", &open_how, 24): ENOENT (no such file or directory) [config.json /p]",
        failure.getMessage());
  }

  /** Runs on a thread whose openat2 says EAGAIN for ever; the thread is thrown away. */
  private Kernel.Result withoutOpenat2(Program program) throws Exception {
    ProgramBuilder filter = new ProgramBuilder(Arch.host());
    Data code = filter.constant("filter", 32);
    instruction(code, 0, LOAD_WORD, 0, 0, 0);
    instruction(code, 8, JUMP_EQUAL, 0, 1, Syscall.OPENAT2.number(Arch.host()));
    instruction(code, 16, RETURN, 0, 0, SECCOMP_RET_ERRNO | Errno.EAGAIN);
    instruction(code, 24, RETURN, 0, 0, SECCOMP_RET_ALLOW);
    Data fprog = filter.constant("fprog", 16).u16(0, 4).address(8, code.address());
    filter.sys(Syscall.PRCTL, imm(Constants.PR_SET_NO_NEW_PRIVS), imm(1), imm(0), imm(0), imm(0));
    filter.sys(Syscall.PRCTL, imm(Constants.PR_SET_SECCOMP), imm(2), fprog.address());
    Program before = filter.build();
    CompletableFuture<Kernel.Result> result = new CompletableFuture<>();
    Thread thread =
        new Thread(() -> {
          try {
            kernel.run(before).orThrow();
            result.complete(kernel.run(program));
          } catch (RuntimeException e) {
            result.completeExceptionally(e);
          }
        });
    thread.start();
    return result.get();
  }

  private static void instruction(Data code, int at, int op, int yes, int no, int k) {
    code.u16(at, op).u16(at + 2, yes | no << 8).u32(at + 4, k);
  }

  @Test
  void openat2GivesUpInTheEnd() throws Exception {
    Slot fd = b.slot("fd");
    Idioms.openat2(b, imm(Constants.AT_FDCWD), b.string("/"), Constants.O_PATH, 0, 0, fd);
    Kernel.Result result = withoutOpenat2(b.build());
    assertEquals(Errno.EAGAIN, result.errno());
    assertEquals(10_000, result.slot(Slot.RETRIES));
    SyscallException failure = result.failure();
    assertTrue(
        failure != null && failure.call().startsWith("openat2(AT_FDCWD, \"/\""), "" + failure);
  }

  @Test
  void openat2WithOtherOutcomesGivesUpInTheEnd() throws Exception {
    Slot fd = b.slot("fd");
    Label missing = b.label("missing");
    Idioms.openat2(b, imm(Constants.AT_FDCWD), b.string("/"), 0, 0, 0, fd, missing, Errno.ENOENT);
    b.bind(missing);
    Kernel.Result result = withoutOpenat2(b.build());
    assertEquals(Errno.EAGAIN, result.errno());
    assertEquals(10_000, result.slot(Slot.RETRIES));
  }

  @Test
  void whatIsTriedAgainSucceedsWhenItCan() {
    Data ends = b.buffer("pipe", 8);
    Slot read = b.slot("read");
    Slot write = b.slot("write");
    Slot tries = b.slot("tries");
    Data got = b.output("got", 8);
    pipe(ends, read, write, Constants.O_NONBLOCK);
    b.set(tries, imm(0));
    Label again = b.loop("again");
    Label notYet = b.label("not yet");
    b.alu(Function.ADD, tries, tries, imm(1));
    b.branch(Condition.NE, tries, imm(4), notYet);
    b.sys(Syscall.WRITE, write, b.string("x"), imm(1));
    b.bind(notYet);
    Instruction call = b.sys(Syscall.READ, read, got.address(), imm(8));
    call.tolerate(Errno.EAGAIN, Idioms.retry(b, again, call, Errno.EAGAIN));
    Idioms.close(b, read);
    Idioms.close(b, write);
    Kernel.Result result = run().orThrow();
    assertEquals(4, result.slot(tries));
    assertEquals(3, result.slot(Slot.RETRIES));
    assertEquals('x', result.bytes(got)[0]);
  }

  private void pipe(Data ends, Slot read, Slot write, int flags) {
    b.sys(Syscall.PIPE2, ends.address(), imm(Constants.O_CLOEXEC | flags));
    b.load(4, read, ends.address(), imm(0));
    b.load(4, write, ends.address(), imm(4));
  }

  // --- numbers

  @Test
  void decimalsAreThoseOfJava() {
    Random random = new Random(20260101);
    List<Long> numbers = new ArrayList<>(List.of(0L, 1L, 9L, 10L, 99L, 100L, -1L, Long.MIN_VALUE));
    for (int i = 0; i < 300; i++) {
      numbers.add(random.nextLong() >>> random.nextInt(64));
    }
    int room = 24;
    Data text = b.output("text", room * numbers.size());
    List<Slot> firsts = new ArrayList<>();
    Slot value = b.slot("value");
    for (int i = 0; i < numbers.size(); i++) {
      b.set(value, imm(numbers.get(i)));
      Slot first = b.slot("first");
      b.set(first, Idioms.formatDecimal(b, value, text.at(room * (i + 1))));
      firsts.add(first);
    }
    Kernel.Result result = run().orThrow();
    byte[] bytes = result.bytes(text);
    for (int i = 0; i < numbers.size(); i++) {
      int from = (int) (result.slot(firsts.get(i)) - result.slot(Slot.REPLY_START));
      assertEquals(
          Long.toUnsignedString(numbers.get(i)),
          new String(Arrays.copyOfRange(bytes, from, room * (i + 1)), StandardCharsets.US_ASCII));
    }
  }

  @Test
  void pathsWithPidsMeanTheSameAsThosePrinted() {
    Random random = new Random(20260102);
    List<Integer> pids = new ArrayList<>(List.of(1, 9, 10, 4194304, Integer.MAX_VALUE));
    for (int i = 0; i < 100; i++) {
      pids.add(1 + (random.nextInt() >>> (1 + random.nextInt(30))));
    }
    int size = 32;
    Data text = b.output("text", size * pids.size());
    Slot pid = b.slot("pid");
    Slot word = b.slot("word");
    for (int i = 0; i < pids.size(); i++) {
      b.set(pid, imm(pids.get(i)));
      Addr path = Idioms.pidPath(b, "/proc/", pid, "/stat");
      for (int at = 0; at < 24; at += 8) {
        b.load(8, word, path, imm(at));
        b.store(8, text.at(size * i + at), imm(0), word);
      }
    }
    byte[] bytes = run().orThrow().bytes(text);
    for (int i = 0; i < pids.size(); i++) {
      String path = new String(bytes, size * i, size, StandardCharsets.US_ASCII);
      path = path.substring(0, path.indexOf('\0'));
      assertEquals("/proc/" + pids.get(i) + "/stat", path.replaceAll("/+", "/"));
    }
  }

  @Test
  void aPathWithThePidOfThisProcessIsOpened() {
    Slot pid = b.slot("pid");
    Slot fd = b.slot("fd");
    Data stat = b.output("stat", 1024);
    b.sys(Syscall.GETPID).into(pid);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            Idioms.pidPath(b, "/proc/", pid, "/stat"),
            imm(Constants.O_CLOEXEC))
        .into(fd);
    b.replyUpTo(stat, Idioms.readAll(b, fd, stat));
    Idioms.close(b, fd);
    String text = new String(run().orThrow().bytes(stat), StandardCharsets.UTF_8);
    assertTrue(text.startsWith(ProcessHandle.current().pid() + " ("), text);
  }

  // --- reading and writing

  @ParameterizedTest
  @CsvSource({"0, 100", "1, 100", "99, 100", "100, 100", "101, 100", "3000000, 4194304"})
  void filesAreReadToTheirEndOrUntilTheBufferIsFull(int length, int room) throws Exception {
    byte[] contents = new byte[length];
    new Random(length).nextBytes(contents);
    Path file = Files.write(directory.resolve("file"), contents);
    Slot fd = b.slot("fd");
    Data buffer = b.output("buffer", room);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(file.toString()),
            imm(Constants.O_CLOEXEC))
        .into(fd);
    Slot total = Idioms.readAll(b, fd, buffer);
    b.replyUpTo(buffer, total);
    Idioms.close(b, fd);
    Kernel.Result result = run().orThrow();
    assertEquals(Math.min(length, room), result.slot(total));
    assertArrayEquals(Arrays.copyOf(contents, Math.min(length, room)), result.bytes(buffer));
  }

  @Test
  void whatComesInPiecesIsPutTogether() {
    Data ends = b.buffer("pipe", 8);
    Slot read = b.slot("read");
    Slot write = b.slot("write");
    // With O_DIRECT each read brings one write.
    pipe(ends, read, write, Arch.host().O_DIRECT());
    for (String piece : List.of("a", "bcd", "efghijklmnop", "q")) {
      Idioms.writeAll(b, write, piece.getBytes(StandardCharsets.US_ASCII));
    }
    Idioms.writeAll(b, write, new byte[0]);
    Idioms.close(b, write);
    Data buffer = b.output("buffer", 100);
    b.store(1, buffer.address(), imm(0), imm('>'));
    Slot total = b.slot("total");
    b.set(total, imm(1));
    Idioms.append(b, read, buffer, total);
    Idioms.close(b, read);
    b.replyUpTo(buffer, total);
    Kernel.Result result = run().orThrow();
    assertEquals(">abcdefghijklmnopq", new String(result.bytes(buffer), StandardCharsets.US_ASCII));
  }

  @Test
  void aShortWriteIsGoneOnWith() {
    Data ends = b.buffer("pipe", 8);
    Slot read = b.slot("read");
    Slot write = b.slot("write");
    pipe(ends, read, write, Constants.O_NONBLOCK);
    Slot size = b.slot("size");
    b.sys(Syscall.FCNTL, write, imm(Constants.F_SETPIPE_SZ), imm(4096)).into(size);
    byte[] much = new byte[150_000];
    new Random(1).nextBytes(much);
    Data buffer = b.output("buffer", much.length);
    Slot total = b.slot("total");
    Label full = b.label("full");
    Label end = b.label("end");
    b.onFailure(full);
    Idioms.writeAll(b, write, much);
    b.jump(end);
    // The pipe took the first part, and the call after it said that it is full.
    b.bind(full);
    b.onFailure(end);
    Idioms.close(b, write);
    b.set(total, imm(0));
    Idioms.append(b, read, buffer, total);
    b.bind(end);
    Idioms.close(b, read);
    Kernel.Result result = run();
    assertEquals(Errno.EAGAIN, result.errno());
    int carried = (int) result.slot(total);
    assertEquals(result.slot(size), carried);
    assertArrayEquals(Arrays.copyOf(much, carried), result.bytes(buffer, carried));
    SyscallException failure = result.failure();
    assertNotNull(failure);
    assertTrue(failure.call().endsWith(", " + (much.length - carried) + ")"), failure.call());
  }

  @Test
  void muchIsWrittenToASlowReader() throws Exception {
    Path fifo = directory.resolve("fifo");
    ProgramBuilder make = new ProgramBuilder(Arch.host());
    make.sys(
        Syscall.MKNODAT,
        imm(Constants.AT_FDCWD),
        make.string(fifo.toString()),
        imm(Constants.S_IFIFO | 0600),
        imm(0));
    kernel.run(make.build()).orThrow();
    byte[] much = new byte[1_000_000];
    new Random(2).nextBytes(much);
    CompletableFuture<byte[]> read =
        CompletableFuture.supplyAsync(() -> {
          try (var in = Files.newInputStream(fifo)) {
            return in.readAllBytes();
          } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        });
    Slot fd = b.slot("fd");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(fifo.toString()),
            imm(Constants.O_WRONLY | Constants.O_CLOEXEC))
        .into(fd);
    Idioms.writeAll(b, fd, much);
    Idioms.close(b, fd);
    run().orThrow();
    assertArrayEquals(much, read.get());
  }

  // --- descriptors

  /** Whether a number is open in this process. */
  private boolean isOpen(long fd) {
    ProgramBuilder ask = new ProgramBuilder(Arch.host());
    ask.sys(Syscall.FCNTL, imm(fd), imm(Constants.F_GETFD));
    return !kernel.run(ask.build()).failed();
  }

  private Slot open(Slot into) {
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string("/"),
            imm(Constants.O_PATH | Constants.O_CLOEXEC))
        .into(into);
    return into;
  }

  @Test
  void descriptorsAreClosedWhenTheProgramFails() {
    Descriptors descriptors = new Descriptors(b);
    Slot seen = b.slot("copy");
    Slot closed = open(descriptors.fd("closed", null));
    descriptors.close(closed);
    Slot kept = b.slot("kept");
    descriptors.keep(kept);
    open(kept);
    // Added after the records that open it.
    Slot late = open(b.slot("late"));
    descriptors.add(late);
    b.set(seen, late);
    b.fail(Errno.EIO);
    Slot never = descriptors.fd("never", null);
    Kernel.Result result = run();
    assertEquals(Errno.EIO, result.errno());
    assertTrue(!isOpen(result.slot(seen)), "closed on failure");
    assertEquals(-1, result.slot(closed));
    assertEquals(-1, result.slot(never));
    assertTrue(isOpen(result.slot(kept)), "kept");
    ProgramBuilder end = new ProgramBuilder(Arch.host());
    end.sys(Syscall.CLOSE, imm(result.slot(kept)));
    assertNull(kernel.run(end.build()).failure());
  }

  @Test
  void descriptorsStayOpenWhenTheProgramSucceeds() {
    Descriptors descriptors = new Descriptors(b);
    Slot one = open(descriptors.fd("one", null));
    Kernel.Result result = run().orThrow();
    assertTrue(isOpen(result.slot(one)));
    ProgramBuilder next = new ProgramBuilder(Arch.host());
    Descriptors taken = new Descriptors(next);
    taken.take("one", imm(result.slot(one)));
    taken.closeAll();
    kernel.run(next.build()).orThrow();
    assertTrue(!isOpen(result.slot(one)));
  }
}
