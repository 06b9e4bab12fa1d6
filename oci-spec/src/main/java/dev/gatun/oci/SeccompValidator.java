package dev.gatun.oci;

import org.jspecify.annotations.Nullable;

/** The rules for {@code linux.seccomp}. */
final class SeccompValidator {
  /** MAX_ERRNO: the kernel cuts what {@code SECCOMP_RET_ERRNO} carries down to it. */
  private static final long MAX_ERRNO = 4095;

  /** SECCOMP_RET_DATA. */
  private static final long MAX_TRACE = 0xffff;

  private final String fileName;

  SeccompValidator(String fileName) {
    this.fileName = fileName;
  }

  void seccomp(Seccomp seccomp, String pointer) {
    errno(seccomp.defaultAction(), seccomp.defaultErrnoRet(), pointer, "/defaultErrnoRet");
    boolean notifies = seccomp.defaultAction() == Seccomp.Action.SCMP_ACT_NOTIFY;
    for (int i = 0; i < seccomp.syscalls().size(); i++) {
      Seccomp.Syscall rule = seccomp.syscalls().get(i);
      notifies |= rule.action() == Seccomp.Action.SCMP_ACT_NOTIFY;
      rule(rule, pointer, i);
    }
    if (notifies && seccomp.listenerPath() == null) {
      throw error(pointer, "SCMP_ACT_NOTIFY needs a listenerPath");
    }
    if (seccomp.listenerMetadata() != null && seccomp.listenerPath() == null) {
      throw error(pointer + "/listenerMetadata", "needs a listenerPath");
    }
  }

  private void rule(Seccomp.Syscall rule, String pointer, int index) {
    if (rule.names().isEmpty()) {
      throw error(pointer + "/syscalls/" + index + "/names", "needs at least one entry");
    }
    for (int i = 0; i < rule.names().size(); i++) {
      if (rule.names().get(i).isEmpty()) {
        throw error(pointer + "/syscalls/" + index + "/names/" + i, "the name is empty");
      }
    }
    if (rule.errnoRet() != null) {
      errno(rule.action(), rule.errnoRet(), pointer, "/syscalls/" + index + "/errnoRet");
    }
    for (int i = 0; i < rule.args().size(); i++) {
      long argument = rule.args().get(i).index();
      if (argument > 5) {
        throw error(
            pointer + "/syscalls/" + index + "/args/" + i + "/index",
            "expected 0 to 5, found " + argument);
      }
    }
  }

  private void errno(Seccomp.Action action, @Nullable Long errno, String pointer, String name) {
    if (errno == null) {
      return;
    }
    if (action != Seccomp.Action.SCMP_ACT_ERRNO && action != Seccomp.Action.SCMP_ACT_TRACE) {
      throw error(pointer + name, action.name() + " takes no errno");
    }
    long max = action == Seccomp.Action.SCMP_ACT_ERRNO ? MAX_ERRNO : MAX_TRACE;
    if (errno > max) {
      throw error(pointer + name, "expected 0 to " + max + ", found " + errno);
    }
  }

  private SpecException error(String pointer, String problem) {
    return new SpecException(fileName, 0, 0, pointer, problem);
  }
}
