package dev.gatun.pods.lifecycle;

/**
 * {@code pod gc}: the plugins of a CNI network are told which attachments are the pods' of this
 * state root, and give back the rest, as addresses that are still reserved after the host has gone
 * down. Only who knows that nobody else uses the network can want that, so it is never done
 * unasked.
 */
public final class PodGc {
  private PodGc() {}

  /**
   * Cleans up a network.
   *
   * @param root where the pods are
   * @param network the name of a CNI network
   * @throws RuntimeException with one sentence as its message: no such network, plugins that
   *     failed, or a network whose configuration or plugins have no GC
   */
  public static void run(PodRoot root, String network) {
    CniNetworking.clean(root, network);
  }
}
