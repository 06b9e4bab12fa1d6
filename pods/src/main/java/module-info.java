/** Pods: containers that share namespaces, which a pause process holds. */
module dev.gatun.pods {
  requires static transitive org.jspecify;
  requires dev.gatun.runtime;
  requires dev.gatun.netns;
  requires dev.gatun.linux;
  requires dev.gatun.oci;
}
