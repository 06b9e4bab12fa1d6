package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Box;
import dev.gatun.oci.Process;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Compiles {@code process.terminal} and {@code process.consoleSize}: a pseudoterminal of the
 * container's own devpts, which becomes the process's controlling terminal and its standard
 * streams, and whose other end goes to whoever shows it ({@code pty(7)}, {@code ioctl_tty(2)}).
 *
 * <p>Nothing is opened for real but what a devpts holds, which no container can put anything into:
 * the directory is verified to be one, its {@code ptmx} is opened without links and without leaving
 * it, and is verified too (CVE-2025-52565). The peer comes from the ptmx itself, not by its name,
 * and is what {@code /dev/console} shows.
 */
public final class TerminalCompiler {
  private static final String PTS = "/dev/pts";
  private static final String CONSOLE = "/dev/console";

  /** The inode of a devpts's ptmx; that of terminal N is N+3. fs/devpts/inode.c. */
  private static final int PTMX_INO = 2;

  /** TTYAUX_MAJOR and UNIX98_PTY_SLAVE_MAJOR of linux/major.h, and the ptmx's minor number. */
  private static final int TTYAUX_MAJOR = 5;

  private static final int PTMX_MINOR = 2;
  private static final int UNIX98_PTY_SLAVE_MAJOR = 136;

  /**
   * What the descriptor is called in its message: the receivers in the field show it or nothing.
   */
  private static final String NAME = PTS + "/ptmx";

  private static final int CMSG_FD = Structs.SIZEOF_CMSGHDR;
  private static final int CMSG_LEN = CMSG_FD + 4;
  private static final int CMSG_SPACE = CMSG_FD + 8;

  private final ProgramBuilder b;
  private final String place;
  private final @Nullable Box size;
  private final Slot socket;
  private final Slot ptmx;
  private final Slot peer;

  /**
   * Prepares to compile.
   *
   * @param b takes the records
   * @param process the object that asks for a terminal
   * @param place its JSON pointer
   * @param socket a connected Unix socket that the other end is sent to; it is closed then
   */
  public TerminalCompiler(ProgramBuilder b, Process process, String place, Slot socket) {
    this.b = b;
    this.place = place;
    this.size = process.consoleSize();
    this.socket = socket;
    ptmx = b.fd("ptmx", NAME);
    peer = b.fd("peer", PTS + "/N");
  }

  /**
   * Adds the records for a process that has entered a running container: its {@code /} is the
   * container's and it leads a session without a terminal.
   */
  public void enter() {
    RootDirectory in = new RootDirectory(b);
    step("open a terminal");
    Idioms.openat2(b, imm(Constants.AT_FDCWD), b.string("/"), in.pathDirectory(), 0, 0, in.root);
    open(in);
    Idioms.close(b, in.root);
    takeOver();
  }

  /** Adds the records for init, before the pivot. */
  void create(RootDirectory in) {
    open(in);
    console(in);
    takeOver();
  }

  private void step(String what) {
    b.step(what, place + "/terminal");
  }

  private void open(RootDirectory in) {
    step("open a terminal");
    Slot pts = b.fd("pts", PTS);
    Idioms.openat2(
        b,
        in.root,
        b.string(ContainerPath.relative(PTS)),
        in.pathDirectory(),
        0,
        RootDirectory.IN_ROOT,
        pts);
    Label noDevpts =
        in.failure("open a terminal: " + PTS + " of the container is no devpts", Errno.ENODEV);
    b.branch(Condition.NE, in.fileSystemType(pts), imm(Constants.DEVPTS_SUPER_MAGIC), noDevpts);
    Idioms.openat2(
        b,
        pts,
        b.string("ptmx"),
        Constants.O_RDWR | Constants.O_NOCTTY | b.arch().O_NOFOLLOW(),
        0,
        Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_XDEV | Constants.RESOLVE_NO_SYMLINKS,
        ptmx);
    Idioms.close(b, pts);
    Label noPtmx =
        in.failure("open a terminal: " + NAME + " of the container is none", Errno.EXDEV);
    verify(in, ptmx, TTYAUX_MAJOR, noPtmx);
    Slot minor = b.slot("minor");
    Slot ino = b.slot("ino");
    b.load(4, minor, in.statx.address(), imm(Structs.STATX_STX_RDEV_MINOR));
    b.branch(Condition.NE, minor, imm(PTMX_MINOR), noPtmx);
    b.load(8, ino, in.statx.address(), imm(Structs.STATX_STX_INO));
    b.branch(Condition.NE, ino, imm(PTMX_INO), noPtmx);

    Data number = b.buffer("number", 8);
    b.sys(Syscall.IOCTL, ptmx, imm(Constants.TIOCSPTLCK), number.address());
    b.sys(Syscall.IOCTL, ptmx, imm(Constants.TIOCGPTN), number.address());
    b.sys(
            Syscall.IOCTL,
            ptmx,
            imm(Constants.TIOCGPTPEER),
            imm(Constants.O_RDWR | Constants.O_NOCTTY | Constants.O_CLOEXEC))
        .into(peer);
    Label noPeer = in.failure("open a terminal: what the ptmx gave is none", Errno.EXDEV);
    verify(in, peer, UNIX98_PTY_SLAVE_MAJOR, noPeer);
    Slot n = b.slot("n");
    b.load(4, n, number.address(), imm(0));
    b.load(4, minor, in.statx.address(), imm(Structs.STATX_STX_RDEV_MINOR));
    b.branch(Condition.NE, minor, n, noPeer);
    b.load(8, ino, in.statx.address(), imm(Structs.STATX_STX_INO));
    b.alu(Function.ADD, n, n, imm(PTMX_INO + 1));
    b.branch(Condition.NE, ino, n, noPeer);
    if (size != null && size.height() > 0 && size.width() > 0) {
      b.step("set the size of the terminal", place + "/consoleSize");
      Data winsize =
          b.constant("winsize", Structs.SIZEOF_WINSIZE)
              .u16(Structs.WINSIZE_WS_ROW, (int) size.height())
              .u16(Structs.WINSIZE_WS_COL, (int) size.width());
      b.sys(Syscall.IOCTL, ptmx, imm(Constants.TIOCSWINSZ), winsize.address());
    }
  }

