package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.NetDevice;
import dev.gatun.runtime.init.NetDeviceSetup;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The runtime's half of {@code linux.netDevices}, {@code rtnetlink(7)}: each device is moved, with
 * its new name, into the network namespace of init, which is known by its pid. A device that moves
 * loses its addresses, so the permanent ones that reach beyond the host are read before, and init
 * is told to set them: see {@link NetDeviceSetup}.
 */
final class NetDevices {
  private static final int NLM_F_REQUEST = 0x1;
  private static final int NLM_F_ACK = 0x4;
  private static final int NLM_F_EXCL = 0x200;
  private static final int NLM_F_CREATE = 0x400;
  private static final int NLM_F_DUMP = 0x300;
  private static final int NLMSG_ERROR = 2;
  private static final int NLMSG_DONE = 3;
  private static final int RTM_NEWLINK = 16;
  private static final int RTM_NEWADDR = 20;
  private static final int RTM_GETADDR = 22;
  private static final int SOL_NETLINK = 270;
  private static final int NETLINK_GET_STRICT_CHK = 12;

  private static final int IFLA_IFNAME = 3;
  private static final int IFLA_NET_NS_PID = 19;
  private static final int IFLA_NEW_IFINDEX = 49;
  private static final int IFA_LABEL = 3;
  private static final int IFA_F_PERMANENT = 0x80;

  /** {@code struct ifinfomsg} of linux/rtnetlink.h. */
  private static final int SIZEOF_IFINFOMSG = 16;

  private static final int IFI_INDEX = 4;
  private static final int IFI_FLAGS = 8;
  private static final int IFI_CHANGE = 12;

  /** {@code struct ifaddrmsg} of linux/if_addr.h. */
  private static final int SIZEOF_IFADDRMSG = 8;

  private static final int IFA_FLAGS = 2;
  private static final int IFA_SCOPE = 3;
  private static final int IFA_INDEX = 4;

  private static final int HEADER = Structs.SIZEOF_NLMSGHDR;
  private static final int MAX_REPLY = 32 << 10;

  /** What a new index differs from the last one that was taken in the namespace, and how often. */
  private static final int STRIDE = 1009;

  private static final int TRIES = 64;

  private final ProgramBuilder b;
  private final Map<String, NetDevice> devices;
  private final Slot socket;
  private final Data reply;
  private final Data requests;
  private final Slot end;
  private final Slot length;
  private final Slot error;

  /**
   * Begins.
   *
   * @param b the program
   * @param descriptors of the program
   * @param devices what the configuration says, not empty
   */
  NetDevices(ProgramBuilder b, Descriptors descriptors, Map<String, NetDevice> devices) {
    this.b = b;
    this.devices = devices;
    socket = descriptors.fd("rtnetlink", "rtnetlink");
    reply = b.buffer("reply", MAX_REPLY);
    requests =
        b.buffer("requests", NetDeviceSetup.HEADER + NetDeviceSetup.MAX_REQUESTS + MAX_REPLY);
    end = b.slot("requests end");
    length = b.slot("length");
    error = b.slot("error");
  }

  /**
   * Adds the records that move all of them.
   *
   * @param pid init's pid, as this process sees it
   * @param go where init waits for the requests
   */
  void move(Slot pid, Slot go) {
    b.step("move network devices", "/linux/netDevices");
    b.sys(
            Syscall.SOCKET,
            imm(Constants.AF_NETLINK),
            imm(Constants.SOCK_RAW | Constants.SOCK_CLOEXEC),
            imm(Constants.NETLINK_ROUTE))
        .into(socket);
    Data on = b.constant("on", 4).u32(0, 1);
    b.sys(
        Syscall.SETSOCKOPT,
        socket,
        imm(SOL_NETLINK),
        imm(NETLINK_GET_STRICT_CHK),
        on.address(),
        imm(4));
    b.set(end, requests.at(NetDeviceSetup.HEADER));
    for (Map.Entry<String, NetDevice> entry : devices.entrySet()) {
      String name = entry.getKey();
      String newName = entry.getValue().name();
      String place = "/linux/netDevices/" + name.replace("~", "~0");
      b.step("move network device \"" + name + "\" into the container", place);
      move(name, newName == null ? name : newName, pid);
    }
    b.step("tell the container's process of its network devices", "/linux/netDevices");
    b.sys(Syscall.CLOSE, socket).tolerateAny();
    b.set(socket, imm(-1));
    b.alu(Function.SUB, length, end, requests.at(NetDeviceSetup.HEADER));
    b.store(8, requests.address(), imm(0), length);
    b.alu(Function.ADD, length, length, imm(NetDeviceSetup.HEADER));
    Slot from = b.slot("from");
    Slot sent = b.slot("sent");
    b.set(from, requests.address());
    Label more = b.loop("send on");
    b.sys(Syscall.SENDTO, go, from, length, imm(Constants.MSG_NOSIGNAL), imm(0), imm(0)).into(sent);
    b.alu(Function.ADD, from, from, sent);
    b.alu(Function.SUB, length, length, sent);
    b.branch(Condition.NE, length, imm(0), more);
  }

