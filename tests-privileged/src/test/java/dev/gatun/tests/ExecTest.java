package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Processes that enter a container: who they are, what they get, and how they end. */
class ExecTest {
  private static final int IN_A_ROW = 1_000;
  private static final int AT_ONCE = 50;

  private static Bundle sleeping(Box box) {
    return box.bundle().args("/bin/sleep", "1000");
  }

  private static Command exec(Box box, String id, String... words) {
    List<String> all = new ArrayList<>(List.of("exec"));
    all.addAll(List.of(words));
    int at = all.indexOf("ID");
    if (at < 0) {
      all.add(1, id);
    } else {
      all.set(at, id);
    }
    return box.call(all.toArray(String[]::new));
  }

  /** What a script writes that is executed in a container. */
  private static String output(Box box, String id, String script) {
    return exec(box, id, "/bin/sh", "-c", script).expectSuccess().out();
  }

  private static Command refused(Command command, String... texts) {
    command.expectExit(255);
    for (String text : texts) {
      assertTrue(command.lastErrorLine().contains(text), () -> text + command);
    }
    return command;
  }

  @OnEveryRuntime
  void theExitStatusIsTheProcesss(Box box) {
    String id = box.start(sleeping(box));
    assertEquals("hello", exec(box, id, "/bin/echo", "hello").expectSuccess().out());
    exec(box, id, "/bin/sh", "-c", "exit 7").expectExit(7);
    exec(box, id, "/bin/sh", "-c", "kill -KILL $$").expectExit(137);
    exec(box, id, "sh", "-c", "kill -TERM $$").expectExit(143);
    assertEquals("running", box.status(id));
  }

  @OnEveryRuntime
  void whatCannotBeExecutedIsStatus255(Box box) {
    Bundle bundle = sleeping(box);
    bundle.file("plain", "no program\n", "0644");
    String id = box.start(bundle);
    refused(exec(box, id, "nonesuch"), "executable file not found in $PATH");
    refused(exec(box, id, "/nonesuch"), "no such file or directory");
    refused(exec(box, id, "/plain"), "permission denied");
    refused(exec(box, id, "--cwd", "/nonesuch", "ID", "/bin/true"), "no such file or directory");
    refused(exec(box, id), "args");
    refused(exec(box, box.newId(), "/bin/true"), "does not exist");
  }

  @OnEveryRuntime
  void optionsChangeTheContainersOwnProcess(Box box) {
    Bundle bundle = sleeping(box).env("FROM", "config").set("/process/cwd", "'/tmp'");
    bundle.set("/process/user/additionalGids", "[70]");
    bundle.file("etc/passwd", "root:x:0:0::/root:/bin/sh\nnina:x:17:17::/home:/bin/sh\n", "0644");
    String id = box.start(bundle);
    assertEquals("0\n0 70\n/tmp\nconfig", output(box, id, "id -u; id -G; pwd; echo $FROM"));
    String who = "id -u; id -g; pwd; echo $FROM $MORE $HOME; grep ^Groups: /proc/self/status";
    Command changed =
        exec(
            box,
            id,
            "-u",
            "17:18",
            "-g",
            "71",
            "-g=72",
            "-e",
            "MORE=option",
            "-e",
            "FROM=option",
            "--cwd",
            "/bin",
            "ID",
            "/bin/sh",
            "-c",
            who);
    assertEquals(
        "17\n18\n/bin\noption option /home\nGroups:\t70 71 72", changed.expectSuccess().out());
    assertEquals(
        "17 0",
        exec(box, id, "--user", "17", "ID", "sh", "-c", "echo $(id -u) $(id -g)")
            .expectSuccess()
            .out());
  }

