package dev.gatun.netns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.SyscallException;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Kernel;
import dev.gatun.netns.netlink.Rtnetlink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** Links, addresses, routes and neighbours in namespaces of the test; {@code ip} is the oracle. */
@Tag("root")
@Timeout(120)
class InterfacesTest {
  private final Kernel kernel = new LocalKernel();

  private Interfaces in(TestNamespace namespace) {
    return new Interfaces(kernel, namespace.namespace());
  }

  private static Link link(Interfaces interfaces, String name) {
    Link link = interfaces.link(name);
    assertNotNull(link, name);
    return Objects.requireNonNull(link);
  }

  private static String message(Executable call) {
    return String.valueOf(assertThrows(NetlinkException.class, call).getMessage());
  }

  @Test
  void aLinkIsMadeChangedMovedAndDeleted() throws IOException, InterruptedException {
    try (TestNamespace here = TestNamespace.create();
        TestNamespace there = TestNamespace.create()) {
      Interfaces host = in(here);
      Interfaces pod = in(there);
      host.createBridge("br0");
      host.createVeth("v0", "p0", there.namespace());
      assertEquals("veth", link(host, "v0").kind());
      assertEquals("bridge", link(host, "br0").kind());
      assertTrue(link(host, "br0").isUp());
      assertFalse(link(host, "v0").isUp());
      assertEquals("", link(host, "lo").kind());
      assertEquals("00:00:00:00:00:00", link(host, "lo").address());
      assertEquals(65536, link(host, "lo").mtu());
      assertTrue(there.run("ip", "link").contains("p0@"));

      host.setMaster("v0", "br0");
      assertEquals(link(host, "br0").index(), link(host, "v0").master());
      assertTrue(here.run("ip", "link", "show", "v0").contains("master br0"));
      host.setMaster("v0", null);
      assertEquals(0, link(host, "v0").master());
      host.setMtu("v0", 1234);
      host.setLinkLayerAddress("v0", "02:00:00:ab:cd:ef");
      host.setUp("v0");
      String shown = here.run("ip", "link", "show", "v0");
      assertTrue(shown.contains("mtu 1234") && shown.contains("02:00:00:ab:cd:ef"), shown);
      assertTrue(link(host, "v0").isUp() && shown.contains("UP"), shown);
      assertEquals("02:00:00:ab:cd:ef", link(host, "v0").address());
      assertEquals(1234, link(host, "v0").mtu());
      host.setDown("v0");
      assertFalse(link(host, "v0").isUp());
      host.rename("v0", "v1");
      assertNull(host.link("v0"));
      assertTrue(here.run("ip", "link").contains("v1@"));

      host.move("v1", there.namespace());
      assertNull(host.link("v1"));
      assertTrue(there.run("ip", "link").contains("v1@"));
      pod.delete("v1");
      assertNull(pod.link("p0"));
      assertFalse(there.run("ip", "link").contains("p0"));
      host.delete("br0");
      assertEquals(
          List.of("lo"), host.links().stream().map(Link::name).filter("lo"::equals).toList());
      assertNull(host.link("br0"));
    }
  }

  @Test
  void addressesAreAsIpShowsThem() throws IOException, InterruptedException {
    try (TestNamespace here = TestNamespace.create()) {
      Interfaces host = in(here);
      host.createVeth("v0", "v1", here.namespace());
      host.setUp("v0");
      host.setUp("v1");
      IpAddress ipv4 = IpAddress.parse("192.0.2.5");
      IpAddress ipv6 = IpAddress.parse("2001:db8::5");
      host.addAddress("v0", ipv4, 24);
      host.addAddress("v0", ipv6, 64);
      here.script("ip addr add 198.51.100.1 peer 198.51.100.2/32 dev v1");
      String shown = here.run("ip", "addr", "show", "v0");
      assertTrue(shown.contains("inet 192.0.2.5/24 brd 192.0.2.255 scope global v0"), shown);
      assertTrue(shown.contains("inet6 2001:db8::5/64 scope global nodad"), shown);

      int index = link(host, "v0").index();
      LinkAddress found =
          host.addresses().stream().filter(a -> a.address().equals(ipv4)).findFirst().orElseThrow();
      assertEquals(index, found.link());
      assertEquals(24, found.prefix());
      assertEquals(IpAddress.parse("192.0.2.255"), found.broadcast());
      assertEquals(Rtnetlink.RT_SCOPE_UNIVERSE, found.scope());
      LinkAddress six =
          host.addresses().stream().filter(a -> a.address().equals(ipv6)).findFirst().orElseThrow();
      assertFalse(six.isTentative());
      assertEquals(64, six.prefix());
      assertNull(six.broadcast());
      assertTrue(
          host.addresses().stream()
              .anyMatch(a -> a.address().equals(IpAddress.parse("198.51.100.1"))));

      String again = message(() -> host.addAddress("v0", ipv4, 24));
      assertTrue(
          again.startsWith("add address 192.0.2.5/24 to \"v0\": RTM_NEWADDR: EEXIST (file exists)"),
          again);
      host.deleteAddress("v0", ipv4, 24);
      host.deleteAddress("v0", ipv6, 64);
      shown = here.run("ip", "addr", "show", "v0");
      assertFalse(shown.contains("192.0.2.5") || shown.contains("2001:db8"), shown);
      String none = message(() -> host.deleteAddress("v0", ipv4, 24));
      assertTrue(none.contains("EADDRNOTAVAIL"), none);
      SyscallException missing =
          assertThrows(SyscallException.class, () -> host.addAddress("nosuch", ipv4, 24));
      assertEquals("find link \"nosuch\": ENODEV (no such device)", missing.getMessage());
    }
  }

