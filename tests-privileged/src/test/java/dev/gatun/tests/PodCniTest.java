package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Pods whose network Debian's CNI plugins make, on a host that is a network namespace of the test,
 * and whose {@code /etc/cni/net.d} and {@code /opt/cni/bin} are directories of it.
 */
class PodCniTest {
  private static final String BRIDGE =
      """
      {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true,
       "ipam": {"type": "host-local", "dataDir": "DIR/ipam",
         "ranges": [[{"subnet": "10.88.0.0/16"}], [{"subnet": "fd00:88::/64"}]],
         "routes": [{"dst": "0.0.0.0/0"}]},
       "dns": {"nameservers": ["10.88.0.1"], "search": ["a.example"]}}
      """;

  /** A host with directories for CNI. */
  private static final class CniHost implements AutoCloseable {
    private final Box box;
    private final Command holder;
    private final Path files;

    CniHost(Box box) throws IOException {
      this.box = box;
      files = Files.createDirectories(box.directory().resolve("cni"));
      Files.createDirectories(files.resolve("net.d"));
      Files.createDirectories(files.resolve("bin"));
      holder =
          box.launch(
              box.directory(),
              Map.of(),
              List.of(
                  "/usr/bin/unshare",
                  "--net",
                  "--mount",
                  "--propagation",
                  "private",
                  "/bin/sh",
                  "-ec",
                  // The directories may not exist, and nothing is made on the real host.
                  "ip link set lo up; mount -t tmpfs cni /opt; mkdir -p /opt/cni/bin;"
                      + " mount --bind "
                      + files.resolve("bin")
                      + " /opt/cni/bin; mount -t tmpfs cni /etc/cni; mkdir /etc/cni/net.d;"
                      + " mount --bind "
                      + files.resolve("net.d")
                      + " /etc/cni/net.d; echo ready; exec sleep 100000"));
      holder.awaitOutput("ready");
    }

    void network(String name, String version, String plugins) throws IOException {
      network(name, version, "", plugins);
    }

    /** With members of the network besides, each with a comma behind it. */
    void network(String name, String version, String more, String plugins) throws IOException {
      Files.writeString(
          files.resolve("net.d/10-" + name + ".conflist"),
          "{\"cniVersion\": \"%s\", \"name\": \"%s\", %s\"plugins\": [%s]}"
              .formatted(version, name, more, plugins.replace("DIR", files.toString())));
    }

    Path files() {
      return files;
    }

    void forget(String name) throws IOException {
      Files.delete(files.resolve("net.d/10-" + name + ".conflist"));
    }

    void plugin(String name, String script) throws IOException {
      Path file = files.resolve("bin/" + name);
      Files.writeString(file, "#!/bin/sh\n" + script);
      assertTrue(file.toFile().setExecutable(true));
    }

    String file(String name) throws IOException {
      return Files.readString(files.resolve(name));
    }

    /** Addresses that are given to pods. */
    List<String> reserved(String network) throws IOException {
      Path directory = files.resolve("ipam/" + network);
      if (!Files.exists(directory)) {
        return List.of();
      }
      try (Stream<Path> list = Files.list(directory)) {
        return list.map(file -> file.getFileName().toString())
            .filter(name -> name.startsWith("10.") || name.startsWith("fd"))
            .sorted()
            .toList();
      }
    }

    Command run(String... words) {
      return launch(List.of(words)).await();
    }

    private Command launch(List<String> words) {
      List<String> all =
          new ArrayList<>(
              List.of("/usr/bin/nsenter", "--net", "--mount", "--target", "" + holder.pid()));
      all.addAll(words);
      return box.launch(box.directory(), Map.of(), all);
    }

    Command launchGatun(String... words) {
      List<String> all =
          new ArrayList<>(
              List.of(box.runtime().binary().toString(), "--root", box.stateRoot().toString()));
      all.addAll(List.of(words));
      return launch(all);
    }

