package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.cgroups.CgroupDirectory;
import dev.gatun.cgroups.CgroupPath;
import dev.gatun.cgroups.CgroupRoot;
import dev.gatun.cgroups.SystemdScope;
import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.Origin;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Hook;
import dev.gatun.oci.Hooks;
import dev.gatun.oci.JsonWriter;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Namespace;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.NetDevice;
import dev.gatun.oci.Root;
import dev.gatun.oci.Spec;
import dev.gatun.oci.SpecReader;
import dev.gatun.oci.SpecWriter;
import dev.gatun.oci.State;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.hooks.HookKind;
import dev.gatun.runtime.init.InitCompiler;
import dev.gatun.runtime.init.InitImage;
import dev.gatun.runtime.init.Message;
import dev.gatun.runtime.process.ProcessCompiler;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.ProcessStat;
import dev.gatun.runtime.state.StateRoot;
import dev.gatun.runtime.userns.IdMaps;
import dev.gatun.runtime.userns.Privileges;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code create}, in three exchanges: read the bundle; make the state, the cgroup and the process;
 * write down that it exists.
 *
 * <p>Killed in the first, it leaves nothing. Killed in the second, it leaves a directory that says
 * so, and an init that ends itself at the end of file on its pipe. Killed in the third, the
 * container exists or init ends, as {@code state.json} says.
 */
public final class Create {
  /** How long init may take in a PID namespace that it shares, hooks apart, in seconds. */
  private static final int TIMEOUT = 20;

  private static final int MAX_FILES = 12 << 20;
  private static final int MAX_MESSAGES = 96 << 10;
  private static final int MAX_STAT = 1024;
  private static final int PATH_MAX = 4096;

  private final Kernel kernel;
  private final String root;
  private final Request request;

  /**
   * What the command line says.
   *
   * @param id the container's id, not checked yet
   * @param bundle the bundle's directory, or null for the working directory
   * @param consoleSocket the path of the socket that the process's terminal is sent to, or null
   * @param pidFile where init's pid is written to, or null
   * @param preserveFds how many descriptors behind stdio and LISTEN_FDS the process keeps
   * @param listenFds the caller's LISTEN_FDS
   * @param noPivot move the root instead of {@code pivot_root(2)}
   * @param noNewKeyring leave the session keyring as it is
   * @param attended whether the caller will wait for the container itself, with all signals blocked
   * @param pidfdSocket the Unix socket that a pidfd of init is sent to, or null
   * @param notifies whether the container is given a NOTIFY_SOCKET
   * @param rootless whether a container may go without a cgroup that nobody lets it have
   * @param embedding what an embedding JVM adds, null on the command line
   * @param cgroups who makes the cgroup
   * @param pod the id of the pod that the container is put into, or null
   */
  public record Request(
      String id,
      @Nullable String bundle,
      @Nullable String consoleSocket,
      @Nullable String pidFile,
      int preserveFds,
      int listenFds,
      boolean noPivot,
      boolean noNewKeyring,
      boolean attended,
      @Nullable String pidfdSocket,
      boolean notifies,
      Rootless rootless,
      @Nullable Embedding embedding,
      CgroupDriver cgroups,
      @Nullable String pod) {}

  /** The values of {@code --rootless}. */
  public enum Rootless {
    /** As the caller's privileges have it. */
    AUTO,
    /** A cgroup that cannot be made, and that no limit asks for, is left out. */
    TRUE,
    /** A cgroup that cannot be made is an error. */
    FALSE
  }

  /**
   * The new container.
   *
   * @param state what was written down
   * @param terminal the descriptor of its terminal, when the caller has to show it, else −1
   * @param warnings what callers should be told
   */
  public record Created(ContainerState state, long terminal, List<String> warnings) {
    /** Copies the warnings. */
    public Created {
      warnings = List.copyOf(warnings);
    }
  }

  /** What the first exchange brought. */
  @SuppressWarnings("ArrayRecordComponent") // carried from one exchange to the next, never compared
  private record Bundle(
      String path,
      byte[] config,
      CgroupRoot cgroups,
      String created,
      Privileges privileges,
      PodJoin.@Nullable Pod pod) {}

  private Create(Kernel kernel, String root, Request request) {
    this.kernel = kernel;
    this.root = root;
    this.request = request;
  }

  /**
   * Creates a container.
   *
   * @param kernel where
   * @param root the state root's path, absolute
   * @param request what
   * @return the container, whose init waits at the gate
   * @throws RuntimeException with one sentence as its message; nothing is left behind then
   */
  public static Created run(Kernel kernel, String root, Request request) {
    ContainerId.check(request.id());
    if (request.pod() != null) {
      PodJoin.checkId(request.pod());
    }
    return new Create(kernel, root, request).run();
  }

