/**
 * The sandbox of a pod: a directory of the state root, a cgroup, and a pause process that holds the
 * namespaces which the pod's containers share. What is in the network namespace is the pods
 * module's.
 *
 * <p>A pod's directory, {@code ROOT/.pods/ID/}, is made first and goes last. It is locked ({@code
 * flock(2)}) exclusively by who creates or changes the pod, and shared by who puts a container into
 * it. In it are
 *
 * <pre>
 *  state.json                     {@link dev.gatun.runtime.sandbox.SandboxState}
 *  containers/CID                 an empty file for each container of the pod
 *  hosts resolv.conf hostname     what the containers see in /etc
 *  shm/                           what they see in /dev/shm, a tmpfs where one may be mounted
 *  anything else                  the pods module's
 * </pre>
 *
 * <p>{@link dev.gatun.runtime.sandbox.SandboxCreate} makes one in three exchanges, {@link
 * dev.gatun.runtime.sandbox.Sandbox} finds it again.
 */
@NullMarked
package dev.gatun.runtime.sandbox;

import org.jspecify.annotations.NullMarked;
