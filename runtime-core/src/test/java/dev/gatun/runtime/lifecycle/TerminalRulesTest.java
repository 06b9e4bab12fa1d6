package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Imm;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecReader;
import dev.gatun.oci.State;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.init.ExecCompiler;
import dev.gatun.runtime.init.InitCompiler;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rules of the security checklist for terminals, over the programs that make and show them. */
class TerminalRulesTest {
  private static Spec spec(boolean terminal) {
    String text =
        LocalContainers.resource("runc-spec.json")
            .replaceFirst("\"terminal\": false", "\"terminal\": " + terminal);
    return SpecReader.readValid(text.getBytes(StandardCharsets.UTF_8), "config.json");
  }

  private static InitCompiler.Image init(Arch arch, boolean terminal) {
    return InitCompiler.compile(
        arch,
        spec(terminal),
        new InitCompiler.Options("rules", "/bundle", 0, 0, false, true, true));
  }

  private static ExecCompiler.Image exec(Arch arch, boolean terminal) {
    return ExecCompiler.compile(
        arch,
        Objects.requireNonNull(spec(terminal).process()),
        Linux.NONE,
        new ExecCompiler.Options(
            "rules",
            0,
            true,
            true,
            null,
            new State("1.2.0", "rules", State.Status.RUNNING, 1, "/b", Map.of())));
  }

  private static int ioctl(LinkedProgram program, long request) {
    return program.only(
        "ioctl " + Long.toHexString(request),
        program.all(
            i -> program.is(i, Syscall.IOCTL) && program.at(i).arg(1).equals(new Imm(request))));
  }

  private static int openOf(LinkedProgram program, String name) {
    return program.only(
        "open " + name,
        program.all(i -> {
          Syscall call = program.at(i).syscall();
          return (call == Syscall.OPENAT || call == Syscall.OPENAT2)
              && program.text(program.at(i).arg(1)).equals(name)
              && program.at(i).origin().place().equals("/process/terminal");
        }));
  }

  /** The file system's type is looked at between two records, and something else goes away. */
  private static void assertDevpts(LinkedProgram program, Slot fd, int from, int to) {
    int stat = -1;
    for (int i = from; i < to && stat < 0; i++) {
      stat = program.is(i, Syscall.FSTATFS) && program.at(i).arg(0) == fd ? i : -1;
    }
    assertTrue(stat > 0, fd + " is not looked at");
    Instruction load = program.at(stat + 1);
    assertEquals(Op.LD, load.op());
    assertEquals(new Imm(Structs.STATFS_F_TYPE), load.arg(1));
    Instruction branch = program.at(stat + 2);
    assertEquals(Op.Condition.NE.ordinal(), branch.code());
    assertEquals(load.result(), branch.arg(0));
    assertEquals(new Imm(Constants.DEVPTS_SUPER_MAGIC), branch.arg(1));
    assertTrue(stat + 2 < to);
  }

