package dev.gatun.runtime.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Listing;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.IdMapping;
import dev.gatun.runtime.init.InitImage;
import dev.gatun.runtime.init.Message;
import dev.gatun.runtime.init.PauseCompiler;
import dev.gatun.runtime.lifecycle.CgroupDriver;
import dev.gatun.runtime.lifecycle.Explanation;
import dev.gatun.runtime.lifecycle.LinkedProgram;
import dev.gatun.runtime.userns.Privileges;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rules over the program of a pause process: nothing is run. */
class PauseRulesTest {
  /** What a pod can ask for. */
  enum Kind {
    PLAIN,
    SHARED_PID,
    USER_NAMESPACE,
    HOST_NETWORK,
    EVERYTHING,
    ROOTLESS
  }

  private static PauseCompiler.Image compile(Kind kind, Arch arch) {
    boolean all = kind == Kind.EVERYTHING || kind == Kind.ROOTLESS;
    return PauseCompiler.compile(
        arch,
        new PauseCompiler.Request(
            "host",
            all ? Map.of("net.core.somaxconn", "5") : Map.of(),
            all || kind == Kind.SHARED_PID,
            all || kind == Kind.USER_NAMESPACE ? List.of(new IdMapping(0, 1000, 1)) : List.of(),
            kind == Kind.HOST_NETWORK,
            kind != Kind.ROOTLESS,
            null,
            all),
        kind == Kind.ROOTLESS ? new Privileges(1000, 1000, false, "/bin") : Privileges.ROOT);
  }

  private static LinkedProgram program(Kind kind) {
    return new LinkedProgram(kind.name(), compile(kind, Arch.host()).program());
  }

  private static List<Syscall> calls(LinkedProgram program, int from, int to) {
    List<Syscall> calls = new ArrayList<>();
    for (int i = from; i < to; i++) {
      Syscall call = program.at(i).syscall();
      if (call != null) {
        calls.add(call);
      }
    }
    return calls;
  }

