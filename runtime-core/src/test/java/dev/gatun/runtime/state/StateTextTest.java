package dev.gatun.runtime.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.oci.Hook;
import dev.gatun.oci.Hooks;
import dev.gatun.oci.SpecException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code state.json} and {@code /proc/PID/stat}. */
class StateTextTest {
  private static ContainerState state(int pid) {
    return new ContainerState(
        pid,
        123_456_789_012L,
        "1.3.0",
        "id",
        "/b \"ü\"",
        "/b/rootfs",
        "2026-11-21T03:44:05.006000000Z",
        1000,
        new ContainerState.Cgroup("/sys/fs/cgroup", "/a/s.scope/container", "/a/s.scope", "/bus"),
        Map.of("a", "1", "b", ""),
        new Hooks(
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(new Hook("/bin/a", List.of("a", "\"ü\""), List.of(), 7)),
            List.of(new Hook("/bin/b", List.of(), null, null))),
        "web");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4_194_304, Integer.MAX_VALUE})
  void whatIsWrittenIsRead(int pid) {
    assertEquals(state(pid), ContainerState.of(state(pid).toBytes()));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 4_194_304, Integer.MAX_VALUE})
  void programsFindThePid(int pid) {
    byte[] digits =
        Arrays.copyOfRange(
            state(pid).toBytes(),
            ContainerState.PID_OFFSET,
            ContainerState.PID_OFFSET + ContainerState.PID_DIGITS);
    assertEquals(
        Integer.toString(pid), new String(digits, StandardCharsets.US_ASCII).stripLeading());
  }

  @Test
  void aContainerMayHaveNoCgroup() {
    ContainerState none =
        new ContainerState(
            1, 2, "1.0.0", "i", "/b", "/r", "t", 0, null, Map.of(), Hooks.NONE, null);
    assertEquals(none, ContainerState.of(none.toBytes()));
  }

  @Test
  void halfAFileIsAnError() {
    byte[] whole = state(1).toBytes();
    assertThrows(
        SpecException.class, () -> ContainerState.of(Arrays.copyOf(whole, whole.length / 2)));
  }

  @Test
  void anInitHasPidAndStartTime() {
    ContainerState with = state(0).withInit(42, 43);
    assertEquals(42, with.pid());
    assertEquals(43, with.startTime());
    assertEquals(state(42).bundle(), with.bundle());
  }

  @Test
  void theNameOfAProcessIsItsOwnChoice() {
    String stat = "7 (a) S 1 (b) x) R 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 2 3\n";
    assertEquals(new ProcessStat('R', 98765), ProcessStat.of(bytes(stat)));
  }

  @Test
  void zombiesAreDead() {
    assertTrue(new ProcessStat('Z', 1).dead());
    assertTrue(new ProcessStat('X', 1).dead());
    assertTrue(!new ProcessStat('T', 1).dead());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ")", "1 (x)", "1 (x) S 1 2 3", "no parenthesis"})
  void nothingIsMadeOfAProcessThatIsGone(String stat) {
    assertNull(ProcessStat.of(bytes(stat)));
  }

  @Test
  void theOwnProcessIsRead() throws IOException {
    ProcessStat own = ProcessStat.of(Files.readAllBytes(Path.of("/proc/self/stat")));
    assertNotNull(own);
    assertTrue(own.startTime() > 0);
    assertTrue(!own.dead());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
