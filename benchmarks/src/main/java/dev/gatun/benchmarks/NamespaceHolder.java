package dev.gatun.benchmarks;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.init.InitImage;
import dev.gatun.runtime.init.Message;
import dev.gatun.runtime.lifecycle.ImageFile;
import dev.gatun.runtime.lifecycle.Spawn;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that holds new namespaces and does nothing else, started in two stages as a pause
 * process is: an image in a memfd, an intermediate, and the holder as its sibling. {@code
 * namespaces.c} does the same.
 *
 * <p>A holder is a program that can be run any number of times. Building one is Java's part of a
 * start, as a compiler's is of a program in C.
 */
final class NamespaceHolder {
  private static final String NAME = "holder";
  private static final String MAP = "0 100000 65536";

  /** What the holder makes itself, so that nobody waits for it who has something else to do. */
  private static final long MADE =
      Constants.CLONE_NEWUTS
          | Constants.CLONE_NEWIPC
          | Constants.CLONE_NEWCGROUP
          | Constants.CLONE_NEWNET;

  private final Program program;
  private final Slot pid;

  private NamespaceHolder(Program program, Slot pid) {
    this.program = program;
    this.pid = pid;
  }

  /** The image, and the slots that are given values before it is executed. */
  private record Image(InitImage linked, Slot report, Slot told, Slot tell) {}

  private static Image image(Kernel kernel, long namespaces) {
    boolean mapped = (namespaces & Constants.CLONE_NEWUSER) != 0;
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot report = b.slot("report");
    Slot told = b.slot("told");
    Slot tell = b.slot("tell");
    Slot pid = b.slot("pid");
    Label holder = b.label("holder");
    Label failed = b.label("failed");
    Data message = b.buffer("message", Message.SIZE);
    b.onFailure(failed);
    b.sys(Syscall.PRCTL, imm(Constants.PR_SET_NAME), b.string(NAME));
    Data clone =
        b.variable("clone_args", Structs.SIZEOF_CLONE_ARGS)
            .u64(Structs.CLONE_ARGS_FLAGS, (namespaces & ~MADE) | Constants.CLONE_PARENT);
    b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(pid);
    b.branch(Condition.EQ, pid, imm(0), holder);
    if (mapped) {
      map(b, pid, "/uid_map");
      map(b, pid, "/gid_map");
      b.sys(Syscall.WRITE, tell, b.string("g"), imm(1));
    }
    send(b, message, report, Message.PID, pid);
    b.sys(Syscall.EXIT_GROUP, imm(0));
    b.bind(holder);
    b.sys(Syscall.SETSID);
    if (mapped) {
      b.sys(Syscall.READ, told, message.address(), imm(1));
      b.sys(Syscall.SETRESGID, imm(0), imm(0), imm(0));
      b.sys(Syscall.SETRESUID, imm(0), imm(0), imm(0));
    }
    if ((namespaces & MADE) != 0) {
      b.sys(Syscall.UNSHARE, imm(namespaces & MADE));
    }
    send(b, message, report, Message.READY, imm(0));
    b.sys(Syscall.CLOSE_RANGE, imm(0), imm(0xffff_ffffL), imm(0));
    Data all = b.constant("all signals", Structs.SIZEOF_SIGSET).u64(0, -1L);
    Slot signal = b.slot("signal");
    b.sys(Syscall.RT_SIGTIMEDWAIT, all.address(), imm(0), imm(0), imm(Structs.SIZEOF_SIGSET))
        .into(signal)
        .tolerateAny();
    b.bind(failed);
    b.sys(Syscall.EXIT_GROUP, imm(1)).tolerateAny();
    Program program = b.build();
    return new Image(InitImage.link(program, 0), report, told, tell);
  }

