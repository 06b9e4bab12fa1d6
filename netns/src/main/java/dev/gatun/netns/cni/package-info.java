/**
 * The Container Network Interface, version 1.1, as a runtime speaks it: configurations of networks
 * are read, and their plugins, programs of the host, are run to attach pods to them, to detach, to
 * check, and to clean up.
 *
 * <p>What belongs here is the protocol. Programs are executed by a {@link
 * dev.gatun.netns.cni.PluginRunner}, which others provide.
 */
@NullMarked
package dev.gatun.netns.cni;

import org.jspecify.annotations.NullMarked;
