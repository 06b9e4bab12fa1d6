package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.cgroups.CgroupRoot;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.init.Message;
import dev.gatun.runtime.userns.Privileges;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What has to be known of the caller before anything is made: the time, the ids, where cgroup v2 is
 * and which cgroup is the caller's own, and whether the user namespace is the initial one.
 */
public final class Surroundings {
  private final ProgramBuilder b;
  private final Data time;
  private final Slot uid;
  private final Slot gid;
  private final Slot mounts;
  private final Slot cgroup;
  private final Slot map;
  private final Slot end;

  /**
   * Begins, before the last output of the program is made.
   *
   * @param b the program
   */
  public Surroundings(ProgramBuilder b) {
    this.b = b;
    time = b.output("time", Structs.SIZEOF_KERNEL_TIMESPEC);
    uid = b.slot("uid");
    gid = b.slot("gid");
    mounts = b.slot("mounts at");
    cgroup = b.slot("cgroup at");
    map = b.slot("map at");
    end = b.slot("map end");
  }

  /**
   * Adds the records.
   *
   * @param descriptors takes over what is opened
   * @param files takes the files that are read
   * @param total a slot with the number of bytes in it, which grows
   */
  public void read(Descriptors descriptors, Data files, Slot total) {
    b.step("read the time and the own ids", "");
    b.sys(Syscall.CLOCK_GETTIME, imm(Constants.CLOCK_REALTIME), time.address());
    b.sys(Syscall.GETEUID).into(uid);
    b.sys(Syscall.GETEGID).into(gid);
    Arg here = imm(Constants.AT_FDCWD);
    b.step("read the mount table", "");
    b.set(mounts, total);
    append(b, descriptors, here, "/proc/self/mountinfo", files, total, null);
    b.step("read the own cgroup", "");
    b.set(cgroup, total);
    append(b, descriptors, here, "/proc/self/cgroup", files, total, null);
    b.step("read the own map of users", "");
    b.set(map, total);
    Label none = b.label("no user namespaces");
    append(b, descriptors, here, "/proc/self/uid_map", files, total, none);
    b.bind(none);
    b.set(end, total);
  }

  /**
   * Adds what no container could be started or deleted without, tried on this process: a create
   * does not need it, and must not make what nobody can delete.
   *
   * @param b the program
   */
  public static void pidfds(ProgramBuilder b) {
    b.step("find out whether the kernel has pidfds", "");
    Slot self = b.slot("self");
    Slot pidfd = b.slot("pidfd");
    b.sys(Syscall.GETPID).into(self);
    b.sys(Syscall.PIDFD_OPEN, self, imm(0)).into(pidfd);
    b.sys(Syscall.PIDFD_SEND_SIGNAL, pidfd, imm(0), imm(0), imm(0));
    Idioms.close(b, pidfd);
  }

  /**
   * Adds records that read a file behind what has been read.
   *
   * @param b the program
   * @param descriptors takes over what is opened
   * @param directory the directory that the name is resolved from
   * @param name the file
   * @param files takes its contents
   * @param total a slot with the number of bytes in it, which grows
   * @param missing where to go when there is no such file, null when that is a failure
   */
  public static void append(
      ProgramBuilder b,
      Descriptors descriptors,
      Arg directory,
      String name,
      Data files,
      Slot total,
      @Nullable Label missing) {
    Slot file = descriptors.fd("file", name);
    Instruction open =
        b.sys(
                Syscall.OPENAT,
                directory,
                b.string(name),
                imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
                imm(0))
            .into(file);
    if (missing != null) {
      open.tolerate(Errno.ENOENT, missing);
    }
    Idioms.append(b, file, files, total);
    descriptors.close(file);
  }

  /**
   * Where cgroup v2 is.
   *
   * @param result what the program left behind
   * @param all the files that it read
   */
  public CgroupRoot cgroups(Kernel.Result result, byte[] all) {
    return CgroupRoot.parse(part(result, all, mounts, cgroup), part(result, all, cgroup, map));
  }

  /**
   * Who the caller is, without a PATH.
   *
   * @param result what the program left behind
   * @param all the files that it read
   */
  public Privileges privileges(Kernel.Result result, byte[] all) {
    String uidMap = new String(part(result, all, map, end), StandardCharsets.US_ASCII);
    return new Privileges(result.slot(uid), result.slot(gid), Privileges.isNested(uidMap), "");
  }

  /**
   * The time, RFC 3339 in UTC.
   *
   * @param result what the program left behind
   */
  public String time(Kernel.Result result) {
    byte[] clock = result.bytes(time);
    return Timestamp.rfc3339(
        Message.u64(clock, Structs.KERNEL_TIMESPEC_TV_SEC),
        Message.u64(clock, Structs.KERNEL_TIMESPEC_TV_NSEC));
  }

  private static byte[] part(Kernel.Result result, byte[] all, Slot from, Slot to) {
    return Arrays.copyOfRange(all, (int) result.slot(from), (int) result.slot(to));
  }
}