  private void move(String name, String newName, Slot pid) {
    Slot index = b.slot("index");
    Slot newIndex = b.slot("new index");
    Slot tries = b.slot("tries");
    Data request =
        b.variable("ifreq", Structs.SIZEOF_IFREQ)
            .put(Structs.IFREQ_IFR_NAME, name.getBytes(StandardCharsets.UTF_8));
    b.sys(Syscall.IOCTL, socket, imm(Constants.SIOCGIFINDEX), request.address());
    b.load(4, index, request.address(), imm(Structs.IFREQ_IFR_IFINDEX));
    Slot first = b.slot("first request");
    b.set(first, end);
    addresses(index);

    // The index that it has in there must be known: its name need not be, with a "%d" in it.
    byte[] text = newName.getBytes(StandardCharsets.UTF_8);
    int nameSize = 4 + text.length + 1;
    int size = HEADER + SIZEOF_IFINFOMSG + 8 + 8 + (nameSize + 3) / 4 * 4;
    int at = HEADER + SIZEOF_IFINFOMSG;
    Data link = header("RTM_NEWLINK", size, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK);
    link.u16(at, 8).u16(at + 2, IFLA_NET_NS_PID);
    link.u16(at + 8, 8).u16(at + 10, IFLA_NEW_IFINDEX);
    link.u16(at + 16, nameSize).u16(at + 18, IFLA_IFNAME).put(at + 20, text);
    b.store(4, link.address(), imm(HEADER + IFI_INDEX), index);
    b.store(4, link.address(), imm(at + 4), pid);
    b.set(newIndex, index);
    b.set(tries, imm(TRIES));
    Label moved = b.label("moved");
    Label taken = b.label("index taken");
    Label again = b.loop("move");
    b.store(4, link.address(), imm(at + 12), newIndex);
    Instruction call = NetDeviceSetup.send(b, socket, link.address(), imm(size), reply, error);
    b.branch(Condition.EQ, error, imm(0), moved);
    b.branch(Condition.EQ, error, imm(-Errno.EBUSY), taken);
    b.fail(call, error);
    b.bind(taken);
    b.alu(Function.ADD, newIndex, newIndex, imm(STRIDE));
    b.alu(Function.SUB, tries, tries, imm(1));
    b.branch(Condition.NE, tries, imm(0), again);
    b.fail(call, error);
    b.bind(moved);
    renumber(first, newIndex);

    int upSize = HEADER + SIZEOF_IFINFOMSG;
    Data up = header("RTM_NEWLINK up", upSize, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK);
    up.u32(HEADER + IFI_FLAGS, Constants.IFF_UP).u32(HEADER + IFI_CHANGE, Constants.IFF_UP);
    b.store(4, up.address(), imm(HEADER + IFI_INDEX), newIndex);
    Slot from = b.slot("from");
    b.set(from, up.address());
    b.set(length, imm(upSize));
    append(from);
  }

  private Data header(String name, int size, int type, int flags) {
    return b.variable(name, size)
        .u32(Structs.NLMSGHDR_NLMSG_LEN, size)
        .u16(Structs.NLMSGHDR_NLMSG_TYPE, type)
        .u16(Structs.NLMSGHDR_NLMSG_FLAGS, flags);
  }

