package dev.gatun.linux.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.image.RecordWriter.Call;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Images run: the vectors, random programs, and the start of a process. */
class ImageTest {
  @TempDir private Path directory;

  /** Appends records that write slots and memory to the standard output, and END 7. */
  private static void dump(RecordWriter records, long address, long size) {
    records.call(Call.WRITE, 0, RecordWriter.SCRAP, 1, address, size);
    records.end(7);
  }

  private static long[] slots(byte[] output, int count) {
    long[] slots = new long[count];
    ByteBuffer.wrap(output).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(slots);
    return slots;
  }

  private static byte[] program(byte[] records, byte[] constants, byte[] variables) {
    byte[] program = Arrays.copyOf(records, records.length + constants.length + variables.length);
    System.arraycopy(constants, 0, program, records.length, constants.length);
    System.arraycopy(variables, 0, program, records.length + constants.length, variables.length);
    return program;
  }

  @ParameterizedTest
  @EnumSource
  void vectors(Arch arch) throws IOException, InterruptedException {
    int count = Vectors.write(arch, 0).records().next() + 2;
    int slots = Vectors.write(arch, 0).slotCount();
    ImageLayout layout = new ImageLayout(arch, count, 11, 0, slots, 0, Vectors.MEMORY);
    Vectors vectors = Vectors.write(arch, layout.zeroesAddress());
    dump(vectors.records(), layout.slotsAddress(), 8L * slots);
    ImageRun run = ImageRun.of(arch, layout.emit(0, vectors.records().bytes(), 0), directory);
    assertEquals(7, run.status());
    assertEquals(8 * slots, run.output().length);
    assertEquals(List.of(), vectors.differences(slots(run.output(), slots)));
  }

  @ParameterizedTest
  @CsvSource({"X86_64,1", "X86_64,2", "X86_64,3", "AARCH64,1", "AARCH64,2", "AARCH64,3"})
  void randomPrograms(Arch arch, long seed) throws IOException, InterruptedException {
    byte[] memory = RandomPrograms.memory(seed);
    int count = RandomPrograms.write(arch, seed, 0).next() + 2;
    int slots = RandomPrograms.SLOTS;
    ImageLayout layout = new ImageLayout(arch, count, 0, 0, slots, memory.length, 0);
    long address = layout.variablesAddress();
    RecordWriter records = RandomPrograms.write(arch, seed, address);
    int size = (int) (address - layout.slotsAddress()) + memory.length;
    dump(records, layout.slotsAddress(), size);
    byte[] program = program(records.bytes(), new byte[0], memory);
    ImageRun run = ImageRun.of(arch, layout.emit(0, program, 0), directory);
    assertEquals(7, run.status());
    assertEquals(size, run.output().length);

    long[] expected = new long[slots];
    expected[0] = -1;
    byte[] expectedMemory = memory.clone();
    RecordWriter pure = RandomPrograms.write(arch, seed, address).end(7);
    assertEquals(7, new Model(pure.bytes(), expected, expectedMemory, address).run(0));
    long[] seen = slots(run.output(), slots);
    assertTrue(seen[4] != 0);
    expected[4] = seen[4]; // the stack pointer
    assertArrayEquals(expected, seen);
    assertArrayEquals(expectedMemory, Arrays.copyOfRange(run.output(), size - memory.length, size));
  }

