package dev.gatun.runtime.caller;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The program that is always in the caller: it starts a JVM, tells it the command line, and then
 * runs what the JVM sends, until one of those programs ends the process.
 */
public final class Resident {
  /** The longest path of the executable itself, as {@code PATH_MAX} has it. */
  private static final int PATH_MAX = 4096;

  /** A frame's parts: its header and what follows. */
  private static final int PARTS = 3;

  /** Where own descriptors go, so that preserved ones (3 and on) are never touched. */
  private static final int OWN_FDS = 200;

  /** The JVM's place beside the executable: {@code <prefix>/bin/gatun}. */
  private static final String JAVA = "/lib/gatun/bin/java";

  /** The slot that holds the socket to the JVM, for programs that have to keep it open. */
  public static final Slot SOCKET = Slot.resident(9, "socket");

  /** The slot that holds the JVM's pid, for programs that outlive it. */
  public static final Slot JVM = Slot.resident(10, "jvm");

  private final ProgramBuilder b;
  private final Data header;
  private final Data vectors;
  private final Data parts;

  private Resident(Arch arch) {
    b = new ProgramBuilder(arch, Protocol.RESIDENT_SLOTS);
    header = b.buffer("header", Protocol.HEADER);
    vectors = b.buffer("vectors", PARTS * Structs.SIZEOF_IOVEC);
    parts =
        b.variable("msghdr", Structs.SIZEOF_MSGHDR)
            .address(Structs.MSGHDR_MSG_IOV, vectors.address())
            .u64(Structs.MSGHDR_MSG_IOVLEN, PARTS);
  }

  /**
   * Builds the program.
   *
   * @param arch the architecture it is for
   * @return the program
   */
  public static Program build(Arch arch) {
    Resident resident = new Resident(arch);
    resident.compile();
    Program program = resident.b.build();
    if (program.size() > Protocol.RESIDENT_RECORDS) {
      throw new IllegalStateException("the resident program has " + program.size() + " records");
    }
    return program;
  }

  private void compile() {
    Label start = b.label("start");
    Label reply = b.loopAhead("reply");
    Label lost = b.label("lost");
    b.step("talk to the JVM", "");
    b.jump(start);
    if (b.size() != Protocol.REPLY_RECORD) {
      throw new IllegalStateException("the reply is at record " + b.size());
    }
    b.bind(reply);
    reply(lost);
    Label next = b.loopAhead("next");
    b.bind(next);
    receive(lost);

    b.bind(start);
    b.step("begin", "");
    standardDescriptors();
    children();
    Label failed = b.label("failed");
    b.onFailure(failed);
    Slot child = b.slot("child socket");
    Slot execError = b.slot("exec error");
    Data path = b.buffer("java", PATH_MAX + JAVA.length() + 8);
    findJava(path);
    sockets(child);
    startJvm(child, path, execError);
    hello(lost);
    b.jump(next);

    b.bind(failed);
    die("gatun: cannot start: system call failed in record ", Slot.FAILED_RECORD, true);
    b.bind(lost);
    die("gatun: the JVM behind this command ended unexpectedly\n", null, false);
  }

  /** Descriptors 0 to 2 are open from here on, so that nothing of ours takes their place. */
  private void standardDescriptors() {
    for (int fd = 0; fd <= 2; fd++) {
      Label open = b.label("open");
      Slot got = b.slot("got");
      b.sys(Syscall.FCNTL, imm(fd), imm(Constants.F_GETFD)).into(got).tolerateAny();
      b.branch(Condition.NE, got, imm(-Errno.EBADF), open);
      b.sys(Syscall.OPENAT, imm(Constants.AT_FDCWD), b.string("/dev/null"), imm(Constants.O_RDWR));
      b.bind(open);
    }
  }

