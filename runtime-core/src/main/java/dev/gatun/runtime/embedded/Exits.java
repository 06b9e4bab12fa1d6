package dev.gatun.runtime.embedded;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Op.Condition;
import dev.gatun.linux.program.Op.Function;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.runtime.ExitStatus;
import dev.gatun.runtime.Signal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Waits for the ends of all containers of this JVM on one thread, which is there while there is
 * something to wait for and a little longer.
 *
 * <p>A container is known by its pidfd, so nothing is polled, no pid can be somebody else's, and no
 * child that is not a container is ever reaped: {@code waitid(2)} is only asked about these pidfds,
 * and {@link ProcessBuilder} keeps its own. epoll takes a new pidfd while another thread waits, so
 * nobody has to be woken for it.
 */
public final class Exits {
  private static final int CLD_EXITED = 1;
  private static final int CLD_DUMPED = 3;
  private static final int EVENTS = 64;
  private static final int IDLE_MILLIS = 2_000;

  /** What the program says of each end: token, waitid's result, si_code, si_status, si_pid. */
  private static final int ENTRY = 32;

  private final Kernel kernel;
  private final Map<Integer, CompletableFuture<ExitStatus>> watched = new HashMap<>();
  private int next;
  private int epoll = -1;

  /**
   * Begins, without a thread.
   *
   * @param kernel this process's
   */
  public Exits(Kernel kernel) {
    this.kernel = kernel;
  }

  /**
   * Watches a container's first process, a child of this process that only this class reaps.
   *
   * @param pid its pid
   * @param closing descriptors that are closed besides, whatever happens
   * @return how it will have ended
   * @throws RuntimeException when it cannot be watched
   */
  public CompletableFuture<ExitStatus> ofChild(int pid, List<Integer> closing) {
    return watch(pid, -1, closing);
  }

  /**
   * Watches any process.
   *
   * @param pidfd its pidfd, which is taken over
   * @param closing descriptors that are closed besides, whatever happens
   * @return how it will have ended, unknown unless it is a child of this process
   * @throws RuntimeException when it cannot be watched
   */
  public CompletableFuture<ExitStatus> of(int pidfd, List<Integer> closing) {
    return watch(0, pidfd, closing);
  }

