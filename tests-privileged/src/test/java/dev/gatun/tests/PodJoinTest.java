package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** How an ordinary bundle becomes a container of a pod, and ceases to be one. */
class PodJoinTest {
  private static final int ROUNDS = Integer.getInteger("gatun.tests.rounds", 200) / 4;
  private static final int AT_ONCE = 10;

  /** A pod that is deleted with its containers before the box is looked through. */
  private record Pod(Box box, String id) implements AutoCloseable {
    static Pod create(Box box, String... options) {
      List<String> words = new ArrayList<>(List.of("pod", "create"));
      words.addAll(List.of(options));
      String id = box.newId();
      words.add(id);
      box.call(words.toArray(String[]::new)).expectSuccess();
      return new Pod(box, id);
    }

    long pause() {
      return Box.parse(box.call("pod", "state", id).expectSuccess().out()).get("pid").asLong();
    }

    Path directory() {
      return box.stateRoot().resolve(".pods").resolve(id);
    }

    /** The ids that are entered. */
    List<String> entries() {
      List<String> names = new ArrayList<>();
      try (DirectoryStream<Path> all =
          Files.newDirectoryStream(directory().resolve("containers"))) {
        all.forEach(entry -> names.add(String.valueOf(entry.getFileName())));
      } catch (IOException e) {
        throw new AssertionError("cannot list the containers of " + id, e);
      }
      Collections.sort(names);
      return names;
    }

    Command create(Bundle bundle, String container) {
      return box.call("create", "--pod", id, "--bundle", bundle.write(), container);
    }

    String start(Bundle bundle) {
      String container = box.newId();
      create(bundle, container).expectSuccess();
      box.call("start", container).expectSuccess();
      return container;
    }

    String sleeper() {
      return start(box.bundle().args("/bin/sleep", "1000"));
    }

    Command run(Bundle bundle) {
      return box.call("run", "--pod", id, "--bundle", bundle.write(), box.newId());
    }

    String output(Bundle bundle, String script) {
      return run(bundle.script(script)).expectSuccess().out();
    }

    /** A create that is refused; nothing of it stays. */
    Command refused(Bundle bundle, String... words) {
      List<String> before = entries();
      Command create = create(bundle, box.newId()).expectFailure(words);
      assertEquals(before, entries());
      return create;
    }

    @Override
    public void close() {
      box.call("pod", "delete", "--force", id).expectSuccess();
    }
  }

  /** A bundle in which nothing has to be made that something is mounted on. */
  private static Bundle complete(Box box) {
    Bundle bundle = box.bundle();
    for (String name : List.of("proc", "sys", "dev", "etc")) {
      bundle.makeDirectory(name);
    }
    for (String name : List.of("hosts", "resolv.conf", "hostname")) {
      bundle.file("etc/" + name, "", "644");
    }
    Host.run("chmod", "755", box.directory().toString(), bundle.directory().toString());
    return bundle;
  }

  // --- namespaces

  @OnGatun
  void whateverTheConfigSaysOfThePodsNamespacesTheyAreJoined(Box box) {
    try (Pod pod = Pod.create(box)) {
      long pause = pod.pause();
      Bundle nothing = box.bundle().remove("/hostname");
      Bundle paths = box.bundle();
      for (String[] kind : new String[][] {{"network", "net"}, {"ipc", "ipc"}, {"uts", "uts"}}) {
        nothing.removeNamespace(kind[0]);
        paths.join(kind[0], "/proc/" + pause + "/ns/" + kind[1]);
      }
      for (Bundle bundle : List.of(box.bundle(), nothing, paths)) {
        String container = pod.start(bundle.args("/bin/sleep", "1000"));
        long pid = box.pid(container);
        for (String name : List.of("net", "ipc", "uts")) {
          assertEquals(ProcFs.link(pause, "ns/" + name), ProcFs.link(pid, "ns/" + name), name);
        }
        for (String name : List.of("mnt", "pid")) {
          assertNotEquals(ProcFs.link(pause, "ns/" + name), ProcFs.link(pid, "ns/" + name), name);
        }
      }
    }
  }

  @OnGatun
  void anotherNamespaceThanThePodsIsRefusedByItsPlace(Box box) {
    try (Pod pod = Pod.create(box);
        Pod other = Pod.create(box)) {
      Bundle bundle = box.bundle().join("ipc", "/proc/" + other.pause() + "/ns/ipc");
      int index = bundle.namespaces().size() - 1;
      pod.refused(
          bundle, "ipc namespace of pod \"" + pod.id(), "[config.json /linux/namespaces/" + index);
    }
  }

