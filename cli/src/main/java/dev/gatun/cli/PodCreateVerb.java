package dev.gatun.cli;

import dev.gatun.netns.PortMapping;
import dev.gatun.oci.IdMapping;
import dev.gatun.pods.PodNetwork;
import dev.gatun.pods.lifecycle.PodCreate;
import dev.gatun.pods.lifecycle.PodRequest;
import dev.gatun.runtime.sandbox.SandboxRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code gatun pod create}. */
final class PodCreateVerb implements Verb {
  @Override
  public Option[] options() {
    return new Option[] {
      Option.value("hostname", (char) 0, "NAME", "the pod's host name (default: its id)"),
      Option.value("network", (char) 0, "NETWORK", "none, host, bridge or cni:NAME (default none)"),
      Option.values(
          "publish", 'p', "PORTS", "[IP:]HOSTPORT:PODPORT[/tcp|udp|sctp]; can be repeated"),
      Option.value(
          "network-config", (char) 0, "FILE", "for bridge (default /etc/gatun/network.json)"),
      Option.values("sysctl", (char) 0, "NAME=VALUE", "of the pod's namespaces; can be repeated"),
      Option.flag("share-pid", (char) 0, "let the containers share one PID namespace"),
      Option.value(
          "userns",
          (char) 0,
          "MAP",
          "a user namespace: CONTAINERID:HOSTID:SIZE[,...] of both kinds"),
      Option.values("annotation", (char) 0, "NAME=VALUE", "for whoever reads it; can be repeated"),
      Option.value(
          "cgroup-parent",
          (char) 0,
          "PATH",
          "the cgroup, or systemd's slice, that the pod's is made in"),
      Option.value("pid-file", (char) 0, "FILE", "where the pause process's pid is written to"),
    };
  }

  @Override
  public String arguments() {
    return "<pod-id>";
  }

  @Override
  public String summary() {
    return "create a pod: a pause process that holds its namespaces";
  }

  @Override
  public String details() {
    return """
    The pause process holds the network, IPC and UTS namespaces that "gatun create
    --pod" and "gatun run --pod" put containers into. It lives until the pod is
    stopped or deleted, whatever becomes of its containers.

    With the network "bridge" the pod has an interface eth0 on the bridge gatun0
    and one address of each family, which stay its own until it is deleted.
    """;
  }

  @Override
  public int[] argumentCount() {
    return new int[] {1, 1};
  }

  @Override
  public Outcome run(Invocation call) {
    Options options = call.options();
    List<PortMapping> ports = new ArrayList<>();
    for (String text : options.all("publish")) {
      ports.add(port(text));
    }
    PodNetwork network =
        PodNetwork.parse(options.get("network", "none"), options.get("network-config"));
    if (options.get("network-config") != null && !(network instanceof PodNetwork.Bridge)) {
      throw new UsageException("--network-config is for --network bridge alone");
    }
    SandboxRequest sandbox =
        new SandboxRequest(
            call.id(),
            options.get("hostname"),
            pairs(options, "sysctl"),
            options.has("share-pid"),
            maps(options.get("userns")),
            network instanceof PodNetwork.Host,
            pairs(options, "annotation"),
            options.get("cgroup-parent"),
            call.cgroups(),
            false);
    PodCreate.run(call.pods(), new PodRequest(sandbox, network, ports, options.get("pid-file")));
    return Outcome.DONE;
  }

  private static PortMapping port(String text) {
    try {
      return PortMapping.parse(text);
    } catch (IllegalArgumentException e) {
      throw new UsageException("invalid value \"" + text + "\" for --publish: " + e.getMessage());
    }
  }

  /** What is said by {@code --name KEY=VALUE}, in the order of the words. */
  private static Map<String, String> pairs(Options options, String name) {
    Map<String, String> pairs = new LinkedHashMap<>();
    for (String text : options.all(name)) {
      int equals = text.indexOf('=');
      if (equals <= 0) {
        throw new UsageException(
            "invalid value \"" + text + "\" for --" + name + ": it must be NAME=VALUE");
      }
      pairs.put(text.substring(0, equals), text.substring(equals + 1));
    }
    return pairs;
  }

  /** An empty text is an error: a script's empty variable is no wish to be root of the host. */
  private static List<IdMapping> maps(@Nullable String text) {
    List<IdMapping> maps = new ArrayList<>();
    if (text == null) {
      return maps;
    }
    int from = 0;
    for (int comma = text.indexOf(','); comma >= 0; comma = text.indexOf(',', from)) {
      maps.add(map(text.substring(from, comma)));
      from = comma + 1;
    }
    maps.add(map(text.substring(from)));
    return maps;
  }

  private static IdMapping map(String text) {
    int first = text.indexOf(':');
    int second = text.indexOf(':', first + 1);
    long inside = first < 0 ? -1 : number(text.substring(0, first));
    long outside = second < 0 ? -1 : number(text.substring(first + 1, second));
    long size = second < 0 ? -1 : number(text.substring(second + 1));
    if (inside < 0 || outside < 0 || size <= 0) {
      throw new UsageException(
          "invalid value \"" + text + "\" for --userns: it must be CONTAINERID:HOSTID:SIZE");
    }
    return new IdMapping(inside, outside, size);
  }

  /** A decimal number of 32 bits, or −1. */
  private static long number(String text) {
    if (text.isEmpty() || text.length() > 10) {
      return -1;
    }
    long number = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      number = number * 10 + (c - '0');
    }
    return number <= 0xffff_ffffL ? number : -1;
  }
}
