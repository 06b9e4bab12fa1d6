package dev.gatun.runtime.process;

import static dev.gatun.linux.program.Arg.imm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.program.Label;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.linux.program.Slot;
import dev.gatun.oci.Linux;
import dev.gatun.oci.Personality;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Compiled processes, executed in a root directory of their own, beside what runc makes of them.
 */
@Tag("root")
class ProcessExecutionTest {
  private static final List<String> HOST = List.of("bin", "lib", "lib64", "usr");
  private static final String PATH = "\"env\": [\"PATH=/usr/bin:/bin\"]";

  @TempDir private Path directory;
  private Path root;

  @BeforeEach
  void makeRoot() throws IOException {
    Assumptions.assumeTrue(
        "root".equals(System.getProperty("user.name")), "changes credentials: needs root");
    root = directory.resolve("rootfs");
    for (String name : HOST) {
      Files.createDirectories(root.resolve(name));
    }
    for (String name : List.of("proc", "dev", "sys", "etc", "private", "some")) {
      Files.createDirectories(root.resolve(name));
    }
    TestImage.write(root.resolve("show"), TestImage.show());
    Files.writeString(root.resolve("etc/passwd"), "root:x:0:0:r:/root:\nu:x:1000:1:u:/home/u:\n");
  }

  private static String process(String args, String more) {
    return "{\"cwd\": \"/\", \"args\": [" + args + "], " + more + "}";
  }

  private Program compile(String json, int preserved, Linux linux) {
    Label[] failed = new Label[1];
    ProgramBuilder b = TestImage.begin(failed);
    Slot procfs = TestImage.open(b, "/proc");
    ProcessCompiler compiler =
        new ProcessCompiler(b, ProcessCompilerTest.process(json), "/process", preserved, 0)
            .linux(linux);
    compiler.early(procfs);
    compiler.credentials(procfs, true, "gatun-process-test");
    compiler.execve();
    b.end(imm(98));
    return TestImage.finish(b, failed);
  }

  private TestImage.Run run(String json) throws IOException, InterruptedException {
    return run(json, 0, Linux.NONE, "", "");
  }

  /** Runs in a new mount and PID namespace, with a root of its own. */
  private TestImage.Run run(String json, int preserved, Linux linux, String before, String prefix)
      throws IOException, InterruptedException {
    StringBuilder script = new StringBuilder("set -e\n");
    for (String name : HOST) {
      script.append("mount --bind /").append(name).append(" rootfs/").append(name).append('\n');
    }
    script.append("mount -t proc proc rootfs/proc\n").append(before).append('\n');
    script.append("exec ").append(prefix).append(" chroot rootfs /image\n");
    return TestImage.run(
        compile(json, preserved, linux),
        directory,
        root.resolve("image"),
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        script.toString());
  }

  /** What runc writes to standard output and error for the same process. */
  private String runc(String json) throws IOException, InterruptedException {
    StringBuilder mounts =
        new StringBuilder("{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"}");
    for (String name : HOST) {
      mounts
          .append(", {\"destination\": \"/")
          .append(name)
          .append("\", \"type\": \"bind\", \"source\": \"/")
          .append(name)
          .append("\", \"options\": [\"rbind\", \"ro\"]}");
    }
    Files.writeString(
        directory.resolve("config.json"),
        "{\"ociVersion\": \"1.0.2\", \"process\": "
            + (json.contains("\"user\"")
                ? json
                : json.replaceFirst("\\{", "{\"user\": {\"uid\": 0, \"gid\": 0}, "))
            + ", \"root\": {\"path\": \"rootfs\"}, \"mounts\": ["
            + mounts
            + "], \"linux\": {\"namespaces\": [{\"type\": \"mount\"}, {\"type\": \"pid\"}]}}");
    Path out = directory.resolve("runc-out");
    Process process =
        new ProcessBuilder(
                "runc",
                "run",
                "--bundle",
                directory.toString(),
                "gatun-process-" + System.nanoTime())
            .redirectInput(new java.io.File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "runc hangs");
    // It leaves links to what is outside, which whoever deletes the directory would warn about.
    for (java.io.File left : root.resolve("dev").toFile().listFiles()) {
      Files.delete(left.toPath());
    }
    return Files.readString(out);
  }

