package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The six kinds of hooks: where they run, what they are told, and what their failure does. */
class HooksTest {
  private static final String PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  private static final List<String> RUNTIME =
      List.of("prestart", "createRuntime", "poststart", "poststop");
  private static final List<String> CONTAINER = List.of("createContainer", "startContainer");
  private static final List<String> NAMESPACES = List.of("mnt", "pid", "net", "uts", "ipc");

  /** Adds a hook that is a shell script; in the container the shell is busybox. */
  private static ObjectNode hook(Bundle bundle, String kind, String script, String... arguments) {
    ObjectNode hook = list(bundle, kind).addObject().put("path", "/bin/sh");
    ArrayNode args = hook.putArray("args").add("sh").add("-c").add(script).add(kind);
    List.of(arguments).forEach(args::add);
    hook.putArray("env").add(PATH);
    return hook;
  }

  private static ArrayNode list(Bundle bundle, String kind) {
    ObjectNode hooks =
        bundle.config().get("hooks") instanceof ObjectNode present
            ? present
            : bundle.config().putObject("hooks");
    return hooks.get(kind) instanceof ArrayNode present ? present : hooks.putArray(kind);
  }

  private static Bundle sleeper(Box box) {
    return box.bundle().args("/bin/sleep", "1000");
  }

  /** A directory that hooks write to, which a container has in the same place. */
  private static Path shared(Box box, Bundle bundle) {
    Path directory = box.hostDirectory("hooks");
    bundle.bind(directory, directory.toString());
    return directory;
  }

