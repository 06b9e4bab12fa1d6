package dev.gatun.runtime.seccomp;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Origin;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.ContainerProcessState;
import dev.gatun.oci.JsonWriter;
import dev.gatun.oci.Seccomp;
import dev.gatun.oci.SpecWriter;
import dev.gatun.oci.State;
import dev.gatun.runtime.ConfigException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Hands the descriptor of a filter's notifications to {@code listenerPath}, with the process's
 * state: runtime-spec <em>The Container Process State</em>.
 *
 * <pre>
 *  intermediate            process                       its thread
 *  connect, pipe
 *  clone ───────────────▶
 *  pid ──────────────────▶ learns its pid
 *                          …
 *                          clone ───────────────────────▶ waits for the descriptor
 *                          seccomp: there is a filter,
 *                          and the descriptor
 *                          waits, without a call          sendmsg, closes both
 *                          goes on                        exits
 * </pre>
 *
 * <p>Whatever the filter says, it holds for the process as soon as it is there, so somebody else
 * has to send the descriptor. The thread shares memory and descriptors with the process and is not
 * under the filter; it needs no privilege, nobody of the runtime has to be there, and when it fails
 * it reports that and ends the process. Once the process goes on, the agent holds the only
 * descriptor: its death ends every wait for its answers.
 */
final class ListenerCompiler {
  private static final String PLACE = "/linux/seccomp/listenerPath";

  /** {@code sun_path} with room for a NUL. */
  private static final int MAX_PATH = Structs.SIZEOF_SOCKADDR_UN - Structs.SOCKADDR_UN_SUN_PATH - 1;

  /** How long connecting and sending may take each, where an agent does not accept. */
  private static final int PATIENCE_SECONDS = 10;

  /** Between two looks of the thread. */
  private static final int NAP_NANOSECONDS = 50_000;

  /** {@code struct timeval}: two 64-bit numbers. */
  private static final int SIZEOF_TIMEVAL = 16;

  /** {@code FUTEX_UNLOCK_PI} of linux/futex.h. */
  private static final int FUTEX_UNLOCK_PI = 7;

  /** Stands where a pid is filled in; it has as many digits as any. */
  private static final int UNKNOWN_PID = 1_111_111_111;

  private static final String UNKNOWN_MEMBER = "\"pid\":" + UNKNOWN_PID;
  private static final int PID_DIGITS = 10;

  private final ProgramBuilder b;
  private final String path;
  private final byte[] address;
  private final String json;
  private final Data message;
  private final Slot socket;
  private final Slot pidRead;
  private final Slot pidWrite;
  private final Data pid;

  ListenerCompiler(ProgramBuilder b, Seccomp seccomp, State state) {
    this.b = b;
    path = Objects.requireNonNull(seccomp.listenerPath());
    address = path.getBytes(StandardCharsets.UTF_8);
    if (address.length > MAX_PATH) {
      throw new ConfigException(
          PLACE, "the path of a socket has at most " + MAX_PATH + " bytes, not " + address.length);
    }
    byte[] bytes = json(seccomp.listenerMetadata(), state);
    json = new String(bytes, StandardCharsets.ISO_8859_1);
    message = b.variable("container process state", bytes.length).put(0, bytes);
    socket = b.fd("listener socket", path);
    pidRead = b.slot("pid read");
    pidWrite = b.slot("pid write");
    pid = b.buffer("own pid", 8);
  }

  private static byte[] json(@Nullable String metadata, State state) {
    State named =
        state.pid() != 0
            ? state
            : new State(
                state.ociVersion(),
                state.id(),
                state.status(),
                UNKNOWN_PID,
                state.bundle(),
                state.annotations());
    ContainerProcessState all =
        new ContainerProcessState(
            state.ociVersion(), List.of("seccompFd"), UNKNOWN_PID, metadata, named);
    return SpecWriter.write(JsonWriter.compact(), all).toByteArray();
  }

  void connect() {
    b.step("connect to the seccomp listener at \"" + path + "\"", PLACE);
    b.sys(
            Syscall.SOCKET,
            imm(Constants.AF_UNIX),
            imm(Constants.SOCK_STREAM | Constants.SOCK_CLOEXEC),
            imm(0))
        .into(socket);
    Data patience = b.constant("patience", SIZEOF_TIMEVAL).u64(0, PATIENCE_SECONDS);
    b.sys(
        Syscall.SETSOCKOPT,
        socket,
        imm(Constants.SOL_SOCKET),
        imm(Constants.SO_SNDTIMEO),
        patience.address(),
        imm(SIZEOF_TIMEVAL));
    Data to =
        b.constant("sockaddr_un", Structs.SIZEOF_SOCKADDR_UN)
            .u16(Structs.SOCKADDR_UN_SUN_FAMILY, Constants.AF_UNIX)
            .put(Structs.SOCKADDR_UN_SUN_PATH, address);
    b.sys(
        Syscall.CONNECT,
        socket,
        to.address(),
        imm(Structs.SOCKADDR_UN_SUN_PATH + address.length + 1));
    Data ends = b.buffer("pipe", 8);
    b.sys(Syscall.PIPE2, ends.address(), imm(Constants.O_CLOEXEC));
    b.load(4, pidRead, ends.address(), imm(0));
    b.load(4, pidWrite, ends.address(), imm(4));
  }

  void tell(Slot number) {
    b.step("tell the process its pid", PLACE);
    b.store(8, pid.address(), imm(0), number);
    // A process that has ended already has said why.
    b.sys(Syscall.WRITE, pidWrite, pid.address(), imm(8)).tolerateAny();
  }

