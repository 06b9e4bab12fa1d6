/**
 * What is known of a container between two commands: its directory below the state root.
 *
 * <pre>
 *   ROOT/ID/            locked by flock(2) while a command changes the container
 *     state.json        replaced atomically; the pid stands at a fixed place
 *     steps             what init's last records do, so that start can explain a failure
 *     start             FIFO, the gate: it has a reader as long as the container waits for start
 *     status            FIFO: what init says once it has been started
 * </pre>
 *
 * <p>A process is known by pid and start time. Nothing that can be asked of the kernel is stored:
 * created and running differ by whether the gate has a reader.
 */
@NullMarked
package dev.gatun.runtime.state;

import org.jspecify.annotations.NullMarked;
