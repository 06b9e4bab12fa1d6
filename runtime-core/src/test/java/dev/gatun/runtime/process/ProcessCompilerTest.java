package dev.gatun.runtime.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.linux.Arch;
import dev.gatun.linux.Constants;
import dev.gatun.linux.Syscall;
import dev.gatun.linux.program.Imm;
import dev.gatun.linux.program.Instruction;
import dev.gatun.linux.program.Listing;
import dev.gatun.linux.program.Program;
import dev.gatun.linux.program.ProgramBuilder;
import dev.gatun.oci.Linux;
import dev.gatun.oci.MemoryPolicy;
import dev.gatun.oci.Personality;
import dev.gatun.oci.Process;
import dev.gatun.oci.SpecReader;
import dev.gatun.runtime.ConfigException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules over compiled programs: they hold whatever the kernel answers. */
class ProcessCompilerTest {
  /** What {@code runc spec} writes. */
  static final String RUNC_SPEC =
      """
      {"terminal": false, "user": {"uid": 0, "gid": 0}, "args": ["sh"],
       "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
       "cwd": "/",
       "capabilities": {
         "bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
         "effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
         "permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
         "ambient": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]},
       "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
       "noNewPrivileges": true}
      """;

  private static final String EVERYTHING =
      """
      {"terminal": false, "user": {"uid": 1000, "gid": 1001, "umask": 63, "additionalGids": [5]},
       "args": ["/bin/sh", "-c", "true"], "env": ["PATH=/bin"], "cwd": "/some/where",
       "capabilities": {
         "bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"],
         "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]},
       "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
       "noNewPrivileges": true, "oomScoreAdj": 100,
       "apparmorProfile": "gatun-default", "selinuxLabel": "system_u:system_r:container_t:s0",
       "scheduler": {"policy": "SCHED_BATCH", "nice": 3},
       "ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 0}}
      """;

