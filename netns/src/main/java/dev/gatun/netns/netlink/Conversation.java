package dev.gatun.netns.netlink;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.NetworkNamespace;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What is said to the kernel over netlink in one program.
 *
 * <p>The kernel works off requests while they are sent, and what it has to say is there when {@code
 * sendto(2)} returns; a dump goes on whenever some of it was read. So answers are read until there
 * are none, without waiting: nothing here can block, however little the kernel says.
 *
 * <p>A socket belongs to the network namespace that it was made in. The thread goes there for that
 * and back at once, also when something fails.
 */
public final class Conversation {
  /** Answers of requests that are only acknowledged, and of a few more. */
  public static final int SMALL = 16 << 10;

  /** The most that a dump may have: what a caller's process can carry. */
  private static final int MOST = 8 << 20;

  private static final int FIRST_DUMP = 64 << 10;
  private static final int MOST_DUMPS = 32;

  /** The kernel's default of what a socket may have on its way. */
  private static final int BUFFER = 128 << 10;

  private final ProgramBuilder b;
  private final Descriptors descriptors;
  private final Data reply;
  private final Slot total;
  private final Slot full;
  private final Slot lost;
  private final Slot sent;
  private final List<Requests> said = new ArrayList<>(2);

  /**
   * Begins, as the first thing in a program.
   *
   * @param b the program
   * @param room the most bytes that all answers may have, a multiple of 4; {@link #SMALL} does if
   *     nothing is dumped
   */
  public Conversation(ProgramBuilder b, int room) {
    this.b = b;
    descriptors = new Descriptors(b);
    reply = b.output("answers", room);
    total = b.slot("answered");
    full = b.slot("too many answers");
    lost = b.slot("lost answers");
    sent = b.slot("sent");
    b.set(sent, imm(0));
    b.set(total, imm(0));
    b.set(full, imm(0));
    b.set(lost, imm(0));
  }

  /** The program. */
  public ProgramBuilder program() {
    return b;
  }

  /** What the program has open and closes at its end, and when it fails. */
  public Descriptors descriptors() {
    return descriptors;
  }

  /**
   * Adds records that run in a network namespace: the thread that runs the program goes there, and
   * back behind them, or when they fail.
   *
   * @param namespace the namespace
   * @param records adds them
   */
  public void inside(NetworkNamespace namespace, Runnable records) {
    String path = namespace.path();
    if (path == null) {
      records.run();
      return;
    }
    b.step("enter network namespace " + path, "");
    Slot saved = descriptors.fd("own network namespace", "/proc/thread-self/ns/net");
    Slot there = descriptors.fd("network namespace", path);
    int flags = Constants.O_RDONLY | Constants.O_CLOEXEC;
    b.sys(Syscall.OPENAT, imm(Constants.AT_FDCWD), b.string("/proc/thread-self/ns/net"), imm(flags))
        .into(saved);
    b.sys(Syscall.OPENAT, imm(Constants.AT_FDCWD), b.string(path), imm(flags)).into(there);
    Label before = b.failureHandler();
    Label back = b.label("leave network namespace on failure");
    b.sys(Syscall.SETNS, there, imm(Constants.CLONE_NEWNET));
    b.onFailure(back);
    records.run();
    b.step("leave network namespace " + path, "");
    // A failure goes where it went before: trying the same again helps nobody.
    b.onFailure(before);
    b.sys(Syscall.SETNS, saved, imm(Constants.CLONE_NEWNET));
    b.outOfLine(() -> {
      b.bind(back);
      b.sys(Syscall.SETNS, saved, imm(Constants.CLONE_NEWNET)).tolerateAny();
      b.jump(before);
    });
    descriptors.close(there);
    descriptors.close(saved);
  }

