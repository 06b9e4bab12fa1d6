package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Limits under the controllers that User Mode Linux lacks: cpuset, hugetlb, rdma, misc, and
 * pressure. An emulated machine has them and is slow, so that the tests stay outside: in it runs a
 * script, and here is looked at what it printed.
 */
@Tag("must-run")
@Tag("emulated")
class ControllersTest {
  private static final String ROOT =
      Path.of(System.getProperty("gatun.root", "..")).toAbsolutePath().normalize().toString();

  private static final List<String> FILES =
      List.of(
          "cpuset.cpus",
          "cpuset.mems",
          "cpu.weight",
          "memory.max",
          "pids.max",
          "io.bfq.weight",
          "io.max",
          "hugetlb.2MB.max",
          "hugetlb.2MB.rsvd.max");

  private static final String RESOURCES =
      "{'cpu': {'shares': 1024, 'cpus': '0', 'mems': '0'}, 'memory': {'limit': 67108864},"
          + " 'pids': {'limit': 100}, 'blockIO': {'weight': 300, 'throttleWriteIOPSDevice':"
          + " [{'major': 7, 'minor': 0, 'rate': 500}]},"
          + " 'hugepageLimits': [{'pageSize': '2MB', 'limit': 4194304}]}";

  /** A line {@code RUNTIME WHEN FILE VALUE} for each file. */
  private static final String SCRIPT =
      """
      cd "$1"
      dump() {
        for file in FILES; do echo "$1 $2 $file $(cat /sys/fs/cgroup/machine-$1/$file)"; done
      }
      for runtime in RUNTIMES; do
        name=$(basename $runtime)
        sed "s/CGROUP/machine-$name/" config.template >/tmp/config.json
        mkdir /tmp/$name; cp /tmp/config.json /tmp/$name/
        $runtime create --bundle /tmp/$name c-$name </dev/null >/tmp/out 2>&1 || cat /tmp/out
        dump $name created
        echo '{"cpu": {"cpus": "0-1"}, "pids": {"limit": 70}}' | $runtime update -r - c-$name
        dump $name updated
        if [ $name = gatun ]; then
          echo "$name events stats $($runtime events --stats c-$name)"
          for resources in '{"rdma": {"mlx5_1": {"hcaHandles": 3}}}' \\
              '{"unified": {"misc.max": "sev 1"}}'; do
            echo "$name update refused $(echo "$resources" | $runtime update -r - c-$name 2>&1)"
          done
        fi
        $runtime delete --force c-$name
        [ ! -e /sys/fs/cgroup/machine-$name ] || echo "$name left cgroup machine-$name"
      done
      """;

  @Test
  void everyFileHasTheValueOfTheConfigAndThenOfTheUpdate() throws IOException {
    Path directory =
        Path.of(ROOT, "tests-privileged", "target", "machine-" + ProcessHandle.current().pid());
    try {
      Bundle bundle = new Bundle(directory);
      bundle.set("/root/path", "'" + directory + "/rootfs'");
      bundle.set("/linux/cgroupsPath", "'/CGROUP'");
      bundle.set("/linux/resources", RESOURCES).args("/bin/sleep", "1000").write();
      Files.move(directory.resolve("config.json"), directory.resolve("config.template"));
      StringBuilder runtimes = new StringBuilder();
      for (OciRuntime runtime : OciRuntime.values()) {
        runtimes.append(runtime.binary()).append(' ');
      }
      Files.writeString(
          directory.resolve("script"),
          SCRIPT
              .replace("FILES", String.join(" ", FILES))
              .replace("RUNTIMES", runtimes.toString().strip()));
      String output =
          Host.run(
              ROOT + "/tests-privileged/vm/boot",
              "--",
              "sh",
              directory + "/script",
              directory.toString());
      check(output);
    } finally {
      Host.run("rm", "-rf", directory.toString());
    }
  }

  /** Neither Debian's runc nor its crun knows of reservations, and both have the old weights. */
  private static void check(String output) {
    Map<String, String> found = new HashMap<>();
    for (String line : output.split("\n", -1)) {
      String[] words = line.split(" ", 4);
      if (words.length == 4) {
        found.merge(words[0] + " " + words[1] + " " + words[2], words[3].strip(), String::concat);
      }
    }
    for (String name : List.of("runc", "crun", "gatun")) {
      boolean isGatun = name.equals("gatun");
      Map<String, String> expected = new HashMap<>();
      expected.put("cpuset.cpus", "0");
      expected.put("cpuset.mems", "0");
      expected.put("cpu.weight", isGatun ? "100" : "39");
      expected.put("memory.max", "67108864");
      expected.put("pids.max", "100");
      expected.put("io.bfq.weight", "default 300");
      expected.put("io.max", "7:0 rbps=max wbps=max riops=max wiops=500");
      expected.put("hugetlb.2MB.max", "4194304");
      expected.put("hugetlb.2MB.rsvd.max", isGatun ? "4194304" : "max");
      for (String file : FILES) {
        assertEquals(expected.get(file), found.get(name + " created " + file), output);
      }
      expected.put("cpuset.cpus", "0-1");
      expected.put("pids.max", "70");
      for (String file : FILES) {
        assertEquals(expected.get(file), found.get(name + " updated " + file), output);
      }
      assertTrue(!found.containsKey(name + " left cgroup"), output);
    }
    JsonNode data = Box.parse(found.getOrDefault("gatun events stats", "")).get("data");
    assertEquals("[0,1]", data.at("/cpuset/cpus").toString());
    assertTrue(data.at("/hugetlb").has("2MB"), data::toString);
    for (String resource : List.of("cpu", "memory", "blkio")) {
      JsonNode psi = data.at("/" + resource + "/psi");
      assertTrue(psi.at("/some/avg10").isNumber(), data::toString);
      assertTrue(psi.at("/full/total").isNumber(), data::toString);
    }
    String refused = found.getOrDefault("gatun update refused", "");
    assertTrue(refused.contains("rdma.max") && refused.contains("mlx5_1"), refused);
    assertTrue(refused.contains("misc.max"), refused);
  }
}
