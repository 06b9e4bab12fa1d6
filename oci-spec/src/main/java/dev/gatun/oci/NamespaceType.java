package dev.gatun.oci;

import org.jspecify.annotations.Nullable;

/** A kind of namespace, namespaces(7). */
public enum NamespaceType {
  /** Mount tables, mount_namespaces(7). */
  MOUNT("mount", "mnt", "CLONE_NEWNS", 0x00020000),
  /** The cgroup root, cgroup_namespaces(7). */
  CGROUP("cgroup", "cgroup", "CLONE_NEWCGROUP", 0x02000000),
  /** Host and domain name, uts_namespaces(7). */
  UTS("uts", "uts", "CLONE_NEWUTS", 0x04000000),
  /** System V IPC and POSIX message queues, ipc_namespaces(7). */
  IPC("ipc", "ipc", "CLONE_NEWIPC", 0x08000000),
  /** User and group ids, user_namespaces(7). */
  USER("user", "user", "CLONE_NEWUSER", 0x10000000),
  /** Process ids, pid_namespaces(7). */
  PID("pid", "pid", "CLONE_NEWPID", 0x20000000),
  /** Network devices, stacks and ports, network_namespaces(7). */
  NETWORK("network", "net", "CLONE_NEWNET", 0x40000000),
  /** Boot and monotonic clocks, time_namespaces(7). */
  TIME("time", "time", "CLONE_NEWTIME", 0x00000080);

  private final String specName;
  private final String procName;
  private final String cloneFlagName;
  private final int cloneFlag;

  NamespaceType(String specName, String procName, String cloneFlagName, int cloneFlag) {
    this.specName = specName;
    this.procName = procName;
    this.cloneFlagName = cloneFlagName;
    this.cloneFlag = cloneFlag;
  }

  /**
   * Returns the name that documents use.
   *
   * @return the name
   */
  public String specName() {
    return specName;
  }

  /**
   * Returns the name of the file in {@code /proc/PID/ns}; for {@link #PID} and {@link #TIME} the
   * children's is that name with {@code _for_children}.
   *
   * @return the file name
   */
  public String procName() {
    return procName;
  }

  /**
   * Returns the name of the flag of clone(2), unshare(2) and setns(2).
   *
   * @return the name, such as {@code CLONE_NEWPID}
   */
  public String cloneFlagName() {
    return cloneFlagName;
  }

  /**
   * Returns the flag of clone(2), unshare(2) and setns(2).
   *
   * @return one bit
   */
  public int cloneFlag() {
    return cloneFlag;
  }

  /**
   * Finds a constant by the name that documents use.
   *
   * @param name the name
   * @return the constant, or null if there is none of that name
   */
  public static @Nullable NamespaceType named(String name) {
    return switch (name) {
      case "mount" -> MOUNT;
      case "cgroup" -> CGROUP;
      case "uts" -> UTS;
      case "ipc" -> IPC;
      case "user" -> USER;
      case "pid" -> PID;
      case "network" -> NETWORK;
      case "time" -> TIME;
      default -> null;
    };
  }
}
