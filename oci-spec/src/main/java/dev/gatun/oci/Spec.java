package dev.gatun.oci;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The root of {@code config.json}, runtime-spec 1.3.0 <em>Configuration</em>.
 *
 * @param ociVersion version of the specification that the bundle complies with, in SemVer 2.0.0
 *     form
 * @param root the root file system
 * @param hostname host name that is set in the container's UTS namespace
 * @param domainname domain name that is set in the container's UTS namespace
 * @param mounts additional mounts, in the order in which they are made
 * @param process the container process; required by {@code start}
 * @param hooks commands that are run at points of the life cycle
 * @param annotations arbitrary metadata
 * @param linux the Linux section
 * @param unknownProperties JSON pointers of the properties that the reader met and that the
 *     specification does not define for Linux; they are ignored, as it demands, and never written
 */
public record Spec(
    String ociVersion,
    @Nullable Root root,
    @Nullable String hostname,
    @Nullable String domainname,
    List<Mount> mounts,
    @Nullable Process process,
    @Nullable Hooks hooks,
    Map<String, String> annotations,
    @Nullable Linux linux,
    List<String> unknownProperties) {
  /** Copies collections and takes an empty optional string for an absent one. */
  public Spec {
    Objects.requireNonNull(ociVersion, "ociVersion");
    hostname = Values.absentIfEmpty(hostname);
    domainname = Values.absentIfEmpty(domainname);
    mounts = List.copyOf(mounts);
    annotations = Values.copy(annotations);
    unknownProperties = List.copyOf(unknownProperties);
  }
}
