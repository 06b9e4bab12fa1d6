package dev.gatun.runtime.process;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Addr;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The records that read {@code /etc/passwd}, executed, against the same rules written in Java. */
class HomeLookupTest {
  private static final int BLOCK = 5 + HomeLookup.LONGEST + 1;
  private static final long[] USERS = {0, 1, 5, 42, 1000, 65534, 2147483648L, 4294967294L};
  private static final BigInteger MOST = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

  @TempDir private Path directory;

  /** A user, and the root directory that its home is looked up in, relative to the test's. */
  private record Case(String root, long uid) {}

  private final List<Case> cases = new ArrayList<>();

  private Path passwd(String root) throws IOException {
    return Files.createDirectories(directory.resolve(root).resolve("etc")).resolve("passwd");
  }

  private void add(String content, long uid) throws IOException {
    String root = "root" + cases.size();
    Files.write(passwd(root), content.getBytes(StandardCharsets.ISO_8859_1));
    cases.add(new Case(root, uid));
  }

  /** Executes all cases in one process. */
  private List<String> homes() throws IOException, InterruptedException {
    Label[] failed = new Label[1];
    ProgramBuilder b = TestImage.begin(failed);
    Data scratch = b.buffer("scratch", 4096);
    Data error = b.buffer("error", BLOCK);
    b.store(1, error.address(), imm(0), imm('!'));
    for (Case one : cases) {
      Slot root = TestImage.open(b, one.root());
      Label caught = b.label("caught");
      Label done = b.label("done");
      b.onFailure(caught);
      Addr home = HomeLookup.compile(b, root, one.uid(), scratch);
      b.onFailure(failed[0]);
      b.sys(Syscall.WRITE, imm(1), home, imm(BLOCK));
      b.jump(done);
      b.bind(caught);
      b.onFailure(failed[0]);
      b.store(8, error.address(), imm(8), Slot.FAILED_ERRNO);
      b.sys(Syscall.WRITE, imm(1), error.address(), imm(BLOCK));
      b.bind(done);
      Idioms.close(b, root);
    }
    b.end(imm(0));
    TestImage.Run run =
        TestImage.run(TestImage.finish(b, failed), directory, directory.resolve("image"));
    byte[] out = run.text().isEmpty() ? new byte[0] : run.out();
    assertEquals(cases.size() * BLOCK, out.length);
    List<String> homes = new ArrayList<>();
    for (int at = 0; at < out.length; at += BLOCK) {
      if (out[at] == '!') {
        homes.add("errno " + -out[at + 8]);
        continue;
      }
      int end = at;
      while (out[end] != 0) {
        end++;
      }
      homes.add(new String(out, at, end - at, StandardCharsets.ISO_8859_1));
    }
    return homes;
  }

  /** What runc's user.GetExecUser makes of a file, and the errors that are Gatun's own. */
  private static String expected(String file, long uid) {
    for (String line : file.split("\n", -1)) {
      String entry = trim(line);
      if (entry.isEmpty()) {
        continue;
      }
      String[] fields = entry.split(":", -1);
      if (!isUser(fields.length > 2 ? fields[2] : "", uid)) {
        continue;
      }
      String home = fields.length > 5 ? fields[5] : "";
      int nul = home.indexOf('\0');
      if (nul >= 0 && nul < HomeLookup.LONGEST + 1) {
        return "errno " + Errno.EINVAL;
      }
      return home.length() > HomeLookup.LONGEST ? "errno " + Errno.ENAMETOOLONG : "HOME=" + home;
    }
    return "HOME=/";
  }

  private static String trim(String line) {
    int from = 0;
    int to = line.length();
    while (from < to && " \t\u000b\f\r".indexOf(line.charAt(from)) >= 0) {
      from++;
    }
    while (from < to && " \t\u000b\f\r".indexOf(line.charAt(to - 1)) >= 0) {
      to--;
    }
    return line.substring(from, to);
  }

