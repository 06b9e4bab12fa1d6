package dev.gatun.cli;

/** What {@code --version} prints: containerd and dockerd parse the first two lines. */
final class Version {
  /** Of this release. */
  static final String VERSION = "0.1.0";

  /** Of the runtime specification. */
  static final String SPEC = "1.3.0";

  private Version() {}

  /** The commit that was built; the image that the build makes has it as a property. */
  static String commit() {
    return System.getProperty("gatun.commit", "unknown");
  }

  static String text() {
    return "gatun version " + VERSION + "\ncommit: " + commit() + "\nspec: " + SPEC + "\n";
  }
}
