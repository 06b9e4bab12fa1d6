package dev.gatun.netns.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Kernel;
import dev.gatun.netns.Interfaces;
import dev.gatun.netns.IpAddress;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.TestNamespace;
import java.io.IOException;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** More requests in one datagram than a socket has room for by default, each answered or not. */
@Tag("root")
@Timeout(120)
class ManyRequestsTest {
  private static final int COUNT = 4000;

  private static Requests addresses(int index) {
    Requests r = new Requests();
    for (int i = 0; i < COUNT; i++) {
      r.begin(
          "add address " + i,
          "RTM_NEWADDR",
          Rtnetlink.RTM_NEWADDR,
          Netlink.NLM_F_REQUEST | Netlink.NLM_F_CREATE | Netlink.NLM_F_EXCL);
      r.u8(Constants.AF_INET).u8(32).u8(0).u8(0).u32(index);
      r.attribute(Rtnetlink.IFA_LOCAL, new byte[] {10, 1, (byte) (i >> 8), (byte) i});
      r.attribute(Rtnetlink.IFA_ADDRESS, new byte[] {10, 1, (byte) (i >> 8), (byte) i});
    }
    return r.acknowledge();
  }

  @Test
  void allAreSentAndEveryFailureComesBack() throws IOException {
    Kernel kernel = new LocalKernel();
    try (TestNamespace namespace = TestNamespace.create()) {
      Interfaces interfaces = new Interfaces(kernel, namespace.namespace());
      interfaces.createBridge("br0");
      int index = Objects.requireNonNull(interfaces.link("br0")).index();
      Requests r = addresses(index);
      assertTrue(r.bytes().length > 128 << 10, "one datagram of the default size");
      Conversation.talk(kernel, namespace.namespace(), Constants.NETLINK_ROUTE, r);
      assertEquals(
          COUNT,
          interfaces.addresses().stream()
              .filter(a -> a.link() == index && !a.address().isIpv6())
              .count());

      Replies replies =
          Conversation.attempt(
              kernel, namespace.namespace(), Constants.NETLINK_ROUTE, addresses(index));
      for (int i = 0; i < COUNT; i++) {
        NetlinkException failure = replies.failure(i);
        assertNotNull(failure, "request " + i);
        assertEquals(Errno.EEXIST, Objects.requireNonNull(failure).errno());
        assertEquals("add address " + i, failure.operation());
      }
      assertEquals(
          IpAddress.parse("10.1.0.0"),
          interfaces.addresses().stream()
              .filter(a -> a.link() == index && !a.address().isIpv6())
              .findFirst()
              .orElseThrow()
              .address());
    }
  }
}
