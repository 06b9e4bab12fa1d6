package dev.gatun.netns.netfilter;

import static dev.gatun.netns.netfilter.Inside.inside;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.linux.local.LocalKernel;
import dev.gatun.netns.AddressPool.Lease;
import dev.gatun.netns.BridgeNetwork;
import dev.gatun.netns.IpAddress;
import dev.gatun.netns.NetworkConfig;
import dev.gatun.netns.Nftables;
import dev.gatun.netns.PortMapping;
import dev.gatun.netns.Subnet;
import dev.gatun.netns.TestNamespace;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What packets make of it: a host with pods a and b on its bridge, and x, which is elsewhere.
 * Everybody answers with his name and whom he sees.
 */
@Tag("root")
class TrafficTest {
  private static final Subnet RANGE4 = Subnet.parse("10.207.0.0/16");
  private static final Subnet RANGE6 = Subnet.parse("fd67:6174:756e::/64");
  private static final int PORT = 80;
  private static final int PATIENCE_MILLIS = 5000;
  private static final int SILENCE_MILLIS = 700;

  private final LocalKernel kernel = new LocalKernel();
  private final List<AutoCloseable> toClose = new ArrayList<>();
  private TestNamespace host;
  private TestNamespace a;
  private TestNamespace b;
  private TestNamespace x;

  @BeforeEach
  void connect() throws Exception {
    host = namespace();
    host.run("ip", "link", "set", "lo", "up");
    a = pod("a", 2);
    b = pod("b", 3);
    x = namespace();
    host.script(
        "ip link add up0 type veth peer name eth0 netns "
            + x.pid()
            + "; ip addr add 192.0.2.1/24 dev up0; ip addr add 192.0.2.3/24 dev up0;"
            + " ip addr add 2001:db8::1/64 dev up0 nodad; ip link set up0 up");
    // It knows no way to the pods: behind the router that it has there is nobody.
    x.script(
        "ip link set lo up; ip addr add 192.0.2.2/24 dev eth0;"
            + " ip addr add 2001:db8::2/64 dev eth0 nodad; ip link set eth0 up;"
            + " ip route add default via 192.0.2.99");
    serve("a", a);
    serve("b", b);
    serve("x", x);
  }

  @AfterEach
  void end() throws Exception {
    for (AutoCloseable one : toClose.reversed()) {
      one.close();
    }
  }

  private TestNamespace namespace() throws Exception {
    TestNamespace namespace = TestNamespace.create();
    toClose.add(namespace);
    return namespace;
  }

  private static List<Lease> leases(int number) {
    return List.of(
        new Lease(RANGE4, RANGE4.address(number)), new Lease(RANGE6, RANGE6.address(number)));
  }

  private static String link(String name) {
    return BridgeNetwork.hostLink("/run/gatun", name);
  }

  private TestNamespace pod(String name, int number) throws Exception {
    TestNamespace pod = namespace();
    BridgeNetwork.prepare(kernel, host.namespace(), NetworkConfig.DEFAULT, leases(number));
    new BridgeNetwork.Attach(
            kernel,
            host.namespace(),
            NetworkConfig.DEFAULT,
            pod.namespace(),
            link(name),
            leases(number),
            true)
        .run();
    return pod;
  }

  private void publish(String name, int number, String... ports) {
    List<PortMapping> mappings = new ArrayList<>();
    for (String port : ports) {
      mappings.add(PortMapping.parse(port));
    }
    Nftables.publish(
        kernel, host.namespace(), NetworkConfig.DEFAULT, name, leases(number), mappings);
  }

  private void unpublish(String name, int number) {
    List<IpAddress> addresses = leases(number).stream().map(Lease::address).toList();
    // What is seen afterwards is the packet filter's doing: the interfaces stay.
    Nftables.unpublish(kernel, host.namespace(), name, addresses, link("nobody"));
  }

  private void serve(String name, TestNamespace where) throws Exception {
    ServerSocket server = inside(where, () -> new ServerSocket(PORT));
    toClose.add(server);
    start(() -> {
      while (true) {
        try (Socket peer = server.accept()) {
          peer.getOutputStream().write(sees(name, peer.getInetAddress()));
        }
      }
    });
    DatagramSocket datagrams = inside(where, () -> new DatagramSocket(PORT));
    toClose.add(datagrams);
    start(() -> {
      while (true) {
        DatagramPacket packet = new DatagramPacket(new byte[100], 100);
        datagrams.receive(packet);
        packet.setData(sees(name, packet.getAddress()));
        datagrams.send(packet);
      }
    });
  }

  private interface Service {
    void run() throws IOException;
  }

  /** Ends when its socket is closed. */
  private static void start(Service service) {
    Thread thread =
        new Thread(() -> {
          try {
            service.run();
          } catch (IOException e) {
            // The test is over.
          }
        });
    thread.setDaemon(true);
    thread.start();
  }

