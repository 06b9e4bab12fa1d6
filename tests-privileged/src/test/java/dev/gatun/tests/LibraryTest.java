package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The library in a program that has only what it exports: the isolated task runner of {@code
 * examples/}, as modules in a JVM of its own.
 */
class LibraryTest {
  private static final Path ROOT = Path.of("..");
  private static final List<String> MODULES =
      List.of("native-bindings", "oci-spec", "cgroups", "runtime-core", "examples/task-runner");

  private static Command run(Box box, String name, int seconds, int megabytes, String... command)
      throws IOException {
    return box.launch(
        box.directory(), Map.of(), taskRunner(box, name, seconds, megabytes, command));
  }

  /** The command line of a JVM that runs a task in a container. */
  static List<String> taskRunner(
      Box box, String name, int seconds, int megabytes, String... command) throws IOException {
    List<String> modules = new ArrayList<>();
    for (String module : MODULES) {
      Path classes = ROOT.resolve(module).resolve("target/classes").toAbsolutePath().normalize();
      Host.require(
          Files.exists(classes.resolve("module-info.class")), "there is no build in " + classes);
      modules.add(classes.toString());
    }
    Path sources = box.hostDirectory("sources");
    Files.writeString(sources.resolve("Hello.txt"), "hello from the sources\n");
    Path output = box.hostDirectory("output");
    Files.setAttribute(output, "unix:uid", 1234);
    Files.setAttribute(output, "unix:gid", 1235);
    List<String> words =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-p",
                String.join(":", modules),
                "--enable-native-access=dev.gatun.linux",
                "-m",
                "dev.gatun.examples.taskrunner/dev.gatun.examples.taskrunner.Main",
                box.directory().toString(),
                name,
                sources.toString(),
                output.toString(),
                Integer.toString(seconds),
                Integer.toString(megabytes)));
    words.addAll(List.of(command));
    return words;
  }

  private static void nothingIsLeft(Box box) throws IOException {
    for (String place : List.of("state", "roots")) {
      try (Stream<Path> entries = Files.list(box.directory().resolve(place))) {
        assertEquals(List.of(), entries.toList());
      }
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void aTaskSeesItsSourcesAndWritesItsOutputAndNothingElse(Box box) throws IOException {
    String script =
        """
        cat /src/Hello.txt
        echo result > /out/result || exit 10
        id -u
        touch /src/x 2>/dev/null && exit 11
        touch /usr/x /etc/x /x 2>/dev/null && exit 12
        test -e /root && exit 13
        echo of a task > /tmp/x || exit 14
        grep -c : /proc/net/dev
        ls /dev/mem 2>/dev/null && exit 15
        hostname
        echo on standard error >&2
        exit 5
        """;
    Command task = run(box, box.newId(), 60, 0, "sh", "-c", script).await().expectExit(5);
    assertEquals("hello from the sources\n1234\n1\nbuild\non standard error", task.out().strip());
    assertEquals("result\n", Files.readString(box.directory().resolve("output/result")));
    assertEquals(1234, Files.getAttribute(box.directory().resolve("output/result"), "unix:uid"));
    assertFalse(Files.exists(box.directory().resolve("sources/x")));
    nothingIsLeft(box);
  }

  @OnGatun
  void aTaskThatTakesTooLongIsEnded(Box box) throws IOException {
    String mark = "31" + ProcessHandle.current().pid();
    Command task =
        run(box, box.newId(), 5, 0, "sh", "-c", "echo begun; sleep " + mark + " & sleep " + mark)
            .await()
            .expectExit(124);
    assertEquals("begun", task.out().strip());
    assertTrue(task.err().contains("took too long"), task::toString);
    assertFalse(
        ProcessHandle.allProcesses()
            .anyMatch(process ->
                List.of(process.info().arguments().orElse(new String[0])).contains(mark)),
        "a process of the task is left");
    nothingIsLeft(box);
  }

  @OnGatun
  void theCommandLineSeesWhatTheLibraryMakes(Box box) throws IOException {
    String id = box.newId();
    Command task =
        run(box, id, 60, 0, "sh", "-c", "trap 'exit 6' TERM; echo begun; sleep 50 & wait");
    task.awaitOutput("begun");
    assertEquals("running", box.status(id));
    assertEquals(id, box.call("list", "-q").expectSuccess().out().strip());
    assertEquals("1234", box.call("exec", id, "sh", "-c", "id -u").expectSuccess().out().strip());
    box.call("kill", id, "TERM").expectSuccess();
    task.await().expectExit(6);
    nothingIsLeft(box);
  }

  @OnGatun
  void aTaskThatCannotBeRunSaysWhy(Box box) throws IOException {
    Command task = run(box, box.newId(), 60, 0, "nothing-of-this-name").await().expectExit(125);
    assertTrue(task.lastErrorLine().contains("executable file not found in $PATH"), task::toString);
    nothingIsLeft(box);
  }

  @OnGatun
  void aMemoryLimitIsSetWhereItCanBe(Box box) throws IOException {
    Command task = run(box, box.newId(), 60, 64, "sh", "-c", "grep 0:: /proc/self/cgroup").await();
    task.expectSuccess();
    boolean limited = !task.err().contains("no memory limit: ");
    assertEquals(
        Files.readString(Host.cgroup2().resolve("cgroup.controllers")).contains("memory"),
        limited,
        task::toString);
    nothingIsLeft(box);
  }
}
