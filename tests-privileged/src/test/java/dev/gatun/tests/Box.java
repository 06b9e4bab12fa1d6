package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One test's runtime with a state root and bundles of its own. Closing it deletes its containers
 * and then fails the test when a process, mount, cgroup or file of theirs is left.
 */
final class Box implements AutoCloseable {
  /** What the suite does without, {@code -Dgatun.tests.enosys=openat2,clone3}. */
  private static final List<SeccompThread.Rule> WITHOUT = without();

  private final OciRuntime runtime;
  private final List<String> global;
  private final String token =
      "gt" + Long.toString(ThreadLocalRandom.current().nextLong(1L << 40, 1L << 41), 36);
  private final Path directory = Path.of(System.getProperty("java.io.tmpdir"), token);
  private final AtomicInteger numbers = new AtomicInteger();
  private final List<Command> commands = new CopyOnWriteArrayList<>();
  private boolean open;

  Box(OciRuntime runtime) {
    this(runtime, List.of());
  }

  /** A box whose commands all have some options of the runtime's. */
  Box(OciRuntime runtime, List<String> global) {
    this.runtime = runtime;
    this.global = List.copyOf(global);
  }

  private static List<SeccompThread.Rule> without() {
    List<SeccompThread.Rule> rules = new ArrayList<>();
    for (String name : System.getProperty("gatun.tests.enosys", "").split(",", -1)) {
      if (!name.isBlank()) {
        rules.add(SeccompThread.Rule.enosys(name.trim()));
      }
    }
    return List.copyOf(rules);
  }

  OciRuntime runtime() {
    return runtime;
  }

  boolean isRunc() {
    return runtime == OciRuntime.RUNC;
  }

  /** Whether systemd makes the cgroups of this box. */
  boolean hasScopes() {
    return global.contains("--systemd-cgroup");
  }

  /** A word that every path and id of this box contains. */
  String token() {
    return token;
  }

  /** A directory for the test, made when it is first asked for. */
  synchronized Path directory() {
    if (!open) {
      Host.require(
          System.getProperty("user.name", "").equals("root"), "containers of this suite need root");
      try {
        Files.createDirectory(directory);
        open = true;
      } catch (IOException e) {
        throw new AssertionError("cannot make " + directory, e);
      }
    }
    return directory;
  }

  Path stateRoot() {
    return directory().resolve("state");
  }

  /** An id that no other container of this machine has. */
  String newId() {
    return token + "-" + numbers.incrementAndGet();
  }

  Bundle bundle() {
    return new Bundle(directory().resolve("bundle-" + numbers.incrementAndGet()));
  }

  /** Makes a directory that a test may mount from or into. */
  Path hostDirectory(String name) {
    try {
      return Files.createDirectories(directory().resolve(name));
    } catch (IOException e) {
      throw new AssertionError("cannot make " + name, e);
    }
  }

  Path hostFile(String name, String content) {
    try {
      return Files.writeString(directory().resolve(name), content);
    } catch (IOException e) {
      throw new AssertionError("cannot write " + name, e);
    }
  }

  /** Starts the runtime with {@code --root} and the words given, and does not wait. */
  Command launch(String... words) {
    List<String> all = new ArrayList<>();
    all.add(runtime.binary().toString());
    all.add("--root");
    all.add(stateRoot().toString());
    all.addAll(global);
    all.addAll(List.of(words));
    return launch(directory(), Map.of(), all);
  }

  /** Starts any command line. */
  Command launch(Path from, Map<String, String> env, List<String> words) {
    Path prefix = directory().resolve("command-" + numbers.incrementAndGet());
    Command command =
        WITHOUT.isEmpty()
            ? Command.start(from, prefix, env, words)
            : SeccompThread.under(WITHOUT, () -> Command.start(from, prefix, env, words));
    commands.add(command);
    return command;
  }

