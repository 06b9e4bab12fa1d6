package dev.gatun.netns.cni;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.netns.IpAddress;
import dev.gatun.oci.SpecException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What plugins report, in all versions of the format. */
class CniResultTest {
  private static CniResult.Written read(String json, CniVersion version) {
    return CniResult.read(json.getBytes(StandardCharsets.UTF_8), "result", version);
  }

  private static String utf8(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void everythingOf110IsRead() {
    String json =
        """
        {"cniVersion": "1.1.0",
         "interfaces": [
           {"name": "cni0", "mac": "00:11:22:33:44:55", "mtu": 1500},
           {"name": "eth0", "mac": "", "sandbox": "/proc/7/ns/net", "socketPath": "/run/s",
            "pciID": "0000:00:1f.6", "other": 1}],
         "ips": [
           {"address": "10.1.0.5/16", "gateway": "10.1.0.1", "interface": 1},
           {"address": "fd00::5/64", "gateway": "", "interface": 1},
           {"address": "10.1.0.1/16", "interface": 0},
           {"address": "192.0.2.7/32", "interface": null}],
         "routes": [
           {"dst": "0.0.0.0/0"},
           {"dst": "::/0", "gw": "fd00::1", "mtu": 1400, "advmss": 1360, "priority": 0,
            "table": 254, "scope": 253}],
         "dns": {"nameservers": ["10.1.0.1"], "domain": "a.example", "search": ["b", "c"],
                 "options": ["ndots:5"]},
         "vendor": [1,  2]}
        """;
    CniResult.Written written = read(json, CniVersion.V1_1_0);
    CniResult result = written.result();
    assertEquals(
        List.of(
            new CniResult.Interface("cni0", "00:11:22:33:44:55", 1500, "", null, null),
            new CniResult.Interface("eth0", null, 0, "/proc/7/ns/net", "/run/s", "0000:00:1f.6")),
        result.interfaces());
    assertEquals(
        List.of(
            new CniResult.Ip(IpAddress.parse("10.1.0.5"), 16, IpAddress.parse("10.1.0.1"), 1),
            new CniResult.Ip(IpAddress.parse("fd00::5"), 64, null, 1),
            new CniResult.Ip(IpAddress.parse("10.1.0.1"), 16, null, 0),
            new CniResult.Ip(IpAddress.parse("192.0.2.7"), 32, null, -1)),
        result.ips());
    assertEquals(
        List.of(
            new CniResult.Route(IpAddress.parse("0.0.0.0"), 0, null, -1, -1, -1, -1, -1),
            new CniResult.Route(
                IpAddress.parse("::"), 0, IpAddress.parse("fd00::1"), 1400, 1360, 0, 254, 253)),
        result.routes());
    assertEquals(
        new CniResult.Dns(List.of("10.1.0.1"), "a.example", List.of("b", "c"), List.of("ndots:5")),
        result.dns());
    assertEquals(
        List.of("10.1.0.5", "fd00::5", "192.0.2.7"),
        result.podIps().stream().map(ip -> ip.address().toString()).toList());
    // What nobody here understands is handed on.
    assertEquals(FakeRunner.members(json), FakeRunner.members(utf8(written.json())));
  }

  @Test
  void anOlderResultBecomesOneOfTheVersionThatIsSpoken() {
    String old =
        """
        {"cniVersion": "0.3.1", "interfaces": [{"name": "eth0", "sandbox": "/n"}],
         "ips": [{"version": "6", "interface": 0, "address": "fd00::2/64"}],
         "routes": [{"dst": "::/0"}], "dns": {}}
        """;
    assertEquals(
        "{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"/n\"}],"
            + "\"ips\":[{\"interface\":0,\"address\":\"fd00::2/64\"}],\"routes\":[{\"dst\":\"::/0\"}],"
            + "\"dns\":{}}",
        utf8(read(old, CniVersion.V1_0_0).json()));
    // And one that does not say is taken for one of it.
    assertEquals(
        "{\"cniVersion\":\"0.4.0\",\"ips\":[{\"version\":\"4\",\"address\":\"10.0.0.1/8\"}]}",
        utf8(
            read(
                    "{\"ips\":[{\"version\":\"4\",\"address\":\"10.0.0.1/8\"}],\"cniVersion\":null}",
                    CniVersion.V0_4_0)
                .json()));
  }

  @Test
  void emptyResultsAreResults() {
    for (CniVersion version : CniVersion.values()) {
      CniResult result = read("{}", version).result();
      assertEquals(List.of(), result.interfaces());
      assertEquals(List.of(), result.podIps());
      assertNull(result.dns().domain());
      CniResult nulls =
          read("{\"interfaces\":null,\"ips\":null,\"routes\":null,\"dns\":null}", version).result();
      assertEquals(result, nulls);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          []|expected an object
          {"ips":[{"gateway":"10.0.0.1"}]}|/ips/0: missing property "address"
          {"ips":[{"address":"10.0.0.1"}]}|/ips/0/address: expected an address and a prefix length, found "10.0.0.1"
          {"ips":[{"address":"10.0.0.1/33"}]}|expected a prefix length from 0 to 32, found "10.0.0.1/33"
          {"ips":[{"address":"fd00::1/129"}]}|expected a prefix length from 0 to 128
          {"ips":[{"address":"10.0.0.1/"}]}|expected a prefix length
          {"ips":[{"address":"10.0.0.1/+8"}]}|expected a prefix length
          {"ips":[{"address":"10.0.0/8"}]}|/ips/0/address: "10.0.0" is not an IP address
          {"ips":[{"address":"10.0.0.1/8","gateway":"gw"}]}|/ips/0/gateway: "gw" is not an IP address
          {"ips":[{"address":"10.0.0.1/8","interface":0}]}|an address of interface 0, of 0 interfaces
          {"ips":[{"address":"10.0.0.1/8","interface":-1}]}|expected a number that is not negative, found -1
          {"interfaces":[{"mac":"x"}]}|/interfaces/0: missing property "name"
          {"interfaces":[{"name":"a","mtu":1.5}]}|/interfaces/0/mtu: expected an integer, found 1.5
          {"routes":[{"gw":"10.0.0.1"}]}|/routes/0: missing property "dst"
          {"routes":[{"dst":"default"}]}|/routes/0/dst: expected an address and a prefix length
          {"dns":{"nameservers":"10.0.0.1"}}|/dns/nameservers: expected an array of strings
          {"cniVersion":"2.0.0"}|/cniVersion: a result of CNI version "2.0.0", none of
          {"cniVersion":"1.0.0"} {}|text after the end of the document
          """)
  void whatIsNoResultIsSaidToBe(String json, String problem) {
    SpecException e = assertThrows(SpecException.class, () -> read(json, CniVersion.V1_0_0), json);
    assertTrue(FakeRunner.message(e).contains(problem), FakeRunner.message(e));
  }

  // --- properties

  @Test
  void whatIsWrittenIsRead() {
    Random random = new Random(11);
    for (int i = 0; i < 2000; i++) {
      CniVersion version = CniVersion.values()[random.nextInt(CniVersion.values().length)];
      CniResult result = random(random, version.hasGc());
      byte[] json = result.toBytes(version);
      CniResult.Written again = CniResult.read(json, "result", version);
      assertEquals(result, again.result(), utf8(json));
      assertEquals(utf8(json), utf8(again.json()));
      // Through every other version and back, what all of them have survives.
      CniResult plain = random(random, false);
      for (CniVersion other : CniVersion.values()) {
        byte[] converted = CniResult.read(plain.toBytes(version), "result", other).json();
        assertEquals(plain, CniResult.read(converted, "result", other).result());
      }
    }
  }

  @Test
  void brokenResultsAreRefusedOrRead() {
    Random random = new Random(12);
    int refused = 0;
    int read = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] json = random(random, true).toBytes(CniVersion.V1_1_0);
      for (int n = random.nextInt(3) + 1; n > 0; n--) {
        json[random.nextInt(json.length)] =
            (byte) "{}[]:,\"0129-.eE/ntf \u0000\u00ff".charAt(random.nextInt(22));
      }
      try {
        CniResult.Written written = CniResult.read(json, "result", CniVersion.V1_1_0);
        assertEquals(
            written.result(), CniResult.read(written.json(), "result", CniVersion.V1_1_0).result());
        written.result().podIps();
        read++;
      } catch (SpecException e) {
        assertEquals(-1, FakeRunner.message(e).indexOf('\n'));
        refused++;
      }
    }
    assertTrue(refused > 1000 && read > 100, refused + " refused, " + read + " read");
  }

  private static CniResult random(Random random, boolean rich) {
    List<CniResult.Interface> interfaces = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      interfaces.add(
          new CniResult.Interface(
              "if" + random.nextInt(100),
              random.nextBoolean() ? null : "02:00:00:00:00:0" + i,
              rich ? random.nextInt(70_000) : 0,
              random.nextBoolean() ? "" : "/proc/" + i + "/ns/net",
              rich && random.nextBoolean() ? "/s\"é" : null,
              rich && random.nextBoolean() ? "0000:00:05." + i : null));
    }
    List<CniResult.Ip> ips = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      IpAddress address = address(random);
      ips.add(
          new CniResult.Ip(
              address,
              random.nextInt(address.bits() + 1),
              random.nextBoolean() ? null : address(random),
              interfaces.isEmpty() ? -1 : random.nextInt(interfaces.size() + 1) - 1));
    }
    List<CniResult.Route> routes = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      IpAddress address = address(random);
      routes.add(
          new CniResult.Route(
              address,
              random.nextInt(address.bits() + 1),
              random.nextBoolean() ? null : address(random),
              number(random, rich),
              number(random, rich),
              number(random, rich),
              number(random, rich),
              number(random, rich)));
    }
    return new CniResult(
        interfaces,
        ips,
        routes,
        new CniResult.Dns(texts(random), text(random), texts(random), texts(random)));
  }

  private static long number(Random random, boolean rich) {
    return rich && random.nextBoolean() ? random.nextLong() >>> 1 : -1;
  }

  private static IpAddress address(Random random) {
    byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
    random.nextBytes(bytes);
    return IpAddress.of(bytes);
  }

  private static @Nullable String text(Random random) {
    return random.nextBoolean() ? null : "a" + random.nextInt(9) + "\n\u2713";
  }

  private static List<String> texts(Random random) {
    List<String> texts = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      texts.add("t" + random.nextInt(9));
    }
    return texts;
  }
}
