package dev.gatun.runtime.state;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
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
import dev.gatun.oci.SpecException;
import dev.gatun.runtime.ContainerException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds out the truth about a container, in one program. */
public final class Look {
  /** The largest configuration and process that are read. */
  private static final int MAX_DOCUMENTS = 16 << 20;

  /** The largest {@code state.json} that is read: annotations can be long. */
  private static final int MAX_STATE = 4 << 20;

  private static final int MAX_STAT = 1024;

  /** {@code PID_MAX_LIMIT} of linux/threads.h: no pid is larger. */
  private static final int MOST_PIDS = 4 << 20;

  private Look() {}

  /** What a command wants to do with the container besides. */
  public enum Purpose {
    /** Only to know: nothing stays open. */
    READ,
    /** To act on it as it is: descriptors stay open. */
    ACT,
    /** To enter it: as to act, and its configuration is read besides. */
    ENTER,
    /** To change it: descriptors stay open, and its directory locked until it is closed. */
    CHANGE
  }

  /**
   * What was found. The descriptors belong to the process that ran the program; unless it was only
   * to know, they stay open until whoever asked closes them.
   *
   * @param id the container's id
   * @param status what it is doing
   * @param state what {@code state.json} says; null when there is none, since a create was
   *     interrupted or is under way
   * @param pid init's pid, 0 when it has ended
   * @param root descriptor of the state root, negative when it is not open
   * @param directory descriptor of the container's directory, negative when it is not open
   * @param pidfd descriptor of init, verified by its start time; negative when it has ended
   * @param gate descriptor of the gate, open for writing; negative unless the status is created
   * @param open every descriptor that is open, also those of no use
   */
  public record Found(
      String id,
      Status status,
      @Nullable ContainerState state,
      int pid,
      long root,
      long directory,
      long pidfd,
      long gate,
      List<Long> open) {
    /** Copies the list. */
    public Found {
      open = List.copyOf(open);
    }

    /**
     * Whether it is a container of a pod that has an entry for it. An entry can be older than the
     * container, which then is in another pod or in none; a container whose create was interrupted
     * before its state was written is nobody else's.
     *
     * @param pod the pod's id
     */
    public boolean isOf(String pod) {
      return state == null || pod.equals(state.pod());
    }

    /**
     * Hands all descriptors over to a program, which is to close them.
     *
     * @param descriptors those of the program
     */
    public void handOver(Descriptors descriptors) {
      for (long fd : open) {
        descriptors.take("open", imm(fd));
      }
    }

    /**
     * Closes all descriptors, in one exchange, when nothing is done with them.
     *
     * @param kernel where they are open
     */
    public void close(Kernel kernel) {
      Look.close(kernel, open);
    }
  }

  /**
   * What is needed to enter a container.
   *
   * @param found the container
   * @param config the configuration that it was created from; empty when it has none
   * @param process the process document, empty when none was asked for
   */
  @SuppressWarnings("ArrayRecordComponent") // carried to whoever parses them, never compared
  public record Entrance(Found found, byte[] config, byte[] process) {}

