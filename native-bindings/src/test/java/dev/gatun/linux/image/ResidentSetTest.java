package dev.gatun.linux.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.image.RecordWriter.Call;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** How much of a large image stays in memory while it waits. */
class ResidentSetTest {
  private static final Arch ARCH = Arch.host();
  private static final int MADV_DONTNEED = 4;
  private static final int RECORDS = 1000;
  private static final int CONSTANTS = 20_000;
  private static final int VARIABLES = 2000;

  /** An image that touches all it has and then waits for ever; it says x when it is about to. */
  private static ElfImage image(int resident, boolean givesBack) {
    ImageLayout layout = new ImageLayout(ARCH, RECORDS, resident, CONSTANTS, 100, VARIABLES, 0);
    RecordWriter records = new RecordWriter(ARCH);
    long letter = layout.variablesAddress();
    if (givesBack) {
      records.call(
          Call.MADVISE,
          0,
          3,
          layout.restAddress(),
          (layout.restSize() + 4095) & -4096,
          MADV_DONTNEED);
    }
    records.call(Call.WRITE, 0, 3, 1, letter, 1);
    records.call(Call.PPOLL, 0, 3, 0, 0, 0, 0, 8);
    records.end(0);
    while (records.next() < resident) {
      records.end(1);
    }
    int first = records.next();
    records.record(RecordWriter.ST, 0, 0, 0, 0, 1, letter, 0, 'x');
    for (int page = 0; page < CONSTANTS; page += 4096) {
      records.record(RecordWriter.LD, 0, 3, 0, 0, 8, layout.constantsAddress(), page);
    }
    while (records.next() < RECORDS - 1) {
      records.set(32, 1);
    }
    records.jump(0);
    byte[] program = java.util.Arrays.copyOf(records.bytes(), RECORDS * 64 + CONSTANTS + VARIABLES);
    return layout.emit(first, program, 0);
  }

  private static long residentKilobytes(ElfImage image) throws IOException {
    Path tmpfs = Path.of("/dev/shm");
    Assumptions.assumeTrue(
        Files.isWritable(tmpfs), "/dev/shm is missing: memfds are pages of a tmpfs, and so is it");
    Path file = Files.createTempFile(tmpfs, "gatun-rss-", "");
    Process process = null;
    try {
      Files.write(file, image.toByteArray());
      assertTrue(file.toFile().setExecutable(true));
      ProcessBuilder builder = new ProcessBuilder(file.toString());
      builder.environment().clear();
      process = builder.start();
      assertEquals('x', process.getInputStream().read());
      // It has said that it is there, and goes to sleep a few records later.
      Path state = Path.of("/proc/" + process.pid() + "/stat");
      for (int i = 0; i < 3000 && !Files.readString(state).contains(") S "); i++) {
        Thread.sleep(10);
      }
      for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/smaps_rollup"))) {
        if (line.startsWith("Rss:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", ""));
        }
      }
      throw new AssertionError("no Rss in smaps_rollup");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      if (process != null) {
        process.destroyForcibly();
      }
      Files.delete(file);
    }
  }

  @Test
  void waitingProcessKeepsTextSlotsAndStack() throws IOException {
    long kilobytes = residentKilobytes(image(11, true));
    // Text, slots, and one or two pages of stack, by where the kernel puts the arguments.
    assertTrue(kilobytes <= 20, () -> kilobytes + " kB");
    System.out.println("resident while waiting: " + kilobytes + " kB");
  }

  @Test
  void withoutResidentRecordsOrMadviseItKeepsMore() throws IOException {
    // What the layout is for: if this stays as small, the page map is not what it was.
    long faultedAround = residentKilobytes(image(0, true));
    long kept = residentKilobytes(image(11, false));
    System.out.println(
        "no resident records: " + faultedAround + " kB; no madvise: " + kept + " kB");
    assertTrue(kept > 80, () -> kept + " kB");
    assertTrue(faultedAround > 16, () -> faultedAround + " kB");
  }
}
