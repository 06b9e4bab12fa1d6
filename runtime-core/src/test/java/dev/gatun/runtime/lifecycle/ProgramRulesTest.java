package dev.gatun.runtime.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Parameter;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Imm;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.IdMapping;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecReader;
import dev.gatun.runtime.hooks.HookKind;
import dev.gatun.runtime.init.InitCompiler;
import dev.gatun.runtime.init.Message;
import dev.gatun.runtime.sandbox.SandboxCreate;
import dev.gatun.runtime.sandbox.SandboxRequest;
import dev.gatun.runtime.state.Look;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules of the security checklist, checked over compiled programs: nothing is run. */
class ProgramRulesTest {
  private static final String CONFIGS =
      "runc-spec.json runc-spec-v2.json docker.json podman.json everything.json hooks.json";

  /** How many hooks of each kind {@code hooks.json} has. */
  private static final int HOOKS = 2;

  /** A configuration that uses what has a place in the order of rule 9. */
  private static String everything() {
    return LocalContainers.resource("runc-spec.json")
        .replaceFirst("\"terminal\": false", "\"terminal\": true")
        .replaceFirst(
            "\"process\": \\{",
            "\"process\": {\"oomScoreAdj\": 100,"
                + "\"consoleSize\": {\"height\": 25, \"width\": 80},"
                + "\"scheduler\": {\"policy\": \"SCHED_BATCH\", \"nice\": 1},"
                + "\"ioPriority\": {\"class\": \"IOPRIO_CLASS_BE\", \"priority\": 4},")
        .replaceFirst(
            "\"linux\": \\{",
            "\"linux\": {\"personality\": {\"domain\": \"LINUX\"},"
                + "\"timeOffsets\": {\"boottime\": {\"secs\": 10}},"
                + "\"sysctl\": {\"net.ipv4.ip_forward\": \"1\"},")
        .replaceFirst(
            "\"namespaces\": \\[", "\"namespaces\": [{\"type\": \"time\"}, {\"type\": \"cgroup\"},")
        .replaceFirst("\"type\": \"uts\"", "\"type\": \"uts\", \"path\": \"/proc/1/ns/uts\"");
  }

  /** Hooks of every kind, with and without time, arguments and environment. */
  private static String hooks() {
    StringBuilder hooks = new StringBuilder("{\"hooks\": {");
    for (HookKind kind : HookKind.values()) {
      hooks
          .append(kind.ordinal() == 0 ? "\"" : ", \"")
          .append(kind.specName())
          .append("\": [{\"path\": \"/hook/0\"}, {\"path\": \"/hook/1\", \"timeout\": 5,")
          .append(" \"args\": [\"hook\", \"x\"], \"env\": [\"A=1\"]}]");
    }
    return LocalContainers.resource("runc-spec.json").replaceFirst("\\{", hooks + "},");
  }

  private static String config(String name) {
    return switch (name) {
      case "hooks.json" -> hooks();
      case "everything.json" -> everything();
      // As runc writes it where there is only cgroup v2.
      case "runc-spec-v2.json" ->
          LocalContainers.resource("runc-spec.json")
              .replaceFirst("\"namespaces\": \\[", "\"namespaces\": [{\"type\": \"cgroup\"},");
      default -> LocalContainers.resource(name);
    };
  }

  private static InitCompiler.Image compile(String config) {
    Spec spec =
        SpecReader.readValid(config(config).getBytes(StandardCharsets.UTF_8), "config.json");
    return InitCompiler.compile(
        Arch.host(), spec, new InitCompiler.Options("rules", "/bundle", 0, 0, false, true, true));
  }

  private static LinkedProgram image(String config) {
    return new LinkedProgram(config, compile(config).program());
  }

  @TempDir Path directory;

