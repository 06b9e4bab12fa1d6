package dev.gatun.pods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Program;
import dev.gatun.pods.lifecycle.PodCreate;
import dev.gatun.pods.lifecycle.PodRequest;
import dev.gatun.pods.lifecycle.PodRoot;
import dev.gatun.runtime.Container;
import dev.gatun.runtime.ContainerBuilder;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.ContainerStatus;
import dev.gatun.runtime.ExitStatus;
import dev.gatun.runtime.Gatun;
import dev.gatun.runtime.GatunException;
import dev.gatun.runtime.Signal;
import dev.gatun.runtime.SpecBuilder;
import dev.gatun.runtime.Stdio;
import dev.gatun.runtime.lifecycle.CgroupDriver;
import dev.gatun.runtime.sandbox.SandboxRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The library's pods, used as any program would use them. */
@Tag("root")
@Timeout(120)
class PodsTest {
  private static final Path BUSYBOX = Path.of("/usr/bin/busybox");
  private static final AtomicInteger NEXT = new AtomicInteger();

  @TempDir Path directory;
  private Path rootfs;
  private Pods pods;
  private String id;

  @BeforeEach
  void open() throws IOException {
    assumeTrue(
        Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "pods are made by root");
    assumeTrue(Files.isExecutable(BUSYBOX), "the package busybox-static is missing");
    rootfs = directory.resolve("rootfs");
    for (String name : List.of("bin", "proc", "sys", "dev", "etc", "tmp")) {
      Files.createDirectories(rootfs.resolve(name));
    }
    Files.copy(BUSYBOX, rootfs.resolve("bin/busybox"));
    for (String name : List.of("sh", "cat", "sleep", "hostname", "nc", "readlink")) {
      Files.createSymbolicLink(rootfs.resolve("bin").resolve(name), Path.of("busybox"));
    }
    pods = Pods.of(Gatun.open(directory.resolve("state")));
    id = "pods-" + ProcessHandle.current().pid() + "-" + NEXT.incrementAndGet();
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    if (!Files.isDirectory(directory.resolve("state"))) {
      return;
    }
    for (Pod pod : pods.list()) {
      pod.deleteForcibly();
    }
    assertEquals(List.of(), pods.list());
    try (Stream<Path> entries = Files.walk(directory.resolve("state"))) {
      assertEquals(List.of(), entries.filter(entry -> entry.toString().contains(id)).toList());
    }
    assertFalse(Files.readString(Path.of("/proc/self/mountinfo")).contains(id));
  }

  private Consumer<ContainerBuilder> shell(String script) {
    return container ->
        container
            .spec(SpecBuilder.isolated("sh", "-c", script).build(), rootfs)
            .stdout(Stdio.pipe());
  }

  private static String text(InputStream in) throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void aPodOfThreeContainersIsOneCall() throws IOException {
    try (Pod pod =
        pods.pod(id)
            .hostname("shop")
            // Not from a pipe whose writer may be late: nc leaves when the other says no more.
            .container(id + "-a", shell("nc -l -p 7000 <<END\nfrom a\nEND\n"))
            .container(
                id + "-b",
                shell("until nc 127.0.0.1 7000 </dev/null 2>/dev/null; do sleep 0.05; done"))
            .container(id + "-c", shell("hostname; readlink /proc/self/ns/net"))
            .start()) {
      List<Container> containers = pod.containers();
      assertEquals(3, containers.size());
      assertEquals("from a\n", text(containers.get(1).stdout()));
      String expected =
          "shop\n"
              + Files.readSymbolicLink(Path.of("/proc/" + pod.info().pid() + "/ns/net"))
              + "\n";
      assertEquals(expected, text(containers.get(2).stdout()));
      PodInfo info = pod.info();
      assertEquals(ContainerStatus.RUNNING, info.status());
      assertEquals(List.of(id + "-a", id + "-b", id + "-c"), info.containers());
      assertEquals(List.of(), info.addresses());
      assertEquals("shop", info.hostname());
    }
    assertTrue(pods.find(id).isEmpty());
    assertTrue(pods.gatun().find(id + "-a").isEmpty());
  }

  @Test
  void aPodOutlivesItsContainersAndTakesMore() throws Exception {
    try (Pod pod = pods.pod(id).create()) {
      for (int i = 0; i < 3; i++) {
        ContainerBuilder builder = pod.container(id + "-x");
        shell("exit " + i).accept(builder);
        try (Container container = builder.start()) {
          assertEquals(new ExitStatus.Exited(i), container.exit().get(20, TimeUnit.SECONDS));
        }
        assertEquals(ContainerStatus.RUNNING, pod.info().status());
      }
      assertFalse(pod.exit().isDone());
      CompletableFuture<ExitStatus> exit = pod.exit();
      pod.stop(Duration.ofSeconds(30));
      assertEquals(new ExitStatus.Exited(0), exit.get(20, TimeUnit.SECONDS));
      assertEquals(ContainerStatus.STOPPED, pod.info().status());
      ContainerException refused =
          assertThrows(
              ContainerException.class,
              () -> {
                ContainerBuilder late = pod.container(id + "-late");
                shell("exit 0").accept(late);
                late.create();
              });
      assertTrue(String.valueOf(refused.getMessage()).contains("stopped"), refused::toString);
      assertEquals(List.of(), pod.delete());
    }
  }

