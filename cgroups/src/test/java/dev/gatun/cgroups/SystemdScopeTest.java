package dev.gatun.cgroups;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.linux.SyscallException;
import dev.gatun.linux.program.Descriptors;
import dev.gatun.linux.program.Kernel.Result;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names of scopes, and what is said to a bus: one of the test's own, which a machine's is not. */
@Timeout(60)
class SystemdScopeTest {
  private static final CgroupRoot ROOT = new CgroupRoot("/sys/fs/cgroup", "/a", List.of());

  @ParameterizedTest
  @CsvSource({
    "system.slice:pre:x,    -1, pre-x.scope, /system.slice",
    "a-b-c.slice::x,        -1, x.scope,     /a.slice/a-b.slice/a-b-c.slice",
    "-.slice:p:x,           -1, p-x.scope,   ''",
    ":p:x,                  -1, p-x.scope,   /system.slice",
    ":p:x,  1000, p-x.scope, /user.slice/user-1000.slice/user@1000.service/user.slice",
    "'',                    -1, gatun-id.scope, /system.slice",
  })
  void names(String path, int uid, String unit, String above) {
    SystemdScope scope = SystemdScope.of(ROOT, path, "id", "/bus", uid);
    assertEquals(unit, scope.unit());
    assertEquals(above + "/" + unit, scope.cgroup().delegated());
    assertEquals(above + "/" + unit + "/container", scope.cgroup().path());
  }

  @Test
  void aUsersManagerIsWhereTheCallerIs() {
    CgroupRoot own =
        new CgroupRoot("/sys/fs/cgroup", "/x.slice/user@7.service/app.slice/a.service", List.of());
    assertEquals(
        "/x.slice/user@7.service/user.slice/p-x.scope",
        SystemdScope.of(own, ":p:x", "id", "/bus", 7).cgroup().delegated());
  }

  @ParameterizedTest
  @CsvSource({
    "/a/b, has not the form",
    "a:b, has not the form",
    "a:b:c:d, has not the form",
    "system.slice:p:, has no name",
    "system:p:x, is no slice",
    "a--b.slice:p:x, is no slice",
    "-a.slice:p:x, is no slice",
    ".slice:p:x, is no slice",
    "../x.slice:p:x, no name of a unit",
    "system.slice:p:../../x, no name of a unit",
    "system.slice:p:x y, no name of a unit",
    "system.slice:p:x'y, no name of a unit",
  })
  void malformed(String path, String why) {
    CgroupException e =
        assertThrows(
            CgroupException.class,
            () -> SystemdScope.of(ROOT, path, "id", "/bus", SystemdScope.SYSTEM),
            path);
    assertTrue(String.valueOf(e.getMessage()).contains(why), e.getMessage());
    assertEquals(CgroupPath.PLACE, e.place());
  }

