package dev.gatun.netns;

import dev.gatun.netns.netlink.Rtnetlink;
import org.jspecify.annotations.Nullable;

/**
 * An IP address of an interface.
 *
 * @param link the interface's index
 * @param address the address
 * @param prefix how many bits of it name the network
 * @param broadcast the network's broadcast address, or null
 * @param scope {@code RT_SCOPE_*}
 * @param flags {@code IFA_F_*}
 */
public record LinkAddress(
    int link, IpAddress address, int prefix, @Nullable IpAddress broadcast, int scope, int flags) {

  /** Whether the address waits for nobody to object to it: nothing can be sent from it yet. */
  public boolean isTentative() {
    return (flags & Rtnetlink.IFA_F_TENTATIVE) != 0;
  }
}
