/**
 * The verbs of the life cycle, a class for each: what is asked of the kernel, in how many
 * exchanges, and what its answers mean.
 */
@NullMarked
package dev.gatun.runtime.lifecycle;

import org.jspecify.annotations.NullMarked;
