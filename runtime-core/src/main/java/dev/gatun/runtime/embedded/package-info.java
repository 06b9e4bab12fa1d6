/**
 * What the library needs besides the life cycle itself, in a JVM that lives on: the thread that
 * calls, the end of containers, and their standard streams.
 *
 * <p>Nothing here is on the path of a command. Descriptors are numbers inside this package only;
 * each has one owner, who closes it.
 */
@NullMarked
package dev.gatun.runtime.embedded;

import org.jspecify.annotations.NullMarked;
