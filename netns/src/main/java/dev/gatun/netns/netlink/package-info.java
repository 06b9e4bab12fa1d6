/**
 * Netlink, {@code netlink(7)}: messages as bytes, and conversations with the kernel.
 *
 * <p>{@link dev.gatun.netns.netlink.Requests} writes messages, {@link
 * dev.gatun.netns.netlink.Message} and {@link dev.gatun.netns.netlink.Attributes} read them, and
 * {@link dev.gatun.netns.netlink.Conversation} is the program of system calls in between. Nothing
 * here knows what the messages mean; rtnetlink and nfnetlink differ in constants and in the order
 * of bytes only.
 */
@NullMarked
package dev.gatun.netns.netlink;

import org.jspecify.annotations.NullMarked;
