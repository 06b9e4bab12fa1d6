package dev.gatun.netns.netfilter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Errno;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.netns.AddressPool.Lease;
import dev.gatun.netns.IpAddress;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.NetworkConfig;
import dev.gatun.netns.Nftables;
import dev.gatun.netns.PortMapping;
import dev.gatun.netns.Subnet;
import dev.gatun.netns.TestNamespace;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Gatun's table in a namespace that stands for a host, as {@code nft} sees it. */
@Tag("root")
class NftablesTest {
  private static final NetworkConfig CONFIG = NetworkConfig.DEFAULT;
  private static final String LINK = "gt0123456789ab";
  private static final Subnet RANGE4 = Subnet.parse("10.207.0.0/16");
  private static final Subnet RANGE6 = Subnet.parse("fd67:6174:756e::/64");

  private final LocalKernel kernel = new LocalKernel();
  private TestNamespace host;

  @BeforeEach
  void makeHost() throws Exception {
    host = TestNamespace.create();
    host.run("ip", "link", "add", "gatun0", "type", "bridge");
    host.run("ip", "link", "add", LINK, "type", "veth", "peer", "name", "peer");
    host.run("ip", "link", "set", LINK, "master", "gatun0");
  }

  @AfterEach
  void endHost() throws Exception {
    host.close();
  }

  private static List<Lease> leases(int number) {
    return List.of(lease4(number), new Lease(RANGE6, RANGE6.address(number)));
  }

  private static Lease lease4(int number) {
    return new Lease(RANGE4, RANGE4.address(number));
  }

  private static List<PortMapping> ports(String... texts) {
    List<PortMapping> mappings = new ArrayList<>();
    for (String text : texts) {
      mappings.add(PortMapping.parse(text));
    }
    return mappings;
  }

  private void publish(String podId, int number, String... ports) {
    Nftables.publish(kernel, host.namespace(), CONFIG, podId, leases(number), ports(ports));
  }

  private void unpublish(String podId, int number) {
    List<IpAddress> addresses = leases(number).stream().map(Lease::address).toList();
    Nftables.unpublish(
        kernel, host.namespace(), podId, addresses, "gt" + podId.replaceAll("[ /].*", ""));
  }

  private String ruleset() throws Exception {
    return host.run("nft", "list", "ruleset");
  }

  private String routeLocalnet() throws Exception {
    return host.run("cat", "/proc/sys/net/ipv4/conf/gatun0/route_localnet").strip();
  }

  /** What {@code nft} shows as JSON, without the numbers that say in which order it was made. */
  private static String json(TestNamespace of) throws Exception {
    return of.run("nft", "-j", "list", "ruleset").replaceAll("\"handle\": [0-9]+", "");
  }

  @Test
  void isWhatNftMakesOfTheSameAsText() throws Exception {
    publish("a", 2, "8080:80", "192.0.2.1:9090:80/udp", "[2001:db8::1]:9090:80/sctp");
    try (TestNamespace other = TestNamespace.create()) {
      String text;
      try (InputStream in = getClass().getResourceAsStream("table.nft")) {
        text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      }
      text =
          text.replaceAll(" *elements = \\{[^}]*\\}", "")
              + """
              add element inet gatun pods4 { 10.207.0.2 comment "a" }
              add element inet gatun pods6 { fd67:6174:756e::2 comment "a" }
              add element inet gatun outbound4 { 10.207.0.0/16 }
              add element inet gatun outbound6 { fd67:6174:756e::/64 }
              add element inet gatun ranges4 { 10.207.0.0/16 }
              add element inet gatun ranges6 { fd67:6174:756e::/64 }
              add element inet gatun bridges { "gatun0" }
              add element inet gatun ports4 { tcp . 8080 comment "a" : 10.207.0.2 . 80 }
              add element inet gatun ports6 { tcp . 8080 comment "a" : fd67:6174:756e::2 . 80 }
              add element inet gatun address_ports4 \
                  { 192.0.2.1 . udp . 9090 comment "a" : 10.207.0.2 . 80 }
              add element inet gatun address_ports6 \
                  { 2001:db8::1 . sctp . 9090 comment "a" : fd67:6174:756e::2 . 80 }
              """;
      Path file = Files.createTempFile("table", ".nft");
      try {
        Files.writeString(file, text);
        other.run("nft", "-f", file.toString());
      } finally {
        Files.delete(file);
      }
      assertEquals(json(other), json(host));
      assertEquals(other.run("nft", "list", "ruleset"), ruleset());
      // nft takes back what it shows of ours.
      Path shown = Files.createTempFile("shown", ".nft");
      try {
        Files.writeString(shown, "flush ruleset\n" + ruleset());
        other.run("nft", "-f", shown.toString());
      } finally {
        Files.delete(shown);
      }
      assertEquals(ruleset(), other.run("nft", "list", "ruleset"));
    }
  }

