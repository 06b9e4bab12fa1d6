/**
 * The OCI runtime specification 1.3 as records: {@code config.json}, {@code state} and {@code
 * features}, with a reader that tells line, column and JSON pointer of every error, and a writer.
 */
module dev.gatun.oci {
  requires static transitive org.jspecify;

  // The records are the only configuration model, and part of the library's own signatures: open to
  // all.
  exports dev.gatun.oci;
}