  private static void assertTerminal(LinkedProgram program, Slot root, Slot console) {
    // What is opened is in a directory that is a devpts, and nowhere else: CVE-2025-52565.
    int directory = openOf(program, "dev/pts");
    int open = openOf(program, "ptmx");
    assertEquals(root, program.at(directory).arg(0));
    assertTrue(
        (program.field(program.at(directory).arg(2), Structs.OPEN_HOW_FLAGS) & Constants.O_PATH)
            != 0);
    Slot pts = program.at(directory).result();
    assertEquals(pts, program.at(open).arg(0));
    assertDevpts(program, pts, directory, open);
    long resolve = program.field(program.at(open).arg(2), Structs.OPEN_HOW_RESOLVE);
    assertEquals(
        Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_XDEV | Constants.RESOLVE_NO_SYMLINKS,
        resolve);
    long flags = program.field(program.at(open).arg(2), Structs.OPEN_HOW_FLAGS);
    assertTrue((flags & Constants.O_NOCTTY) != 0);
    Slot ptmx = program.at(open).result();
    int unlock = ioctl(program, Constants.TIOCSPTLCK);
    assertDevpts(program, ptmx, open, unlock);
    for (int expected : new int[] {5, 2}) {
      assertTrue(
          program
                  .all(i ->
                      i > open
                          && i < unlock
                          && program.at(i).op() == Op.BR
                          && program.at(i).code() == Op.Condition.NE.ordinal()
                          && program.at(i).arg(1).equals(new Imm(expected)))
                  .size()
              >= 1,
          "the ptmx is not verified to be 5:2 with inode 2");
    }
    // The peer comes from the ptmx, by no name.
    int get = ioctl(program, Constants.TIOCGPTPEER);
    assertTrue(unlock < get);
    assertEquals(ptmx, program.at(get).arg(0));
    assertTrue(
        (program.number(program.at(get).arg(2), "TIOCGPTPEER")
                & (Constants.O_NOCTTY | Constants.O_CLOEXEC))
            == (Constants.O_NOCTTY | Constants.O_CLOEXEC));
    Slot peer = program.at(get).result();
    int controlling = ioctl(program, Constants.TIOCSCTTY);
    assertDevpts(program, peer, get, controlling);
    assertEquals(peer, program.at(controlling).arg(0));
    // It is sent, and nothing of it stays open but the standard streams.
    int send = program.only("sendmsg", program.all(Syscall.SENDMSG));
    assertEquals(console, program.at(send).arg(0));
    long how = program.number(program.at(send).arg(2), "sendmsg");
    assertEquals(Constants.MSG_NOSIGNAL | Constants.MSG_DONTWAIT, how, "no wait, rule 14");
    for (Slot fd : new Slot[] {ptmx, console, peer}) {
      assertTrue(
          program.all(i -> program.is(i, Syscall.CLOSE) && program.at(i).arg(0) == fd).size() == 1,
          fd + " stays open");
    }
    List<Integer> copies =
        program.all(i -> program.is(i, Syscall.DUP3) && program.at(i).arg(0) == peer);
    assertEquals(3, copies.size());
    for (int fd = 0; fd <= 2; fd++) {
      assertTrue(copies.get(fd) > controlling);
      assertEquals(new Imm(fd), program.at(copies.get(fd)).arg(1));
    }
    int user =
        program.only(
            "setresuid",
            program.all(
                i -> program.is(i, Syscall.SETRESUID) && program.position(i) > controlling));
    assertTrue(copies.getLast() < user, "while it has its privileges, and before stdio is given");
  }

  @ParameterizedTest
  @EnumSource
  void initTakesTheContainersTerminalAlone(Arch arch) {
    InitCompiler.Image image = init(arch, true);
    LinkedProgram program = new LinkedProgram("init", image.program());
    Slot root = (Slot) program.at(openOf(program, "dev/pts")).arg(0);
    assertEquals("rootfs", root.path());
    assertTerminal(program, root, Objects.requireNonNull(image.console()));
  }

  /** The console is made and found without links, and shows the peer's descriptor. */
  @Test
  void theConsoleShowsThePeer() {
    LinkedProgram program = new LinkedProgram("init", init(Arch.host(), true).program());
    Slot peer = program.at(ioctl(program, Constants.TIOCGPTPEER)).result();
    int clone =
        program.only(
            "open_tree",
            program.all(i -> program.is(i, Syscall.OPEN_TREE) && program.at(i).arg(0) == peer));
    assertEquals("", program.text(program.at(clone).arg(1)));
    int open = openOf(program, "console");
    long flags = program.number(program.at(open).arg(2), "console");
    assertTrue((flags & Arch.host().O_NOFOLLOW()) != 0);
    assertTrue((flags & Constants.O_PATH) != 0);
    int move =
        program.only(
            "move_mount",
            program.all(i ->
                program.is(i, Syscall.MOVE_MOUNT)
                    && program.at(i).arg(0) == program.at(clone).result()));
    assertEquals(program.at(open).result(), program.at(move).arg(2));
    assertTrue(
        program
                .all(i ->
                    i > open
                        && i < clone
                        && program.at(i).op() == Op.BR
                        && program.at(i).arg(1).equals(new Imm(Constants.S_IFLNK)))
                .size()
            == 1,
        "a link is refused");
    int pivot = program.only("pivot_root", program.all(Syscall.PIVOT_ROOT));
    assertTrue(move < pivot);
  }

