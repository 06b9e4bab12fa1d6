package dev.gatun.oci;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Intel Resource Director Technology settings, written to resctrl.
 *
 * @param closID class of service; {@code /} is the default class
 * @param schemata complete lines of the {@code schemata} file
 * @param l3CacheSchema L3 cache schema
 * @param memBwSchema memory bandwidth schema, begins with {@code MB:}
 * @param enableMonitoring whether the container gets a monitoring group
 */
public record IntelRdt(
    @Nullable String closID,
    List<String> schemata,
    @Nullable String l3CacheSchema,
    @Nullable String memBwSchema,
    boolean enableMonitoring) {
  /** Copies collections and takes an empty optional string for an absent one. */
  public IntelRdt {
    closID = Values.absentIfEmpty(closID);
    schemata = List.copyOf(schemata);
    l3CacheSchema = Values.absentIfEmpty(l3CacheSchema);
    memBwSchema = Values.absentIfEmpty(memBwSchema);
  }
}