  /** Reads the addresses of a device, and makes requests of those that it is to keep. */
  private void addresses(Slot index) {
    int size = HEADER + SIZEOF_IFADDRMSG;
    Data dump = header("RTM_GETADDR", size, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP);
    Slot at = b.slot("at");
    Slot stop = b.slot("stop");
    Slot field = b.slot("field");
    Label done = b.label("all addresses");
    Label skip = b.loopAhead("next message");
    b.store(4, dump.address(), imm(HEADER + IFA_INDEX), index);
    Instruction call =
        b.sys(Syscall.SENDTO, socket, dump.address(), imm(size), imm(0), imm(0), imm(0));
    Label read = b.loop("read addresses");
    b.sys(Syscall.RECVFROM, socket, reply.address(), imm(reply.size()), imm(0), imm(0), imm(0))
        .into(stop);
    b.alu(Function.ADD, stop, reply.address(), stop);
    b.set(at, reply.address());
    Label message = b.loop("message");
    b.branch(Condition.EQ, at, stop, read);
    b.load(4, length, at, imm(Structs.NLMSGHDR_NLMSG_LEN));
    // Messages begin at multiples of four bytes.
    b.alu(Function.ADD, length, length, imm(3));
    b.alu(Function.AND, length, length, imm(-4));
    b.load(2, field, at, imm(Structs.NLMSGHDR_NLMSG_TYPE));
    b.branch(Condition.EQ, field, imm(NLMSG_DONE), done);
    Label refused = b.label("dump refused");
    b.branch(Condition.EQ, field, imm(NLMSG_ERROR), refused);
    b.outOfLine(() -> {
      b.bind(refused);
      b.load(4, error, at, imm(HEADER));
      b.alu(Function.SUB, error, error, imm(1L << 32));
      b.fail(call, error);
    });
    b.branch(Condition.NE, field, imm(RTM_NEWADDR), skip);
    b.load(4, field, at, imm(HEADER + IFA_INDEX));
    b.branch(Condition.NE, field, index, skip);
    // RT_SCOPE_UNIVERSE is 0: link-local addresses and those of the host alone do not travel.
    b.load(1, field, at, imm(HEADER + IFA_SCOPE));
    b.branch(Condition.NE, field, imm(0), skip);
    b.load(1, field, at, imm(HEADER + IFA_FLAGS));
    b.alu(Function.AND, field, field, imm(IFA_F_PERMANENT));
    b.branch(Condition.EQ, field, imm(0), skip);
    b.store(
        4,
        at,
        imm(Structs.NLMSGHDR_NLMSG_TYPE),
        imm(RTM_NEWADDR | (long) (NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL) << 16));
    dropLabel(at);
    append(at);
    b.bind(skip);
    b.alu(Function.ADD, at, at, length);
    b.jump(message);
    b.bind(done);
  }

  /** The label begins with the name that the device had: without one it gets the new name. */
  private void dropLabel(Slot at) {
    Slot attribute = b.slot("attribute");
    Slot stop = b.slot("stop");
    Slot type = b.slot("type");
    Slot size = b.slot("size");
    Label none = b.label("no label");
    Label next = b.label("next attribute");
    b.alu(Function.ADD, attribute, at, imm(HEADER + SIZEOF_IFADDRMSG));
    b.alu(Function.ADD, stop, at, length);
    Label look = b.loop("attribute");
    b.branch(Condition.LTU, stop, attribute, none);
    b.branch(Condition.EQ, stop, attribute, none);
    b.load(2, size, attribute, imm(0));
    b.load(2, type, attribute, imm(2));
    b.branch(Condition.NE, type, imm(IFA_LABEL), next);
    // Type 0 is passed over.
    b.store(4, attribute, imm(0), size);
    b.bind(next);
    b.alu(Function.ADD, size, size, imm(3));
    b.alu(Function.AND, size, size, imm(-4));
    b.alu(Function.ADD, attribute, attribute, size);
    b.branch(Condition.NE, size, imm(0), look);
    b.bind(none);
  }

  /** Puts {@code length} bytes, a multiple of four, behind the requests. */
  private void append(Slot from) {
    Slot left = b.slot("left");
    Slot word = b.slot("word");
    Slot source = b.slot("source");
    Label full = b.label("too many addresses");
    b.branch(
        Condition.LTU,
        requests.at(NetDeviceSetup.HEADER + NetDeviceSetup.MAX_REQUESTS - MAX_REPLY),
        end,
        full);
    b.outOfLine(() -> {
      b.bind(full);
      b.fail(Errno.EMSGSIZE);
    });
    b.set(left, length);
    b.set(source, from);
    Label copy = b.loop("copy");
    b.load(4, word, source, imm(0));
    b.store(4, end, imm(0), word);
    b.alu(Function.ADD, source, source, imm(4));
    b.alu(Function.ADD, end, end, imm(4));
    b.alu(Function.SUB, left, left, imm(4));
    b.branch(Condition.NE, left, imm(0), copy);
  }

  /** Writes the index that the device has now into the requests for its addresses. */
  private void renumber(Slot first, Slot newIndex) {
    Slot at = b.slot("at");
    Label done = b.label("renumbered");
    b.set(at, first);
    Label next = b.loop("next request");
    b.branch(Condition.EQ, at, end, done);
    b.store(4, at, imm(HEADER + IFA_INDEX), newIndex);
    b.load(4, length, at, imm(Structs.NLMSGHDR_NLMSG_LEN));
    b.alu(Function.ADD, length, length, imm(3));
    b.alu(Function.AND, length, length, imm(-4));
    b.alu(Function.ADD, at, at, length);
    b.jump(next);
    b.bind(done);
  }
}
