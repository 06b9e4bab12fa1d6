package dev.gatun.tests;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * A listener at {@code listenerPath}: it takes one container process state with its descriptor, and
 * answers what the filter asks.
 */
@SuppressWarnings("restricted") // no other way to take a descriptor from a socket
final class SeccompAgent implements AutoCloseable {
  /** What becomes of a call. */
  interface Answer {
    /**
     * Decides.
     *
     * @param number of the call
     * @return an errno, or 0 to let the call go on
     */
    int to(int number);
  }

  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final short POLLIN = 1;
  private static final int CONTINUE = 1;
  private static final long NOTIF_RECV = 0xc0502100L;
  private static final long NOTIF_SEND = 0xc0182101L;
  private static final int PATIENCE = 30_000;

  private final Path path;
  private final int server;
  private final Answer answer;
  private final CompletableFuture<JsonNode> state = new CompletableFuture<>();
  private final List<Integer> asked = new CopyOnWriteArrayList<>();
  private final Thread thread;
  private volatile int connection = -1;
  private volatile boolean over;

  SeccompAgent(Path path, Answer answer) {
    this.path = path;
    this.answer = answer;
    server = checked("socket", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(110, 8);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
      address.setString(2, path.toString());
      checked("bind", server, address, 110);
    }
    checked("listen", server, 1);
    thread = Thread.ofPlatform().daemon().start(this::serve);
  }

  Path path() {
    return path;
  }

  /** The document that came, once it has come. */
  JsonNode state() {
    try {
      return state.get(PATIENCE, TimeUnit.MILLISECONDS);
    } catch (Exception e) {
      throw new AssertionError("the agent was told nothing", e);
    }
  }

  /** Whether a state has come. */
  boolean told() {
    return state.isDone();
  }

  /** Whether nothing came after the state but the end of the connection. */
  boolean isConnectionClosed() {
    try (Arena arena = Arena.ofConfined()) {
      return readable(connection) && call("recv", connection, arena.allocate(16), 16L, 0) == 0;
    }
  }

  /** Numbers of the calls that were asked about, in order. */
  List<Integer> asked() {
    return List.copyOf(asked);
  }

  /** Takes no more, and lets go of what it has. */
  @Override
  public void close() {
    over = true;
    try {
      thread.join(2L * PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      throw new AssertionError("the agent does not end");
    }
  }

  private void serve() {
    int notifications = -1;
    try {
      if (!readable(server)) {
        return;
      }
      connection = checked("accept", server, MemorySegment.NULL, MemorySegment.NULL);
      if (!readable(connection)) {
        return;
      }
      notifications = receive();
      while (notifications >= 0 && readable(notifications)) {
        answer(notifications);
      }
    } catch (IOException | RuntimeException | AssertionError e) {
      state.completeExceptionally(e);
    } finally {
      call("close", notifications);
      call("close", connection);
      call("close", server);
    }
  }

  /** Waits until there is something to take: not when it is over, or when nobody is left. */
  private boolean readable(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment poll = arena.allocate(8, 8);
      while (!over) {
        poll.set(ValueLayout.JAVA_INT, 0, fd);
        poll.set(ValueLayout.JAVA_INT, 4, POLLIN);
        if (call("poll", poll, 1L, 50) > 0) {
          return (poll.get(ValueLayout.JAVA_SHORT, 6) & POLLIN) != 0;
        }
      }
      return false;
    }
  }

  private int receive() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(1 << 16, 8);
      MemorySegment control = arena.allocate(24, 8);
      MemorySegment part = arena.allocate(16, 8);
      part.set(ValueLayout.ADDRESS, 0, text);
      part.set(ValueLayout.JAVA_LONG, 8, text.byteSize());
      MemorySegment message = arena.allocate(56, 8);
      message.set(ValueLayout.ADDRESS, 16, part);
      message.set(ValueLayout.JAVA_LONG, 24, 1);
      message.set(ValueLayout.ADDRESS, 32, control);
      message.set(ValueLayout.JAVA_LONG, 40, control.byteSize());
      int size = checked("recvmsg", connection, message, 0);
      if (size == 0) {
        throw new IOException("the connection was closed without a word");
      }
      byte[] bytes = text.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE);
      int fd = control.get(ValueLayout.JAVA_INT, 16);
      state.complete(Bundle.JSON.readTree(new String(bytes, StandardCharsets.UTF_8)));
      return fd;
    }
  }

  private void answer(int notifications) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment question = arena.allocate(80, 8);
      if (call("ioctl", notifications, NOTIF_RECV, question) < 0) {
        return; // whoever asked has been killed
      }
      int number = question.get(ValueLayout.JAVA_INT, 16);
      asked.add(number);
      int errno = answer.to(number);
      MemorySegment reply = arena.allocate(24, 8);
      reply.set(ValueLayout.JAVA_LONG, 0, question.get(ValueLayout.JAVA_LONG, 0));
      reply.set(ValueLayout.JAVA_INT, 16, -errno);
      reply.set(ValueLayout.JAVA_INT, 20, errno == 0 ? CONTINUE : 0);
      call("ioctl", notifications, NOTIF_SEND, reply);
    }
  }

  private static int checked(String name, Object... args) {
    int result = call(name, args);
    if (result < 0) {
      throw new AssertionError(name + " failed");
    }
    return result;
  }

  /** A function of libc; of ioctl's arguments the third is variadic. */
  private static int call(String name, Object... args) {
    MemoryLayout[] layouts = new MemoryLayout[args.length];
    for (int i = 0; i < args.length; i++) {
      layouts[i] =
          switch (args[i]) {
            case Integer number -> ValueLayout.JAVA_INT;
            case Long number -> ValueLayout.JAVA_LONG;
            default -> ValueLayout.ADDRESS;
          };
    }
    Linker linker = Linker.nativeLinker();
    MemorySegment function = linker.defaultLookup().findOrThrow(name);
    FunctionDescriptor descriptor = FunctionDescriptor.of(ValueLayout.JAVA_INT, layouts);
    MethodHandle handle =
        name.equals("ioctl")
            ? linker.downcallHandle(function, descriptor, Linker.Option.firstVariadicArg(2))
            : linker.downcallHandle(function, descriptor);
    try {
      return (int) handle.invokeWithArguments(args);
    } catch (Throwable e) {
      throw new AssertionError(name, e);
    }
  }
}