  void learn() {
    b.step("learn the own pid", PLACE);
    Slot got = b.slot("got");
    Label told = b.label("told");
    Idioms.close(b, pidWrite);
    b.sys(Syscall.READ, pidRead, pid.address(), imm(8)).into(got);
    b.branch(Condition.EQ, got, imm(8), told);
    b.fail(Errno.EPIPE);
    b.bind(told);
    Idioms.close(b, pidRead);
    Slot number = b.slot("own pid");
    b.load(8, number, pid.address(), imm(0));
    fill(number);
  }

  /** Writes the digits where they belong, behind spaces, which JSON has no objection to. */
  private void fill(Slot number) {
    for (int at = json.indexOf(UNKNOWN_MEMBER); at >= 0; at = json.indexOf(UNKNOWN_MEMBER, at)) {
      int end = at + UNKNOWN_MEMBER.length();
      for (int i = end - PID_DIGITS; i < end; i++) {
        message.put(i, new byte[] {' '});
      }
      Idioms.formatDecimal(b, number, message.at(end));
      at = end;
    }
  }

  /**
   * Loads the filter and waits until the listener has its descriptor.
   *
   * @param flags of the filter
   * @param program the {@code struct sock_fprog}
   * @return the number of the record that loads it
   */
  int load(int flags, Data program) {
    Slot notifications = b.slot("notifications");
    Slot sent = b.slot("sent");
    Slot thread = b.slot("thread");
    Data owner = b.buffer("owner", 8);
    Origin filter = b.origin();
    b.step("start the thread that hands the seccomp listener over", PLACE);
    b.set(notifications, imm(-1));
    b.set(sent, imm(0));
    b.sys(Syscall.GETTID).into(thread);
    b.store(4, owner.address(), imm(0), thread);
    Data clone =
        b.variable("clone_args", Structs.SIZEOF_CLONE_ARGS)
            .u64(
                Structs.CLONE_ARGS_FLAGS,
                Constants.CLONE_VM
                    | Constants.CLONE_FS
                    | Constants.CLONE_FILES
                    | Constants.CLONE_SIGHAND
                    | Constants.CLONE_THREAD
                    | Constants.CLONE_SYSVSEM);
    b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS));
    // Both go on here, with the same slots: what tells them apart must be the kernel's answer and
    // not a value. Only the thread that a futex names as its owner may unlock it.
    Label other = b.label("thread");
    b.sys(
            Syscall.FUTEX,
            owner.address(),
            imm(FUTEX_UNLOCK_PI | Constants.FUTEX_PRIVATE_FLAG),
            imm(0),
            imm(0),
            imm(0),
            imm(0))
        .tolerate(Errno.EPERM, other);
    b.outOfLine(() -> {
      b.bind(other);
      send(notifications, sent);
    });
    b.step(filter);
    int loaded = b.size();
    // The thread must not come under the filter; there is no other that TSYNC could be meant for.
    b.sys(
            Syscall.SECCOMP,
            imm(Constants.SECCOMP_SET_MODE_FILTER),
            imm(
                (flags & ~Constants.SECCOMP_FILTER_FLAG_TSYNC)
                    | Constants.SECCOMP_FILTER_FLAG_NEW_LISTENER),
            program.address())
        .into(notifications);
    Label wait = b.loop("wait for the thread");
    b.branch(Condition.EQ, sent, imm(0), wait);
    return loaded;
  }

  private void send(Slot notifications, Slot sent) {
    b.step("hand the seccomp listener to \"" + path + "\"", PLACE);
    Data nap =
        b.constant("50 us", Structs.SIZEOF_KERNEL_TIMESPEC)
            .u64(Structs.KERNEL_TIMESPEC_TV_NSEC, NAP_NANOSECONDS);
    // It ends when the process has the descriptor or fails, which ends both.
    Label look = b.loop("wait for the descriptor");
    b.sys(Syscall.CLOCK_NANOSLEEP, imm(Constants.CLOCK_MONOTONIC), imm(0), nap.address(), imm(0))
        .tolerateAny();
    b.branch(Condition.EQ, notifications, imm(-1), look);
    int controlSize = Structs.SIZEOF_CMSGHDR + 8;
    Data control =
        b.variable("cmsghdr", controlSize)
            .u64(Structs.CMSGHDR_CMSG_LEN, Structs.SIZEOF_CMSGHDR + 4)
            .u32(Structs.CMSGHDR_CMSG_LEVEL, Constants.SOL_SOCKET)
            .u32(Structs.CMSGHDR_CMSG_TYPE, Constants.SCM_RIGHTS);
    b.store(4, control.address(), imm(Structs.SIZEOF_CMSGHDR), notifications);
    Data part =
        b.variable("iovec", Structs.SIZEOF_IOVEC)
            .address(Structs.IOVEC_IOV_BASE, message.address())
            .u64(Structs.IOVEC_IOV_LEN, message.size());
    Data header =
        b.variable("msghdr", Structs.SIZEOF_MSGHDR)
            .address(Structs.MSGHDR_MSG_IOV, part.address())
            .u64(Structs.MSGHDR_MSG_IOVLEN, 1)
            .address(Structs.MSGHDR_MSG_CONTROL, control.address())
            .u64(Structs.MSGHDR_MSG_CONTROLLEN, controlSize);
    Slot put = b.slot("put");
    Label whole = b.label("sent whole");
    b.sys(Syscall.SENDMSG, socket, header.address(), imm(Constants.MSG_NOSIGNAL)).into(put);
    b.branch(Condition.EQ, put, imm(message.size()), whole);
    b.fail(Errno.EMSGSIZE);
    b.bind(whole);
    Idioms.close(b, notifications);
    Idioms.close(b, socket);
    b.set(sent, imm(1));
    b.sys(Syscall.EXIT, imm(0));
  }
}
