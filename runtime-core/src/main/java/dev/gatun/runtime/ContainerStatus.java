package dev.gatun.runtime;

/** What a container is doing, runtime-spec <em>State</em>. */
public enum ContainerStatus {
  /** It is being created. */
  CREATING,
  /** It is there; its process waits for {@link Container#start}. */
  CREATED,
  /** Its process runs. */
  RUNNING,
  /** Its processes are frozen. */
  PAUSED,
  /** Its process has ended. */
  STOPPED
}
