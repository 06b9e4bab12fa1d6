package dev.gatun.runtime.sandbox;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.oci.IdMapping;
import dev.gatun.oci.SpecException;
import dev.gatun.runtime.ConfigException;
import dev.gatun.runtime.lifecycle.CgroupDriver;
import dev.gatun.runtime.state.ContainerState;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SandboxStateTest {
  private static final SandboxState STATE =
      new SandboxState(
          "p",
          4194304,
          1234567890123L,
          "2026-11-21T03:04:05.000000006Z",
          "höst",
          Map.of("kernel.shmmax", "1"),
          true,
          true,
          List.of(new IdMapping(0, 100000, 65536), new IdMapping(65536, 4294967294L, 1)),
          1000,
          new ContainerState.Cgroup("/sys/fs/cgroup", "/a b/p", "/a b/p", "/run/bus"),
          Map.of("key", "\"value\"\n"));

  @Test
  void whatIsWrittenIsRead() {
    assertEquals(STATE, SandboxState.of(STATE.toBytes()));
    SandboxState unknown = SandboxState.unknown("p");
    assertEquals(unknown, SandboxState.of(unknown.toBytes()));
  }

  /**
   * A parameter may be settable only when another one is set; and what is listed stays in place.
   */
  @Test
  void whatWasGivenInAnOrderStaysInIt() {
    Map<String, String> given = new LinkedHashMap<>();
    for (int i = 20; i > 0; i--) {
      given.put("fs.mqueue.name" + i, "1");
    }
    List<String> names = List.copyOf(given.keySet());
    SandboxRequest request =
        new SandboxRequest(
            "p", null, given, false, List.of(), false, given, null, CgroupDriver.CGROUPFS, false);
    assertEquals(names, List.copyOf(request.sysctls().keySet()));
    assertEquals(names, List.copyOf(request.annotations().keySet()));
    SandboxState state =
        new SandboxState(
            "p",
            1,
            1,
            "",
            "h",
            request.sysctls(),
            false,
            false,
            List.of(),
            0,
            new ContainerState.Cgroup("/cgroup", "/p", "", ""),
            given);
    SandboxState read = SandboxState.of(state.withPause(7, 7).toBytes());
    assertEquals(names, List.copyOf(read.sysctls().keySet()));
    assertEquals(names, List.copyOf(read.annotations().keySet()));
    given.clear();
    assertEquals(names, List.copyOf(request.sysctls().keySet()));
    assertThrows(UnsupportedOperationException.class, () -> request.sysctls().clear());
  }

  @Test
  void thePidIsWhereProgramsReadIt() {
    String text = new String(STATE.toBytes(), StandardCharsets.UTF_8);
    int at = ContainerState.PID_OFFSET;
    assertEquals("   4194304,", text.substring(at, at + ContainerState.PID_DIGITS + 1));
  }

  @Test
  void cgroupsBelowThePods() {
    assertEquals("/sys/fs/cgroup/a b/p", requireNonNull(STATE.podCgroup()).directory());
    assertEquals("/sys/fs/cgroup/a b/p/pause", requireNonNull(STATE.cgroupOf("pause")).directory());
  }

  @Test
  void whatALaterVersionAddsIsPassedOver() {
    String text = new String(STATE.toBytes(), StandardCharsets.UTF_8);
    String longer = text.substring(0, text.length() - 1) + ",\"later\":[{\"a\":1}]}";
    assertEquals(STATE, SandboxState.of(longer.getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "\u0000\u0001", "[]", "{\"pid\": \"x\"}", "{\"idMappings\": [{}]}"})
  void whatIsNoStateIsSaidToBeNone(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    assertThrows(SpecException.class, () -> SandboxState.of(bytes));
  }

  private static SandboxRequest request(
      String id, @Nullable String hostname, Map<String, String> sysctls, boolean hostNetwork) {
    return new SandboxRequest(
        id,
        hostname,
        sysctls,
        false,
        List.of(),
        hostNetwork,
        Map.of(),
        null,
        CgroupDriver.CGROUPFS,
        false);
  }

  @ParameterizedTest
  @CsvSource({
    "kernel.panic, false, 'not a parameter of a namespace, so it would change the host'",
    "kernel.hostname, false, 'the pod''s host name is said with --hostname'",
    "vm/overcommit_memory, false, 'not a parameter of a namespace, so it would change the host'",
    "net.core.somaxconn, true, 'the pod has the host''s network namespace, so it would change the"
        + " host'",
    "net.ipv4..x, false, not the name of a kernel parameter",
    "net/../kernel/panic, false, not the name of a kernel parameter",
  })
  void aSysctlOfTheHostIsRefused(String name, boolean hostNetwork, String why) {
    SandboxRequest request = request("p", null, Map.of(name, "1"), hostNetwork);
    assertEquals(
        "--sysctl " + name + ": " + why,
        assertThrows(ConfigException.class, request::check).getMessage());
  }

  @Test
  void sysctlsOfThePodAreTaken() {
    for (String name :
        List.of(
            "net.core.somaxconn",
            "net/ipv4/conf/eth0.1/forwarding",
            "kernel.shmmax",
            "kernel.shm_rmid_forced",
            "kernel.msgmni",
            "kernel.sem",
            "fs.mqueue.msg_max")) {
      request("p", null, Map.of(name, "1"), false).check();
    }
    request("p", null, Map.of("kernel.sem", "1 2 3 4"), true).check();
    assertThrows(
        ConfigException.class, () -> request("p", null, Map.of("kernel.sem", ""), true).check());
  }

  @Test
  void theHostNameIsAsMuchOfTheIdAsItCanHold() {
    assertEquals("p", request("p", null, Map.of(), false).effectiveHostname());
    assertEquals("h", request("p", "h", Map.of(), false).effectiveHostname());
    String longest = "x".repeat(64);
    assertEquals(longest, request("x".repeat(255), null, Map.of(), false).effectiveHostname());
    request("p", longest, Map.of(), false).check();
    for (String bad : List.of("", longest + "x", "ä".repeat(33), "a\nb")) {
      SandboxRequest request = request("p", bad, Map.of(), false);
      assertEquals(
          "--hostname: a host name has 1 to 64 bytes on one line",
          assertThrows(ConfigException.class, request::check).getMessage());
    }
  }
}
