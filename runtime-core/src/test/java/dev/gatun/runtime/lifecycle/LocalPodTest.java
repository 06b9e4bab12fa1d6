package dev.gatun.runtime.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.linux.Constants;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.GatunException;
import dev.gatun.runtime.sandbox.Sandbox;
import dev.gatun.runtime.sandbox.SandboxCreate;
import dev.gatun.runtime.sandbox.SandboxRequest;
import dev.gatun.runtime.state.Look;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Containers of a pod with this JVM as the runtime: nothing of what it opened stays open. */
@Tag("root")
class LocalPodTest {
  private static final String PREFIX = "localpod-" + ProcessHandle.current().pid() + "-";
  private static final String POD = PREFIX + "pod";
  private static final String ID = PREFIX + "c";

  @TempDir Path directory;
  private LocalContainers containers;
  private CountingKernel kernel;

  @BeforeEach
  void pod() throws IOException {
    assumeTrue(
        Files.isWritable(Path.of("/proc/sys/kernel/hostname"))
            && Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0),
        "containers are made by root");
    assumeTrue(
        Files.isExecutable(LocalContainers.BUSYBOX), "the package busybox-static is missing");
    containers = new LocalContainers(directory);
    kernel = new CountingKernel(containers.kernel);
    SandboxCreate created =
        SandboxCreate.begin(
            containers.kernel,
            containers.root,
            new SandboxRequest(
                POD,
                null,
                Map.of(),
                false,
                List.of(),
                false,
                Map.of(),
                null,
                CgroupDriver.CGROUPFS,
                true),
            Map.of());
    created.await();
    created.commit(Map.of(), null);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    if (containers == null) {
      return;
    }
    for (Look.Found found : Inventory.list(containers.kernel, containers.root)) {
      Delete.run(containers.kernel, containers.root, found.id(), true);
    }
    find().remove();
    assertEquals(List.of(), LocalContainers.cgroups(PREFIX));
    assertFalse(LocalContainers.hasChild(containers.kernel), "a child is left");
  }

  private Sandbox find() {
    return Sandbox.find(containers.kernel, containers.root, POD, Sandbox.Purpose.CHANGE);
  }

  private List<String> entries() {
    return Sandbox.find(containers.kernel, containers.root, POD, Sandbox.Purpose.READ).containers();
  }

  private Create.Request request() {
    return containers.request(ID, null, POD);
  }

  private void assertUnchanged(Map<String, String> descriptors, String mask) throws IOException {
    assertEquals(descriptors, LocalContainers.descriptors());
    assertEquals(mask, LocalContainers.blocked());
  }

  @Test
  void aPodCostsNoExchangeMore() throws IOException {
    Map<String, String> descriptors = LocalContainers.descriptors();
    String mask = LocalContainers.blocked();
    kernel.take();
    Create.Created created = Create.run(kernel, containers.root, request());
    assertEquals(3, kernel.take().size());
    assertUnchanged(descriptors, mask);
    assertEquals(POD, created.state().pod());
    assertEquals(List.of(ID), entries());
    String taken =
        assertThrows(ContainerException.class, () -> Create.run(kernel, containers.root, request()))
            .getMessage();
    assertTrue(String.valueOf(taken).contains("already exists"), taken);
    assertEquals(List.of(ID), entries());
    assertUnchanged(descriptors, mask);
    Start.run(kernel, containers.root, ID);
    kernel.take();
    Delete.run(kernel, containers.root, ID, true);
    assertTrue(kernel.take().size() <= 3);
    containers.reap(created.state().pid());
    assertEquals(List.of(), entries());
    assertUnchanged(descriptors, mask);
    assertFalse(Files.exists(Path.of(containers.root, ID)));
  }

  @Test
  void whatFailsLeavesNothingOpenAndNoEntry() throws IOException {
    Map<String, String> descriptors = LocalContainers.descriptors();
    String mask = LocalContainers.blocked();
    containers.config(LocalContainers.config().replace("/bin/busybox", "/bin/none"));
    assertThrows(RuntimeException.class, () -> Create.run(kernel, containers.root, request()));
    assertEquals(List.of(), entries());
    assertUnchanged(descriptors, mask);
    containers.config(LocalContainers.config());
    String missing =
        assertThrows(
                GatunException.class,
                () -> Create.run(kernel, containers.root, containers.request(ID, null, "none")))
            .getMessage();
    assertEquals("pod does not exist: \"none\"", missing);
    assertUnchanged(descriptors, mask);
    try (Sandbox sandbox = find()) {
      sandbox.kill(Constants.SIGKILL);
      sandbox.end(10);
    }
    String stopped =
        assertThrows(GatunException.class, () -> Create.run(kernel, containers.root, request()))
            .getMessage();
    assertEquals("pod \"" + POD + "\" is stopped", stopped);
    assertEquals(List.of(), entries());
    assertUnchanged(descriptors, mask);
    assertFalse(Files.exists(Path.of(containers.root, ID)));
    assertEquals(List.of(), LocalContainers.cgroups(ID));
  }

  @Test
  void aContainerThatIsNotThePodsIsNotDeletedWithIt() throws IOException {
    Create.Created alone = Create.run(kernel, containers.root, containers.request(ID, null));
    assertEquals(List.of(), Delete.withPod(kernel, containers.root, ID, POD));
    assertEquals(ID, Inventory.state(kernel, containers.root, ID).id());
    Delete.run(kernel, containers.root, ID, true);
    containers.reap(alone.state().pid());
    Create.Created inside = Create.run(kernel, containers.root, request());
    assertEquals(List.of(), Delete.withPod(kernel, containers.root, ID, "other"));
    assertEquals(List.of(ID), entries());
    assertEquals(List.of(), Delete.withPod(kernel, containers.root, ID, POD));
    containers.reap(inside.state().pid());
    assertEquals(List.of(), entries());
  }
}
