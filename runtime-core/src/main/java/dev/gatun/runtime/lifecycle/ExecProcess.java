package dev.gatun.runtime.lifecycle;

import dev.gatun.oci.Capabilities;
import dev.gatun.oci.Capability;
import dev.gatun.oci.Process;
import dev.gatun.oci.Spec;
import dev.gatun.oci.User;
import dev.gatun.runtime.ContainerException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an {@code exec} executes. */
public sealed interface ExecProcess {
  /**
   * A process document in a file that the kernel's process reads. What it leaves out of
   * capabilities, umask, labels, scheduling and {@code oomScoreAdj} is the container's; rlimits
   * that it leaves out are the caller's.
   *
   * @param path the file's path
   */
  record Document(String path) implements ExecProcess {}

  /**
   * A process, with what it leaves out as in a document.
   *
   * @param process the process
   */
  record Given(Process process) implements ExecProcess {}

  /**
   * The container's own process with changes.
   *
   * @param args its arguments
   * @param env variables that are added, {@code NAME=value} each
   * @param cwd another working directory, or null
   * @param user another user, or null
   * @param additionalGids groups that are added
   * @param capabilities capabilities that are added
   * @param noNewPrivileges whether it may gain privileges no more, or null
   * @param apparmorProfile another AppArmor profile, or null
   * @param selinuxLabel another SELinux label, or null
   * @param terminal whether it gets a terminal
   */
  record Changes(
      List<String> args,
      List<String> env,
      @Nullable String cwd,
      @Nullable Ids user,
      List<Long> additionalGids,
      List<Capability> capabilities,
      @Nullable Boolean noNewPrivileges,
      @Nullable String apparmorProfile,
      @Nullable String selinuxLabel,
      boolean terminal)
      implements ExecProcess {
    /** Copies the lists. */
    public Changes {
      args = List.copyOf(args);
      env = List.copyOf(env);
      additionalGids = List.copyOf(additionalGids);
      capabilities = List.copyOf(capabilities);
    }

    /**
     * The container's own process with other arguments.
     *
     * @param args the arguments
     * @return the changes
     */
    public static Changes args(List<String> args) {
      return new Changes(
          args, List.of(), null, null, List.of(), List.of(), null, null, null, false);
    }
  }

  /**
   * A user, and perhaps a group.
   *
   * @param uid the user's number
   * @param gid the group's number, or null to leave it
   */
  record Ids(long uid, @Nullable Long gid) {
    /** The number that the kernel takes for none. */
    private static final long NONE = 0xffff_ffffL;

    private static final int MAX_DIGITS = 10;

    /**
     * Reads {@code UID[:GID]}. Nothing is guessed: a word that is not a number is never user 0,
     * CVE-2026-30892.
     *
     * @param text the text
     * @return the numbers
     * @throws ContainerException when it is anything else
     */
    public static Ids parse(String text) {
      int colon = text.indexOf(':');
      long uid = number(colon < 0 ? text : text.substring(0, colon));
      long gid = colon < 0 ? 0 : number(text.substring(colon + 1));
      if (uid < 0 || gid < 0) {
        throw new ContainerException(
            "invalid user \""
                + text
                + "\": it must be UID or UID:GID, with numbers from 0 to 4294967294");
      }
      return new Ids(uid, colon < 0 ? null : gid);
    }

    /**
     * Reads one number, digits only.
     *
     * @param text the text
     * @return the number, or −1 when it is none or none of a user or group
     */
    public static long number(String text) {
      if (text.isEmpty() || text.length() > MAX_DIGITS) {
        return -1;
      }
      long value = 0;
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (c < '0' || c > '9') {
          return -1;
        }
        value = 10 * value + (c - '0');
      }
      return value < NONE ? value : -1;
    }
  }

  /**
   * The changed process, as runc changes it.
   *
   * @param spec the container's configuration
   * @param changes the changes
   * @return the process
   */
  static Process changed(Spec spec, Changes changes) {
    Process own = spec.process();
    if (own == null) {
      throw new ContainerException("the container's configuration has no process");
    }
    List<String> env = new ArrayList<>(own.env());
    env.addAll(changes.env());
    User user = own.user();
    Ids ids = changes.user();
    List<Long> groups = new ArrayList<>(user.additionalGids());
    groups.addAll(changes.additionalGids());
    Long gid = ids == null ? null : ids.gid();
    String profile = changes.apparmorProfile();
    String label = changes.selinuxLabel();
    String cwd = changes.cwd();
    Boolean noNewPrivileges = changes.noNewPrivileges();
    return new Process(
        changes.terminal(),
        own.consoleSize(),
        new User(
            ids == null ? user.uid() : ids.uid(),
            gid == null ? user.gid() : gid,
            user.umask(),
            groups),
        changes.args(),
        env,
        cwd == null || cwd.isEmpty() ? own.cwd() : cwd,
        capabilities(own.capabilities(), changes.capabilities()),
        own.rlimits(),
        noNewPrivileges == null ? own.noNewPrivileges() : noNewPrivileges,
        profile == null || profile.isEmpty() ? own.apparmorProfile() : profile,
        own.oomScoreAdj(),
        own.scheduler(),
        label == null || label.isEmpty() ? own.selinuxLabel() : label,
        own.ioPriority(),
        own.execCPUAffinity());
  }

  /**
   * Adds to what is permitted. Nothing becomes inheritable by that (CVE-2022-29162), and ambient
   * only what is inheritable already.
   */
  private static @Nullable Capabilities capabilities(
      @Nullable Capabilities own, List<Capability> more) {
    if (more.isEmpty()) {
      return own;
    }
    Capabilities base =
        own == null ? new Capabilities(List.of(), List.of(), List.of(), List.of(), List.of()) : own;
    List<Capability> ambient = new ArrayList<>();
    for (Capability capability : more) {
      if (base.inheritable().contains(capability)) {
        ambient.add(capability);
      }
    }
    return new Capabilities(
        with(base.bounding(), more),
        with(base.effective(), more),
        base.inheritable(),
        with(base.permitted(), more),
        with(base.ambient(), ambient));
  }

  private static List<Capability> with(List<Capability> some, List<Capability> more) {
    List<Capability> all = new ArrayList<>(some);
    for (Capability capability : more) {
      if (!all.contains(capability)) {
        all.add(capability);
      }
    }
    return all;
  }

  /**
   * A process with what it leaves out taken from the container's, as runc takes it.
   *
   * @param spec the container's configuration
   * @param p the process
   * @return the process
   */
  static Process completed(Spec spec, Process p) {
    Process own = spec.process();
    if (own == null) {
      return p;
    }
    User user = p.user();
    return new Process(
        p.terminal(),
        p.consoleSize(),
        user.umask() != null
            ? user
            : new User(user.uid(), user.gid(), own.user().umask(), user.additionalGids()),
        p.args(),
        p.env(),
        p.cwd(),
        p.capabilities() == null ? own.capabilities() : p.capabilities(),
        p.rlimits(),
        p.noNewPrivileges(),
        p.apparmorProfile() == null ? own.apparmorProfile() : p.apparmorProfile(),
        p.oomScoreAdj() == null ? own.oomScoreAdj() : p.oomScoreAdj(),
        p.scheduler() == null ? own.scheduler() : p.scheduler(),
        p.selinuxLabel() == null ? own.selinuxLabel() : p.selinuxLabel(),
        p.ioPriority() == null ? own.ioPriority() : p.ioPriority(),
        p.execCPUAffinity() == null ? own.execCPUAffinity() : p.execCPUAffinity());
  }
}
