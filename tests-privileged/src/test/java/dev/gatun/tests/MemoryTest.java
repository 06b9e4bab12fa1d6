package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

  /** The container is beside the JVM's cgroup: neither limit is the other's. */
  @OnGatun
  void aJvmWithALimitOfItsOwnOutlivesItsContainers(Box box) throws IOException {
    Path cgroup = Host.cgroup2().resolve(box.token());
    Files.createDirectory(cgroup);
    try {
      Files.writeString(cgroup.resolve("memory.max"), "160M");
      Files.writeString(cgroup.resolve("memory.oom.group"), "1");
      String hog = "/bin/dd if=/dev/zero of=/dev/null bs=256M; echo survived";
      List<String> words =
          new ArrayList<>(
              List.of(
                  "/bin/sh", "-c", "echo $$ >" + cgroup + "/cgroup.procs && exec \"$@\"", "sh"));
      words.addAll(LibraryTest.taskRunner(box, "hog", 60, 16, "/bin/sh", "-c", hog));
      Command limited = box.launch(box.directory(), Map.of(), words).await();
      assertFalse(limited.out().contains("survived\n"), limited::toString);
      // Told by the JVM, which was not killed itself.
      limited.expectExit(137);
      assertEquals("", Files.readString(cgroup.resolve("cgroup.procs")));
      assertTrue(
          Files.readAllLines(cgroup.resolve("memory.events")).contains("oom_kill 0"),
          limited::toString);
    } finally {
      Files.delete(cgroup);
    }
  }
}
