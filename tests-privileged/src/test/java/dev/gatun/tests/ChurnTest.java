package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Many containers, in a row, at once and interrupted: nothing of them stays. */
class ChurnTest {
  private static final int ROUNDS = Integer.getInteger("gatun.tests.rounds", 200);
  private static final int AT_ONCE = 20;

  /** Everything a container goes through. */
  private static void live(Box box, String bundle, String id) {
    Command create =
        box.call("create", "--bundle", bundle, "--pid-file", box.directory() + "/" + id, id);
    create.expectSuccess();
    box.call("start", id).expectSuccess();
    box.call("kill", id, "KILL").expectSuccess();
    Wait.until("the end of " + id, () -> box.call("delete", id).exit() == 0);
  }

  @OnEveryRuntime
  void aHundredInARowLeaveNothing(Box box) {
    String bundle = box.bundle().args("/bin/sleep", "1000").write();
    for (int i = 0; i < ROUNDS; i++) {
      live(box, bundle, box.newId());
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void twentyAtOnceLeaveNothing(Box box) throws InterruptedException, ExecutionException {
    String bundle = box.bundle().args("/bin/sleep", "1000").write();
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        all.add(threads.submit(() -> live(box, bundle, box.newId())));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
      assertTrue(threads.awaitTermination(1, TimeUnit.MINUTES));
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void oneIdForTwentyGoesToOne(Box box) throws InterruptedException, ExecutionException {
    // runc 1.1 has no lock here: the losers sometimes remove the winner's state.
    String bundle = box.bundle().args("/bin/sleep", "1000").write();
    String id = box.newId();
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    try {
      List<Future<Integer>> all = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        all.add(threads.submit(() -> box.call("create", "--bundle", bundle, id).exit()));
      }
      int created = 0;
      for (Future<Integer> one : all) {
        created += one.get() == 0 ? 1 : 0;
      }
      assertEquals(1, created);
    } finally {
      threads.shutdownNow();
      assertTrue(threads.awaitTermination(1, TimeUnit.MINUTES));
    }
    assertEquals("created", box.status(id));
    box.call("delete", "--force", id).expectSuccess();
    box.expectNothingLeft();
  }

  @OnGatun
  void killedAtAnyMomentOfCreateItLeavesNothingAfterDelete(Box box) {
    String bundle = box.bundle().args("/bin/sleep", "1000").write();
    String trial = box.newId();
    long begin = System.nanoTime();
    box.call("create", "--bundle", bundle, trial).expectSuccess();
    long whole = System.nanoTime() - begin;
    box.call("delete", "--force", trial).expectSuccess();
    List<Command> all = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      String id = box.newId();
      Command create = box.launch("create", "--bundle", bundle, id);
      Wait.pause(Duration.ofNanos(ThreadLocalRandom.current().nextLong(whole)));
      create.killOnlyThis();
      all.add(create.await());
      Command state = box.call("state", id);
      if (state.exit() == 0) {
        JsonNode said = Box.parse(state.out());
        long pid = said.get("pid").asLong();
        String status = said.get("status").asText();
        assertTrue(List.of("creating", "created", "stopped").contains(status), state::toString);
        // Init may not have noticed yet that nobody lets it go on.
        assertTrue(
            !status.equals("created") || ProcFs.runs(pid) || box.status(id).equals("stopped"),
            state::toString);
      } else {
        state.expectFailure("does not exist");
      }
      box.call("delete", "--force", id).expectSuccess();
    }
    box.expectNothingLeft();
    // Nor has the JVM, whose caller is gone, anything to say to a terminal.
    all.forEach(create -> assertEquals("", create.err()));
  }

  @OnGatun
  void killedAtAnyMomentOfDeleteItIsFinishedByTheNext(Box box) {
    String bundle = box.bundle().args("/bin/sleep", "1000").write();
    for (int i = 0; i < ROUNDS / 5; i++) {
      String id = box.newId();
      box.call("create", "--bundle", bundle, id).expectSuccess();
      Command delete = box.launch("delete", "--force", id);
      Wait.pause(Duration.ofNanos(ThreadLocalRandom.current().nextLong(40_000_000)));
      delete.killOnlyThis();
      delete.await();
      box.call("delete", "--force", id).expectSuccess();
      box.call("state", id).expectFailure("does not exist");
    }
    box.expectNothingLeft();
  }
}
