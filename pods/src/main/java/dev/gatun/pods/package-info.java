/**
 * Pods: manifests, volumes, images on disk, probes and supervision, on top of the runtime and of
 * network namespaces.
 *
 * <p>Every container of a pod has a monitor as its parent, a process of a few pages that outlives
 * the service, so that no exit status is lost when the service is restarted.
 */
@NullMarked
package dev.gatun.pods;

import org.jspecify.annotations.NullMarked;
