package dev.gatun.netns.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.linux.Errno;
import dev.gatun.netns.cni.PluginRunner.Ending;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The plugins that Debian has, version 1.1.1, in two network namespaces of the test: one that
 * stands for the host, and a pod.
 */
@Tag("root")
@Timeout(120)
class DebianPluginsTest {
  private static final Path PLUGINS = Path.of("/usr/lib/cni");

  @TempDir Path directory;

  private Namespace host;
  private Namespace pod;

  /** A process that holds a network namespace. */
  private record Namespace(Process holder) {
    static Namespace create() throws IOException {
      Process holder =
          new ProcessBuilder("unshare", "--net", "sh", "-c", "echo made; exec sleep 300").start();
      BufferedReader output = holder.inputReader(StandardCharsets.UTF_8);
      if (!"made".equals(output.readLine())) {
        holder.destroyForcibly();
        throw new IOException("unshare: no network namespace");
      }
      return new Namespace(holder);
    }

    String path() {
      return "/proc/" + holder.pid() + "/ns/net";
    }

    String run(String... words) throws IOException, InterruptedException {
      List<String> all = new ArrayList<>(List.of("nsenter", "--net=" + path(), "--"));
      all.addAll(List.of(words));
      Process process = new ProcessBuilder(all).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, process.waitFor(), String.join(" ", words) + ": " + output);
      return output;
    }