  @Test
  void onlyWhatIsAskedForIsThere() throws Exception {
    Nftables.publish(kernel, host.namespace(), CONFIG, "a", leases(2), List.of());
    String outbound = ruleset();
    assertTrue(outbound.contains("ip saddr @outbound4 ip daddr != @outbound4 masquerade"));
    assertFalse(outbound.contains("dnat"), outbound);
    assertFalse(outbound.contains("prerouting"), outbound);
    assertEquals("0", routeLocalnet());
    Nftables.publish(kernel, host.namespace(), CONFIG, "a", leases(2), List.of());
    assertEquals(outbound, ruleset());
    unpublish("a", 2);
    assertEquals("", ruleset());

    NetworkConfig plain = new NetworkConfig("gatun0", RANGE4, RANGE6, 1500, false);
    Nftables.publish(kernel, host.namespace(), plain, "a", leases(2), List.of());
    assertEquals("", ruleset());
    Nftables.publish(kernel, host.namespace(), plain, "a", leases(2), ports("1:1"));
    String published = ruleset();
    assertFalse(published.contains("outbound"), published);
    assertTrue(published.contains("@ranges4 ct status dnat masquerade"), published);
    assertEquals("1", routeLocalnet());
    unpublish("a", 2);
    assertEquals("", ruleset());
    assertEquals("0", routeLocalnet());

    // IPv6 alone needs no switch of IPv4.
    Nftables.publish(
        kernel, host.namespace(), CONFIG, "a", leases(2).subList(1, 2), ports("[::]:8080:80"));
    assertEquals("0", routeLocalnet());
  }

  /** Closing the packet filter's socket waits for what was deleted, and so does the deletion. */
  @Test
  void thePodsInterfaceGoesInTheSameExchange() throws Exception {
    host.run("ip", "link", "add", "gta", "type", "veth", "peer", "name", "gtother");
    Nftables.publish(kernel, host.namespace(), CONFIG, "a", leases(2), List.of());
    Nftables.publish(kernel, host.namespace(), CONFIG, "b", leases(3), List.of());
    unpublish("c", 4);
    assertTrue(host.run("ip", "-o", "link").contains("gta@"), "there was nothing to take away");
    unpublish("a", 2);
    assertFalse(host.run("ip", "-o", "link").contains("gta@"));
    assertFalse(ruleset().contains("comment \"a\""));
    // Without an interface, and with the whole table.
    unpublish("b", 3);
    assertEquals("", ruleset());
  }

