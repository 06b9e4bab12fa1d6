package dev.gatun.runtime.rootfs;

import dev.gatun.linux.Constants;
import dev.gatun.oci.RootfsPropagation;

/**
 * A change of mount propagation, {@code mount_namespaces(7)}.
 *
 * @param type {@code MS_SHARED}, {@code MS_SLAVE}, {@code MS_PRIVATE} or {@code MS_UNBINDABLE}
 * @param recursive {@code AT_RECURSIVE}, or 0 for one mount only
 */
record Propagation(int type, int recursive) {

  /** What a name in a configuration means. */
  static Propagation of(RootfsPropagation name) {
    return switch (name) {
      case PRIVATE -> new Propagation(Constants.MS_PRIVATE, 0);
      case RPRIVATE -> new Propagation(Constants.MS_PRIVATE, Constants.AT_RECURSIVE);
      case SHARED -> new Propagation(Constants.MS_SHARED, 0);
      case RSHARED -> new Propagation(Constants.MS_SHARED, Constants.AT_RECURSIVE);
      case SLAVE -> new Propagation(Constants.MS_SLAVE, 0);
      case RSLAVE -> new Propagation(Constants.MS_SLAVE, Constants.AT_RECURSIVE);
      case UNBINDABLE -> new Propagation(Constants.MS_UNBINDABLE, 0);
      case RUNBINDABLE -> new Propagation(Constants.MS_UNBINDABLE, Constants.AT_RECURSIVE);
    };
  }
}
