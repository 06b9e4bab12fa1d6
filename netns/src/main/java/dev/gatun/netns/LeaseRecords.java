package dev.gatun.netns;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.DirectoryScan;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The records of a program that works on the leases of a state root. */
final class LeaseRecords {
  private static final String NETWORK = ".network";
  private static final String LEASES = "leases";

  /** Room for the leases of two full /16, and less than a caller's arena. */
  private static final int MAX_LIST = 12 << 20;

  /** More than any target is long: an id of 255 bytes, an address, a prefix, a time. */
  private static final int MAX_TARGET = 512;

  /** The place in a range of the first address that a pod can have, behind the gateway's. */
  private static final long FIRST = 2;

  /** How long a search may be; only a range of more addresses can seem full before it is. */
  private static final long MOST_PROBES = 1 << 24;

  private final ProgramBuilder b;
  private final String stateRoot;
  private final Descriptors descriptors;
  private final Slot network;
  private final Slot leases;
  private final Data buffer;
  private final List<Data> names = new ArrayList<>();
  private final List<Slot> made = new ArrayList<>();

  /** Begins, as the first thing in a program. */
  LeaseRecords(ProgramBuilder b, String stateRoot) {
    this.b = b;
    this.stateRoot = stateRoot;
    descriptors = new Descriptors(b);
    network = descriptors.fd("network", NETWORK);
    leases = descriptors.fd("leases", LEASES);
    buffer = b.buffer("target", MAX_TARGET);
  }

  /** Opens the directory of leases, and makes it in a state root that has none. */
  void make() {
    Slot root = root();
    openRoot(root);
    mkdir(root, NETWORK);
    open(root, NETWORK, network);
    mkdir(network, LEASES);
    open(network, LEASES, leases);
    descriptors.close(root);
  }

  /** Opens the directory of leases, or goes elsewhere when there never was one. */
  void open(Label missing) {
    Slot root = root();
    openRoot(root).tolerate(Errno.ENOENT, missing);
    open(root, NETWORK, network).tolerate(Errno.ENOENT, missing);
    open(network, LEASES, leases).tolerate(Errno.ENOENT, missing);
    descriptors.close(root);
  }

  private Slot root() {
    b.step("open the address pool of state root \"" + stateRoot + "\"", "");
    return descriptors.fd("root", stateRoot);
  }

