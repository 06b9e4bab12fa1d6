package dev.gatun.netns;

import dev.gatun.linux.SyscallException;
import dev.gatun.linux.local.LocalKernel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A JVM of its own that leases addresses. */
final class OtherProcess {
  private OtherProcess() {}

  static Process start(List<String> before, String root, String ranges, String prefix, int count)
      throws IOException {
    String base = System.getProperty("basedir", ".");
    String classes =
        String.join(
            System.getProperty("path.separator"),
            System.getProperty("java.class.path"),
            System.getProperty("jdk.module.path", ""),
            Path.of(base, "target", "classes").toString(),
            Path.of(base, "target", "test-classes").toString());
    List<String> command = new ArrayList<>(before);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-cp",
            classes,
            OtherProcess.class.getName(),
            root,
            ranges,
            prefix,
            Integer.toString(count)));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  /** Leases, says so after the first lease and the last one, and how many leases there are. */
  public static void main(String[] args) {
    AddressPool pool = new AddressPool(new LocalKernel(), args[0]);
    List<Subnet> ranges = new ArrayList<>();
    for (String range : args[1].split(",", -1)) {
      ranges.add(Subnet.parse(range));
    }
    int count = Integer.parseInt(args[3]);
    try {
      for (int i = 0; i < count; i++) {
        pool.lease(ranges, args[2] + "-" + i, id -> true);
        if (i == 0) {
          System.out.print('!');
          System.out.flush();
        }
      }
      System.out.print("leased " + count + "\n");
    } catch (SyscallException e) {
      System.out.print("failed: " + e.getMessage() + "\n");
    }
    System.out.print("owned " + pool.leases().size() + "\n");
  }
}
