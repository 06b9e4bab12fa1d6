package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life cycle with this JVM as the runtime: the library, embedded. */
@Tag("root")
class LocalLifecycleTest {
  private static final AtomicInteger NEXT = new AtomicInteger();

  @TempDir Path directory;
  private LocalContainers containers;
  private String prefix;
  private String id;

  @BeforeEach
  void bundle() throws Exception {
    assumeTrue(
        Files.isWritable(Path.of("/proc/sys/kernel/hostname")) && isRoot(),
        "containers are made by root");
    assumeTrue(
        Files.isExecutable(LocalContainers.BUSYBOX), "the package busybox-static is missing");
    containers = new LocalContainers(directory);
    prefix = "local-" + ProcessHandle.current().pid() + "-" + NEXT.incrementAndGet() + "-";
    id = prefix + "c";
    // What is opened for good when it is first used is open before anything is compared.
    assertThrows(
        ContainerException.class,
        () -> Inventory.state(containers.kernel, containers.root, "none"));
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    if (containers == null) {
      return;
    }
    Path state = Path.of(containers.root);
    if (Files.exists(state)) {
      for (Look.Found found : Inventory.list(containers.kernel, containers.root)) {
        Delete.run(containers.kernel, containers.root, found.id(), true);
      }
    }
    assertEquals(List.of(), LocalContainers.cgroups(prefix));
  }

