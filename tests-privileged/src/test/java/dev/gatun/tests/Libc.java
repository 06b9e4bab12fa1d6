package dev.gatun.tests;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The few calls of the C library that a terminal of the tests is made with. */
@SuppressWarnings("restricted") // Java has no pseudoterminals and receives no descriptors
final class Libc {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle OPEN =
      handle("open", 2, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
  private static final MethodHandle IOCTL =
      handle("ioctl", 2, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
  private static final MethodHandle READ =
      handle("read", 0, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);
  private static final MethodHandle WRITE =
      handle("write", 0, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);
  private static final MethodHandle POLL =
      handle("poll", 0, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
  private static final MethodHandle CLOSE = handle("close", 0, ValueLayout.JAVA_INT);
  private static final MethodHandle SOCKET =
      handle("socket", 0, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
  private static final MethodHandle BIND =
      handle("bind", 0, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
  private static final MethodHandle LISTEN =
      handle("listen", 0, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
  private static final MethodHandle ACCEPT4 =
      handle(
          "accept4",
          0,
          ValueLayout.JAVA_INT,
          ValueLayout.ADDRESS,
          ValueLayout.ADDRESS,
          ValueLayout.JAVA_INT);
  private static final MethodHandle RECVMSG =
      handle("recvmsg", 0, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);

  private static final int POLLIN = 1;
  private static final int O_CLOEXEC = 02000000;
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_CLOEXEC = 02000000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int SCM_RIGHTS = 1;

  private Libc() {}

  private static MethodHandle handle(String name, int variadic, MemoryLayout... arguments) {
    FunctionDescriptor type = FunctionDescriptor.of(ValueLayout.JAVA_LONG, arguments);
    Linker.Option[] options =
        variadic == 0
            ? new Linker.Option[0]
            : new Linker.Option[] {Linker.Option.firstVariadicArg(variadic)};
    MemorySegment function = LINKER.defaultLookup().findOrThrow(name);
    // An int comes back in the low half of the register that a long comes back in.
    return LINKER.downcallHandle(function, type, options);
  }

  private static int call(String what, MethodHandle handle, Object... arguments) {
    int result;
    try {
      result = (int) (long) handle.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(what, e);
    }
    if (result < 0) {
      throw new AssertionError(what + " failed");
    }
    return result;
  }

  static int open(String path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      return call("open " + path, OPEN, arena.allocateFrom(path), flags | O_CLOEXEC);
    }
  }

  static void close(int fd) {
    call("close", CLOSE, fd);
  }

  /** An ioctl with a pointer to an int, which is returned as the kernel leaves it. */
  static int ioctl(int fd, long request, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment at = arena.allocateFrom(ValueLayout.JAVA_LONG, value);
      call("ioctl " + Long.toHexString(request), IOCTL, fd, request, at);
      return at.get(ValueLayout.JAVA_INT, 0);
    }
  }

  /** Whether there is something to read, or nobody who could write, within some time. */
  static boolean readable(int fd, int milliseconds) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment poll = arena.allocate(8, 8);
      poll.set(ValueLayout.JAVA_INT, 0, fd);
      poll.set(ValueLayout.JAVA_SHORT, 4, (short) POLLIN);
      return call("poll", POLL, poll, 1L, milliseconds) > 0;
    }
  }

  /** What is there; nothing when it cannot be read, as a terminal without a process. */
  static byte[] read(int fd, int most) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(most);
      int got;
      try {
        got = (int) (long) READ.invokeWithArguments(fd, buffer, (long) most);
      } catch (Throwable e) {
        throw new AssertionError("read", e);
      }
      return buffer.asSlice(0, Math.max(got, 0)).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  static void write(int fd, byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      for (long at = 0; at < bytes.length; ) {
        at += call("write", WRITE, fd, buffer.asSlice(at), bytes.length - at);
      }
    }
  }

  /** A socket that listens on a path of at most 107 bytes. */
  static int listen(String path) {
    try (Arena arena = Arena.ofConfined()) {
      int socket = call("socket", SOCKET, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      MemorySegment address = arena.allocate(110);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
      address.setString(2, path);
      call("bind " + path, BIND, socket, address, 110);
      call("listen", LISTEN, socket, 1);
      return socket;
    }
  }

  /** What a message said, and the descriptor that came with it. */
  record Received(String name, int fd) {}

  /** Accepts a connection on a socket and receives a descriptor from it. */
  static Received receive(int listening) {
    if (!readable(listening, 30_000)) {
      throw new AssertionError("nobody has connected");
    }
    int socket = call("accept4", ACCEPT4, listening, MemorySegment.NULL, MemorySegment.NULL, 0);
    try (Arena arena = Arena.ofConfined()) {
      if (!readable(socket, 30_000)) {
        throw new AssertionError("nothing was sent");
      }
      MemorySegment name = arena.allocate(4096);
      MemorySegment control = arena.allocate(24, 8);
      MemorySegment part = arena.allocate(16, 8);
      part.set(ValueLayout.ADDRESS, 0, name);
      part.set(ValueLayout.JAVA_LONG, 8, name.byteSize());
      MemorySegment message = arena.allocate(56, 8);
      message.set(ValueLayout.ADDRESS, 16, part);
      message.set(ValueLayout.JAVA_LONG, 24, 1L);
      message.set(ValueLayout.ADDRESS, 32, control);
      message.set(ValueLayout.JAVA_LONG, 40, control.byteSize());
      int length = call("recvmsg", RECVMSG, socket, message, MSG_CMSG_CLOEXEC);
      if (length == 0
          || message.get(ValueLayout.JAVA_LONG, 40) != 24
          || control.get(ValueLayout.JAVA_INT, 12) != SCM_RIGHTS) {
        throw new AssertionError("a message of " + length + " bytes without a descriptor");
      }
      byte[] text = name.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
      return new Received(
          new String(text, java.nio.charset.StandardCharsets.UTF_8),
          control.get(ValueLayout.JAVA_INT, 16));
    } finally {
      close(socket);
    }
  }
}
