package dev.gatun.runtime.init;

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

/**
 * Init's half of {@code linux.netDevices}: the runtime moves the devices into init's network
 * namespace and then sends the requests, {@code rtnetlink(7)}, that give them back their addresses
 * and bring them up. Init passes them to the kernel: only a process in there can.
 *
 * <p>They come over the channel that later says when the runtime is ready: eight bytes with their
 * length, then one request after the other. End of file there is a runtime that has died.
 */
public final class NetDeviceSetup {
  /** The most bytes of requests; an address takes about 80. */
  public static final int MAX_REQUESTS = 64 << 10;

  /** Bytes before the requests. */
  public static final int HEADER = 8;

  private static final String PLACE = "/linux/netDevices";
  private static final int MAX_REPLY = 4096;

  private NetDeviceSetup() {}

  static void compile(ProgramBuilder b, Slot go) {
    b.step("wait for the network devices", PLACE);
    Data requests = b.buffer("requests", HEADER + MAX_REQUESTS);
    Slot total = b.slot("total");
    Slot end = b.slot("end");
    b.set(end, requests.address());
    b.set(total, imm(HEADER));
    read(b, go, end, total);
    b.load(8, total, requests.address(), imm(0));
    Label sane = b.label("sane");
    b.branch(Condition.LTU, total, imm(MAX_REQUESTS + 1), sane);
    b.fail(Errno.EMSGSIZE);
    b.bind(sane);
    Label complete = b.label("complete");
    b.branch(Condition.EQ, total, imm(0), complete);
    read(b, go, end, total);
    b.bind(complete);

    b.step("configure the network devices", PLACE);
    Slot socket = b.fd("rtnetlink", "rtnetlink");
    b.sys(
            Syscall.SOCKET,
            imm(Constants.AF_NETLINK),
            imm(Constants.SOCK_RAW | Constants.SOCK_CLOEXEC),
            imm(Constants.NETLINK_ROUTE))
        .into(socket);
    Data reply = b.buffer("reply", MAX_REPLY);
    Slot at = b.slot("at");
    Slot length = b.slot("length");
    Label done = b.label("configured");
    b.set(at, requests.at(HEADER));
    Label next = b.loop("next request");
    b.branch(Condition.EQ, at, end, done);
    b.load(4, length, at, imm(Structs.NLMSGHDR_NLMSG_LEN));
    // Requests begin at multiples of four bytes.
    b.alu(Function.ADD, length, length, imm(3));
    b.alu(Function.AND, length, length, imm(-4));
    acknowledged(b, socket, at, length, reply);
    b.alu(Function.ADD, at, at, length);
    b.jump(next);
    b.bind(done);
    Idioms.close(b, socket);
  }

  /** Reads a known number of bytes; {@code end} moves behind them. */
  private static void read(ProgramBuilder b, Slot go, Slot end, Slot left) {
    Slot got = b.slot("got");
    Label more = b.loop("read on");
    Label some = b.label("some");
    b.sys(Syscall.READ, go, end, left).into(got);
    b.branch(Condition.NE, got, imm(0), some);
    b.sys(Syscall.EXIT_GROUP, imm(1));
    b.bind(some);
    b.alu(Function.ADD, end, end, got);
    b.alu(Function.SUB, left, left, got);
    b.branch(Condition.NE, left, imm(0), more);
  }

  /**
   * Sends one request that asks for an acknowledgement, and fails as that says.
   *
   * @param b the program
   * @param socket an rtnetlink socket
   * @param request where the request begins
   * @param length its length
   * @param reply room for the reply
   */
  private static void acknowledged(
      ProgramBuilder b, Slot socket, Slot request, Slot length, Data reply) {
    Slot error = b.slot("error");
    Instruction call = send(b, socket, request, length, reply, error);
    Label failed = b.label("request failed");
    b.branch(Condition.NE, error, imm(0), failed);
    b.outOfLine(() -> {
      b.bind(failed);
      b.fail(call, error);
    });
  }

  /**
   * Sends one request that asks for an acknowledgement.
   *
   * @param b the program
   * @param socket an rtnetlink socket
   * @param request where the request begins
   * @param length its length
   * @param reply room for the reply
   * @param error takes 0 or −errno
   * @return the record that sends it
   */
  public static Instruction send(
      ProgramBuilder b, Slot socket, Arg request, Arg length, Data reply, Slot error) {
    Instruction call = b.sys(Syscall.SENDTO, socket, request, length, imm(0), imm(0), imm(0));
    Addr answer = reply.address();
    b.sys(Syscall.RECVFROM, socket, answer, imm(reply.size()), imm(0), imm(0), imm(0));
    // struct nlmsgerr: the error comes behind the header, a signed number of four bytes.
    b.load(4, error, answer, imm(Structs.SIZEOF_NLMSGHDR));
    Label none = b.label("no error");
    b.branch(Condition.EQ, error, imm(0), none);
    b.alu(Function.SUB, error, error, imm(1L << 32));
    b.bind(none);
    return call;
  }
}