  /**
   * What a create and a start of a bundle would run. The bundle is read and nothing else is done.
   *
   * @param kernel where
   * @param root the state root's path, absolute
   * @param request what
   * @return the parts, in the order in which they run
   */
  static List<Explanation.Part> explain(Kernel kernel, String root, Request request) {
    return new Create(kernel, root, request).explain();
  }

  /** What an exec in a container of a bundle would run, as {@link #explain} for create. */
  static List<Explanation.Part> explainExec(Kernel kernel, String root, Request request) {
    Create create = new Create(kernel, root, request);
    Plan plan = create.plan(create.readBundle(), true);
    Spec spec = SpecReader.readValid(plan.config(), "config.json");
    return Exec.explain(kernel, root, request.id(), spec, plan.cgroup());
  }

  private Created run() {
    Plan plan = plan(readBundle(), false);
    ConsoleSocket.check(
        plan.compiled().console() != null,
        request.attended(),
        request.consoleSocket(),
        " [config.json /process/terminal]");
    Spawned spawned = spawn(plan);
    ContainerState finished = commit(plan, spawned);
    return new Created(finished, spawned.terminal(), warnings(plan, spawned));
  }

  private static List<String> warnings(Plan plan, Spawned spawned) {
    List<String> all = new ArrayList<>(plan.compiled().warnings());
    all.addAll(plan.ignored());
    int ready = Message.find(spawned.messages(), Message.READY);
    if (plan.fitted() != null && ready >= 0) {
      plan.fitted().leftOut(Message.u64(spawned.messages(), ready + Message.RECORD), all);
    }
    for (String pointer : plan.unknown()) {
      all.add("unknown property is ignored [config.json " + pointer + "]");
    }
    long ungranted = ready < 0 ? 0 : Message.u64(spawned.messages(), ready + Message.VALUE);
    if (ungranted != 0) {
      all.add(
          "capabilities that could not be granted: "
              + ProcessCompiler.capabilityNames(ungranted)
              + " [config.json /process/capabilities]");
    }
    return all;
  }

  private List<Explanation.Part> explain() {
    Plan plan = plan(readBundle(), true);
    Arch arch = kernel.arch();
    ProgramBuilder b = new ProgramBuilder(arch);
    Slot directory = b.fd("directory", root + "/" + request.id());
    Program third =
        record(b, b.fd("root", root), directory, b.fd("go", "socket"), imm(-1), plan.state());
    List<Explanation.Part> parts = new ArrayList<>();
    parts.add(Explanation.whole("gatun create", "1 of 3: reads the bundle", reading().program()));
    parts.add(
        Explanation.whole(
            "gatun create",
            "2 of 3: makes the state, the cgroup and the process",
            making(plan).program()));
    Explanation.untilGate(parts, plan.compiled());
    parts.add(
        Explanation.whole("gatun create", "3 of 3: writes down that the container exists", third));
    Explanation.atGate(parts, plan.compiled());
    Explanation.start(parts, arch, root, plan.state());
    Explanation.fromGate(parts, plan.compiled());
    if (plan.compiled().console() != null) {
      Explanation.foreground(parts, arch);
    }
    Explanation.poststop(parts, arch, plan.state());
    return parts;
  }

  /** All that is known before anything has been changed. */
  @SuppressWarnings("ArrayRecordComponent") // carried from one exchange to the next, never compared
  private record Plan(
      ContainerState state,
      byte[] config,
      @Nullable CgroupPath cgroup,
      @Nullable SystemdScope scope,
      Limits limits,
      long delegate,
      InitCompiler.Image compiled,
      InitImage image,
      int kept,
      Map<String, NetDevice> devices,
      boolean shared,
      Hooks hooks,
      List<String> unknown,
      List<String> ignored,
      PodJoin.@Nullable Pod pod,
      PodSpec.@Nullable Fitted fitted) {}

