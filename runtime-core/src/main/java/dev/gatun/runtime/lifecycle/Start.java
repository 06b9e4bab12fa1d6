package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.State;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.hooks.HookKind;
import dev.gatun.runtime.init.Message;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.StateRoot;
import dev.gatun.runtime.state.Status;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * {@code start}, in two exchanges: look at the container; open its gate and read what init says.
 *
 * <p>Success is STARTED followed by end of file, which {@code execve(2)} causes by closing the
 * FIFO. STARTED followed by FAILED is an {@code execve(2)} that failed; end of file alone is an
 * init that was killed. An init that does not come to an end of file in time is killed, since who
 * shares its PID namespace may have stopped it; only startContainer hooks have times of their own.
 */
public final class Start {
  private static final int MAX_STEPS = 256 << 10;
  private static final int MAX_MESSAGES = 96 << 10;

  /** How long a killed process may take to end, in seconds. */
  private static final int KILL_SECONDS = 10;

  /** How often the gate is looked for once it should be gone. */
  private static final int MOST_LOOKS = 1_000;

  private Start() {}

  /**
   * Starts a created container.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @throws RuntimeException with one sentence as its message
   */
  public static void run(Kernel kernel, String root, String id) {
    run(kernel, root, id, null);
  }

  /**
   * Starts a created container, and passes on that it is ready.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @param notify who is told that it is ready, or null
   * @throws RuntimeException with one sentence as its message
   */
  public static void run(Kernel kernel, String root, String id, @Nullable Notify notify) {
    ContainerId.check(id);
    Look.Found found = Look.at(kernel, root, id, Look.Purpose.CHANGE);
    if (found.status() != Status.CREATED) {
      found.close(kernel);
    }
    switch (found.status()) {
      case CREATED -> {
        open(kernel, found, notify);
        if (notify != null) {
          notify.await(kernel, root, id);
        }
      }
      case RUNNING ->
          throw new ContainerException(
              "cannot start container \"" + id + "\": it is already running");
      case PAUSED ->
          throw new ContainerException("cannot start container \"" + id + "\": it is paused");
      case STOPPED ->
          throw new ContainerException("cannot start container \"" + id + "\": it has stopped");
      case CREATING ->
          throw new ContainerException(
              "cannot start container \"" + id + "\": it is being created");
    }
  }

