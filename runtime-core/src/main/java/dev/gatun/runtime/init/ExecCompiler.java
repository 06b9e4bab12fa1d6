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
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Process;
import dev.gatun.oci.State;
import dev.gatun.runtime.process.ProcessCompiler;
import dev.gatun.runtime.rootfs.TerminalCompiler;
import dev.gatun.runtime.seccomp.SeccompCompiler;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Compiles a process that enters a container that exists, to the program of its image.
 *
 * <p>Three processes run it, each a child of the runtime's. The <em>intermediate</em> has the
 * host's privileges and clones into the container's cgroup the <em>middle process</em>, which can
 * not be looked into, lets go of what is the host's and joins the namespaces; a PID namespace
 * counts for its children alone, so it clones the <em>process</em>, which takes on what it is to be
 * and executes. All signals are blocked until then: what comes from the container is nothing but
 * KILL and STOP, against which the runtime has a timeout.
 */
public final class ExecCompiler {
  /** {@code oom_score_adj} of the process that opens it. */
  private static final String OOM_SCORE_ADJ = "/proc/self/oom_score_adj";

  /** More than the lines of any {@code /proc/PID/cgroup}. */
  private static final int CGROUP_LINES = 16 << 10;

  /** How the last line of {@code /proc/PID/cgroup} begins, as four bytes. */
  private static final long UNIFIED = '0' | ':' << 8 | ':' << 16 | '/' << 24;

  private final ProgramBuilder b;
  private final Process process;
  private final Options options;
  private final ProcessCompiler compiler;
  private final Slot report;
  private final Slot pidfd;
  private final Slot kinds;
  private final @Nullable Slot cgroup;
  private final @Nullable Slot console;
  private final Slot fallback;
  private final Slot procfs;
  private final Reporter reporter;
  private final @Nullable SeccompCompiler seccomp;

  /**
   * What is known of the container besides its configuration.
   *
   * @param id the container's id
   * @param preservedFds how many descriptors from 3 on the process keeps
   * @param newKeyring give the process the container's session keyring
   * @param inCgroup whether the process is born in a cgroup whose descriptor the image is given
   * @param otherwise where the cgroup of the container's first process is found, in case that the
   *     given one may have no processes; null when it has to be the given one
   * @param state the container's, which the listener of a seccomp filter is told
   * @param embedded whether the runtime is in a JVM whose limits nobody meant for the process
   */
  public record Options(
      String id,
      int preservedFds,
      boolean newKeyring,
      boolean inCgroup,
      @Nullable Otherwise otherwise,
      State state,
      boolean embedded) {
    /** On the command line; see the components. */
    public Options(
        String id,
        int preservedFds,
        boolean newKeyring,
        boolean inCgroup,
        @Nullable Otherwise otherwise,
        State state) {
      this(id, preservedFds, newKeyring, inCgroup, otherwise, state, false);
    }
  }

  /**
   * How to find the cgroup of the container's first process.
   *
   * @param pid that process
   * @param mountPoint where cgroup2 is mounted
   * @param path the container's cgroup below it, which the other one has to be in
   */
  public record Otherwise(int pid, String mountPoint, String path) {}

  /**
   * The compiled image.
   *
   * @param program intermediate, middle process and process
   * @param report takes the descriptor that messages are written to
   * @param pidfd takes a descriptor of the container's first process
   * @param kinds takes the {@code CLONE_NEW*} bits of the namespaces to join
   * @param cgroup takes the descriptor of the cgroup, null when there is none
   * @param console takes the descriptor of the socket that the terminal is sent to, null when the
   *     process has none
   * @param warnings what cannot be granted, as far as it is known beforehand
   * @param middle the first record of the middle process
   * @param process the first record of the process
   * @param failed the first record that reports a failure
   */
  public record Image(
      Program program,
      Slot report,
      Slot pidfd,
      Slot kinds,
      @Nullable Slot cgroup,
      @Nullable Slot console,
      List<String> warnings,
      int middle,
      int process,
      int failed) {
    /** Copies the warnings. */
    public Image {
      warnings = List.copyOf(warnings);
    }
  }

