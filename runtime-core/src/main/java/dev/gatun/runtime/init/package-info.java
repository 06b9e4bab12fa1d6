/**
 * The image that every container begins as: the intermediate, which joins namespaces and clones,
 * and init, which builds the container around itself and in the end becomes its process.
 *
 * <pre>{@code
 * runtime (caller or JVM)          intermediate                init
 * -----------------------          ------------                ----
 * clone3(VM|VFORK), execveat ---->  time offsets
 *                                   non-dumpable
 *                                   setns ...
 *                                   clone3(PARENT|INTO_CGROUP|NEW...) --> procfs, oom_score_adj
 * PID, n                     <----  report                     rootfs, mounts, pivot, masks
 *                                   exit                       credentials, executable
 * READY                      <--------------------------------  report
 * state.json written
 * go                         -------------------------------->  (end of file: exit)
 *                                                               gate: polls "start" and signals
 * ... gatun start: token     -------------------------------->  close_range
 * STARTED                    <--------------------------------  status
 * end of file                <--------------------------------  execve
 * }</pre>
 *
 * <p>With hooks of the runtime's own, init says HOOKS before the pivot and waits for a byte of its
 * own on the go pipe; hooks of the container's namespaces it runs itself, and says HOOK when one of
 * them does not end well.
 *
 * <p>The pause process of a pod ({@link dev.gatun.runtime.init.PauseCompiler}) comes to be in the
 * same two stages. It has no gate: after <em>go</em> it waits for signals.
 *
 * <p>A failure anywhere is a FAILED message with the record's number, −errno and all slots, on the
 * channel that is open at that time. End of file alone never means success.
 */
@NullMarked
package dev.gatun.runtime.init;

import org.jspecify.annotations.NullMarked;