  /**
   * Opens the gate of a container that is known to wait for it.
   *
   * @param kernel where
   * @param found the container, locked; its descriptors are closed afterwards
   * @param notify who is told that the container is ready, or null
   */
  static void open(Kernel kernel, Look.Found found, @Nullable Notify notify) {
    if (found.status() != Status.CREATED) {
      throw new IllegalArgumentException(found.id() + " is " + found.status());
    }
    ContainerState state = Objects.requireNonNull(found.state(), "state");
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Gate gate = gate(b, state, found, imm(found.directory()), imm(found.gate()), notify);
    Kernel.Result result = kernel.run(gate.program());
    RuntimeHooks hooks = gate.hooks();
    RuntimeException failure = hooks == null ? null : hooks.failure(result);
    if (failure == null) {
      failure = result.failure();
    }
    if (failure == null) {
      failure = failure(kernel, found.id(), gate, result);
    }
    Notify.Sockets sockets = gate.sockets();
    if (notify != null && sockets != null) {
      notify.opened(result, sockets);
      if (failure != null) {
        notify.close(kernel);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static @Nullable RuntimeException failure(
      Kernel kernel, String id, Gate gate, Kernel.Result result) {
    if (result.slot(gate.late()) != 0) {
      return new ContainerException(
          "cannot start container \""
              + id
              + "\": its first process was stopped or held up for "
              + Exec.TIMEOUT
              + " s, and was killed");
    }
    byte[] received = result.bytes(gate.messages());
    RuntimeException failure =
        Steps.failure(
            kernel.arch(), result.bytes(gate.steps(), result.slot(gate.stepsSize())), received);
    if (failure == null && Message.find(received, Message.STARTED) < 0) {
      failure =
          new ContainerException(
              "cannot start container \"" + id + "\": its first process was killed");
    }
    return failure;
  }

  /** The program that opens the gate, and where its answers are. */
  record Gate(
      Program program,
      Data steps,
      Slot stepsSize,
      Data messages,
      Slot late,
      @Nullable RuntimeHooks hooks,
      Notify.@Nullable Sockets sockets) {}

  /**
   * Compiles the second exchange.
   *
   * @param b an empty program
   * @param state what is known of the container
   * @param found the container, whose descriptors are closed; null to show the program
   * @param directory the container's directory
   * @param gate the gate, open for writing
   * @param notify who is told that the container is ready, or null
   */
  static Gate gate(
      ProgramBuilder b,
      ContainerState state,
      Look.@Nullable Found found,
      Arg directory,
      Arg gate,
      @Nullable Notify notify) {
    Descriptors descriptors = new Descriptors(b);
    String id = state.id();
    RuntimeHooks hooks = RuntimeHooks.of(b, descriptors, state, state.hooks(), HookKind.POSTSTART);
    b.step("start container \"" + id + "\"", "");
    Slot gateFd = descriptors.take("gate", gate);
    if (found == null) {
      descriptors.take("directory", directory);
    } else {
      for (long fd : found.open()) {
        if (fd != found.gate()) {
          descriptors.take("open", imm(fd));
        }
      }
    }
    Slot status = descriptors.fd("status", StateRoot.STATUS);
    Arg pidfd = found == null ? b.fd("pidfd", "init") : imm(found.pidfd());
    Slot late = b.slot("late");
    b.set(late, imm(0));
    Slot end = b.slot("end");
    Slot got = b.slot("got");
    Slot stepsSize = b.slot("steps size");
    Slot length = b.slot("length");
    Data steps = b.output("steps", MAX_STEPS);
    Data messages = b.output("messages", MAX_MESSAGES);
    b.replyUpTo(messages, imm(0));
    Notify.Sockets sockets =
        notify == null || found == null ? null : notify.open(b, descriptors, found.directory());
    b.step("start container \"" + id + "\"", "");
    StateRoot.openFifo(b, directory, StateRoot.STATUS, Constants.O_RDONLY, status);
    // With a reader of its own this process never gets SIGPIPE, whoever has just been killed.
    Slot reader = descriptors.fd("reader", StateRoot.START);
    StateRoot.openFifo(b, directory, StateRoot.START, Constants.O_RDONLY, reader);
    b.sys(Syscall.WRITE, gateFd, b.string("s"), imm(1));
    descriptors.close(gateFd);
    descriptors.close(reader);
    Data poll =
        b.variable("pollfd", Structs.SIZEOF_POLLFD).u16(Structs.POLLFD_EVENTS, Constants.POLLIN);
    b.store(4, poll.address(), imm(Structs.POLLFD_FD), status);
    // The kernel leaves in it what remains of the time, so the rounds share it.
    Arg time =
        state.hooks().startContainer().isEmpty()
            ? b.variable("time left", Structs.SIZEOF_KERNEL_TIMESPEC)
                .u64(Structs.KERNEL_TIMESPEC_TV_SEC, Exec.TIMEOUT)
                .address()
            : imm(0);
    b.set(end, messages.address());
    Slot room = b.slot("room");
    Label over = b.label("over");
    Label empty = b.label("empty");
    // Read first: a FIFO that had no writer when it was opened does not tell ppoll(2) so.
    Label next = b.loop("read");
    b.alu(Function.SUB, room, messages.at(messages.size()), end);
    b.sys(Syscall.READ, status, end, room).into(got).tolerate(Errno.EAGAIN, empty);
    b.alu(Function.ADD, end, end, got);
    b.branch(Condition.NE, got, imm(0), next);
    b.jump(over);
    b.bind(empty);
    b.sys(Syscall.PPOLL, poll.address(), imm(1), time, imm(0), imm(0))
        .into(got)
        .tolerate(Errno.EINTR);
    b.branch(Condition.NE, got, imm(0), next);
    b.set(late, imm(1));
    kill(b, pidfd);
    b.bind(over);
    descriptors.close(status);
    untilGateIsGone(b, descriptors, directory);
    Slot file = descriptors.fd("steps", StateRoot.STEPS);
    b.set(stepsSize, imm(0));
    b.sys(
            Syscall.OPENAT,
            directory,
            b.string(StateRoot.STEPS),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(file);
    Idioms.append(b, file, steps, stepsSize);
    if (hooks != null) {
      Label other = b.label("not started");
      b.branch(Condition.NE, late, imm(0), other);
      b.branch(Condition.NE, end, messages.at(Message.SIZE), other);
      b.load(8, got, messages.address(), imm(Message.KIND));
      b.branch(Condition.NE, got, imm(Message.STARTED), other);
      // What a hook does with the container by another command must not wait for this one.
      b.sys(Syscall.FLOCK, directory, imm(Constants.LOCK_UN)).tolerateAny();
      poststart(b, hooks, state, pidfd);
      b.bind(other);
    }
    descriptors.closeAll();
    b.alu(Function.SUB, length, end, messages.address());
    b.replyUpTo(messages, length);
    return new Gate(b.build(), steps, stepsSize, messages, late, hooks, sockets);
  }

  /** A container whose hooks failed is ended; what is left of it is there to be deleted. */
  private static void poststart(
      ProgramBuilder b, RuntimeHooks hooks, ContainerState state, Arg pidfd) {
    Label failing = b.failureHandler();
    Label stop = b.label("end the container");
    b.onFailure(stop);
    b.outOfLine(() -> {
      b.bind(stop);
      kill(b, pidfd);
      b.jump(failing);
    });
    hooks.run(State.Status.RUNNING, imm(state.pid()));
    b.onFailure(failing);
  }

  /** Kills init and waits for its end for a while. */
  private static void kill(ProgramBuilder b, Arg pidfd) {
    b.sys(Syscall.PIDFD_SEND_SIGNAL, pidfd, imm(Constants.SIGKILL), imm(0), imm(0)).tolerateAny();
    Data poll =
        b.variable("pollfd", Structs.SIZEOF_POLLFD).u16(Structs.POLLFD_EVENTS, Constants.POLLIN);
    Data time =
        b.variable("timeout", Structs.SIZEOF_KERNEL_TIMESPEC)
            .u64(Structs.KERNEL_TIMESPEC_TV_SEC, KILL_SECONDS);
    b.store(4, poll.address(), imm(Structs.POLLFD_FD), pidfd);
    b.sys(Syscall.PPOLL, poll.address(), imm(1), time.address(), imm(0), imm(0)).tolerateAny();
  }

  /**
   * Waits until nobody reads the gate, which is how others know that a container has been started.
   * {@code execve(2)} closes both FIFOs, and the kernel lets go of them in any order, in the moment
   * after that.
   */
  private static void untilGateIsGone(ProgramBuilder b, Descriptors descriptors, Arg directory) {
    Slot again = descriptors.fd("gate", StateRoot.START);
    Slot tries = b.slot("tries");
    Label gone = b.label("gone");
    Data time =
        b.constant("100 us", Structs.SIZEOF_KERNEL_TIMESPEC)
            .u64(Structs.KERNEL_TIMESPEC_TV_NSEC, 100_000);
    b.set(tries, imm(0));
    Label still = b.loop("still there");
    // ENXIO without a reader; any other error says nothing about it, and nothing is lost by it.
    StateRoot.openFifo(b, directory, StateRoot.START, Constants.O_WRONLY, again).tolerateAny(gone);
    descriptors.close(again);
    b.sys(Syscall.CLOCK_NANOSLEEP, imm(Constants.CLOCK_MONOTONIC), imm(0), time.address(), imm(0))
        .tolerateAny();
    b.alu(Function.ADD, tries, tries, imm(1));
    b.branch(Condition.LTU, tries, imm(MOST_LOOKS), still);
    b.bind(gone);
  }
}
