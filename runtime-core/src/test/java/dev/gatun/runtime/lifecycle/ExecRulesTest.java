package dev.gatun.runtime.lifecycle;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Parameter;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Imm;
import dev.gatun.linux.program.Op;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecReader;
import dev.gatun.oci.State;
import dev.gatun.runtime.init.ExecCompiler;
import dev.gatun.runtime.init.Message;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Rules of the security checklist over the programs of an exec: nothing is run. */
class ExecRulesTest {
  private static ExecCompiler.Image compile(boolean label) {
    String config =
        LocalContainers.resource("runc-spec.json")
            .replaceFirst(
                "\"process\": \\{",
                "\"process\": {\"oomScoreAdj\": 100,"
                    + (label ? "\"apparmorProfile\": \"p\"," : ""));
    Spec spec = SpecReader.readValid(config.getBytes(StandardCharsets.UTF_8), "config.json");
    return ExecCompiler.compile(
        Arch.host(),
        ExecProcess.changed(spec, ExecProcess.Changes.args(List.of("id"))),
        requireNonNull(spec.linux()),
        new ExecCompiler.Options(
            "rules",
            0,
            true,
            true,
            new ExecCompiler.Otherwise(1, "/sys/fs/cgroup", "/rules"),
            new State("1.2.0", "rules", State.Status.RUNNING, 1, "/b", Map.of())));
  }

  private static int prctl(LinkedProgram image, int option, int from) {
    return image
        .all(i ->
            i >= from
                && image.is(i, Syscall.PRCTL)
                && image.at(i).arg(0) instanceof Imm imm
                && imm.value() == option)
        .getFirst();
  }

  private static int call(LinkedProgram image, Syscall call, int from) {
    return image.all(i -> i >= from && image.is(i, call)).getFirst();
  }

  private static int close(LinkedProgram image, String what, int from) {
    return image
        .all(i ->
            i >= from
                && image.is(i, Syscall.CLOSE)
                && image.at(i).arg(0).toString().startsWith(what))
        .getFirst();
  }

  /** Rules 10 and 13: who is where, with what, in which order. */
  @Test
  void theOrderOfEntering() {
    ExecCompiler.Image compiled = compile(true);
    LinkedProgram image = new LinkedProgram("exec", compiled.program());
    int middle = compiled.middle();
    int process = compiled.process();
    int setns = image.only("setns", image.all(Syscall.SETNS));
    int second = call(image, Syscall.CLONE3, middle);
    int keyring = image.all(Syscall.KEYCTL).getFirst();
    int started =
        image.only(
            "STARTED", image.all(i -> image.stores(i, "message", Message.KIND, Message.STARTED)));
    Object[][] order = {
      {"oom_score_adj on the host", call(image, Syscall.OPENAT, 0)},
      {"the intermediate is hidden", prctl(image, Constants.PR_SET_DUMPABLE, 0)},
      {"the middle process is cloned", image.all(Syscall.CLONE3).getFirst()},
      {"the middle process", middle - 1},
      {"the cgroup is let go of", close(image, "cgroup", middle)},
      {"the cgroup of the first is let go of", close(image, "cgroup of the first", middle)},
      {"namespaces", setns},
      {"the pidfd is let go of", close(image, "pidfd", middle)},
      {"the middle process is hidden", prctl(image, Constants.PR_SET_DUMPABLE, middle)},
      {"the process is cloned", second},
      {"the process", process - 1},
      {"a session of its own", call(image, Syscall.SETSID, process)},
      {"a procfs of its own", call(image, Syscall.FSOPEN, process)},
      {"keyring", keyring},
      {"the user", call(image, Syscall.SETRESUID, process)},
      {"the process is hidden", prctl(image, Constants.PR_SET_DUMPABLE, process)},
      {"close_range", image.only("close_range", image.all(Syscall.CLOSE_RANGE))},
      {"STARTED", started},
      {"execve", image.only("execve", image.all(Syscall.EXECVE))},
    };
    for (int i = 1; i < order.length; i++) {
      int before = (int) order[i - 1][1];
      int after = (int) order[i][1];
      assertTrue(
          before < after,
          order[i - 1][0] + " at " + before + " comes before " + order[i][0] + " at " + after);
    }
    assertEquals("pidfd", image.at(setns).arg(0).toString().substring(0, 5), "rule 11");
    assertEquals(
        (long) Constants.CLONE_PARENT,
        image.field(image.at(second).arg(0), Structs.CLONE_ARGS_FLAGS),
        "no memory is shared");
    for (int clone : image.all(Syscall.CLONE3)) {
      if (clone != second) {
        assertEquals(
            Constants.CLONE_PARENT | Constants.CLONE_INTO_CGROUP,
            image.field(image.at(clone).arg(0), Structs.CLONE_ARGS_FLAGS));
      }
    }
  }

