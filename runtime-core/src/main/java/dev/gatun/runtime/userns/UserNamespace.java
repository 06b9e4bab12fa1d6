package dev.gatun.runtime.userns;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.IdMapping;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Namespace;
import dev.gatun.oci.NamespaceType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A container's user namespace, new or joined: the records of the intermediate and of init that
 * make it theirs.
 *
 * <p>Who is not root has no privileges to hand over: init opens everything itself then, as the same
 * user on the host as before.
 */
public final class UserNamespace {
  private final ProgramBuilder b;
  private final Linux linux;
  private final Privileges privileges;

  /** The JSON pointer that asks for it, or empty when there is no configuration. */
  private final String place;

  /** What is handed over; null when nothing is. */
  private final @Nullable Opener opener;

  /** The namespace that is joined, null when a new one is made. */
  private final @Nullable Slot joined;

  private final HandOver channel;
  private HandOver.@Nullable Parcel parcel;
  private final Slot pidfd;
  private final Data pidfdAt;
  private final Slot child;

  /** What is opened with the host's privileges, in the container's mount namespace. */
  public interface Opener {
    /** How many descriptors there will be. */
    int count();

    /**
     * Adds records that open them.
     *
     * @param userNamespace a descriptor of the container's user namespace
     * @param put takes each one
     */
    void open(Slot userNamespace, Put put);

    /** Whether the container's user namespace is needed for it. */
    boolean needsUserNamespace();

    /** Takes a descriptor. */
    interface Put {
      /**
       * Takes a descriptor.
       *
       * @param number which of them it is
       * @param fd a slot with it
       */
      void put(int number, Slot fd);
    }
  }

  private UserNamespace(
      ProgramBuilder b,
      Linux linux,
      String place,
      Privileges privileges,
      @Nullable Opener opener,
      @Nullable Slot joined) {
    this.b = b;
    this.linux = linux;
    this.place = place;
    this.privileges = privileges;
    this.opener = opener;
    this.joined = joined;
    channel = new HandOver(b);
    pidfd = b.slot("pidfd");
    pidfdAt = b.buffer("pidfd", 8);
    child = b.slot("opener");
  }

  /**
   * The user namespace that a configuration asks for.
   *
   * @param b the image's program
   * @param linux the Linux section, checked by {@link IdMaps#check}
   * @param privileges who asks
   * @param opener what needs the host's privileges
   * @param joined the slot of the descriptor of a user namespace that is joined, or null
   * @return null when it asks for none
   */
  public static @Nullable UserNamespace of(
      ProgramBuilder b, Linux linux, Privileges privileges, Opener opener, @Nullable Slot joined) {
    Namespace user = linux.namespace(NamespaceType.USER);
    return user == null ? null : new UserNamespace(b, linux, "/linux", privileges, opener, joined);
  }

  /**
   * A new user namespace that no configuration asks for, with the same map of users and of groups.
   *
   * @param b the image's program
   * @param mappings the map, checked
   * @param privileges who asks
   * @return the user namespace
   */
  public static UserNamespace of(
      ProgramBuilder b, List<IdMapping> mappings, Privileges privileges) {
    return new UserNamespace(b, IdMaps.both(mappings), "", privileges, null, null);
  }

  /**
   * Whether the intermediate must not hide from the user who started it: an ordinary user writes
   * the map of a process only as long as it is theirs in {@code /proc}. Such an intermediate joins
   * nothing before.
   */
  public boolean staysDumpable() {
    return joined == null && !privileges.isRoot();
  }

  /** Whether init is handed descriptors. */
  public boolean handsOver() {
    return opener != null && privileges.isRoot();
  }

  /**
   * Adds what comes before namespaces are joined: the channel, and where a user namespace is joined
   * the process that keeps the host's privileges.
   */
  public void prepare() {
    if (joined == null) {
      channel.open();
      return;
    }
    if (!handsOver()) {
      return;
    }
    channel.open();
    b.step("keep the host's privileges for what is mounted", "");
    Data clone =
        b.constant("clone_args", Structs.SIZEOF_CLONE_ARGS)
            .u64(Structs.CLONE_ARGS_EXIT_SIGNAL, Constants.SIGCHLD);
    Label parent = b.label("parent of the opener");
    b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(child);
    b.branch(Condition.NE, child, imm(0), parent);
    channel.close(channel.far());
    HandOver.Parcel process = new HandOver.Parcel(b, 1);
    channel.receive(channel.near(), process);
    process.take(b, 0, pidfd);
    openAndSend(joined);
    b.sys(Syscall.EXIT_GROUP, imm(0));
    b.bind(parent);
    channel.close(channel.near());
  }

