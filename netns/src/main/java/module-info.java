/** Network namespaces and what is inside: links, addresses, routes, port mappings. */
module dev.gatun.netns {
  requires static transitive org.jspecify;
  requires dev.gatun.linux;
}
