package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said about command lines before anything is done. */
class CommandLineTest {
  private static Outcome gatun(String... words) {
    List<String> line = new ArrayList<>(List.of("gatun"));
    line.addAll(Arrays.asList(words));
    return new Main(new NoKernel(), line, List.of()).dispatch();
  }

  private static String out(Outcome outcome) {
    return new String(outcome.out(), StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          nope | no command is called "nope": see gatun --help
          help nope | no command is called "nope": see gatun --help
          --nope | flag provided but not defined: --nope
          --log | flag needs an argument: --log
          --log-format xml state x | invalid log format "xml": it must be text or json
          --cgroup-manager none list | invalid value "none" for --cgroup-manager: it must be cgroupfs, systemd or disabled
          update --memory 1x a | invalid value "1x" for --memory: it must be a size such as 64m
          update --cpu-share -2 a | invalid value "-2" for --cpu-share: it must be -1 or more
          update --l3-cache-schema x a | --l3-cache-schema: no container of this runtime uses Intel RDT
          events --interval 0s a | invalid value "0s" for --interval: it must be a time above 0 such as 5s
          events --interval 5 a | invalid value "5" for --interval: it must be a time above 0 such as 5s
          --rootless maybe list | invalid value "maybe" for --rootless: it must be true, false or auto
          state | wrong number of arguments: "gatun state" takes <container-id>: see gatun state --help
          state a b | wrong number of arguments: "gatun state" takes <container-id>: see gatun state --help
          list a | wrong number of arguments: "gatun list" takes no arguments: see gatun list --help
          spec a | wrong number of arguments: "gatun spec" takes no arguments: see gatun spec --help
          ps | wrong number of arguments: "gatun ps" takes <container-id> [ps options]: see gatun ps --help
          ps -f xml a | invalid format "xml": it must be table or json
          explain --format xml . | invalid format "xml": it must be text or json
          kill a NOPE | unknown signal "NOPE"
          create --preserve-fds x a | invalid value "x" for --preserve-fds: it must be a number from 0 to 999999999
          pod create --userns  a | invalid value "" for --userns: it must be CONTAINERID:HOSTID:SIZE
          pod create --userns , a | invalid value "" for --userns: it must be CONTAINERID:HOSTID:SIZE
          pod create --userns 0:1:1, a | invalid value "" for --userns: it must be CONTAINERID:HOSTID:SIZE
          pod create --userns 0:1:1,,1:2:1 a | invalid value "" for --userns: it must be CONTAINERID:HOSTID:SIZE
          pod create --userns 0:1:1,1:2 a | invalid value "1:2" for --userns: it must be CONTAINERID:HOSTID:SIZE
          pod check | wrong number of arguments: "gatun pod check" takes <pod-id>: see gatun pod check --help
          pod check ../x | invalid container id "../x": it must have 1 to 255 of the characters A-Z a-z 0-9 _ + - . and no dot first
          pod gc | --network cni:NAME is missing: see gatun pod gc --help
          pod gc --network bridge | invalid value "bridge" for --network: it must be cni:NAME
          pod gc --network cni: | invalid value "cni:" for --network: it must be cni:NAME
          pod gc --network cni:../x | "../x" cannot be the name of a CNI network
          pod gc --network cni:a b | wrong number of arguments: "gatun pod gc" takes no arguments: see gatun pod gc --help
          delete --force ../x | invalid container id "../x": it must have 1 to 255 of the characters A-Z a-z 0-9 _ + - . and no dot first
          """)
  void badLines(String line, String message) {
    Outcome outcome = gatun(line.split(" ", -1));
    assertEquals(message, outcome.error());
    assertEquals(1, outcome.status());
    assertEquals("", out(outcome));
  }

  @Test
  void sizesAndTimes() {
    assertEquals(-1, UpdateVerb.size("memory", "-1"));
    assertEquals(67_108_864, UpdateVerb.size("memory", "67108864"));
    assertEquals(67_108_864, UpdateVerb.size("memory", "64m"));
    assertEquals(67_108_864, UpdateVerb.size("memory", "64MiB"));
    assertEquals(1_610_612_736, UpdateVerb.size("memory", "1.5g"));
    assertEquals(512, UpdateVerb.size("memory", "0.5 kb"));
    assertEquals(5_000_000_000L, EventsVerb.nanoseconds("5s"));
    assertEquals(90_500_000_000L, EventsVerb.nanoseconds("1m30.5s"));
    assertEquals(250_000_000L, EventsVerb.nanoseconds("250ms"));
  }

  @Test
  void version() {
    for (String option : new String[] {"--version", "-version", "-v"}) {
      Outcome outcome = gatun(option);
      assertEquals(0, outcome.status());
      String[] lines = out(outcome).split("\n", -1);
      assertEquals("gatun version " + Version.VERSION, lines[0]);
      assertTrue(lines[1].startsWith("commit: "), lines[1]);
      assertEquals("spec: 1.3.0", lines[2]);
    }
  }

  @Test
  void helpIsTheSameHoweverItIsAskedFor() {
    String help = out(gatun("--help"));
    assertEquals(help, out(gatun()));
    assertEquals(help, out(gatun("help")));
    for (String name : Verbs.NAMES) {
      assertTrue(help.contains("\n  " + name + " "), name);
      String more = out(gatun(name, "--help"));
      assertEquals(more, out(gatun("help", name)), name);
      assertTrue(more.startsWith("gatun " + name + ": "), more);
    }
  }

  @Test
  void helpFitsTheTerminal() {
    StringBuilder all = new StringBuilder(out(gatun("--help")));
    for (String name : Verbs.NAMES) {
      all.append(out(gatun(name, "--help")));
    }
    for (String line : all.toString().split("\n", -1)) {
      assertTrue(line.length() <= 100, line);
      assertEquals(line.stripTrailing(), line);
    }
  }

  @Test
  void verbsAreSortedAndComplete() {
    String[] sorted = Verbs.NAMES.clone();
    Arrays.sort(sorted);
    assertEquals(Arrays.asList(sorted), Arrays.asList(Verbs.NAMES));
    for (String name : Verbs.NAMES) {
      Verb verb = Verbs.named(name);
      assertNotNull(verb, name);
      for (Option option : verb.options()) {
        assertTrue(!option.help().isEmpty(), name + " --" + option.name());
      }
    }
  }
}
