package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** Exit statuses come out, signals go in. */
class ExitAndSignalTest {
  /** A shell that as PID 1 would ignore signals, so it names those that it got. */
  private static final String TRAPS =
      "for s in TERM HUP INT USR1; do trap \"echo got $s; exit 42\" $s; done; echo ready;"
          + " while :; do sleep 0.02; done";

  @OnEveryRuntime
  void theExitStatusIsTheProcesss(Box box) {
    box.run(box.bundle().script("exit 7")).expectExit(7);
    box.run(box.bundle().args("/bin/true")).expectExit(0);
    box.run(box.bundle().script("exit 255")).expectExit(255);
  }

  @OnEveryRuntime
  void aProcessThatASignalEndedGives128PlusItsNumber(Box box) {
    // As PID 1 of its namespace it cannot kill itself, so the host does.
    Command run =
        box.launch("run", "--bundle", box.bundle().script(TRAPS).write(), box.token() + "-killed");
    run.awaitOutput("ready");
    Host.signal(box.pid(box.token() + "-killed"), "KILL");
    run.await().expectExit(137);
    Bundle hostPids = box.bundle().removeNamespace("pid").script("kill -TERM $$");
    box.run(hostPids).expectExit(143);
  }

  @OnEveryRuntime
  void aForegroundRunForwardsSignals(Box box) {
    for (String signal : List.of("TERM", "HUP", "INT", "USR1")) {
      Command run = box.launch("run", "--bundle", box.bundle().script(TRAPS).write(), box.newId());
      run.awaitOutput("ready");
      Host.signal(run.pid(), signal);
      run.await().expectExit(42);
      assertTrue(run.out().endsWith("got " + signal), run::toString);
    }
  }

  @OnEveryRuntime
  void termEndsAForegroundRunOfAProcessThatDoesNotCatchIt(Box box) {
    Bundle bundle = box.bundle().removeNamespace("pid").script("echo ready; exec sleep 1000");
    Command run = box.launch("run", "--bundle", bundle.write(), box.newId());
    run.awaitOutput("ready");
    Host.signal(run.pid(), "TERM");
    run.await().expectExit(143);
  }

  @OnEveryRuntime
  void termEndsACreatedContainer(Box box) {
    // runc's init ends here only because Go's run-time installs handlers: a PID 1 has no default.
    for (String signal : List.of("TERM", "INT", "15", "KILL")) {
      String id = box.create(box.bundle().args("/bin/sleep", "1000"));
      long pid = box.pid(id);
      box.call("kill", id, signal).expectSuccess();
      Box.awaitEnd(pid);
      assertEquals("stopped", box.status(id));
      box.call("delete", id).expectSuccess();
    }
  }

  @OnEveryRuntime
  void killTakesNamesAndNumbersAndDefaultsToTerm(Box box) {
    Bundle bundle =
        box.bundle()
            .script(
                "for s in TERM HUP USR1 USR2; do trap \"echo got $s\" $s; done; echo ready;"
                    + " while :; do sleep 0.02; done");
    Command run = box.launch("run", "--bundle", bundle.write(), box.token() + "-k");
    String id = box.token() + "-k";
    run.awaitOutput("ready");
    box.call("kill", id).expectSuccess();
    run.awaitOutput("got TERM");
    box.call("kill", id, "SIGHUP").expectSuccess();
    run.awaitOutput("got HUP");
    box.call("kill", id, "usr1").expectSuccess();
    run.awaitOutput("got USR1");
    box.call("kill", id, "12").expectSuccess();
    run.awaitOutput("got USR2");
    box.call("kill", id, "NOPE").expectFailure("NOPE");
    box.call("kill", id, "9").expectSuccess();
    run.await().expectExit(137);
  }

  @OnEveryRuntime
  void killAllReachesEveryProcess(Box box) {
    Bundle bundle =
        box.bundle().removeNamespace("pid").script("sleep 1000 & sleep 1000 & echo ready; wait");
    Command run = box.launch("run", "--detach", "--bundle", bundle.write(), box.token() + "-a");
    run.await().expectSuccess().awaitOutput("ready");
    String id = box.token() + "-a";
    JsonNode pids = Box.parse(box.call("ps", "--format", "json", id).out());
    assertEquals(3, pids.size());
    box.call("kill", "--all", id, "KILL").expectSuccess();
    // runc's delete fails where one of them is still about to end, and its cgroup busy.
    pids.forEach(pid -> Box.awaitEnd(pid.asLong()));
    box.awaitStatus(id, "stopped");
    box.call("delete", id).expectSuccess();
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void deleteForceEndsEveryProcessWithoutAPidNamespace(Box box) {
    Bundle bundle = box.bundle().removeNamespace("pid").script("sleep 1000 & echo ready; wait");
    String id = box.newId();
    box.call("run", "-d", "--bundle", bundle.write(), id).awaitOutput("ready");
    box.call("delete", "--force", id).expectSuccess();
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void signalsOfTheCallerDoNotReachTheContainer(Box box) {
    // nohup's callers ignore HUP: the container starts with every signal at its default.
    Command run =
        box.launchFromShell(
            "trap '' HUP USR1; exec \"$@\"",
            java.util.Map.of(),
            "run",
            "--bundle",
            box.bundle().args("/bin/grep", "Sig", "/proc/self/status").write(),
            box.newId());
    String status = run.await().expectSuccess().out();
    assertEquals("0000000000000000", ProcFs.field(status, "SigBlk"));
    if (!box.isRunc()) {
      assertEquals("0000000000000000", ProcFs.field(status, "SigIgn"));
    }
    assertFalse(status.isEmpty());
  }
}