  /** Every program of a life: create's, the image, start's, state's. */
  private List<LinkedProgram> programs(String config) throws IOException {
    Path bundle = Files.createDirectories(directory.resolve("bundle"));
    Files.writeString(bundle.resolve("config.json"), config(config));
    String root = directory.resolve("state").toString();
    LocalKernel kernel = new LocalKernel();
    List<LinkedProgram> programs = new ArrayList<>();
    for (Explanation.Part part : Explanation.of(kernel, root, bundle.toString(), "rules", null)) {
      programs.add(
          new LinkedProgram(config + " " + part.process() + " " + part.about(), part.program()));
    }
    for (Explanation.Part part :
        Explanation.ofExec(kernel, root, bundle.toString(), "rules", null)) {
      programs.add(new LinkedProgram(config + " exec " + part.process(), part.program()));
    }
    if (config.startsWith("runc-spec")) {
      Sandboxes.write(root);
      for (Explanation.Part part :
          Explanation.of(kernel, root, bundle.toString(), "rules", "web")) {
        programs.add(
            new LinkedProgram(
                config + " in a pod " + part.process() + " " + part.about(), part.program()));
      }
    }
    for (boolean sharePid : new boolean[] {false, true}) {
      for (Explanation.Part part : SandboxCreate.explain(kernel, root, pod(sharePid))) {
        programs.add(new LinkedProgram("pod " + part.process(), part.program()));
      }
    }
    for (Look.Purpose purpose : Look.Purpose.values()) {
      programs.add(
          new LinkedProgram(
              "look to " + purpose, Look.program(kernel.arch(), root, "rules", purpose)));
    }
    return programs;
  }

  private static SandboxRequest pod(boolean everything) {
    return new SandboxRequest(
        "rules",
        null,
        everything ? Map.of("kernel.sem", "1 2 3 4") : Map.of(),
        everything,
        everything ? List.of(new IdMapping(0, 1000, 1)) : List.of(),
        false,
        Map.of(),
        null,
        CgroupDriver.CGROUPFS,
        true);
  }

  /** Each program once: the image is explained in several parts. */
  private static List<LinkedProgram> different(List<LinkedProgram> programs) {
    Set<Program> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    List<LinkedProgram> different = new ArrayList<>();
    for (LinkedProgram program : programs) {
      if (seen.add(program.program)) {
        different.add(program);
      }
    }
    return different;
  }

  private static boolean isFdcwd(Instruction record, int argument) {
    return record.arg(argument) instanceof Imm imm && imm.value() == Constants.AT_FDCWD;
  }

  /** The paths that a record resolves from the working directory or the root. */
  private static List<String> barePaths(LinkedProgram program, int record) {
    Instruction instruction = program.at(record);
    Syscall call = instruction.syscall();
    List<String> paths = new ArrayList<>();
    if (call == null) {
      return paths;
    }
    List<Parameter> parameters = call.parameters();
    for (int i = 0; i < parameters.size(); i++) {
      // What a symbolic link says is resolved by nobody yet.
      if (parameters.get(i) != Parameter.PATH || (call == Syscall.SYMLINKAT && i == 0)) {
        continue;
      }
      boolean relative = i > 0 && parameters.get(i - 1) == Parameter.DIRFD;
      if (!relative || isFdcwd(instruction, i - 1)) {
        paths.add(
            call.name().toLowerCase(java.util.Locale.ROOT)
                + " "
                + program.text(instruction.arg(i)));
      }
    }
    return paths;
  }

