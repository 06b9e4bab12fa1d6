package dev.gatun.runtime.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.Slot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Explaining reads a bundle, does nothing else, and leaves nothing out. */
class ExplanationTest {
  private static final Path FIXTURE =
      Path.of("..", "oci-spec", "src/test/resources/dev/gatun/oci/runc-spec.json");

  /** Answers the program that reads a bundle, and counts. */
  private static final class BundleKernel implements Kernel {
    private final Arch arch;
    private final byte[] config;
    private int runs;

    BundleKernel(Arch arch, byte[] config) {
      this.arch = arch;
      this.config = config;
    }

    @Override
    public Arch arch() {
      return arch;
    }

    @Override
    public Result run(Program program) {
      runs++;
      long[] slots = new long[program.slotCount()];
      slots[Slot.FAILED_RECORD.number()] = -1;
      byte[] mounts =
          "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n".getBytes(StandardCharsets.UTF_8);
      byte[] own = "0::/\n".getBytes(StandardCharsets.UTF_8);
      for (Slot slot : program.slots()) {
        switch (slot.name()) {
          case "config end", "mounts at" -> slots[slot.number()] = config.length;
          case "cgroup at" -> slots[slot.number()] = (long) config.length + mounts.length;
          case "map at", "map end" ->
              slots[slot.number()] = (long) config.length + mounts.length + own.length;
          default -> slots[slot.number()] = 0;
        }
      }
      byte[] outputs = new byte[program.outputSize()];
      int end = 0;
      for (Data output : program.outputs()) {
        int at = program.position(output);
        switch (output.name()) {
          case "cwd" -> outputs[at] = '/';
          case "files" -> {
            System.arraycopy(config, 0, outputs, at, config.length);
            System.arraycopy(mounts, 0, outputs, at + config.length, mounts.length);
            System.arraycopy(own, 0, outputs, at + config.length + mounts.length, own.length);
            end = at + config.length + mounts.length + own.length;
          }
          default -> assertEquals("time", output.name());
        }
      }
      return new Result(program, 0, slots, outputs, 0, end);
    }

    @Override
    public void finish(Program program) {
      throw new AssertionError("nothing ends here");
    }
  }

  private static List<Explanation.Part> explain(BundleKernel kernel) {
    return Explanation.of(kernel, "/run/gatun", "/bundle", "ID", null);
  }

  private static byte[] config() throws IOException {
    return Files.readString(FIXTURE)
        .replace("\"terminal\": true", "\"terminal\": false")
        .getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void aTerminalIsShownToo() throws IOException {
    byte[] config =
        Files.readString(FIXTURE)
            .replace("\"terminal\": false", "\"terminal\": true")
            .getBytes(StandardCharsets.UTF_8);
    for (Arch arch : Arch.values()) {
      Explanation.Part last = explain(new BundleKernel(arch, config)).getLast();
      assertEquals("gatun run", last.process());
      List<String> steps = new ArrayList<>();
      for (int record : last.records()) {
        String step = last.program().record(record).origin().step();
        if (!step.isEmpty() && !steps.contains(step)) {
          steps.add(step);
        }
      }
      assertEquals(
          List.of(
              "wait for the container",
              "make the terminal raw",
              "copy the terminal",
              "copy standard input to the terminal",
              "restore the terminal",
              "copy the terminal to standard output",
              "show what the terminal still has"),
          steps);
    }
  }

  @Test
  void onlyTheBundleIsRead() throws IOException {
    for (Arch arch : Arch.values()) {
      BundleKernel kernel = new BundleKernel(arch, config());
      List<String> processes = new ArrayList<>();
      for (Explanation.Part part : explain(kernel)) {
        processes.add(part.process());
      }
      assertEquals(1, kernel.runs);
      assertEquals(
          List.of(
              "gatun create",
              "gatun create",
              "intermediate",
              "init",
              "intermediate or init",
              "gatun create",
              "init",
              "gatun start",
              "gatun start",
              "init"),
          processes);
    }
  }

  /** Each record of each program is shown once, but for those that begin and end every program. */
  @Test
  void nothingIsLeftOut() throws IOException {
    Map<Program, Set<Integer>> shown = new HashMap<>();
    for (Explanation.Part part : explain(new BundleKernel(Arch.X86_64, config()))) {
      Set<Integer> numbers = shown.computeIfAbsent(part.program(), p -> new HashSet<>());
      for (int number : part.records()) {
        assertTrue(numbers.add(number), () -> part.process() + " " + number + " twice");
      }
    }
    for (Map.Entry<Program, Set<Integer>> entry : shown.entrySet()) {
      Program program = entry.getKey();
      for (int i = 0; i < program.size(); i++) {
        boolean nameless = program.record(i).origin().step().isEmpty();
        assertTrue(nameless || entry.getValue().contains(i), "record " + i);
      }
    }
  }

  @Test
  void everyMountHasItsPlace() throws IOException {
    Set<String> places = new HashSet<>();
    for (Explanation.Part part : explain(new BundleKernel(Arch.X86_64, config()))) {
      if (part.process().equals("init")) {
        for (int number : part.records()) {
          places.add(part.program().record(number).origin().place());
        }
      }
    }
    for (int mount = 0; mount < 7; mount++) {
      int index = mount;
      assertTrue(
          places.stream().anyMatch(place -> place.startsWith("/mounts/" + index)),
          () -> "no step for mount " + index);
    }
  }
}