  /**
   * Starts the runtime from a shell: {@code "$@"} in the script is the command line, so that the
   * script can open file descriptors for it first.
   */
  Command launchFromShell(String script, Map<String, String> env, String... words) {
    List<String> all = new ArrayList<>(List.of("/bin/sh", "-c", script, "sh"));
    all.add(runtime.binary().toString());
    all.add("--root");
    all.add(stateRoot().toString());
    all.addAll(global);
    all.addAll(List.of(words));
    return launch(directory(), env, all);
  }

  /** Runs the runtime to its end, whatever its exit status. */
  Command call(String... words) {
    return launch(words).await();
  }

  /** Runs a bundle in the foreground to its end, whatever its exit status. */
  Command run(Bundle bundle) {
    return call("run", "--bundle", bundle.write(), newId());
  }

  /** What the container's process writes; it has to end with status 0. */
  String output(Bundle bundle) {
    return run(bundle).expectSuccess().out();
  }

  /** What a script writes in a container of this bundle. */
  String output(Bundle bundle, String script) {
    return output(bundle.script(script));
  }

  /** Creates a container and returns its id. */
  String create(Bundle bundle) {
    String id = newId();
    call("create", "--bundle", bundle.write(), id).expectSuccess();
    return id;
  }

  /** Creates and starts a container and returns its id. */
  String start(Bundle bundle) {
    String id = create(bundle);
    call("start", id).expectSuccess();
    return id;
  }

  JsonNode state(String id) {
    return parse(call("state", id).expectSuccess().out());
  }

  String status(String id) {
    return state(id).get("status").asText();
  }

  long pid(String id) {
    return state(id).get("pid").asLong();
  }

  void awaitStatus(String id, String status) {
    Wait.until(id + " to be " + status, () -> status(id).equals(status));
  }

  /** Waits for the end of a process without asking the runtime. */
  static void awaitEnd(long pid) {
    Wait.until("the end of process " + pid, () -> !ProcFs.runs(pid));
  }

  static JsonNode parse(String json) {
    try {
      return Bundle.JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new AssertionError("not JSON: " + json, e);
    }
  }

  /** Fails unless nothing of this box's containers is left on the host. */
  void expectNothingLeft() {
    if (!Wait.within(Duration.ofSeconds(20), () -> Leftovers.of(token, stateRoot()).isEmpty())) {
      throw new AssertionError(
          "left behind by " + runtime + ":" + Leftovers.of(token, stateRoot()));
    }
  }

  @Override
  public void close() throws IOException {
    if (!open) {
      return;
    }
    for (Command command : commands) {
      if (command.isAlive()) {
        command.kill();
      }
    }
    List<String> failures = new ArrayList<>();
    for (String pod : names(stateRoot().resolve(".pods"))) {
      delete(failures, "pod", "delete", "--force", pod);
    }
    for (String id : names(stateRoot())) {
      delete(failures, "delete", "--force", id);
    }
    try {
      expectNothingLeft();
    } catch (AssertionError e) {
      failures.add(String.valueOf(e.getMessage()));
      Leftovers.of(token, stateRoot()).remove();
    }
    for (Host.Mount mount : Host.mounts()) {
      if (mount.line().contains(token)) {
        throw new AssertionError("still mounted, so not removed: " + mount.line() + failures);
      }
    }
    Host.run("rm", "-rf", "--one-file-system", directory.toString());
    assertEquals(List.of(), failures, "the box could not be left as it was found");
  }

  /** What is in a directory and has no dot first; nothing when there is none. */
  private static List<String> names(Path directory) throws IOException {
    List<String> names = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (var entries = Files.newDirectoryStream(directory, "[!.]*")) {
        for (Path entry : entries) {
          names.add(String.valueOf(entry.getFileName()));
        }
      }
    }
    return names;
  }

  private void delete(List<String> failures, String... words) {
    Command delete = call(words);
    if (delete.exit() != 0) {
      failures.add(delete.toString());
    }
  }

  @Override
  public String toString() {
    return runtime.toString();
  }
}
