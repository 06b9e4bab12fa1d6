package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/** What callers parse: state, list, ps, features, spec, version and logs. */
class OutputTest {
  @OnEveryRuntime
  void stateHasTheSpecsFields(Box box) {
    Bundle bundle =
        box.bundle()
            .args("/bin/sleep", "1000")
            .set("/annotations", "{'dev.gatun.test': 'a \\u00e9 b'}");
    String id = box.create(bundle);
    JsonNode state = box.state(id);
    assertTrue(state.get("ociVersion").asText().startsWith("1."));
    assertEquals(id, state.get("id").asText());
    assertEquals("created", state.get("status").asText());
    assertTrue(state.get("pid").asLong() > 1);
    assertEquals(bundle.directory().toString(), state.get("bundle").asText());
    assertEquals(bundle.rootfs().toString(), state.get("rootfs").asText());
    assertEquals("a \u00e9 b", state.at("/annotations/dev.gatun.test").asText());
    Instant created = Instant.parse(state.get("created").asText());
    assertTrue(created.isAfter(Instant.now().minusSeconds(60)), created::toString);
    assertTrue(state.has("owner"));
  }

  @OnEveryRuntime
  void listShowsEveryContainer(Box box) {
    assertTrue(List.of("null", "[]").contains(box.call("list", "-f", "json").out()));
    Bundle bundle = box.bundle().args("/bin/sleep", "1000");
    String created = box.create(bundle);
    String running = box.start(bundle);
    String stopped = box.start(bundle.args("/bin/true"));
    box.awaitStatus(stopped, "stopped");

    List<String> ids = Arrays.asList(box.call("list", "-q").out().split("\n", -1));
    assertEquals(List.of(created, running, stopped), ids);

    JsonNode list = Box.parse(box.call("list", "--format", "json").out());
    assertEquals(3, list.size());
    for (JsonNode one : list) {
      String id = one.get("id").asText();
      assertEquals(box.status(id), one.get("status").asText());
      assertEquals(box.pid(id), one.get("pid").asLong());
      assertEquals(bundle.directory().toString(), one.get("bundle").asText());
      assertEquals("root", one.get("owner").asText());
    }

    String[] table = box.call("list").out().split("\n", -1);
    assertEquals(
        List.of("ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"),
        List.of(table[0].split("\\s+", -1)));
    assertEquals(4, table.length);
    assertEquals(
        List.of(stopped, "0", "stopped", bundle.directory().toString()),
        Arrays.asList(table[3].split("\\s+", -1)).subList(0, 4));
  }

  @OnEveryRuntime
  void psListsTheProcesses(Box box) {
    String id = box.newId();
    Bundle bundle = box.bundle().script("sleep 1000 & echo ready; wait");
    box.call("run", "-d", "--bundle", bundle.write(), id).awaitOutput("ready");
    JsonNode pids = Box.parse(box.call("ps", "--format", "json", id).out());
    assertTrue(pids.isArray());
    assertEquals(2, pids.size());
    assertEquals(box.pid(id), pids.get(0).asLong());
    String table = box.call("ps", id).expectSuccess().out();
    assertTrue(table.startsWith("UID "), table);
    assertEquals(3, table.split("\n", -1).length, table);
    String chosen = box.call("ps", id, "-o", "pid,args").expectSuccess().out();
    assertTrue(chosen.contains("sleep 1000"), chosen);
    assertFalse(chosen.contains("UID"), chosen);
  }

  @OnEveryRuntime
  void versionIsThreeLines(Box box) {
    String[] lines = box.call("--version").expectSuccess().out().split("\n", -1);
    assertTrue(lines[0].matches(box.runtime() + " version \\S+"), lines[0]);
    assertTrue(lines[1].matches("commit: \\S+"), lines[1]);
    assertTrue(lines[2].matches("spec: \\d+\\.\\d+\\.\\d+\\S*"), lines[2]);
    assertEquals(lines[0], box.call("-v").expectSuccess().out().split("\n", -1)[0]);
  }

  @OnEveryRuntime
  void featuresIsTheSpecsDocument(Box box) {
    JsonNode features = Box.parse(box.call("features").expectSuccess().out());
    assertTrue(features.get("ociVersionMin").asText().startsWith("1."));
    assertTrue(features.get("ociVersionMax").asText().startsWith("1."));
    assertTrue(features.get("mountOptions").toString().contains("\"rro\""));
    assertTrue(features.at("/linux/namespaces").toString().contains("\"mount\""));
    assertTrue(features.at("/linux/capabilities").toString().contains("\"CAP_CHOWN\""));
  }