  private ExecCompiler(Arch arch, Process process, Linux linux, Options options) {
    this.b = new ProgramBuilder(arch);
    this.process = process;
    this.options = options;
    report = b.slot("report");
    pidfd = b.fd("pidfd", "container \"" + options.id() + "\"");
    kinds = b.slot("namespaces");
    cgroup = options.inCgroup() ? b.slot("cgroup") : null;
    console = process.terminal() ? b.fd("console", "console socket") : null;
    fallback = b.slot("cgroup of the first process");
    procfs = b.fd("procfs", "/proc");
    reporter = new Reporter(b, report);
    seccomp =
        linux.seccomp() == null
            ? null
            : new SeccompCompiler(b, linux.seccomp(), process.noNewPrivileges(), options.state());
    compiler =
        new ProcessCompiler(b, process, "/process", options.preservedFds(), 0)
            .linux(linux)
            .seccomp(seccomp)
            .entersContainer();
    if (linux.namespace(NamespaceType.USER) != null) {
      compiler.inUserNamespace();
    }
  }

  /**
   * Compiles.
   *
   * @param arch the architecture
   * @param process what is executed; its {@code oomScoreAdj} is the host's to set
   * @param linux the {@code linux} object of the container's configuration
   * @param options what is known besides
   * @return the image's program
   * @throws dev.gatun.runtime.ConfigException when the process asks for what cannot be done
   */
  public static Image compile(Arch arch, Process process, Linux linux, Options options) {
    return new ExecCompiler(arch, withoutOomScore(process), linux, options)
        .compile(process.oomScoreAdj());
  }

  /** The score is set in the host's procfs, before the container's is there at all. */
  private static Process withoutOomScore(Process p) {
    return new Process(
        p.terminal(),
        p.consoleSize(),
        p.user(),
        p.args(),
        p.env(),
        p.cwd(),
        p.capabilities(),
        p.rlimits(),
        p.noNewPrivileges(),
        p.apparmorProfile(),
        null,
        p.scheduler(),
        p.selinuxLabel(),
        p.ioPriority(),
        p.execCPUAffinity());
  }

  private Image compile(@Nullable Integer oomScoreAdj) {
    Label middle = b.label("middle process");
    Label last = b.label("process");
    Label failed = b.label("failed");
    b.step("prepare the intermediate process", "");
    b.onFailure(failed);
    intermediate(oomScoreAdj, middle);
    b.bind(middle);
    middle(last);
    b.bind(last);
    process();
    b.bind(failed);
    reporter.failure();
    Program program = b.build();
    if (seccomp != null) {
      seccomp.check(program, 0, failed.record());
    }
    return new Image(
        program,
        report,
        pidfd,
        kinds,
        cgroup,
        console,
        compiler.warnings(),
        middle.record(),
        last.record(),
        failed.record());
  }

  // --- the intermediate: host's privileges, host's cgroup

