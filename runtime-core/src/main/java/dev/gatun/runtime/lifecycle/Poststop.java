package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.State;
import dev.gatun.runtime.hooks.HookEnding;
import dev.gatun.runtime.hooks.HookKind;
import dev.gatun.runtime.hooks.HookRecords;
import dev.gatun.runtime.hooks.HookState;
import dev.gatun.runtime.process.Child;
import dev.gatun.runtime.state.ContainerState;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The hooks of a container that is gone. One that fails is a warning, and the others are run all
 * the same.
 */
final class Poststop {
  private final ProgramBuilder b;
  private final List<Ran> all = new ArrayList<>();

  /** A hook, how it ended, and −errno when it was not executed. */
  private record Ran(RuntimeHooks.Entry entry, Slot ending, Slot error, HookRecords.Ring ring) {}

  private Poststop(ProgramBuilder b) {
    this.b = b;
  }

  /**
   * Adds records that run them, behind all that deletes the container.
   *
   * @param b the program, whose outputs are no others
   * @param descriptors closes what is open when it fails
   * @param container the container, or null when nothing is known of it
   * @return the hooks, for {@link #warnings}
   */
  static Poststop run(
      ProgramBuilder b, Descriptors descriptors, @Nullable ContainerState container) {
    Poststop poststop = new Poststop(b);
    poststop.add(descriptors, container, false);
    return poststop;
  }

  /**
   * The same in a program that nobody is left to hear the result of: warnings go to standard error.
   *
   * @param b the program
   * @param container the container, or null when nothing is known of it
   */
  static void runAlone(ProgramBuilder b, @Nullable ContainerState container) {
    new Poststop(b).add(null, container, true);
  }

  private void add(
      @Nullable Descriptors descriptors, @Nullable ContainerState container, boolean alone) {
    if (container == null || container.hooks().poststop().isEmpty()) {
      return;
    }
    HookRecords records = new HookRecords(b, descriptors);
    records.directory(container.bundle());
    HookState.of(container, State.Status.STOPPED).open(b, null, records.state());
    Addr none = Child.strings(b, "envp", List.of());
    for (RuntimeHooks.Entry entry : RuntimeHooks.entries(container.hooks(), HookKind.POSTSTOP)) {
      Slot ending = b.slot("hook ending");
      Slot error = b.slot("hook error");
      HookRecords.Ring ring = HookRecords.Ring.of(b, b.output("hook output", RuntimeHooks.OUTPUT));
      all.add(new Ran(entry, ending, error, ring));
      b.set(ending, imm(0));
      b.set(error, imm(0));
      records.run(
          entry.kind(),
          entry.index(),
          entry.hook(),
          none,
          ring,
          new HookRecords.Failure() {
            @Override
            public void refused(Instruction exec, Label next) {
              b.set(error, records.error());
              if (alone) {
                warn(entry, "not executed, error number ", error, true);
              }
              b.jump(next);
            }

            @Override
            public void ended(Label exec, Label next) {
              b.set(ending, records.ending());
              if (alone) {
                warn(entry, ending);
              }
              b.jump(next);
            }
          });
    }
    records.end();
  }

  private void warn(RuntimeHooks.Entry entry, Slot ending) {
    Label signal = b.label("ended by a signal");
    Label late = b.label("timed out");
    Label done = b.label("warned");
    b.branch(Condition.LTU, imm(HookEnding.TIMED_OUT - 1), ending, late);
    b.branch(Condition.LTU, imm(HookEnding.SIGNAL - 1), ending, signal);
    warn(entry, "exit status ", ending, false);
    b.jump(done);
    b.bind(signal);
    Slot number = b.slot("signal");
    b.alu(Function.SUB, number, ending, imm(HookEnding.SIGNAL));
    warn(entry, "ended by signal ", number, false);
    b.jump(done);
    b.bind(late);
    b.alu(Function.SUB, number, ending, imm(HookEnding.TIMED_OUT));
    warn(entry, "killed, its timeout was, in seconds, ", number, false);
    b.bind(done);
  }

  private void warn(RuntimeHooks.Entry entry, String what, Slot number, boolean negative) {
    Slot positive = b.slot("number");
    b.alu(Function.SUB, positive, negative ? imm(0) : number, negative ? number : imm(0));
    print("gatun: warning: " + entry.kind().step(entry.hook()) + ": " + what);
    Data digits = b.buffer("digits", 24);
    Slot first = Idioms.formatDecimal(b, positive, digits.at(24));
    Slot length = b.slot("length");
    b.alu(Function.SUB, length, digits.at(24), first);
    b.sys(Syscall.WRITE, imm(2), first, length).tolerateAny();
    print(" [config.json " + entry.kind().place(entry.index()) + "]\n");
  }

  private void print(String text) {
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    b.sys(Syscall.WRITE, imm(2), b.string(text), imm(length)).tolerateAny();
  }

  /**
   * Says what became of them.
   *
   * @param result of the program
   * @return a sentence for each that failed
   */
  List<String> warnings(Kernel.Result result) {
    List<String> warnings = new ArrayList<>();
    for (Ran ran : all) {
      long error = result.slot(ran.error());
      long ending = result.slot(ran.ending());
      if (error != 0) {
        warnings.add(refusal(ran.entry(), (int) -error));
      } else if (ending != 0) {
        warnings.add(RuntimeHooks.text(ran.entry(), ending, ran.ring(), result));
      }
    }
    return warnings;
  }

  private static String refusal(RuntimeHooks.Entry entry, int errno) {
    SyscallException refusal =
        new SyscallException(
            entry.kind().step(entry.hook()),
            "execve(\"" + entry.hook().path() + "\", …)",
            errno,
            entry.kind().place(entry.index()));
    return String.valueOf(refusal.getMessage());
  }
}
