package dev.gatun.netns.netfilter;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.netns.NetlinkException;
import dev.gatun.netns.NetworkNamespace;
import dev.gatun.netns.netlink.Conversation;

/** Switches of an interface, {@code /proc/sys/net/ipv4/conf/NAME}. */
final class Sysctls {
  private static final int ONE_DIGIT = 1;

  private Sysctls() {}

  /**
   * Whether packets from 127.0.0.0/8 may go through an interface,
   * Documentation/networking/ip-sysctl: those from the host to a port of its own that leads to a
   * pod. It is written only if it is not so already.
   *
   * @param kernel the kernel
   * @param host the namespace of the interface
   * @param name the interface; where it is not there, nothing is to be switched off
   * @param on whether they may
   * @throws NetlinkException when it is not there to be switched on
   */
  static void setRouteLocalnet(Kernel kernel, NetworkNamespace host, String name, boolean on) {
    String path = "/proc/sys/net/ipv4/conf/" + name + "/route_localnet";
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Conversation conversation = new Conversation(b, Conversation.SMALL);
    Descriptors descriptors = conversation.descriptors();
    Slot file = descriptors.fd("switch", path);
    Slot value = b.slot("value");
    Label missing = b.label("missing");
    // What a path below /proc/sys/net means is decided when it is opened.
    conversation.inside(
        host,
        () -> {
          b.step("set " + path, "");
          Data digit = b.variable("digit", 1);
          byte wanted = (byte) (on ? '1' : '0');
          Label ready = b.label("ready");
          open(b, path, Constants.O_RDONLY, file).tolerate(Errno.ENOENT, missing);
          b.sys(Syscall.READ, file, digit.address(), imm(ONE_DIGIT));
          descriptors.close(file);
          b.load(1, value, digit.address(), imm(0));
          b.branch(Condition.EQ, value, imm(wanted), ready);
          open(b, path, Constants.O_WRONLY, file).tolerate(Errno.ENOENT, missing);
          b.store(1, digit.address(), imm(0), imm(wanted));
          b.sys(Syscall.WRITE, file, digit.address(), imm(ONE_DIGIT));
          descriptors.close(file);
          b.bind(missing);
          b.bind(ready);
        });
    Kernel.Result result = conversation.run(kernel).result().orThrow();
    if (on && result.slot(file) == -Errno.ENOENT) {
      throw new NetlinkException(
          "publish ports: there is no interface \"" + name + "\", or the kernel has no IPv4",
          Errno.ENOENT,
          null);
    }
  }

  private static Instruction open(ProgramBuilder b, String path, int flags, Slot into) {
    return b.sys(
            Syscall.OPENAT,
            imm(Constants.AT_FDCWD),
            b.string(path),
            imm(flags | Constants.O_CLOEXEC),
            imm(0))
        .into(into);
  }
}
