package dev.gatun.runtime.init;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Namespace;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Process;
import dev.gatun.oci.Spec;
import dev.gatun.oci.State;
import dev.gatun.oci.TimeOffset;
import dev.gatun.runtime.process.ProcessCompiler;
import dev.gatun.runtime.rootfs.HostSources;
import dev.gatun.runtime.rootfs.RootfsCompiler;
import dev.gatun.runtime.rootfs.TerminalCompiler;
import dev.gatun.runtime.seccomp.SeccompCompiler;
import dev.gatun.runtime.userns.Privileges;
import dev.gatun.runtime.userns.UserNamespace;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Compiles a configuration to the image's program: intermediate and init. */
public final class InitCompiler {
  /** Sixty-four signals, all of them. */
  private static final long ALL_SIGNALS = -1L;

  private static final int LAST_SIGNAL = 64;

  /** The root inode of a procfs, {@code PROC_ROOT_INO} of linux/proc_fs.h. */
  private static final int PROC_ROOT_INO = 1;

  private static final int PAGE = 4096;

  private final ProgramBuilder b;
  private final Spec spec;
  private final Linux linux;
  private final Options options;
  private final Slot report;
  private final Slot go;
  private final Slot start;
  private final Slot status;
  private final @Nullable Slot cgroup;
  private final @Nullable Slot console;
  private final List<Joined> joined = new ArrayList<>();
  private final @Nullable Slot pod;
  private final @Nullable Slot leftOut;
  private final Slot channel;
  private final List<String> warnings = new ArrayList<>();
  private final Reporter reporter;
  private final Label failed;
  private final Label gate;
  private final Slot signals;
  private final Data polls;
  private final Data info;
  private final Privileges privileges;
  private final HostSources sources;
  private final @Nullable UserNamespace userNamespace;
  private final ProcessCompiler compiler;
  private final @Nullable SeccompCompiler seccomp;

  /**
   * What the command line adds to the configuration.
   *
   * @param id the container's id
   * @param bundle the bundle's absolute path
   * @param preservedFds how many descriptors from 3 on the container's process keeps, LISTEN_FDS
   *     among them
   * @param listenFds the caller's LISTEN_FDS
   * @param noPivot move the root instead of {@code pivot_root(2)}
   * @param newKeyring give the container a session keyring of its own
   * @param inCgroup whether init is born in a cgroup whose descriptor it is given
   * @param embedded whether the runtime is in a JVM whose limits nobody meant for the container
   * @param laterCgroup the path of the cgroup's directory when it is made only after the
   *     intermediate exists; what is given is then a pipe, on which a byte says that it is there
   * @param pod the pod that the container is put into, null when it stands alone
   */
  public record Options(
      String id,
      String bundle,
      int preservedFds,
      int listenFds,
      boolean noPivot,
      boolean newKeyring,
      boolean inCgroup,
      boolean embedded,
      @Nullable String laterCgroup,
      @Nullable Pod pod) {
    /** What the command line adds; see the components. */
    public Options(
        String id,
        String bundle,
        int preservedFds,
        int listenFds,
        boolean noPivot,
        boolean newKeyring,
        boolean inCgroup) {
      this(id, bundle, preservedFds, listenFds, noPivot, newKeyring, inCgroup, false, null, null);
    }
  }

  /**
   * What of a configuration is a pod's: the namespaces of its pause process, which are in the
   * configuration as if they were joined by path, and its mounts, which come last.
   *
   * @param id the pod's id
   * @param namespaces the {@code CLONE_NEW*} bits of those that are joined through a pidfd of the
   *     pause process; its user namespace is opened by path all the same
   * @param ownNamespaces how many of the configuration's namespaces it had itself
   * @param ownMounts how many of the configuration's mounts it had itself
   */
  public record Pod(String id, int namespaces, int ownNamespaces, int ownMounts) {}

  /**
   * A namespace that is joined through a descriptor.
   *
   * @param type its type
   * @param path where the runtime opens it
   * @param place the JSON pointer that asked for it
   * @param fd the slot of the image that the descriptor's number is put into
   * @param ofPod whether the descriptor is the pidfd of a pod's pause process, the same for all
   */
  public record Joined(NamespaceType type, String path, String place, Slot fd, boolean ofPod) {}

