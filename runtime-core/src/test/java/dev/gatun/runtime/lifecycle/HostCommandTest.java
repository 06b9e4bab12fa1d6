package dev.gatun.runtime.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Errno;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Kernel;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.lifecycle.HostCommand.Answer;
import dev.gatun.runtime.lifecycle.HostCommand.Cause;
import dev.gatun.runtime.lifecycle.HostCommand.Question;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Programs of the host, as this JVM runs them. Whatever they do, nothing of them is left. */
@Timeout(60)
class HostCommandTest {
  private static final byte[] NOTHING = new byte[0];

  private final Kernel kernel = new LocalKernel();
  private Map<String, String> open = Map.of();

  @TempDir Path directory;

  @BeforeEach
  void remember() throws IOException {
    // Classes and libraries that the first run opens stay open.
    sh("exit 0", NOTHING);
    open = LocalContainers.descriptors();
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    assertEquals(open, LocalContainers.descriptors());
    assertFalse(LocalContainers.hasChild(kernel));
  }

  private Answer ask(String path, List<String> arguments, Question question) {
    return HostCommand.ask(kernel, path, arguments, List.of("A=1 2", "PATH=/usr/bin"), question);
  }

  private Answer sh(String script, byte[] input) {
    return ask("/bin/sh", List.of("sh", "-c", script), new Question(input, 1 << 16, 30));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void outputAndErrorsAreKeptApart() {
    Answer answer = sh("echo out; echo err >&2; echo \"$A\"; exit 3", NOTHING);
    assertEquals(Cause.EXITED, answer.cause());
    assertEquals(3, answer.number());
    assertEquals("out\n1 2\n", text(answer.output()));
    assertEquals("err\n", text(answer.errors()));
  }

  @Test
  void theInputIsReadFromItsBeginningToItsEnd() {
    byte[] input = new byte[3 << 20];
    new Random(1).nextBytes(input);
    // More than a pipe holds, written by one that reads nothing before it has written.
    Answer answer =
        ask(
            "/bin/sh",
            List.of("sh", "-c", "head -c 300000 /dev/zero; wc -c; exec cat /dev/stdin"),
            new Question(input, 4 << 20, 30));
    assertEquals(0, answer.number(), text(answer.errors()));
    byte[] output = answer.output();
    byte[] count = "3145728\n".getBytes(StandardCharsets.UTF_8);
    assertEquals(300_000 + count.length + input.length, output.length);
    for (int i = 0; i < input.length; i++) {
      if (output[300_000 + count.length + i] != input[i]) {
        throw new AssertionError("byte " + i);
      }
    }
    // One that never reads holds nobody up.
    assertEquals(0, sh("exit 0", input).number());
    assertEquals("", text(sh("cat", NOTHING).output()));
  }

  @Test
  void ofErrorsTheLastAreKept() {
    Answer answer = sh("seq 1 30000 >&2; echo end >&2", NOTHING);
    assertEquals(HostCommand.ERRORS, answer.errors().length);
    assertTrue(text(answer.errors()).endsWith("29999\n30000\nend\n"), text(answer.errors()));
  }

  @Test
  void oneThatIsKilledSaysBySignal() {
    Answer answer = sh("echo said >&2; kill -TERM $$", NOTHING);
    assertEquals(Cause.SIGNALLED, answer.cause());
    assertEquals(15, answer.number());
    assertEquals("said\n", text(answer.errors()));
  }

  @Test
  void oneThatTakesTooLongIsKilledWithItsProcessGroup() throws Exception {
    Path pids = directory.resolve("pids");
    long begun = System.nanoTime();
    Answer answer =
        ask(
            "/bin/sh",
            List.of(
                "sh",
                "-c",
                "trap '' TERM INT; sleep 1000 & echo $$ $! > " + pids + "; echo began; wait"),
            new Question(NOTHING, 1 << 16, 1));
    assertTrue(System.nanoTime() - begun < 20_000_000_000L);
    assertEquals(Cause.TIMED_OUT, answer.cause());
    assertEquals(1, answer.number());
    assertEquals("began\n", text(answer.output()));
    for (String pid : Files.readString(pids).strip().split(" ", -1)) {
      awaitEnd(Long.parseLong(pid));
    }
  }

  @Test
  void oneThatWritesTooMuchIsKilled() throws Exception {
    Path pids = directory.resolve("pids");
    Answer answer =
        ask(
            "/bin/sh",
            // Both are written down before anything is written that could end them.
            List.of(
                "sh",
                "-c",
                "echo $$ > $0; sh -c 'echo $$ >> $0; exec cat /dev/zero' $0 & wait",
                pids.toString()),
            new Question(NOTHING, 100_000, 30));
    assertEquals(Cause.WROTE_TOO_MUCH, answer.cause());
    assertEquals(100_000, answer.number());
    for (String pid : Files.readString(pids).strip().split("\n", -1)) {
      awaitEnd(Long.parseLong(pid));
    }
  }

  @Test
  void whoIsLeftBehindWithTheOutputIsNotWaitedFor() throws Exception {
    Path pid = directory.resolve("pid");
    long begun = System.nanoTime();
    Answer answer = sh("setsid sleep 1000 & echo $! > " + pid + "; echo done; exit 4", NOTHING);
    assertTrue(System.nanoTime() - begun < 20_000_000_000L);
    assertEquals(4, answer.number());
    assertEquals("done\n", text(answer.output()));
    long left = Long.parseLong(Files.readString(pid).strip());
    assertTrue(ProcessHandle.of(left).isPresent());
    ProcessHandle.of(left).ifPresent(ProcessHandle::destroyForcibly);
    awaitEnd(left);
  }

  @Test
  void whatIsWrittenDirectlyBeforeTheEndIsNotLost() {
    for (int i = 0; i < 50; i++) {
      Answer answer = sh("head -c 60000 /dev/zero; exit 1", NOTHING);
      assertEquals(60_000, answer.output().length);
      assertEquals(1, answer.number());
    }
  }

  @Test
  void whatCannotBeExecutedIsAnAnswer() throws IOException {
    Answer missing = ask("/no/such/file", List.of("x"), new Question(NOTHING, 10, 1));
    assertEquals(Cause.NOT_EXECUTED, missing.cause());
    assertEquals(Errno.ENOENT, missing.number());
    Path plain = Files.writeString(directory.resolve("plain"), "text");
    Answer refused = ask(plain.toString(), List.of("x"), new Question(NOTHING, 10, 1));
    assertEquals(Cause.NOT_EXECUTED, refused.cause());
    assertEquals(Errno.EACCES, refused.number());
    assertEquals(0, refused.output().length);
  }

  @Test
  void itHasOnlyItsOwnDescriptorsSignalsAndProcessGroup() {
    List<String> seen =
        new ArrayList<>(
            List.of(
                text(sh(
                            "ls /proc/self/fd | tr '\\n' ' '; echo; "
                                + "grep -E 'SigBlk|SigIgn' /proc/self/status | cut -f2;"
                                + " ps -o pgid= -p $$ | tr -d ' '; echo $$",
                            NOTHING)
                        .output())
                    .split("\n", -1)));
    // ls has the directory open too.
    assertEquals("0 1 2 3 ", seen.get(0));
    assertEquals("0000000000000000", seen.get(1));
    assertEquals("0000000000000000", seen.get(2));
    assertEquals(seen.get(4), seen.get(3));
  }

  @Test
  void limitsHaveToBeLimits() {
    for (Runnable wrong :
        List.<Runnable>of(
            () -> new Question(NOTHING, 0, 1),
            () -> new Question(NOTHING, 1, 0),
            () -> new Question(NOTHING, HostCommand.MAX_OUTPUT + 1, 1))) {
      assertThrows(IllegalArgumentException.class, wrong::run);
    }
  }

  // --- those that are only run

  @Test
  void oneThatIsRunHasItsOutputInOrder() {
    HostCommand.Result result =
        HostCommand.run(
            kernel,
            List.of("/no/such/sh", "/bin/sh"),
            List.of("sh", "-c", "echo a; echo b >&2; echo c; exit 5"),
            List.of());
    assertEquals(5, result.status());
    assertEquals("a\nb\nc\n", text(result.output()));
    assertEquals(
        128 + 9,
        HostCommand.run(kernel, List.of("/bin/sh"), List.of("sh", "-c", "kill -9 $$"), List.of())
            .status());
  }

  @Test
  void oneThatIsRunAndCannotBeIsAFailure() {
    SyscallException e =
        assertThrows(
            SyscallException.class,
            () -> HostCommand.run(kernel, List.of("/no/such"), List.of("no"), List.of()));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("execute \"no\": execve(\"/no/such\""), message);
    ContainerException much =
        assertThrows(
            ContainerException.class,
            () ->
                HostCommand.run(
                    kernel, List.of("/bin/cat"), List.of("cat", "/dev/zero"), List.of()));
    assertEquals("execute \"cat\": it wrote more than 8388608 bytes", much.getMessage());
  }

  /** Waits until a process is gone, or is a zombie that others have to take. */
  private static void awaitEnd(long pid) throws IOException, InterruptedException {
    Path stat = Path.of("/proc/" + pid + "/stat");
    for (int i = 0; i < 1000; i++) {
      if (!Files.exists(stat)) {
        return;
      }
      try {
        String text = Files.readString(stat);
        if (text.charAt(text.lastIndexOf(')') + 2) == 'Z') {
          return;
        }
      } catch (IOException e) {
        if (!Files.exists(stat)) {
          return;
        }
        throw e;
      }
      Thread.sleep(10);
    }
    throw new AssertionError("process " + pid + " lives");
  }
}
