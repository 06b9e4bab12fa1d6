package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.cgroups.CgroupPath;
import dev.gatun.cgroups.CgroupRoot;
import dev.gatun.cgroups.ResourcePlan;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Resources;
import dev.gatun.runtime.ConfigException;
import dev.gatun.runtime.userns.Privileges;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What differs for a caller who is not root of the host: device rules, which need a BPF program
 * that only root may load, protect nothing where nobody can make a device node, and a container
 * goes without a cgroup where none may be made and no limit asks for one.
 */
public final class Allowance {
  private static final int MAX_ENVIRONMENT = 256 << 10;

  private final Privileges privileges;
  private final @Nullable CgroupPath cgroup;
  private final @Nullable Resources resources;

  private Allowance(
      Privileges privileges, @Nullable CgroupPath cgroup, @Nullable Resources resources) {
    this.privileges = privileges;
    this.cgroup = cgroup;
    this.resources = resources;
  }

  /** Who asks. */
  public Privileges privileges() {
    return privileges;
  }

  /** The container's cgroup, null when it has none. */
  public @Nullable CgroupPath cgroup() {
    return cgroup;
  }

  /** The limits that can be had. */
  public @Nullable Resources resources() {
    return resources;
  }

  /**
   * Finds out what a caller can have.
   *
   * @param kernel where
   * @param asked what the command line says
   * @param privileges the caller
   * @param path {@code linux.cgroupsPath}, or null
   * @param resources the limits that are asked for, or null
   * @param root where cgroup v2 is
   * @param id the container's id
   * @param driver who makes the cgroup
   * @param settled the cgroup when it is settled already, by systemd or by a pod, else null
   * @return what they can have
   * @throws RuntimeException when limits are asked for that nobody may set here
   */
  public static Allowance of(
      Kernel kernel,
      Create.Rootless asked,
      Privileges privileges,
      @Nullable String path,
      @Nullable Resources resources,
      CgroupRoot root,
      String id,
      CgroupDriver.Kind driver,
      @Nullable CgroupPath settled) {
    boolean own = driver == CgroupDriver.Kind.CGROUPFS && settled == null;
    boolean lenient =
        asked == Create.Rootless.TRUE || (asked == Create.Rootless.AUTO && privileges.isLimited());
    boolean named = path != null && !path.isEmpty();
    if (!lenient && !privileges.isLimited()) {
      return new Allowance(privileges, own ? CgroupPath.of(root, path, id) : settled, resources);
    }
    CgroupPath cgroup = settled;
    boolean nowhere = own && lenient && !named && root.own() == null;
    if (own && !nowhere) {
      cgroup = CgroupPath.of(root, path, id);
    }
    Resources possible = resources;
    if (privileges.isLimited() && possible != null) {
      possible = withoutDevices(possible);
    }
    Privileges found = privileges;
    if (cgroup != null || !privileges.isRoot()) {
      ProgramBuilder b = new ProgramBuilder(kernel.arch());
      Slot allowed = b.slot("allowed");
      b.set(allowed, imm(0));
      if (own && cgroup != null) {
        mayMake(b, cgroup, allowed);
      }
      Data environment = b.output("environment", MAX_ENVIRONMENT);
      readEnvironment(b, environment);
      Kernel.Result result = kernel.run(b.build()).orThrow();
      found =
          new Privileges(
              privileges.uid(),
              privileges.gid(),
              privileges.inUserNamespace(),
              pathOf(result.bytes(environment)));
      if (own && lenient && !named && result.slot(allowed) == 0) {
        nowhere = true;
      }
    }
    if (nowhere) {
      List<String> controllers = ResourcePlan.of(possible, root).controllers();
      if (!controllers.isEmpty()) {
        throw new ConfigException(
            "/linux/resources",
            "limits need a cgroup, and user "
                + privileges.uid()
                + (cgroup == null
                    ? " has none to make one beside"
                    : " may not make \"" + cgroup.directory() + "\": nothing is delegated there"));
      }
      return new Allowance(found, null, null);
    }
    return new Allowance(found, cgroup, possible);
  }

  private static Resources withoutDevices(Resources resources) {
    return new Resources(
        List.of(),
        resources.memory(),
        resources.cpu(),
        resources.pids(),
        resources.blockIO(),
        resources.hugepageLimits(),
        resources.network(),
        resources.rdma(),
        resources.unified());
  }

  /**
   * Whether a cgroup can be made, and a process moved there from beside it: both need the directory
   * above, as a whole and its {@code cgroup.procs}, cgroups(7).
   */
  private static void mayMake(ProgramBuilder b, CgroupPath cgroup, Slot allowed) {
    String path = cgroup.directory();
    String above = path.substring(0, path.lastIndexOf('/') + 1);
    b.step("find out whether a cgroup may be made in \"" + above + "\"", "");
    Label refused = b.label("refused");
    for (String name : new String[] {above, above + "cgroup.procs"}) {
      b.sys(
              Syscall.FACCESSAT2,
              imm(Constants.AT_FDCWD),
              b.string(name),
              imm(Constants.W_OK),
              imm(Constants.AT_EACCESS))
          .tolerateAny(refused);
    }
    b.set(allowed, imm(1));
    b.bind(refused);
  }

  private static void readEnvironment(ProgramBuilder b, Data environment) {
    b.step("read the caller's PATH", "");
    Slot file = b.fd("file", "/proc/self/environ");
    b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string("/proc/self/environ"),
            imm(Constants.O_RDONLY | Constants.O_CLOEXEC),
            imm(0))
        .into(file);
    Slot length = Idioms.readAll(b, file, environment);
    Idioms.close(b, file);
    b.replyUpTo(environment, length);
  }

  /** The PATH among the variables of {@code /proc/PID/environ}, each of which ends in a NUL. */
  static String pathOf(byte[] environment) {
    int begin = 0;
    while (begin < environment.length) {
      int end = begin;
      while (end < environment.length && environment[end] != 0) {
        end++;
      }
      if (end - begin > 5
          && environment[begin] == 'P'
          && environment[begin + 1] == 'A'
          && environment[begin + 2] == 'T'
          && environment[begin + 3] == 'H'
          && environment[begin + 4] == '=') {
        return new String(environment, begin + 5, end - begin - 5, StandardCharsets.UTF_8);
      }
      begin = end + 1;
    }
    return "";
  }
}
