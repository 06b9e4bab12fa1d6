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
import java.util.List;
import java.util.Map;

/** {@code linux.seccomp}: what a container's process may call, and who is asked. */
class SeccompTest {
  private static final boolean X86 = System.getProperty("os.arch").equals("amd64");
  private static final String ARCHES =
      X86 ? "'SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'" : "'SCMP_ARCH_AARCH64'";
  private static final int FALLOCATE = X86 ? 285 : 47;
  private static final int EXECVE = X86 ? 59 : 221;
  private static final int IO_URING_SETUP = 425;

  private static final int EPERM = 1;
  private static final int EBADF = 9;
  private static final int ENOSYS = 38;

  /** 128 and SIGSYS. */
  private static final int KILLED = 128 + 31;

  private static Bundle allowing(Box box, String... rules) {
    return filtered(box, "SCMP_ACT_ALLOW", rules);
  }

  private static Bundle filtered(Box box, String action, String... rules) {
    String seccomp =
        "{'defaultAction': '%s', 'architectures': [%s], 'syscalls': [%s]}"
            .formatted(action, ARCHES, String.join(", ", rules));
    return box.bundle().set("/linux/seccomp", seccomp);
  }

  private static String rule(String names, String action, String more) {
    String list = "'" + names.replace(" ", "', '") + "'";
    return "{'names': [" + list + "], 'action': 'SCMP_ACT_" + action + "'" + more + "}";
  }

  private static String args(String... conditions) {
    return ", 'args': [" + String.join(", ", conditions) + "]";
  }

  private static String arg(int index, String op, long value, long two) {
    return "{'index': %d, 'op': 'SCMP_CMP_%s', 'value': %s, 'valueTwo': %s}"
        .formatted(index, op, Long.toUnsignedString(value), Long.toUnsignedString(two));
  }

  private static Bundle privileges(Bundle bundle, boolean none) {
    return bundle.set("/process/noNewPrivileges", Boolean.toString(none));
  }

  private static int probe(Box box, Bundle bundle, long... args) {
    return box.run(ProbeProgram.in(bundle, FALLOCATE, args)).exit();
  }

  @OnEveryRuntime
  void anActionDecides(Box box) {
    for (boolean none : new boolean[] {true, false}) {
      for (String[] expected :
          new String[][] {
            {"ALLOW", "9"},
            {"LOG", "9"},
            {"ERRNO", "1"},
            {"KILL", "159"},
            {"KILL_THREAD", "159"},
            {"KILL_PROCESS", "159"},
            {"TRAP", "159"},
            // Without a tracer.
            {"TRACE", "38"}
          }) {
        Bundle bundle = privileges(allowing(box, rule("fallocate", expected[0], "")), none);
        assertEquals(expected[1], "" + probe(box, bundle, -1), expected[0] + " " + none);
      }
      Bundle errno = allowing(box, rule("fallocate", "ERRNO", ", 'errnoRet': 77"));
      assertEquals(77, probe(box, privileges(errno, none), -1));
    }
  }

  @OnEveryRuntime
  void aProcessKnowsItsFilter(Box box) {
    for (boolean none : new boolean[] {true, false}) {
      Bundle bundle = privileges(allowing(box, rule("fallocate", "ERRNO", "")), none);
      String status = box.output(bundle, "cat /proc/self/status");
      assertEquals("2", ProcFs.field(status, "Seccomp"));
      assertEquals("1", ProcFs.field(status, "Seccomp_filters"));
      assertEquals(none ? "1" : "0", ProcFs.field(status, "NoNewPrivs"));
      assertEquals("1", ProcFs.field(status, "Threads"));
    }
  }

  @OnEveryRuntime
  void theDefaultActionHasItsErrno(Box box) {
    Bundle bundle =
        filtered(
            box,
            "SCMP_ACT_ERRNO",
            rule(
                "execve exit_group write read close openat fcntl prctl setgroups setresgid"
                    + " setresuid setuid setgid chdir getcwd capget capset prlimit64 faccessat2"
                    + " statx fstat newfstatat signalfd4 close_range rt_sigprocmask ppoll futex"
                    + " rt_sigreturn getppid getpid gettid tgkill mmap munmap madvise nanosleep"
                    + " sigaltstack rt_sigaction getdents64 fchown epoll_ctl epoll_pwait brk"
                    + " getuid getgid setsid readlinkat clone mprotect sched_yield fstatfs"
                    + " fallocate openat2 close_range mount_setattr",
                "ALLOW",
                ""));
    bundle.set("/linux/seccomp/defaultErrnoRet", "88");
    assertEquals(88, box.run(ProbeProgram.in(bundle, X86 ? 140 : 141)).exit());
    assertEquals(EBADF, probe(box, bundle, -1));
  }

