package dev.gatun.netns.netfilter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.netns.IpAddress;
import dev.gatun.netns.Nftables;
import dev.gatun.netns.PortMapping;
import dev.gatun.netns.Subnet;
import dev.gatun.netns.netlink.Attributes;
import dev.gatun.netns.netlink.Requests;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Elements of sets: what they say, and that they say it when they come back. */
class ElementTest {
  private static final int HEADERS = 16;

  private static Element back(Element element) {
    Requests requests = new Requests();
    requests.begin("", "", 0, 0);
    element.write(requests, false);
    byte[] bytes = requests.bytes();
    return Element.read(element.set(), new Attributes(bytes, HEADERS, bytes.length).nestedAt(0));
  }

  @Test
  void comeBack() {
    IpAddress pod = IpAddress.parse("fd67::2");
    Element port = Element.port(PortMapping.parse("[2001:db8::1]:8080:80"), pod, "web");
    Element again = back(port);
    assertEquals(NamedSet.ADDRESS_PORTS6, again.set());
    assertTrue(again.isAt(port));
    assertEquals("web", again.comment());
    assertEquals(pod, again.podAddress());
    assertEquals(pod, back(Element.pod(pod, "web")).podAddress());
    assertEquals("gatun0", back(Element.bridge("gatun0")).name());
  }

  @Test
  void whatIsInTheWayHasTheSameKeyAndNotTheSameValue() {
    IpAddress one = IpAddress.parse("10.0.0.2");
    IpAddress two = IpAddress.parse("10.0.0.3");
    Element tcp = Element.port(PortMapping.parse("8080:80"), one, "a");
    assertTrue(tcp.isAt(Element.port(PortMapping.parse("8080:81"), two, "b")));
    assertTrue(tcp.isAt(Element.port(PortMapping.parse("0.0.0.0:8080:80"), two, "b")));
    assertFalse(tcp.isAt(Element.port(PortMapping.parse("8080:80/udp"), one, "a")));
    assertFalse(tcp.isAt(Element.port(PortMapping.parse("8081:80"), one, "a")));
    assertFalse(tcp.isAt(Element.port(PortMapping.parse("10.9.9.9:8080:80"), one, "a")));
    assertFalse(
        tcp.isAt(Element.port(PortMapping.parse("8080:80"), IpAddress.parse("fd00::2"), "a")));
  }

  @Test
  void rangesEndBehindTheirLastAddressOrNowhere() {
    Subnet range = Subnet.parse("10.0.255.0/24");
    Element first = Element.first(NamedSet.RANGES4, range);
    Element end = Element.end(NamedSet.RANGES4, range.broadcast());
    assertNotNull(end);
    assertTrue(end.isEnd());
    assertTrue(back(end).isEnd());
    assertEquals(IpAddress.parse("10.1.0.0"), end.address());
    assertTrue(end.isBehind(first));
    assertTrue(Element.pod(IpAddress.parse("10.0.255.0"), "a").isBetween(first, end));
    assertTrue(Element.pod(IpAddress.parse("10.0.255.255"), "a").isBetween(first, end));
    assertFalse(Element.pod(IpAddress.parse("10.1.0.0"), "a").isBetween(first, end));
    assertFalse(Element.pod(IpAddress.parse("10.0.254.255"), "a").isBetween(first, end));
    assertFalse(Element.pod(IpAddress.parse("::"), "a").isBetween(first, end));
    assertNull(Element.end(NamedSet.RANGES4, IpAddress.parse("255.255.255.255")));
    Element open = Element.first(NamedSet.RANGES4, Subnet.parse("192.0.0.0/2"));
    assertTrue(Element.pod(IpAddress.parse("255.0.0.1"), "a").isBetween(open, null));
    assertFalse(Element.pod(IpAddress.parse("191.255.255.255"), "a").isBetween(open, null));
  }

  @Test
  void theLongestIdsAreToldApart() {
    String fits = "x".repeat(128);
    assertEquals(fits, Element.comment(fits));
    String one = "x".repeat(254) + "1";
    String two = "x".repeat(254) + "2";
    assertEquals(128, Element.comment(one).length());
    assertNotEquals(Element.comment(one), Element.comment(two));
    Element element = Element.pod(IpAddress.parse("10.0.0.2"), one);
    assertEquals(Element.comment(one), back(element).comment());
  }

  @Test
  void stateRootsAreToldApartWhateverTheirPathsAndTheIds() {
    assertEquals("web", Nftables.owner("/run/gatun", "web"));
    assertEquals("web of /srv/pods", Element.comment(Nftables.owner("/srv/pods", "web")));
    assertEquals("web", Element.podId("web"));
    assertEquals("", Element.root("web"));
    Set<String> roots = new HashSet<>();
    for (String root :
        List.of(
            "/srv/pods",
            "/srv/" + "x".repeat(100) + "1",
            "/srv/" + "x".repeat(100) + "2",
            "/srv/a \"quoted\" one",
            "/srv/a 'quoted' one",
            "/srv/of \u00e4")) {
      String brief = Element.comment(Nftables.owner(root, "web"));
      String comment = Element.comment(Nftables.owner(root, "y".repeat(255)));
      assertTrue(comment.matches("[!-~]+ of [!-~]+"), comment);
      assertTrue(comment.length() <= 128, comment);
      assertEquals("web", Element.podId(brief));
      assertEquals(Element.root(brief), Element.root(comment));
      assertTrue(roots.add(Element.root(comment)), comment);
      assertEquals(comment, Element.comment(comment));
    }
  }
}
