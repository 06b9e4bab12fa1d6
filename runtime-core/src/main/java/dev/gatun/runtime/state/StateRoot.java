package dev.gatun.runtime.state;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;

/** Records that work on the state root and on a container's directory in it. */
public final class StateRoot {
  /** The file with the state. */
  public static final String STATE = "state.json";

  /**
   * The configuration that the container was created from, byte for byte: the bundle may change.
   */
  public static final String CONFIG = "config.json";

  /** The table of init's last records. */
  public static final String STEPS = "steps";

  /** The gate. */
  public static final String START = "start";

  /** What init says once it has been started. */
  public static final String STATUS = "status";

  /** A symbolic link to the container's cgroup, for programs that have no JSON parser. */
  public static final String CGROUP = "cgroup";

  /** In a pod's directory: the directory with an empty file for each of its containers. */
  public static final String CONTAINERS = "containers";

  /** The directory that a container which notifies its service manager has mounted. */
  public static final String NOTIFY = "notify";

  /** The socket in it. */
  public static final String NOTIFY_SOCKET = NOTIFY + "/notify.sock";

  /** The directory of the state root that pods are in. */
  public static final String PODS = ".pods";

  /** The image of the first process, for a moment, where it cannot be executed from memory. */
  public static final String IMAGE = "image";

  private static final String NEW_STATE = ".state.json";
  private static final String[] FILES = {
    NEW_STATE, IMAGE, START, STATUS, STEPS, CONFIG, CGROUP, STATE
  };

  private StateRoot() {}

  /**
   * Opens the state root, and makes it and what is above it when it is missing.
   *
   * @param b the program
   * @param root its path
   * @return a slot with its descriptor
   */
  public static Slot make(ProgramBuilder b, String root) {
    b.step("make state root \"" + root + "\"", "");
    for (int slash = root.indexOf('/', 1); slash > 0; slash = root.indexOf('/', slash + 1)) {
      mkdir(b, root.substring(0, slash), 0711);
    }
    // The sticky bit keeps it where XDG_RUNTIME_DIR is tidied up.
    mkdir(b, root, 01711);
    Slot directory = b.fd("root", root);
    open(b, root, directory);
    return directory;
  }

  /**
   * Opens the directory that pods are in, and makes it and what is above it when it is missing.
   *
   * @param b the program
   * @param root the state root's path
   * @return a slot with its descriptor
   */
  public static Slot makePods(ProgramBuilder b, String root) {
    Slot top = make(b, root);
    Idioms.close(b, top);
    return make(b, root + "/" + PODS);
  }

  private static void mkdir(ProgramBuilder b, String path, int mode) {
    // A parent that cannot be written to is no failure while it is there: opening it tells.
    b.sys(Syscall.MKDIRAT, imm(Constants.AT_FDCWD), b.string(path), imm(mode)).tolerateAny();
  }

  /**
   * Opens the state root.
   *
   * @param b the program
   * @param root its path
   * @param missing where to go when it is not there
   * @return a slot with its descriptor
   */
  public static Slot open(ProgramBuilder b, String root, Label missing) {
    b.step("open state root \"" + root + "\"", "");
    Slot directory = b.fd("root", root);
    open(b, root, directory).tolerate(Errno.ENOENT, missing);
    return directory;
  }

