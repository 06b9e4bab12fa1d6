/**
 * Control groups, version 2 ({@code cgroups(7)}): the path of a container's cgroup, its
 * controllers, freezer and kill file, as steps for the programs of the runtime.
 *
 * <p>A controller that is bound to version 1 is an error, never a fallback.
 */
@NullMarked
package dev.gatun.cgroups;

import org.jspecify.annotations.NullMarked;
