package dev.gatun.netns.cni;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Errno;
import dev.gatun.netns.cni.PluginRunner.Ending;
import dev.gatun.oci.SpecException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How a pod is attached, detached and checked, plugin by plugin. */
class CniAttachmentTest {
  private static final String CONFIG =
      """
      {"cniVersion": "%s", "name": "dbnet", "plugins": [
        {"type": "bridge", "bridge": "cni0", "keyA": ["some  more", 1.50, null], "gone": null,
         "name": "other", "cniVersion": "0.1.0", "cni.dev/x": 1, "runtimeConfig": {"a": 1},
         "prevResult": {}, "args": {"labels": []}, "ipam": {"type": "host-local"}},
        {"type": "tuning", "capabilities": {"mac": true, "ips": false}},
        {"type": "portmap", "capabilities": {"portMappings": true, "mac": true}}]}
      """;

  private static final String FIRST =
      "{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"/proc/7/ns/net\"}],"
          + "\"ips\":[{\"address\":\"10.1.0.5/16\",\"gateway\":\"10.1.0.1\",\"interface\":0}],"
          + "\"vendor\" : {\"x\": [1 , 2]}}";
  private static final String SECOND = FIRST.replace("10.1.0.5", "10.1.0.6");
  private static final String THIRD = FIRST.replace("10.1.0.5", "10.1.0.7");

  private static FakeRunner runner() {
    return new FakeRunner()
        .with("/usr/lib/cni/bridge", FakeRunner.answering(FIRST))
        .with("/opt/cni/bin/tuning", FakeRunner.answering(SECOND))
        .with("/opt/cni/bin/portmap", FakeRunner.answering(THIRD));
  }

  private static CniNetwork network(String version) {
    return CniNetworkTest.network(CONFIG.formatted(version));
  }

  private static CniAttachment attach(FakeRunner runner, String version, CniArguments arguments) {
    return network(version).attach(runner, "p1", "/proc/7/ns/net", "eth0", arguments);
  }

  private static CniAttachment attach(FakeRunner runner, String version) {
    return attach(runner, version, CniArguments.NONE);
  }

  // --- ADD

  @Test
  void eachPluginGetsTheResultOfTheOneBefore() {
    FakeRunner runner = runner();
    CniResult result = attach(runner, "1.0.0").add(runner);
    assertEquals(List.of("ADD bridge", "ADD tuning", "ADD portmap"), runner.log());
    assertEquals("", runner.calls.get(0).asked("prevResult"));
    assertEquals(
        FakeRunner.members(FIRST), FakeRunner.members(runner.calls.get(1).asked("prevResult")));
    assertEquals(
        FakeRunner.members(SECOND), FakeRunner.members(runner.calls.get(2).asked("prevResult")));
    assertEquals("10.1.0.7", result.ips().getFirst().address().toString());
  }

  @Test
  void aPluginReadsItsOwnPartAsItIsWritten() {
    FakeRunner runner = runner();
    attach(runner, "1.0.0").add(runner);
    Map<String, String> wanted = new LinkedHashMap<>();
    wanted.put("cniVersion", "\"1.0.0\"");
    wanted.put("name", "\"dbnet\"");
    wanted.put("type", "\"bridge\"");
    wanted.put("bridge", "\"cni0\"");
    wanted.put("keyA", "[\"some  more\", 1.50, null]");
    wanted.put("gone", "null");
    wanted.put("args", "{\"labels\": []}");
    wanted.put("ipam", "{\"type\": \"host-local\"}");
    assertEquals(wanted, FakeRunner.members(runner.calls.get(0).input()));
    assertEquals("", runner.calls.get(1).asked("capabilities"));
  }

