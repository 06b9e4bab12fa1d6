package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Containers that do to what enters them whatever they can. */
class HostileContainerTest {
  /** What enters reads {@code /etc/passwd} for its home, for as long as a second. */
  private static final int SLOW = 12 << 20;

  /** A loop in the container over all processes but its first, {@code $p}. */
  private static String forEachOther(String action) {
    return "while :; do for d in /proc/[0-9]*; do p=${d#/proc/}; [ $p = 1 ] || "
        + action
        + "; done; done 2>/dev/null";
  }

  private static Bundle hostile(Box box, String script) {
    return box.bundle().writable().script(script);
  }

  private static Bundle slowToEnter(Box box, String script) {
    Bundle bundle = hostile(box, script);
    String line = "nobody:x:65534:65534:" + "a".repeat(1000) + ":/:/bin/false\n";
    bundle.file("etc/passwd", line.repeat(SLOW / line.length()), "0644");
    return bundle;
  }

  private static Bundle capable(Bundle bundle, String... names) {
    for (String set : List.of("bounding", "effective", "permitted")) {
      ArrayNode array = (ArrayNode) bundle.config().at("/process/capabilities/" + set);
      for (String name : names) {
        array.add(name);
      }
    }
    return bundle;
  }

  private static Command exec(Box box, String id, String... words) {
    List<String> all = new ArrayList<>(List.of("exec"));
    all.addAll(List.of(words));
    all.set(all.indexOf("ID"), id);
    return box.call(all.toArray(String[]::new));
  }

  private static void expectAlone(Box box, String id) {
    Wait.until(
        "the container to be alone",
        () -> !box.call("ps", "--format", "json", id).out().contains(","));
  }

  @OnGatun
  void whatEntersAndIsStoppedIsKilledInTime(Box box) {
    String id = box.start(slowToEnter(box, forEachOther("kill -STOP $p")));
    long before = System.nanoTime();
    Command exec = exec(box, id, "--detach", "ID", "/bin/sleep", "1000");
    Duration took = Duration.ofNanos(System.nanoTime() - before);
    exec.expectExit(255);
    assertTrue(exec.lastErrorLine().contains("stopped or held up there for 10 s"), exec::toString);
    assertTrue(took.compareTo(Duration.ofSeconds(30)) < 0, took::toString);
    expectAlone(box, id);
  }

  @OnGatun
  void whatEntersAndIsKilledIsReported(Box box) {
    String id = box.start(slowToEnter(box, forEachOther("kill -KILL $p")));
    for (int i = 0; i < 3; i++) {
      Command exec = exec(box, id, "ID", "/bin/sleep", "1000");
      exec.expectExit(255);
      assertTrue(exec.lastErrorLine().contains("killed before it could execute"), exec::toString);
    }
    // Every other signal has to wait until there is a program that it is for.
    String other = box.start(slowToEnter(box, forEachOther("kill -SEGV $p")));
    exec(box, other, "ID", "/bin/sleep", "1000").expectExit(139);
    expectAlone(box, other);
  }

  /**
   * Writes down what it can see of what enters, as long as that is nothing of its own yet: before
   * it was looked at, and behind that.
   */
  private static final String LOOK =
      forEachOther(
          "if grep -q ^gatun /proc/$p/comm; then"
              + " ls -l /proc/$p/fd /proc/$p/cwd /proc/$p/root /proc/$p/exe > /look;"
              + " cat /proc/$p/environ /proc/$p/maps /proc/$p/mem >> /look;"
              + " if grep -q ^gatun /proc/$p/comm; then echo seen >> /log; cat /look >> /log; fi; fi");

  private static String lookedAt(Box box, Bundle bundle) throws IOException {
    String id = box.start(bundle);
    Path log = bundle.rootfs().resolve("log");
    for (int i = 0; i < 20; i++) {
      exec(box, id, "ID", "/bin/true").expectSuccess();
      if (Files.exists(log) && Files.readString(log).split("seen", -1).length > 5) {
        break;
      }
    }
    assertTrue(Files.exists(log), "nothing was seen");
    // The container goes on writing: its last line may be half of one.
    String text = Files.readString(log);
    return text.substring(0, text.lastIndexOf('\n') + 1);
  }

  @OnGatun
  void whatEntersCannotBeLookedInto(Box box) throws IOException {
    String log = lookedAt(box, slowToEnter(box, LOOK));
    assertTrue(log.contains("seen"), log);
    for (String line : log.split("\n", -1)) {
      assertFalse(line.contains(" -> ") || line.contains("r-xp"), () -> line + "\n" + log);
    }
  }

  @OnGatun
  void whoMayTraceEverythingFindsNothingOfTheHost(Box box) throws IOException {
    Bundle bundle = capable(slowToEnter(box, LOOK), "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE");
    String log = lookedAt(box, bundle);
    assertTrue(log.contains(" -> "), log);
    for (String line : log.split("\n", -1)) {
      int arrow = line.indexOf(" -> ");
      if (arrow < 0) {
        continue;
      }
      String name = line.substring(line.lastIndexOf(' ', arrow - 1) + 1, arrow);
      String target = line.substring(arrow + 4);
      switch (name) {
        case "0", "1", "2" -> {
          // The caller's own, which the process is meant to have.
        }
        default ->
            assertTrue(
                target.equals("/")
                    || target.equals("/etc/passwd")
                    || target.startsWith("pipe:[")
                    || target.contains("memfd:gatun")
                    // It executed what it was asked for in the meantime.
                    || target.equals("/bin/busybox"),
                line);
      }
    }
  }

