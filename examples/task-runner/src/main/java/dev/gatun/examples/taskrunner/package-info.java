/** Runs the tasks of a build, each in a container of its own, with nothing but the library. */
@NullMarked
package dev.gatun.examples.taskrunner;

import org.jspecify.annotations.NullMarked;
