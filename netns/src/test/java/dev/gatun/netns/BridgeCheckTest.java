package dev.gatun.netns;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Kernel;
import dev.gatun.netns.AddressPool.Lease;
import dev.gatun.netns.BridgeNetwork.Attachment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What others change of a pod's network is found, and only that. */
@Tag("root")
@Timeout(120)
class BridgeCheckTest {
  private static final Subnet IPV4 = Subnet.parse("10.207.0.0/16");
  private static final Subnet IPV6 = Subnet.parse("fd67:6174:756e::/64");
  private static final NetworkConfig CONFIG = NetworkConfig.DEFAULT;
  private static final String LINK = "gt0123456789ab";

  private final Kernel kernel = new LocalKernel();
  private TestNamespace host;
  private TestNamespace pod;

  @BeforeEach
  void begin() throws IOException {
    host = TestNamespace.create();
    pod = TestNamespace.create();
  }

  @AfterEach
  void end() {
    // None has been made where the test was skipped.
    for (TestNamespace namespace : new TestNamespace[] {host, pod}) {
      if (namespace != null) {
        namespace.close();
      }
    }
  }

  private static List<Lease> leases(int number) {
    return List.of(new Lease(IPV4, IPV4.address(number)), new Lease(IPV6, IPV6.address(number)));
  }

  private static List<PortMapping> ports(String... texts) {
    List<PortMapping> ports = new ArrayList<>();
    for (String text : texts) {
      ports.add(PortMapping.parse(text));
    }
    return ports;
  }

  private Attachment attach(List<Lease> leases) {
    BridgeNetwork.prepare(kernel, host.namespace(), CONFIG, leases);
    BridgeNetwork.Attach attach =
        new BridgeNetwork.Attach(
            kernel, host.namespace(), CONFIG, pod.namespace(), LINK, leases, true);
    attach.run();
    return attach.attachment();
  }

  private void publish(String podId, List<Lease> leases, List<PortMapping> ports) {
    Nftables.publish(kernel, host.namespace(), CONFIG, podId, leases, ports);
  }

  private List<String> check(Attachment made, boolean masquerade, List<PortMapping> ports) {
    return BridgeCheck.differences(
        kernel,
        host.namespace(),
        pod.namespace(),
        made,
        new BridgeCheck.Rules("a", masquerade, ports));
  }

  @Test
  void whatWasMadeIsThere() throws Exception {
    List<PortMapping> ports = ports("8080:80", "192.0.2.1:9090:80/udp", "[2001:db8::1]:1:1/sctp");
    Attachment made = attach(leases(2));
    // Nothing of the packet filter is asked about that was not asked for.
    assertEquals(List.of(), check(made, false, List.of()));
    assertEquals(List.of("table inet gatun is gone"), check(made, true, List.of()));
    publish("a", leases(2), List.of());
    publish("b", leases(3), List.of());
    assertEquals(List.of(), check(made, true, List.of()));
    // A switch, two ports, two ranges, the bridge, and all rules but those that masquerade.
    assertEquals(1 + 2 + 2 + 1 + 12, check(made, true, ports("8080:80")).size());
    Nftables.unpublish(kernel, host.namespace(), "a", List.of(), "gtnone");
    publish("a", leases(2), ports);
    assertEquals(List.of(), check(made, true, ports));
    // More than there was is no difference.
    host.run("nft", "add", "rule", "inet", "gatun", "ports", "counter");
    host.run("nft", "add", "element", "inet", "gatun", "outbound4", "{ 192.0.2.0/24 }");
    host.run("ip", "addr", "add", "192.0.2.3/24", "dev", "gatun0");
    pod.run("ip", "addr", "add", "192.0.2.4/24", "dev", "eth0");
    pod.run("ip", "route", "add", "198.51.100.0/24", "via", "10.207.0.1");
    assertEquals(List.of(), check(made, true, ports));
  }

  @Test
  void oneFamilyIsAskedAboutAlone() throws Exception {
    List<Lease> ipv6 = leases(2).subList(1, 2);
    List<PortMapping> ports = ports("8080:80");
    Attachment made = attach(ipv6);
    publish("a", ipv6, ports);
    assertEquals("0", host.run("cat", "/proc/sys/net/ipv4/ip_forward"));
    assertEquals(List.of(), check(made, true, ports));
    host.script("echo 0 >/proc/sys/net/ipv6/conf/all/forwarding");
    pod.run("ip", "-6", "route", "del", "default");
    assertEquals(
        List.of(
            "interface \"eth0\" has lost the default route by fd67:6174:756e::1",
            "\"/proc/sys/net/ipv6/conf/all/forwarding\" of the host is 0"),
        check(made, true, ports));
  }