  /**
   * Rules 1 and 2. The host's root, the rootfs itself, the source of masks, and what the
   * configuration names as bind sources: nothing else has a path before the pivot.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {"runc-spec.json", "docker.json", "podman.json", "everything.json", "hooks.json"})
  void beforeThePivotOnlyDocumentedPathsAreResolvedWithoutADirectory(String config) {
    LinkedProgram image = image(config);
    int pivot = image.only("pivot_root", image.all(Syscall.PIVOT_ROOT));
    Spec spec =
        SpecReader.readValid(config(config).getBytes(StandardCharsets.UTF_8), "config.json");
    assertNotNull(spec.linux());
    Set<String> allowed = new TreeSet<>();
    allowed.add("openat2 /");
    allowed.add("openat /dev/null");
    if (spec.linux().namespace(NamespaceType.CGROUP) == null) {
      // Without a namespace of its own the container is shown its place in the host's tree.
      allowed.add("openat2 /sys/fs/cgroup");
      allowed.add("openat2 /sys/fs/cgroup/unified");
    }
    if (config.equals("hooks.json")) {
      // A createContainer hook's path is the host's.
      allowed.add("execve /hook/0");
      allowed.add("execve /hook/1");
    }
    String root = spec.root() == null ? "" : spec.root().path();
    allowed.add("openat2 " + (root.startsWith("/") ? root : "/bundle/" + root));
    for (var mount : spec.mounts()) {
      if (mount.options().contains("bind") || mount.options().contains("rbind")) {
        allowed.add("open_tree " + mount.source());
      }
    }
    Set<String> used = new TreeSet<>();
    for (int i = 0; i < image.size(); i++) {
      if (image.position(i) < pivot) {
        used.addAll(barePaths(image, i));
      }
    }
    // The intermediate's own, in the runtime's mount namespace.
    boolean offsets = used.remove("openat /proc/self/timens_offsets");
    assertEquals(!spec.linux().timeOffsets().isEmpty(), offsets);
    used.removeAll(allowed);
    assertEquals(Set.of(), used);
    assertEquals(
        List.of("pivot_root .", "pivot_root ."), barePaths(image, pivot), image.line(pivot));
    assertTrue(image.is(pivot - 1, Syscall.FCHDIR), "\".\" is what the descriptor before it is");
  }

  /** Every descriptor is close-on-exec from its birth, CVE-2024-21626. */
  @ParameterizedTest
  @ValueSource(
      strings = {"runc-spec.json", "docker.json", "podman.json", "everything.json", "hooks.json"})
  void everyDescriptorIsBornCloseOnExec(String config) throws IOException {
    int seen = 0;
    for (LinkedProgram program : programs(config)) {
      for (int i = 0; i < program.size(); i++) {
        Instruction record = program.at(i);
        Syscall call = record.syscall();
        if (call == null) {
          continue;
        }
        String line = program.line(i);
        long flags;
        long wanted = Constants.O_CLOEXEC;
        switch (call) {
          case OPENAT -> flags = program.number(record.arg(2), line);
          case OPENAT2 -> flags = program.field(record.arg(2), Structs.OPEN_HOW_FLAGS);
          case PIPE2, EPOLL_CREATE1, INOTIFY_INIT1 -> {
            int at = call == Syscall.PIPE2 ? 1 : 0;
            flags = program.number(record.arg(at), line);
          }
          case EVENTFD2, TIMERFD_CREATE -> flags = program.number(record.arg(1), line);
          case SIGNALFD4, ACCEPT4 -> flags = program.number(record.arg(3), line);
          case DUP3 -> {
            // The process's own streams are what is not closed.
            boolean stream = record.arg(1) instanceof Imm to && to.value() <= 2;
            flags = stream ? Constants.O_CLOEXEC : program.number(record.arg(2), line);
          }
          case SOCKET, SOCKETPAIR -> flags = program.number(record.arg(1), line);
          case OPEN_TREE -> flags = program.number(record.arg(2), line);
          case MEMFD_CREATE -> {
            flags = program.number(record.arg(1), line);
            wanted = Constants.MFD_CLOEXEC;
          }
          case FSOPEN -> {
            flags = program.number(record.arg(1), line);
            wanted = Constants.FSOPEN_CLOEXEC;
          }
          case FSMOUNT -> {
            flags = program.number(record.arg(1), line);
            wanted = Constants.FSMOUNT_CLOEXEC;
          }
          case FSPICK -> {
            flags = program.number(record.arg(2), line);
            wanted = Constants.FSPICK_CLOEXEC;
          }
          case DUP, ACCEPT -> throw new AssertionError("never close-on-exec: " + line);
          default -> {
            continue;
          }
        }
        assertTrue((flags & wanted) != 0, line);
        seen++;
      }
    }
    assertTrue(seen > 50, "only " + seen + " such calls were found");
  }

  /** Whether a record tells a channel something of a kind. */
  private static IntPredicate says(LinkedProgram image, int kind) {
    return i -> image.stores(i, "message", Message.KIND, kind);
  }

  private static int following(LinkedProgram image, int from, Syscall call) {
    for (int i = from; i < image.size(); i++) {
      if (image.is(i, call)) {
        return i;
      }
    }
    throw new AssertionError(image.name + ": no " + call + " after record " + from);
  }