  private Plan plan(Bundle bundle, boolean explained) {
    Spec spec = SpecReader.readValid(bundle.config(), "config.json");
    Support.check(spec);
    if (request.notifies()) {
      spec = Notify.inContainer(spec, root + "/" + request.id());
    }
    byte[] config = bundle.config();
    List<String> ignored = new ArrayList<>(1);
    PodSpec.Fitted fitted = bundle.pod() == null ? null : PodSpec.fit(spec, bundle.pod());
    if (fitted != null) {
      spec = fitted.spec();
      ignored.addAll(fitted.warnings());
      if (fitted.hasUserNamespace()) {
        // Whoever enters the container later has to know.
        config = SpecWriter.write(JsonWriter.compact(), spec).toByteArray();
      }
    }
    Linux linux = spec.linux() == null ? Linux.NONE : spec.linux();
    boolean withUserNamespace = linux.namespace(NamespaceType.USER) != null;
    // What only root can have is explained to anybody.
    Privileges asks = explained && !withUserNamespace ? Privileges.ROOT : bundle.privileges();
    IdMaps.check(spec, asks);
    CgroupDriver driver = request.cgroups();
    CgroupPath inPod =
        driver.kind() == CgroupDriver.Kind.DISABLED
            ? null
            : PodSpec.cgroup(linux, bundle.pod(), bundle.cgroups(), request.id());
    SystemdScope scope =
        driver.kind() == CgroupDriver.Kind.SYSTEMD && inPod == null
            ? SystemdScope.of(
                    bundle.cgroups(),
                    linux.cgroupsPath(),
                    request.id(),
                    asks.isLimited() ? driver.userBus() : SystemdScope.SYSTEM_BUS,
                    asks.isLimited() ? asks.uid() : SystemdScope.SYSTEM)
                .with(spec.annotations())
            : null;
    Allowance found =
        Allowance.of(
            kernel,
            request.rootless(),
            asks,
            linux.cgroupsPath(),
            linux.resources(),
            bundle.cgroups(),
            request.id(),
            driver.kind(),
            scope == null ? inPod : scope.cgroup());
    CgroupPath cgroup = found.cgroup();
    Limits limits =
        driver.kind() == CgroupDriver.Kind.DISABLED
            ? Limits.disabled(found.resources(), bundle.cgroups(), ignored)
            : Limits.of(found.resources(), bundle.cgroups(), cgroup);
    int kept = request.preserveFds() + request.listenFds();
    InitCompiler.Image compiled =
        InitCompiler.compile(
            kernel.arch(),
            spec,
            new InitCompiler.Options(
                request.id(),
                bundle.path(),
                kept,
                request.listenFds(),
                request.noPivot(),
                !request.noNewKeyring(),
                cgroup != null,
                request.embedding() != null,
                scope == null ? null : scope.cgroup().directory(),
                fitted == null ? null : fitted.pod()),
            found.privileges());
    InitImage image = InitImage.link(compiled);
    Hooks hooks = spec.hooks() == null ? Hooks.NONE : spec.hooks();
    ContainerState state =
        new ContainerState(
            0,
            0,
            spec.ociVersion(),
            request.id(),
            bundle.path(),
            rootfs(bundle.path(), spec.root()),
            bundle.created(),
            (int) bundle.privileges().uid(),
            cgroup == null
                ? null
                : new ContainerState.Cgroup(
                    cgroup.mountPoint(),
                    cgroup.path(),
                    cgroup.delegated(),
                    scope == null ? "" : scope.bus()),
            spec.annotations(),
            HookKind.afterCreate(hooks),
            request.pod());
    return new Plan(
        state,
        config,
        cgroup,
        scope,
        limits,
        Delegation.owner(spec),
        compiled,
        image,
        kept,
        linux.netDevices(),
        isShared(linux),
        hooks,
        spec.unknownProperties(),
        ignored,
        bundle.pod(),
        fitted);
  }

  /** Whether processes of others may see and stop init. */
  private static boolean isShared(Linux linux) {
    Namespace namespace = linux.namespace(NamespaceType.PID);
    return namespace == null || namespace.path() != null;
  }

  /**
   * How long init may take, in seconds, but for the time in which the runtime runs hooks; 0 for any
   * time.
   */
  private static long limit(Plan plan) {
    if (!plan.shared()) {
      return 0;
    }
    long seconds = TIMEOUT;
    for (Hook hook : plan.hooks().createContainer()) {
      // Init runs it, and whoever may stop init may stop the hook.
      Integer timeout = hook.timeout();
      if (timeout == null) {
        return 0;
      }
      seconds += timeout;
    }
    return seconds;
  }

  private static String rootfs(String bundle, @Nullable Root root) {
    String path = root == null ? "" : root.path();
    return path.startsWith("/") ? path : Paths.join(bundle, path);
  }

  // --- first exchange

  /** The program of the first exchange, and where its answers are. */
  private record Reading(
      Program program,
      Data cwd,
      Data files,
      Slot configEnd,
      Surroundings surroundings,
      Slot podAt,
      PodJoin.@Nullable Reading pod) {}

  private Reading reading() {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    int kept = request.preserveFds() + request.listenFds();
    for (int fd = 3; fd < 3 + kept; fd++) {
      b.step("preserve file descriptor " + fd, "");
      b.sys(Syscall.FCNTL, imm(fd), imm(Constants.F_GETFD));
    }
    Surroundings.pidfds(b);
    Data cwd = b.output("cwd", PATH_MAX);
    Surroundings surroundings = new Surroundings(b);
    Data files = b.output("files", MAX_FILES);
    b.replyUpTo(files, imm(0));
    b.step("find the working directory", "");
    b.sys(Syscall.GETCWD, cwd.address(), imm(PATH_MAX));
    Slot total = b.slot("total");
    Slot configEnd = b.slot("config end");
    b.set(total, imm(0));
    if (givenConfig() == null) {
      readConfig(b, descriptors, files, total);
    }
    b.set(configEnd, total);
    surroundings.read(descriptors, files, total);
    Slot podAt = b.slot("pod at");
    b.set(podAt, total);
    PodJoin.Reading pod =
        request.pod() == null
            ? null
            : PodJoin.read(b, descriptors, root, request.pod(), files, total);
    b.replyUpTo(files, total);
    return new Reading(b.build(), cwd, files, configEnd, surroundings, podAt, pod);
  }

