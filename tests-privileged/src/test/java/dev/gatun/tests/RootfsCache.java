package dev.gatun.tests;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Root file systems, made once on a machine and kept outside the repository. */
final class RootfsCache {
  private static final List<String> APPLETS =
      List.of(
          "awk",
          "cat",
          "chmod",
          "cut",
          "date",
          "dd",
          "df",
          "echo",
          "env",
          "false",
          "find",
          "grep",
          "head",
          "hostname",
          "id",
          "ifconfig",
          "ionice",
          "ip",
          "ipcs",
          "kill",
          "ln",
          "ls",
          "mkdir",
          "mkfifo",
          "mknod",
          "mount",
          "mv",
          "nc",
          "nproc",
          "od",
          "ping",
          "printenv",
          "ps",
          "pwd",
          "readlink",
          "rm",
          "rmdir",
          "sed",
          "sh",
          "sleep",
          "sort",
          "stat",
          "tail",
          "test",
          "touch",
          "tr",
          "true",
          "tty",
          "umount",
          "uname",
          "wc",
          "wget",
          "whoami");

  /** Named in the directory, so that a changed list makes a new root file system. */
  private static final String DEBIAN = "debian-bookworm-redis-server";

  private RootfsCache() {}

  private static Path cache() {
    return Path.of(System.getProperty("gatun.tests.cache", "/var/cache/gatun-tests"));
  }

  /** Makes a root file system of a static busybox: three milliseconds, so each bundle has one. */
  static void busybox(Path rootfs) throws IOException {
    for (String name : List.of("bin", "etc", "tmp", "root", "home", "mnt", "var")) {
      Files.createDirectories(rootfs.resolve(name));
    }
    Path binary = Path.of("/bin/busybox");
    if (!Files.isExecutable(binary)) {
      throw new IllegalStateException("no /bin/busybox (Debian package busybox-static)");
    }
    Files.copy(binary, rootfs.resolve("bin/busybox"), StandardCopyOption.COPY_ATTRIBUTES);
    for (String applet : APPLETS) {
      Files.createSymbolicLink(rootfs.resolve("bin/" + applet), Path.of("busybox"));
    }
    Files.writeString(
        rootfs.resolve("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nkeeper:x:1000:1000::/home/keeper:/bin/sh\n");
    Files.writeString(rootfs.resolve("etc/group"), "root:x:0:\nkeeper:x:1000:\n");
  }

  /**
   * Debian with apt and redis-server, by debootstrap: half a minute the first time, for which it
   * needs Debian's mirror. It is shared by all tests, which use it read-only.
   */
  static Path debian() throws IOException {
    Path done = cache().resolve(DEBIAN);
    if (Files.isDirectory(done)) {
      return done;
    }
    Files.createDirectories(cache());
    try (FileChannel channel =
            FileChannel.open(
                cache().resolve(DEBIAN + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      if (!Files.isDirectory(done) && lock.isValid()) {
        Path part = cache().resolve(DEBIAN + ".part");
        Host.run("rm", "-rf", "--one-file-system", part.toString());
        System.err.println("making " + done + " with debootstrap");
        Host.run(
            "debootstrap", "--variant=minbase", "--include=redis-server", "bookworm", part + "");
        Host.run("rm", "-rf", part + "/var/cache/apt/archives", part + "/var/lib/apt/lists");
        Files.move(part, done, StandardCopyOption.ATOMIC_MOVE);
      }
    }
    return done;
  }
}
