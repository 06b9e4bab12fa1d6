/**
 * The compiler from {@code linux.seccomp} of the runtime specification to a classic BPF filter of
 * seccomp(2). It decides as libseccomp does, and gives {@code ENOSYS} to what is newer than the
 * newest system call that a profile names.
 */
@NullMarked
package dev.gatun.runtime.seccomp;

import org.jspecify.annotations.NullMarked;