  @OnEveryRuntime
  void aCallNewerThanTheProfileIsNotThere(Box box) {
    ObjectNode config = box.bundle().config();
    Bundle bundle = box.bundle().set("/linux/seccomp", podman(config));
    bundle.set("/linux/seccomp/defaultErrnoRet", "1");
    // reboot is known and not allowed; nothing has number 600 yet.
    assertEquals(EPERM, box.run(ProbeProgram.in(bundle, X86 ? 169 : 142)).exit());
    assertEquals(ENOSYS, box.run(ProbeProgram.in(bundle, 600)).exit());
  }

  @OnEveryRuntime
  void argumentsAreCompared(Box box) {
    long big = 1L << 33;
    long top = 1L << 63;
    Object[][] cases = {
      {"EQ", big + 5, 0L, new long[] {big + 5}, new long[] {5, big + 4}},
      {"NE", big + 5, 0L, new long[] {5, big + 4, top}, new long[] {big + 5}},
      {"GT", big, 0L, new long[] {big + 1, 2 * big, top}, new long[] {big, 5, 0xffff_ffffL}},
      {"GE", big, 0L, new long[] {big, big + 1, -1}, new long[] {big - 1, 0}},
      {"LT", big, 0L, new long[] {big - 1, 0, 0xffff_ffffL}, new long[] {big, big + 1, -1}},
      {"LE", big, 0L, new long[] {big, big - 1}, new long[] {big + 1, top}},
      {"MASKED_EQ", big | 0xf0L, big | 0x30L, new long[] {big | 0x3fL}, new long[] {0x30, big | 1}}
    };
    for (Object[] one : cases) {
      String op = (String) one[0];
      String condition = arg(2, op, (long) one[1], (long) one[2]);
      Bundle bundle =
          allowing(box, rule("fallocate", "ERRNO", ", 'errnoRet': 77" + args(condition)));
      // One container answers for each value.
      for (long value : (long[]) one[3]) {
        assertEquals(77, probe(box, bundle, -1, 0, value), op + " " + Long.toHexString(value));
      }
      for (long value : (long[]) one[4]) {
        assertEquals(EBADF, probe(box, bundle, -1, 0, value), op + " " + Long.toHexString(value));
      }
    }
  }

  @OnEveryRuntime
  void conditionsOnDifferentArgumentsHoldTogether(Box box) {
    String both = args(arg(1, "EQ", 1, 0), arg(2, "EQ", 2, 0));
    Bundle bundle = allowing(box, rule("fallocate", "ERRNO", ", 'errnoRet': 77" + both));
    assertEquals(77, probe(box, bundle, -1, 1, 2));
    assertEquals(EBADF, probe(box, bundle, -1, 1, 3));
    assertEquals(EBADF, probe(box, bundle, -1, 0, 2));
    // Two rules for one call, and two conditions on one argument, are alternatives.
    String either = args(arg(1, "EQ", 1, 0), arg(1, "EQ", 2, 0));
    Bundle other =
        allowing(
            box,
            rule("fallocate", "ERRNO", ", 'errnoRet': 77" + either),
            rule("fallocate", "ERRNO", ", 'errnoRet': 78" + args(arg(2, "EQ", 9, 0))));
    assertEquals(77, probe(box, other, -1, 1));
    assertEquals(77, probe(box, other, -1, 2));
    assertEquals(78, probe(box, other, -1, 0, 9));
    assertEquals(EBADF, probe(box, other, -1, 0, 8));
  }

  @OnEveryRuntime
  void callsOfAnArchitectureThatIsNotListedKill(Box box) {
    Host.require(X86, "this is about the 32-bit calls of x86");
    // getpriority has number 96 there.
    Bundle plain = ProbeProgram.in32(box.bundle(), 96);
    Host.require(box.run(plain).exit() == 0, "the kernel has no 32-bit calls");
    Bundle listed = allowing(box, rule("getpriority", "ERRNO", ", 'errnoRet': 77"));
    assertEquals(77, box.run(ProbeProgram.in32(listed, 96)).exit());
    listed.set("/linux/seccomp/architectures", "['SCMP_ARCH_X86_64']");
    assertEquals(KILLED, box.run(ProbeProgram.in32(listed, 96)).exit());
    assertEquals(77, box.run(ProbeProgram.in(listed, 140)).exit());
  }

