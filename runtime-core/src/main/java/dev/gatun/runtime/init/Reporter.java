package dev.gatun.runtime.init;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;

/** Records of an image's processes that tell the runtime how far they are. */
final class Reporter {
  private final ProgramBuilder b;
  private final Slot channel;
  private final Data message;

  /**
   * Begins.
   *
   * @param b the image's program
   * @param channel a slot with the descriptor that is written to, whenever it is
   */
  Reporter(ProgramBuilder b, Slot channel) {
    this.b = b;
    this.channel = channel;
    this.message = b.buffer("message", Message.SIZE);
  }

  /**
   * Adds records that say something.
   *
   * @param kind a kind of {@link Message}
   * @param value its value
   */
  void send(int kind, Arg value) {
    b.store(8, message.address(), imm(Message.KIND), imm(kind));
    b.store(8, message.address(), imm(Message.VALUE), value);
    b.sys(Syscall.WRITE, channel, message.address(), imm(Message.SIZE));
  }

  /** Room for a message, for those who say more than {@link #send} does. */
  Data message() {
    return message;
  }

  /** Adds the records that failures go to: they say which call failed, and end the process. */
  void failure() {
    b.step("report a failure", "");
    b.onFailure(exit());
    Slot size = b.slot("size");
    b.store(8, message.address(), imm(Message.KIND), imm(Message.FAILED));
    b.store(8, message.address(), imm(Message.RECORD), Slot.FAILED_RECORD);
    b.store(8, message.address(), imm(Message.ERRNO), Slot.FAILED_ERRNO);
    b.alu(Function.SUB, size, Slot.IMAGE_SLOTS_END, Slot.IMAGE_SLOTS);
    // One write of at most PIPE_BUF bytes is never mixed with what the other process says.
    Label fits = b.label("fits");
    b.branch(Condition.LTU, size, imm(Message.MAX_SLOTS), fits);
    b.set(size, imm(Message.MAX_SLOTS));
    b.bind(fits);
    b.store(8, message.address(), imm(Message.VALUE), size);
    Data parts =
        b.variable("iovec", 2 * Structs.SIZEOF_IOVEC)
            .address(Structs.IOVEC_IOV_BASE, message.address())
            .u64(Structs.IOVEC_IOV_LEN, Message.SIZE);
    int second = Structs.SIZEOF_IOVEC;
    b.store(8, parts.address(), imm(second + Structs.IOVEC_IOV_BASE), Slot.IMAGE_SLOTS);
    b.store(8, parts.address(), imm(second + Structs.IOVEC_IOV_LEN), size);
    b.sys(Syscall.WRITEV, channel, parts.address(), imm(2));
    b.sys(Syscall.EXIT_GROUP, imm(1));
  }

  private Label exit() {
    Label exit = b.label("exit");
    b.outOfLine(() -> {
      b.bind(exit);
      b.sys(Syscall.EXIT_GROUP, imm(1)).tolerateAny();
      // Where a seccomp filter forbids to exit, a fault ends the process: nothing is at address 0.
      b.load(8, Slot.SCRAP, imm(0), imm(0));
    });
    return exit;
  }
}
