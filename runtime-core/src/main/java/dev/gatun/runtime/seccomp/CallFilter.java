package dev.gatun.runtime.seccomp;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.ProgramBuilder;
import java.util.List;

/**
 * A filter for a process of the runtime's own: a few calls of the native ABI pass, whatever their
 * arguments, and all others get {@code EPERM}.
 */
public final class CallFilter {
  private CallFilter() {}

  /**
   * Adds the record that loads the filter, in a process with no_new_privs. A kernel without filters
   * goes on without.
   *
   * @param b the program
   * @param allowed what passes
   */
  public static void load(ProgramBuilder b, List<Syscall> allowed) {
    StringBuilder step = new StringBuilder("forbid all system calls but");
    for (int i = 0; i < allowed.size(); i++) {
      step.append(' ').append(allowed.get(i).kernelName());
    }
    b.step(step.toString(), "");
    byte[] bpf = bpf(b.arch(), allowed);
    Data instructions = b.constant("filter", bpf.length).put(0, bpf);
    Data program =
        b.variable("sock_fprog", Structs.SIZEOF_SOCK_FPROG)
            .u16(Structs.SOCK_FPROG_LEN, bpf.length / Structs.SIZEOF_SOCK_FILTER)
            .address(Structs.SOCK_FPROG_FILTER, instructions.address());
    // Not seccomp(2), which a kernel may lack altogether: this has one answer for whatever lacks.
    b.sys(
            Syscall.PRCTL,
            imm(Constants.PR_SET_SECCOMP),
            imm(Constants.SECCOMP_MODE_FILTER),
            program.address(),
            imm(0),
            imm(0))
        .tolerate(Errno.EINVAL);
  }

  /** The filter: an array of {@code struct sock_filter}. */
  static byte[] bpf(Arch arch, List<Syscall> allowed) {
    FilterWriter out = new FilterWriter();
    int forbid = out.give(Constants.SECCOMP_RET_ERRNO | Errno.EPERM);
    int allow = out.give(Constants.SECCOMP_RET_ALLOW);
    int next = forbid;
    for (int i = allowed.size() - 1; i >= 0; i--) {
      next = out.branch(FilterWriter.JEQ, allowed.get(i).number(arch), allow, next);
    }
    int number = out.load(FilterWriter.NR);
    out.branch(FilterWriter.JEQ, Abi.of(arch).audit(), number, forbid);
    out.load(FilterWriter.ARCH);
    return out.bytes();
  }
}
