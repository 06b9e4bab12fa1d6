package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.image.ElfImage;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.NamespaceType;
import dev.gatun.runtime.init.InitCompiler;
import dev.gatun.runtime.init.InitImage;
import dev.gatun.runtime.state.StateRoot;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Records of the runtime's side that make an image and execute it. */
public final class Spawn {
  private static final long NS_GET_NSTYPE = Constants.NS_GET_NSTYPE;

  /** How often an image that somebody has open for writing is tried again, 5 ms apart. */
  private static final int MOST_TRIES = 200;

  /** What a process of an image is called in lists of processes. */
  private static final String NAME = "gatun";

  private Spawn() {}

  /**
   * Descriptors that runtime and image speak through.
   *
   * @param start the gate
   * @param status what {@code start} reads
   * @param reportRead messages, the runtime's end
   * @param reportWrite messages, the image's end
   * @param goRead permission to go on, the image's end
   * @param goWrite permission to go on, the runtime's end
   * @param console the socket that the terminal is sent to, the image's end; null without one
   * @param namespaces the namespaces that are joined
   * @param pod a pidfd of the pause process of the pod that is joined, null without one
   * @param image the image itself
   * @param inherited those that the image is given
   */
  record Channels(
      Slot start,
      Slot status,
      Slot reportRead,
      Slot reportWrite,
      Slot goRead,
      Slot goWrite,
      @Nullable Slot console,
      List<Slot> namespaces,
      @Nullable Slot pod,
      Slot image,
      List<Slot> inherited) {}

  /**
   * Opens the FIFOs, pipes and namespaces.
   *
   * @param pod a pidfd of the pause process of the pod that is joined, or null
   */
  static Channels channels(
      ProgramBuilder b,
      Descriptors descriptors,
      Slot directory,
      InitCompiler.Image compiled,
      @Nullable ConsoleSocket console,
      @Nullable Slot pod) {
    b.step("open the channels to the container's process", "");
    Slot start = descriptors.fd("start", StateRoot.START);
    Slot status = descriptors.fd("status", StateRoot.STATUS);
    StateRoot.openFifo(b, directory, StateRoot.START, Constants.O_RDWR, start);
    StateRoot.openFifo(b, directory, StateRoot.STATUS, Constants.O_RDWR, status);
    Slot reportRead = descriptors.fd("report read", null);
    Slot reportWrite = descriptors.fd("report write", null);
    Slot goRead = descriptors.fd("go read", null);
    Slot goWrite = b.slot("go write");
    descriptors.keep(goWrite);
    pipe(b, reportRead, reportWrite);
    Idioms.socketPair(b, Constants.SOCK_STREAM, goRead, goWrite);
    List<Slot> inherited = new ArrayList<>(List.of(start, status, reportWrite, goRead));
    if (console != null) {
      inherited.add(console.image());
    }
    List<Slot> namespaces = new ArrayList<>();
    if (pod != null) {
      inherited.add(pod);
    }
    for (InitCompiler.Joined joined : compiled.joined()) {
      if (joined.ofPod() && pod != null) {
        namespaces.add(pod);
        continue;
      }
      Slot fd = namespace(b, joined);
      descriptors.add(fd);
      namespaces.add(fd);
      inherited.add(fd);
    }
    return new Channels(
        start,
        status,
        reportRead,
        reportWrite,
        goRead,
        goWrite,
        console == null ? null : console.image(),
        namespaces,
        pod,
        descriptors.fd("image", "memfd:gatun"),
        inherited);
  }

  /**
   * Adds records that make a pipe.
   *
   * @param b the program
   * @param read takes the end that is read
   * @param write takes the end that is written to
   */
  public static void pipe(ProgramBuilder b, Slot read, Slot write) {
    Data ends = b.buffer("pipe", 8);
    b.sys(Syscall.PIPE2, ends.address(), imm(Constants.O_CLOEXEC));
    b.load(4, read, ends.address(), imm(0));
    b.load(4, write, ends.address(), imm(4));
  }