  /** Whoever called may ignore SIGCHLD; then the kernel would throw exit statuses away. */
  private void children() {
    Data action = b.constant("SIG_DFL", Structs.SIZEOF_SIGACTION);
    b.sys(
        Syscall.RT_SIGACTION,
        imm(Constants.SIGCHLD),
        action.address(),
        imm(0),
        imm(Structs.SIZEOF_SIGSET));
  }

  /** Finds {@code <prefix>/lib/gatun/bin/java} from {@code <prefix>/bin/gatun}. */
  private void findJava(Data path) {
    b.step("find the JVM beside the executable", "");
    b.sys(
        Syscall.READLINKAT,
        imm(Constants.AT_FDCWD),
        b.string("/proc/self/exe"),
        path.address(),
        imm(PATH_MAX));
    Slot at = b.slot("at");
    Slot c = b.slot("c");
    Slot last = b.slot("last slash");
    Slot before = b.slot("slash before");
    b.set(at, path.address());
    b.set(last, path.address());
    b.set(before, path.address());
    Label end = b.label("end");
    Label next = b.loop("next");
    Label other = b.label("other");
    b.load(1, c, at, imm(0));
    b.branch(Condition.EQ, c, imm(0), end);
    b.branch(Condition.NE, c, imm('/'), other);
    b.set(before, last);
    b.set(last, at);
    b.bind(other);
    b.alu(Function.ADD, at, at, imm(1));
    b.jump(next);
    b.bind(end);
    byte[] suffix = (JAVA + "\0").getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < suffix.length; i += 8) {
      long word = 0;
      for (int j = 0; j < 8 && i + j < suffix.length; j++) {
        word |= (suffix[i + j] & 0xffL) << (8 * j);
      }
      b.store(8, before, imm(i), imm(word));
    }
  }

  private void sockets(Slot child) {
    b.step("make the socket to the JVM", "");
    Data pair = b.buffer("sockets", 8);
    b.sys(
        Syscall.SOCKETPAIR,
        imm(Constants.AF_UNIX),
        imm(Constants.SOCK_STREAM | Constants.SOCK_CLOEXEC),
        imm(0),
        pair.address());
    Slot low = b.slot("low");
    Label kept = b.label("kept");
    b.load(4, child, pair.address(), imm(4));
    b.load(4, low, pair.address(), imm(0));
    b.sys(Syscall.FCNTL, low, imm(Constants.F_DUPFD_CLOEXEC), imm(OWN_FDS))
        .into(SOCKET)
        .tolerateAny(kept);
    Idioms.close(b, low);
    Label moved = b.label("moved");
    b.jump(moved);
    b.bind(kept);
    b.set(SOCKET, low);
    b.bind(moved);
  }

  private void startJvm(Slot child, Data path, Slot execError) {
    b.step("start the JVM", "");
    Data clone =
        b.variable("clone_args", Structs.SIZEOF_CLONE_ARGS)
            .u64(Structs.CLONE_ARGS_FLAGS, Constants.CLONE_VM | Constants.CLONE_VFORK)
            .u64(Structs.CLONE_ARGS_EXIT_SIGNAL, Constants.SIGCHLD);
    List<Addr> argv = new ArrayList<>();
    argv.add(b.string("gatun"));
    argv.add(b.string("-m"));
    argv.add(b.string("dev.gatun.cli/dev.gatun.cli.Main"));
    Addr arguments = b.pointers("java's argv", argv).address();
    Addr environment = b.pointers("java's envp", List.of()).address();
    Label parent = b.label("parent");
    Label noExec = b.label("no exec");
    b.set(execError, imm(0));
    Label missing = b.label("clone3 missing");
    b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS))
        .into(JVM)
        .tolerate(Errno.ENOSYS, missing);
    b.outOfLine(() -> {
      b.bind(missing);
      print(
          "gatun: cannot start its JVM: clone3(…): ENOSYS (function not implemented; it needs Linux "
              + Syscall.CLONE3.minimumKernel()
              + ", or a seccomp filter forbids it)\n");
      b.sys(Syscall.EXIT_GROUP, imm(1));
    });
    b.branch(Condition.NE, JVM, imm(0), parent);
    // The child shares this memory: it arranges its own descriptors and executes, nothing else.
    b.sys(Syscall.DUP3, child, imm(0), imm(0)).into(execError).tolerateAny(noExec);
    b.sys(Syscall.DUP3, imm(2), imm(1), imm(0)).into(execError).tolerateAny(noExec);
    b.sys(Syscall.CLOSE_RANGE, imm(3), imm(0xffff_ffffL), imm(Constants.CLOSE_RANGE_CLOEXEC))
        .tolerateAny();
    b.sys(Syscall.EXECVE, path.address(), arguments, environment)
        .into(execError)
        .tolerateAny(noExec);
    b.bind(noExec);
    b.sys(Syscall.EXIT_GROUP, imm(127));
    b.bind(parent);
    Idioms.close(b, child);
    Label running = b.label("running");
    Slot negative = b.slot("negative");
    b.set(negative, execError);
    b.branch(Condition.LT, negative, imm(0), noJava(path, negative));
    b.jump(running);
    b.bind(running);
  }

  private Label noJava(Data path, Slot error) {
    Label missing = b.label("no java");
    b.outOfLine(() -> {
      b.bind(missing);
      print("gatun: cannot start its JVM: execve(\"");
      Slot at = b.slot("at");
      Slot c = b.slot("c");
      b.set(at, path.address());
      Label next = b.loop("next");
      b.alu(Function.ADD, at, at, imm(1));
      b.load(1, c, at, imm(0));
      b.branch(Condition.NE, c, imm(0), next);
      b.alu(Function.SUB, at, at, path.address());
      b.sys(Syscall.WRITE, imm(2), path.address(), at).tolerateAny();
      Slot errno = b.slot("errno");
      b.alu(Function.SUB, errno, imm(0), error);
      die("\"): error number ", errno, true);
    });
    return missing;
  }

  private void print(String text) {
    b.sys(Syscall.WRITE, imm(2), b.string(text), imm(text.getBytes(StandardCharsets.UTF_8).length))
        .tolerateAny();
  }

  private void die(String text, @Nullable Slot number, boolean line) {
    print(text);
    if (number != null) {
      Data digits = b.buffer("digits", 24);
      Slot first = Idioms.formatDecimal(b, number, digits.at(20));
      Slot length = b.slot("length");
      b.alu(Function.SUB, length, digits.at(20), first);
      b.sys(Syscall.WRITE, imm(2), first, length).tolerateAny();
    }
    if (line) {
      print(", see errno(3)\n");
    }
    b.sys(Syscall.EXIT_GROUP, imm(1));
  }

  /** Arguments and environment lie side by side at the top of the stack, up to AT_EXECFN's text. */
  private void hello(Label lost) {
    b.step("tell the JVM the command line", "");
    Slot argc = b.slot("argc");
    Slot first = b.slot("argv[0]");
    Slot at = b.slot("at");
    Slot value = b.slot("value");
    b.load(8, argc, Slot.STACK, imm(0));
    b.load(8, first, Slot.STACK, imm(8));
    // Past argv and its NULL, then past the environment and its NULL.
    b.alu(Function.SHL, at, argc, imm(3));
    b.alu(Function.ADD, at, at, Slot.STACK);
    b.alu(Function.ADD, at, at, imm(16));
    Label environment = b.loop("environment");
    b.load(8, value, at, imm(0));
    b.alu(Function.ADD, at, at, imm(8));
    b.branch(Condition.NE, value, imm(0), environment);
    Label auxv = b.loop("auxv");
    b.load(8, value, at, imm(0));
    b.alu(Function.ADD, at, at, imm(16));
    b.branch(Condition.NE, value, imm(Constants.AT_EXECFN), auxv);
    Slot end = b.slot("end");
    b.alu(Function.SUB, at, at, imm(8));
    b.load(8, end, at, imm(0));
    Slot length = b.slot("length");
    b.alu(Function.SUB, length, end, first);
    Data count = b.buffer("machine and argc", 8);
    b.store(4, count.address(), imm(0), imm(b.arch().elfMachine()));
    b.store(4, count.address(), imm(4), argc);
    Slot body = b.slot("body");
    b.alu(Function.ADD, body, length, imm(8));
    b.store(4, header.address(), imm(0), body);
    b.store(4, header.address(), imm(4), imm(Protocol.HELLO));
    vector(0, header.address(), imm(Protocol.HEADER));
    vector(1, count.address(), imm(8));
    vector(2, first, length);
    send(lost);
  }

  private void vector(int index, Arg base, Arg length) {
    int offset = index * Structs.SIZEOF_IOVEC;
    b.store(8, vectors.address(), imm(offset + Structs.IOVEC_IOV_BASE), base);
    b.store(8, vectors.address(), imm(offset + Structs.IOVEC_IOV_LEN), length);
  }

  /**
   * Sends the three parts of a frame: a blocking stream socket takes all of them. A JVM that is
   * gone is said to be, where a SIGPIPE would say nothing.
   */
  private void send(Label lost) {
    b.sys(Syscall.SENDMSG, SOCKET, parts.address(), imm(Constants.MSG_NOSIGNAL)).tolerateAny(lost);
  }

  private void reply(Label lost) {
    Slot length = b.slot("length");
    b.alu(Function.SUB, length, Slot.REPLY_END, Slot.REPLY_START);
    vector(0, header.address(), imm(Protocol.HEADER));
    vector(1, imm(Protocol.SLOTS), Slot.REPLY_SLOTS);
    vector(2, Slot.REPLY_START, length);
    b.alu(Function.ADD, length, length, Slot.REPLY_SLOTS);
    b.store(4, header.address(), imm(0), length);
    b.store(4, header.address(), imm(4), imm(Protocol.REPLY));
    send(lost);
  }

  private void receive(Label lost) {
    Slot size = b.slot("size");
    readFully(header.address(), imm(Protocol.HEADER), lost);
    b.load(4, size, header.address(), imm(0));
    Slot kind = b.slot("kind");
    b.load(4, kind, header.address(), imm(4));
    b.branch(Condition.NE, kind, imm(Protocol.RUN), lost);
    b.branch(Condition.LTU, imm(Protocol.MAX_BODY), size, lost);
    b.load(8, Slot.REPLY_START, header.address(), imm(8));
    b.load(8, Slot.REPLY_SLOTS, header.address(), imm(16));
    b.branch(Condition.LTU, imm(Protocol.MAX_SLOTS * 8L), Slot.REPLY_SLOTS, lost);
    // What the last program left there is gone: its zeroed memory has to be zero again.
    b.sys(
            Syscall.MADVISE,
            imm(Protocol.ARENA),
            imm(Protocol.ARENA_SIZE),
            imm(Constants.MADV_DONTNEED))
        .tolerateAny(lost);
    readFully(imm(Protocol.ARENA), size, lost);
    b.jump(b.recordAt(Protocol.RESIDENT_RECORDS));
  }

  private void readFully(Arg to, Arg length, Label lost) {
    Slot at = b.slot("at");
    Slot left = b.slot("left");
    Slot got = b.slot("got");
    b.set(at, to);
    b.set(left, length);
    Label next = b.loop("read on");
    b.sys(Syscall.READ, SOCKET, at, left).into(got).tolerateAny(lost);
    b.branch(Condition.EQ, got, imm(0), lost);
    b.alu(Function.ADD, at, at, got);
    b.alu(Function.SUB, left, left, got);
    b.branch(Condition.NE, left, imm(0), next);
  }
}
