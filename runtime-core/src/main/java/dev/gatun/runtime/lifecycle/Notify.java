package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
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
import dev.gatun.oci.Mount;
import dev.gatun.oci.Process;
import dev.gatun.oci.Spec;
import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.state.Look;
import dev.gatun.runtime.state.StateRoot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * NOTIFY_SOCKET of the caller, {@code sd_notify(3)}: the container is given a socket of its own,
 * and its READY=1 is passed on with the pid that the service manager is to look after.
 *
 * <p>The container's socket is in a directory of the container's state that is mounted, read-only,
 * on {@value #DIRECTORY}. Whoever starts the container listens there: {@code start} and a detached
 * {@code run} return when the container is ready or has ended, a {@code run} in the foreground
 * passes the message on while it waits. Nothing but READY= is passed on.
 */
public final class Notify {
  /** Where the container finds the directory with its socket. */
  private static final String DIRECTORY = "/run/notify";

  private static final String VARIABLE = "NOTIFY_SOCKET=";

  /** What a datagram of {@code sd_notify(3)} may hold at most; the rest of a longer one is lost. */
  private static final int MAX_DATAGRAM = 4096;

  /** {@code "READY="} as a little-endian number of six bytes. */
  private static final long READY = 0x3d59_4441_4552L;

  private final String host;
  private final boolean attended;
  private long container = -1;
  private long manager = -1;

  private Notify(String host, boolean attended) {
    this.host = host;
    this.attended = attended;
  }

  /**
   * What is to be done for a caller.
   *
   * @param socket the caller's NOTIFY_SOCKET, a path or an at sign and an abstract name
   * @param attended whether this process waits for the container, and is what is looked after
   * @return the proxy, or null when there is nobody to notify
   */
  public static @Nullable Notify of(@Nullable String socket, boolean attended) {
    return socket == null || socket.isEmpty() ? null : new Notify(socket, attended);
  }

  /**
   * The configuration with the mount and the variable that a container needs.
   *
   * @param spec the configuration
   * @param directory the container's directory
   * @return the changed configuration
   */
  static Spec inContainer(Spec spec, String directory) {
    Process process = spec.process();
    if (process == null) {
      return spec;
    }
    List<Mount> mounts = new ArrayList<>(spec.mounts());
    mounts.add(
        new Mount(
            DIRECTORY,
            "bind",
            directory + "/" + StateRoot.NOTIFY,
            List.of("bind", "nosuid", "noexec", "nodev", "ro"),
            List.of(),
            List.of()));
    List<String> env = new ArrayList<>(process.env());
    env.add(VARIABLE + DIRECTORY + StateRoot.NOTIFY_SOCKET.substring(StateRoot.NOTIFY.length()));
    return new Spec(
        spec.ociVersion(),
        spec.root(),
        spec.hostname(),
        spec.domainname(),
        mounts,
        process.withEnv(env),
        spec.hooks(),
        spec.annotations(),
        spec.linux(),
        spec.unknownProperties());
  }

  /** Adds the directory that is mounted, whatever the caller's umask. */
  static void makeDirectory(ProgramBuilder b, Arg directory) {
    b.step("make the directory of the notify socket", "");
    Arg name = b.string(StateRoot.NOTIFY);
    b.sys(Syscall.MKDIRAT, directory, name, imm(0755));
    b.sys(Syscall.FCHMODAT, directory, name, imm(0755));
  }

  /** The sockets of one program: the container's, −1 when it was created without one. */
  record Sockets(Slot container, Slot manager) {}

  /**
   * Adds what comes before the gate is opened: the service manager is spoken to, and the
   * container's socket is there.
   *
   * @param b the program
   * @param descriptors of the program
   * @param directory the container's directory, as the process that runs it has it open
   */
  Sockets open(ProgramBuilder b, Descriptors descriptors, long directory) {
    Slot bound = b.slot("notify socket");
    Slot connected = b.fd("manager", host);
    descriptors.keep(bound);
    descriptors.keep(connected);
    Label none = b.label("no notify socket");
    b.step("listen to the container's notify socket", "");
    Arg name = b.string(StateRoot.NOTIFY_SOCKET);
    Slot result = b.slot("bind");
    // What a start that was interrupted has left.
    b.sys(Syscall.UNLINKAT, imm(directory), name, imm(0)).tolerate(Errno.ENOENT);
    b.sys(
            Syscall.SOCKET,
            imm(Constants.AF_UNIX),
            imm(Constants.SOCK_DGRAM | Constants.SOCK_CLOEXEC),
            imm(0))
        .into(bound);
    Data address =
        UnixSocket.address(b, "/proc/self/fd/" + directory + "/" + StateRoot.NOTIFY_SOCKET);
    Label absent = b.label("not for this container");
    b.sys(Syscall.BIND, bound, address.address(), imm(address.size()))
        .into(result)
        .tolerate(Errno.ENOENT, absent);
    b.outOfLine(() -> {
      b.bind(absent);
      Idioms.close(b, bound);
      b.set(bound, imm(-1));
      b.jump(none);
    });
    b.sys(Syscall.FCHMODAT, imm(directory), name, imm(0777));
    b.step("connect to NOTIFY_SOCKET \"" + host + "\"", "");
    UnixSocket.connect(b, Constants.SOCK_DGRAM, host, connected);
    b.bind(none);
    return new Sockets(bound, connected);
  }

  /** Takes over what a program has opened. */
  void opened(Kernel.Result result, Sockets sockets) {
    container = result.slot(sockets.container());
    manager = result.slot(sockets.manager());
  }

  /** Closes the sockets, when the container did not start. */
  void close(Kernel kernel) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    closeAll(b);
    kernel.run(b.build());
  }

  private void closeAll(ProgramBuilder b) {
    for (long fd : new long[] {container, manager}) {
      if (fd >= 0) {
        b.sys(Syscall.CLOSE, imm(fd)).tolerateAny();
      }
    }
    container = -1;
    manager = -1;
  }

  /**
   * Waits until the container is ready or has ended, unless somebody waits for its end anyway.
   *
   * @param kernel where
   * @param root the state root's path
   * @param id the container's id
   */
  void await(Kernel kernel, String root, String id) {
    if (attended || container < 0) {
      return;
    }
    Look.Found found;
    try {
      found = Look.at(kernel, root, id, Look.Purpose.ACT);
    } catch (ContainerException e) {
      close(kernel);
      if (e.isMissing()) {
        return;
      }
      throw e;
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    found.handOver(descriptors);
    b.step("wait until container \"" + id + "\" is ready", "");
    int second = Structs.SIZEOF_POLLFD;
    Data polls =
        b.variable("pollfds", 2 * second)
            .u32(Structs.POLLFD_FD, (int) container)
            .u16(Structs.POLLFD_EVENTS, Constants.POLLIN)
            .u32(second + Structs.POLLFD_FD, (int) found.pidfd())
            .u16(second + Structs.POLLFD_EVENTS, Constants.POLLIN);
    Slot ended = b.slot("ended");
    b.set(ended, imm(found.pidfd() < 0 ? 1 : 0));
    Slot pid = b.slot("pid");
    b.set(pid, imm(found.pid()));
    Label over = b.label("over");
    Label empty = b.label("nothing said");
    Label again = b.loop("listen");
    pass(b, imm(container), pid, over, again, empty);
    b.bind(empty);
    b.branch(Condition.NE, ended, imm(0), over);
    b.sys(Syscall.PPOLL, polls.address(), imm(2), imm(0), imm(0), imm(0)).tolerate(Errno.EINTR);
    // What it said before it ended is read once more.
    b.load(4, ended, polls.address(), imm(second + 4));
    b.alu(Function.SHR, ended, ended, imm(16));
    b.jump(again);
    b.bind(over);
    descriptors.closeAll();
    closeAll(b);
    kernel.run(b.build()).orThrow();
  }

  /**
   * Adds, before the loop of a process that waits for the container's end, what {@link #polled} and
   * {@link #end} need.
   *
   * @param b the program
   * @param poll a pollfd of the loop, for the container's socket; −1 in it once it is ready
   */
  void begin(ProgramBuilder b, Addr poll) {
    b.store(4, poll, imm(Structs.POLLFD_FD), imm(container));
  }

  /**
   * Adds, to that loop, that what the container says is passed on until it is ready.
   *
   * @param b the program
   * @param poll the pollfd
   * @param listen the loop's head
   */
  void polled(ProgramBuilder b, Addr poll, Label listen) {
    Slot pid = b.slot("pid");
    Slot ready = b.slot("ready");
    Label over = b.label("over");
    Label said = b.label("something said");
    b.load(2, ready, poll, imm(Structs.POLLFD_REVENTS));
    b.branch(Condition.NE, ready, imm(0), said);
    b.outOfLine(() -> {
      b.bind(said);
      b.sys(Syscall.GETPID).into(pid);
      pass(b, imm(container), pid, over, listen, listen);
      b.bind(over);
      b.store(4, poll, imm(Structs.POLLFD_FD), imm(-1));
      for (long fd : new long[] {container, manager}) {
        b.sys(Syscall.CLOSE, imm(fd)).tolerateAny();
      }
      b.jump(listen);
    });
  }

  /**
   * Adds, behind the loop, that what the container said last is passed on.
   *
   * @param b the program
   * @param poll the pollfd
   */
  void end(ProgramBuilder b, Addr poll) {
    Slot pid = b.slot("pid");
    Slot socket = b.slot("notify socket");
    Label next = b.loop("said last");
    Label over = b.label("over");
    b.sys(Syscall.GETPID).into(pid);
    b.load(4, socket, poll, imm(Structs.POLLFD_FD));
    pass(b, socket, pid, over, next, over);
    b.bind(over);
  }

  /** Reads one datagram, and passes on its line READY= if it has one. */
  private void pass(
      ProgramBuilder b, Arg socket, Slot pid, Label passed, Label other, Label empty) {
    // A line break before it makes all lines alike, and one behind it ends the last one.
    Data datagram = b.variable("datagram", 1 + MAX_DATAGRAM + 8).put(0, new byte[] {'\n'});
    Slot got = b.slot("got");
    Slot at = b.slot("at");
    Slot end = b.slot("end");
    Slot word = b.slot("word");
    Slot length = b.slot("length");
    Label next = b.loopAhead("next letter");
    b.sys(
            Syscall.RECVFROM,
            socket,
            datagram.at(1),
            imm(MAX_DATAGRAM),
            imm(Constants.MSG_DONTWAIT),
            imm(0),
            imm(0))
        .into(got)
        .tolerateAny(empty);
    b.alu(Function.ADD, end, datagram.at(1), got);
    // What an earlier datagram left behind this one's end is no part of it.
    b.store(8, end, imm(0), imm('\n'));
    b.set(at, datagram.address());
    b.bind(next);
    b.branch(Condition.EQ, at, end, other);
    b.load(1, word, at, imm(0));
    b.alu(Function.ADD, at, at, imm(1));
    b.branch(Condition.NE, word, imm('\n'), next);
    b.load(8, word, at, imm(0));
    b.alu(Function.SHL, word, word, imm(16));
    b.alu(Function.SHR, word, word, imm(16));
    b.branch(Condition.NE, word, imm(READY), next);
    b.set(length, imm(0));
    Slot letter = b.slot("letter");
    Slot here = b.slot("here");
    Label more = b.loop("to the end of the line");
    b.alu(Function.ADD, here, at, length);
    b.load(1, letter, here, imm(0));
    b.alu(Function.ADD, length, length, imm(1));
    b.branch(Condition.NE, letter, imm('\n'), more);
    send(b, at, length);
    byte[] head = "MAINPID=".getBytes(StandardCharsets.US_ASCII);
    // The name is put right before the first digit.
    Data text = b.variable("MAINPID", 24).put(23, new byte[] {'\n'});
    Slot begin = Idioms.formatDecimal(b, pid, text.at(23));
    b.alu(Function.SUB, begin, begin, imm(head.length));
    b.store(8, begin, imm(0), imm(word(head)));
    b.alu(Function.SUB, length, text.at(24), begin);
    send(b, begin, length);
    b.jump(passed);
  }

  /** A manager that is gone, or does not listen, is no reason to end. */
  private void send(ProgramBuilder b, Slot from, Slot length) {
    b.sys(Syscall.SENDTO, imm(manager), from, length, imm(Constants.MSG_NOSIGNAL), imm(0), imm(0))
        .tolerateAny();
  }

  private static long word(byte[] eight) {
    long word = 0;
    for (int i = 7; i >= 0; i--) {
      word = word << 8 | eight[i];
    }
    return word;
  }
}
