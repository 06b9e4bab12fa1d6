package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.oci.JsonInput;
import dev.gatun.runtime.ContainerException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What other programs read. */
class OutputTest {
  private static final long NOW = 1_795_232_645_006L;

  @ParameterizedTest
  @ValueSource(
      strings = {"plain", "quoted \"x\"", "back\\slash", "two\nlines", "\u0001\u001f", "ü𝄞"})
  void aJsonLogIsOneLineThatIsOneObject(String message) {
    byte[] line = LogLine.error(message, NOW, true);
    for (int i = 0; i < line.length - 1; i++) {
      assertEquals(true, line[i] != '\n');
    }
    assertEquals('\n', line[line.length - 1]);
    Map<String, String> members = new JsonInput(line, "log").stringMap();
    assertEquals(
        Map.of("level", "error", "msg", message, "time", "2026-11-21T03:44:05.006000000Z"),
        members);
  }

  @Test
  void aTextLogIsAsLogrusWritesIt() {
    assertEquals(
        "time=\"2026-11-21T03:44:05.006000000Z\" level=error msg=\"no \\\"x\\\"\"\n",
        new String(LogLine.error("no \"x\"", NOW, false), StandardCharsets.UTF_8));
  }

  @Test
  void columns() {
    assertEquals(
        """
        ID             PID         STATUS
        twelve-chars   1           running
        """,
        Table.of(
            List.of(
                new String[] {"ID", "PID", "STATUS"},
                new String[] {"twelve-chars", "1", "running"})));
  }

  @Test
  void signals() {
    for (String kill : new String[] {"9", "KILL", "SIGKILL", "sigkill", "Kill"}) {
      assertEquals(9, Signals.parse(kill), kill);
    }
    assertEquals(15, Signals.parse("TERM"));
    assertEquals(64, Signals.parse("64"));
    for (String bad : new String[] {"", "0", "65", "-9", "SIG", "SIGSIGKILL", "9 ", "KILLER"}) {
      UsageException e = assertThrows(UsageException.class, () -> Signals.parse(bad), bad);
      assertEquals("unknown signal \"" + bad + "\"", e.getMessage());
    }
  }

  @Test
  void psKeepsTheLinesOfTheContainer() {
    String output = "UID   PID  CMD\nroot    1  init\nroot   12  sh -c 13\n\nroot  13  x\n";
    assertEquals(
        "UID   PID  CMD\nroot   12  sh -c 13\n", PsVerb.filter(output, new int[] {12, 99}));
    assertEquals("UID   PID  CMD\n", PsVerb.filter(output, new int[0]));
  }

  @Test
  void psSaysWhatItCannotRead() {
    assertEquals(
        "couldn't find PID field in ps output",
        assertThrows(ContainerException.class, () -> PsVerb.filter("CMD\nx\n", new int[] {1}))
            .getMessage());
    assertEquals(
        "couldn't find PID field in ps output",
        assertThrows(ContainerException.class, () -> PsVerb.filter("", new int[] {1}))
            .getMessage());
    assertEquals(
        "unable to parse pid: \"x\" in ps output",
        assertThrows(ContainerException.class, () -> PsVerb.filter("PID\nx\n", new int[] {1}))
            .getMessage());
  }
}
