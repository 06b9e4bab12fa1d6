package dev.gatun.runtime.seccomp;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Features;
import dev.gatun.oci.Seccomp;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What the features document says of seccomp. */
public final class SeccompFeatures {
  private SeccompFeatures() {}

  /**
   * Asks the kernel which flags it has.
   *
   * @param kernel where
   * @return all that is recognised in a configuration, and the flags that work
   */
  public static Features.Seccomp of(Kernel kernel) {
    List<String> actions = new ArrayList<>();
    for (Seccomp.Action action : Seccomp.Action.values()) {
      actions.add(action.name());
    }
    List<String> operators = new ArrayList<>();
    for (Seccomp.Operator operator : Seccomp.Operator.values()) {
      operators.add(operator.name());
    }
    List<String> archs = new ArrayList<>();
    for (Seccomp.Arch arch : Seccomp.Arch.values()) {
      archs.add(arch.name());
    }
    List<String> known = new ArrayList<>();
    for (Seccomp.Flag flag : Seccomp.Flag.values()) {
      known.add(flag.name());
    }
    for (List<String> names : List.of(actions, operators, archs, known)) {
      Collections.sort(names);
    }
    List<String> supported = supported(kernel);
    Collections.sort(supported);
    return new Features.Seccomp(true, actions, operators, archs, known, supported);
  }

  /**
   * A filter at address 0 is never loaded: a kernel that knows the flags says EFAULT, and another
   * one EINVAL, or ENOSYS where it has no filters.
   */
  private static List<String> supported(Kernel kernel) {
    Seccomp.Flag[] flags = Seccomp.Flag.values();
    List<Slot> answers = new ArrayList<>();
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    b.step("find out which flags of seccomp(2) there are", "");
    for (Seccomp.Flag flag : flags) {
      Slot answer = b.slot(flag.name());
      answers.add(answer);
      long bits = flag.value();
      if (flag == Seccomp.Flag.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) {
        bits |= Constants.SECCOMP_FILTER_FLAG_NEW_LISTENER;
      }
      b.sys(Syscall.SECCOMP, imm(Constants.SECCOMP_SET_MODE_FILTER), imm(bits), imm(0))
          .into(answer)
          .tolerateAny();
    }
    Kernel.Result result = kernel.run(b.build()).orThrow();
    List<String> supported = new ArrayList<>();
    for (int i = 0; i < flags.length; i++) {
      if (result.slot(answers.get(i)) == -Errno.EFAULT) {
        supported.add(flags[i].name());
      }
    }
    return supported;
  }
}
