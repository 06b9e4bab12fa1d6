package dev.gatun.netns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import dev.gatun.oci.SpecException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkConfigTest {
  private static final String FILE = "network.json";

  private static final String WHOLE =
      """
      {"bridge": "pods0", "ipv4": "192.168.4.0/22",
       "ipv6": "fd00:1::/64", "mtu": 9000, "masquerade": false}
      """;

  @TempDir Path directory;

  private static NetworkConfig parse(String text) {
    return NetworkConfig.parse(text.getBytes(StandardCharsets.UTF_8), FILE);
  }

  private static NetworkConfig parse(String text, boolean hasIpv6, Predicate<String> isOff) {
    return NetworkConfig.parse(text.getBytes(StandardCharsets.UTF_8), FILE, hasIpv6, isOff);
  }

  private static String failure(String text) {
    return String.valueOf(assertThrows(SpecException.class, () -> parse(text)).getMessage());
  }

  @Test
  void everyFieldIsRead() {
    assertEquals(
        new NetworkConfig(
            "pods0", Subnet.parse("192.168.4.0/22"), Subnet.parse("fd00:1::/64"), 9000, false),
        parse(WHOLE));
  }

  @Test
  void whatIsMissingIsTheDefault() {
    assertEquals(NetworkConfig.DEFAULT, parse("{}"));
    assertEquals(
        NetworkConfig.DEFAULT,
        parse(
            "{\"bridge\": \"gatun0\", \"ipv4\": \"10.207.0.0/16\", \"ipv6\":"
                + " \"fd67:6174:756e::/64\", \"mtu\": 1500, \"masquerade\": true}"));
  }

  @Test
  void aFamilyCanBeLeftOut() {
    assertNull(parse("{\"ipv6\": null, \"mtu\": 68}").ipv6());
    assertNull(parse("{\"ipv4\": null}").ipv4());
    assertEquals(NetworkConfig.DEFAULT.ipv6(), parse("{\"ipv4\": null}").ipv6());
  }

  @Test
  void aKernelWithoutIpv6HasNoDefaultRangeAndRefusesAnotherOne() {
    NetworkConfig config = parse("{\"mtu\": 576}", false, bridge -> true);
    assertNull(config.ipv6());
    assertEquals(NetworkConfig.DEFAULT.ipv4(), config.ipv4());
    SpecException e = assertThrows(SpecException.class, () -> parse(WHOLE, false, bridge -> true));
    assertEquals("network.json:2:10: /ipv6: this kernel has no IPv6", e.getMessage());
    e = assertThrows(SpecException.class, () -> parse("{\"ipv4\": null}", false, bridge -> true));
    assertEquals("network.json:1:1: pods need an IPv4 or an IPv6 range", e.getMessage());
  }

  @Test
  void aBridgeWhoseIpv6IsTurnedOffHasNoDefaultRangeButOneThatIsNamed() {
    Predicate<String> isOff = bridge -> !bridge.equals("on0");
    assertNull(parse("{\"mtu\": 576}", true, isOff).ipv6());
    assertNull(parse("{\"bridge\": \"off0\"}", true, isOff).ipv6());
    assertEquals(NetworkConfig.DEFAULT.ipv6(), parse("{\"bridge\": \"on0\"}", true, isOff).ipv6());
    // What the kernel then says when it is to have the address is told as it is.
    assertEquals(Subnet.parse("fd00:1::/64"), parse(WHOLE, true, isOff).ipv6());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[] | 1:1: expected an object, found an array",
        "{\"mut\": 1} | 1:9: /mut: unknown property",
        "{\"mtu\": 1, \"mtu\": 2} | 1:9: /mtu: expected an MTU from 68 to 65535, found 1",
        "{\"mtu\": 1500, \"mtu\": 2} | 1:15: /mtu: malformed JSON: a duplicate name",
        "{\"mtu\": 67} | 1:9: /mtu: expected an MTU from 68 to 65535, found 67",
        "{\"mtu\": 65536} | 1:9: /mtu: expected an MTU from 68 to 65535, found 65536",
        "{\"mtu\": 1279} | 1:9: /mtu: IPv6 needs an MTU of 1280 or more, or \"ipv6\": null",
        "{\"mtu\": 1500.5} | 1:9: /mtu: expected an integer, found 1500.5",
        "{\"mtu\": \"1500\"} | 1:9: /mtu: expected an integer, found a string",
        "{\"mtu\": null} | 1:9: /mtu: expected an integer, found null",
        "{\"masquerade\": 1} | 1:16: /masquerade: expected true or false, found a number",
        "{\"masquerade\": null} | 1:16: /masquerade: expected true or false, found null",
        "{\"ipv4\": 10} | 1:10: /ipv4: expected a string, found a number",
        "{\"ipv4\": \"\"} | 1:10: /ipv4: \"\" is not a range: an address, a slash and a number of bits",
        "{\"ipv4\": \"10.0.0/8\"} | 1:10: /ipv4: \"10.0.0\" is not an IP address",
        "{\"ipv4\": \"10.1.0.0/8\"} | 1:10: /ipv4: 10.1.0.0/8 has bits behind its prefix: the range"
            + " is 10.0.0.0/8",
        "{\"ipv4\": \"fd00::/64\"} | 1:10: /ipv4: fd00::/64 is not a range of IPv4 addresses",
        "{\"ipv6\": \"10.0.0.0/8\"} | 1:10: /ipv6: 10.0.0.0/8 is not a range of IPv6 addresses",
        "{\"ipv4\": \"10.0.0.0/31\"} | 1:10: /ipv4: 10.0.0.0/31 has no room for a pod beside the"
            + " gateway",
        "{\"ipv4\": \"10.0.0.0/32\"} | 1:10: /ipv4: 10.0.0.0/32 has no room for a pod beside the"
            + " gateway",
        "{\"ipv6\": \"fd00::/127\"} | 1:10: /ipv6: fd00::/127 has no room for a pod beside the"
            + " gateway",
        "{\"ipv4\": \"127.1.0.0/16\"} | 1:10: /ipv4: 127.1.0.0/16 cannot be given to pods: it"
            + " overlaps 127.0.0.0/8, loopback",
        "{\"ipv4\": \"0.0.0.0/0\"} | 1:10: /ipv4: 0.0.0.0/0 cannot be given to pods: it overlaps"
            + " 0.0.0.0/8, this network",
        "{\"ipv4\": \"239.0.0.0/8\"} | 1:10: /ipv4: 239.0.0.0/8 cannot be given to pods: it"
            + " overlaps 224.0.0.0/4, multicast",
        "{\"ipv6\": \"fe80::/64\"} | 1:10: /ipv6: fe80::/64 cannot be given to pods: it overlaps"
            + " fe80::/10, link-local addresses",
        "{\"ipv6\": \"::ffff:10.0.0.0/112\"} | 1:10: /ipv6: ::ffff:10.0.0.0/112 cannot be given to"
            + " pods: it overlaps ::ffff:0.0.0.0/96, IPv4 addresses",
        "{\"ipv4\": null, \"ipv6\": null} | 1:1: pods need an IPv4 or an IPv6 range",
        "{\"bridge\": 5} | 1:12: /bridge: expected a string, found a number",
        "{} {} | 1:4: malformed JSON: text after the end of the document",
      })
  void errorsNameFileLineAndPlace(String text, String message) {
    assertEquals(FILE + ":" + message, failure(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "all",
        "default",
        "a/b",
        "a b",
        "a:b",
        "a\\tb",
        "a\\u00a0b",
        "br%d",
        "\\u00e4",
        "a123456789012345",
        "a\\u007f"
      })
  void bridgesHaveNamesThatTheKernelTakes(String name) {
    String message = failure("{\"bridge\": \"" + name + "\"}");
    assertTrue(
        message.startsWith("network.json:1:12: /bridge: \"")
            && message.endsWith(
                "\" is not a name for an interface: 1 to 15 characters of ASCII without space, /"
                    + " : and %, and not . .. all default"),
        message);
    assertEquals("a12345678901234", parse("{\"bridge\": \"a12345678901234\"}").bridge());
    assertEquals("br-1.5_a", parse("{\"bridge\": \"br-1.5_a\"}").bridge());
  }

  // --- files

  @Test
  void aFileIsReadInOneExchange() throws IOException {
    Path file = Files.writeString(directory.resolve(FILE), WHOLE);
    int[] exchanges = {0};
    LocalKernel local = new LocalKernel();
    Kernel counting =
        new Kernel() {
          @Override
          public Arch arch() {
            return local.arch();
          }

          @Override
          public Result run(Program program) {
            exchanges[0]++;
            return local.run(program);
          }

          @Override
          public void finish(Program program) {
            throw new AssertionError("finish");
          }
        };
    Assumptions.assumeTrue(Files.exists(Path.of("/proc/sys/net/ipv6")), "no IPv6 here");
    assertEquals(parse(WHOLE), NetworkConfig.read(counting, file.toString()));
    assertEquals(1, exchanges[0]);
  }

  @Test
  void aFileThatWasNamedHasToBeThere() {
    SyscallException e =
        assertThrows(
            SyscallException.class,
            () -> NetworkConfig.read(new LocalKernel(), directory.resolve(FILE).toString()));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("read network configuration \"" + directory), message);
    assertTrue(message.contains("ENOENT"), message);
  }

  @Test
  void withoutAFileThereAreDefaults() throws IOException {
    Assumptions.assumeFalse(
        Files.exists(Path.of(NetworkConfig.PATH)), "this machine has a " + NetworkConfig.PATH);
    NetworkConfig config = NetworkConfig.read(new LocalKernel(), null);
    assertSame(NetworkConfig.DEFAULT.ipv4(), config.ipv4());
    assertEquals(isOn(config.bridge()), config.ipv6() != null);
  }

  @Test
  void anotherBridgeIsAskedForItsOwnSetting() throws IOException {
    // No bridge, but it has the setting.
    Path file = Files.writeString(directory.resolve(FILE), "{\"bridge\": \"lo\"}");
    NetworkConfig config = NetworkConfig.read(new LocalKernel(), file.toString());
    assertEquals(isOn("lo"), config.ipv6() != null);
  }

  private static boolean isOn(String name) throws IOException {
    Path conf = Path.of("/proc/sys/net/ipv6/conf");
    Path own = conf.resolve(name + "/disable_ipv6");
    Path setting = Files.exists(own) ? own : conf.resolve("default/disable_ipv6");
    return Files.exists(setting) && Files.readString(setting).startsWith("0");
  }

  @Test
  void directoriesAndLargeFilesAreRefused() throws IOException {
    LocalKernel kernel = new LocalKernel();
    RuntimeException e =
        assertThrows(
            RuntimeException.class, () -> NetworkConfig.read(kernel, directory.toString()));
    assertTrue(String.valueOf(e.getMessage()).contains("EISDIR"), e.getMessage());
    Path file = directory.resolve(FILE);
    Files.writeString(file, "{}" + " ".repeat((64 << 10) - 2));
    assertNotNull(NetworkConfig.read(kernel, file.toString()));
    Files.writeString(file, "{}" + " ".repeat((64 << 10) - 1));
    e = assertThrows(SpecException.class, () -> NetworkConfig.read(kernel, file.toString()));
    assertEquals(file + ": larger than 65536 bytes", e.getMessage());
    Files.writeString(file, "");
    assertThrows(SpecException.class, () -> NetworkConfig.read(kernel, file.toString()));
  }

  // --- any bytes

  /** Whatever the file holds, it is a configuration that keeps the rules, or one line of error. */
  @Test
  void damagedFilesAreReadOrRefusedInOneLine() {
    Random random = new Random(17);
    String[] values = {
      "null", "true", "1500", "68", "\"\"", "\"gatun0\"", "\"10.0.0.0/8\"", "\"10.0.0.0/30\"",
      "\"10.0.0.0/31\"", "\"fd00::/64\"", "\"fd00::/127\"", "\"::/0\"", "{}", "[1]", "-1", "1e9",
      "\"\\u0000\"", "\"\\n\""
    };
    String[] names = {"bridge", "ipv4", "ipv6", "mtu", "masquerade", "x", ""};
    int good = 0;
    int bad = 0;
    for (int i = 0; i < 30_000; i++) {
      byte[] bytes;
      if (random.nextBoolean()) {
        StringBuilder text = new StringBuilder("{");
        for (int f = random.nextInt(4); f >= 0; f--) {
          text.append('"').append(names[random.nextInt(names.length)]).append("\":");
          text.append(values[random.nextInt(values.length)]).append(f > 0 ? "," : "");
        }
        bytes = text.append('}').toString().getBytes(StandardCharsets.UTF_8);
      } else {
        bytes = WHOLE.getBytes(StandardCharsets.UTF_8);
        for (int change = random.nextInt(3); change >= 0; change--) {
          bytes[random.nextInt(bytes.length)] =
              (byte) (random.nextBoolean() ? random.nextInt(256) : ' ' + random.nextInt(95));
        }
      }
      try {
        check(NetworkConfig.parse(bytes, FILE));
        good++;
      } catch (SpecException e) {
        String message = String.valueOf(e.getMessage());
        assertTrue(message.startsWith(FILE + ":"), message);
        assertFalse(message.contains("\n") || message.length() > 400, message);
        bad++;
      }
    }
    assertTrue(good > 500 && bad > 500, good + " good, " + bad + " bad");
  }

  private static void check(NetworkConfig config) {
    Subnet ipv4 = config.ipv4();
    Subnet ipv6 = config.ipv6();
    assertTrue(ipv4 != null || ipv6 != null);
    assertTrue(ipv4 == null || (!ipv4.isIpv6() && ipv4.usable() > 0));
    assertTrue(ipv6 == null || (ipv6.isIpv6() && ipv6.usable() > 0));
    assertTrue(config.mtu() >= (ipv6 == null ? 68 : 1280) && config.mtu() <= 65_535);
    assertTrue(!config.bridge().isEmpty() && config.bridge().length() <= 15);
  }
}
