package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The interpreter, the constants and the two-stage start for aarch64 on an aarch64 kernel, in an
 * emulated machine: {@code vm/aarch64} runs {@code vm/aarch64-script}, whose parts are looked at
 * here.
 */
class Aarch64Test {
  private static final Map<String, List<String>> PARTS = new HashMap<>();

  @BeforeAll
  static void boot() throws Exception {
    Host.require(
        System.getProperty("user.name", "").equals("root"), "machines of this suite need root");
    String root = System.getProperty("gatun.root", "..");
    try (Box box = new Box(OciRuntime.GATUN)) {
      Command machine =
          box.launch(
              Path.of(root),
              Map.of("GATUN_DIST", distribution()),
              List.of("tests-privileged/vm/aarch64", "tests-privileged/vm/aarch64-script"));
      machine.await(Duration.ofMinutes(5)).expectSuccess();
      for (String part : machine.out().split("(?m)^== ", -1)) {
        List<String> lines = part.lines().toList();
        if (!lines.isEmpty()) {
          PARTS.put(lines.getFirst(), lines.subList(1, lines.size()));
        }
      }
    }
  }

  private static String distribution() {
    return String.valueOf(
        Objects.requireNonNull(OciRuntime.GATUN.binary().getParent()).getParent());
  }

  private static List<String> part(String name) {
    return Objects.requireNonNull(PARTS.get(name), () -> name + " is not in " + PARTS);
  }

  @Test
  void theBinarySpeaksWithItsJvm() {
    assertTrue(part("version").getFirst().startsWith("gatun version "), part("version")::toString);
  }

  @Test
  void aContainerIsWhatItsConfigSays() {
    assertEquals(
        List.of(
            "aarch64",
            "gatun",
            "pid 1",
            "512",
            "CapInh:\t0000000000000000",
            "CapPrm:\t0000000008040020",
            "CapEff:\t0000000008040020",
            "CapBnd:\t0000000008040020",
            "CapAmb:\t0000000000000000",
            "NoNewPrivs:\t1",
            "0::/",
            "status 0"),
        part("run").stream().filter(line -> !line.contains("/dev/stdin")).toList());
    assertTrue(
        part("run").stream().anyMatch(line -> line.endsWith("/dev/stdin -> /proc/self/fd/0")));
  }

  @Test
  void theDeviceFilterFilters() {
    assertEquals(
        List.of("null", "head: /dev/mem2: Operation not permitted", "end", "status 0"),
        part("devices"));
  }

  @Test
  void exitStatusesArrive() {
    assertEquals(List.of("status 3", "Killed", "status 137"), part("exit"));
  }

  @Test
  void aLifeCycleInItsCgroup() {
    List<String> lines = part("lifecycle");
    assertEquals("  \"status\": \"created\",", lines.get(0));
    assertEquals("Name:\tgatun:five", lines.get(1));
    String[] rss = lines.get(2).split("\\s+", -1);
    assertTrue(Integer.parseInt(rss[1]) <= 20, lines.get(2));
    assertEquals(
        List.of("33554432", "16", "59", "init", "  \"status\": \"running\",", "status 0", "0"),
        lines.subList(3, lines.size()));
  }

  @Test
  void aFailureIsOneSentence() {
    assertEquals(
        List.of(
            "gatun: change to working directory \"/etc/../bin/sh\": chdir(\"/etc/../bin/sh\"):"
                + " ENOTDIR (not a directory) [config.json /process/cwd]",
            "status 1",
            "0"),
        part("failure"));
  }

  /** {@code O_NOFOLLOW} and {@code O_DIRECTORY} have other values than on x86-64. */
  @Test
  void aLinkStaysInTheRoot() {
    assertEquals(List.of("pts", "status 0", "0"), part("links"));
  }
}