  @OnEveryRuntime
  void namesThatNobodyKnowsArePassedOver(Box box) {
    Bundle bundle = allowing(box, rule("no_such_call fallocate", "ERRNO", ", 'errnoRet': 77"));
    assertEquals(77, probe(box, bundle, -1));
  }

  @OnEveryRuntime
  void anUnknownArchitectureOrActionIsRefused(Box box) {
    Bundle bundle = allowing(box);
    bundle.set("/linux/seccomp/architectures", "['SCMP_ARCH_PDP11']");
    box.run(bundle.args("/bin/true")).expectFailure("SCMP_ARCH_PDP11");
    bundle.set("/linux/seccomp/architectures", "[]");
    bundle.set("/linux/seccomp/defaultAction", "'SCMP_ACT_SHRUG'");
    box.run(bundle.args("/bin/true")).expectFailure("SCMP_ACT_SHRUG");
    box.expectNothingLeft();
  }

  @OnGatun
  void everyFlagIsTaken(Box box) {
    JsonNode features = Box.parse(box.call("features").expectSuccess().out());
    JsonNode seccomp = features.at("/linux/seccomp");
    assertTrue(seccomp.get("enabled").asBoolean());
    assertEquals(9, seccomp.get("actions").size());
    assertEquals(7, seccomp.get("operators").size());
    assertEquals(4, seccomp.get("knownFlags").size());
    assertTrue(seccomp.get("supportedFlags").size() >= 3, seccomp::toString);
    for (JsonNode flag : seccomp.get("supportedFlags")) {
      Bundle bundle = allowing(box, rule("fallocate", "ERRNO", ", 'errnoRet': 77"));
      bundle.set("/linux/seccomp/flags", "['" + flag.asText() + "']");
      assertEquals(77, probe(box, bundle, -1), flag.asText());
    }
  }

  /** The profile of Debian's containers-common, for a container without capabilities. */
  private static JsonNode podman(ObjectNode config) {
    Path file = Path.of("/usr/share/containers/seccomp.json");
    Host.require(
        Files.isReadable(file),
        file + " is missing (Debian package golang-github-containers-common)");
    try {
      ObjectNode profile = (ObjectNode) Bundle.JSON.readTree(Files.readString(file));
      ObjectNode seccomp = Bundle.JSON.createObjectNode();
      seccomp.set("defaultAction", profile.get("defaultAction"));
      seccomp.set("architectures", Bundle.json("[" + ARCHES + "]"));
      ArrayNode rules = seccomp.putArray("syscalls");
      for (JsonNode rule : profile.get("syscalls")) {
        // What needs a capability or another machine does not apply.
        if (rule.at("/includes/caps").isEmpty() && applies(rule.at("/includes/arches"))) {
          ObjectNode one = rules.addObject();
          for (String member : List.of("names", "action", "errnoRet", "args")) {
            if (rule.hasNonNull(member)) {
              one.set(member, rule.get(member));
            }
          }
        }
      }
      assertTrue(rules.size() > 5 && config.has("process"), seccomp::toString);
      return seccomp;
    } catch (IOException e) {
      throw new AssertionError("cannot read " + file, e);
    }
  }

  private static boolean applies(JsonNode arches) {
    boolean named = arches.isMissingNode() || arches.isEmpty();
    for (JsonNode arch : arches) {
      named |= arch.asText().equals(X86 ? "amd64" : "arm64");
    }
    return named;
  }

  @OnEveryRuntime
  void thePodmanProfileServesAndProtects(Box box) {
    for (boolean none : new boolean[] {true, false}) {
      Bundle bundle = box.bundle();
      bundle.set("/linux/seccomp", podman(bundle.config()));
      privileges(bundle, none).mount("/tmp", "tmpfs", "tmpfs", "mode=1777");
      String script =
          "mkdir /tmp/a && echo hello > /tmp/a/b && cat /tmp/a/b; sleep 0.01; ls /tmp/a";
      assertEquals("hello\nb", box.output(bundle, script));
      assertEquals(EPERM, box.run(ProbeProgram.in(bundle, IO_URING_SETUP)).exit());
      bundle.remove("/linux/seccomp");
      assertFalse(box.run(ProbeProgram.in(bundle, IO_URING_SETUP)).exit() == EPERM);
    }
  }

