/** A pod's sandbox. */
@NullMarked
package dev.gatun.runtime.sandbox;

import org.jspecify.annotations.NullMarked;
