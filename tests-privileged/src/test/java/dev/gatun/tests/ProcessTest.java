package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

/** The {@code process} section of the config. */
class ProcessTest {
  private static final String STATUS = "cat /proc/self/status";

  @OnEveryRuntime
  void argumentsArriveAsTheyAre(Box box) {
    Bundle bundle =
        box.bundle().args("/bin/sh", "-c", "for a; do echo \"[$a]\"; done", "x", "a b", "", "$c\n");
    assertEquals("[a b]\n[]\n[$c\n]", box.output(bundle));
  }

  @OnEveryRuntime
  void theProgramIsLookedUpInTheContainersPath(Box box) {
    Bundle bundle = box.bundle().args("tool", "x");
    bundle.file("opt/tool", "#!/bin/sh\necho tool $0 $1\n", "755");
    bundle.set("/process/env", "['PATH=/nowhere:/opt:/bin']");
    assertEquals("tool /opt/tool x", box.output(bundle));
  }

  @OnEveryRuntime
  void aRelativeProgramIsResolvedFromTheWorkingDirectory(Box box) {
    Bundle bundle = box.bundle().args("./tool").set("/process/cwd", "'/opt'");
    bundle.file("opt/tool", "#!/bin/sh\npwd\n", "755");
    assertEquals("/opt", box.output(bundle));
  }

  @OnEveryRuntime
  void theEnvironmentIsTheConfigs(Box box) {
    Bundle bundle =
        box.bundle().set("/process/env", "['PATH=/bin', 'HOME=/h', 'A=1=2', 'EMPTY=']").args("env");
    assertEquals(
        List.of("A=1=2", "EMPTY=", "HOME=/h", "PATH=/bin"),
        box.output(bundle).lines().sorted().toList());
  }

  @OnEveryRuntime
  void homeIsTakenFromThePasswordFile(Box box) {
    assertEquals("/root", box.output(box.bundle(), "echo $HOME"));
    Bundle keeper = box.bundle().set("/process/user", "{'uid': 1000, 'gid': 1000}");
    assertEquals("/home/keeper", box.output(keeper, "echo $HOME"));
    Bundle nobody = box.bundle().set("/process/user", "{'uid': 4321, 'gid': 1}");
    assertEquals("/", box.output(nobody, "echo $HOME"));
    assertEquals("/mine", box.output(box.bundle().env("HOME", "/mine"), "echo $HOME"));
  }

  @OnEveryRuntime
  void theWorkingDirectoryIsTheConfigs(Box box) {
    assertEquals("/tmp", box.output(box.bundle().set("/process/cwd", "'/tmp'"), "pwd"));
    Bundle missing = box.bundle().writable().set("/process/cwd", "'/made/for/me'");
    assertEquals("/made/for/me", box.output(missing, "pwd"));
  }

  @OnEveryRuntime
  void theUserAndGroupsAreTheConfigs(Box box) {
    Bundle bundle =
        box.bundle()
            .set("/process/user", "{'uid': 1000, 'gid': 2000, 'additionalGids': [5, 3000]}");
    String status = box.output(bundle, STATUS);
    assertEquals("1000\t1000\t1000\t1000", ProcFs.field(status, "Uid"));
    assertEquals("2000\t2000\t2000\t2000", ProcFs.field(status, "Gid"));
    assertEquals("5 3000", ProcFs.field(status, "Groups"));
  }

  @OnGatun
  void aGroupMayBeAnyNumberButTheLast(Box box) {
    String user = "{'uid': 3000000000, 'gid': 4294967294, 'additionalGids': [3000000001]}";
    String status = box.output(box.bundle().set("/process/user", user), STATUS);
    assertTrue(ProcFs.field(status, "Uid").startsWith("3000000000\t"), status);
    assertTrue(ProcFs.field(status, "Gid").startsWith("4294967294\t"), status);
    assertEquals("3000000001", ProcFs.field(status, "Groups"));
    box.run(box.bundle().set("/process/user", "{'uid': 4294967295, 'gid': 0}"))
        .expectFailure("4294967295");
  }

  @OnEveryRuntime
  void rootHasNoGroupsOfTheCaller(Box box) {
    assertEquals("", ProcFs.field(box.output(box.bundle(), STATUS), "Groups"));
  }