  /** All that it has in memory then is its slots, its variables and these records. */
  @ParameterizedTest
  @EnumSource
  void whatWaitsNeedsNothingThatWasGivenBack(Kind kind) {
    for (Arch arch : Arch.values()) {
      PauseCompiler.Image image = compile(kind, arch);
      LinkedProgram program = new LinkedProgram(kind + " " + arch, image.program());
      List<Syscall> calls = new ArrayList<>(calls(program, 0, image.resident()));
      boolean reaps = kind == Kind.SHARED_PID || kind == Kind.EVERYTHING || kind == Kind.ROOTLESS;
      List<Syscall> expected =
          new ArrayList<>(List.of(Syscall.MADVISE, Syscall.MADVISE, Syscall.RT_SIGTIMEDWAIT));
      if (reaps) {
        expected.add(Syscall.WAIT4);
      }
      expected.add(Syscall.EXIT_GROUP);
      assertEquals(expected, calls);
      for (int i = 0; i < image.resident(); i++) {
        Instruction record = program.at(i);
        for (int argument = 0; argument < record.argCount(); argument++) {
          Arg arg = record.arg(argument);
          if (arg instanceof Addr addr) {
            assertFalse(addr.data().kind() == Data.Kind.CONSTANT, Listing.line(image.program(), i));
          }
        }
        assertTrue(record.target() == null || record.target().record() <= image.begin());
      }
      InitImage linked = InitImage.link(image.program(), image.resident());
      long size = 0;
      for (int i = 0; i < linked.elf().extents(); i++) {
        size += linked.elf().extent(i).bytes().length;
      }
      assertTrue(size <= 24 << 10, kind + " on " + arch + ": " + size + " bytes");
      int data =
          8 * image.program().slotCount()
              + image.program().variableSize()
              + image.program().zeroSize();
      assertTrue(data < 4096 || reaps || kind == Kind.USER_NAMESPACE, "one page, not " + data);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theNamespacesAreThoseOfThePod(Kind kind) {
    LinkedProgram program = program(kind);
    long cloned =
        program.field(
            program.at(program.all(Syscall.CLONE3).getFirst()).arg(0), Structs.CLONE_ARGS_FLAGS);
    long ids = Constants.CLONE_NEWUSER | Constants.CLONE_PIDFD;
    long pids = Constants.CLONE_NEWPID | Constants.CLONE_NEWNS;
    long expected =
        Constants.CLONE_PARENT
            | switch (kind) {
              case PLAIN, HOST_NETWORK -> 0;
              case SHARED_PID -> pids;
              case USER_NAMESPACE -> ids;
              case EVERYTHING, ROOTLESS -> ids | pids;
            }
            | (kind == Kind.ROOTLESS ? 0 : Constants.CLONE_INTO_CGROUP);
    assertEquals(Long.toHexString(expected), Long.toHexString(cloned));
    long shared =
        Constants.CLONE_NEWUTS
            | Constants.CLONE_NEWIPC
            | (kind == Kind.HOST_NETWORK ? 0 : Constants.CLONE_NEWNET);
    long made =
        program.number(
            program.at(program.only("UNSHARE", program.all(Syscall.UNSHARE))).arg(0), "unshare");
    assertEquals(Long.toHexString(shared), Long.toHexString(made));
  }

  /** Between the report and the wait it says nothing and does nothing but to let go. */
  @ParameterizedTest
  @EnumSource
  void readyIsTheLastThatCanFail(Kind kind) {
    PauseCompiler.Image image = compile(kind, Arch.host());
    LinkedProgram program = new LinkedProgram(kind.name(), image.program());
    int ready =
        program.only(
            "READY", program.all(i -> program.stores(i, "message", Message.KIND, Message.READY)));
    assertEquals(
        List.of(Syscall.WRITE, Syscall.READ, Syscall.EXIT_GROUP, Syscall.CLOSE_RANGE),
        calls(program, ready, image.failed()));
    List<Syscall> before = calls(program, image.pause(), ready);
    assertEquals(
        List.of(Syscall.CAPSET, Syscall.PRCTL, Syscall.CLOSE_RANGE, Syscall.PRCTL),
        before.subList(before.size() - 4, before.size()));
    int closing = program.all(Syscall.CLOSE_RANGE).getLast();
    assertEquals(0, program.number(program.at(closing).arg(0), "close_range"));
    assertEquals(0xffff_ffffL, program.number(program.at(closing).arg(1), "close_range"));
    assertEquals(0, program.number(program.at(closing).arg(2), "close_range"));
  }

  /** Whoever traces it can have it call nothing else, and execute nothing that gives more. */
  @ParameterizedTest
  @EnumSource
  void allThatItDoesNotCallIsForbidden(Kind kind) {
    PauseCompiler.Image image = compile(kind, Arch.host());
    LinkedProgram program = new LinkedProgram(kind.name(), image.program());
    int bounded = prctl(program, Constants.PR_SET_NO_NEW_PRIVS);
    int locked = prctl(program, Constants.PR_SET_SECUREBITS);
    int filtered = prctl(program, Constants.PR_SET_SECCOMP);
    int dropped = program.only("CAPSET", program.all(Syscall.CAPSET));
    assertTrue(image.pause() < bounded && bounded < locked, kind.name());
    assertTrue(locked < dropped && dropped < filtered, "CAP_SETPCAP is needed");
    assertEquals(1, program.number(program.at(bounded).arg(1), "no_new_privs"));
    assertEquals(
        Constants.SECBIT_NOROOT | Constants.SECBIT_NOROOT_LOCKED,
        program.number(program.at(locked).arg(1), "securebits"));
    assertEquals(
        Constants.SECCOMP_MODE_FILTER, program.number(program.at(filtered).arg(1), "seccomp"));
    assertEquals(Errno.EINVAL, program.at(filtered).tolerated());
    List<Syscall> left = new ArrayList<>(calls(program, filtered + 1, image.failed()));
    left.addAll(calls(program, 0, image.resident()));
    Set<String> names = new TreeSet<>();
    for (Syscall call : left) {
      names.add(call.kernelName());
    }
    String step = program.at(filtered).origin().step();
    String prefix = "forbid all system calls but ";
    assertTrue(step.startsWith(prefix), step);
    assertEquals(names, new TreeSet<>(List.of(step.substring(prefix.length()).split(" ", -1))));
  }

  private static int prctl(LinkedProgram program, int option) {
    List<Integer> found = new ArrayList<>();
    for (int i : program.all(Syscall.PRCTL)) {
      if (program.number(program.at(i).arg(0), "prctl") == option) {
        found.add(i);
      }
    }
    return program.only("prctl " + option, found);
  }

  /**
   * Root's is nobody's to look into; an ordinary user's containers are put into it through /proc.
   */
  @ParameterizedTest
  @EnumSource
  void whoMayLookIntoIt(Kind kind) {
    LinkedProgram program = program(kind);
    List<Long> values = new ArrayList<>();
    for (int i : program.all(Syscall.PRCTL)) {
      if (program.number(program.at(i).arg(0), "prctl") == Constants.PR_SET_DUMPABLE) {
        values.add(program.number(program.at(i).arg(1), "dumpable"));
      }
    }
    assertEquals(kind == Kind.ROOTLESS ? List.of(1L) : List.of(0L, 0L), values);
  }

  @Test
  void sysctlsAreSetInTheirOrder() {
    Map<String, String> sysctls = new LinkedHashMap<>();
    List<String> expected = new ArrayList<>();
    for (int i = 9; i > 0; i--) {
      sysctls.put("net.ipv4.name" + i, "1");
      expected.add("set sysctl net.ipv4.name" + i);
    }
    Program program =
        PauseCompiler.compile(
                Arch.host(),
                new PauseCompiler.Request(
                    "host", sysctls, false, List.of(), false, false, null, false),
                Privileges.ROOT)
            .program();
    Set<String> steps = new LinkedHashSet<>();
    for (int i = 0; i < program.size(); i++) {
      String step = program.record(i).origin().step();
      if (step.startsWith("set sysctl ")) {
        steps.add(step);
      }
    }
    assertEquals(expected, List.copyOf(steps));
  }

  /** Where others see it in their procfs, there is nothing behind its root. */
  @ParameterizedTest
  @EnumSource
  void whereContainersSeeItTheHostIsDetached(Kind kind) {
    LinkedProgram program = program(kind);
    boolean shared = kind == Kind.SHARED_PID || kind == Kind.EVERYTHING || kind == Kind.ROOTLESS;
    assertEquals(shared ? 1 : 0, program.all(Syscall.PIVOT_ROOT).size());
    assertEquals(shared ? 1 : 0, program.all(Syscall.UMOUNT2).size());
    if (shared) {
      int pivot = program.all(Syscall.PIVOT_ROOT).getFirst();
      int umount = program.all(Syscall.UMOUNT2).getFirst();
      assertTrue(pivot < umount);
      assertEquals(Constants.MNT_DETACH, program.number(program.at(umount).arg(1), "umount2"));
      for (int i : program.all(Syscall.OPENAT2)) {
        assertTrue(program.position(i) < pivot, "a path is resolved after " + pivot);
      }
    }
    assertEquals(Slot.IMAGE_REST, program.at(program.all(Syscall.MADVISE).getFirst()).arg(0));
  }

  /** With the systemd driver the pod is the scope, and the pause process is in a leaf of it. */
  @Test
  void aPodCanBeAScope() {
    LocalKernel kernel = new LocalKernel();
    SandboxRequest request =
        new SandboxRequest(
            "p",
            null,
            Map.of(),
            false,
            List.of(new IdMapping(0, 1000, 1)),
            false,
            Map.of(),
            "pods.slice",
            new CgroupDriver(CgroupDriver.Kind.SYSTEMD, "/run/user/bus"),
            false);
    List<String> steps = steps(kernel, request, "2 of 4");
    int state = steps.indexOf("write state.json");
    int unit = steps.indexOf("start unit gatun_pod-p.scope");
    String leaf = null;
    for (String step : steps.subList(unit, steps.size())) {
      if (step.startsWith("make cgroup ") && step.endsWith("/gatun_pod-p.scope/pause\"")) {
        leaf = step;
      }
    }
    assertTrue(0 <= state && state < unit, String.valueOf(steps));
    assertNotNull(leaf, String.valueOf(steps));
    assertTrue(leaf.contains("/pods.slice/"), leaf);
    // The cgroup is made before anybody waits for what is cloned into it, and the first one of the
    // scope goes when its process has ended.
    int waits = steps.indexOf("wait for the pause process");
    int ended = steps.indexOf("wait for the intermediate process");
    int left = steps.indexOf(leaf.replace("make ", "remove ").replace("/pause\"", "/runtime\""));
    assertTrue(steps.indexOf(leaf) < waits, String.valueOf(steps));
    assertTrue(waits < ended && ended < left, String.valueOf(steps));
    // What nobody needs before is made while the pause process makes its namespaces.
    assertTrue(waits < steps.indexOf("write hosts"), String.valueOf(steps));
    assertTrue(waits < steps.indexOf("make the pod's shared memory"), String.valueOf(steps));
    assertTrue(steps(kernel, request, "3 of 4").contains("wait for the pause process"));
  }

  /** A pid that has been waited for may be anybody's: nobody waits for it, or kills it, by that. */
  @Test
  void theIntermediateIsForgottenOnceItHasEnded() {
    SandboxRequest request =
        new SandboxRequest(
            "p",
            null,
            Map.of(),
            false,
            List.of(new IdMapping(0, 1000, 1)),
            false,
            Map.of(),
            null,
            CgroupDriver.CGROUPFS,
            false);
    for (Explanation.Part part : SandboxCreate.explain(new LocalKernel(), "/state", request)) {
      if (!part.about().startsWith("2 of 4")) {
        continue;
      }
      LinkedProgram program = new LinkedProgram("make", part.program());
      List<Integer> waits = program.all(Syscall.WAITID);
      assertEquals(2, waits.size(), "one when it was executed, one when it was not");
      for (int wait : waits) {
        assertEquals(
            "pid of the intermediate = 0",
            Listing.line(part.program(), wait + 1),
            program.line(wait));
      }
    }
  }

  private static List<String> steps(LocalKernel kernel, SandboxRequest request, String exchange) {
    List<String> steps = new ArrayList<>();
    for (Explanation.Part part : SandboxCreate.explain(kernel, "/state", request)) {
      if (!part.about().startsWith(exchange)) {
        continue;
      }
      for (int i = 0; i < part.program().size(); i++) {
        String step = part.program().record(i).origin().step();
        if (!steps.contains(step)) {
          steps.add(step);
        }
      }
    }
    return steps;
  }
}