  /** Success is said where nothing but execve can fail any more. */
  @ParameterizedTest
  @ValueSource(strings = {"runc-spec.json", "docker.json", "podman.json", "everything.json"})
  void theSuccessTokenDirectlyPrecedesExecve(String config) {
    LinkedProgram image = image(config);
    int execve = image.only("execve", image.all(Syscall.EXECVE));
    int token = image.only("STARTED", image.all(says(image, Message.STARTED)));
    int write = following(image, token, Syscall.WRITE);
    List<Syscall> calls = new ArrayList<>();
    for (int i = write + 1; i <= execve; i++) {
      Instruction record = image.at(i);
      assertTrue(record.op() != Op.BR, image.line(i));
      if (record.syscall() != null) {
        calls.add(record.syscall());
      }
    }
    assertEquals(List.of(Syscall.RT_SIGPROCMASK, Syscall.EXECVE), calls);
    Instruction mask = image.at(following(image, write, Syscall.RT_SIGPROCMASK));
    assertEquals(Constants.SIG_SETMASK, image.number(mask.arg(0), "mask"));
    assertEquals(0, image.field(mask.arg(1), 0), "no signal stays blocked");
    assertEquals(0, image.at(execve).tolerated(), "a failing execve is a failure");
    // What comes before the token is the closing of descriptors, and before that the gate.
    int last = token - 1;
    while (image.at(last).syscall() == null) {
      last--;
    }
    assertTrue(image.is(last, Syscall.CLOSE_RANGE), image.line(last));
    assertEquals(3, image.number(image.at(last).arg(0), "close_range"));
    assertEquals(Constants.CLOSE_RANGE_CLOEXEC, image.number(image.at(last).arg(2), "close_range"));
    assertEquals(0, image.at(last).tolerated(), image.line(last));
  }

  private static List<Integer> undumpable(LinkedProgram image) {
    return image.all(i ->
        image.is(i, Syscall.PRCTL)
            && image.at(i).arg(0) instanceof Imm option
            && option.value() == Constants.PR_SET_DUMPABLE
            && image.at(i).arg(1) instanceof Imm value
            && value.value() == 0);
  }

  /** CVE-2016-9962: not dumpable before a namespace is joined and before the rootfs is touched. */
  @ParameterizedTest
  @ValueSource(strings = {"runc-spec.json", "docker.json", "podman.json", "everything.json"})
  void notDumpableBeforeAnythingIsJoinedOrExposed(String config) {
    InitCompiler.Image compiled = compile(config);
    LinkedProgram image = new LinkedProgram(config, compiled.program());
    List<Integer> hidden = undumpable(image);
    assertEquals(3, hidden.size(), "intermediate, init, init after its credentials changed");
    int clone = image.only("clone3", image.all(Syscall.CLONE3));
    assertTrue(hidden.get(0) < clone, image.line(clone));
    for (int setns : image.all(Syscall.SETNS)) {
      assertTrue(hidden.get(0) < setns && setns < clone, image.line(setns));
    }
    assertEquals(
        config.equals("everything.json") ? 1 : joined(config), image.all(Syscall.SETNS).size());
    List<Integer> rootfs =
        image.all(i -> image.at(i).origin().step().equals("prepare the root file system"));
    assertTrue(compiled.init() < hidden.get(1) && hidden.get(1) < rootfs.getFirst());
    int user = image.only("setresuid", image.all(Syscall.SETRESUID));
    int ready = image.only("READY", image.all(says(image, Message.READY)));
    assertTrue(user < hidden.get(2) && hidden.get(2) < ready);
  }

  private static int joined(String config) {
    return compile(config).joined().size();
  }

  /** The records that may run after one, until the process ends. */
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