  @OnGatun
  void theWorkingDirectoryIsNeverOutside(Box box) throws IOException {
    // CVE-2024-21626, also with the link changing all the time.
    Path secret = box.hostFile("secret", "of the host");
    String read = "pwd -P; cat ../../../../../../../../../.." + secret;
    String id =
        box.start(
            hostile(
                box,
                "while :; do for fd in 3 4 5 6 7 8 9; do"
                    + " ln -sfn /proc/self/fd/$fd /w; ln -sfn /tmp /w; done; done"));
    for (int fd = 3; fd < 13; fd++) {
      Command exec = exec(box, id, "--cwd", "/proc/self/fd/" + fd, "ID", "sh", "-c", read);
      exec.expectExit(255);
      assertFalse(exec.out().contains("of the host"), exec::toString);
    }
    int inside = 0;
    for (int i = 0; i < 20; i++) {
      Command exec = exec(box, id, "--cwd", "/w", "ID", "sh", "-c", read);
      assertFalse(exec.out().contains("of the host"), exec::toString);
      if (!exec.out().isEmpty()) {
        assertEquals("/tmp", exec.out());
        inside++;
      }
    }
    assertTrue(inside > 0, "the link never led anywhere");
  }

  @OnGatun
  void aFakeProcIsNotWrittenTo(Box box) throws IOException {
    Bundle bundle =
        capable(
            hostile(
                box,
                "mount -t tmpfs none /proc; for d in self thread-self 1; do mkdir -p /proc/$d/attr;"
                    + " for f in oom_score_adj attr/exec attr/current; do echo fake > /proc/$d/$f;"
                    + " done; done; echo ready; exec sleep 1000"),
            "CAP_SYS_ADMIN");
    String id = box.newId();
    Command run = box.launch("run", "--bundle", bundle.write(), id);
    run.awaitOutput("ready");
    ObjectNode process = Bundle.JSON.createObjectNode().put("cwd", "/").put("oomScoreAdj", 432);
    process.putArray("args").add("/bin/sleep").add("1000");
    Path document = box.hostFile("process.json", process.toString());
    Path pidFile = box.directory().resolve("pid");
    exec(box, id, "-d", "-p", document.toString(), "--pid-file", pidFile.toString(), "ID")
        .expectSuccess();
    long pid = Long.parseLong(Files.readString(pidFile));
    assertEquals("432", ProcFs.read(pid, "oom_score_adj").strip());
    assertEquals(
        "fake\nfake",
        exec(box, id, "ID", "cat", "/proc/self/oom_score_adj", "/proc/self/attr/exec")
            .expectSuccess()
            .out());
    box.call("kill", id, "KILL").expectSuccess();
    run.await();
  }

  @OnGatun
  void aFifoInPlaceOfTheUsersHoldsNobodyUp(Box box) {
    Bundle bundle = hostile(box, "rm -f /etc/passwd; mkfifo /etc/passwd; exec sleep 1000");
    String id = box.start(bundle);
    // Until then it is the file of every bundle.
    Path users = bundle.rootfs().resolve("etc/passwd");
    Wait.until("the FIFO", () -> Files.exists(users) && !Files.isRegularFile(users));
    assertEquals("/", exec(box, id, "ID", "sh", "-c", "echo $HOME").expectSuccess().out());
  }

  @OnGatun
  void whatIsExecutedIsOfTheContainerAlone(Box box) throws IOException {
    // A program that is a link to what executes it would be the runtime itself, CVE-2019-5736.
    String id = box.start(hostile(box, "exec sleep 1000"));
    byte[] before = Files.readAllBytes(box.runtime().binary());
    for (String path : List.of("/proc/self/exe", "/proc/thread-self/exe", "/proc/1/exe")) {
      exec(box, id, "ID", "sh", "-c", "echo overwritten > " + path);
      Command exec = exec(box, id, "ID", path, "--help");
      assertFalse(exec.out().contains("gatun runs containers"), exec::toString);
    }
    assertEquals(before.length, Files.readAllBytes(box.runtime().binary()).length);
  }

  @OnGatun
  void forksDoNotConfuseWhoIsWho(Box box) {
    String id = box.start(hostile(box, "while :; do /bin/true; (exit 3) & wait; done"));
    for (int i = 0; i < 20; i++) {
      int status = i;
      exec(box, id, "ID", "sh", "-c", "exit " + status).expectExit(status);
    }
  }

  @OnGatun
  void whateverIsWrittenToStdioArrives(Box box) {
    String id = box.start(hostile(box, "exec sleep 1000"));
    Command exec = exec(box, id, "ID", "sh", "-c", "yes 0123456789abcde | head -c 3200000");
    assertEquals(3_199_999, exec.expectSuccess().out().length());
  }
}
