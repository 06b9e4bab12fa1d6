package dev.gatun.netns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Errno;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Kernel;
import dev.gatun.netns.AddressPool.Lease;
import dev.gatun.netns.BridgeNetwork.Attachment;
import dev.gatun.netns.netlink.Conversation;
import dev.gatun.netns.netlink.Netlink;
import dev.gatun.netns.netlink.Requests;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pods on a bridge, in namespaces of the test; {@code ip} says what came of it. */
@Tag("root")
@Timeout(120)
class BridgeNetworkTest {
  private static final Subnet IPV4 = Subnet.parse("10.207.0.0/16");
  private static final Subnet IPV6 = Subnet.parse("fd67:6174:756e::/64");
  private static final NetworkConfig CONFIG = new NetworkConfig("gatun0", IPV4, IPV6, 1400, true);

  private final Kernel kernel = new LocalKernel();

  private static Lease lease(Subnet range, int number) {
    return new Lease(range, range.address(number));
  }

  private static List<Lease> both(int number) {
    return List.of(lease(IPV4, number), lease(IPV6, number));
  }

  private Attachment attach(
      TestNamespace host, TestNamespace pod, String link, List<Lease> leases) {
    BridgeNetwork.prepare(kernel, host.namespace(), CONFIG, leases);
    BridgeNetwork.Attach attach =
        new BridgeNetwork.Attach(
            kernel, host.namespace(), CONFIG, pod.namespace(), link, leases, false);
    attach.run();
    return attach.attachment();
  }

  @Test
  void podsReachEachOtherAndTheHostAtOnce() throws IOException, InterruptedException {
    try (TestNamespace host = TestNamespace.create();
        TestNamespace one = TestNamespace.create();
        TestNamespace two = TestNamespace.create()) {
      Attachment first = attach(host, one, "gtone", both(2));
      assertEquals("eth0", first.name());
      assertEquals("gtone", first.host());
      assertEquals("02:67:0a:cf:00:02", first.mac());
      assertEquals(1400, first.mtu());
      assertEquals(List.of("10.207.0.2/16", "fd67:6174:756e::2/64"), first.addresses());
      assertEquals(List.of(IPV4.gateway(), IPV6.gateway()), first.gateways());
      attach(host, two, "gttwo", both(3));

      String link = one.run("ip", "-d", "link", "show", "eth0");
      assertTrue(link.contains("mtu 1400"), link);
      assertTrue(link.contains("link/ether 02:67:0a:cf:00:02"), link);
      assertTrue(link.contains("veth"), link);
      String addresses = one.run("ip", "addr", "show", "eth0");
      assertTrue(
          addresses.contains("inet 10.207.0.2/16 brd 10.207.255.255 scope global"), addresses);
      String ours = "inet6 fd67:6174:756e::2/64 scope global nodad";
      assertTrue(addresses.contains(ours), addresses);
      assertFalse(addresses.contains(ours + " tentative"), addresses);
      assertTrue(one.run("ip", "route").contains("default via 10.207.0.1 dev eth0"));
      assertTrue(one.run("ip", "-6", "route").contains("default via fd67:6174:756e::1 dev eth0"));
      assertTrue(one.run("ip", "link", "show", "lo").contains("UP"));
      String port = host.run("ip", "-d", "link", "show", "gtone");
      assertTrue(port.contains("master gatun0") && port.contains("UP"), port);
      assertTrue(port.contains("hairpin off"), port);
      String bridge = host.run("ip", "addr", "show", "gatun0");
      assertTrue(bridge.contains("inet 10.207.0.1/16"), bridge);
      assertTrue(bridge.contains("inet6 fd67:6174:756e::1/64 scope global nodad"), bridge);
      assertTrue(bridge.contains("link/ether 02:67:0a:cf:00:01"), bridge);
      assertEquals("1", host.run("cat", "/proc/sys/net/ipv4/ip_forward"));
      assertEquals("1", host.run("cat", "/proc/sys/net/ipv6/conf/all/forwarding"));
      assertEquals("0", host.run("cat", "/proc/sys/net/ipv6/conf/gatun0/accept_ra"));

      for (String there :
          List.of("10.207.0.1", "10.207.0.3", "fd67:6174:756e::1", "fd67:6174:756e::3")) {
        connects(one, there);
      }
      BridgeNetwork.detach(kernel, host.namespace(), "gtone");
      assertFalse(host.run("ip", "link").contains("gtone"));
      assertFalse(one.run("ip", "link").contains("eth0"));
      assertTrue(host.run("ip", "link").contains("gttwo"));
      // Gone already is fine.
      BridgeNetwork.detach(kernel, host.namespace(), "gtone");
      attach(host, one, "gtone", both(2));
      connects(one, "10.207.0.3");
    }
  }

