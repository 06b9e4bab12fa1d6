package dev.gatun.cgroups;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.DirectoryScan;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.util.Arrays;

/** The processes in a cgroup and in all cgroups below it: killed, awaited, listed. */
public final class CgroupProcesses {
  /** How deep below its own cgroup a container's processes are looked for. */
  private static final int DEPTH = 256;

  private CgroupProcesses() {}

  /**
   * Kills all of them by {@code cgroup.kill} (Linux 5.14), frozen ones too, and waits for the end
   * of the last. Fails with ETIMEDOUT when that does not come in time. Nothing is left to do in a
   * cgroup that is removed meanwhile, as systemd removes an empty scope's.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   * @param timeout in milliseconds; 0 does not wait
   */
  public static void kill(ProgramBuilder b, Slot cgroup, long timeout) {
    b.step("kill the processes of the cgroup", "");
    Slot control = b.fd("kill", "cgroup.kill");
    Label gone = b.label("cgroup gone");
    b.sys(
            Syscall.OPENAT,
            cgroup,
            b.string("cgroup.kill"),
            imm(Constants.O_WRONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(control)
        .tolerate(Errno.ENOENT, gone);
    b.sys(Syscall.WRITE, control, b.string("1"), imm(1)).tolerate(Errno.ENODEV);
    Idioms.close(b, control);
    if (timeout > 0) {
      awaitEmpty(b, cgroup, timeout);
    }
    b.bind(gone);
  }

  /**
   * Waits until no living process is left. Fails with ETIMEDOUT when that does not come in time.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   * @param timeout in milliseconds
   */
  public static void awaitEmpty(ProgramBuilder b, Slot cgroup, long timeout) {
    b.step("wait for the processes of the cgroup to end", "");
    Label gone = b.label("cgroup gone");
    CgroupEvents events = CgroupEvents.open(b, cgroup, gone);
    Label late = b.label("not empty in time");
    events.await(CgroupEvents.EMPTY, timeout, late);
    events.close();
    b.bind(gone);
    b.outOfLine(() -> {
      b.bind(late);
      events.close();
      b.fail(Errno.ETIMEDOUT);
    });
  }

  /**
   * Lists them, in no order. Fails with E2BIG when they are more than fit, and with ELOOP when
   * cgroups are nested deeper than {@value #DEPTH}.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   * @param size room for their pids in bytes, eight are enough for one
   * @return the program's last output, carried as far as it is filled, for {@link #parse}
   */
  public static Data list(ProgramBuilder b, Slot cgroup, int size) {
    b.step("list the processes of the cgroup", "");
    Data pids = b.output("cgroup.procs", size);
    Data stack = b.buffer("directories", 8 * DEPTH);
    Slot depth = b.slot("depth");
    Slot error = b.slot("error");
    Slot total = b.slot("total");
    Slot at = b.slot("at");
    Slot room = b.slot("room");
    Slot got = b.slot("got");
    Slot procs = b.fd("procs", "cgroup.procs");
    Slot here = b.fd("cgroup below", null);
    Slot child = b.fd("cgroup child", null);
    b.set(depth, imm(0));
    b.set(error, imm(0));
    b.set(total, imm(0));
    b.sys(
            Syscall.OPENAT,
            cgroup,
            b.string("."),
            imm(b.arch().O_DIRECTORY() | Constants.O_CLOEXEC),
            imm(0))
        .into(here);

    Label enter = b.loop("enter");
    Label read = b.label("read");
    Label leave = b.loopAhead("leave");
    DirectoryScan scan = new DirectoryScan(b, here);
    b.sys(
            Syscall.OPENAT,
            here,
            b.string("cgroup.procs"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(procs)
        .tolerate(Errno.ENOENT, leave);
    Label more = b.loop("read more");
    Label full = b.label("full");
    b.alu(Op.Function.SUB, room, imm(size), total);
    b.branch(Op.Condition.EQ, room, imm(0), full);
    b.alu(Op.Function.ADD, at, pids.address(), total);
    Label threaded = b.label("threaded");
    // A threaded cgroup lists its processes in the domain above it only, and one that vanishes has
    // none.
    b.sys(Syscall.READ, procs, at, room).into(got).tolerateAny(threaded);
    b.alu(Op.Function.ADD, total, total, got);
    b.branch(Op.Condition.NE, got, imm(0), more);
    b.bind(threaded);
    b.jump(read);
    b.bind(full);
    b.set(error, imm(-Errno.E2BIG));
    b.bind(read);
    Idioms.close(b, procs);
    b.branch(Op.Condition.NE, error, imm(0), leave);

    Label next = b.loop("next below");
    scan.next(leave);
    b.branch(Op.Condition.NE, scan.type(), imm(Constants.DT_DIR), next);
    // Entries behind this one that are in the buffer already are read again later.
    b.sys(Syscall.LSEEK, here, scan.offset(), imm(Constants.SEEK_SET));
    b.sys(
            Syscall.OPENAT,
            here,
            scan.name(),
            imm(b.arch().O_DIRECTORY() | b.arch().O_NOFOLLOW() | Constants.O_CLOEXEC),
            imm(0))
        .into(child)
        .tolerate(Errno.ENOENT, next);
    b.alu(Op.Function.ADD, at, stack.address(), depth);
    b.store(8, at, imm(0), here);
    b.alu(Op.Function.ADD, depth, depth, imm(8));
    b.set(here, child);
    b.branch(Op.Condition.NE, depth, imm(8 * DEPTH), enter);
    b.set(error, imm(-Errno.ELOOP));

    b.bind(leave);
    Idioms.close(b, here);
    Label done = b.label("all listed");
    b.branch(Op.Condition.EQ, depth, imm(0), done);
    b.alu(Op.Function.SUB, depth, depth, imm(8));
    b.alu(Op.Function.ADD, at, stack.address(), depth);
    b.load(8, here, at, imm(0));
    scan.forget();
    b.branch(Op.Condition.EQ, error, imm(0), next);
    b.jump(leave);
    b.bind(done);
    Label failed = b.label("not listed");
    b.branch(Op.Condition.NE, error, imm(0), failed);
    b.replyUpTo(pids, total);
    b.outOfLine(() -> {
      b.bind(failed);
      b.branch(Op.Condition.EQ, error, imm(-Errno.ELOOP), deep(b));
      b.step("list the processes of the cgroup: there are too many", "");
      b.fail(Errno.E2BIG);
    });
    return pids;
  }

  private static Label deep(ProgramBuilder b) {
    Label deep = b.label("too deep");
    b.outOfLine(() -> {
      b.bind(deep);
      b.step("list the processes of the cgroup: cgroups are nested too deep", "");
      b.fail(Errno.ELOOP);
    });
    return deep;
  }

  /**
   * Reads what {@link #list} listed.
   *
   * @param text the output's contents
   * @return the pids; 0 stands for a process of a pid namespace that the reader cannot see into
   */
  public static int[] parse(byte[] text) {
    int[] pids = new int[text.length / 2 + 1];
    int count = 0;
    int pid = -1;
    for (byte letter : text) {
      if (letter >= '0' && letter <= '9') {
        pid = Math.max(pid, 0) * 10 + letter - '0';
      } else if (pid >= 0) {
        pids[count++] = pid;
        pid = -1;
      }
    }
    return Arrays.copyOf(pids, count);
  }
}