    void end() throws InterruptedException {
      holder.destroyForcibly().waitFor();
    }
  }

  /** Runs plugins on the namespace that stands for the host's. */
  private final class OnHost implements PluginRunner {
    final List<String> log = new ArrayList<>();

    @Override
    public Ending run(String path, List<String> environment, byte[] input) {
      log.add(environment.getFirst().substring("CNI_COMMAND=".length()) + " " + path);
      if (!Files.exists(Path.of(path))) {
        return new Ending.NotExecuted(Errno.ENOENT);
      }
      ProcessBuilder builder =
          new ProcessBuilder("nsenter", "--net=" + host.path(), "--", path)
              .redirectInput(directory.resolve("input").toFile())
              .redirectError(directory.resolve("errors").toFile());
      Map<String, String> variables = builder.environment();
      for (String variable : environment) {
        int equals = variable.indexOf('=');
        variables.put(variable.substring(0, equals), variable.substring(equals + 1));
      }
      try {
        Files.write(directory.resolve("input"), input);
        Process process = builder.start();
        byte[] output = process.getInputStream().readAllBytes();
        int status = process.waitFor();
        byte[] errors = Files.readAllBytes(directory.resolve("errors"));
        return new Ending.Exited(status, output, errors);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private final OnHost runner = new OnHost();

  @BeforeEach
  void begin() throws IOException {
    assumeTrue(
        Files.isWritable(Path.of("/proc/sys/kernel/ns_last_pid")),
        "only root makes network namespaces");
    assumeTrue(Files.isExecutable(PLUGINS.resolve("bridge")), "no CNI plugins are installed");
    host = Namespace.create();
    pod = Namespace.create();
  }

  @AfterEach
  void end() throws InterruptedException {
    // None has been made where the test was skipped.
    if (host != null) {
      host.end();
    }
    if (pod != null) {
      pod.end();
    }
  }

  private CniNetwork network(String versions, String plugins) {
    String json =
        """
        {%s, "name": "dbnet", "plugins": [%s]}
        """
            .formatted(versions, plugins)
            .replace("DIR", directory.toString());
    return CniNetwork.parse(
        json.getBytes(StandardCharsets.UTF_8), "dbnet.conflist", List.of(PLUGINS.toString()));
  }

  private static final String BRIDGE =
      """
      {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true,
       "ipam": {"type": "host-local", "dataDir": "DIR/ipam",
         "ranges": [[{"subnet": "10.88.0.0/29"}], [{"subnet": "fd00:88::/64"}]],
         "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}}
      """;

  private static final String CHAIN =
      BRIDGE
          + """
          , {"type": "portmap", "capabilities": {"portMappings": true}},
          {"type": "firewall"},
          {"type": "tuning", "dataDir": "DIR/tuning", "capabilities": {"mac": true},
           "sysctl": {"net.ipv4.conf.eth0.arp_filter": "1"}}
          """;

  private CniAttachment attach(CniNetwork network, String id, CniArguments arguments) {
    return network.attach(runner, id, pod.path(), "eth0", arguments);
  }

  private List<String> reserved() throws IOException {
    Path files = directory.resolve("ipam/dbnet");
    if (!Files.exists(files)) {
      return List.of();
    }
    try (Stream<Path> list = Files.list(files)) {
      return list.map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("10.") || name.startsWith("fd"))
          .sorted()
          .toList();
    }
  }

  @Test
  void aPodIsAttachedCheckedAndDetached() throws Exception {
    CniNetwork network = network("\"cniVersion\": \"1.0.0\"", CHAIN);
    CniAttachment attachment =
        attach(network, "p1", CniArguments.NONE.withMac("02:11:22:33:44:55"));
    CniResult result = attachment.add(runner);
    assertEquals(
        List.of("10.88.0.2/29", "fd00:88::2/64"),
        result.podIps().stream().map(ip -> ip.address() + "/" + ip.prefix()).toList());
    assertEquals("cni0", result.interfaces().getFirst().name());
    CniResult.Interface own = result.interfaces().get(2);
    assertEquals("eth0", own.name());
    assertEquals("02:11:22:33:44:55", own.mac());
    assertEquals(pod.path(), own.sandbox());
    assertEquals(2, result.routes().size());
    assertEquals(List.of("10.88.0.2", "fd00:88::2"), reserved());

    String addresses = pod.run("ip", "addr", "show", "eth0");
    assertTrue(addresses.contains("inet 10.88.0.2/29"), addresses);
    assertTrue(addresses.contains("02:11:22:33:44:55"), addresses);
    assertEquals("1", pod.run("cat", "/proc/sys/net/ipv4/conf/eth0/arp_filter").strip());
    assertTrue(
        pod.run("busybox", "ping", "-c", "1", "-W", "5", "10.88.0.1").contains(" 0% packet loss"));

    // All that is known of it afterwards is what was written down.
    CniAttachment later = CniAttachment.parse(attachment.toBytes(), "cni.json");
    assertNull(later.check(runner));
    pod.run("ip", "addr", "del", "10.88.0.2/29", "dev", "eth0");
    CniException e = assertThrows(CniException.class, () -> later.check(runner));
    assertTrue(
        FakeRunner.message(e)
            .startsWith("check \"p1\" in CNI network \"dbnet\": plugin \"bridge\": "),
        FakeRunner.message(e));

    // The bridge plugin looks there for what it masquerades.
    pod.run("ip", "addr", "add", "10.88.0.2/29", "dev", "eth0");
    runner.log.clear();
    later.delete(runner, pod.path());
    assertEquals(
        List.of(
            "DEL /usr/lib/cni/tuning",
            "DEL /usr/lib/cni/firewall",
            "DEL /usr/lib/cni/portmap",
            "DEL /usr/lib/cni/bridge"),
        runner.log);
    assertEquals(List.of(), reserved());
    assertFalse(pod.run("ip", "-o", "link").contains("eth0"));
    assertFalse(host.run("iptables", "-t", "nat", "-S").contains("10.88.0.2"));
    later.delete(runner, pod.path());
  }

  @Test
  void aPodThatIsGoneIsDetachedAllTheSame() throws Exception {
    CniAttachment attachment =
        attach(
            network("\"cniVersion\": \"1.0.0\"", CHAIN),
            "p1",
            CniArguments.NONE.withPorts(List.of(new CniArguments.Port(null, 8080, 80, "udp"))));
    attachment.add(runner);
    String before = host.run("iptables", "-t", "nat", "-S");
    assertTrue(before.contains("--to-destination 10.88.0.2:80"), before);
    pod.end();
    attachment.delete(runner, null);
    assertEquals(List.of(), reserved());
    // The bridge plugin forgets its own masquerade without a pod to ask for its addresses.
    String after = host.run("iptables", "-t", "nat", "-S");
    assertFalse(after.contains("8080"), after);
  }

  @Test
  void oneThatNeverGotSoFarIsDetachedToo() throws Exception {
    CniAttachment begun =
        attach(network("\"cniVersion\": \"1.0.0\"", CHAIN), "p1", CniArguments.NONE);
    CniAttachment.parse(begun.toBytes(), "cni.json").delete(runner, pod.path());
    assertEquals(List.of(), reserved());
  }

  @Test
  void aFullRangeIsOneSentenceAndLeavesNothing() throws Exception {
    CniNetwork network = network("\"cniVersion\": \"0.4.0\"", BRIDGE);
    // Addresses 2 to 6 of the range are free.
    List<CniAttachment> attachments = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      CniAttachment attachment =
          network.attach(runner, "p" + i, pod.path(), "eth" + i, CniArguments.NONE);
      attachment.add(runner);
      attachments.add(attachment);
    }
    String links = pod.run("ip", "-o", "link");
    CniAttachment last = network.attach(runner, "p5", pod.path(), "eth5", CniArguments.NONE);
    CniException e = assertThrows(CniException.class, () -> last.add(runner));
    assertTrue(
        FakeRunner.message(e)
            .startsWith(
                "add \"p5\" to CNI network \"dbnet\": plugin \"bridge\": failed to allocate for range"
                    + " 0: no IP addresses available in range set: 10.88.0.1-10.88.0.6"),
        FakeRunner.message(e));
    assertEquals(0, e.getSuppressed().length);
    assertEquals(links, pod.run("ip", "-o", "link"));
    assertEquals(10, reserved().size());
    for (CniAttachment attachment : attachments) {
      attachment.delete(runner, pod.path());
    }
    assertEquals(List.of(), reserved());
  }

  @Test
  void whatALaterPluginCannotDoIsTakenBackFromTheFirst() throws Exception {
    CniNetwork network =
        network(
            "\"cniVersion\": \"1.0.0\"",
            BRIDGE + ", {\"type\": \"tuning\", \"sysctl\": {\"net.ipv4.no_such\": \"1\"}}");
    CniAttachment attachment = attach(network, "p1", CniArguments.NONE);
    CniException e = assertThrows(CniException.class, () -> attachment.add(runner));
    assertEquals("tuning", e.plugin());
    assertEquals(List.of(), reserved());
    assertFalse(pod.run("ip", "-o", "link").contains("eth0"));
    CniException missing =
        assertThrows(
            CniException.class,
            () ->
                attach(
                        network("\"cniVersion\": \"1.0.0\"", "{\"type\": \"no-such-plugin\"}"),
                        "p1",
                        CniArguments.NONE)
                    .add(runner));
    assertTrue(
        FakeRunner.message(missing).contains("plugin \"no-such-plugin\": "),
        FakeRunner.message(missing));
  }

  @Test
  void theVersionIsTheNewestThatThePluginsKnow() throws Exception {
    CniNetwork network =
        network("\"cniVersions\": [\"0.3.1\", \"0.4.0\", \"1.0.0\", \"1.1.0\"]", BRIDGE);
    CniAttachment attachment = attach(network, "p1", CniArguments.NONE);
    assertEquals(CniVersion.V1_0_0, attachment.version());
    attachment.add(runner);
    attachment.delete(runner, pod.path());
    assertThrows(CniException.class, () -> network.gc(runner, List.of()));
    assertFalse(network.status(runner));
    CniException e =
        assertThrows(
            CniException.class,
            () ->
                attach(network("\"cniVersion\": \"1.1.0\"", BRIDGE), "p1", CniArguments.NONE)
                    .add(runner));
    assertEquals(1, e.code());
    assertTrue(
        FakeRunner.message(e).contains("(code 1, incompatible CNI version)"),
        FakeRunner.message(e));
  }

  @Test
  void everyVersionOfTheResultIsRead() throws Exception {
    for (CniVersion version :
        List.of(CniVersion.V0_3_0, CniVersion.V0_3_1, CniVersion.V0_4_0, CniVersion.V1_0_0)) {
      CniNetwork network = network("\"cniVersion\": \"" + version + "\"", BRIDGE);
      CniAttachment attachment = attach(network, "p-" + version, CniArguments.NONE);
      CniResult result = attachment.add(runner);
      assertEquals(2, result.podIps().size(), version.toString());
      assertEquals(List.of("10.88.0.", "fd00:88:"), starts(reserved()), version.toString());
      assertEquals(version.hasCheck(), attachment.check(runner) == null, version.toString());
      CniAttachment.parse(attachment.toBytes(), "cni.json").delete(runner, pod.path());
      assertEquals(List.of(), reserved());
    }
  }

  private static List<String> starts(List<String> texts) {
    return texts.stream().map(text -> text.substring(0, 8)).toList();
  }

  @Test
  void loopbackIsANetworkOfItsOwn() throws Exception {
    CniNetwork network = network("\"cniVersion\": \"1.0.0\"", "{\"type\": \"loopback\"}");
    CniAttachment attachment = network.attach(runner, "p1", pod.path(), "lo", CniArguments.NONE);
    CniResult result = attachment.add(runner);
    assertEquals("127.0.0.1", result.podIps().getFirst().address().toString());
    assertTrue(pod.run("ip", "-o", "link", "show", "lo").contains(",UP"));
    assertNull(attachment.check(runner));
    attachment.delete(runner, pod.path());
    assertFalse(pod.run("ip", "-o", "link", "show", "lo").contains(",UP"));
  }
}