  @OnGatun
  void aPidThatIsSomebodyElsesByNowIsNotJoined(Box box) throws IOException {
    try (Pod pod = Pod.create(box)) {
      Path file = pod.directory().resolve("state.json");
      String state = Files.readString(file);
      String start = Box.parse(state).get("startTime").asText();
      assertTrue(state.contains("\"startTime\":" + start), state);
      // As if the process of this pid had begun at another time than the pause process.
      Files.writeString(
          file,
          state.replace("\"startTime\":" + start, "\"startTime\":" + (Long.parseLong(start) - 1)));
      pod.refused(box.bundle(), "pod \"" + pod.id() + "\" is stopped");
      Files.writeString(file, state);
      assertEquals(pod.id(), pod.output(box.bundle(), "hostname"));
    }
  }

  @OnGatun
  void aPodThatIsStoppedOrMissingIsOneSentence(Box box) {
    try (Pod pod = Pod.create(box)) {
      Host.signal(pod.pause(), "TERM");
      Wait.until(
          "the pod to stop",
          () -> box.call("pod", "state", pod.id()).out().contains("\"status\": \"stopped\""));
      Command create = pod.refused(box.bundle(), "pod \"" + pod.id() + "\" is stopped");
      assertEquals("gatun: pod \"" + pod.id() + "\" is stopped", create.err().strip());
      box.call("run", "--pod", "none", "--bundle", box.bundle().write(), box.newId())
          .expectFailure("pod does not exist: \"none\"");
      box.call("run", "--pod", "../up", "--bundle", box.bundle().write(), box.newId())
          .expectFailure("invalid pod id \"../up\"");
      assertEquals("", box.call("list", "-q").expectSuccess().out());
    }
  }

  @OnGatun
  void theUserNamespaceIsThePods(Box box) {
    try (Pod pod = Pod.create(box, "--userns", "0:200000:65536")) {
      Bundle own = complete(box);
      own.namespaces().addObject().put("type", "user");
      own.set("/linux/uidMappings", "[{'containerID': 0, 'hostID': 100000, 'size': 65536}]");
      own.set("/linux/gidMappings", "[{'containerID': 0, 'hostID': 100000, 'size': 65536}]");
      int index = own.namespaces().size() - 1;
      pod.refused(
          own, "a user namespace of its own", "[config.json /linux/namespaces/" + index + "]");
      String container = pod.start(complete(box).args("/bin/sleep", "1000"));
      assertEquals(ProcFs.link(pod.pause(), "ns/user"), ProcFs.link(box.pid(container), "ns/user"));
      // Who enters is in it too.
      assertEquals(
          "0 200000",
          box.call(
                  "exec",
                  container,
                  "sh",
                  "-c",
                  "echo $(id -u) $(awk '{print $2}' /proc/self/uid_map)")
              .expectSuccess()
              .out());
      assertEquals(pod.id(), box.call("exec", container, "hostname").expectSuccess().out());
      assertEquals(
          "127.0.0.1",
          pod.output(complete(box), "awk '/127/ {print $1}' /etc/hosts; echo x >/dev/shm/x"));
    }
  }

  @OnGatun
  void aUserNamespaceOfItsOwnIsFineInAPodWithoutOne(Box box) {
    try (Pod pod = Pod.create(box)) {
      Bundle own = complete(box).removeMount("/dev/mqueue");
      own.namespaces().addObject().put("type", "user");
      own.set("/linux/uidMappings", "[{'containerID': 0, 'hostID': 100000, 'size': 65536}]");
      own.set("/linux/gidMappings", "[{'containerID': 0, 'hostID': 100000, 'size': 65536}]");
      assertEquals(
          pod.id() + "\n100000", pod.output(own, "hostname; awk '{print $2}' /proc/self/uid_map"));
    }
  }

  // --- parameters

  @OnGatun
  void parametersOfThePodsNamespacesAreSetWithThePod(Box box) {
    String name = "net.ipv4.ip_unprivileged_port_start";
    try (Pod pod = Pod.create(box, "--sysctl", name + "=79")) {
      String place = "/linux/sysctl";
      pod.refused(
          box.bundle().set(place, "{'" + name + "': '81'}"),
          "sysctl \"" + name + "\" is not allowed in a container of pod \"" + pod.id() + "\"",
          "[config.json " + place + "/" + name + "]");
      pod.refused(box.bundle().set(place, "{'kernel.shmmax': '4096'}"), "sysctl \"kernel.shmmax\"");
      assertEquals(
          "79",
          pod.output(
              box.bundle().set(place, "{'" + name + "': '79'}"),
              "cat /proc/sys/net/ipv4/ip_unprivileged_port_start"));
    }
  }