  private static void needRunc() {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/sbin/runc"))
            || Files.isExecutable(Path.of("/usr/bin/runc")),
        "runc is missing: package runc");
  }

  /** Lines that say what a process may do, and its limits. */
  private static String traits(String status) {
    List<String> lines = new ArrayList<>();
    for (String line : status.split("\n", -1)) {
      if (line.matches("(Umask|Uid|Gid|Groups|Cap...|NoNewPrivs):.*|Max .*")) {
        lines.add(line.stripTrailing());
      }
    }
    assertTrue(lines.size() > 20, status);
    return String.join("\n", lines);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"noNewPrivileges\": true",
        "\"user\": {\"uid\": 1000, \"gid\": 1001, \"umask\": 63, \"additionalGids\": [7, 5]}",
        "\"user\": {\"uid\": 0, \"gid\": 2000000000, \"umask\": 0}",
        "\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"soft\": 100, \"hard\": 200},"
            + " {\"type\": \"RLIMIT_CORE\", \"soft\": 0, \"hard\": 0},"
            + " {\"type\": \"RLIMIT_CPU\", \"soft\": 77, \"hard\": 18446744073709551615}]",
        "\"capabilities\": {\"bounding\": [\"CAP_KILL\", \"CAP_BPF\"], \"permitted\":"
            + " [\"CAP_KILL\", \"CAP_BPF\"], \"effective\": [\"CAP_BPF\"]}",
        "\"user\": {\"uid\": 1000, \"gid\": 1000}, \"capabilities\": {\"bounding\":"
            + " [\"CAP_KILL\", \"CAP_BPF\", \"CAP_CHOWN\"], \"permitted\": [\"CAP_KILL\", \"CAP_BPF\"],"
            + " \"effective\": [\"CAP_BPF\"], \"inheritable\": [\"CAP_BPF\"],"
            + " \"ambient\": [\"CAP_BPF\"]}",
      })
  void traitsAreThoseUnderRunc(String more) throws IOException, InterruptedException {
    needRunc();
    String json =
        process("\"/bin/cat\", \"/proc/self/status\", \"/proc/self/limits\"", more + ", " + PATH);
    assertEquals(traits(runc(json)), traits(run(json).text()));
  }

  @Test
  void capabilitiesThatTheRuntimeHasNotAreLeftOut() throws IOException, InterruptedException {
    String all = "[\"CAP_KILL\", \"CAP_CHOWN\", \"CAP_BPF\"]";
    String json =
        process(
            "\"/bin/cat\", \"/proc/self/status\", \"/proc/self/limits\"",
            "\"capabilities\": {\"bounding\": BB, \"permitted\": BB, \"effective\": BB,"
                    .replace("BB", all)
                + "\"inheritable\": BB, \"ambient\": BB}".replace("BB", all));
    String text =
        traits(
            run(json, 0, Linux.NONE, "", "capsh --drop=cap_chown,cap_bpf -- -c 'exec \"$@\"' -- ")
                .text());
    String kill = "0000000000000020";
    for (String set : List.of("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")) {
      assertTrue(text.contains(set + ":\t" + kill), text);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[\"PATH=/bin\", \"A=1\", \"PATH=/usr/bin\", \"B= =\", \"A=2\"]",
        "[\"HOME=/mine\", \"PATH=/bin\"]",
        "[\"A=1\", \"HOME=\", \"B=2\"]",
        "[]",
      })
  void environmentIsThatUnderRunc(String env) throws IOException, InterruptedException {
    needRunc();
    for (String passwd :
        List.of(
            "root:x:0:0:r:/root:\n",
            "# comment\nroot:x:0:0:r:/root:\n",
            "u:x:1:1:r:/u:\nx:x:+000:0:zero:/signed \t",
            "u:x:1:1:r:/u:\n")) {
      Files.writeString(root.resolve("etc/passwd"), passwd);
      String json = process("\"/show\", \"\", \"a b\"", "\"env\": " + env);
      assertEquals(runc(json), run(json).text());
    }
  }

  @Test
  void listenFds() throws IOException, InterruptedException {
    String json = process("\"/show\"", "\"env\": [\"HOME=/\", \"LISTEN_FDS=9\"]");
    Label[] failed = new Label[1];
    ProgramBuilder b = TestImage.begin(failed);
    Slot procfs = TestImage.open(b, "/proc");
    ProcessCompiler compiler =
        new ProcessCompiler(b, ProcessCompilerTest.process(json), "/process", 0, 2);
    compiler.credentials(procfs, false, "");
    compiler.execve();
    assertEquals(
        "/show\0HOME=/\0LISTEN_FDS=2\0LISTEN_PID=1\0",
        TestImage.run(
                TestImage.finish(b, failed),
                directory,
                root.resolve("image"),
                "chroot",
                root.toString(),
                "/image")
            .text());
  }

  /** Texts that callers match, and what runc 1.1.5 says; is a directory is a later Go's. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nosuch|/bin|exec: \"nosuch\": executable file not found in $PATH",
        "nosuch||exec: \"nosuch\": executable file not found in $PATH",
        "plain|/some|exec: \"plain\": executable file not found in $PATH",
        "folder|/some|exec: \"folder\": executable file not found in $PATH",
        "show|some|exec: \"show\": executable file not found in $PATH",
        "tool|some|exec: \"tool\": cannot run executable found relative to current directory",
        "show|:/bin|exec: \"show\": cannot run executable found relative to current directory",
        "/nosuch|/bin|exec: \"/nosuch\": ~no such file or directory",
        "/some/plain|/bin|exec: \"/some/plain\": ~permission denied",
        "/some/plain/x|/bin|exec: \"/some/plain/x\": ~not a directory",
        "some/folder|/bin|exec: \"some/folder\": ~is a directory",
      })
  void executablesThatAreNone(String name, String path, String text)
      throws IOException, InterruptedException {
    executables();
    String json =
        process(
            "\"" + name + "\"",
            path == null ? "\"env\": [\"A=b\"]" : "\"env\": [\"PATH=" + path + "\"]");
    String message = run(json).message();
    String[] parts = text.split("~", -1);
    assertTrue(message.startsWith(parts[0]), message);
    assertTrue(message.contains(parts[parts.length - 1]), message);
    assertTrue(message.endsWith("[config.json /process/args/0]"), message);
    if (!text.endsWith("is a directory")) {
      needRunc();
      String runc = runc(json).replace("\\\"", "\"");
      assertTrue(runc.contains(parts[parts.length - 1]), runc);
      assertTrue(runc.contains(parts[0].replaceFirst(": $", "")), runc);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "tool,/nosuch:/some",
    "/some/tool,/",
    "some/tool,/",
    "./some/tool,",
    "tool,/some/folder/..:/bin"
  })
  void executables(String name, String path) throws IOException, InterruptedException {
    executables();
    String json = process("\"" + name + "\"", "\"env\": [\"HOME=/\", \"PATH=" + path + "\"]");
    assertTrue(run(json).text().startsWith(name + "\0HOME=/\0"));
  }

  private void executables() throws IOException {
    Files.createDirectories(root.resolve("some/folder"));
    Files.writeString(root.resolve("some/plain"), "");
    TestImage.write(root.resolve("some/tool"), TestImage.show());
  }

  @Test
  void executableThatIsNotForThisUser() throws IOException, InterruptedException {
    executables();
    assertTrue(root.resolve("some/tool").toFile().setExecutable(false, false));
    assertTrue(root.resolve("some/tool").toFile().setExecutable(true, true));
    String message =
        run(process("\"/some/tool\"", "\"user\": {\"uid\": 1000, \"gid\": 1000}")).message();
    assertTrue(message.startsWith("exec: \"/some/tool\": faccessat2("), message);
    assertTrue(message.contains("permission denied"), message);
  }

  @Test
  void schedulingAndTheLike() throws IOException, InterruptedException {
    String script =
        "cut -d ' ' -f 19,41 /proc/self/stat; ionice; uname -m; cat /proc/self/oom_score_adj;"
            + " grep -c _ses.gatun-process-test /proc/keys; pwd";
    String json =
        "{\"cwd\": \"/some/new/place\", \"args\": [\"sh\", \"-c\", \""
            + script
            + "\"], \"oomScoreAdj\": 321, \"scheduler\": {\"policy\": \"SCHED_BATCH\", \"nice\": 7},"
            + " \"ioPriority\": {\"class\": \"IOPRIO_CLASS_BE\", \"priority\": 6}, "
            + PATH
            + "}";
    Linux linux =
        new Linux(
            List.of(),
            List.of(),
            java.util.Map.of(),
            java.util.Map.of(),
            null,
            null,
            List.of(),
            List.of(),
            java.util.Map.of(),
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            new Personality(Personality.Domain.LINUX32, List.of()));
    String text = run(json, 0, linux, "mkdir -p rootfs/some/new/place", "").text();
    assertEquals(
        List.of("7 3", "best-effort: prio 6", "321", "/some/new/place"),
        text.lines().filter(l -> !l.matches("i686|armv.*|[01]")).toList(),
        text);
    assertTrue(text.lines().anyMatch(l -> l.matches("i686|armv.*")), text);
    assertTrue(text.lines().anyMatch("1"::equals), text);
  }

  @Test
  void affinityOfAProcessThatEnters() throws IOException, InterruptedException {
    String json =
        process(
            "\"/bin/grep\", \"Cpus_allowed_list\", \"/proc/self/status\"",
            "\"execCPUAffinity\": {\"initial\": \"0-1\", \"final\": \"0\"}");
    Label[] failed = new Label[1];
    ProgramBuilder b = TestImage.begin(failed);
    Slot procfs = TestImage.open(b, "/proc");
    ProcessCompiler compiler =
        new ProcessCompiler(b, ProcessCompilerTest.process(json), "/process", 0, 0)
            .entersContainer();
    compiler.early(procfs);
    compiler.credentials(procfs, false, "");
    compiler.execve();
    assertEquals(List.of(), compiler.warnings());
    Path image = directory.resolve("image");
    assertEquals(
        "Cpus_allowed_list:\t0\n",
        TestImage.run(TestImage.finish(b, failed), Path.of("/"), image, image.toString()).text());
  }

  /** Where root may not look, the container's user may. */
  @Test
  void workingDirectoryOfTheUserAlone() throws IOException, InterruptedException {
    String json =
        "{\"cwd\": \"/private\", \"args\": [\"/bin/pwd\"], \"user\": {\"uid\": 1000, \"gid\": 1}}";
    String owner = "chown 1000 rootfs/private; chmod 700 rootfs/private";
    String weak = "capsh --drop=cap_dac_override,cap_dac_read_search -- -c 'exec \"$@\"' -- ";
    assertEquals("/private\n", run(json, 0, Linux.NONE, owner, weak).text());
    String other = run(json.replace("1000", "1001"), 0, Linux.NONE, owner, weak).message();
    assertTrue(other.contains("chdir(\"/private\"): EACCES"), other);
  }

  /** CVE-2024-21626. */
  @Test
  void workingDirectoryOutside() throws IOException, InterruptedException {
    String json = process("\"/bin/true\"", PATH).replace("\"/\"", "\"/proc/self/fd/7\"");
    String message = run(json, 0, Linux.NONE, "exec 7</", "").message();
    assertEquals(
        "working directory \"/proc/self/fd/7\" is outside of the container:"
            + " EXDEV (invalid cross-device link)"
            + " [config.json /process/cwd]",
        message.replace("Invalid", "invalid"));
  }

  @Test
  void preservedDescriptorsMustBeOpen() throws IOException, InterruptedException {
    String json = process("\"/bin/true\"", PATH);
    assertEquals("", run(json, 2, Linux.NONE, "exec 3</ 4</", "").text());
    String message = run(json, 2, Linux.NONE, "exec 3</", "").message();
    assertTrue(message.contains("EBADF"), message);
  }

  @Test
  void stdioBelongsToTheUserExceptDevices() throws IOException, InterruptedException {
    String json =
        process(
            "\"/usr/bin/stat\", \"-L\", \"-c\", \"%u\", \"/proc/self/fd/0\", \"/proc/self/fd/1\"",
            "\"user\": {\"uid\": 1000, \"gid\": 1}");
    assertEquals("0\n1000\n", run(json).text());
  }

  /** A terminal becomes the user's, but stays whose it is when the user is root. */
  @ParameterizedTest
  @CsvSource({"1000,1000", "0,5"})
  void terminal(int uid, int owner) throws IOException, InterruptedException {
    String json =
        process(
            "\"/usr/bin/stat\", \"-L\", \"-c\", \"%F %u\", \"/proc/self/fd/0\"",
            "\"user\": {\"uid\": " + uid + ", \"gid\": 1}");
    String script = "script -qec 'chown 5 $(tty); chroot rootfs /image' /dev/null #";
    assertEquals(
        "character special file " + owner + "\r\n", run(json, 0, Linux.NONE, "", script).text());
  }

  @Test
  void hardLimitThatMayNotBeRaised() throws IOException, InterruptedException {
    String json =
        process(
            "\"/bin/true\"",
            "\"rlimits\": [{\"type\": \"RLIMIT_NPROC\", \"soft\": 50, \"hard\": 200}]");
    String weak = "capsh --drop=cap_sys_resource -- -c 'exec \"$@\"' -- ";
    assertEquals("", run(json, 0, Linux.NONE, "", weak).text());
    String message = run(json, 0, Linux.NONE, "ulimit -p 100", weak).message();
    assertTrue(message.startsWith("raise RLIMIT_NPROC: prlimit64(0, "), message);
    assertTrue(
        message.endsWith("EPERM (operation not permitted) [config.json /process/rlimits/0]"),
        message);
  }
}