  @OnEveryRuntime
  void capabilitiesAreTheContainersAndThoseAsked(Box box) {
    String id = box.start(sleeping(box));
    String sets = "grep -E '^Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status";
    String own = output(box, id, sets);
    assertEquals("20000420", ProcFs.field(own, "CapPrm").replaceFirst("^0+", ""));
    String more =
        exec(box, id, "-c", "CAP_NET_ADMIN", "ID", "/bin/sh", "-c", sets).expectSuccess().out();
    assertEquals("20001420", ProcFs.field(more, "CapPrm").replaceFirst("^0+", ""));
    assertEquals("20001420", ProcFs.field(more, "CapEff").replaceFirst("^0+", ""));
    assertEquals("20001420", ProcFs.field(more, "CapBnd").replaceFirst("^0+", ""));
    assertEquals(ProcFs.field(own, "CapInh"), ProcFs.field(more, "CapInh"), "CVE-2022-29162");
  }

  @OnEveryRuntime
  void noNewPrivilegesIsTheContainersOrTheOptions(Box box) {
    String id = box.start(sleeping(box).set("/process/noNewPrivileges", "false"));
    String flag = "/proc/self/status";
    assertTrue(exec(box, id, "grep", "NoNewPrivs:.0", flag).exit() == 0);
    exec(box, id, "--no-new-privs", "ID", "grep", "NoNewPrivs:.1", flag).expectSuccess();
  }

  @OnGatun
  void aUserThatIsNoNumberIsNobody(Box box) {
    String id = box.start(sleeping(box));
    // CVE-2026-30892: one of these was user 0.
    for (String user :
        List.of(
            "",
            ":",
            "1:",
            ":1",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1\n",
            "0x1",
            "1e3",
            "1.0",
            "1:2:3",
            "root",
            "1,2",
            "٣",
            "4294967295",
            "4294967296",
            "18446744073709551616",
            "1:-1",
            "1:root",
            "99999999999")) {
      refused(exec(box, id, "-u", user, "ID", "/bin/id"), "invalid user");
    }
    assertEquals("4294967294", exec(box, id, "-u", "4294967294", "ID", "id", "-u").out());
    refused(exec(box, id, "-g", "1:2", "ID", "/bin/id"), "--additional-gids");
    refused(exec(box, id, "-c", "CAP_FLY", "ID", "/bin/id"), "CAP_FLY");
    refused(exec(box, id, "-e", "=x", "ID", "/bin/id"), "-e");
  }

  private static Path document(Box box, ObjectNode process) {
    return box.hostFile("process.json", process.toString());
  }

  @OnEveryRuntime
  void aProcessDocumentReplacesTheProcess(Box box) {
    Bundle bundle = sleeping(box).env("FROM", "config");
    bundle.set("/process/rlimits", "[{'type':'RLIMIT_CORE','hard':77,'soft':66}]");
    String id = box.start(bundle);
    ObjectNode process = Bundle.JSON.createObjectNode();
    process.put("cwd", "/bin").put("terminal", false);
    process.putObject("user").put("uid", 5).put("gid", 6);
    process.putArray("env").add("PATH=/bin").add("ONLY=this");
    process
        .putArray("args")
        .add("sh")
        .add("-c")
        .add("id -u; id -g; pwd; echo $FROM$ONLY; grep CapBnd /proc/self/status");
    Command command = exec(box, id, "--process", document(box, process).toString(), "ID");
    // Capabilities that the document leaves out are the container's, limits are not.
    assertEquals("5\n6\n/bin\nthis\nCapBnd:\t0000000020000420", command.expectSuccess().out());

    // Not RLIMIT_NOFILE, whose soft limit runc's own language raises now and then.
    process
        .putArray("rlimits")
        .addObject()
        .put("type", "RLIMIT_CORE")
        .put("hard", 44 * 512)
        .put("soft", 33 * 512);
    String script = "id -u; id -g; pwd; echo $FROM$ONLY; ulimit -c; grep CapBnd /proc/self/status";
    process.putArray("args").add("sh").add("-c").add(script);
    process.putObject("capabilities").putArray("bounding").add("CAP_KILL");
    command = exec(box, id, "-p", document(box, process).toString(), "ID");
    assertEquals("5\n6\n/bin\nthis\n33\nCapBnd:\t0000000000000020", command.expectSuccess().out());
  }