  @OnEveryRuntime
  void theUmaskIsTheConfigs(Box box) {
    assertEquals("0022", box.output(box.bundle(), "umask"));
    Bundle bundle = box.bundle().set("/process/user/umask", "63");
    assertEquals("0077", box.output(bundle, "umask"));
  }

  @OnEveryRuntime
  void standardErrorAndOutputStayApart(Box box) {
    Command run = box.run(box.bundle().script("echo out; echo err >&2; wc -c"));
    assertEquals("out\n0", run.expectSuccess().out());
    assertEquals("err", run.err());
  }

  @OnEveryRuntime
  void theFiveCapabilitySetsAreTheConfigs(Box box) {
    Bundle bundle =
        box.bundle()
            .set("/process/user", "{'uid': 1000, 'gid': 1000}")
            .set(
                "/process/capabilities",
                "{'bounding': ['CAP_CHOWN', 'CAP_KILL', 'CAP_NET_RAW'], 'effective': ['CAP_KILL'],"
                    + " 'permitted': ['CAP_KILL', 'CAP_CHOWN'], 'inheritable': ['CAP_KILL'],"
                    + " 'ambient': ['CAP_KILL']}");
    String status = box.output(bundle, STATUS);
    assertEquals("0000000000002021", ProcFs.field(status, "CapBnd"));
    assertEquals("0000000000000020", ProcFs.field(status, "CapInh"));
    assertEquals("0000000000000020", ProcFs.field(status, "CapPrm"));
    assertEquals("0000000000000020", ProcFs.field(status, "CapEff"));
    assertEquals("0000000000000020", ProcFs.field(status, "CapAmb"));
  }

  @OnEveryRuntime
  void rootHasItsBoundingSetAndNothingInheritable(Box box) {
    Bundle bundle =
        box.bundle()
            .set(
                "/process/capabilities",
                "{'bounding': ['CAP_CHOWN', 'CAP_SYS_ADMIN'], 'effective': ['CAP_CHOWN'],"
                    + " 'permitted': ['CAP_CHOWN', 'CAP_SYS_ADMIN']}");
    String status = box.output(bundle, STATUS);
    assertEquals("0000000000200001", ProcFs.field(status, "CapBnd"));
    assertEquals("0000000000200001", ProcFs.field(status, "CapPrm"));
    assertEquals("0000000000000000", ProcFs.field(status, "CapInh"));
    assertEquals("0000000000000000", ProcFs.field(status, "CapAmb"));
  }

  @OnEveryRuntime
  void anEmptyCapabilityConfigLeavesNone(Box box) {
    String status = box.output(box.bundle().set("/process/capabilities", "{}"), STATUS);
    for (String set : List.of("CapBnd", "CapPrm", "CapEff", "CapInh", "CapAmb")) {
      assertEquals("0000000000000000", ProcFs.field(status, set));
    }
  }

  @OnEveryRuntime
  void resourceLimitsAreTheConfigs(Box box) {
    // Only limits below the caller's: raising a hard limit takes CAP_SYS_RESOURCE.
    Bundle bundle =
        box.bundle()
            .set(
                "/process/rlimits",
                "[{'type': 'RLIMIT_NOFILE', 'soft': 123, 'hard': 456},"
                    + " {'type': 'RLIMIT_CORE', 'soft': 0, 'hard': 0},"
                    + " {'type': 'RLIMIT_STACK', 'soft': 1048576, 'hard': 4194304},"
                    + " {'type': 'RLIMIT_CPU', 'soft': 100, 'hard': 200}]");
    String limits = box.output(bundle, "cat /proc/self/limits").replaceAll(" +", " ");
    assertTrue(limits.contains("Max open files 123 456 files"), limits);
    assertTrue(limits.contains("Max core file size 0 0 bytes"), limits);
    assertTrue(limits.contains("Max stack size 1048576 4194304 bytes"), limits);
    assertTrue(limits.contains("Max cpu time 100 200 seconds"), limits);
  }