  @Test
  void theEnvironmentTellsOfTheAttachment() {
    FakeRunner runner = runner();
    CniArguments arguments =
        CniArguments.NONE.withArg("IgnoreUnknown", "1").withArg("POD", "p 1=x");
    attach(runner, "1.0.0", arguments).add(runner);
    Map<String, String> wanted = new LinkedHashMap<>();
    wanted.put("CNI_COMMAND", "ADD");
    wanted.put("CNI_CONTAINERID", "p1");
    wanted.put("CNI_NETNS", "/proc/7/ns/net");
    wanted.put("CNI_IFNAME", "eth0");
    wanted.put("CNI_ARGS", "IgnoreUnknown=1;POD=p 1=x");
    wanted.put("CNI_PATH", "/opt/cni/bin:/usr/lib/cni");
    assertEquals(wanted, runner.calls.get(0).environment());
    assertThrows(IllegalArgumentException.class, () -> arguments.withArg("a", "b;c"));
    assertThrows(IllegalArgumentException.class, () -> arguments.withArg("a=b", "c"));
    assertThrows(IllegalArgumentException.class, () -> arguments.withArg("", "c"));
  }

  @Test
  void argumentsGoToThosePluginsThatAskForThem() {
    FakeRunner runner = runner();
    CniArguments arguments =
        CniArguments.NONE
            .withPorts(
                List.of(
                    new CniArguments.Port(null, 8080, 80, "tcp"),
                    new CniArguments.Port("127.0.0.1", 5353, 53, "udp")))
            .withMac("c2:11:22:33:44:55")
            .withCapability("dns", "{\"servers\": [ ]}".getBytes(StandardCharsets.UTF_8))
            .withIps(List.of())
            .withPorts(List.of());
    attach(runner, "1.0.0", arguments).add(runner);
    assertEquals("", runner.calls.get(0).asked("runtimeConfig"));
    assertEquals("{\"mac\":\"c2:11:22:33:44:55\"}", runner.calls.get(1).asked("runtimeConfig"));
    assertEquals(
        "{\"portMappings\":[{\"hostPort\":8080,\"containerPort\":80,\"protocol\":\"tcp\"},"
            + "{\"hostPort\":5353,\"containerPort\":53,\"protocol\":\"udp\",\"hostIP\":\"127.0.0.1\"}],"
            + "\"mac\":\"c2:11:22:33:44:55\"}",
        runner.calls.get(2).asked("runtimeConfig"));
  }

  @Test
  void whatNoPluginDoesIsNotPassedOverInSilence() {
    FakeRunner runner = runner();
    CniException e =
        assertThrows(
            CniException.class,
            () -> attach(runner, "1.0.0", CniArguments.NONE.withIps(List.of("10.1.0.9"))));
    assertEquals(
        "add \"p1\" to CNI network \"dbnet\": none of its plugins has the capability ips",
        FakeRunner.message(e));
    assertEquals(List.of(), runner.log());
  }

  @Test
  void namesThatCniDoesNotTakeAreRefused() {
    FakeRunner runner = runner();
    CniNetwork network = network("1.0.0");
    for (String id : List.of("", "_a", "a+b", "a/b", "é")) {
      assertThrows(
          CniException.class, () -> network.attach(runner, id, "/n", "eth0", CniArguments.NONE));
    }
    for (String name :
        List.of("", ".", "..", "a/b", "a b", "a:b", "abcdefghijklmnop", "éééééééé")) {
      assertThrows(
          CniException.class, () -> network.attach(runner, "p", "/n", name, CniArguments.NONE));
    }
    assertEquals(
        "abcdefghijklmno",
        network
            .attach(runner, "0", "/n", "abcdefghijklmno", CniArguments.NONE)
            .attached()
            .ifName());
  }

