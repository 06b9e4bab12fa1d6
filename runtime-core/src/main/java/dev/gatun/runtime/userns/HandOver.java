package dev.gatun.runtime.userns;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Arg;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;

/**
 * A socket pair over which one process of the image lets another go on, and hands descriptors over
 * ({@code SCM_RIGHTS}, unix(7)). The end of file lets nobody go on.
 */
final class HandOver {
  /** {@code SCM_MAX_FD} of net/scm.h: descriptors in one message. */
  private static final int MOST_IN_ONE = 253;

  private final ProgramBuilder b;
  private final Slot near;
  private final Slot far;

  HandOver(ProgramBuilder b) {
    this.b = b;
    near = b.slot("near");
    far = b.slot("far");
  }

  void open() {
    b.step("open a channel between the processes of the image", "");
    Idioms.socketPair(b, Constants.SOCK_SEQPACKET, near, far);
  }

  /** The end of the process that has privileges. */
  Slot near() {
    return near;
  }

  /** The end of init. */
  Slot far() {
    return far;
  }

  /** Where descriptors are before they are sent and after they were received. */
  static final class Parcel {
    private final Data[] controls;
    private final int[] counts;

    Parcel(ProgramBuilder b, int count) {
      int messages = Math.max(1, (count + MOST_IN_ONE - 1) / MOST_IN_ONE);
      controls = new Data[messages];
      counts = new int[messages];
      for (int i = 0; i < messages; i++) {
        int part = Math.min(MOST_IN_ONE, count - i * MOST_IN_ONE);
        counts[i] = part;
        Data control = b.variable("descriptors", Structs.SIZEOF_CMSGHDR + 8 * ((part + 1) / 2));
        controls[i] =
            control
                .u64(Structs.CMSGHDR_CMSG_LEN, Structs.SIZEOF_CMSGHDR + 4L * part)
                .u32(Structs.CMSGHDR_CMSG_LEVEL, Constants.SOL_SOCKET)
                .u32(Structs.CMSGHDR_CMSG_TYPE, Constants.SCM_RIGHTS);
      }
    }

    void put(ProgramBuilder b, int number, Arg fd) {
      b.store(4, controls[number / MOST_IN_ONE].address(), imm(offset(number)), fd);
    }

    void take(ProgramBuilder b, int number, Slot fd) {
      b.load(4, fd, controls[number / MOST_IN_ONE].address(), imm(offset(number)));
    }

    private static int offset(int number) {
      return Structs.SIZEOF_CMSGHDR + 4 * (number % MOST_IN_ONE);
    }
  }

  private Data header(Data control, int count, Data byteOfData) {
    Data parts =
        b.variable("iovec", Structs.SIZEOF_IOVEC)
            .address(Structs.IOVEC_IOV_BASE, byteOfData.address())
            .u64(Structs.IOVEC_IOV_LEN, 1);
    Data header =
        b.variable("msghdr", Structs.SIZEOF_MSGHDR)
            .address(Structs.MSGHDR_MSG_IOV, parts.address())
            .u64(Structs.MSGHDR_MSG_IOVLEN, 1);
    if (count > 0) {
      header
          .address(Structs.MSGHDR_MSG_CONTROL, control.address())
          .u64(Structs.MSGHDR_MSG_CONTROLLEN, control.size());
    }
    return header;
  }

  /** Sends all that was put into a parcel; who receives it may be gone. */
  void send(Slot end, Parcel parcel) {
    Data token = b.variable("token", 8).put(0, new byte[] {'m'});
    for (int i = 0; i < parcel.controls.length; i++) {
      Data header = header(parcel.controls[i], parcel.counts[i], token);
      // A receiver that failed has said why.
      b.sys(Syscall.SENDMSG, end, header.address(), imm(Constants.MSG_NOSIGNAL))
          .tolerate(Errno.EPIPE);
    }
  }

  /** Waits for a parcel. A sender that ended has said why, or was killed: this process ends too. */
  void receive(Slot end, Parcel parcel) {
    Data token = b.buffer("token", 8);
    Slot got = b.slot("got");
    for (int i = 0; i < parcel.controls.length; i++) {
      int count = parcel.counts[i];
      Data control = parcel.controls[i];
      Data header = header(control, count, token);
      Label received = b.label("received");
      b.sys(Syscall.RECVMSG, end, header.address(), imm(Constants.MSG_CMSG_CLOEXEC)).into(got);
      b.branch(Condition.EQ, got, imm(1), received);
      b.sys(Syscall.EXIT_GROUP, imm(1));
      b.bind(received);
      if (count > 0) {
        Label complete = b.label("complete");
        b.load(8, got, control.address(), imm(Structs.CMSGHDR_CMSG_LEN));
        b.branch(Condition.EQ, got, imm(Structs.SIZEOF_CMSGHDR + 4L * count), complete);
        // The limit of open files let fewer through.
        b.fail(Errno.EMFILE);
        b.bind(complete);
      }
    }
  }

  void close(Slot end) {
    Idioms.close(b, end);
  }
}
