package dev.gatun.netns.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.netns.cni.CniNetwork.Attached;
import dev.gatun.oci.SpecException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What configurations say, and what is asked of plugins without an attachment. */
class CniNetworkTest {
  private static final List<String> BIN = List.of("/opt/cni/bin", "/usr/lib/cni");

  static CniNetwork network(String json) {
    return CniNetwork.parse(json.getBytes(StandardCharsets.UTF_8), "net.conflist", BIN);
  }

  private static String fails(String json) {
    return FakeRunner.message(assertThrows(SpecException.class, () -> network(json)));
  }

  @Test
  void aConfigurationIsReadWithWhatItDoesNotDefine() {
    CniNetwork network =
        network(
            """
            {"cniVersion": "0.4.0", "cniVersions": ["1.0.0", "9.0.0", "0.3.1"], "name": "db.net-1_x",
             "unknown": {"a": [1]}, "plugins": [{"type": "bridge"}, {"type": "portmap", "x": null}]}
            """);
    assertEquals("db.net-1_x", network.name());
    assertEquals(
        List.of(CniVersion.V1_0_0, CniVersion.V0_4_0, CniVersion.V0_3_1), network.versions());
    assertEquals(List.of("bridge", "portmap"), network.plugins());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"cniVersion":"1.0.0","plugins":[{"type":"a"}]} | net.conflist:1:1: missing property "name"
          {"name":"n","plugins":[{"type":"a"}]} | missing property "cniVersion"
          {"cniVersion":"1.0","name":"n","plugins":[{"type":"a"}]} | /cniVersion: expected a version such as 1.0.0, found "1.0"
          {"cniVersion":"1.0.0-rc1","name":"n","plugins":[{"type":"a"}]} | expected a version such as 1.0.0, found "1.0.0-rc1"
          {"cniVersion":"0.2.0","cniVersions":["7.0.0"],"name":"n","plugins":[{"type":"a"}]} | CNI version 0.2.0, 7.0.0, none of 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0
          {"cniVersion":"1.0.0","name":"-n","plugins":[{"type":"a"}]} | /name: expected letters, digits, and behind the first _ . -, found "-n"
          {"cniVersion":"1.0.0","name":"../x","plugins":[{"type":"a"}]} | found "../x"
          {"cniVersion":"1.0.0","name":"n","plugins":[]} | /plugins: a network without plugins
          {"cniVersion":"1.0.0","name":"n"} | net.conflist: a network without plugins
          {"cniVersion":"1.0.0","name":"n","loadOnlyInlinedPlugins":true} | missing property "plugins"
          {"cniVersion":"1.0.0","name":"n","plugins":{}} | /plugins: expected an array of plugins, found an object
          {"cniVersion":"1.0.0","name":"n","plugins":[7]} | /plugins/0: expected an object, found a number
          {"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a"},{"name":"b"}]} | /plugins/1: missing property "type"
          {"cniVersion":"1.0.0","name":"n","plugins":[{"type":null}]} | /plugins/0: missing property "type"
          {"cniVersion":"1.0.0","name":"n","plugins":[{"type":"../sh"}]} | /plugins/0/type: expected the name of a file, found "../sh"
          {"cniVersion":"1.0.0","name":"n","plugins":[{"type":".."}]} | found ".."
          {"cniVersion":"1.0.0","name":"n","plugins":[{"type":""}]} | found ""
          {"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a","capabilities":{"mac":"yes"}}]} | /plugins/0/capabilities/mac: expected true or false, found a string
          {"cniVersion":"1.0.0","name":"n","disableGC":1,"plugins":[{"type":"a"}]} | /disableGC: expected true or false, found 1
          {"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a"}]} trailing | text after the end of the document
          {"cniVersion":"1.0.0","name":"n","name":"m","plugins":[{"type":"a"}]} | a duplicate name
          """)
  void whatIsWrongIsSaidWithItsPlace(String json, String problem) {
    String message = fails(json);
    assertTrue(message.startsWith("net.conflist"), message);
    assertTrue(message.contains(problem), message);
  }

  @Test
  void booleansMayBeStrings() {
    FakeRunner runner = new FakeRunner().with("/opt/cni/bin/a", FakeRunner.answering(""));
    String json =
        """
        {"cniVersion": "1.1.0", "name": "n", "disableGC": "%s", "plugins": [{"type": "a"}]}
        """;
    assertEquals(
        "clean up CNI network \"n\": its configuration forbids it (disableGC)",
        noGc(network(json.formatted("True")), runner));
    assertEquals(List.of(), runner.log());
    network(json.formatted("FALSE")).gc(runner, List.of());
    assertEquals(List.of("GC a"), runner.log());
  }

  /** What is said where GC cannot be asked for. */
  private static String noGc(CniNetwork network, FakeRunner runner) {
    return FakeRunner.message(
        assertThrows(CniException.class, () -> network.gc(runner, List.of())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a:b"})
  void aDirectoryOfPluginsHasToFitIntoThePath(String directory) {
    byte[] json =
        "{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":[{\"type\":\"a\"}]}"
            .getBytes(StandardCharsets.UTF_8);
    assertThrows(
        IllegalArgumentException.class, () -> CniNetwork.parse(json, "n", List.of(directory)));
  }

  // --- versions

  private static final String MANY =
      """
      {"cniVersions": ["0.3.1", "0.4.0", "1.0.0", "1.1.0"], "name": "n",
       "plugins": [{"type": "new"}, {"type": "old"}, {"type": "new"}]}
      """;

  private static FakeRunner versions(String oldOnes, String newOnes) {
    return new FakeRunner()
        .with(
            "/usr/lib/cni/old",
            FakeRunner.answering(
                "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":" + oldOnes + "}"))
        .with(
            "/opt/cni/bin/new",
            FakeRunner.answering(
                "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":" + newOnes + "}\n"));
  }

  private static CniAttachment attach(CniNetwork network, PluginRunner runner) {
    return network.attach(runner, "p1", "/proc/7/ns/net", "eth0", CniArguments.NONE);
  }

  @Test
  void theNewestVersionThatAllKnowIsSpoken() {
    FakeRunner runner =
        versions("[\"0.1.0\",\"0.3.1\",\"0.4.0\"]", "[\"0.4.0\",\"1.0.0\",\"1.1.0\",\"1.2.0\"]");
    assertEquals(CniVersion.V0_4_0, attach(network(MANY), runner).version());
    // Each plugin is asked once.
    assertEquals(List.of("VERSION new", "VERSION old"), runner.log());
    FakeRunner.Call call = runner.calls.getFirst();
    assertEquals("{\"cniVersion\":\"1.1.0\"}", call.input());
    assertEquals("/opt/cni/bin:/usr/lib/cni", call.environment().get("CNI_PATH"));
  }

  @Test
  void nobodyIsAskedWhenThereIsNoChoice() {
    FakeRunner runner = new FakeRunner();
    CniNetwork network =
        network("{\"cniVersion\":\"0.3.0\",\"name\":\"n\",\"plugins\":[{\"type\":\"a\"}]}");
    assertEquals(CniVersion.V0_3_0, attach(network, runner).version());
    assertEquals(List.of(), runner.log());
  }

  @Test
  void pluginsWithoutACommonVersionAreRefused() {
    FakeRunner runner = versions("[\"0.4.0\"]", "[\"1.0.0\"]");
    CniException e = assertThrows(CniException.class, () -> attach(network(MANY), runner));
    assertEquals(
        "add \"p1\" to CNI network \"n\": its plugins have none of its CNI versions in common",
        FakeRunner.message(e));
  }

  @Test
  void anAnswerToVersionThatIsNoneIsSaidToBe() {
    FakeRunner runner = versions("[]", "7");
    CniException e = assertThrows(CniException.class, () -> attach(network(MANY), runner));
    assertEquals(
        "add \"p1\" to CNI network \"n\": plugin \"new\": it did not answer as a CNI plugin:"
            + " VERSION answer:1:43: /supportedVersions: expected an array of strings, found a"
            + " number",
        FakeRunner.message(e));
    FakeRunner silent = new FakeRunner().with("/opt/cni/bin/new", FakeRunner.answering("{}"));
    e = assertThrows(CniException.class, () -> attach(network(MANY), silent));
    assertTrue(
        FakeRunner.message(e).contains("missing property \"supportedVersions\""),
        FakeRunner.message(e));
  }

  // --- GC and STATUS

  private static final String GARBAGE =
      """
      {"cniVersion": "1.1.0", "name": "n", "plugins": [
        {"type": "a", "capabilities": {"mac": true}, "cni.dev/own": 1, "kept": [1, 2]},
        {"type": "b"}, {"type": "c"}]}
      """;

  @Test
  void everyPluginLearnsWhichAttachmentsAreInUse() {
    FakeRunner runner =
        new FakeRunner()
            .with("/opt/cni/bin/a", FakeRunner.answering(""))
            .with("/usr/lib/cni/b", FakeRunner.answering("anything"))
            .with("/opt/cni/bin/c", FakeRunner.answering(""));
    network(GARBAGE).gc(runner, List.of(new Attached("p1", "eth0"), new Attached("p2", "net1")));
    assertEquals(List.of("GC a", "GC b", "GC c"), runner.log());
    String attachments =
        "[{\"containerID\":\"p1\",\"ifname\":\"eth0\"},{\"containerID\":\"p2\",\"ifname\":\"net1\"}]";
    assertEquals(
        "{\"cniVersion\":\"1.1.0\",\"name\":\"n\",\"type\":\"a\",\"kept\":[1, 2],"
            + "\"cni.dev/valid-attachments\":"
            + attachments
            + ",\"cni.dev/attachments\":"
            + attachments
            + "}",
        runner.calls.getFirst().input());
    assertFalse(runner.calls.getFirst().environment().containsKey("CNI_CONTAINERID"));
  }

  @Test
  void oneThatCannotCleanUpDoesNotKeepTheOthersFromIt() {
    FakeRunner runner =
        new FakeRunner()
            .with(
                "/opt/cni/bin/a", call -> FakeRunner.exited(1, "{\"code\":100,\"msg\":\"no\"}", ""))
            .with("/opt/cni/bin/b", FakeRunner.answering(""));
    CniException e = assertThrows(CniException.class, () -> network(GARBAGE).gc(runner, List.of()));
    assertEquals("clean up CNI network \"n\": plugin \"a\": no (code 100)", FakeRunner.message(e));
    assertEquals(
        "clean up CNI network \"n\": plugin \"c\": there is no such file in \"/opt/cni/bin\","
            + " \"/usr/lib/cni\"",
        e.getSuppressed()[0].getMessage());
    assertEquals(List.of("GC a", "GC b"), runner.log());
  }

  @Test
  void onesThatDoNotKnowGcAreNotAsked() {
    FakeRunner runner = new FakeRunner();
    for (String version : List.of("0.3.1", "1.0.0")) {
      CniNetwork old = network(GARBAGE.replace("1.1.0", version));
      assertEquals(
          "clean up CNI network \"n\": its configuration is of CNI "
              + version
              + ", and GC came with 1.1.0",
          noGc(old, runner));
      assertFalse(old.status(runner));
    }
    FakeRunner known = versions("[\"1.0.0\"]", "[\"1.0.0\",\"1.1.0\"]");
    assertEquals(
        "clean up CNI network \"n\": not all of its plugins know more than CNI 1.0.0, and GC came"
            + " with 1.1.0",
        noGc(network(MANY), known));
    assertFalse(network(MANY).status(known));
    assertEquals(List.of("VERSION new", "VERSION old", "VERSION new", "VERSION old"), known.log());
  }

  @Test
  void statusIsThatOfTheFirstThatIsNotReady() {
    FakeRunner ready =
        new FakeRunner()
            .with("/opt/cni/bin/a", FakeRunner.answering(""))
            .with("/opt/cni/bin/b", FakeRunner.answering(""))
            .with("/opt/cni/bin/c", FakeRunner.answering(""));
    assertTrue(network(GARBAGE).status(ready));
    assertEquals(List.of("STATUS a", "STATUS b", "STATUS c"), ready.log());
    FakeRunner runner =
        new FakeRunner()
            .with("/opt/cni/bin/a", FakeRunner.answering(""))
            .with(
                "/opt/cni/bin/b",
                call ->
                    FakeRunner.exited(
                        1, "{\"code\":50,\"msg\":\"the daemon sleeps.\",\"details\":\"\"}", ""));
    CniException e = assertThrows(CniException.class, () -> network(GARBAGE).status(runner));
    assertEquals(
        "ask CNI network \"n\" for its status: plugin \"b\": the daemon sleeps (code 50, the plugin"
            + " is not available)",
        FakeRunner.message(e));
    assertEquals(50, e.code());
    assertEquals("b", e.plugin());
    assertEquals("n", e.network());
  }
}
