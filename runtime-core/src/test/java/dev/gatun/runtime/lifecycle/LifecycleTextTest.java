package dev.gatun.runtime.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Errno;
import dev.gatun.linux.SyscallException;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.init.Message;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ids, paths, times and the table of steps. */
class LifecycleTextTest {
  private static final DateTimeFormatter RFC3339 =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.nnnnnnnnn'Z'").withZone(ZoneOffset.UTC);

  @Test
  void timesAreThoseOfJavaTime() {
    long[] edges = {
      0,
      86_399,
      86_400,
      Instant.parse("2000-02-28T23:59:59Z").getEpochSecond(),
      Instant.parse("2000-02-29T00:00:00Z").getEpochSecond(),
      Instant.parse("2100-02-28T23:59:59Z").getEpochSecond(),
      Instant.parse("2100-03-01T00:00:00Z").getEpochSecond(),
      Instant.parse("9999-12-31T23:59:59Z").getEpochSecond()
    };
    for (long second : edges) {
      assertTime(second, 0);
      assertTime(second, 999_999_999);
    }
    Random random = new Random(3339);
    for (int i = 0; i < 20_000; i++) {
      assertTime(random.nextLong(253_402_300_800L), random.nextInt(1_000_000_000));
    }
  }

  private static void assertTime(long seconds, int nanoseconds) {
    assertEquals(
        RFC3339.format(Instant.ofEpochSecond(seconds, nanoseconds)),
        Timestamp.rfc3339(seconds, nanoseconds));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "A.b_c+d-9", "-", "_", "0", "a..b"})
  void goodIds(String id) {
    assertEquals(id, ContainerId.check(id));
    String longest = "x".repeat(255);
    assertEquals(longest, ContainerId.check(longest));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ".", "..", ".a", "a/b", "/", "a b", "ä", "a\n", "a\u0000", "a:b", "a@b"})
  void badIds(String id) {
    ContainerException e = assertThrows(ContainerException.class, () -> ContainerId.check(id));
    assertTrue(String.valueOf(e.getMessage()).startsWith("invalid container id \"" + id + "\": "));
    assertThrows(ContainerException.class, () -> ContainerId.check("x".repeat(256)));
  }

  @ParameterizedTest
  @CsvSource({
    "/a, b, /a/b",
    "/a, ., /a",
    "/a, ./b//c/, /a/b/c",
    "/a, /b, /b",
    "/, ., /",
    "/a, .., /a/..",
    "/a, .b, /a/.b"
  })
  void absolutePaths(String cwd, String path, String expected) {
    assertEquals(expected, Paths.absolute(cwd, path));
  }

  @Test
  void joinedPathsStayBelow() {
    assertEquals("/a/rootfs", Paths.join("/a/", "rootfs/"));
    assertEquals("/a/b", Paths.join("/a", "/b"));
  }

  @Test
  void aFailureIsLookedUpInTheTable() {
    byte[] table =
        "1\tother\t/x\tCLOSE\t=1\n12\tstart\t/process\tEXECVE\t\"/bin/sh\"\t=1\t&envp\n"
            .getBytes(StandardCharsets.UTF_8);
    RuntimeException failure =
        Steps.failure(Arch.X86_64, table, message(Message.FAILED, 12, -Errno.ENOENT));
    assertNotNull(failure);
    assertEquals(
        "start: execve(\"/bin/sh\", …, &envp): ENOENT (no such file or directory)"
            + " [config.json /process]",
        failure.getMessage());
  }

  @Test
  void aFailureThatIsNotInTheTableIsAFailure() {
    RuntimeException failure =
        Steps.failure(Arch.X86_64, new byte[0], message(Message.FAILED, 12, -Errno.ENOENT));
    assertEquals(Errno.ENOENT, assertInstanceOf(SyscallException.class, failure).errno());
  }

  @Test
  void aHooksFailureIsLookedUpInTheTable() {
    byte[] table =
        "12\thook startContainer \"/h\"\t/hooks/startContainer/0\tEXECVE\t\"/h\"\n"
            .getBytes(StandardCharsets.UTF_8);
    byte[] output = "why\n".getBytes(StandardCharsets.UTF_8);
    byte[] received =
        ByteBuffer.allocate(2 * Message.SIZE + output.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(message(Message.HOOK, 12, 3))
            .put(output)
            .put(message(Message.FAILED, 1, -Errno.EPERM))
            .putLong(Message.VALUE, output.length)
            .array();
    RuntimeException failure = Steps.failure(Arch.X86_64, table, received);
    assertNotNull(failure);
    assertEquals(
        "hook startContainer \"/h\": exit status 3, having written: why"
            + " [config.json /hooks/startContainer/0]",
        failure.getMessage());
    assertEquals(Message.SIZE + output.length, Message.find(received, Message.FAILED));
  }

  @Test
  void noFailureIsNone() {
    assertNull(Steps.failure(Arch.X86_64, new byte[0], new byte[0]));
    assertNull(Steps.failure(Arch.X86_64, new byte[0], message(Message.STARTED, 0, 0)));
  }

  private static byte[] message(int kind, long record, long errno) {
    return ByteBuffer.allocate(Message.SIZE)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(Message.KIND, kind)
        .putLong(Message.RECORD, record)
        .putLong(Message.ERRNO, errno)
        .array();
  }
}
