package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Containers of an ordinary user, nobody, who is given subordinate ids in a mount namespace that
 * only these commands see.
 */
class RootlessTest {
  private static final String USER = "nobody";

  /** Sees to the ids and the program, then becomes the user. */
  private static final String BECOME =
      "mount --bind \"$1\" /etc/subuid && mount --bind \"$1\" /etc/subgid"
          + " && { [ -z \"$2\" ] || mount --bind \"$2\" \"$3\"; } && shift 3"
          + " && exec setpriv --reuid=nobody --regid=nogroup --clear-groups -- env -u USER \"$@\"";

  /** A directory of the user's. */
  private static Path own(Path directory) {
    Host.run("chown", "-R", USER + ":nogroup", directory.toString());
    return directory;
  }

  /** Runs the runtime as the user, with what is to be set in the environment before. */
  static Command as(Box box, List<String> environment, String... words) {
    Path home = box.hostDirectory("home");
    Path dist = box.hostDirectory("dist");
    Path subordinate = box.hostFile("subid", USER + ":400000:1000\n");
    Path binary = box.runtime().binary();
    // The user may not be let in where the distribution lies.
    boolean isGatun = box.runtime() == OciRuntime.GATUN;
    String from = isGatun ? binary.resolveSibling("..").normalize().toString() : "";
    String program = isGatun ? dist.resolve("bin/gatun").toString() : binary.toString();
    own(home);
    List<String> all =
        new ArrayList<>(
            List.of("unshare", "-m", "--propagation", "private", "sh", "-c", BECOME, "sh"));
    all.addAll(List.of(subordinate.toString(), from, dist.toString()));
    all.add("XDG_RUNTIME_DIR=" + home);
    all.addAll(environment);
    all.add(program);
    all.addAll(List.of(words));
    return box.launch(box.directory(), Map.of(), all).await();
  }

  /** A bundle with the configuration that {@code spec --rootless} writes for the user. */
  static Bundle bundle(Box box) {
    try {
      Path place = box.hostDirectory("home/spec-" + box.newId());
      as(box, List.of(), "spec", "--rootless", "--bundle", place.toString()).expectSuccess();
      Bundle bundle = box.bundle();
      bundle.config().removeAll();
      for (var member : Box.parse(Files.readString(place.resolve("config.json"))).properties()) {
        bundle.config().set(member.getKey(), member.getValue());
      }
      bundle.set("/process/terminal", "false");
      Host.run("chown", USER, bundle.rootfs().toString());
      return bundle;
    } catch (IOException e) {
      throw new AssertionError("no config", e);
    }
  }

  private static Command run(Box box, Bundle bundle) {
    return as(box, List.of(), "run", "--bundle", bundle.write(), box.newId());
  }

  private static String output(Box box, Bundle bundle, String script) {
    return run(box, bundle.script(script)).expectSuccess().out().replaceAll(" +", " ").trim();
  }

  @OnGatun
  void aUsersContainerHasATerminal(Box box) {
    Bundle bundle = bundle(box).set("/process/terminal", "true");
    assertEquals(
        "/dev/pts/0\r\n0 88:0\r\nmine",
        output(box, bundle, "tty; stat -c '%u %t:%T' /dev/console; echo mine >/dev/tty"));
  }

  @OnEveryRuntime
  void theUserIsRootInTheirOwnContainer(Box box) {
    assertEquals(
        "0:0\n 0 65534 1\n 0 65534 1\ndeny\nrunc",
        output(
            box,
            bundle(box),
            "echo $(id -u):$(id -g); cat /proc/self/uid_map /proc/self/gid_map"
                + " /proc/self/setgroups; hostname"));
  }

  @OnEveryRuntime
  void subordinateIdsAreMappedByTheTools(Box box) {
    String maps =
        "[{'containerID': 0, 'hostID': 65534, 'size': 1},"
            + " {'containerID': 1, 'hostID': 400000, 'size': 1000}]";
    Bundle bundle =
        bundle(box)
            .set("/linux/uidMappings", maps)
            .set("/linux/gidMappings", maps)
            .set("/process/user", "{'uid': 7, 'gid': 8}");
    assertEquals(
        "7:8\n 0 65534 1\n 1 400000 1000\n 0 65534 1\n 1 400000 1000\nallow",
        output(
            box,
            bundle,
            "echo $(id -u):$(id -g); cat /proc/self/uid_map /proc/self/gid_map"
                + " /proc/self/setgroups"));
  }

  @OnGatun
  void additionalGroupsComeWithSubordinateIds(Box box) {
    // runc refuses them for every container of an ordinary user.
    String maps =
        "[{'containerID': 0, 'hostID': 65534, 'size': 1},"
            + " {'containerID': 1, 'hostID': 400000, 'size': 1000}]";
    Bundle bundle =
        bundle(box)
            .set("/linux/uidMappings", maps)
            .set("/linux/gidMappings", maps)
            .set("/process/user", "{'uid': 7, 'gid': 8, 'additionalGids': [9, 10]}");
    assertEquals("8 9 10", output(box, bundle, "id -G"));
  }

