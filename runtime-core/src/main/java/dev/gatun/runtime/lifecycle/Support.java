package dev.gatun.runtime.lifecycle;

import dev.gatun.oci.Linux;
import dev.gatun.oci.Process;
import dev.gatun.oci.Spec;
import dev.gatun.runtime.ConfigException;

/**
 * What a configuration may ask of the specification and does not get: refused in one sentence,
 * since nothing of a configuration is ever ignored in silence.
 */
final class Support {
  private Support() {}

  /**
   * Checks a configuration.
   *
   * @param spec a validated configuration
   * @throws ConfigException naming what cannot be had, and its place
   */
  static void check(Spec spec) {
    Process process = spec.process();
    if (process == null) {
      throw new ConfigException("/process", "process must be set: there is nothing to run");
    }
    Linux linux = spec.linux();
    if (linux != null) {
      check(linux);
    }
  }

  private static void check(Linux linux) {
    if (linux.intelRdt() != null) {
      throw refuse("/linux/intelRdt", "Intel RDT");
    }
  }

  private static ConfigException refuse(String place, String what) {
    return new ConfigException(
        place, "the configuration asks for " + what + ", which this version of gatun cannot give");
  }
}
