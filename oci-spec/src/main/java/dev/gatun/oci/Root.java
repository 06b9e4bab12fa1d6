package dev.gatun.oci;

import java.util.Objects;

/**
 * The root file system of a container.
 *
 * @param path absolute, or relative to the bundle
 * @param readonly whether the root file system is read-only inside the container
 */
public record Root(String path, boolean readonly) {
  /** Refuses null. */
  public Root {
    Objects.requireNonNull(path, "path");
  }
}
