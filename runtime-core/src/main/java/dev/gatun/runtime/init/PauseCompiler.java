package dev.gatun.runtime.init;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.IdMapping;
import dev.gatun.runtime.rootfs.SysctlCompiler;
import dev.gatun.runtime.rootfs.Tmpfs;
import dev.gatun.runtime.seccomp.CallFilter;
import dev.gatun.runtime.userns.Privileges;
import dev.gatun.runtime.userns.UserNamespace;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Compiles the program of a pod's pause process: an intermediate, and the process that holds the
 * pod's namespaces.
 *
 * <p>What the pause process does while it waits is one system call, {@code rt_sigtimedwait(2)} for
 * every signal there is, all of which are blocked: TERM and INT end it with status 0, CHLD makes it
 * reap where it is the first process of a PID namespace, and the others mean nothing. It has no
 * descriptors, no capabilities nor a way to get some, and no memory but the page with its few
 * resident records, its slots and its arguments. A seccomp filter forbids all that it does not
 * call.
 *
 * <p>Root's pause process is not dumpable, so that nobody but root of the host looks into it. An
 * ordinary user's has to be: it is through {@code /proc/PID} and a pidfd that containers are put
 * into its namespaces, for which that user has no other privilege. Where containers can see it,
 * since they share its PID namespace, it has a mount namespace of its own with nothing in it:
 * {@code /proc/1/root} would be the host's otherwise.
 */
public final class PauseCompiler {
  /** What the process is called. */
  public static final String NAME = "pause";

  /** What the pause processes of Kubernetes have: they are the last to be killed for memory. */
  private static final String OOM_SCORE_ADJ = "-998";

  private static final int PAGE = 4096;

  private final ProgramBuilder b;
  private final Request request;
  private final Privileges privileges;
  private final Slot report;
  private final Slot go;
  private final @Nullable Slot cgroup;
  private final Slot channel;
  private final Reporter reporter;
  private final @Nullable UserNamespace userNamespace;
  private final Label waiting;

  /**
   * What a pod asks for.
   *
   * @param hostname its host name
   * @param sysctls kernel parameters of its namespaces, checked
   * @param sharePid whether it has a PID namespace
   * @param idMappings the maps of its user namespace; empty for none
   * @param hostNetwork whether it has the host's network namespace
   * @param inCgroup whether the process is born in a cgroup whose descriptor it is given
   * @param laterCgroup the path of the cgroup's directory when it is made only after the
   *     intermediate exists; what is given is then a pipe, on which a byte says that it is there
   * @param embedded whether the runtime is in a JVM whose limits nobody meant for the pod
   */
  public record Request(
      String hostname,
      Map<String, String> sysctls,
      boolean sharePid,
      List<IdMapping> idMappings,
      boolean hostNetwork,
      boolean inCgroup,
      @Nullable String laterCgroup,
      boolean embedded) {
    /** Copies collections: a parameter may be settable only when another one is set. */
    public Request {
      sysctls = Collections.unmodifiableMap(new LinkedHashMap<>(sysctls));
      idMappings = List.copyOf(idMappings);
    }
  }

  /**
   * The compiled image.
   *
   * @param program intermediate and pause process
   * @param resident how many of its first records are needed while the process waits
   * @param report takes the descriptor that messages are written to
   * @param go takes the descriptor that says when the pod exists on disk
   * @param cgroup takes the descriptor of the process's cgroup, null when it has none
   * @param begin the first record of the intermediate; those of the waiting process are before it
   * @param pause the first record of the pause process
   * @param failed the first record that reports a failure
   */
  public record Image(
      Program program,
      int resident,
      Slot report,
      Slot go,
      @Nullable Slot cgroup,
      int begin,
      int pause,
      int failed) {}