  /** Rule 17: what shares the runtime's memory arranges descriptors and executes. */
  @ParameterizedTest
  @ValueSource(
      strings = {"runc-spec.json", "docker.json", "podman.json", "everything.json", "hooks.json"})
  void whoSharesTheRuntimesMemoryOnlyExecutesAnImage(String config) throws IOException {
    int images = 0;
    int hooks = 0;
    for (LinkedProgram program : different(programs(config))) {
      List<Integer> clones = program.all(Syscall.CLONE3);
      clones.addAll(program.all(Syscall.CLONE));
      for (int clone : clones) {
        // Init, which has no signal handlers, does without clone3(2): filters know clone(2) longer.
        boolean old = program.is(clone, Syscall.CLONE);
        Arg arg = program.at(clone).arg(0);
        long flags =
            old
                ? program.number(arg, program.line(clone))
                : program.field(arg, Structs.CLONE_ARGS_FLAGS);
        if ((flags & Constants.CLONE_VM) == 0) {
          continue;
        }
        assertEquals(
            (long) Constants.CLONE_VM
                | Constants.CLONE_VFORK
                | Constants.CLONE_PIDFD
                | (old ? Constants.SIGCHLD : Constants.CLONE_CLEAR_SIGHAND),
            flags,
            "nothing but these: no namespace, no cgroup");
        Slot pid = program.at(clone).result();
        Instruction branch = program.at(clone + 1);
        assertTrue(
            branch.op() == Op.BR
                && branch.code() == Op.Condition.NE.ordinal()
                && branch.arg(0) == pid
                && branch.arg(1).equals(new Imm(0)),
            program.line(clone + 1));
        Label parent = branch.target();
        assertNotNull(parent);
        Set<Syscall> calls = new TreeSet<>();
        for (int i : reachable(program, clone + 2)) {
          Instruction record = program.at(i);
          assertTrue(i != parent.record(), "the child goes where its parent does");
          if (record.syscall() == null) {
            // Slots of its own, and what is only waited by: no memory is written.
            assertTrue(record.op() == Op.BR || record.op() == Op.ALU, program.line(i));
            assertTrue(record.result().number() >= Slot.SCRAP.number(), program.line(i));
            continue;
          }
          calls.add(record.syscall());
          // A failure that nobody tolerates would run the parent's handler in the child.
          assertTrue(
              record.tolerated() == 0xffff || record.syscall() == Syscall.EXIT_GROUP,
              program.line(i));
          switch (record.syscall()) {
            case FCNTL ->
                assertEquals(Constants.F_SETFD, program.number(record.arg(1), program.line(i)));
            case DUP3 -> assertTrue(program.number(record.arg(1), program.line(i)) <= 2);
            case RT_SIGACTION ->
                assertEquals(0, program.field(record.arg(1), Structs.SIGACTION_SA_HANDLER));
            case RT_SIGPROCMASK -> {
              // Signals are let in when none has a handler and only the execution is left.
              assertEquals(0, program.field(record.arg(1), 0), program.line(i));
              assertTrue(program.is(following(program, i + 1), Syscall.EXECVE), program.line(i));
            }
            default -> {}
          }
        }
        if (calls.contains(Syscall.EXECVEAT)) {
          images++;
          // It sleeps only where the image is open for writing somewhere still.
          calls.remove(Syscall.CLOCK_NANOSLEEP);
          assertEquals(
              new TreeSet<>(
                  Set.of(Syscall.CLOSE_RANGE, Syscall.FCNTL, Syscall.EXECVEAT, Syscall.EXIT_GROUP)),
              calls);
        } else {
          hooks++;
          // createContainer hooks begin in the root file system, startContainer ones where init is.
          boolean moved = calls.removeAll(Set.of(Syscall.CHDIR, Syscall.FCHDIR));
          assertEquals(!program.at(clone).origin().step().startsWith("hook startContainer"), moved);
          assertEquals(
              new TreeSet<>(
                  Set.of(
                      Syscall.DUP3,
                      Syscall.CLOSE_RANGE,
                      Syscall.RT_SIGACTION,
                      Syscall.RT_SIGPROCMASK,
                      Syscall.EXECVE,
                      Syscall.EXIT_GROUP)),
              calls);
        }
        assertTrue(program.is(parent.record() - 1, Syscall.EXIT_GROUP));
      }
    }
    // Of create, of exec, of two pods, and of a create in a pod.
    assertEquals(config.startsWith("runc-spec") ? 5 : 4, images);
    assertEquals(config.equals("hooks.json") ? HookKind.values().length * HOOKS : 0, hooks);
  }

  /** The next record that is a system call. */
  private static int following(LinkedProgram program, int from) {
    int at = from;
    while (program.at(at).syscall() == null) {
      at++;
    }
    return at;
  }

