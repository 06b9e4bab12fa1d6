package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.sandbox.SandboxState;
import dev.gatun.runtime.state.ProcessStat;
import dev.gatun.runtime.state.StateRoot;
import org.jspecify.annotations.Nullable;

/**
 * The runtime's part in putting a container into a pod: the pod is found and held on to while the
 * container is made, its pause process is verified, and the container is entered among the pod's.
 *
 * <p>The pod's directory is locked, shared, until init is ready, so that the pod cannot be deleted
 * meanwhile. An entry among its containers is made before the container's directory and removed
 * after it, both under a lock of their own: an entry is never missing, and one that is left over
 * means nothing.
 */
final class PodJoin {
  private static final int MAX_STAT = 1024;

  private final ProgramBuilder b;
  private final Descriptors descriptors;
  private final Pod pod;
  private final String container;
  private final Slot gone;
  private final Slot entered;
  private final Slot entries;
  private final Slot pidfd;

  /**
   * A pod that was read.
   *
   * @param id its id
   * @param directory its directory
   * @param state what its state says
   * @param files bits of those {@link PodSpec#FILES} that it has
   */
  record Pod(String id, String directory, SandboxState state, long files) {}

  // --- first exchange

  /** What a program reads of a pod. */
  record Reading(Slot exists, Slot files) {
    /**
     * The pod.
     *
     * @param result of the program
     * @param state the bytes of its state
     */
    Pod pod(Kernel.Result result, String root, String id, byte[] state) {
      if (result.slot(exists) == 0) {
        throw ContainerException.podDoesNotExist(id);
      }
      SandboxState read;
      try {
        read = SandboxState.of(state);
      } catch (RuntimeException e) {
        throw new ContainerException("state of pod \"" + id + "\": " + e.getMessage(), e);
      }
      if (read.pid() == 0) {
        throw new ContainerException("pod \"" + id + "\" is not running: it is being created");
      }
      return new Pod(id, directory(root, id), read, result.slot(files));
    }
  }

  /** Refuses what can be no pod's id. */
  static void checkId(String id) {
    ContainerId.check(id, "pod");
  }

  private static String directory(String root, String id) {
    return root + "/" + StateRoot.PODS + "/" + id;
  }

  /**
   * Adds records that read a pod.
   *
   * @param into where its state goes, behind what is there
   * @param total the number of bytes there, which grows
   */
  static Reading read(
      ProgramBuilder b, Descriptors descriptors, String root, String id, Data into, Slot total) {
    String directory = directory(root, id);
    b.step("read the state of pod \"" + id + "\"", "");
    Slot exists = b.slot("pod exists");
    Slot files = b.slot("pod's files");
    Label missing = b.label("no pod");
    b.set(exists, imm(0));
    b.set(files, imm(0));
    String path = directory + "/" + StateRoot.STATE;
    Slot state = descriptors.fd("pod's state", path);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(path),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(state)
        .tolerate(Errno.ENOENT, missing);
    Idioms.append(b, state, into, total);
    descriptors.close(state);
    b.set(exists, imm(1));
    for (int i = 0; i < PodSpec.FILES.length; i++) {
      Label absent = b.label("absent");
      b.sys(
              Syscall.FACCESSAT,
              imm(Constants.AT_FDCWD),
              b.string(directory + "/" + PodSpec.FILES[i]),
              imm(Constants.F_OK))
          .tolerate(Errno.ENOENT, absent);
      b.alu(Function.OR, files, files, imm(1L << i));
      b.bind(absent);
    }
    b.bind(missing);
    return new Reading(exists, files);
  }

  // --- second exchange

  /** Begins, before anything is opened. */
  PodJoin(ProgramBuilder b, Descriptors descriptors, Pod pod, String container) {
    this.b = b;
    this.descriptors = descriptors;
    this.pod = pod;
    this.container = container;
    gone = b.slot("pod is gone");
    entered = b.slot("entered");
    entries = descriptors.fd("pod's containers", pod.directory() + "/" + StateRoot.CONTAINERS);
    pidfd = descriptors.fd("pod", "pause process of pod " + pod.id());
    b.set(gone, imm(0));
    b.set(entered, imm(0));
  }

  /** A pidfd of the pause process. */
  Slot pidfd() {
    return pidfd;
  }

  /** Whether there is an entry that this program made. */
  Slot entered() {
    return entered;
  }