  @OnGatun
  void theIgnoredHostNameIsAWarning(Box box) throws IOException {
    try (Pod pod = Pod.create(box)) {
      Path log = box.directory().resolve("log");
      box.call(
              "--log",
              log.toString(),
              "--log-format",
              "json",
              "create",
              "--pod",
              pod.id(),
              "--bundle",
              box.bundle().write(),
              box.newId())
          .expectSuccess();
      assertTrue(
          Files.readString(log)
              .contains(
                  "hostname \\\"runc\\\" is ignored: the container has that of pod \\\""
                      + pod.id()),
          Files.readString(log));
    }
  }

  // --- mounts

  @OnGatun
  void whatTheConfigMountsItselfIsNotThePods(Box box) {
    try (Pod pod = Pod.create(box)) {
      Path own = box.hostFile("own", "mine\n");
      Path etc = box.hostDirectory("etc");
      Path shm = box.hostDirectory("own-shm");
      assertEquals(
          "mine\n" + pod.id(),
          pod.output(
              box.bundle().bind(own, "/etc/resolv.conf"), "cat /etc/resolv.conf /etc/hostname"));
      assertEquals("0", pod.output(box.bundle().bind(etc, "/etc"), "ls /etc | wc -l"));
      pod.output(
          box.bundle().removeMount("/dev/shm").bind(shm, "/dev/shm"), "echo here >/dev/shm/word");
      assertTrue(Files.exists(shm.resolve("word")));
      assertFalse(Files.exists(pod.directory().resolve("shm/word")));
      assertEquals(
          "",
          pod.output(box.bundle().removeMount("/dev/shm"), "ls /dev/shm"),
          "the pod's memory, without the configuration's");
      pod.output(box.bundle().removeMount("/dev/shm"), "echo there >/dev/shm/word");
      assertTrue(Files.exists(pod.directory().resolve("shm/word")));
    }
  }

  @OnGatun
  void aRootFileSystemWithoutEtcIsGivenOne(Box box) throws IOException {
    try (Pod pod = Pod.create(box)) {
      Bundle bundle = box.bundle();
      Host.run("rm", "-rf", bundle.rootfs().resolve("etc").toString());
      assertEquals(pod.id(), pod.output(bundle, "cat /etc/hostname"));
      assertEquals(0, Files.size(bundle.rootfs().resolve("etc/hostname")), "a place to mount on");
      Bundle linked = box.bundle();
      linked.makeDirectory("etc");
      Files.deleteIfExists(linked.rootfs().resolve("etc/resolv.conf"));
      linked.symlink("etc/resolv.conf", "../run/resolv/stub.conf");
      pod.output(linked, "grep -q . /run/resolv/stub.conf && grep -q . /etc/resolv.conf");
    }
  }

  @OnGatun
  void whereNothingCanBeMountedTheFilesAreLeftOutAloud(Box box) throws IOException {
    try (Pod pod = Pod.create(box)) {
      Bundle bundle = complete(box);
      Files.delete(bundle.rootfs().resolve("etc/resolv.conf"));
      Files.delete(bundle.rootfs().resolve("etc/hostname"));
      String rootfs = bundle.rootfs().toString();
      Path log = box.directory().resolve("log");
      Host.run("mount", "--bind", "-o", "ro", rootfs, rootfs);
      try {
        Command run =
            box.call(
                "--log",
                log.toString(),
                "run",
                "--pod",
                pod.id(),
                "--bundle",
                bundle.script("ls /etc | grep h; grep -c localhost /etc/hosts; hostname").write(),
                box.newId());
        run.expectSuccess();
        assertEquals("hosts\n2\n" + pod.id(), run.out());
        String said = Files.readString(log);
        assertTrue(said.contains("the pod's /etc/resolv.conf is left out"), said);
        assertTrue(said.contains("the pod's /etc/hostname is left out"), said);
        assertFalse(said.contains("/etc/hosts is left out"), said);
      } finally {
        Host.run("umount", rootfs);
      }
    }
  }