  @ParameterizedTest
  @EnumSource
  void whatEntersTakesTheContainersTerminalAlone(Arch arch) {
    ExecCompiler.Image image = exec(arch, true);
    LinkedProgram program = new LinkedProgram("exec", image.program());
    int root = openOf(program, "/");
    assertTrue(root > image.process(), "after the namespaces were joined");
    assertTerminal(program, program.at(root).result(), Objects.requireNonNull(image.console()));
    assertEquals(List.of(), program.all(Syscall.MOVE_MOUNT), "an exec has no console");
  }

  @Test
  void withoutATerminalThereIsNothingOfIt() {
    InitCompiler.Image init = init(Arch.host(), false);
    ExecCompiler.Image exec = exec(Arch.host(), false);
    assertNull(init.console());
    assertNull(exec.console());
    for (var program : List.of(init.program(), exec.program())) {
      LinkedProgram linked = new LinkedProgram("without", program);
      assertEquals(List.of(), linked.all(Syscall.SENDMSG));
      assertEquals(List.of(), linked.all(Syscall.DUP3));
    }
  }

  @Test
  void aTerminalAndAWayToShowItGoTogether() {
    ConsoleSocket.check(true, true, null, "");
    ConsoleSocket.check(true, false, "/socket", "");
    ConsoleSocket.check(false, true, null, "");
    ConsoleSocket.check(false, false, null, "");
    assertRefused("cannot allocate tty", true, false, false);
    assertRefused("cannot use console socket", true, true, true);
    assertRefused("cannot use console socket", false, true, true);
    assertRefused("cannot use console socket", false, false, true);
  }

  private static void assertRefused(
      String text, boolean terminal, boolean attended, boolean socket) {
    String message =
        assertThrows(
                ContainerException.class,
                () -> ConsoleSocket.check(terminal, attended, socket ? "/socket" : null, ""))
            .getMessage();
    assertNotNull(message);
    assertTrue(message.startsWith(text), message);
  }

  /** Rule 14: whoever does not accept is not waited for without end. */
  @Test
  void aConnectionHasATimeOut() {
    for (String path : List.of("/short", "/long".repeat(50))) {
      ProgramBuilder b = new ProgramBuilder(Arch.host());
      ConsoleSocket.open(b, new Descriptors(b), path);
      LinkedProgram program = new LinkedProgram(path, b.build());
      int timeout = program.only("setsockopt", program.all(Syscall.SETSOCKOPT));
      int connect = program.only("connect", program.all(Syscall.CONNECT));
      assertTrue(timeout < connect);
      assertEquals(new Imm(Constants.SO_SNDTIMEO), program.at(timeout).arg(2));
      assertTrue(program.field(program.at(timeout).arg(3), 0) > 0);
      assertEquals(Constants.AF_UNIX, program.field(program.at(connect).arg(1), 0) & 0xffff);
      long length = program.number(program.at(connect).arg(2), "connect");
      assertTrue(length <= Structs.SIZEOF_SOCKADDR_UN, "a sockaddr_un holds it: " + length);
    }
  }

  /** The program of a foreground command, with labels around what only the command itself does. */
  private static LinkedProgram foreground() {
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    Slot status = b.slot("status");
    Label unexpected = b.label("unexpected");
    TerminalRelay relay = new TerminalRelay(b, imm(7));
    b.onFailure(unexpected);
    b.step("wait", "");
    Attend.untilEnd(b, 42, 5, status, relay, null);
    b.step("remove the container", "");
    b.sys(Syscall.UNLINKAT, imm(8), b.string("x"), imm(0));
    b.sys(Syscall.EXIT_GROUP, status);
    b.bind(unexpected);
    relay.restore();
    b.sys(Syscall.EXECVE, b.string("/proc/self/exe"), imm(0), imm(0)).tolerateAny();
    b.sys(Syscall.EXIT_GROUP, status);
    return new LinkedProgram("foreground", b.build());
  }

