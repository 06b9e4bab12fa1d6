package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Pods on the bridge, in a network namespace that stands for the host's. */
class PodNetworkTest {
  private static final String LOOP = "while :; do sleep 0.1; done";
  private static final int PODS = 100;

  private static JsonNode create(Box box, HostNetwork host, String pod, String... options) {
    List<String> words = new ArrayList<>(List.of("pod", "create", "--network", "bridge"));
    words.addAll(List.of(options));
    words.add(pod);
    host.gatun(words.toArray(String[]::new)).expectSuccess();
    return state(box, pod);
  }

  private static JsonNode state(Box box, String pod) {
    return Box.parse(box.call("pod", "state", pod).expectSuccess().out());
  }

  /** The pod's addresses without the lengths of their prefixes, IPv4 first. */
  private static List<String> addresses(JsonNode state) {
    List<String> all = new ArrayList<>();
    for (JsonNode address : state.get("network").get("interfaces").get(0).get("addresses")) {
      all.add(address.asText().replaceAll("/.*", ""));
    }
    return all;
  }

  private static String start(Box box, String pod, Bundle bundle) {
    String id = box.newId();
    box.call("create", "--pod", pod, "--bundle", bundle.write(), id).expectSuccess();
    box.call("start", id).expectSuccess();
    return id;
  }

  private static String output(Box box, String pod, String script) {
    return box.call(
            "run", "--pod", pod, "--bundle", box.bundle().script(script).write(), box.newId())
        .expectSuccess()
        .out();
  }

  /**
   * A script that says a word to everyone who connects. Not from a pipe whose writer may be late:
   * nc leaves when the other end says no more.
   */
  private static String serving(String word) {
    return "while :; do nc -l -p 7000 <<END\n" + word + "\nEND\ndone";
  }

  /** From the pod's network namespace: a container of it may not send such packets. */
  private static void ping(Box box, String pod, String address) {
    String namespace = state(box, pod).get("namespaces").get("net").asText();
    Host.run(
        "nsenter", "--net=" + namespace, "/bin/busybox", "ping", "-c", "1", "-w", "5", address);
  }

  private static void delete(HostNetwork host, String... pods) {
    for (String pod : pods) {
      host.gatun("pod", "delete", "--force", pod).expectSuccess();
    }
  }