  private static final Linux LINUX =
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
          new MemoryPolicy(MemoryPolicy.Mode.MPOL_BIND, "0", List.of()),
          new Personality(Personality.Domain.LINUX32, List.of()));

  static Process process(String json) {
    return SpecReader.readProcess(json.getBytes(StandardCharsets.UTF_8), "process.json");
  }

  private static Program compile(Arch arch, Process process) {
    ProgramBuilder b = new ProgramBuilder(arch);
    ProcessCompiler compiler = new ProcessCompiler(b, process, "/process", 0, 0).linux(LINUX);
    dev.gatun.linux.program.Slot procfs = b.fd("procfs", "/proc");
    compiler.early(procfs);
    compiler.credentials(procfs, true, "test");
    compiler.execve();
    return b.build();
  }

  private static Program compile(String json) {
    return compile(Arch.X86_64, process(json));
  }

  /** Numbers of the records that make a call whose first arguments are given numbers. */
  private static List<Integer> calls(Program program, Syscall call, long... args) {
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < program.size(); i++) {
      Instruction record = program.record(i);
      boolean same = record.syscall() == call;
      for (int a = 0; same && a < args.length; a++) {
        same = record.arg(a) instanceof Imm imm && imm.value() == args[a];
      }
      if (same) {
        found.add(i);
      }
    }
    return found;
  }

  private static int only(Program program, Syscall call, long... args) {
    List<Integer> found = calls(program, call, args);
    assertEquals(1, found.size(), () -> call + "\n" + Listing.of(program));
    return found.getFirst();
  }

  private static int first(Program program, Syscall call, long... args) {
    return calls(program, call, args).getFirst();
  }

  /** Writes of a step. */
  private static List<Integer> writes(Program program, String step) {
    return calls(program, Syscall.WRITE).stream()
        .filter(i -> program.record(i).origin().step().equals(step))
        .toList();
  }

  private static int written(Program program, String step) {
    List<Integer> found = writes(program, step);
    assertEquals(1, found.size(), () -> step + "\n" + Listing.of(program));
    return found.getFirst();
  }

  private static void assertAscending(Program program, int... records) {
    for (int i = 1; i < records.length; i++) {
      int before = records[i - 1];
      int after = records[i];
      assertTrue(
          before < after,
          () ->
              Listing.line(program, before) + " must come before " + Listing.line(program, after));
    }
  }

  /** Rule 9 of the security checklist. */
  @ParameterizedTest
  @EnumSource
  void order(Arch arch) {
    Program program = compile(arch, process(EVERYTHING));
    List<Integer> keys =
        writes(
            program, "SELinux label \"system_u:system_r:container_t:s0\" for the session keyring");
    assertEquals(1, keys.size());
    assertAscending(
        program,
        keys.getFirst(),
        only(program, Syscall.KEYCTL, Constants.KEYCTL_JOIN_SESSION_KEYRING),
        only(program, Syscall.PRCTL, Constants.PR_SET_NO_NEW_PRIVS, 1),
        only(program, Syscall.SCHED_SETATTR),
        only(program, Syscall.IOPRIO_SET),
        only(program, Syscall.PERSONALITY),
        only(program, Syscall.SET_MEMPOLICY),
        written(program, "AppArmor profile \"gatun-default\""),
        written(program, "SELinux label \"system_u:system_r:container_t:s0\""),
        first(program, Syscall.CHDIR),
        only(program, Syscall.PRCTL, Constants.PR_CAPBSET_DROP),
        only(program, Syscall.PRCTL, Constants.PR_SET_KEEPCAPS, 1),
        only(program, Syscall.FCHOWN),
        only(program, Syscall.SETGROUPS, 1),
        only(program, Syscall.SETRESGID, 1001, 1001, 1001),
        only(program, Syscall.SETRESUID, 1000, 1000, 1000),
        calls(program, Syscall.CHDIR).getLast(),
        only(program, Syscall.GETCWD),
        only(program, Syscall.PRCTL, Constants.PR_SET_KEEPCAPS, 0),
        only(program, Syscall.CAPSET),
        only(program, Syscall.PRCTL, Constants.PR_CAP_AMBIENT, Constants.PR_CAP_AMBIENT_CLEAR_ALL),
        only(
            program,
            Syscall.PRCTL,
            Constants.PR_CAP_AMBIENT,
            Constants.PR_CAP_AMBIENT_RAISE,
            Constants.CAP_KILL),
        calls(program, Syscall.FACCESSAT2).stream()
            .filter(i -> program.record(i).origin().step().startsWith("exec:"))
            .findFirst()
            .orElseThrow(),
        only(program, Syscall.EXECVE));
    assertEquals(2, calls(program, Syscall.CHDIR).size());
  }

  /** The container's files are read with the runtime's rights, not followed by a magic link. */
  @Test
  void passwdIsOpenedInTheRoot() {
    Program program = compile(EVERYTHING);
    int open = only(program, Syscall.OPENAT2, Constants.AT_FDCWD);
    assertTrue(open < first(program, Syscall.CHDIR), "the working directory is the root");
    Program homeless = compile(EVERYTHING.replace("PATH=/bin\"", "PATH=/bin\", \"HOME=/h\""));
    assertFalse(
        calls(homeless, Syscall.OPENAT2).stream()
            .anyMatch(i -> homeless.record(i).origin().step().startsWith("home")));
  }

  /** CVE-2022-27650: without a word in the configuration all sets are written, as empty ones. */
  @Test
  void capabilitiesAreAlwaysWritten() {
    Program program =
        compile("{\"args\": [\"/x\"], \"cwd\": \"/\", \"user\": {\"uid\": 0, \"gid\": 0}}");
    only(program, Syscall.PRCTL, Constants.PR_CAPBSET_DROP);
    only(program, Syscall.CAPSET);
    only(program, Syscall.PRCTL, Constants.PR_CAP_AMBIENT, Constants.PR_CAP_AMBIENT_CLEAR_ALL);
    only(program, Syscall.SETGROUPS, 0);
    only(program, Syscall.SETRESUID, 0, 0, 0);
    assertTrue(calls(program, Syscall.CAPGET).isEmpty());
  }

  @Test
  void size() {
    int empty = new ProgramBuilder(Arch.X86_64).build().size();
    Program program = compile(RUNC_SPEC);
    assertTrue(program.size() - empty < 260, () -> program.size() + "\n" + Listing.of(program));
  }

  @Test
  void warnings() {
    List<String> warnings =
        new ProcessCompiler(new ProgramBuilder(Arch.X86_64), process(RUNC_SPEC), "/process", 0, 0)
            .warnings();
    assertEquals(
        List.of(
            "capabilities that are ambient but not permitted and inheritable cannot be granted:"
                + " CAP_KILL, CAP_NET_BIND_SERVICE, CAP_AUDIT_WRITE"
                + " [config.json /process/capabilities/ambient]"),
        warnings);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'\"args\": [\"/x\"]'|'\"args\": []'|args must not be empty [config.json /process/args]",
        "'\"uid\": 0'|'\"uid\": 4294967295'|not a user or group: 4294967295"
            + " [config.json /process/user/uid]",
        "'\"gid\": 0'|'\"gid\": 4294967295'|not a user or group: 4294967295"
            + " [config.json /process/user/gid]",
        "'\"gid\": 0'|'\"gid\": 0, \"additionalGids\": [4294967295]'|not a user or group: 4294967295"
            + " [config.json /process/user/additionalGids/0]",
        "'\"/c\"'|'\"c\"'|not an absolute path: \"c\" [config.json /process/cwd]",
        "'[\"A=b\"]'|'[\"A=b\", \"Ab\"]'|invalid environment variable: \"Ab\""
            + " [config.json /process/env/1]",
        "'[\"A=b\"]'|'[\"=b\"]'|invalid environment variable: \"=b\" [config.json /process/env/0]",
        "'[\"A=b\"]'|'[\"\"]'|invalid environment variable: \"\" [config.json /process/env/0]",
      })
  void refusals(String what, String instead, String message) {
    String json =
        "{\"args\": [\"/x\"], \"cwd\": \"/c\", \"user\": {\"uid\": 0, \"gid\": 0},"
            + " \"env\": [\"A=b\"]}";
    compile(json);
    assertTrue(json.contains(what));
    ConfigException refused =
        assertThrows(ConfigException.class, () -> compile(json.replace(what, instead)));
    assertEquals(message, refused.getMessage());
  }

  @Test
  void environmentKeepsTheFirstPlaceAndTheLastValue() {
    Environment environment = new Environment(List.of("A=1", "B=2", "A=3", "AB=4", "A=="), "/e");
    environment.put("C=5");
    environment.put("B=6");
    assertEquals(List.of("A==", "B=6", "AB=4", "C=5"), environment.entries());
    assertEquals("=", environment.get("A"));
    assertEquals(null, environment.get("AC"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"0|1", "0-3,7|8f", "1,1|2", "63|8000000000000000", "60-64|f000000000000000 1"})
  void lists(String list, String words) {
    StringBuilder found = new StringBuilder();
    for (long word : Scheduling.mask(list, "/nodes")) {
      found.append(' ').append(Long.toHexString(word));
    }
    assertEquals(words, found.substring(1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"-", "1-", "-1", "2-1", "1,", ",1", "1,,2", "a", "1 ", "8192", "99999999999"})
  void noLists(String list) {
    assertThrows(ConfigException.class, () -> Scheduling.mask(list, "/nodes"));
  }
}
