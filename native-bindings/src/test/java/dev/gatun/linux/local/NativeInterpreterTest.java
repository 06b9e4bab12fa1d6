package dev.gatun.linux.local;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.linux.Arch;
import dev.gatun.linux.image.Model;
import dev.gatun.linux.image.RandomPrograms;
import dev.gatun.linux.image.RecordWriter;
import dev.gatun.linux.image.Vectors;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The callable form of the interpreter, in this process. */
class NativeInterpreterTest {
  private static final Arch ARCH = Arch.host();

  @Test
  void vectors() {
    int count = Vectors.write(ARCH, 0).records().next() + 1;
    int slots = Vectors.write(ARCH, 0).slotCount();
    try (ProgramMemory memory = new ProgramMemory(count, 0, 0, slots, Vectors.MEMORY)) {
      Vectors vectors = Vectors.write(ARCH, memory.zeroesAddress());
      memory.load(vectors.records().end(Long.MIN_VALUE).bytes());
      assertEquals(Long.MIN_VALUE, memory.run(0));
      assertEquals(List.of(), vectors.differences(memory.copyOfSlots()));
      // Records are only read: they can be run again.
      assertEquals(Long.MIN_VALUE, memory.run(0));
      assertEquals(
          List.of(),
          vectors.differences(memory.copyOfSlots()).stream()
              .filter(difference -> !difference.startsWith("loop backwards"))
              .toList());
    }
  }

  @Test
  void endReturnsConstantOrSlotFromTheFirstRecordGiven() {
    byte[] records =
        new RecordWriter(ARCH)
            .end(-5)
            .record(RecordWriter.END, 1, 0, 0, 0, 0, 0)
            .set(40, 0x1234567890L)
            .record(RecordWriter.END, 1, 0, 0, 0, 0, 40)
            .bytes();
    try (ProgramMemory memory = new ProgramMemory(4, 0, 0, 64, 0)) {
      memory.load(records);
      assertEquals(-5, memory.run(0));
      assertEquals(-1, memory.run(1));
      assertEquals(0x1234567890L, memory.run(2));
    }
  }

  private static void random(long seed) {
    byte[] variables = RandomPrograms.memory(seed);
    int count = RandomPrograms.write(ARCH, seed, 0).next() + 1;
    try (ProgramMemory memory =
        new ProgramMemory(count, 0, variables.length, RandomPrograms.SLOTS, 0)) {
      long address = memory.variablesAddress();
      byte[] records = RandomPrograms.write(ARCH, seed, address).end(seed).bytes();
      byte[] program = Arrays.copyOf(records, records.length + variables.length);
      System.arraycopy(variables, 0, program, records.length, variables.length);
      memory.load(program);
      long[] slots = memory.copyOfSlots();
      assertEquals(seed, new Model(records, slots, variables, address).run(0));
      assertEquals(seed, memory.run(0));
      assertArrayEquals(slots, memory.copyOfSlots());
      assertArrayEquals(variables, memory.copyOfVariables());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void randomProgramsDoWhatTheModelDoes(long seed) {
    random(seed);
  }

  @Test
  void manyThreadsRunAtOnce() throws InterruptedException, ExecutionException {
    List<Callable<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      long seed = 100L + i % 8;
      tasks.add(() -> {
        random(seed);
        return true;
      });
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(16)) {
      for (Future<Boolean> task : threads.invokeAll(tasks)) {
        assertEquals(true, task.get());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-XX:+UseG1GC", "-XX:+UseSerialGC"})
  void processesAreStartedWhileTheHeapIsCollected(String collector) throws Exception {
    String separator = System.getProperty("path.separator");
    String base = System.getProperty("basedir", ".");
    String classes =
        String.join(
            separator,
            System.getProperty("java.class.path"),
            System.getProperty("jdk.module.path", ""),
            Path.of(base, "target", "classes").toString(),
            Path.of(base, "target", "test-classes").toString());
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                collector,
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classes,
                StartUnderLoad.class.getName(),
                "1000")
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertEquals("1000 processes", output.lines().findFirst().orElse(output), output);
  }
}
