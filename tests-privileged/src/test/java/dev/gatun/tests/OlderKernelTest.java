package dev.gatun.tests;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

/** What kernels before that of most hosts answer otherwise: the machine's is Linux 6.1. */
@Tag("vm")
class OlderKernelTest {
  /**
   * The first process has ended, and its number is still that of a session: {@code pidfd_open(2)}
   * says EINVAL then, where newer kernels say ESRCH.
   */
  @OnEveryRuntime
  void aNumberThatIsOnlyASessionsIsNobodys(Box box) {
    Bundle bundle =
        box.bundle().removeNamespace("pid").script("(sleep 1000 &) ; echo ready; sleep 1000");
    String id = box.newId();
    box.call("run", "-d", "-b", bundle.write(), id).awaitOutput("ready");
    long pid = box.pid(id);
    box.call("kill", id, "KILL").expectSuccess();
    Wait.until("the end of " + pid, () -> !Files.exists(Path.of("/proc/" + pid)));
    box.awaitStatus(id, "stopped");
    box.call("kill", id, "KILL").expectFailure();
    box.call("delete", id).expectSuccess();
    box.expectNothingLeft();
  }
}