  @Test
  void aPluginIsLookedForInTheDirectoriesInTheirOrder() {
    FakeRunner runner =
        runner()
            .with("/opt/cni/bin/bridge", FakeRunner.answering(FIRST))
            .with("/opt/cni/bin/tuning", call -> new Ending.NotExecuted(Errno.EACCES))
            .with("/usr/lib/cni/tuning", FakeRunner.answering(SECOND));
    CniException e = assertThrows(CniException.class, () -> attach(runner, "1.0.0").add(runner));
    assertEquals("/opt/cni/bin/bridge", runner.calls.getFirst().path());
    assertEquals(
        "add \"p1\" to CNI network \"dbnet\": plugin \"tuning\": execute \"/opt/cni/bin/tuning\":"
            + " EACCES (permission denied)",
        FakeRunner.message(e));
  }

  // --- failures of ADD

  static Stream<Arguments> endings() {
    byte[] nothing = new byte[0];
    return Stream.of(
        Arguments.of(
            FakeRunner.exited(
                1,
                "{\"cniVersion\":\"1.0.0\",\"code\":7,\"msg\":\"Invalid\\nConfiguration.\","
                    + "\"details\":\"too  small.\",\"x\":1}\n",
                "logs"),
            "Invalid Configuration: too small (code 7, invalid network configuration)"),
        Arguments.of(
            FakeRunner.exited(1, "{\"code\":11,\"msg\":\"later\"}", ""),
            "later (code 11, try again later)"),
        Arguments.of(FakeRunner.exited(1, "{\"code\":999,\"msg\":\"own\"}", ""), "own (code 999)"),
        Arguments.of(
            FakeRunner.exited(3, "{\"code\":5}", "disk"),
            "exit status 3, having written: disk (code 5, I/O failure)"),
        Arguments.of(
            FakeRunner.exited(1, "", " line one\n\tline two\u0007\n"),
            "exit status 1, having written: line one line two"),
        Arguments.of(
            FakeRunner.exited(2, "not JSON", ""), "exit status 2, having written: not JSON"),
        Arguments.of(FakeRunner.exited(2, "{}", ""), "exit status 2, having written: {}"),
        Arguments.of(FakeRunner.exited(127, "", ""), "exit status 127"),
        Arguments.of(
            FakeRunner.exited(1, "{\"code\":\"x\",\"msg\":1}", "said"),
            "exit status 1, having written: said"),
        Arguments.of(
            new Ending.Killed(9, "oom".getBytes(StandardCharsets.UTF_8)),
            "it was ended by signal 9, having written: oom"),
        Arguments.of(
            new Ending.TimedOut(1, nothing), "it had not ended after 1 second, and was killed"),
        Arguments.of(
            new Ending.TimedOut(60, "w".getBytes(StandardCharsets.UTF_8)),
            "it had not ended after 60 seconds, and was killed, having written: w"),
        Arguments.of(new Ending.TooMuch(100), "it wrote more than 100 bytes, and was killed"),
        Arguments.of(
            new Ending.NotExecuted(Errno.ENOEXEC),
            "execute \"/opt/cni/bin/tuning\": ENOEXEC (exec format error)"),
        Arguments.of(
            new Ending.NotExecuted(Errno.ENOENT),
            "there is no such file in \"/opt/cni/bin\", \"/usr/lib/cni\""),
        Arguments.of(
            FakeRunner.exited(0, "", ""),
            "it did not answer as a CNI plugin: ADD answer:1:1: malformed JSON: expected a value,"
                + " found the end of the document"),
        Arguments.of(
            FakeRunner.exited(0, "garbage", ""),
            "it did not answer as a CNI plugin: ADD answer:1:1: malformed JSON: expected a value"),
        Arguments.of(
            FakeRunner.exited(0, "{\"code\":1,\"msg\":\"sorry\"}", ""),
            "it did not answer as a CNI plugin: ADD answer:1:17: /msg: an error in the place of a"
                + " result: sorry"),
        Arguments.of(
            FakeRunner.exited(0, "{\"cniVersion\":\"0.2.0\",\"ip4\":{}}", ""),
            "it did not answer as a CNI plugin: ADD answer:1:15: /cniVersion: a result of CNI"
                + " version \"0.2.0\", none of 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0"));
  }

