package dev.gatun.oci;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A namespace that the container gets, namespaces(7).
 *
 * @param type its type
 * @param path absolute path of a namespace to join; absent creates a new one
 */
public record Namespace(NamespaceType type, @Nullable String path) {
  /** Takes an empty optional string for an absent one. */
  public Namespace {
    Objects.requireNonNull(type, "type");
    path = Values.absentIfEmpty(path);
  }
}
