package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Containers that do to others, which are created and started beside them, whatever they can. */
class HostileStartTest {
  private static final int ROUNDS = 30;
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);

  /** A container with capabilities that its script does harm with. */
  private static String hostile(Box box, String script, String... capabilities) {
    Bundle bundle = box.bundle().writable().script(script);
    for (String set : List.of("bounding", "effective", "permitted")) {
      ArrayNode array = (ArrayNode) bundle.config().at("/process/capabilities/" + set);
      for (String name : capabilities) {
        array.add(name);
      }
    }
    return box.start(bundle);
  }

  /** A container in the PID namespace of another one. */
  private static Bundle beside(Box box, String id) {
    return box.bundle()
        .writable()
        .join("pid", "/proc/" + box.pid(id) + "/ns/pid")
        .args("/bin/sleep", "1000");
  }

  /** A loop over processes that are no program of a container's yet, {@code $p}. */
  private static String forEachInit(String action) {
    return "while :; do for d in /proc/[0-9]*; do p=${d#/proc/}; [ $p = 1 ] || [ $p = $$ ] ||"
        + " { read c < $d/comm && case $c in gatun*) "
        + action
        + ";; esac; }; done; done 2>/dev/null";
  }

  private static void delete(Box box, String id) {
    box.call("delete", "--force", id).expectSuccess();
  }

  /** Creates and starts, which both may fail with a sentence, and returns what starts wrote. */
  private static String round(Box box, String bundle, String id) {
    Command create = box.call("create", "--bundle", bundle, id);
    if (create.exit() != 0) {
      create.expectExit(1);
      assertEquals(1, create.err().lines().count(), create::toString);
      return "";
    }
    Command start = box.call("start", id);
    if (start.exit() != 0) {
      start.expectExit(1);
      assertEquals(1, start.err().lines().count(), start::toString);
    } else {
      box.awaitStatus(id, "stopped");
    }
    delete(box, id);
    return create.out();
  }

  private static List<String> tree(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.sorted()
          .map(path -> {
            try {
              var time = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS);
              String content = Files.isRegularFile(path) ? Files.readString(path) : "";
              return directory.relativize(path) + " " + time + " " + content;
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          })
          .toList();
    }
  }

  /** A host directory with the names that a root file system has, and a secret in all of them. */
  private static Path trap(Box box) throws IOException {
    Path trap = box.hostDirectory("trap");
    for (String name : List.of("dev", "proc", "sys", "w", "etc")) {
      Files.createDirectories(trap.resolve(name));
      Files.writeString(trap.resolve(name).resolve("secret"), "of the host");
    }
    Files.writeString(trap.resolve("etc/passwd"), "root:x:0:0:of the host:/of-the-host:/bin/sh\n");
    Files.writeString(trap.resolve("program"), "#!/bin/sh\necho of the host\n");
    Host.run("chmod", "755", trap.resolve("program").toString());
    return trap;
  }

  /** The owner of a root file system, at work on the host while it is made a container's. */
  private static Command swapping(Box box, Path rootfs, Path trap) {
    StringBuilder script = new StringBuilder("while :; do\n");
    for (String name : List.of("dev", "proc", "w", "etc/passwd", "program")) {
      String kept = name.replace('/', '-') + ".kept";
      script
          .append("mv -T " + name + " " + kept + " && ")
          .append("ln -s " + trap + "/" + name + " " + name + " && rm " + name + "; ")
          .append("[ -e " + kept + " ] && mv -T " + kept + " " + name + "\n");
      script
          .append("mv -T " + name + " " + kept + " && ")
          .append("ln -s ../../../../../../../.." + trap + "/" + name + " " + name)
          .append(" && rm " + name + "; ")
          .append("[ -e " + kept + " ] && mv -T " + kept + " " + name + "\n");
    }
    script.append("done 2>/dev/null");
    return box.launch(rootfs, Map.of(), List.of("/bin/busybox", "sh", "-c", script.toString()));
  }

  @OnGatun
  void whatIsSwappedForLinksNeverLeadsToTheHost(Box box) throws IOException {
    Path trap = trap(box);
    List<String> before = tree(trap);
    Bundle bundle =
        box.bundle()
            .writable()
            .set("/process/cwd", "'/w'")
            .args("/program", "x")
            .set("/process/env", "['PATH=/bin']");
    bundle.makeDirectory("w");
    bundle.file("program", "#!/bin/sh\necho right $HOME; cat secret /dev/secret\n", "755");
    String path = bundle.write();
    Command swapping = swapping(box, bundle.rootfs(), trap);
    int right = 0;
    long end = System.nanoTime() + LONG_ENOUGH.toNanos();
    for (int i = 0; i < ROUNDS || (right == 0 && System.nanoTime() < end); i++) {
      String said = round(box, path, box.newId());
      assertFalse(said.contains("of the host") || said.contains("of-the-host"), said);
      right += said.startsWith("right") ? 1 : 0;
    }
    assertTrue(swapping.isAlive(), swapping::toString);
    swapping.kill();
    assertTrue(right > 0, "nothing ever ran");
    assertEquals(before, tree(trap));
  }

  /** Creates a container that the other one stops once it waits for its start. */
  private static String stopped(Box box, String a) {
    String id = box.create(beside(box, a));
    long pid = box.pid(id);
    String inside = ProcFs.status(pid, "NSpid");
    Command kill =
        box.call("exec", a, "kill", "-STOP", inside.substring(inside.lastIndexOf('\t') + 1));
    kill.expectSuccess();
    Wait.until("it to be stopped", () -> ProcFs.status(pid, "State").startsWith("T"));
    return id;
  }

  @OnGatun
  void whoIsStoppedBeforeStartIsKilledInTime(Box box) {
    String a = hostile(box, "exec sleep 1000");
    String id = stopped(box, a);
    long pid = box.pid(id);
    long before = System.nanoTime();
    box.call("start", id)
        .expectFailure("\"" + id + "\": its first process was stopped or held up for 10 s");
    Duration took = Duration.ofNanos(System.nanoTime() - before);
    assertTrue(took.compareTo(Duration.ofSeconds(30)) < 0, took::toString);
    assertFalse(ProcFs.runs(pid));
    assertEquals("stopped", box.status(id));
    delete(box, id);
    delete(box, stopped(box, a));
  }

  @OnGatun
  void whoIsKilledBeforeStartIsReported(Box box) {
    String a = hostile(box, forEachInit("kill -KILL $p"));
    String bundle = beside(box, a).write();
    for (int i = 0; i < 5; i++) {
      String id = box.newId();
      Command create = box.call("create", "--bundle", bundle, id);
      if (create.exit() == 0) {
        long pid = box.pid(id);
        Box.awaitEnd(pid);
        box.call("start", id).expectFailure("cannot start container \"" + id + "\"");
        delete(box, id);
      } else {
        create.expectFailure("\"" + id + "\": its first process was killed");
      }
    }
  }

  @OnGatun
  void whoIsStoppedWhileItIsCreatedIsKilledInTime(Box box) {
    String a = hostile(box, forEachInit("kill -STOP $p"));
    Bundle bundle = beside(box, a);
    // Time for the other one.
    for (int i = 0; i < 300; i++) {
      bundle.mount("/mnt", "tmpfs", "tmpfs", "size=4k");
    }
    String path = bundle.write();
    int failed = 0;
    for (int i = 0; i < 10 && failed == 0; i++) {
      String id = box.newId();
      Command create = box.launch("create", "--bundle", path, id).await(LONG_ENOUGH);
      if (create.exit() == 0) {
        delete(box, id);
      } else {
        create.expectFailure("\"" + id + "\": its first process was stopped or held up for 20 s");
        failed++;
      }
    }
    assertEquals(1, failed, "it was never stopped in time");
  }

  private static String podThatSharesPids(Box box) {
    String pod = box.newId();
    box.call("pod", "create", "--share-pid", pod).expectSuccess();
    return pod;
  }

  /** The runtime's hooks and init's own, each with its time: that is all that init has more. */
  @OnGatun
  void whoIsStoppedInAPodThoughItHasHooksHoldsUpNobody(Box box) {
    String pod = podThatSharesPids(box);
    String a = box.newId();
    String hostile = box.bundle().script(forEachInit("kill -STOP $p")).write();
    box.call("create", "--pod", pod, "--bundle", hostile, a).expectSuccess();
    box.call("start", a).expectSuccess();
    Bundle bundle =
        box.bundle()
            .args("/bin/sleep", "1000")
            .set(
                "/hooks",
                "{'createRuntime': [{'path': '/bin/true', 'timeout': 2}],"
                    + " 'createContainer': [{'path': '/bin/true', 'timeout': 1}]}");
    // Time for the other one.
    for (int i = 0; i < 300; i++) {
      bundle.mount("/mnt", "tmpfs", "tmpfs", "size=4k");
    }
    String path = bundle.write();
    int failed = 0;
    for (int i = 0; i < 10 && failed == 0; i++) {
      String id = box.newId();
      Command create = box.launch("create", "--pod", pod, "--bundle", path, id).await(LONG_ENOUGH);
      if (create.exit() == 0) {
        delete(box, id);
      } else {
        create.expectFailure("\"" + id + "\": its first process was stopped or held up for 21 s");
        failed++;
      }
    }
    assertEquals(1, failed, "it was never stopped in time");
    box.call("pod", "delete", "--force", pod).expectSuccess();
    box.expectNothingLeft();
  }

  /** As it would be for ever if somebody in the pod had stopped the hook. */
  @OnGatun
  void aPodIsDeletedWhileAHookInItTakesAllTime(Box box) {
    String pod = podThatSharesPids(box);
    Path begun = box.directory().resolve("begun");
    Bundle bundle =
        box.bundle()
            .args("/bin/true")
            .set(
                "/hooks",
                "{'createContainer': [{'path': '/bin/sh', 'args': ['sh', '-c', 'echo >"
                    + begun
                    + "; exec /bin/sleep 1000']}]}");
    String id = box.newId();
    Command create = box.launch("create", "--pod", pod, "--bundle", bundle.write(), id);
    Wait.until(() -> "the hook to be run" + create, () -> Files.exists(begun));
    box.launch("pod", "delete", "--force", pod).await(LONG_ENOUGH).expectSuccess();
    create.await().expectFailure("\"" + id + "\": its first process was killed");
    box.expectNothingLeft();
  }

  private static final String LOOK =
      forEachInit(
          "echo seen; ls -l $d/fd $d/cwd $d/root $d/exe; cat $d/environ $d/maps;"
              + " head -c 64 $d/mem; cat $d/root/etc/hostname $d/root/*/secret $d/cwd/*/secret;"
              + " for f in $d/fd/*; do cat $f/secret $f/*/secret; done");

  private static String looked(Box box) throws IOException {
    Path secret = Files.createDirectories(Path.of("/", box.token()));
    try {
      Files.writeString(secret.resolve("secret"), "of the host");
      Path logs = box.hostDirectory("log");
      Path log = logs.resolve("log");
      Files.writeString(log, "");
      Bundle looking = box.bundle().writable().script("(" + LOOK + ") > /log/log");
      looking.bind(logs, "/log");
      String a = box.start(looking);
      String path = beside(box, a).args("/bin/true").write();
      for (int i = 0; i < 10; i++) {
        String id = box.newId();
        box.call("create", "--bundle", path, id).expectSuccess();
        Wait.pause(Duration.ofMillis(50));
        // What is executed may be looked into.
        delete(box, id);
      }
      String text = Files.readString(log);
      assertTrue(text.contains("seen"), "nothing was seen");
      assertFalse(text.contains("of the host"), text);
      return text;
    } finally {
      Host.run("rm", "-r", secret.toString());
    }
  }

  @OnGatun
  void whoWaitsForStartCannotBeLookedInto(Box box) throws IOException {
    String log = looked(box);
    for (String line : log.split("\n", -1)) {
      assertFalse(line.contains(" -> ") || line.contains("r-xp"), () -> line + "\n" + log);
    }
  }

  /** Before it waits it has to be where the mounts are; what it keeps is what counts. */
  @OnGatun
  void whoMayTraceEverythingFindsNothingOfTheHostInWhatWaits(Box box) throws IOException {
    String a = hostile(box, "exec sleep 1000", "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE");
    String id = box.create(beside(box, a));
    String inside = ProcFs.status(box.pid(id), "NSpid");
    String p = "cd /proc/" + inside.substring(inside.lastIndexOf('\t') + 1);
    String look = "; ls -l fd cwd root exe; ls cwd/ root/; cat environ";
    Command exec = box.call("exec", a, "sh", "-c", p + look);
    String log = exec.expectSuccess().out();
    int links = 0;
    for (String line : log.split("\n", -1)) {
      int arrow = line.indexOf(" -> ");
      if (arrow < 0) {
        assertFalse(line.contains(box.token()), log);
        continue;
      }
      String name = line.substring(line.lastIndexOf(' ', arrow - 1) + 1, arrow);
      String target = line.substring(arrow + 4);
      links++;
      assertTrue(
          List.of("0", "1", "2").contains(name)
              || target.equals("/")
              || target.startsWith("pipe:[")
              || target.startsWith("anon_inode:")
              // FIFOs of this container alone, which lead nowhere.
              || target.endsWith("/" + id + "/start")
              || target.endsWith("/" + id + "/status")
              || target.contains("memfd:gatun"),
          log);
    }
    assertTrue(links > 5, log);
  }

  @OnGatun
  void aProgramThatIsReplacedBeforeStartIsOfTheContainerAlone(Box box) throws IOException {
    Path program = trap(box).resolve("program");
    byte[] before = Files.readAllBytes(box.runtime().binary());
    List<List<String>> replacements =
        List.of(
            List.of("ln", "-s", program.toString()),
            List.of("ln", "-s", "../../../../../../.." + program),
            List.of("ln", "-s", "/proc/self/exe"),
            List.of("ln", "-s", "/proc/self/fd/3"),
            List.of("mkfifo"),
            List.of("mkdir"));
    for (List<String> replacement : replacements) {
      Bundle bundle = box.bundle().args("/program", "--help");
      Path own = bundle.file("program", "#!/bin/sh\necho own\n", "755");
      String id = box.newId();
      Command create = box.call("create", "--bundle", bundle.write(), id).expectSuccess();
      Files.delete(own);
      List<String> words = new ArrayList<>(replacement);
      words.add(own.toString());
      Host.run(words.toArray(String[]::new));
      Command start = box.call("start", id);
      if (start.exit() == 0) {
        box.awaitStatus(id, "stopped");
      } else {
        start.expectFailure("/program");
        assertEquals(1, start.err().lines().count(), start::toString);
      }
      String said = create.out() + create.err();
      assertFalse(said.contains("of the host") || said.contains("gatun runs containers"), said);
      delete(box, id);
    }
    assertArrayEquals(before, Files.readAllBytes(box.runtime().binary()));
  }

  @OnGatun
  void aFifoInPlaceOfTheUsersHoldsNobodyUp(Box box) throws IOException {
    Bundle bundle = box.bundle().script("echo $HOME");
    Path users = bundle.rootfs().resolve("etc/passwd");
    Files.deleteIfExists(users);
    Host.run("mkfifo", users.toString());
    assertEquals("/", box.output(bundle));
  }

  @OnEveryRuntime
  void outputThatNobodyReadsHoldsNoStartUp(Box box) {
    Path pipe = box.directory().resolve("pipe");
    Bundle bundle = box.bundle().writable().script("echo more; touch /written; exec sleep 1000");
    String id = box.newId();
    String full =
        "mkfifo "
            + pipe
            + "; exec 1<>"
            + pipe
            + "; dd if=/dev/zero of="
            + pipe
            + " bs=4096 oflag=nonblock 2>/dev/null; \"$@\"";
    box.launchFromShell(full, Map.of(), "create", "--bundle", bundle.write(), id)
        .await()
        .expectSuccess();
    box.call("start", id).expectSuccess();
    assertEquals("running", box.status(id));
    assertFalse(Files.exists(bundle.rootfs().resolve("written")));
    delete(box, id);
  }

  @OnEveryRuntime
  void aForkBombBesideHoldsNoStartUp(Box box) {
    Bundle bomb =
        box.bundle()
            .set("/process/user", "{'uid': 54321, 'gid': 54321}")
            .set("/process/rlimits", "[{'type': 'RLIMIT_NPROC', 'soft': 100, 'hard': 100}]")
            .script(
                "for i in 1 2 3 4; do (while :; do (b() { b | b & }; b); done) 2>/dev/null & done;"
                    + " exec sleep 1000");
    String a = box.start(bomb);
    String path = beside(box, a).script("exit 0").write();
    for (int i = 0; i < 3; i++) {
      String id = box.newId();
      box.call("create", "--bundle", path, id).expectSuccess();
      box.call("start", id).expectSuccess();
      box.awaitStatus(id, "stopped");
      delete(box, id);
    }
    delete(box, a);
  }
}
