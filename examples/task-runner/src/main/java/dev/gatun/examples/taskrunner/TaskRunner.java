package dev.gatun.examples.taskrunner;

import dev.gatun.runtime.ConfigException;
import dev.gatun.runtime.Container;
import dev.gatun.runtime.ExitStatus;
import dev.gatun.runtime.Gatun;
import dev.gatun.runtime.GatunException;
import dev.gatun.runtime.KernelException;
import dev.gatun.runtime.SpecBuilder;
import dev.gatun.runtime.Stdio;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs tasks in containers: no network, the sources read-only, one directory to write to, a time
 * limit, a memory limit where the machine can set one, the tools of the host and nothing else of
 * it.
 */
public final class TaskRunner {
  /** What tools need besides {@code /usr}, where they have it. */
  private static final List<String> TOOLS =
      List.of("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache");

  private static final long TMP = 256L << 20;

  private final Gatun gatun;
  private final Path roots;

  /**
   * Begins.
   *
   * @param work a directory of the runner's own: containers' states and root directories
   */
  public TaskRunner(Path work) throws IOException {
    gatun = Gatun.open(work.resolve("state"));
    roots = Files.createDirectories(work.resolve("roots"));
  }

  /**
   * Runs a task to its end.
   *
   * @param task the task
   * @param log gets what it writes, standard output and standard error
   * @return how it ended
   * @throws GatunException when it cannot be run
   */
  public Result run(Task task, OutputStream log) throws IOException, InterruptedException {
    // The task's user has to get through it.
    Path root =
        Files.createTempDirectory(
            roots,
            task.name(),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    List<String> notes = new ArrayList<>();
    try (Container container = create(task, root, notes)) {
      Thread copier = Thread.ofVirtual().start(() -> copy(container, log));
      container.start();
      Result.Outcome outcome;
      try {
        ExitStatus status = container.exit().get(task.limit().toMillis(), TimeUnit.MILLISECONDS);
        outcome = new Result.Outcome.Ended(status);
      } catch (TimeoutException e) {
        container.deleteForcibly();
        outcome = new Result.Outcome.TimedOut();
      } catch (ExecutionException e) {
        throw new IllegalStateException("the end of " + task.name() + " is not known", e);
      }
      copier.join();
      return new Result(outcome, notes);
    } finally {
      deleteDirectories(root);
    }
  }

  private Container create(Task task, Path root, List<String> notes) throws IOException {
    SpecBuilder spec = spec(task, root);
    if (task.memory().isEmpty()) {
      return create(task, spec, root);
    }
    try {
      return create(task, spec(task, root).memory(task.memory().getAsLong()), root);
    } catch (ConfigException | KernelException e) {
      // A runner that must have the limit would let this through.
      notes.add("no memory limit: " + e.getMessage());
      return create(task, spec, root);
    }
  }

  private Container create(Task task, SpecBuilder spec, Path root) {
    return gatun
        .container(task.name())
        .spec(spec.build(), root)
        .stdout(Stdio.pipe())
        .stderr(Stdio.asStdout())
        .create();
  }

  private static SpecBuilder spec(Task task, Path root) throws IOException {
    int uid = (int) Files.getAttribute(task.output(), "unix:uid");
    int gid = (int) Files.getAttribute(task.output(), "unix:gid");
    SpecBuilder spec =
        SpecBuilder.isolated(task.command())
            .user(uid, gid)
            .hostname("build")
            .env("HOME", "/tmp")
            .env("OUT", "/out")
            .tmpfs("/tmp", TMP)
            .readOnly(task.sources(), "/src")
            .writable(task.output(), "/out")
            .cwd("/src");
    for (String tool : TOOLS) {
      Path path = Path.of(tool);
      Path link = root.resolve(tool.substring(1));
      if (Files.isSymbolicLink(path)) {
        if (!Files.isSymbolicLink(link)) {
          Files.createSymbolicLink(link, Files.readSymbolicLink(path));
        }
      } else if (Files.exists(path)) {
        spec.readOnly(path, tool);
      }
    }
    return spec;
  }

  private static void copy(Container container, OutputStream log) {
    try {
      container.stdout().transferTo(log);
      log.flush();
    } catch (IOException e) {
      // Nobody reads it any more: the task is not to wait for that.
      container.deleteForcibly();
    }
  }

  /** Mount points and links are all that is in it: the mounts were the container's. */
  private static void deleteDirectories(Path directory) throws IOException {
    try (var entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (Files.isDirectory(entry, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
          deleteDirectories(entry);
        } else {
          Files.delete(entry);
        }
      }
    }
    Files.delete(directory);
  }
}