  @OnGatun
  void aReadOnlyContainerHasReadOnlyFilesAndWritableMemory(Box box) {
    try (Pod pod = Pod.create(box)) {
      assertEquals(
          "refused",
          pod.output(box.bundle(), "echo x >>/etc/hosts || echo refused; echo x >/dev/shm/x"));
      pod.output(box.bundle().writable(), "echo '192.0.2.7 seven' >>/etc/hosts");
      assertEquals(
          "192.0.2.7 seven", pod.output(box.bundle(), "tail -n 1 /etc/hosts"), "one file for all");
    }
  }

  // --- the container's life

  @OnGatun
  void theEntryLivesAsLongAsTheContainer(Box box) {
    try (Pod pod = Pod.create(box)) {
      String first = pod.sleeper();
      String second = pod.sleeper();
      assertEquals(List.of(first, second), pod.entries());
      pod.create(box.bundle(), first).expectFailure("already exists");
      assertEquals(List.of(first, second), pod.entries());
      box.call("delete", "--force", first).expectSuccess();
      assertEquals(List.of(second), pod.entries());
      pod.run(box.bundle().args("/bin/true")).expectSuccess();
      assertEquals(List.of(second), pod.entries(), "run deletes what it made");
      pod.run(box.bundle().args("/nonexistent")).expectFailure("no such file");
      assertEquals(List.of(second), pod.entries());
      assertEquals(pod.id(), box.state(second).get("pod").asText());
      JsonNode list = Box.parse(box.call("list", "-f", "json").expectSuccess().out());
      assertEquals(1, list.size());
      assertEquals(pod.id(), list.get(0).get("pod").asText());
      String alone = box.create(box.bundle());
      assertFalse(box.state(alone).has("pod"));
      pod.create(box.bundle(), alone).expectFailure("already exists");
      assertEquals(List.of(second), pod.entries(), "a container that stands alone is not entered");
      box.call("delete", "--force", alone).expectSuccess();
    }
  }

  @OnGatun
  void anEntryThatIsLeftOverMeansNothing(Box box) throws IOException {
    String alone = box.start(box.bundle().args("/bin/sleep", "1000"));
    try (Pod pod = Pod.create(box)) {
      Files.createFile(pod.directory().resolve("containers").resolve(alone));
      Files.createFile(pod.directory().resolve("containers").resolve("ghost"));
      assertEquals(
          0,
          Box.parse(box.call("pod", "state", pod.id()).expectSuccess().out())
              .get("containers")
              .size());
      String ghost = box.newId();
      Files.createFile(pod.directory().resolve("containers").resolve(ghost));
      pod.create(box.bundle(), ghost).expectSuccess();
      box.call("delete", "--force", ghost).expectSuccess();
      assertFalse(pod.entries().contains(ghost));
    }
    assertEquals("running", box.status(alone), "the pod's end is not that of others");
    box.call("delete", "--force", alone).expectSuccess();
  }

  @OnGatun
  void everyCommandWorksOnAContainerOfAPod(Box box) {
    try (Pod pod = Pod.create(box)) {
      String id = pod.sleeper();
      long pid = box.pid(id);
      assertTrue(box.call("ps", id).expectSuccess().out().contains("sleep 1000"));
      assertEquals(pod.id(), box.call("exec", id, "hostname").expectSuccess().out());
      assertEquals(
          "[" + pid + "]", box.call("ps", "--format", "json", id).expectSuccess().out().strip());
      box.call("pause", id).expectSuccess();
      assertEquals("paused", box.status(id));
      box.call("resume", id).expectSuccess();
      Path update = box.hostFile("update", "{\"unified\": {\"cgroup.max.depth\": \"33\"}}");
      box.call("update", "--resources", update.toString(), id).expectSuccess();
      String cgroup = ProcFs.read(pid, "cgroup").replaceAll("(?s).*0::([^\n]*)\n.*", "$1");
      assertTrue(cgroup.endsWith("/pod@" + pod.id() + "/" + id), cgroup);
      assertEquals("33", Host.run("cat", Host.cgroup2() + cgroup + "/cgroup.max.depth"));
      assertTrue(box.call("events", "--stats", id).expectSuccess().out().contains(id));
      box.call("kill", id, "KILL").expectSuccess();
      box.awaitStatus(id, "stopped");
      box.call("delete", id).expectSuccess();
      assertTrue(ProcFs.runs(pod.pause()));
    }
  }

