package dev.gatun.runtime.seccomp;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Seccomp;
import dev.gatun.oci.State;
import dev.gatun.runtime.ConfigException;
import org.jspecify.annotations.Nullable;

/**
 * Compiles {@code linux.seccomp} to the records that load the filter, and that hand its listener
 * over when an action is {@code SCMP_ACT_NOTIFY}.
 *
 * <p>With no_new_privs the filter is loaded directly before {@code execve(2)}, which is all that it
 * has to allow. Without, loading takes {@code CAP_SYS_ADMIN}, so it comes before the capabilities
 * go: what is called after it, {@link #check} finds in the finished program, and refuses a filter
 * that forbids it.
 *
 * <p>{@link #connect}, {@link #tell} and {@link #learn} add nothing unless there is a listener.
 */
public final class SeccompCompiler {
  private static final String PLACE = "/linux/seccomp";

  private final ProgramBuilder b;
  private final SeccompFilter filter;
  private final boolean early;
  private final @Nullable ListenerCompiler listener;
  private int loaded = Integer.MAX_VALUE;

  /**
   * Compiles the filter.
   *
   * @param b the program
   * @param seccomp a validated profile
   * @param noNewPrivileges whether the process has no_new_privs when the filter is loaded
   * @param state what the listener is told about the container; a pid of 0 stands for that of the
   *     process itself
   * @throws ConfigException when the filter cannot be had
   */
  public SeccompCompiler(ProgramBuilder b, Seccomp seccomp, boolean noNewPrivileges, State state) {
    this.b = b;
    filter = SeccompFilter.compile(seccomp, b.arch());
    early = !noNewPrivileges;
    if (filter.notifies()) {
      refuseUnanswerable(seccomp);
      listener = new ListenerCompiler(b, seccomp, state);
    } else {
      listener = null;
    }
  }

  /** What no peer allows: whoever answers could be waited for by whoever is to be answered. */
  private static void refuseUnanswerable(Seccomp seccomp) {
    if (seccomp.defaultAction() == Seccomp.Action.SCMP_ACT_NOTIFY) {
      throw new ConfigException(
          PLACE + "/defaultAction", "SCMP_ACT_NOTIFY cannot be used as default action");
    }
    for (int i = 0; i < seccomp.syscalls().size(); i++) {
      Seccomp.Syscall rule = seccomp.syscalls().get(i);
      if (rule.action() == Seccomp.Action.SCMP_ACT_NOTIFY && rule.names().contains("write")) {
        throw new ConfigException(
            PLACE + "/syscalls/" + i, "SCMP_ACT_NOTIFY cannot be used for the write syscall");
      }
    }
  }

  /**
   * Connects to the listener: in a process that sees the host's file system, in the working
   * directory of the caller. Its children inherit the connection.
   */
  public void connect() {
    if (listener != null) {
      listener.connect();
    }
  }

  /**
   * Tells the process what its pid is, in the process that has cloned it.
   *
   * @param pid the pid
   */
  public void tell(Slot pid) {
    if (listener != null) {
      listener.tell(pid);
    }
  }

  /** Waits for {@link #tell}, as one of the first things in the process. */
  public void learn() {
    if (listener != null) {
      listener.learn();
    }
  }

  /** Loads the filter if it can only be loaded while the capabilities are there. */
  public void beforeCapabilitiesGo() {
    if (early) {
      load();
    }
  }

  /** Loads the filter if it is not loaded yet; {@code execve(2)} has to be next. */
  public void beforeExecve() {
    if (!early) {
      load();
    }
  }

  private void load() {
    StringBuilder step = new StringBuilder("seccomp filter of ");
    step.append(filter.size()).append(" instructions");
    if (!filter.unknown().isEmpty()) {
      step.append(", without the calls that this machine lacks: ");
      for (int i = 0; i < filter.unknown().size(); i++) {
        step.append(i == 0 ? "" : " ").append(filter.unknown().get(i));
      }
    }
    b.step(step.toString(), PLACE);
    byte[] bpf = filter.bpf();
    Data instructions = b.constant("filter", bpf.length).put(0, bpf);
    Data program =
        b.variable("sock_fprog", Structs.SIZEOF_SOCK_FPROG)
            .u16(Structs.SOCK_FPROG_LEN, filter.size())
            .address(Structs.SOCK_FPROG_FILTER, instructions.address());
    if (listener == null) {
      loaded = b.size();
      b.sys(
          Syscall.SECCOMP,
          imm(Constants.SECCOMP_SET_MODE_FILTER),
          imm(filter.flags()),
          program.address());
    } else {
      loaded = listener.load(filter.flags(), program);
    }
  }

  /**
   * Checks that the filter lets everything pass that the finished program calls under it.
   *
   * @param program the program
   * @param resident how many records come first in the program that run after all others but what
   *     leads to {@code execve(2)}: those of a gate
   * @param end the first record that does not run unless something has failed
   * @throws ConfigException naming the first call that it forbids whatever is not known of its
   *     arguments, and the rule
   */
  public void check(Program program, int resident, int end) {
    for (int i = 0; i < program.size(); i++) {
      int position = program.record(i).position();
      if ((position > loaded && position < end) || (early && position < resident)) {
        filter.require(program.record(i), PLACE);
      }
    }
  }
}
