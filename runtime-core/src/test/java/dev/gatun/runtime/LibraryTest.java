package dev.gatun.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.oci.Spec;
import dev.gatun.runtime.lifecycle.LocalContainers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The public API, used as any program would use it. */
@Tag("root")
@Timeout(120)
class LibraryTest {
  private static final AtomicInteger NEXT = new AtomicInteger();

  @TempDir Path directory;
  private Box box;
  private Gatun gatun;
  private String id;
  private Map<String, String> descriptors;

  @BeforeEach
  void open() throws Exception {
    Box.assume();
    box = new Box(directory);
    gatun = box.gatun;
    id = "library-" + ProcessHandle.current().pid() + "-" + NEXT.incrementAndGet();
    // What is opened for good when it is first used is open before anything is compared.
    try (Container first = box.container(id, "exit 0").stdout(Stdio.pipe()).start()) {
      assertEquals(new ExitStatus.Exited(0), first.exit().join());
      assertEquals("", Box.text(first.stdout()));
    }
    descriptors = LocalContainers.descriptors();
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    if (box == null) {
      return;
    }
    for (Container container : gatun.list()) {
      container.deleteForcibly();
    }
    assertEquals(List.of(), Box.cgroups("library-" + ProcessHandle.current().pid()));
  }

  private void assertClean() throws IOException {
    assertEquals(descriptors, LocalContainers.descriptors());
    assertEquals(List.of(), Box.children());
    assertFalse(Files.exists(gatun.stateRoot().resolve(id)), "state of " + id);
    assertEquals(List.of(), Box.cgroups(id));
    assertTrue(gatun.find(id).isEmpty());
  }

  @Test
  void aWholeLifeFromAConfigurationInMemory() throws Exception {
    Container container =
        box.container(id, "read line; echo got $line; echo oops >&2; exit 3")
            .stdin(Stdio.pipe())
            .stdout(Stdio.pipe())
            .stderr(Stdio.pipe())
            .create();
    assertEquals(ContainerStatus.CREATED, container.status());
    CompletableFuture<ExitStatus> exit = container.exit();
    assertFalse(exit.isDone());
    ContainerInfo info = container.info();
    assertEquals(box.rootfs, info.rootfs());
    assertTrue(Files.isRegularFile(info.bundle().resolve("config.json")), info.toString());
    assertTrue(ProcessHandle.of(info.pid()).isPresent());
    assertEquals(List.of(), container.warnings());

    container.start();
    assertEquals(ContainerStatus.RUNNING, container.status());
    assertEquals(List.of(info.pid()), container.processes());
    container.stdin().write("hello\n".getBytes(StandardCharsets.UTF_8));
    container.stdin().close();
    assertEquals("got hello\n", Box.text(container.stdout()));
    assertEquals("oops\n", Box.text(container.stderr()));
    ExitStatus status = exit.get(10, TimeUnit.SECONDS);
    assertEquals(new ExitStatus.Exited(3), status);
    assertEquals(OptionalInt.of(3), status.shellCode());
    assertFalse(status.isSuccess());
    assertEquals(ContainerStatus.STOPPED, container.status());
    assertEquals(0, container.info().pid());
    container.delete();
    container.close();
    assertClean();
    ContainerException missing = assertThrows(ContainerException.class, container::status);
    assertTrue(missing.isMissing(), missing.getMessage());
  }

  @Test
  void aBundleOnDisk() throws Exception {
    Path bundle = Files.createDirectories(directory.resolve("bundle"));
    Spec spec = Box.shell("cat /etc/hello");
    Files.write(
        bundle.resolve("config.json"),
        dev.gatun.oci.SpecWriter.write(dev.gatun.oci.JsonWriter.compact(), spec).toByteArray());
    Files.createSymbolicLink(bundle.resolve("rootfs"), box.rootfs);
    Files.writeString(box.rootfs.resolve("etc/hello"), "from disk\n");
    try (Container container = gatun.container(id).bundle(bundle).stdout(Stdio.pipe()).start()) {
      assertEquals("from disk\n", Box.text(container.stdout()));
      assertEquals(new ExitStatus.Exited(0), container.exit().join());
      assertEquals(bundle, container.info().bundle());
    }
    assertClean();
  }