  @Test
  void portsOfManyPodsComeAndGo() throws Exception {
    publish("a", 2, "8080:80", "8080:80/udp");
    publish("b", 3, "8081:80");
    publish("c", 4);
    publish("b2", 5, "192.0.2.1:8080:80");
    String all = ruleset();
    for (String element :
        List.of(
            "tcp . 8080 comment \"a\" : 10.207.0.2 . 80",
            "udp . 8080 comment \"a\" : 10.207.0.2 . 80",
            "tcp . 8081 comment \"b\" : fd67:6174:756e::3 . 80",
            "10.207.0.4 comment \"c\"",
            "192.0.2.1 . tcp . 8080 comment \"b2\" : 10.207.0.5 . 80")) {
      assertTrue(all.contains(element), all);
    }
    assertEquals(1, count(all, "fib daddr type local jump ports\n\t}\n\n\tchain output"));
    assertEquals(4, count(all, "dnat ip"), all);
    unpublish("b", 3);
    String rest = ruleset();
    assertFalse(rest.contains("comment \"b\""), rest);
    assertTrue(rest.contains("udp . 8080 comment \"a\""), rest);
    assertTrue(rest.contains("comment \"b2\""), rest);
    unpublish("b", 3);
    unpublish("nobody", 77);
    assertEquals(rest, ruleset());
    // Without its addresses the id does.
    Nftables.unpublish(kernel, host.namespace(), "a", List.of(), "gta");
    unpublish("b2", 5);
    assertEquals("0", routeLocalnet());
    unpublish("c", 4);
    assertEquals("", ruleset());
    assertEquals("0", routeLocalnet());
    unpublish("c", 4);
  }

  /** Others may masquerade for as long as they like. */
  @Test
  void theLoopbackIsShutWithTheLastPort() throws Exception {
    publish("m", 2);
    publish("p", 3, "8080:80");
    publish("q", 4, "8081:80");
    publish("r", 5, "[::]:8082:80");
    assertEquals("1", routeLocalnet());
    unpublish("p", 3);
    assertEquals("1", routeLocalnet());
    unpublish("q", 4);
    assertEquals("0", routeLocalnet());
    assertTrue(ruleset().contains("elements = { \"gatun0\" }"), ruleset());
    unpublish("r", 5);
    assertFalse(ruleset().contains("gatun0"), ruleset());
    publish("p", 3, "8080:80");
    assertEquals("1", routeLocalnet());
    assertTrue(ruleset().contains("elements = { \"gatun0\" }"), ruleset());
    unpublish("p", 3);
    assertEquals("0", routeLocalnet());
    // What a killed command has left goes with the next one.
    host.run("nft", "add element inet gatun bridges { gatun0 }");
    unpublish("p", 3);
    assertFalse(ruleset().contains("gatun0"), ruleset());
    assertTrue(ruleset().contains("comment \"m\""), ruleset());
  }

  private static int count(String text, String part) {
    return (text.length() - text.replace(part, "").length()) / part.length();
  }

  @Test
  void aTakenPortNamesThePodThatHasIt() throws Exception {
    publish("web", 2, "8080:80", "192.0.2.1:9090:80");
    String before = ruleset();
    for (String port : List.of("8080:81", "0.0.0.0:8080:1/tcp", "[::]:8080:80")) {
      NetlinkException taken =
          assertThrows(NetlinkException.class, () -> publish("b", 3, "1:1", port));
      assertEquals("host port 8080/tcp is taken by pod \"web\"", taken.getMessage());
      assertEquals(Errno.EEXIST, taken.errno());
    }
    assertEquals(
        "host port 192.0.2.1:9090/tcp is taken by pod \"web\"",
        assertThrows(NetlinkException.class, () -> publish("b", 3, "192.0.2.1:9090:1"))
            .getMessage());
    assertEquals(
        "host port 1/tcp is published twice",
        assertThrows(NetlinkException.class, () -> publish("b", 3, "1:1", "0.0.0.0:1:2"))
            .getMessage());
    assertEquals(
        "host port [::1]:1/tcp cannot be published: the pod has no IPv6 address",
        assertThrows(
                NetlinkException.class,
                () ->
                    Nftables.publish(
                        kernel,
                        host.namespace(),
                        CONFIG,
                        "b",
                        List.of(lease4(3)),
                        ports("[::1]:1:1")))
            .getMessage());
    assertEquals(before, ruleset());
    publish("b", 3, "8080:80/udp", "192.0.2.2:8080:80", "9090:80");
  }

