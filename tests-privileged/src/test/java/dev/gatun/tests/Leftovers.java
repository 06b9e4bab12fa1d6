package dev.gatun.tests;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What containers of one {@link Box} have left on the host. Everything that such a container owns
 * carries the box's token in a path: its bundle, its id and so its cgroup. Looking for the token
 * instead of comparing the host before and after keeps a busy host from failing a test.
 */
record Leftovers(List<Long> processes, List<String> mounts, List<Path> cgroups, List<Path> files) {

  static Leftovers of(String token, Path stateRoot) {
    return new Leftovers(processes(token), mounts(token), cgroups(token), files(token, stateRoot));
  }

  boolean isEmpty() {
    return processes.isEmpty() && mounts.isEmpty() && cgroups.isEmpty() && files.isEmpty();
  }

  /** Removes what a failed test left, so that the next one starts clean. */
  void remove() {
    for (Path cgroup : cgroups) {
      thaw(cgroup);
    }
    for (long pid : processes) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
    for (String mount : mounts.reversed()) {
      Host.run("umount", "-l", mount);
    }
    for (Path cgroup : cgroups.reversed()) {
      if (!Wait.within(java.time.Duration.ofSeconds(20), () -> cgroup.toFile().delete())) {
        System.err.println("cannot remove " + cgroup);
      }
    }
  }

  private static void thaw(Path cgroup) {
    Path freeze = cgroup.resolve("cgroup.freeze");
    if (Files.exists(freeze)) {
      try {
        Files.writeString(freeze, "0");
      } catch (IOException e) {
        System.err.println("cannot thaw " + cgroup + ": " + e);
      }
    }
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (long pid : processes) {
      String words = ProcFs.read(pid, "cmdline").replace('\0', ' ');
      text.append("\n  process ").append(pid).append(' ').append(words);
    }
    mounts.forEach(mount -> text.append("\n  mount ").append(mount));
    cgroups.forEach(cgroup -> text.append("\n  cgroup ").append(cgroup));
    files.forEach(file -> text.append("\n  file ").append(file));
    return text.toString();
  }

  private static List<Long> processes(String token) {
    long self = ProcessHandle.current().pid();
    String mine = ProcFs.link(self, "ns/mnt");
    List<Long> found = new ArrayList<>();
    for (long pid : ProcFs.pids()) {
      if (pid == self || !ProcFs.runs(pid)) {
        continue;
      }
      if (ProcFs.read(pid, "cmdline").contains(token)
          || ProcFs.read(pid, "cgroup").contains(token)
          || ProcFs.read(pid, "environ").contains(token)
          || (!ProcFs.link(pid, "ns/mnt").equals(mine)
              && ProcFs.read(pid, "mountinfo").contains(token))) {
        found.add(pid);
      }
    }
    return found;
  }

  private static List<String> mounts(String token) {
    List<String> found = new ArrayList<>();
    for (Host.Mount mount : Host.mounts()) {
      if (mount.line().contains(token)) {
        found.add(mount.target());
      }
    }
    return found;
  }

  private static List<Path> cgroups(String token) {
    List<Path> found = new ArrayList<>();
    for (Host.Mount mount : Host.mounts()) {
      if (mount.type().equals("cgroup") || mount.type().equals("cgroup2")) {
        collect(Path.of(mount.target()), token, found);
      }
    }
    return found;
  }

  private static void collect(Path directory, String token, List<Path> found) {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
          if (entry.toString().contains(token)) {
            found.add(entry);
          }
          collect(entry, token, found);
        }
      }
    } catch (IOException e) {
      if (Files.exists(directory)) {
        throw new AssertionError("cannot list " + directory, e);
      }
    }
  }

  private static List<Path> files(String token, Path stateRoot) {
    List<Path> found = new ArrayList<>();
    list(stateRoot, "*", found);
    // What pods of any time share; what each of them had is in there.
    Path pods = stateRoot.resolve(".pods");
    Path network = stateRoot.resolve(".network");
    found.removeAll(List.of(pods, network));
    list(pods, "*", found);
    List<Path> leases = new ArrayList<>();
    list(network.resolve("leases"), "*", leases);
    // What is no link is an address that the bridge has for good.
    leases.removeIf(lease -> !Files.isSymbolicLink(lease));
    found.addAll(leases);
    for (String place : List.of("/run", "/run/gatun", "/run/runc", "/run/netns", "/dev/shm")) {
      list(Path.of(place), "*" + token + "*", found);
    }
    Collections.sort(found);
    return found;
  }

  private static void list(Path directory, String pattern, List<Path> found) {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, pattern)) {
      entries.forEach(found::add);
    } catch (IOException e) {
      throw new AssertionError("cannot list " + directory, e);
    }
  }
}