  @Test
  void filesAsStreams() throws Exception {
    Path in = Files.writeString(directory.resolve("in"), "input");
    Path out = Files.writeString(directory.resolve("out"), "what was there");
    Path log = Files.writeString(directory.resolve("log"), "first\n");
    String script = "cat; echo; echo oops >&2; cat; readlink /proc/self/fd/2";
    try (Container container =
        box.container(id, script)
            .stdin(Stdio.from(in))
            .stdout(Stdio.to(out))
            .stderr(Stdio.appendTo(log))
            .start()) {
      assertTrue(container.exit().join().isSuccess());
    }
    assertEquals("input\n" + log + "\n", Files.readString(out));
    assertEquals("first\noops\n", Files.readString(log));
    try (Container container =
        box.container(id, "echo out; echo err >&2; echo out")
            .stdout(Stdio.to(out))
            .stderr(Stdio.asStdout())
            .start()) {
      assertTrue(container.exit().join().isSuccess());
    }
    assertEquals("out\nerr\nout\n", Files.readString(out));
    try (Container container =
        box.container(id, "cat && readlink /proc/self/fd/2 >&2")
            .stdout(Stdio.to(out))
            .stderr(Stdio.none())
            .start()) {
      assertTrue(container.exit().join().isSuccess());
      assertThrows(IllegalStateException.class, container::stdout);
    }
    assertEquals("", Files.readString(out));
    assertClean();
  }

  @Test
  void aContainerSeesNoDescriptorButItsThree() throws Exception {
    try (var held = Files.newInputStream(Box.BUSYBOX);
        Container container =
            box.container(id, "ls /proc/self/fd; exec ls -l /proc/1/fd")
                .stdin(Stdio.pipe())
                .stdout(Stdio.pipe())
                .start()) {
      assertTrue(held.read() >= 0);
      String seen = Box.text(container.stdout());
      // The fourth is the directory that ls itself reads.
      assertTrue(seen.startsWith("0\n1\n2\n3\n"), seen);
      assertTrue(container.exit().join().isSuccess());
      assertFalse(seen.contains("busybox"), seen);
      assertFalse(seen.contains(directory.toString()), seen);
    }
    assertClean();
  }

  @Test
  void whatTheJvmChangedOfItselfIsPutBack() throws Exception {
    String files = openFiles(Files.readString(Path.of("/proc/self/limits")));
    assertFalse(files.contains(" 1024 "), "this JVM has not raised its limit: " + files);
    assertNotEquals("00000033", Files.readString(Path.of("/proc/self/coredump_filter")).strip());
    String hard = files.split(" +", -1)[4];
    Spec spec =
        SpecBuilder.isolated(
                "cat", "/proc/self/coredump_filter", "/proc/self/limits", "/proc/self/status")
            .build();
    try (Container container =
        gatun.container(id).spec(spec, box.rootfs).stdout(Stdio.pipe()).start()) {
      String said = Box.text(container.stdout());
      List<String> lines = said.lines().toList();
      assertEquals("00000033", lines.getFirst());
      assertEquals(List.of("1024", hard), List.of(openFiles(said).split(" +", -1)).subList(3, 5));
      for (String none : List.of("SigBlk", "SigIgn", "SigCgt", "CapBnd", "CapEff")) {
        assertTrue(lines.contains(none + ":\t0000000000000000"), said);
      }
    }
    assertClean();
  }

  private static String openFiles(String limits) {
    return limits.lines().filter(line -> line.startsWith("Max open files")).toList().getFirst();
  }