  private static void close(Kernel kernel, List<Long> open) {
    if (open.isEmpty()) {
      return;
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    for (long fd : open) {
      b.sys(Syscall.CLOSE, imm(fd)).tolerateAny();
    }
    kernel.run(b.build());
  }

  /**
   * Looks at a container.
   *
   * @param kernel runs the program
   * @param root the state root's path
   * @param id the container's id, checked
   * @param purpose what is wanted
   * @return what was found
   * @throws ContainerException when there is no such container
   * @throws dev.gatun.linux.SyscallException when looking fails
   */
  public static Found at(Kernel kernel, String root, String id, Purpose purpose) {
    Query query = query(kernel.arch(), root, id, purpose, null);
    Kernel.Result result = kernel.run(query.program()).orThrow();
    if (result.slot(query.exists()) == 0) {
      throw ContainerException.doesNotExist(id);
    }
    return found(kernel, id, result, query, purpose);
  }

  /**
   * Looks at a container in order to enter it.
   *
   * @param kernel runs the program
   * @param root the state root's path
   * @param id the container's id, checked
   * @param process the path of a process document to read in the same exchange, or null
   * @return what was found
   * @throws ContainerException when there is no such container
   * @throws dev.gatun.linux.SyscallException when looking fails
   */
  public static Entrance toEnter(Kernel kernel, String root, String id, @Nullable String process) {
    Query query = query(kernel.arch(), root, id, Purpose.ENTER, process);
    Kernel.Result result = kernel.run(query.program()).orThrow();
    if (result.slot(query.exists()) == 0) {
      throw ContainerException.doesNotExist(id);
    }
    Found found = found(kernel, id, result, query, Purpose.ENTER);
    byte[] all = result.bytes(query.state(), result.slot(query.end()));
    int config = (int) result.slot(query.stateSize());
    int document = (int) result.slot(query.configEnd());
    return new Entrance(
        found,
        Arrays.copyOfRange(all, config, document),
        Arrays.copyOfRange(all, document, all.length));
  }

  /**
   * The program that looks at a container, to be shown.
   *
   * @param arch the architecture
   * @param root the state root's path
   * @param id the container's id, checked
   * @param purpose what is wanted
   * @return the program
   */
  public static Program program(Arch arch, String root, String id, Purpose purpose) {
    return query(arch, root, id, purpose, null).program();
  }

  private static Query query(
      Arch arch, String root, String id, Purpose purpose, @Nullable String process) {
    ProgramBuilder b = new ProgramBuilder(arch);
    Descriptors descriptors = new Descriptors(b);
    Label missing = b.label("missing");
    Label end = b.label("end");
    Label unwritten = b.label("unwritten");
    Label done = b.label("done");
    Slot exists = b.slot("exists");
    Slot pid = b.slot("pid");
    Slot pidfd = descriptors.fd("pidfd", null);
    Slot gate = descriptors.fd("gate", StateRoot.START);
    Slot busy = b.slot("busy");
    Slot statSize = b.slot("stat size");
    Slot stateSize = b.slot("state size");
    Slot frozen = b.slot("frozen");
    Data stat = b.output("stat", MAX_STAT);
    Slot configEnd = b.slot("config end");
    Slot endOfAll = b.slot("documents end");
    Data state =
        b.output("state", purpose == Purpose.ENTER ? MAX_STATE + MAX_DOCUMENTS : MAX_STATE);
    b.replyUpTo(state, imm(0));
    b.set(exists, imm(0));
    b.set(pid, imm(0));
    b.set(busy, imm(0));
    b.set(statSize, imm(0));
    b.set(stateSize, imm(0));
    b.set(configEnd, imm(0));
    b.set(endOfAll, imm(0));
    b.set(frozen, imm(0));
    Slot rootFd = StateRoot.open(b, root, missing);
    descriptors.add(rootFd);
    b.outOfLine(() -> {
      b.bind(missing);
      descriptors.closeAll();
      b.jump(end);
    });
    b.step("open container \"" + id + "\"", "");
    Slot directory = descriptors.fd("directory", root + "/" + id);
    StateRoot.openContainer(b, rootFd, id).into(directory).tolerate(Errno.ENOENT, missing);
    switch (purpose) {
      case CHANGE -> StateRoot.lock(b, directory, missing);
      case READ, ACT, ENTER -> StateRoot.tryLock(b, directory, busy);
    }
    b.set(exists, imm(1));
    StateRoot.read(b, descriptors, directory, state, stateSize, unwritten);
    if (purpose == Purpose.ENTER) {
      documents(b, descriptors, directory, id, process, state, stateSize, configEnd, endOfAll);
    }
    if (purpose != Purpose.CHANGE) {
      StateRoot.unlock(b, directory, busy);
    }
    process(b, descriptors, state, pid, pidfd, stat, statSize, done);
    StateRoot.openFifo(b, directory, StateRoot.START, Constants.O_WRONLY, gate).tolerateAny();
    frozen(b, descriptors, directory, frozen);
    b.jump(done);
    b.bind(unwritten);
    b.bind(done);
    b.replyUpTo(state, purpose == Purpose.ENTER ? endOfAll : stateSize);
    if (purpose == Purpose.READ) {
      // Their slots keep the numbers: whether the gate had a reader is part of the answer.
      descriptors.closeAll();
    }
    b.bind(end);
    return new Query(
        b.build(), rootFd, directory, exists, pid, pidfd, gate, busy, frozen, stat, statSize, state,
        stateSize, configEnd, endOfAll);
  }

  /** The configuration, and the process document, behind the state. */
  private static void documents(
      ProgramBuilder b,
      Descriptors descriptors,
      Slot directory,
      String id,
      @Nullable String process,
      Data state,
      Slot stateSize,
      Slot configEnd,
      Slot end) {
    b.step("read the configuration of container \"" + id + "\"", "");
    Label none = b.label("no configuration");
    Slot config = descriptors.fd("config", StateRoot.CONFIG);
    b.set(configEnd, stateSize);
    b.sys(
            Syscall.OPENAT,
            directory,
            b.string(StateRoot.CONFIG),
            imm(Constants.O_RDONLY | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC),
            imm(0))
        .into(config)
        .tolerate(Errno.ENOENT, none);
    Idioms.append(b, config, state, configEnd);
    descriptors.close(config);
    b.bind(none);
    b.set(end, configEnd);
    if (process != null) {
      b.step("read process file \"" + process + "\"", "");
      Slot document = descriptors.fd("process", process);
      b.sys(
              Syscall.OPENAT,
              imm(Constants.AT_FDCWD),
              b.string(process),
              imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
              imm(0))
          .into(document);
      Idioms.append(b, document, state, end);
      descriptors.close(document);
    }
  }

  /** The program and where its answers are. */
  private record Query(
      Program program,
      Slot root,
      Slot directory,
      Slot exists,
      Slot pid,
      Slot pidfd,
      Slot gate,
      Slot busy,
      Slot frozen,
      Data stat,
      Slot statSize,
      Data state,
      Slot stateSize,
      Slot configEnd,
      Slot end) {}

  private static Found found(
      Kernel kernel, String id, Kernel.Result result, Query query, Purpose purpose) {
    List<Long> open = new ArrayList<>();
    if (purpose != Purpose.READ) {
      for (Slot fd : new Slot[] {query.root(), query.directory(), query.pidfd(), query.gate()}) {
        if (result.slot(fd) >= 0) {
          open.add(result.slot(fd));
        }
      }
    }
    ContainerState recorded = null;
    byte[] bytes = result.bytes(query.state(), result.slot(query.stateSize()));
    if (bytes.length > 0) {
      try {
        recorded = ContainerState.of(bytes);
      } catch (SpecException e) {
        close(kernel, open);
        throw new ContainerException("state of container \"" + id + "\": " + e.getMessage(), e);
      }
    }
    ProcessStat process =
        ProcessStat.of(result.bytes(query.stat(), Math.max(0, result.slot(query.statSize()))));
    boolean alive =
        recorded != null
            && process != null
            && recorded.pid() != 0
            && process.startTime() == recorded.startTime()
            && !process.dead();
    Status status;
    if (alive && result.slot(query.frozen()) == '1') {
      status = Status.PAUSED;
    } else if (alive) {
      status = result.slot(query.gate()) >= 0 ? Status.CREATED : Status.RUNNING;
    } else if ((recorded == null || recorded.pid() == 0) && result.slot(query.busy()) != 0) {
      status = Status.CREATING;
    } else {
      status = Status.STOPPED;
    }
    return new Found(
        id,
        status,
        recorded,
        alive ? (int) result.slot(query.pid()) : 0,
        open.isEmpty() ? -1 : result.slot(query.root()),
        open.isEmpty() ? -1 : result.slot(query.directory()),
        alive && !open.isEmpty() ? result.slot(query.pidfd()) : -1,
        status == Status.CREATED && !open.isEmpty() ? result.slot(query.gate()) : -1,
        open);
  }

  /**
   * Reads the first letter of the cgroup's {@code cgroup.freeze}: what was asked of this cgroup,
   * not of one above it. A container without a cgroup of its own is never frozen.
   */
  private static void frozen(
      ProgramBuilder b, Descriptors descriptors, Slot directory, Slot frozen) {
    Data letter = b.buffer("freeze", 8);
    Label none = b.label("no freezer");
    Slot file = descriptors.fd("freeze", "cgroup.freeze");
    b.sys(
            Syscall.OPENAT,
            directory,
            b.string(StateRoot.CGROUP + "/cgroup.freeze"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(file)
        .tolerateAny(none);
    b.sys(Syscall.READ, file, letter.address(), imm(1)).tolerateAny();
    b.load(1, frozen, letter.address(), imm(0));
    descriptors.close(file);
    b.bind(none);
  }

  /**
   * Adds records that find the process that a state names. Whether it is the same one still, its
   * start time tells.
   *
   * @param b the program
   * @param descriptors takes over what is opened
   * @param state the contents of {@code state.json}
   * @param pid takes the pid
   * @param pidfd a slot of the descriptors, takes the process's pidfd
   * @param stat takes the contents of its {@code stat}
   * @param statSize takes their size
   * @param none where to go when there is no such process
   */
  public static void process(
      ProgramBuilder b,
      Descriptors descriptors,
      Data state,
      Slot pid,
      Slot pidfd,
      Data stat,
      Slot statSize,
      Label none) {
    parsePid(b, state, pid);
    b.branch(Condition.EQ, pid, imm(0), none);
    b.branch(Condition.LTU, imm(MOST_PIDS), pid, none);
    Idioms.pidfdOpen(b, pid, pidfd, none);
    stat(b, descriptors, pid, stat, statSize, none);
  }

  /**
   * Adds records that read {@code /proc/PID/stat}, for {@link ProcessStat#of}.
   *
   * @param b the program
   * @param descriptors takes over what is opened
   * @param pid the pid
   * @param stat takes the contents
   * @param statSize takes their size; nothing, or −errno, is that of a process that is gone
   * @param none where to go when there is no such process
   */
  public static void stat(
      ProgramBuilder b, Descriptors descriptors, Slot pid, Data stat, Slot statSize, Label none) {
    Slot file = descriptors.fd("stat", "/proc/PID/stat");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            Idioms.pidPath(b, "/proc/", pid, "/stat"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(file)
        .tolerate(Errno.ENOENT, none);
    b.sys(Syscall.READ, file, stat.address(), imm(stat.size()))
        .into(statSize)
        .tolerate(Errno.ESRCH);
    descriptors.close(file);
  }

  /** Reads the digits at {@link ContainerState#PID_OFFSET}; spaces before them count nothing. */
  private static void parsePid(ProgramBuilder b, Data state, Slot pid) {
    Slot at = b.slot("at");
    Slot digit = b.slot("digit");
    Slot tenfold = b.slot("tenfold");
    b.set(at, state.at(ContainerState.PID_OFFSET));
    Label next = b.loop("digit");
    Label space = b.label("space");
    b.load(1, digit, at, imm(0));
    b.alu(Function.SUB, digit, digit, imm('0'));
    b.branch(Condition.LTU, imm(9), digit, space);
    b.alu(Function.SHL, tenfold, pid, imm(3));
    b.alu(Function.ADD, tenfold, tenfold, pid);
    b.alu(Function.ADD, pid, tenfold, pid);
    b.alu(Function.ADD, pid, pid, digit);
    b.bind(space);
    b.alu(Function.ADD, at, at, imm(1));
    b.branch(
        Condition.NE, at, state.at(ContainerState.PID_OFFSET + ContainerState.PID_DIGITS), next);
  }
}