  /**
   * Adds records that hold on to the pod: to its directory, until the program ends, and to its
   * pause process.
   *
   * @param root descriptor of the state root
   * @param elsewhere where to go without them
   */
  void open(Slot root, Label elsewhere) {
    Slot directory = descriptors.fd("pod's directory", pod.directory());
    Label missing = b.label("no pod");
    Label stopped = b.label("pod is stopped");
    b.step("hold on to pod \"" + pod.id() + "\"", "");
    Idioms.openDirectory(b, root, StateRoot.PODS + "/" + pod.id())
        .into(directory)
        .tolerate(Errno.ENOENT, missing);
    b.outOfLine(() -> {
      b.bind(missing);
      b.set(gone, imm(1));
      b.jump(elsewhere);
      b.bind(stopped);
      b.set(gone, imm(2));
      b.jump(elsewhere);
    });
    StateRoot.lockShared(b, directory, missing);
    b.step("find the pause process of pod \"" + pod.id() + "\"", "");
    int pid = pod.state().pid();
    Idioms.pidfdOpen(b, imm(pid), pidfd, stopped);
    Slot file = descriptors.fd("stat", "/proc/" + pid + "/stat");
    Data stat = b.buffer("stat", MAX_STAT);
    Slot size = b.slot("stat size");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string("/proc/" + pid + "/stat"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(file)
        .tolerate(Errno.ENOENT, stopped);
    b.sys(Syscall.READ, file, stat.address(), imm(MAX_STAT))
        .into(size)
        .tolerate(Errno.ESRCH, stopped);
    descriptors.close(file);
    // A process that took over the pid began later.
    ProcessStat.unlessStarted(b, stat, size, pod.state().startTime(), stopped);
    b.step("enter the container among those of pod \"" + pod.id() + "\"", "");
    Arg name = b.string(StateRoot.CONTAINERS);
    b.sys(Syscall.MKDIRAT, directory, name, imm(0700)).tolerate(Errno.EEXIST);
    b.sys(
            Syscall.OPENAT,
            directory,
            name,
            imm(
                Constants.O_RDONLY
                    | b.arch().O_DIRECTORY()
                    | b.arch().O_NOFOLLOW()
                    | Constants.O_CLOEXEC),
            imm(0))
        .into(entries);
    b.sys(Syscall.FLOCK, entries, imm(Constants.LOCK_EX));
    Label stale = b.label("entry is there");
    Label made = b.label("entry made");
    Slot entry = descriptors.fd("entry", container);
    b.sys(
            Syscall.OPENAT,
            entries,
            b.string(container),
            imm(
                Constants.O_WRONLY
                    | Constants.O_CREAT
                    | Constants.O_EXCL
                    | b.arch().O_NOFOLLOW()
                    | Constants.O_CLOEXEC),
            imm(0600))
        .into(entry)
        .tolerate(Errno.EEXIST, stale);
    b.set(entered, imm(1));
    descriptors.close(entry);
    b.jump(made);
    b.bind(stale);
    b.set(entry, imm(-1));
    b.bind(made);
  }

  /** Adds what follows once the container's directory is made. */
  void made() {
    b.set(entered, imm(1));
    descriptors.close(entries);
  }

  /** Adds what follows when there is a container of this id: only its own entry stays. */
  void taken() {
    Label none = b.label("entry is not ours");
    b.branch(Condition.EQ, entered, imm(0), none);
    b.sys(Syscall.UNLINKAT, entries, b.string(container), imm(0)).tolerate(Errno.ENOENT);
    b.set(entered, imm(0));
    b.bind(none);
  }

  /**
   * Adds, behind what opens something of the pause process by its pid, that it is still there: then
   * the pid was nobody else's in between.
   */
  void check() {
    b.step("pod \"" + pod.id() + "\" is stopped", "");
    b.sys(Syscall.PIDFD_SEND_SIGNAL, pidfd, imm(0), imm(0), imm(0));
  }

  /** Why nothing was made, or null. */
  @Nullable RuntimeException failure(Kernel.Result result) {
    long why = result.slot(gone);
    if (why == 1) {
      return ContainerException.podDoesNotExist(pod.id());
    }
    return why == 0 ? null : new ContainerException("pod \"" + pod.id() + "\" is stopped");
  }

  // --- the end

  /**
   * Adds records that remove a container's directory, and then its entry among the containers of
   * the pod that it was in.
   *
   * @param root descriptor of the state root
   * @param directory descriptor of the container's directory; null when it was never made
   * @param id the container's id
   * @param pod the pod's id, null when it was in none
   */
  static void remove(
      ProgramBuilder b, Arg root, @Nullable Arg directory, String id, @Nullable String pod) {
    if (pod == null) {
      if (directory != null) {
        StateRoot.remove(b, root, directory, id);
      }
      return;
    }
    String path = StateRoot.PODS + "/" + pod + "/" + StateRoot.CONTAINERS;
    Descriptors inner = new Descriptors(b);
    Slot entries = inner.fd("pod's containers", path);
    Label missing = b.label("no pod");
    b.step("find the entry of container \"" + id + "\" in pod \"" + pod + "\"", "");
    Idioms.openDirectory(b, root, path).into(entries).tolerate(Errno.ENOENT, missing);
    b.sys(Syscall.FLOCK, entries, imm(Constants.LOCK_EX));
    b.bind(missing);
    if (directory != null) {
      StateRoot.remove(b, root, directory, id);
    }
    b.step("remove container \"" + id + "\" from pod \"" + pod + "\"", "");
    b.sys(Syscall.UNLINKAT, root, b.string(path + "/" + id), imm(0)).tolerate(Errno.ENOENT);
    inner.end();
  }
}
