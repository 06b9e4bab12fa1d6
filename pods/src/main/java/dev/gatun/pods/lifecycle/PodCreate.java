package dev.gatun.pods.lifecycle;

import dev.gatun.runtime.sandbox.SandboxCreate;
import dev.gatun.runtime.sandbox.SandboxState;

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
   * @throws RuntimeException with one sentence as its message; nothing is left behind then
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
      disconnect(networking, e);
      throw sandbox.undo(e);
    } catch (Error e) {
      // An embedding JVM may live on, with the directory locked and the pause process waiting.
      disconnect(networking, e);
      sandbox.undo(e);
      throw e;
    }
  }

  private static void disconnect(Networking networking, Throwable failure) {
    try {
      networking.disconnect(true);
    } catch (RuntimeException cleanup) {
      failure.addSuppressed(cleanup);
    }
  }
}
