package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/**
 * A container that runs out of memory, with everything in its cgroup killed at once. It needs the
 * memory controller of cgroup v2, which hybrid hosts lack: {@code ./test} runs it in a machine.
 */
@Tag("vm")
class MemoryTest {
  @BeforeEach
  void needsTheController() throws IOException {
    String controllers = Files.readString(Host.cgroup2().resolve("cgroup.controllers"));
    Host.require(
        controllers.contains("memory"), "cgroup v2 has no memory controller here: see vm/boot");
  }

  private static Bundle limited(Box box, long bytes) {
    return box.bundle()
        .set("/linux/resources/memory/limit", Long.toString(bytes))
        .set("/linux/resources/unified", "{'memory.oom.group': '1'}");
  }

  /** The runtime's own processes share no memory with init: they survive it and tell. */
  @OnGatun
  void anInitThatIsKilledForMemoryIsOneSentence(Box box) {
    String bundle = limited(box, 4096).script("echo ran").write();
    for (String command : new String[] {"create", "run"}) {
      Command killed = box.call(command, "-b", bundle, box.newId());
      killed.expectFailure("killed");
      assertFalse(killed.out().contains("ran"), killed::toString);
      box.expectNothingLeft();
    }
  }

  @OnGatun
  void aProcessThatTakesTooMuchIsKilledWithItsContainer(Box box) {
    Command run =
        box.run(
            limited(box, 16 << 20)
                .script("sleep 1000 & /bin/dd if=/dev/zero of=/dev/null bs=256M; echo survived"));
    run.expectExit(137);
    assertFalse(run.out().contains("survived"), run::toString);
    box.expectNothingLeft();
  }

  @OnGatun
  void aCreatedContainerThatIsKilledForMemoryIsStopped(Box box) {
    String id =
        box.start(limited(box, 16 << 20).script("/bin/dd if=/dev/zero of=/dev/null bs=256M"));
    box.awaitStatus(id, "stopped");
    box.call("delete", id).expectSuccess();
    box.expectNothingLeft();
  }
}