  @Test
  void endsBySignal() throws Exception {
    try (Container container =
        box.container(id, "trap 'exit 9' USR1; echo up; while :; do sleep 0.05; done")
            .stdout(Stdio.pipe())
            .start()) {
      assertEquals('u', container.stdout().read());
      container.kill(Signal.SIGUSR1);
      assertEquals(new ExitStatus.Exited(9), container.exit().join());
    }
    try (Container container = box.container(id, "sleep 1000 & wait").start()) {
      container.killAll(Signal.SIGKILL);
      ExitStatus status = container.exit().join();
      assertEquals(new ExitStatus.Signaled(Signal.SIGKILL, false), status);
      assertEquals(OptionalInt.of(137), status.shellCode());
      assertThrows(ContainerException.class, () -> container.kill(Signal.SIGTERM));
    }
    // A container that is created only ends by what ends a process.
    try (Container container = box.container(id, "exit 0").create()) {
      container.kill(Signal.SIGTERM);
      assertEquals(new ExitStatus.Exited(143), container.exit().join());
    }
    assertClean();
  }

  @Test
  void closingEndsIt() throws Exception {
    Container container =
        box.container(id, "sleep 1000").stdin(Stdio.pipe()).stdout(Stdio.pipe()).start();
    CompletableFuture<ExitStatus> exit = container.exit();
    CompletableFuture<String> reader =
        CompletableFuture.supplyAsync(() -> {
          try {
            return Box.text(container.stdout());
          } catch (IOException e) {
            throw new CompletionException(e);
          }
        });
    container.close();
    assertEquals(new ExitStatus.Signaled(Signal.SIGKILL, false), exit.get(10, TimeUnit.SECONDS));
    assertEquals("", reader.exceptionally(e -> "").get(10, TimeUnit.SECONDS));
    container.close();
    assertClean();
  }

  @Test
  void closingDoesNotTouchTheNextOfTheSameName() throws Exception {
    Container first = box.container(id, "sleep 1000").start();
    first.deleteForcibly();
    try (Container second = box.container(id, "sleep 1000").start()) {
      first.close();
      assertEquals(ContainerStatus.RUNNING, second.status());
      assertSame(second, gatun.get(id));
    }
    assertClean();
  }

  @Test
  void theFutureIsTheCallersOwn() throws Exception {
    try (Container container = box.container(id, "sleep 1000").start()) {
      assertTrue(container.exit().cancel(true));
      assertTrue(container.exit().complete(new ExitStatus.Exited(77)));
      CompletionException late =
          assertThrows(
              CompletionException.class,
              () -> container.exit().orTimeout(50, TimeUnit.MILLISECONDS).join());
      assertInstanceOf(TimeoutException.class, late.getCause());
      // What depends on it may block: the end of another container is told all the same.
      CompletableFuture<Void> blocked =
          container
              .exit()
              .thenAccept(status -> {
                try (Container other = box.container(id + "-2", "exit 4").start()) {
                  assertEquals(new ExitStatus.Exited(4), other.exit().join());
                }
              });
      container.kill(Signal.SIGKILL);
      blocked.get(20, TimeUnit.SECONDS);
      assertEquals(OptionalInt.of(137), container.exit().join().shellCode());
    }
    assertClean();
  }