  /** Where hooks stand in the order of rule 9, and that none has a way around the runtime. */
  @Test
  void theOrderOfHooks() {
    InitCompiler.Image compiled = compile("hooks.json");
    LinkedProgram image = new LinkedProgram("hooks.json", compiled.program());
    int asks = image.only("HOOKS", image.all(says(image, Message.HOOKS)));
    int go = following(image, asks, Syscall.READ);
    int pivot = image.only("pivot_root", image.all(Syscall.PIVOT_ROOT));
    int token = image.only("STARTED", image.all(says(image, Message.STARTED)));
    int last = image.all(Syscall.CLOSE_RANGE).getLast();
    Object[][] order = {
      {"the last mount", image.all(i -> isStep(image, i, "mount /")).getLast()},
      {"the runtime is asked", asks},
      {"its answer", go},
      {"createContainer", step(image, "hook createContainer")},
      {"its end", image.all(i -> isStep(image, i, "hook createContainer")).getLast()},
      {"what is read-only", step(image, "make /proc/")},
      {"pivot", pivot},
      {"READY", image.only("READY", image.all(says(image, Message.READY)))},
      {"the gate's end", compiled.started() - 1},
      {"startContainer", step(image, "hook startContainer")},
      {"its end", image.all(i -> isStep(image, i, "hook startContainer")).getLast()},
      {"close_range", last},
      {"STARTED", token},
    };
    for (int i = 1; i < order.length; i++) {
      int before = (int) order[i - 1][1];
      int after = (int) order[i][1];
      assertTrue(
          before < after,
          order[i - 1][0] + " at " + before + " comes before " + order[i][0] + " at " + after);
    }
    // End of file is no permission.
    assertEquals("go", image.at(go).arg(0).toString());
    assertEquals(new Imm(1), image.at(go + 1).arg(1), image.line(go + 1));
    assertTrue(image.is(go + 2, Syscall.EXIT_GROUP), image.line(go + 2));
    assertTrue(compiled.resident() < 64, compiled.resident() + " resident");
  }

  private static boolean isStep(LinkedProgram image, int record, String step) {
    return image.position(record) == record && image.at(record).origin().step().startsWith(step);
  }

  /** Rule 14: a hook is waited for by its pidfd, and the state it reads can be changed by none. */
  @Test
  void hooksAreWaitedForByTheirPidfdAndReadWhatNobodyCanChange() throws IOException {
    int polls = 0;
    int states = 0;
    for (LinkedProgram program : different(programs("hooks.json"))) {
      for (int i = 0; i < program.size(); i++) {
        Instruction record = program.at(i);
        String step = record.origin().step();
        if (!step.contains("hook")) {
          continue;
        }
        String line = program.line(i);
        if (program.is(i, Syscall.PPOLL)) {
          polls++;
          assertEquals(step.contains("/hook/1"), !record.arg(2).equals(new Imm(0)), line);
          assertEquals(Errno.EINTR, record.tolerated(), line);
        }
        if (program.is(i, Syscall.WAITID)) {
          assertEquals(Constants.P_PIDFD, program.number(record.arg(0), line), line);
        }
        if (program.is(i, Syscall.FCNTL)) {
          states++;
          assertEquals(Constants.F_ADD_SEALS, program.number(record.arg(1), line), line);
          assertEquals(
              Constants.F_SEAL_SEAL
                  | Constants.F_SEAL_SHRINK
                  | Constants.F_SEAL_GROW
                  | Constants.F_SEAL_WRITE,
              program.number(record.arg(2), line),
              line);
        }
      }
    }
    assertEquals(HookKind.values().length * HOOKS, polls);
    // One for prestart and createRuntime, one for each of the others.
    assertEquals(HookKind.values().length - 1, states);
  }

  private static int prctl(LinkedProgram image, int option) {
    return image
        .all(i ->
            image.is(i, Syscall.PRCTL)
                && image.at(i).arg(0) instanceof Imm imm
                && imm.value() == option)
        .getFirst();
  }

  private static int step(LinkedProgram image, String step) {
    return image.all(i -> image.at(i).origin().step().startsWith(step)).getFirst();
  }

