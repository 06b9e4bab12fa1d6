package dev.gatun.runtime.sandbox;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.SpecException;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.lifecycle.ContainerId;
import dev.gatun.runtime.lifecycle.Inventory;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.ProcessStat;
import dev.gatun.runtime.state.StateRoot;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A pod's sandbox that was found on disk. */
public final class Sandbox implements AutoCloseable {
  /** How long a killed process may take to end, in seconds. */
  private static final int KILL_SECONDS = 10;

  private static final int MAX_STATE = 4 << 20;
  private static final int MAX_STAT = 1024;
  private static final int MAX_FILE = 12 << 20;

  private final Kernel kernel;
  private final String root;
  private final String id;
  private final Status status;
  private final SandboxState state;
  private final @Nullable String problem;
  private final long pods;
  private final long directory;
  private final long pidfd;
  private List<Long> open;

  /** What a pod is doing. */
  public enum Status {
    /** A create is under way. */
    CREATING("creating"),
    /** The pause process runs. */
    RUNNING("running"),
    /** There is no pause process any more, or there never was one. */
    STOPPED("stopped");

    private final String word;

    Status(String word) {
      this.word = word;
    }

    /** The word that callers parse. */
    public String word() {
      return word;
    }
  }

  /** What a command wants to do with a pod. */
  public enum Purpose {
    /** Only to know: nothing stays open. */
    READ,
    /** To act on its pause process: descriptors stay open. */
    ACT,
    /** To change it: descriptors stay open, and its directory locked until it is closed. */
    CHANGE
  }

  private Sandbox(
      Kernel kernel,
      String root,
      String id,
      Status status,
      SandboxState state,
      @Nullable String problem,
      long pods,
      long directory,
      long pidfd,
      List<Long> open) {
    this.kernel = kernel;
    this.root = root;
    this.id = id;
    this.status = status;
    this.state = state;
    this.problem = problem;
    this.pods = pods;
    this.directory = directory;
    this.pidfd = pidfd;
    this.open = open;
  }

  /** The program that looks at a pod, and where its answers are. */
  private record Query(
      Program program,
      Slot pods,
      Slot directory,
      Slot exists,
      Slot pidfd,
      Slot busy,
      Data stat,
      Slot statSize,
      Data state,
      Slot stateSize) {}