  @Test
  void whatIsLeftFromADeadPodAtAnAddressIsReplaced() throws Exception {
    publish("dead", 2, "8080:80", "8081:80", "192.0.2.1:8082:80");
    publish("other", 3, "9090:80");
    publish("new", 2, "8080:88");
    String all = ruleset();
    assertFalse(all.contains("dead"), all);
    assertFalse(all.contains("8081"), all);
    assertTrue(all.contains("tcp . 8080 comment \"new\" : 10.207.0.2 . 88"), all);
    assertTrue(all.contains("tcp . 9090 comment \"other\" : 10.207.0.3 . 80"), all);
    // What is deleted late under the old name is not the new pod's.
    unpublish("dead", 2);
    assertEquals(all, ruleset());
    // Once more, as after a crash.
    publish("new", 2, "8080:88");
    assertEquals(all, ruleset());
    unpublish("new", 2);
    unpublish("other", 3);
    assertEquals("", ruleset());
  }

  @Test
  void twoPodsOfOneIdAreToldApartByTheirAddresses() throws Exception {
    publish("web", 2, "8080:80");
    publish("web", 3, "8081:80");
    unpublish("web", 2);
    String rest = ruleset();
    assertFalse(rest.contains("8080"), rest);
    assertTrue(rest.contains("tcp . 8081 comment \"web\" : 10.207.0.3 . 80"), rest);
  }

  @Test
  void whatAPodOfAnotherStateRootHasIsNotTaken() throws Exception {
    String here = Nftables.owner("/srv/one", "web");
    String there = Nftables.owner("/srv/two", "web");
    publish(here, 2, "8080:80");
    String before = ruleset();
    for (String other : List.of(there, "web")) {
      NetlinkException used =
          assertThrows(NetlinkException.class, () -> publish(other, 2, "8081:80"));
      assertEquals("10.207.0.2 is in use by pod \"web\" of another state root", used.getMessage());
      assertEquals(Errno.EADDRINUSE, used.errno());
      assertEquals(
          "host port 8080/tcp is taken by pod \"web\" of another state root",
          assertThrows(NetlinkException.class, () -> publish(other, 3, "8080:80")).getMessage());
      // The same id and the same address are not the same pod.
      unpublish(other, 2);
      Nftables.unpublish(kernel, host.namespace(), other, List.of(), "gtother");
      assertEquals(before, ruleset());
    }
    publish(there, 3, "8081:80");
    assertTrue(ruleset().contains("comment \"web of /srv/two\" : 10.207.0.3 . 80"), ruleset());
    unpublish(there, 3);
    assertEquals(before, ruleset());
    // What is left in the same state root is.
    publish(Nftables.owner("/srv/one", "new"), 2, "8080:88");
    assertFalse(ruleset().contains("web"), ruleset());
  }

  @Test
  void rangesGoWithTheirLastPod() throws Exception {
    Subnet other = Subnet.parse("192.168.7.0/24");
    Nftables.publish(
        kernel,
        host.namespace(),
        CONFIG,
        "b",
        List.of(new Lease(other, other.address(9))),
        ports("1:1"));
    publish("a", 2, "2:2");
    assertEquals(2, count(ruleset(), "192.168.7.0/24"));
    Nftables.unpublish(kernel, host.namespace(), "b", List.of(other.address(9)), "gtb");
    String rest = ruleset();
    assertFalse(rest.contains("192.168"), rest);
    assertEquals(2, count(rest, "10.207.0.0/16"));
    assertEquals(2, count(rest, "fd67:6174:756e::/64"));
  }

