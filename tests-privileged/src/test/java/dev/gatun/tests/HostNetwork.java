package dev.gatun.tests;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A network namespace that stands for a host's: what Gatun does to the network of the host, it does
 * to this one. It ends with everything in it when it is closed.
 */
final class HostNetwork implements AutoCloseable {
  private final Box box;
  private final Command holder;
  private final long pid;

  HostNetwork(Box box) {
    this.box = box;
    holder =
        box.launch(
            // Nothing of the box may be in its environment: it is no leftover of a container.
            Path.of("/"),
            Map.of(),
            List.of(
                "/usr/bin/unshare",
                "--net",
                "/bin/sh",
                "-c",
                "ip link set lo up && echo ready && exec sleep 100000"));
    holder.awaitOutput("ready");
    pid = holder.pid();
  }

  /** Runs any command in it to its end. */
  Command run(String... words) {
    return launch(List.of(words)).await();
  }

  /** What a command writes in it; it has to end with status 0. */
  String output(String... words) {
    return run(words).expectSuccess().out();
  }

  /** Starts the runtime in it. */
  Command launchGatun(String... words) {
    List<String> all =
        new ArrayList<>(
            List.of(box.runtime().binary().toString(), "--root", box.stateRoot().toString()));
    all.addAll(List.of(words));
    return launch(all);
  }

  /** Runs the runtime in it to its end, with a state root that is not the box's. */
  Command gatunAt(Path stateRoot, String... words) {
    List<String> all =
        new ArrayList<>(List.of(box.runtime().binary().toString(), "--root", "" + stateRoot));
    all.addAll(List.of(words));
    return launch(all).await();
  }

  /** Runs the runtime in it to its end. */
  Command gatun(String... words) {
    return launchGatun(words).await();
  }

  private Command launch(List<String> words) {
    List<String> all =
        new ArrayList<>(List.of("/usr/bin/nsenter", "--net=/proc/" + pid + "/ns/net"));
    all.addAll(words);
    return box.launch(box.directory(), Map.of(), all);
  }

  /** The file that names it. */
  Path file() {
    return Path.of("/proc/" + pid + "/ns/net");
  }

  @Override
  public void close() {
    holder.kill();
  }
}
