package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** The values that a file has after create, after update, and after what only Gatun takes. */
  private record Expected(String file, String created, String updated, String again) {
    static Expected same(String file, String value) {
      return new Expected(file, value, value, value);
    }

    static Expected of(String file, String created, String updated) {
      return new Expected(file, created, updated, updated);
    }
  }

  private static final String RESOURCES =
      "{'cpu': {'shares': 1024, 'quota': 50000, 'period': 200000, 'cpus': '0', 'mems': '0'},"
          + " 'memory': {'limit': 67108864, 'swap': 100663296, 'reservation': 33554432},"
          + " 'pids': {'limit': 100}, 'blockIO': {'weight': 300,"
          + " 'weightDevice': [{'major': 7, 'minor': 0, 'weight': 200}], 'throttleWriteIOPSDevice':"
          + " [{'major': 7, 'minor': 0, 'rate': 500}]},"
          + " 'hugepageLimits': [{'pageSize': '2MB', 'limit': 4194304}],"
          + " 'unified': {'memory.high': '59998208'}}";

  private static final String UPDATE =
      "{'cpu': {'shares': 2048, 'quota': 30000, 'period': 100000, 'cpus': '0-1', 'mems': '0'},"
          + " 'memory': {'limit': 33554432, 'swap': 33554432, 'reservation': 1048576},"
          + " 'pids': {'limit': 70}, 'blockIO': {'weight': 400},"
          + " 'unified': {'memory.high': '29999104', 'io.max': '7:0 rbps=4096'}}";

  private static final String AGAIN =
      "{'hugepageLimits': [{'pageSize': '2MB', 'limit': 6291456}], 'blockIO': {'weightDevice':"
          + " [{'major': 7, 'minor': 0, 'weight': 120}]}, 'cpu': {'burst': 1000}}";

  /** A line {@code RUNTIME WHEN FILE VALUE} for each file, lines of a file joined by commas. */
  private static final String SCRIPT =
      """
      cd "$1"
      driver=DRIVER
      place() {
        case $driver/$1 in
          cgroupfs/*) echo /sys/fs/cgroup/machine-$1 ;;
          systemd/runc) echo /sys/fs/cgroup/system.slice/machine-$1.scope ;;
          *) echo /sys/fs/cgroup/system.slice/machine-$1.scope/container ;;
        esac
      }
      dump() {
        for file in FILES; do
          echo "$1 $2 $file $(cat $(place $1)/$file 2>&1 | paste -sd,)"
        done
      }
      echo bfq >/sys/block/loop0/queue/scheduler
      for runtime in RUNTIMES; do
        name=$(basename $runtime)
        option=
        path=/machine-$name
        [ $driver = cgroupfs ] || option=--systemd-cgroup path=system.slice:machine:$name
        mkdir /tmp/$name
        sed "s#CGROUP#$path#" config.template >/tmp/$name/config.json
        $runtime $option create --bundle /tmp/$name c-$name </dev/null >/tmp/out 2>&1 || cat /tmp/out
        dump $name created
        $runtime $option update -r - c-$name <update.json
        dump $name updated
        if [ $name = gatun ]; then
          $runtime $option update -r - c-$name <again.json
          dump $name again
          echo "$name events stats $($runtime $option events --stats c-$name)"
          for resources in '{"rdma": {"mlx5_1": {"hcaHandles": 3}}}' \
              '{"unified": {"misc.max": "sev 1"}}'; do
            echo "$name update refused $(echo "$resources" | $runtime update -r - c-$name 2>&1)"
          done
        fi
        $runtime $option delete --force c-$name
        for attempt in $(seq 30); do [ ! -e $(place $name) ] || sleep 1; done
        [ ! -e $(place $name) ] || echo "$name left cgroup $(place $name)"
      done
      """;

  @ParameterizedTest
  @ValueSource(strings = {"cgroupfs", "systemd"})
  void everyFileHasTheValueOfTheConfigAndThenOfTheUpdate(String driver) throws IOException {
    Path directory =
        Path.of(ROOT, "tests-privileged", "target", "machine-" + ProcessHandle.current().pid());
    try {
      Bundle bundle = new Bundle(directory);
      bundle.set("/root/path", "'" + directory + "/rootfs'");
      bundle.set("/linux/cgroupsPath", "'CGROUP'");
      bundle.set("/linux/resources", RESOURCES).args("/bin/sleep", "1000").write();
      Files.move(directory.resolve("config.json"), directory.resolve("config.template"));
      Files.writeString(directory.resolve("update.json"), UPDATE.replace('\'', '"'));
      Files.writeString(directory.resolve("again.json"), AGAIN.replace('\'', '"'));
      StringBuilder runtimes = new StringBuilder();
      for (OciRuntime runtime : OciRuntime.values()) {
        runtimes.append(runtime.binary()).append(' ');
      }
      StringBuilder files = new StringBuilder();
      for (Expected expected : expected("gatun")) {
        files.append(expected.file()).append(' ');
      }
      Files.writeString(
          directory.resolve("script"),
          SCRIPT
              .replace("DRIVER", driver)
              .replace("FILES", files.toString().strip())
              .replace("RUNTIMES", runtimes.toString().strip()));
      List<String> words = new ArrayList<>(List.of(ROOT + "/tests-privileged/vm/boot"));
      if (driver.equals("systemd")) {
        words.add("--systemd");
      }
      words.addAll(List.of("--", "sh", directory + "/script", directory.toString()));
      check(Host.run(words.toArray(String[]::new)));
    } finally {
      Host.run("rm", "-rf", directory.toString());
    }
  }

  /**
   * What differs: neither Debian's runc nor its crun knows of hugetlb's reservations and of killing
   * a cgroup as a whole, and both have the linear formula of weights.
   */
  private static List<Expected> expected(String runtime) {
    boolean isGatun = runtime.equals("gatun");
    // bfq's default overwrites the weights of devices, which crun forgets.
    String weights = runtime.equals("crun") ? "default 400" : "default 400,7:0 200";
    String half = "7:0 rbps=max wbps=max riops=max wiops=500";
    String whole = "7:0 rbps=4096 wbps=max riops=max wiops=500";
    return List.of(
        Expected.of("cpuset.cpus", "0", "0-1"),
        Expected.same("cpuset.mems", "0"),
        Expected.of("cpu.weight", isGatun ? "100" : "39", isGatun ? "174" : "79"),
        Expected.of("cpu.max", "50000 200000", "30000 100000"),
        new Expected("cpu.max.burst", "0", "0", "1000"),
        Expected.same("cpu.idle", "0"),
        Expected.of("memory.max", "67108864", "33554432"),
        Expected.of("memory.swap.max", "33554432", "0"),
        Expected.of("memory.low", "33554432", "1048576"),
        Expected.of("memory.high", "59998208", "29999104"),
        Expected.same("memory.oom.group", isGatun ? "1" : "0"),
        Expected.of("pids.max", "100", "70"),
        new Expected("io.bfq.weight", "default 300,7:0 200", weights, "default 400,7:0 120"),
        Expected.of("io.max", half, whole),
        new Expected("hugetlb.2MB.max", "4194304", "4194304", "6291456"),
        isGatun
            ? new Expected("hugetlb.2MB.rsvd.max", "4194304", "4194304", "6291456")
            : Expected.same("hugetlb.2MB.rsvd.max", "max"));
  }

  private static void check(String output) {
    Map<String, String> found = new HashMap<>();
    for (String line : output.split("\n", -1)) {
      String[] words = line.split(" ", 4);
      if (words.length == 4) {
        found.merge(words[0] + " " + words[1] + " " + words[2], words[3].strip(), String::concat);
      }
    }
    for (String name : List.of("runc", "crun", "gatun")) {
      for (Expected expected : expected(name)) {
        String file = expected.file();
        assertEquals(
            expected.created(), found.get(name + " created " + file), file + "\n" + output);
        assertEquals(
            expected.updated(), found.get(name + " updated " + file), file + "\n" + output);
        if (name.equals("gatun")) {
          assertEquals(expected.again(), found.get(name + " again " + file), file + "\n" + output);
        }
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
    // No device of this machine has such resources: the kernel says so about what is written.
    String refused = found.getOrDefault("gatun update refused", "");
    assertTrue(refused.contains("rdma.max>, \"mlx5_1 hca_handle=3\""), refused);
    assertTrue(refused.contains("misc.max>, \"sev 1\""), refused);
  }
}