  @Test
  void aProcessIsExecutedInIt() throws Exception {
    try (Container container = box.container(id, "sleep 1000").start()) {
      try (ContainerProcess process =
          container
              .exec(
                  "sh",
                  "-c",
                  "read a; echo $a $B $PWD; id -u; echo oops >&2; ls /proc/self/fd; exit 7")
              .env("B", "b")
              .cwd("/work")
              .user(5, 6)
              .stdin(Stdio.pipe())
              .stdout(Stdio.pipe())
              .stderr(Stdio.asStdout())
              .start()) {
        assertEquals(2, container.processes().size());
        assertTrue(container.processes().contains(process.pid()));
        assertEquals(List.of(), process.warnings());
        process.stdin().write("a\n".getBytes(StandardCharsets.UTF_8));
        assertEquals("a b /work\n5\noops\n0\n1\n2\n3\n", Box.text(process.stdout()));
        assertEquals(new ExitStatus.Exited(7), process.exit().get(10, TimeUnit.SECONDS));
        assertThrows(ContainerException.class, () -> process.kill(Signal.SIGTERM));
        assertThrows(IllegalStateException.class, process::stderr);
      }
      try (ContainerProcess process = container.exec("sleep", "1000").start()) {
        process.kill(Signal.SIGTERM);
        assertEquals(new ExitStatus.Signaled(Signal.SIGTERM, false), process.exit().join());
      }
      ContainerProcess closed = container.exec("sleep", "1000").stdout(Stdio.pipe()).start();
      closed.close();
      assertEquals(OptionalInt.of(137), closed.exit().join().shellCode());
      Map<String, String> before = LocalContainers.descriptors();
      KernelException missing =
          assertThrows(
              KernelException.class,
              () -> container.exec("nothing-of-this-name").stdout(Stdio.pipe()).start());
      assertTrue(
          String.valueOf(missing.getMessage()).contains("executable file not found in $PATH"),
          missing.getMessage());
      assertEquals(before, LocalContainers.descriptors());
      try (ContainerProcess process =
          container.exec("cat", "/proc/self/limits").stdout(Stdio.pipe()).start()) {
        assertTrue(openFiles(Box.text(process.stdout())).contains(" 1024 "));
      }
      assertEquals(ContainerStatus.RUNNING, container.status());
    }
    assertClean();
  }

  @Test
  void aContainerIsPausedAndResumed() throws Exception {
    try (Container container = box.container(id, "sleep 1000").start()) {
      container.pause();
      assertEquals(ContainerStatus.PAUSED, container.status());
      ContainerException paused =
          assertThrows(ContainerException.class, () -> container.exec("true").start());
      assertTrue(String.valueOf(paused.getMessage()).contains("paused"), paused.getMessage());
      assertThrows(ContainerException.class, container::pause);
      container.resume();
      assertEquals(ContainerStatus.RUNNING, container.status());
      try (ContainerProcess process = container.exec("true").start()) {
        assertTrue(process.exit().join().isSuccess());
      }
      container.pause();
    }
    assertClean();
  }

  @Test
  void whatIsFoundIsTheSame() throws Exception {
    try (Container container = box.container(id, "sleep 1000").start()) {
      assertSame(container, gatun.get(id));
      assertSame(container, Gatun.open(gatun.stateRoot()).find(id).orElseThrow());
      assertEquals(List.of(container), gatun.list());
    }
    assertTrue(gatun.find(id).isEmpty());
    assertEquals(List.of(), gatun.list());
    assertClean();
  }

  @Test
  void whatAnotherProcessCreatedEndsInAWayNobodyKnows() throws Exception {
    String output = OtherJvm.run(List.of(), "create", directory.toString(), id);
    assertTrue(output.contains("created " + id), output);
    Container found = gatun.get(id);
    assertEquals(ContainerStatus.CREATED, found.status());
    CompletableFuture<ExitStatus> exit = found.exit();
    found.start();
    found.close();
    assertEquals(ContainerStatus.RUNNING, found.status());
    assertFalse(exit.isDone());
    found.kill(Signal.SIGKILL);
    assertEquals(new ExitStatus.Unknown(), exit.get(10, TimeUnit.SECONDS));
    assertEquals(OptionalInt.empty(), exit.join().shellCode());
    assertEquals(new ExitStatus.Unknown(), gatun.get(id).exit().join());
    found.delete();
    assertClean();
  }

  private <T extends Throwable> T fails(Class<T> type, ContainerBuilder builder)
      throws IOException {
    T failure = assertThrows(type, builder::create);
    assertEquals(0, failure.getSuppressed().length);
    assertClean();
    return failure;
  }

