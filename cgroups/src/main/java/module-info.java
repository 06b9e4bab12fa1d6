/**
 * Control groups, version 2 only: where a container's cgroup is, and what is written to and read
 * from it.
 */
@SuppressWarnings("module") // the modules that it exports to are compiled after this one
module dev.gatun.cgroups {
  requires static transitive org.jspecify;
  requires dev.gatun.linux;
  requires dev.gatun.oci;

  // Where a container's cgroup is, and the records that work on it: the runtime builds programs.
  exports dev.gatun.cgroups to
      dev.gatun.runtime,
      dev.gatun.pods;
}
