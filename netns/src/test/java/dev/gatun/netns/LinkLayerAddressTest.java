package dev.gatun.netns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LinkLayerAddressTest {
  private static String of(String address) {
    return LinkLayerAddress.text(LinkLayerAddress.of(IpAddress.parse(address)));
  }

  @Test
  void anIpv4AddressIsReadable() {
    assertEquals("02:67:0a:cf:00:02", of("10.207.0.2"));
    assertEquals("02:67:ff:fe:fd:fc", of("255.254.253.252"));
  }

  @Test
  void allOfAnIpv6AddressCounts() {
    assertEquals("02:67:5f:e1:6e:b9", of("fd67:6174:756e::2"));
    Set<String> all = new HashSet<>();
    for (int group = 0; group < 7; group++) {
      for (String value : new String[] {"1", "a", "100", "8000"}) {
        assertTrue(all.add(of("0:".repeat(group) + value + ":0".repeat(6 - group) + ":2")));
      }
    }
  }

  @Test
  void noTwoAddressesOfOneRangeHaveTheSame() {
    Set<String> all = new HashSet<>();
    for (int i = 0; i < 1 << 16; i++) {
      assertTrue(all.add(of("fd67:6174:756e::" + Integer.toHexString(i))));
    }
  }
}
