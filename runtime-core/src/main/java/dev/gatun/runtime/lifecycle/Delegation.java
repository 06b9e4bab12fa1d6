package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.IdMapping;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Mount;
import dev.gatun.oci.Namespace;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Process;
import dev.gatun.oci.Spec;
import java.util.List;

/**
 * Gives a container's cgroup to its user, as the specification's "Cgroup ownership" says: when the
 * cgroup namespace is new and the cgroups are mounted for writing; the directory and the files that
 * {@code /sys/kernel/cgroup/delegate} names, and no others: its limits stay the runtime's.
 */
final class Delegation {
  private static final String LIST = "/sys/kernel/cgroup/delegate";

  /** A page, which is what the kernel prints into. */
  private static final int ROOM = 4096;

  private Delegation() {}

  /**
   * The user that the cgroup is given to.
   *
   * @param spec a validated configuration
   * @return its id on the host, or −1 when the cgroup stays the caller's
   */
  static long owner(Spec spec) {
    Linux linux = spec.linux();
    Process process = spec.process();
    if (linux == null || process == null) {
      return -1;
    }
    Namespace namespace = linux.namespace(NamespaceType.CGROUP);
    if (namespace == null || namespace.path() != null || !writable(spec.mounts())) {
      return -1;
    }
    long uid = process.user().uid();
    List<IdMapping> mappings = linux.uidMappings();
    if (mappings.isEmpty()) {
      return uid == 0 ? -1 : uid;
    }
    for (IdMapping mapping : mappings) {
      if (uid >= mapping.containerID() && uid - mapping.containerID() < mapping.size()) {
        return mapping.hostID() + uid - mapping.containerID();
      }
    }
    return -1;
  }

  private static boolean writable(List<Mount> mounts) {
    boolean writable = false;
    for (Mount mount : mounts) {
      if ("cgroup".equals(mount.type()) || "cgroup2".equals(mount.type())) {
        writable = true;
        for (String option : mount.options()) {
          if (option.equals("ro") || option.equals("rw")) {
            writable = option.equals("rw");
          }
        }
      }
    }
    return writable;
  }

  /**
   * Adds records that change the owner.
   *
   * @param b the program
   * @param cgroup a slot with the directory's descriptor
   * @param owner what {@link #owner} returned; with −1 there are none
   */
  static void apply(ProgramBuilder b, Slot cgroup, long owner) {
    if (owner < 0) {
      return;
    }
    b.step("give the cgroup to user " + owner, "/linux/namespaces");
    b.sys(
        Syscall.FCHOWNAT, cgroup, b.string(""), imm(owner), imm(-1), imm(Constants.AT_EMPTY_PATH));
    Slot file = b.fd("delegate", LIST);
    Slot at = b.slot("name");
    Slot end = b.slot("name's end");
    Slot left = b.slot("end");
    Slot letter = b.slot("letter");
    // The byte behind what is read stays NUL.
    Data names = b.buffer("delegate", ROOM + 8);
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(LIST),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(file);
    b.sys(Syscall.READ, file, names.address(), imm(ROOM)).into(left);
    Idioms.close(b, file);
    b.alu(Function.ADD, left, left, names.address());
    b.set(at, names.address());
    b.set(end, at);
    Label done = b.label("given");
    Label seek = b.loop("seek the name's end");
    Label found = b.label("name");
    b.branch(Condition.EQ, end, left, done);
    b.load(1, letter, end, imm(0));
    b.branch(Condition.EQ, letter, imm('\n'), found);
    b.alu(Function.ADD, end, end, imm(1));
    b.jump(seek);
    b.bind(found);
    b.store(1, end, imm(0), imm(0));
    // The files of a controller that the cgroup does not have are in the list too.
    b.sys(Syscall.FCHOWNAT, cgroup, at, imm(owner), imm(-1), imm(Constants.AT_SYMLINK_NOFOLLOW))
        .tolerate(Errno.ENOENT);
    b.alu(Function.ADD, end, end, imm(1));
    b.set(at, end);
    b.jump(seek);
    b.bind(done);
  }
}