  /**
   * The records that a copy may run. A failing call goes where the handler that was set last sends
   * it; a copy sets its own first of all.
   */
  private static Set<Integer> reachable(LinkedProgram program, int first) {
    Set<Integer> seen = new TreeSet<>();
    Deque<Integer> next = new ArrayDeque<>(List.of(first));
    while (!next.isEmpty()) {
      int record = next.pop();
      if (!seen.add(record) || program.is(record, Syscall.EXIT_GROUP)) {
        continue;
      }
      Instruction instruction = program.at(record);
      Label target = instruction.target();
      if (target != null) {
        next.push(target.record());
      }
      if (instruction.op() == Op.ALU && instruction.arg(0) instanceof Label handler) {
        next.push(handler.record());
      }
      boolean always =
          instruction.op() == Op.BR
              && instruction.code() == Op.Condition.EQ.ordinal()
              && instruction.arg(0).equals(instruction.arg(1));
      if (!always) {
        next.push(record + 1);
      }
    }
    return seen;
  }

  @Test
  void copiesOfTheCommandDoNothingThatIsTheCommands() {
    LinkedProgram program = foreground();
    List<Integer> clones = program.all(Syscall.CLONE3);
    assertEquals(2, clones.size());
    for (int clone : clones) {
      Arg args = program.at(clone).arg(0);
      assertEquals(
          Constants.CLONE_PIDFD,
          program.field(args, Structs.CLONE_ARGS_FLAGS),
          "memory of its own, and no descriptor shared");
      assertEquals(0, program.field(args, Structs.CLONE_ARGS_EXIT_SIGNAL), "nobody's child to see");
      Instruction branch = program.at(clone + 1);
      assertEquals(Op.Condition.EQ.ordinal(), branch.code());
      assertEquals(new Imm(0), branch.arg(1));
      int begin = Objects.requireNonNull(branch.target()).record();
      Instruction handler = program.at(begin);
      assertEquals(Slot.ON_FAILURE, handler.result(), "its failures are its own first of all");
      Set<Syscall> calls = new TreeSet<>();
      for (int i : reachable(program, begin)) {
        Syscall call = program.at(i).syscall();
        if (call != null) {
          calls.add(call);
        }
      }
      calls.removeAll(
          Set.of(
              Syscall.DUP3,
              Syscall.CLOSE_RANGE,
              Syscall.PPOLL,
              Syscall.READ,
              Syscall.WRITE,
              Syscall.IOCTL,
              Syscall.GETPGID,
              Syscall.EXIT_GROUP));
      assertEquals(Set.of(), calls);
    }
  }

  /** Whatever way the command ends, the modes are set back before. */
  @Test
  void noWayOutLeavesTheTerminalRaw() {
    LinkedProgram program = foreground();
    List<Integer> restores =
        program.all(i -> program.at(i).origin().step().equals("restore the terminal"));
    int removal = program.only("unlinkat", program.all(Syscall.UNLINKAT));
    int execve = program.only("execve", program.all(Syscall.EXECVE));
    assertTrue(restores.stream().anyMatch(i -> i < removal && i > removal - 20));
    assertTrue(restores.stream().anyMatch(i -> i < execve && i > removal));
    // SIGTTOU alone is let through, and only while the modes are changed.
    List<Integer> masks = program.all(Syscall.RT_SIGPROCMASK);
    assertEquals(2, masks.size());
    assertEquals(1L << (Constants.SIGTTOU - 1), program.field(program.at(masks.get(0)).arg(1), 0));
    assertEquals(new Imm(Constants.SIG_SETMASK), program.at(masks.get(1)).arg(0));
    assertEquals(-1L, program.field(program.at(masks.get(1)).arg(1), 0));
    assertTrue(masks.get(1) < program.all(Syscall.CLONE3).getFirst());
  }
}
