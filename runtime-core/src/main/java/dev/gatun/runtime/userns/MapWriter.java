package dev.gatun.runtime.userns;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.IdMapping;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Records that write the maps of a user namespace that another process was born in: directly where
 * that is allowed, else through {@code newuidmap(1)} and {@code newgidmap(1)}.
 */
final class MapWriter {
  /** What a shell reports for a program that is not there. */
  private static final int NOT_FOUND = 127;

  /** Where programs are looked for when the caller has no PATH. */
  private static final String USUAL_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private static final int PID_DIGITS = 10;

  private final ProgramBuilder b;

  /** Whose tools may be asked when the kernel refuses; null for root, who needs none. */
  private final @Nullable Privileges asker;

  MapWriter(ProgramBuilder b, @Nullable Privileges asker) {
    this.b = b;
    this.asker = asker;
  }

  /**
   * Opens {@code /proc/PID} of a child.
   *
   * @param pid its pid
   * @param pidfd its pidfd: once the directory is open it proves that the pid was the child's, and
   *     the directory never becomes another process's
   * @return a slot with the directory's descriptor
   */
  Slot openProcess(Slot pid, Slot pidfd) {
    Slot process = b.fd("process", "/proc/PID");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            Idioms.pidPath(b, "/proc/", pid, ""),
            imm(Constants.O_PATH | b.arch().O_DIRECTORY() | Constants.O_CLOEXEC),
            imm(0))
        .into(process);
    b.sys(Syscall.PIDFD_SEND_SIGNAL, pidfd, imm(0), imm(0), imm(0));
    return process;
  }

  /** Writes both maps. */
  void write(
      Slot process,
      Slot pid,
      Slot pidfd,
      List<IdMapping> uids,
      List<IdMapping> gids,
      String place) {
    String groups = place.isEmpty() ? "" : place + "/gidMappings";
    String users = place.isEmpty() ? "" : place + "/uidMappings";
    boolean ownGroup = asker != null && IdMaps.isOwn(gids, asker.gid());
    if (ownGroup) {
      // A group may give less than others have, so leaving groups is what an ordinary user loses.
      b.step("give up setgroups", groups);
      text(process, "setgroups", "deny".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }
    b.step("write the map of groups", groups);
    map(process, pid, pidfd, "gid_map", gids, "newgidmap", "/etc/subgid");
    b.step("write the map of users", users);
    map(process, pid, pidfd, "uid_map", uids, "newuidmap", "/etc/subuid");
  }

  private void map(
      Slot process,
      Slot pid,
      Slot pidfd,
      String file,
      List<IdMapping> mappings,
      String tool,
      String subordinate) {
    Slot result = b.slot("written");
    Slot fd = open(process, file);
    Instruction write = writing(fd, IdMaps.text(mappings));
    if (asker == null) {
      Idioms.close(b, fd);
      return;
    }
    Label refused = b.label("map refused");
    Label done = b.label("map written");
    write.into(result).tolerateAny(refused);
    Idioms.close(b, fd);
    b.bind(done);
    b.outOfLine(() -> {
      b.bind(refused);
      Label mayAsk = b.label("not permitted");
      b.branch(Condition.EQ, result, imm(-Errno.EPERM), mayAsk);
      b.fail(write, result);
      b.bind(mayAsk);
      Idioms.close(b, fd);
      askTool(pid, tool, mappings, subordinate);
      // The tool knows the process by its pid: it was this one as long as it is still there.
      b.sys(Syscall.PIDFD_SEND_SIGNAL, pidfd, imm(0), imm(0), imm(0));
      // The label is bound where the records in line go on.
      b.jump(done);
    });
  }

  private Slot open(Slot process, String file) {
    Slot fd = b.fd(file, "/proc/PID/" + file);
    b.sys(
            Syscall.OPENAT,
            process,
            b.string(file),
            imm(Constants.O_WRONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(fd);
    return fd;
  }

  private Instruction writing(Slot fd, byte[] text) {
    Addr bytes = b.constant("map", text.length).put(0, text).address();
    return b.sys(Syscall.WRITE, fd, bytes, imm(text.length));
  }

  private void text(Slot process, String file, byte[] text) {
    Slot fd = open(process, file);
    writing(fd, text);
    Idioms.close(b, fd);
  }

  /** Runs {@code newuidmap PID containerID hostID size …} and waits for it. */
  private void askTool(Slot pid, String tool, List<IdMapping> mappings, String subordinate) {
    String place = b.origin().place();
    b.step("run " + tool, place);
    List<Addr> words = new ArrayList<>();
    for (IdMapping mapping : mappings) {
      words.add(b.string(Long.toString(mapping.containerID())));
      words.add(b.string(Long.toString(mapping.hostID())));
      words.add(b.string(Long.toString(mapping.size())));
    }
    Data argv = b.variable(tool + "'s argv", 8 * (words.size() + 3));
    argv.address(0, b.string(tool));
    for (int i = 0; i < words.size(); i++) {
      argv.address(8 * (i + 2), words.get(i));
    }
    Data digits = b.buffer("pid", PID_DIGITS + 6);
    b.store(8, argv.address(), imm(8), Idioms.formatDecimal(b, pid, digits.at(PID_DIGITS)));
    Data none = b.pointers("no environment", List.of());
    Data clone =
        b.constant("clone_args", Structs.SIZEOF_CLONE_ARGS)
            .u64(Structs.CLONE_ARGS_EXIT_SIGNAL, Constants.SIGCHLD);
    Data info = b.buffer("siginfo", Structs.SIZEOF_SIGINFO_T);
    Slot nothing = b.fd("null", "/dev/null");
    Slot child = b.slot("child");
    Slot status = b.slot("status");
    Label parent = b.label(tool + " runs");
    Label missing = b.label("no " + tool);
    Label good = b.label(tool + " is done");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string("/dev/null"),
            imm(Constants.O_RDWR | Constants.O_CLOEXEC),
            imm(0))
        .into(nothing);
    b.sys(Syscall.CLONE3, clone.address(), imm(Structs.SIZEOF_CLONE_ARGS)).into(child);
    b.branch(Condition.NE, child, imm(0), parent);
    // What it has to say is said here in one sentence.
    for (int fd = 0; fd < 3; fd++) {
      b.sys(Syscall.DUP3, nothing, imm(fd), imm(0)).tolerateAny();
    }
    for (String directory : directories()) {
      b.sys(Syscall.EXECVE, b.string(directory + "/" + tool), argv.address(), none.address())
          .tolerateAny();
    }
    b.sys(Syscall.EXIT_GROUP, imm(NOT_FOUND));
    b.bind(parent);
    Idioms.close(b, nothing);
    b.sys(
        Syscall.WAITID,
        imm(Constants.P_PID),
        child,
        info.address(),
        imm(Constants.WEXITED),
        imm(0));
    b.load(4, status, info.address(), imm(Structs.SIGINFO_T_SI_STATUS));
    b.branch(Condition.EQ, status, imm(0), good);
    b.branch(Condition.EQ, status, imm(NOT_FOUND), missing);
    b.step(tool + " refuses the map: its ranges must be the caller's in " + subordinate, place);
    b.fail(Errno.EPERM);
    b.bind(missing);
    b.step(
        "a map of more than the caller's own id needs "
            + tool
            + ", which is not installed (Debian package uidmap)",
        place);
    b.fail(Errno.ENOENT);
    b.bind(good);
  }

  private List<String> directories() {
    String path = asker == null || asker.path().isEmpty() ? USUAL_PATH : asker.path();
    List<String> directories = new ArrayList<>();
    int begin = 0;
    while (begin <= path.length()) {
      int colon = path.indexOf(':', begin);
      int end = colon < 0 ? path.length() : colon;
      String directory = path.substring(begin, end);
      // What is found depends on no working directory.
      if (directory.startsWith("/") && !directories.contains(directory)) {
        directories.add(directory);
      }
      begin = end + 1;
    }
    return directories;
  }
}
