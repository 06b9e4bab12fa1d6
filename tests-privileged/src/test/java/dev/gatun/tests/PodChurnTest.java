package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Pods whose gatun is killed at any moment: a delete finds what is left, and then there is none.
 */
class PodChurnTest {
  private static final int ROUNDS = Integer.getInteger("gatun.tests.rounds", 200);

  /** All that a pod can leave behind, by kind. */
  private static List<String> left(Box box, HostNetwork host) throws IOException {
    List<String> all = new ArrayList<>();
    for (String line : host.output("ip", "-o", "link").split("\n", -1)) {
      if (!line.contains(": lo:") && !line.contains(": gatun0:")) {
        all.add("interface " + line);
      }
    }
    String rules = host.output("nft", "list", "ruleset");
    if (!rules.isEmpty()) {
      all.add("rules " + rules);
    }
    for (String directory : List.of(".network", ".pods")) {
      Path path = box.stateRoot().resolve(directory);
      if (Files.isDirectory(path)) {
        try (var files = Files.walk(path)) {
          files
              .filter(file -> Files.isSymbolicLink(file) || path.equals(file.getParent()))
              .filter(file -> directory.equals(".pods") || Files.isSymbolicLink(file))
              .forEach(file -> all.add("file " + file));
        }
      }
    }
    // Not by lsns, which may fail when any process of the host ends while it looks at it.
    for (long pid : ProcFs.pids()) {
      String words = ProcFs.read(pid, "cmdline").replace('\0', ' ');
      if (words.contains(box.token()) && words.contains("pause")) {
        all.add("namespace of " + words);
      }
    }
    return all;
  }

  @OnGatun
  void killedAtAnyMomentOfCreateAndDeleteNothingIsLeftAfterDelete(Box box) throws IOException {
    try (HostNetwork host = new HostNetwork(box)) {
      String trial = box.newId();
      String[] create = {"pod", "create", "--network", "bridge", "--publish", "8080:80", trial};
      long toCreate = Long.MAX_VALUE;
      long toDelete = Long.MAX_VALUE;
      // The first takes longer than any after it, and others work on this machine too.
      for (int i = 0; i < 5; i++) {
        long begin = System.nanoTime();
        host.gatun(create).expectSuccess();
        toCreate = Math.min(toCreate, System.nanoTime() - begin);
        // What is looked for afterwards is found while there is a pod.
        String kinds = String.join("\n", left(box, host));
        for (String kind :
            List.of("interface ", "rules ", ".network/", ".pods/", "namespace of ")) {
          assertTrue(kinds.contains(kind), kind + " is not among " + kinds);
        }
        begin = System.nanoTime();
        host.gatun("pod", "delete", "--force", trial).expectSuccess();
        toDelete = Math.min(toDelete, System.nanoTime() - begin);
      }
      int interrupted = 0;
      for (int i = 0; i < ROUNDS; i++) {
        String id = box.newId();
        create[create.length - 1] = id;
        Command killed = host.launchGatun(create);
        if (i % 2 == 0) {
          interrupted += kill(killed, toCreate);
        } else {
          killed.await().expectSuccess();
          interrupted += kill(host.launchGatun("pod", "delete", "--force", id), toDelete);
        }
        Command state = host.gatun("pod", "state", id);
        if (state.exit() == 0) {
          String status = Box.parse(state.out()).get("status").asText();
          assertTrue(List.of("creating", "running", "stopped").contains(status), state::toString);
        } else {
          state.expectFailure("does not exist");
        }
        host.gatun("pod", "delete", "--force", id).expectSuccess();
      }
      assertTrue(interrupted > ROUNDS / 4, "only " + interrupted + " were interrupted");
      assertEquals(List.of(), left(box, host));
      box.expectNothingLeft();
    }
  }

  /** Kills a command at a random moment; 1 when it had not ended by itself. */
  private static int kill(Command command, long nanos) {
    Wait.pause(Duration.ofNanos(ThreadLocalRandom.current().nextLong(nanos)));
    command.killOnlyThis();
    return command.await().exit() == 0 ? 0 : 1;
  }

  @OnGatun
  void inARowNothingIsLeft(Box box) throws IOException {
    try (HostNetwork host = new HostNetwork(box)) {
      String bundle = box.bundle().args("/bin/sleep", "1000").write();
      for (int i = 0; i < ROUNDS / 10; i++) {
        String pod = box.newId();
        host.gatun("pod", "create", "--network", "bridge", pod).expectSuccess();
        for (int n = 0; n < 2; n++) {
          String container = box.newId();
          box.call("create", "--pod", pod, "--bundle", bundle, container).expectSuccess();
          box.call("start", container).expectSuccess();
        }
        host.gatun("pod", "stop", "--time", "0", pod).expectSuccess();
        host.gatun("pod", "delete", pod).expectSuccess();
      }
      assertEquals(List.of(), left(box, host));
      box.expectNothingLeft();
    }
  }
}
