package dev.gatun.runtime.rootfs;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Structs;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Data;
import dev.gatun.linux.program.Idioms;
import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Targets in random trees, against a walk in Java; needs no privileges. */
class MissingPathTest {
  private static final int TREES = 60;
  private static final int TARGETS = 4;
  private static final int MOST_LINKS = 40;
  private static final String[] NAMES = {"a", "b", "c", "d"};

  private enum Kind {
    DIRECTORY,
    ORDINARY,
    FILE,
    LIKE_DIRECTORY
  }

  private record Target(String path, Kind kind) {}

  /** A path that cannot be made, with the errno that says why. */
  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    private final int errno;

    Refused(int errno) {
      super("errno " + errno);
      this.errno = errno;
    }
  }

  private Path top = Path.of("/nonexistent");

  @BeforeEach
  void prepare() throws IOException {
    top = Files.createTempDirectory("gatun-paths");
  }

  @AfterEach
  void cleanUp() throws IOException {
    try (var files = Files.walk(top)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  // --- the oracle

  private static boolean exists(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean isDirectory(Path path) {
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
  }

  private static void walk(Deque<String> names, String path) {
    List<String> split = List.of(path.split("/", -1));
    for (int i = split.size() - 1; i >= 0; i--) {
      if (!split.get(i).isEmpty()) {
        names.push(split.get(i));
      }
    }
  }

  /** Walks and makes, with the root as {@code /}. */
  private static Path make(Path root, Target target) throws IOException, Refused {
    Deque<String> names = new ArrayDeque<>();
    walk(names, target.path);
    Path at = root;
    int links = 0;
    while (!names.isEmpty()) {
      String name = names.pop();
      if (!isDirectory(at)) {
        throw new Refused(Errno.ENOTDIR);
      }
      if (name.equals("..")) {
        at = at.equals(root) ? root : at.resolveSibling(".").normalize();
      } else if (!name.equals(".")) {
        Path next = at.resolve(name);
        if (Files.isSymbolicLink(next)) {
          if (names.isEmpty() && target.kind == Kind.ORDINARY) {
            throw new Refused(Errno.ENOTDIR);
          }
          if (links++ == MOST_LINKS) {
            throw new Refused(Errno.ELOOP);
          }
          String text = Files.readSymbolicLink(next).toString();
          walk(names, text);
          at = text.startsWith("/") ? root : at;
          continue;
        }
        if (!exists(next)) {
          if (names.isEmpty() && target.kind == Kind.FILE) {
            Files.createFile(next);
          } else {
            Files.createDirectory(next);
          }
        }
        at = next;
      }
    }
    boolean anything = target.kind == Kind.FILE || target.kind == Kind.LIKE_DIRECTORY;
    if (!anything && !isDirectory(at)) {
      throw new Refused(Errno.ENOTDIR);
    }
    return at;
  }

  // --- the trees

  private static String pick(Random random, String... from) {
    return from[random.nextInt(from.length)];
  }

  private static String linkText(Random random) {
    StringBuilder text = new StringBuilder(random.nextInt(3) == 0 ? "/" : "");
    int length = 1 + random.nextInt(4);
    for (int i = 0; i < length; i++) {
      text.append(i == 0 ? "" : random.nextInt(9) == 0 ? "//" : "/");
      text.append(
          random.nextInt(3) == 0 ? pick(random, "..", "..", ".", "m") : pick(random, NAMES));
    }
    return text.toString();
  }

  private static void grow(Path root, Random random) throws IOException {
    List<Path> directories = new ArrayList<>(List.of(Files.createDirectories(root)));
    int entries = random.nextInt(12);
    for (int i = 0; i < entries; i++) {
      Path path = directories.get(random.nextInt(directories.size())).resolve(pick(random, NAMES));
      if (exists(path)) {
        continue;
      }
      switch (random.nextInt(6)) {
        case 0, 1 -> directories.add(Files.createDirectory(path));
        case 2 -> Files.createFile(path);
        default -> Files.createSymbolicLink(path, Path.of(linkText(random)));
      }
    }
  }

  private static Target target(Random random) {
    StringBuilder path = new StringBuilder();
    int length = 1 + random.nextInt(4);
    for (int i = 0; i < length; i++) {
      path.append('/').append(random.nextInt(6) == 0 ? "new" : pick(random, NAMES));
    }
    return new Target(path.toString(), Kind.values()[random.nextInt(Kind.values().length)]);
  }

  /** Every name below a directory with what it is. */
  private static Map<String, String> snapshot(Path directory) throws IOException {
    Map<String, String> all = new TreeMap<>();
    try (var files = Files.walk(directory)) {
      for (Path file : files.toList()) {
        String what = isDirectory(file) ? "directory" : "file";
        if (Files.isSymbolicLink(file)) {
          what = Files.readSymbolicLink(file).toString();
        }
        all.put(directory.relativize(file).toString(), what);
      }
    }
    return all;
  }

  // --- the program

  private static Slot open(ProgramBuilder b, Path path, Slot into) {
    Idioms.openat2(
        b, imm(Constants.AT_FDCWD), b.string(path.toString()), Constants.O_PATH, 0, 0, into);
    return into;
  }

  /** Reports the errno of the first failure, how many targets there are then, and their inodes. */
  private static void add(
      ProgramBuilder b, Path root, List<Target> targets, Slot file, Slot directory) {
    Data report = b.buffer("report", 8 * (2 + TARGETS));
    Label failed = b.label("failed");
    Label end = b.label("end");
    b.onFailure(failed);
    b.step("make targets in " + root, "");
    RootDirectory in = new RootDirectory(b);
    open(b, root, in.root);
    Slot inode = b.slot("inode");
    for (int i = 0; i < targets.size(); i++) {
      Target target = targets.get(i);
      Slot fd =
          switch (target.kind) {
            case DIRECTORY -> in.directory(target.path);
            case ORDINARY -> in.ordinaryDirectory(target.path);
            case FILE -> in.like(target.path, file);
            case LIKE_DIRECTORY -> in.like(target.path, directory);
          };
      b.sys(
          Syscall.STATX,
          fd,
          in.empty,
          imm(Constants.AT_EMPTY_PATH),
          imm(Constants.STATX_INO),
          in.statx.address());
      b.load(8, inode, in.statx.address(), imm(Structs.STATX_STX_INO));
      b.store(8, report.address(), imm(16 + 8 * i), inode);
      b.store(8, report.address(), imm(8), imm(i + 1));
      Idioms.close(b, fd);
    }
    b.jump(end);
    b.bind(failed);
    b.alu(dev.gatun.linux.program.Op.Function.SUB, inode, imm(0), Slot.FAILED_ERRNO);
    b.store(8, report.address(), imm(0), inode);
    b.bind(end);
    Idioms.close(b, in.root);
    b.sys(Syscall.WRITE, imm(1), report.address(), imm(report.size()));
  }

  private ByteBuffer run(ProgramBuilder b) throws IOException, InterruptedException {
    Path image = top.resolve("image");
    Files.write(image, RootfsRun.elf(b.build()));
    assertTrue(image.toFile().setExecutable(true));
    Process process =
        new ProcessBuilder(image.toString())
            .redirectOutput(top.resolve("reports").toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("it still runs after a minute");
    }
    assertEquals(0, process.exitValue());
    return ByteBuffer.wrap(Files.readAllBytes(top.resolve("reports")))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private static long inode(Path path) throws IOException {
    return (long) Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  /** Puts the same things into a root, every time. */
  private interface Growth {
    void grow(Path root) throws IOException;
  }

  private record Tree(Growth growth, List<Target> targets, String name) {}

  private int made;
  private int refused;

  private void check(List<Tree> trees) throws IOException, InterruptedException {
    ProgramBuilder b = new ProgramBuilder(Arch.host());
    b.step("prepare", "");
    b.sys(Syscall.UMASK, imm(022));
    Slot file = open(b, Files.createFile(top.resolve("file")), b.slot("file"));
    Slot directory = open(b, top, b.slot("top"));
    for (int i = 0; i < trees.size(); i++) {
      Path place = top.resolve("t" + i);
      for (String copy : new String[] {"ours", "oracle"}) {
        trees.get(i).growth.grow(Files.createDirectories(place.resolve(copy)));
      }
      // What a way out of the root would find.
      for (String name : NAMES) {
        Files.createDirectory(place.resolve(name));
      }
      add(b, place.resolve("ours"), trees.get(i).targets, file, directory);
    }
    ByteBuffer reports = run(b);
    for (int i = 0; i < trees.size(); i++) {
      compare(trees.get(i), top.resolve("t" + i), reports);
    }
  }

  private void compare(Tree tree, Path place, ByteBuffer reports) throws IOException {
    Path ours = place.resolve("ours");
    Path oracle = place.resolve("oracle");
    String message = tree.name + ": " + tree.targets;
    int size = snapshot(oracle).size();
    long errno = reports.getLong();
    long count = reports.getLong();
    long[] inodes = new long[TARGETS];
    for (int k = 0; k < TARGETS; k++) {
      inodes[k] = reports.getLong();
    }
    int expected = 0;
    for (int k = 0; k < tree.targets.size() && expected == 0; k++) {
      try {
        Path end = make(oracle, tree.targets.get(k));
        assertTrue(count > k, message + ": target " + k + " failed with errno " + errno);
        assertEquals(inode(ours.resolve(oracle.relativize(end))), inodes[k], message);
      } catch (Refused e) {
        expected = e.errno;
        assertEquals(k, count, message);
        refused++;
      }
    }
    assertEquals(expected, errno, message);
    Map<String, String> all = snapshot(ours);
    assertEquals(snapshot(oracle), all, message);
    made += all.size() - size;
    for (String name : NAMES) {
      assertEquals(1, snapshot(place.resolve(name)).size(), message);
    }
    try (var names = Files.list(place)) {
      assertEquals(2 + NAMES.length, names.count(), message);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void targetsAreWhereTheWalkEnds(long seed) throws IOException, InterruptedException {
    List<Tree> trees = new ArrayList<>();
    for (int i = 0; i < TREES; i++) {
      Random random = new Random(seed * TREES + i);
      List<Target> targets = new ArrayList<>();
      for (int k = 0; k < TARGETS; k++) {
        targets.add(target(random));
      }
      long shape = random.nextLong();
      trees.add(
          new Tree(root -> grow(root, new Random(shape)), targets, "seed " + seed + ", tree " + i));
    }
    check(trees);
    assertTrue(made > 2 * TREES, made + " files were made");
    assertTrue(refused > TREES / 8, refused + " targets were refused");
  }

  /** What random trees hardly ever hold. The way through "new" makes the kernel give up at once. */
  @Test
  void rareWays() throws IOException, InterruptedException {
    List<Tree> trees = new ArrayList<>();
    for (String text :
        new String[] {
          "new/../f/../x",
          "new/../f/x",
          "new/../f/.",
          "new/../d/../d/x",
          "new/../../../../x",
          "/new/../d/e/../../x",
          "new/deep/er/../../../loop",
          "new/./.././x/.",
          "x/.",
          "new//../l1",
          "l2",
          "dangling",
          "x".repeat(255),
          ".hidden",
          "..x/...",
        }) {
      for (Kind kind : Kind.values()) {
        trees.add(
            new Tree(
                root -> {
                  Files.createFile(root.resolve("f"));
                  Files.createDirectories(root.resolve("d/e"));
                  Files.createSymbolicLink(root.resolve("loop"), Path.of("again/../loop"));
                  Files.createSymbolicLink(root.resolve("dangling"), Path.of("/no/d/../thing"));
                  // 38 more links behind l2: with the one that names it, 40. From l1 one too many.
                  for (int i = 0; i < MOST_LINKS; i++) {
                    String next = i == MOST_LINKS - 1 ? "/far/away" : "l" + (i + 1);
                    Files.createSymbolicLink(root.resolve("l" + i), Path.of(next));
                  }
                  Files.createSymbolicLink(root.resolve("a"), Path.of(text));
                },
                List.of(new Target("/a/b", kind), new Target("/a", kind)),
                text));
      }
    }
    check(trees);
    assertTrue(made > 0 && refused > 0, made + " files made, " + refused + " targets refused");
  }
}
