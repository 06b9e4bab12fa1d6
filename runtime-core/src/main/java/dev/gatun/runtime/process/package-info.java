/**
 * From the {@code process} object of a configuration to the records that turn a process into it:
 * limits, credentials, capabilities, environment, working directory, and the {@code execve(2)} at
 * the end.
 *
 * <p>What belongs here is the same for a container's first process and for one that enters a
 * running container: nothing relies on being PID 1, and nothing here builds a root file system or
 * joins a namespace. {@link dev.gatun.runtime.process.ProcessCompiler} is the way in; the order of
 * what it adds is rule 9 of the security checklist, and a test checks it over compiled programs.
 *
 * <p>The container's files are hostile. The only one that is read is {@code /etc/passwd}, by
 * records, not by Java.
 */
@NullMarked
package dev.gatun.runtime.process;

import org.jspecify.annotations.NullMarked;
