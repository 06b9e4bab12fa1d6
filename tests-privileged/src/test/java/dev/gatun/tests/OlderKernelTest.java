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

  @OnGatun
  void whatTheKernelLacksForTheNetworkOfPodsIsOneSentence(Box box) {
    Host.require(
        !Files.exists(Path.of("/proc/sys/net/ipv6"))
            && !Files.exists(Path.of("/sys/module/bridge")),
        "this kernel has IPv6 and bridges");
    box.call("pod", "create", "--network", "bridge", box.newId())
        .expectFailure("module bridge is not there");
    Path config = box.hostFile("network.json", "{\"ipv6\": \"fd00:1::/64\"}");
    box.call("pod", "create", "--network", "bridge", "--network-config", "" + config, box.newId())
        .expectFailure("/ipv6", "this kernel has no IPv6");
    String pod = box.newId();
    box.call("pod", "create", pod).expectSuccess();
    box.call("run", "--pod", pod, "--bundle", box.bundle().args("/bin/true").write(), box.newId())
        .expectSuccess();
    box.call("pod", "delete", "--force", pod).expectSuccess();
    box.expectNothingLeft();
  }
}
