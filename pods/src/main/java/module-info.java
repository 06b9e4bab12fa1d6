/** Pods: containers that share namespaces, which a pause process holds. */
@SuppressWarnings("module") // the module that it exports to is compiled after this one
module dev.gatun.pods {
  requires static transitive org.jspecify;
  requires transitive dev.gatun.oci;
  requires transitive dev.gatun.runtime;
  requires dev.gatun.linux;
  requires dev.gatun.netns;

  // The public API: any JVM program may embed it.
  exports dev.gatun.pods;

  // The verbs: shaped by what the command line needs.
  exports dev.gatun.pods.lifecycle to
      dev.gatun.cli;
}