  private static Slot namespace(ProgramBuilder b, InitCompiler.Joined joined) {
    NamespaceType type = joined.type();
    b.step("open " + type.specName() + " namespace", joined.place());
    Slot fd = b.fd(type.procName(), joined.path());
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(joined.path()),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(fd);
    Slot found = b.slot("type");
    Label good = b.label("good");
    b.sys(Syscall.IOCTL, fd, imm(NS_GET_NSTYPE), imm(0)).into(found);
    b.branch(Condition.EQ, found, imm(type.cloneFlag()), good);
    b.step("\"" + joined.path() + "\" is not a " + type.specName() + " namespace", joined.place());
    b.fail(Errno.EINVAL);
    b.bind(good);
    return fd;
  }

  /**
   * Writes the image into a file that can be executed, with the descriptors' numbers in its slots.
   *
   * @param directory the container's directory, for where memory cannot be executed
   * @param place that directory's path
   * @return the file
   */
  static ImageFile image(
      ProgramBuilder b,
      Descriptors descriptors,
      InitImage image,
      InitCompiler.Image compiled,
      Channels channels,
      @Nullable Slot cgroup,
      Slot directory,
      String place) {
    b.step("make the image of the container's first process", "");
    ElfImage elf = image.elf();
    List<Data> parts = parts(b, elf);
    Data last = parts.getLast();
    give(b, image, last, compiled.report(), channels.reportWrite());
    give(b, image, last, compiled.go(), channels.goRead());
    give(b, image, last, compiled.start(), channels.start());
    give(b, image, last, compiled.status(), channels.status());
    Slot imageConsole = compiled.console();
    if (imageConsole != null && channels.console() != null) {
      give(b, image, last, imageConsole, channels.console());
    }
    Slot imageCgroup = compiled.cgroup();
    if (imageCgroup != null && cgroup != null) {
      give(b, image, last, imageCgroup, cgroup);
      channels.inherited().add(cgroup);
    }
    Slot imagePod = compiled.pod();
    if (imagePod != null && channels.pod() != null) {
      give(b, image, last, imagePod, channels.pod());
    }
    for (int i = 0; i < compiled.joined().size(); i++) {
      if (compiled.joined().get(i).ofPod()) {
        continue;
      }
      give(b, image, last, compiled.joined().get(i).fd(), channels.namespaces().get(i));
    }
    return ImageFile.write(b, descriptors, elf, parts, channels.image(), directory, place, false);
  }

  /**
   * The image's extents as memory of the program.
   *
   * @param b the program
   * @param elf the image
   * @return the extents
   */
  public static List<Data> parts(ProgramBuilder b, ElfImage elf) {
    // A list: the class-data archive cannot hold a lambda that captures an array of our own class.
    List<Data> parts = new ArrayList<>(elf.extents());
    for (int i = 0; i < elf.extents(); i++) {
      byte[] bytes = elf.extent(i).bytes();
      parts.add(b.variable("image", bytes.length).put(0, bytes));
    }
    return parts;
  }

  /**
   * Gives a slot of the image its value.
   *
   * @param b the program
   * @param image the image
   * @param data the last of its parts
   * @param imageSlot the slot
   * @param value the value
   */
  public static void give(ProgramBuilder b, InitImage image, Data data, Slot imageSlot, Arg value) {
    b.store(8, data.address(), imm(image.slotOffset(imageSlot)), value);
  }

  /**
   * Executes the image in a process that shares this one's memory until then. That process arranges
   * its own descriptors and nothing else: rule 17 of the security checklist.
   *
   * @param pid takes the pid of the process
   * @return a slot with the pidfd of the process, the intermediate
   */
  static Slot start(
      ProgramBuilder b,
      Descriptors descriptors,
      String id,
      Channels channels,
      ImageFile image,
      int kept,
      boolean staysBlocked,
      @Nullable Embedding embedding,
      Slot pid) {
    b.step("execute the image of the container's first process", "");
    return start(
        b,
        descriptors,
        List.of(b.string(NAME), b.string(id)),
        channels.inherited(),
        channels.image(),
        image,
        kept,
        staysBlocked,
        embedding,
        pid);
  }

