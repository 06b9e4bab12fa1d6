package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Terminals: in the foreground on a real one, and through a console socket. */
class TerminalTest {
  /** A peer gives the terminal its size when the process runs already. */
  private static final String UNTIL_SIZED =
      "until stty size 2>/dev/null | grep -q '[1-9]'; do sleep 0.01; done; ";

  private static Bundle bundle(Box box, String script) {
    return box.bundle().set("/process/terminal", "true").script(script);
  }

  private static String[] run(Box box, Bundle bundle) {
    return new String[] {"run", "--bundle", bundle.write(), box.newId()};
  }

  /** A process whose first words say that it is there. */
  private static Command launch(Terminal terminal, Box box, String script) {
    Command command = terminal.launch(run(box, bundle(box, script)));
    terminal.expect("ready");
    return command;
  }

  @OnEveryRuntime
  void theProcessHasATerminalAsItsConsole(Box box) {
    Bundle bundle =
        bundle(
            box,
            UNTIL_SIZED
                + "tty; stty size; stat -c %t:%T /dev/console /dev/pts/0; echo tty >/dev/tty\n"
                + "grep -o ' / /dev/console .* - devpts\\| /0 /dev/console .* - devpts'"
                + " /proc/self/mountinfo | wc -l\n"
                + "for i in 0 1 2; do readlink /proc/self/fd/$i; done; echo console >/dev/console");
    try (Terminal terminal = new Terminal(box, 31, 87)) {
      terminal.run(run(box, bundle)).expectSuccess();
      assertEquals(
          List.of(
              "/dev/pts/0",
              "31 87",
              "88:0",
              "88:0",
              "tty",
              "1",
              "/dev/pts/0",
              "/dev/pts/0",
              "/dev/pts/0",
              "console"),
          terminal.text().lines().toList());
    }
  }

  @OnGatun
  void theSizeIsThereFromTheBeginning(Box box) {
    try (Terminal terminal = new Terminal(box, 32, 88)) {
      terminal.run(
          run(
              box,
              box.bundle().set("/process/terminal", "true").args("/bin/busybox", "stty", "size")));
      assertEquals("32 88\r\n", terminal.text());
    }
  }