  /**
   * The compiled image.
   *
   * @param program intermediate and init
   * @param resident how many of its first records init needs while it waits at the gate
   * @param report takes the descriptor that messages are written to
   * @param go takes the descriptor that says when the runtime is ready
   * @param start takes the descriptor of the gate
   * @param status takes the descriptor that {@code gatun start} reads
   * @param cgroup takes the descriptor of the container's cgroup, null when it has none
   * @param console takes the descriptor of the socket that the terminal is sent to, null when the
   *     process has none
   * @param warnings what does not apply or cannot be granted, as far as it is known beforehand
   * @param joined namespaces to open, in the order in which they are joined
   * @param pod takes a pidfd of the pod's pause process, null without a pod
   * @param begin the first record of the intermediate; the gate's are before it
   * @param init the first record of init
   * @param started the record from which on a failure is {@code start}'s
   * @param failed the first record that reports a failure, the intermediate's or init's
   */
  public record Image(
      Program program,
      int resident,
      Slot report,
      Slot go,
      Slot start,
      Slot status,
      @Nullable Slot cgroup,
      @Nullable Slot console,
      List<String> warnings,
      List<Joined> joined,
      @Nullable Slot pod,
      int begin,
      int init,
      int started,
      int failed) {}

  private InitCompiler(Arch arch, Spec spec, Options options, Privileges privileges) {
    this.b = new ProgramBuilder(arch);
    this.spec = spec;
    this.linux = spec.linux() == null ? Linux.NONE : spec.linux();
    this.options = options;
    report = b.slot("report");
    go = b.slot("go");
    start = b.fd("start", "start");
    status = b.fd("status", "status");
    cgroup = options.inCgroup() ? b.slot("cgroup") : null;
    Process process = spec.process();
    console = process != null && process.terminal() ? b.fd("console", "console socket") : null;
    channel = b.slot("channel");
    reporter = new Reporter(b, channel);
    failed = b.label("failed");
    gate = b.loopAhead("gate");
    signals = b.slot("signals");
    polls = b.variable("pollfds", 2 * Structs.SIZEOF_POLLFD);
    info = b.buffer("siginfo", Structs.SIZEOF_SIGNALFD_SIGINFO);
    seccomp = seccomp();
    Pod into = options.pod();
    pod = into == null ? null : b.fd("pod", "pause process of pod " + into.id());
    leftOut = into == null ? null : b.slot("left out");
    for (int i = 0; i < linux.namespaces().size(); i++) {
      Namespace namespace = linux.namespaces().get(i);
      if (namespace.path() != null) {
        joined.add(joined(namespace, i));
      }
    }
    // The mount namespace comes last: paths mean something else from then on.
    joined.sort((x, y) ->
        Boolean.compare(x.type() == NamespaceType.MOUNT, y.type() == NamespaceType.MOUNT));
    this.privileges = privileges;
    sources = new HostSources(b, spec, options.bundle(), privileges);
    Joined user = joinedUserNamespace();
    userNamespace =
        UserNamespace.of(b, linux, privileges, sources, user == null ? null : user.fd());
    sources.from(userNamespace);
    if (into != null) {
      sources.ofPod(into.ownMounts());
    }
    if (process == null) {
      throw new IllegalArgumentException("a configuration without a process");
    }
    compiler =
        new ProcessCompiler(b, process, "/process", options.preservedFds(), options.listenFds())
            .linux(linux)
            .seccomp(seccomp);
    if (isLimited()) {
      compiler.inUserNamespace();
    }
  }

  private Joined joined(Namespace namespace, int number) {
    NamespaceType type = namespace.type();
    String path = String.valueOf(namespace.path());
    Pod into = options.pod();
    Slot fd =
        into != null && pod != null && (into.namespaces() & type.cloneFlag()) != 0
            ? pod
            : b.fd(type.procName(), path);
    boolean asked = into == null || number < into.ownNamespaces();
    return new Joined(type, path, asked ? "/linux/namespaces/" + number : "", fd, fd == pod);
  }