  private PauseCompiler(Arch arch, Request request, Privileges privileges) {
    this.b = new ProgramBuilder(arch);
    this.request = request;
    this.privileges = privileges;
    report = b.slot("report");
    go = b.slot("go");
    cgroup = request.inCgroup() ? b.slot("cgroup") : null;
    channel = b.slot("channel");
    reporter = new Reporter(b, channel);
    userNamespace =
        request.idMappings().isEmpty()
            ? null
            : UserNamespace.of(b, request.idMappings(), privileges);
    waiting = b.loopAhead("waiting");
  }

  /**
   * Compiles.
   *
   * @param arch the architecture
   * @param request what the pod asks for
   * @param privileges who asks
   * @return the image's program
   */
  public static Image compile(Arch arch, Request request, Privileges privileges) {
    return new PauseCompiler(arch, request, privileges).compile();
  }

  private Image compile() {
    Label begin = b.label("begin");
    Label pause = b.label("pause");
    Label failed = b.label("failed");
    b.jump(begin);
    waitForSignals();
    int resident = b.size();
    b.bind(begin);
    b.step("prepare the intermediate process", "");
    b.set(channel, report);
    b.onFailure(failed);
    intermediate(pause);
    b.bind(pause);
    pause();
    b.bind(failed);
    reporter.failure();
    return new Image(
        b.build(), resident, report, go, cgroup, begin.record(), pause.record(), failed.record());
  }

