package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Pods without a network: what containers of one share, and how long it lives. */
class PodTest {
  private static final String LOOP = "while :; do sleep 0.1; done";

  private static String pod(Box box, String... options) {
    String id = box.newId();
    String[] words = new String[options.length + 3];
    words[0] = "pod";
    words[1] = "create";
    System.arraycopy(options, 0, words, 2, options.length);
    words[words.length - 1] = id;
    box.call(words).expectSuccess();
    return id;
  }

  private static JsonNode state(Box box, String pod) {
    return Box.parse(box.call("pod", "state", pod).expectSuccess().out());
  }

  private static long pause(Box box, String pod) {
    return state(box, pod).get("pid").asLong();
  }

  private static String start(Box box, String pod, Bundle bundle) {
    String id = box.newId();
    box.call("create", "--pod", pod, "--bundle", bundle.write(), id).expectSuccess();
    box.call("start", id).expectSuccess();
    return id;
  }

  private static String output(Box box, String pod, Bundle bundle) {
    return box.call("run", "--pod", pod, "--bundle", bundle.write(), box.newId())
        .expectSuccess()
        .out();
  }

  private static String namespace(long pid, String type) {
    return ProcFs.link(pid, "ns/" + type);
  }

  @OnGatun
  void containersShareNetworkIpcAndNameAndNothingElse(Box box) {
    String pod = pod(box, "--hostname", "shop");
    long pause = pause(box, pod);
    String first = start(box, pod, box.bundle().script(LOOP));
    String second = start(box, pod, box.bundle().script(LOOP));
    long one = box.pid(first);
    long two = box.pid(second);
    for (String type : List.of("net", "ipc", "uts")) {
      assertEquals(namespace(pause, type), namespace(one, type), type);
      assertEquals(namespace(pause, type), namespace(two, type), type);
      assertNotEquals(namespace(ProcessHandle.current().pid(), type), namespace(one, type), type);
    }
    for (String type : List.of("mnt", "pid")) {
      assertNotEquals(namespace(one, type), namespace(two, type), type);
      assertNotEquals(namespace(pause, type), namespace(one, type), type);
    }
    assertEquals("shop", output(box, pod, box.bundle().script("hostname")));
    assertFalse(
        output(box, pod, box.bundle().script("ps")).contains("sleep 0.1"),
        "processes of another container are seen");
    box.call("pod", "delete", "--force", pod).expectSuccess();
    assertFalse(ProcFs.runs(one), "a container outlived its pod");
    assertFalse(ProcFs.runs(pause), "the pause process outlived its pod");
    box.expectNothingLeft();
  }

  @OnGatun
  void theConfigsOwnHostNameIsNotThePods(Box box) {
    String pod = pod(box);
    // runc spec writes one, and so does podman.
    assertEquals("runc", box.bundle().config().get("hostname").asText());
    assertEquals(pod, output(box, pod, box.bundle().script("hostname")));
    box.call("pod", "delete", "--force", pod).expectSuccess();
  }

  @OnGatun
  void localhostIsOneForAllContainers(Box box) {
    String pod = pod(box);
    // Not from a pipe whose writer may be late: nc leaves when the other end says no more.
    Bundle server = box.bundle().script("nc -l -p 7000 <<END\nhello over loopback\nEND\n" + LOOP);
    start(box, pod, server);
    Bundle client =
        box.bundle().script("until nc 127.0.0.1 7000 2>/dev/null </dev/null; do sleep 0.05; done");
    assertEquals("hello over loopback", output(box, pod, client));
    String other = pod(box);
    box.call(
            "run",
            "--pod",
            other,
            "--bundle",
            box.bundle().script("nc -w 1 127.0.0.1 7000").write(),
            box.newId())
        .expectExit(1);
    box.call("pod", "delete", "--force", pod).expectSuccess();
    box.call("pod", "delete", "--force", other).expectSuccess();
  }

