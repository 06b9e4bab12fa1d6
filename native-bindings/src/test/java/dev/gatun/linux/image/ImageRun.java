package dev.gatun.linux.image;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * Executes an image: as it is, or by qemu when it is for another architecture.
 *
 * @param status the exit status
 * @param output what it wrote to its standard output
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ImageRun(int status, byte[] output) {

  static ImageRun of(Arch arch, ElfImage image, Path directory)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    if (arch != Arch.host()) {
      Path qemu =
          Path.of("/usr/bin/qemu-" + arch.name().toLowerCase(java.util.Locale.ROOT) + "-static");
      Assumptions.assumeTrue(
          Files.isExecutable(qemu), () -> qemu + " is missing: package qemu-user-static");
      command.add(qemu.toString());
    }
    Path file = directory.resolve("image-" + arch);
    Files.write(file, image.toByteArray());
    assertTrue(file.toFile().setExecutable(true));
    command.add(file.toString());
    command.add("an argument");
    Path output = directory.resolve("output-" + arch);
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("the image still runs after a minute");
    }
    return new ImageRun(process.exitValue(), Files.readAllBytes(output));
  }
}
