/**
 * The kernel of this process: programs are run by one downcall into the interpreter, mapped
 * executable.
 *
 * <p>This is the only package, beside the generated ones, that may use {@code java.lang.foreign}.
 * Memory comes from confined arenas; no call is ever made {@code critical}, because a call that
 * blocks would hold up the garbage collector.
 */
@NullMarked
package dev.gatun.linux.local;

import org.jspecify.annotations.NullMarked;
