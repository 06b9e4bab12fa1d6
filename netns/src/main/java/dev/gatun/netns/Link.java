package dev.gatun.netns;

import dev.gatun.linux.Constants;

/**
 * A network interface.
 *
 * @param index its index, which is unique in its namespace
 * @param name its name
 * @param flags {@code IFF_*}, {@code netdevice(7)}
 * @param mtu the largest packet that it sends, in bytes
 * @param address its link-layer address, as {@code 02:67:0a:cf:00:02}; empty if it has none
 * @param master the index of the interface that it is a port of; 0 if it is none
 * @param kind what it is, as {@code veth} or {@code bridge}; empty for hardware and the loopback
 */
public record Link(
    int index, String name, int flags, int mtu, String address, int master, String kind) {

  /** Whether it has been brought up. */
  public boolean isUp() {
    return (flags & Constants.IFF_UP) != 0;
  }
}