  private byte @Nullable [] givenConfig() {
    Embedding embedding = request.embedding();
    return embedding == null ? null : embedding.config();
  }

  private void readConfig(ProgramBuilder b, Descriptors descriptors, Data files, Slot total) {
    String path = request.bundle() == null ? "." : request.bundle();
    b.step("open bundle \"" + path + "\"", "");
    Slot directory = descriptors.fd("bundle", path);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(path),
            imm(Constants.O_PATH | b.arch().O_DIRECTORY() | Constants.O_CLOEXEC),
            imm(0))
        .into(directory);
    b.step("read config.json of bundle \"" + path + "\"", "");
    Surroundings.append(b, descriptors, directory, "config.json", files, total, null);
    descriptors.close(directory);
  }

  private Bundle readBundle() {
    Reading reading = reading();
    Kernel.Result result = kernel.run(reading.program()).orThrow();
    byte[] all = result.bytes(reading.files());
    int config = (int) result.slot(reading.configEnd());
    Surroundings surroundings = reading.surroundings();
    int podAt = (int) result.slot(reading.podAt());
    PodJoin.Pod pod =
        reading.pod() == null || request.pod() == null
            ? null
            : reading
                .pod()
                .pod(result, root, request.pod(), Arrays.copyOfRange(all, podAt, all.length));
    String workingDirectory = text(result.bytes(reading.cwd()));
    String path = request.bundle() == null ? "." : request.bundle();
    byte[] given = givenConfig();
    return new Bundle(
        Paths.absolute(workingDirectory, path),
        given == null ? Arrays.copyOfRange(all, 0, config) : given,
        surroundings.cgroups(result, all),
        surroundings.time(result),
        surroundings.privileges(result, all),
        pod);
  }

  private static String text(byte[] bytes) {
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  // --- second exchange

  /** What the second exchange brought; descriptors of the process that ran it. */
  @SuppressWarnings("ArrayRecordComponent") // carried from one exchange to the next, never compared
  private record Spawned(
      long root,
      long directory,
      long go,
      long pidfdSocket,
      long pid,
      long terminal,
      long made,
      long first,
      boolean scoped,
      boolean entered,
      byte[] messages,
      byte[] stat) {}

  /** The program of the second exchange, and where its answers are. */
  private record Making(
      Program program,
      Slot exists,
      Slot root,
      Slot directory,
      Slot go,
      Slot pidfdSocket,
      Slot pid,
      Slot terminal,
      Slot ready,
      Slot late,
      @Nullable Slot made,
      Data messages,
      Data stat,
      Slot statSize,
      Slot first,
      SystemdScope.@Nullable Answer answer,
      @Nullable RuntimeHooks hooks,
      @Nullable PodJoin pod) {}

  private Making making(Plan plan) {
    CgroupPath cgroup = plan.cgroup();
    InitCompiler.Image compiled = plan.compiled();
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Slot exists = b.slot("exists");
    Slot directory = b.fd("directory", root + "/" + request.id());
    descriptors.keep(directory);
    Slot pid = b.slot("pid");
    Slot ready = b.slot("ready");
    Slot late = b.slot("late");
    Slot statSize = b.slot("stat size");
    RuntimeHooks hooks =
        RuntimeHooks.of(
            b, descriptors, plan.state(), plan.hooks(), HookKind.PRESTART, HookKind.CREATE_RUNTIME);
    Slot messagesEnd = b.slot("messages end");
    Data stat = b.output("stat", MAX_STAT);
    SystemdScope scope = plan.scope();
    SystemdScope.Answer answer = scope == null ? null : new SystemdScope.Answer(b);
    Slot first = b.slot("intermediate");
    b.set(first, imm(0));
    Data messages = b.output("messages", MAX_MESSAGES);
    b.replyUpTo(messages, imm(0));
    for (Slot slot : new Slot[] {exists, pid, ready, late, statSize}) {
      b.set(slot, imm(0));
    }
    b.set(messagesEnd, messages.address());
    CgroupDirectory cgroupDirectory = cgroup == null ? null : new CgroupDirectory(b, cgroup);
    if (cgroupDirectory != null) {
      b.set(cgroupDirectory.made(), imm(0));
    }
    Slot pidfdSocket = b.slot("pidfd socket");
    descriptors.keep(pidfdSocket);
    PidfdSocket.connect(b, request.pidfdSocket(), pidfdSocket);
    PodJoin pod = plan.pod() == null ? null : new PodJoin(b, descriptors, plan.pod(), request.id());
    Label present = b.label("present");
    Label done = b.label("done");
    Slot terminal = b.fd("terminal", "ptmx");
    descriptors.keep(terminal);
    ConsoleSocket console = null;
    if (compiled.console() != null) {
      console = ConsoleSocket.open(b, descriptors, request.consoleSocket());
    }
    Slot rootFd = StateRoot.make(b, root);
    descriptors.keep(rootFd);
    if (pod != null) {
      Label gone = b.label("no such pod");
      pod.open(rootFd, gone);
      b.outOfLine(() -> {
        b.bind(gone);
        Idioms.close(b, rootFd);
        b.sys(Syscall.CLOSE, pidfdSocket).tolerateAny();
        b.jump(done);
      });
    }
    b.step("make the state of container \"" + request.id() + "\"", "");
    b.sys(Syscall.MKDIRAT, rootFd, b.string(request.id()), imm(0711))
        .tolerate(Errno.EEXIST, present);
    b.outOfLine(() -> {
      b.bind(present);
      b.set(exists, imm(1));
      if (pod != null) {
        pod.taken();
      }
      Idioms.close(b, rootFd);
      b.sys(Syscall.CLOSE, pidfdSocket).tolerateAny();
      b.jump(done);
    });
    if (pod != null) {
      pod.made();
    }
    StateRoot.openContainer(b, rootFd, request.id()).into(directory);
    b.sys(Syscall.FLOCK, directory, imm(Constants.LOCK_EX));
    StateRoot.fifo(b, directory, StateRoot.START);
    StateRoot.fifo(b, directory, StateRoot.STATUS);
    if (request.notifies()) {
      Notify.makeDirectory(b, directory);
    }
    StateRoot.write(b, directory, plan.state());
    if (cgroup != null) {
      b.sys(Syscall.SYMLINKAT, b.string(cgroup.directory()), directory, b.string(StateRoot.CGROUP));
    }
    StateRoot.create(b, directory, StateRoot.CONFIG, plan.config());
    StateRoot.create(b, directory, StateRoot.STEPS, Steps.of(compiled));
    Slot cgroupFd = null;
    Slot scopeRead = null;
    Slot scopeWrite = null;
    if (scope != null) {
      scopeRead = descriptors.fd("scope read", null);
      scopeWrite = descriptors.fd("scope write", null);
      Spawn.pipe(b, scopeRead, scopeWrite);
    } else if (cgroupDirectory != null) {
      cgroupFd = limited(b, descriptors, cgroupDirectory, plan);
    }
    Spawn.Channels channels =
        Spawn.channels(
            b, descriptors, directory, compiled, console, pod == null ? null : pod.pidfd());
    if (pod != null) {
      pod.check();
    }
    ImageFile image =
        Spawn.image(
            b,
            descriptors,
            plan.image(),
            compiled,
            channels,
            scopeRead == null ? cgroupFd : scopeRead,
            directory,
            root + "/" + request.id());
    Slot intermediate =
        Spawn.start(
            b,
            descriptors,
            request.id(),
            channels,
            image,
            plan.kept(),
            request.attended(),
            request.embedding(),
            first);
    NetDevices devices =
        plan.devices().isEmpty() ? null : new NetDevices(b, descriptors, plan.devices());
    // A byte for an init that is gone must be no SIGPIPE: this end stays while hooks are run.
    Spawn.closeImageEnds(descriptors, channels, cgroupFd, hooks == null ? null : channels.goRead());
    if (scope != null && answer != null && scopeWrite != null && cgroupDirectory != null) {
      // A scope begins with a process: this one, which waits for what is made in it.
      scope.start(b, descriptors, answer, first);
      cgroupFd = limited(b, descriptors, cgroupDirectory, plan);
      b.sys(Syscall.WRITE, scopeWrite, b.string("c"), imm(1));
      descriptors.close(scopeWrite);
    }
    receive(b, channels, intermediate, messagesEnd, pid, ready, late, limit(plan), hooks, devices);
    Spawn.awaitIntermediate(b, intermediate);
    descriptors.close(intermediate);
    descriptors.close(channels.reportRead());
    b.set(first, imm(0));
    if (scope != null) {
      scope.leave(b);
    }
    b.branch(Condition.EQ, ready, imm(0), done);
    if (console != null) {
      console.receive(b, descriptors, terminal);
    }
    if (cgroupFd != null) {
      plan.limits().applyLate(b, cgroupFd);
      descriptors.close(cgroupFd);
    }
    b.step("find the start time of the container's process", "");
    Look.stat(b, descriptors, pid, stat, statSize, done);
    b.bind(done);
    descriptors.closeAll();
    Slot length = b.slot("length");
    b.alu(Function.SUB, length, messagesEnd, messages.address());
    b.replyUpTo(messages, length);
    return new Making(
        b.build(),
        exists,
        rootFd,
        directory,
        channels.goWrite(),
        pidfdSocket,
        pid,
        terminal,
        ready,
        late,
        cgroupDirectory == null ? null : cgroupDirectory.made(),
        messages,
        stat,
        statSize,
        first,
        answer,
        hooks,
        pod);
  }

  /** Makes the cgroup with its limits. */
  private static Slot limited(
      ProgramBuilder b, Descriptors descriptors, CgroupDirectory directory, Plan plan) {
    Slot cgroup = directory.make();
    descriptors.add(cgroup);
    plan.limits().apply(b, directory, cgroup);
    Delegation.apply(b, cgroup, plan.delegate());
    return cgroup;
  }

  private Spawned spawn(Plan plan) {
    Making making = making(plan);
    Slot made = making.made();
    Kernel.Result result = kernel.run(making.program());
    PodJoin pod = making.pod();
    RuntimeException refused = pod == null ? null : pod.failure(result);
    if (refused != null) {
      throw refused;
    }
    if (result.slot(making.exists()) != 0) {
      throw new ContainerException(
          "container with given ID already exists: \"" + request.id() + "\"");
    }
    Spawned spawned =
        new Spawned(
            result.slot(making.root()),
            result.slot(making.directory()),
            result.slot(making.go()),
            result.slot(making.pidfdSocket()),
            result.slot(making.pid()),
            result.slot(making.terminal()),
            made == null ? 0 : result.slot(made),
            result.slot(making.first()),
            making.answer() != null && making.answer().isStarted(result),
            pod != null && result.slot(pod.entered()) != 0,
            result.bytes(making.messages()),
            result.bytes(making.stat(), Math.max(0, result.slot(making.statSize()))));
    RuntimeHooks hooks = making.hooks();
    RuntimeException failure = hooks == null ? null : hooks.failure(result);
    if (failure == null) {
      failure = result.failure();
    }
    SystemdScope.Answer answer = making.answer();
    String refusal = answer == null ? null : answer.refusal(result);
    if (failure != null && refusal != null && plan.scope() != null) {
      failure =
          new ContainerException("start unit " + plan.scope().unit() + ": " + refusal, failure);
    }
    if (failure == null) {
      failure = Message.failure(plan.compiled().program(), spawned.messages());
    }
    if (failure == null && result.slot(making.late()) != 0) {
      failure =
          new ContainerException(
              "container \""
                  + request.id()
                  + "\": its first process was stopped or held up for "
                  + limit(plan)
                  + " s, and was killed");
    }
    if (failure == null && result.slot(making.ready()) == 0) {
      failure =
          new ContainerException(
              "container \""
                  + request.id()
                  + "\": its first process was killed before it was ready");
    }
    if (failure != null) {
      throw undo(plan, spawned, failure);
    }
    return spawned;
  }

  /**
   * Reads messages until init's pid is known and init is ready or has failed, or until nobody is
   * left who could say anything. Init may be faster than the intermediate that reports its pid.
   * Hooks are run when init waits for them.
   *
   * @param late is set when init took too long, and was killed
   * @param limit how long init may take while no hooks are run here, in seconds; 0 for any time
   */
  private static void receive(
      ProgramBuilder b,
      Spawn.Channels channels,
      Slot intermediate,
      Slot end,
      Slot pid,
      Slot ready,
      Slot late,
      long limit,
      @Nullable RuntimeHooks hooks,
      @Nullable NetDevices devices) {
    Slot report = channels.reportRead();
    b.step("wait for the container's process", "");
    Slot kind = b.slot("kind");
    Slot got = b.slot("got");
    Slot left = b.slot("left");
    Slot said = b.slot("said");
    Slot due = b.slot("hooks due");
    Label over = b.label("over");
    Label isPid = b.label("is pid");
    Label isReady = b.label("is ready");
    Label check = b.label("check");
    b.set(said, imm(0));
    if (hooks != null) {
      b.set(due, imm(0));
    }
    Data remaining =
        b.variable("time left", Structs.SIZEOF_KERNEL_TIMESPEC)
            .u64(Structs.KERNEL_TIMESPEC_TV_SEC, limit);
    Data poll =
        b.variable("pollfd", Structs.SIZEOF_POLLFD).u16(Structs.POLLFD_EVENTS, Constants.POLLIN);
    if (limit != 0) {
      b.store(4, poll.address(), imm(Structs.POLLFD_FD), report);
    }
    Label next = b.loop("message");
    if (limit != 0) {
      awaitMessage(b, pid, late, got, poll, remaining, next, over);
    }
    b.sys(Syscall.READ, report, end, imm(Message.SIZE)).into(got);
    b.branch(Condition.NE, got, imm(Message.SIZE), over);
    b.load(8, kind, end, imm(Message.KIND));
    b.load(8, left, end, imm(Message.VALUE));
    b.alu(Function.ADD, end, end, imm(Message.SIZE));
    b.branch(Condition.EQ, kind, imm(Message.PID), isPid);
    b.branch(Condition.EQ, kind, imm(Message.READY), isReady);
    if (hooks != null) {
      Label areDue = b.label("hooks are due");
      b.branch(Condition.EQ, kind, imm(Message.HOOKS), areDue);
      b.outOfLine(() -> {
        b.bind(areDue);
        b.set(due, imm(1));
        b.jump(check);
      });
    }
    b.set(said, imm(1));
    Label rest = b.loop("slots");
    b.branch(Condition.EQ, left, imm(0), check);
    b.sys(Syscall.READ, report, end, left).into(got);
    b.branch(Condition.EQ, got, imm(0), over);
    b.alu(Function.ADD, end, end, got);
    b.alu(Function.SUB, left, left, got);
    b.jump(rest);
    b.bind(isPid);
    b.set(pid, left);
    if (devices != null) {
      b.branch(Condition.NE, said, imm(0), check);
      Origin here = b.origin();
      devices.move(pid, channels.goWrite());
      b.step(here);
    }
    b.jump(check);
    b.bind(isReady);
    b.set(ready, imm(1));
    b.set(said, imm(1));
    b.bind(check);
    b.branch(Condition.EQ, pid, imm(0), next);
    if (hooks != null) {
      Label none = b.label("no hooks are due");
      b.branch(Condition.EQ, due, imm(0), none);
      b.set(due, imm(0));
      Spawn.awaitIntermediate(b, intermediate);
      hooks.run(State.Status.CREATING, pid);
      b.step("wait for the container's process", "");
      b.sys(Syscall.WRITE, channels.goWrite(), b.string("h"), imm(1));
      b.jump(next);
      b.bind(none);
    }
    b.branch(Condition.EQ, said, imm(0), next);
    b.bind(over);
  }

  /**
   * Waits for the next message. Who shares a PID namespace with init may stop it, and then only the
   * time ends that; the intermediate, which says what its pid is, is nobody else's to stop.
   */
  private static void awaitMessage(
      ProgramBuilder b,
      Slot pid,
      Slot late,
      Slot got,
      Data poll,
      Data remaining,
      Label next,
      Label over) {
    Slot time = b.slot("time");
    Label limited = b.label("limited");
    Label timeUp = b.label("time is up");
    b.set(time, imm(0));
    b.branch(Condition.EQ, pid, imm(0), limited);
    // The kernel leaves in it what remains of the time, so the rounds share it, and what is done
    // between them costs none.
    b.set(time, remaining.address());
    b.bind(limited);
    b.sys(Syscall.PPOLL, poll.address(), imm(1), time, imm(0), imm(0))
        .into(got)
        .tolerate(Errno.EINTR, next);
    b.branch(Condition.EQ, got, imm(0), timeUp);
    b.outOfLine(() -> {
      b.bind(timeUp);
      b.set(late, imm(1));
      // It is this process's child and not reaped yet, so its pid is nobody else's.
      b.sys(Syscall.KILL, pid, imm(Constants.SIGKILL)).tolerateAny();
      b.jump(over);
    });
  }

  /** Takes back what the second exchange did; its own failure is added to the one that led here. */
  private RuntimeException undo(Plan plan, Spawned spawned, RuntimeException failure) {
    CgroupPath cgroup = plan.cgroup();
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Slot rootFd = descriptors.take("root", imm(spawned.root()));
    Slot directory = descriptors.take("directory", imm(spawned.directory()));
    descriptors.close(descriptors.take("go", imm(spawned.go())));
    descriptors.take("terminal", imm(spawned.terminal()));
    descriptors.close(descriptors.take("pidfd socket", imm(spawned.pidfdSocket())));
    if (spawned.pid() > 0) {
      b.step("end the container's process", "");
      // It is this process's child and not reaped yet, so its pid is nobody else's.
      b.sys(Syscall.KILL, imm(spawned.pid()), imm(Constants.SIGKILL)).tolerate(Errno.ESRCH);
      b.sys(
              Syscall.WAITID,
              imm(Constants.P_PID),
              imm(spawned.pid()),
              imm(0),
              imm(Constants.WEXITED),
              imm(0))
          .tolerate(Errno.ECHILD);
    }
    if (plan.scope() != null && spawned.first() > 0) {
      b.step("wait for the intermediate process", "");
      // Nobody writes to its pipe any more, so it ends.
      b.sys(
              Syscall.WAITID,
              imm(Constants.P_PID),
              imm(spawned.first()),
              imm(0),
              imm(Constants.WEXITED),
              imm(0))
          .tolerate(Errno.ECHILD);
    }
    if (cgroup != null && spawned.made() != 0) {
      new CgroupDirectory(b, cgroup).remove();
    }
    if (plan.scope() != null && spawned.scoped()) {
      plan.scope().stop(b);
    }
    if (spawned.directory() >= 0 || spawned.entered()) {
      PodJoin.remove(
          b,
          rootFd,
          spawned.directory() < 0 ? null : directory,
          request.id(),
          spawned.entered() ? request.pod() : null);
    }
    Poststop poststop = Poststop.run(b, descriptors, spawned.directory() < 0 ? null : plan.state());
    descriptors.closeAll();
    Kernel.Result result = kernel.run(b.build());
    SyscallException cleanup = result.failure();
    if (cleanup != null) {
      failure.addSuppressed(cleanup);
    }
    for (String warning : poststop.warnings(result)) {
      failure.addSuppressed(new ContainerException(warning));
    }
    return failure;
  }

  // --- third exchange

  private ContainerState commit(Plan plan, Spawned spawned) {
    ProcessStat stat = ProcessStat.of(spawned.stat());
    if (stat == null) {
      throw undo(
          plan,
          spawned,
          new ContainerException(
              "container \"" + request.id() + "\": its first process was killed"));
    }
    ContainerState finished = plan.state().withInit((int) spawned.pid(), stat.startTime());
    Program program =
        record(
            new ProgramBuilder(kernel.arch()),
            imm(spawned.root()),
            imm(spawned.directory()),
            imm(spawned.go()),
            imm(spawned.pidfdSocket()),
            finished);
    RuntimeException failure = kernel.run(program).failure();
    if (failure != null) {
      throw undo(plan, spawned, failure);
    }
    return finished;
  }

  /** The program of the third exchange. */
  private Program record(
      ProgramBuilder b,
      Arg rootFd,
      Arg directory,
      Arg go,
      Arg pidfdSocket,
      ContainerState finished) {
    StateRoot.write(b, directory, finished);
    String pidFile = request.pidFile();
    if (pidFile != null) {
      String digits = Integer.toString(finished.pid());
      pidFile(b, pidFile, b.string(digits), imm(digits.length()));
    }
    b.step("let the container's process go on", "");
    // MSG_NOSIGNAL: SIGPIPE would end this process without a word.
    Label gone = b.label("init is gone");
    b.sys(Syscall.SENDTO, go, b.string("g"), imm(1), imm(Constants.MSG_NOSIGNAL), imm(0), imm(0))
        .tolerate(Errno.EPIPE, gone);
    b.outOfLine(() -> {
      b.bind(gone);
      b.step("container \"" + request.id() + "\": its first process was killed", "");
      b.fail(Errno.ESRCH);
    });
    if (request.pidfdSocket() != null) {
      PidfdSocket.send(b, pidfdSocket, imm(finished.pid()), PidfdSocket.INIT);
      b.sys(Syscall.CLOSE, pidfdSocket).tolerateAny();
    }
    // Whatever fails before this is undone with these descriptors; nothing fails after it.
    b.sys(Syscall.CLOSE, go).tolerateAny();
    b.sys(Syscall.CLOSE, directory).tolerateAny();
    b.sys(Syscall.CLOSE, rootFd).tolerateAny();
    return b.build();
  }

  /**
   * Writes a pid file: digits only, under a temporary name first, so that a reader never sees half
   * of them. When that fails, or anything after it in the program, there is none.
   *
   * @param b the program
   * @param path the file's path
   * @param digits the address of the digits
   * @param count how many there are
   */
  public static void pidFile(ProgramBuilder b, String path, Arg digits, Arg count) {
    b.step("write pid file \"" + path + "\"", "");
    int slash = path.lastIndexOf('/');
    String temporary = path.substring(0, slash + 1) + "." + path.substring(slash + 1);
    Label before = b.failureHandler();
    Descriptors descriptors = new Descriptors(b);
    Slot file = descriptors.fd("file", temporary);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(temporary),
            imm(
                Constants.O_WRONLY
                    | Constants.O_CREAT
                    | Constants.O_TRUNC
                    | b.arch().O_NOFOLLOW()
                    | Constants.O_CLOEXEC),
            imm(0644))
        .into(file);
    unlinkOnFailure(b, temporary, b.failureHandler());
    b.sys(Syscall.WRITE, file, digits, count);
    b.sys(
        Syscall.RENAMEAT2,
        imm(Constants.AT_FDCWD),
        b.string(temporary),
        imm(Constants.AT_FDCWD),
        b.string(path),
        imm(0));
    descriptors.end();
    unlinkOnFailure(b, path, before);
  }

  private static void unlinkOnFailure(ProgramBuilder b, String path, Label then) {
    Label failed = b.label("remove on failure");
    b.outOfLine(() -> {
      b.bind(failed);
      b.sys(Syscall.UNLINKAT, imm(Constants.AT_FDCWD), b.string(path), imm(0)).tolerateAny();
      b.jump(then);
    });
    b.onFailure(failed);
  }
}