  /**
   * Adds a socket in the namespace that the thread is in.
   *
   * @param protocol {@code NETLINK_ROUTE} or another
   * @return a slot with it; it is closed at the end
   */
  public Slot socket(int protocol) {
    Slot socket = descriptors.fd("netlink", "netlink");
    b.step("open a netlink socket", "");
    b.sys(
            Syscall.SOCKET,
            imm(Constants.AF_NETLINK),
            imm(Constants.SOCK_RAW | Constants.SOCK_CLOEXEC),
            imm(protocol))
        .into(socket);
    option(socket, Constants.SOL_NETLINK, Netlink.NETLINK_EXT_ACK, 1);
    option(socket, Constants.SOL_NETLINK, Netlink.NETLINK_CAP_ACK, 1);
    option(socket, Constants.SOL_NETLINK, Netlink.NETLINK_GET_STRICT_CHK, 1);
    return socket;
  }

  /**
   * Adds a socket in a namespace.
   *
   * @param namespace the namespace
   * @param protocol {@code NETLINK_ROUTE} or another
   * @return a slot with it; it is closed at the end
   */
  public Slot socket(NetworkNamespace namespace, int protocol) {
    Slot[] socket = new Slot[1];
    inside(namespace, () -> socket[0] = socket(protocol));
    return socket[0];
  }

  private Instruction option(Slot socket, int level, int name, int value) {
    Data number = b.constant("option", 4).u32(0, value);
    return b.sys(
        Syscall.SETSOCKOPT, socket, imm(level), imm(name), number.address(), imm(number.size()));
  }

  /**
   * Adds records that find an interface by its name.
   *
   * @param socket any socket of its namespace
   * @param name its name
   * @param index takes its index
   * @param missing where to go if there is none; it is behind here
   */
  public void index(Slot socket, String name, Slot index, Label missing) {
    Data request =
        b.variable("ifreq", Structs.SIZEOF_IFREQ)
            .put(Structs.IFREQ_IFR_NAME, name.getBytes(StandardCharsets.UTF_8));
    b.sys(Syscall.IOCTL, socket, imm(Constants.SIOCGIFINDEX), request.address())
        .into(index)
        .tolerate(Errno.ENODEV, missing);
    b.load(4, index, request.address(), imm(Structs.IFREQ_IFR_IFINDEX));
  }

  /**
   * Adds records that send requests in one datagram and read what is answered.
   *
   * @param socket from {@link #socket}
   * @param requests what is sent; in one conversation no two messages have one sequence number
   */
  public void exchange(Slot socket, Requests requests) {
    converse(socket, requests);
  }

  private Instruction converse(Slot socket, Requests requests) {
    if (said.size() == Long.SIZE) {
      throw new IllegalStateException("more than " + Long.SIZE + " exchanges");
    }
    b.alu(Function.OR, sent, sent, imm(1L << said.size()));
    said.add(requests);
    byte[] bytes = requests.bytes();
    Data data = b.variable("requests", bytes.length).put(0, bytes);
    b.step(requests.list().isEmpty() ? "" : requests.list().getFirst().operation, "");
    for (int i = 0; i < requests.slotCount(); i++) {
      b.store(4, data.address(), imm(requests.slotAt(i)), requests.slot(i));
    }
    if (bytes.length > BUFFER / 2) {
      // Without the privilege the request may still fit.
      option(socket, Constants.SOL_SOCKET, Netlink.SO_SNDBUFFORCE, 2 * bytes.length)
          .tolerate(Errno.EPERM);
    }
    if (requests.count() > BUFFER / 1024) {
      // Each may fail, and a failure takes about a kilobyte of the kernel's memory.
      option(socket, Constants.SOL_SOCKET, Netlink.SO_RCVBUFFORCE, 2048 * requests.count())
          .tolerate(Errno.EPERM);
    }
    Label send = b.loop("send");
    Instruction call =
        b.sys(Syscall.SENDTO, socket, data.address(), imm(bytes.length), imm(0), imm(0), imm(0));
    call.tolerate(Errno.EINTR, Idioms.retry(b, send, call, Errno.EINTR));
    receive(socket);
    return call;
  }