  @OnEveryRuntime
  void limitsThatTheConfigDoesNotSetAreTheCallers(Box box) {
    Bundle bundle = box.bundle().remove("/process/rlimits");
    String script = "cat /proc/self/limits /proc/self/coredump_filter";
    Command run =
        box.launchFromShell(
            "ulimit -S -n 321; ulimit -S -s 4096; echo 0x1 > /proc/self/coredump_filter;"
                + " exec \"$@\"",
            java.util.Map.of(),
            "run",
            "--bundle",
            bundle.script(script).write(),
            box.newId());
    String limits = run.await().expectSuccess().out().replaceAll(" +", " ");
    assertTrue(limits.contains("Max stack size 4194304 "), limits);
    assertTrue(limits.endsWith("00000001"), limits);
    if (!box.isRunc()) {
      assertTrue(limits.contains("Max open files 321 "), limits);
    }
  }

  @OnEveryRuntime
  void noNewPrivilegesIsSetOrNot(Box box) {
    assertEquals("1", ProcFs.field(box.output(box.bundle(), STATUS), "NoNewPrivs"));
    Bundle off = box.bundle().set("/process/noNewPrivileges", "false");
    assertEquals("0", ProcFs.field(box.output(off, STATUS), "NoNewPrivs"));
  }

  @OnEveryRuntime
  void theOomScoreIsTheConfigs(Box box) {
    Bundle bundle = box.bundle().set("/process/oomScoreAdj", "321");
    assertEquals("321", box.output(bundle, "cat /proc/self/oom_score_adj"));
    assertEquals("0", box.output(box.bundle(), "cat /proc/self/oom_score_adj"));
  }

  @OnEveryRuntime
  void aSessionKeyringIsItsOwnUnlessTold(Box box) {
    Bundle bundle =
        box.bundle().set("/linux/maskedPaths", "[]").script("cat /proc/keys; echo done");
    String id = box.newId();
    String own = box.call("run", "-b", bundle.write(), id).expectSuccess().out();
    assertTrue(own.contains("_ses." + id), own);
    // A keyring goes some time after its last process: only a new id shows that none was made.
    String kept = box.newId();
    Command run = box.call("run", "--no-new-keyring", "-b", bundle.write(), kept).expectSuccess();
    assertFalse(run.out().contains("_ses." + kept), run::toString);
  }

  @OnGatun
  void theIoPriorityIsTheConfigs(Box box) {
    Bundle bundle =
        box.bundle()
            .set("/process/ioPriority", "{'class': 'IOPRIO_CLASS_BE', 'priority': 6}")
            .args("/bin/ionice", "-p", "1");
    assertEquals("best-effort: prio 6", box.output(bundle));
  }

  @OnGatun
  void theSchedulerIsTheConfigs(Box box) {
    Bundle bundle =
        box.bundle()
            .set("/process/scheduler", "{'policy': 'SCHED_BATCH', 'nice': 7}")
            .script("cut -d' ' -f19,41 /proc/1/stat");
    assertEquals("7 3", box.output(bundle));
  }

  @OnGatun
  void thePersonalityIsTheConfigs(Box box) {
    Bundle bundle = box.bundle().set("/linux/personality", "{'domain': 'LINUX32'}");
    assertEquals("00000008", box.output(bundle, "cat /proc/self/personality"));
  }

  @OnEveryRuntime
  void hostAndKernelNamesAreTheConfigs(Box box) {
    Bundle bundle =
        box.bundle()
            .set("/hostname", "'miraflores'")
            .set("/linux/sysctl", "{'net.ipv4.ip_forward': '1', 'kernel.msgmax': '4321'}");
    assertEquals(
        "miraflores\n1\n4321",
        box.output(bundle, "hostname; cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax"));
  }

  @OnGatun
  void theDomainNameIsTheConfigs(Box box) {
    Bundle bundle = box.bundle().set("/domainname", "'canal.example'");
    assertEquals("canal.example", box.output(bundle, "cat /proc/sys/kernel/domainname"));
  }

  @OnEveryRuntime
  void aSysctlOfTheHostIsRefused(Box box) {
    Bundle bundle = box.bundle().set("/linux/sysctl", "{'vm.swappiness': '1'}");
    box.run(bundle).expectFailure("vm.swappiness");
    Bundle shared =
        box.bundle().removeNamespace("network").set("/linux/sysctl", "{'net.ipv4.ip_forward':'1'}");
    box.run(shared).expectFailure("net.ipv4.ip_forward");
  }
}
