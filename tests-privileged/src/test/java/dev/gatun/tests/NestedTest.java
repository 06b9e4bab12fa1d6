package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The runtime in a user namespace, and in a container. */
class NestedTest {
  /** The configuration without the one thing that a map of one group cannot have. */
  private static Bundle plain(Box box) {
    Bundle bundle = box.bundle();
    var options =
        (com.fasterxml.jackson.databind.node.ArrayNode) bundle.mounts().get(2).get("options");
    for (int i = options.size() - 1; i >= 0; i--) {
      if (options.get(i).asText().equals("gid=5")) {
        options.remove(i);
      }
    }
    return bundle;
  }

  private static Command inUserNamespace(Box box, String before, Bundle bundle) {
    List<String> words = new ArrayList<>(List.of("unshare", "-U", "-r", "sh", "-c"));
    words.add(before + " exec \"$@\"");
    words.add("sh");
    words.addAll(List.of(box.runtime().binary().toString(), "--root"));
    words.addAll(List.of(box.stateRoot().toString(), "run", "-b", bundle.write(), box.newId()));
    return box.launch(box.directory(), Map.of(), words).await();
  }

  @OnEveryRuntime
  void inAUserNamespaceOfOneId(Box box) {
    Command run =
        inUserNamespace(
            box,
            "",
            plain(box).script("id -u; tr -s ' ' < /proc/self/uid_map; stat -c %t:%T /dev/null"));
    assertEquals("0\n 0 0 1\n1:3", run.expectSuccess().out());
  }

  @OnEveryRuntime
  void aUserNamespaceInAUserNamespace(Box box) {
    String map = "[{'containerID': 0, 'hostID': 0, 'size': 1}]";
    Bundle bundle = plain(box).set("/linux/uidMappings", map).set("/linux/gidMappings", map);
    bundle.namespaces().addObject().put("type", "user");
    String here = ProcFs.link(ProcessHandle.current().pid(), "ns/user");
    String inner =
        inUserNamespace(box, "", bundle.script("readlink /proc/self/ns/user"))
            .expectSuccess()
            .out();
    assertTrue(inner.startsWith("user:[") && !inner.equals(here), inner);
  }

  @OnGatun
  void whereUserNamespacesAreForbiddenIsOneSentence(Box box) {
    Bundle bundle = UserNamespaceTest.mapped(box);
    inUserNamespace(box, "echo 0 > /proc/sys/user/max_user_namespaces;", bundle)
        .expectFailure(
            "the limit of namespaces is reached or 0, see /proc/sys/user/max_user_namespaces",
            "ENOSPC",
            "[config.json /linux/namespaces]");
    box.expectNothingLeft();
  }

  /** A container of root's with all that a container runtime needs, around gatun. */
  private static Bundle outer(Box box, String script) {
    Path binary = OciRuntime.GATUN.binary();
    Bundle bundle = box.bundle().writable().script(script);
    for (String directory : List.of("/usr", "/lib", "/lib64")) {
      if (Path.of(directory).toFile().isDirectory()) {
        bundle.mount(directory, "bind", directory, "rbind", "ro");
      }
    }
    bundle.bind(binary.resolveSibling("..").normalize(), "/gatun");
    // Not what is mounted below it: the container's own root is.
    bundle.mount("/box", "bind", box.directory(), "bind");
    bundle.set("/process/noNewPrivileges", "false").remove("/linux/resources");
    bundle.removeMount("/sys/fs/cgroup").set("/linux/maskedPaths", "[]");
    bundle.set("/linux/readonlyPaths", "[]");
    for (String set : List.of("bounding", "effective", "permitted")) {
      bundle.set(
          "/process/capabilities/" + set,
          "['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_KILL', 'CAP_MKNOD',"
              + " 'CAP_NET_ADMIN', 'CAP_SETFCAP', 'CAP_SETGID', 'CAP_SETPCAP', 'CAP_SETUID',"
              + " 'CAP_SYS_ADMIN', 'CAP_SYS_CHROOT', 'CAP_SYS_PTRACE', 'CAP_AUDIT_WRITE',"
              + " 'CAP_NET_BIND_SERVICE']");
    }
    return bundle;
  }

  private static String inner(Bundle bundle) {
    bundle.remove("/linux/resources").removeMount("/sys/fs/cgroup").write();
    return "/gatun/bin/gatun --root /run/state run --bundle /box/"
        + bundle.directory().getFileName()
        + " inner 2>&1; echo status $?";
  }

  @OnEveryRuntime
  void inAContainer(Box box) {
    Bundle inner = box.bundle().script("echo $$ $(hostname); stat -c %t:%T /dev/zero");
    inner.set("/hostname", "'inner'");
    assertEquals("1 inner\n1:5\nstatus 0", box.output(outer(box, inner(inner))));
  }

  @OnEveryRuntime
  void withAUserNamespaceInAContainer(Box box) {
    Bundle inner = UserNamespaceTest.mapped(box).script("tr -s ' ' < /proc/self/uid_map; id -u");
    assertEquals(
        " 0 100000 1000\n 1000 200000 64536\n0\nstatus 0", box.output(outer(box, inner(inner))));
  }

  @OnEveryRuntime
  void aProcThatIsPartlyCoveredIsOneSentence(Box box) {
    Bundle inner = UserNamespaceTest.mapped(box).script("echo never");
    Bundle outer = outer(box, inner(inner));
    outer.set("/linux/maskedPaths", "['/proc/keys']");
    String out = box.output(outer);
    assertTrue(
        out.contains("something is mounted over a part of it: EPERM")
            && out.endsWith("[config.json /mounts/0]\nstatus 1"),
        out);
  }
}
