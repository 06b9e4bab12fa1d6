package dev.gatun.runtime.sandbox;

import dev.gatun.linux.local.LocalKernel;
import dev.gatun.runtime.lifecycle.CgroupDriver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A JVM of its own that creates and removes pods until it is killed. */
final class SandboxCreator {
  private SandboxCreator() {}

  static Process start(String root, String prefix) throws IOException {
    String base = System.getProperty("basedir", ".");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-cp"));
    command.add(
        String.join(
            System.getProperty("path.separator"),
            System.getProperty("java.class.path"),
            System.getProperty("jdk.module.path", ""),
            Path.of(base, "target", "classes").toString(),
            Path.of(base, "target", "test-classes").toString()));
    command.addAll(List.of(SandboxCreator.class.getName(), root, prefix));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  public static void main(String[] args) {
    LocalKernel kernel = new LocalKernel();
    live(kernel, args[0], args[1] + "-first", false);
    System.out.println("ready");
    for (int i = 0; true; i++) {
      live(kernel, args[0], args[1] + "-" + i, i % 2 == 0);
    }
  }

  private static void live(LocalKernel kernel, String root, String id, boolean sharePid) {
    SandboxRequest request =
        new SandboxRequest(
            id,
            null,
            Map.of(),
            sharePid,
            List.of(),
            false,
            Map.of(),
            null,
            CgroupDriver.CGROUPFS,
            true);
    SandboxCreate created = SandboxCreate.begin(kernel, root, request, Map.of());
    created.await();
    created.commit(Map.of(), null);
    Sandbox.find(kernel, root, id, Sandbox.Purpose.CHANGE).remove();
  }
}
