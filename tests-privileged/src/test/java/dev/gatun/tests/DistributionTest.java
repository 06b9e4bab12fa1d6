package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;

/** Real programs: busybox, Debian's apt-get, and redis serving on loopback. */
class DistributionTest {
  private static Bundle debian(Box box) throws IOException {
    return box.bundle()
        .set("/root/path", "'" + RootfsCache.debian() + "'")
        .mount("/tmp", "tmpfs", "tmpfs", "nosuid", "nodev");
  }

  private static Bundle redis(Box box) throws IOException {
    return debian(box)
        .args("/usr/bin/redis-server", "--save", "", "--appendonly", "no", "--dir", "/tmp");
  }

  @OnEveryRuntime
  void busyboxRuns(Box box) {
    assertTrue(box.output(box.bundle().args("/bin/busybox")).startsWith("BusyBox v"));
    Bundle bundle = box.bundle().args("/bin/busybox");
    String id = box.newId();
    Command create = box.call("create", "-b", bundle.write(), id).expectSuccess();
    box.call("start", id).expectSuccess();
    create.awaitOutput("BusyBox v");
    box.awaitStatus(id, "stopped");
    box.call("delete", id).expectSuccess();
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void debiansAptGetRuns(Box box) throws IOException {
    Bundle bundle = debian(box).args("apt-get", "--version");
    assertTrue(box.output(bundle).startsWith("apt "));
    String id = box.newId();
    Command create = box.call("create", "-b", bundle.write(), id).expectSuccess();
    box.call("start", id).expectSuccess();
    create.awaitOutput("apt ");
    box.awaitStatus(id, "stopped");
    box.call("delete", id).expectSuccess();
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void redisServesOnLoopbackOfARunContainer(Box box) throws IOException {
    Bundle bundle = redis(box);
    Command run = box.launch("run", "-b", bundle.write(), box.token() + "-r");
    run.awaitOutput("Ready to accept connections");
    askRedis(box, box.token() + "-r");
    box.call("kill", box.token() + "-r", "TERM").expectSuccess();
    run.await().expectSuccess();
    assertTrue(run.out().contains("ready to exit"), run::toString);
  }

  @OnEveryRuntime
  void redisServesOnLoopbackOfACreatedContainer(Box box) throws IOException {
    String id = box.newId();
    Command create = box.call("create", "-b", redis(box).write(), id).expectSuccess();
    box.call("start", id).expectSuccess();
    create.awaitOutput("Ready to accept connections");
    askRedis(box, id);
    box.call("kill", id, "TERM").expectSuccess();
    box.awaitStatus(id, "stopped");
    box.call("delete", id).expectSuccess();
    box.expectNothingLeft();
  }

  /** Speaks with redis from a second container that joins the first one's network. */
  private static void askRedis(Box box, String id) throws IOException {
    Bundle client =
        debian(box)
            .join("network", "/proc/" + box.pid(id) + "/ns/net")
            .args("/bin/sh", "-c", "redis-cli set lock gatun && redis-cli get lock");
    assertEquals("OK\ngatun", box.output(client));
  }
}
