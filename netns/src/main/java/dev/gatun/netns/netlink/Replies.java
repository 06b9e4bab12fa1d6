package dev.gatun.netns.netlink;

import dev.gatun.linux.Errno;
import dev.gatun.linux.program.Kernel;
import dev.gatun.netns.NetlinkException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the kernel answered in a {@link Conversation}. */
public final class Replies {
  private final List<Requests> said;
  private final Kernel.Result result;
  private final long sent;
  private final boolean full;
  private final boolean lost;
  private final boolean interrupted;
  private final List<Message> messages = new ArrayList<>();

  /** What requests ended with, by their sequence numbers: an error before all. */
  private final Map<Integer, Message> ends = new HashMap<>();

  Replies(
      List<Requests> said,
      byte[] answers,
      Kernel.Result result,
      long sent,
      boolean full,
      boolean lost) {
    this.said = said;
    this.sent = sent;
    this.result = result;
    this.full = full;
    this.lost = lost;
    boolean changed = false;
    for (Message message : Message.parse(answers)) {
      changed |= (message.flags() & Netlink.NLM_F_DUMP_INTR) != 0;
      if (message.isEnd()) {
        Message before = ends.get(message.sequence());
        if (before == null || before.errno() == 0) {
          ends.put(message.sequence(), message);
        }
      } else if (message.type() >= Netlink.NLMSG_MIN_TYPE) {
        messages.add(message);
      }
    }
    interrupted = changed;
  }

  /** The program's result. */
  public Kernel.Result result() {
    return result;
  }

  /** What came but for acknowledgements and errors, in order. */
  public List<Message> messages() {
    return messages;
  }

  /**
   * Whether the program came to where requests are sent.
   *
   * @param requests of the conversation
   * @return whether
   */
  public boolean isSaid(Requests requests) {
    return (sent >>> said.indexOf(requests) & 1) != 0;
  }

  /** Whether there was no room for all answers. */
  public boolean isFull() {
    return full;
  }

  /**
   * Whether a dump has to be asked for again: it changed meanwhile, or the kernel lost some of it.
   */
  public boolean isInterrupted() {
    return interrupted || lost;
  }

  /**
   * How a message of the only requests failed.
   *
   * @param number from {@link Requests#begin}
   * @return the error, null if the kernel told of none
   */
  public @Nullable NetlinkException failure(int number) {
    return failure(said.getFirst(), number);
  }

  /**
   * How a message failed.
   *
   * @param requests which were said
   * @param number from {@link Requests#begin}
   * @return the error, null if the kernel told of none
   */
  public @Nullable NetlinkException failure(Requests requests, int number) {
    Requests.Request request = requests.list().get(number);
    Message end = ends.get(request.sequence);
    int errno = end == null ? 0 : end.errno();
    return end == null || errno == 0
        ? null
        : new NetlinkException(request.operation, request.name, errno, end.explanation());
  }

  /**
   * What the kernel blames for a failure.
   *
   * @param requests which were said
   * @param number from {@link Requests#begin}
   * @return where in all the bytes of the requests the attribute is; −1 if that is not told
   */
  public int offset(Requests requests, int number) {
    Requests.Request request = requests.list().get(number);
    Message end = ends.get(request.sequence);
    int offset = end == null ? -1 : end.offset();
    return offset < 0 ? -1 : request.at + offset;
  }

  /**
   * Throws if a message failed with an error that its {@link Requests#tolerate} does not name, a
   * system call of the program failed, or an answer that is due is not there.
   *
   * @return these replies
   * @throws NetlinkException of the first message that failed
   * @throws dev.gatun.linux.SyscallException if a system call failed and no message before it
   */
  public Replies orThrow() {
    Requests.Request silent = null;
    for (int i = 0; i < said.size(); i++) {
      Requests requests = said.get(i);
      for (int k = 0; k < requests.count(); k++) {
        Requests.Request request = requests.list().get(k);
        NetlinkException failure = failure(requests, k);
        if (failure != null && failure.errno() != request.tolerated) {
          throw failure;
        }
        if (silent == null
            && request.due
            && isSaid(requests)
            && !ends.containsKey(request.sequence)) {
          silent = request;
        }
      }
    }
    result.orThrow();
    if (silent != null || full || lost) {
      Requests.Request request = silent == null ? said.getFirst().list().getFirst() : silent;
      if (full || lost) {
        // Which answers there would have been is not known.
        throw new NetlinkException(
            request.operation,
            request.name,
            full ? Errno.EMSGSIZE : Errno.ENOBUFS,
            full ? "more answers than there is room for" : "the kernel had to drop answers");
      }
      throw new NetlinkException(
          request.operation + ": " + request.name + ": the kernel did not answer");
    }
    return this;
  }
}