  /**
   * Adds records that send one request, and fail if the kernel does not carry it out: for what the
   * records behind it rely on.
   *
   * @param socket from {@link #socket}
   * @param request one message, which is to be acknowledged and answered by nothing else
   */
  public void must(Slot socket, Requests request) {
    if (request.count() != 1 || !request.list().getFirst().due) {
      throw new IllegalArgumentException("not one message that is acknowledged");
    }
    int tolerated = request.list().getFirst().tolerated;
    Slot answer = b.slot("answer");
    Slot error = b.slot("error");
    b.alu(Function.ADD, answer, reply.address(), total);
    // Should nothing come, the kernel has lost it.
    b.set(error, imm(negative(Errno.ENOBUFS)));
    Slot before = b.slot("answered before");
    b.set(before, total);
    Instruction call = converse(socket, request);
    Label none = b.label("no answer at all");
    Label good = b.label("carried out");
    b.branch(Condition.EQ, total, before, none);
    // struct nlmsgerr: the error comes behind the header, a signed number of four bytes.
    b.load(4, error, answer, imm(Structs.SIZEOF_NLMSGHDR));
    b.bind(none);
    b.branch(Condition.EQ, error, imm(0), good);
    if (tolerated != 0) {
      b.branch(Condition.EQ, error, imm(negative(tolerated)), good);
    }
    b.alu(Function.SUB, error, error, imm(1L << 32));
    b.fail(call, error);
    b.bind(good);
  }

  /** What four bytes with −errno are as an unsigned number. */
  private static long negative(int errno) {
    return (1L << 32) - errno;
  }

  private void receive(Slot socket) {
    Slot got = b.slot("got");
    Slot room = b.slot("room");
    Slot at = b.slot("at");
    Slot sender = b.slot("sender");
    Data name = b.buffer("sockaddr_nl", Structs.SIZEOF_SOCKADDR_NL);
    Data nameSize = b.buffer("sockaddr_nl size", 4);
    Label silent = b.label("no answer");
    Label over = b.label("too many answers");
    Label done = b.label("answered");
    Label next = b.loop("receive");
    b.alu(Function.SUB, room, imm(reply.size()), total);
    b.alu(Function.ADD, at, reply.address(), total);
    b.store(4, nameSize.address(), imm(0), imm(Structs.SIZEOF_SOCKADDR_NL));
    // MSG_TRUNC: the size of what was there is returned, and not of what fitted.
    Instruction call =
        b.sys(
            Syscall.RECVFROM,
            socket,
            at,
            room,
            imm(Constants.MSG_DONTWAIT | Constants.MSG_TRUNC),
            name.address(),
            nameSize.address());
    call.into(got).tolerateAny(silent);
    b.outOfLine(() -> {
      b.bind(silent);
      b.branch(Condition.EQ, got, imm(-Errno.EAGAIN), done);
      Label fatal = b.label("fatal");
      Label again = b.label("again");
      b.branch(Condition.EQ, got, imm(-Errno.EINTR), again);
      b.branch(Condition.NE, got, imm(-Errno.ENOBUFS), fatal);
      b.set(lost, imm(1));
      b.bind(again);
      b.alu(Function.ADD, Slot.RETRIES, Slot.RETRIES, imm(1));
      b.branch(Condition.LTU, Slot.RETRIES, imm(Idioms.MOST_RETRIES), next);
      b.bind(fatal);
      b.fail(call, got);
    });
    // Others in the namespace may send messages too; the kernel is 0.
    Label foreign = b.label("not from the kernel");
    b.load(4, sender, name.address(), imm(Structs.SOCKADDR_NL_NL_PID));
    b.branch(Condition.NE, sender, imm(0), foreign);
    b.outOfLine(() -> {
      b.bind(foreign);
      b.alu(Function.ADD, Slot.RETRIES, Slot.RETRIES, imm(1));
      b.branch(Condition.LTU, Slot.RETRIES, imm(Idioms.MOST_RETRIES), next);
      b.fail(call, imm(-Errno.EAGAIN));
    });
    b.branch(Condition.LTU, room, got, over);
    b.outOfLine(() -> {
      b.bind(over);
      b.set(full, imm(1));
      b.jump(done);
    });
    b.alu(Function.ADD, got, got, imm(3));
    b.alu(Function.AND, got, got, imm(-4));
    b.alu(Function.ADD, total, total, got);
    b.jump(next);
    b.bind(done);
  }

