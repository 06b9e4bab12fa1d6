package dev.gatun.oci;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One mount, in addition to the root file system.
 *
 * @param destination path inside the container; a relative one is deprecated and counts from {@code
 *     /}
 * @param type file system type as in {@code /proc/filesystems}; a dummy for bind mounts
 * @param source device name, dummy, or for a bind mount a path, absolute or relative to the bundle
 * @param options mount options, unparsed, in the given order
 * @param uidMappings uid mapping of an idmapped mount
 * @param gidMappings gid mapping of an idmapped mount
 */
public record Mount(
    String destination,
    @Nullable String type,
    @Nullable String source,
    List<String> options,
    List<IdMapping> uidMappings,
    List<IdMapping> gidMappings) {
  /** Copies collections and takes an empty optional string for an absent one. */
  public Mount {
    Objects.requireNonNull(destination, "destination");
    type = Values.absentIfEmpty(type);
    source = Values.absentIfEmpty(source);
    options = List.copyOf(options);
    uidMappings = List.copyOf(uidMappings);
    gidMappings = List.copyOf(gidMappings);
  }
}