  @Test
  void whatIsMissing() {
    assertThrows(
        CgroupException.class,
        () ->
            SystemdScope.of(
                new CgroupRoot(null, null, List.of()), ":p:x", "id", "/bus", SystemdScope.SYSTEM));
    assertThrows(CgroupException.class, () -> SystemdScope.of(ROOT, ":p:x", "id", null, 1000));
    assertThrows(
        CgroupException.class,
        () -> SystemdScope.of(ROOT, ":p:x", "id", "/" + "x".repeat(200), SystemdScope.SYSTEM));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "org.systemd.property. | 1 | no name of one",
        "org.systemd.property.AB | 1 | no name of one",
        "org.systemd.property.A/~B | 1 | no name of one",
        "org.systemd.property.TasksMax | 1 2 | something behind the value",
        "org.systemd.property.TimeoutStopSec | 'long' | is no number of seconds",
        "org.systemd.property.Sec | nonsense | no value",
      })
  void propertiesThatAreNone(String key, String value, String why) {
    SystemdScope scope = SystemdScope.of(ROOT, ":p:x", "id", "/bus", SystemdScope.SYSTEM);
    CgroupException e = assertThrows(CgroupException.class, () -> scope.with(Map.of(key, value)));
    assertTrue(String.valueOf(e.getMessage()).contains(why), e.getMessage());
    assertEquals("/annotations/" + key.replace("~", "~0").replace("/", "~1"), e.place());
  }

  /** What a bus does with a connection. */
  private interface Bus {
    void serve(Conversation conversation) throws IOException;
  }

  /** The bus's end of a connection. */
  private static final class Conversation {
    private final SocketChannel channel;
    final List<String> calls = new ArrayList<>();
    byte @Nullable [] last;

    Conversation(SocketChannel channel) {
      this.channel = channel;
    }

    byte[] read(int length) throws IOException {
      ByteBuffer buffer = ByteBuffer.allocate(length);
      while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
        // More is to come.
      }
      return buffer.array();
    }

    void write(byte[] bytes) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }

    void greet() throws IOException {
      String words = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
      assertEquals(words, new String(read(words.length()), StandardCharsets.US_ASCII));
      write("DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    /** Reads a call and returns its member's name. */
    void call() throws IOException {
      byte[] head = read(16);
      ByteBuffer numbers = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
      int fields = (numbers.getInt(12) + 7) / 8 * 8;
      byte[] rest = read(fields + numbers.getInt(4));
      String text = new String(rest, 0, fields, StandardCharsets.ISO_8859_1);
      for (String member : new String[] {"Hello", "AddMatch", "StartTransientUnit", "StopUnit"}) {
        if (text.contains("\0" + member + "\0")) {
          calls.add(member);
        }
      }
      byte[] body = new byte[rest.length - fields];
      System.arraycopy(rest, fields, body, 0, body.length);
      last = body;
    }

    /** Sends a message: its kind and its body, and 13 bytes of fields, which nobody looks at. */
    void message(int kind, byte[] body) throws IOException {
      ByteBuffer out = ByteBuffer.allocate(16 + 16 + body.length).order(ByteOrder.LITTLE_ENDIAN);
      out.put((byte) 'l').put((byte) kind).put((byte) 0).put((byte) 1);
      out.putInt(body.length).putInt(7).putInt(13).put(new byte[16]).put(body);
      byte[] bytes = out.array();
      // In two pieces, as a socket may bring it.
      write(java.util.Arrays.copyOf(bytes, 20));
      write(java.util.Arrays.copyOfRange(bytes, 20, bytes.length));
    }

    void returns(int count) throws IOException {
      for (int i = 0; i < count; i++) {
        message(2, new byte[0]);
      }
    }

    void jobRemoved(String result) throws IOException {
      ByteBuffer body = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
      body.putInt(77);
      for (String text : new String[] {"/org/freedesktop/systemd1/job/77", "p-x.scope", result}) {
        while (body.position() % 4 != 0) {
          body.put((byte) 0);
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        body.putInt(bytes.length).put(bytes).put((byte) 0);
      }
      message(4, java.util.Arrays.copyOf(body.array(), body.position()));
    }

    void nameAcquired() throws IOException {
      message(4, string(":1.7"));
    }

    static byte[] string(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return ByteBuffer.allocate(5 + bytes.length)
          .order(ByteOrder.LITTLE_ENDIAN)
          .putInt(bytes.length)
          .put(bytes)
          .array();
    }
  }

  private record Started(Result result, SystemdScope.Answer answer, Conversation conversation) {}

  /** Starts a scope that no systemd makes: the program ends where it looks for the cgroup. */
  private static Started start(Path directory, Bus bus) throws Exception {
    CgroupRoot root =
        CgroupRoot.parse(
            Files.readAllBytes(Path.of("/proc/self/mountinfo")),
            Files.readAllBytes(Path.of("/proc/self/cgroup")));
    assumeTrue(root.mountPoint() != null, "optional: no cgroup2 is mounted");
    Path path = directory.resolve("bus");
    TestKernel kernel = new TestKernel();
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      CompletableFuture<Conversation> conversation =
          CompletableFuture.supplyAsync(() -> {
            try (SocketChannel channel = server.accept()) {
              Conversation talk = new Conversation(channel);
              bus.serve(talk);
              return talk;
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
      ProgramBuilder b = new ProgramBuilder(kernel.arch());
      Descriptors descriptors = new Descriptors(b);
      SystemdScope.Answer answer = new SystemdScope.Answer(b);
      Slot pid = b.slot("pid");
      b.set(pid, dev.gatun.linux.program.Arg.imm(0x12345));
      SystemdScope.of(root, "gatun-no-such.slice:p:x", "id", path.toString(), SystemdScope.SYSTEM)
          .within(1)
          .with(
              Map.of(
                  "org.systemd.property.TimeoutStopSec", "uint64 5",
                  "org.systemd.property.CollectMode", "'inactive'",
                  "org.example.note", "Slice"))
          .start(b, descriptors, answer, pid);
      descriptors.closeAll();
      Result result = kernel.run(b.build());
      return new Started(result, answer, conversation.get(20, TimeUnit.SECONDS));
    } finally {
      Files.deleteIfExists(path);
    }
  }

  private static String message(Started started) {
    SyscallException failure = started.result().failure();
    return failure == null ? "" : String.valueOf(failure.getMessage());
  }

  @Test
  void whatIsSaidToTheBus(@TempDir Path directory) throws Exception {
    Started started =
        start(
            directory,
            bus -> {
              bus.greet();
              bus.call();
              bus.call();
              bus.call();
              bus.returns(1);
              bus.nameAcquired();
              bus.returns(2);
              bus.jobRemoved("done");
            });
    assertEquals(List.of("Hello", "AddMatch", "StartTransientUnit"), started.conversation().calls);
    assertTrue(started.answer().isStarted(started.result()));
    assertNull(started.answer().refusal(started.result()));
    // The scope was never made, so the next thing fails.
    assertTrue(message(started).contains("find the cgroup of unit p-x.scope"), message(started));
    String body = new String(started.conversation().last, StandardCharsets.ISO_8859_1);
    for (String part :
        new String[] {
          "p-x.scope\0", "fail\0", "Slice\0", "gatun-no-such.slice\0", "Delegate\0", "TasksMax\0"
        }) {
      assertTrue(body.contains(part), part);
    }
    assertTrue(pid(body), body);
    // What the annotations say comes last and wins.
    int mode = body.lastIndexOf("CollectMode\0\1s\0");
    assertTrue(mode > body.indexOf("TasksMax\0"), body);
    assertTrue(body.indexOf("\10\0\0\0inactive\0", mode) > mode, body);
    int timeout = body.indexOf("TimeoutStopUSec\0\1t\0");
    assertTrue(body.indexOf("@KL\0\0\0\0\0", timeout) > timeout, body);
    assertFalse(body.contains("note"), body);
  }

  /** The array of one number, wherever its alignment puts it. */
  private static boolean pid(String body) {
    int at = body.indexOf("\2au\0");
    return at > 0 && body.indexOf("E#\1\0", at) < at + 16;
  }

  @Test
  void whatSystemdRefuses(@TempDir Path directory) throws Exception {
    Started started =
        start(
            directory,
            bus -> {
              bus.greet();
              bus.call();
              bus.call();
              bus.call();
              bus.returns(2);
              bus.message(3, Conversation.string("Unit p-x.scope\nalready exists."));
            });
    assertEquals("Unit p-x.scope already exists.", started.answer().refusal(started.result()));
    assertFalse(started.answer().isStarted(started.result()));
    assertTrue(started.result().failed());
  }

  @Test
  void aJobThatFails(@TempDir Path directory) throws Exception {
    Started started =
        start(
            directory,
            bus -> {
              bus.greet();
              bus.call();
              bus.call();
              bus.call();
              bus.returns(3);
              bus.jobRemoved("failed");
            });
    assertTrue(message(started).contains("the job of unit p-x.scope did not get done"));
    assertFalse(started.answer().isStarted(started.result()));
  }

  @Test
  void aBusThatRejectsClosesOrIsSilent(@TempDir Path directory) throws Exception {
    Started rejected =
        start(
            directory,
            bus -> {
              assertEquals(8, bus.read(8).length);
              bus.write("REJECTED EXTERNAL\r\n".getBytes(StandardCharsets.US_ASCII));
            });
    assertTrue(message(rejected).contains("does not take this user"), message(rejected));
    Started closed =
        start(
            directory,
            bus -> {
              bus.greet();
              bus.call();
              bus.call();
              bus.call();
            });
    assertTrue(
        message(closed).contains("closed the connection") || message(closed).contains("ECONNRESET"),
        message(closed));
    long began = System.nanoTime();
    Started silent =
        start(
            directory,
            bus -> {
              bus.greet();
              bus.call();
              bus.call();
              bus.call();
              bus.returns(1);
              assertEquals(1, bus.read(1).length);
            });
    assertTrue(message(silent).contains("systemd does not answer"), message(silent));
    assertTrue(System.nanoTime() - began < 10_000_000_000L);
    TestKernel kernel = new TestKernel();
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    Descriptors descriptors = new Descriptors(b);
    SystemdScope.Answer answer = new SystemdScope.Answer(b);
    SystemdScope.of(ROOT, ":p:x", "id", directory + "/none", SystemdScope.SYSTEM)
        .start(b, descriptors, answer, b.slot("pid"));
    SyscallException nobody = kernel.run(b.build()).failure();
    assertTrue(
        nobody != null && String.valueOf(nobody.getMessage()).contains("nobody is at the bus"));
  }
}
