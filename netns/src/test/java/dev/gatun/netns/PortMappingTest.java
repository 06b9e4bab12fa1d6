package dev.gatun.netns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ports of the host as they are written on a command line. */
class PortMappingTest {

  @ParameterizedTest
  @CsvSource({
    "8080:80, , 8080, 80, tcp, 8080/tcp",
    "1:65535/udp, , 1, 65535, udp, 1/udp",
    "192.0.2.1:8080:80/sctp, 192.0.2.1, 8080, 80, sctp, 192.0.2.1:8080/sctp",
    "[2001:db8::1]:8080:80, 2001:db8::1, 8080, 80, tcp, [2001:db8::1]:8080/tcp",
    "0.0.0.0:8080:80, 0.0.0.0, 8080, 80, tcp, 8080/tcp",
    "[::]:8080:80, ::, 8080, 80, tcp, 8080/tcp"
  })
  void isRead(String text, String ip, int hostPort, int podPort, String protocol, String side) {
    PortMapping mapping = PortMapping.parse(text);
    assertEquals(ip == null ? null : IpAddress.parse(ip), mapping.hostIp());
    assertEquals(hostPort, mapping.hostPort());
    assertEquals(podPort, mapping.podPort());
    assertEquals(protocol, mapping.protocol());
    assertEquals(side, mapping.hostSide());
    assertEquals(mapping, PortMapping.parse(mapping.toString()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "80",
        ":80",
        "80:",
        ":",
        "8080:80:",
        "0:80",
        "80:0",
        "65536:80",
        "80:65536",
        "080:80",
        "-1:80",
        "+1:80",
        "8080:80/",
        "8080:80/icmp",
        "8080:80/TCP",
        "8080:80/tcp/udp",
        "::1:8080:80",
        "[::1:8080:80",
        "::1]:8080:80",
        "[]:8080:80",
        "[192.0.2.1]:8080:80",
        "192.0.2:8080:80",
        "host:8080:80",
        "1234567890123:80",
        "８０８０:80",
        "8080 :80",
        ":8080:80"
      })
  void isNone(String text) {
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> PortMapping.parse(text));
    assertTrue(refusal.toString().contains("is not"), refusal.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "1:2, true, true, true",
    "0.0.0.0:1:2, true, false, true",
    "192.0.2.1:1:2, true, false, false",
    "[::]:1:2, false, true, true",
    "[::1]:1:2, false, true, false"
  })
  void saysWhatItIsFor(String text, boolean ipv4, boolean ipv6, boolean wildcard) {
    PortMapping mapping = PortMapping.parse(text);
    assertEquals(ipv4, mapping.isFor(false));
    assertEquals(ipv6, mapping.isFor(true));
    assertEquals(wildcard, mapping.isWildcard());
  }

  @ParameterizedTest
  @CsvSource({"tcp, 6", "udp, 17", "sctp, 132"})
  void protocolsAreThoseOfTheInternet(String protocol, int number) {
    assertEquals(number, new PortMapping(null, 1, 1, protocol).protocolNumber());
  }
}