  @Test
  void failuresAreTypedAndLeaveNothing() throws Exception {
    ContainerBuilder piped =
        gatun.container(id).stdin(Stdio.pipe()).stdout(Stdio.pipe()).stderr(Stdio.pipe());
    Spec bind = SpecBuilder.isolated("true").readOnly(Path.of("/nowhere"), "/mnt").build();
    KernelException kernel = fails(KernelException.class, piped.spec(bind, box.rootfs));
    assertEquals("ENOENT", kernel.errorName());
    assertEquals("/mounts/6", kernel.place());
    assertTrue(kernel.call().startsWith("open_tree("), kernel.call());
    assertTrue(String.valueOf(kernel.getMessage()).endsWith("[config.json /mounts/6]"));

    kernel = fails(KernelException.class, piped.spec(Box.shell("true"), Path.of("/nowhere")));
    assertEquals("ENOENT", kernel.errorName());

    Spec missing = SpecBuilder.isolated("nothing-of-this-name").build();
    kernel = fails(KernelException.class, piped.spec(missing, box.rootfs));
    assertTrue(
        String.valueOf(kernel.getMessage()).contains("executable file not found in $PATH"),
        kernel.getMessage());

    Spec invalid = SpecBuilder.isolated("true").cwd("not/absolute").build();
    ConfigException config = fails(ConfigException.class, piped.spec(invalid, box.rootfs));
    assertEquals("/process/cwd", config.place());

    Spec outside = SpecBuilder.isolated("true").cgroup("../../x").build();
    config = fails(ConfigException.class, piped.spec(outside, box.rootfs));
    assertEquals("/linux/cgroupsPath", config.place());

    kernel = fails(KernelException.class, piped.bundle(Path.of("/nowhere")));
    assertTrue(
        String.valueOf(kernel.getMessage()).startsWith("open bundle \"/nowhere\""),
        kernel.getMessage());
    fails(ContainerException.class, gatun.container(id));
    kernel =
        fails(
            KernelException.class,
            box.container(id, "true").stdout(Stdio.pipe()).stderr(Stdio.to(Path.of("/nowhere/x"))));
    assertTrue(
        String.valueOf(kernel.getMessage()).startsWith("open the container's standard error"),
        kernel.getMessage());
    Path untouched = Files.writeString(directory.resolve("untouched"), "kept");
    assertThrows(
        ContainerException.class,
        () ->
            gatun.container("../x").spec(invalid, box.rootfs).stdout(Stdio.to(untouched)).create());
    assertEquals("kept", Files.readString(untouched));
    assertThrows(IllegalArgumentException.class, () -> new Signal(65));
    assertThrows(IllegalArgumentException.class, () -> piped.stdin(Stdio.asStdout()));
  }

  @Test
  void aProgramThatCannotBeExecutedIsTheFailureOfStart() throws Exception {
    Path script = Files.writeString(box.rootfs.resolve("bin/script"), "#!/no/interpreter\n");
    assertTrue(script.toFile().setExecutable(true));
    Spec spec = SpecBuilder.isolated("script").build();
    KernelException failure =
        assertThrows(
            KernelException.class,
            () -> gatun.container(id).spec(spec, box.rootfs).stdout(Stdio.pipe()).start());
    assertEquals("ENOENT", failure.errorName());
    assertTrue(failure.call().startsWith("execve("), failure.call());
    assertClean();
  }

  @Test
  void anIdIsTakenOnce() throws Exception {
    try (Container container = box.container(id, "sleep 1000").create()) {
      ContainerException exists =
          assertThrows(ContainerException.class, () -> box.container(id, "true").create());
      assertTrue(String.valueOf(exists.getMessage()).contains("already exists"));
      assertFalse(exists.isMissing());
      assertEquals(ContainerStatus.CREATED, container.status());
    }
    assertClean();
  }

