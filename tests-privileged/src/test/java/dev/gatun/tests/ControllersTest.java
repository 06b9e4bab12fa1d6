package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;

/**
 * Limits under the controllers that User Mode Linux lacks: cpuset, hugetlb, rdma, misc, and
 * pressure. {@code ./test} runs it in an emulated machine, which is slow: few containers, and all
 * at once in each.
 */
@Tag("emulated")
class ControllersTest {
  @BeforeEach
  void needsTheControllers() throws IOException {
    String controllers = Files.readString(Host.cgroup2().resolve("cgroup.controllers"));
    Host.require(
        controllers.contains("cpuset") && controllers.contains("misc"),
        "cgroup v2 has no cpuset and misc controllers here: see vm/boot");
  }

  /** Debian's runc does not know .rsvd, and its weight of block devices is bfq's alone as here. */
  @OnEveryRuntimeAndCrun
  void everyFileHasTheValueOfTheConfigAndThenOfTheUpdate(Box box) {
    boolean isGatun = box.runtime() == OciRuntime.GATUN;
    String id =
        box.create(
            box.bundle()
                .set(
                    "/linux/resources",
                    "{'cpu': {'shares': 1024, 'cpus': '0', 'mems': '0'},"
                        + " 'memory': {'limit': 67108864},"
                        + " 'pids': {'limit': 100},"
                        + " 'blockIO': {'weight': 300, 'throttleWriteIOPSDevice':"
                        + " [{'major': 7, 'minor': 0, 'rate': 500}]},"
                        + " 'hugepageLimits': [{'pageSize': '2MB', 'limit': 4194304}]}")
                .args("/bin/sleep", "1000"));
    ControlFiles files = ControlFiles.of(box.pid(id));
    Map<String, String> expected = new TreeMap<>();
    expected.put("cpuset.cpus", "0");
    expected.put("cpuset.mems", "0");
    expected.put("cpu.weight", isGatun ? "100" : "39");
    expected.put("memory.max", "67108864");
    expected.put("pids.max", "100");
    expected.put("io.bfq.weight", "default 300");
    expected.put("io.max", "7:0 rbps=max wbps=max riops=max wiops=500");
    expected.put("hugetlb.2MB.max", "4194304");
    expected.put("hugetlb.2MB.rsvd.max", isGatun ? "4194304" : "max");
    files.expect(expected);
    Path update =
        box.hostFile("update", "{\"cpu\": {\"cpus\": \"0-1\"}, \"pids\": {\"limit\": 70}}");
    box.call("update", "-r", update.toString(), id).expectSuccess();
    expected.put("cpuset.cpus", "0-1");
    expected.put("pids.max", "70");
    files.expect(expected);
    if (isGatun) {
      JsonNode data = Box.parse(box.call("events", "--stats", id).out()).get("data");
      assertEquals("[0,1]", data.at("/cpuset/cpus").toString());
      assertTrue(data.at("/hugetlb").has("2MB"), data::toString);
      for (String resource : new String[] {"cpu", "memory", "blkio"}) {
        JsonNode psi = data.at("/" + resource + "/psi");
        assertTrue(psi.at("/some/avg10").isNumber(), data::toString);
        assertTrue(psi.at("/full/total").isNumber(), data::toString);
      }
      Path rdma =
          box.hostFile(
              "rdma", "{\"rdma\": {\"mlx5_1\": {\"hcaHandles\": 3, \"hcaObjects\": 10000}}}");
      box.call("update", "-r", rdma.toString(), id).expectFailure("rdma.max", "mlx5_1");
      Path misc = box.hostFile("misc", "{\"unified\": {\"misc.max\": \"sev 1\"}}");
      box.call("update", "-r", misc.toString(), id).expectFailure("misc.max");
    }
  }
}
