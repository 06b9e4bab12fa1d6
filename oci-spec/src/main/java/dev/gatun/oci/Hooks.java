package dev.gatun.oci;

import java.util.List;

/**
 * Commands that are run at points of a container's life cycle.
 *
 * @param prestart deprecated; run in the runtime's namespaces before the container process
 * @param createRuntime run in the runtime's namespaces before the pivot
 * @param createContainer run in the container's namespaces before the pivot
 * @param startContainer run in the container before the process is executed
 * @param poststart run in the runtime's namespaces once the process runs
 * @param poststop run in the runtime's namespaces once the container is deleted
 */
public record Hooks(
    List<Hook> prestart,
    List<Hook> createRuntime,
    List<Hook> createContainer,
    List<Hook> startContainer,
    List<Hook> poststart,
    List<Hook> poststop) {
  /** No hooks at all. */
  public static final Hooks NONE =
      new Hooks(List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

  /** Copies collections. */
  public Hooks {
    prestart = List.copyOf(prestart);
    createRuntime = List.copyOf(createRuntime);
    createContainer = List.copyOf(createContainer);
    startContainer = List.copyOf(startContainer);
    poststart = List.copyOf(poststart);
    poststop = List.copyOf(poststop);
  }

  /** Whether there is none of any kind. */
  public boolean isEmpty() {
    return prestart.isEmpty()
        && createRuntime.isEmpty()
        && createContainer.isEmpty()
        && startContainer.isEmpty()
        && poststart.isEmpty()
        && poststop.isEmpty();
  }
}