  /**
   * Takes the exit status of a child that has been killed and is not watched.
   *
   * @param pid its pid
   */
  public void reap(int pid) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    b.step("reap a container's first process", "");
    b.sys(Syscall.WAITID, imm(Constants.P_PID), imm(pid), imm(0), imm(Constants.WEXITED), imm(0))
        .tolerate(Errno.ECHILD);
    kernel.run(b.build()).orThrow();
  }

  /**
   * Sends a signal.
   *
   * @param pidfd to whom
   * @param signal which
   * @return whether it was sent; a process that has ended gets none
   */
  public boolean kill(int pidfd, Signal signal) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Slot sent = b.slot("sent");
    b.step("send " + signal, "");
    b.sys(Syscall.PIDFD_SEND_SIGNAL, imm(pidfd), imm(signal.number()), imm(0), imm(0))
        .into(sent)
        .tolerate(Errno.ESRCH);
    return kernel.run(b.build()).orThrow().slot(sent) == 0;
  }

  private CompletableFuture<ExitStatus> watch(int pid, int pidfd, List<Integer> closing) {
    CompletableFuture<ExitStatus> exit = new CompletableFuture<>();
    int token;
    int queue;
    synchronized (this) {
      if (epoll < 0) {
        epoll = begin(closing, pidfd);
      }
      queue = epoll;
      token = next++;
      // It may end before the program below does.
      watched.put(token, exit);
    }
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    Slot added = b.slot("added");
    Label gone = b.label("gone");
    b.set(added, imm(0));
    b.step("watch a container's first process", "");
    Slot fd;
    if (pidfd >= 0) {
      fd = descriptors.take("pidfd", imm(pidfd));
    } else {
      fd = descriptors.fd("pidfd", null);
    }
    for (int other : closing) {
      b.sys(Syscall.CLOSE, imm(other)).tolerateAny();
    }
    if (pidfd < 0) {
      // Nobody else reaps it, so its pid is its own; where SIGCHLD is ignored, the kernel does.
      Idioms.pidfdOpen(b, imm(pid), fd, gone);
      b.sys(
              Syscall.WAITID,
              imm(Constants.P_PIDFD),
              fd,
              imm(0),
              imm(Constants.WEXITED | Constants.WNOHANG | Constants.WNOWAIT),
              imm(0))
          .tolerate(Errno.ECHILD, gone);
    }
    Data event =
        b.variable("epoll_event", Structs.sizeofEpollEvent(b.arch())).u32(0, Constants.EPOLLIN);
    Slot data = b.slot("data");
    b.alu(Function.OR, data, fd, imm((long) token << 32));
    b.store(8, event.address(), imm(Structs.epollEventData(b.arch())), data);
    b.sys(Syscall.EPOLL_CTL, imm(queue), imm(Constants.EPOLL_CTL_ADD), fd, event.address());
    b.set(added, imm(1));
    // It is the waiting thread's now.
    b.set(fd, imm(-1));
    b.bind(gone);
    descriptors.closeAll();
    Kernel.Result result;
    try {
      result = kernel.run(b.build());
    } catch (RuntimeException | Error e) {
      forget(token);
      throw e;
    }
    if (result.slot(added) == 0) {
      forget(token);
      result.orThrow();
      exit.complete(new ExitStatus.Unknown());
    }
    return exit;
  }

  private synchronized void forget(int token) {
    watched.remove(token);
  }

  /** Opens the queue and starts the thread. */
  private int begin(List<Integer> closing, int pidfd) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    b.step("watch containers", "");
    Slot fd = b.slot("epoll");
    b.sys(Syscall.EPOLL_CREATE1, imm(Constants.EPOLL_CLOEXEC)).into(fd);
    List<Integer> undo = new ArrayList<>(closing);
    if (pidfd >= 0) {
      undo.add(pidfd);
    }
    try {
      int queue = (int) kernel.run(b.build()).orThrow().slot(fd);
      undo.add(queue);
      Waiting forever = waiting(queue, -1);
      Waiting idle = waiting(queue, IDLE_MILLIS);
      Threads.thread("gatun-exits", () -> attend(queue, forever, idle)).start();
      return queue;
    } catch (RuntimeException | Error e) {
      StandardStreams.close(kernel, undo);
      throw e;
    }
  }

  /** The waiting thread. */
  private void attend(int queue, Waiting forever, Waiting idle) {
    try {
      while (true) {
        boolean empty;
        synchronized (this) {
          empty = watched.isEmpty();
        }
        Waiting waiting = empty ? idle : forever;
        Kernel.Result result = kernel.run(waiting.program()).orThrow();
        ended(result.bytes(waiting.ended()));
        if (empty && result.slot(waiting.count()) == 0 && leave(queue)) {
          return;
        }
      }
    } catch (RuntimeException | Error e) {
      failed(queue, e);
    }
  }

  private synchronized boolean leave(int queue) {
    if (!watched.isEmpty()) {
      return false;
    }
    epoll = -1;
    StandardStreams.close(kernel, List.of(queue));
    return true;
  }

  /** Without its thread nobody would ever be told of an end; the next container begins anew. */
  private void failed(int queue, Throwable cause) {
    List<CompletableFuture<ExitStatus>> all;
    synchronized (this) {
      all = List.copyOf(watched.values());
      watched.clear();
      epoll = -1;
      StandardStreams.close(kernel, List.of(queue));
    }
    for (CompletableFuture<ExitStatus> exit : all) {
      exit.completeExceptionally(cause);
    }
  }

  private void ended(byte[] entries) {
    ByteBuffer in = ByteBuffer.wrap(entries).order(ByteOrder.LITTLE_ENDIAN);
    for (; in.remaining() >= ENTRY; in.position(in.position() + ENTRY)) {
      int at = in.position();
      int fd = in.getInt(at);
      CompletableFuture<ExitStatus> exit;
      synchronized (this) {
        exit = watched.remove(in.getInt(at + 4));
      }
      if (exit == null) {
        continue;
      }
      if (in.getLong(at + 8) == 0 && in.getInt(at + 24) == 0) {
        // A debugger has it, and is told first.
        Threads.pool().execute(() -> complete(exit, afterTracer(fd)));
      } else {
        complete(exit, status(in.getLong(at + 8), in.getInt(at + 16), in.getInt(at + 20)));
      }
    }
  }

  private static void complete(CompletableFuture<ExitStatus> exit, ExitStatus status) {
    // On another thread: what depends on it may take its time, and the others' ends must be told.
    exit.completeAsync(() -> status, Threads.pool());
  }

  private static ExitStatus status(long waited, int code, int status) {
    if (waited != 0) {
      return new ExitStatus.Unknown();
    }
    return code == CLD_EXITED
        ? new ExitStatus.Exited(status)
        : new ExitStatus.Signaled(new Signal(status), code == CLD_DUMPED);
  }

  private ExitStatus afterTracer(int pidfd) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Data info = b.output("siginfo", Structs.SIZEOF_SIGINFO_T);
    Slot waited = b.slot("waited");
    Label again = b.loop("again");
    b.sys(
            Syscall.WAITID,
            imm(Constants.P_PIDFD),
            imm(pidfd),
            info.address(),
            imm(Constants.WEXITED),
            imm(0))
        .into(waited)
        .tolerateAny();
    b.branch(Condition.EQ, waited, imm(-Errno.EINTR), again);
    b.sys(Syscall.CLOSE, imm(pidfd)).tolerateAny();
    Kernel.Result result = kernel.run(b.build());
    ByteBuffer in = ByteBuffer.wrap(result.bytes(info)).order(ByteOrder.LITTLE_ENDIAN);
    return status(
        result.slot(waited),
        in.getInt(Structs.SIGINFO_T_SI_CODE),
        in.getInt(Structs.SIGINFO_T_SI_STATUS));
  }

  /** The program that waits, and where its answers are. */
  private record Waiting(Program program, Slot count, Data ended) {}

  /** Waits, reaps what has ended, lets go of its pidfd, and says how it ended. */
  private Waiting waiting(int queue, int millis) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    int size = Structs.sizeofEpollEvent(b.arch());
    Data events = b.buffer("events", EVENTS * size);
    Data info = b.buffer("siginfo", Structs.SIZEOF_SIGINFO_T);
    Data ended = b.output("ended", EVENTS * ENTRY);
    Slot count = b.slot("count");
    Slot left = b.slot("left");
    Slot at = b.slot("at");
    Slot out = b.slot("out");
    Slot data = b.slot("data");
    Slot pidfd = b.slot("pidfd");
    Slot waited = b.slot("waited");
    Slot value = b.slot("value");
    Label done = b.label("done");
    Label traced = b.label("traced");
    b.replyUpTo(ended, imm(0));
    b.step("wait for containers to end", "");
    Label wait = b.loop("wait");
    b.sys(
            Syscall.EPOLL_PWAIT,
            imm(queue),
            events.address(),
            imm(EVENTS),
            imm(millis),
            imm(0),
            imm(Structs.SIZEOF_SIGSET))
        .into(count)
        .tolerate(Errno.EINTR, wait);
    b.set(left, count);
    b.set(at, events.address());
    b.set(out, ended.address());
    Label each = b.loop("each");
    b.branch(Condition.EQ, left, imm(0), done);
    b.load(8, data, at, imm(Structs.epollEventData(b.arch())));
    b.alu(Function.AND, pidfd, data, imm(0xffff_ffffL));
    b.store(4, info.address(), imm(Structs.SIGINFO_T_SI_PID), imm(0));
    b.sys(
            Syscall.WAITID,
            imm(Constants.P_PIDFD),
            pidfd,
            info.address(),
            imm(Constants.WEXITED | Constants.WNOHANG),
            imm(0))
        .into(waited)
        .tolerateAny();
    b.sys(Syscall.EPOLL_CTL, imm(queue), imm(Constants.EPOLL_CTL_DEL), pidfd, imm(0)).tolerateAny();
    b.store(8, out, imm(0), data);
    b.store(8, out, imm(8), waited);
    b.load(4, value, info.address(), imm(Structs.SIGINFO_T_SI_CODE));
    b.store(4, out, imm(16), value);
    b.load(4, value, info.address(), imm(Structs.SIGINFO_T_SI_STATUS));
    b.store(4, out, imm(20), value);
    b.load(4, value, info.address(), imm(Structs.SIGINFO_T_SI_PID));
    b.store(4, out, imm(24), value);
    b.alu(Function.OR, value, value, waited);
    b.branch(Condition.EQ, value, imm(0), traced);
    Idioms.close(b, pidfd);
    b.bind(traced);
    b.alu(Function.ADD, at, at, imm(size));
    b.alu(Function.ADD, out, out, imm(ENTRY));
    b.alu(Function.SUB, left, left, imm(1));
    b.jump(each);
    b.bind(done);
    b.alu(Function.SUB, left, out, ended.address());
    b.replyUpTo(ended, left);
    return new Waiting(b.build(), count, ended);
  }
}