  @OnGatun
  void aPodOfAnOrdinaryUser(Box box) {
    String pod = box.newId();
    as(box, List.of(), "pod", "create", "--userns", "0:65534:1", "--hostname", "mine", pod)
        .expectSuccess();
    assertEquals(
        "0:0 mine",
        podOutput(box, pod, "echo $(id -u):$(id -g) $(hostname); echo shared >/dev/shm/word"));
    assertEquals("shared", podOutput(box, pod, "cat /dev/shm/word"));
    assertTrue(
        as(box, List.of(), "pod", "list").expectSuccess().out().contains(pod + "   "),
        "not listed");
    // It is dumpable, since its user could not join its namespaces otherwise: so it is of no use.
    String status = ProcFs.read(pause(box, pod), "status");
    assertTrue(status.contains("NoNewPrivs:\t1\n") && status.contains("Seccomp:\t2\n"), status);
    // A network namespace can be entered with privileges over one's own user namespace only.
    as(box, List.of(), "pod", "check", pod)
        .expectFailure("cannot check pod \"" + pod + "\": ", "EPERM");
    // The host's network is not an ordinary user's.
    as(box, List.of(), "pod", "create", "--userns", "0:65534:1", "--network", "bridge", box.newId())
        .expectFailure("EPERM");
    as(box, List.of(), "pod", "stop", pod).expectSuccess();
    as(box, List.of(), "pod", "delete", pod).expectSuccess();
    assertEquals("", as(box, List.of(), "pod", "list", "-q").expectSuccess().out());
    box.expectNothingLeft();
  }

  private static long pause(Box box, String pod) {
    String state = as(box, List.of(), "pod", "state", pod).expectSuccess().out();
    return Box.parse(state).get("pid").asLong();
  }

  /** Without CAP_DAC_OVERRIDE what containers leave in the pod's directory is in the way. */
  @OnGatun
  void whatContainersTookAwayFromTheUserKeepsNoPod(Box box) {
    String pod = box.newId();
    as(box, List.of(), "pod", "create", "--userns", "0:65534:1", pod).expectSuccess();
    assertEquals(
        "made",
        podOutput(
            box,
            pod,
            "set -e; cd /dev/shm; mkdir -p x a/b/c/d a/e/f 'with space'; echo >x/y; echo >a/b/c/d/g;"
                + " echo >a/e/f/g; echo >'with space/g'; ln -s /etc a/link; mkfifo a/pipe;"
                + " chmod 0 x a/b/c/d a/e/f; chmod 400 a/b/c; chmod 500 a/b 'with space';"
                + " chmod 100 a/e; chmod 600 a; chmod 0 .; echo made"));
    as(box, List.of(), "pod", "delete", "--force", pod).expectSuccess();
    assertEquals("", Host.run("ls", "-A", box.directory().resolve("home/gatun/.pods").toString()));
    box.expectNothingLeft();
  }

  private static String podOutput(Box box, String pod, String script) {
    Bundle bundle = bundle(box).removeNamespace("user").remove("/linux/uidMappings");
    bundle.remove("/linux/gidMappings").script(script);
    return as(box, List.of(), "run", "--pod", pod, "--bundle", bundle.write(), box.newId())
        .expectSuccess()
        .out();
  }

  @OnEveryRuntime
  void aLifeAsAnOrdinaryUser(Box box) {
    String id = box.newId();
    Bundle bundle = bundle(box).script("echo ran; sleep 1000");
    Command create = as(box, List.of(), "create", "--bundle", bundle.write(), id).expectSuccess();
    String root = box.isRunc() ? "home/runc" : "home/gatun";
    Path state = box.directory().resolve(root);
    assertEquals(
        USER, Host.run("stat", "-c", "%U", state.resolve(id).toString()), "XDG_RUNTIME_DIR");
    assertTrue(Host.run("ls", "-ld", state.toString()).matches("d......*[tT] .*"), "sticky");
    try {
      as(box, List.of(), "start", id).expectSuccess();
      create.awaitOutput("ran");
      var status = Box.parse(as(box, List.of(), "state", id).expectSuccess().out());
      assertEquals("running", status.get("status").asText());
      long pid = status.get("pid").asLong();
      String uids = ProcFs.read(pid, "status");
      assertTrue(uids.contains("Uid:\t65534\t65534\t65534\t65534"), uids);
      assertTrue(as(box, List.of(), "list").expectSuccess().out().contains(id));
      as(box, List.of(), "kill", id, "KILL").expectSuccess();
      Box.awaitEnd(pid);
      as(box, List.of(), "delete", id).expectSuccess();
    } finally {
      as(box, List.of(), "delete", "--force", id);
    }
    assertEquals("", Host.run("ls", state.toString()));
  }