  private void intermediate(Label pause) {
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_NAME), b.string(NAME));
    InitCompiler.defaultSignals(b);
    if (request.embedded()) {
      Inherited.reset(b);
    }
    String later = request.laterCgroup();
    if (cgroup != null && later != null) {
      InitCompiler.awaitCgroup(b, cgroup, later);
    }
    oomScoreAdj();
    if (userNamespace != null) {
      userNamespace.prepare();
    }
    if (userNamespace == null || !userNamespace.staysDumpable()) {
      b.sys(Syscall.PRCTL, imm(Constants.PR_SET_DUMPABLE), imm(0));
    }
    b.step("create the pod's pause process", "");
    long flags = Constants.CLONE_PARENT;
    if (request.sharePid()) {
      flags |= Constants.CLONE_NEWPID | Constants.CLONE_NEWNS;
    }
    Data clone = b.variable("clone_args", Structs.SIZEOF_CLONE_ARGS);
    if (cgroup != null) {
      flags |= Constants.CLONE_INTO_CGROUP;
      b.store(8, clone.address(), imm(Structs.CLONE_ARGS_CGROUP), cgroup);
    }
    if (userNamespace != null) {
      flags |= Constants.CLONE_NEWUSER | userNamespace.clone(clone);
    }
    clone.u64(Structs.CLONE_ARGS_FLAGS, flags);
    Slot pid = b.slot("pid");
    Instruction call =
        b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(pid);
    b.branch(Condition.EQ, pid, imm(0), pause);
    if (userNamespace != null) {
      userNamespace.explain(call, pid);
    }
    reporter.send(Message.PID, pid);
    if (userNamespace != null) {
      userNamespace.serve(pid);
    }
    b.sys(Syscall.EXIT_GROUP, imm(0));
  }

  /** As far as it is allowed: less than one has takes CAP_SYS_RESOURCE of the host. */
  private void oomScoreAdj() {
    b.step("oom_score_adj " + OOM_SCORE_ADJ, "");
    Slot file = b.fd("oom", "/proc/self/oom_score_adj");
    Label none = b.label("as it is");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string("/proc/self/oom_score_adj"),
            imm(Constants.O_WRONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(file)
        .tolerateAny(none);
    b.sys(Syscall.WRITE, file, b.string(OOM_SCORE_ADJ), imm(OOM_SCORE_ADJ.length())).tolerateAny();
    Idioms.close(b, file);
    b.bind(none);
  }

  private void pause() {
    b.step("prepare the pod's pause process", "");
    b.sys(Syscall.SETSID);
    if (cgroup != null) {
      Idioms.close(b, cgroup);
    }
    Slot procfs = null;
    if (userNamespace != null) {
      userNamespace.receive();
    }
    if (userNamespace != null || !request.sysctls().isEmpty()) {
      procfs = InitCompiler.procfs(b, userNamespace != null || privileges.inUserNamespace());
    }
    if (userNamespace != null && procfs != null) {
      userNamespace.becomeRoot(procfs);
    }
    namespaces();
    if (!request.hostNetwork()) {
      InitCompiler.loopback(b, "");
    }
    InitCompiler.name(b, Syscall.SETHOSTNAME, "hostname", request.hostname(), "");
    if (procfs != null) {
      new SysctlCompiler(b).compile(request.sysctls(), "", procfs);
      Idioms.close(b, procfs);
    }
    if (request.sharePid()) {
      leaveRoot();
    } else {
      b.step("leave the working directory", "");
      b.sys(Syscall.CHDIR, b.string("/"));
    }
    dropPrivileges();
    b.step("let go of standard input and output", "");
    // What is on the other end may wait for the end of it.
    b.sys(Syscall.CLOSE_RANGE, imm(0), imm(2), imm(0));
    forbidCalls();
    b.step("wait for the runtime", "");
    reporter.send(Message.READY, imm(0));
    InitCompiler.awaitGo(b, go);
    b.sys(Syscall.CLOSE_RANGE, imm(0), imm(0xffff_ffffL), imm(0));
    b.jump(waiting);
  }

  /**
   * Makes what the pod shares. Not in the clone: a network namespace takes the kernel most of a
   * millisecond, in which the intermediate would hold up the runtime where both have one processor,
   * while the new process is placed on another one. And the root of mqueue belongs to whom its
   * namespace was made by.
   */
  private void namespaces() {
    long flags = Constants.CLONE_NEWUTS | Constants.CLONE_NEWIPC;
    if (!request.hostNetwork()) {
      flags |= Constants.CLONE_NEWNET;
    }
    b.step("create the pod's namespaces", "");
    b.sys(Syscall.UNSHARE, imm(flags));
    b.step("prepare the pod's pause process", "");
  }

  /** Makes an empty file system the root, and detaches all that was mounted before. */
  private void leaveRoot() {
    b.step("leave the host's root file system", "");
    Slot host = b.fd("host's root", "/");
    Slot empty = b.fd("empty root", "tmpfs");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string("/"),
            imm(Constants.O_PATH | b.arch().O_DIRECTORY() | Constants.O_CLOEXEC),
            imm(0))
        .into(host);
    Data attributes =
        b.constant("mount_attr", Structs.SIZEOF_MOUNT_ATTR)
            .u64(Structs.MOUNT_ATTR_PROPAGATION, Constants.MS_PRIVATE);
    b.sys(
        Syscall.MOUNT_SETATTR,
        host,
        b.string(""),
        imm(Constants.AT_EMPTY_PATH | Constants.AT_RECURSIVE),
        attributes.address(),
        imm(Structs.SIZEOF_MOUNT_ATTR));
    Tmpfs.make(
        b,
        b.fd("context", "tmpfs"),
        List.of("source", NAME, "nr_blocks", "1", "nr_inodes", "1", "mode", "0555"),
        Constants.MOUNT_ATTR_RDONLY
            | Constants.MOUNT_ATTR_NOSUID
            | Constants.MOUNT_ATTR_NODEV
            | Constants.MOUNT_ATTR_NOEXEC,
        empty,
        null);
    Tmpfs.attach(b, empty, host, "");
    b.sys(Syscall.FCHDIR, empty);
    // The old root comes to lie on the new one, so no directory is needed for it.
    b.sys(Syscall.PIVOT_ROOT, b.string("."), b.string("."));
    b.sys(Syscall.FCHDIR, host);
    b.sys(Syscall.UMOUNT2, b.string("."), imm(Constants.MNT_DETACH));
    b.sys(Syscall.CHDIR, b.string("/"));
    Idioms.close(b, empty);
    Idioms.close(b, host);
  }

  private void dropPrivileges() {
    b.step("no_new_privs", "");
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_NO_NEW_PRIVS), imm(1), imm(0), imm(0), imm(0));
    b.step("user 0 is no root any more", "");
    // Takes CAP_SETPCAP, which a caller may lack; what comes before and the filter need nothing.
    b.sys(
            Syscall.PRCTL,
            imm(Constants.PR_SET_SECUREBITS),
            imm(Constants.SECBIT_NOROOT | Constants.SECBIT_NOROOT_LOCKED),
            imm(0),
            imm(0),
            imm(0))
        .tolerate(Errno.EPERM);
    b.step("drop all capabilities", "");
    Data header =
        b.variable("cap_user_header", Structs.SIZEOF_USER_CAP_HEADER_STRUCT)
            .u32(Structs.USER_CAP_HEADER_STRUCT_VERSION, Constants._LINUX_CAPABILITY_VERSION_3);
    Data none =
        b.buffer(
            "cap_user_data",
            Structs.SIZEOF_USER_CAP_DATA_STRUCT * Constants._LINUX_CAPABILITY_U32S_3);
    b.sys(Syscall.CAPSET, header.address(), none.address());
    // A change of credentials makes a process as dumpable as fs.suid_dumpable says.
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_DUMPABLE), imm(privileges.isRoot() ? 0 : 1));
  }

  /**
   * Forbids all that is not called from here on. Who traces the process makes it call what he
   * likes: a container that shares its PID namespace may, with CAP_SYS_PTRACE, or as the same user
   * where the process is dumpable. A failure from here on is not reported: nobody would read it.
   */
  private void forbidCalls() {
    List<Syscall> left =
        new ArrayList<>(
            List.of(
                Syscall.WRITE,
                Syscall.READ,
                Syscall.CLOSE_RANGE,
                Syscall.MADVISE,
                Syscall.RT_SIGTIMEDWAIT,
                Syscall.EXIT_GROUP));
    if (request.sharePid()) {
      left.add(Syscall.WAIT4);
    }
    CallFilter.load(b, left);
  }

  /**
   * The first records of the program, which stay in memory when all that brought the process here
   * is given back. The page with the arguments stays too, which lists of processes show.
   */
  private void waitForSignals() {
    b.step("hold the pod's namespaces", "");
    Slot signal = b.slot("signal");
    // In variable memory: what is constant has been given back.
    Data all = b.variable("all signals", Structs.SIZEOF_SIGSET).u64(0, -1L);
    Label end = b.label("end");
    b.bind(waiting);
    b.sys(Syscall.MADVISE, Slot.IMAGE_REST, Slot.IMAGE_REST_SIZE, imm(Constants.MADV_DONTNEED))
        .tolerateAny();
    // Between the stack pointer and the text of the first argument are pointers to what was read.
    Slot from = b.slot("from");
    Slot length = b.slot("length");
    b.load(8, length, Slot.STACK, imm(8));
    b.alu(Function.AND, length, length, imm(-PAGE));
    b.alu(Function.AND, from, Slot.STACK, imm(-PAGE));
    b.alu(Function.SUB, length, length, from);
    b.sys(Syscall.MADVISE, from, length, imm(Constants.MADV_DONTNEED)).tolerateAny();
    Label wait = b.loop("wait");
    b.sys(Syscall.RT_SIGTIMEDWAIT, all.address(), imm(0), imm(0), imm(Structs.SIZEOF_SIGSET))
        .into(signal)
        .tolerate(Errno.EINTR, wait);
    b.branch(Condition.EQ, signal, imm(Constants.SIGTERM), end);
    b.branch(Condition.EQ, signal, imm(Constants.SIGINT), end);
    if (request.sharePid()) {
      // One CHLD may stand for many children.
      Slot orphan = b.slot("orphan");
      Label next = b.loop("next orphan");
      b.sys(Syscall.WAIT4, imm(-1), imm(0), imm(Constants.WNOHANG | Constants.__WALL), imm(0))
          .into(orphan)
          .tolerate(Errno.ECHILD, wait);
      b.branch(Condition.NE, orphan, imm(0), next);
    }
    b.jump(wait);
    b.bind(end);
    b.sys(Syscall.EXIT_GROUP, imm(0));
  }
}
