package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a kernel lacks, or forbids, is one sentence or no matter. */
class KernelFeatureTest {
  private static final int EACCES = 13;
  private static final int EINVAL = 22;
  private static final int ETXTBSY = 26;
  private static final int MFD_EXEC = 0x10;
  private static final int F_SEAL_EXEC = 0x20;

  private static Command under(Box box, List<SeccompThread.Rule> rules, String... words) {
    return SeccompThread.under(rules, () -> box.launch(words)).await();
  }

  private static List<SeccompThread.Rule> enosys(String... names) {
    List<SeccompThread.Rule> rules = new ArrayList<>();
    for (String name : names) {
      rules.add(SeccompThread.Rule.enosys(name));
    }
    return rules;
  }

  /** Every call without which a container cannot be: neither create nor run does half of it. */
  @OnGatun
  void aMissingSystemCallIsNamedWithTheKernelThatHasIt(Box box) {
    Map<String, String> needed =
        Map.of(
            "openat2", "5.6",
            "clone3", "5.3",
            "mount_setattr", "5.12",
            "fsopen", "5.2",
            "open_tree", "5.2",
            "move_mount", "5.2",
            "pidfd_open", "5.3",
            "close_range", "5.9",
            "faccessat2", "5.8");
    Bundle bundle = box.bundle().bind(box.hostDirectory("source"), "/mnt", "ro").script("echo ran");
    String path = bundle.write();
    needed.forEach((call, kernel) -> {
      for (String command : List.of("create", "run")) {
        Command result = under(box, enosys(call), command, "-b", path, box.newId());
        result.expectFailure(call + "(", "ENOSYS", "it needs Linux " + kernel);
        assertEquals(1, result.err().lines().count(), result::toString);
        assertTrue(!result.out().contains("ran"), result::toString);
        box.expectNothingLeft();
      }
    });
  }

  @OnGatun
  void aKernelBeforeMfdExecRunsTheImage(Box box) {
    List<SeccompThread.Rule> old =
        List.of(
            ruleWithBit("memfd_create", 1, MFD_EXEC),
            // Before F_SEAL_EXEC, of F_ADD_SEALS and its argument.
            ruleWithBit("fcntl", 2, F_SEAL_EXEC));
    Bundle bundle = box.bundle().script("echo ran");
    Command run = under(box, old, "run", "-b", bundle.write(), box.newId()).expectSuccess();
    assertEquals("ran", run.out());
  }

  private static SeccompThread.Rule ruleWithBit(String call, int argument, int bit) {
    SeccompThread.Rule plain = SeccompThread.Rule.always(call, EINVAL);
    return new SeccompThread.Rule(plain.number(), EINVAL, argument, bit);
  }

  @OnGatun
  void aKernelWithoutMemfdRunsTheImageFromDisk(Box box) {
    Bundle bundle = box.bundle().script("echo ran");
    for (SeccompThread.Rule rule :
        List.of(
            SeccompThread.Rule.enosys("memfd_create"),
            SeccompThread.Rule.always("memfd_create", EACCES))) {
      Command run =
          under(box, List.of(rule), "run", "-b", bundle.write(), box.newId()).expectSuccess();
      assertEquals("ran", run.out());
      box.expectNothingLeft();
    }
  }

  @OnGatun
  void anImageThatIsRefusedForGoodIsOneSentence(Box box) {
    Bundle bundle = box.bundle().script("echo ran");
    Map.of("EACCES", EACCES, "ETXTBSY", ETXTBSY)
        .forEach((name, errno) -> {
          List<SeccompThread.Rule> rules = List.of(SeccompThread.Rule.always("execveat", errno));
          under(box, rules, "run", "-b", bundle.write(), box.newId())
              .expectFailure("execveat(", name);
          box.expectNothingLeft();
        });
  }

  @OnGatun
  void vmMemfdNoexecMeansAnImageOnDisk(Box box) {
    // The setting is the pid namespace's.
    String id = box.newId();
    String script =
        "echo 2 > /proc/sys/vm/memfd_noexec && \"$@\" create -b "
            + box.bundle().script("echo ran").write()
            + " "
            + id
            + " && readlink /proc/[0-9]*/exe | grep -c \"/"
            + id
            + "/image (deleted)$\"; ls "
            + box.stateRoot().resolve(id)
            + " && \"$@\" start "
            + id
            + " && until \"$@\" state "
            + id
            + " | grep -q stopped; do sleep 0.02; done; \"$@\" delete --force "
            + id;
    Command all =
        box.launchFromShell(
                "exec unshare -p -f --kill-child --mount-proc sh -c '" + script + "' sh \"$@\"",
                Map.of())
            .await()
            .expectSuccess();
    assertEquals(
        "1\ncgroup\nconfig.json\nstart\nstate.json\nstatus\nsteps\nran", all.out(), all::toString);
    box.expectNothingLeft();
  }

  @OnGatun
  void neitherMemoryNorTheStateRootExecutableIsOneSentence(Box box) {
    String id = box.newId();
    String script =
        "mkdir -p "
            + box.stateRoot()
            + " && mount -t tmpfs -o noexec none "
            + box.stateRoot()
            + " && echo 2 > /proc/sys/vm/memfd_noexec && \"$@\" run -b "
            + box.bundle().script("echo ran").write()
            + " "
            + id
            + "; status=$?; ls "
            + box.stateRoot()
            + "; exit $status";
    Command run =
        box.launchFromShell(
                "exec unshare -m -p -f --kill-child --mount-proc sh -c '" + script + "' sh \"$@\"",
                Map.of())
            .await();
    run.expectFailure("vm.memfd_noexec", "noexec", "--root", "EACCES");
    assertEquals("", run.out(), run::toString);
    assertTrue(Files.isDirectory(box.stateRoot()));
    box.expectNothingLeft();
  }
}