  @OnGatun
  void aFilterThatForbidsTheStartIsRefusedByName(Box box) {
    String execve = rule("execve", "ERRNO", "");
    box.run(allowing(box, rule("mkdir", "ERRNO", ""), execve))
        .expectFailure("forbids execve", "[config.json /linux/seccomp/syscalls/1]");
    String[] after = {"setgroups", "capset", "close_range", "ppoll", "read"};
    for (String name : after) {
      Bundle bundle = allowing(box, rule(name, "KILL", ""));
      box.run(privileges(bundle, false).args("/probe"))
          .expectFailure("forbids " + name + ",", "[config.json /linux/seccomp/syscalls/0]");
      // With no_new_privs the filter comes after all of these.
      assertEquals(
          0, box.run(ProbeProgram.in(privileges(bundle, true), X86 ? 140 : 141)).exit(), name);
    }
    box.run(privileges(filtered(box, "SCMP_ACT_ERRNO", rule("execve", "ALLOW", "")), false))
        .expectFailure("the seccomp filter forbids ", "[config.json /linux/seccomp/defaultAction]");
    // What is known of a call's arguments counts: PR_SET_KEEPCAPS is 8, and nothing is 9999.
    String prctl = ", 'errnoRet': 77" + args(arg(0, "EQ", 8, 0));
    box.run(privileges(allowing(box, rule("prctl", "ERRNO", prctl)), false))
        .expectFailure("forbids prctl");
    String other = ", 'errnoRet': 77" + args(arg(0, "EQ", 9999, 0));
    Bundle harmless = privileges(allowing(box, rule("prctl", "ERRNO", other)), false);
    assertEquals(77, box.run(ProbeProgram.in(harmless, X86 ? 157 : 167, 9999)).exit());
    box.expectNothingLeft();
  }

  @OnGatun
  void aFailureThatMayNotExitEndsAllTheSame(Box box) {
    for (String forbidden : List.of("exit_group", "exit_group writev")) {
      Bundle bundle = allowing(box, rule(forbidden, "ERRNO", "")).args("/bad");
      bundle.file("bad", "\u007fELF no more", "755");
      String id = box.create(privileges(bundle, true));
      Command start = box.call("start", id);
      if (forbidden.equals("exit_group")) {
        start.expectFailure("execve(", "ENOEXEC");
      }
      box.awaitStatus(id, "stopped");
    }
  }

  @OnGatun
  void aCreatedContainerThatMayNotExitEndsAllTheSame(Box box) {
    Bundle bundle = allowing(box, rule("exit_group", "ERRNO", "")).args("/bin/true");
    String id = box.create(privileges(bundle, false));
    box.call("kill", id, "TERM").expectSuccess();
    box.awaitStatus(id, "stopped");
  }

