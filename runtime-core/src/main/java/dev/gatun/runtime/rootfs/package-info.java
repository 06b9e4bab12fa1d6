/**
 * Compiles the parts of a configuration that make the container's file system to records of the
 * init program: the root, mounts, devices, masked and read-only paths, sysctls and the pivot.
 *
 * <p>What belongs here: code that turns {@code root}, {@code mounts} and parts of {@code linux}
 * into system calls. The rootfs is hostile, so two rules hold for every record made here. A path
 * inside the container is resolved once, from the descriptor of its root, by {@code openat2(2)}
 * with {@code RESOLVE_IN_ROOT}, or is one name in a directory that was resolved like that, without
 * following a link; from then on only the descriptor is used. Mounts are made detached and attached
 * by descriptor, so no mount ever names its target by a path (CVE-2021-30465, CVE-2024-45310,
 * CVE-2025-52881).
 */
@NullMarked
package dev.gatun.runtime.rootfs;

import org.jspecify.annotations.NullMarked;
