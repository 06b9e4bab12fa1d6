package dev.gatun.cgroups;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;

/** Freezes and thaws all processes of a cgroup, by {@code cgroup.freeze}. */
public final class CgroupFreezer {
  private CgroupFreezer() {}

  /**
   * Freezes, and waits until everything is at rest. When that does not happen in time, the cgroup
   * is thawed again and the program fails with ETIMEDOUT.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   * @param timeout in milliseconds
   */
  public static void freeze(ProgramBuilder b, Slot cgroup, long timeout) {
    b.step("freeze the cgroup", "");
    Slot control = change(b, cgroup, "1");
    CgroupEvents events = CgroupEvents.open(b, cgroup);
    Label late = b.label("not frozen in time");
    events.await(CgroupEvents.FROZEN, timeout, late);
    events.close();
    Idioms.close(b, control);
    b.outOfLine(() -> {
      b.bind(late);
      b.step("freeze the cgroup: a process does not come to rest", "");
      b.sys(Syscall.PWRITE64, control, b.string("0"), imm(1), imm(0)).tolerateAny();
      events.close();
      Idioms.close(b, control);
      b.fail(Errno.ETIMEDOUT);
    });
  }

  /**
   * Thaws, and waits until it is so. Fails with ETIMEDOUT when a cgroup above keeps it frozen.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   * @param timeout in milliseconds
   */
  public static void thaw(ProgramBuilder b, Slot cgroup, long timeout) {
    b.step("thaw the cgroup", "");
    Slot control = change(b, cgroup, "0");
    Idioms.close(b, control);
    CgroupEvents events = CgroupEvents.open(b, cgroup);
    Label late = b.label("not thawed in time");
    events.await(CgroupEvents.THAWED, timeout, late);
    events.close();
    b.outOfLine(() -> {
      b.bind(late);
      b.step("thaw the cgroup: a cgroup above it is frozen", "");
      events.close();
      b.fail(Errno.ETIMEDOUT);
    });
  }

  /**
   * Branches when the cgroup is frozen, by itself or by one above it.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   * @param frozen where to go then
   */
  public static void unlessThawed(ProgramBuilder b, Slot cgroup, Label frozen) {
    CgroupEvents events = CgroupEvents.open(b, cgroup);
    events.read();
    events.close();
    events.unless(CgroupEvents.THAWED, frozen);
  }

  /**
   * Thaws without waiting, whatever becomes of it: what was killed while it was frozen ends all the
   * same.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   */
  public static void release(ProgramBuilder b, Slot cgroup) {
    Slot control = b.fd("freeze", "cgroup.freeze");
    Label none = b.label("no freezer");
    b.sys(
            Syscall.OPENAT,
            cgroup,
            b.string("cgroup.freeze"),
            imm(Constants.O_WRONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(control)
        .tolerateAny(none);
    b.sys(Syscall.WRITE, control, b.string("0"), imm(1)).tolerateAny();
    Idioms.close(b, control);
    b.bind(none);
  }

  private static Slot change(ProgramBuilder b, Slot cgroup, String value) {
    Slot control = b.fd("freeze", "cgroup.freeze");
    b.sys(
            Syscall.OPENAT,
            cgroup,
            b.string("cgroup.freeze"),
            imm(Constants.O_WRONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(control);
    b.sys(Syscall.WRITE, control, b.string(value), imm(1));
    return control;
  }
}
