package dev.gatun.oci;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The process that is started in a container.
 *
 * @param terminal whether a pseudoterminal is attached
 * @param consoleSize size of that terminal, in characters
 * @param user whom the process runs as; user 0 and group 0 when the document has none
 * @param args argument vector; the first entry is looked up as execvp(3) does
 * @param env environment, entries of the form {@code NAME=value}
 * @param cwd working directory, an absolute path in the container
 * @param capabilities the five capability sets
 * @param rlimits resource limits
 * @param noNewPrivileges whether {@code no_new_privs} is set, prctl(2)
 * @param apparmorProfile AppArmor profile
 * @param oomScoreAdj value for {@code /proc/PID/oom_score_adj}; absent leaves it as it is
 * @param scheduler scheduling attributes, sched_setattr(2)
 * @param selinuxLabel SELinux label
 * @param ioPriority I/O priority, ioprio_set(2)
 * @param execCPUAffinity CPU affinity of processes that are executed in a running container
 */
@SuppressWarnings("AvoidCommonTypeNames") // the specification's name
public record Process(
    boolean terminal,
    @Nullable Box consoleSize,
    User user,
    List<String> args,
    List<String> env,
    String cwd,
    @Nullable Capabilities capabilities,
    List<Rlimit> rlimits,
    boolean noNewPrivileges,
    @Nullable String apparmorProfile,
    @Nullable Integer oomScoreAdj,
    @Nullable Scheduler scheduler,
    @Nullable String selinuxLabel,
    @Nullable IoPriority ioPriority,
    @Nullable ExecCpuAffinity execCPUAffinity) {
  /** Copies collections and takes an empty optional string for an absent one. */
  public Process {
    Objects.requireNonNull(user, "user");
    args = List.copyOf(args);
    env = List.copyOf(env);
    Objects.requireNonNull(cwd, "cwd");
    rlimits = List.copyOf(rlimits);
    apparmorProfile = Values.absentIfEmpty(apparmorProfile);
    selinuxLabel = Values.absentIfEmpty(selinuxLabel);
  }

  /**
   * The same process with another environment.
   *
   * @param variables entries of the form {@code NAME=value}
   * @return the new record
   */
  public Process withEnv(List<String> variables) {
    return new Process(
        terminal,
        consoleSize,
        user,
        args,
        variables,
        cwd,
        capabilities,
        rlimits,
        noNewPrivileges,
        apparmorProfile,
        oomScoreAdj,
        scheduler,
        selinuxLabel,
        ioPriority,
        execCPUAffinity);
  }
}