  @Test
  void aPodMayTakeAnyTimeToStop() throws IOException {
    try (Pod pod =
        pods.pod(id)
            .container(id + "-a", shell("trap 'exit 0' TERM; echo; while :; do sleep 0.05; done"))
            .start()) {
      assertThrows(IllegalArgumentException.class, () -> pod.stop(Duration.ofMillis(-1)));
      assertEquals('\n', pod.containers().getFirst().stdout().read());
      pod.stop(ChronoUnit.FOREVER.getDuration());
      assertEquals(ContainerStatus.STOPPED, pod.info().status());
    }
  }

  @Test
  void aPodOfWhichNothingIsKnownCanBeLookedAt() throws IOException {
    Path made = Files.createDirectories(directory.resolve("state/.pods").resolve(id));
    for (int i = 0; i < 2; i++) {
      PodInfo info = pods.get(id).info();
      assertEquals(id, info.id());
      assertEquals(ContainerStatus.STOPPED, info.status());
      assertEquals(Instant.EPOCH, info.created());
      Files.writeString(made.resolve("state.json"), "");
    }
    assertEquals(List.of(), pods.get(id).deleteForcibly());
  }

  @Test
  void itsNetworkIsChecked() throws Exception {
    try (Pod pod = pods.pod(id).create()) {
      assertEquals(List.of(), pod.check());
      String namespace = "--net=/proc/" + pod.info().pid() + "/ns/net";
      assertEquals(
          0,
          new ProcessBuilder("nsenter", namespace, "ip", "link", "set", "lo", "down")
              .start()
              .waitFor());
      assertEquals(
          "pod \"" + id + "\": interface \"lo\" is down",
          assertThrows(ContainerException.class, pod::check).getMessage());
      pod.stop(Duration.ZERO);
      assertEquals(
          "pod not running: \"" + id + "\" is stopped",
          assertThrows(ContainerException.class, pod::check).getMessage());
      assertEquals(List.of(), pod.delete());
    }
    try (Pod pod = pods.pod(id).network(PodNetwork.host()).create()) {
      assertEquals(List.of(), pod.check());
    }
    ContainerException missing =
        assertThrows(ContainerException.class, () -> pods.gc("nobody-has"));
    assertTrue(
        String.valueOf(missing.getMessage())
            .startsWith("there is no CNI network \"nobody-has\" in"),
        missing::toString);
  }

  @Test
  void itsEndIsTold() throws Exception {
    try (Pod pod = pods.pod(id).create()) {
      pod.kill(Signal.SIGKILL);
      assertInstanceOf(ExitStatus.Signaled.class, pod.exit().get(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void whatFailsLeavesNothing() {
    PodBuilder builder =
        pods.pod(id)
            .container(id + "-good", shell("sleep 1000"))
            .container(
                id + "-bad", bad -> bad.spec(SpecBuilder.isolated("/nonexistent").build(), rootfs));
    GatunException failure = assertThrows(GatunException.class, builder::start);
    assertTrue(String.valueOf(failure.getMessage()).contains("/nonexistent"), failure::toString);
    assertTrue(pods.find(id).isEmpty());
    assertTrue(pods.gatun().find(id + "-good").isEmpty());
    assertThrows(ContainerException.class, () -> pods.pod(id).publish("nonsense"));
    assertThrows(ContainerException.class, () -> pods.pod(id).publish("80:80").create());
    assertThrows(GatunException.class, () -> pods.pod(id).sysctl("kernel.panic", "1").create());
    assertThrows(
        GatunException.class, () -> pods.pod(id).network(PodNetwork.cni("nobody-has")).create());
    assertThrows(ContainerException.class, () -> pods.get(id));
  }

  /** Lets a number of programs run, then fails once as a JVM does that has no more stack. */
  private static final class Exhausted implements Kernel {
    private final Kernel kernel;
    private int left;

    Exhausted(Kernel kernel, int left) {
      this.kernel = kernel;
      this.left = left;
    }

    @Override
    public Arch arch() {
      return kernel.arch();
    }

    @Override
    public Result run(Program program) {
      if (left-- == 0) {
        throw new StackOverflowError("no more stack");
      }
      return kernel.run(program);
    }

    @Override
    public void finish(Program program) {
      kernel.finish(program);
    }
  }

  @Test
  void whatAnErrorInterruptsLeavesNothing() {
    PodRoot root = pods.root();
    SandboxRequest sandbox =
        new SandboxRequest(
            id,
            null,
            Map.of(),
            false,
            List.of(),
            false,
            Map.of(),
            null,
            CgroupDriver.CGROUPFS,
            true);
    // The pause process exists, and the directory is locked.
    Kernel exhausted = new Exhausted(root.kernel(), 2);
    StackOverflowError failure =
        assertThrows(
            StackOverflowError.class,
            () ->
                PodCreate.run(
                    new PodRoot(exhausted, root.path(), root.environment()),
                    new PodRequest(sandbox, PodNetwork.none(), List.of(), null)));
    assertEquals(0, failure.getSuppressed().length);
    assertTrue(pods.find(id).isEmpty());
  }

  @Test
  void manyThreadsMakeManyPods() throws Exception {
    List<Thread> threads = new ArrayList<>();
    List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
    for (int i = 0; i < 8; i++) {
      String prefix = id + "-" + i + "-";
      Runnable work =
          () -> {
            for (int n = 0; n < 5; n++) {
              try (Pod pod =
                  pods.pod(prefix + n).container(prefix + n + "-c", shell("hostname")).start()) {
                assertEquals(prefix + n + "\n", text(pod.containers().getFirst().stdout()));
              } catch (IOException | RuntimeException | AssertionError e) {
                failures.add(e);
              }
            }
          };
      threads.add(i % 2 == 0 ? Thread.ofPlatform().start(work) : Thread.ofVirtual().start(work));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(), failures);
  }
}