  /** Ranges of different configurations may. */
  @Test
  void ofRangesThatOverlapTheWiderOneCounts() throws Exception {
    String[] inner = {"10.7.0.0/16", "10.7.0.0/24", "10.7.128.0/17", "10.7.255.0/24"};
    for (String text : inner) {
      ensure("in", text);
      assertRanges(text);
      ensure("out", "10.7.0.0/16");
      assertRanges("10.7.0.0/16");
      ensure("in", text);
      assertRanges("10.7.0.0/16");
      Nftables.unpublish(kernel, host.namespace(), "out", List.of(), "gtout");
      assertRanges("10.7.0.0/16");
      Nftables.unpublish(kernel, host.namespace(), "in", List.of(), "gtin");
      assertEquals("", ruleset());
      ensure("out", "10.7.0.0/16");
      ensure("in", text);
      assertRanges("10.7.0.0/16");
      Nftables.unpublish(kernel, host.namespace(), "out", List.of(), "gtout");
      Nftables.unpublish(kernel, host.namespace(), "in", List.of(), "gtin");
      assertEquals("", ruleset());
    }
    ensure("a", "10.7.1.0/24");
    ensure("b", "10.7.3.0/24");
    ensure("c", "10.8.0.0/24");
    assertRanges("10.7.1.0/24, 10.7.3.0/24, 10.8.0.0/24");
    ensure("d", "10.7.0.0/16");
    assertRanges("10.7.0.0/16, 10.8.0.0/24");
  }

  private void ensure(String podId, String range) {
    Subnet subnet = Subnet.parse(range);
    // No two pods have one address.
    Lease lease = new Lease(subnet, subnet.address(podId.charAt(0)));
    Nftables.publish(kernel, host.namespace(), CONFIG, podId, List.of(lease), List.of());
  }

  private void assertRanges(String expected) throws Exception {
    String set = host.run("nft", "list", "set", "inet", "gatun", "outbound4");
    String elements = set.replaceAll("(?s).*\\{ (.*?) \\}.*", "$1").replaceAll("\\s+", " ");
    assertEquals(expected, elements);
  }

  @Test
  void theLastAddressesOfAllAreARangeToo() throws Exception {
    Subnet top = Subnet.parse("255.255.0.0/16");
    Nftables.publish(
        kernel, host.namespace(), CONFIG, "a", List.of(new Lease(top, top.address(9))), List.of());
    publish("b", 2);
    assertTrue(ruleset().contains("255.255.0.0/16"), ruleset());
    Nftables.unpublish(kernel, host.namespace(), "a", List.of(), "gta");
    assertFalse(ruleset().contains("255.255"), ruleset());
  }

  @Test
  void noOtherTableIsTouched() throws Exception {
    host.run("nft", "add table ip nat");
    host.run("nft", "add chain ip nat postrouting { type nat hook postrouting priority 100; }");
    host.run("nft", "add rule ip nat postrouting ip saddr 192.0.2.0/24 masquerade");
    host.run("nft", "add table inet filter");
    host.run("nft", "add set inet filter ports4 { type inet_service; elements = { 22 }; }");
    host.run("nft", "add table ip gatun");
    String before = ruleset();
    publish("a", 2, "8080:80");
    assertTrue(ruleset().startsWith(before), ruleset());
    unpublish("a", 2);
    assertEquals(before, ruleset());
  }

  @Test
  void aTableOfTheSameNameThatIsNotOursStays() throws Exception {
    host.run("nft", "add table inet gatun");
    host.run("nft", "add set inet gatun mine { type inet_service; elements = { 22 }; }");
    String before = ruleset();
    unpublish("a", 2);
    assertEquals(before, ruleset());
  }

  @Test
  void theLongestIdIsFoundAgain() throws Exception {
    String one = "x".repeat(254) + "1";
    String two = "x".repeat(254) + "2";
    publish(one, 2, "8080:80");
    publish(two, 3, "8081:80");
    Nftables.unpublish(kernel, host.namespace(), one, List.of(), "gtone");
    assertFalse(ruleset().contains("8080"), ruleset());
    assertTrue(ruleset().contains("8081"), ruleset());
    Nftables.unpublish(kernel, host.namespace(), two, List.of(), "gttwo");
    assertEquals("", ruleset());
  }