  @Test
  void routesAreAsIpShowsThem() throws IOException, InterruptedException {
    try (TestNamespace here = TestNamespace.create()) {
      Interfaces host = in(here);
      host.createVeth("v0", "v1", here.namespace());
      host.setUp("v0");
      host.setUp("v1");
      IpAddress gateway = IpAddress.parse("192.0.2.1");
      IpAddress gateway6 = IpAddress.parse("2001:db8::1");
      host.addAddress("v0", IpAddress.parse("192.0.2.5"), 24);
      host.addAddress("v0", IpAddress.parse("2001:db8::5"), 64);
      host.addDefaultRoute("v0", gateway, false);
      host.addDefaultRoute("v0", gateway6, false);
      Subnet ten = Subnet.parse("10.0.0.0/8");
      Subnet doc = Subnet.parse("2001:db8:1::/48");
      host.addRoute("v0", ten, gateway);
      host.addRoute("v0", doc, null);
      host.addRoute("v0", Subnet.parse("172.16.0.0/12"), null);
      // Nothing says that this one is on the link.
      assertTrue(
          message(() ->
                  host.addRoute(
                      "v1", Subnet.parse("192.168.0.0/16"), IpAddress.parse("203.0.113.1")))
              .contains("Nexthop has invalid gateway"));
      host.addRoute("v0", Subnet.parse("203.0.113.0/24"), null);
      String shown = here.run("ip", "route");
      assertTrue(shown.contains("default via 192.0.2.1 dev v0"), shown);
      assertTrue(shown.contains("10.0.0.0/8 via 192.0.2.1 dev v0"), shown);
      assertTrue(shown.contains("172.16.0.0/12 dev v0"), shown);
      String shown6 = here.run("ip", "-6", "route");
      assertTrue(shown6.contains("default via 2001:db8::1 dev v0"), shown6);
      assertTrue(shown6.contains("2001:db8:1::/48 dev v0"), shown6);

      int index = link(host, "v0").index();
      Route route =
          host.routes().stream()
              .filter(r -> !r.isIpv6() && r.destination() == null && r.prefix() == 0)
              .findFirst()
              .orElseThrow();
      assertEquals(gateway, route.gateway());
      assertEquals(index, route.link());
      assertEquals(Rtnetlink.RT_TABLE_MAIN, route.table());
      assertTrue(
          host.routes().stream()
              .anyMatch(r ->
                  Objects.equals(ten.network(), r.destination())
                      && r.prefix() == 8
                      && Objects.equals(gateway, r.gateway())));
      assertTrue(
          host.routes().stream().anyMatch(r -> Objects.equals(doc.network(), r.destination())));
      assertTrue(host.routes().stream().anyMatch(r -> Objects.equals(gateway6, r.gateway())));

      host.deleteRoute("v0", ten, gateway);
      host.deleteRoute("v0", doc, null);
      assertFalse(here.run("ip", "route").contains("10.0.0.0/8"));
      assertFalse(here.run("ip", "-6", "route").contains("2001:db8:1::/48"));
      assertTrue(message(() -> host.deleteRoute("v0", ten, gateway)).contains("ESRCH"));

      host.addAddress("v1", IpAddress.parse("198.51.100.1"), 32);
      here.script("ip route del default");
      host.addDefaultRoute("v1", IpAddress.parse("198.51.100.200"), true);
      assertTrue(
          here.run("ip", "route").contains("default via 198.51.100.200 dev v1 proto static onlink"),
          here.run("ip", "route"));
    }
  }

