package dev.gatun.pods.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.netns.IpAddress;
import dev.gatun.netns.cni.CniResult;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What of a result of CNI plugins is a pod's. */
class CniNetworkingTest {
  private static final String SANDBOX = "/proc/7/ns/net";

  private static CniResult.Interface link(String name, String sandbox) {
    return new CniResult.Interface(name, null, 0, sandbox, null, null);
  }

  private static CniResult.Ip ip(String address, int index) {
    return new CniResult.Ip(IpAddress.parse(address), 32, null, index);
  }

  private static NetworkState state(List<CniResult.Interface> links, CniResult.Ip... ips) {
    CniResult result = new CniResult(links, List.of(ips), List.of(), CniResult.Dns.NONE);
    return CniNetworking.state("cni:n", result, List.of());
  }

  private static NetworkState.Interface shown(String name, String... addresses) {
    return new NetworkState.Interface(name, "", "", 0, List.of(addresses));
  }

  @Test
  void anAddressOfNoInterfaceIsThatOfTheOneThatWasAskedFor() {
    assertEquals(
        List.of(shown("eth0", "192.168.7.9/32")),
        state(List.of(link("cali1234", "")), ip("192.168.7.9", -1)).interfaces());
    assertEquals(
        List.of(shown("eth0", "192.168.7.9/32")),
        state(List.of(), ip("192.168.7.9", -1)).interfaces());
    // An interface of the host may have its name.
    assertEquals(
        List.of(shown("eth1", "192.168.7.8/32"), shown("eth0", "192.168.7.9/32")),
        state(
                List.of(link("eth0", ""), link("eth1", SANDBOX)),
                ip("192.168.7.9", -1),
                ip("192.168.7.8", 1))
            .interfaces());
    assertEquals(
        List.of(shown("eth1"), shown("eth0", "192.168.7.8/32", "192.168.7.9/32")),
        state(
                List.of(link("eth1", SANDBOX), link("eth0", SANDBOX)),
                ip("192.168.7.8", 1),
                ip("192.168.7.9", -1))
            .interfaces());
  }

  @Test
  void addressesOfTheHostAreNotThePods() {
    assertEquals(
        List.of(shown("eth0", "10.0.0.2/32")),
        state(
                List.of(link("cni0", ""), link("eth0", SANDBOX)),
                ip("10.0.0.1", 0),
                ip("10.0.0.2", 1))
            .interfaces());
    assertEquals(List.of(), state(List.of()).interfaces());
  }
}