  @ParameterizedTest
  @MethodSource("endings")
  void everyFailureIsOneSentenceAndWhatWasAddedIsTakenBack(Ending ending, String sentence) {
    FakeRunner runner =
        runner()
            .with(
                "/opt/cni/bin/tuning",
                call -> call.command().equals("ADD") ? ending : FakeRunner.exited(0, "", ""));
    CniAttachment attachment = attach(runner, "1.0.0");
    CniException e = assertThrows(CniException.class, () -> attachment.add(runner));
    assertEquals(
        "add \"p1\" to CNI network \"dbnet\": plugin \"tuning\": " + sentence,
        FakeRunner.message(e));
    assertEquals("tuning", e.plugin());
    assertEquals("dbnet", e.network());
    assertEquals(0, e.getSuppressed().length);
    assertEquals(List.of("ADD bridge", "ADD tuning", "DEL tuning", "DEL bridge"), runner.log());
    // What the first plugin has said is all that is known of it.
    assertEquals(
        FakeRunner.members(FIRST), FakeRunner.members(runner.calls.getLast().asked("prevResult")));
    assertEquals("/proc/7/ns/net", runner.calls.getLast().environment().get("CNI_NETNS"));
    assertNull(attachment.result());
  }

  @Test
  void whatCannotBeTakenBackIsToldBesideTheFailure() {
    FakeRunner runner =
        runner()
            .with(
                "/opt/cni/bin/tuning",
                call ->
                    FakeRunner.exited(1, "{\"code\":100,\"msg\":\"" + call.command() + "\"}", ""));
    CniException e = assertThrows(CniException.class, () -> attach(runner, "1.0.0").add(runner));
    assertEquals(100, e.code());
    assertEquals(
        "remove \"p1\" from CNI network \"dbnet\": plugin \"tuning\": DEL (code 100)",
        e.getSuppressed()[0].getMessage());
    assertEquals("DEL bridge", runner.log().getLast());
  }

  @Test
  void aRunnerThatFailsIsNoReasonToLeaveThingsBehind() {
    FakeRunner runner =
        runner()
            .with(
                "/opt/cni/bin/portmap",
                call -> {
                  if (call.command().equals("ADD")) {
                    throw new IllegalStateException("no memory");
                  }
                  return FakeRunner.exited(0, "", "");
                });
    assertThrows(IllegalStateException.class, () -> attach(runner, "1.0.0").add(runner));
    assertEquals(List.of("DEL portmap", "DEL tuning", "DEL bridge"), runner.log().subList(3, 6));
  }

  @Test
  void longWordsAreCutAtTheirBeginning() {
    String words = "x".repeat(5000) + " the cause";
    FakeRunner runner =
        runner().with("/usr/lib/cni/bridge", call -> FakeRunner.exited(1, "", words));
    CniException e = assertThrows(CniException.class, () -> attach(runner, "1.0.0").add(runner));
    assertTrue(FakeRunner.message(e).endsWith("x the cause"), FakeRunner.message(e));
    assertTrue(FakeRunner.message(e).length() < 1200, () -> "" + FakeRunner.message(e).length());
  }

  // --- DEL

  @Test
  void pluginsDetachInTheOppositeOrderWithTheLastResult() {
    FakeRunner runner = runner();
    CniAttachment attachment = attach(runner, "1.0.0");
    attachment.add(runner);
    runner.calls.clear();
    CniAttachment later = CniAttachment.parse(attachment.toBytes(), "cni.json");
    later.delete(runner, "/proc/7/ns/net");
    assertEquals(List.of("DEL portmap", "DEL tuning", "DEL bridge"), runner.log());
    for (FakeRunner.Call call : runner.calls) {
      assertEquals(
          FakeRunner.members(THIRD), FakeRunner.members(call.asked("prevResult")), call.plugin());
      assertEquals("/proc/7/ns/net", call.environment().get("CNI_NETNS"));
    }
    later.delete(runner, null);
    assertEquals(6, runner.calls.size());
    assertEquals("", runner.calls.getLast().environment().get("CNI_NETNS"));
  }