  @Test
  void neighboursAreAsIpShowsThem() throws IOException, InterruptedException {
    try (TestNamespace here = TestNamespace.create()) {
      Interfaces host = in(here);
      host.createVeth("v0", "v1", here.namespace());
      host.setUp("v0");
      IpAddress ipv4 = IpAddress.parse("192.0.2.9");
      IpAddress ipv6 = IpAddress.parse("2001:db8::9");
      host.addNeighbour("v0", ipv4, "02:00:00:00:00:09");
      host.addNeighbour("v0", ipv6, "02:00:00:00:00:19");
      host.addNeighbour("v0", ipv6, "02:00:00:00:00:29");
      String shown = here.run("ip", "neigh");
      assertTrue(shown.contains("192.0.2.9 dev v0 lladdr 02:00:00:00:00:09 PERMANENT"), shown);
      assertTrue(shown.contains("2001:db8::9 dev v0 lladdr 02:00:00:00:00:29 PERMANENT"), shown);
      Neighbour neighbour =
          host.neighbours().stream()
              .filter(n -> n.address().equals(ipv4))
              .findFirst()
              .orElseThrow();
      assertEquals("02:00:00:00:00:09", neighbour.linkLayerAddress());
      assertEquals(Rtnetlink.NUD_PERMANENT, neighbour.state());
      assertEquals(link(host, "v0").index(), neighbour.link());
      host.deleteNeighbour("v0", ipv4);
      host.deleteNeighbour("v0", ipv6);
      assertFalse(here.run("ip", "neigh").contains("PERMANENT"));
    }
  }

  @Test
  void theKernelsOwnWordsArePartOfTheError() throws IOException {
    try (TestNamespace here = TestNamespace.create()) {
      Interfaces host = in(here);
      host.createBridge("br0");
      String text = message(() -> host.setMtu("br0", 1 << 20));
      assertEquals(
          "set mtu 1048576 of link \"br0\": RTM_NEWLINK: EINVAL (invalid argument):"
              + " mtu greater than device maximum",
          text);
      assertEquals(
          "delete link \"nosuch\": RTM_DELLINK: ENODEV (no such device)",
          message(() -> host.delete("nosuch")));
      assertTrue(message(() -> host.createBridge("br0")).contains("EEXIST"));
      assertTrue(message(() -> host.delete("lo")).contains("EOPNOTSUPP"));
    }
  }

  @Test
  void namesThatNoInterfaceHasAreRefused() {
    Interfaces own = new Interfaces(new ScriptedKernel(), NetworkNamespace.own());
    for (String name :
        new String[] {"", ".", "..", "a/b", "a b", "a%d", "a:1", "1234567890123456", "a\0b"}) {
      assertThrows(IllegalArgumentException.class, () -> own.setUp(name), name);
      assertThrows(IllegalArgumentException.class, () -> own.rename("a", name), name);
    }
    for (String mac :
        new String[] {"", "02:00:00:00:00", "02:00:00:00:00:0g", "02-00-00-00-00-00"}) {
      assertThrows(IllegalArgumentException.class, () -> own.setLinkLayerAddress("a", mac), mac);
    }
  }

  /** More than one buffer, and more than the first program has room for. */
  @Test
  void largeDumpsAreComplete() throws IOException, InterruptedException {
    int count = 600;
    try (TestNamespace here = TestNamespace.create()) {
      here.script(
          "ip link add br0 type bridge; ip link set br0 up;"
              + " i=0; while [ $i -lt "
              + count
              + " ]; do echo link add v$i type veth peer name w$i;"
              + " echo addr add 10.$((i/250)).$((i%250)).1/32 dev br0;"
              + " echo route add 172.16.$((i/250)).$((i%250))/32 dev br0;"
              + " echo neigh add 172.17.$((i/250)).$((i%250)) lladdr 02:00:00:00:00:01 dev br0;"
              + " i=$((i+1)); done | ip -batch -");
      Interfaces host = in(here);
      TreeSet<String> names = new TreeSet<>();
      for (Link link : host.links()) {
        assertTrue(names.add(link.name()), link.name() + " came twice");
      }
      for (int i = 0; i < count; i++) {
        assertTrue(names.contains("v" + i) && names.contains("w" + i), "v" + i);
      }
      List<IpAddress> addresses = new ArrayList<>();
      host.addresses().forEach(a -> addresses.add(a.address()));
      List<IpAddress> routes = new ArrayList<>();
      for (Route route : host.routes()) {
        IpAddress destination = route.destination();
        if (destination != null) {
          routes.add(destination);
        }
      }
      List<IpAddress> neighbours = new ArrayList<>();
      host.neighbours().forEach(n -> neighbours.add(n.address()));
      for (int i = 0; i < count; i++) {
        String rest = i / 250 + "." + i % 250;
        assertTrue(addresses.contains(IpAddress.parse("10." + rest + ".1")), rest);
        assertTrue(routes.contains(IpAddress.parse("172.16." + rest)), rest);
        assertTrue(neighbours.contains(IpAddress.parse("172.17." + rest)), rest);
      }
    }
  }
}
