package dev.gatun.runtime.lifecycle;

import static dev.gatun.linux.program.Arg.imm;

import dev.gatun.linux.Constants;
import dev.gatun.linux.Errno;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.local.LocalKernel;
import dev.gatun.linux.program.Kernel;
import dev.gatun.linux.program.ProgramBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A bundle with a busybox in it, a state root of its own, and this JVM as the runtime. */
public final class LocalContainers {
  public static final Path BUSYBOX = Path.of("/usr/bin/busybox");

  final LocalKernel kernel = new LocalKernel();
  final Path bundle;
  final String root;

  LocalContainers(Path directory) throws IOException {
    bundle = Files.createDirectories(directory.resolve("bundle"));
    root = directory.resolve("state").toString();
    Path rootfs = bundle.resolve("rootfs");
    for (String name : List.of("bin", "proc", "sys", "dev", "etc", "tmp")) {
      Files.createDirectories(rootfs.resolve(name));
    }
    Files.copy(BUSYBOX, rootfs.resolve("bin/busybox"));
    config(config());
  }

  /** What {@code runc spec} wrote, with a process that sleeps. */
  static String config() {
    return resource("runc-spec.json")
        .replaceFirst("\"args\": \\[[^]]*]", "\"args\": [\"/bin/busybox\", \"sleep\", \"1000\"]");
  }

  static String resource(String name) {
    try (var in = LocalContainers.class.getResourceAsStream("/dev/gatun/runtime/" + name)) {
      if (in == null) {
        throw new AssertionError("no resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError("resource " + name, e);
    }
  }

  void config(String text) throws IOException {
    Files.writeString(bundle.resolve("config.json"), text);
  }

  Create.Request request(String id, @Nullable String pidFile) {
    return request(id, pidFile, null);
  }

  Create.Request request(String id, @Nullable String pidFile, @Nullable String pod) {
    return new Create.Request(
        id,
        bundle.toString(),
        null,
        pidFile,
        0,
        0,
        false,
        false,
        false,
        null,
        false,
        Create.Rootless.AUTO,
        null,
        CgroupDriver.CGROUPFS,
        pod);
  }

  /** Takes the exit status of a child; its end is waited for. */
  void reap(int pid) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    b.sys(Syscall.WAITID, imm(Constants.P_PID), imm(pid), imm(0), imm(Constants.WEXITED), imm(0));
    kernel.run(b.build()).orThrow();
  }

  /** Whether this process has any child that is its own, running or not. */
  public static boolean hasChild(Kernel kernel) {
    ProgramBuilder b = new ProgramBuilder(kernel.arch());
    b.sys(
        Syscall.WAITID,
        imm(Constants.P_ALL),
        imm(0),
        imm(0),
        imm(Constants.WEXITED | Constants.WNOHANG | Constants.WNOWAIT),
        imm(0));
    Kernel.Result result = kernel.run(b.build());
    if (result.failed() && result.errno() != Errno.ECHILD) {
      result.orThrow();
    }
    return !result.failed();
  }

  /**
   * Open descriptors and what they are open on, but for what class loading opens, and what the
   * library, if tests of it ran in this JVM before, closes in its own time.
   */
  public static Map<String, String> descriptors() throws IOException {
    Map<String, String> open = allDescriptors();
    open.values().removeIf("anon_inode:[eventpoll]"::equals);
    return open;
  }

  /** Open descriptors and what they are open on, but for what class loading opens. */
  public static Map<String, String> allDescriptors() throws IOException {
    awaitReapers();
    List<Path> entries = new ArrayList<>();
    try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
      list.forEach(entries::add);
    }
    Map<String, String> open = new TreeMap<>();
    for (Path entry : entries) {
      if (Files.isSymbolicLink(entry)) {
        String target = Files.readSymbolicLink(entry).toString();
        if (!target.endsWith(".jar") && !target.endsWith("/fd")) {
          open.put(entry.getFileName().toString(), target);
        }
      }
    }
    return open;
  }

  /**
   * Waits for the JDK to close the pipes of processes that ended. It does so behind the back of
   * {@link Process#waitFor}, in a thread that has the process's number in its name until it is
   * through.
   */
  private static void awaitReapers() {
    String prefix = "process reaper (pid ";
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      String name = thread.getName();
      if (name.startsWith(prefix)) {
        String pid = name.substring(prefix.length(), name.length() - 1);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (thread.getName().equals(name) && !Files.exists(Path.of("/proc", pid))) {
          if (System.nanoTime() > end) {
            throw new AssertionError(name + " does not end");
          }
          Thread.onSpinWait();
        }
      }
    }
  }

  /** The signals that this thread blocks. */
  public static String blocked() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/thread-self/status"))) {
      if (line.startsWith("SigBlk:")) {
        return line;
      }
    }
    throw new AssertionError("no SigBlk");
  }

  /** Directories of cgroup v2 whose name has this in it. */
  public static List<String> cgroups(String id) throws IOException {
    List<String> found = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
      if (line.contains(" - cgroup2 ")) {
        try (Stream<Path> list = Files.walk(Path.of(line.split(" ", -1)[4]), 3)) {
          list.filter(path -> path.getFileName().toString().contains(id))
              .forEach(path -> found.add(path.toString()));
        } catch (UncheckedIOException e) {
          // Somebody else's cgroup went while it was looked at.
          return cgroups(id);
        }
      }
    }
    return found;
  }
}
