package dev.gatun.runtime.sandbox;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.cgroups.CgroupDirectory;
import dev.gatun.cgroups.CgroupException;
import dev.gatun.cgroups.CgroupPath;
import dev.gatun.cgroups.CgroupRoot;
import dev.gatun.cgroups.SystemdScope;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
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
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.IdMapping;
import dev.gatun.runtime.ConfigException;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.init.InitImage;
import dev.gatun.runtime.init.Message;
import dev.gatun.runtime.init.PauseCompiler;
import dev.gatun.runtime.lifecycle.Allowance;
import dev.gatun.runtime.lifecycle.CgroupDriver;
import dev.gatun.runtime.lifecycle.ContainerId;
import dev.gatun.runtime.lifecycle.Create;
import dev.gatun.runtime.lifecycle.Explanation;
import dev.gatun.runtime.lifecycle.ImageFile;
import dev.gatun.runtime.lifecycle.Spawn;
import dev.gatun.runtime.lifecycle.Surroundings;
import dev.gatun.runtime.rootfs.Tmpfs;
import dev.gatun.runtime.state.ContainerState;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.ProcessStat;
import dev.gatun.runtime.state.StateRoot;
import dev.gatun.runtime.userns.Privileges;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes the sandbox of a pod, in four exchanges: look at the caller; make the directory, the cgroup
 * and the pause process; wait until that is ready; write down that the pod exists. Who creates the
 * pod makes its network meanwhile: on the host while the pause process makes its namespaces, on the
 * second processor, and in the pod before the last exchange.
 *
 * <p>Killed in the first, it leaves nothing. Killed later, it leaves a directory that names the
 * cgroup, and a pause process that ends itself at the end of file on its socket: {@link
 * Sandbox#remove} takes away the rest. The directory is locked all the time.
 */
public final class SandboxCreate {
  /** The pause process's own cgroup, in the pod's. */
  public static final String PAUSE = "pause";

  /**
   * What a pod's id has before it as the name of a cgroup. No container's id has such a character,
   * so that a container of the same id, outside of the pod, is never in the pod's cgroup.
   */
  private static final String CGROUP = "pod@";

  /** The same in the name of a scope, where a container's id comes behind "gatun-". */
  private static final String SCOPE = "gatun_pod";

  /** The file for {@code /etc/hosts}. */
  public static final String HOSTS = "hosts";

  /** The file for {@code /etc/resolv.conf}. */
  public static final String RESOLV_CONF = "resolv.conf";

  /** The file for {@code /etc/hostname}. */
  public static final String HOSTNAME = "hostname";

  private static final String LOCALHOST =
      "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";

  private static final String SHM_SIZE = "67108864";
  private static final int MAX_FILES = 12 << 20;
  private static final int MAX_MESSAGES = 16 << 10;
  private static final int MAX_STAT = 1024;

  private final Kernel kernel;
  private final String root;
  private final Plan plan;
  private final Spawned spawned;
  private final SandboxState state;
  private boolean kept;

  private SandboxCreate(Kernel kernel, String root, Plan plan, Spawned spawned) {
    this.kernel = kernel;
    this.root = root;
    this.plan = plan;
    this.spawned = spawned;
    state = plan.state().withPause(spawned.pid(), spawned.startTime());
  }

  // --- what is known before anything has been changed

  /** What the first exchange brought. */
  @SuppressWarnings("ArrayRecordComponent") // carried from one exchange to the next, never compared
  private record Host(
      CgroupRoot cgroups,
      String created,
      Privileges privileges,
      byte[] resolver,
      byte[] upstream) {}

  private record Plan(
      SandboxRequest request,
      SandboxState state,
      Map<String, byte[]> files,
      @Nullable SystemdScope scope,
      PauseCompiler.Image compiled,
      InitImage image) {}

  /** The program of the first exchange, and where its answers are. */
  private record Reading(
      Program program, Surroundings surroundings, Data files, Slot resolverEnd, Slot upstreamEnd) {}

  private static Reading reading(Kernel kernel) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Surroundings.pidfds(b);
    Surroundings surroundings = new Surroundings(b);
    Data files = b.output("files", MAX_FILES);
    b.replyUpTo(files, imm(0));
    Slot total = b.slot("total");
    b.set(total, imm(0));
    b.step("read the host's resolv.conf", "");
    Slot resolverEnd = append(b, descriptors, Resolver.CONFIG, files, total);
    Slot upstreamEnd = append(b, descriptors, Resolver.UPSTREAM, files, total);
    surroundings.read(descriptors, files, total);
    b.replyUpTo(files, total);
    return new Reading(b.build(), surroundings, files, resolverEnd, upstreamEnd);
  }

  /** Adds records that read a file if there is one, and returns where it ends. */
  private static Slot append(
      ProgramBuilder b, Descriptors descriptors, String path, Data files, Slot total) {
    Label none = b.label("no resolv.conf");
    Surroundings.append(b, descriptors, imm(Constants.AT_FDCWD), path, files, total, none);
    b.bind(none);
    Slot end = b.slot("end of " + path);
    b.set(end, total);
    return end;
  }

  private static Host look(Kernel kernel) {
    Reading reading = reading(kernel);
    Kernel.Result result = kernel.run(reading.program()).orThrow();
    byte[] all = result.bytes(reading.files());
    Surroundings surroundings = reading.surroundings();
    int resolverEnd = (int) result.slot(reading.resolverEnd());
    return new Host(
        surroundings.cgroups(result, all),
        surroundings.time(result),
        surroundings.privileges(result, all),
        Arrays.copyOfRange(all, 0, resolverEnd),
        Arrays.copyOfRange(all, resolverEnd, (int) result.slot(reading.upstreamEnd())));
  }

  private static Plan plan(Kernel kernel, SandboxRequest request, Map<String, byte[]> files) {
    ContainerId.check(request.id());
    request.check();
    Host host = look(kernel);
    Privileges asks = host.privileges();
    List<IdMapping> mappings = request.idMappings();
    if (!asks.isRoot() && mappings.isEmpty()) {
      throw new ConfigException(
          "", "user " + asks.uid() + " is not root and needs a user namespace for a pod: --userns");
    }
    CgroupDriver driver = request.cgroups();
    String parent = request.cgroupParent();
    SystemdScope scope =
        driver.kind() == CgroupDriver.Kind.SYSTEMD
            ? SystemdScope.of(
                host.cgroups(),
                (parent == null ? "" : parent) + ":" + SCOPE + ":" + request.id(),
                request.id(),
                asks.isLimited() ? driver.userBus() : SystemdScope.SYSTEM_BUS,
                asks.isLimited() ? asks.uid() : SystemdScope.SYSTEM)
            : null;
    Allowance found =
        Allowance.of(
            kernel,
            Create.Rootless.AUTO,
            asks,
            parent == null || scope != null ? null : parent + "/" + CGROUP + request.id(),
            null,
            host.cgroups(),
            CGROUP + request.id(),
            driver.kind(),
            scope == null ? null : scope.cgroup());
    CgroupPath path = found.cgroup();
    ContainerState.Cgroup cgroup = null;
    if (scope != null) {
      CgroupPath container = scope.cgroup();
      cgroup =
          new ContainerState.Cgroup(
              container.mountPoint(), container.delegated(), container.delegated(), scope.bus());
    } else if (path != null) {
      cgroup = new ContainerState.Cgroup(path.mountPoint(), path.path(), "", "");
    }
    SandboxState state =
        new SandboxState(
            request.id(),
            0,
            0,
            host.created(),
            request.effectiveHostname(),
            request.sysctls(),
            request.sharePid(),
            request.hostNetwork(),
            mappings,
            (int) asks.uid(),
            cgroup,
            request.annotations());
    CgroupPath pause = state.cgroupOf(PAUSE);
    PauseCompiler.Image compiled =
        PauseCompiler.compile(
            kernel.arch(),
            new PauseCompiler.Request(
                request.effectiveHostname(),
                request.sysctls(),
                request.sharePid(),
                mappings,
                request.hostNetwork(),
                pause != null,
                scope == null || pause == null ? null : pause.directory(),
                request.embedded()),
            found.privileges());
    Map<String, byte[]> all = new HashMap<>(files);
    all.put(HOSTS, LOCALHOST.getBytes(StandardCharsets.US_ASCII));
    all.put(HOSTNAME, (state.hostname() + "\n").getBytes(StandardCharsets.UTF_8));
    all.put(
        RESOLV_CONF,
        request.hostNetwork()
            ? host.resolver()
            : Resolver.choose(host.resolver(), host.upstream()));
    return new Plan(
        request,
        state,
        all,
        scope,
        compiled,
        InitImage.link(compiled.program(), compiled.resident()));
  }

  // --- second exchange

  /** What the second exchange brought; descriptors and children of the process that ran it. */
  private record Spawned(
      long pods,
      long directory,
      long go,
      long report,
      long first,
      int pid,
      long startTime,
      boolean ready,
      boolean owned,
      boolean podMade,
      boolean pauseMade,
      boolean scoped) {}

  /** The program of the second exchange, and where its answers are. */
  private record Making(
      Program program,
      Slot exists,
      Slot owned,
      Slot pods,
      Slot directory,
      Slot go,
      Slot report,
      Slot first,
      Received received,
      Data stat,
      Slot statSize,
      @Nullable Slot podMade,
      @Nullable Slot pauseMade,
      SystemdScope.@Nullable Answer answer) {}

  /** What a program was told by the image's processes, as its last output. */
  private record Received(Data messages, Slot end, Slot pid, Slot ready) {
    static Received in(ProgramBuilder b) {
      Received received =
          new Received(
              b.output("messages", MAX_MESSAGES),
              b.slot("messages end"),
              b.slot("pid"),
              b.slot("ready"));
      b.replyUpTo(received.messages(), imm(0));
      b.set(received.pid(), imm(0));
      b.set(received.ready(), imm(0));
      b.set(received.end(), received.messages().address());
      return received;
    }

    @Nullable RuntimeException failure(Plan plan, Kernel.Result result) {
      return Message.failure(plan.compiled().program(), result.bytes(messages));
    }
  }

  private static Making making(Kernel kernel, String root, Plan plan) {
    SandboxRequest request = plan.request();
    SandboxState state = plan.state();
    PauseCompiler.Image compiled = plan.compiled();
    String id = request.id();
    String place = root + "/" + StateRoot.PODS + "/" + id;
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Slot exists = b.slot("exists");
    Slot owned = b.slot("owned");
    Slot first = b.slot("pid of the intermediate");
    SystemdScope scope = plan.scope();
    SystemdScope.Answer answer = scope == null ? null : new SystemdScope.Answer(b);
    Data stat = b.output("stat", MAX_STAT);
    Slot statSize = b.slot("stat size");
    Received received = Received.in(b);
    for (Slot slot : new Slot[] {exists, owned, first, statSize}) {
      b.set(slot, imm(0));
    }
    CgroupPath podPath = state.podCgroup();
    CgroupPath pausePath = state.cgroupOf(PAUSE);
    CgroupDirectory pod = podPath == null || scope != null ? null : new CgroupDirectory(b, podPath);
    CgroupDirectory pause = pausePath == null ? null : new CgroupDirectory(b, pausePath);
    if (pod != null) {
      b.set(pod.made(), imm(0));
    }
    if (pause != null) {
      b.set(pause.made(), imm(0));
    }
    Slot directory = b.fd("directory", place);
    descriptors.keep(directory);
    Slot go = b.slot("go write");
    descriptors.keep(go);
    Label present = b.label("present");
    Label done = b.label("done");
    Slot pods = StateRoot.makePods(b, root);
    descriptors.keep(pods);
    b.step("make the directory of pod \"" + id + "\"", "");
    b.sys(Syscall.MKDIRAT, pods, b.string(id), imm(0711)).tolerate(Errno.EEXIST, present);
    b.outOfLine(() -> {
      b.bind(present);
      b.set(exists, imm(1));
      Idioms.close(b, pods);
      b.jump(done);
    });
    StateRoot.openContainer(b, pods, id).into(directory);
    Label deleted = b.label("deleted");
    StateRoot.lock(b, directory, deleted);
    b.outOfLine(() -> {
      b.bind(deleted);
      b.step("pod \"" + id + "\" was deleted while it was created", "");
      b.fail(Errno.ENOENT);
    });
    b.set(owned, imm(1));
    // First of all, since it names the cgroup.
    StateRoot.replace(b, directory, StateRoot.STATE, state.toBytes(), 0600);
    Slot pauseFd = null;
    Slot scopeRead = null;
    Slot scopeWrite = null;
    if (scope != null) {
      scopeRead = descriptors.fd("scope read", null);
      scopeWrite = descriptors.fd("scope write", null);
      Spawn.pipe(b, scopeRead, scopeWrite);
    } else if (pod != null && pause != null) {
      Slot podFd = pod.make();
      Idioms.close(b, podFd);
      pauseFd = pause.make();
      descriptors.add(pauseFd);
    }
    b.step("open the channels to the pause process", "");
    Slot report = b.slot("report read");
    descriptors.keep(report);
    Slot reportWrite = descriptors.fd("report write", null);
    Slot goRead = descriptors.fd("go read", null);
    Spawn.pipe(b, report, reportWrite);
    Idioms.socketPair(b, Constants.SOCK_STREAM, goRead, go);
    b.step("make the image of the pause process", "");
    InitImage image = plan.image();
    List<Data> parts = Spawn.parts(b, image.elf());
    Data last = parts.getLast();
    List<Slot> inherited = new ArrayList<>(List.of(reportWrite, goRead));
    Spawn.give(b, image, last, compiled.report(), reportWrite);
    Spawn.give(b, image, last, compiled.go(), goRead);
    Slot given = scopeRead == null ? pauseFd : scopeRead;
    Slot imageCgroup = compiled.cgroup();
    if (imageCgroup != null && given != null) {
      inherited.add(given);
      Spawn.give(b, image, last, imageCgroup, given);
    }
    Slot executable = descriptors.fd("image", "memfd:gatun");
    ImageFile file =
        ImageFile.write(b, descriptors, image.elf(), parts, executable, directory, place, false);
    b.step("execute the image of the pause process", "");
    Slot child =
        Spawn.start(
            b,
            descriptors,
            List.of(b.string(PauseCompiler.NAME), b.string(id)),
            inherited,
            executable,
            file,
            0,
            false,
            null,
            first);
    descriptors.close(executable);
    for (Slot fd : inherited) {
      descriptors.close(fd);
    }
    if (scope != null && answer != null && scopeWrite != null && pause != null) {
      // A scope begins with a process: this one, which waits for what is made in it.
      scope.start(b, descriptors, answer, first);
      pauseFd = pause.make();
      Idioms.close(b, pauseFd);
      b.sys(Syscall.WRITE, scopeWrite, b.string("c"), imm(1));
      descriptors.close(scopeWrite);
    }
    // Where both have one processor, the intermediate is at work only while this waits.
    receive(b, report, received, received.pid());
    b.branch(Condition.EQ, received.pid(), imm(0), done);
    b.step("find the start time of the pause process", "");
    Look.stat(b, descriptors, received.pid(), stat, statSize, done);
    // While the pause process makes its namespaces.
    files(b, descriptors, directory, plan);
    Spawn.awaitIntermediate(b, child);
    // Its pid may be somebody else's from here on.
    b.set(first, imm(0));
    if (scope != null) {
      scope.leave(b);
    }
    b.bind(done);
    descriptors.closeAll();
    return new Making(
        b.build(),
        exists,
        owned,
        pods,
        directory,
        go,
        report,
        first,
        received,
        stat,
        statSize,
        pod == null ? null : pod.made(),
        pause == null ? null : pause.made(),
        answer);
  }

  /** What is in the pod's directory besides its state. */
  private static void files(ProgramBuilder b, Descriptors descriptors, Slot directory, Plan plan) {
    SandboxState state = plan.state();
    b.step("make the files of pod \"" + state.id() + "\"", "");
    b.sys(Syscall.MKDIRAT, directory, b.string(Remains.CONTAINERS), imm(0700));
    write(b, directory, plan.files());
    b.step("make the pod's shared memory", "");
    b.sys(Syscall.MKDIRAT, directory, b.string(Remains.SHM), imm(01777));
    b.sys(Syscall.FCHMODAT, directory, b.string(Remains.SHM), imm(01777));
    Slot mount = descriptors.fd("shm", Remains.SHM);
    List<String> options =
        new ArrayList<>(List.of("source", "shm", "size", SHM_SIZE, "mode", "1777"));
    for (IdMapping mapping : state.idMappings()) {
      if (mapping.containerID() == 0 && mapping.size() > 0) {
        // The root of the pod's user namespace, as in a tmpfs that a container mounts itself.
        String owner = Long.toString(mapping.hostID());
        options.addAll(List.of("uid", owner, "gid", owner));
      }
    }
    Label plain = b.label("plain directory");
    Tmpfs.make(
        b,
        descriptors.fd("context", "tmpfs"),
        options,
        Constants.MOUNT_ATTR_NOSUID | Constants.MOUNT_ATTR_NODEV | Constants.MOUNT_ATTR_NOEXEC,
        mount,
        plain);
    Tmpfs.attach(b, mount, directory, Remains.SHM);
    descriptors.close(mount);
    b.bind(plain);
  }

  /** Files that containers read, whoever they are. */
  private static void write(ProgramBuilder b, Arg directory, Map<String, byte[]> files) {
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      StateRoot.replace(b, directory, Sandbox.checkName(file.getKey()), file.getValue(), 0644);
    }
  }

  /**
   * Reads messages until one of a kind was among them, or nobody is left who could say anything.
   * The pause process may be faster than the intermediate that reports its pid.
   */
  private static void receive(ProgramBuilder b, Slot report, Received received, Slot until) {
    b.step("wait for the pause process", "");
    Slot end = received.end();
    Slot kind = b.slot("kind");
    Slot got = b.slot("got");
    Slot value = b.slot("value");
    Slot length = b.slot("length");
    Label over = b.label("over");
    Label isPid = b.label("is pid");
    Label isReady = b.label("is ready");
    Label check = b.label("check");
    Label next = b.loop("message");
    b.sys(Syscall.READ, report, end, imm(Message.SIZE)).into(got);
    b.branch(Condition.NE, got, imm(Message.SIZE), over);
    b.load(8, kind, end, imm(Message.KIND));
    b.load(8, value, end, imm(Message.VALUE));
    b.alu(Function.ADD, end, end, imm(Message.SIZE));
    b.branch(Condition.EQ, kind, imm(Message.READY), isReady);
    b.branch(Condition.EQ, kind, imm(Message.PID), isPid);
    // The slots of a failure come with it in one write; who has failed ends.
    b.sys(Syscall.READ, report, end, value).into(got);
    b.alu(Function.ADD, end, end, got);
    b.jump(next);
    b.bind(isPid);
    b.set(received.pid(), value);
    b.jump(check);
    b.bind(isReady);
    b.set(received.ready(), imm(1));
    b.bind(check);
    b.branch(Condition.EQ, until, imm(0), next);
    b.bind(over);
    b.alu(Function.SUB, length, end, received.messages().address());
    b.replyUpTo(received.messages(), length);
  }

  /**
   * Makes everything but the network, and does not wait until the pause process is ready: the
   * directory is there and locked, {@code state.json} has no pid yet.
   *
   * @param kernel where; it keeps descriptors open until {@link #commit} or {@link #undo}
   * @param root the state root's path, absolute
   * @param request what
   * @param files what is in the pod's directory besides, by name
   * @return the sandbox, to be awaited and committed, or undone, by the same kernel
   * @throws RuntimeException with one sentence as its message; nothing is left behind then
   */
  public static SandboxCreate begin(
      Kernel kernel, String root, SandboxRequest request, Map<String, byte[]> files) {
    Plan plan;
    Making making;
    try {
      plan = plan(kernel, request, files);
      making = making(kernel, root, plan);
    } catch (CgroupException e) {
      String parent = request.cgroupParent();
      boolean asked = parent != null && e.place().equals(CgroupPath.PLACE);
      throw new ConfigException("", (asked ? "--cgroup-parent: " : "") + e.problem());
    }
    Kernel.Result result = kernel.run(making.program());
    if (result.slot(making.exists()) != 0) {
      throw new ContainerException("pod with given ID already exists: \"" + request.id() + "\"");
    }
    Slot podMade = making.podMade();
    Slot pauseMade = making.pauseMade();
    SystemdScope.Answer answer = making.answer();
    Received received = making.received();
    ProcessStat stat =
        ProcessStat.of(result.bytes(making.stat(), Math.max(0, result.slot(making.statSize()))));
    Spawned spawned =
        new Spawned(
            result.slot(making.pods()),
            result.slot(making.directory()),
            result.slot(making.go()),
            result.slot(making.report()),
            result.slot(making.first()),
            (int) result.slot(received.pid()),
            stat == null ? 0 : stat.startTime(),
            result.slot(received.ready()) != 0,
            result.slot(making.owned()) != 0,
            podMade != null && result.slot(podMade) != 0,
            pauseMade != null && result.slot(pauseMade) != 0,
            answer != null && answer.isStarted(result));
    SandboxCreate created = new SandboxCreate(kernel, root, plan, spawned);
    RuntimeException failure = result.failure();
    if (failure == null) {
      failure = received.failure(plan, result);
    }
    if (failure == null && stat == null) {
      failure = created.killed();
    }
    if (failure == null) {
      return created;
    }
    String refusal = answer == null ? null : answer.refusal(result);
    if (refusal != null && plan.scope() != null) {
      failure =
          new ContainerException("start unit " + plan.scope().unit() + ": " + refusal, failure);
    }
    throw created.undo(failure);
  }

  // --- third exchange

  /** The program of the third exchange, and where its answers are. */
  private record Awaiting(Program program, Received received) {}

  private static Awaiting awaiting(ProgramBuilder b, Arg reportOpen) {
    Slot report = b.slot("report read");
    b.set(report, reportOpen);
    Received received = Received.in(b);
    receive(b, report, received, received.ready());
    return new Awaiting(b.build(), received);
  }

  /**
   * Waits until the pause process waits in its cgroup with host name, sysctls and loopback set.
   *
   * @throws RuntimeException with one sentence as its message, when it has failed; {@link #undo} is
   *     up to the caller
   */
  public void await() {
    if (spawned.ready()) {
      return;
    }
    Awaiting awaiting = awaiting(new ProgramBuilder(kernel.arch()), imm(spawned.report()));
    Kernel.Result result = kernel.run(awaiting.program()).orThrow();
    RuntimeException failure = awaiting.received().failure(plan, result);
    if (failure == null && result.slot(awaiting.received().ready()) == 0) {
      failure = killed();
    }
    if (failure != null) {
      throw failure;
    }
  }

  private ContainerException killed() {
    return new ContainerException(
        "pod \"" + plan.request().id() + "\": its pause process was killed before it was ready");
  }

  /** The pid of the pause process, a child of the kernel's process. */
  public int pid() {
    return state.pid();
  }

  /** The path of the pod's network namespace; with the host's network it is the host's. */
  public String networkNamespace() {
    return "/proc/" + pid() + "/ns/net";
  }

  /** What {@link #commit} will write. */
  public SandboxState state() {
    return state;
  }

  /**
   * Writes a file of the pod's directory, atomically.
   *
   * @param name its name, which is not {@code state.json}
   * @param contents what it holds; whoever is in the pod may read it
   * @throws SyscallException when that fails
   */
  public void write(String name, byte[] contents) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    write(b, imm(spawned.directory()), Map.of(name, contents));
    kernel.run(b.build()).orThrow();
  }

  // --- fourth exchange

  /**
   * Writes down that the pod exists, and lets the pause process go on for ever.
   *
   * @param files what is written into the pod's directory before that, by name
   * @param pidFile the path of a file that its pid is written to, or null
   * @return the pod's state
   * @throws RuntimeException with one sentence as its message; {@link #undo} is up to the caller
   */
  public SandboxState commit(Map<String, byte[]> files, @Nullable String pidFile) {
    Program program =
        committing(
            new ProgramBuilder(kernel.arch()),
            state,
            files,
            imm(spawned.pods()),
            imm(spawned.directory()),
            imm(spawned.report()),
            imm(spawned.go()),
            pidFile);
    kernel.run(program).orThrow();
    return state;
  }

  private static Program committing(
      ProgramBuilder b,
      SandboxState state,
      Map<String, byte[]> files,
      Arg pods,
      Arg directory,
      Arg report,
      Arg go,
      @Nullable String pidFile) {
    write(b, directory, files);
    StateRoot.replace(b, directory, StateRoot.STATE, state.toBytes(), 0600);
    if (pidFile != null) {
      String digits = Integer.toString(state.pid());
      Create.pidFile(b, pidFile, b.string(digits), imm(digits.length()));
    }
    b.step("let the pause process go on", "");
    // MSG_NOSIGNAL: SIGPIPE would end this process without a word.
    Label gone = b.label("pause process is gone");
    b.sys(Syscall.SENDTO, go, b.string("g"), imm(1), imm(Constants.MSG_NOSIGNAL), imm(0), imm(0))
        .tolerate(Errno.EPIPE, gone);
    b.outOfLine(() -> {
      b.bind(gone);
      b.step("pod \"" + state.id() + "\": its pause process was killed", "");
      b.fail(Errno.ESRCH);
    });
    // Whatever fails before this is undone with these descriptors; nothing fails after it.
    b.sys(Syscall.CLOSE, go).tolerateAny();
    b.sys(Syscall.CLOSE, report).tolerateAny();
    b.sys(Syscall.CLOSE, directory).tolerateAny();
    b.sys(Syscall.CLOSE, pods).tolerateAny();
    return b.build();
  }

  /**
   * Lets {@link #undo} leave the pod's directory, so that what else was made for the pod can be
   * taken back later: it is one that was never committed, which {@link Sandbox#remove} removes.
   */
  public void keep() {
    kept = true;
  }

  /**
   * Takes everything back that was made here.
   *
   * @param cause why
   * @return the cause, to be thrown; what fails meanwhile is suppressed in it
   */
  public RuntimeException undo(RuntimeException cause) {
    RuntimeException said = plain(cause);
    takeBack(said);
    return said;
  }

  /**
   * The same when it was no call that failed but the JVM: without memory, or stack.
   *
   * @param cause why; what fails meanwhile is suppressed in it
   */
  public void undo(Error cause) {
    takeBack(cause);
  }

  private void takeBack(Throwable said) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Slot pods = descriptors.take("pods", imm(spawned.pods()));
    Slot directory = descriptors.take("directory", imm(spawned.directory()));
    descriptors.close(descriptors.take("report read", imm(spawned.report())));
    descriptors.close(descriptors.take("go", imm(spawned.go())));
    long pause = spawned.pid();
    if (pause > 0) {
      b.step("end the pause process", "");
      // It is this process's child and not reaped yet, so its pid is nobody else's.
      b.sys(Syscall.KILL, imm(pause), imm(Constants.SIGKILL)).tolerate(Errno.ESRCH);
    }
    b.step("wait for the pod's processes", "");
    // Nobody is at the other ends of what the intermediate may wait for, so it ends.
    for (long pid : new long[] {pause, spawned.first()}) {
      if (pid > 0) {
        b.sys(
                Syscall.WAITID,
                imm(Constants.P_PID),
                imm(pid),
                imm(0),
                imm(Constants.WEXITED),
                imm(0))
            .tolerate(Errno.ECHILD);
      }
    }
    CgroupPath leaf = plan.state().cgroupOf(PAUSE);
    if (spawned.podMade() || spawned.scoped()) {
      Remains.removeCgroup(b, plan.state());
    } else if (spawned.pauseMade() && leaf != null) {
      new CgroupDirectory(b, leaf).remove();
    }
    if (spawned.owned() && !kept) {
      Remains.removeDirectory(b, root, pods, directory, plan.request().id());
    }
    descriptors.closeAll();
    SyscallException cleanup = kernel.run(b.build()).failure();
    if (cleanup != null) {
      said.addSuppressed(plain(cleanup));
    }
  }

  /** No pod comes from a {@code config.json}, which the shared parts of programs name. */
  static RuntimeException plain(RuntimeException failure) {
    if (!(failure instanceof SyscallException call)) {
      return failure;
    }
    SyscallException plain = new SyscallException(call.step(), call.call(), call.errno(), "");
    for (Throwable suppressed : call.getSuppressed()) {
      plain.addSuppressed(suppressed);
    }
    return plain;
  }

  /**
   * What a create of a pod would run, but for its network. Nothing is made, and root is not needed
   * but by what asks for it.
   *
   * @param kernel where
   * @param root the state root's path, absolute
   * @param request what
   * @return the parts, in the order in which they run
   */
  public static List<Explanation.Part> explain(Kernel kernel, String root, SandboxRequest request) {
    Plan plan = plan(kernel, request, Map.of());
    PauseCompiler.Image compiled = plan.compiled();
    Program program = compiled.program();
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    String pods = root + "/" + StateRoot.PODS;
    ProgramBuilder waiting = new ProgramBuilder(kernel.arch());
    Program third = awaiting(waiting, waiting.fd("report", "pipe")).program();
    Program fourth =
        committing(
            b,
            plan.state(),
            Map.of(),
            b.fd("pods", pods),
            b.fd("directory", pods + "/" + request.id()),
            b.fd("report", "pipe"),
            b.fd("go", "socket"),
            null);
    String process = "gatun pod create";
    List<Explanation.Part> parts = new ArrayList<>();
    parts.add(
        Explanation.whole(process, "1 of 4: looks at its surroundings", reading(kernel).program()));
    parts.add(
        Explanation.whole(
            process,
            "2 of 4: makes the directory, the cgroup and the process",
            making(kernel, root, plan).program()));
    parts.add(
        Explanation.some(
            "intermediate",
            "clones the pause process",
            program,
            compiled.begin(),
            compiled.pause()));
    parts.add(
        Explanation.some(
            "pause", "prepares the namespaces", program, compiled.pause(), compiled.failed()));
    parts.add(
        Explanation.some(
            "intermediate or pause",
            "when a call fails: reports it and ends",
            program,
            compiled.failed(),
            Integer.MAX_VALUE));
    parts.add(Explanation.whole(process, "3 of 4: waits until the pause process is ready", third));
    parts.add(Explanation.whole(process, "4 of 4: writes down that the pod exists", fourth));
    parts.add(
        Explanation.some(
            "pause",
            "holds the namespaces, with these few records in memory",
            program,
            0,
            compiled.begin()));
    return parts;
  }
}