  @OnEveryRuntime
  void devicesAreTheHostsAndDeviceRulesNeedNoPrivilege(Box box) {
    Bundle bundle =
        bundle(box)
            .set("/linux/resources", "{'devices': [{'allow': false, 'access': 'rwm'}]}")
            .set("/process/oomScoreAdj", "500");
    assertEquals(
        "1:3 1:5 5:0 500",
        output(
            box,
            bundle,
            "cd /dev; echo x > null; echo $(stat -c %t:%T null zero tty)"
                + " $(cat /proc/self/oom_score_adj)"));
  }

  /** Without privileges before, what the user namespace owns is joined after it. */
  @OnEveryRuntime
  void aUserNamespaceIsJoinedWithThoseThatItOwns(Box box) {
    Command holder =
        box.launch(
            box.directory(),
            Map.of(),
            List.of(
                "setpriv",
                "--reuid=nobody",
                "--regid=nogroup",
                "--clear-groups",
                "unshare",
                "-U",
                "-r",
                "-n",
                "/bin/sleep",
                "1000"));
    String here = ProcFs.link(ProcessHandle.current().pid(), "ns/net");
    Wait.until("namespaces", () -> ProcFs.read(holder.pid(), "comm").startsWith("sleep"));
    String net = ProcFs.link(holder.pid(), "ns/net");
    assertTrue(!net.equals(here), net);
    String place = "/proc/" + holder.pid() + "/ns/";
    Bundle bundle = bundle(box).join("user", place + "user").join("network", place + "net");
    assertEquals(
        ProcFs.link(holder.pid(), "ns/user") + "\n" + net,
        output(box, bundle, "readlink /proc/self/ns/user; readlink /proc/self/ns/net"));
  }

  @OnGatun
  void sysIsTheHostsWhereTheNetworkIs(Box box) {
    Bundle bundle = bundle(box).removeMount("/sys").removeMount("/sys/fs/cgroup");
    bundle.mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro");
    assertEquals(
        "ro,nosuid,nodev,noexec,relatime",
        output(box, bundle, "grep ' / /sys ' /proc/self/mountinfo | cut -d' ' -f6"));
    // A network namespace of its own has a sysfs of its own: no other mount is below it.
    bundle.namespaces().addObject().put("type", "network");
    assertEquals("0", output(box, bundle, "grep -c ' /sys/fs/' /proc/self/mountinfo; true"));
  }

  @OnGatun
  void whatAnOrdinaryUserCannotHaveIsOneSentence(Box box) {
    String more =
        "[{'containerID': 0, 'hostID': 65534, 'size': 1},"
            + " {'containerID': 1, 'hostID': 400000, 'size': 1001}]";
    run(
            box,
            bundle(box)
                .removeNamespace("user")
                .remove("/linux/uidMappings")
                .remove("/linux/gidMappings"))
        .expectFailure(
            "user 65534 is not root and needs a user namespace", "[config.json /linux/namespaces]");
    run(box, bundle(box).set("/linux/uidMappings", more).set("/linux/gidMappings", more))
        .expectFailure(
            "newgidmap refuses the map: its ranges must be the caller's in /etc/subgid",
            "[config.json /linux/gidMappings]");
    Bundle tools = bundle(box).set("/linux/uidMappings", more);
    as(box, List.of("PATH=/nonexistent"), "run", "-b", tools.write(), box.newId())
        .expectFailure(
            "needs newuidmap, which is not installed", "[config.json /linux/uidMappings]");
    run(box, bundle(box).set("/process/oomScoreAdj", "-500"))
        .expectFailure(
            "oom_score_adj -500: write(", "EACCES", "[config.json /process/oomScoreAdj]");
    run(box, bundle(box).set("/process/user", "{'uid': 0, 'gid': 0, 'additionalGids': [0]}"))
        .expectFailure("additional groups need a map that newgidmap writes");
    run(box, bundle(box).set("/linux/cgroupsPath", "'/" + box.token() + "/x'"))
        .expectFailure("make cgroup", "EACCES", "[config.json /linux/cgroupsPath]");
    run(box, bundle(box).mount("/mnt", "bind", box.directory(), "rbind", "idmap"))
        .expectFailure("the ids of a mount are mapped by root alone");
    run(
            box,
            bundle(box)
                .set("/linux/resources", "{'hugepageLimits': [{'pageSize': '2MB', 'limit': 0}]}"))
        .expectFailure("limits need a cgroup, and user 65534", "[config.json /linux/resources]");
    as(box, List.of("XDG_RUNTIME_DIR="), "run", "-b", bundle(box).write(), box.newId())
        .expectFailure("state root \"/run/gatun\"");
    assertEquals("", Host.run("ls", box.directory().resolve("home/gatun").toString()));
    box.expectNothingLeft();
  }
}
