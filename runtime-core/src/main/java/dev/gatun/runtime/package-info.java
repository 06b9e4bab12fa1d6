/**
 * The container runtime as a library: create, start, signal, inspect and delete OCI containers.
 *
 * <p>The life cycle is that of the OCI runtime specification 1.3. A configuration is compiled into
 * programs of system calls; a kernel, of this process or of the process that called the command
 * line, runs them. This package speaks to it in few exchanges and makes no system call of its own.
 */
@NullMarked
package dev.gatun.runtime;

import org.jspecify.annotations.NullMarked;
