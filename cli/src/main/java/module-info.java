/** The command line: the verbs of an OCI runtime, in the form that its callers know from runc. */
module dev.gatun.cli {
  requires static transitive org.jspecify;
  requires dev.gatun.linux;
  requires dev.gatun.oci;
  requires dev.gatun.runtime;
  requires dev.gatun.netns;
  requires dev.gatun.pods;
}