  /** Every write of a create fails once, from the first file on. */
  @Test
  void aFullStateRootLeavesNothingOpen() throws Exception {
    Path small = Files.createDirectory(directory.resolve("small"));
    Set<String> failed = new TreeSet<>();
    boolean made = false;
    for (int pages = 1; !made && pages < 20; pages++) {
      mount("mount", "-t", "tmpfs", "-o", "size=" + 4 * pages + "k", "tmpfs", small.toString());
      try (Container container =
          Gatun.open(small.resolve("state"))
              .container(id)
              .spec(Box.shell("true"), box.rootfs)
              .create()) {
        made = container.status() == ContainerStatus.CREATED;
      } catch (KernelException e) {
        assertEquals("ENOSPC", e.errorName());
        failed.add(String.valueOf(e.call().split("<|>", -1)[1]));
      } finally {
        mount("umount", small.toString());
      }
      assertEquals(descriptors, LocalContainers.descriptors());
      assertEquals(List.of(), Box.cgroups(id));
    }
    assertTrue(made);
    assertEquals(Set.of("config.json", "steps", ".state.json"), failed);
    assertClean();
  }

  private static void mount(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertEquals(0, process.waitFor(), String.join(" ", command));
  }

  @Test
  void anInterruptDoesNotLeaveHalfAContainer() throws Exception {
    List<Throwable> thrown = new ArrayList<>();
    Thread virtual =
        Thread.ofVirtual()
            .start(() -> {
              Thread.currentThread().interrupt();
              try (Container container = box.container(id, "exit 0").start()) {
                assertTrue(Thread.currentThread().isInterrupted());
                Thread.interrupted();
                assertTrue(container.exit().join().isSuccess());
              } catch (Throwable e) {
                thrown.add(e);
              }
            });
    virtual.join();
    assertEquals(List.of(), thrown);
    assertClean();
  }

  @Test
  void oneThreadWaitsForAllAndGoes() throws Exception {
    List<Container> containers = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        containers.add(box.container(id + "-" + i, "sleep 1000").start());
      }
      assertEquals(1, Box.threads("gatun-exits").size());
      assertTrue(Box.threads("gatun-exits").getFirst().isDaemon());
      CompletableFuture<?>[] all =
          containers.stream().map(Container::exit).toArray(CompletableFuture[]::new);
      for (Container container : containers) {
        container.kill(Signal.SIGKILL);
      }
      CompletableFuture.allOf(all).get(20, TimeUnit.SECONDS);
    } finally {
      for (Container container : containers) {
        container.close();
      }
    }
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!Box.threads("gatun-").isEmpty() && System.nanoTime() < until) {
      Thread.sleep(100);
    }
    assertEquals(List.of(), Box.threads("gatun-"));
    assertFalse(
        LocalContainers.allDescriptors().containsValue("anon_inode:[eventpoll]"),
        "the queue of the thread");
    // And it comes again.
    try (Container container = box.container(id, "exit 6").start()) {
      assertEquals(new ExitStatus.Exited(6), container.exit().join());
    }
    assertClean();
  }

  @Test
  void aJvmThatMayNotCallNativeCodeSaysSo() throws Exception {
    String output =
        OtherJvm.runWith(List.of("--illegal-native-access=deny"), "open", directory.toString(), id);
    assertTrue(output.contains("1: open \"" + directory), output);
    assertTrue(output.contains("2: open \"" + directory), output);
    assertTrue(output.contains("--enable-native-access=ALL-UNNAMED"), output);
  }

  @Test
  void hundredThreadsUnderG1WithASmallHeap() throws Exception {
    String output =
        OtherJvm.run(List.of("-XX:+UseG1GC", "-Xmx64m"), "load", directory.toString(), id);
    assertTrue(output.contains("200 containers"), output);
  }

  @Test
  void aJvmWithLittleAddressSpace() throws Exception {
    String output =
        OtherJvm.run(
            List.of("prlimit", "--as=2000000000"),
            List.of(
                "-XX:+UseSerialGC",
                "-Xmx48m",
                "-XX:ReservedCodeCacheSize=32m",
                "-XX:CompressedClassSpaceSize=32m"),
            "some",
            directory.toString(),
            id);
    assertTrue(output.contains("20 containers"), output);
  }
}
