package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Hook;
import dev.gatun.oci.Hooks;
import dev.gatun.oci.State;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.hooks.HookEnding;
import dev.gatun.runtime.hooks.HookKind;
import dev.gatun.runtime.hooks.HookRecords;
import dev.gatun.runtime.hooks.HookState;
import dev.gatun.runtime.process.Child;
import dev.gatun.runtime.state.ContainerState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hooks that the runtime itself runs, in its own namespaces, and whose failure is its own:
 * prestart, createRuntime and poststart.
 */
final class RuntimeHooks {
  /** How much of what a hook writes is kept, in bytes. */
  static final int OUTPUT = 4096;

  private final ProgramBuilder b;
  private final ContainerState container;
  private final List<Entry> entries;
  private final HookRecords records;
  private final HookRecords.Ring ring;
  private final Slot failed;

  /** A hook, by its place in the configuration. */
  record Entry(HookKind kind, int index, Hook hook) {}

  private RuntimeHooks(
      ProgramBuilder b, Descriptors descriptors, ContainerState container, List<Entry> entries) {
    this.b = b;
    this.container = container;
    this.entries = entries;
    records = new HookRecords(b, descriptors);
    records.directory(container.bundle());
    ring = HookRecords.Ring.of(b, b.output("hook output", OUTPUT));
    failed = b.slot("failed hook");
    b.set(failed, imm(0));
  }

  /**
   * Begins, before the program makes its last output and before anything in it can fail.
   *
   * @param b the program
   * @param descriptors closes what is open when it fails
   * @param container what hooks are told of
   * @param hooks all hooks
   * @param kinds those that are wanted, in their order
   * @return the hooks, or null when there is none
   */
  static @Nullable RuntimeHooks of(
      ProgramBuilder b,
      Descriptors descriptors,
      ContainerState container,
      Hooks hooks,
      HookKind... kinds) {
    List<Entry> entries = entries(hooks, kinds);
    return entries.isEmpty() ? null : new RuntimeHooks(b, descriptors, container, entries);
  }

  static List<Entry> entries(Hooks hooks, HookKind... kinds) {
    List<Entry> entries = new ArrayList<>();
    for (HookKind kind : kinds) {
      List<Hook> list = kind.of(hooks);
      for (int i = 0; i < list.size(); i++) {
        entries.add(new Entry(kind, i, list.get(i)));
      }
    }
    return entries;
  }

  /**
   * Adds records that run them. The first that fails makes the program fail.
   *
   * @param status what the container is doing
   * @param pid the container's pid
   */
  void run(State.Status status, Arg pid) {
    Slot known = b.slot("container's pid");
    b.set(known, pid);
    HookState.of(container, status).open(b, known, records.state());
    Addr none = Child.strings(b, "envp", List.of());
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      int number = i + 1;
      records.run(
          entry.kind(),
          entry.index(),
          entry.hook(),
          none,
          ring,
          new HookRecords.Failure() {
            @Override
            public void refused(Instruction exec, Label next) {
              b.fail(exec, records.error());
            }

            @Override
            public void ended(Label exec, Label next) {
              b.set(failed, imm(number));
              b.fail(exec, imm(-1));
            }
          });
    }
    records.end();
  }

  /**
   * Says what became of them.
   *
   * @param result of the program
   * @return the failure of the one that ended badly, or null
   */
  @Nullable RuntimeException failure(Kernel.Result result) {
    int number = (int) result.slot(failed);
    if (number == 0) {
      return null;
    }
    Entry entry = entries.get(number - 1);
    return new ContainerException(text(entry, result.slot(records.ending()), ring, result));
  }

  /** One sentence about a hook that did not end well. */
  static String text(Entry entry, long ending, HookRecords.Ring ring, Kernel.Result result) {
    Data bytes = ring.bytes();
    return HookEnding.text(
        entry.kind().step(entry.hook()),
        ending,
        HookEnding.unroll(
            result.bytes(bytes), (int) result.slot(ring.at()), result.slot(ring.wrapped()) != 0),
        entry.kind().place(entry.index()));
  }
}