  /** A neighbour answers: its link-layer address is found out. */
  private static void connects(TestNamespace from, String there)
      throws IOException, InterruptedException {
    String[] python = {
      "python3",
      "-c",
      "import socket,sys; a=sys.argv[1]; "
          + "s=socket.socket(socket.AF_INET6 if ':' in a else socket.AF_INET, socket.SOCK_STREAM); "
          + "s.settimeout(10);\n"
          + "try: s.connect((a, 9))\n"
          // Nobody listens, and that is what the other end says.
          + "except ConnectionRefusedError: print('refused')",
      there
    };
    assertEquals("refused", from.run(python), there);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void oneFamilyIsEnough(boolean isIpv6) throws IOException, InterruptedException {
    try (TestNamespace host = TestNamespace.create();
        TestNamespace pod = TestNamespace.create()) {
      Attachment attachment = attach(host, pod, "gtone", List.of(lease(isIpv6 ? IPV6 : IPV4, 7)));
      assertEquals(1, attachment.addresses().size());
      assertEquals(isIpv6 ? "02:67:5f:e1:6e:bc" : "02:67:0a:cf:00:07", attachment.mac());
      assertEquals(isIpv6 ? "0" : "1", host.run("cat", "/proc/sys/net/ipv4/ip_forward"));
      assertEquals(isIpv6 ? "1" : "0", host.run("cat", "/proc/sys/net/ipv6/conf/all/forwarding"));
      assertEquals(isIpv6, pod.run("ip", "-4", "route").isEmpty());
      assertEquals(!isIpv6, !pod.run("ip", "-6", "route").contains("default"));
    }
  }

  @Test
  void manyPodsAtOnceShareTheBridgeThatOneOfThemMade() throws Exception {
    int count = 16;
    List<TestNamespace> pods = new ArrayList<>();
    try (TestNamespace host = TestNamespace.create();
        ExecutorService threads = Executors.newFixedThreadPool(count)) {
      try {
        for (int i = 0; i < count; i++) {
          pods.add(TestNamespace.create());
        }
        List<Future<Attachment>> attachments = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          int number = i;
          attachments.add(
              threads.submit(
                  () -> attach(host, pods.get(number), "gt" + number, both(2 + number))));
        }
        Set<String> addresses = new HashSet<>();
        for (Future<Attachment> attachment : attachments) {
          addresses.addAll(attachment.get().addresses());
        }
        assertEquals(2 * count, addresses.size());
        assertEquals(
            count,
            new Interfaces(kernel, host.namespace())
                .links().stream().filter(l -> l.master() != 0).count());
        connects(pods.getFirst(), "10.207.0." + (1 + count));
      } finally {
        pods.forEach(TestNamespace::close);
      }
    }
  }

  @Test
  void whatIsNoBridgeIsSaidToBeNone() throws IOException, InterruptedException {
    try (TestNamespace host = TestNamespace.create();
        TestNamespace pod = TestNamespace.create()) {
      host.script("ip link add gatun0 type dummy || ip link add gatun0 type veth");
      NetlinkException e =
          assertThrows(NetlinkException.class, () -> attach(host, pod, "gtone", both(2)));
      assertEquals("create bridge \"gatun0\": \"gatun0\" exists and is no bridge", e.getMessage());
      assertFalse(host.run("ip", "addr", "show", "gatun0").contains("inet"));
      assertFalse(host.run("ip", "link", "show", "gatun0").contains(",UP"));
      assertNothing(host, pod);
    }
  }

  private static void assertNothing(TestNamespace host, TestNamespace pod)
      throws IOException, InterruptedException {
    assertFalse(host.run("ip", "link").contains("gtone"));
    assertFalse(pod.run("ip", "link").contains("eth0"));
  }