  @Test
  void otherPrefixesAndOtherRoutesAreDifferences() throws Exception {
    Attachment made = attach(leases(2));
    pod.run("ip", "addr", "del", "10.207.0.2/16", "dev", "eth0");
    pod.run("ip", "addr", "add", "10.207.0.2/24", "dev", "eth0");
    // One of another table, and one of another kind.
    pod.run("ip", "route", "add", "default", "via", "10.207.0.1", "table", "77");
    pod.run("ip", "route", "add", "unreachable", "default");
    assertEquals(
        List.of(
            "interface \"eth0\" has lost the address 10.207.0.2/16",
            "interface \"eth0\" has lost the default route by 10.207.0.1"),
        check(made, false, List.of()));
  }

  @Test
  void anotherBridgeIsNotTheGateway() throws Exception {
    Attachment made = attach(leases(2));
    host.run("ip", "link", "add", "br1", "up", "type", "bridge");
    host.run("ip", "link", "set", LINK, "master", "br1");
    assertEquals(
        List.of(
            "bridge \"br1\" lacks the gateway's address 10.207.0.1/16",
            "bridge \"br1\" lacks the gateway's address fd67:6174:756e::1/64"),
        check(made, false, List.of()));
    host.run("ip", "link", "set", LINK, "master", "gatun0");
    host.run("ip", "link", "set", "gatun0", "down");
    host.run("ip", "addr", "add", "fd67:6174:756e::1/64", "dev", "gatun0", "nodad");
    assertEquals(List.of("bridge \"gatun0\" is down"), check(made, false, List.of()));
  }

  @Test
  void whatTheTableHasLostIsNamed() throws Exception {
    List<PortMapping> ports = ports("8080:80", "192.0.2.1:9090:80/udp");
    Attachment made = attach(leases(2));
    publish("a", leases(2), ports);
    host.script(
        """
        nft delete element inet gatun pods4 '{ 10.207.0.2 }'
        nft delete element inet gatun outbound4 '{ 10.207.0.0/16 }'
        nft delete element inet gatun ranges6 '{ fd67:6174:756e::/64 }'
        nft delete element inet gatun bridges '{ "gatun0" }'
        nft delete element inet gatun ports4 '{ tcp . 8080 }'
        nft delete element inet gatun address_ports4 '{ 192.0.2.1 . udp . 9090 }'
        nft add element inet gatun address_ports4 '{ 192.0.2.1 . udp . 9090 : 10.207.0.9 . 80 }'
        nft flush chain inet gatun output
        echo 0 >/proc/sys/net/ipv4/conf/gatun0/route_localnet
        """);
    String hairpin = host.run("nft", "-a", "list", "chain", "inet", "gatun", "hairpin");
    String handle = hairpin.replaceAll("(?s).*ip6 saddr @ranges6[^#]*# handle ([0-9]+).*", "$1");
    host.run("nft", "delete", "rule", "inet", "gatun", "hairpin", "handle", handle);
    assertEquals(
        List.of(
            "\"/proc/sys/net/ipv4/conf/gatun0/route_localnet\" of the host is 0",
            "set pods4 of table inet gatun has lost the address 10.207.0.2",
            "set outbound4 of table inet gatun has lost the range 10.207.0.0/16",
            "host port 8080/tcp does not lead to 10.207.0.2 any more (map ports4 of table inet"
                + " gatun)",
            "host port 192.0.2.1:9090/udp leads to 10.207.0.9 instead of 10.207.0.2 (map"
                + " address_ports4 of table inet gatun)",
            "set ranges6 of table inet gatun has lost the range fd67:6174:756e::/64",
            "set bridges of table inet gatun has lost the bridge \"gatun0\"",
            "chain output of table inet gatun has lost the rule \"fib daddr type local jump"
                + " ports\"",
            "chain hairpin of table inet gatun has lost the rule \"ip6 saddr @ranges daddr"
                + " @ranges ct status dnat masquerade\""),
        check(made, true, ports));
  }
}
