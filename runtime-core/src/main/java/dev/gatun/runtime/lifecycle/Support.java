package dev.gatun.runtime.lifecycle;

import dev.gatun.oci.Hooks;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Mount;
import dev.gatun.oci.NamespaceType;
import dev.gatun.oci.Process;
import dev.gatun.oci.Spec;
import dev.gatun.runtime.ConfigException;
import java.util.List;

/**
 * What a configuration may ask of the specification and does not get: refused in one sentence,
 * since nothing of a configuration is ever ignored in silence.
 */
final class Support {
  private static final Hooks NO_HOOKS =
      new Hooks(List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

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
    Hooks hooks = spec.hooks();
    if (hooks != null && !hooks.equals(NO_HOOKS)) {
      throw refuse("/hooks", "hooks");
    }
    Linux linux = spec.linux();
    if (linux != null) {
      check(linux);
    }
    for (int i = 0; i < spec.mounts().size(); i++) {
      Mount mount = spec.mounts().get(i);
      if (!mount.uidMappings().isEmpty() || !mount.gidMappings().isEmpty()) {
        throw refuse("/mounts/" + i + "/uidMappings", "an idmapped mount");
      }
    }
  }

  private static void check(Linux linux) {
    for (int i = 0; i < linux.namespaces().size(); i++) {
      if (linux.namespaces().get(i).type() == NamespaceType.USER) {
        throw refuse("/linux/namespaces/" + i, "a user namespace");
      }
    }
    if (!linux.uidMappings().isEmpty()) {
      throw refuse("/linux/uidMappings", "a user namespace");
    }
    if (linux.seccomp() != null) {
      throw refuse("/linux/seccomp", "a seccomp filter");
    }
    if (linux.intelRdt() != null) {
      throw refuse("/linux/intelRdt", "Intel RDT");
    }
    if (!linux.netDevices().isEmpty()) {
      throw refuse("/linux/netDevices", "network devices");
    }
  }

  private static ConfigException refuse(String place, String what) {
    return new ConfigException(
        place, "the configuration asks for " + what + ", which this version of gatun cannot give");
  }
}
