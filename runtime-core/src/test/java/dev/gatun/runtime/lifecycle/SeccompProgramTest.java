package dev.gatun.runtime.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Imm;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op;
import dev.gatun.oci.SpecReader;
import dev.gatun.runtime.init.InitCompiler;
import dev.gatun.runtime.init.Message;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where the filter of system calls is in the image's program, and who hands its listener over. */
class SeccompProgramTest {
  private static final String FILTER =
      "\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ALLOW\","
          + " \"flags\": [\"SECCOMP_FILTER_FLAG_TSYNC\", \"SECCOMP_FILTER_FLAG_LOG\"],"
          + " \"listenerPath\": \"/run/agent\","
          + " \"syscalls\": [{\"names\": [\"reboot\"], \"action\": \"SCMP_ACT_WHAT\"}]}";

  private static InitCompiler.Image compile(Arch arch, boolean none, String action) {
    String config =
        LocalContainers.resource("runc-spec.json")
            .replaceFirst("\"noNewPrivileges\": true", "\"noNewPrivileges\": " + none)
            .replaceFirst(
                "\"linux\": \\{",
                "\"linux\": {\"personality\": {\"domain\": \"LINUX\"},"
                    + FILTER.replace("WHAT", action)
                    + ",");
    return InitCompiler.compile(
        arch,
        SpecReader.readValid(config.getBytes(StandardCharsets.UTF_8), "config.json"),
        new InitCompiler.Options("filter", "/bundle", 0, 0, false, true, true));
  }

  private static LinkedProgram image(Arch arch, boolean none, String action) {
    return new LinkedProgram(action, compile(arch, none, action).program());
  }

  private static IntPredicate prctl(LinkedProgram image, int option) {
    return i ->
        image.is(i, Syscall.PRCTL)
            && image.at(i).arg(0) instanceof Imm imm
            && imm.value() == option;
  }

  /** Rule 9: the token, the filter, execve; nothing that a filter could forbid is in between. */
  @ParameterizedTest
  @EnumSource(Arch.class)
  void withNoNewPrivilegesTheFilterDirectlyPrecedesExecve(Arch arch) {
    for (String action : List.of("ERRNO", "NOTIFY")) {
      LinkedProgram image = image(arch, true, action);
      int started =
          image.only(
              "STARTED", image.all(i -> image.stores(i, "message", Message.KIND, Message.STARTED)));
      int filter = image.only("seccomp", image.all(Syscall.SECCOMP));
      int execve = image.only("execve", image.all(Syscall.EXECVE));
      assertTrue(started < filter && filter < execve, image.line(filter));
      for (int i = filter + 1; i < execve; i++) {
        assertEquals(null, image.at(i).syscall(), image.line(i));
      }
      assertEquals(0, image.at(filter).tolerated(), image.line(filter));
      int flags = (int) image.number(image.at(filter).arg(1), image.line(filter));
      // A thread that sends the listener must not come under the filter.
      assertEquals(
          action.equals("NOTIFY")
              ? Constants.SECCOMP_FILTER_FLAG_LOG | Constants.SECCOMP_FILTER_FLAG_NEW_LISTENER
              : Constants.SECCOMP_FILTER_FLAG_LOG | Constants.SECCOMP_FILTER_FLAG_TSYNC,
          flags);
    }
  }

  /** Rule 9: CAP_SYS_ADMIN is what loads a filter without no_new_privs. */
  @ParameterizedTest
  @EnumSource(Arch.class)
  void withoutNoNewPrivilegesTheFilterComesBeforeTheCapabilitiesGo(Arch arch) {
    for (String action : List.of("ERRNO", "NOTIFY")) {
      LinkedProgram image = image(arch, false, action);
      assertEquals(List.of(), image.all(prctl(image, Constants.PR_SET_NO_NEW_PRIVS)));
      int filter = image.only("seccomp", image.all(Syscall.SECCOMP));
      assertTrue(image.only("personality", image.all(Syscall.PERSONALITY)) < filter);
      assertTrue(filter < image.all(prctl(image, Constants.PR_CAPBSET_DROP)).getFirst());
      assertTrue(filter < image.only("setresuid", image.all(Syscall.SETRESUID)));
      assertTrue(filter < image.all(Syscall.CAPSET).getFirst());
    }
  }

  /** What shares the process's memory is not under its filter, and does one thing. */
  @ParameterizedTest
  @EnumSource(Arch.class)
  void aThreadSendsTheListenerAndNothingElse(Arch arch) {
    for (boolean none : new boolean[] {true, false}) {
      LinkedProgram image = image(arch, none, "NOTIFY");
      int filter = image.only("seccomp", image.all(Syscall.SECCOMP));
      int clone =
          image
              .all(i ->
                  image.is(i, Syscall.CLONE3)
                      && (image.field(image.at(i).arg(0), Structs.CLONE_ARGS_FLAGS)
                              & Constants.CLONE_VM)
                          != 0)
              .getFirst();
      assertEquals(
          (long) Constants.CLONE_VM
              | Constants.CLONE_FS
              | Constants.CLONE_FILES
              | Constants.CLONE_SIGHAND
              | Constants.CLONE_THREAD
              | Constants.CLONE_SYSVSEM,
          image.field(image.at(clone).arg(0), Structs.CLONE_ARGS_FLAGS));
      // Slots are shared from here on: who is who is the kernel's answer.
      Instruction tell = image.at(clone + 1);
      assertEquals(Syscall.FUTEX, tell.syscall());
      assertEquals(filter, clone + 2);
      Label thread = tell.target();
      assertNotNull(thread);
      List<Syscall> calls = new ArrayList<>();
      int i = thread.record();
      while (!image.is(i, Syscall.EXIT)) {
        Syscall call = image.at(i).syscall();
        if (call != null) {
          calls.add(call);
        }
        i++;
      }
      assertEquals(
          List.of(Syscall.CLOCK_NANOSLEEP, Syscall.SENDMSG, Syscall.CLOSE, Syscall.CLOSE), calls);
    }
  }

  /** A process that may not exit faults: its failure must not go round in circles. */
  @ParameterizedTest
  @EnumSource(Arch.class)
  void afterAForbiddenExitThereIsAFault(Arch arch) {
    LinkedProgram image = image(arch, true, "ERRNO");
    InitCompiler.Image compiled = compile(arch, true, "ERRNO");
    Instruction handler = image.at(compiled.failed());
    assertEquals(Op.ALU, handler.op());
    Label exit = (Label) handler.arg(0);
    assertTrue(image.is(exit.record(), Syscall.EXIT_GROUP), image.line(exit.record()));
    assertEquals(0xffff, image.at(exit.record()).tolerated());
    Instruction fault = image.at(exit.record() + 1);
    assertEquals(Op.LD, fault.op());
    assertEquals(0, image.number(fault.arg(0), "fault"));
    assertEquals(0, image.number(fault.arg(1), "fault"));
  }
}