    Command gatun(String... words) {
      return launchGatun(words).await();
    }

    JsonNode state(String pod) {
      return Box.parse(gatun("pod", "state", pod).expectSuccess().out());
    }

    @Override
    public void close() {
      holder.kill();
    }
  }

  @OnGatun
  void aPodIsAttachedByPluginsAndDetachedWhenItIsDeleted(Box box) throws IOException {
    try (CniHost host = new CniHost(box)) {
      host.network(
          "dbnet",
          "1.0.0",
          BRIDGE + ", {\"type\": \"portmap\", \"capabilities\": {\"portMappings\": true}}");
      String pod = box.newId();
      host.gatun("pod", "create", "--network", "cni:dbnet", "--publish", "8080:80", pod)
          .expectSuccess();
      JsonNode one = host.state(pod).get("network").get("interfaces").get(0);
      assertEquals("eth0", one.get("name").asText());
      assertEquals("10.88.0.2/16", one.get("addresses").get(0).asText());
      assertEquals("fd00:88::2/64", one.get("addresses").get(1).asText());
      assertEquals(List.of("10.88.0.2", "fd00:88::2"), host.reserved("dbnet"));
      String nat = host.run("iptables", "-t", "nat", "-S").expectSuccess().out();
      assertTrue(nat.contains("--to-destination 10.88.0.2:80"), nat);
      String seen =
          host.gatun(
                  "run",
                  "--pod",
                  pod,
                  "--bundle",
                  box.bundle()
                      .script("ip addr show dev eth0; cat /etc/resolv.conf /etc/hosts")
                      .write(),
                  box.newId())
              .expectSuccess()
              .out();
      assertTrue(seen.contains("inet 10.88.0.2/16"), seen);
      assertTrue(seen.contains("nameserver 10.88.0.1\nsearch a.example\n"), seen);
      assertTrue(seen.contains("10.88.0.2\t"), seen);
      host.run("busybox", "ping", "-c", "1", "-w", "5", "10.88.0.2").expectSuccess();
      // What the administrator does meanwhile is of no account.
      host.forget("dbnet");
      host.gatun("pod", "delete", "--force", pod).expectSuccess();
      assertEquals(List.of(), host.reserved("dbnet"));
      nat = host.run("iptables", "-t", "nat", "-S").expectSuccess().out();
      assertFalse(nat.contains("10.88.0.2"), nat);
      String links = host.run("ip", "-o", "link").expectSuccess().out();
      assertFalse(links.contains("veth"), links);
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void whatAPluginSaysIsTheErrorAndNothingIsLeft(Box box) throws IOException {
    try (CniHost host = new CniHost(box)) {
      host.plugin(
          "moody",
          "cat >/dev/null; echo log >&2\n"
              + "[ $CNI_COMMAND = DEL ] && exit 0\n"
              + "echo '{\"code\": 11, \"msg\": \"not in the mood\", \"details\": \"ask again.\"}';"
              + " exit 1\n");
      host.network("dbnet", "1.0.0", BRIDGE + ", {\"type\": \"moody\"}");
      String pod = box.newId();
      host.gatun("pod", "create", "--network", "cni:dbnet", pod)
          .expectFailure(
              "add \""
                  + pod
                  + "\" to CNI network \"dbnet\": plugin \"moody\": not in the mood: ask again (code"
                  + " 11, try again later)");
      assertEquals(List.of(), host.reserved("dbnet"));
      host.gatun("pod", "create", "--network", "cni:dbnet", "--publish", "80:80", pod)
          .expectFailure(
              "CNI network \"dbnet\": none of its plugins has the capability portMappings");
      host.plugin("moody", "kill -SEGV $$\n");
      host.gatun("pod", "create", "--network", "cni:dbnet", pod)
          .expectFailure("plugin \"moody\": it was ended by signal 11");
      host.gatun("pod", "delete", "--force", pod).expectSuccess();
      host.network("dbnet", "1.0.0", BRIDGE + ", {\"type\": \"missing\"}");
      host.gatun("pod", "create", "--network", "cni:dbnet", pod)
          .expectFailure(
              "plugin \"missing\": there is no such file in \"/opt/cni/bin\", \"/usr/lib/cni\"");
      host.network("dbnet", "1.0.0", "{\"type\": 7}");
      host.gatun("pod", "create", "--network", "cni:dbnet", pod)
          .expectFailure("/etc/cni/net.d/10-dbnet.conflist:1:", "/plugins/0/type");
      host.gatun("pod", "create", "--network", "cni:nonet", pod)
          .expectFailure("there is no CNI network \"nonet\" in \"/etc/cni/net.d\"");
      assertEquals(List.of(), host.reserved("dbnet"));
      assertEquals("", host.gatun("pod", "list", "-q").expectSuccess().out());
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void pluginsAreToldWhatTheSpecificationSays(Box box) throws IOException {
    try (CniHost host = new CniHost(box)) {
      host.plugin(
          "spy",
          "{ echo \"$CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME $CNI_ARGS $CNI_PATH\"; echo"
              + " \"netns $(readlink $CNI_NETNS)\"; echo \"own $(readlink /proc/self/ns/net)\"; cat;"
              + " echo; } >> "
              + box.directory().resolve("cni/log")
              + "\n[ $CNI_COMMAND = ADD ] && echo '{\"cniVersion\": \"1.0.0\", \"x\": 1}'\nexit 0\n");
      host.network("spied", "1.0.0", "{\"type\": \"spy\", \"odd\": [1.0, null]}");
      String pod = box.newId();
      host.gatun("pod", "create", "--network", "cni:spied", pod).expectSuccess();
      List<String> log = host.file("log").lines().toList();
      assertEquals("ADD " + pod + " eth0  /opt/cni/bin:/usr/lib/cni", log.get(0));
      assertTrue(log.get(1).startsWith("netns net:["), log.toString());
      String own = host.run("readlink", "/proc/self/ns/net").expectSuccess().out().strip();
      assertEquals("own " + own, log.get(2));
      assertFalse(log.get(1).endsWith(own), log.toString());
      assertEquals(
          "{\"cniVersion\":\"1.0.0\",\"name\":\"spied\",\"type\":\"spy\",\"odd\":[1.0, null]}",
          log.get(3));
      host.gatun("pod", "delete", "--force", pod).expectSuccess();
      List<String> after = host.file("log").lines().toList();
      assertEquals("DEL " + pod + " eth0  /opt/cni/bin:/usr/lib/cni", after.get(4));
      assertEquals(
          "{\"cniVersion\":\"1.0.0\",\"name\":\"spied\",\"type\":\"spy\",\"odd\":[1.0, null],"
              + "\"prevResult\":{\"cniVersion\":\"1.0.0\",\"x\":1}}",
          after.get(7));
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void anAddressOfNoInterfaceIsShown(Box box) throws IOException {
    try (CniHost host = new CniHost(box)) {
      host.plugin(
          "terse",
          "cat > /dev/null; [ $CNI_COMMAND = ADD ] && echo '{\"interfaces\":[{\"name\":\"cali1234\"}],"
              + "\"ips\":[{\"address\":\"192.168.7.9/32\"}]}'\nexit 0\n");
      host.network("dbnet", "1.0.0", "{\"type\": \"terse\"}");
      String pod = box.newId();
      host.gatun("pod", "create", "--network", "cni:dbnet", pod).expectSuccess();
      JsonNode one = host.state(pod).get("network").get("interfaces").get(0);
      assertEquals("eth0", one.get("name").asText());
      assertEquals("192.168.7.9/32", one.get("addresses").get(0).asText());
      String list = host.gatun("pod", "list").expectSuccess().out();
      assertTrue(list.contains(" 192.168.7.9 "), list);
      host.gatun("pod", "delete", "--force", pod).expectSuccess();
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void checkIsAskedOfPluginsUnlessTheConfigurationForbidsIt(Box box) throws IOException {
    try (CniHost host = new CniHost(box)) {
      host.plugin(
          "spy",
          "[ $CNI_COMMAND = CHECK ] && cat >> DIR/log && exit 0\n".replace("DIR", "" + host.files())
              + "tr -d '\\n' | sed -n 's/.*\"prevResult\":\\(.*\\)}$/\\1/p'\n");
      host.network("dbnet", "1.0.0", BRIDGE + ", {\"type\": \"spy\"}");
      String pod = box.newId();
      host.gatun("pod", "create", "--network", "cni:dbnet", pod).expectSuccess();
      assertEquals("", host.gatun("pod", "check", pod).expectSuccess().out());
      String asked = host.file("log");
      assertTrue(asked.contains("\"type\":\"spy\",\"prevResult\":{"), asked);
      assertTrue(asked.contains("10.88.0.2/16"), asked);
      JsonNode state = host.state(pod);
      String namespace = "--net=" + state.get("namespaces").get("net").asText();
      Host.run("nsenter", namespace, "ip", "addr", "del", "10.88.0.2/16", "dev", "eth0");
      host.gatun("pod", "check", pod)
          .expectFailure("check \"" + pod + "\" in CNI network \"dbnet\": plugin \"bridge\": ");
      // The first that finds something is the last that is asked.
      assertEquals(asked, host.file("log"));
      Host.run("nsenter", namespace, "ip", "addr", "add", "10.88.0.2/16", "dev", "eth0");
      Host.run("nsenter", namespace, "ip", "link", "set", "lo", "down");
      host.gatun("pod", "check", pod)
          .expectFailure("pod \"" + pod + "\": interface \"lo\" is down");
      host.gatun("pod", "delete", "--force", pod).expectSuccess();

      host.network("dbnet", "1.0.0", "\"disableCheck\": true, ", BRIDGE);
      host.gatun("pod", "create", "--network", "cni:dbnet", pod).expectSuccess();
      assertEquals(
          "pod \""
              + pod
              + "\": CNI network \"dbnet\" was not checked: its configuration forbids it"
              + " (disableCheck)",
          host.gatun("pod", "check", pod).expectSuccess().out());
      host.gatun("pod", "delete", "--force", pod).expectSuccess();

      host.network("dbnet", "0.3.1", BRIDGE);
      host.gatun("pod", "create", "--network", "cni:dbnet", pod).expectSuccess();
      assertEquals(
          "pod \""
              + pod
              + "\": CNI network \"dbnet\" was not checked: CNI 0.3.1 has no CHECK, which came with"
              + " 0.4.0",
          host.gatun("pod", "check", pod).expectSuccess().out());
      host.gatun("pod", "delete", "--force", pod).expectSuccess();
      assertEquals(List.of(), host.reserved("dbnet"));
    }
    box.expectNothingLeft();
  }

  /** One that reserves a file for each pod, and can be made to take its time. */
  private static final String POOL =
      """
      cd DIR
      echo "$CNI_COMMAND begins" >> log
      case $CNI_COMMAND in
        ADD) cat > /dev/null; touch pool/$CNI_CONTAINERID
          while [ -e slow ]; do sleep 0.05; done
          echo '{"cniVersion": "1.1.0"}';;
        DEL) cat > /dev/null; [ -e broken ] && exit 1; rm -f pool/$CNI_CONTAINERID;;
        GC) cat > asked; [ -e broken ] && exit 1
          for file in pool/*; do
            id=${file#pool/}
            grep -q '"containerID":"'$id'","ifname":"eth0"' asked || rm $file
          done;;
        *) cat > /dev/null;;
      esac
      echo "$CNI_COMMAND ends" >> log
      """;

  private static List<String> pool(CniHost host) throws IOException {
    try (Stream<Path> list = Files.list(host.files().resolve("pool"))) {
      return list.map(file -> file.getFileName().toString())
          .filter(name -> !name.equals("*"))
          .sorted()
          .toList();
    }
  }

  @OnGatun
  void whatCouldNotBeReadAgainIsAFailedAdd(Box box) throws IOException {
    try (CniHost host = new CniHost(box)) {
      Files.createDirectory(host.files().resolve("pool"));
      // As deep as results may be; cni.json is one deeper.
      String deep = "[".repeat(63) + "]".repeat(63);
      host.plugin(
          "pool",
          POOL.replace("DIR", "" + host.files())
              .replace("\"1.1.0\"}", "\"1.1.0\", \"x\": " + deep + "}"));
      host.network("dbnet", "1.1.0", "{\"type\": \"pool\"}");
      host.gatun("pod", "create", "--network", "cni:dbnet", box.newId())
          .expectFailure("to CNI network \"dbnet\": it could not be taken back: cni.json:1:");
      assertEquals(List.of(), pool(host));
      assertEquals("", host.gatun("pod", "list", "-q").expectSuccess().out());
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void whatPluginsCannotTakeBackIsKeptForADelete(Box box) throws IOException {
    try (CniHost host = new CniHost(box)) {
      Files.createDirectory(host.files().resolve("pool"));
      host.plugin(
          "pool",
          POOL.replace("DIR", "" + host.files())
              .replace(
                  "DEL) cat > /dev/null; [ -e broken ] && exit 1;",
                  "DEL) cat > /dev/null; [ -e broken ] && echo '{\"code\": 11, \"msg\": \"busy\"}' &&"
                      + " exit 1;"));
      host.plugin("bad", "[ $CNI_COMMAND = ADD ] && exit 7\nexit 0\n");
      host.network("good", "1.0.0", "{\"type\": \"pool\"}");
      host.network("dbnet", "1.0.0", "{\"type\": \"pool\"}, {\"type\": \"bad\"}");
      Path broken = host.files().resolve("broken");
      for (List<String> words :
          List.of(
              List.of("cni:dbnet", "plugin \"bad\": exit status 7"),
              // One that fails after all plugins, in a call.
              List.of("cni:good", "ENOENT"))) {
        Files.createFile(broken);
        String pod = box.newId();
        host.gatun(
                "pod",
                "create",
                "--network",
                words.getFirst(),
                "--pid-file",
                "/nonexistent/pid",
                pod)
            .expectFailure(
                words.get(1),
                "pod \""
                    + pod
                    + "\" is kept, stopped, for \"pod delete\" to take back its network: ",
                "plugin \"pool\": busy (code 11, try again later)");
        assertEquals(List.of(pod), pool(host));
        assertEquals("stopped", host.state(pod).get("status").asText());
        host.gatun("pod", "stop", pod).expectSuccess();
        host.gatun("pod", "delete", pod).expectFailure("plugin \"pool\": busy");
        Files.delete(broken);
        host.gatun("pod", "delete", pod).expectSuccess();
        assertEquals(List.of(), pool(host));
        assertEquals("", host.gatun("pod", "list", "-q").expectSuccess().out());
      }
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void filesThatCannotBeReadDoNotKeepAPod(Box box) throws IOException {
    try (CniHost host = new CniHost(box)) {
      Files.createDirectory(host.files().resolve("pool"));
      host.plugin("pool", POOL.replace("DIR", "" + host.files()));
      host.network("dbnet", "1.1.0", "{\"type\": \"pool\"}");
      // What the plugins have to be told is in the other file.
      String pod = box.newId();
      Path directory = box.stateRoot().resolve(".pods").resolve(pod);
      host.gatun("pod", "create", "--network", "cni:dbnet", pod).expectSuccess();
      Files.writeString(directory.resolve("network.json"), "");
      host.gatun("pod", "delete", "--force", pod).expectSuccess();
      assertEquals(List.of(), pool(host));

      host.gatun("pod", "create", "--network", "cni:dbnet", pod).expectSuccess();
      Files.writeString(directory.resolve("cni.json"), "");
      assertEquals(pod, host.gatun("pod", "list", "-q").expectSuccess().out());
      host.gatun("pod", "stop", pod).expectSuccess();
      host.gatun("pod", "delete", pod).expectFailure("pod \"" + pod + "\": cni.json:");
      Path log = box.directory().resolve("log");
      host.gatun("--log", "" + log, "pod", "delete", "--force", pod).expectSuccess();
      assertTrue(Files.readString(log).contains("cni.json:1:"), () -> "" + log);
      assertEquals(List.of(pod), pool(host));
      host.gatun("pod", "gc", "--network", "cni:dbnet").expectSuccess();
      assertEquals(List.of(), pool(host));
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void gcGivesBackWhatIsNoPods(Box box) throws IOException {
    try (CniHost host = new CniHost(box)) {
      Path ghost = Files.createDirectory(host.files().resolve("pool")).resolve("ghost");
      host.plugin("pool", POOL.replace("DIR", "" + host.files()));
      host.network("dbnet", "1.1.0", "{\"type\": \"pool\"}");
      host.network("other", "1.1.0", "{\"type\": \"pool\"}");
      // Before there is any pod, and even a state root, as when the host has gone down.
      Files.createFile(ghost);
      host.gatun("pod", "gc", "--network", "cni:dbnet").expectSuccess();
      assertEquals(List.of(), pool(host));

      String runs = box.newId();
      String dead = box.newId();
      String elsewhere = box.newId();
      host.gatun("pod", "create", "--network", "cni:dbnet", runs).expectSuccess();
      host.gatun("pod", "create", "--network", "cni:dbnet", dead).expectSuccess();
      host.gatun("pod", "create", "--network", "cni:other", elsewhere).expectSuccess();
      Host.signal(host.state(dead).get("pid").asLong(), "KILL");
      Wait.until(
          "the pod to be stopped", () -> host.state(dead).get("status").asText().equals("stopped"));
      Files.createFile(ghost);
      assertEquals("", host.gatun("pod", "gc", "--network", "cni:dbnet").expectSuccess().out());
      // The plugin does not tell networks apart: only pods of this one were in the list.
      assertEquals(List.of(runs, dead), pool(host));

      // Where DEL fails the pod is kept, and so is what it has.
      Files.createFile(host.files().resolve("broken"));
      host.gatun("pod", "delete", dead).expectFailure("plugin \"pool\": exit status 1");
      Files.createFile(ghost);
      host.gatun("pod", "gc", "--network", "cni:dbnet")
          .expectFailure("clean up CNI network \"dbnet\": plugin \"pool\": exit status 1");
      Files.delete(host.files().resolve("broken"));
      host.gatun("pod", "gc", "--network", "cni:dbnet").expectSuccess();
      assertEquals(List.of(runs, dead), pool(host));

      // What a pod has that cannot be read is not taken from it.
      Path written = box.stateRoot().resolve(".pods").resolve(dead).resolve("cni.json");
      String good = Files.readString(written);
      Files.writeString(written, good.substring(1));
      Files.createFile(ghost);
      host.gatun("pod", "gc", "--network", "cni:dbnet")
          .expectFailure(
              "clean up CNI network \"dbnet\": what pod \""
                  + dead
                  + "\" has in it is not known: cni.json:1:1: ");
      assertEquals(3, pool(host).size());
      Files.writeString(written, good);
      host.gatun("pod", "delete", "--force", runs).expectSuccess();
      host.gatun("pod", "delete", dead).expectSuccess();
      host.gatun("pod", "delete", "--force", elsewhere).expectSuccess();

      // Nothing is done where it cannot be asked for.
      host.network("dbnet", "1.0.0", "{\"type\": \"pool\"}");
      host.gatun("pod", "gc", "--network", "cni:dbnet")
          .expectFailure(
              "clean up CNI network \"dbnet\": its configuration is of CNI 1.0.0, and GC came with"
                  + " 1.1.0");
      host.network("dbnet", "1.1.0", "\"disableGC\": true, ", "{\"type\": \"pool\"}");
      host.gatun("pod", "gc", "--network", "cni:dbnet")
          .expectFailure(
              "clean up CNI network \"dbnet\": its configuration forbids it (disableGC)");
      assertEquals(List.of("ghost"), pool(host));
      // Debian's do not know it.
      host.network("dbnet", "1.1.0", BRIDGE);
      host.gatun("pod", "gc", "--network", "cni:dbnet")
          .expectFailure("clean up CNI network \"dbnet\": plugin \"bridge\": ");
    }
    box.expectNothingLeft();
  }

  @OnGatun
  void aPluginEndsWithWhoeverRunsIt(Box box) throws IOException {
    try (CniHost host = new CniHost(box)) {
      Files.createDirectory(host.files().resolve("pool"));
      host.plugin(
          "pool",
          "echo $$ >> DIR/pids\n".replace("DIR", "" + host.files())
              + POOL.replace("DIR", "" + host.files()));
      host.network("dbnet", "1.0.0", "{\"type\": \"pool\"}");
      Path slow = Files.createFile(host.files().resolve("slow"));
      String pod = box.newId();
      Command create = host.launchGatun("pod", "create", "--network", "cni:dbnet", pod);
      Wait.until(
          () -> "the plugin to begin" + create,
          () -> Files.exists(host.files().resolve("pool/" + pod)));
      String plugin = host.file("pids").strip();
      create.killOnlyThis();
      create.await();
      Wait.until("the plugin to end", () -> !runs(plugin));
      host.gatun("pod", "delete", "--force", pod).expectSuccess();
      Files.delete(slow);
      assertEquals(
          List.of("ADD begins", "DEL begins", "DEL ends"), host.file("log").lines().toList());
      assertEquals(List.of(), pool(host));
    }
    box.expectNothingLeft();
  }

  /** Whether a process has not ended, whoever has to take it. */
  private static boolean runs(String pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException e) {
      return false;
    }
  }

  @OnGatun
  void gcWaitsForAPodThatIsBeingAttached(Box box) throws IOException {
    try (CniHost host = new CniHost(box)) {
      Files.createDirectory(host.files().resolve("pool"));
      host.plugin("pool", POOL.replace("DIR", "" + host.files()));
      host.network("dbnet", "1.1.0", "{\"type\": \"pool\"}");
      Path slow = Files.createFile(host.files().resolve("slow"));
      String pod = box.newId();
      Path reserved = host.files().resolve("pool/" + pod);
      Command create = host.launchGatun("pod", "create", "--network", "cni:dbnet", pod);
      Wait.until("the address to be reserved", () -> Files.exists(reserved));
      Command gc = host.launchGatun("pod", "gc", "--network", "cni:dbnet");
      assertFalse(
          Wait.within(Duration.ofSeconds(1), () -> !gc.isAlive() || !create.isAlive()),
          () -> "one has not waited" + gc + create);
      Files.delete(slow);
      create.await().expectSuccess();
      gc.await().expectSuccess();
      List<String> log = host.file("log").lines().filter(line -> !line.startsWith("S")).toList();
      assertEquals(List.of("ADD begins", "ADD ends", "GC begins", "GC ends"), log);
      assertEquals(List.of(pod), pool(host));
      host.gatun("pod", "delete", "--force", pod).expectSuccess();
    }
    box.expectNothingLeft();
  }
}
