/**
 * The library: the life cycle of a container, the compiler from an OCI configuration to programs of
 * system calls, and the state on disk.
 */
@SuppressWarnings("module") // the modules that it exports to are compiled after this one
module dev.gatun.runtime {
  requires static transitive org.jspecify;
  requires transitive dev.gatun.oci;
  requires dev.gatun.linux;
  requires dev.gatun.cgroups;

  // The public API: any JVM program may embed it.
  exports dev.gatun.runtime;

  // The verbs, the state they find, the image they explain, and the kernel of the process that
  // called gatun: shaped by what the command line needs.
  exports dev.gatun.runtime.lifecycle to
      dev.gatun.pods,
      dev.gatun.cli;
  exports dev.gatun.runtime.state to
      dev.gatun.pods,
      dev.gatun.cli;
  exports dev.gatun.runtime.sandbox to
      dev.gatun.pods,
      dev.gatun.cli;
  exports dev.gatun.runtime.init to
      dev.gatun.cli;
  exports dev.gatun.runtime.userns to
      dev.gatun.cli;
  exports dev.gatun.runtime.caller to
      dev.gatun.cli;

  // The embedded runtime that the library's pods share with its containers.
  exports dev.gatun.runtime.embedded to
      dev.gatun.pods;
}
