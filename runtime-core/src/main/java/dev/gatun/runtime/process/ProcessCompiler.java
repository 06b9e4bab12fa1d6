package dev.gatun.runtime.process;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.ExecCpuAffinity;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Process;
import dev.gatun.oci.Rlimit;
import dev.gatun.oci.User;
import dev.gatun.runtime.ConfigException;
import dev.gatun.runtime.seccomp.SeccompCompiler;
import dev.gatun.runtime.userns.UserNamespace;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Compiles the {@code process} object of a configuration, runtime-spec <em>Process</em>.
 *
 * <p>Its methods add records in the order in which they are called: {@link #early}, then {@link
 * #credentials}, and {@link #execve} at the very end. The constructor refuses what cannot be done.
 * The working directory has to be there: the root file system's part makes it for a new container.
 */
public final class ProcessCompiler {
  private static final long NO_ID = 0xffff_ffffL;
  private static final int DEFAULT_UMASK = 022;

  /** First and number of the majors of pseudoterminals, Documentation/admin-guide/devices.txt. */
  private static final int UNIX98_PTY_SLAVE_MAJOR = 136;

  private static final int UNIX98_PTY_MAJOR_COUNT = 8;

  /**
   * A session keyring's permissions: the possessor everything, its user to view, read, search and
   * link, linux/key.h.
   */
  private static final int KEYRING_PERMISSIONS = 0x3f1b_0000;

  private final ProgramBuilder b;
  private final Process process;
  private final String place;
  private final int preservedFds;
  private final Environment environment;
  private final CapabilitySets capabilities;
  private final List<String> warnings = new ArrayList<>(0);
  private final Slot ungranted;
  private final Slot t;
  private @Nullable Linux linux;
  private @Nullable Data scratch;
  private @Nullable SeccompCompiler seccomp;
  private boolean enters;
  private boolean limited;
  private @Nullable Arg executable;
  private @Nullable Addr home;
  private @Nullable Addr envp;

  /**
   * Begins.
   *
   * @param b the program
   * @param process the object
   * @param place its JSON pointer, {@code /process}
   * @param preservedFds how many descriptors from 3 on the process keeps, LISTEN_FDS among them
   * @param listenFds the value of LISTEN_FDS that it is told, 0 for none
   * @throws ConfigException when the object asks for what cannot be done
   */
  public ProcessCompiler(
      ProgramBuilder b, Process process, String place, int preservedFds, int listenFds) {
    this.b = b;
    this.process = process;
    this.place = place;
    this.preservedFds = preservedFds;
    checkArgs();
    checkIds();
    checkRlimits();
    environment = new Environment(process.env(), place + "/env");
    if (listenFds > 0) {
      environment.put("LISTEN_FDS=" + listenFds);
      environment.put("LISTEN_PID=1");
    }
    capabilities = new CapabilitySets(b, process.capabilities(), place + "/capabilities", warnings);
    ungranted = b.slot("ungranted");
    t = b.slot("t");
  }

  /**
   * Adds what the {@code linux} object says of the process: personality and memory policy.
   *
   * @param linux the object
   * @return this compiler
   */
  public ProcessCompiler linux(Linux linux) {
    this.linux = linux;
    return this;
  }

  /**
   * Loads a filter of system calls where its time has come.
   *
   * @param filter the filter, null for none
   * @return this compiler
   */
  public ProcessCompiler seccomp(@Nullable SeccompCompiler filter) {
    seccomp = filter;
    return this;
  }

  /**
   * Says that the process enters a running container, so that its {@code execCPUAffinity} counts.
   *
   * @return this compiler
   */
  public ProcessCompiler entersContainer() {
    enters = true;
    return this;
  }

  /**
   * Says that the process is in another user namespace than the initial one, which may have lost
   * {@code setgroups(2)}.
   *
   * @return this compiler
   */
  public ProcessCompiler inUserNamespace() {
    limited = true;
    return this;
  }

  /** What cannot be granted or does not apply, each one sentence with its place. */
  public List<String> warnings() {
    List<String> all = new ArrayList<>(warnings);
    if (process.execCPUAffinity() != null && !enters) {
      all.add(
          "execCPUAffinity does not apply to a container's first process [config.json "
              + place
              + "/execCPUAffinity]");
    }
    return all;
  }

  /**
   * Holds, after {@link #credentials} ran, a bit for each configured permitted capability that the
   * process could not be given; {@link #capabilityNames} has their names.
   */
  public Slot ungranted() {
    return ungranted;
  }

  /**
   * The names of capabilities.
   *
   * @param mask a bit for each
   * @return the names with commas between them
   */
  public static String capabilityNames(long mask) {
    return CapabilitySets.names(mask);
  }

  private void checkArgs() {
    List<String> args = process.args();
    if (args.isEmpty()) {
      throw new ConfigException(place + "/args", "args must not be empty");
    }
    for (int i = 0; i < args.size(); i++) {
      if (args.get(i).indexOf('\0') >= 0) {
        throw new ConfigException(place + "/args/" + i, "a NUL character in an argument");
      }
    }
    String cwd = process.cwd();
    if (!cwd.startsWith("/") || cwd.indexOf('\0') >= 0) {
      throw new ConfigException(place + "/cwd", "not an absolute path: " + Environment.quote(cwd));
    }
  }

  /** The number −1 means "leave it as it is" to the kernel, never a user. */
  private void checkIds() {
    User user = process.user();
    checkId(user.uid(), "uid");
    checkId(user.gid(), "gid");
    for (int i = 0; i < user.additionalGids().size(); i++) {
      checkId(user.additionalGids().get(i), "additionalGids/" + i);
    }
  }

  private void checkId(long id, String field) {
    if (id < 0 || id >= NO_ID) {
      throw new ConfigException(place + "/user/" + field, "not a user or group: " + id);
    }
  }

  private void checkRlimits() {
    int seen = 0;
    for (int i = 0; i < process.rlimits().size(); i++) {
      Rlimit rlimit = process.rlimits().get(i);
      int bit = 1 << rlimit.type().number();
      if ((seen & bit) != 0) {
        throw new ConfigException(place + "/rlimits/" + i, rlimit.type() + " is there twice");
      }
      seen |= bit;
      if (Long.compareUnsigned(rlimit.soft(), rlimit.hard()) > 0) {
        throw new ConfigException(
            place + "/rlimits/" + i, "soft " + rlimit.type() + " is above hard " + rlimit.type());
      }
    }
  }

  /**
   * Adds what needs the host's privileges: oom_score_adj, hard limits above those of the caller,
   * and a check of the preserved descriptors.
   *
   * @param procfs a procfs that nobody else can reach, in which {@code self} is this process
   */
  public void early(Slot procfs) {
    if (preservedFds > 0) {
      checkPreserved();
    }
    Integer score = process.oomScoreAdj();
    if (score != null) {
      oomScoreAdj(procfs, score);
    }
    List<Rlimit> rlimits = process.rlimits();
    for (int i = 0; i < rlimits.size(); i++) {
      raise(rlimits.get(i), place + "/rlimits/" + i);
    }
    ExecCpuAffinity affinity = process.execCPUAffinity();
    if (enters && affinity != null && affinity.initial() != null) {
      Scheduling.affinity(b, affinity.initial(), place + "/execCPUAffinity/initial");
    }
  }

  /** What was preserved came through an execve; what is close-on-exec is the runtime's own. */
  private void checkPreserved() {
    b.step("check " + preservedFds + " preserved descriptors from 3 on", "");
    Slot fd = b.slot("preserved");
    Label closed = b.label("not preserved");
    b.set(fd, imm(3));
    Label next = b.loop("next descriptor");
    b.sys(Syscall.FCNTL, fd, imm(Constants.F_GETFD)).into(t);
    b.branch(Condition.TEST, t, imm(Constants.FD_CLOEXEC), closed);
    b.alu(Function.ADD, fd, fd, imm(1));
    b.branch(Condition.LTU, fd, imm(3L + preservedFds), next);
    b.outOfLine(() -> {
      b.bind(closed);
      b.fail(Errno.EBADF);
    });
  }

  private void oomScoreAdj(Slot procfs, int score) {
    b.step("oom_score_adj " + score, place + "/oomScoreAdj");
    Slot fd = b.fd("oom", "/proc/self/oom_score_adj");
    Idioms.openat2(
        b,
        procfs,
        b.string("self/oom_score_adj"),
        Constants.O_WRONLY,
        0,
        Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_XDEV | Constants.RESOLVE_NO_MAGICLINKS,
        fd);
    byte[] text = Integer.toString(score).getBytes(StandardCharsets.US_ASCII);
    b.sys(
        Syscall.WRITE,
        fd,
        b.constant("oom_score_adj", text.length).put(0, text).address(),
        imm(text.length));
    Idioms.close(b, fd);
  }

  /** Only a hard limit that goes up needs a privilege; the rest waits until nothing can fail. */
  private void raise(Rlimit rlimit, String where) {
    b.step("raise " + rlimit.type(), where);
    Data limit = b.buffer("rlimit", Structs.SIZEOF_RLIMIT64);
    Label low = b.label("low");
    Label high = b.label("high enough");
    Arg resource = imm(rlimit.type().number());
    b.sys(Syscall.PRLIMIT64, imm(0), resource, imm(0), limit.address());
    b.load(8, t, limit.address(), imm(Structs.RLIMIT64_RLIM_MAX));
    b.branch(Condition.LTU, t, imm(rlimit.hard()), low);
    b.bind(high);
    b.outOfLine(() -> {
      b.bind(low);
      b.store(8, limit.address(), imm(Structs.RLIMIT64_RLIM_MAX), imm(rlimit.hard()));
      b.sys(Syscall.PRLIMIT64, imm(0), resource, limit.address(), imm(0));
      b.jump(high);
    });
  }

  /**
   * Adds everything from the session keyring to the search for the executable; after the pivot,
   * with {@code /} as the working directory, and with all privileges that are to be lost.
   *
   * <p>A change of credentials may make the process dumpable; the caller sets that anew.
   *
   * @param procfs as for {@link #early}
   * @param newKeyring whether the process gets a session keyring of its own
   * @param containerId the id that the keyring is named by
   */
  public void credentials(Slot procfs, boolean newKeyring, String containerId) {
    Objects.requireNonNull(procfs, "procfs");
    Data scratch = b.buffer("scratch", Constants.PATH_MAX);
    this.scratch = scratch;
    User user = process.user();
    SecurityLabels labels = new SecurityLabels(b, procfs);
    if (newKeyring) {
      sessionKeyring(containerId, labels);
    }
    Long umask = user.umask();
    b.step("umask", umask == null ? "" : place + "/user/umask");
    b.sys(Syscall.UMASK, imm(umask == null ? DEFAULT_UMASK : umask));
    if (process.noNewPrivileges()) {
      b.step("no_new_privs", place + "/noNewPrivileges");
      b.sys(Syscall.PRCTL, imm(Constants.PR_SET_NO_NEW_PRIVS), imm(1), imm(0), imm(0), imm(0));
    }
    scheduling();
    String profile = process.apparmorProfile();
    if (profile != null) {
      labels.apparmor(profile, place + "/apparmorProfile");
    }
    String selinux = process.selinuxLabel();
    if (selinux != null) {
      labels.selinux(selinux, place + "/selinuxLabel");
    }
    // An empty HOME is no HOME to runc.
    String configured = environment.get("HOME");
    if (configured == null || configured.isEmpty()) {
      b.step("home directory of user " + user.uid() + " in /etc/passwd", place + "/user/uid");
      home = HomeLookup.compile(b, imm(Constants.AT_FDCWD), user.uid(), scratch);
    }
    Slot entered = b.slot("chdir");
    changeDirectory(entered);
    if (seccomp != null) {
      seccomp.beforeCapabilitiesGo();
    }
    capabilities.dropBounding();
    b.step("keep capabilities while the user changes", place + "/user");
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_KEEPCAPS), imm(1), imm(0), imm(0), imm(0));
    giveStdio(user.uid());
    changeUser(user, procfs);
    changeDirectoryAgain(entered);
    b.step("let go of kept capabilities", place + "/capabilities");
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_KEEPCAPS), imm(0), imm(0), imm(0), imm(0));
    capabilities.write(ungranted);
    List<Rlimit> rlimits = process.rlimits();
    for (int i = 0; i < rlimits.size(); i++) {
      limit(rlimits.get(i), place + "/rlimits/" + i);
    }
    executable =
        Executable.resolve(
            b, process.args().getFirst(), environment.get("PATH"), place + "/args/0");
  }

  private void sessionKeyring(String containerId, SecurityLabels labels) {
    String selinux = process.selinuxLabel();
    if (selinux != null) {
      labels.keys(selinux, place + "/selinuxLabel");
    }
    b.step("session keyring", "");
    Slot keyring = b.slot("keyring");
    Label none = b.label("no keyrings");
    b.sys(
            Syscall.KEYCTL,
            imm(Constants.KEYCTL_JOIN_SESSION_KEYRING),
            b.string("_ses." + containerId))
        .into(keyring)
        .tolerate(Errno.ENOSYS, none);
    b.sys(Syscall.KEYCTL, imm(Constants.KEYCTL_SETPERM), keyring, imm(KEYRING_PERMISSIONS));
    b.bind(none);
    if (selinux != null) {
      labels.noKeys();
    }
  }

  private void scheduling() {
    if (process.scheduler() != null) {
      Scheduling.scheduler(b, process.scheduler(), place + "/scheduler");
    }
    if (process.ioPriority() != null) {
      Scheduling.ioPriority(b, process.ioPriority(), place + "/ioPriority");
    }
    if (linux != null && linux.personality() != null) {
      Scheduling.personality(b, linux.personality(), "/linux/personality");
    }
    if (linux != null && linux.memoryPolicy() != null) {
      Scheduling.memoryPolicy(b, linux.memoryPolicy(), "/linux/memoryPolicy");
    }
    ExecCpuAffinity affinity = process.execCPUAffinity();
    if (enters && affinity != null && affinity.finalCpus() != null) {
      Scheduling.affinity(b, affinity.finalCpus(), place + "/execCPUAffinity/final");
    }
  }

  /**
   * The runtime may be able to enter where the container's user is not, and the other way round.
   */
  private void changeDirectory(Slot entered) {
    b.step("change to working directory " + Environment.quote(process.cwd()), place + "/cwd");
    Label refused = b.label("refused");
    Label after = b.label("after chdir");
    Instruction call =
        b.sys(Syscall.CHDIR, b.string(process.cwd())).into(entered).tolerateAny(refused);
    b.bind(after);
    b.outOfLine(() -> {
      b.bind(refused);
      b.branch(Condition.EQ, entered, imm(-Errno.EACCES), after);
      b.branch(Condition.EQ, entered, imm(-Errno.EPERM), after);
      b.fail(call, entered);
    });
  }

  private void changeDirectoryAgain(Slot entered) {
    b.step("change to working directory " + Environment.quote(process.cwd()), place + "/cwd");
    Label there = b.label("there");
    b.branch(Condition.EQ, entered, imm(0), there);
    b.sys(Syscall.CHDIR, b.string(process.cwd()));
    b.bind(there);
    // CVE-2024-21626: a directory outside the root has a name that begins with "(unreachable)".
    Addr name = Objects.requireNonNull(scratch).address();
    Label inside = b.label("inside");
    b.sys(Syscall.GETCWD, name, imm(Constants.PATH_MAX));
    b.load(1, t, name, imm(0));
    b.branch(Condition.EQ, t, imm('/'), inside);
    b.step(
        "working directory " + Environment.quote(process.cwd()) + " is outside of the container",
        place + "/cwd");
    b.fail(Errno.EXDEV);
    b.bind(inside);
  }

  /**
   * Files, pipes, sockets and pseudoterminals that are the process's standard streams become its
   * user's, so that it can open {@code /dev/stdout}. Other devices are shared with the host. Root
   * does not need a terminal to be its own.
   */
  private void giveStdio(long uid) {
    b.step("give stdio to user " + uid, place + "/user/uid");
    Addr stat = Objects.requireNonNull(scratch).address();
    Slot fd = b.slot("stdio");
    Label give = b.label("give");
    Label keep = b.label("keep");
    Label given = b.label("given");
    b.set(fd, imm(0));
    Label next = b.loop("next stream");
    b.sys(
            Syscall.STATX,
            fd,
            b.string(""),
            imm(Constants.AT_EMPTY_PATH),
            imm(Constants.STATX_TYPE | Constants.STATX_UID),
            stat)
        .tolerate(Errno.EBADF, keep);
    b.load(4, t, stat, imm(Structs.STATX_STX_UID));
    b.branch(Condition.EQ, t, imm(uid), keep);
    b.load(2, t, stat, imm(Structs.STATX_STX_MODE));
    b.alu(Function.AND, t, t, imm(Constants.S_IFMT));
    b.branch(Condition.EQ, t, imm(Constants.S_IFIFO), give);
    b.branch(Condition.EQ, t, imm(Constants.S_IFREG), give);
    b.branch(Condition.EQ, t, imm(Constants.S_IFSOCK), give);
    if (uid != 0) {
      b.branch(Condition.NE, t, imm(Constants.S_IFCHR), keep);
      b.load(4, t, stat, imm(Structs.STATX_STX_RDEV_MAJOR));
      b.alu(Function.SUB, t, t, imm(UNIX98_PTY_SLAVE_MAJOR));
      b.branch(Condition.LTU, t, imm(UNIX98_PTY_MAJOR_COUNT), give);
    }
    b.jump(keep);
    b.bind(give);
    Instruction call = b.sys(Syscall.FCHOWN, fd, imm(uid), imm(-1)).into(t).tolerateAny(given);
    b.outOfLine(() -> {
      // Not mapped in the user namespace, or on a read-only file system: it stays as it is.
      b.bind(given);
      b.branch(Condition.EQ, t, imm(-Errno.EPERM), keep);
      b.branch(Condition.EQ, t, imm(-Errno.EINVAL), keep);
      b.branch(Condition.EQ, t, imm(-Errno.EROFS), keep);
      b.fail(call, t);
    });
    b.bind(keep);
    b.alu(Function.ADD, fd, fd, imm(1));
    b.branch(Condition.LTU, fd, imm(3), next);
  }

  private void changeUser(User user, Slot procfs) {
    List<Long> gids = user.additionalGids();
    b.step("additional groups", place + "/user/additionalGids");
    if (gids.isEmpty() && limited) {
      UserNamespace.leaveGroups(b, enters ? null : procfs);
    } else if (gids.isEmpty()) {
      b.sys(Syscall.SETGROUPS, imm(0), imm(0));
    } else {
      Data groups = b.constant("groups", 4 * gids.size());
      for (int i = 0; i < gids.size(); i++) {
        groups.u32(4 * i, gids.get(i).intValue());
      }
      b.sys(Syscall.SETGROUPS, imm(gids.size()), groups.address());
    }
    b.step("group " + user.gid(), place + "/user/gid");
    Arg gid = imm(user.gid());
    b.sys(Syscall.SETRESGID, gid, gid, gid);
    b.step("user " + user.uid(), place + "/user/uid");
    Arg uid = imm(user.uid());
    b.sys(Syscall.SETRESUID, uid, uid, uid);
  }

  private void limit(Rlimit rlimit, String where) {
    b.step(rlimit.type().name(), where);
    Data limit =
        b.constant("rlimit", Structs.SIZEOF_RLIMIT64)
            .u64(Structs.RLIMIT64_RLIM_CUR, rlimit.soft())
            .u64(Structs.RLIMIT64_RLIM_MAX, rlimit.hard());
    b.sys(Syscall.PRLIMIT64, imm(0), imm(rlimit.type().number()), limit.address(), imm(0));
  }

  /**
   * The environment of the process, once {@link #credentials} has found its home directory.
   *
   * @return a NULL-terminated array
   */
  public Addr environment() {
    Addr known = envp;
    if (known == null) {
      known = b.pointers("envp", environmentEntries()).address();
      envp = known;
    }
    return known;
  }

  private List<Addr> environmentEntries() {
    List<String> env = environment.entries();
    List<Addr> envp = new ArrayList<>(env.size() + 1);
    for (int i = 0; i < env.size(); i++) {
      envp.add(b.string(env.get(i)));
    }
    if (home != null) {
      int at = environment.indexOf("HOME");
      if (at >= 0) {
        envp.set(at, home);
      } else {
        envp.add(home);
      }
    }
    return envp;
  }

  /** Adds the {@code execve(2)} of what {@link #credentials} found; it does not come back. */
  public void execve() {
    Arg path = executable;
    if (path == null) {
      throw new IllegalStateException("execve before credentials");
    }
    List<String> args = process.args();
    if (seccomp != null) {
      seccomp.beforeExecve();
    }
    b.step(Executable.step(args.getFirst()), place + "/args/0");
    List<Addr> argv = new ArrayList<>(args.size());
    for (int i = 0; i < args.size(); i++) {
      argv.add(b.string(args.get(i)));
    }
    b.sys(Syscall.EXECVE, path, b.pointers("argv", argv).address(), environment());
  }
}