  /**
   * As above, for any image.
   *
   * @param id the container's id, for lists of processes
   * @param inherited descriptors that the image is given
   * @param executable the image's descriptor
   * @param image the image's file
   * @param kept how many descriptors from 3 on it is given besides
   * @param staysBlocked whether all signals stay blocked afterwards
   * @param embedding what an embedding JVM adds, or null
   * @return a slot with the pidfd of the process
   */
  static Slot start(
      ProgramBuilder b,
      Descriptors descriptors,
      String id,
      List<Slot> inherited,
      Slot executable,
      ImageFile image,
      int kept,
      boolean staysBlocked,
      @Nullable Embedding embedding) {
    return start(
        b,
        descriptors,
        List.of(b.string(NAME), b.string(id)),
        inherited,
        executable,
        image,
        kept,
        staysBlocked,
        embedding,
        b.slot("child"));
  }

  /**
   * As above, with words of its own.
   *
   * @param b the program
   * @param descriptors takes over what is opened
   * @param words the image's arguments, which lists of processes show
   * @param inherited descriptors that the image is given
   * @param executable the image's descriptor
   * @param image the image's file
   * @param kept how many descriptors from 3 on it is given besides
   * @param staysBlocked whether all signals stay blocked afterwards
   * @param embedding what an embedding JVM adds, or null
   * @param pid takes the pid of the process; 0 when it was reaped, since it could not be executed
   * @return a slot with the pidfd of the process
   */
  public static Slot start(
      ProgramBuilder b,
      Descriptors descriptors,
      List<Addr> words,
      List<Slot> inherited,
      Slot executable,
      ImageFile image,
      int kept,
      boolean staysBlocked,
      @Nullable Embedding embedding,
      Slot pid) {
    b.bind(image.execute());
    Data all = b.constant("all signals", Structs.SIZEOF_SIGSET).u64(0, -1L);
    Data before = b.buffer("signal mask", Structs.SIZEOF_SIGSET);
    b.sys(
        Syscall.RT_SIGPROCMASK,
        imm(Constants.SIG_SETMASK),
        all.address(),
        before.address(),
        imm(Structs.SIZEOF_SIGSET));
    Label failing = b.failureHandler();
    Label unblock = b.label("unblock signals");
    b.onFailure(unblock);
    b.outOfLine(() -> {
      b.bind(unblock);
      restoreMask(b, before);
      b.jump(failing);
    });
    Slot pidfd = descriptors.fd("child pidfd", null);
    Slot error = b.slot("exec error");
    Data pidfdAt = b.buffer("pidfd", 8);
    Data clone =
        b.variable("clone_args", Structs.SIZEOF_CLONE_ARGS)
            .u64(
                Structs.CLONE_ARGS_FLAGS,
                Constants.CLONE_VM
                    | Constants.CLONE_VFORK
                    | Constants.CLONE_PIDFD
                    | Constants.CLONE_CLEAR_SIGHAND)
            .u64(Structs.CLONE_ARGS_EXIT_SIGNAL, Constants.SIGCHLD)
            .address(Structs.CLONE_ARGS_PIDFD, pidfdAt.address());
    Slot progress = b.slot("progress");
    Slot tries = b.slot("tries");
    Label parent = b.label("parent");
    Label failed = b.label("no exec");
    b.set(tries, imm(0));
    b.set(error, imm(0));
    b.set(progress, imm(0));
    b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(pid);
    b.branch(Condition.NE, pid, imm(0), parent);
    if (embedding != null) {
      embedding.arrange(b, error, failed);
    }
    Instruction closing =
        b.sys(
                Syscall.CLOSE_RANGE,
                imm(3 + kept),
                imm(0xffff_ffffL),
                imm(Constants.CLOSE_RANGE_CLOEXEC))
            .into(error)
            .tolerateAny(failed);
    b.set(progress, imm(1));
    for (Slot fd : inherited) {
      b.sys(Syscall.FCNTL, fd, imm(Constants.F_SETFD), imm(0)).into(error).tolerateAny(failed);
    }
    Addr argv = b.pointers("image's argv", words).address();
    Addr envp = b.pointers("image's envp", List.of()).address();
    Label refused = b.label("exec refused");
    Label again = b.loop("exec again");
    Instruction exec =
        b.sys(Syscall.EXECVEAT, executable, b.string(""), argv, envp, imm(Constants.AT_EMPTY_PATH))
            .into(error)
            .tolerateAny(refused);
    b.outOfLine(() -> {
      // A process that was forked while the file was open for writing has it open until it
      // executes.
      b.bind(refused);
      b.branch(Condition.NE, error, imm(-Errno.ETXTBSY), failed);
      b.alu(Function.ADD, tries, tries, imm(1));
      b.branch(Condition.LTU, imm(MOST_TRIES), tries, failed);
      Data time =
          b.constant("5 ms", Structs.SIZEOF_KERNEL_TIMESPEC)
              .u64(Structs.KERNEL_TIMESPEC_TV_NSEC, 5_000_000);
      b.sys(Syscall.CLOCK_NANOSLEEP, imm(Constants.CLOCK_MONOTONIC), imm(0), time.address(), imm(0))
          .tolerateAny();
      b.jump(again);
    });
    b.bind(failed);
    b.sys(Syscall.EXIT_GROUP, imm(127));
    b.bind(parent);
    b.load(4, pidfd, pidfdAt.address(), imm(0));
    Label unexecuted = b.label("not executed");
    b.branch(Condition.NE, error, imm(0), unexecuted);
    b.outOfLine(() -> {
      b.bind(unexecuted);
      b.sys(Syscall.WAITID, imm(Constants.P_PIDFD), pidfd, imm(0), imm(Constants.WEXITED), imm(0))
          .tolerateAny();
      b.set(pid, imm(0));
      descriptors.close(pidfd);
      Label unclosed = b.label("close_range failed");
      b.branch(Condition.EQ, progress, imm(0), unclosed);
      restoreMask(b, before);
      image.afterRefusal(b, error);
      b.fail(exec, error);
      b.bind(unclosed);
      b.fail(closing, error);
    });
    if (!staysBlocked) {
      restoreMask(b, before);
    }
    b.onFailure(failing);
    return pidfd;
  }