  /** Rule 9, over the whole image. */
  @Test
  void theOrderOfInit() {
    InitCompiler.Image compiled = compile("everything.json");
    LinkedProgram image = new LinkedProgram("everything.json", compiled.program());
    List<Integer> hidden = undumpable(image);
    int ready = image.only("READY", image.all(says(image, Message.READY)));
    int execve = image.only("execve", image.all(Syscall.EXECVE));
    Object[][] order = {
      {"time offsets", step(image, "create time namespace")},
      {"the intermediate is hidden", hidden.get(0)},
      {"namespaces are joined", image.only("setns", image.all(Syscall.SETNS))},
      {"init is cloned", image.only("clone3", image.all(Syscall.CLONE3))},
      {"a session of its own", image.only("setsid", image.all(Syscall.SETSID))},
      {"the private procfs", step(image, "open a private procfs")},
      {"oom_score_adj", step(image, "oom_score_adj")},
      {"init is hidden", hidden.get(1)},
      {"the cgroup namespace", image.only("unshare", cgroupNamespace(image))},
      {"rootfs", step(image, "open the root file system")},
      {"mounts", step(image, "mount /proc")},
      {"the terminal", terminal(image)},
      {"masks", step(image, "mask /proc")},
      {
        "sysctl",
        image.all(i -> image.at(i).origin().place().startsWith("/linux/sysctl")).getFirst()
      },
      {"pivot", image.only("pivot_root", image.all(Syscall.PIVOT_ROOT))},
      {"keyring", image.all(Syscall.KEYCTL).getFirst()},
      {"no_new_privs", prctl(image, Constants.PR_SET_NO_NEW_PRIVS)},
      {"scheduler", image.all(Syscall.SCHED_SETATTR).getFirst()},
      {"I/O priority", image.all(Syscall.IOPRIO_SET).getFirst()},
      {"personality", image.all(Syscall.PERSONALITY).getFirst()},
      {"chdir before", chdir(image).get(0)},
      {"bounding set", prctl(image, Constants.PR_CAPBSET_DROP)},
      {"keepcaps", prctl(image, Constants.PR_SET_KEEPCAPS)},
      {"groups", image.only("setgroups", image.all(Syscall.SETGROUPS))},
      {"group", image.only("setresgid", image.all(Syscall.SETRESGID))},
      {"user", image.only("setresuid", image.all(Syscall.SETRESUID))},
      {"chdir after", chdir(image).get(1)},
      {"check of the working directory", image.only("getcwd", image.all(Syscall.GETCWD))},
      {"capabilities", image.all(Syscall.CAPSET).getLast()},
      {"ambient capabilities", prctl(image, Constants.PR_CAP_AMBIENT)},
      {
        "limits",
        image
            .all(i ->
                image.is(i, Syscall.PRLIMIT64)
                    && !(image.at(i).arg(2) instanceof Imm)
                    && image.position(i) > image.all(Syscall.CAPSET).getLast())
            .getFirst()
      },
      {"the executable", step(image, "exec: ")},
      {"init is hidden again", hidden.get(2)},
      {"READY", ready},
      {"the runtime's answer", following(image, ready, Syscall.READ)},
      {"signals to poll", image.only("signalfd4", image.all(Syscall.SIGNALFD4))},
      {"close_range", image.only("close_range", image.all(Syscall.CLOSE_RANGE))},
      {"STARTED", image.only("STARTED", image.all(says(image, Message.STARTED)))},
      {"execve", execve},
    };
    for (int i = 1; i < order.length; i++) {
      int before = (int) order[i - 1][1];
      int after = (int) order[i][1];
      assertTrue(
          before < after,
          order[i - 1][0] + " at " + before + " comes before " + order[i][0] + " at " + after);
    }
    assertEquals(compiled.started(), image.only("close_range", image.all(Syscall.CLOSE_RANGE)));
    for (int move : image.all(Syscall.MOVE_MOUNT)) {
      assertTrue(
          image.position(move) < image.only("pivot_root", image.all(Syscall.PIVOT_ROOT)),
          "all is mounted before the pivot: " + image.line(move));
    }
  }

  private static int terminal(LinkedProgram image) {
    return image.only(
        "TIOCSCTTY",
        image.all(i ->
            image.is(i, Syscall.IOCTL)
                && image.at(i).arg(1) instanceof Imm request
                && request.value() == Constants.TIOCSCTTY));
  }

  private static List<Integer> chdir(LinkedProgram image) {
    return image.all(i ->
        image.is(i, Syscall.CHDIR)
            && image.at(i).origin().step().startsWith("change to working directory"));
  }

  private static List<Integer> cgroupNamespace(LinkedProgram image) {
    return image.all(i ->
        image.is(i, Syscall.UNSHARE)
            && image.at(i).arg(0) instanceof Imm flags
            && flags.value() == Constants.CLONE_NEWCGROUP);
  }