  private static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new AssertionError("cannot read " + file, e);
    }
  }

  private static List<String> lines(Path file) {
    return read(file).lines().toList();
  }

  /** Writes down all that a hook can know of itself, in files of its name. */
  private static String inquiry(Path directory, String name) {
    String file = directory + "/" + name;
    StringBuilder script = new StringBuilder();
    script.append("cat > " + file + ".state; echo " + name + " >> " + directory + "/order; ");
    script.append("for n in mnt pid net uts ipc; do readlink /proc/self/ns/$n; done > ");
    script.append(file + ".ns; pwd > " + file + ".pwd; ls /proc/self/fd > " + file + ".fds");
    for (String of : List.of("status", "environ", "cmdline")) {
      // Before the pivot there is no number that finds the shell in the host's /proc.
      script.append("; " + copy(of, file + "." + of));
    }
    return script.toString();
  }

  /**
   * A script that copies a file of the shell's own directory in procfs. What it is afterwards, when
   * the shell has executed or forked something, is not the hook's any more.
   */
  private static String copy(String name, String to) {
    return name.equals("status")
        ? "while read -r line; do echo \"$line\"; done < /proc/self/status > " + to
        : "exec 3< /proc/self/" + name + "; cat <&3 > " + to + "; :";
  }

  private static List<String> namespaces(long pid) {
    List<String> all = new ArrayList<>();
    NAMESPACES.forEach(name -> all.add(ProcFs.link(pid, "ns/" + name)));
    return all;
  }

  @OnEveryRuntime
  void allSixRunInTheirPlacesAndAreToldTheState(Box box) {
    Bundle bundle = sleeper(box).set("/annotations", "{'color': 'red', 'q': '\\\\'}");
    Path directory = shared(box, bundle);
    List<String> kinds = new ArrayList<>(RUNTIME);
    kinds.addAll(CONTAINER);
    for (String kind : kinds) {
      hook(bundle, kind, inquiry(directory, kind + "-0"), "one", "two");
      hook(bundle, kind, inquiry(directory, kind + "-1"));
    }
    String id = box.create(bundle);
    long pid = box.pid(id);
    List<String> order =
        new ArrayList<>(
            List.of(
                "prestart-0",
                "prestart-1",
                "createRuntime-0",
                "createRuntime-1",
                "createContainer-0",
                "createContainer-1"));
    List<String> poststart = List.of("poststart-0", "poststart-1");
    // runc 1.1 is too early with them.
    if (box.isRunc()) {
      order.addAll(poststart);
    }
    assertEquals(order, lines(directory.resolve("order")));
    box.call("start", id).expectSuccess();
    order.addAll(List.of("startContainer-0", "startContainer-1"));
    if (box.isRunc()) {
      // runc does not wait for its hooks, which write more after their line there.
      Wait.until("hooks", () -> ProcFs.read(pid, "cmdline").equals("/bin/sleep\0" + "1000\0"));
    } else {
      order.addAll(poststart);
    }
    assertEquals(order, lines(directory.resolve("order")));
    List<String> inside = namespaces(pid);
    List<String> outside = namespaces(ProcessHandle.current().pid());
    box.call("delete", "--force", id).expectSuccess();
    order.addAll(List.of("poststop-0", "poststop-1"));
    assertEquals(order, lines(directory.resolve("order")));
    for (String name : order) {
      boolean contained = CONTAINER.contains(name.substring(0, name.length() - 2));
      JsonNode state = Box.parse(read(directory.resolve(name + ".state")));
      String status =
          name.startsWith("poststop")
              ? "stopped"
              : name.startsWith("start")
                  ? "created"
                  : name.startsWith("poststart")
                      ? (box.isRunc() ? "created" : "running")
                      : "creating";
      assertEquals(status, state.get("status").asText(), name);
      assertEquals(id, state.get("id").asText(), name);
      assertFalse(state.get("ociVersion").asText().isEmpty(), name);
      assertEquals(bundle.directory().toString(), state.get("bundle").asText(), name);
      assertEquals("red", state.at("/annotations/color").asText(), name);
      assertEquals("\\", state.at("/annotations/q").asText(), name);
      if (name.startsWith("poststop")) {
        assertFalse(state.has("pid"), state::toString);
      } else {
        assertEquals(contained ? 1 : pid, state.get("pid").asLong(), name);
      }
      assertEquals(contained ? inside : outside, lines(directory.resolve(name + ".ns")), name);
      String first = "sh\0-c\0" + inquiry(directory, name) + "\0" + name.split("-", 2)[0] + "\0";
      assertEquals(
          name.endsWith("0") ? first + "one\0two\0" : first,
          read(directory.resolve(name + ".cmdline")),
          name);
      assertEquals(PATH + "\0", read(directory.resolve(name + ".environ")), name);
      String processStatus = read(directory.resolve(name + ".status"));
      assertEquals("0000000000000000", ProcFs.field(processStatus, "SigBlk"), name);
      assertEquals("0022", ProcFs.field(processStatus, "Umask"), name);
      String all = ProcFs.status(ProcessHandle.current().pid(), "CapEff");
      String few = ProcFs.field(processStatus, "CapEff");
      assertEquals(!name.startsWith("startContainer"), few.equals(all), name + " has " + few);
      String cwd = read(directory.resolve(name + ".pwd")).strip();
      switch (name.split("-", 2)[0]) {
        case "startContainer" -> assertEquals("/", cwd, name);
        case "createContainer" -> assertEquals(bundle.rootfs().toString(), cwd, name);
        default -> {
          if (!box.isRunc()) {
            assertEquals(bundle.directory().toString(), cwd, name);
          }
        }
      }
      // The fourth is what ls reads. runc 1.1 leaves some of its own to createContainer hooks.
      if (!box.isRunc()) {
        assertEquals(List.of("0", "1", "2", "3"), lines(directory.resolve(name + ".fds")), name);
      }
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void inTheForegroundNoSignalIsBlockedOrIgnored(Box box) {
    Bundle bundle = box.bundle().script("exit 7");
    Path directory = shared(box, bundle);
    for (String kind : List.of("createRuntime", "startContainer", "poststart", "poststop")) {
      hook(bundle, kind, inquiry(directory, kind));
    }
    box.launchFromShell(
            "trap '' HUP PIPE USR1; exec \"$@\"",
            Map.of(),
            "run",
            "--bundle",
            bundle.write(),
            box.newId())
        .await()
        .expectExit(7);
    for (String kind : List.of("createRuntime", "startContainer", "poststart", "poststop")) {
      String status = read(directory.resolve(kind + ".status"));
      assertEquals("0000000000000000", ProcFs.field(status, "SigBlk"), kind);
      if (!box.isRunc()) {
        // The container's shell ignores SIGQUIT.
        String ignored = kind.equals("startContainer") ? "0000000000000004" : "0000000000000000";
        assertEquals(ignored, ProcFs.field(status, "SigIgn"), kind);
      }
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void environments(Box box) {
    Bundle bundle = sleeper(box).env("MINE", "of the process");
    Path directory = shared(box, bundle);
    for (String kind : List.of("createRuntime", "createContainer", "startContainer")) {
      hook(bundle, kind, copy("environ", directory + "/" + kind)).remove("env");
      ObjectNode empty = hook(bundle, kind, copy("environ", directory + "/" + kind + "-empty"));
      empty.putArray("env");
    }
    box.start(bundle);
    Path last = directory.resolve("startContainer");
    Wait.until("the last hook", () -> !read(last).isEmpty());
    for (String kind : List.of("createRuntime", "createContainer")) {
      if (!box.isRunc()) {
        assertEquals("", read(directory.resolve(kind)), kind);
      }
      assertEquals("", read(directory.resolve(kind + "-empty")), kind);
    }
    String inherited = read(last);
    assertTrue(inherited.contains("MINE=of the process\0"), inherited);
    assertTrue(inherited.contains("HOME="), inherited);
    if (!box.isRunc()) {
      assertEquals("", read(directory.resolve("startContainer-empty")));
    }
  }

  @OnEveryRuntime
  void aHookChangesTheContainerBeforeItIsClosed(Box box) {
    Bundle bundle =
        box.bundle()
            .set("/root/readonly", "true")
            .script("cat /mnt/from-runtime /tmp/from-container; cat /etc/made; id -u");
    bundle.makeDirectory("mnt");
    hook(
        bundle,
        "createRuntime",
        "pid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/'); cd /; nsenter -t $pid -m sh -c 'mount -t tmpfs tmpfs "
            + bundle.rootfs()
            + "/mnt; echo one > "
            + bundle.rootfs()
            + "/mnt/from-runtime; echo three > "
            + bundle.rootfs()
            + "/etc/made'");
    hook(
        bundle,
        "createContainer",
        "mount -t tmpfs tmpfs tmp && echo two > tmp/from-container && hostname hooked");
    assertEquals("one\ntwo\nthree\n0", box.output(bundle));
    assertFalse(
        Host.mounts().stream().anyMatch(mount -> mount.line().contains(bundle.rootfs().toString())),
        "a mount of a hook is on the host");
  }

  @OnEveryRuntime
  void aHookThatFailsUndoesWhatItBelongsTo(Box box) {
    for (String kind : List.of("prestart", "createRuntime", "createContainer")) {
      for (String path : List.of("/bin/sh", "/no/such/hook")) {
        Bundle bundle = sleeper(box);
        Path after = box.directory().resolve("after-" + kind + path.replace('/', '-'));
        hook(bundle, kind, "echo went wrong >&2; exit 3").put("path", path);
        hook(bundle, kind, "echo never > " + after);
        hook(bundle, "poststop", "cat >> " + after);
        String id = box.newId();
        Command create = box.call("create", "-b", bundle.write(), id);
        create.expectFailure(
            path.equals("/bin/sh") ? "exit status 3" : "no such file or directory");
        if (path.equals("/bin/sh")) {
          create.expectFailure("went wrong");
        }
        if (!box.isRunc()) {
          create.expectFailure(
              "hook " + kind + " \"" + path + "\"", "[config.json /hooks/" + kind + "/0]");
        }
        assertEquals("stopped", Box.parse(read(after)).get("status").asText());
        box.call("state", id).expectFailure("does not exist");
        box.expectNothingLeft();
      }
    }
  }

  @OnEveryRuntime
  void aStartContainerHookThatFailsStopsTheContainer(Box box) {
    for (String path : List.of("/bin/sh", "/no/such/hook")) {
      Bundle bundle = sleeper(box);
      Path directory = shared(box, bundle);
      bundle.script("echo never >> " + directory + "/never; sleep 1000");
      hook(bundle, "startContainer", "echo went wrong >&2; exit 3").put("path", path);
      hook(bundle, "startContainer", "echo never >> " + directory + "/never");
      hook(bundle, "poststop", "cat > " + directory + "/poststop");
      String id = box.create(bundle);
      Command start = box.call("start", id);
      if (!box.isRunc()) {
        start.expectFailure(
            "hook startContainer \"" + path + "\"",
            path.equals("/bin/sh") ? "exit status 3, having written: went wrong" : "execve(",
            path.equals("/bin/sh") ? "" : "no such file or directory",
            "[config.json /hooks/startContainer/0]");
      }
      box.awaitStatus(id, "stopped");
      box.call("delete", id).expectSuccess();
      assertEquals("", read(directory.resolve("never")));
      assertTrue(read(directory.resolve("poststop")).contains("stopped"));
      box.expectNothingLeft();
    }
  }

  @OnGatun
  void aPoststartHookThatFailsEndsTheContainer(Box box) {
    for (String path : List.of("/bin/sh", "/no/such/hook")) {
      Bundle bundle = sleeper(box);
      Path after = box.directory().resolve("after" + path.replace('/', '-'));
      hook(bundle, "poststart", "echo went wrong >&2; exit 3").put("path", path);
      hook(bundle, "poststart", "echo never > " + after);
      hook(bundle, "poststop", "cat >> " + after);
      String id = box.create(bundle);
      long pid = box.pid(id);
      box.call("start", id)
          .expectFailure(
              "hook poststart \"" + path + "\"",
              path.equals("/bin/sh") ? "exit status 3" : "ENOENT",
              "[config.json /hooks/poststart/0]");
      assertFalse(ProcFs.runs(pid), "the container runs on");
      assertEquals("stopped", box.status(id));
      box.call("delete", id).expectSuccess();
      assertEquals("stopped", Box.parse(read(after)).get("status").asText());
      box.expectNothingLeft();
      // run leaves nothing, and says why.
      box.run(bundle).expectFailure("hook poststart \"" + path + "\"");
      box.expectNothingLeft();
    }
  }

  @OnGatun
  void aPoststopHookThatFailsIsAWarningAndTheOthersRun(Box box) {
    Bundle bundle = box.bundle().script("exit 5");
    Path after = box.directory().resolve("after");
    hook(bundle, "poststop", "echo went wrong; exit 3");
    hook(bundle, "poststop", "").put("path", "/no/such/hook");
    hook(bundle, "poststop", "kill -USR1 $$");
    hook(bundle, "poststop", "exec sleep 30").put("timeout", 1);
    hook(bundle, "poststop", "echo last >> " + after);
    Command run = box.run(bundle).expectExit(5);
    assertEquals(
        List.of(
            "gatun: warning: hook poststop \"/bin/sh\": exit status 3 [config.json /hooks/poststop/0]",
            "gatun: warning: hook poststop \"/no/such/hook\": not executed, error number 2"
                + " [config.json /hooks/poststop/1]",
            "gatun: warning: hook poststop \"/bin/sh\": ended by signal 10"
                + " [config.json /hooks/poststop/2]",
            "gatun: warning: hook poststop \"/bin/sh\": killed, its timeout was, in seconds, 1"
                + " [config.json /hooks/poststop/3]"),
        run.err().lines().toList());
    assertEquals(List.of("last"), lines(after));
    String id = box.start(bundle);
    box.awaitStatus(id, "stopped");
    Path log = box.directory().resolve("log");
    box.call("--log", log.toString(), "delete", id).expectSuccess();
    assertEquals(List.of("last", "last"), lines(after));
    String logged = read(log);
    for (String text :
        List.of(
            "exit status 3, having written: went wrong [config.json /hooks/poststop/0]",
            "no such file or directory) [config.json /hooks/poststop/1]",
            "ended by signal 10 [config.json /hooks/poststop/2]",
            "ran past its timeout of 1 second and was killed [config.json /hooks/poststop/3]")) {
      assertTrue(logged.contains(text), () -> text + " in " + logged);
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void aHookHasItsTimeAndNoMore(Box box) {
    for (String kind : List.of("createRuntime", "createContainer", "startContainer")) {
      Bundle bundle = sleeper(box);
      hook(bundle, kind, "exit 0").put("timeout", 1000);
      hook(bundle, kind, "exec sleep 1000").put("timeout", 1);
      String id = box.newId();
      Command create = box.call("create", "-b", bundle.write(), id);
      if (kind.equals("startContainer")) {
        create.expectSuccess();
        Command start = box.call("start", id);
        if (!box.isRunc()) {
          start.expectFailure("ran past its timeout of 1 second", "/hooks/startContainer/1]");
        }
        box.awaitStatus(id, "stopped");
        box.call("delete", id).expectSuccess();
      } else {
        create.expectFailure(box.isRunc() ? "timeout" : "ran past its timeout of 1 second");
      }
      box.expectNothingLeft();
    }
  }

  @OnEveryRuntime
  void aHookMayWriteMuch(Box box) {
    String much = "head -c 1000000 /dev/zero | tr '\\0' x; echo; ";
    for (String kind : List.of("createRuntime", "createContainer", "startContainer", "poststop")) {
      Bundle bundle = box.bundle().script("echo fine");
      hook(bundle, kind, much + "exit 0");
      assertEquals("fine", box.output(bundle));
    }
    if (!box.isRunc()) {
      for (String kind : List.of("createRuntime", "createContainer", "startContainer")) {
        Bundle bundle = box.bundle().args("/bin/true");
        hook(bundle, kind, much + "echo this is why >&2; exit 1");
        Command run =
            box.run(bundle)
                .expectFailure(
                    "hook " + kind, "exit status 1", "xxx this is why [config.json /hooks/" + kind);
        assertTrue(run.lastErrorLine().length() < 2000, run::toString);
      }
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void aDaemonThatKeepsTheOutputOpenIsNotWaitedFor(Box box) {
    for (String kind : List.of("createRuntime", "createContainer", "startContainer", "poststart")) {
      Bundle bundle = sleeper(box);
      Path pid = shared(box, bundle).resolve("daemon-" + kind);
      hook(bundle, kind, "sleep 100 & echo $! > " + pid + "; exit 0");
      long begin = System.nanoTime();
      String id = box.start(bundle);
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      if (!CONTAINER.contains(kind)) {
        Host.signal(Long.parseLong(read(pid).strip()), "KILL");
      }
      assertTrue(took.toSeconds() < 50, kind + " took " + took);
      assertEquals("running", box.status(id));
      box.call("delete", "--force", id).expectSuccess();
    }
    // Nor one that never stops writing.
    Bundle bundle = sleeper(box);
    Path pid = box.directory().resolve("writer");
    hook(bundle, "createRuntime", "yes & echo $! > " + pid + "; exit 0");
    String id = box.start(bundle);
    Wait.until("its end by SIGPIPE", () -> !ProcFs.runs(Long.parseLong(read(pid).strip())));
    box.call("delete", "--force", id).expectSuccess();
  }

  @OnGatun
  void whatCannotBeExecutedIsSaidInOneSentence(Box box) {
    Path text = box.hostFile("not-executable", "#!/bin/sh\n");
    Map<String, String> reasons =
        Map.of(
            text.toString(),
            "EACCES (permission denied)",
            box.directory().toString(),
            "EACCES (permission denied)",
            text + "/x",
            "ENOTDIR (not a directory)");
    reasons.forEach((path, reason) -> {
      Bundle bundle = box.bundle();
      hook(bundle, "createRuntime", "").put("path", path);
      box.run(bundle)
          .expectFailure(
              "hook createRuntime \"" + path + "\": execve(\"" + path + "\"",
              reason + " [config.json /hooks/createRuntime/0]");
    });
    Bundle relative = box.bundle();
    hook(relative, "createRuntime", "").put("path", "bin/true");
    box.run(relative).expectFailure("/hooks/createRuntime/0/path", "absolute");
    box.expectNothingLeft();
  }

  @OnGatun
  void aHostileRootfsLeadsAStartContainerHookNowhere(Box box) throws IOException {
    Path evil = box.hostFile("evil", "#!/bin/sh\ntouch " + box.directory() + "/escaped\n");
    Host.run("chmod", "755", evil.toString());
    Bundle out = sleeper(box).symlink("hook", "../../../../../../../.." + evil);
    hook(out, "startContainer", "").put("path", "/hook");
    String id = box.create(out);
    box.call("start", id).expectFailure("hook startContainer \"/hook\"", "ENOENT");
    assertFalse(Files.exists(box.directory().resolve("escaped")));
    // What init itself is executed from cannot be written, and does nothing when executed again.
    Bundle self = sleeper(box).symlink("hook", "/proc/self/exe");
    hook(self, "startContainer", "").put("path", "/hook");
    hook(self, "startContainer", "");
    String again = box.create(self);
    Command start = box.call("start", again);
    start.expectFailure("hook startContainer \"/hook\"", "[config.json /hooks/startContainer/0]");
    assertEquals("stopped", box.status(again));
  }

  @OnGatun
  void killedDuringAHookItIsDeletedByForce(Box box) {
    for (String kind : List.of("createRuntime", "createContainer")) {
      Bundle bundle = sleeper(box);
      Path pid = shared(box, bundle).resolve("pid-" + kind);
      Path after = box.directory().resolve("after-" + kind);
      hook(bundle, kind, "echo $$ > " + pid + "; exec sleep 1000");
      hook(bundle, "poststop", "cat > " + after);
      String id = box.newId();
      Command create = box.launch("create", "--bundle", bundle.write(), id);
      Wait.until("the hook", () -> read(pid).endsWith("\n"));
      assertEquals("creating", box.status(id));
      create.killOnlyThis();
      create.await();
      if (kind.equals("createRuntime")) {
        // It is nobody's child any more, as with runc.
        Host.signal(Long.parseLong(read(pid).strip()), "KILL");
      }
      box.call("delete", "--force", id).expectSuccess();
      assertEquals("stopped", Box.parse(read(after)).get("status").asText());
      box.expectNothingLeft();
    }
  }

  @OnGatun
  void anInitThatDiesDuringAHookIsAFailureOfCreate(Box box) {
    Bundle bundle = sleeper(box);
    hook(bundle, "createRuntime", "kill -9 $(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/')");
    box.call("create", "--bundle", bundle.write(), box.newId()).expectFailure("was killed");
    box.run(bundle).expectFailure("was killed");
    box.expectNothingLeft();
  }

  @OnGatun
  void aHookMayAskForTheContainer(Box box) {
    Bundle bundle = sleeper(box);
    Path answers = box.directory().resolve("answers");
    String ask = box.runtime().binary() + " --root " + box.stateRoot() + " state ";
    String id = box.newId();
    for (String kind : List.of("createRuntime", "poststart")) {
      hook(bundle, kind, ask + id + " >> " + answers);
    }
    hook(bundle, "poststop", ask + id + " >> " + answers + " || echo gone >> " + answers);
    box.call("create", "--bundle", bundle.write(), id).expectSuccess();
    assertEquals("creating", Box.parse(read(answers)).get("status").asText());
    box.call("start", id).expectSuccess();
    assertTrue(read(answers).contains("\"running\""), read(answers));
    box.call("delete", "--force", id).expectSuccess();
    assertTrue(read(answers).endsWith("gone\n"), read(answers));
  }

  @OnEveryRuntime
  void aLongStateIsTold(Box box) {
    String value = "x".repeat(200_000);
    Bundle bundle = sleeper(box).set("/annotations", "{'long': '" + value + "'}");
    Path directory = shared(box, bundle);
    for (String kind : List.of("createRuntime", "startContainer")) {
      hook(bundle, kind, "cat > " + directory + "/" + kind);
    }
    bundle.set("/process/rlimits", "[{'type': 'RLIMIT_FSIZE', 'soft': 1000000, 'hard': 1000000}]");
    String id = box.start(bundle);
    for (String kind : List.of("createRuntime", "startContainer")) {
      Path file = directory.resolve(kind);
      Wait.until("the hook", () -> read(file).endsWith("}"));
      assertEquals(value, Box.parse(read(file)).at("/annotations/long").asText());
    }
    box.call("delete", "--force", id).expectSuccess();
  }

  @OnEveryRuntime
  void inAUserNamespaceHooksOfTheContainerAreItsRoot(Box box) {
    Bundle bundle = UserNamespaceTest.mapped(box).args("/bin/sleep", "1000");
    Path directory = shared(box, bundle);
    Host.run("chmod", "777", directory.toString());
    // The container's root makes what is mounted upon.
    Host.run("chown", "-R", "100000:100000", bundle.rootfs().toString());
    String script = "cat /proc/self/uid_map > " + directory + "/";
    for (String kind : List.of("createRuntime", "createContainer", "startContainer", "poststop")) {
      hook(bundle, kind, script + kind);
    }
    String id = box.start(bundle);
    Path last = directory.resolve("startContainer");
    Wait.until("the last hook", () -> !read(last).isEmpty());
    box.call("delete", "--force", id).expectSuccess();
    for (String kind : List.of("createRuntime", "createContainer", "startContainer", "poststop")) {
      assertEquals(
          CONTAINER.contains(kind), read(directory.resolve(kind)).contains("100000"), kind);
    }
  }

  /**
   * Without no_new_privs the filter is there before the hooks, and those of engines lack clone3.
   */
  @OnEveryRuntime
  void aFilterThatKnowsNoClone3LetsStartContainerHooksRun(Box box) {
    Bundle bundle =
        sleeper(box)
            .set("/process/noNewPrivileges", "false")
            .set(
                "/linux/seccomp",
                "{'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [{'names': ['clone3'],"
                    + " 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 38}]}");
    Path directory = shared(box, bundle);
    hook(bundle, "startContainer", copy("status", directory + "/status")).put("timeout", 20);
    String id = box.start(bundle);
    Path file = directory.resolve("status");
    Wait.until("the hook", () -> read(file).contains("Seccomp:"));
    assertEquals("2", ProcFs.field(read(file), "Seccomp"));
    assertEquals("running", box.status(id));
  }

  @OnGatun
  void featuresAndExplainShowHooks(Box box) {
    assertEquals(
        "[\"prestart\",\"createRuntime\",\"createContainer\",\"startContainer\",\"poststart\","
            + "\"poststop\"]",
        Box.parse(box.call("features").expectSuccess().out()).get("hooks").toString());
    Bundle bundle = sleeper(box);
    List<String> kinds = new ArrayList<>(RUNTIME);
    kinds.addAll(CONTAINER);
    for (String kind : kinds) {
      hook(bundle, kind, "exit 0");
    }
    String text = box.call("explain", bundle.write()).expectSuccess().out();
    for (String kind : kinds) {
      assertTrue(
          text.contains("hook " + kind + " \"/bin/sh\" [config.json /hooks/" + kind + "/0]"), kind);
    }
  }
}
