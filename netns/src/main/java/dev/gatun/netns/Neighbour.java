package dev.gatun.netns;

/**
 * What an interface knows about a neighbour, {@code arp(7)}.
 *
 * @param link the interface's index
 * @param address the neighbour's IP address
 * @param linkLayerAddress its link-layer address; empty when it is not known
 * @param state {@code NUD_*}
 */
public record Neighbour(int link, IpAddress address, String linkLayerAddress, int state) {}
