package dev.gatun.runtime.lifecycle;

import dev.gatun.linux.program.Kernel;
import dev.gatun.oci.Capability;
import dev.gatun.oci.Features;
import dev.gatun.oci.MemoryPolicy;
import dev.gatun.oci.NamespaceType;
import dev.gatun.runtime.hooks.HookKind;
import dev.gatun.runtime.rootfs.MountOptions;
import dev.gatun.runtime.seccomp.SeccompFeatures;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * What this runtime does of the specification, as its features document says it: what a
 * configuration is refused for is not in it.
 */
public final class Abilities {
  private Abilities() {}

  /**
   * The features document.
   *
   * @param kernel whose flags of seccomp(2) count
   * @param ociVersionMax the version of the specification that is implemented
   * @param annotations what else is to be said
   * @return the document's contents
   */
  public static Features features(
      Kernel kernel, String ociVersionMax, Map<String, String> annotations) {
    List<String> namespaces = new ArrayList<>();
    for (NamespaceType type : NamespaceType.values()) {
      namespaces.add(type.specName());
    }
    Collections.sort(namespaces);
    List<String> capabilities = new ArrayList<>();
    for (Capability capability : Capability.values()) {
      capabilities.add(capability.name());
    }
    return new Features(
        "1.0.0",
        ociVersionMax,
        hooks(),
        MountOptions.names(),
        new Features.Linux(
            namespaces,
            capabilities,
            new Features.Cgroup(false, true, true, true, true),
            SeccompFeatures.of(kernel),
            new Features.Enabled(true),
            new Features.Enabled(true),
            new Features.IntelRdt(false, false, false),
            memoryPolicy(),
            new Features.MountExtensions(new Features.Enabled(true)),
            new Features.Enabled(true)),
        annotations,
        List.of());
  }

  private static List<String> hooks() {
    List<String> names = new ArrayList<>();
    for (HookKind kind : HookKind.values()) {
      names.add(kind.specName());
    }
    return names;
  }

  private static Features.MemoryPolicy memoryPolicy() {
    List<String> modes = new ArrayList<>();
    for (MemoryPolicy.Mode mode : MemoryPolicy.Mode.values()) {
      modes.add(mode.name());
    }
    List<String> flags = new ArrayList<>();
    for (MemoryPolicy.Flag flag : MemoryPolicy.Flag.values()) {
      flags.add(flag.name());
    }
    return new Features.MemoryPolicy(modes, flags);
  }
}