  @OnEveryRuntime
  void aProcessDocumentThatIsNoneIsRefused(Box box) {
    String id = box.start(sleeping(box));
    refused(
        exec(box, id, "--process", "/nonesuch/process.json", "ID"), "no such file or directory");
    refused(exec(box, id, "--process", box.hostFile("bad", "{\"args\": [").toString(), "ID"));
    refused(
        exec(box, id, "-p", box.hostFile("no-args", "{\"cwd\": \"/\"}").toString(), "ID"), "args");
    refused(
        exec(
            box,
            id,
            "-p",
            box.hostFile("no-cwd", "{\"cwd\": \"tmp\", \"args\": [\"true\"]}").toString(),
            "ID"),
        "absolute");
  }

  @OnEveryRuntime
  void namespacesLimitsAndScoreAreTheContainers(Box box) {
    Bundle bundle = sleeping(box);
    bundle.set("/process/oomScoreAdj", "321");
    bundle.namespaces().addObject().put("type", "cgroup");
    String id = box.start(bundle);
    long init = box.pid(id);
    Path pidFile = box.directory().resolve("pid");
    exec(box, id, "-d", "--pid-file", pidFile.toString(), "ID", "/bin/sleep", "1000")
        .expectSuccess();
    long pid = number(pidFile);
    for (String kind : List.of("mnt", "uts", "ipc", "net", "pid", "cgroup", "user")) {
      assertEquals(ProcFs.link(init, "ns/" + kind), ProcFs.link(pid, "ns/" + kind), kind);
    }
    assertEquals(ProcFs.read(init, "cgroup"), ProcFs.read(pid, "cgroup"));
    assertEquals("321", ProcFs.read(pid, "oom_score_adj").strip());
    assertEquals(ProcFs.read(init, "limits"), ProcFs.read(pid, "limits"));
    assertEquals(ProcFs.status(init, "CapEff"), ProcFs.status(pid, "CapEff"));
    assertEquals("0000000000000000", ProcFs.status(pid, "SigBlk"));
    assertEquals(Long.toString(pid), session(pid), "it leads a session of its own");
    Host.signal(pid, "KILL");
    Box.awaitEnd(pid);
  }

  private static String session(long pid) {
    String stat = ProcFs.read(pid, "stat");
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[3];
  }

  private static long number(Path file) {
    try {
      String text = Files.readString(file);
      assertTrue(text.matches("[0-9]+"), () -> "digits alone, found '" + text + "'");
      return Long.parseLong(text);
    } catch (IOException e) {
      throw new AssertionError("cannot read " + file, e);
    }
  }

  @OnEveryRuntime
  void aDetachedExecLeavesItsProcessRunning(Box box) {
    String id = box.start(sleeping(box));
    Path pidFile = box.directory().resolve("pid");
    exec(box, id, "--detach", "--pid-file", pidFile.toString(), "ID", "sleep", "1000")
        .expectSuccess();
    long pid = number(pidFile);
    assertTrue(ProcFs.runs(pid));
    assertEquals("/bin/busybox", ProcFs.link(pid, "exe").replaceFirst(".*/rootfs", ""));
    box.call("kill", id, "KILL").expectSuccess();
    // It is in the container's PID namespace, so it ends with it.
    Box.awaitEnd(pid);
  }

  @OnEveryRuntime
  void aPidFileThatCannotBeWrittenUndoesTheExec(Box box) {
    String id = box.start(sleeping(box));
    refused(
        exec(box, id, "-d", "--pid-file", "/nonesuch/pid", "ID", "/bin/sleep", "4242"),
        "no such file or directory");
    Wait.until("the end of what was executed", () -> !box.call("ps", id).out().contains("4242"));
  }

