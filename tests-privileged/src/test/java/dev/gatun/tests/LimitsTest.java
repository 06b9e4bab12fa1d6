package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;

/**
 * Limits in cgroups that the runtime makes itself. {@code ./test} runs it in a machine that has the
 * controllers.
 */
@Tag("vm")
class LimitsTest extends LimitsCases {
  private static final long MIB = 1 << 20;

  /** A hybrid host, for as long as the test takes: pids goes to version 1 and back. */
  @OnGatun
  void aControllerThatIsBoundToVersion1IsOneSentence(Box box) throws IOException {
    Path control = Host.cgroup2().resolve("cgroup.subtree_control");
    Path version1 = box.hostDirectory("version1");
    String plain = box.create(box.bundle().args("/bin/sleep", "1000"));
    Files.writeString(control, "-pids");
    Host.run("mount", "-t", "cgroup", "-o", "pids", "none", version1.toString());
    try {
      String sentence =
          "limit pids: the controller is bound to cgroup v1; boot with cgroup_no_v1=pids or"
              + " systemd.unified_cgroup_hierarchy=1 to have it in cgroup v2";
      Bundle bundle = box.bundle().args("/bin/echo", "ran");
      bundle.set("/linux/resources", "{'pids': {'limit': 9}}");
      Command run = box.run(bundle);
      run.expectFailure(sentence, "[config.json /linux/resources/pids/limit]");
      bundle.set("/linux/resources", "{'unified': {'pids.max': '9'}}");
      box.run(bundle).expectFailure(sentence, "[config.json /linux/resources/unified/pids.max]");
      box.call("update", "--pids-limit=9", plain).expectFailure(sentence);
      // What needs another controller, or none, works; no limit is what there is anyway.
      bundle.set("/linux/resources", "{'pids': {'limit': -1}, 'memory': {'limit': 33554432}}");
      assertEquals("ran", box.output(bundle));
      box.call("update", "--memory=33554432", plain).expectSuccess();
      ControlFiles.of(box.pid(plain)).expect(Map.of("memory.max", "33554432"));
      box.call("events", "--stats", plain).expectSuccess();
      box.call("start", plain).expectSuccess();
      box.call("pause", plain).expectSuccess();
      box.call("resume", plain).expectSuccess();
      box.call("delete", "--force", plain).expectSuccess();
    } finally {
      Host.run("umount", version1.toString());
      Path controllers = Host.cgroup2().resolve("cgroup.controllers");
      Wait.until("pids in version 2", () -> {
        try {
          return Files.readString(controllers).contains("pids");
        } catch (IOException e) {
          throw new AssertionError("cannot read " + controllers, e);
        }
      });
      Files.writeString(control, "+pids");
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void aCgroupOfThreadsIsRefused(Box box) throws IOException {
    Path parent = Files.createDirectory(Host.cgroup2().resolve(box.token() + "-threads"));
    Path threads = Files.createDirectory(parent.resolve("threads"));
    try {
      Files.writeString(threads.resolve("cgroup.type"), "threaded");
      Bundle bundle =
          box.bundle()
              .set("/linux/cgroupsPath", "'/" + box.token() + "-threads/threads'")
              .args("/bin/true");
      box.run(bundle).expectFailure("threads", "/linux/cgroupsPath");
    } finally {
      Files.deleteIfExists(threads);
      Files.delete(parent);
    }
    box.expectNothingLeft();
  }

  /**
   * The smallest limit under which a container starts: 256 kB or less, where runc takes megabytes.
   */
  @OnEveryRuntimeAndCrun
  void theSmallestMemoryLimit(Box box) {
    long smallest = 0;
    for (long limit :
        new long[] {
          128 << 10, 192 << 10, 256 << 10, 512 << 10, MIB, 2 * MIB, 4 * MIB, 8 * MIB, 16 * MIB
        }) {
      String memory = "{'memory': {'limit': " + limit + ", 'swap': " + limit + "}}";
      Command run = box.run(box.bundle().set("/linux/resources", memory).args("/bin/true"));
      if (run.exit() == 0) {
        smallest = limit;
        break;
      }
    }
    System.out.println(
        "smallest memory.max for " + box.runtime() + ": " + (smallest >> 10) + " kB");
    assertTrue(smallest > 0);
    if (isGatun(box)) {
      assertTrue(smallest <= 256 << 10, "a container needs " + smallest);
    }
  }
}