  /** Whether it all happens in another user namespace than the initial one. */
  private boolean isLimited() {
    return userNamespace != null || privileges.inUserNamespace();
  }

  private @Nullable Joined joinedUserNamespace() {
    for (Joined namespace : joined) {
      if (namespace.type() == NamespaceType.USER) {
        return namespace;
      }
    }
    return null;
  }

  private @Nullable SeccompCompiler seccomp() {
    Process process = spec.process();
    if (linux.seccomp() == null || process == null) {
      return null;
    }
    boolean late = process.noNewPrivileges();
    State state =
        new State(
            spec.ociVersion(),
            options.id(),
            late ? State.Status.CREATED : State.Status.CREATING,
            0,
            options.bundle(),
            spec.annotations());
    return new SeccompCompiler(b, linux.seccomp(), late, state);
  }

  /**
   * Compiles.
   *
   * @param arch the architecture
   * @param spec a validated configuration with a process
   * @param options what the command line adds
   * @return the image's program
   */
  public static Image compile(Arch arch, Spec spec, Options options) {
    return compile(arch, spec, options, Privileges.ROOT);
  }

  /**
   * Compiles for a caller who may have less than root.
   *
   * @param arch the architecture
   * @param spec a validated configuration with a process
   * @param options what the command line adds
   * @param privileges who asks
   * @return the image's program
   */
  public static Image compile(Arch arch, Spec spec, Options options, Privileges privileges) {
    return new InitCompiler(arch, spec, options, privileges).compile();
  }

  private Image compile() {
    Label begin = b.label("begin");
    Label init = b.label("init");
    Label started = b.label("started");
    b.jump(begin);
    gate(started);
    int resident = b.size();
    b.bind(begin);
    b.step("prepare the intermediate process", "");
    b.set(channel, report);
    b.onFailure(failed);
    intermediate(init);
    b.bind(init);
    init(started);
    b.bind(failed);
    reporter.failure();
    Program program = b.build();
    if (seccomp != null) {
      seccomp.check(program, resident, failed.record());
    }
    return new Image(
        program,
        resident,
        report,
        go,
        start,
        status,
        cgroup,
        console,
        warnings,
        joined,
        pod,
        begin.record(),
        init.record(),
        started.record(),
        failed.record());
  }

