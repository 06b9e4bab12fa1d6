package dev.gatun.oci;

import org.jspecify.annotations.Nullable;

/**
 * CPU lists of a process that enters a running container.
 *
 * @param initial CPUs before the process enters the container's cgroup, such as {@code 0-3,7}
 * @param finalCpus CPUs after it did, {@code final} in the document
 */
public record ExecCpuAffinity(@Nullable String initial, @Nullable String finalCpus) {
  /** Takes an empty optional string for an absent one. */
  public ExecCpuAffinity {
    initial = Values.absentIfEmpty(initial);
    finalCpus = Values.absentIfEmpty(finalCpus);
  }
}