  private static Instruction open(ProgramBuilder b, String root, Slot directory) {
    return b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(root),
            imm(Constants.O_RDONLY | b.arch().O_DIRECTORY() | Constants.O_CLOEXEC),
            imm(0))
        .into(directory);
  }

  /**
   * Opens a container's directory.
   *
   * @param b the program
   * @param root the state root
   * @param id the container's id, checked
   * @return the record, for what it tolerates
   */
  public static Instruction openContainer(ProgramBuilder b, Arg root, String id) {
    return Idioms.openDirectory(b, root, id);
  }

  /**
   * Locks a container's directory until its descriptor is closed.
   *
   * @param b the program
   * @param directory the container's directory
   * @param deleted where to go when whoever held the lock before has deleted the container
   */
  public static void lock(ProgramBuilder b, Arg directory, Label deleted) {
    lock(b, directory, Constants.LOCK_EX, deleted);
  }

  /**
   * Locks a directory against those that delete it, and not against others that do as this does.
   *
   * @param b the program
   * @param directory the directory
   * @param deleted where to go when whoever held the lock before has deleted it
   */
  public static void lockShared(ProgramBuilder b, Arg directory, Label deleted) {
    lock(b, directory, Constants.LOCK_SH, deleted);
  }

  private static void lock(ProgramBuilder b, Arg directory, int how, Label deleted) {
    b.sys(Syscall.FLOCK, directory, imm(how));
    Data statx = b.buffer("statx", Structs.SIZEOF_STATX);
    Slot links = b.slot("links");
    b.sys(
        Syscall.STATX,
        directory,
        b.string(""),
        imm(Constants.AT_EMPTY_PATH),
        imm(Constants.STATX_NLINK),
        statx.address());
    b.load(4, links, statx.address(), imm(Structs.STATX_STX_NLINK));
    b.branch(Condition.EQ, links, imm(0), deleted);
  }

  /**
   * Finds out whether somebody changes what a directory stands for, and keeps others from it until
   * {@link #unlock} if nobody does.
   *
   * @param b the program
   * @param directory the directory
   * @param busy takes 0 when nobody does
   */
  public static void tryLock(ProgramBuilder b, Arg directory, Slot busy) {
    b.sys(Syscall.FLOCK, directory, imm(Constants.LOCK_SH | Constants.LOCK_NB))
        .into(busy)
        .tolerate(Errno.EAGAIN);
  }

  /**
   * Lets others change it again.
   *
   * @param b the program
   * @param directory the directory
   * @param busy what {@link #tryLock} found out
   */
  public static void unlock(ProgramBuilder b, Arg directory, Slot busy) {
    Label free = b.label("free");
    b.branch(Condition.NE, busy, imm(0), free);
    b.sys(Syscall.FLOCK, directory, imm(Constants.LOCK_UN)).tolerateAny();
    b.bind(free);
  }

  /**
   * Reads {@code state.json}.
   *
   * @param b the program
   * @param descriptors takes over what is opened
   * @param directory the directory that it is in
   * @param state takes the contents
   * @param size takes how many bytes there are
   * @param unwritten where to go when there is none
   */
  public static void read(
      ProgramBuilder b,
      Descriptors descriptors,
      Arg directory,
      Data state,
      Slot size,
      Label unwritten) {
    Slot file = descriptors.fd("state", STATE);
    b.sys(
            Syscall.OPENAT,
            directory,
            b.string(STATE),
            imm(Constants.O_RDONLY | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC),
            imm(0))
        .into(file)
        .tolerate(Errno.ENOENT, unwritten);
    b.set(size, Idioms.readAll(b, file, state));
    descriptors.close(file);
  }

  /**
   * Replaces {@code state.json} atomically.
   *
   * @param b the program
   * @param directory the container's directory
   * @param state the new contents
   */
  public static void write(ProgramBuilder b, Arg directory, ContainerState state) {
    replace(b, directory, STATE, state.toBytes(), 0600);
  }

  /**
   * Replaces a file of a directory atomically.
   *
   * @param b the program
   * @param directory the directory
   * @param name the file's name
   * @param contents what it holds from then on
   * @param mode its mode, whatever the umask is
   */
  public static void replace(
      ProgramBuilder b, Arg directory, String name, byte[] contents, int mode) {
    b.step("write " + name, "");
    String temporary = "." + name;
    create(b, directory, temporary, contents, mode);
    b.sys(Syscall.RENAMEAT2, directory, b.string(temporary), directory, b.string(name), imm(0));
  }

  /**
   * Writes a file of the container's directory.
   *
   * @param b the program
   * @param directory the container's directory
   * @param name the file's name
   * @param contents what it holds
   */
  public static void create(ProgramBuilder b, Arg directory, String name, byte[] contents) {
    create(b, directory, name, contents, 0600);
  }

  private static void create(
      ProgramBuilder b, Arg directory, String name, byte[] contents, int mode) {
    Descriptors descriptors = new Descriptors(b);
    Slot file = descriptors.fd("file", name);
    b.sys(
            Syscall.OPENAT,
            directory,
            b.string(name),
            imm(
                Constants.O_WRONLY
                    | Constants.O_CREAT
                    | Constants.O_TRUNC
                    | b.arch().O_NOFOLLOW()
                    | Constants.O_CLOEXEC),
            imm(0600))
        .into(file);
    if (mode != 0600) {
      b.sys(Syscall.FCHMOD, file, imm(mode));
    }
    Idioms.writeAll(b, file, contents);
    descriptors.end();
  }

  /**
   * Makes a FIFO in the container's directory.
   *
   * @param b the program
   * @param directory the container's directory
   * @param name its name
   */
  public static void fifo(ProgramBuilder b, Arg directory, String name) {
    b.sys(Syscall.MKNODAT, directory, b.string(name), imm(Constants.S_IFIFO | 0600), imm(0));
  }

  /**
   * Opens a FIFO of the container's directory.
   *
   * @param b the program
   * @param directory the container's directory
   * @param name its name
   * @param flags {@code O_RDONLY}, {@code O_WRONLY} or {@code O_RDWR}; it never blocks
   * @param into takes the descriptor
   * @return the record, for what it tolerates
   */
  public static Instruction openFifo(
      ProgramBuilder b, Arg directory, String name, int flags, Slot into) {
    return b.sys(
            Syscall.OPENAT,
            directory,
            b.string(name),
            imm(flags | Constants.O_NONBLOCK | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC),
            imm(0))
        .into(into);
  }

  /**
   * Removes a container's directory, {@code state.json} last of its files: whoever is interrupted
   * leaves one that can be deleted again.
   *
   * @param b the program
   * @param root the state root
   * @param directory the container's directory
   * @param id the container's id
   */
  public static void remove(ProgramBuilder b, Arg root, Arg directory, String id) {
    b.step("remove the state of container \"" + id + "\"", "");
    b.sys(Syscall.UNLINKAT, directory, b.string(NOTIFY_SOCKET), imm(0)).tolerate(Errno.ENOENT);
    b.sys(Syscall.UNLINKAT, directory, b.string(NOTIFY), imm(Constants.AT_REMOVEDIR))
        .tolerate(Errno.ENOENT);
    for (String name : FILES) {
      b.sys(Syscall.UNLINKAT, directory, b.string(name), imm(0)).tolerate(Errno.ENOENT);
    }
    b.sys(Syscall.UNLINKAT, root, b.string(id), imm(Constants.AT_REMOVEDIR)).tolerate(Errno.ENOENT);
  }
}
