/**
 * What becomes of a pod: the sandbox of the runtime, its network, and its containers, as the
 * command line and the library ask for it.
 */
@NullMarked
package dev.gatun.pods.lifecycle;

import org.jspecify.annotations.NullMarked;