  private static byte[] sees(String name, InetAddress peer) {
    return (name + " sees " + IpAddress.of(peer.getAddress())).getBytes(StandardCharsets.UTF_8);
  }

  private static String ask(TestNamespace from, String address, int port) throws Exception {
    return inside(
        from,
        () -> {
          try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, port), PATIENCE_MILLIS);
            socket.setSoTimeout(PATIENCE_MILLIS);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
          }
        });
  }

  /** Asks once by a datagram to port 8081 from a socket that has asked before. */
  private static String tell(DatagramSocket from, String address, int patience) throws IOException {
    from.setSoTimeout(patience);
    from.send(new DatagramPacket(new byte[] {1}, 1, new InetSocketAddress(address, 8081)));
    DatagramPacket answer = new DatagramPacket(new byte[100], 100);
    from.receive(answer);
    return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
  }

  /** Asks once by a datagram. */
  private static String tell(TestNamespace from, String address, int port, int patience)
      throws Exception {
    return inside(
        from,
        () -> {
          try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(patience);
            socket.connect(new InetSocketAddress(address, port));
            socket.send(new DatagramPacket(new byte[] {1}, 1));
            DatagramPacket answer = new DatagramPacket(new byte[100], 100);
            socket.receive(answer);
            return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
          }
        });
  }

  @Test
  void podsReachTheWorldUnderTheHostsAddressAndEachOtherUnderTheirOwn() throws Exception {
    assertThrows(SocketTimeoutException.class, () -> tell(a, "192.0.2.2", PORT, SILENCE_MILLIS));
    publish("a", 2);
    publish("b", 3);
    assertEquals("x sees 192.0.2.1", ask(a, "192.0.2.2", PORT));
    assertEquals("x sees 2001:db8::1", ask(b, "2001:db8::2", PORT));
    assertEquals("x sees 192.0.2.1", tell(b, "192.0.2.2", PORT, PATIENCE_MILLIS));
    assertEquals("b sees 10.207.0.2", ask(a, "10.207.0.3", PORT));
    assertEquals("a sees fd67:6174:756e::3", ask(b, "fd67:6174:756e::2", PORT));
    unpublish("a", 2);
    assertEquals("x sees 192.0.2.1", ask(b, "192.0.2.2", PORT));
    unpublish("b", 3);
    assertThrows(SocketTimeoutException.class, () -> tell(b, "192.0.2.2", PORT, SILENCE_MILLIS));
  }

  @Test
  void aHostPortLeadsToThePod() throws Exception {
    publish("b", 3);
    assertThrows(ConnectException.class, () -> ask(x, "192.0.2.1", 8080));
    publish("a", 2, "8080:80", "8081:80/udp");
    // From elsewhere, seen as who it is.
    assertEquals("a sees 192.0.2.2", ask(x, "192.0.2.1", 8080));
    assertEquals("a sees 192.0.2.2", ask(x, "192.0.2.3", 8080));
    assertEquals("a sees 2001:db8::2", ask(x, "2001:db8::1", 8080));
    assertEquals("a sees 192.0.2.2", tell(x, "192.0.2.1", 8081, PATIENCE_MILLIS));
    assertEquals("a sees 2001:db8::2", tell(x, "2001:db8::1", 8081, PATIENCE_MILLIS));
    // From the host, at each of its addresses.
    assertEquals("a sees 10.207.0.1", ask(host, "127.0.0.1", 8080));
    assertEquals("a sees 10.207.0.1", ask(host, "127.0.0.2", 8080));
    assertEquals("a sees 10.207.0.1", tell(host, "127.0.0.1", 8081, PATIENCE_MILLIS));
    assertEquals("a sees 192.0.2.1", ask(host, "192.0.2.1", 8080));
    assertEquals("a sees 10.207.0.1", ask(host, "10.207.0.1", 8080));
    assertEquals("a sees 2001:db8::1", ask(host, "2001:db8::1", 8080));
    // From a neighbour, and from the pod itself.
    for (TestNamespace pod : List.of(a, b)) {
      assertEquals("a sees 10.207.0.1", ask(pod, "192.0.2.1", 8080));
      assertEquals("a sees 10.207.0.1", ask(pod, "10.207.0.1", 8080));
      assertEquals("a sees fd67:6174:756e::1", ask(pod, "2001:db8::1", 8080));
      assertEquals("a sees 10.207.0.1", tell(pod, "192.0.2.1", 8081, PATIENCE_MILLIS));
    }
    // What is not of the host is somebody else's.
    assertThrows(ConnectException.class, () -> ask(host, "192.0.2.2", 8080));
    assertThrows(ConnectException.class, () -> ask(host, "::1", 8080));
    assertThrows(ConnectException.class, () -> ask(x, "192.0.2.1", 8081));
    unpublish("a", 2);
    assertThrows(ConnectException.class, () -> ask(x, "192.0.2.1", 8080));
    assertThrows(ConnectException.class, () -> ask(host, "127.0.0.1", 8080));
  }

  @Test
  void aPortOfOneAddressIsOfNoOtherAndGoesFirst() throws Exception {
    publish("a", 2, "192.0.2.3:8080:80", "127.0.0.1:8081:80", "[2001:db8::1]:8080:80");
    assertEquals("a sees 192.0.2.2", ask(x, "192.0.2.3", 8080));
    assertEquals("a sees 2001:db8::2", ask(x, "2001:db8::1", 8080));
    assertThrows(ConnectException.class, () -> ask(x, "192.0.2.1", 8080));
    assertThrows(ConnectException.class, () -> ask(host, "127.0.0.1", 8080));
    assertEquals("a sees 10.207.0.1", ask(host, "127.0.0.1", 8081));
    assertThrows(ConnectException.class, () -> ask(host, "192.0.2.1", 8081));
    publish("b", 3, "8080:80");
    assertEquals("a sees 192.0.2.2", ask(x, "192.0.2.3", 8080));
    assertEquals("b sees 192.0.2.2", ask(x, "192.0.2.1", 8080));
    assertEquals("b sees 10.207.0.1", ask(host, "127.0.0.1", 8080));
  }

  /** Rules are asked about the first packet of a flow alone. */
  @Test
  void aClientThatKeepsSendingReachesThePodThatHasThePortNow() throws Exception {
    publish("b", 3);
    List<DatagramSocket> clients = new ArrayList<>();
    for (TestNamespace from : List.of(x, x, host)) {
      DatagramSocket client = inside(from, () -> new DatagramSocket());
      toClose.add(client);
      clients.add(client);
    }
    List<String> addresses = List.of("192.0.2.1", "2001:db8::1", "127.0.0.2");
    List<String> seen = List.of("192.0.2.2", "2001:db8::2", "10.207.0.1");
    for (int i = 0; i < clients.size(); i++) {
      DatagramSocket client = clients.get(i);
      String address = addresses.get(i);
      assertThrows(SocketTimeoutException.class, () -> tell(client, address, SILENCE_MILLIS));
    }
    // Who sent before there was a pod.
    publish("a", 2, "8081:80/udp");
    for (int i = 0; i < clients.size(); i++) {
      assertEquals(
          "a sees " + seen.get(i), tell(clients.get(i), addresses.get(i), PATIENCE_MILLIS));
    }
    // Who has talked to another one.
    unpublish("a", 2);
    publish("b", 3, "8081:80/udp");
    for (int i = 0; i < clients.size(); i++) {
      assertEquals(
          "b sees " + seen.get(i), tell(clients.get(i), addresses.get(i), PATIENCE_MILLIS));
    }
    // One that died without a word, whose address the next one has.
    publish("c", 3);
    DatagramSocket client = clients.getFirst();
    assertThrows(SocketTimeoutException.class, () -> tell(client, "192.0.2.1", SILENCE_MILLIS));
    // One address's goes first.
    publish("c", 3, "8081:80/udp");
    assertEquals("b sees 192.0.2.2", tell(client, "192.0.2.1", PATIENCE_MILLIS));
    publish("a", 2, "192.0.2.1:8081:80/udp");
    assertEquals("a sees 192.0.2.2", tell(client, "192.0.2.1", PATIENCE_MILLIS));
    unpublish("a", 2);
    assertEquals("b sees 192.0.2.2", tell(client, "192.0.2.1", PATIENCE_MILLIS));
  }

  /** CVE-2020-8558 is what it was called elsewhere. */
  @Test
  void noPodReachesTheHostsLoopback() throws Exception {
    publish("a", 2, "8080:80");
    DatagramSocket secret =
        inside(
            host,
            () -> new DatagramSocket(7777, InetAddress.getByAddress(new byte[] {127, 0, 0, 1})));
    toClose.add(secret);
    secret.setSoTimeout(SILENCE_MILLIS);
    b.script(
        "ip route del local 127.0.0.0/8 dev lo table local; ip route del local 127.0.0.1 dev lo"
            + " table local; ip route add 127.0.0.0/8 via 10.207.0.1");
    assertThrows(SocketTimeoutException.class, () -> tell(b, "127.0.0.1", 7777, SILENCE_MILLIS));
    DatagramPacket packet = new DatagramPacket(new byte[9], 9);
    assertThrows(SocketTimeoutException.class, () -> secret.receive(packet));
    // It is the rules that keep it out.
    host.run("nft", "flush chain inet gatun localnet");
    assertThrows(SocketTimeoutException.class, () -> tell(b, "127.0.0.1", 7777, SILENCE_MILLIS));
    secret.receive(packet);
    assertEquals(IpAddress.parse("10.207.0.3"), IpAddress.of(packet.getAddress().getAddress()));
    unpublish("a", 2);
    assertThrows(SocketTimeoutException.class, () -> tell(b, "127.0.0.1", 7777, SILENCE_MILLIS));
    assertThrows(SocketTimeoutException.class, () -> secret.receive(packet));
  }
}