  private Instruction openRoot(Slot root) {
    return b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(stateRoot),
            imm(Constants.O_RDONLY | b.arch().O_DIRECTORY() | Constants.O_CLOEXEC),
            imm(0))
        .into(root);
  }

  private void mkdir(Slot directory, String name) {
    b.sys(Syscall.MKDIRAT, directory, b.string(name), imm(0700)).tolerate(Errno.EEXIST);
  }

  private Instruction open(Slot directory, String name, Slot into) {
    return Idioms.openDirectory(b, directory, name).into(into);
  }

  /** Locks the directory of leases, until its descriptor is closed. */
  void lock() {
    b.sys(Syscall.FLOCK, leases, imm(Constants.LOCK_EX));
  }

  /** Closes all, as the last thing in a program. */
  void close() {
    descriptors.closeAll();
  }

  // --- leasing

  /**
   * Leases the next free address of a range; from then on its gateway's is nobody's.
   *
   * @param range the range
   * @param podId for whom
   * @param full set when there is none
   * @param why to this
   * @param noRoom where to go then
   * @return a slot with the address's place in the range
   */
  Slot lease(Subnet range, String podId, Slot full, Arg why, Label noRoom) {
    keepGateway(range, full, why, noRoom);
    final long last = FIRST + range.usable() - 1;
    final Slot offset = b.slot("offset");
    Slot tries = b.slot("tries");
    Slot value = b.slot("value");
    Slot leased = b.slot("leased");
    made.add(leased);
    // Hexadecimal digits of the bits that differ: an IPv6 address's upper half is constant.
    int digits = range.isIpv6() ? Long.BYTES * 2 : Integer.BYTES * 2;
    String constant = Entry.name(range.network());
    byte[] nameBytes = (constant + "\0").getBytes(StandardCharsets.US_ASCII);
    Data name = b.variable("lease", nameBytes.length).put(0, nameBytes);
    names.add(name);
    String head = Entry.head(podId, range.network(), range.prefix());
    byte[] headBytes = head.getBytes(StandardCharsets.UTF_8);
    Data target =
        b.variable("lease target", headBytes.length + Entry.TIME_DIGITS + 1).put(0, headBytes);
    int inTarget = podId.getBytes(StandardCharsets.UTF_8).length + 1 + constant.length() - digits;
    Addr[] places = {name.at(constant.length() - digits), target.at(inTarget)};
    Slot time = time();
    hexadecimal(time, Entry.TIME_DIGITS, target.at(headBytes.length));

    Slot cursor = descriptors.fd("cursor", null);
    Data next = b.buffer("next", Long.BYTES);
    openCursor(range, cursor, next);
    b.load(8, offset, next.address(), imm(0));
    b.set(tries, imm(0));

    Label probe = b.loop("probe");
    Label wrap = b.label("wrap");
    Label inside = b.label("inside");
    b.alu(Function.ADD, tries, tries, imm(1));
    b.alu(Function.ADD, offset, offset, imm(1));
    b.branch(Condition.LTU, offset, imm(FIRST), wrap);
    b.branch(Condition.LTU, offset, imm(last + 1), inside);
    b.bind(wrap);
    b.set(offset, imm(FIRST));
    b.bind(inside);
    b.alu(Function.ADD, value, offset, imm(lowBits(range.network())));
    hexadecimal(value, digits, places);
    Label taken = b.label("taken");
    b.sys(Syscall.SYMLINKAT, target.address(), leases, name.address())
        .tolerate(Errno.EEXIST, taken);
    b.outOfLine(() -> {
      b.bind(taken);
      b.branch(Condition.LTU, tries, imm(Math.min(range.usable(), MOST_PROBES)), probe);
      b.set(full, why);
      b.jump(noRoom);
    });
    b.set(leased, imm(1));
    b.store(8, next.address(), imm(0), offset);
    // A full disk costs the hint, not the lease.
    b.sys(Syscall.PWRITE64, cursor, next.address(), imm(Long.BYTES), imm(0)).tolerateAny();
    descriptors.close(cursor);
    return offset;
  }

  /**
   * Keeps the address that the bridge gets from pods of ranges that overlap this one: a file that
   * is no link has the name of its lease. If a pod has it, there is no room in this range.
   */
  private void keepGateway(Subnet range, Slot full, Arg why, Label noRoom) {
    Addr name = b.string(Entry.name(range.gateway()));
    Slot result = b.slot("lease of the gateway");
    Label free = b.label("gateway is not leased");
    Label kept = b.label("gateway is kept");
    Instruction look =
        b.sys(Syscall.READLINKAT, leases, name, buffer.address(), imm(MAX_TARGET))
            .into(result)
            .tolerateAny(free);
    b.set(full, why);
    b.jump(noRoom);
    b.bind(free);
    b.branch(Condition.EQ, result, imm(-Errno.EINVAL), kept);
    Label missing = b.label("gateway is new");
    b.branch(Condition.EQ, result, imm(-Errno.ENOENT), missing);
    b.fail(look, result);
    b.bind(missing);
    b.sys(Syscall.MKNODAT, leases, name, imm(Constants.S_IFREG | 0600), imm(0));
    b.bind(kept);
  }

  /** Reads where the search begins; whatever is found there is put right by the search. */
  private void openCursor(Subnet range, Slot cursor, Data next) {
    String file = "next-" + range.network() + "-" + range.prefix();
    b.sys(
            Syscall.OPENAT,
            network,
            b.string(file),
            imm(Constants.O_RDWR | Constants.O_CREAT | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC),
            imm(0600))
        .into(cursor)
        .tolerateAny();
    b.sys(Syscall.PREAD64, cursor, next.address(), imm(Long.BYTES), imm(0)).tolerateAny();
  }

  private static long lowBits(IpAddress network) {
    long bits = 0;
    int bytes = network.bits() / Byte.SIZE;
    for (int i = Math.max(bytes - Long.BYTES, 0); i < bytes; i++) {
      bits = bits << Byte.SIZE | network.octet(i);
    }
    return bits;
  }

  /** The time in a form that only has to be another one each time. */
  private Slot time() {
    Data timespec = b.buffer("timespec", 16);
    Slot time = b.slot("time");
    Slot nanoseconds = b.slot("nanoseconds");
    b.sys(Syscall.CLOCK_GETTIME, imm(Constants.CLOCK_REALTIME), timespec.address());
    b.load(8, time, timespec.address(), imm(0));
    b.load(8, nanoseconds, timespec.address(), imm(8));
    b.alu(Function.SHL, time, time, imm(30));
    b.alu(Function.OR, time, time, nanoseconds);
    return time;
  }

  /** Writes the low digits of a value to some places. */
  private void hexadecimal(Slot value, int digits, Addr... places) {
    Slot rest = b.slot("rest");
    Slot left = b.slot("left");
    Slot digit = b.slot("digit");
    Addr table = b.string(Entry.DIGITS);
    b.set(rest, value);
    b.set(left, imm(digits));
    Label next = b.loop("digit");
    b.alu(Function.SUB, left, left, imm(1));
    b.alu(Function.AND, digit, rest, imm(0xf));
    b.load(1, digit, table, digit);
    for (Addr place : places) {
      b.store(1, place, left, digit);
    }
    b.alu(Function.SHR, rest, rest, imm(4));
    b.branch(Condition.NE, left, imm(0), next);
  }

  /** From here on, a failure takes back what this program has leased. */
  void takeBackOnFailure() {
    Label before = b.failureHandler();
    Label ready = b.loopAhead("ready");
    Label none = b.label("nothing leased yet");
    Label failed = b.label("take back on failure");
    // How many ranges there are is known when the program is complete.
    b.jump(none);
    b.outOfLine(() -> {
      b.bind(none);
      for (Slot slot : made) {
        b.set(slot, imm(0));
      }
      b.jump(ready);
      b.bind(failed);
      takeBack();
      b.jump(before);
    });
    b.bind(ready);
    b.onFailure(failed);
  }

  /** Takes back what this program has leased. */
  void takeBack() {
    for (int i = 0; i < made.size(); i++) {
      Label not = b.label("not leased");
      b.branch(Condition.EQ, made.get(i), imm(0), not);
      b.sys(Syscall.UNLINKAT, leases, names.get(i).address(), imm(0)).tolerateAny();
      b.bind(not);
    }
  }

  // --- taking back

  /** Removes a lease if it is still the one with that target. */
  void remove(String name, String target) {
    byte[] bytes = target.getBytes(StandardCharsets.UTF_8);
    Slot length = b.slot("length");
    Label other = b.label("another");
    b.sys(Syscall.READLINKAT, leases, b.string(name), buffer.address(), imm(MAX_TARGET))
        .into(length)
        .tolerateAny(other);
    b.branch(Condition.NE, length, imm(bytes.length), other);
    compare(bytes, other);
    b.sys(Syscall.UNLINKAT, leases, b.string(name), imm(0));
    b.bind(other);
  }

  /** Removes all leases whose targets begin with some bytes. */
  void removeAll(byte[] head) {
    DirectoryScan scan = new DirectoryScan(b, leases);
    Slot length = b.slot("length");
    Label none = b.label("no more leases");
    Label next = b.loop("lease");
    scan.next(none);
    b.sys(Syscall.READLINKAT, leases, scan.name(), buffer.address(), imm(MAX_TARGET))
        .into(length)
        .tolerateAny(next);
    b.branch(Condition.LTU, length, imm(head.length), next);
    compare(head, next);
    b.sys(Syscall.UNLINKAT, leases, scan.name(), imm(0));
    b.jump(next);
    b.bind(none);
  }

  /** Compares what the buffer begins with. */
  private void compare(byte[] expected, Label differs) {
    Slot found = b.slot("found");
    for (int i = 0; i < expected.length; i += Long.BYTES) {
      int count = Math.min(Long.BYTES, expected.length - i);
      long word = 0;
      for (int j = count - 1; j >= 0; j--) {
        word = word << Byte.SIZE | (expected[i + j] & 0xff);
      }
      b.load(8, found, buffer.address(), imm(i));
      if (count < Long.BYTES) {
        b.alu(Function.AND, found, found, imm((1L << (Byte.SIZE * count)) - 1));
      }
      b.branch(Condition.NE, found, imm(word), differs);
    }
  }

  // --- listing

  /** Makes room for a list of leases in the result, empty unless one is made. */
  Data list() {
    Data list = b.output("list", MAX_LIST);
    b.replyUpTo(list, imm(0));
    return list;
  }

  /** Lists all leases: their targets, one a line. */
  void list(Data list) {
    DirectoryScan scan = new DirectoryScan(b, leases);
    Slot length = b.slot("length");
    Slot total = b.slot("total");
    Slot at = b.slot("at");
    Label none = b.label("no more leases");
    Label room = b.label("room");
    b.set(total, imm(0));
    Label next = b.loop("lease");
    scan.next(none);
    b.branch(Condition.LTU, total, imm(MAX_LIST - MAX_TARGET), room);
    b.fail(Errno.E2BIG);
    b.bind(room);
    b.alu(Function.ADD, at, list.address(), total);
    b.sys(Syscall.READLINKAT, leases, scan.name(), at, imm(MAX_TARGET - 1))
        .into(length)
        .tolerateAny(next);
    b.alu(Function.ADD, at, at, length);
    b.store(1, at, imm(0), imm('\n'));
    b.alu(Function.ADD, total, total, length);
    b.alu(Function.ADD, total, total, imm(1));
    b.jump(next);
    b.bind(none);
    b.replyUpTo(list, total);
  }
}
