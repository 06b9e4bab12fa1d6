package dev.gatun.runtime.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Instruction;
import dev.gatun.oci.SpecReader;
import dev.gatun.runtime.caller.Resident;
import dev.gatun.runtime.init.InitCompiler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page about the kernel tells the truth. */
class KernelFeaturesTest {
  private static final Path ROOT = Path.of("..");

  /** Everything that makes the compiler emit what it does not emit for a default config. */
  private static final String RICH =
      """
      {"ociVersion": "1.2.0",
       "process": {"args": ["sh"], "cwd": "/work", "noNewPrivileges": true,
         "user": {"uid": 7, "gid": 7, "umask": 18, "additionalGids": [8]},
         "env": ["PATH=/bin"],
         "capabilities": {"bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"]},
         "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 64, "hard": 64}]},
       "root": {"path": "/rootfs", "readonly": true},
       "hostname": "host",
       "hooks": {"createRuntime": [{"path": "/h", "timeout": 1}],
         "createContainer": [{"path": "/h", "timeout": 1}],
         "startContainer": [{"path": "/h", "timeout": 1}]},
       "mounts": [
         {"destination": "/proc", "type": "proc", "source": "proc"},
         {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]},
         {"destination": "/mnt", "type": "bind", "source": "/srv", "options": ["rbind", "rro"]}],
       "linux": {
         "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "uts"}, {"type": "ipc"},
           {"type": "network"}, {"type": "cgroup"}, {"type": "time"}],
         "timeOffsets": {"monotonic": {"secs": 1}},
         "devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}],
         "maskedPaths": ["/proc/keys"], "readonlyPaths": ["/proc/sys"],
         "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/agent",
           "syscalls": [{"names": ["reboot"], "action": "SCMP_ACT_NOTIFY"}]},
         "rootfsPropagation": "rslave"}}
      """;

  /** The kernels that the table's row of a call names; the empty string when it has none. */
  private static String row(String table, Syscall call) {
    for (String line : table.lines().toList()) {
      if (line.startsWith("|")
          && line.split("\\|", -1)[1].contains("`" + call.kernelName() + "`")) {
        return line.split("\\|", -1)[2];
      }
    }
    return "";
  }

  private static void check(Set<Syscall> used) throws IOException {
    String table = Files.readString(ROOT.resolve("docs/kernel-features.md"));
    for (Syscall call : used) {
      if (!call.minimumKernel().isEmpty()) {
        assertTrue(
            List.of(row(table, call).trim().split(", ")).contains(call.minimumKernel()),
            call.kernelName() + " of Linux " + call.minimumKernel() + " has no such row");
      }
    }
  }

  @Test
  void everyCallThatIsCompiledIsInTheTable() throws IOException {
    Set<Syscall> used = EnumSet.noneOf(Syscall.class);
    for (Arch arch : Arch.values()) {
      InitCompiler.Image image =
          InitCompiler.compile(
              arch,
              SpecReader.readValid(RICH.getBytes(StandardCharsets.UTF_8), "config.json"),
              new InitCompiler.Options("id", "/bundle", 0, 0, false, true, true));
      for (int i = 0; i < image.program().size(); i++) {
        add(used, image.program().record(i));
      }
      var resident = Resident.build(arch);
      for (int i = 0; i < resident.size(); i++) {
        add(used, resident.record(i));
      }
    }
    assertTrue(used.contains(Syscall.OPENAT2) && used.contains(Syscall.MOUNT_SETATTR));
    check(used);
  }

  private static void add(Set<Syscall> used, Instruction record) {
    Syscall call = record.syscall();
    if (call != null) {
      used.add(call);
    }
  }

  @Test
  void everyCallOfTheSourcesIsInTheTable() throws IOException {
    Pattern use = Pattern.compile("\\bSyscall\\.([A-Z][A-Z0-9_]*)\\b");
    Set<Syscall> used = EnumSet.noneOf(Syscall.class);
    int files = 0;
    for (String module : List.of("native-bindings", "cgroups", "netns", "runtime-core", "cli")) {
      try (Stream<Path> sources = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
        for (Path source : sources.filter(path -> path.toString().endsWith(".java")).toList()) {
          files++;
          Matcher matcher = use.matcher(Files.readString(source));
          while (matcher.find()) {
            used.add(Syscall.valueOf(matcher.group(1)));
          }
        }
      }
    }
    assertTrue(files > 50 && used.contains(Syscall.PIDFD_OPEN), files + " files");
    check(used);
  }

  @Test
  void theTestsThatItNamesAreThere() throws IOException {
    String table = Files.readString(ROOT.resolve("docs/kernel-features.md"));
    Matcher matcher = Pattern.compile("`([A-Z][A-Za-z]+Test)`").matcher(table);
    int found = 0;
    while (matcher.find()) {
      String file = matcher.group(1) + ".java";
      long count = 0;
      for (String module : List.of("cgroups", "netns", "runtime-core", "cli", "tests-privileged")) {
        try (Stream<Path> sources = Files.walk(ROOT.resolve(module).resolve("src/test/java"))) {
          count += sources.filter(path -> path.endsWith(file)).count();
        }
      }
      assertEquals(1, count, file);
      found++;
    }
    assertTrue(found > 10);
  }
}