  @OnEveryRuntime
  void onlyStdioAndWhatIsPreservedArrives(Box box) {
    String id = box.start(sleeping(box));
    Path three = box.hostFile("three", "third");
    String list = "ls /proc/$$/fd; true";
    Command leak =
        box.launchFromShell(
            "exec 3<" + three + " 4</etc 9</; exec \"$@\"", Map.of(), "exec", id, "sh", "-c", list);
    assertEquals("0\n1\n2", leak.await().expectSuccess().out());
    Command kept =
        box.launchFromShell(
            "exec 3<" + three + " 4</etc 9</; exec \"$@\"",
            Map.of(),
            "exec",
            "--preserve-fds",
            "1",
            id,
            "sh",
            "-c",
            "cat <&3; echo; " + list);
    assertEquals("third\n0\n1\n2\n3", kept.await().expectSuccess().out());
    Command missing =
        box.launchFromShell(
            "exec 3>&- 4>&-; exec \"$@\"", Map.of(), "exec", "--preserve-fds", "2", id, "true");
    missing.await();
    if (!box.isRunc()) {
      // runc takes descriptors of its own for preserved ones.
      refused(missing, "EBADF");
    }
  }

  @OnGatun
  void aDetachedProcessHasNoDescriptorOfTheHost(Box box) {
    String id = box.start(sleeping(box));
    Path pidFile = box.directory().resolve("pid");
    exec(box, id, "-d", "--pid-file", pidFile.toString(), "ID", "sleep", "1000").expectSuccess();
    long pid = number(pidFile);
    for (String fd : List.of("3", "4", "5", "6", "7", "8", "9", "10", "200")) {
      assertEquals("", ProcFs.link(pid, "fd/" + fd), fd);
    }
    Host.signal(pid, "KILL");
    Box.awaitEnd(pid);
  }

  @OnEveryRuntime
  void aCreatedContainerCanBeEntered(Box box) {
    String id = box.create(box.bundle().set("/hostname", "'lock'").args("/bin/sleep", "1000"));
    assertEquals("lock", exec(box, id, "hostname").expectSuccess().out());
    assertEquals("created", box.status(id));
    box.call("start", id).expectSuccess();
    assertEquals("lock", exec(box, id, "hostname").expectSuccess().out());
  }

  @OnEveryRuntime
  void aStoppedContainerCannotBeEntered(Box box) {
    String id = box.start(box.bundle().args("/bin/true"));
    box.awaitStatus(id, "stopped");
    Command command = refused(exec(box, id, "/bin/true"), "stopped");
    if (!box.isRunc()) {
      refused(command, "container not running");
    }
  }

  private static Path cgroup(Box box, String id) {
    for (String line : ProcFs.read(box.pid(id), "cgroup").split("\n", -1)) {
      if (line.startsWith("0::")) {
        return Path.of(Host.cgroup2() + line.substring(3));
      }
    }
    throw new AssertionError("no v2 cgroup of " + id);
  }

