package dev.gatun.pods.lifecycle;

import dev.gatun.runtime.ContainerException;
import dev.gatun.runtime.sandbox.SandboxCreate;
import dev.gatun.runtime.sandbox.SandboxState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code pod create}: the pause process and, while that makes its namespaces, what its network has
 * on the host; then the network in the pod, then the word that lets the process go on.
 *
 * <p>The pod's directory is made first and says what is going to be made: killed at any point, it
 * leaves what {@code pod delete --force} finds.
 */
public final class PodCreate {
  private PodCreate() {}

  /**
   * Creates a pod.
   *
   * @param root where
   * @param request what
   * @return what was written down
   * @throws RuntimeException with one sentence as its message; nothing is left behind then, unless
   *     what was made of its network could not be taken back: a suppressed exception says so, and
   *     the pod is stopped and can be deleted
   */
  public static SandboxState run(PodRoot root, PodRequest request) {
    // What is wrong with the network's configuration is said before anything has been made.
    Networking networking =
        Networking.prepare(root, request.sandbox().id(), request.network(), request.ports());
    SandboxCreate sandbox =
        SandboxCreate.begin(root.kernel(), root.path(), request.sandbox(), networking.begun());
    try {
      networking.prepare(sandbox);
      sandbox.await();
      return sandbox.commit(networking.connect(sandbox), request.pidFile());
    } catch (RuntimeException e) {
      disconnect(networking, sandbox, e);
      throw sandbox.undo(e);
    } catch (Error e) {
      // An embedding JVM may live on, with the directory locked and the pause process waiting.
      disconnect(networking, sandbox, e);
      sandbox.undo(e);
      throw e;
    }
  }

  /** Takes the network back, or keeps what it takes to do so later. */
  private static void disconnect(Networking networking, SandboxCreate sandbox, Throwable failure) {
    try {
      List<String> failed = networking.disconnect(true);
      if (!failed.isEmpty()) {
        keep(sandbox, failure, String.join("; ", failed), null);
      }
    } catch (RuntimeException cleanup) {
      keep(sandbox, failure, String.valueOf(cleanup.getMessage()), cleanup);
    }
  }

  private static void keep(
      SandboxCreate sandbox, Throwable failure, String why, @Nullable RuntimeException cause) {
    sandbox.keep();
    failure.addSuppressed(
        new ContainerException(
            "pod \""
                + sandbox.state().id()
                + "\" is kept, stopped, for \"pod delete\" to take back its network: "
                + why,
            cause));
  }
}
