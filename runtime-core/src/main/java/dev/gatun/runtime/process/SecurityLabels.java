package dev.gatun.runtime.process;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.nio.charset.StandardCharsets;

/**
 * Labels of security modules for the next {@code execve(2)}, as {@code proc_pid_attr(5)} describes:
 * an AppArmor profile, an SELinux label.
 *
 * <p>They go through a procfs that nobody else can reach, CVE-2019-16884 and its successors: what a
 * container has mounted on {@code /proc} could swallow them. Where the host does not have the
 * module, the program fails: a container that asks for a label never runs without it.
 */
final class SecurityLabels {
  private static final long RESOLVE =
      Constants.RESOLVE_BENEATH | Constants.RESOLVE_NO_XDEV | Constants.RESOLVE_NO_MAGICLINKS;

  private final ProgramBuilder b;
  private final Slot procfs;

  /**
   * Begins.
   *
   * @param b the program
   * @param procfs a procfs in which {@code self} is the process, and that nobody else can reach
   */
  SecurityLabels(ProgramBuilder b, Slot procfs) {
    this.b = b;
    this.procfs = procfs;
  }

  /**
   * Adds the change to an AppArmor profile at the next {@code execve(2)}. Every kernel from 5.8 on
   * that has AppArmor has its own directory of attributes; the older names would reach whichever
   * module is first.
   *
   * @param profile the profile's name
   * @param place the JSON pointer that asked for it
   */
  void apparmor(String profile, String place) {
    b.step("AppArmor profile " + Environment.quote(profile), place);
    write("AppArmor", "apparmor/exec", "apparmor/current", "exec " + profile);
  }

  /**
   * Adds the change to an SELinux label at the next {@code execve(2)}.
   *
   * @param label the label
   * @param place the JSON pointer that asked for it
   */
  void selinux(String label, String place) {
    b.step("SELinux label " + Environment.quote(label), place);
    write("SELinux", "exec", "current", label);
  }

  /**
   * Adds the label that new keyrings get.
   *
   * @param label the label
   * @param place the JSON pointer that asked for it
   */
  void keys(String label, String place) {
    b.step("SELinux label " + Environment.quote(label) + " for the session keyring", place);
    write("SELinux", "keycreate", "current", label);
  }

  /** Adds the end of {@link #keys}: keyrings get the label of who makes them again. */
  void noKeys() {
    write("SELinux", "keycreate", "current", "\n");
  }

  /** One write, since the kernel takes each for a whole label. */
  private void write(String module, String attribute, String current, String text) {
    String step = b.origin().step();
    Slot file = b.fd("attribute", "/proc/self/attr/" + attribute);
    Slot result = b.slot("written");
    Label absent = b.label("no attribute");
    Label refused = b.label("label refused");
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    Idioms.openat2(
        b,
        procfs,
        b.string("self/attr/" + attribute),
        Constants.O_WRONLY,
        0,
        RESOLVE,
        file,
        absent,
        Errno.ENOENT);
    b.outOfLine(() -> {
      b.bind(absent);
      b.step(step + ": the host's kernel has no " + module, b.origin().place());
      b.fail(Errno.ENOENT);
    });
    Instruction call =
        b.sys(
                Syscall.WRITE,
                file,
                b.constant("label", bytes.length).put(0, bytes).address(),
                imm(bytes.length))
            .into(result)
            .tolerateAny(refused);
    Idioms.close(b, file);
    b.outOfLine(() -> {
      b.bind(refused);
      Label other = b.label("known module");
      b.branch(Condition.NE, result, imm(-Errno.EINVAL), other);
      disabled(step + ": " + module + " is not enabled on this host", current, other);
      b.bind(other);
      b.step(step, b.origin().place());
      b.fail(call, result);
    });
  }

  /** EINVAL is what a label is refused with, and what stands for a module that is not there. */
  private void disabled(String sentence, String current, Label enabled) {
    Slot file = b.fd("attribute", "/proc/self/attr/" + current);
    Slot got = b.slot("got");
    Data letter = b.buffer("letter", 8);
    Idioms.openat2(
        b, procfs, b.string("self/attr/" + current), Constants.O_RDONLY, 0, RESOLVE, file);
    b.sys(Syscall.READ, file, letter.address(), imm(1)).into(got).tolerateAny();
    Idioms.close(b, file);
    b.branch(Condition.NE, got, imm(-Errno.EINVAL), enabled);
    b.step(sentence, b.origin().place());
    b.fail(Errno.EINVAL);
  }
}
