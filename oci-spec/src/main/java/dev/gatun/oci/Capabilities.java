package dev.gatun.oci;

import java.util.List;

/**
 * The five capability sets of a process, capabilities(7). An absent set is an empty one.
 *
 * @param bounding bounding set
 * @param effective effective set
 * @param inheritable inheritable set
 * @param permitted permitted set
 * @param ambient ambient set
 */
public record Capabilities(
    List<Capability> bounding,
    List<Capability> effective,
    List<Capability> inheritable,
    List<Capability> permitted,
    List<Capability> ambient) {
  /** Copies collections. */
  public Capabilities {
    bounding = List.copyOf(bounding);
    effective = List.copyOf(effective);
    inheritable = List.copyOf(inheritable);
    permitted = List.copyOf(permitted);
    ambient = List.copyOf(ambient);
  }
}