  @OnGatun
  void sharedMemoryIsOneForAllContainersAndNotForOthers(Box box) {
    String pod = pod(box);
    String other = pod(box);
    output(box, pod, box.bundle().script("echo posix >/dev/shm/word"));
    assertEquals("posix", output(box, pod, box.bundle().script("cat /dev/shm/word")));
    assertEquals(
        "shm on /dev/shm type tmpfs",
        output(box, pod, box.bundle().script("mount | grep ' /dev/shm ' | cut -d ' ' -f 1-5")));
    box.call(
            "run",
            "--pod",
            other,
            "--bundle",
            box.bundle().script("cat /dev/shm/word").write(),
            box.newId())
        .expectExit(1);
    box.call("pod", "delete", "--force", pod).expectSuccess();
    box.call("pod", "delete", "--force", other).expectSuccess();
    box.expectNothingLeft();
  }

  @OnGatun
  void filesThatEveryPodHas(Box box) throws IOException {
    String pod = pod(box, "--hostname", "shop");
    assertEquals("shop", output(box, pod, box.bundle().script("cat /etc/hostname")));
    assertTrue(
        output(box, pod, box.bundle().script("cat /etc/hosts")).contains("127.0.0.1\tlocalhost"));
    assertEquals(
        Files.readString(Path.of("/etc/resolv.conf")).strip(),
        output(box, pod, box.bundle().script("cat /etc/resolv.conf")).strip());
    Path own = box.hostFile("hosts", "192.0.2.1 mine\n");
    assertEquals(
        "192.0.2.1 mine",
        output(
            box, pod, box.bundle().bind(own, "/etc/hosts", "bind", "ro").script("cat /etc/hosts")));
    box.call("pod", "delete", "--force", pod).expectSuccess();
  }

  @OnGatun
  void thePodEndsWithItsPauseProcessAndNotWithAContainer(Box box) {
    String pod = pod(box);
    long pause = pause(box, pod);
    String container = start(box, pod, box.bundle().args("/bin/true"));
    box.awaitStatus(container, "stopped");
    assertEquals("running", state(box, pod).get("status").asText());
    assertEquals(pause, pause(box, pod));
    String next = start(box, pod, box.bundle().script(LOOP));
    Host.signal(pause, "KILL");
    Box.awaitEnd(pause);
    assertEquals("stopped", state(box, pod).get("status").asText());
    box.call("create", "--pod", pod, "--bundle", box.bundle().write(), box.newId())
        .expectFailure("pod \"" + pod + "\"", "stopped");
    assertEquals("running", box.status(next));
    box.call("pod", "delete", pod).expectFailure(next, "running");
    box.call("pod", "delete", "--force", pod).expectSuccess();
    box.call("state", next).expectFailure("does not exist");
    box.expectNothingLeft();
  }