  @Test
  void oneThatWasNeverAddedIsDetachedWithoutAResult() {
    FakeRunner runner = runner();
    CniAttachment begun =
        CniAttachment.parse(
            attach(runner, "1.0.0", CniArguments.NONE.withMac("02:00:00:00:00:01")).toBytes(),
            "cni.json");
    begun.delete(runner, null);
    assertEquals(List.of("DEL portmap", "DEL tuning", "DEL bridge"), runner.log());
    assertEquals("", runner.calls.getLast().asked("prevResult"));
    assertEquals("{\"mac\":\"02:00:00:00:00:01\"}", runner.calls.getFirst().asked("runtimeConfig"));
  }

  @Test
  void before040ThereIsNoResultForDel() {
    FakeRunner runner =
        new FakeRunner()
            .with("/usr/lib/cni/bridge", FakeRunner.answering("{\"cniVersion\":\"0.3.1\"}"))
            .with("/opt/cni/bin/tuning", FakeRunner.answering("{\"cniVersion\":\"0.3.1\"}"))
            .with("/opt/cni/bin/portmap", FakeRunner.answering("{\"cniVersion\":\"0.3.1\"}"));
    CniAttachment attachment = attach(runner, "0.3.1");
    attachment.add(runner);
    attachment.delete(runner, null);
    assertEquals("", runner.calls.getLast().asked("prevResult"));
    assertEquals("\"0.3.1\"", runner.calls.getLast().asked("cniVersion"));
  }

  @Test
  void deleteStopsAtAFailureAndAbandonDoesNot() {
    FakeRunner runner = runner();
    CniAttachment attachment = attach(runner, "1.0.0");
    attachment.add(runner);
    runner
        .with(
            "/opt/cni/bin/portmap", call -> FakeRunner.exited(1, "{\"code\":4,\"msg\":\"a\"}", ""))
        .with(
            "/usr/lib/cni/bridge", call -> FakeRunner.exited(1, "{\"code\":5,\"msg\":\"b\"}", ""));
    runner.calls.clear();
    CniException e = assertThrows(CniException.class, () -> attachment.delete(runner, null));
    assertEquals(
        "remove \"p1\" from CNI network \"dbnet\": plugin \"portmap\": a (code 4, invalid environment"
            + " variables)",
        FakeRunner.message(e));
    assertEquals(List.of("DEL portmap"), runner.log());
    runner.calls.clear();
    e = assertThrows(CniException.class, () -> attachment.abandon(runner, null));
    assertEquals(4, e.code());
    assertEquals(5, ((CniException) e.getSuppressed()[0]).code());
    assertEquals(List.of("DEL portmap", "DEL tuning", "DEL bridge"), runner.log());
  }

  @Test
  void anUnknownContainerIsDetachedAlready() {
    FakeRunner runner = runner();
    CniAttachment attachment = attach(runner, "1.0.0");
    runner.with(
        "/opt/cni/bin/portmap", call -> FakeRunner.exited(1, "{\"code\":3,\"msg\":\"who?\"}", ""));
    attachment.delete(runner, null);
    assertEquals(List.of("DEL portmap", "DEL tuning", "DEL bridge"), runner.log());
  }

  // --- CHECK