  /** A character device of that major number on a devpts; what statx said of it stays. */
  private void verify(RootDirectory in, Slot fd, int major, Label wrong) {
    Slot found = b.slot("found");
    b.branch(Condition.NE, in.fileSystemType(fd), imm(Constants.DEVPTS_SUPER_MAGIC), wrong);
    in.statx(fd);
    b.load(2, found, in.statx.address(), imm(Structs.STATX_STX_MODE));
    b.alu(Function.AND, found, found, imm(Constants.S_IFMT));
    b.branch(Condition.NE, found, imm(Constants.S_IFCHR), wrong);
    b.load(4, found, in.statx.address(), imm(Structs.STATX_STX_RDEV_MAJOR));
    b.branch(Condition.NE, found, imm(major), wrong);
  }

  /** The process's terminal is what the container has as its console. */
  private void console(RootDirectory in) {
    step("mount the terminal on " + CONSOLE);
    Slot found = b.slot("found");
    Slot dev = in.directory(ContainerPath.parent(CONSOLE));
    String name = ContainerPath.name(CONSOLE);
    b.sys(Syscall.MKNODAT, dev, b.string(name), imm(Constants.S_IFREG | 0600), imm(0))
        .tolerate(Errno.EEXIST);
    Slot target = in.child(dev, name, CONSOLE);
    Idioms.close(b, dev);
    Label link =
        in.failure("mount the terminal on " + CONSOLE + ": it is a symbolic link", Errno.ELOOP);
    in.statx(target);
    b.load(2, found, in.statx.address(), imm(Structs.STATX_STX_MODE));
    b.alu(Function.AND, found, found, imm(Constants.S_IFMT));
    b.branch(Condition.EQ, found, imm(Constants.S_IFLNK), link);
    Slot tree = in.clone(peer, 0, "tree", PTS + "/N");
    in.attach(tree, target);
    Idioms.close(b, tree);
    Idioms.close(b, target);
  }

  private void takeOver() {
    step("send the terminal to its socket");
    byte[] text = NAME.getBytes(StandardCharsets.US_ASCII);
    Data part =
        b.constant("iovec", Structs.SIZEOF_IOVEC)
            .address(Structs.IOVEC_IOV_BASE, b.constant("name", text.length).put(0, text).address())
            .u64(Structs.IOVEC_IOV_LEN, text.length);
    Data control =
        b.variable("cmsg", CMSG_SPACE)
            .u64(Structs.CMSGHDR_CMSG_LEN, CMSG_LEN)
            .u32(Structs.CMSGHDR_CMSG_LEVEL, Constants.SOL_SOCKET)
            .u32(Structs.CMSGHDR_CMSG_TYPE, Constants.SCM_RIGHTS);
    Data message =
        b.constant("msghdr", Structs.SIZEOF_MSGHDR)
            .address(Structs.MSGHDR_MSG_IOV, part.address())
            .u64(Structs.MSGHDR_MSG_IOVLEN, 1)
            .address(Structs.MSGHDR_MSG_CONTROL, control.address())
            .u64(Structs.MSGHDR_MSG_CONTROLLEN, CMSG_SPACE);
    b.store(4, control.address(), imm(CMSG_FD), ptmx);
    // A socket that takes nothing is an error, not a reason to wait.
    b.sys(
        Syscall.SENDMSG,
        socket,
        message.address(),
        imm(Constants.MSG_NOSIGNAL | Constants.MSG_DONTWAIT));
    Idioms.close(b, ptmx);
    Idioms.close(b, socket);
    step("make the terminal the controlling one");
    b.sys(Syscall.IOCTL, peer, imm(Constants.TIOCSCTTY), imm(0));
    for (int fd = 0; fd <= 2; fd++) {
      b.sys(Syscall.DUP3, peer, imm(fd), imm(0));
    }
    Idioms.close(b, peer);
  }
}
