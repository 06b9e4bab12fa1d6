package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/**
 * Limits in cgroups that the runtime makes itself. {@code ./test} runs it in a machine that has the
 * controllers.
 */
@Tag("vm")
class LimitsTest extends LimitsCases {
  private static final long MIB = 1 << 20;

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