  /** Fails unless the host's network is as if there had never been a pod, but for the bridge. */
  private static void expectNothingLeft(Box box, HostNetwork host) throws IOException {
    String links = host.output("ip", "-o", "link");
    for (String line : links.split("\n", -1)) {
      assertTrue(line.contains(": lo:") || line.contains(": gatun0:"), links);
    }
    assertEquals("", host.output("nft", "list", "ruleset"));
    Path leases = box.stateRoot().resolve(".network");
    if (Files.isDirectory(leases)) {
      try (var files = Files.walk(leases)) {
        assertEquals(List.of(), files.filter(Files::isSymbolicLink).toList());
      }
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void podsReachEachOtherAndTheGateway(Box box) throws IOException {
    try (HostNetwork host = new HostNetwork(box)) {
      String one = box.newId();
      String two = box.newId();
      List<String> first = addresses(create(box, host, one));
      List<String> second = addresses(create(box, host, two));
      assertEquals(2, first.size());
      assertNotEquals(first, second);
      assertTrue(first.getFirst().startsWith("10.207."), first.toString());
      assertTrue(first.get(1).startsWith("fd67:6174:756e:"), first.toString());
      start(box, two, box.bundle().script(serving("four")));
      assertEquals(
          "four",
          output(
              box,
              one,
              "until nc "
                  + second.getFirst()
                  + " 7000 2>/dev/null </dev/null; do sleep 0.1; done"));
      ping(box, one, second.get(1));
      ping(box, one, "10.207.0.1");
      ping(box, one, "fd67:6174:756e::1");
      host.output("/bin/busybox", "ping", "-c", "1", "-w", "5", first.getFirst());
      String seen = output(box, one, "ip addr show dev eth0; ip route; ip -6 route");
      assertTrue(seen.contains("inet " + first.getFirst() + "/16"), seen);
      assertTrue(seen.contains("inet6 " + first.get(1) + "/64"), seen);
      // The kernel's own link-local address may still be looked for.
      assertFalse(seen.matches("(?s).*scope global[^\n]*tentative.*"), seen);
      assertTrue(seen.contains("default via 10.207.0.1 dev eth0"), seen);
      assertTrue(seen.contains("default via fd67:6174:756e::1 dev eth0"), seen);
      assertTrue(output(box, one, "cat /etc/hosts").contains(first.getFirst() + "\t" + one));
      delete(host, one, two);
      expectNothingLeft(box, host);
    }
  }

  @OnGatun
  void theAddressStaysWhileContainersComeAndGoAndIsFreeAfterwards(Box box) throws IOException {
    try (HostNetwork host = new HostNetwork(box)) {
      Path config = box.hostFile("network.json", "{\"ipv4\": \"198.18.0.0/30\", \"ipv6\": null}");
      String pod = box.newId();
      List<String> addresses = addresses(create(box, host, pod, "--network-config", "" + config));
      assertEquals(List.of("198.18.0.2"), addresses);
      for (int i = 0; i < 3; i++) {
        String id = start(box, pod, box.bundle().script(LOOP));
        box.call("kill", id, "KILL").expectSuccess();
        box.awaitStatus(id, "stopped");
        box.call("delete", id).expectSuccess();
        assertTrue(output(box, pod, "ip addr show dev eth0").contains("inet 198.18.0.2/30"));
        assertEquals(addresses, addresses(state(box, pod)));
      }
      // The range has room for one.
      host.gatun(
              "pod", "create", "--network", "bridge", "--network-config", "" + config, box.newId())
          .expectFailure("198.18.0.0/30");
      delete(host, pod);
      String next = box.newId();
      assertEquals(addresses, addresses(create(box, host, next, "--network-config", "" + config)));
      // What a dead pod held is found and given back.
      Host.signal(state(box, next).get("pid").asLong(), "KILL");
      box.call("pod", "state", next);
      Wait.until(
          "the pod to be stopped", () -> state(box, next).get("status").asText().equals("stopped"));
      String last = box.newId();
      assertEquals(addresses, addresses(create(box, host, last, "--network-config", "" + config)));
      delete(host, next);
      assertTrue(output(box, last, "ip addr show dev eth0").contains("inet 198.18.0.2/30"));
      ping(box, last, "198.18.0.1");
      delete(host, last);
      expectNothingLeft(box, host);
    }
  }

  @OnGatun
  void whereIpv6IsTurnedOffPodsHaveNoneUnlessTheFileNamesARange(Box box) throws IOException {
    try (HostNetwork host = new HostNetwork(box)) {
      String conf = "/proc/sys/net/ipv6/conf/";
      host.output("sh", "-c", "echo 1 >" + conf + "default/disable_ipv6");
      String one = box.newId();
      assertEquals(List.of("10.207.0.2"), addresses(create(box, host, one)));
      host.gatun("pod", "check", one).expectSuccess();
      Path named = box.hostFile("named.json", "{\"ipv6\": \"fd00:1::/64\"}");
      host.gatun(
              "pod", "create", "--network", "bridge", "--network-config", "" + named, box.newId())
          .expectFailure(
              "add address fd00:1::1/64 to \"gatun0\": IPv6 is turned off there"
                  + " (sysctl disable_ipv6)");
      Path other =
          box.hostFile("other.json", "{\"bridge\": \"gatun1\", \"ipv4\": \"198.18.0.0/24\"}");
      String two = box.newId();
      assertEquals(
          List.of("198.18.0.2"), addresses(create(box, host, two, "--network-config", "" + other)));
      // A bridge that is there has a setting of its own.
      host.output("sh", "-c", "echo 0 >" + conf + "default/disable_ipv6");
      String three = box.newId();
      assertEquals(1, addresses(create(box, host, three)).size());
      host.output("sh", "-c", "echo 0 >" + conf + "gatun0/disable_ipv6");
      String four = box.newId();
      assertEquals(2, addresses(create(box, host, four)).size());
      delete(host, one, two, three, four);
      host.output("ip", "link", "del", "gatun1");
      expectNothingLeft(box, host);
    }
  }

  @OnGatun
  void noPodHasTheGatewayOfAnotherRange(Box box) throws IOException {
    try (HostNetwork host = new HostNetwork(box)) {
      Path narrow = box.hostFile("narrow.json", "{\"ipv4\": \"10.207.0.4/30\", \"ipv6\": null}");
      Path wide = box.hostFile("wide.json", "{\"ipv4\": \"10.207.0.0/24\", \"ipv6\": null}");
      String first = box.newId();
      assertEquals(
          List.of("10.207.0.6"),
          addresses(create(box, host, first, "--network-config", "" + narrow)));
      List<String> pods = new ArrayList<>(List.of(first));
      List<String> given = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        String pod = box.newId();
        given.addAll(addresses(create(box, host, pod, "--network-config", "" + wide)));
        pods.add(pod);
      }
      assertEquals(List.of("10.207.0.2", "10.207.0.3", "10.207.0.4", "10.207.0.7"), given);
      ping(box, first, "10.207.0.5");
      ping(box, pods.getLast(), "10.207.0.1");
      delete(host, pods.toArray(String[]::new));
      expectNothingLeft(box, host);
    }
  }

  @OnGatun
  void aHostPortReachesThePod(Box box) throws IOException {
    try (HostNetwork host = new HostNetwork(box)) {
      String pod = box.newId();
      List<String> own =
          addresses(create(box, host, pod, "--publish", "8080:7000", "-p", "53:53/udp"));
      start(box, pod, box.bundle().script(serving("here")));
      String other = box.newId();
      create(box, host, other);
      String client = "until nc 127.0.0.1 8080 2>/dev/null </dev/null; do sleep 0.1; done";
      assertEquals("here", host.output("timeout", "20", "/bin/busybox", "sh", "-c", client));
      assertEquals(
          "here",
          output(
              box, other, "until nc 10.207.0.1 8080 2>/dev/null </dev/null; do sleep 0.1; done"));
      // From inside the pod itself too.
      assertEquals(
          "here",
          output(box, pod, "until nc 10.207.0.1 8080 2>/dev/null </dev/null; do sleep 0.1; done"));
      assertTrue(host.output("nft", "list", "ruleset").contains(own.getFirst()));
      host.gatun("pod", "create", "--network", "bridge", "--publish", "8080:1", box.newId())
          .expectFailure("8080", pod);
      assertEquals(2, box.call("pod", "list", "-q").expectSuccess().out().split("\n", -1).length);
      delete(host, pod);
      String rules = host.output("nft", "list", "ruleset");
      assertFalse(rules.contains(own.getFirst() + " "), rules);
      delete(host, other);
      expectNothingLeft(box, host);
    }
  }

  /** Each leases addresses on its own; bridge and table are the host's. */
  @OnGatun
  void podsOfTwoStateRootsAreNotInEachOthersWay(Box box) throws IOException {
    try (HostNetwork host = new HostNetwork(box)) {
      Path root = box.directory().resolve("other");
      Path config = box.hostFile("network.json", "{\"ipv4\": \"198.18.0.0/30\", \"ipv6\": null}");
      String pod = box.newId();
      List<String> own = addresses(create(box, host, pod, "--publish", "9090:7000"));
      start(box, pod, box.bundle().script(serving("here")));
      String narrow = box.newId();
      create(box, host, narrow, "--network-config", "" + config);
      String other = box.newId();
      try {
        host.gatunAt(root, "pod", "create", "--network", "bridge", "-p", "9091:7000", other)
            .expectSuccess();
        String state = host.gatunAt(root, "pod", "state", other).expectSuccess().out();
        assertEquals("10.207.0.2", own.getFirst());
        assertEquals(List.of("10.207.0.3", "fd67:6174:756e::3"), addresses(Box.parse(state)));
        host.gatun("pod", "check", pod).expectSuccess();
        host.gatunAt(root, "pod", "check", other).expectSuccess();
        // A range that has no other address.
        host.gatunAt(
                root,
                "pod",
                "create",
                "--network",
                "bridge",
                "--network-config",
                "" + config,
                box.newId())
            .expectFailure("198.18.0.2 is in use by pod \"" + narrow + "\" of another state root");
      } finally {
        host.gatunAt(root, "pod", "delete", "--force", other).expectSuccess();
      }
      host.gatun("pod", "check", pod).expectSuccess();
      String client = "until nc 127.0.0.1 9090 2>/dev/null </dev/null; do sleep 0.1; done";
      assertEquals("here", host.output("timeout", "20", "/bin/busybox", "sh", "-c", client));
      delete(host, pod, narrow);
      try (var files = Files.walk(root.resolve(".network"))) {
        assertEquals(List.of(), files.filter(Files::isSymbolicLink).toList());
      }
      expectNothingLeft(box, host);
    }
  }

  @OnGatun
  void aPodWhoseNetworkCannotBeReadIsListedStoppedAndDeleted(Box box) throws IOException {
    try (HostNetwork host = new HostNetwork(box)) {
      String other = box.newId();
      create(box, host, other);
      String pod = box.newId();
      List<String> own = addresses(create(box, host, pod, "--publish", "8080:80"));
      Path file = box.stateRoot().resolve(".pods").resolve(pod).resolve("network.json");
      for (String text :
          List.of("", "{\"ports\":[\"x\"]}", "{\"interfaces\":[{\"addresses\":[\"x\"]}]}")) {
        Files.writeString(file, text);
        assertEquals(other + "\n" + pod, host.gatun("pod", "list", "-q").expectSuccess().out());
        JsonNode state = state(box, pod);
        assertEquals("running", state.get("status").asText());
        String problem = "pod \"" + pod + "\": network.json:";
        assertTrue(state.get("problem").asText().startsWith(problem), state.toString());
        assertFalse(state(box, other).has("problem"));
        host.gatun("pod", "check", pod).expectFailure(problem);
      }
      host.gatun("pod", "stop", pod).expectSuccess();
      host.gatun("pod", "delete", pod).expectFailure("pod \"" + pod + "\": network.json:");
      host.gatun("pod", "delete", "--force", pod).expectSuccess();
      String rules = host.output("nft", "list", "ruleset");
      assertFalse(rules.contains(own.getFirst() + " "), rules);
      assertEquals(other, host.gatun("pod", "list", "-q").expectSuccess().out());
      delete(host, other);
      expectNothingLeft(box, host);
    }
  }

  @OnGatun
  void aCheckNamesWhatIsNotAsItWasMade(Box box) throws IOException {
    try (HostNetwork host = new HostNetwork(box)) {
      String other = box.newId();
      create(box, host, other);
      String pod = box.newId();
      JsonNode made = create(box, host, pod, "--publish", "8080:80");
      String ipv4 = addresses(made).getFirst();
      JsonNode end = made.get("network").get("interfaces").get(0);
      String link = end.get("host").asText();
      String namespace = "--net=" + made.get("namespaces").get("net").asText();
      assertEquals("", host.gatun("pod", "check", pod).expectSuccess().out());
      // What is added is nobody's business.
      Host.run("nsenter", namespace, "ip", "addr", "add", "192.0.2.7/24", "dev", "eth0");
      assertEquals("", host.gatun("pod", "check", pod).expectSuccess().out());
      Host.run("nsenter", namespace, "ip", "addr", "del", "192.0.2.7/24", "dev", "eth0");

      String own = "pod \"" + pod + "\": ";
      String address = ipv4 + "/16";
      Host.run("nsenter", namespace, "ip", "addr", "del", address, "dev", "eth0");
      host.gatun("pod", "check", pod)
          .expectFailure(
              own + "interface \"eth0\" has lost the address " + address + "; ",
              "interface \"eth0\" has lost the default route by 10.207.0.1");
      Host.run("nsenter", namespace, "ip", "addr", "add", address, "dev", "eth0");
      Host.run("nsenter", namespace, "ip", "route", "add", "default", "via", "10.207.0.1");
      host.gatun("pod", "check", pod).expectSuccess();
      Host.run("nsenter", namespace, "ip", "link", "set", "eth0", "mtu", "1400");
      host.gatun("pod", "check", pod)
          .expectFailure(own + "interface \"eth0\" has the MTU 1400 instead of 1500");
      Host.run("nsenter", namespace, "ip", "link", "set", "eth0", "mtu", "1500", "down");
      host.gatun("pod", "check", pod).expectFailure(own + "interface \"eth0\" is down; ");
      Host.run("nsenter", namespace, "ip", "link", "set", "lo", "down");
      host.gatun("pod", "check", pod).expectFailure(own + "interface \"lo\" is down; ");
      // The other pod is as it was.
      host.gatun("pod", "check", other).expectSuccess();
      host.gatun("pod", "delete", "--force", pod).expectSuccess();

      made = create(box, host, pod, "--publish", "8080:80");
      address = addresses(made).getFirst();
      String mark =
          "instead of " + made.get("network").get("interfaces").get(0).get("mac").asText();
      namespace = "--net=" + made.get("namespaces").get("net").asText();
      Host.run("nsenter", namespace, "ip", "link", "set", "eth0", "address", "02:00:00:00:00:01");
      host.gatun("pod", "check", pod).expectFailure("02:00:00:00:00:01 " + mark);

      host.output("ip", "link", "set", link, "nomaster");
      host.gatun("pod", "check", pod)
          .expectFailure("interface \"" + link + "\" of the host is not a port of a bridge");
      host.output("ip", "link", "set", link, "master", "gatun0");
      host.output("ip", "link", "set", link, "down");
      host.output("nft", "delete", "element", "inet", "gatun", "ports4", "{ tcp . 8080 }");
      host.output("nft", "flush", "chain", "inet", "gatun", "outbound");
      host.gatun("pod", "check", pod)
          .expectFailure(
              "interface \"" + link + "\" of the host is down",
              "host port 8080/tcp does not lead to "
                  + address
                  + " any more (map ports4 of table inet gatun)",
              "chain outbound of table inet gatun has lost the rule \"ip saddr @outbound daddr !="
                  + " @outbound masquerade\"");
      host.output("nft", "delete", "table", "inet", "gatun");
      host.output("ip", "addr", "del", "10.207.0.1/16", "dev", "gatun0");
      host.output("sh", "-c", "echo 0 >/proc/sys/net/ipv4/ip_forward");
      Files.delete(box.stateRoot().resolve(".network/leases/" + hexadecimal(address)));
      host.gatun("pod", "check", pod)
          .expectFailure(
              "table inet gatun is gone",
              "bridge \"gatun0\" lacks the gateway's address 10.207.0.1/16",
              "\"/proc/sys/net/ipv4/ip_forward\" of the host is 0",
              "address " + address + " is leased to nobody");
      host.output("ip", "link", "del", link);
      host.gatun("pod", "check", pod)
          .expectFailure(
              "interface \"eth0\" is gone", "interface \"" + link + "\" of the host is gone");
      host.gatun("pod", "stop", pod).expectSuccess();
      host.gatun("pod", "check", pod).expectFailure("pod not running: \"" + pod + "\" is stopped");
      delete(host, pod, other);
      host.gatun("pod", "check", pod).expectFailure("pod does not exist: \"" + pod + "\"");
      expectNothingLeft(box, host);
    }
  }

  /** How a lease of an IPv4 address is called. */
  private static String hexadecimal(String ipv4) {
    StringBuilder name = new StringBuilder();
    for (String octet : ipv4.split("\\.", -1)) {
      name.append(String.format("%02x", Integer.parseInt(octet)));
    }
    return name.toString();
  }

  @OnGatun
  void aHundredPodsAtOnceHaveTwoHundredAddresses(Box box)
      throws IOException, InterruptedException, ExecutionException {
    try (HostNetwork host = new HostNetwork(box)) {
      ExecutorService threads = Executors.newFixedThreadPool(8);
      List<String> pods = new ArrayList<>();
      Set<String> addresses = new HashSet<>();
      try {
        List<Future<JsonNode>> all = new ArrayList<>();
        for (int i = 0; i < PODS; i++) {
          String pod = box.newId();
          pods.add(pod);
          all.add(threads.submit(() -> create(box, host, pod)));
        }
        for (Future<JsonNode> one : all) {
          addresses.addAll(addresses(one.get()));
        }
        assertEquals(2 * PODS, addresses.size());
        assertEquals(
            PODS, host.output("ip", "-o", "link", "show", "type", "veth").split("\n", -1).length);
        List<Future<?>> deletes = new ArrayList<>();
        for (String pod : pods) {
          deletes.add(threads.submit(() -> delete(host, pod)));
        }
        for (Future<?> one : deletes) {
          one.get();
        }
      } finally {
        threads.shutdownNow();
        assertTrue(threads.awaitTermination(1, TimeUnit.MINUTES));
      }
      expectNothingLeft(box, host);
    }
  }

  @OnGatun
  void whatCannotBeIsSaidAndLeavesNothing(Box box) throws IOException {
    try (HostNetwork host = new HostNetwork(box)) {
      host.run("ip", "link", "add", "gatun0", "type", "veth", "peer", "name", "other");
      host.gatun("pod", "create", "--network", "bridge", box.newId())
          .expectFailure("gatun0", "bridge");
      host.run("ip", "link", "del", "gatun0").expectSuccess();
      Path config = box.hostFile("network.json", "{\n  \"ipv4\": \"10.0.0.1/33\"\n}");
      host.gatun(
              "pod", "create", "--network", "bridge", "--network-config", "" + config, box.newId())
          .expectFailure(config.toString(), "/ipv4", "10.0.0.1/33");
      host.gatun("pod", "create", "--network", "cni:nobody-has-this", box.newId())
          .expectFailure("nobody-has-this");
      host.gatun(
              "pod",
              "create",
              "--network",
              "bridge",
              "--network-config",
              "/nonexistent",
              box.newId())
          .expectFailure("/nonexistent", "ENOENT");
      assertEquals("", box.call("pod", "list", "-q").expectSuccess().out());
      expectNothingLeft(box, host);
    }
  }

  /** As root without a right to networks. */
  private static Command withoutNetAdmin(Box box, HostNetwork host, String... words) {
    List<String> all =
        new ArrayList<>(
            List.of("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"));
    all.addAll(
        List.of(box.runtime().binary().toString(), "--root", box.stateRoot().toString(), "pod"));
    all.addAll(List.of(words));
    return host.run(all.toArray(String[]::new));
  }

  /** Without the address nobody would know what is the pod's. */
  @OnGatun
  void whatADeleteCannotTakeBackTheNextOneDoes(Box box) throws IOException {
    try (HostNetwork host = new HostNetwork(box)) {
      withoutNetAdmin(box, host, "create", "--network", "bridge", box.newId())
          .expectFailure("EPERM");
      expectNothingLeft(box, host);
      String pod = box.newId();
      create(box, host, pod, "--publish", "8080:80");
      withoutNetAdmin(box, host, "create", "--network", "bridge", box.newId())
          .expectFailure("EPERM");
      assertEquals(pod, box.call("pod", "list", "-q").expectSuccess().out());
      withoutNetAdmin(box, host, "delete", "--force", pod).expectFailure("EPERM");
      delete(host, pod);
      expectNothingLeft(box, host);
    }
  }
}
