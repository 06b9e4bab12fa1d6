/**
 * Black-box suites that need root: they drive the built binary, and a peer as their oracle, from
 * outside.
 */
@NullMarked
package dev.gatun.privileged;

import org.jspecify.annotations.NullMarked;
