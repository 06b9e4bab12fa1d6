package dev.gatun.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
      Files.writeString(
          files.resolve("net.d/10-" + name + ".conflist"),
          "{\"cniVersion\": \"%s\", \"name\": \"%s\", \"plugins\": [%s]}"
              .formatted(version, name, plugins.replace("DIR", files.toString())));
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
      List<String> all =
          new ArrayList<>(
              List.of("/usr/bin/nsenter", "--net", "--mount", "--target", "" + holder.pid()));
      all.addAll(List.of(words));
      return box.launch(box.directory(), Map.of(), all).await();
    }

    Command gatun(String... words) {
      List<String> all =
          new ArrayList<>(
              List.of(box.runtime().binary().toString(), "--root", box.stateRoot().toString()));
      all.addAll(List.of(words));
      return run(all.toArray(String[]::new));
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
}
