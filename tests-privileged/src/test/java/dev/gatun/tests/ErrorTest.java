package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Failures of the container's own making and what their last line says. */
class ErrorTest {
  @OnEveryRuntime
  void aProgramThatDoesNotExistFailsCreateAndRun(Box box) throws IOException {
    String missing = "executable file not found in $PATH";
    String bundle = box.bundle().args("nonesuch").write();
    for (String command : List.of("create", "run")) {
      Path log = box.directory().resolve(command + ".log");
      box.call("--log", log + "", "--log-format", "json", command, "-b", bundle, box.newId())
          .expectFailure(missing, "nonesuch");
      List<String> lines = Files.readAllLines(log);
      JsonNode last = Box.parse(lines.getLast());
      assertEquals("error", last.get("level").asText());
      assertTrue(last.get("msg").asText().contains(missing), last::toString);
      if (!box.isRunc()) {
        assertEquals(1, lines.size(), "podman reads the whole file as one object");
      }
    }
    box.run(box.bundle().args("/bin/nonesuch")).expectFailure("no such file or directory");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void aProgramThatIsNotExecutableIsDenied(Box box) {
    Bundle bundle = box.bundle().args("/opt/data");
    bundle.file("opt/data", "data", "644");
    for (String command : List.of("create", "run")) {
      box.call(command, "-b", bundle.write(), box.newId()).expectFailure("permission denied");
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void aProgramThatIsADirectoryIsSaidToBeOne(Box box) {
    box.run(box.bundle().args("/etc")).expectFailure("is a directory", "/process/args");
    box.expectNothingLeft();
  }

  @OnGatun
  void aFailingExecveIsReportedByStart(Box box) {
    Bundle format = box.bundle().args("/opt/empty");
    format.file("opt/empty", "\u0000\u0001\u0002", "755");
    String id = box.create(format);
    box.call("start", id).expectFailure("execve", "/opt/empty", "ENOEXEC", "exec format error");
    assertEquals("stopped", box.status(id));
    box.call("delete", id).expectSuccess();

    Bundle script = box.bundle().args("/opt/script");
    script.file("opt/script", "#!/no/such/interpreter\n", "755");
    String other = box.create(script);
    box.call("start", other).expectFailure("execve", "/opt/script", "ENOENT");
    box.call("delete", other).expectSuccess();

    box.run(script).expectFailure("execve", "/opt/script", "no such file or directory");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void aMountThatTheKernelRefusesFailsCreate(Box box) {
    Bundle bundle = box.bundle().mount("/mnt", "nosuchfs", "none");
    Command create = box.call("create", "-b", bundle.write(), box.newId());
    create.expectFailure("/mnt");
    if (!box.isRunc()) {
      int index = bundle.mounts().size() - 1;
      create.expectFailure("mount /mnt", "ENODEV", "[config.json /mounts/" + index + "]");
    }
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void aMissingBindSourceFailsCreate(Box box) {
    Bundle bundle = box.bundle().bind(Path.of("/nonexistent/source"), "/mnt");
    Command create = box.call("create", "-b", bundle.write(), box.newId());
    create.expectFailure("/nonexistent/source", "no such file or directory");
    if (!box.isRunc()) {
      int index = bundle.mounts().size() - 1;
      create.expectFailure("ENOENT", "[config.json /mounts/" + index);
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void aBadStepNamesCallArgumentsErrnoAndPlace(Box box) {
    Bundle option = box.bundle().mount("/mnt", "tmpfs", "tmpfs", "size=nonsense");
    int index = option.mounts().size() - 1;
    box.run(option).expectFailure("fsconfig(", "EINVAL", "invalid argument", "/mounts/" + index);
    Bundle sysctl = box.bundle().set("/linux/sysctl", "{'net.ipv4.ip_forward': 'nonsense'}");
    box.run(sysctl).expectFailure("write(", "EINVAL", "/linux/sysctl/net.ipv4.ip_forward");
    Bundle cwd = box.bundle().set("/process/cwd", "'/bin/busybox'");
    box.run(cwd).expectFailure("(", "ENOTDIR", "not a directory", "/process/cwd");
    Bundle limit =
        box.bundle()
            .set(
                "/process/rlimits",
                "[{'type': 'RLIMIT_NOFILE', 'soft': 4000000000, 'hard': 4000000000}]");
    box.run(limit).expectFailure("prlimit64(", "EPERM", "/process/rlimits/0");
    box.expectNothingLeft();
  }

  @OnGatun
  void whatCannotBeHadIsRefusedByName(Box box) {
    // Nothing of a config is ever ignored in silence.
    Bundle cache = box.bundle().set("/linux/intelRdt", "{'closID': 'a'}");
    box.run(cache).expectFailure("Intel RDT", "[config.json /linux/intelRdt");
    box.expectNothingLeft();
  }

  @OnEveryRuntime
  void aFailedStartDoesNotHideTheReason(Box box) {
    Bundle bundle = box.bundle().args("/bin/false");
    String id = box.create(bundle);
    box.call("start", id).expectSuccess();
    box.awaitStatus(id, "stopped");
    box.call("start", id).expectFailure();
  }

  /** Container, pod and exec; what is in the directory besides the pid file stays. */
  private static void noPidFile(Box box, Path directory, String... texts) throws IOException {
    String file = directory.resolve("pid").toString();
    String bundle = box.bundle().args("/bin/sleep", "1000").write();
    String id = box.newId();
    box.call("create", "-b", bundle, id).expectSuccess();
    box.call("start", id).expectSuccess();
    List<Path> before = list(directory);
    box.call("create", "-b", bundle, "--pid-file", file, box.newId()).expectFailure(texts);
    assertEquals(before, list(directory));
    box.call("pod", "create", "--pid-file", file, box.newId()).expectFailure(texts);
    assertEquals(before, list(directory));
    box.call("exec", "-d", "--pid-file", file, id, "/bin/sleep", "1000").expectExit(255);
    assertEquals(before, list(directory));
    box.call("delete", "--force", id).expectSuccess();
  }

  private static List<Path> list(Path directory) throws IOException {
    try (java.util.stream.Stream<Path> all = Files.list(directory)) {
      return all.sorted().toList();
    }
  }

  @OnGatun
  void aPidFileThatCannotBeWrittenIsNotLeftHalf(Box box) throws IOException {
    Files.createDirectory(box.hostDirectory("taken").resolve("pid"));
    noPidFile(box, box.hostDirectory("taken"), "pid file", "EISDIR");
    Path disk = box.hostDirectory("disk");
    Host.run("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", disk.toString());
    try {
      Files.writeString(disk.resolve("full"), "x");
      noPidFile(box, disk, "pid file", "ENOSPC");
    } finally {
      Host.run("umount", disk.toString());
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void aFullDiskFailsCreateAndLeavesNothing(Box box) throws IOException {
    Path disk = box.hostDirectory("disk");
    String bundle = box.bundle().args("/bin/true").write();
    // Room for the directory and a page or two, not for the state of a container.
    for (String size : List.of("4k", "8k")) {
      Host.run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", disk.toString());
      try {
        if (size.equals("4k")) {
          Files.writeString(disk.resolve("full"), "x");
        }
        Path root = disk.resolve("state");
        box.call("--root", root.toString(), "create", "-b", bundle, box.newId())
            .expectFailure("write", "ENOSPC", "no space left on device");
        try (java.util.stream.Stream<Path> left = Files.list(root)) {
          assertEquals(List.of(), left.toList());
        }
      } finally {
        Host.run("umount", disk.toString());
      }
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void aLogThatCannotBeWrittenDoesNotHideTheReason(Box box) {
    Command create =
        box.call("--log", "/nonexistent/log", "create", "-b", "/nonexistent", box.newId());
    create.expectFailure("/nonexistent", "no such file or directory");
    assertTrue(create.err().contains("cannot write log \"/nonexistent/log\""), create::toString);
  }
}
