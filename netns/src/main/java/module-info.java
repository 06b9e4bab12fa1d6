/** Network namespaces and what is inside: links, addresses, routes, port mappings. */
@SuppressWarnings("module") // the modules that it exports to are compiled after this one
module dev.gatun.netns {
  requires static transitive org.jspecify;
  requires dev.gatun.linux;
  requires dev.gatun.oci;

  // What a pod's network consists of, as operations on a kernel: whoever makes pods.
  exports dev.gatun.netns to
      dev.gatun.pods,
      dev.gatun.cli;

  // Networks of CNI plugins, which whoever makes pods runs.
  exports dev.gatun.netns.cni to
      dev.gatun.pods;
}
