package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.runtime.state.Status;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A first process that dies after the command has looked at it, and before it opens the gate. */
@Tag("root")
class StartOfTheDeadTest {
  @TempDir Path directory;

  /** Kills a process before the second program runs. */
  private static final class Killer implements Kernel {
    private final LocalContainers containers;
    private final int victim;
    private int programs;

    Killer(LocalContainers containers, int victim) {
      this.containers = containers;
      this.victim = victim;
    }

    @Override
    public Arch arch() {
      return containers.kernel.arch();
    }

    @Override
    public Result run(Program program) {
      programs++;
      if (programs == 2) {
        ProgramBuilder b = new ProgramBuilder(arch());
        b.sys(Syscall.KILL, imm(victim), imm(Constants.SIGKILL));
        containers.kernel.run(b.build()).orThrow();
        containers.reap(victim);
      }
      return containers.kernel.run(program);
    }

    @Override
    public void finish(Program program) {
      containers.kernel.finish(program);
    }
  }

  @Test
  void startSaysSoAndDoesNotWait() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "containers are made by root");
    assumeTrue(
        Files.isExecutable(LocalContainers.BUSYBOX), "the package busybox-static is missing");
    LocalContainers containers = new LocalContainers(directory);
    String id = "dead-" + ProcessHandle.current().pid();
    Map<String, String> descriptors = LocalContainers.descriptors();
    int pid =
        Create.run(containers.kernel, containers.root, containers.request(id, null)).state().pid();
    try {
      Kernel killer = new Killer(containers, pid);
      RuntimeException failure =
          assertTimeoutPreemptively(
              Duration.ofSeconds(10),
              () ->
                  assertThrows(
                      RuntimeException.class, () -> Start.run(killer, containers.root, id)));
      String message = String.valueOf(failure.getMessage());
      assertTrue(message.contains("its first process was killed"), message);
      assertEquals(
          Status.STOPPED, Inventory.state(containers.kernel, containers.root, id).status());
      assertEquals(descriptors, LocalContainers.descriptors());
    } finally {
      Delete.run(containers.kernel, containers.root, id, true);
    }
  }
}
