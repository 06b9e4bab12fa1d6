/**
 * Hooks: commands of the configuration that are run at points of a container's life, runtime-spec
 * <em>POSIX-platform Hooks</em>.
 *
 * <pre>{@code
 * kind             executed by             when                              a failure
 * ---------------  ----------------------  --------------------------------  -------------------
 * prestart         who called gatun        mounted, before the pivot         undoes create
 * createRuntime    who called gatun        after those                       undoes create
 * createContainer  init                    after those                       undoes create
 * startContainer   init                    after the gate, before execve     ends the container
 * poststart        who called gatun        after execve, before start ends   ends the container
 * poststop         who called gatun        after the container is deleted    is a warning
 * }</pre>
 *
 * <p>What belongs here is what all kinds have in common: the state that a hook reads on its
 * standard input ({@link dev.gatun.runtime.hooks.HookState}), the records that run one hook ({@link
 * dev.gatun.runtime.hooks.HookRecords}), and the text that says how it ended ({@link
 * dev.gatun.runtime.hooks.HookEnding}). Where the records go is decided by those who compile init,
 * create, start and delete.
 */
@NullMarked
package dev.gatun.runtime.hooks;

import org.jspecify.annotations.NullMarked;
