package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.cgroups.CgroupDirectory;
import dev.gatun.cgroups.CgroupFreezer;
import dev.gatun.cgroups.CgroupPath;
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
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Linux;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Process;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecReader;
import dev.gatun.oci.State;
import dev.gatun.runtime.ConfigException;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.init.ExecCompiler;
import dev.gatun.runtime.init.InitImage;
import dev.gatun.runtime.init.Message;
import dev.gatun.runtime.process.ProcessCompiler;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.Status;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code exec}, in two exchanges: look at the container; execute an image that enters it, and hear
 * how far it came. In the foreground a third one waits, and no JVM is there while it does.
 *
 * <p>What enters is a child of the process that the kernel runs programs in. Success is STARTED
 * followed by end of file, as for {@code start}. Whatever the container does to what enters, it is
 * killed when that did not happen in time.
 */
public final class Exec {
  /** How long what enters may take until it executes, in seconds. */
  static final int TIMEOUT = 10;

  /** How long the end of what was killed is waited for, in seconds. */
  private static final int KILL_TIMEOUT = 1;

  private static final int PID_DIGITS = 16;

  private static final int MAX_MESSAGES = 32 << 10;

  private static final String COMPARE = "compare namespaces with those of the container";

  private static final long RESOLVE =
      Constants.RESOLVE_BENEATH
          | Constants.RESOLVE_NO_SYMLINKS
          | Constants.RESOLVE_NO_MAGICLINKS
          | Constants.RESOLVE_NO_XDEV;

  private final Kernel kernel;
  private final String root;
  private final Request request;

  /**
   * What is asked for.
   *
   * @param id the container's id, not checked yet
   * @param process what is executed
   * @param consoleSocket the path of the socket that the process's terminal is sent to, or null
   * @param pidfdSocket the path of the socket that a pidfd of the process is sent to, or null
   * @param pidFile where the process's pid is written to, or null
   * @param preserveFds how many descriptors behind stdio the process keeps
   * @param cgroup a cgroup below the container's that the process is born in, or null
   * @param ignorePaused whether a paused container is entered, to wait until it is resumed
   * @param attended whether the caller will wait for the process itself, with all signals blocked
   * @param embedding what an embedding JVM adds, null on the command line
   */
  public record Request(
      String id,
      ExecProcess process,
      @Nullable String consoleSocket,
      @Nullable String pidfdSocket,
      @Nullable String pidFile,
      int preserveFds,
      @Nullable String cgroup,
      boolean ignorePaused,
      boolean attended,
      @Nullable Embedding embedding) {
    /** What the command line says; see the components. */
    public Request(
        String id,
        ExecProcess process,
        @Nullable String consoleSocket,
        @Nullable String pidfdSocket,
        @Nullable String pidFile,
        int preserveFds,
        @Nullable String cgroup,
        boolean ignorePaused,
        boolean attended) {
      this(
          id,
          process,
          consoleSocket,
          pidfdSocket,
          pidFile,
          preserveFds,
          cgroup,
          ignorePaused,
          attended,
          null);
    }
  }

  /**
   * A process that was executed in a container.
   *
   * @param pid its pid; it is a child of the process that the kernel runs programs in
   * @param pidfd a descriptor of it in that process, for its owner to close
   * @param terminal the descriptor of its terminal, when the caller has to show it, else −1
   * @param warnings what callers should be told
   */
  public record Executed(int pid, long pidfd, long terminal, List<String> warnings) {
    /** Copies the warnings. */
    public Executed {
      warnings = List.copyOf(warnings);
    }
  }

  private Exec(Kernel kernel, String root, Request request) {
    this.kernel = kernel;
    this.root = root;
    this.request = request;
  }

  /**
   * Executes a process in a container.
   *
   * @param kernel where
   * @param root the state root's path, absolute
   * @param request what
   * @return the process, which runs
   * @throws RuntimeException with one sentence as its message; nothing runs then
   */
  public static Executed run(Kernel kernel, String root, Request request) {
    ContainerId.check(request.id());
    return new Exec(kernel, root, request).run();
  }