  /** Rule 19: init goes on when it is told to, and ends at the end of file. */
  @ParameterizedTest
  @ValueSource(strings = {"runc-spec.json", "docker.json", "podman.json", "everything.json"})
  void endOfFileIsNeverSuccessForInit(String config) {
    LinkedProgram image = image(config);
    int ready = image.only("READY", image.all(says(image, Message.READY)));
    int read = following(image, ready, Syscall.READ);
    assertEquals("go", image.at(read).arg(0).toString());
    Instruction branch = image.at(read + 1);
    assertTrue(
        branch.op() == Op.BR
            && branch.code() == Op.Condition.EQ.ordinal()
            && branch.arg(0) == image.at(read).result()
            && branch.arg(1).equals(new Imm(1)),
        image.line(read + 1));
    assertTrue(image.is(read + 2, Syscall.EXIT_GROUP), image.line(read + 2));
    assertEquals(1, image.number(image.at(read + 2).arg(0), "exit"));
    // The gate opens by POLLIN, not by POLLHUP, and a byte is taken from it without doubt.
    List<Integer> polls = image.all(Syscall.PPOLL);
    assertEquals(1, polls.size());
    Instruction test =
        image.at(
            image
                .all(i ->
                    image.at(i).op() == Op.BR
                        && image.at(i).code() == Op.Condition.TEST.ordinal()
                        && i > polls.getFirst())
                .getFirst());
    assertEquals(new Imm(Constants.POLLIN), test.arg(1));
  }

  /** Rule 19: create believes in a container only when READY was read. */
  @Test
  void endOfFileIsNeverSuccessForCreate() throws IOException {
    LinkedProgram making =
        programs("runc-spec.json").stream()
            .filter(program -> program.name.contains("makes the state"))
            .findFirst()
            .orElseThrow();
    List<Integer> yes =
        making.all(i ->
            making.at(i).op() == Op.ALU
                && making.at(i).result().name().equals("ready")
                && making.at(i).arg(0).equals(new Imm(1)));
    int set = making.only("ready", yes);
    List<Integer> ways =
        making.all(i -> {
          Label target = making.at(i).target();
          return target != null && target.record() == set;
        });
    Instruction way = making.at(making.only("the way to ready", ways));
    assertEquals(Op.Condition.EQ.ordinal(), way.code());
    assertEquals(new Imm(Message.READY), way.arg(1));
    assertEquals(Op.BR, making.at(set - 1).op(), "nothing falls into it");
    assertEquals(new Imm(0), making.at(set - 1).arg(0));
    assertEquals(new Imm(0), making.at(set - 1).arg(1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"runc-spec.json", "docker.json", "podman.json", "everything.json", "hooks.json"})
  void onlyLoopsAreGoneBackTo(String config) throws IOException {
    int loops = 0;
    for (LinkedProgram program : programs(config)) {
      for (int i = 0; i < program.size(); i++) {
        Label target = program.at(i).target();
        if (target == null) {
          continue;
        }
        assertTrue(target.record() < program.size(), program.line(i));
        if (target.record() <= program.position(i) && target.record() != i + 1) {
          assertTrue(target.isLoop(), program.line(i));
          loops++;
        }
      }
    }
    assertTrue(loops > 20, "only " + loops + " loops were found");
  }

  @Test
  void everyRecordSaysWhatItIsFor() throws IOException {
    for (String config : CONFIGS.split(" ", -1)) {
      for (LinkedProgram program : programs(config)) {
        for (int i = 0; i < program.size(); i++) {
          if (program.at(i).syscall() != null && program.at(i).tolerated() == 0) {
            assertFalse(
                program.at(i).origin().step().isEmpty(),
                "a call without a step: " + program.line(i));
          }
        }
      }
    }
  }

  @Test
  void theImageIsSmall() {
    for (String config : CONFIGS.split(" ", -1)) {
      InitCompiler.Image image = compile(config);
      System.out.println(
          config + ": " + image.program().size() + " records, " + image.resident() + " resident");
      int most = config.equals("runc-spec-v2.json") ? 1000 : 1500;
      assertTrue(image.program().size() < most, config + ": " + image.program().size());
      assertTrue(image.resident() < 64, config + ": " + image.resident() + " resident");
    }
  }
}
