package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.runtime.caller.Protocol;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The caller itself, with a shell script in the place of its JVM: descriptor 0 of the script is the
 * socket.
 */
class CallerSafetyTest {
  private static final String LOST = "gatun: the JVM behind this command ended unexpectedly\n";

  @TempDir Path prefix;
  private Path gatun;
  private Path java;

  @BeforeEach
  void caller() throws IOException {
    gatun = Files.createDirectories(prefix.resolve("bin")).resolve("gatun");
    Files.write(gatun, EmitCaller.elf(Arch.host()));
    assertTrue(gatun.toFile().setExecutable(true));
    java = Files.createDirectories(prefix.resolve("lib/gatun/bin")).resolve("java");
  }

  private void jvm(String script) throws IOException {
    Files.writeString(java, "#!/bin/sh\nPATH=/usr/bin:/bin\ncd " + prefix + "\n" + script + "\n");
    assertTrue(java.toFile().setExecutable(true));
  }

  /** How the caller ended, and what it wrote to its standard error. */
  private record Ended(int status, String error) {}

  private static Ended end(Process process) throws IOException, InterruptedException {
    String error = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("the caller is still there: " + error);
    }
    return new Ended(process.exitValue(), error);
  }

  /** Runs shell commands that begin with the caller as {@code $0}. */
  private Ended shell(String command) throws IOException, InterruptedException {
    return end(new ProcessBuilder("/bin/sh", "-c", command, gatun.toString()).start());
  }

  /** Descriptors as the script lists them: number, blank, what it is open on. */
  private Map<Integer, String> listed(String file) throws IOException {
    Map<Integer, String> open = new TreeMap<>();
    for (String line : Files.readAllLines(prefix.resolve(file))) {
      int blank = line.indexOf(' ');
      open.put(Integer.parseInt(line.substring(0, blank)), line.substring(blank + 1));
    }
    return open;
  }

  /** Lists a process's descriptors to a file, in another process. */
  private static String list(String pid, String file) {
    return "sh -c 'for f in /proc/$0/fd/*; do t=$(readlink $f) && echo \"${f##*/} $t\"; done >$1' "
        + pid
        + " "
        + file
        + "\n";
  }

  @Test
  void closedStandardDescriptorsAreFilledBeforeAnythingElseIsOpened() throws Exception {
    jvm(list("$PPID", "caller") + list("$$", "java"));
    assertEquals(1, shell("exec \"$0\" <&- >&- 2>&-").status());
    Map<Integer, String> caller = listed("caller");
    for (int fd = 0; fd <= 2; fd++) {
      assertEquals("/dev/null", caller.get(fd), "descriptor " + fd);
    }
    Map<Integer, String> its = listed("java");
    assertTrue(its.getOrDefault(0, "none").startsWith("socket:"), its.toString());
    assertEquals("/dev/null", its.get(1));
    assertEquals("/dev/null", its.get(2));
  }

  @Test
  void preservedDescriptorsStayAsTheyAreAndItsOwnAreOutOfTheWay() throws Exception {
    // A moment later the child's end of the socket is closed in the caller.
    jvm(
        "for i in $(seq 1000); do\n"
            + "  [ $(ls -l /proc/$PPID/fd | grep -c socket:) -gt 1 ] || break\n"
            + "  sleep 0.02\n"
            + "done\n"
            + list("$PPID", "caller")
            + list("$$", "java"));
    assertEquals(
        1, shell("exec \"$0\" 3</dev/zero 5>/dev/full 9</dev/urandom </dev/null").status());
    Map<Integer, String> caller = listed("caller");
    assertEquals("/dev/null", caller.get(0));
    assertEquals("/dev/zero", caller.remove(3));
    assertEquals("/dev/full", caller.remove(5));
    assertEquals("/dev/urandom", caller.remove(9));
    List<Integer> own = new ArrayList<>(caller.keySet());
    own.removeAll(List.of(0, 1, 2));
    assertEquals(List.of(200), own, caller.toString());
    assertTrue(String.valueOf(caller.get(200)).startsWith("socket:"), caller.toString());
    Map<Integer, String> its = listed("java");
    // The shell keeps the script itself open.
    its.values().removeIf(target -> target.equals(java.toString()));
    assertEquals(List.of(0, 1, 2), new ArrayList<>(its.keySet()), its.toString());
    assertTrue(String.valueOf(its.get(0)).startsWith("socket:"), its.toString());
  }

  @Test
  void whereFewDescriptorsAreAllowedItStillStarts() throws Exception {
    jvm(list("$PPID", "caller"));
    Ended ended = shell("ulimit -n 16; exec \"$0\" </dev/null");
    assertEquals(new Ended(1, LOST), ended);
    assertTrue(listed("caller").values().stream().anyMatch(target -> target.startsWith("socket:")));
  }

  @Test
  void aMissingJvmIsOneSentenceWithPathAndError() throws Exception {
    Ended ended = shell("exec \"$0\" state x");
    assertEquals(
        new Ended(
            1,
            "gatun: cannot start its JVM: execve(\""
                + java
                + "\"): error number 2, see errno(3)\n"),
        ended);
  }

  @Test
  void aJvmThatMayNotBeExecutedIsOneSentenceToo() throws Exception {
    Files.writeString(java, "#!/bin/sh\n");
    assertTrue(java.toFile().setExecutable(false, false));
    Ended ended = shell("exec \"$0\" state x");
    assertEquals(1, ended.status());
    assertTrue(ended.error().contains("error number 13, "), ended.error());
  }

  @Test
  void theCallerIsFoundThroughALinkToIt() throws Exception {
    jvm("touch ran");
    Path link = prefix.resolve("link");
    Files.createSymbolicLink(link, gatun);
    assertEquals(1, end(new ProcessBuilder(link.toString(), "x").start()).status());
    assertTrue(Files.exists(prefix.resolve("ran")));
  }

  private static String octal(byte[] bytes) {
    StringBuilder out = new StringBuilder();
    for (byte b : bytes) {
      out.append('\\');
      for (int shift = 6; shift >= 0; shift -= 3) {
        out.append((char) ('0' + ((b & 0xff) >> shift & 7)));
      }
    }
    return out.toString();
  }

  private static byte[] header(long length, long kind, long outputs, long slots) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    long[] fields = {length | kind << 32, outputs, slots};
    for (long field : fields) {
      for (int i = 0; i < 8; i++) {
        out.write((int) (field >>> (8 * i)));
      }
    }
    return out.toByteArray();
  }

  @ParameterizedTest
  @CsvSource({
    "0x01000001, 1, 0", // above the largest body
    "0xffffffff, 1, 0",
    "64, 2, 0", // a kind that only the caller says
    "64, 77, 0",
    "64, 1, 65537", // more slots than there are
    "64, 1, -1",
  })
  void aWrongFrameEndsItWithOneSentence(String length, long kind, long slots) throws Exception {
    jvm(
        "printf '"
            + octal(header(Long.decode(length), kind, Protocol.ARENA, slots))
            + "' >&0\ncat <&0 >/dev/null");
    assertEquals(new Ended(1, LOST), shell("exec \"$0\" x"));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 23, 24, 63})
  void aTruncatedFrameEndsItWithOneSentence(int bytes) throws Exception {
    byte[] frame = new byte[88];
    byte[] header = header(64, Protocol.RUN, Protocol.ARENA, 8);
    System.arraycopy(header, 0, frame, 0, header.length);
    byte[] part = Arrays.copyOf(frame, bytes);
    jvm("head -c " + Protocol.HEADER + " <&0 >/dev/null\nprintf '" + octal(part) + "' >&0\n");
    assertEquals(new Ended(1, LOST), shell("exec \"$0\" x"));
  }

  @Test
  void aJvmThatEndsAtOnceIsOneSentence() throws Exception {
    jvm("exit 3");
    // Whether it is noticed while the command line is told or after that depends on the moment.
    for (int i = 0; i < 20; i++) {
      Ended ended = shell("BIG=$(head -c 60000 /dev/zero | tr '\\0' x); export BIG; exec \"$0\" x");
      assertEquals(new Ended(1, LOST), ended);
    }
  }

  @Test
  void aTerminationSignalEndsAShortCommand() throws Exception {
    jvm("touch there\ncat <&0 >/dev/null");
    Process process = new ProcessBuilder(gatun.toString(), "state", "x").start();
    for (int i = 0; i < 1000 && !Files.exists(prefix.resolve("there")); i++) {
      Thread.sleep(10);
    }
    process.toHandle().destroy();
    assertEquals(128 + 15, end(process).status());
  }

  /** What the caller said of its command line: argc, arguments, environment. */
  private List<byte[]> hello() throws IOException {
    byte[] head = Files.readAllBytes(prefix.resolve("head"));
    byte[] body = Files.readAllBytes(prefix.resolve("body"));
    assertEquals(Protocol.HEADER, head.length);
    List<byte[]> words = new ArrayList<>();
    words.add(Arrays.copyOf(body, 8));
    int begin = 8;
    for (int i = 8; i < body.length; i++) {
      if (body[i] == 0) {
        words.add(Arrays.copyOfRange(body, begin, i));
        begin = i + 1;
      }
    }
    assertEquals(body.length, begin, "the last word is ended");
    return words;
  }

  private static final String TAKE_HELLO =
      "head -c 24 <&0 >head; head -c $(od -An -tu4 -N4 head) <&0 >body\n";

  @Test
  void argumentsAndEnvironmentArriveWhole() throws Exception {
    jvm(TAKE_HELLO);
    shell(
        "bad=$(printf 'b\\377\\300d'); exec env -i EMPTY= \"BAD=$bad\" \"$0\" '' run \"$bad\" ''"
            + " 'a b' naïve");
    List<byte[]> words = hello();
    List<byte[]> wanted = new ArrayList<>();
    wanted.add(new byte[] {(byte) Arch.host().elfMachine(), 0, 0, 0, 7, 0, 0, 0});
    byte[] bad = {'b', (byte) 0xff, (byte) 0xc0, 'd'};
    for (String word : List.of(gatun.toString(), "", "run")) {
      wanted.add(word.getBytes(StandardCharsets.UTF_8));
    }
    wanted.add(bad);
    for (String word : List.of("", "a b", "naïve", "EMPTY=")) {
      wanted.add(word.getBytes(StandardCharsets.UTF_8));
    }
    wanted.add(new byte[] {'B', 'A', 'D', '=', 'b', (byte) 0xff, (byte) 0xc0, 'd'});
    assertEquals(wanted.size(), words.size());
    for (int i = 0; i < wanted.size(); i++) {
      assertArrayEquals(wanted.get(i), words.get(i), "word " + i);
    }
  }

  @Test
  void withoutArgumentsAndEnvironmentThereIsOnlyTheName() throws Exception {
    jvm(TAKE_HELLO);
    shell("exec env -i \"$0\"");
    List<byte[]> words = hello();
    assertEquals(2, words.size());
    assertEquals(gatun.toString(), new String(words.get(1), StandardCharsets.UTF_8));
  }

  @Test
  void aLargeEnvironmentArrivesWhole() throws Exception {
    jvm(TAKE_HELLO);
    ProcessBuilder builder = new ProcessBuilder(gatun.toString(), "list");
    builder.environment().clear();
    long bytes = 0;
    for (int i = 0; i < 1200; i++) {
      String value = Integer.toString(i).repeat(30);
      builder.environment().put("NAME" + i, value);
      bytes += value.length();
    }
    assertTrue(bytes > 100_000, bytes + " bytes");
    Map<String, String> wanted = Map.copyOf(builder.environment());
    end(builder.start());
    Map<String, String> found = new TreeMap<>();
    List<byte[]> words = hello();
    for (byte[] word : words.subList(3, words.size())) {
      String text = new String(word, StandardCharsets.UTF_8);
      int equals = text.indexOf('=');
      found.put(text.substring(0, equals), text.substring(equals + 1));
    }
    assertEquals(new TreeMap<>(wanted), found);
  }
}
