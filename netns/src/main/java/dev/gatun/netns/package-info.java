/**
 * Network namespaces ({@code network_namespaces(7)}): a netlink codec for rtnetlink and nfnetlink
 * messages, veth pairs and bridges, addresses and routes, a pool of addresses, port mappings, and
 * CNI plugins.
 *
 * <p>Messages are encoded and decoded in Java and travel over a netlink socket that a program opens
 * in the namespace; no {@code ip} or {@code nft} binary is ever executed.
 */
@NullMarked
package dev.gatun.netns;

import org.jspecify.annotations.NullMarked;
