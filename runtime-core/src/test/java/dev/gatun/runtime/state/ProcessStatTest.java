package dev.gatun.runtime.state;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Java and records read the same start time. */
class ProcessStatTest {
  private static final String REST =
      "S 1 2 3 4 -1 5 6 7 8 9 10 11 12 13 20 0 1 0 123456789012 99 7";

  /** Whether the records find the process. */
  private static boolean finds(byte[] text, long startTime) {
    LocalKernel kernel = new LocalKernel();
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Data stat = b.variable("stat", 1024).put(0, text);
    Slot size = b.slot("size");
    Slot found = b.slot("found");
    Label other = b.label("other");
    b.set(found, imm(0));
    b.set(size, imm(text.length));
    ProcessStat.unlessStarted(b, stat, size, startTime, other);
    b.set(found, imm(1));
    b.bind(other);
    return kernel.run(b.build()).orThrow().slot(found) == 1;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1 (pause) " + REST + "\n",
        "4194304 (a) b) (c) " + REST,
        "1 () " + REST,
        "1 (a\n Z 22) " + REST,
        "1 (x) R 1 2 3 4 -1 5 6 7 8 9 10 11 12 13 20 0 1 0 0 99",
        "1 (x) S 1 2 3 4 -1 5 6 7 8 9 10 11 12 13 20 0 1 0 5"
      })
  void theStartTimeIsFound(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ProcessStat stat = ProcessStat.of(bytes);
    assertNotNull(stat);
    assertEquals(true, finds(bytes, stat.startTime()));
    assertEquals(false, finds(bytes, stat.startTime() + 1));
    assertEquals(false, finds(bytes, stat.startTime() * 10 + 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1 (x) Z 1 2 3 4 -1 5 6 7 8 9 10 11 12 13 20 0 1 0 5 99",
        "1 (x) X 1 2 3 4 -1 5 6 7 8 9 10 11 12 13 20 0 1 0 5 99",
        "",
        "1 x",
        "1 (x)",
        "1 (x) S",
        "1 (x) S 1 2 3 4 -1 5 6 7 8 9 10 11 12 13 20 0 1 0"
      })
  void theDeadAndTheUnknownAreNobody(String text) {
    assertEquals(false, finds(text.getBytes(StandardCharsets.UTF_8), 5));
  }
}