  @OnGatun
  void aKernelWithoutFiltersIsOneSentence(Box box) {
    for (boolean none : new boolean[] {true, false}) {
      Bundle bundle = privileges(allowing(box, rule("fallocate", "ERRNO", "")), none);
      bundle.args("/bin/true");
      Command run =
          SeccompThread.under(List.of(SeccompThread.Rule.enosys("seccomp")), () -> box.run(bundle));
      run.expectFailure(
          "seccomp filter of ",
          "seccomp(SECCOMP_SET_MODE_FILTER, ",
          "ENOSYS",
          "[config.json /linux/seccomp]");
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void explainShowsTheFilter(Box box) {
    Bundle bundle = allowing(box, rule("fallocate no_such_call", "ERRNO", ""));
    String out = box.call("explain", bundle.write()).expectSuccess().out();
    assertTrue(out.contains("seccomp filter of "), out);
    assertTrue(out.contains("no_such_call"), out);
    assertTrue(out.contains("seccomp(SECCOMP_SET_MODE_FILTER"), out);
  }

  private static Bundle notifying(Box box, Path listener, String names) {
    return allowing(box, rule(names, "NOTIFY", ""))
        .set("/linux/seccomp/listenerPath", "'" + listener + "'")
        .set("/linux/seccomp/listenerMetadata", "'key=\u00e4'")
        .set("/annotations", "{'org.example.a': 'b'}");
  }

  @OnEveryRuntime
  void aListenerIsToldAndAsked(Box box) {
    for (boolean none : new boolean[] {true, false}) {
      Path path = box.directory().resolve("agent-" + none);
      try (SeccompAgent agent = new SeccompAgent(path, number -> number == FALLOCATE ? 77 : 0)) {
        // getcwd is called by init itself where the filter comes early; execve always is.
        Bundle bundle = privileges(notifying(box, path, "fallocate getcwd execve"), none);
        ProbeProgram.in(bundle, FALLOCATE, -1);
        bundle.script("/probe; echo $?; grep Threads /proc/self/status; sleep 1000");
        String id = box.newId();
        Command run = box.call("run", "-d", "-b", bundle.write(), id).expectSuccess();
        run.awaitOutput("Threads");
        assertTrue(run.out().startsWith("77\n"), run::toString);
        assertEquals("1", ProcFs.field(run.out(), "Threads"));
        JsonNode state = agent.state();
        assertEquals("[\"seccompFd\"]", state.get("fds").toString());
        assertEquals(box.pid(id), state.get("pid").asLong());
        assertEquals("key=\u00e4", state.get("metadata").asText());
        assertTrue(state.get("ociVersion").asText().startsWith("1."), state::toString);
        JsonNode container = state.get("state");
        assertTrue(container.get("ociVersion").asText().startsWith("1."), state::toString);
        assertEquals(id, container.get("id").asText());
        assertEquals(box.pid(id), container.get("pid").asLong());
        assertEquals(bundle.directory().toString(), container.get("bundle").asText());
        assertEquals("b", container.at("/annotations/org.example.a").asText());
        assertTrue(agent.asked().contains(FALLOCATE), () -> "" + agent.asked());
        assertTrue(agent.asked().contains(EXECVE), () -> "" + agent.asked());
        if (!box.isRunc()) {
          // The specification wants the connection closed, and runc 1.1 keeps it.
          assertTrue(agent.isConnectionClosed());
          assertEquals(
              none ? "created" : "creating", container.get("status").asText(), state::toString);
        }
        box.call("delete", "--force", id).expectSuccess();
      }
    }
  }

  @OnEveryRuntime
  void whatIsExecutedHasTheFilterToo(Box box) {
    for (boolean none : new boolean[] {true, false}) {
      Bundle bundle =
          privileges(allowing(box, rule("fallocate", "ERRNO", ", 'errnoRet': 77")), none);
      ProbeProgram.in(bundle, FALLOCATE, -1);
      String id = box.start(bundle.args("/bin/sleep", "1000"));
      box.call("exec", id, "/probe").expectExit(77);
      String status = box.call("exec", id, "cat", "/proc/self/status").expectSuccess().out();
      assertEquals("1", ProcFs.field(status, "Seccomp_filters"));
      assertEquals("1", ProcFs.field(status, "Threads"));
      box.call("delete", "--force", id).expectSuccess();
    }
  }

  @OnEveryRuntime
  void whatIsExecutedHasAListenerOfItsOwn(Box box) {
    for (boolean none : new boolean[] {true, false}) {
      Path path = box.directory().resolve("agent-" + none);
      Bundle bundle = privileges(notifying(box, path, "fallocate"), none);
      ProbeProgram.in(bundle, FALLOCATE, -1);
      String id;
      try (SeccompAgent agent = new SeccompAgent(path, number -> 0)) {
        id = box.start(bundle.args("/bin/sleep", "1000"));
        agent.state();
      }
      remove(path);
      try (SeccompAgent agent = new SeccompAgent(path, number -> 78)) {
        box.call("exec", id, "/probe").expectExit(78);
        JsonNode state = agent.state();
        assertEquals(box.pid(id), state.at("/state/pid").asLong(), state::toString);
        assertTrue(state.get("pid").asLong() != box.pid(id), state::toString);
        assertEquals("running", state.at("/state/status").asText());
      }
      box.call("delete", "--force", id).expectSuccess();
    }
  }

  private static void remove(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new AssertionError("cannot remove " + file, e);
    }
  }

  @OnGatun
  void aListenerIsToldByAnOrdinaryUserToo(Box box) {
    String user = "65534";
    Path place = box.hostDirectory("rootless");
    for (boolean none : new boolean[] {true, false}) {
      Path path = place.resolve("agent-" + none);
      Bundle bundle = privileges(notifying(box, path, "fallocate"), none);
      ProbeProgram.in(bundle, FALLOCATE, -1);
      bundle.namespaces().addObject().put("type", "user");
      for (String kind : List.of("uid", "gid")) {
        bundle.set(
            "/linux/" + kind + "Mappings",
            "[{'containerID': 0, 'hostID': " + user + ", 'size': 1}]");
      }
      // Group 5 is not mapped, and resources are root's to give.
      bundle.removeMount("/dev/pts").remove("/linux/resources");
      bundle.write();
      try (SeccompAgent agent = new SeccompAgent(path, number -> 79)) {
        Host.run("chown", "-R", user, place.toString(), bundle.directory().toString());
        List<String> words =
            List.of(
                "setpriv",
                "--reuid=" + user,
                "--regid=" + user,
                "--clear-groups",
                box.runtime().binary().toString(),
                "--root",
                place.resolve("state").toString(),
                "run",
                "--bundle",
                bundle.directory().toString(),
                box.newId());
        box.launch(Path.of("/"), Map.of(), words).await().expectExit(79);
        assertTrue(agent.state().get("pid").asLong() > 1);
        assertEquals(List.of(FALLOCATE), agent.asked());
      }
    }
  }

  @OnEveryRuntime
  void aContainerWithoutItsListenerIsNotCreated(Box box) {
    Path nobody = box.directory().resolve("nobody");
    for (boolean none : new boolean[] {true, false}) {
      Bundle bundle = privileges(notifying(box, nobody, "fallocate"), none).args("/bin/true");
      Command create = box.call("create", "-b", bundle.write(), box.newId());
      create.expectFailure("nobody", "no such file or directory");
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void withoutNotifyTheListenerIsNotLookedFor(Box box) {
    Bundle bundle = allowing(box, rule("fallocate", "ERRNO", ""));
    bundle.set("/linux/seccomp/listenerPath", "'/nobody/is/here'");
    assertEquals(EPERM, probe(box, bundle, -1));
  }

  @OnEveryRuntime
  void whatALettingThroughWouldWaitForIsRefused(Box box) {
    Path path = box.directory().resolve("agent");
    try (SeccompAgent agent = new SeccompAgent(path, number -> 0)) {
      box.run(notifying(box, path, "fallocate write").args("/bin/true"))
          .expectFailure("SCMP_ACT_NOTIFY cannot be used for the write syscall");
      Bundle all = notifying(box, path, "fallocate").args("/bin/true");
      all.set("/linux/seccomp/defaultAction", "'SCMP_ACT_NOTIFY'");
      box.run(all).expectFailure("SCMP_ACT_NOTIFY cannot be used as default action");
      assertFalse(agent.told());
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void anAgentThatDiesIsWaitedForByNobody(Box box) {
    Path path = box.directory().resolve("agent");
    SeccompAgent agent = new SeccompAgent(path, number -> 0);
    Bundle bundle = notifying(box, path, "fallocate");
    String id;
    try (agent) {
      ProbeProgram.in(bundle, FALLOCATE, -1);
      bundle.script("while [ ! -e /tmp/go ]; do sleep 0.01; done; /probe; echo $?");
      bundle.mount("/tmp", "tmpfs", "tmpfs");
      id = box.newId();
      box.call("run", "-d", "-b", bundle.write(), id).expectSuccess();
      agent.state();
    }
    // It had the only descriptor, so the kernel answers in its place.
    long pid = box.pid(id);
    Host.run("touch", "/proc/" + pid + "/root/tmp/go");
    box.awaitStatus(id, "stopped");
  }

  @OnGatun
  void anAgentThatDiesBeforeTheStartFailsIt(Box box) {
    Path path = box.directory().resolve("agent");
    Bundle bundle = privileges(notifying(box, path, "fallocate"), true).args("/bin/true");
    String id;
    SeccompAgent agent = new SeccompAgent(path, number -> 0);
    try (agent) {
      id = box.create(bundle);
    }
    box.call("start", id)
        .expectFailure("sendmsg(", "EPIPE", "[config.json /linux/seccomp/listenerPath]");
    box.awaitStatus(id, "stopped");
    Bundle late = privileges(notifying(box, path, "fallocate"), false).args("/bin/true");
    box.run(late).expectFailure("connect(", "ECONNREFUSED", "/linux/seccomp/listenerPath");
  }

  @OnGatun
  void aPathThatNoSocketCanHaveIsRefused(Box box) {
    Path path = box.directory().resolve("x".repeat(120));
    box.run(notifying(box, path, "fallocate").args("/bin/true"))
        .expectFailure("at most 107 bytes", "[config.json /linux/seccomp/listenerPath]");
  }
}