  @Test
  void checkAsksInOrderWithTheLastResultUntilOneFails() {
    FakeRunner runner = runner();
    CniAttachment attachment = attach(runner, "0.4.0");
    CniException e = assertThrows(CniException.class, () -> attachment.check(runner));
    assertEquals(
        "check \"p1\" in CNI network \"dbnet\": it has not been added", FakeRunner.message(e));
    attachment.add(runner);
    runner.calls.clear();
    assertNull(attachment.check(runner));
    assertEquals(List.of("CHECK bridge", "CHECK tuning", "CHECK portmap"), runner.log());
    for (FakeRunner.Call call : runner.calls) {
      // It was told in 1.0.0, and is handed on in 0.4.0.
      Map<String, String> previous = FakeRunner.members(call.asked("prevResult"));
      assertEquals("\"0.4.0\"", previous.get("cniVersion"));
      assertTrue(String.valueOf(previous.get("ips")).contains("\"version\":\"4\""));
    }
    runner.with(
        "/opt/cni/bin/tuning", call -> FakeRunner.exited(1, "{\"code\":101,\"msg\":\"lost\"}", ""));
    runner.calls.clear();
    assertThrows(CniException.class, () -> attachment.check(runner));
    assertEquals(List.of("CHECK bridge", "CHECK tuning"), runner.log());
  }

  @Test
  void whereCheckIsForbiddenOrUnknownNobodyIsAsked() {
    FakeRunner runner = runner();
    assertEquals(
        "CNI network \"dbnet\" was not checked: CNI 0.3.1 has no CHECK, which came with 0.4.0",
        attach(runner, "0.3.1").check(runner));
    CniNetwork forbidden =
        CniNetworkTest.network(
            CONFIG
                .formatted("1.0.0")
                .replace("\"plugins\"", "\"disableCheck\": true, \"plugins\""));
    CniAttachment attachment = forbidden.attach(runner, "p", "/n", "eth0", CniArguments.NONE);
    String sentence =
        "CNI network \"dbnet\" was not checked: its configuration forbids it (disableCheck)";
    assertEquals(sentence, attachment.check(runner));
    assertEquals(sentence, CniAttachment.parse(attachment.toBytes(), "cni.json").check(runner));
    assertEquals(List.of(), runner.log());
  }

  // --- on disk

  @Test
  void whatIsWrittenDownIsAllThereIs() {
    FakeRunner runner = runner();
    CniArguments arguments =
        CniArguments.NONE
            .withMac("02:00:00:00:00:01")
            .withCapability("odd", "{ \"a\" : null }".getBytes(StandardCharsets.UTF_8))
            .withArg("K", "V");
    CniAttachment attachment = attach(runner, "1.0.0", arguments);
    byte[] before = attachment.toBytes();
    assertArrayEquals(before, CniAttachment.parse(before, "cni.json").toBytes());
    CniResult result = attachment.add(runner);
    byte[] after = attachment.toBytes();
    assertFalse(Arrays.equals(before, after));
    CniAttachment later = CniAttachment.parse(after, "cni.json");
    assertArrayEquals(after, later.toBytes());
    assertEquals(result, later.result());
    assertEquals(new CniNetwork.Attached("p1", "eth0"), later.attached());
    // Everything that plugins are told is the same as it was.
    runner.calls.clear();
    attachment.delete(runner, "/proc/7/ns/net");
    List<FakeRunner.Call> first = List.copyOf(runner.calls);
    runner.calls.clear();
    later.delete(runner, "/proc/7/ns/net");
    assertEquals(first, runner.calls);
  }

  @Test
  void damagedBytesAreSaidToBe() {
    byte[] good = attach(runner(), "1.0.0").toBytes();
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThrows(SpecException.class, () -> CniAttachment.parse(cut, "cni.json"));
    }
    String text = new String(good, StandardCharsets.UTF_8);
    for (String name : List.of("version", "containerId", "ifName", "network")) {
      byte[] without =
          text.replaceFirst("\"" + name + "\"", "\"x-" + name + "\"")
              .getBytes(StandardCharsets.UTF_8);
      SpecException e =
          assertThrows(SpecException.class, () -> CniAttachment.parse(without, "cni.json"));
      assertTrue(FakeRunner.message(e).contains("\"" + name + "\""), FakeRunner.message(e));
    }
  }
}