  /** Go's strconv.Atoi with its error thrown away: 0 for what is no number. */
  private static boolean isUser(String field, long uid) {
    boolean signed = field.startsWith("+") || field.startsWith("-");
    String digits = signed ? field.substring(1) : field;
    BigInteger value = BigInteger.ZERO;
    for (int i = 0; i < digits.length(); i++) {
      char digit = digits.charAt(i);
      if (digit < '0' || digit > '9') {
        return uid == 0;
      }
      value = value.multiply(BigInteger.TEN).add(BigInteger.valueOf(digit - '0'));
      if (value.compareTo(MOST) > 0) {
        return false;
      }
    }
    return (field.startsWith("-") ? value.negate() : value).equals(BigInteger.valueOf(uid));
  }

  @Test
  void whatPeopleWrite() throws IOException, InterruptedException {
    String debian =
        """
        root:x:0:0:root:/root:/bin/bash
        daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
        user:x:1000:1000:User,,,:/home/user:/bin/sh
        """;
    add(debian, 0);
    add(debian, 1);
    add(debian, 1000);
    add(debian, 7);
    add(debian.strip(), 1000);
    add("", 0);
    add("\n\n  \n", 0);
    add("u:x:5:5:g:/first:\nu:x:5:5:g:/second:\n", 5);
    add("u:x:0005:5:g:/zeros:", 5);
    add("u:x:+5:5:g:/plus:", 5);
    add("u:x:-5:5:g:/minus:\n", 5);
    add("u:x:18446744073709551621:5:g:/overflow:\n", 5);
    add("u:x:4294967301:5:g:/wrapped:\n", 5);
    add("u:x:5:5:g::", 5);
    add("u:x:5:5:g", 5);
    add("u:x:5 ", 5);
    add("u:x:5 :5:g:/blank:", 5);
    add("u:x:5:5:g:/blanks at the end \t\r\n", 5);
    add("# no entry\nroot:x:0:0:root:/root:/bin/bash\n", 0);
    add("# no entry\nu:x:5:5:g:/home/u:/bin/bash\n", 5);
    add("x".repeat(100_000) + "\nu:x:5:5:g:/behind:\n", 5);
    add(":".repeat(100_000) + "\nu:x:5:5:g:/behind:\n", 5);
    add("u:x:5:5:g:/" + "h".repeat(HomeLookup.LONGEST - 1) + ":", 5);
    add("u:x:5:5:g:/" + "h".repeat(HomeLookup.LONGEST) + ":", 5);
    add("u:x:5:5:g:/with\0nul:", 5);
    assertEquals(
        List.of(
            "HOME=/root",
            "HOME=/usr/sbin",
            "HOME=/home/user",
            "HOME=/",
            "HOME=/home/user",
            "HOME=/",
            "HOME=/",
            "HOME=/first",
            "HOME=/zeros",
            "HOME=/plus",
            "HOME=/",
            "HOME=/",
            "HOME=/",
            "HOME=",
            "HOME=",
            "HOME=",
            "HOME=/",
            "HOME=/blanks at the end",
            "HOME=",
            "HOME=/home/u",
            "HOME=/behind",
            "HOME=/behind",
            "HOME=/" + "h".repeat(HomeLookup.LONGEST - 1),
            "errno " + Errno.ENAMETOOLONG,
            "errno " + Errno.EINVAL),
        homes());
  }