  private static Query query(Kernel kernel, String root, String id, Purpose purpose) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Label missing = b.label("missing");
    Label done = b.label("done");
    Label end = b.label("end");
    Slot exists = b.slot("exists");
    Slot pid = b.slot("pid");
    Slot pidfd = descriptors.fd("pidfd", null);
    Slot busy = b.slot("busy");
    Slot statSize = b.slot("stat size");
    Slot stateSize = b.slot("state size");
    Data stat = b.output("stat", MAX_STAT);
    Data state = b.output("state", MAX_STATE);
    b.replyUpTo(state, imm(0));
    for (Slot slot : new Slot[] {exists, pid, busy, statSize, stateSize}) {
      b.set(slot, imm(0));
    }
    Slot pods = StateRoot.open(b, root + "/" + StateRoot.PODS, missing);
    descriptors.add(pods);
    b.outOfLine(() -> {
      b.bind(missing);
      descriptors.closeAll();
      b.jump(end);
    });
    b.step("open pod \"" + id + "\"", "");
    Slot directory = descriptors.fd("directory", root + "/" + StateRoot.PODS + "/" + id);
    StateRoot.openContainer(b, pods, id).into(directory).tolerate(Errno.ENOENT, missing);
    if (purpose == Purpose.CHANGE) {
      StateRoot.lock(b, directory, missing);
    } else {
      StateRoot.tryLock(b, directory, busy);
    }
    b.set(exists, imm(1));
    StateRoot.read(b, descriptors, directory, state, stateSize, done);
    Look.process(b, descriptors, state, pid, pidfd, stat, statSize, done);
    b.bind(done);
    b.replyUpTo(state, stateSize);
    if (purpose == Purpose.READ) {
      descriptors.closeAll();
    } else if (purpose == Purpose.ACT) {
      StateRoot.unlock(b, directory, busy);
    }
    b.bind(end);
    return new Query(
        b.build(), pods, directory, exists, pidfd, busy, stat, statSize, state, stateSize);
  }

  /**
   * Finds a pod, in one exchange.
   *
   * @param kernel where
   * @param root the state root's path, absolute
   * @param id the pod's id
   * @param purpose what is wanted
   * @return the pod, to be closed by {@link #close} or {@link #remove}
   * @throws ContainerException {@link ContainerException#isMissing missing} when there is none
   */
  public static Sandbox find(Kernel kernel, String root, String id, Purpose purpose) {
    ContainerId.check(id);
    Query query = query(kernel, root, id, purpose);
    Kernel.Result result = kernel.run(query.program()).orThrow();
    if (result.slot(query.exists()) == 0) {
      throw ContainerException.podDoesNotExist(id);
    }
    SandboxState state = SandboxState.unknown(id);
    String problem = null;
    byte[] bytes = result.bytes(query.state(), result.slot(query.stateSize()));
    if (bytes.length > 0) {
      try {
        state = SandboxState.of(bytes);
      } catch (SpecException e) {
        problem = "state of pod \"" + id + "\": " + e.getMessage();
      }
    }
    ProcessStat process =
        ProcessStat.of(result.bytes(query.stat(), Math.max(0, result.slot(query.statSize()))));
    boolean same = process != null && state.pid() != 0 && process.startTime() == state.startTime();
    boolean alive = same && process != null && !process.dead();
    Status status =
        alive
            ? Status.RUNNING
            : state.pid() == 0 && result.slot(query.busy()) != 0 ? Status.CREATING : Status.STOPPED;
    List<Long> open = new ArrayList<>(3);
    if (purpose != Purpose.READ) {
      for (Slot fd : new Slot[] {query.pods(), query.directory(), query.pidfd()}) {
        if (result.slot(fd) >= 0) {
          open.add(result.slot(fd));
        }
      }
    }
    boolean held = !open.isEmpty();
    return new Sandbox(
        kernel,
        root,
        id,
        status,
        state,
        problem,
        held ? result.slot(query.pods()) : -1,
        held ? result.slot(query.directory()) : -1,
        held && same ? result.slot(query.pidfd()) : -1,
        open);
  }

  /**
   * Looks at all pods, one exchange for each.
   *
   * @param kernel where
   * @param root the state root's path, absolute
   * @return them in the order of their ids; nothing is open
   */
  public static List<Sandbox> list(Kernel kernel, String root) {
    List<Sandbox> all = new ArrayList<>();
    for (String id : Inventory.names(kernel, root + "/" + StateRoot.PODS, Constants.DT_DIR)) {
      try {
        all.add(find(kernel, root, id, Purpose.READ));
      } catch (ContainerException e) {
        if (!e.isMissing()) {
          throw e;
        }
      }
    }
    return all;
  }

  /** The pod's id. */
  public String id() {
    return id;
  }

  /** The path of its directory. */
  public String path() {
    return root + "/" + StateRoot.PODS + "/" + id;
  }

  /** What it was when it was found. */
  public SandboxState state() {
    return state;
  }

  /** What it was doing when it was found. */
  public Status status() {
    return status;
  }

  /**
   * Why nothing is known of it but the id, as one sentence, when its {@code state.json} cannot be
   * read; else null. It can be removed all the same, but for its cgroup.
   */
  public @Nullable String problem() {
    return problem;
  }

  /** The descriptor of its pause process, negative when that has ended or nothing is open. */
  public long pidfd() {
    return status == Status.RUNNING ? pidfd : -1;
  }

  /** The descriptor of its directory, negative when nothing is open. */
  public long directory() {
    return directory;
  }

  /**
   * Reads a file of its directory.
   *
   * @param name its name
   * @return the contents, or null when there is no such file
   */
  public byte @Nullable [] file(String name) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    String path = path() + "/" + checkName(name);
    b.step("read \"" + path + "\"", "");
    Data contents = b.output("contents", MAX_FILE);
    b.replyUpTo(contents, imm(0));
    Slot exists = b.slot("exists");
    Slot file = descriptors.fd("file", path);
    Label missing = b.label("missing");
    b.set(exists, imm(0));
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(path),
            imm(Constants.O_RDONLY | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC),
            imm(0))
        .into(file)
        .tolerate(Errno.ENOENT, missing);
    b.set(exists, imm(1));
    b.replyUpTo(contents, Idioms.readAll(b, file, contents));
    b.bind(missing);
    descriptors.closeAll();
    Kernel.Result result = kernel.run(b.build()).orThrow();
    return result.slot(exists) == 0 ? null : result.bytes(contents);
  }

  /**
   * Writes a file of its directory, atomically. The pod must have been found to be changed.
   *
   * @param name its name, which is not {@code state.json}
   * @param contents what it holds; whoever is in the pod may read it
   */
  public void write(String name, byte[] contents) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    StateRoot.replace(b, imm(opened()), checkName(name), contents, 0644);
    kernel.run(b.build()).orThrow();
  }

  static String checkName(String name) {
    if (name.isEmpty()
        || name.startsWith(".")
        || name.indexOf('/') >= 0
        || name.equals(StateRoot.STATE)) {
      throw new IllegalArgumentException("a pod's file \"" + name + "\"");
    }
    return name;
  }

  /** The ids of the containers that were put into it; some may be gone. */
  public List<String> containers() {
    return Inventory.names(kernel, path() + "/" + Remains.CONTAINERS, Constants.DT_REG);
  }

  private long opened() {
    if (directory < 0 || open.isEmpty()) {
      throw new IllegalStateException("pod \"" + id + "\" is not open");
    }
    return directory;
  }

  /**
   * Sends a signal to the pause process, which TERM and INT end. The pod must not have been found
   * only to be read.
   *
   * @param signal its number
   * @throws ContainerException when there is no pause process
   */
  public void kill(int signal) {
    opened();
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    b.step("send signal " + signal + " to pod \"" + id + "\"", "");
    b.sys(Syscall.PIDFD_SEND_SIGNAL, imm(pidfd), imm(signal), imm(0), imm(0));
    boolean runs = status == Status.RUNNING;
    SyscallException failure = runs ? kernel.run(b.build()).failure() : null;
    if (!runs || (failure != null && failure.errno() == Errno.ESRCH)) {
      throw new ContainerException("pod \"" + id + "\" is not running");
    }
    if (failure != null) {
      throw failure;
    }
  }

  /**
   * Waits for the end of the pause process. The pod must not have been found only to be read.
   *
   * @param seconds how long at most
   * @return whether it has ended
   */
  public boolean end(int seconds) {
    opened();
    if (pidfd < 0) {
      return true;
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot ready = b.slot("ready");
    awaitEnd(b, seconds, ready);
    return kernel.run(b.build()).orThrow().slot(ready) != 0;
  }

  /** Adds records that wait for the pause process. */
  private void awaitEnd(ProgramBuilder b, int seconds, Slot ready) {
    b.step("wait for the pause process of pod \"" + id + "\"", "");
    Data poll =
        b.variable("pollfd", Structs.SIZEOF_POLLFD)
            .u32(Structs.POLLFD_FD, (int) pidfd)
            .u16(Structs.POLLFD_EVENTS, Constants.POLLIN);
    Data time =
        b.variable("timeout", Structs.SIZEOF_KERNEL_TIMESPEC)
            .u64(Structs.KERNEL_TIMESPEC_TV_SEC, seconds);
    Label wait = b.loop("wait");
    b.sys(Syscall.PPOLL, poll.address(), imm(1), time.address(), imm(0), imm(0))
        .into(ready)
        .tolerate(Errno.EINTR, wait);
  }

  /**
   * Removes the pod: kills its pause process and whatever is left in its cgroup, and waits for
   * them; removes the cgroup, the shared memory and the directory. Whoever is interrupted can be
   * called again. The pod must have been found to be changed, and is closed afterwards.
   */
  public void remove() {
    opened();
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    for (long fd : open) {
      descriptors.take("open", imm(fd));
    }
    open = List.of();
    if (pidfd >= 0) {
      b.step("kill the pause process of pod \"" + id + "\"", "");
      b.sys(Syscall.PIDFD_SEND_SIGNAL, imm(pidfd), imm(Constants.SIGKILL), imm(0), imm(0))
          .tolerate(Errno.ESRCH);
      Slot ready = b.slot("ready");
      Label ended = b.label("ended");
      awaitEnd(b, KILL_SECONDS, ready);
      b.branch(Condition.NE, ready, imm(0), ended);
      b.fail(Errno.ETIMEDOUT);
      b.bind(ended);
      reap(b, pidfd);
    }
    Remains.removeCgroup(b, state);
    Remains.removeDirectory(b, root, imm(pods), imm(directory), id);
    descriptors.closeAll();
    SyscallException failure = kernel.run(b.build()).failure();
    if (failure != null) {
      throw SandboxCreate.plain(failure);
    }
  }

  /** In the process that created the pod it is a child, whose end nobody else waits for. */
  private static void reap(ProgramBuilder b, long pidfd) {
    b.sys(
            Syscall.WAITID,
            imm(Constants.P_PIDFD),
            imm(pidfd),
            imm(0),
            imm(Constants.WEXITED | Constants.WNOHANG),
            imm(0))
        .tolerateAny();
  }

  /** Closes what is open, in one exchange. */
  @Override
  public void close() {
    if (open.isEmpty()) {
      return;
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    for (long fd : open) {
      b.sys(Syscall.CLOSE, imm(fd)).tolerateAny();
    }
    open = List.of();
    kernel.run(b.build());
  }
}