  @OnGatun
  void aPausedContainerIsEnteredOnlyWhenAsked(Box box) throws IOException {
    String id = box.start(sleeping(box));
    Path cgroup = cgroup(box, id);
    Files.writeString(cgroup.resolve("cgroup.freeze"), "1");
    Wait.until("the freezer", () -> read(cgroup.resolve("cgroup.events")).contains("frozen 1"));
    refused(exec(box, id, "true"), "cannot exec in a paused container (use --ignore-paused");
    Command waits = box.launch("exec", "--ignore-paused", id, "echo", "resumed");
    Wait.pause(Duration.ofMillis(1500));
    assertTrue(waits.isAlive(), waits::toString);
    Files.writeString(cgroup.resolve("cgroup.freeze"), "0");
    assertEquals("resumed", waits.await().expectSuccess().out());
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError("cannot read " + file, e);
    }
  }

  @OnGatun
  void aPausedContainerThatIsKilledEndsTheExecThatWaits(Box box) throws IOException {
    String id = box.start(sleeping(box));
    Path cgroup = cgroup(box, id);
    Files.writeString(cgroup.resolve("cgroup.freeze"), "1");
    Command waits = box.launch("exec", "--ignore-paused", id, "echo", "resumed");
    Wait.until("the exec to enter", () -> read(cgroup.resolve("cgroup.procs")).lines().count() > 1);
    box.call("delete", "--force", id).expectSuccess();
    refused(waits.await());
  }

  @OnGatun
  void aProcessIsBornInTheCgroupAskedFor(Box box) throws IOException {
    String id = box.start(sleeping(box));
    Path cgroup = cgroup(box, id);
    Files.createDirectory(cgroup.resolve("probes"));
    String own = "grep ^0:: /proc/self/cgroup";
    for (String path : List.of("probes", "/probes", ":probes", "./probes/")) {
      String line = exec(box, id, "--cgroup", path, "ID", "sh", "-c", own).expectSuccess().out();
      assertTrue(line.endsWith(id + "/probes"), path + " " + line);
    }
    refused(exec(box, id, "--cgroup", "nonesuch", "ID", "true"), "no such file or directory");
    refused(exec(box, id, "--cgroup", "..", "ID", "true"), "not a sub cgroup path");
    refused(exec(box, id, "--cgroup", "probes/../..", "ID", "true"), "not a sub cgroup path");
    refused(exec(box, id, "--cgroup", "cpu:probes", "ID", "true"), "unknown controller cpu");
    refused(exec(box, id, "--cgroup", "a", "--cgroup", "b", "ID", "true"), "invalid --cgroup");
    Files.delete(cgroup.resolve("probes"));
  }

  @OnGatun
  void aBusyCgroupLeadsToThatOfTheFirstProcess(Box box) throws IOException {
    String id = box.start(sleeping(box));
    Path cgroup = cgroup(box, id);
    String controllers = read(cgroup.resolve("cgroup.controllers")).strip();
    // Threaded controllers do not keep a cgroup from having processes.
    List<String> domain = new ArrayList<>(List.of(controllers.split(" ", -1)));
    domain.removeAll(List.of("", "cpu", "cpuset", "perf_event", "pids"));
    Host.require(!domain.isEmpty(), "no controller of cgroup v2 here keeps a cgroup to itself");
    Path first = Files.createDirectory(cgroup.resolve("first"));
    Files.writeString(first.resolve("cgroup.procs"), Long.toString(box.pid(id)));
    Files.writeString(cgroup.resolve("cgroup.subtree_control"), "+" + domain.getFirst());
    String own = "grep ^0:: /proc/self/cgroup";
    assertTrue(output(box, id, own).endsWith(id + "/first"));
    refused(exec(box, id, "--cgroup", "/", "ID", "true"), "resource busy");
  }

  @OnEveryRuntime
  void aForegroundExecForwardsSignals(Box box) {
    String id = box.start(sleeping(box));
    for (String signal : List.of("TERM", "HUP", "INT", "USR1")) {
      Command exec =
          box.launch(
              "exec",
              id,
              "/bin/sh",
              "-c",
              "trap \"echo got "
                  + signal
                  + "; exit 42\" "
                  + signal
                  + "; echo ready;"
                  + " while :; do sleep 0.02; done");
      exec.awaitOutput("ready");
      Host.signal(exec.pid(), signal);
      exec.await().expectExit(42);
      assertTrue(exec.out().endsWith("got " + signal), exec::toString);
    }
    Command killed = box.launch("exec", id, "/bin/sh", "-c", "echo ready; exec sleep 1000");
    killed.awaitOutput("ready");
    Host.signal(killed.pid(), "TERM");
    killed.await().expectExit(143);
  }

  @OnGatun
  void affinityIsThatOfTheConfig(Box box) {
    Bundle bundle = sleeping(box);
    bundle.set("/process/execCPUAffinity", "{'initial':'0','final':'0'}");
    String id = box.start(bundle);
    exec(box, id, "grep", "Cpus_allowed_list:.0$", "/proc/self/status").expectSuccess();
  }

  @OnGatun
  void anExecDoesNotNeedTheBundle(Box box) throws IOException {
    Bundle bundle = sleeping(box).env("FROM", "create");
    String id = box.start(bundle);
    bundle.write("{}");
    assertEquals("create", output(box, id, "echo $FROM"));
    Files.delete(bundle.directory().resolve("config.json"));
    assertEquals("create", output(box, id, "echo $FROM"));
  }

  @OnGatun
  void aContainerThatEndsMeanwhileEndsTheExec(Box box) {
    for (int i = 0; i < 10; i++) {
      String id = box.start(sleeping(box));
      List<Command> execs = new ArrayList<>();
      for (int j = 0; j < 4; j++) {
        execs.add(box.launch("exec", id, "/bin/sleep", "1000"));
      }
      Wait.pause(Duration.ofMillis(20L * i));
      box.call("kill", id, "KILL").expectSuccess();
      for (Command exec : execs) {
        exec.await();
        assertTrue(exec.exit() == 255 || exec.exit() == 137, exec::toString);
      }
      box.call("delete", "--force", id).expectSuccess();
    }
  }

  private static List<String> names(Path directory) {
    List<String> names = new ArrayList<>();
    try (var entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        names.add(String.valueOf(entry.getFileName()));
      }
    } catch (IOException e) {
      throw new AssertionError("cannot list " + directory, e);
    }
    names.sort(null);
    return names;
  }

  /** Fails unless a container has its first process alone, and its state is as it was. */
  private static void expectAlone(Box box, String id, List<String> state) {
    String[] table = box.call("ps", "--format", "json", id).expectSuccess().out().split(",", -1);
    assertEquals(1, table.length, String.join(",", table));
    assertEquals(state, names(box.stateRoot().resolve(id)));
  }

  @OnEveryRuntime
  void manyInARowLeaveNothing(Box box) {
    String id = box.start(sleeping(box));
    List<String> state = names(box.stateRoot().resolve(id));
    for (int i = 0; i < IN_A_ROW; i++) {
      exec(box, id, "/bin/true").expectSuccess();
    }
    expectAlone(box, id, state);
    assertEquals(3, names(Path.of("/proc/" + box.pid(id) + "/fd")).size());
  }

  @OnEveryRuntime
  void fiftyAtOnceLeaveNothing(Box box) throws InterruptedException, ExecutionException {
    String id = box.start(sleeping(box));
    List<String> state = names(box.stateRoot().resolve(id));
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    try {
      List<Future<Command>> all = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        int number = i;
        all.add(
            threads.submit(() ->
                box.launch("exec", id, "/bin/sh", "-c", "exit " + number)
                    .await(Duration.ofMinutes(2))));
      }
      for (int i = 0; i < AT_ONCE; i++) {
        all.get(i).get().expectExit(i);
      }
    } finally {
      threads.shutdownNow();
      assertTrue(threads.awaitTermination(1, TimeUnit.MINUTES));
    }
    expectAlone(box, id, state);
  }

  @OnGatun
  void anExecThatIsKilledLeavesNothingThatGrows(Box box) {
    String id = box.start(sleeping(box));
    List<String> state = names(box.stateRoot().resolve(id));
    for (int i = 0; i < 20; i++) {
      Command exec = box.launch("exec", id, "/bin/sleep", "0.3");
      Wait.pause(Duration.ofMillis(10L * i));
      exec.kill();
    }
    // Also what is on its way into the container still.
    Wait.until(
        "what was executed to end",
        () -> Leftovers.of(box.token(), box.stateRoot()).processes().size() == 1);
    expectAlone(box, id, state);
    assertEquals("running", box.status(id));
  }
}