  @ParameterizedTest
  @EnumSource
  void startsWithStackPointerConstantsAndVariables(Arch arch)
      throws IOException, InterruptedException {
    // More constants than a page, so that every boundary lies somewhere else.
    byte[] constants = new byte[9000];
    byte[] variables = new byte[5000];
    constants[8992] = 21;
    variables[4992] = 4;
    ImageLayout layout =
        new ImageLayout(arch, 100, 5, constants.length, 40, variables.length, 70000);
    RecordWriter records = new RecordWriter(arch);
    for (int i = 0; i < 3; i++) {
      records.end(99);
    }
    int first = records.next();
    records.record(RecordWriter.LD, 1, 32, 0, 0, 8, 4, 0); // argc = 2
    records.record(RecordWriter.LD, 0, 33, 0, 0, 8, layout.constantsAddress() + 8992, 0);
    records.record(RecordWriter.LD, 0, 34, 0, 0, 8, layout.variablesAddress() + 4992, 0);
    records.record(RecordWriter.LD, 0, 35, 0, 0, 8, layout.zeroesAddress() + 69992, 0);
    records.record(RecordWriter.ST, 1 << 2, 0, 0, 0, 8, layout.zeroesAddress(), 69992, 33);
    records.record(RecordWriter.LD, 0, 36, 0, 0, 8, layout.zeroesAddress() + 69992, 0);
    records.record(RecordWriter.ALU, 3, 32, 0, 0, RecordWriter.ADD, 32, 34); // 6
    records.record(RecordWriter.ALU, 3, 32, 0, 0, RecordWriter.ADD, 32, 35); // 6
    records.record(RecordWriter.ALU, 3, 32, 0, 0, RecordWriter.ADD, 32, 36); // 27
    records.record(RecordWriter.END, 1, 0, 0, 0, 0, 32);
    while (records.next() < 100) {
      records.end(98);
    }
    byte[] program = program(records.bytes(), constants, variables);
    byte[] shifted = new byte[program.length + 5];
    System.arraycopy(program, 0, shifted, 5, program.length);
    assertEquals(27, ImageRun.of(arch, layout.emit(first, shifted, 5), directory).status());
  }

  @ParameterizedTest
  @EnumSource
  void residentRecordsAloneMakeAnImage(Arch arch) throws IOException, InterruptedException {
    int count = ImageLayout.maxResident(arch);
    ImageLayout layout = new ImageLayout(arch, count, count, 0, 32, 0, 0);
    RecordWriter records = new RecordWriter(arch);
    for (int i = 0; i < count; i++) {
      records.end(i);
    }
    ElfImage image = layout.emit(count - 1, records.bytes(), 0);
    assertEquals(count - 1, ImageRun.of(arch, image, directory).status());
  }

  @Test
  void headersOfAarch64AreAnExtentOfTheirOwn() {
    ImageLayout layout = new ImageLayout(Arch.AARCH64, 100, 0, 8, 32, 8, 0);
    ElfImage image = layout.emit(0, new byte[6416], 0);
    assertEquals(2, image.extents());
    assertEquals(0, image.extent(0).offset());
    assertEquals(0xf000, image.extent(1).offset());
    assertEquals(0xf000 + 3 * 4096 + 8 * 33, image.size());
    assertEquals(0, (layout.slotsAddress() - 0x12000) % 0x10000);

    layout = new ImageLayout(Arch.X86_64, 100, 0, 8, 32, 8, 0);
    image = layout.emit(0, new byte[6416], 0);
    assertEquals(1, image.extents());
    assertEquals(3 * 4096 + 8 * 33, image.size());
  }

  @Test
  void refusesWhatHasNoPlace() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new ImageLayout(
                Arch.X86_64, 100, ImageLayout.maxResident(Arch.X86_64) + 1, 0, 32, 0, 0));
    assertThrows(
        IllegalArgumentException.class, () -> new ImageLayout(Arch.X86_64, 65536, 0, 0, 32, 0, 0));
    assertThrows(
        IllegalArgumentException.class, () -> new ImageLayout(Arch.X86_64, 1, 0, 0, 31, 0, 0));
    ImageLayout layout = new ImageLayout(Arch.X86_64, 1, 0, 0, 32, 0, 0);
    assertThrows(IllegalArgumentException.class, () -> layout.emit(1, new byte[64], 0));
    ElfImage.Segment first = new ElfImage.Segment(0x400000, ElfImage.PF_R, new byte[4097], 4097);
    ElfImage.Segment second = new ElfImage.Segment(0x401fff, ElfImage.PF_R, new byte[1], 1);
    assertThrows(
        IllegalArgumentException.class,
        () -> ElfImage.write(Arch.X86_64, 0x400000, List.of(first, second)));
  }
}