  private static void map(ProgramBuilder b, Slot pid, String file) {
    Addr path = Idioms.pidPath(b, "/proc/", pid, file);
    Slot fd = b.slot("map");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            path,
            imm(Constants.O_WRONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(fd);
    b.sys(Syscall.WRITE, fd, b.string(MAP), imm(MAP.length()));
    Idioms.close(b, fd);
  }

  private static void send(
      ProgramBuilder b, Data message, Slot report, int kind, dev.gatun.linux.program.Arg value) {
    b.store(8, message.address(), imm(Message.KIND), imm(kind));
    b.store(8, message.address(), imm(Message.VALUE), value);
    b.sys(Syscall.WRITE, report, message.address(), imm(Message.SIZE));
  }

  /**
   * Builds its programs.
   *
   * @param kernel where it will be started
   * @param namespaces {@code CLONE_NEW*}
   * @return the holder
   */
  static NamespaceHolder of(Kernel kernel, long namespaces) {
    boolean mapped = (namespaces & Constants.CLONE_NEWUSER) != 0;
    Image image = image(kernel, namespaces);
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Slot pid = b.slot("pid");
    Slot first = b.slot("intermediate");
    Slot directory = b.slot("directory");
    b.set(pid, imm(0));
    b.set(directory, imm(Constants.AT_FDCWD));
    b.step("open the channels to the holder", "");
    Slot reportRead = descriptors.fd("report read", null);
    Slot reportWrite = descriptors.fd("report write", null);
    Spawn.pipe(b, reportRead, reportWrite);
    List<Data> parts = Spawn.parts(b, image.linked().elf());
    Data last = parts.getLast();
    List<Slot> inherited = new ArrayList<>(List.of(reportWrite));
    Spawn.give(b, image.linked(), last, image.report(), reportWrite);
    if (mapped) {
      Slot told = descriptors.fd("told", null);
      Slot tell = descriptors.fd("tell", null);
      Spawn.pipe(b, told, tell);
      inherited.add(told);
      inherited.add(tell);
      Spawn.give(b, image.linked(), last, image.told(), told);
      Spawn.give(b, image.linked(), last, image.tell(), tell);
    }
    b.step("make the image of the holder", "");
    Slot executable = descriptors.fd("image", "memfd:gatun");
    ImageFile file =
        ImageFile.write(
            b, descriptors, image.linked().elf(), parts, executable, directory, ".", false);
    b.step("execute the image of the holder", "");
    Slot intermediate =
        Spawn.start(
            b,
            descriptors,
            List.of(b.string(NAME)),
            inherited,
            executable,
            file,
            0,
            false,
            null,
            first);
    descriptors.close(executable);
    for (Slot fd : inherited) {
      descriptors.close(fd);
    }
    b.step("wait for the holder", "");
    Data message = b.buffer("message", Message.SIZE);
    for (int i = 0; i < 2; i++) {
      Slot got = b.slot("got");
      Slot kind = b.slot("kind");
      Label ready = b.label("ready");
      Label gone = b.label("gone");
      b.sys(Syscall.READ, reportRead, message.address(), imm(Message.SIZE)).into(got);
      b.branch(Condition.NE, got, imm(Message.SIZE), gone);
      b.load(8, kind, message.address(), imm(Message.KIND));
      b.branch(Condition.NE, kind, imm(Message.PID), ready);
      b.load(8, pid, message.address(), imm(Message.VALUE));
      b.bind(ready);
      b.outOfLine(() -> {
        b.bind(gone);
        b.fail(dev.gatun.linux.Errno.ESRCH);
      });
    }
    Spawn.awaitIntermediate(b, intermediate);
    descriptors.closeAll();
    return new NamespaceHolder(b.build(), pid);
  }

  /**
   * Starts one.
   *
   * @param kernel where
   * @return its pid; it is ready, and a child of the kernel's process
   */
  long start(Kernel kernel) {
    return kernel.run(program).orThrow().slot(pid);
  }

  /**
   * Ends one.
   *
   * @param kernel where it was started
   * @param pid its pid
   */
  static void end(Kernel kernel, long pid) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    b.sys(Syscall.KILL, imm(pid), imm(Constants.SIGKILL));
    b.sys(Syscall.WAITID, imm(Constants.P_PID), imm(pid), imm(0), imm(Constants.WEXITED), imm(0));
    kernel.run(b.build()).orThrow();
  }
}