  @Test
  void whatIsNoFile() throws IOException, InterruptedException {
    Files.createDirectories(passwd("directory"));
    passwd("missing");
    Files.createDirectories(directory.resolve("empty"));
    Files.createSymbolicLink(passwd("loop"), Path.of("passwd"));
    Files.createSymbolicLink(passwd("magic"), Path.of("/proc/self/fd/0"));
    Files.createSymbolicLink(passwd("outside"), Path.of("/../../../../../../../etc/hostname"));
    Files.createSymbolicLink(passwd("inside"), Path.of("/users"));
    Files.writeString(directory.resolve("inside/users"), "u:x:5:5:g:/linked:");
    Path fifo = passwd("fifo");
    assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
    for (String root :
        List.of("directory", "missing", "empty", "loop", "magic", "outside", "fifo", "inside")) {
      cases.add(new Case(root, 5));
    }
    assertEquals(
        List.of(
            "HOME=/", "HOME=/", "HOME=/", "HOME=/", "HOME=/", "HOME=/", "HOME=/", "HOME=/linked"),
        homes());
  }

  @Test
  void endlessFile() throws IOException, InterruptedException {
    try (java.io.RandomAccessFile file =
        new java.io.RandomAccessFile(passwd("endless").toFile(), "rw")) {
      file.setLength(1L << 40);
    }
    cases.add(new Case("endless", 5));
    assertEquals(List.of("errno " + Errno.EFBIG), homes());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void randomFiles(long seed) throws IOException, InterruptedException {
    Random random = new Random(seed);
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 250; i++) {
      long uid = USERS[random.nextInt(USERS.length)];
      String file = file(random, uid);
      add(file, uid);
      expected.add(expected(file, uid));
    }
    List<String> homes = homes();
    for (int i = 0; i < cases.size(); i++) {
      String of = directory.resolve(cases.get(i).root()) + " for " + cases.get(i).uid();
      assertEquals(expected.get(i), homes.get(i), of);
    }
    assertTrue(expected.stream().filter(e -> e.length() > "HOME=/".length()).count() > 50);
  }

  private static String file(Random random, long uid) {
    StringBuilder file = new StringBuilder();
    for (int line = random.nextInt(12); line >= 0; line--) {
      int fields = random.nextInt(10) == 0 ? random.nextInt(9) : 7;
      for (int i = 0; i < fields; i++) {
        if (i > 0) {
          file.append(':');
        }
        if (i == 2) {
          file.append(number(random, uid));
        } else {
          file.append(text(random));
        }
      }
      file.append(
          switch (random.nextInt(12)) {
            case 0 -> "\r\n";
            case 1 -> " \t\n";
            case 2 -> "\n\n";
            case 3 -> "\n  \n\f";
            default -> "\n";
          });
    }
    if (random.nextInt(3) == 0) {
      file.setLength(Math.max(0, file.length() - 1));
    }
    return file.toString();
  }

  private static String number(Random random, long uid) {
    return switch (random.nextInt(16)) {
      case 0 -> "";
      case 1 -> "-" + uid;
      case 2 -> "+" + uid;
      case 3 -> "000" + uid;
      case 4 -> uid + " ";
      case 5 -> " " + uid;
      case 6 -> uid + "x";
      case 7 -> "99999999999999999999" + uid;
      case 8 -> "9999999999999999999x";
      case 9 -> "99999999999999999999999999999999x";
      case 10 -> MOST.add(BigInteger.valueOf(random.nextInt(5) - 2)).toString();
      case 11 -> MOST.add(BigInteger.valueOf(1 + uid)).toString();
      case 12 -> Long.toString(random.nextLong());
      case 13 -> random.nextBoolean() ? "+" : "-";
      default -> random.nextBoolean() ? Long.toString(uid) : Long.toString(random.nextInt(2000));
    };
  }

  private static String text(Random random) {
    int length = random.nextInt(20) == 0 ? random.nextInt(3000) : random.nextInt(12);
    StringBuilder text = new StringBuilder(length);
    for (int i = 0; i < length; i++) {
      text.append(
          switch (random.nextInt(40)) {
            case 0 -> ' ';
            case 1 -> '\t';
            case 2 -> '#';
            case 3 -> (char) (0xa1 + random.nextInt(0x5e));
            case 4 -> random.nextInt(30) == 0 ? '\0' : '/';
            default -> (char) ('a' + random.nextInt(26));
          });
    }
    return text.toString();
  }
}