  @OnEveryRuntime
  void specWritesAConfigThatRuns(Box box) throws IOException {
    Bundle bundle = box.bundle();
    box.call("spec", "--bundle", bundle.directory().toString()).expectSuccess();
    Path file = bundle.directory().resolve("config.json");
    String config = Files.readString(file);
    box.call("spec", "--bundle", bundle.directory().toString()).expectFailure("exists");
    assertEquals(config, Files.readString(file));
    assertTrue(config.contains("\"terminal\": true"), config);
    bundle.write(config.replaceFirst("\"sh\"", "\"/bin/echo\", \"hello\""));
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      terminal.run("run", "-b", bundle.directory().toString(), box.newId()).expectSuccess();
      assertEquals("hello\r\n", terminal.text());
    }
  }

  /** Of a host as it is, and of one where cgroup v2 is alone. */
  @OnGatun
  void specIsWhatRuncWrites(Box box) throws IOException {
    String unified =
        "umount --recursive --lazy /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && ";
    for (String before : List.of("", unified)) {
      for (String option : List.of("", "--rootless")) {
        JsonNode theirs = written(box, OciRuntime.RUNC, before, option);
        JsonNode ours = written(box, OciRuntime.GATUN, before, option);
        ((ObjectNode) ours).set("ociVersion", theirs.get("ociVersion"));
        assertEquals(theirs, ours);
        boolean hasNamespace = ours.at("/linux/namespaces").toString().contains("cgroup");
        assertTrue(before.isEmpty() || hasNamespace, ours::toString);
      }
    }
  }

  private static JsonNode written(Box box, OciRuntime runtime, String before, String option)
      throws IOException {
    Path place = box.hostDirectory(box.newId());
    String spec = before + "exec " + runtime.binary() + " spec " + option + " --bundle " + place;
    Host.run("unshare", "--mount", "--propagation", "private", "sh", "-c", spec);
    return Box.parse(Files.readString(place.resolve("config.json")));
  }

  @OnEveryRuntime
  void anErrorGoesToTheJsonLogAndToStandardError(Box box) throws IOException {
    Path log = box.directory().resolve("log.json");
    Command start = box.call("--log", log.toString(), "--log-format", "json", "start", box.newId());
    start.expectFailure("does not exist");
    List<String> lines = Files.readAllLines(log);
    JsonNode entry = Box.parse(lines.getLast());
    assertEquals("error", entry.get("level").asText());
    assertTrue(entry.get("msg").asText().contains("does not exist"), entry::toString);
    assertTrue(entry.has("time"));
    assertEquals(1, lines.size(), "podman reads the whole file as one object");
  }

  @OnEveryRuntime
  void theTextLogHasALevel(Box box) throws IOException {
    Path log = box.directory().resolve("log.txt");
    box.call("--log=" + log, "start", box.newId()).expectFailure("does not exist");
    String text = Files.readString(log);
    assertTrue(text.contains("level=error"), text);
    assertTrue(text.contains("does not exist"), text);
  }

  @OnEveryRuntime
  void aSuccessfulCommandSaysNothing(Box box) {
    Bundle bundle = box.bundle().args("/bin/sleep", "1000");
    String id = box.newId();
    Command create = box.call("create", "--bundle", bundle.write(), id).expectSuccess();
    Command start = box.call("start", id).expectSuccess();
    Command kill = box.call("kill", id, "KILL").expectSuccess();
    box.awaitStatus(id, "stopped");
    Command delete = box.call("delete", id).expectSuccess();
    for (Command command : List.of(create, start, kill, delete)) {
      assertEquals("", command.out() + command.err(), command::toString);
    }
  }

  @OnEveryRuntime
  void aWrongNumberOfArgumentsIsAnError(Box box) {
    box.call("state").expectFailure("argument");
    box.call("create").expectFailure("argument");
    box.call("state", "a", "b").expectFailure("argument");
    Command unknown = box.call("nosuchcommand");
    assertFalse(unknown.exit() == 0 && !box.isRunc(), unknown::toString);
  }

  @OnEveryRuntime
  void helpNamesTheCommands(Box box) {
    String help = box.call("--help").expectSuccess().out();
    for (String command : List.of("create", "start", "state", "kill", "delete", "run", "list")) {
      assertTrue(help.contains(command), help);
    }
    assertTrue(box.call("create", "--help").expectSuccess().out().contains("--pid-file"));
  }
}