  private void intermediate(@Nullable Integer oomScoreAdj, Label middle) {
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_NAME), b.string("gatun:" + options.id()));
    InitCompiler.defaultSignals(b);
    if (options.embedded()) {
      Inherited.reset(b);
    }
    if (seccomp != null) {
      seccomp.connect();
    }
    b.set(fallback, imm(-1));
    b.set(procfs, imm(-1));
    if (oomScoreAdj != null) {
      oomScoreAdj(oomScoreAdj);
    }
    compiler.early(procfs);
    b.step("hide from the container", "");
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_DUMPABLE), imm(0));
    b.step("enter the container's cgroup", "");
    Data clone = b.variable("clone_args", Structs.SIZEOF_CLONE_ARGS);
    long flags = Constants.CLONE_PARENT;
    if (cgroup != null) {
      flags |= Constants.CLONE_INTO_CGROUP;
      b.store(8, clone.address(), imm(Structs.CLONE_ARGS_CGROUP), cgroup);
    }
    clone.u64(Structs.CLONE_ARGS_FLAGS, flags);
    Slot pid = b.slot("pid");
    Label cloned = b.label("cloned");
    Instruction call =
        b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(pid);
    Otherwise otherwise = options.otherwise();
    if (cgroup != null && otherwise != null) {
      Label refused = b.label("cgroup refused");
      call.tolerateAny(refused);
      b.outOfLine(() -> {
        b.bind(refused);
        Label other = b.label("cgroup of the first process");
        // The container made cgroups in its own, and handed them controllers: it may have no
        // processes any more.
        b.branch(Condition.EQ, pid, imm(-Errno.EBUSY), other);
        b.branch(Condition.EQ, pid, imm(-Errno.EOPNOTSUPP), other);
        b.fail(call, pid);
        b.bind(other);
        cgroupOfFirst(otherwise);
        b.store(8, clone.address(), imm(Structs.CLONE_ARGS_CGROUP), fallback);
        b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(pid);
        b.jump(cloned);
      });
    }
    b.bind(cloned);
    b.branch(Condition.EQ, pid, imm(0), middle);
    reporter.send(Message.MIDDLE, pid);
    b.sys(Syscall.EXIT_GROUP, imm(0));
  }

  private void oomScoreAdj(int score) {
    b.step("oom_score_adj " + score, "/process/oomScoreAdj");
    Slot fd = b.fd("oom", OOM_SCORE_ADJ);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(OOM_SCORE_ADJ),
            imm(Constants.O_WRONLY | Constants.O_CLOEXEC))
        .into(fd);
    byte[] text = Integer.toString(score).getBytes(StandardCharsets.US_ASCII);
    b.sys(
        Syscall.WRITE,
        fd,
        b.constant("oom_score_adj", text.length).put(0, text).address(),
        imm(text.length));
    Idioms.close(b, fd);
  }

  /**
   * Opens the cgroup that the container's first process is in, when it is in the container's. The
   * last line of the file is that of cgroup v2, its path is seen from the host.
   */
  private void cgroupOfFirst(Otherwise otherwise) {
    String file = "/proc/" + otherwise.pid() + "/cgroup";
    b.step("find the cgroup of the container's first process", "");
    Slot fd = b.fd("cgroup lines", file);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(file),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(fd);
    Data lines = b.buffer("lines", CGROUP_LINES);
    Slot size = Idioms.readAll(b, fd, lines);
    Idioms.close(b, fd);
    Slot at = b.slot("at");
    Slot c = b.slot("c");
    Label unknown = b.label("no cgroup");
    Label line = b.label("line");
    b.branch(Condition.EQ, size, imm(0), unknown);
    b.alu(Function.ADD, at, size, lines.address());
    b.alu(Function.SUB, at, at, imm(1));
    b.load(1, c, at, imm(0));
    b.branch(Condition.NE, c, imm('\n'), unknown);
    b.store(1, at, imm(0), imm(0));
    Label back = b.loop("back to the line's beginning");
    b.branch(Condition.EQ, at, lines.address(), line);
    b.alu(Function.SUB, at, at, imm(1));
    b.load(1, c, at, imm(0));
    b.branch(Condition.NE, c, imm('\n'), back);
    b.alu(Function.ADD, at, at, imm(1));
    b.bind(line);
    b.load(4, c, at, imm(0));
    b.branch(Condition.NE, c, imm(UNIFIED), unknown);
    b.alu(Function.ADD, at, at, imm(4));
    byte[] within = (otherwise.path().substring(1) + "/").getBytes(StandardCharsets.UTF_8);
    Data expected = b.constant("container's cgroup", within.length).put(0, within);
    Slot i = b.slot("i");
    Slot e = b.slot("e");
    b.set(i, imm(0));
    Label compare = b.loop("compare");
    b.load(1, c, at, i);
    b.load(1, e, expected.address(), i);
    b.branch(Condition.NE, c, e, unknown);
    b.alu(Function.ADD, i, i, imm(1));
    b.branch(Condition.LTU, i, imm(within.length), compare);
    Slot mount = b.fd("cgroup2", otherwise.mountPoint());
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(otherwise.mountPoint()),
            imm(Constants.O_PATH | b.arch().O_DIRECTORY() | Constants.O_CLOEXEC),
            imm(0))
        .into(mount);
    Idioms.openat2(
        b,
        mount,
        at,
        Constants.O_PATH | b.arch().O_DIRECTORY(),
        0,
        Constants.RESOLVE_BENEATH
            | Constants.RESOLVE_NO_SYMLINKS
            | Constants.RESOLVE_NO_MAGICLINKS
            | Constants.RESOLVE_NO_XDEV,
        fallback);
    Idioms.close(b, mount);
    Label known = b.label("known");
    b.jump(known);
    b.bind(unknown);
    b.step("the container's cgroup has cgroups of its own, and its first process is in none", "");
    b.fail(Errno.EBUSY);
    b.bind(known);
    b.step("enter the cgroup of the container's first process", "");
  }

  // --- the middle process: the container's cgroup, then its namespaces

  private void middle(Label last) {
    b.step("let go of what is the host's", "");
    if (cgroup != null) {
      Idioms.close(b, cgroup);
      Idioms.close(b, fallback);
    }
    Label joined = b.label("joined");
    b.step("join the container's namespaces", "");
    b.sys(Syscall.SETNS, pidfd, kinds);
    Idioms.close(b, pidfd);
    Label user = b.label("user namespace");
    b.branch(Condition.TEST, kinds, imm(Constants.CLONE_NEWUSER), user);
    b.outOfLine(() -> {
      b.bind(user);
      becomeRoot();
      b.jump(joined);
    });
    b.bind(joined);
    b.step("hide from the container", "");
    // A user namespace is new credentials, which make a process as dumpable as the host says.
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_DUMPABLE), imm(0));
    b.step("create the process", "");
    Data clone =
        b.constant("clone_args", Structs.SIZEOF_CLONE_ARGS)
            .u64(Structs.CLONE_ARGS_FLAGS, Constants.CLONE_PARENT);
    Slot pid = b.slot("pid");
    b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(pid);
    b.branch(Condition.EQ, pid, imm(0), last);
    reporter.send(Message.PID, pid);
    if (seccomp != null) {
      seccomp.tell(pid);
    }
    b.sys(Syscall.EXIT_GROUP, imm(0));
  }

  /** What the container's user namespace does not map, or forbids, it does not need either. */
  private void becomeRoot() {
    b.step("become root of the container's user namespace", "");
    b.sys(Syscall.SETGROUPS, imm(0), imm(0)).tolerate(Errno.EPERM);
    b.sys(Syscall.SETRESGID, imm(0), imm(0), imm(0)).tolerate(Errno.EINVAL);
    b.sys(Syscall.SETRESUID, imm(0), imm(0), imm(0)).tolerate(Errno.EINVAL);
  }

  // --- the process: in the container

  /** A security module is told its label by a file of a procfs, one of the container's PIDs. */
  private boolean needsProcfs() {
    return process.apparmorProfile() != null || process.selinuxLabel() != null;
  }

  private void process() {
    b.step("prepare the process", "");
    b.sys(Syscall.SETSID);
    if (seccomp != null) {
      seccomp.learn();
    }
    if (console != null) {
      new TerminalCompiler(b, process, "/process", console).enter();
    }
    if (needsProcfs()) {
      b.set(procfs, InitCompiler.procfs(b));
    }
    compiler.credentials(procfs, options.newKeyring(), options.id());
    b.step("hide from the container", "");
    // A change of credentials makes a process as dumpable as fs.suid_dumpable says.
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_DUMPABLE), imm(0));
    Idioms.close(b, procfs);
    b.step("exec", "/process");
    b.sys(
        Syscall.CLOSE_RANGE,
        imm(3 + options.preservedFds()),
        imm(0xffff_ffffL),
        imm(Constants.CLOSE_RANGE_CLOEXEC));
    Arg ungranted = compiler.ungranted();
    reporter.send(Message.STARTED, ungranted);
    Data none = b.constant("no signals", Structs.SIZEOF_SIGSET);
    b.sys(
        Syscall.RT_SIGPROCMASK,
        imm(Constants.SIG_SETMASK),
        none.address(),
        imm(0),
        imm(Structs.SIZEOF_SIGSET));
    compiler.execve();
  }
}