  private static boolean isRoot() throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
  }

  private void assertClean(Map<String, String> descriptors, String mask) throws IOException {
    assertEquals(descriptors, LocalContainers.descriptors());
    assertEquals(mask, LocalContainers.blocked());
    assertFalse(Files.exists(Path.of(containers.root, id)), "state of " + id);
    assertEquals(List.of(), LocalContainers.cgroups(prefix));
    assertFalse(LocalContainers.hasChild(containers.kernel), "a child is left");
  }

  @Test
  void theWholeLifeWithinItsBudget() throws Exception {
    String root = containers.root;
    CountingKernel kernel = new CountingKernel(containers.kernel);
    Map<String, String> descriptors = LocalContainers.descriptors();
    String mask = LocalContainers.blocked();
    List<String> counts = new ArrayList<>();
    Path pidFile = directory.resolve("pid");

    Create.Created created = Create.run(kernel, root, containers.request(id, pidFile.toString()));
    budget(counts, "create", kernel, 3);
    int pid = created.state().pid();
    assertEquals(Integer.toString(pid), Files.readString(pidFile));
    assertEquals(mask, LocalContainers.blocked());
    assertEquals(descriptors, LocalContainers.descriptors());

    Look.Found found = Inventory.state(kernel, root, id);
    budget(counts, "state", kernel, 1);
    assertEquals(Status.CREATED, found.status());
    assertEquals(pid, found.pid());

    Start.run(kernel, root, id);
    budget(counts, "start", kernel, 2);
    assertEquals(Status.RUNNING, Inventory.state(kernel, root, id).status());
    budget(counts, "state", kernel, 1);
    assertEquals("busybox\n", Files.readString(Path.of("/proc/" + pid + "/comm")));

    // What is refused leaves the container unlocked.
    String running =
        assertThrows(ContainerException.class, () -> Start.run(kernel, root, id)).getMessage();
    assertTrue(String.valueOf(running).contains("already running"), running);
    String notStopped =
        assertThrows(ContainerException.class, () -> Delete.run(kernel, root, id, false))
            .getMessage();
    assertTrue(String.valueOf(notStopped).contains("not stopped"), notStopped);
    assertEquals(descriptors, LocalContainers.descriptors());
    kernel.take();

    assertEquals(1, Inventory.processes(kernel, root, id).length);
    budget(counts, "ps", kernel, 2);
    Exec.Executed executed =
        Exec.run(kernel, root, exec(List.of("/bin/busybox", "sh", "-c", "exit 3")));
    budget(counts, "exec", kernel, 2);
    containers.reap(executed.pid());
    close(executed.pidfd());
    assertEquals(descriptors, LocalContainers.descriptors());
    assertEquals(mask, LocalContainers.blocked());
    String unknown =
        assertThrows(
                SyscallException.class, () -> Exec.run(kernel, root, exec(List.of("/nonesuch"))))
            .getMessage();
    assertTrue(String.valueOf(unknown).contains("no such file or directory"), unknown);
    assertEquals(descriptors, LocalContainers.descriptors());
    assertEquals(mask, LocalContainers.blocked());
    kernel.take();
    Kill.run(kernel, root, id, Constants.SIGKILL, false);
    budget(counts, "kill", kernel, 2);
    containers.reap(pid);
    assertEquals(Status.STOPPED, Inventory.state(kernel, root, id).status());
    kernel.take();
    String notRunning =
        assertThrows(
                ContainerException.class,
                () -> Kill.run(kernel, root, id, Constants.SIGTERM, false))
            .getMessage();
    assertTrue(String.valueOf(notRunning).contains("container not running"), notRunning);
    kernel.take();
    Delete.run(kernel, root, id, false);
    budget(counts, "delete", kernel, 3);
    System.out.println("exchanges: " + String.join(", ", counts));
    assertClean(descriptors, mask);
    String missing =
        assertThrows(ContainerException.class, () -> Inventory.state(kernel, root, id))
            .getMessage();
    assertTrue(String.valueOf(missing).contains("does not exist"), missing);
  }

  private Exec.Request exec(List<String> args) {
    return new Exec.Request(
        id, ExecProcess.Changes.args(args), null, null, null, 0, null, false, false);
  }

  private void close(long fd) {
    ProgramBuilder b = new ProgramBuilder(containers.kernel.arch());
    b.sys(Syscall.CLOSE, imm(fd));
    containers.kernel.run(b.build()).orThrow();
  }

  private static void budget(List<String> counts, String verb, CountingKernel kernel, int most) {
    int count = kernel.take().size();
    counts.add(verb + " " + count);
    assertTrue(count <= most, verb + " took " + count + " exchanges, more than " + most);
  }

  private String createFails(String config) throws Exception {
    containers.config(config);
    Map<String, String> descriptors = LocalContainers.descriptors();
    String mask = LocalContainers.blocked();
    RuntimeException failure =
        assertThrows(
            RuntimeException.class,
            () -> Create.run(containers.kernel, containers.root, containers.request(id, null)));
    assertEquals(List.of(), List.of(failure.getSuppressed()));
    assertClean(descriptors, mask);
    return String.valueOf(failure.getMessage());
  }

  private static String withHooks(String hooks) {
    return LocalContainers.config().replaceFirst("\\{", "{\"hooks\": {" + hooks + "},");
  }

  private static String hook(String kind, String script) {
    return "\""
        + kind
        + "\": [{\"path\": \"/bin/sh\", \"args\": [\"sh\", \"-c\", \""
        + script
        + "\"]}]";
  }

  @Test
  void hooksStayWithinTheBudget() throws Exception {
    Path log = directory.resolve("hooks.log");
    List<String> hooks = new ArrayList<>();
    List<String> kinds =
        List.of("prestart", "createRuntime", "createContainer", "poststart", "poststop");
    for (String kind : kinds) {
      hooks.add(hook(kind, "echo " + kind + " >> " + log));
    }
    containers.config(withHooks(String.join(", ", hooks)));
    CountingKernel kernel = new CountingKernel(containers.kernel);
    Map<String, String> descriptors = LocalContainers.descriptors();
    String mask = LocalContainers.blocked();
    List<String> counts = new ArrayList<>();
    Create.Created created = Create.run(kernel, containers.root, containers.request(id, null));
    budget(counts, "create", kernel, 3);
    assertEquals(descriptors, LocalContainers.descriptors());
    Start.run(kernel, containers.root, id);
    budget(counts, "start", kernel, 2);
    Kill.run(kernel, containers.root, id, Constants.SIGKILL, false);
    containers.reap(created.state().pid());
    kernel.take();
    assertEquals(List.of(), Delete.run(kernel, containers.root, id, false));
    budget(counts, "delete", kernel, 2);
    assertEquals(kinds, Files.readAllLines(log));
    assertClean(descriptors, mask);
  }

  @Test
  void aFailingHookLeavesNothing() throws Exception {
    for (String kind : List.of("createRuntime", "createContainer")) {
      String message = createFails(withHooks(hook(kind, "echo why; exit 3")));
      assertEquals(
          "hook "
              + kind
              + " \"/bin/sh\": exit status 3, having written: why [config.json /hooks/"
              + kind
              + "/0]",
          message);
    }
    String missing = createFails(withHooks("\"prestart\": [{\"path\": \"/no/hook\"}]"));
    assertTrue(missing.endsWith("(no such file or directory) [config.json /hooks/prestart/0]"));
  }

  @Test
  void aFailingMountLeavesNothing() throws Exception {
    String message =
        createFails(
            LocalContainers.config()
                .replaceFirst(
                    "\"mounts\": \\[",
                    "\"mounts\": [{\"destination\":\"/x\",\"type\":\"bind\","
                        + "\"source\":\"/nowhere\",\"options\":[\"bind\"]},"));
    assertTrue(
        message.endsWith("ENOENT (no such file or directory) [config.json /mounts/0]"), message);
  }

  @Test
  void aNamespaceThatIsNoneLeavesNothing() throws Exception {
    String message =
        createFails(
            LocalContainers.config()
                .replaceFirst(
                    "\"type\": \"uts\"", "\"type\": \"uts\", \"path\": \"/proc/self/ns/ipc\""));
    assertTrue(message.startsWith("\"/proc/self/ns/ipc\" is not a uts namespace"), message);
  }

  @Test
  void aNamespaceThatIsMissingLeavesNothing() throws Exception {
    String message =
        createFails(
            LocalContainers.config()
                .replaceFirst("\"type\": \"uts\"", "\"type\": \"uts\", \"path\": \"/nowhere\""));
    assertTrue(message.contains("ENOENT"), message);
  }

  @Test
  void aMissingExecutableLeavesNothing() throws Exception {
    String message =
        createFails(LocalContainers.config().replace("/bin/busybox", "nothing-of-this-name"));
    assertTrue(message.contains("executable file not found in $PATH"), message);
  }

  @Test
  void aBundleWithoutConfigLeavesNothing() throws Exception {
    Files.delete(containers.bundle.resolve("config.json"));
    Map<String, String> descriptors = LocalContainers.descriptors();
    SyscallException failure =
        assertThrows(
            SyscallException.class,
            () -> Create.run(containers.kernel, containers.root, containers.request(id, null)));
    assertTrue(String.valueOf(failure.getMessage()).contains("config.json"), failure.getMessage());
    assertClean(descriptors, LocalContainers.blocked());
  }

  @Test
  void aPidFileThatCannotBeWrittenLeavesNothing() throws Exception {
    Map<String, String> descriptors = LocalContainers.descriptors();
    String mask = LocalContainers.blocked();
    SyscallException failure =
        assertThrows(
            SyscallException.class,
            () ->
                Create.run(
                    containers.kernel,
                    containers.root,
                    containers.request(id, "/nowhere/at/all.pid")));
    assertTrue(
        String.valueOf(failure.getMessage()).startsWith("write pid file"), failure.getMessage());
    assertClean(descriptors, mask);
  }

  @Test
  void aFailingExecveIsTheFailureOfStart() throws Exception {
    Path script = containers.bundle.resolve("rootfs/bin/script");
    Files.writeString(script, "#!/no/interpreter\n");
    assertTrue(script.toFile().setExecutable(true));
    containers.config(LocalContainers.config().replace("/bin/busybox", "/bin/script"));
    Map<String, String> descriptors = LocalContainers.descriptors();
    Create.Created created =
        Create.run(containers.kernel, containers.root, containers.request(id, null));
    SyscallException failure =
        assertThrows(
            SyscallException.class, () -> Start.run(containers.kernel, containers.root, id));
    assertTrue(String.valueOf(failure.getMessage()).contains("ENOENT"), failure.getMessage());
    assertEquals(descriptors, LocalContainers.descriptors());
    containers.reap(created.state().pid());
    Delete.run(containers.kernel, containers.root, id, false);
    assertClean(descriptors, LocalContainers.blocked());
  }

  /** Runs the same on several threads at once. */
  private static <T> List<Future<T>> together(int count, Callable<T> task) throws Exception {
    List<Callable<T>> tasks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      tasks.add(task);
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(count)) {
      return threads.invokeAll(tasks);
    }
  }

  @Test
  void ofTwoCreatesForOneIdOneWins() throws Exception {
    Map<String, String> descriptors = LocalContainers.descriptors();
    for (int round = 0; round < 10; round++) {
      List<Future<String>> results =
          together(
              2,
              () -> {
                try {
                  Create.run(containers.kernel, containers.root, containers.request(id, null));
                  return "created";
                } catch (ContainerException e) {
                  return String.valueOf(e.getMessage());
                }
              });
      List<String> said = new ArrayList<>();
      for (Future<String> result : results) {
        said.add(result.get());
      }
      said.sort(null);
      assertEquals(
          List.of("container with given ID already exists: \"" + id + "\"", "created"), said);
      int pid = Inventory.state(containers.kernel, containers.root, id).pid();
      Delete.run(containers.kernel, containers.root, id, true);
      containers.reap(pid);
    }
    assertClean(descriptors, LocalContainers.blocked());
  }

  @Test
  void threadsOfAJvmWithG1MakeContainersAtOnce() throws Exception {
    String separator = System.getProperty("path.separator");
    String base = System.getProperty("basedir", ".");
    String classes =
        String.join(
            separator,
            System.getProperty("java.class.path"),
            System.getProperty("jdk.module.path", ""),
            Path.of(base, "target", "classes").toString(),
            Path.of(base, "target", "test-classes").toString());
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseG1GC",
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classes,
                LocalContainersUnderLoad.class.getName(),
                directory.resolve("load").toString(),
                prefix)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertTrue(output.contains("80 containers"), output);
  }
}