  /** Rule 1: between the host and the container no path is resolved by anybody. */
  @Test
  void theMiddleProcessResolvesNoPath() {
    ExecCompiler.Image compiled = compile(false);
    LinkedProgram image = new LinkedProgram("exec", compiled.program());
    List<Syscall> calls = new ArrayList<>();
    for (int i = 0; i < image.size(); i++) {
      Syscall call = image.at(i).syscall();
      int position = image.position(i);
      if (call == null || position < compiled.middle() || position >= compiled.process()) {
        continue;
      }
      calls.add(call);
      assertFalse(call.parameters().contains(Parameter.PATH), image.line(i));
    }
    assertTrue(calls.contains(Syscall.SETNS) && calls.contains(Syscall.CLONE3));
    // What is told a security module is the only use of a procfs there is.
    assertEquals(List.of(), image.all(Syscall.FSOPEN));
  }

  /** Success is said where nothing but execve can fail any more. */
  @Test
  void theSuccessTokenDirectlyPrecedesExecve() {
    LinkedProgram image = new LinkedProgram("exec", compile(false).program());
    int execve = image.only("execve", image.all(Syscall.EXECVE));
    int token =
        image.only(
            "STARTED", image.all(i -> image.stores(i, "message", Message.KIND, Message.STARTED)));
    int write = call(image, Syscall.WRITE, token);
    List<Syscall> calls = new ArrayList<>();
    for (int i = write + 1; i <= execve; i++) {
      assertTrue(image.at(i).op() != Op.BR, image.line(i));
      if (image.at(i).syscall() != null) {
        calls.add(image.at(i).syscall());
      }
    }
    assertEquals(List.of(Syscall.RT_SIGPROCMASK, Syscall.EXECVE), calls);
    assertEquals(0, image.at(execve).tolerated(), "a failing execve is a failure");
    int last = token - 1;
    while (image.at(last).syscall() == null) {
      last--;
    }
    assertTrue(image.is(last, Syscall.CLOSE_RANGE), image.line(last));
  }

  /** Rule 14: nothing is waited for without a limit but what nobody in the container can hold. */
  @Test
  void everyWaitForTheContainerHasALimit() throws Exception {
    String config = LocalContainers.resource("runc-spec.json");
    Spec spec = SpecReader.readValid(config.getBytes(StandardCharsets.UTF_8), "config.json");
    List<Explanation.Part> parts =
        Exec.explain(
            new dev.gatun.linux.local.LocalKernel(),
            "/run/gatun",
            "rules",
            spec,
            new dev.gatun.cgroups.CgroupPath("/sys/fs/cgroup", "/rules"));
    LinkedProgram entering = new LinkedProgram("entering", parts.get(1).program());
    for (int poll : entering.all(Syscall.PPOLL)) {
      assertFalse(entering.at(poll).arg(2) instanceof Imm, entering.line(poll));
    }
    for (int read : entering.all(Syscall.READ)) {
      if (entering.at(read).origin().step().equals("wait for the process")) {
        assertTrue(
            entering.all(i -> i < read && entering.is(i, Syscall.PPOLL)).size() > 0,
            entering.line(read));
      }
    }
    assertTrue(compile(false).program().size() < 500, "an exec is small");
  }
}
