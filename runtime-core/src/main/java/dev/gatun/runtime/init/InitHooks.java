package dev.gatun.runtime.init;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Hook;
import dev.gatun.oci.Hooks;
import dev.gatun.oci.Spec;
import dev.gatun.oci.State;
import dev.gatun.runtime.hooks.HookKind;
import dev.gatun.runtime.hooks.HookRecords;
import dev.gatun.runtime.hooks.HookState;
import dev.gatun.runtime.process.Child;
import java.util.List;

/**
 * What init does about hooks: it lets the runtime run those of the runtime's namespaces, and runs
 * those of the container's itself. A configuration without hooks costs no record.
 */
final class InitHooks {
  private final ProgramBuilder b;
  private final Spec spec;
  private final Hooks hooks;
  private final String id;
  private final String bundle;
  private final Slot channel;
  private final Data message;

  /**
   * Begins.
   *
   * @param b the program
   * @param spec the configuration
   * @param options what the command line adds
   * @param channel the descriptor that failures are told to
   * @param message room for a message
   */
  InitHooks(ProgramBuilder b, Spec spec, InitCompiler.Options options, Slot channel, Data message) {
    this.b = b;
    this.spec = spec;
    this.channel = channel;
    this.message = message;
    id = options.id();
    bundle = options.bundle();
    hooks = spec.hooks() == null ? Hooks.NONE : spec.hooks();
  }

  /** Whether anything is run between the mounts and the pivot. */
  boolean beforePivot() {
    return waitForRuntime() || !hooks.createContainer().isEmpty();
  }

  /** Whether the runtime runs hooks while init waits. */
  boolean waitForRuntime() {
    return !hooks.prestart().isEmpty() || !hooks.createRuntime().isEmpty();
  }

  /**
   * Adds records that run the createContainer hooks.
   *
   * @param root the root file system's descriptor, their working directory
   * @param go the pipe from the runtime, without which nobody waits for them
   */
  void createContainer(Slot root, Slot go) {
    List<Hook> list = hooks.createContainer();
    if (!list.isEmpty()) {
      Runner runner = new Runner(State.Status.CREATING);
      runner.records.directory(root);
      runner.records.endWith(go);
      runner.run(HookKind.CREATE_CONTAINER, list, Child.strings(b, "envp", List.of()));
    }
  }

  /**
   * Adds records that make what the startContainer hooks need, before limits of the container's
   * process apply.
   *
   * @return the hooks, to be run once the container is started
   */
  StartContainer prepareStart() {
    List<Hook> list = hooks.startContainer();
    if (list.isEmpty()) {
      return environment -> {};
    }
    Runner runner = new Runner(State.Status.CREATED);
    return environment -> runner.run(HookKind.START_CONTAINER, list, environment);
  }

  /** The startContainer hooks. */
  interface StartContainer {
    /**
     * Adds records that run them.
     *
     * @param environment that of the container's process, for hooks that have none of their own
     */
    void run(Addr environment);
  }

  /** Hooks of one kind, with the state that they read. */
  private final class Runner implements HookRecords.Failure {
    final HookRecords records = new HookRecords(b, null);
    private final HookRecords.Ring ring =
        HookRecords.Ring.of(b, b.buffer("hook output", Message.MAX_OUTPUT));

    Runner(State.Status status) {
      records.contained();
      Slot pid = b.slot("own pid");
      b.step("make the state that hooks read", "");
      b.sys(Syscall.GETPID).into(pid);
      HookState.of(spec.ociVersion(), id, status, bundle, spec.annotations())
          .open(b, pid, records.state());
    }

    void run(HookKind kind, List<Hook> list, Addr environment) {
      for (int i = 0; i < list.size(); i++) {
        records.run(kind, i, list.get(i), environment, ring, this);
      }
      records.end();
    }

    @Override
    public void refused(Instruction exec, Label next) {
      b.fail(exec, records.error());
    }

    /** One write of at most PIPE_BUF bytes, and the end. */
    @Override
    public void ended(Label exec, Label next) {
      Slot size = b.slot("size");
      Slot older = b.slot("older");
      Label straight = b.label("straight");
      int most = ring.bytes().size();
      Data parts =
          b.variable("iovec", 3 * Structs.SIZEOF_IOVEC)
              .address(Structs.IOVEC_IOV_BASE, message.address())
              .u64(Structs.IOVEC_IOV_LEN, Message.SIZE);
      int second = Structs.SIZEOF_IOVEC;
      int third = 2 * Structs.SIZEOF_IOVEC;
      b.set(size, ring.at());
      b.set(older, imm(0));
      b.branch(Condition.EQ, ring.wrapped(), imm(0), straight);
      b.set(size, imm(most));
      b.alu(Function.SUB, older, imm(most), ring.at());
      b.bind(straight);
      b.store(8, parts.address(), imm(second + Structs.IOVEC_IOV_LEN), older);
      b.store(8, parts.address(), imm(third + Structs.IOVEC_IOV_LEN), ring.at());
      b.alu(Function.ADD, older, ring.bytes().address(), ring.at());
      b.store(8, parts.address(), imm(second + Structs.IOVEC_IOV_BASE), older);
      b.store(8, parts.address(), imm(third + Structs.IOVEC_IOV_BASE), ring.bytes().address());
      b.store(8, message.address(), imm(Message.KIND), imm(Message.HOOK));
      b.store(8, message.address(), imm(Message.VALUE), size);
      b.store(8, message.address(), imm(Message.RECORD), exec);
      b.store(8, message.address(), imm(Message.ERRNO), records.ending());
      b.sys(Syscall.WRITEV, channel, parts.address(), imm(3));
      b.sys(Syscall.EXIT_GROUP, imm(1));
    }
  }
}