  /**
   * Adds a record that waits for an intermediate process, which has said what it has to say and
   * ends; a second time there is nothing to wait for.
   *
   * @param b the program
   * @param intermediate a slot with its pidfd
   */
  public static void awaitIntermediate(ProgramBuilder b, Slot intermediate) {
    b.step("wait for the intermediate process", "");
    b.sys(
            Syscall.WAITID,
            imm(Constants.P_PIDFD),
            intermediate,
            imm(0),
            imm(Constants.WEXITED),
            imm(0))
        .tolerate(Errno.ECHILD);
  }

  private static void restoreMask(ProgramBuilder b, Data mask) {
    // It cannot fail, and on the way of a failure it must not hide that one.
    b.sys(
            Syscall.RT_SIGPROCMASK,
            imm(Constants.SIG_SETMASK),
            mask.address(),
            imm(0),
            imm(Structs.SIZEOF_SIGSET))
        .tolerateAny();
  }

  /**
   * Closes what only the image needs, so that its end is seen; the cgroup is needed once more, and
   * another one may be.
   */
  static void closeImageEnds(
      Descriptors descriptors, Channels channels, @Nullable Slot cgroup, @Nullable Slot other) {
    descriptors.close(channels.image());
    for (Slot fd : channels.inherited()) {
      if (fd != cgroup && fd != other) {
        descriptors.close(fd);
      }
    }
  }
}