  /**
   * Waits for an executed process in the process that called {@code gatun}, which ends with its
   * status. Does not return to the caller's own work: the JVM should leave.
   *
   * @param kernel where
   * @param executed the process
   */
  public static void attend(Kernel kernel, Executed executed) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot status = b.slot("status");
    Label end = b.label("end");
    b.set(status, imm(255));
    TerminalRelay relay =
        executed.terminal() < 0 ? null : new TerminalRelay(b, imm(executed.terminal()));
    b.onFailure(end);
    b.step("wait for the executed process", "");
    Attend.untilEnd(b, executed.pid(), executed.pidfd(), status, relay, null);
    b.bind(end);
    if (relay != null) {
      relay.restore();
    }
    b.sys(Syscall.EXIT_GROUP, status);
    kernel.finish(b.build());
  }

  /**
   * What an exec of a container's own process would run.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   * @param spec its configuration
   * @param cgroup its cgroup, or null
   * @return the parts, in the order in which they run
   */
  static List<Explanation.Part> explain(
      Kernel kernel, String root, String id, Spec spec, @Nullable CgroupPath cgroup) {
    Process process = spec.process();
    if (process == null) {
      throw new ContainerException("the configuration has no process");
    }
    Request request =
        new Request(id, new ExecProcess.Given(process), null, null, null, 0, null, false, false);
    Exec exec = new Exec(kernel, root, request);
    State state =
        new State(spec.ociVersion(), id, State.Status.RUNNING, 1, "/", spec.annotations());
    ExecCompiler.Image compiled = exec.compile(spec, process, state, cgroup);
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Slot directory = descriptors.fd("directory", root + "/" + id);
    Slot pidfd = descriptors.fd("pidfd", null);
    Entering entering = exec.entering(b, descriptors, compiled, cgroup, 1, directory, pidfd);
    List<Explanation.Part> parts = new ArrayList<>();
    parts.add(
        Explanation.whole(
            "gatun exec",
            "1 of 2: looks at the container",
            Look.program(kernel.arch(), root, id, Look.Purpose.ENTER)));
    parts.add(
        Explanation.whole(
            "gatun exec", "2 of 2: makes what enters and hears what it says", entering.program()));
    Explanation.exec(parts, compiled);
    return parts;
  }

  private Executed run() {
    ExecProcess asked = request.process();
    String file = asked instanceof ExecProcess.Document document ? document.path() : null;
    if (asked instanceof ExecProcess.Changes changes && changes.args().isEmpty()) {
      throw new ContainerException("exec: args must not be empty");
    }
    Look.Entrance entrance = Look.toEnter(kernel, root, request.id(), file);
    Look.Found found = entrance.found();
    ExecCompiler.Image compiled;
    CgroupPath cgroup;
    try {
      check(found.status());
      Spec spec = SpecReader.readValid(entrance.config(), "config.json");
      cgroup = Cgroups.of(found);
      Process process = process(spec, entrance.process());
      compiled = compile(spec, process, state(spec, found), cgroup);
      ConsoleSocket.check(
          compiled.console() != null, request.attended(), request.consoleSocket(), "");
    } catch (RuntimeException e) {
      found.close(kernel);
      throw e;
    }
    return enter(found, compiled, cgroup);
  }

  private ContainerException paused() {
    return new ContainerException(
        "cannot exec in a paused container (use --ignore-paused to override): \""
            + request.id()
            + "\"");
  }

  private void check(Status status) {
    if (status == Status.STOPPED) {
      throw new ContainerException(
          "cannot exec in a stopped container: container not running: \"" + request.id() + "\"");
    }
    if (status == Status.PAUSED && !request.ignorePaused()) {
      throw paused();
    }
    if (status == Status.CREATING) {
      throw new ContainerException(
          "cannot exec in container \"" + request.id() + "\": it is being created");
    }
  }

  private Process process(Spec spec, byte[] document) {
    ExecProcess asked = request.process();
    if (asked instanceof ExecProcess.Changes changes) {
      return ExecProcess.changed(spec, changes);
    }
    if (asked instanceof ExecProcess.Document file) {
      return ExecProcess.completed(spec, SpecReader.readValidProcess(document, file.path()));
    }
    return ExecProcess.completed(spec, ((ExecProcess.Given) asked).process());
  }

  private static State state(Spec spec, Look.Found found) {
    ContainerState known = found.state();
    return new State(
        spec.ociVersion(),
        found.id(),
        found.status() == Status.CREATED ? State.Status.CREATED : State.Status.RUNNING,
        found.pid(),
        known == null ? "" : known.bundle(),
        spec.annotations());
  }

  private ExecCompiler.Image compile(
      Spec spec, Process process, State state, @Nullable CgroupPath cgroup) {
    ExecCompiler.Otherwise otherwise =
        cgroup == null || request.cgroup() != null
            ? null
            : new ExecCompiler.Otherwise(state.pid(), cgroup.mountPoint(), cgroup.path());
    try {
      return ExecCompiler.compile(
          kernel.arch(),
          process,
          spec.linux() == null ? Linux.NONE : spec.linux(),
          new ExecCompiler.Options(
              request.id(),
              request.preserveFds(),
              true,
              cgroup != null,
              otherwise,
              state,
              request.embedding() != null));
    } catch (ConfigException e) {
      throw new ContainerException(e.problem(), e);
    }
  }

  // --- second exchange

  /** The program of the second exchange, and where its answers are. */
  private record Entering(
      Program program,
      Slot gone,
      Slot frozen,
      Slot late,
      Slot ended,
      Slot pid,
      Slot pidfd,
      Slot terminal,
      Data messages) {}

  private Entering entering(
      ProgramBuilder b,
      Descriptors descriptors,
      ExecCompiler.Image compiled,
      @Nullable CgroupPath cgroup,
      int containerPid,
      Slot directory,
      Slot container) {
    Slot gone = b.slot("container is gone");
    Slot frozen = b.slot("container is frozen");
    Slot late = b.slot("too late");
    Slot ended = b.slot("container has ended");
    Slot middle = b.slot("middle process");
    Slot pid = b.slot("process");
    Slot pidfd = b.fd("process pidfd", null);
    descriptors.keep(pidfd);
    Slot terminal = b.fd("terminal", "ptmx");
    descriptors.keep(terminal);
    Slot said = b.slot("said");
    Slot messagesEnd = b.slot("messages end");
    Data messages = b.output("messages", MAX_MESSAGES);
    b.replyUpTo(messages, imm(0));
    for (Slot slot : new Slot[] {gone, frozen, late, ended, middle, pid, said}) {
      b.set(slot, imm(0));
    }
    b.set(messagesEnd, messages.address());
    Label missing = b.label("container is gone");
    Label done = b.label("done");
    b.outOfLine(() -> {
      b.bind(missing);
      b.set(gone, imm(1));
      b.jump(done);
    });
    for (int fd = 3; fd < 3 + request.preserveFds(); fd++) {
      b.step("preserve file descriptor " + fd, "");
      b.sys(Syscall.FCNTL, imm(fd), imm(Constants.F_GETFD));
    }
    Slot pidfdSocket = descriptors.fd("pidfd socket", request.pidfdSocket());
    PidfdSocket.connect(b, request.pidfdSocket(), pidfdSocket);
    ConsoleSocket console =
        compiled.console() == null
            ? null
            : ConsoleSocket.open(b, descriptors, request.consoleSocket());
    Slot cgroupFd =
        cgroup == null ? null : openCgroup(b, descriptors, cgroup, missing, frozen, done);
    Slot kinds = namespaces(b, containerPid, missing);
    b.step("open the channel to what enters", "");
    Slot reportRead = descriptors.fd("report read", null);
    Slot reportWrite = descriptors.fd("report write", null);
    Spawn.pipe(b, reportRead, reportWrite);
    InitImage image = InitImage.link(compiled.program(), 0);
    List<Data> parts = Spawn.parts(b, image.elf());
    Data last = parts.getLast();
    b.step("make the image of what enters", "");
    List<Slot> inherited = new ArrayList<>(List.of(reportWrite, container));
    Spawn.give(b, image, last, compiled.report(), reportWrite);
    Spawn.give(b, image, last, compiled.pidfd(), container);
    Spawn.give(b, image, last, compiled.kinds(), kinds);
    Slot imageConsole = compiled.console();
    if (imageConsole != null && console != null) {
      inherited.add(console.image());
      Spawn.give(b, image, last, imageConsole, console.image());
    }
    Slot imageCgroup = compiled.cgroup();
    if (imageCgroup != null && cgroupFd != null) {
      inherited.add(cgroupFd);
      Spawn.give(b, image, last, imageCgroup, cgroupFd);
    }
    Slot executable = descriptors.fd("image", "memfd:gatun");
    ImageFile file =
        ImageFile.write(
            b,
            descriptors,
            image.elf(),
            parts,
            executable,
            directory,
            root + "/" + request.id(),
            true);
    b.step("execute the image of what enters", "");
    Slot intermediate =
        Spawn.start(
            b,
            descriptors,
            request.id(),
            inherited,
            executable,
            file,
            request.preserveFds(),
            request.attended(),
            request.embedding());
    descriptors.close(executable);
    descriptors.close(reportWrite);
    if (console != null) {
      descriptors.close(console.image());
    }
    if (cgroupFd != null) {
      descriptors.close(cgroupFd);
    }
    Label before = b.failureHandler();
    Label failed = b.label("kill what entered");
    b.onFailure(failed);
    b.outOfLine(() -> {
      b.bind(failed);
      kill(b, intermediate, middle, pid);
      b.jump(before);
    });
    receive(b, reportRead, messages, messagesEnd, middle, pid, said, frozen, late);
    Label undone = b.label("not executed");
    b.branch(Condition.NE, said, imm(1L << Message.STARTED), undone);
    b.branch(Condition.EQ, middle, imm(0), undone);
    b.branch(Condition.EQ, pid, imm(0), undone);
    b.outOfLine(() -> {
      b.bind(undone);
      kill(b, intermediate, middle, pid);
      b.step("find out whether the container has ended", "");
      Data poll =
          b.variable("pollfd", Structs.SIZEOF_POLLFD).u16(Structs.POLLFD_EVENTS, Constants.POLLIN);
      Data now = b.variable("no time", Structs.SIZEOF_KERNEL_TIMESPEC);
      b.store(4, poll.address(), imm(Structs.POLLFD_FD), container);
      b.sys(Syscall.PPOLL, poll.address(), imm(1), now.address(), imm(0), imm(0))
          .into(ended)
          .tolerateAny();
      b.set(pid, imm(0));
      b.jump(done);
    });
    b.step("wait for the processes in between", "");
    b.sys(
            Syscall.WAITID,
            imm(Constants.P_PIDFD),
            intermediate,
            imm(0),
            imm(Constants.WEXITED),
            imm(0))
        .tolerate(Errno.ECHILD);
    b.sys(Syscall.WAITID, imm(Constants.P_PID), middle, imm(0), imm(Constants.WEXITED), imm(0))
        .tolerate(Errno.ECHILD);
    b.set(middle, imm(0));
    b.step("hold on to the process", "");
    b.sys(Syscall.PIDFD_OPEN, pid, imm(0)).into(pidfd);
    if (console != null) {
      console.receive(b, descriptors, terminal);
    }
    if (request.pidfdSocket() != null) {
      PidfdSocket.send(b, pidfdSocket, pid, PidfdSocket.EXEC);
      b.set(pidfdSocket, imm(-1));
    }
    String pidFile = request.pidFile();
    if (pidFile != null) {
      Data digits = b.buffer("digits", PID_DIGITS);
      Slot first = Idioms.formatDecimal(b, pid, digits.at(PID_DIGITS));
      Slot count = b.slot("count");
      b.alu(Function.SUB, count, digits.at(PID_DIGITS), first);
      Create.pidFile(b, pidFile, first, count);
    }
    b.onFailure(before);
    b.bind(done);
    descriptors.closeAll();
    Slot length = b.slot("length");
    b.alu(Function.SUB, length, messagesEnd, messages.address());
    b.replyUpTo(messages, length);
    return new Entering(b.build(), gone, frozen, late, ended, pid, pidfd, terminal, messages);
  }

  /** The cgroup that the process is born in, and whether it would run there. */
  private Slot openCgroup(
      ProgramBuilder b,
      Descriptors descriptors,
      CgroupPath path,
      Label missing,
      Slot frozen,
      Label done) {
    Slot cgroup = new CgroupDirectory(b, path).open(missing);
    descriptors.add(cgroup);
    b.step("find out whether the container is paused", "");
    Label paused = b.label("paused");
    Label runs = b.label("not paused");
    CgroupFreezer.unlessThawed(b, cgroup, paused);
    b.outOfLine(() -> {
      b.bind(paused);
      b.set(frozen, imm(1));
      b.jump(request.ignorePaused() ? runs : done);
    });
    b.bind(runs);
    String below = request.cgroup();
    if (below == null) {
      return cgroup;
    }
    int start = 0;
    while (start < below.length() && below.charAt(start) == '/') {
      start++;
    }
    b.step("open cgroup \"" + below + "\" below that of the container", "");
    Slot sub = descriptors.fd("sub-cgroup", below);
    Idioms.openat2(
        b,
        cgroup,
        b.string(start == below.length() ? "." : below.substring(start)),
        Constants.O_PATH | b.arch().O_DIRECTORY(),
        0,
        RESOLVE,
        sub);
    descriptors.close(cgroup);
    return sub;
  }

  /**
   * Finds the namespaces that the container's first process does not share with this one: joining
   * one's own user namespace is an error, and joining others takes privileges. What is read belongs
   * to that process or to nobody: {@code setns(2)} is given its pidfd, which tells.
   */
  private static Slot namespaces(ProgramBuilder b, int pid, Label missing) {
    Slot kinds = b.slot("namespaces");
    Slot own = b.slot("own");
    Slot other = b.slot("other");
    Data statx = b.buffer("statx", Structs.SIZEOF_STATX);
    b.step(COMPARE, "");
    b.set(kinds, imm(0));
    for (NamespaceType type : NamespaceType.values()) {
      Label same = b.label("same");
      stat(b, "/proc/thread-self/ns/" + type.procName(), statx, own, same);
      stat(b, "/proc/" + pid + "/ns/" + type.procName(), statx, other, missing);
      b.branch(Condition.EQ, own, other, same);
      b.alu(Function.OR, kinds, kinds, imm(type.cloneFlag()));
      b.bind(same);
    }
    Label good = b.label("mount namespace");
    b.branch(Condition.TEST, kinds, imm(NamespaceType.MOUNT.cloneFlag()), good);
    b.step("the container has no mount namespace of its own, nothing can enter it", "");
    b.fail(Errno.EINVAL);
    b.bind(good);
    return kinds;
  }

  private static void stat(ProgramBuilder b, String path, Data statx, Slot inode, Label missing) {
    b.sys(
            Syscall.STATX,
            imm(Constants.AT_FDCWD),
            b.string(path),
            imm(0),
            imm(Constants.STATX_INO),
            statx.address())
        .tolerate(Errno.ENOENT, missing);
    b.load(8, inode, statx.address(), imm(Structs.STATX_STX_INO));
  }

  /**
   * Reads messages to the end of file, which {@code execve(2)} causes, or until the time is up. In
   * a frozen container nothing is in time: what entered waits until it is thawed, or killed.
   *
   * @param said takes a bit for each kind of message, but for those that name processes
   */
  private static void receive(
      ProgramBuilder b,
      Slot report,
      Data messages,
      Slot end,
      Slot middle,
      Slot pid,
      Slot said,
      Slot frozen,
      Slot late) {
    b.step("wait for the process", "");
    Slot kind = b.slot("kind");
    Slot got = b.slot("got");
    Slot left = b.slot("left");
    Slot time = b.slot("time");
    Slot child = b.slot("child");
    Label over = b.label("over");
    Label isMiddle = b.label("is middle process");
    Label isPid = b.label("is process");
    Label timeUp = b.label("time is up");
    Data poll =
        b.variable("pollfd", Structs.SIZEOF_POLLFD).u16(Structs.POLLFD_EVENTS, Constants.POLLIN);
    // The kernel leaves in it what remains of the time, so the rounds share it.
    Data remaining =
        b.variable("time left", Structs.SIZEOF_KERNEL_TIMESPEC)
            .u64(Structs.KERNEL_TIMESPEC_TV_SEC, TIMEOUT);
    b.store(4, poll.address(), imm(Structs.POLLFD_FD), report);
    Label limited = b.label("limited");
    b.set(time, remaining.address());
    b.branch(Condition.EQ, frozen, imm(0), limited);
    b.set(time, imm(0));
    b.bind(limited);
    Label next = b.loop("message");
    b.sys(Syscall.PPOLL, poll.address(), imm(1), time, imm(0), imm(0))
        .into(got)
        .tolerate(Errno.EINTR, next);
    b.branch(Condition.EQ, got, imm(0), timeUp);
    b.outOfLine(() -> {
      b.bind(timeUp);
      b.set(late, imm(1));
      b.jump(over);
    });
    // Nobody but the image can write here; what it writes is not believed all the same.
    b.branch(
        Condition.LTU, messages.at(MAX_MESSAGES - Message.SIZE - Message.MAX_SLOTS), end, over);
    b.sys(Syscall.READ, report, end, imm(Message.SIZE)).into(got);
    b.branch(Condition.NE, got, imm(Message.SIZE), over);
    b.load(8, kind, end, imm(Message.KIND));
    b.load(8, left, end, imm(Message.VALUE));
    b.alu(Function.ADD, end, end, imm(Message.SIZE));
    b.branch(Condition.EQ, kind, imm(Message.MIDDLE), isMiddle);
    b.branch(Condition.EQ, kind, imm(Message.PID), isPid);
    b.alu(Function.AND, kind, kind, imm(63));
    b.alu(Function.SHL, kind, imm(1), kind);
    b.alu(Function.OR, said, said, kind);
    b.branch(Condition.EQ, kind, imm(1L << Message.STARTED), next);
    b.branch(Condition.LTU, imm(Message.MAX_SLOTS), left, over);
    Label rest = b.loop("slots");
    b.branch(Condition.EQ, left, imm(0), next);
    b.sys(Syscall.READ, report, end, left).into(got);
    b.branch(Condition.EQ, got, imm(0), over);
    b.alu(Function.ADD, end, end, got);
    b.alu(Function.SUB, left, left, got);
    b.jump(rest);
    b.bind(isMiddle);
    isChild(b, left, child, over);
    b.set(middle, left);
    b.jump(next);
    b.bind(isPid);
    isChild(b, left, child, over);
    b.set(pid, left);
    b.jump(next);
    b.bind(over);
  }

  /** Only a child can be killed: its pid is nobody else's until it is waited for. */
  private static void isChild(ProgramBuilder b, Slot pid, Slot result, Label otherwise) {
    b.sys(
            Syscall.WAITID,
            imm(Constants.P_PID),
            pid,
            imm(0),
            imm(Constants.WEXITED | Constants.WNOHANG | Constants.WNOWAIT),
            imm(0))
        .into(result)
        .tolerateAny();
    b.branch(Condition.NE, result, imm(0), otherwise);
  }

  /**
   * Kills whatever is there of what was to enter, and waits for its end for a while: a process that
   * sleeps in a file system of the container's may take its time.
   */
  private static void kill(ProgramBuilder b, Slot intermediate, Slot middle, Slot pid) {
    b.step("kill what was to enter", "");
    b.sys(Syscall.PIDFD_SEND_SIGNAL, intermediate, imm(Constants.SIGKILL), imm(0), imm(0))
        .tolerateAny();
    b.sys(
            Syscall.WAITID,
            imm(Constants.P_PIDFD),
            intermediate,
            imm(0),
            imm(Constants.WEXITED),
            imm(0))
        .tolerateAny();
    Slot fd = b.fd("killed", null);
    for (Slot process : new Slot[] {middle, pid}) {
      Label none = b.label("none");
      Data poll =
          b.variable("pollfd", Structs.SIZEOF_POLLFD).u16(Structs.POLLFD_EVENTS, Constants.POLLIN);
      Data time =
          b.variable("time left", Structs.SIZEOF_KERNEL_TIMESPEC)
              .u64(Structs.KERNEL_TIMESPEC_TV_SEC, KILL_TIMEOUT);
      b.branch(Condition.EQ, process, imm(0), none);
      b.sys(Syscall.KILL, process, imm(Constants.SIGKILL)).tolerateAny();
      b.sys(Syscall.PIDFD_OPEN, process, imm(0)).into(fd).tolerateAny(none);
      b.store(4, poll.address(), imm(Structs.POLLFD_FD), fd);
      b.sys(Syscall.PPOLL, poll.address(), imm(1), time.address(), imm(0), imm(0)).tolerateAny();
      Idioms.close(b, fd);
      b.sys(
              Syscall.WAITID,
              imm(Constants.P_PID),
              process,
              imm(0),
              imm(Constants.WEXITED | Constants.WNOHANG),
              imm(0))
          .tolerateAny();
      b.bind(none);
    }
  }

  private Executed enter(
      Look.Found found, ExecCompiler.Image compiled, @Nullable CgroupPath cgroup) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Slot directory = descriptors.take("directory", imm(found.directory()));
    Slot container = descriptors.take("pidfd", imm(found.pidfd()));
    for (long fd : found.open()) {
      if (fd != found.directory() && fd != found.pidfd()) {
        descriptors.take("open", imm(fd));
      }
    }
    Entering entering =
        entering(b, descriptors, compiled, cgroup, found.pid(), directory, container);
    Kernel.Result result = kernel.run(entering.program());
    byte[] messages = result.bytes(entering.messages());
    RuntimeException failure = failure(result, entering, compiled, messages);
    if (failure instanceof SyscallException refused
        && refused.errno() == Errno.EACCES
        && refused.step().equals(COMPARE)
        && found.status() == Status.CREATED) {
      // It was executed by the host's user namespace, where an ordinary user may not look into it.
      failure =
          new ContainerException(
              "cannot exec in a created container without the host's privileges: start it first: \""
                  + request.id()
                  + "\"",
              refused);
    }
    if (failure != null) {
      close(result.slot(entering.pidfd()));
      close(result.slot(entering.terminal()));
      throw failure;
    }
    List<String> warnings = new ArrayList<>(compiled.warnings());
    int started = Message.find(messages, Message.STARTED);
    long ungranted = Message.u64(messages, started + Message.VALUE);
    if (ungranted != 0) {
      warnings.add(
          "capabilities that could not be granted: " + ProcessCompiler.capabilityNames(ungranted));
    }
    return new Executed(
        (int) result.slot(entering.pid()),
        result.slot(entering.pidfd()),
        result.slot(entering.terminal()),
        warnings);
  }

  private @Nullable RuntimeException failure(
      Kernel.Result result, Entering entering, ExecCompiler.Image compiled, byte[] messages) {
    SyscallException failure = result.failure();
    if (failure != null) {
      return failure;
    }
    if (result.slot(entering.frozen()) != 0 && !request.ignorePaused()) {
      return paused();
    }
    if (result.slot(entering.pid()) != 0) {
      return null;
    }
    failure = Message.failedCall(compiled.program(), messages);
    if (result.slot(entering.gone()) != 0 || result.slot(entering.ended()) > 0) {
      return new ContainerException(
          "cannot exec in container \"" + request.id() + "\": container not running", failure);
    }
    if (failure != null) {
      // The process is not the one of config.json.
      return new SyscallException(failure.step(), failure.call(), failure.errno(), "");
    }
    if (result.slot(entering.late()) != 0) {
      return new ContainerException(
          "cannot exec in container \""
              + request.id()
              + "\": what entered it was stopped or held up there for "
              + TIMEOUT
              + " s, and was killed");
    }
    return new ContainerException(
        "cannot exec in container \""
            + request.id()
            + "\": what entered it was killed before it could execute");
  }

  private void close(long fd) {
    if (fd >= 0) {
      ProgramBuilder b = new ProgramBuilder(kernel.arch());
      b.sys(Syscall.CLOSE, imm(fd)).tolerateAny();
      kernel.run(b.build());
    }
  }
}
