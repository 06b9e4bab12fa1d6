package dev.gatun.oci;

import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The state of a container, runtime-spec <em>State</em>.
 *
 * @param ociVersion version of the specification that the state complies with
 * @param id container id
 * @param status where the container is in its life cycle
 * @param pid process id as seen by the runtime, 0 when absent
 * @param bundle absolute path of the bundle
 * @param annotations annotations of the container
 */
public record State(
    String ociVersion,
    String id,
    State.Status status,
    int pid,
    String bundle,
    Map<String, String> annotations) {
  /** Copies collections. */
  public State {
    Objects.requireNonNull(ociVersion, "ociVersion");
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(status, "status");
    Objects.requireNonNull(bundle, "bundle");
    annotations = Values.copy(annotations);
  }

  /** Where a container is in its life cycle. */
  public enum Status {
    /** {@code creating}. */
    CREATING("creating"),
    /** {@code created}. */
    CREATED("created"),
    /** {@code running}. */
    RUNNING("running"),
    /** {@code stopped}. */
    STOPPED("stopped");
    private final String specName;

    Status(String specName) {
      this.specName = specName;
    }

    /**
     * Returns the name that documents use.
     *
     * @return the name
     */
    public String specName() {
      return specName;
    }

    /**
     * Finds a constant by the name that documents use.
     *
     * @param name the name
     * @return the constant, or null if there is none of that name
     */
    public static @Nullable Status named(String name) {
      return switch (name) {
        case "creating" -> CREATING;
        case "created" -> CREATED;
        case "running" -> RUNNING;
        case "stopped" -> STOPPED;
        default -> null;
      };
    }
  }
}