  @OnGatun
  void thePauseProcessEndsOnTermAndIntAndIsNamed(Box box) {
    for (String signal : List.of("TERM", "INT")) {
      String pod = pod(box);
      long pause = pause(box, pod);
      assertEquals("pause", ProcFs.read(pause, "comm").strip());
      assertEquals("pause\0" + pod + "\0", ProcFs.read(pause, "cmdline"));
      assertTrue(Host.run("ps", "-o", "args=", "-p", Long.toString(pause)).contains(pod));
      Host.signal(pause, "HUP");
      Host.signal(pause, "USR1");
      Wait.pause(Duration.ofMillis(200));
      assertTrue(ProcFs.runs(pause), "ended by another signal");
      Host.signal(pause, signal);
      Box.awaitEnd(pause);
      box.call("pod", "delete", pod).expectSuccess();
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void stoppingAsksThenKillsAndKeepsTheState(Box box) {
    String pod = pod(box);
    Path shared = box.hostDirectory("shared");
    String script = "trap 'echo bye > /mnt/bye; exit 7' TERM; echo set > /mnt/set; " + LOOP;
    String polite = start(box, pod, box.bundle().bind(shared, "/mnt").script(script));
    Wait.until("the trap", () -> Files.exists(shared.resolve("set")));
    String deaf = start(box, pod, box.bundle().script("trap '' TERM; " + LOOP));
    box.call("pod", "delete", pod).expectFailure("is not stopped");
    box.call("pod", "stop", "--time", "3", pod).expectSuccess();
    assertEquals("stopped", box.status(polite));
    assertTrue(Files.exists(shared.resolve("bye")), "it was not asked first");
    assertEquals("stopped", box.status(deaf));
    JsonNode stopped = state(box, pod);
    assertEquals("stopped", stopped.get("status").asText());
    assertEquals(0, stopped.get("pid").asLong());
    assertEquals(2, stopped.get("containers").size());
    box.call("pod", "stop", pod).expectSuccess();
    box.call("pod", "delete", pod).expectSuccess();
    box.call("pod", "state", pod).expectFailure("pod", "does not exist");
    box.call("pod", "delete", pod).expectFailure("does not exist");
    box.call("pod", "delete", "--force", pod).expectSuccess();
    box.expectNothingLeft();
  }

  private static void awaitWord(Box box, String pod, String word) {
    Bundle reader = box.bundle().script("cat /dev/shm/got 2>/dev/null; true");
    Wait.until(word, () -> output(box, pod, reader).equals(word));
  }

  @OnGatun
  void killingReachesContainersAndPause(Box box) {
    String pod = pod(box);
    String got = "trap 'echo got > /dev/shm/got' USR1; echo set > /dev/shm/got; ";
    String container = start(box, pod, box.bundle().script(got + LOOP));
    awaitWord(box, pod, "set");
    long pause = pause(box, pod);
    box.call("pod", "kill", pod, "USR1").expectSuccess();
    awaitWord(box, pod, "got");
    assertEquals("running", box.status(container));
    assertEquals("running", state(box, pod).get("status").asText());
    box.call("pod", "kill", pod, "KILL").expectSuccess();
    box.awaitStatus(container, "stopped");
    Box.awaitEnd(pause);
    box.call("pod", "kill", pod).expectFailure("not running");
    box.call("pod", "delete", pod).expectSuccess();
    box.expectNothingLeft();
  }

  @OnGatun
  void aSharedPidNamespaceHasThePauseProcessAsItsFirst(Box box) {
    String pod = pod(box, "--share-pid");
    String first = start(box, pod, box.bundle().script(LOOP));
    assertEquals(namespace(pause(box, pod), "pid"), namespace(box.pid(first), "pid"), "not shared");
    String seen = output(box, pod, box.bundle().script("ps -o pid,args"));
    assertTrue(seen.contains("    1 pause " + pod), seen);
    assertTrue(seen.contains("sleep 0.1"), seen);
    // An orphan's end is the pause process's business.
    output(box, pod, box.bundle().script("(sleep 0.3 &) ; exit 0"));
    Wait.until(
        "the orphan to be reaped",
        () -> !output(box, pod, box.bundle().script("ps -o stat,args")).contains("sleep 0.3"));
    // A shell's own child is one for a moment, until the shell runs again.
    Bundle zombies = box.bundle().script("ps -o stat | grep -c Z; true");
    Wait.until("no zombie", () -> output(box, pod, zombies).equals("0"));
    box.call("pod", "delete", "--force", pod).expectSuccess();
    box.expectNothingLeft();
  }

  /** Lets the pod's root make what mounts need in the root file system. */
  private static Bundle owned(Bundle bundle) {
    Host.run("chown", "200000:200000", bundle.rootfs().toString());
    return bundle;
  }

  @OnGatun
  void aUserNamespaceIsOneForThePod(Box box) {
    String pod = pod(box, "--userns", "0:200000:65536");
    Bundle bundle = owned(box.bundle());
    String first = start(box, pod, bundle.script(LOOP));
    long pid = box.pid(first);
    assertEquals(namespace(pause(box, pod), "user"), namespace(pid, "user"));
    assertNotEquals(namespace(ProcessHandle.current().pid(), "user"), namespace(pid, "user"));
    assertTrue(ProcFs.read(pid, "uid_map").strip().matches("0\\s+200000\\s+65536"));
    assertEquals("0", output(box, pod, owned(box.bundle()).script("id -u")));
    box.call("pod", "delete", "--force", pod).expectSuccess();
    box.expectNothingLeft();
  }

  @OnGatun
  void sysctlsAreThePods(Box box) {
    String pod =
        pod(
            box,
            "--sysctl",
            "net.ipv4.ip_unprivileged_port_start=80",
            "--sysctl",
            "kernel.msgmax=4711");
    assertEquals(
        "80\n4711",
        output(
            box,
            pod,
            box.bundle()
                .script(
                    "cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax")));
    box.call("pod", "delete", "--force", pod).expectSuccess();
    box.call("pod", "create", "--sysctl", "kernel.panic=1", box.newId())
        .expectFailure("kernel.panic");
    box.call("pod", "create", "--sysctl", "net.ipv4.nonsense=1", box.newId())
        .expectFailure("net.ipv4.nonsense");
    box.call("pod", "create", "--network", "host", "--sysctl", "net.core.somaxconn=1", box.newId())
        .expectFailure("net.core.somaxconn");
    assertEquals("", box.call("pod", "list", "--quiet").expectSuccess().out());
    box.expectNothingLeft();
  }

  @OnGatun
  void theHostsNetworkIsShared(Box box) {
    String pod = pod(box, "--network", "host");
    String first = start(box, pod, box.bundle().script(LOOP));
    assertEquals(namespace(ProcessHandle.current().pid(), "net"), namespace(box.pid(first), "net"));
    assertEquals(namespace(pause(box, pod), "ipc"), namespace(box.pid(first), "ipc"));
    box.call("pod", "delete", "--force", pod).expectSuccess();
  }

  @OnGatun
  void containersAreBelowThePodsCgroup(Box box) {
    String pod = pod(box);
    String cgroup = state(box, pod).get("cgroup").asText();
    assertTrue(cgroup.endsWith("/pod@" + pod), cgroup);
    assertTrue(ProcFs.read(pause(box, pod), "cgroup").contains("0::" + cgroup + "/pause\n"));
    String container = start(box, pod, box.bundle().script(LOOP));
    assertTrue(
        ProcFs.read(box.pid(container), "cgroup")
            .contains("0::" + cgroup + "/" + container + "\n"));
    box.call("delete", "--force", container).expectSuccess();
    assertEquals(0, state(box, pod).get("containers").size());
    box.call("pod", "delete", "--force", pod).expectSuccess();
    assertFalse(Files.exists(Path.of(Host.cgroup2() + cgroup)), cgroup);
  }

  /** Each is in its own cgroup, and what ends one does not touch the other. */
  @OnGatun
  void aContainerOutsideMayHaveThePodsId(Box box) {
    Bundle bundle = box.bundle().args("/bin/sleep", "1000");
    for (boolean podFirst : new boolean[] {true, false}) {
      for (boolean podEndsFirst : new boolean[] {true, false}) {
        String id = box.newId();
        String[] pod = {"pod", "create", id};
        String[] container = {"create", "--bundle", bundle.write(), id};
        box.call(podFirst ? pod : container).expectSuccess();
        box.call(podFirst ? container : pod).expectSuccess();
        box.call("start", id).expectSuccess();
        if (podEndsFirst) {
          box.call("pod", "stop", id).expectSuccess();
          box.call("pod", "delete", id).expectSuccess();
          assertEquals("running", box.status(id));
          box.call("delete", "--force", id).expectSuccess();
        } else {
          box.call("kill", id, "KILL").expectSuccess();
          box.awaitStatus(id, "stopped");
          box.call("delete", id).expectSuccess();
          assertEquals("running", state(box, id).get("status").asText());
          box.call("pod", "delete", "--force", id).expectSuccess();
        }
        box.expectNothingLeft();
      }
    }
  }

  /** Nor are those in its way which are made when the other one is stopped and not deleted yet. */
  @OnGatun
  void whatIsStoppedTakesNothingOfTheSameIdWithIt(Box box) {
    String id = pod(box);
    box.call("pod", "stop", id).expectSuccess();
    Bundle bundle = box.bundle().args("/bin/sleep", "1000");
    box.call("create", "--bundle", bundle.write(), id).expectSuccess();
    box.call("pod", "delete", id).expectSuccess();
    assertEquals("created", box.status(id));
    box.call("kill", id, "KILL").expectSuccess();
    box.awaitStatus(id, "stopped");
    box.call("pod", "create", id).expectSuccess();
    box.call("delete", id).expectSuccess();
    assertEquals("running", state(box, id).get("status").asText());
    box.call("pod", "delete", "--force", id).expectSuccess();
    box.expectNothingLeft();
  }

  @OnGatun
  void whatIsPrinted(Box box) {
    String pod = pod(box, "--annotation", "team=blue", "--annotation", "note=a=b");
    JsonNode state = state(box, pod);
    assertEquals(pod, state.get("id").asText());
    assertEquals("running", state.get("status").asText());
    assertEquals("blue", state.get("annotations").get("team").asText());
    assertEquals("a=b", state.get("annotations").get("note").asText());
    assertEquals("none", state.get("network").get("mode").asText());
    assertEquals(
        "/proc/" + state.get("pid") + "/ns/net", state.get("namespaces").get("net").asText());
    assertEquals(pod, box.call("pod", "list", "-q").expectSuccess().out());
    JsonNode list = Box.parse(box.call("pod", "list", "--format", "json").expectSuccess().out());
    assertEquals(state, list.get(0));
    String table = box.call("pod", "list").expectSuccess().out();
    assertTrue(table.startsWith("ID "), table);
    assertTrue(table.contains(pod), table);
    assertEquals("", box.call("list", "-q").expectSuccess().out());
    box.call("pod", "delete", "--force", pod).expectSuccess();
  }

  @OnGatun
  void whatCannotBeIsSaidAndLeavesNothing(Box box) {
    String id = box.newId();
    box.call("pod", "create", "--network", "other", id).expectFailure("--network", "other");
    box.call("pod", "create", "--publish", "80", id).expectFailure("--publish", "80");
    box.call("pod", "create", "--publish", "80:80", id).expectFailure("--publish needs a network");
    box.call("pod", "create", "--userns", "0:1", id).expectFailure("--userns", "0:1");
    box.call("pod", "create", "--sysctl", "x", id).expectFailure("--sysctl", "NAME=VALUE");
    box.call("pod", "create", "--hostname", "x".repeat(65), id).expectFailure("hostname");
    box.call("pod", "create", "../up").expectFailure("invalid", "../up");
    box.call("pod", "create").expectFailure("wrong number of arguments");
    box.call("pod", "nonsense").expectFailure("no command is called \"pod nonsense\"");
    box.call("pod", "state", id).expectFailure("pod", id, "does not exist");
    box.call("pod", "stop", id).expectFailure("pod", id, "does not exist");
    box.call("create", "--pod", id, "--bundle", box.bundle().write(), box.newId())
        .expectFailure("pod", id, "does not exist");
    String pod = pod(box);
    box.call("pod", "create", pod).expectFailure("already exists", pod);
    Bundle joining = box.bundle().join("network", "/proc/self/ns/net");
    box.call("create", "--pod", pod, "--bundle", joining.write(), box.newId())
        .expectFailure("[config.json /linux/namespaces");
    box.call("pod", "delete", "--force", pod).expectSuccess();
    box.expectNothingLeft();
  }

  @OnGatun
  void namespacesAreJoinedByPathToo(Box box) {
    String pod = pod(box, "--hostname", "by-path");
    JsonNode namespaces = state(box, pod).get("namespaces");
    // As containerd and CRI-O do, without a word about the pod.
    Bundle bundle =
        box.bundle()
            .remove("/hostname")
            .join("network", namespaces.get("net").asText())
            .join("ipc", namespaces.get("ipc").asText())
            .join("uts", namespaces.get("uts").asText());
    assertEquals("by-path", box.output(bundle.script("hostname")));
    box.call("pod", "delete", "--force", pod).expectSuccess();
  }

  @OnGatun
  void systemVIpcIsShared(Box box) {
    String pod = pod(box);
    String maker = start(box, pod, box.bundle().script(LOOP));
    long queue =
        Long.parseLong(
            Host.run(
                    "nsenter",
                    "--ipc=/proc/" + box.pid(maker) + "/ns/ipc",
                    "sh",
                    "-c",
                    "ipcmk -Q | sed 's/.*: //'")
                .strip());
    String seen = output(box, pod, box.bundle().script("cat /proc/sysvipc/msg | tail -n +2"));
    assertTrue(seen.strip().matches("(?s).*\\b" + queue + "\\b.*"), seen);
    String other = pod(box);
    assertEquals(
        "", output(box, other, box.bundle().script("cat /proc/sysvipc/msg | tail -n +2")).strip());
    box.call("pod", "delete", "--force", pod).expectSuccess();
    box.call("pod", "delete", "--force", other).expectSuccess();
  }
}
