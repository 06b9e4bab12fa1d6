/**
 * User namespaces: who may have which, id maps and who writes them, and the hand-over of what only
 * the host's privileges can open.
 *
 * <p>In the image three processes have a part in it:
 *
 * <pre>
 *  intermediate, host's credentials                  init, born in the new user namespace
 *  clone3(CLONE_NEWUSER|…, pidfd)  ───────────────▶  waits for a message
 *  /proc/PID, pidfd still alive
 *  setgroups, uid_map, gid_map (or newuidmap)
 *  setns(pidfd, CLONE_NEWNS)
 *  open_tree(mount sources), rootfs
 *  sendmsg(descriptors)            ───────────────▶  recvmsg, setresgid(0), setresuid(0)
 * </pre>
 *
 * <p>When a user namespace is joined, the intermediate gives its privileges up before it clones
 * init: a child that it had before opens the sources then. An end of file is never a permission to
 * go on.
 */
@NullMarked
package dev.gatun.runtime.userns;

import org.jspecify.annotations.NullMarked;
