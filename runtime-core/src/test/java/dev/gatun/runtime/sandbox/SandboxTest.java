package dev.gatun.runtime.sandbox;

import static dev.gatun.linux.program.Arg.imm;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.oci.IdMapping;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.lifecycle.CgroupDriver;
import dev.gatun.runtime.lifecycle.CountingKernel;
import dev.gatun.runtime.lifecycle.LinkedProgram;
import dev.gatun.runtime.lifecycle.LocalContainers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pods with this JVM as the runtime. */
@Tag("root")
class SandboxTest {
  private static final AtomicInteger NEXT = new AtomicInteger();

  /** Text, slots, arguments: a page each. */
  private static final int MOST_RESIDENT = 12;

  @TempDir Path directory;
  private final LocalKernel kernel = new LocalKernel();
  private String root;
  private String id;

  @BeforeEach
  void prepare() throws IOException {
    assumeTrue(
        Files.isWritable(Path.of("/proc/sys/kernel/hostname"))
            && Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0),
        "pods are made by root");
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/nsenter")), "nsenter is missing");
    root = directory.resolve("state").toString();
    id = "sandbox-" + ProcessHandle.current().pid() + "-" + NEXT.incrementAndGet();
    // What is opened for good when it is first used is open before anything is compared.
    assertThrows(ContainerException.class, () -> find(Sandbox.Purpose.READ));
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    if (root == null) {
      return;
    }
    for (Sandbox sandbox : Sandbox.list(kernel, root)) {
      Sandbox.find(kernel, root, sandbox.id(), Sandbox.Purpose.CHANGE).remove();
    }
    assertNothing();
  }

  private void assertNothing() throws IOException {
    assertEquals(List.of(), LocalContainers.cgroups(id));
    assertEquals(List.of(), mounts(root));
    assertEquals(List.of(), pauses(id));
    assertFalse(LocalContainers.hasChild(kernel), "a child is left");
    Path pods = Path.of(root, ".pods");
    if (Files.exists(pods)) {
      assertEquals(List.of(), names(pods));
    }
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> list = Files.list(directory)) {
      return list.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static List<String> mounts(String below) throws IOException {
    List<String> found = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
      if (line.split(" ", -1)[4].startsWith(below + "/")) {
        found.add(line);
      }
    }
    return found;
  }

  /** Processes that are called pause and the id of a pod that begins so. */
  private static List<Long> pauses(String prefix) {
    return ProcessHandle.allProcesses()
        .filter(process -> {
          try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"))
                .startsWith("pause\0" + prefix);
          } catch (IOException e) {
            // It is gone.
            return false;
          }
        })
        .map(ProcessHandle::pid)
        .toList();
  }

  private SandboxRequest request(
      Map<String, String> sysctls, boolean sharePid, List<IdMapping> mappings) {
    return new SandboxRequest(
        id,
        null,
        sysctls,
        sharePid,
        mappings,
        false,
        Map.of("a", "b"),
        null,
        CgroupDriver.CGROUPFS,
        true);
  }

  private SandboxRequest request() {
    return request(Map.of(), false, List.of());
  }

  private SandboxState create(SandboxRequest request) {
    SandboxCreate created = SandboxCreate.begin(kernel, root, request, Map.of());
    try {
      created.await();
      return created.commit(Map.of(), null);
    } catch (RuntimeException e) {
      throw created.undo(e);
    }
  }

  private Sandbox find(Sandbox.Purpose purpose) {
    return Sandbox.find(kernel, root, id, purpose);
  }

  private void remove() {
    find(Sandbox.Purpose.CHANGE).remove();
  }

  private static String proc(int pid, String name) throws IOException {
    return Files.readString(Path.of("/proc/" + pid, name));
  }

  private static String status(int pid, String name) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith(name + ":")) {
        return line.substring(name.length() + 1).strip().replace('\t', ' ');
      }
    }
    throw new AssertionError("no " + name);
  }

  private static String inPod(int pid, String namespaces, String script) throws Exception {
    List<String> command = new ArrayList<>(List.of("nsenter", "-t", Integer.toString(pid)));
    command.addAll(List.of(namespaces.split(" ", -1)));
    command.addAll(List.of("--", "sh", "-c", script));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output.strip();
  }

  /** Whether a namespace is not the one of this process. */
  private static boolean isOwn(int pid, String type) throws IOException {
    return !Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/" + type))
        .equals(Files.readSymbolicLink(Path.of("/proc/self/ns/" + type)));
  }

  /** Waits until the process has done what it does behind the back of commit. */
  private static void settle(int pid) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    // In this order: it sleeps before it is let go too, and has its descriptors then.
    while (!names(Path.of("/proc/" + pid + "/fd")).isEmpty()
        || !status(pid, "State").startsWith("S")) {
      assertTrue(System.nanoTime() < end, "the pause process does not come to rest");
      Thread.sleep(5);
    }
    // The last calls before the wait give memory back.
    Thread.sleep(50);
  }

  @Test
  void aPodInFourExchanges() throws Exception {
    CountingKernel counting = new CountingKernel(kernel);
    Map<String, String> descriptors = LocalContainers.descriptors();
    String mask = LocalContainers.blocked();
    SandboxCreate created =
        SandboxCreate.begin(
            counting,
            root,
            request(
                Map.of("kernel.shmmax", "12345678", "net.ipv4.ip_unprivileged_port_start", "80"),
                false,
                List.of()),
            Map.of("more", new byte[] {'m'}));
    assertEquals(Sandbox.Status.CREATING, find(Sandbox.Purpose.READ).status());
    created.await();
    int pid = created.pid();
    assertEquals("/proc/" + pid + "/ns/net", created.networkNamespace());
    assertEquals(Sandbox.Status.CREATING, find(Sandbox.Purpose.READ).status());
    assertEquals(id, inPod(pid, "-u", "cat /proc/sys/kernel/hostname"), "configured by now");
    Path pidFile = directory.resolve("pid");
    SandboxState state = created.commit(Map.of("last", new byte[] {'l'}), pidFile.toString());
    assertEquals(4, counting.take().size());
    assertEquals(descriptors, LocalContainers.descriptors());
    assertEquals(mask, LocalContainers.blocked());
    assertEquals(Integer.toString(pid), Files.readString(pidFile));

    Sandbox found = Sandbox.find(counting, root, id, Sandbox.Purpose.READ);
    assertEquals(1, counting.take().size());
    assertEquals("m", text(requireNonNull(found.file("more"))));
    assertEquals("l", text(requireNonNull(found.file("last"))));
    assertEquals(descriptors, LocalContainers.descriptors());
    assertEquals(Sandbox.Status.RUNNING, found.status());
    assertEquals(state, found.state());
    assertEquals(List.of(), found.containers());
    assertEquals(id + "\n", text(requireNonNull(found.file(SandboxCreate.HOSTNAME))));
    assertTrue(
        text(requireNonNull(found.file(SandboxCreate.HOSTS))).contains("127.0.0.1\tlocalhost\n"));
    assertArrayEquals(
        Files.readAllBytes(Path.of("/etc/resolv.conf")), found.file(SandboxCreate.RESOLV_CONF));
    assertNull(found.file("network.json"));
    try (Sandbox changed = find(Sandbox.Purpose.CHANGE)) {
      changed.write("network.json", new byte[] {'{', '}'});
    }
    assertEquals("{}", text(requireNonNull(found.file("network.json"))));
    List<String> shm = mounts(root);
    assertEquals(1, shm.size(), String.valueOf(shm));
    assertTrue(shm.getFirst().contains("nosuid,nodev,noexec"), shm.getFirst());
    assertTrue(shm.getFirst().contains("size=65536k"), shm.getFirst());

    for (String type : List.of("net", "ipc", "uts")) {
      assertTrue(isOwn(pid, type), type);
    }
    for (String type : List.of("pid", "mnt", "user", "cgroup", "time")) {
      assertFalse(isOwn(pid, type), type);
    }
    String seen =
        inPod(
            pid,
            "-n -i",
            "cat /proc/sys/kernel/shmmax /proc/sys/net/ipv4/ip_unprivileged_port_start"
                + " /sys/class/net/lo/flags; ping -c 1 127.0.0.1 >/dev/null || ip -o addr show lo");
    assertTrue(seen.startsWith("12345678\n80\n"), seen);
    assertEquals(
        Files.readString(Path.of("/proc/sys/kernel/hostname")),
        inPod(pid, "-n", "cat /proc/sys/kernel/hostname") + "\n");

    counting.take();
    Sandbox.find(counting, root, id, Sandbox.Purpose.CHANGE).remove();
    assertEquals(2, counting.take().size());
    assertEquals(descriptors, LocalContainers.descriptors());
    assertTrue(
        assertThrows(ContainerException.class, () -> find(Sandbox.Purpose.READ)).isMissing());
    assertNothing();
  }

  private static String text(byte[] bytes) {
    assertNotNull(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void thePauseProcessIsAlmostNothing() throws Exception {
    int pid = create(request()).pid();
    settle(pid);
    assertEquals("pause\n", proc(pid, "comm"));
    assertEquals("pause\0" + id + "\0", proc(pid, "cmdline"));
    for (String set : List.of("CapInh", "CapPrm", "CapEff", "CapAmb")) {
      assertEquals("0000000000000000", status(pid, set), set);
    }
    assertNothingCanBeHad(pid);
    assertEquals("/", Files.readSymbolicLink(Path.of("/proc/" + pid + "/cwd")).toString());
    String resident = status(pid, "VmRSS");
    assertTrue(Integer.parseInt(resident.replace(" kB", "")) <= MOST_RESIDENT, resident);
    String cgroup = proc(pid, "cgroup");
    assertTrue(cgroup.contains("/pod@" + id + "/pause\n"), cgroup);
    assertEquals("S", status(pid, "State").substring(0, 1));
    // Its own session: what a terminal sends is not for it.
    assertEquals(Integer.toString(pid), proc(pid, "stat").split("\\) ", -1)[1].split(" ", -1)[3]);
    assertEquals(0, Files.getAttribute(Path.of("/proc/" + pid), "unix:uid"));
  }

  /** Whoever makes it do something: no capability by an execution, and no other system call. */
  private static void assertNothingCanBeHad(int pid) throws IOException {
    assertEquals("1", status(pid, "NoNewPrivs"));
    assertEquals("2", status(pid, "Seccomp"));
  }

  @Test
  void onlyTwoSignalsMeanAnything() throws Exception {
    for (int last : new int[] {Constants.SIGTERM, Constants.SIGINT}) {
      int pid = create(request()).pid();
      settle(pid);
      String before = proc(pid, "stat").split("\\) ", -1)[1];
      try (Sandbox sandbox = find(Sandbox.Purpose.ACT)) {
        for (int signal = 1; signal <= 64; signal++) {
          if (signal != Constants.SIGKILL
              && signal != Constants.SIGSTOP
              && signal != Constants.SIGTERM
              && signal != Constants.SIGINT) {
            sandbox.kill(signal);
          }
        }
        assertFalse(sandbox.end(0));
        settle(pid);
        String[] now = proc(pid, "stat").split("\\) ", -1)[1].split(" ", -1);
        assertEquals("S", now[0]);
        assertEquals(List.of(before.split(" ", -1)).subList(11, 13), List.of(now).subList(11, 13));
        assertEquals("0000000000000000", status(pid, "ShdPnd"));
        sandbox.kill(last);
        assertTrue(sandbox.end(10));
        assertEquals(0, exitStatus(pid));
      }
      Sandbox found = find(Sandbox.Purpose.ACT);
      assertEquals(Sandbox.Status.STOPPED, found.status());
      ContainerException gone = assertThrows(ContainerException.class, () -> found.kill(15));
      assertEquals("pod \"" + id + "\" is not running", gone.getMessage());
      found.close();
      remove();
    }
  }

  /** Reaps a child that has exited. */
  private int exitStatus(int pid) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Data info = b.output("siginfo", Structs.SIZEOF_SIGINFO_T);
    b.sys(
        Syscall.WAITID,
        imm(Constants.P_PID),
        imm(pid),
        info.address(),
        imm(Constants.WEXITED),
        imm(0));
    Kernel.Result result = kernel.run(b.build()).orThrow();
    byte[] bytes = result.bytes(info);
    assertEquals(1, bytes[8], "CLD_EXITED");
    return bytes[Structs.SIGINFO_T_SI_STATUS];
  }

  @Test
  void aSharedPidNamespaceHasAnInit() throws Exception {
    int pid = create(request(Map.of(), true, List.of())).pid();
    settle(pid);
    assertTrue(isOwn(pid, "pid") && isOwn(pid, "mnt"));
    assertNothingCanBeHad(pid);
    assertEquals(pid + " 1", status(pid, "NSpid"));
    assertEquals(List.of(), names(Path.of("/proc/" + pid + "/root")));
    assertEquals(1, Files.readAllLines(Path.of("/proc/" + pid + "/mountinfo")).size());
    String resident = status(pid, "VmRSS");
    assertTrue(Integer.parseInt(resident.replace(" kB", "")) <= MOST_RESIDENT, resident);
    // The shell leaves: what it began becomes the pause process's, and ends.
    inPod(
        pid,
        "-p",
        "for i in 1 2 3; do (sleep 0.05 & ) ; done; (exec sleep 1000 >/dev/null 2>&1 &)");
    Path children = Path.of("/proc/" + pid + "/task/" + pid + "/children");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (Files.readString(children).strip().split(" ", -1).length != 1) {
      assertTrue(System.nanoTime() < end, "orphans stay: " + Files.readString(children));
      Thread.sleep(5);
    }
    int sleeper = Integer.parseInt(Files.readString(children).strip());
    // It has let go of its output before it is executed.
    while (!proc(sleeper, "cmdline").startsWith("sleep\0")) {
      assertTrue(System.nanoTime() < end, proc(sleeper, "cmdline"));
      Thread.sleep(5);
    }
    try (Sandbox sandbox = find(Sandbox.Purpose.ACT)) {
      sandbox.kill(Constants.SIGTERM);
      assertTrue(sandbox.end(10));
    }
    assertFalse(Files.exists(Path.of("/proc/" + sleeper)), "the rest ends with it");
  }

  @Test
  void aUserNamespaceOfItsOwn() throws Exception {
    List<IdMapping> mappings =
        List.of(new IdMapping(0, 200000, 1000), new IdMapping(5000, 5000, 7));
    int pid = create(request(Map.of("kernel.msgmni", "77"), false, mappings)).pid();
    settle(pid);
    assertTrue(isOwn(pid, "user"));
    for (String map : List.of("uid_map", "gid_map")) {
      assertEquals(
          "0 200000 1000 5000 5000 7", proc(pid, map).strip().replaceAll("\\s+", " "), map);
    }
    assertNothingCanBeHad(pid);
    assertEquals("200000 200000 200000 200000", status(pid, "Uid"));
    assertEquals("77", inPod(pid, "-i", "cat /proc/sys/kernel/msgmni"));
    assertEquals(200000, Files.getAttribute(Path.of(root, ".pods", id, Remains.SHM), "unix:uid"));
  }

  @Test
  void oneOfManyWins() throws Exception {
    int threads = 8;
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      List<Callable<String>> tasks = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        tasks.add(() -> {
          try {
            return create(request()).pid() > 0 ? "created" : "";
          } catch (ContainerException e) {
            return String.valueOf(e.getMessage());
          }
        });
      }
      List<String> said = new ArrayList<>();
      for (Future<String> future : executor.invokeAll(tasks)) {
        said.add(future.get());
      }
      assertTrue(said.remove("created"), String.valueOf(said));
      for (String other : said) {
        assertEquals("pod with given ID already exists: \"" + id + "\"", other);
      }
    }
    assertEquals(Sandbox.Status.RUNNING, find(Sandbox.Purpose.READ).status());
    assertEquals(1, pauses(id).size());
  }

  @Test
  void whatFailsLeavesNothing() throws Exception {
    Map<String, String> descriptors = LocalContainers.descriptors();
    SyscallException refused =
        assertThrows(
            SyscallException.class,
            () -> create(request(Map.of("net.ipv4.ip_forward", "x"), false, List.of())));
    assertTrue(
        String.valueOf(refused.getMessage()).startsWith("set sysctl net.ipv4.ip_forward: write("),
        refused.getMessage());
    assertFalse(String.valueOf(refused.getMessage()).contains("config.json"), refused.getMessage());
    assertNothing();
    // When the pause process exists, and has not been told to go on.
    SyscallException taken =
        assertThrows(
            SyscallException.class,
            () -> SandboxCreate.begin(kernel, root, request(), Map.of("shm", new byte[1])));
    assertTrue(
        String.valueOf(taken.getMessage()).startsWith("make the pod's shared memory: mkdirat("),
        taken.getMessage());
    assertEquals(0, taken.getSuppressed().length);
    assertNothing();
    // Before anybody has waited for it, and after.
    SandboxCreate early = SandboxCreate.begin(kernel, root, request(), Map.of());
    RuntimeException cause = new IllegalStateException("no bridge");
    assertEquals(cause, early.undo(cause));
    assertEquals(0, cause.getSuppressed().length);
    assertNothing();
    CountingKernel counting = new CountingKernel(kernel);
    SandboxCreate created = SandboxCreate.begin(counting, root, request(), Map.of());
    created.await();
    counting.take();
    cause = new IllegalStateException("no network");
    assertEquals(cause, created.undo(cause));
    assertEquals(List.of((long) created.pid()), awaited(counting.take().getFirst()));
    assertEquals(0, cause.getSuppressed().length);
    assertNothing();
    String nowhere = directory.resolve("none/pid").toString();
    SandboxCreate unwritten = SandboxCreate.begin(kernel, root, request(), Map.of());
    unwritten.await();
    RuntimeException unwritable =
        assertThrows(SyscallException.class, () -> unwritten.commit(Map.of(), nowhere));
    unwritten.undo(unwritable);
    assertEquals(0, unwritable.getSuppressed().length);
    assertNothing();
    assertEquals(descriptors, LocalContainers.descriptors());
  }

  /** The pids that a program waits for. */
  private static List<Long> awaited(Program program) {
    LinkedProgram linked = new LinkedProgram("undo", program);
    List<Long> pids = new ArrayList<>();
    for (int i : linked.all(Syscall.WAITID)) {
      pids.add(linked.number(linked.at(i).arg(1), linked.line(i)));
    }
    return pids;
  }

  @Test
  void aPauseProcessThatIsKilledIsAStoppedPod() throws Exception {
    SandboxState state = create(request());
    int pid = state.pid();
    Path pod = Path.of(requireNonNull(state.podCgroup()).directory());
    Path nested = Files.createDirectories(pod.resolve("c/deeper"));
    Process sleeper = new ProcessBuilder("sleep", "1000").start();
    try {
      Files.writeString(nested.resolve("cgroup.procs"), Long.toString(sleeper.pid()));
      assertTrue(ProcessHandle.of(pid).orElseThrow().destroyForcibly());
      try (Sandbox sandbox = find(Sandbox.Purpose.ACT)) {
        assertTrue(sandbox.end(10));
      }
      Sandbox found = find(Sandbox.Purpose.READ);
      assertEquals(Sandbox.Status.STOPPED, found.status());
      assertEquals(pid, found.state().pid());
      Files.createDirectories(Path.of(root, ".pods", id, "more/directories"));
      Files.writeString(Path.of(root, ".pods", id, "more/directories/file"), "x");
      Files.createFile(Path.of(root, ".pods", id, Remains.CONTAINERS, "c"));
      assertEquals(List.of("c"), found.containers());
      remove();
      assertTrue(sleeper.waitFor(10, TimeUnit.SECONDS), "what was in the pod's cgroup is killed");
      assertEquals(128 + Constants.SIGKILL, sleeper.exitValue());
    } finally {
      sleeper.destroyForcibly();
    }
    assertNothing();
  }

  @Test
  void aStateThatCannotBeReadIsNoCrash() throws Exception {
    int pid = create(request()).pid();
    Path file = Path.of(root, ".pods", id, "state.json");
    byte[] good = Files.readAllBytes(file);
    Random random = new Random(5);
    for (int i = 0; i < 40; i++) {
      byte[] bad = new byte[random.nextInt(200)];
      random.nextBytes(bad);
      Files.write(file, bad);
      for (Sandbox sandbox : Sandbox.list(kernel, root)) {
        assertEquals(Sandbox.Status.STOPPED, sandbox.status());
        assertEquals(bad.length > 0, sandbox.problem() != null);
      }
    }
    // More than any pid.
    Files.writeString(file, "{\"pid\":9999999999,\"startTime\":1}");
    assertEquals(Sandbox.Status.STOPPED, find(Sandbox.Purpose.READ).status());
    Files.write(file, good);
    assertEquals(pid, find(Sandbox.Purpose.READ).state().pid());
    assertNull(find(Sandbox.Purpose.READ).problem());
  }

  @Test
  void whateverACreatorWasDoingWhenItWasKilled() throws Exception {
    Random random = new Random();
    long seed = random.nextLong();
    random.setSeed(seed);
    int interrupted = 0;
    for (int round = 0; round < 12; round++) {
      Process creator = SandboxCreator.start(root, id);
      try (var out = creator.inputReader()) {
        assertEquals("ready", out.readLine(), "the creator begins");
        Thread.sleep(random.nextInt(60), random.nextInt(1_000_000));
        creator.destroyForcibly();
        creator.waitFor();
      }
      List<Sandbox> left = Sandbox.list(kernel, root);
      interrupted += left.isEmpty() ? 0 : 1;
      for (Sandbox sandbox : left) {
        // This waits for a child that has its descriptors until it executes.
        Sandbox.find(kernel, root, sandbox.id(), Sandbox.Purpose.CHANGE).remove();
      }
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (!pauses(id).isEmpty()) {
        assertTrue(System.nanoTime() < end, "seed " + seed + ": a pause process stays");
        Thread.sleep(5);
      }
      assertNothing();
    }
    assertTrue(interrupted > 0, "seed " + seed + ": the creator was never in the middle of it");
  }
}