  @Test
  void aHundredAtOnceLeaveNothing() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(16);
    try {
      List<Callable<Void>> all = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        int number = i + 2;
        all.add(() -> {
          publish("p" + number, number, 1000 + number + ":80");
          unpublish("p" + number, number);
          publish("p" + number, number, 1000 + number + ":80");
          return null;
        });
      }
      for (Future<Void> one : threads.invokeAll(all)) {
        one.get();
      }
      String full = ruleset();
      for (int i = 0; i < 100; i++) {
        int number = i + 2;
        // An address, and a port, of each family.
        assertEquals(4, count(full, "comment \"p" + number + "\""), full);
      }
      List<Callable<Void>> ends = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        int number = i + 2;
        ends.add(() -> {
          unpublish("p" + number, number);
          return null;
        });
      }
      for (Future<Void> one : threads.invokeAll(ends)) {
        one.get();
      }
      assertEquals("", ruleset());
      assertEquals("0", routeLocalnet());
    } finally {
      threads.shutdownNow();
    }
  }

  /** Somebody else's table, changed again and again with a pause in between. */
  private Process changeAllTheTime(String pause) throws Exception {
    host.run("nft", "add table ip busy");
    host.run("nft", "add set ip busy s { type inet_service; }");
    return new ProcessBuilder(
            "nsenter",
            "-t",
            "" + host.pid(),
            "-n",
            "sh",
            "-c",
            "while :; do echo add element ip busy s { 1 };"
                + " echo delete element ip busy s { 1 }; "
                + pause
                + "; done | nft -i > /dev/null")
        .start();
  }

  private static void end(Process busy) throws InterruptedException {
    busy.descendants().forEach(ProcessHandle::destroyForcibly);
    busy.destroyForcibly().waitFor();
  }

  @Test
  void comesAndGoesWhileOthersChangeTheirs() throws Exception {
    Process busy = changeAllTheTime("sleep 0.005");
    try {
      for (int i = 0; i < 50; i++) {
        publish("a", 2, "8080:80");
        publish("a", 2, "8080:81");
        assertTrue(ruleset().contains(". 81"), ruleset());
        unpublish("a", 2);
      }
    } finally {
      end(busy);
    }
    assertFalse(ruleset().contains("gatun"), ruleset());
  }

  @Test
  void whatOthersNeverLeaveAloneKeepsNoPodFromGoing() throws Exception {
    Process busy = changeAllTheTime(":");
    try {
      publish("a", 2, "8080:80");
      assertTrue(ruleset().contains("8080"), ruleset());
      unpublish("a", 2);
      assertFalse(ruleset().contains("8080"), ruleset());
    } finally {
      end(busy);
    }
    publish("a", 2, "8080:80");
    unpublish("a", 2);
    assertFalse(ruleset().contains("gatun"), ruleset());
  }

  @Test
  void aBridgeThatIsNotThereIsNamed() throws Exception {
    host.run("ip", "link", "add", "other", "type", "bridge");
    host.run("ip", "link", "set", LINK, "master", "other");
    host.run("ip", "link", "del", "gatun0");
    NetlinkException missing =
        assertThrows(NetlinkException.class, () -> publish("a", 2, "8080:80"));
    assertTrue(missing.toString().contains("there is no interface \"gatun0\""), missing::toString);
    assertEquals("", ruleset());
  }

  @Test
  void aMissingExpressionIsNamed() {
    Transaction transaction = new Transaction();
    GatunTable.add(transaction);
    transaction.addChain("c");
    transaction.beginRule("c", "some rule").unknown("nosuch");
    transaction.endRule();
    NetlinkException lack =
        assertThrows(
            NetlinkException.class, () -> transaction.attempt(kernel, host.namespace(), null));
    assertEquals(
        "add rule \"some rule\" to chain c: the kernel has no nf_tables expression \"nosuch\""
            + " (module nft_nosuch)",
        lack.getMessage());
  }

  @Test
  void anErrorCarriesWhatTheKernelBlames() {
    Transaction transaction = new Transaction();
    transaction.deleteTable();
    Transaction.Failure failure = transaction.attempt(kernel, host.namespace(), null);
    assertEquals(
        "delete table inet gatun: NFT_MSG_DELTABLE: ENOENT (no such file or directory): at byte 20"
            + " of the request",
        failure == null ? null : failure.error().getMessage());
    assertNull(Snapshot.take(kernel, host.namespace()));
  }
}