  @OnEveryRuntime
  void theUserOwnsTheTerminal(Box box) {
    Bundle bundle = bundle(box, "stat -c '%u %g' /dev/console; echo mine >/dev/tty");
    bundle.set("/process/user", "{'uid': 1000, 'gid': 1000}");
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      terminal.run(run(box, bundle)).expectSuccess();
      assertEquals("1000 5\r\nmine\r\n", terminal.text());
    }
  }

  @OnEveryRuntime
  void onlyTheStandardStreamsAreOpen(Box box) {
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      terminal.run(run(box, bundle(box, "cd /proc/self/fd; echo *"))).expectSuccess();
      // The fourth is the shell's own, for the pattern.
      assertEquals("0 1 2 3\r\n", terminal.text());
    }
  }

  @OnEveryRuntime
  void theSizeFollowsTheWindow(Box box) {
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      Command command =
          launch(
              terminal,
              box,
              // Lines and columns change one after the other: what is shown is what is compared.
              "trap 's=$(stty size); echo $s; [ \"$s\" = \"11 22\" ] && exit 3' WINCH; echo ready;"
                  + " while :; do sleep 0.02; done");
      terminal.resize(11, 22);
      terminal.expect("11 22");
      terminal.await(command).expectExit(3);
    }
  }

  @OnEveryRuntime
  void controlCReachesTheForegroundProcess(Box box) {
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      Command command =
          launch(
              terminal,
              box,
              // A shell that is hit before it has forked does not interrupt what it forks then.
              "trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.02; done");
      terminal.type("\u0003").expect("^C").expect("interrupted");
      terminal.await(command).expectExit(7);
    }
  }

  @OnEveryRuntime
  void controlZStopsAJobOfTheContainersShell(Box box) {
    try (Terminal terminal = new Terminal(box, 24, 200)) {
      Command command =
          terminal.launch(run(box, bundle(box, "").args("/bin/sh", "-i").env("PS1", "prompt> ")));
      // It is told to continue when it is in the foreground again, and the shell is not any more.
      String job = "sh -c 'trap \"echo again\" CONT; echo runs; while :; do sleep 0.02; done'";
      terminal.expect("prompt> ").type(job + "\r").expect("\nruns");
      terminal.type("\u001a").expect("Stopped").expect("prompt> ");
      terminal.type("fg\r").expect("\nagain").type("\u0003").expect("prompt> ");
      terminal.type("exit 4\r");
      terminal.await(command).expectExit(4);
    }
  }

  @OnEveryRuntime
  void theModesAreRestoredHoweverItEnds(Box box) {
    String script = "trap 'echo told; exit 8' TERM HUP; echo ready; while :; do sleep 0.02; done";
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      String before = terminal.modes();
      terminal.run(run(box, bundle(box, "exit 5"))).expectExit(5);
      assertEquals(before, terminal.modes());
      for (String signal : List.of("TERM", "HUP")) {
        Command command = launch(terminal, box, script);
        if (box.isRunc()) {
          // It shows the first words before that.
          Wait.until("the terminal to be raw", terminal::isRaw);
        }
        assertTrue(terminal.isRaw());
        Host.signal(command.pid(), signal);
        terminal.expect("told");
        terminal.await(command).expectExit(8);
        assertEquals(before, terminal.modes());
      }
      Bundle bundle = bundle(box, script);
      String id = box.newId();
      Command command = terminal.launch("run", "--bundle", bundle.write(), id);
      terminal.expect("ready");
      box.call("kill", id, "KILL").expectSuccess();
      terminal.await(command).expectExit(137);
      assertEquals(before, terminal.modes());
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void theModesAreRestoredWhenTheCommandIsKilled(Box box) {
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      String before = terminal.modes();
      String id = box.newId();
      Command command =
          terminal.launch("run", "-b", bundle(box, "echo ready; sleep 1000").write(), id);
      terminal.expect("ready");
      long pid = box.pid(id);
      command.killOnlyThis();
      Wait.until("the modes to be restored", () -> terminal.modes().equals(before));
      assertTrue(ProcFs.runs(pid), "the container does not end with the command that shows it");
      box.call("kill", id, "KILL").expectSuccess();
    }
  }

  @OnEveryRuntime
  void noLineIsLost(Box box) {
    Bundle bundle = bundle(box, "seq 1 3000; printf last");
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      StringBuilder expected = new StringBuilder();
      for (int round = 0; round < 6; round++) {
        terminal.run(run(box, bundle)).expectSuccess();
        for (int i = 1; i <= 3000; i++) {
          expected.append(i).append("\r\n");
        }
        expected.append("last");
        assertEquals(expected.toString(), terminal.text(), "round " + round);
      }
    }
  }

  @OnGatun
  void whoStaysBehindDoesNotHoldUpTheEnd(Box box) {
    Bundle bundle = bundle(box, "(while :; do echo behind; done) & echo front; exit 5");
    bundle.removeNamespace("pid");
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      terminal.run(run(box, bundle)).expectExit(5);
      assertTrue(terminal.text().contains("front"), terminal.text());
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void aTerminalThatTakesNothingHoldsUpNoSignal(Box box) {
    Bundle bundle = bundle(box, "trap 'exit 6' TERM; yes & echo ready; wait");
    String id = box.newId();
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      Command command = terminal.launch("run", "--bundle", bundle.write(), id);
      terminal.expect("ready");
      // Nothing is taken from here on: the terminal is full in no time.
      Wait.pause(Duration.ofMillis(200));
      long pid = box.pid(id);
      Host.signal(command.pid(), "TERM");
      Wait.until("the container's end", () -> !ProcFs.runs(pid));
      if (!box.isRunc()) {
        assertTrue(command.isAlive(), "what is written is still to be shown");
      }
      terminal.await(command).expectExit(6);
    }
  }

  @OnGatun
  void aSecondSignalGivesUpATerminalThatTakesNothing(Box box) {
    Bundle bundle = bundle(box, "trap 'exit 6' TERM; yes & echo ready; wait");
    String id = box.newId();
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      String before = terminal.modes();
      Command command = terminal.launch("run", "--bundle", bundle.write(), id);
      terminal.expect("ready");
      Wait.pause(Duration.ofMillis(200));
      long pid = box.pid(id);
      Host.signal(command.pid(), "TERM");
      // Not before the command has seen it: it would tell the container the second one too.
      Wait.until("the container's end", () -> !Files.exists(Path.of("/proc/" + pid)));
      Host.signal(command.pid(), "TERM");
      command.await().expectExit(6);
      assertEquals(before, terminal.modes());
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void aClosedWindowHangsUpTheContainersTerminal(Box box) {
    String id = box.newId();
    Path told = box.hostDirectory("told");
    // The signal is forwarded, and who reads the terminal finds its end.
    Bundle bundle =
        bundle(box, "trap 'echo hangup >/told/signal' HUP; echo ready; cat; cat; echo e >/told/end")
            .bind(told, "/told");
    Command command;
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      command = terminal.launch("run", "--bundle", bundle.write(), id);
      terminal.expect("ready");
    }
    command.await();
    assertTrue(Files.exists(told.resolve("signal")), command::toString);
    assertTrue(Files.exists(told.resolve("end")), command::toString);
    box.expectNothingLeft();
  }

  @OnGatun
  void aCommandInTheBackgroundStopsUntilItIsBroughtToTheForeground(Box box) {
    Bundle bundle = bundle(box, "echo ready; while read x; do echo \"<$x>\"; done; exit 3");
    try (Terminal terminal = new Terminal(box, 24, 200)) {
      Command shell = terminal.launch("exec bash --norc --noprofile -i", List.of());
      String id = box.newId();
      terminal.type("PS1='pro''mpt> '\r").expect("prompt> ");
      terminal.type(
          String.join(
                  " ",
                  box.runtime().binary().toString(),
                  "--root",
                  box.stateRoot().toString(),
                  "run --bundle",
                  bundle.write(),
                  id)
              + " &\r");
      terminal.expect("prompt> ");
      Wait.until(
          "the command to stop",
          () -> {
            terminal.type("\r").expect("prompt> ");
            return terminal.text().contains("Stopped");
          });
      terminal.type("fg\r").expect("ready").type("one\r").expect("<one>");
      // Stopped from outside, and back again.
      String pids = Host.run("pgrep", "-f", "--", "run --bundle " + bundle.directory() + " " + id);
      assertEquals(3, pids.lines().count(), "the command, and one that copies each way");
      pids.lines().forEach(pid -> Host.signal(Long.parseLong(pid), "STOP"));
      terminal.expect("Stopped").expect("prompt> ");
      terminal.type("fg\r").expect("run --bundle");
      Wait.until("the terminal to be raw again", terminal::isRaw);
      terminal.type("two\r").expect("<two>").type("\u0004").expect("prompt> ");
      terminal.type("echo st''atus $?\r").expect("status 3");
      terminal.type("exit\r");
      terminal.await(shell);
    }
  }

  @OnGatun
  void inputThatIsNoTerminalEndsForTheProcessToo(Box box) {
    record Case(String input, String script, String output) {}
    List<Case> cases =
        List.of(
            new Case("printf 'one\\ntwo\\n'", "cat", "one\r\ntwo\r\none\r\ntwo\r\n"),
            new Case("printf 'half a line'", "cat", "half a linehalf a line"),
            new Case("true", "cat; cat; echo end", "end\r\n"),
            new Case("seq 1 20000", "stty -echo; sleep 0.2; echo; wc -l", "20000\r\n"));
    for (Case one : cases) {
      Command command =
          box.launchFromShell(
                  one.input() + " | \"$@\" | cat", Map.of(), run(box, bundle(box, one.script())))
              .await()
              .expectSuccess();
      String out = command.rawOut();
      assertTrue(out.endsWith(one.output()), () -> one + ": " + out);
    }
  }

  @OnGatun
  void outputThatNobodyTakesHangsUpTheTerminal(Box box) {
    Command command =
        box.launchFromShell("\"$@\" </dev/null | head -n 1", Map.of(), run(box, bundle(box, "yes")))
            .await()
            .expectSuccess();
    assertEquals("y", command.out());
    box.expectNothingLeft();
  }

  @OnGatun
  void aTerminalThatWasClosedByAllCanBeOpenedAgain(Box box) {
    Bundle bundle =
        bundle(
            box,
            "exec </dev/null >/dev/null 2>&1; sleep 0.3; exec <>/dev/console >&0 2>&1;"
                + " echo back; read x; echo \"<$x>\"");
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      Command command = terminal.launch(run(box, bundle));
      terminal.expect("back").type("again\r").expect("<again>");
      terminal.await(command).expectSuccess();
    }
  }

  @OnEveryRuntime
  void aConsoleSocketReceivesTheTerminal(Box box) {
    Bundle bundle =
        bundle(
            box,
            // The first process is not interrupted, only what it waits for when that is there.
            "stty size; read x; echo \"<$x>\"; trap 'stty size; exit' WINCH;"
                + " sh -c 'echo waits; exec sleep 1000'");
    bundle.set("/process/consoleSize", "{'height': 33, 'width': 99}");
    Path path = box.directory().resolve("console.sock");
    int socket = Libc.listen(path.toString());
    try {
      String id = box.newId();
      Command create =
          box.launch("create", "-b", bundle.write(), "--console-socket", path + "", id);
      Libc.Received received = Libc.receive(socket);
      create.await().expectSuccess();
      assertTrue(received.name().startsWith("/dev/"), received::name);
      box.call("start", id).expectSuccess();
      try (ReceivedTerminal terminal = new ReceivedTerminal(received.fd())) {
        terminal.expect("33 99");
        terminal.type("hello\n").expect("<hello>").expect("waits");
        terminal.type("\u0003");
        box.awaitStatus(id, "stopped");
      }
      box.call("delete", id).expectSuccess();

      String other = box.newId();
      Command run =
          box.launch("run", "-d", "-b", bundle.write(), "--console-socket", path + "", other);
      Libc.Received second = Libc.receive(socket);
      run.await().expectSuccess();
      assertEquals("running", box.status(other));
      // Who reads a terminal that was hung up finds its end.
      Libc.close(second.fd());
      box.call("kill", other, "KILL").expectSuccess();
      box.awaitStatus(other, "stopped");
    } finally {
      Libc.close(socket);
    }
  }

  @OnGatun
  void aConsoleSocketMayHaveALongPath(Box box) throws IOException {
    Path deep = box.hostDirectory("d".repeat(100)).resolve("e".repeat(100));
    Files.createDirectories(deep);
    Path near = box.directory().resolve("near.sock");
    int socket = Libc.listen(near.toString());
    try {
      Path path = Files.move(near, deep.resolve("console.sock"));
      Bundle bundle = bundle(box, "echo here; read x");
      String id = box.newId();
      Command run =
          box.launch("run", "-d", "-b", bundle.write(), "--console-socket", path + "", id);
      try (ReceivedTerminal terminal = new ReceivedTerminal(Libc.receive(socket).fd())) {
        run.await().expectSuccess();
        terminal.expect("here").type("\n");
        box.awaitStatus(id, "stopped");
      }
    } finally {
      Libc.close(socket);
    }
  }

  @OnEveryRuntime
  void aTerminalAndItsSocketGoTogether(Box box) throws IOException {
    String bundle = bundle(box, "true").write();
    for (List<String> words : List.of(List.of("create"), List.of("run", "-d"))) {
      List<String> all = new java.util.ArrayList<>(words);
      all.addAll(List.of("-b", bundle, box.newId()));
      box.call(all.toArray(new String[0])).expectFailure("cannot allocate tty");
      all.addAll(words.size(), List.of("--console-socket", "/nonexistent/socket"));
      box.call(all.toArray(new String[0])).expectFailure("/nonexistent/socket");
    }
    Path socket = box.directory().resolve("unused.sock");
    String without = box.bundle().args("/bin/true").write();
    box.call("create", "-b", without, "--console-socket", socket + "", box.newId())
        .expectFailure("cannot use console socket");
    box.call("run", "-b", bundle, "--console-socket", socket + "", box.newId())
        .expectFailure("cannot use console socket");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void anExecutedProcessMayHaveATerminalOfItsOwn(Box box) {
    String id = box.start(box.bundle().args("/bin/sleep", "1000"));
    try (Terminal terminal = new Terminal(box, 29, 77)) {
      String before = terminal.modes();
      Command command =
          terminal.launch(
              "exec",
              "-t",
              "-u",
              "1000:1000",
              id,
              "/bin/sh",
              "-c",
              UNTIL_SIZED
                  + "stty size; tty;"
                  + " echo mine >/dev/tty; trap 'echo interrupted; exit 7' INT; echo ready;"
                  + " while :; do sleep 0.02; done");
      terminal.expect("29 77").expect("/dev/pts/0").expect("mine").expect("ready");
      assertTrue(terminal.isRaw());
      terminal.type("\u0003").expect("interrupted");
      terminal.await(command).expectExit(7);
      assertEquals(before, terminal.modes());
      // Who stays behind has the terminal still, and does not hold up the end.
      String script = "trap '' HUP; sleep 1000 & seq 1 2000; printf last; exit 3";
      terminal.await(terminal.launch("exec", "-t", id, "/bin/sh", "-c", script));
      if (!box.isRunc()) {
        assertTrue(terminal.text().endsWith("2000\r\nlast"), terminal.text());
      }
      assertEquals("running", box.status(id));
      assertEquals(before, terminal.modes());
    }
  }

  @OnEveryRuntime
  void anExecutedProcesssTerminalGoesToAConsoleSocket(Box box) {
    String id = box.start(box.bundle().args("/bin/sleep", "1000"));
    Path file =
        box.hostFile(
            "process.json",
            "{\"terminal\": true, \"consoleSize\": {\"height\": 12, \"width\": 34},"
                + " \"user\": {\"uid\": 0, \"gid\": 0}, \"cwd\": \"/\", \"env\":"
                + " [\"PATH=/bin\"], \"args\": [\"sh\", \"-c\", \"stty size; read x\"]}");
    Path path = box.directory().resolve("exec.sock");
    int socket = Libc.listen(path.toString());
    try {
      Command exec =
          box.launch("exec", "--process", file + "", "--detach", "--console-socket", path + "", id);
      try (ReceivedTerminal terminal = new ReceivedTerminal(Libc.receive(socket).fd())) {
        exec.await().expectSuccess();
        terminal.expect("12 34").type("\n");
      }
    } finally {
      Libc.close(socket);
    }
    box.call("exec", "-d", "-t", id, "/bin/true").expectExit(255);
    box.call("exec", "--console-socket", path + "", id, "/bin/true").expectExit(255);
  }

  @OnGatun
  void anExecutedProcessTakesTheContainersTerminalAlone(Box box) throws IOException {
    // The container's root has put a directory of its own where its terminals should be.
    Bundle bundle = ownDev(box).args("/bin/sleep", "1000");
    bundle.set("/process/terminal", "false").makeDirectory("dev/pts");
    Host.run("mkfifo", bundle.rootfs().resolve("dev/pts/ptmx").toString());
    String id = box.start(bundle);
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      String before = terminal.modes();
      terminal.run("exec", "-t", id, "/bin/true").expectExit(255);
      terminal.expect("/dev/pts of the container is no devpts");
      assertEquals(before, terminal.modes());
    }
  }

  @OnGatun
  void aConsoleSocketThatNobodyServesIsAnError(Box box) {
    String bundle = bundle(box, "true").write();
    Path path = box.directory().resolve("dead.sock");
    Libc.close(Libc.listen(path.toString()));
    box.call("create", "-b", bundle, "--console-socket", path + "", box.newId())
        .expectFailure("connect to console socket \"" + path + "\"", "ECONNREFUSED");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void inAUserNamespaceTheTerminalIsTheContainers(Box box) {
    Bundle bundle = UserNamespaceTest.mapped(box).set("/process/terminal", "true");
    bundle.set("/process/user", "{'uid': 1000, 'gid': 1000}");
    bundle.script("tty; stat -c '%u %t:%T' /dev/console; echo mine >/dev/tty; read x; exit 3");
    String id = box.newId();
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      Command command = terminal.launch("run", "--bundle", bundle.write(), id);
      terminal.expect("/dev/pts/0").expect("1000 88:0").expect("mine");
      try (Terminal second = new Terminal(box, 24, 80)) {
        second.run("exec", "-t", id, "/bin/sh", "-c", "tty; echo mine >/dev/tty").expectSuccess();
        assertEquals("/dev/pts/1\r\nmine\r\n", second.text());
      }
      terminal.type("\r");
      terminal.await(command).expectExit(3);
    }
  }

  /** A root file system that brings a {@code /dev} of its own, without any mount in it. */
  private static Bundle ownDev(Box box) {
    Bundle bundle = bundle(box, "echo ran").writable();
    for (String mount : List.of("/dev/pts", "/dev/shm", "/dev/mqueue", "/dev")) {
      bundle.removeMount(mount);
    }
    bundle.makeDirectory("dev");
    return bundle;
  }

  @OnGatun
  void consoleIsNoLinkOfTheRootfs(Box box) throws IOException {
    // CVE-2025-52565: what is mounted on the console, and where, is not for the rootfs to say.
    Path trap = box.hostFile("trap", "untouched");
    Bundle bundle = ownDev(box);
    bundle.mount("/dev/pts", "devpts", "devpts", "newinstance", "ptmxmode=0666");
    bundle.symlink("dev/console", trap.toString());
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      Command run = terminal.run(run(box, bundle)).expectExit(1);
      String text = terminal.text();
      assertTrue(text.contains("/dev/console: it is a symbolic link"), () -> text + run);
      assertTrue(text.contains("[config.json /process/terminal]"), text);
    }
    assertEquals("untouched", Files.readString(trap));
    assertFalse(Host.mounts().stream().anyMatch(mount -> mount.line().contains(box.token())));
    box.expectNothingLeft();
  }

  @OnGatun
  void aTerminalIsOfTheContainersDevptsAlone(Box box) throws IOException {
    // Nothing of the rootfs is opened as if it were a ptmx, and no host path behind a link.
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      Bundle link = ownDev(box).symlink("dev/pts", "/tmp");
      link.file("tmp/ptmx", "x", "666");
      Bundle host = ownDev(box).symlink("dev/pts", "../../../../../../../../dev/pts");
      Bundle node = ownDev(box);
      node.makeDirectory("dev/pts");
      Host.run("mknod", node.rootfs().resolve("dev/pts/ptmx").toString(), "c", "5", "2");
      for (Bundle bundle : List.of(link, node)) {
        terminal.run(run(box, bundle)).expectExit(1);
        terminal.expect("/dev/pts of the container is no devpts").expect("/process/terminal]");
      }
      terminal.run(run(box, host)).expectExit(1);
      assertFalse(terminal.text().contains("ran"), terminal.text());
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void ptmxOfTheRootfsIsNotUsed(Box box) {
    Bundle bundle = bundle(box, "tty; ls -l /dev/ptmx | sed 's/.*-> //'").writable();
    bundle.removeMount("/dev").makeDirectory("dev/pts");
    bundle.symlink("dev/ptmx", "/etc/passwd");
    JsonNode mounts = bundle.mounts();
    assertTrue(mounts.size() > 3);
    try (Terminal terminal = new Terminal(box, 24, 80)) {
      terminal.run(run(box, bundle)).expectSuccess();
      assertEquals("/dev/pts/0\r\npts/ptmx\r\n", terminal.text());
    }
  }

  /** A terminal that a console socket has received. */
  private static final class ReceivedTerminal implements AutoCloseable {
    private final int fd;
    private final StringBuilder shown = new StringBuilder();

    ReceivedTerminal(int fd) {
      this.fd = fd;
    }

    ReceivedTerminal type(String keys) {
      Libc.write(fd, keys.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      return this;
    }

    ReceivedTerminal expect(String text) {
      Wait.until(
          () -> "'" + text + "' on the terminal, which shows: " + shown,
          () -> {
            if (Libc.readable(fd, 10)) {
              shown.append(
                  new String(Libc.read(fd, 4096), java.nio.charset.StandardCharsets.UTF_8));
            }
            return shown.indexOf(text) >= 0;
          });
      return this;
    }

    @Override
    public void close() {
      Libc.close(fd);
    }
  }
}
