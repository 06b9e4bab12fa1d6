/**
 * The library: the life cycle of a container, the compiler from an OCI configuration to programs of
 * system calls, and the state on disk.
 */
module dev.gatun.runtime {
  requires static transitive org.jspecify;
  requires transitive dev.gatun.oci;
  requires dev.gatun.linux;
  requires dev.gatun.cgroups;

// The public API: any JVM program may embed it.
// exports dev.gatun.runtime;
}
