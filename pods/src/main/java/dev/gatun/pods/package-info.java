/**
 * Pods: containers that share network, IPC and UTS namespaces, which a pause process holds.
 *
 * <p>A pod is created, stopped and deleted as a whole. It lives as long as its pause process does,
 * whatever becomes of its containers, of the JVM and of every {@code gatun} command, and keeps its
 * addresses all that time.
 */
@NullMarked
package dev.gatun.pods;

import org.jspecify.annotations.NullMarked;
