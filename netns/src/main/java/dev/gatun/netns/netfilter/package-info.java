/**
 * The host's packet filter, {@code nf_tables}, as Gatun uses it: one table of its own.
 *
 * <p>Messages are those of linux/netfilter/nf_tables.h and linux/netfilter/nfnetlink.h. They travel
 * in transactions: a transaction is carried out as a whole, between two packets, or not at all. No
 * {@code nft} is ever executed.
 */
@NullMarked
package dev.gatun.netns.netfilter;

import org.jspecify.annotations.NullMarked;