  @OnGatun
  void limitsOfTheConfigHoldBelowThePodsCgroup(Box box) {
    try (Pod pod = Pod.create(box)) {
      Bundle limited =
          box.bundle()
              .set("/linux/resources/unified", "{'cgroup.max.depth': '7'}")
              .args("/bin/sleep", "1000");
      long pid = box.pid(pod.start(limited));
      String cgroup = ProcFs.read(pid, "cgroup").replaceAll("(?s).*0::([^\n]*)\n.*", "$1");
      assertEquals("7", Host.run("cat", Host.cgroup2() + cgroup + "/cgroup.max.depth"));
      String own = "/" + box.token() + "-own/c";
      long elsewhere =
          box.pid(
              pod.start(
                  box.bundle()
                      .set("/linux/cgroupsPath", "'" + own + "'")
                      .args("/bin/sleep", "1000")));
      assertTrue(ProcFs.read(elsewhere, "cgroup").contains("0::" + own + "\n"));
      pod.create(box.bundle(), "pause").expectFailure("\"pause\"");
    }
    Host.run("sh", "-c", "rmdir " + Host.cgroup2() + "/" + box.token() + "-own || true");
  }

  @OnGatun
  void explainShowsThePod(Box box) {
    try (Pod pod = Pod.create(box)) {
      String text =
          box.call("explain", "--pod", pod.id(), box.bundle().write()).expectSuccess().out();
      assertTrue(text.contains("hold on to pod \"" + pod.id() + "\""), text);
      assertTrue(text.contains("<pause process of pod " + pod.id() + ">, CLONE_NEWNET"), text);
      assertTrue(text.contains("mount the pod's /etc/hosts"), text);
      assertEquals(List.of(), pod.entries());
      box.call("explain", "--pod", "none", box.bundle().write()).expectFailure("does not exist");
    }
  }

  // --- interrupted and at once

  @OnGatun
  void killedAtAnyMomentOfCreateNothingStaysAfterThePodIsDeleted(Box box) {
    String bundle = box.bundle().args("/bin/sleep", "1000").write();
    try (Pod trial = Pod.create(box)) {
      long whole = Long.MAX_VALUE;
      // The first takes longer than any after it, and others work on this machine too.
      for (int i = 0; i < 5; i++) {
        long begin = System.nanoTime();
        String id = box.newId();
        box.call("create", "--pod", trial.id(), "--bundle", bundle, id).expectSuccess();
        whole = Math.min(whole, System.nanoTime() - begin);
      }
      int interrupted = 0;
      for (int i = 0; i < ROUNDS; i++) {
        String id = box.newId();
        Command create = box.launch("create", "--pod", trial.id(), "--bundle", bundle, id);
        Wait.pause(Duration.ofNanos(ThreadLocalRandom.current().nextLong(whole)));
        create.killOnlyThis();
        interrupted += create.await().exit() == 0 ? 0 : 1;
        if (i % 2 == 0) {
          box.call("delete", "--force", id).expectSuccess();
          box.call("state", id).expectFailure("does not exist");
        }
      }
      assertTrue(interrupted > ROUNDS / 4, "only " + interrupted + " were interrupted");
    }
    // What was killed between its entry and its state is in the list until somebody deletes it.
    for (String id : box.call("list", "-q").expectSuccess().out().split("\n", -1)) {
      if (!id.isEmpty()) {
        assertEquals("stopped", box.status(id));
        assertFalse(box.state(id).has("pod"), id);
        box.call("delete", "--force", id).expectSuccess();
      }
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void aPodThatIsDeletedWhileContainersAreCreatedTakesThemAlong(Box box)
      throws InterruptedException, ExecutionException {
    String bundle = box.bundle().args("/bin/sleep", "1000").write();
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    try (Pod pod = Pod.create(box)) {
      List<Future<Command>> all = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        all.add(
            threads.submit(
                () -> box.call("create", "--pod", pod.id(), "--bundle", bundle, box.newId())));
      }
      Wait.until("a container", () -> !pod.entries().isEmpty());
      box.call("pod", "delete", "--force", pod.id()).expectSuccess();
      for (Future<Command> one : all) {
        Command create = one.get();
        if (create.exit() != 0) {
          assertTrue(create.err().contains("pod"), create::toString);
        }
      }
      assertEquals("", box.call("list", "-q").expectSuccess().out());
      box.expectNothingLeft();
    } finally {
      threads.shutdownNow();
      assertTrue(threads.awaitTermination(1, TimeUnit.MINUTES));
    }
  }
}