  /**
   * Adds the join of the user namespace, unless it is the caller's own, which cannot be joined.
   *
   * @param place the JSON pointer that asks for it
   */
  public void join(String place) {
    Slot namespace = joined;
    if (namespace == null) {
      return;
    }
    b.step("join user namespace", place);
    Slot own = b.fd("own user namespace", "/proc/self/ns/user");
    Slot ownNumber = b.slot("own number");
    Slot number = b.slot("number");
    Label same = b.label("own user namespace");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string("/proc/self/ns/user"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(own);
    number(own, ownNumber);
    Idioms.close(b, own);
    number(namespace, number);
    b.branch(Condition.EQ, number, ownNumber, same);
    b.sys(Syscall.SETNS, namespace, imm(Constants.CLONE_NEWUSER));
    b.bind(same);
    Idioms.close(b, namespace);
  }

  private void number(Slot fd, Slot into) {
    Data statx = b.buffer("statx", Structs.SIZEOF_STATX);
    b.sys(
        Syscall.STATX,
        fd,
        b.string(""),
        imm(Constants.AT_EMPTY_PATH),
        imm(Constants.STATX_INO),
        statx.address());
    b.load(8, into, statx.address(), imm(Structs.STATX_STX_INO));
  }

  /**
   * Adds to the arguments of init's clone.
   *
   * @param clone its {@code struct clone_args}
   * @return flags to be added
   */
  public long clone(Data clone) {
    clone.address(Structs.CLONE_ARGS_PIDFD, pidfdAt.address());
    return Constants.CLONE_PIDFD;
  }

  /**
   * Says in words why a clone into a new user namespace is refused.
   *
   * @param clone the record
   * @param pid its result
   */
  public void explain(Instruction clone, Slot pid) {
    if (joined != null) {
      return;
    }
    Label refused = b.label("clone refused");
    clone.tolerateAny(refused);
    String place = b.origin().place();
    b.outOfLine(() -> {
      b.bind(refused);
      Label full = b.label("limit");
      Label forbidden = b.label("forbidden");
      b.branch(Condition.EQ, pid, imm(-Errno.ENOSPC), full);
      b.branch(Condition.EQ, pid, imm(-Errno.EPERM), forbidden);
      b.fail(clone, pid);
      b.bind(full);
      b.step(
          "create the container's process: the limit of namespaces is reached or 0, see"
              + " /proc/sys/user/max_user_namespaces and its neighbours",
          place);
      b.fail(Errno.ENOSPC);
      b.bind(forbidden);
      b.step(
          "create the container's process: a user namespace is not permitted here, see"
              + " kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns and"
              + " seccomp filters; in a chroot it never is",
          place);
      b.fail(Errno.EPERM);
    });
  }

  /**
   * Adds what the intermediate does for init once that exists.
   *
   * @param pid init's pid
   */
  public void serve(Slot pid) {
    b.load(4, pidfd, pidfdAt.address(), imm(0));
    if (joined == null) {
      channel.close(channel.far());
      b.step("write the maps of the user namespace", place);
      MapWriter writer = new MapWriter(b, privileges.isRoot() ? null : privileges);
      Slot process = writer.openProcess(pid, pidfd);
      writer.write(process, pid, pidfd, linux.uidMappings(), linux.gidMappings(), place);
      if (!handsOver()) {
        Idioms.close(b, process);
        channel.send(channel.near(), new HandOver.Parcel(b, 0));
        return;
      }
      Slot namespace = b.fd("user namespace", "/proc/PID/ns/user");
      if (opener != null && opener.needsUserNamespace()) {
        openNamespace(b, process, namespace);
      }
      Idioms.close(b, process);
      openAndSend(namespace);
      return;
    }
    if (handsOver()) {
      b.step("hand init over to the process with the host's privileges", "");
      HandOver.Parcel process = new HandOver.Parcel(b, 1);
      process.put(b, 0, pidfd);
      channel.send(channel.far(), process);
      // Init has the far end too: what is wrong with the opener, it finds there.
      b.sys(Syscall.WAITID, imm(Constants.P_PID), child, imm(0), imm(Constants.WEXITED), imm(0));
    }
  }

  private static void openNamespace(ProgramBuilder b, Slot process, Slot into) {
    b.sys(
            Syscall.OPENAT,
            process,
            b.string("ns/user"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(into);
  }

  /** In the container's mount namespace the host's flags of mounts are locked, and stay so. */
  private void openAndSend(Slot namespace) {
    b.step("enter the container's mount namespace", "");
    b.sys(Syscall.SETNS, pidfd, imm(Constants.CLONE_NEWNS));
    HandOver.Parcel sending = new HandOver.Parcel(b, handed());
    if (opener != null) {
      opener.open(namespace, (number, fd) -> sending.put(b, number, fd));
    }
    b.step("hand over what is mounted", "");
    channel.send(channel.near(), sending);
  }

  private int handed() {
    return opener == null ? 0 : opener.count();
  }

  /** Adds how init waits for its maps and for what it is handed. */
  public void receive() {
    if (joined != null && !handsOver()) {
      return;
    }
    b.step("wait for the user namespace", place);
    if (joined == null) {
      channel.close(channel.near());
    }
    HandOver.Parcel received = new HandOver.Parcel(b, handsOver() ? handed() : 0);
    channel.receive(channel.far(), received);
    channel.close(channel.far());
    parcel = received;
  }

  /**
   * Adds a record that reads a descriptor that init was handed.
   *
   * @param number which
   * @param fd where it goes
   */
  public void take(int number, Slot fd) {
    HandOver.Parcel received = parcel;
    if (received == null) {
      throw new IllegalStateException("nothing was handed over");
    }
    received.take(b, number, fd);
  }

  /** Adds how init becomes root in its user namespace, before anything is executed. */
  public void becomeRoot(Slot procfs) {
    b.step("become root in the user namespace", place);
    b.sys(Syscall.SETRESGID, imm(0), imm(0), imm(0));
    leaveGroups(b, procfs);
    b.sys(Syscall.SETRESUID, imm(0), imm(0), imm(0));
  }

  /**
   * Adds a {@code setgroups(2)} to no groups, where the user namespace may have lost that call:
   * then the groups stay, since leaving one may give more rights than being in it.
   *
   * @param b the program
   * @param procfs a procfs, in which {@code self} is this process and which tells whether that is
   *     so; null where the call may be refused for no other reason
   */
  public static void leaveGroups(ProgramBuilder b, @Nullable Slot procfs) {
    if (procfs == null) {
      b.sys(Syscall.SETGROUPS, imm(0), imm(0)).tolerate(Errno.EPERM);
      return;
    }
    Label refused = b.label("setgroups refused");
    Label after = b.label("groups");
    Slot result = b.slot("groups");
    Instruction call =
        b.sys(Syscall.SETGROUPS, imm(0), imm(0)).into(result).tolerate(Errno.EPERM, refused);
    b.bind(after);
    b.outOfLine(() -> {
      b.bind(refused);
      Slot file = b.fd("setgroups", "/proc/self/setgroups");
      Data word = b.buffer("allow or deny", 8);
      Label allowed = b.label("allowed");
      Idioms.openat2(
          b,
          procfs,
          b.string("self/setgroups"),
          Constants.O_RDONLY,
          0,
          Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_XDEV | Constants.RESOLVE_NO_MAGICLINKS,
          file);
      b.sys(Syscall.READ, file, word.address(), imm(1));
      Idioms.close(b, file);
      Slot first = b.slot("first letter");
      b.load(1, first, word.address(), imm(0));
      b.branch(Condition.NE, first, imm('d'), allowed);
      b.jump(after);
      b.bind(allowed);
      b.fail(call, result);
    });
  }

  /**
   * Adds a short-lived process whose user namespace has other maps than the container's, and opens
   * that namespace: for a mount with id mappings of its own.
   *
   * @param b the program
   * @param uids its map of users
   * @param gids its map of groups
   * @param place the JSON pointer that asks for it
   * @return a slot with the namespace's descriptor
   */
  public static Slot make(
      ProgramBuilder b, List<IdMapping> uids, List<IdMapping> gids, String place) {
    b.step("make a user namespace for the ids of a mount", place);
    Slot namespace = b.fd("mapping", "/proc/PID/ns/user");
    Slot pid = b.slot("mapping's pid");
    Slot pidfd = b.slot("mapping's pidfd");
    Slot stay = b.slot("stay");
    Slot end = b.slot("end");
    Data ends = b.buffer("pipe", 8);
    Data pidfdAt = b.buffer("pidfd", 8);
    Data word = b.buffer("word", 8);
    Data clone =
        b.variable("clone_args", Structs.SIZEOF_CLONE_ARGS)
            .u64(Structs.CLONE_ARGS_FLAGS, Constants.CLONE_NEWUSER | Constants.CLONE_PIDFD)
            .u64(Structs.CLONE_ARGS_EXIT_SIGNAL, Constants.SIGCHLD)
            .address(Structs.CLONE_ARGS_PIDFD, pidfdAt.address());
    Label parent = b.label("parent of the mapping");
    b.sys(Syscall.PIPE2, ends.address(), imm(Constants.O_CLOEXEC));
    b.load(4, stay, ends.address(), imm(0));
    b.load(4, end, ends.address(), imm(4));
    b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(pid);
    b.branch(Condition.NE, pid, imm(0), parent);
    // It is there until the pipe's other end is closed, by the death of its parent at the latest.
    Idioms.close(b, end);
    b.sys(Syscall.READ, stay, word.address(), imm(1)).tolerateAny();
    b.sys(Syscall.EXIT_GROUP, imm(0));
    b.bind(parent);
    Idioms.close(b, stay);
    b.load(4, pidfd, pidfdAt.address(), imm(0));
    MapWriter writer = new MapWriter(b, null);
    Slot process = writer.openProcess(pid, pidfd);
    writer.write(process, pid, pidfd, uids, gids, place);
    openNamespace(b, process, namespace);
    Idioms.close(b, process);
    Idioms.close(b, end);
    b.sys(Syscall.WAITID, imm(Constants.P_PIDFD), pidfd, imm(0), imm(Constants.WEXITED), imm(0));
    Idioms.close(b, pidfd);
    return namespace;
  }
}