  @Test
  void whatIsHalfDoneIsTakenBack() throws IOException, InterruptedException {
    try (TestNamespace host = TestNamespace.create();
        TestNamespace pod = TestNamespace.create()) {
      pod.script("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
      NetlinkException e =
          assertThrows(NetlinkException.class, () -> attach(host, pod, "gtone", both(2)));
      assertEquals(
          "add address fd67:6174:756e::2/64 to \"eth0\": IPv6 is turned off there (sysctl disable_ipv6)",
          e.getMessage());
      assertNothing(host, pod);
    }
  }

  @Test
  void whatHasTheNameAlreadyIsLeftAlone() throws IOException, InterruptedException {
    try (TestNamespace host = TestNamespace.create();
        TestNamespace pod = TestNamespace.create()) {
      host.script("ip link add gtone type veth peer name other");
      NetlinkException e =
          assertThrows(NetlinkException.class, () -> attach(host, pod, "gtone", both(2)));
      assertTrue(
          String.valueOf(e.getMessage())
              .startsWith("create link \"gtone\": RTM_NEWLINK: EEXIST (file exists)"),
          e.getMessage());
      assertTrue(host.run("ip", "link").contains("gtone"));
      host.script("ip link del gtone");

      // The pod has an eth0 of its own.
      pod.script("ip link add eth0 type veth peer name other");
      e = assertThrows(NetlinkException.class, () -> attach(host, pod, "gtone", both(2)));
      assertEquals(Errno.EEXIST, e.errno());
      assertFalse(host.run("ip", "link").contains("gtone"));
      assertTrue(pod.run("ip", "link").contains("eth0"));
      assertFalse(pod.run("ip", "addr", "show", "eth0").contains("inet"));
    }
  }

  @Test
  void aBridgeThatIsThereIsUsedAsItIs() throws IOException, InterruptedException {
    try (TestNamespace host = TestNamespace.create();
        TestNamespace pod = TestNamespace.create()) {
      host.script(
          "ip link add gatun0 address 02:00:00:00:00:99 type bridge stp_state 1;"
              + " sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.gatun0.accept_ra=2");
      attach(host, pod, "gtone", both(2));
      String bridge = host.run("ip", "-d", "link", "show", "gatun0");
      assertTrue(bridge.contains("02:00:00:00:00:99"), bridge);
      assertTrue(bridge.contains("stp_state 1"), bridge);
      assertEquals("2", host.run("cat", "/proc/sys/net/ipv6/conf/gatun0/accept_ra"));
      assertTrue(bridge.contains("UP"), bridge);
    }
  }

  @Test
  void theThreadIsWhereItWasBefore() throws IOException, InterruptedException {
    Path own = Path.of("/proc/thread-self/ns/net");
    try (TestNamespace host = TestNamespace.create();
        TestNamespace pod = TestNamespace.create()) {
      Path before = Files.readSymbolicLink(own);
      attach(host, pod, "gtone", both(2));
      assertEquals(before, Files.readSymbolicLink(own));
      assertThrows(NetlinkException.class, () -> attach(host, pod, "gtone", both(2)));
      assertEquals(before, Files.readSymbolicLink(own));
      NetworkNamespace none = NetworkNamespace.of("/proc/self/ns/uts", 1);
      SyscallException e =
          assertThrows(SyscallException.class, () -> new Interfaces(kernel, none).links());
      assertTrue(String.valueOf(e.getMessage()).contains("setns"), e.getMessage());
      assertEquals(before, Files.readSymbolicLink(own));
      NetworkNamespace gone = NetworkNamespace.of("/proc/0/ns/net", 1);
      assertThrows(SyscallException.class, () -> new Interfaces(kernel, gone).links());
      assertEquals(before, Files.readSymbolicLink(own));
      // A program that fails inside the namespace: no such protocol.
      assertThrows(
          SyscallException.class,
          () -> Conversation.talk(kernel, pod.namespace(), 31, new Requests()));
      assertEquals(before, Files.readSymbolicLink(own));
    }
  }

  /** An error as the kernel would write it. */
  private static byte[] error(int sequence, int errno) {
    Requests answer = new Requests(sequence);
    answer.begin("", "", Netlink.NLMSG_ERROR, Netlink.NLM_F_CAPPED);
    return answer.u32(-errno).u32(16).u32(0).u32(0).u32(0).bytes();
  }

  private static void attach(Kernel kernel, NetworkNamespace pod) {
    new BridgeNetwork.Attach(kernel, NetworkNamespace.own(), CONFIG, pod, "gtone", both(2), false)
        .run();
  }

  @Test
  void whatTheKernelLacksIsNamed() {
    NetworkNamespace pod = NetworkNamespace.of("/proc/2/ns/net", 2);
    Kernel noBridge = new ScriptedKernel().answer(error(1, Errno.EOPNOTSUPP));
    NetlinkException e =
        assertThrows(
            NetlinkException.class,
            () -> BridgeNetwork.prepare(noBridge, NetworkNamespace.own(), CONFIG, both(2)));
    assertEquals(
        "create link \"gatun0\": the kernel has no links of kind bridge: module bridge is not"
            + " there, or cannot be loaded",
        e.getMessage());
    ScriptedKernel noVeth = new ScriptedKernel().answer(error(3, Errno.EOPNOTSUPP));
    e = assertThrows(NetlinkException.class, () -> attach(noVeth, pod));
    assertEquals(
        "create link \"gtone\": the kernel has no links of kind veth: module veth is not there, or"
            + " cannot be loaded",
        e.getMessage());
    assertEquals(1, noVeth.runs(), "nothing was made, so nothing is deleted");
    // Another pod was faster: fine.
    ScriptedKernel late =
        new ScriptedKernel().answer(join(error(1, Errno.EEXIST), error(2, 0), error(1001, 0)));
    BridgeNetwork.prepare(late, NetworkNamespace.own(), CONFIG, both(2));
    // Something else of the pod's failed: deleted, in a second run.
    ScriptedKernel half =
        new ScriptedKernel()
            .answer(join(error(3, 0), error(2003, Errno.ENOMEM)))
            .answer(error(1, 0));
    e = assertThrows(NetlinkException.class, () -> attach(half, pod));
    assertEquals(
        "add route to 0.0.0.0/0 by \"eth0\": RTM_NEWROUTE: ENOMEM (cannot allocate memory)",
        e.getMessage());
    assertEquals(2, half.runs());
    // What could not be taken back is told too.
    ScriptedKernel stuck =
        new ScriptedKernel()
            .answer(join(error(3, 0), error(2003, Errno.ENOMEM)))
            .answer(error(1, Errno.EBUSY));
    e = assertThrows(NetlinkException.class, () -> attach(stuck, pod));
    assertEquals(
        "delete link \"gtone\": RTM_DELLINK: EBUSY (device or resource busy)",
        e.getSuppressed()[0].getMessage());
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  @Test
  void namesFollowFromRootAndPod() {
    String name = BridgeNetwork.hostLink("/run/gatun", "web");
    assertEquals(14, name.length());
    assertEquals(name, BridgeNetwork.hostLink("/run/gatun", "web"));
    assertNotEquals(name, BridgeNetwork.hostLink("/run/gatu", "nweb"));
    Set<String> names = new HashSet<>();
    for (int i = 0; i < 100_000; i++) {
      names.add(BridgeNetwork.hostLink("/run/gatun", "pod" + i));
    }
    assertEquals(100_000, names.size());
    for (String each : names) {
      assertTrue(each.startsWith("gt"), each);
      assertEquals(each, RouteMessages.checkName(each));
    }
  }

  @Test
  void nothingIsLeftOpen() throws IOException, InterruptedException {
    try (TestNamespace host = TestNamespace.create();
        TestNamespace pod = TestNamespace.create()) {
      attach(host, pod, "gtone", both(2));
      long before = descriptors();
      for (int i = 0; i < 20; i++) {
        assertThrows(NetlinkException.class, () -> attach(host, pod, "gtone", both(2)));
        BridgeNetwork.detach(kernel, host.namespace(), "gtone");
        attach(host, pod, "gtone", both(2));
        assertNotNull(new Interfaces(kernel, pod.namespace()).link("eth0"));
        assertNull(new Interfaces(kernel, pod.namespace()).link("eth1"));
      }
      assertEquals(before, descriptors());
    }
  }

  /** Sockets and files, but for archives of classes; the JDK closes pipes of processes late. */
  private static long descriptors() throws IOException {
    long count = 0;
    try (var files = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path file : files) {
        if (Files.isSymbolicLink(file)) {
          String target = Files.readSymbolicLink(file).toString();
          count += target.startsWith("pipe:") || target.endsWith(".jar") ? 0 : 1;
        }
      }
    }
    return count;
  }
}