  /**
   * Ends the program and runs it.
   *
   * @param kernel the kernel
   * @return what was answered; nothing is thrown for what failed
   */
  public Replies run(Kernel kernel) {
    descriptors.closeAll();
    b.replyUpTo(reply, total);
    Kernel.Result result = kernel.run(b.build());
    byte[] answers = result.bytes(reply, result.slot(total));
    return new Replies(
        said, answers, result, result.slot(sent), result.slot(full) != 0, result.slot(lost) != 0);
  }

  /**
   * Sends requests in a program of their own.
   *
   * @param kernel the kernel
   * @param namespace where the socket is made
   * @param protocol {@code NETLINK_ROUTE} or another
   * @param requests what is sent
   * @return what was answered
   * @throws NetlinkException if a request failed: the first that did
   */
  public static Replies talk(
      Kernel kernel, NetworkNamespace namespace, int protocol, Requests requests) {
    return attempt(kernel, namespace, protocol, requests).orThrow();
  }

  /**
   * Sends requests in a program of their own, which may fail.
   *
   * @param kernel the kernel
   * @param namespace where the socket is made
   * @param protocol {@code NETLINK_ROUTE} or another
   * @param requests what is sent
   * @return what was answered; {@link Replies#failure(int)} tells of each
   */
  public static Replies attempt(
      Kernel kernel, NetworkNamespace namespace, int protocol, Requests requests) {
    return once(kernel, namespace, protocol, requests, room(requests));
  }

  /**
   * How much room there has to be for answers if any request may be refused.
   *
   * @param requests what is sent
   * @return in bytes
   */
  public static int room(Requests requests) {
    // An error has at most some hundred bytes of text.
    return Math.min(MOST, SMALL + 512 * requests.count());
  }

  private static Replies once(
      Kernel kernel, NetworkNamespace namespace, int protocol, Requests requests, int room) {
    Conversation conversation = new Conversation(new ProgramBuilder(kernel.arch()), room);
    Slot socket = conversation.socket(namespace, protocol);
    conversation.exchange(socket, requests);
    return conversation.run(kernel);
  }

  /**
   * Asks for a dump, until it comes whole: with more room if there is not enough, again if the
   * kernel says that what it shows changed meanwhile.
   *
   * @param kernel the kernel
   * @param namespace where the socket is made
   * @param protocol {@code NETLINK_ROUTE} or another
   * @param request one message, said to be a {@link Requests#dump}
   * @return the messages of the dump
   * @throws NetlinkException if the kernel refuses, or the dump never comes whole
   */
  public static List<Message> dump(
      Kernel kernel, NetworkNamespace namespace, int protocol, Requests request) {
    int room = FIRST_DUMP;
    for (int i = 0; i < MOST_DUMPS; i++) {
      Replies replies = once(kernel, namespace, protocol, request, room);
      if (replies.isFull()) {
        if (room == MOST) {
          return replies.orThrow().messages();
        }
        room = Math.min(MOST, 8 * room);
      } else if (!replies.isInterrupted()) {
        return replies.orThrow().messages();
      }
    }
    throw new NetlinkException(
        request.list().getFirst().operation
            + ": what was asked for changed each of "
            + MOST_DUMPS
            + " times while it was read");
  }
}
