package dev.gatun.runtime.init;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;

/**
 * What a JVM changes of itself when it starts and its children inherit: put back by the
 * intermediate, which is the first process that shares nothing with the JVM.
 *
 * <p>What it was before nobody knows any more, so it becomes what the kernel begins with. A
 * configuration that sets a limit itself overrides this.
 */
public final class Inherited {
  /** {@code INR_OPEN_CUR} of include/uapi/linux/fs.h. */
  private static final int OPEN_FILES = 1024;

  /** {@code MMF_DUMP_FILTER_DEFAULT} with ELF headers, core(5). */
  private static final String COREDUMP_FILTER = "0x33";

  private Inherited() {}

  /**
   * Adds the records.
   *
   * @param b the program of a process with memory of its own, in the runtime's mount namespace
   */
  public static void reset(ProgramBuilder b) {
    openFiles(b);
    coredumpFilter(b);
  }

  /** A JVM raises the soft limit to the hard one; where they differ it has not. */
  private static void openFiles(ProgramBuilder b) {
    b.step("put back the JVM's RLIMIT_NOFILE", "");
    Data limit = b.buffer("rlimit", Structs.SIZEOF_RLIMIT64);
    Slot soft = b.slot("soft");
    Slot hard = b.slot("hard");
    Label done = b.label("not raised");
    b.sys(Syscall.PRLIMIT64, imm(0), imm(Constants.RLIMIT_NOFILE), imm(0), limit.address());
    b.load(8, soft, limit.address(), imm(Structs.RLIMIT64_RLIM_CUR));
    b.load(8, hard, limit.address(), imm(Structs.RLIMIT64_RLIM_MAX));
    b.branch(Condition.NE, soft, hard, done);
    b.branch(Condition.LTU, soft, imm(OPEN_FILES), done);
    b.store(8, limit.address(), imm(Structs.RLIMIT64_RLIM_CUR), imm(OPEN_FILES));
    b.sys(Syscall.PRLIMIT64, imm(0), imm(Constants.RLIMIT_NOFILE), limit.address(), imm(0));
    b.bind(done);
  }

  private static void coredumpFilter(ProgramBuilder b) {
    b.step("put back the JVM's coredump_filter", "");
    Slot file = b.fd("coredump_filter", "/proc/self/coredump_filter");
    Label none = b.label("no core dumps");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string("/proc/self/coredump_filter"),
            imm(Constants.O_WRONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(file)
        // A kernel that was built without core dumps.
        .tolerate(Errno.ENOENT, none);
    byte[] text = COREDUMP_FILTER.getBytes(StandardCharsets.US_ASCII);
    b.sys(
        Syscall.WRITE,
        file,
        b.constant("filter", text.length).put(0, text).address(),
        imm(text.length));
    Idioms.close(b, file);
    b.bind(none);
  }
}