  private void intermediate(Label init) {
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_NAME), b.string("gatun:" + options.id()));
    defaultSignals(b);
    if (options.embedded()) {
      Inherited.reset(b);
    }
    if (cgroup != null && options.laterCgroup() != null) {
      awaitCgroup(b, cgroup, options.laterCgroup());
    }
    if (seccomp != null) {
      seccomp.connect();
    }
    if (userNamespace != null) {
      // What only the host's root may do, and a child inherits.
      Slot procfs = hostProcfs();
      compiler.early(procfs);
      Idioms.close(b, procfs);
      userNamespace.prepare();
    } else if (isNew(NamespaceType.TIME)) {
      timeNamespace();
    }
    sources.prepare();
    b.step("join namespaces", "");
    if (userNamespace == null || !userNamespace.staysDumpable()) {
      b.sys(Syscall.PRCTL, imm(Constants.PR_SET_DUMPABLE), imm(0));
    }
    joinNamespaces();
    b.step("create the container's process", "/linux/namespaces");
    long flags = Constants.CLONE_PARENT;
    for (Namespace namespace : linux.namespaces()) {
      // The cgroup namespace is made from inside the cgroup, the time namespace by unshare(2).
      if (namespace.path() == null
          && namespace.type() != NamespaceType.CGROUP
          && namespace.type() != NamespaceType.TIME
          && !isLateIpc(namespace.type())) {
        flags |= namespace.type().cloneFlag();
      }
    }
    Data clone = b.variable("clone_args", Structs.SIZEOF_CLONE_ARGS);
    if (cgroup != null) {
      flags |= Constants.CLONE_INTO_CGROUP;
      b.store(8, clone.address(), imm(Structs.CLONE_ARGS_CGROUP), cgroup);
    }
    if (userNamespace != null) {
      flags |= userNamespace.clone(clone);
    }
    clone.u64(Structs.CLONE_ARGS_FLAGS, flags);
    Slot pid = b.slot("pid");
    Instruction call =
        b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(pid);
    b.branch(Condition.EQ, pid, imm(0), init);
    if (userNamespace != null) {
      userNamespace.explain(call, pid);
    }
    send(Message.PID, pid);
    if (seccomp != null) {
      seccomp.tell(pid);
    }
    if (userNamespace != null) {
      userNamespace.serve(pid);
    }
    b.sys(Syscall.EXIT_GROUP, imm(0));
  }

  /**
   * Waits until the cgroup exists, which systemd makes around this process; without the runtime
   * this process ends.
   */
  static void awaitCgroup(ProgramBuilder b, Slot cgroup, String path) {
    b.step("wait for the cgroup", "/linux/cgroupsPath");
    Slot got = b.slot("got");
    Label made = b.label("cgroup made");
    Data token = b.buffer("token", 8);
    b.sys(Syscall.READ, cgroup, token.address(), imm(1)).into(got);
    b.branch(Condition.NE, got, imm(0), made);
    b.sys(Syscall.EXIT_GROUP, imm(1));
    b.bind(made);
    Idioms.close(b, cgroup);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(path),
            imm(
                Constants.O_PATH
                    | b.arch().O_DIRECTORY()
                    | b.arch().O_NOFOLLOW()
                    | Constants.O_CLOEXEC),
            imm(0))
        .into(cgroup);
  }

  /**
   * Joins with the host's privileges what they suffice for. An ordinary user has privileges over
   * namespaces only after joining the user namespace that owns them: what was refused before is
   * tried again then.
   */
  private void joinNamespaces() {
    Joined user = joinedUserNamespace();
    List<Slot> refused = new ArrayList<>();
    for (Joined namespace : joined) {
      if (namespace.type() == NamespaceType.USER) {
        continue;
      }
      b.step("join " + namespace.type().specName() + " namespace", namespace.place());
      Instruction join = b.sys(Syscall.SETNS, namespace.fd(), imm(namespace.type().cloneFlag()));
      if (user != null) {
        Slot result = b.slot("joined");
        join.into(result).tolerate(Errno.EPERM);
        refused.add(result);
      } else if (namespace.ofPod()) {
        join.tolerate(Errno.ESRCH, stopped());
      } else {
        Idioms.close(b, namespace.fd());
      }
    }
    if (user == null || userNamespace == null) {
      if (pod != null) {
        Idioms.close(b, pod);
      }
      return;
    }
    userNamespace.join(user.place());
    int i = 0;
    for (Joined namespace : joined) {
      if (namespace.type() == NamespaceType.USER) {
        continue;
      }
      b.step("join " + namespace.type().specName() + " namespace", namespace.place());
      Label done = b.label("joined");
      b.branch(Condition.EQ, refused.get(i++), imm(0), done);
      b.sys(Syscall.SETNS, namespace.fd(), imm(namespace.type().cloneFlag()));
      b.bind(done);
      if (!namespace.ofPod()) {
        Idioms.close(b, namespace.fd());
      }
    }
    if (pod != null) {
      Idioms.close(b, pod);
    }
  }

  /** The pod's pause process was there a moment ago. */
  private Label stopped() {
    Label stopped = b.label("stopped");
    Pod into = options.pod();
    b.outOfLine(() -> {
      b.bind(stopped);
      b.step("pod \"" + (into == null ? "" : into.id()) + "\" is stopped", "");
      b.fail(Errno.ESRCH);
    });
    return stopped;
  }

  /** The procfs of the runtime's mount namespace, in which nothing is the container's yet. */
  private Slot hostProcfs() {
    b.step("open /proc", "");
    Slot procfs = b.fd("procfs", "/proc");
    Idioms.openat2(
        b,
        imm(Constants.AT_FDCWD),
        b.string("/proc"),
        Constants.O_PATH | b.arch().O_DIRECTORY(),
        0,
        0,
        procfs);
    return procfs;
  }

  /** The root of mqueue belongs to whom its namespace was made by: the container's root then. */
  private boolean isLateIpc(NamespaceType type) {
    return type == NamespaceType.IPC && userNamespace != null;
  }

  /** Signals that the caller ignores stay ignored through execve(2): the container gets none. */
  static void defaultSignals(ProgramBuilder b) {
    b.step("reset signals", "");
    Data action = b.constant("SIG_DFL", Structs.SIZEOF_SIGACTION);
    Slot signal = b.slot("signal");
    b.set(signal, imm(1));
    Label next = b.loop("next signal");
    // KILL and STOP cannot be set, and need not be.
    b.sys(Syscall.RT_SIGACTION, signal, action.address(), imm(0), imm(Structs.SIZEOF_SIGSET))
        .tolerate(Errno.EINVAL);
    b.alu(Function.ADD, signal, signal, imm(1));
    b.branch(Condition.LTU, signal, imm(LAST_SIGNAL + 1), next);
  }

  private void timeNamespace() {
    b.step("create time namespace", "/linux/timeOffsets");
    b.sys(Syscall.UNSHARE, imm(Constants.CLONE_NEWTIME));
    if (linux.timeOffsets().isEmpty()) {
      return;
    }
    Slot fd = b.fd("offsets", "/proc/self/timens_offsets");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string("/proc/self/timens_offsets"),
            imm(Constants.O_WRONLY | Constants.O_CLOEXEC))
        .into(fd);
    writeOffsets(fd);
  }

  private void writeOffsets(Slot fd) {
    StringBuilder text = new StringBuilder();
    for (Map.Entry<TimeOffset.Clock, TimeOffset> offset : linux.timeOffsets().entrySet()) {
      text.append(offset.getKey().specName())
          .append(' ')
          .append(offset.getValue().secs())
          .append(' ')
          .append(offset.getValue().nanosecs())
          .append('\n');
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
    b.sys(
        Syscall.WRITE,
        fd,
        b.constant("time offsets", bytes.length).put(0, bytes).address(),
        imm(bytes.length));
    Idioms.close(b, fd);
  }

  /**
   * A time namespace that belongs to the container's user namespace: init makes it, and joins it
   * itself, since only children come into a new one.
   */
  private void ownTimeNamespace(Slot procfs) {
    b.step("create time namespace", "/linux/timeOffsets");
    b.sys(Syscall.UNSHARE, imm(Constants.CLONE_NEWTIME));
    if (!linux.timeOffsets().isEmpty()) {
      Slot fd = b.fd("offsets", "/proc/self/timens_offsets");
      Idioms.openat2(
          b,
          procfs,
          b.string("self/timens_offsets"),
          Constants.O_WRONLY,
          0,
          Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_XDEV | Constants.RESOLVE_NO_MAGICLINKS,
          fd);
      writeOffsets(fd);
    }
    Slot namespace = b.fd("time", "/proc/self/ns/time_for_children");
    b.sys(
            Syscall.OPENAT,
            procfs,
            b.string("self/ns/time_for_children"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(namespace);
    b.sys(Syscall.SETNS, namespace, imm(Constants.CLONE_NEWTIME));
    Idioms.close(b, namespace);
  }

  private boolean isNew(NamespaceType type) {
    Namespace namespace = linux.namespace(type);
    return namespace != null && namespace.path() == null;
  }

  private void init(Label started) {
    Process process = spec.process();
    if (process == null) {
      throw new IllegalArgumentException("a configuration without a process");
    }
    b.step("prepare the container's process", "");
    b.sys(Syscall.SETSID);
    if (cgroup != null) {
      Idioms.close(b, cgroup);
    }
    if (seccomp != null) {
      seccomp.learn();
    }
    if (userNamespace != null) {
      userNamespace.receive();
    }
    Slot procfs = procfs(b, isLimited());
    if (userNamespace == null) {
      compiler.early(procfs);
    } else {
      if (isNew(NamespaceType.TIME)) {
        ownTimeNamespace(procfs);
      }
      userNamespace.becomeRoot(procfs);
      if (isNew(NamespaceType.IPC)) {
        b.step("create ipc namespace", "/linux/namespaces");
        b.sys(Syscall.UNSHARE, imm(Constants.CLONE_NEWIPC));
      }
    }
    b.step("hide from the container", "");
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_DUMPABLE), imm(0));
    if (isNew(NamespaceType.CGROUP)) {
      b.step("create cgroup namespace", "/linux/namespaces");
      b.sys(Syscall.UNSHARE, imm(Constants.CLONE_NEWCGROUP));
    }
    if (isNew(NamespaceType.NETWORK)) {
      loopback(b, "/linux/namespaces");
    }
    names();
    InitHooks hooks = new InitHooks(b, spec, options, channel, reporter.message());
    InitHooks.StartContainer startContainer = hooks.prepareStart();
    Data begin = b.buffer("", 0);
    if (!linux.netDevices().isEmpty()) {
      NetDeviceSetup.compile(b, go);
    }
    RootfsCompiler rootfs =
        new RootfsCompiler(b, spec, options.noPivot(), sources)
            .terminal(
                console == null ? null : new TerminalCompiler(b, process, "/process", console));
    if (leftOut != null) {
      b.set(leftOut, imm(0));
      rootfs.ofPod(leftOut);
    }
    if (hooks.beforePivot()) {
      rootfs.whenMounted(root -> {
        if (hooks.waitForRuntime()) {
          b.step("let the runtime run hooks", "/hooks");
          send(Message.HOOKS, imm(0));
          awaitGo();
        }
        hooks.createContainer(root, go);
      });
    }
    rootfs.compile(procfs);
    giveBack(begin, b.buffer("", 0));
    compiler.credentials(procfs, options.newKeyring(), options.id());
    b.step("hide from the container", "");
    // A change of credentials makes a process as dumpable as fs.suid_dumpable says.
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_DUMPABLE), imm(0));
    Idioms.close(b, procfs);
    warnings.addAll(compiler.warnings());
    waitForRuntime(compiler.ungranted());
    prepareGate();
    b.bind(started);
    startContainer.run(compiler.environment());
    b.step("start", "/process");
    b.sys(
        Syscall.CLOSE_RANGE,
        imm(3 + options.preservedFds()),
        imm(0xffff_ffffL),
        imm(Constants.CLOSE_RANGE_CLOEXEC));
    send(Message.STARTED, imm(0));
    Data none = b.constant("no signals", Structs.SIZEOF_SIGSET);
    b.sys(
        Syscall.RT_SIGPROCMASK,
        imm(Constants.SIG_SETMASK),
        none.address(),
        imm(0),
        imm(Structs.SIZEOF_SIGSET));
    compiler.execve();
  }

  /** A procfs of the new PID namespace that nobody else can reach, CVE-2025-52881. */
  static Slot procfs(ProgramBuilder b) {
    return procfs(b, false);
  }

  /** As above; or what is mounted on {@code /proc}, where the kernel gives no other. */
  static Slot procfs(ProgramBuilder b, boolean orExisting) {
    b.step("open a private procfs", "");
    Slot context = b.slot("context");
    Slot procfs = b.fd("procfs", "/proc");
    Instruction open =
        b.sys(Syscall.FSOPEN, b.string("proc"), imm(Constants.FSOPEN_CLOEXEC)).into(context);
    Instruction create = b.sys(Syscall.FSCONFIG, context, imm(Constants.FSCONFIG_CMD_CREATE));
    Instruction mount =
        b.sys(
                Syscall.FSMOUNT,
                context,
                imm(Constants.FSMOUNT_CLOEXEC),
                imm(
                    Constants.MOUNT_ATTR_NOSUID
                        | Constants.MOUNT_ATTR_NODEV
                        | Constants.MOUNT_ATTR_NOEXEC))
            .into(procfs);
    if (orExisting) {
      existingProcfs(b, open, create, mount, procfs);
    }
    Idioms.close(b, context);
    Label good = b.label("is procfs");
    Label bad = b.label("is no procfs");
    Slot found = b.slot("found");
    Data statfs = b.buffer("statfs", Structs.SIZEOF_STATFS);
    b.sys(Syscall.FSTATFS, procfs, statfs.address());
    b.load(8, found, statfs.address(), imm(Structs.STATFS_F_TYPE));
    b.branch(Condition.NE, found, imm(Constants.PROC_SUPER_MAGIC), bad);
    Data statx = b.buffer("statx", Structs.SIZEOF_STATX);
    b.sys(
        Syscall.STATX,
        procfs,
        b.string(""),
        imm(Constants.AT_EMPTY_PATH),
        imm(Constants.STATX_INO),
        statx.address());
    b.load(8, found, statx.address(), imm(Structs.STATX_STX_INO));
    b.branch(Condition.EQ, found, imm(PROC_ROOT_INO), good);
    b.bind(bad);
    b.step("the new procfs is none", "");
    b.fail(Errno.EXDEV);
    b.bind(good);
    return procfs;
  }

  /**
   * The kernel gives a procfs to who owns the PID namespace and the mount namespace, and where all
   * of a procfs may be seen. Elsewhere what is mounted on the runtime's {@code /proc} has to do: it
   * is not the container's, and what is mounted upon it is never entered.
   */
  private static void existingProcfs(
      ProgramBuilder b, Instruction open, Instruction create, Instruction mount, Slot procfs) {
    Label refused = b.label("no new procfs");
    Label opened = b.label("a procfs");
    // Without a mount namespace of the same owner.
    open.tolerate(Errno.EPERM, refused);
    create.tolerate(Errno.EPERM, refused);
    mount.tolerate(Errno.EPERM, refused);
    b.bind(opened);
    b.outOfLine(() -> {
      b.bind(refused);
      Idioms.openat2(
          b,
          imm(Constants.AT_FDCWD),
          b.string("/proc"),
          Constants.O_PATH | b.arch().O_DIRECTORY(),
          0,
          0,
          procfs);
      b.jump(opened);
    });
  }

  /** Brings up the loopback interface of a network namespace that is new. */
  static void loopback(ProgramBuilder b, String place) {
    b.step("bring up the loopback interface", place);
    Slot socket = b.slot("socket");
    b.sys(
            Syscall.SOCKET,
            imm(Constants.AF_INET),
            imm(Constants.SOCK_DGRAM | Constants.SOCK_CLOEXEC),
            imm(0))
        .into(socket);
    Data request =
        b.variable("ifreq", Structs.SIZEOF_IFREQ)
            .put(0, new byte[] {'l', 'o'})
            .u16(Structs.IFREQ_IFR_FLAGS, Constants.IFF_UP | Constants.IFF_RUNNING);
    b.sys(Syscall.IOCTL, socket, imm(Constants.SIOCSIFFLAGS), request.address());
    Idioms.close(b, socket);
  }

  private void names() {
    name(b, Syscall.SETHOSTNAME, "hostname", spec.hostname(), "/hostname");
    name(b, Syscall.SETDOMAINNAME, "domainname", spec.domainname(), "/domainname");
  }

  /** Sets a name of the UTS namespace, if there is one. */
  static void name(
      ProgramBuilder b, Syscall call, String field, @Nullable String value, String place) {
    if (value != null) {
      b.step("set the " + field, place);
      int length = value.getBytes(StandardCharsets.UTF_8).length;
      b.sys(call, b.string(value), imm(length));
    }
  }

  private void waitForRuntime(Slot ungranted) {
    b.step("wait for the runtime", "");
    if (leftOut != null) {
      b.store(8, reporter.message().address(), imm(Message.RECORD), leftOut);
    }
    send(Message.READY, ungranted);
    awaitGo();
    Idioms.close(b, go);
    Idioms.close(b, report);
    b.set(channel, status);
  }

  private void awaitGo() {
    awaitGo(b, go);
  }

  /** Waits until the runtime says that the container exists on disk; without it, it ends. */
  static void awaitGo(ProgramBuilder b, Slot go) {
    Data token = b.buffer("token", 8);
    Slot got = b.slot("got");
    Label told = b.label("told");
    b.sys(Syscall.READ, go, token.address(), imm(1)).into(got);
    b.branch(Condition.EQ, got, imm(1), told);
    // The runtime died before the container existed on disk: nobody will ever start it.
    b.sys(Syscall.EXIT_GROUP, imm(1));
    b.bind(told);
  }

  /** Gives back the pages between two places of the zeroed memory: nobody reads them again. */
  private void giveBack(Data begin, Data end) {
    b.step("give memory back", "");
    Slot from = b.slot("from");
    Slot length = b.slot("length");
    b.alu(Function.ADD, from, begin.address(), imm(PAGE - 1));
    b.alu(Function.AND, from, from, imm(-PAGE));
    b.alu(Function.AND, length, end.address(), imm(-PAGE));
    b.alu(Function.SUB, length, length, from);
    // Less than a page is no range, and no failure.
    b.sys(Syscall.MADVISE, from, length, imm(Constants.MADV_DONTNEED)).tolerateAny();
  }

  /** Opens what the gate polls and goes there. */
  private void prepareGate() {
    b.step("wait for start", "");
    Data mask = b.constant("signals", Structs.SIZEOF_SIGSET).u64(0, fatalSignals());
    b.sys(
            Syscall.SIGNALFD4,
            imm(-1),
            mask.address(),
            imm(Structs.SIZEOF_SIGSET),
            imm(Constants.SFD_CLOEXEC))
        .into(signals);
    b.store(4, polls.address(), imm(Structs.POLLFD_FD), start);
    b.store(4, polls.address(), imm(Structs.SIZEOF_POLLFD + Structs.POLLFD_FD), signals);
    b.jump(gate);
  }

  /**
   * The gate: the first records of the program, which stay in memory when all that brought init
   * here and all that comes after it is given back.
   */
  private void gate(Label started) {
    b.step("wait for start", "");
    int second = Structs.SIZEOF_POLLFD;
    polls.u16(Structs.POLLFD_EVENTS, Constants.POLLIN);
    polls.u16(second + Structs.POLLFD_EVENTS, Constants.POLLIN);
    Slot ready = b.slot("ready");
    Slot page = b.slot("page");
    Slot signal = b.slot("signal");
    Label token = b.label("token");
    b.bind(gate);
    b.sys(Syscall.MADVISE, Slot.IMAGE_REST, Slot.IMAGE_REST_SIZE, imm(Constants.MADV_DONTNEED))
        .tolerateAny();
    // Nothing is on the stack but arguments that have been read.
    b.alu(Function.AND, page, Slot.STACK, imm(-PAGE));
    b.sys(Syscall.MADVISE, page, imm(PAGE), imm(Constants.MADV_DONTNEED)).tolerateAny();
    Label wait = b.loop("wait");
    b.sys(Syscall.PPOLL, polls.address(), imm(2), imm(0), imm(0), imm(0))
        .tolerate(Errno.EINTR, wait);
    b.load(4, ready, polls.address(), imm(4));
    b.alu(Function.SHR, ready, ready, imm(16));
    b.branch(Condition.TEST, ready, imm(Constants.POLLIN), token);
    b.sys(Syscall.READ, signals, info.address(), imm(Structs.SIZEOF_SIGNALFD_SIGINFO));
    b.load(4, signal, info.address(), imm(Structs.SIGNALFD_SIGINFO_SSI_SIGNO));
    b.alu(Function.ADD, signal, signal, imm(128));
    b.sys(Syscall.EXIT_GROUP, signal);
    b.bind(token);
    b.sys(Syscall.READ, start, info.address(), imm(1));
    b.jump(started);
  }

  /** What ends a process by default, except what cannot be blocked. */
  static long fatalSignals() {
    long mask = ALL_SIGNALS;
    int[] harmless = {
      Constants.SIGCHLD,
      Constants.SIGCONT,
      Constants.SIGURG,
      Constants.SIGWINCH,
      Constants.SIGTSTP,
      Constants.SIGTTIN,
      Constants.SIGTTOU
    };
    for (int signal : harmless) {
      mask &= ~(1L << (signal - 1));
    }
    return mask;
  }

  private void send(int kind, Arg value) {
    reporter.send(kind, value);
  }
}
