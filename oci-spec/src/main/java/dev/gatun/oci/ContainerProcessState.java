package dev.gatun.oci;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a seccomp listener is told about a container process.
 *
 * @param ociVersion version of the specification that the document complies with
 * @param fds names of the descriptors that are passed with it, in their order
 * @param pid process id as seen by the runtime
 * @param metadata opaque text from {@link Seccomp#listenerMetadata()}
 * @param state state of the container
 */
public record ContainerProcessState(
    String ociVersion, List<String> fds, int pid, @Nullable String metadata, State state) {
  /** Copies collections and takes an empty optional string for an absent one. */
  public ContainerProcessState {
    Objects.requireNonNull(ociVersion, "ociVersion");
    fds = List.copyOf(fds);
    metadata = Values.absentIfEmpty(metadata);
    Objects.requireNonNull(state, "state");
  }
}
